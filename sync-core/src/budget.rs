//! What calls cost, and how much of it there is.

use std::{ops::AddAssign, time::Duration};

use serde::{Deserialize, Serialize};

use crate::side::Side;

/// What calls cost, in the units that systems count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Calls.
    pub calls: u64,
    /// Credits, where the system counts any: Zoho does.
    pub credits: u64,
    /// Bytes, where the system counts them: Sage X3's cloud does.
    pub bytes: u64,
}

impl Cost {
    /// One call.
    pub const CALL: Self = Self {
        calls: 1,
        credits: 0,
        bytes: 0,
    };

    /// One call that costs so many credits.
    #[must_use]
    pub fn credits(credits: u64) -> Self {
        Self {
            credits,
            ..Self::CALL
        }
    }

    /// The cost of so many such calls.
    #[must_use]
    pub fn times(self, calls: u64) -> Self {
        Self {
            calls: self.calls.saturating_mul(calls),
            credits: self.credits.saturating_mul(calls),
            bytes: self.bytes.saturating_mul(calls),
        }
    }

    pub(crate) fn parts(self) -> [u64; 3] {
        [self.calls, self.credits, self.bytes]
    }

    pub(crate) fn of_parts([calls, credits, bytes]: [u64; 3]) -> Self {
        Self {
            calls,
            credits,
            bytes,
        }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.credits = self.credits.saturating_add(other.credits);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// A call about to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// [`Endpoint::read`](crate::Endpoint::read) of so many records.
    Read {
        /// Records.
        records: usize,
    },
    /// [`Endpoint::find`](crate::Endpoint::find) of so many values.
    Find {
        /// Values.
        values: usize,
    },
    /// [`Endpoint::write`](crate::Endpoint::write).
    Write {
        /// Records to create.
        creates: usize,
        /// Records to change.
        updates: usize,
        /// Records to delete.
        deletes: usize,
    },
    /// [`Endpoint::history`](crate::Endpoint::history) of so many records.
    History {
        /// Records.
        records: usize,
    },
    /// A page of [`Endpoint::changes`](crate::Endpoint::changes).
    Changes,
    /// A page of [`Endpoint::list`](crate::Endpoint::list).
    List,
}

impl Call {
    /// A word for logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read { .. } => "read",
            Self::Find { .. } => "find",
            Self::Write { .. } => "write",
            Self::History { .. } => "history",
            Self::Changes => "changes",
            Self::List => "list",
        }
    }
}

/// How much may be spent on a system within a rolling window, by all flows and workers of a connection together. It is
/// counted before each call and never exceeded.
///
/// Flows share it by [`Priority`]: seven tenths are set aside, by priority, for the priorities that the engine's flows have;
/// the rest is for whoever comes first. So orders always get their share, and stock is never starved by them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Its name, unique within a side.
    pub name: String,
    /// The rolling window: a day for Zoho's credits.
    pub window: Duration,
    /// Most calls.
    pub calls: Option<u64>,
    /// Most credits.
    pub credits: Option<u64>,
    /// Most bytes.
    pub bytes: Option<u64>,
}

impl Budget {
    /// So many credits in a rolling day, as Zoho counts them. Leave some to other programs of the organisation.
    pub fn credits_a_day(credits: u64) -> Self {
        Self {
            name: "credits".to_owned(),
            window: Duration::from_secs(86_400),
            calls: None,
            credits: Some(credits),
            bytes: None,
        }
    }

    /// So many calls in a rolling window.
    pub fn calls(name: impl Into<String>, calls: u64, window: Duration) -> Self {
        Self {
            name: name.into(),
            window,
            calls: Some(calls),
            credits: None,
            bytes: None,
        }
    }

    pub(crate) fn limits(&self) -> [Option<u64>; 3] {
        [self.calls, self.credits, self.bytes]
    }
}

/// Whose calls come first when a budget is short.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Stock, prices: they can wait, and come anew.
    Low,
    /// Customers, contacts.
    #[default]
    Normal,
    /// Orders.
    High,
}

impl Priority {
    /// Its part of what is set aside.
    pub(crate) fn weight(self) -> u64 {
        match self {
            Self::Low => 2,
            Self::Normal => 3,
            Self::High => 5,
        }
    }
}

/// How a budget stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetStatus {
    /// The system.
    pub side: Side,
    /// The budget.
    pub budget: Budget,
    /// Spent within the window, what workers have taken out in advance included.
    pub spent: Cost,
}

//! What stops a flow before it does harm.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::side::Side;

/// How much a flow may do without a person looking, within [`window`](Self::window). What an approved plan or a person's
/// replay leads to does not count. Shares are of the pairs as they were counted within the last minute; a flow is never
/// stopped before they are counted anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guards {
    /// Records deleted or deactivated because their partners were.
    pub deletes: Limit,
    /// Records changed.
    pub updates: Limit,
    /// Records that a full listing may lack, of those that are linked. A system that suddenly shows few of its records, or
    /// none, is not believed.
    pub missing: Limit,
    /// The rolling window in which deletes and updates are counted.
    pub window: Duration,
}

/// A share of the linked pairs, and a number below which it does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Per cent of the pairs.
    pub percent: u32,
    /// As many are always allowed.
    pub at_least: u64,
}

impl Limit {
    /// No limit.
    pub const NONE: Self = Self {
        percent: 100,
        at_least: u64::MAX,
    };

    /// So many per cent of the pairs, but at least so many.
    #[must_use]
    pub fn new(percent: u32, at_least: u64) -> Self {
        Self { percent, at_least }
    }

    /// How many are allowed where there are so many pairs.
    #[must_use]
    pub fn of(self, pairs: u64) -> u64 {
        let share = u128::from(pairs) * u128::from(self.percent) / 100;
        self.at_least.max(u64::try_from(share).unwrap_or(u64::MAX))
    }
}

impl Default for Guards {
    /// In an hour 5 % of the pairs deleted, at least 25, and 50 % changed, at least 1000; 20 % missing from a listing, at
    /// least 25.
    fn default() -> Self {
        Self {
            deletes: Limit::new(5, 25),
            updates: Limit::new(50, 1000),
            missing: Limit::new(20, 25),
            window: Duration::from_secs(3600),
        }
    }
}

/// What a person lets a stopped flow do beyond its guards, once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// Deletes.
    pub deletes: u64,
    /// Updates.
    pub updates: u64,
}

/// A flow that was stopped. Its queue fills, nothing of it is written, and nothing is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Why.
    pub reason: StopReason,
    /// Since when.
    pub since: Timestamp,
}

/// Why a flow was stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// More records would be deleted or deactivated than the guard allows.
    Deletes {
        /// Done and about to be done within the window.
        wanted: u64,
        /// Allowed.
        allowed: u64,
    },
    /// More records would be changed than the guard allows.
    Updates {
        /// Done and about to be done within the window.
        wanted: u64,
        /// Allowed.
        allowed: u64,
    },
    /// A full listing lacks more of the linked records than the guard allows.
    Missing {
        /// The side that was listed.
        side: Side,
        /// Records listed.
        listed: u64,
        /// Pairs known.
        linked: u64,
    },
    /// A system is no longer set up as the flow needs it, for example because a mapped field is gone. Ends by itself when
    /// that is put right.
    Setup {
        /// The side.
        side: Side,
        /// What is wrong, and how to put it right.
        problems: Vec<String>,
    },
    /// A person stopped it.
    ByPerson {
        /// What they said.
        message: String,
    },
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deletes { wanted, allowed } => write!(
                f,
                "{wanted} records would be deleted or deactivated, the guard allows {allowed}"
            ),
            Self::Updates { wanted, allowed } => write!(
                f,
                "{wanted} records would be changed, the guard allows {allowed}"
            ),
            Self::Missing {
                side,
                listed,
                linked,
            } => write!(
                f,
                "the {side} system lists {listed} records although {linked} pairs are known"
            ),
            Self::Setup { side, problems } => {
                write!(
                    f,
                    "the {side} system is not set up: {}",
                    problems.join("; ")
                )
            }
            Self::ByPerson { message } => f.write_str(message),
        }
    }
}

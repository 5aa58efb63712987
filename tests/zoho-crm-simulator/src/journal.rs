//! What happened: a log of requests and counters that tests assert on.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

/// Entries kept; older ones are dropped so that a long run does not grow without bound.
const KEPT: usize = 100_000;

/// One request as the simulator saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogEntry {
    /// Time of arrival, UTC, by the simulator's clock.
    pub at: String,
    /// Verb.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Query string as received.
    pub query: String,
    /// Kind of call: `list`, `upsert`, `coql`, `token` ...; empty for an unknown path.
    pub kind: String,
    /// Module worked on, if any.
    pub module: Option<String>,
    /// Status answered; `None` when the connection was closed without an answer.
    pub status: Option<u16>,
    /// Credits charged.
    pub credits: u64,
    /// Bytes of the request body.
    pub request_bytes: usize,
    /// Rows read or written.
    pub rows: usize,
    /// The fault that was applied, if any.
    pub fault: Option<String>,
}

/// Totals since the start or the last reset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Calls by kind, refused ones included.
    pub calls: BTreeMap<String, u64>,
    /// Answers by status; connections closed without an answer count under 0.
    pub statuses: BTreeMap<u16, u64>,
    /// Credits charged.
    pub credits_spent: u64,
    /// Rows inserted, updated or upserted successfully over the API.
    pub rows_written: u64,
    /// Records created over the API, by module.
    pub created: BTreeMap<String, u64>,
    /// Records updated over the API, by module.
    pub updated: BTreeMap<String, u64>,
    /// Records deleted over the API, by module.
    pub deleted: BTreeMap<String, u64>,
    /// Updates over the API that changed no value.
    pub writes_without_change: u64,
    /// Rows refused over the API.
    pub rows_refused: u64,
    /// Access tokens minted.
    pub tokens_minted: u64,
    /// Token requests answered "Access Denied" because there were too many.
    pub tokens_throttled: u64,
    /// Calls refused with 429.
    pub throttled: u64,
    /// Most API calls that were in progress at the same time.
    pub most_calls_at_once: u32,
    /// Faults applied.
    pub faults: u64,
    /// Notifications the receiver accepted with 2xx.
    pub callbacks_delivered: u64,
    /// Notifications the receiver refused, or that could not be sent.
    pub callbacks_failed: u64,
    /// Notifications dropped by the callback policy.
    pub callbacks_dropped: u64,
}

impl Counters {
    /// Calls of one kind.
    #[must_use]
    pub fn calls_of(&self, kind: &str) -> u64 {
        self.calls.get(kind).copied().unwrap_or_default()
    }

    /// All calls, token requests included.
    #[must_use]
    pub fn total_calls(&self) -> u64 {
        self.calls.values().sum()
    }

    /// Records created in a module over the API.
    #[must_use]
    pub fn created_in(&self, module: &str) -> u64 {
        self.created.get(module).copied().unwrap_or_default()
    }
}

/// Log and counters.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) log: VecDeque<LogEntry>,
    pub(crate) counters: Counters,
}

impl Journal {
    pub(crate) fn record(&mut self, entry: LogEntry) {
        let kind = if entry.kind.is_empty() {
            "unknown"
        } else {
            &entry.kind
        };
        *self.counters.calls.entry(kind.to_owned()).or_default() += 1;
        *self
            .counters
            .statuses
            .entry(entry.status.unwrap_or_default())
            .or_default() += 1;
        if entry.status == Some(429) {
            self.counters.throttled += 1;
        }
        if entry.fault.is_some() {
            self.counters.faults += 1;
        }
        if self.log.len() == KEPT {
            self.log.pop_front();
        }
        self.log.push_back(entry);
    }
}

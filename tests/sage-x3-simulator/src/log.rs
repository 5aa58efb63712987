//! What was asked and how often.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::faults::{Effect, RequestKind};
use crate::resolve::Tally;

/// One request as it was answered; administration requests are not logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RequestRecord {
    /// When it arrived, by the simulator's clock.
    pub at: Timestamp,
    /// HTTP method.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// The `x-xtrem-endpoint` header.
    pub endpoint: Option<String>,
    /// The login it acted as.
    pub user: Option<String>,
    /// The GraphQL operation's name.
    pub operation_name: Option<String>,
    /// What it called, such as `customer.query` or `customer.create`.
    pub calls: Vec<String>,
    /// Query or mutation; `None` when it could not be read.
    pub kind: Option<RequestKind>,
    /// Rows returned by nodes asked for at the top.
    pub rows: u64,
    /// HTTP status; `None` when the connection was closed without an answer.
    pub status: Option<u16>,
    /// Faults that struck it.
    pub faults: Vec<Effect>,
    /// Bytes of the request's body.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
}

/// Sums over all requests since the start or the last reset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counters {
    /// Requests of any kind, administration aside.
    pub requests: u64,
    /// Requests that were GraphQL queries.
    pub queries: u64,
    /// Requests that were GraphQL mutations.
    pub mutations: u64,
    /// Customers created through the interface.
    pub customers_created: u64,
    /// Updates through the interface that changed something.
    pub customers_updated: u64,
    /// Sales orders created through the interface.
    #[serde(default)]
    pub sales_orders_created: u64,
    /// Updates of sales orders through the interface that changed something.
    #[serde(default)]
    pub sales_orders_updated: u64,
    /// Creates and changing updates of other records through the interface.
    #[serde(default)]
    pub others_written: u64,
    /// Updates through the interface that changed nothing.
    pub unchanged_updates: u64,
    /// Rows returned by nodes asked for at the top.
    pub rows_returned: u64,
    /// Answers 401.
    pub unauthorized: u64,
    /// Requests struck by a fault.
    pub faulted: u64,
    /// Bytes received in bodies.
    pub bytes_in: u64,
    /// Bytes sent in bodies.
    pub bytes_out: u64,
}

impl Counters {
    pub(crate) fn add(&mut self, tally: &Tally) {
        self.customers_created += tally.customers_created;
        self.customers_updated += tally.customers_updated;
        self.sales_orders_created += tally.sales_orders_created;
        self.sales_orders_updated += tally.sales_orders_updated;
        self.others_written += tally.others_written;
        self.unchanged_updates += tally.unchanged;
    }
}

/// Enough for any test; older entries go.
const KEPT: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) entries: VecDeque<RequestRecord>,
    pub(crate) counters: Counters,
}

impl Log {
    pub(crate) fn add(&mut self, record: RequestRecord) {
        let counters = &mut self.counters;
        counters.requests += 1;
        counters.queries += u64::from(record.kind == Some(RequestKind::Query));
        counters.mutations += u64::from(record.kind == Some(RequestKind::Mutation));
        counters.unauthorized += u64::from(record.status == Some(401));
        counters.faulted += u64::from(!record.faults.is_empty());
        counters.rows_returned += record.rows;
        counters.bytes_in += record.bytes_in;
        counters.bytes_out += record.bytes_out;
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(record);
    }
}

//! One kind of record in one system, as the engine sees it.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{
    budget::{Call, Cost},
    ids::{FeedName, FieldName, PageToken, RecordId},
    value::{Document, Value},
};

/// A record as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its identity.
    pub id: RecordId,
    /// When it was last changed, by its system's clock.
    pub modified_at: Option<Timestamp>,
    /// Its fields under the system's own names. A field that the system does not offer is absent.
    pub fields: Document,
}

/// What an endpoint can do. The engine plans with it; limits are counts of records in one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Most ids in one [`read`](Endpoint::read).
    pub read_batch: usize,
    /// Most values in one [`find`](Endpoint::find).
    pub find_batch: usize,
    /// Most writes in one [`write`](Endpoint::write).
    pub write_batch: usize,
    /// Fields in which the system itself refuses a second record with the same value.
    pub unique_fields: Vec<FieldName>,
    /// Whether records can be created.
    pub creates: bool,
    /// Whether records can be changed.
    pub updates: bool,
    /// Whether records can be deleted.
    pub deletes: bool,
}

/// A change to be made.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Make a record.
    Create {
        /// The field that identifies the new record, and its value, which the write must put there. The endpoint uses
        /// it so that a second create with the same key makes no second record.
        key: Key,
        /// All fields to set, the key's apart.
        fields: Document,
    },
    /// Change a record.
    Update {
        /// Which.
        id: RecordId,
        /// Fields to set; `Null` empties one. Other fields keep their values.
        fields: Document,
        /// [When the record that this was decided on had been changed](Record::modified_at). A system that can refuse a
        /// change of what was changed since may do so, with [`WriteError::Later`]: the record is then read again.
        as_of: Option<Timestamp>,
    },
    /// Delete a record. Deleting what is gone succeeds.
    Delete {
        /// Which.
        id: RecordId,
    },
}

/// A field and the value that identifies a record in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The field, under the system's name.
    pub field: FieldName,
    /// Its value.
    pub value: String,
}

/// A write that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The record's identity; for a create, the new one.
    pub id: RecordId,
    /// False when a create found the record already there and changed that.
    pub created: bool,
    /// What the system remarked although it did the write.
    pub warnings: Vec<String>,
}

/// One row of a write that was not done, or may not have been.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum WriteError {
    /// The system will not accept this row as it is: a person must change data or settings.
    Rejected(Rejection),
    /// A record with this key exists. Look it up and adopt it.
    AlreadyExists {
        /// Its identity, where the system says so.
        existing: Option<RecordId>,
    },
    /// The record to change does not exist (any more).
    Missing,
    /// This row may succeed later: locked, being merged, waiting for approval.
    Later {
        /// What the system said.
        reason: String,
        /// Pause asked for.
        after: Option<Duration>,
    },
    /// The call as a whole failed; says nothing about this row. Shared by all rows of the call.
    Call(Arc<EndpointError>),
    /// The engine did not send it, as its lease could have run out before the answer. Endpoints do not return this.
    NotSent,
}

impl WriteError {
    /// What happened, in words.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Rejected(rejection) => rejection.message.clone(),
            Self::AlreadyExists { .. } => "a record with this key exists".to_owned(),
            Self::Missing => "the record is not there".to_owned(),
            Self::Later { reason, .. } => reason.clone(),
            Self::Call(error) => error.message.clone(),
            Self::NotSent => "not sent".to_owned(),
        }
    }
}

/// Why a system refuses a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The field at fault, under the system's name.
    pub field: Option<FieldName>,
    /// The system's code, where it has one.
    pub code: Option<String>,
    /// What the system said.
    pub message: String,
}

/// What kind of trouble a call is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndpointErrorKind {
    /// Not reachable or overloaded: later.
    Unavailable,
    /// Too many calls at once: later.
    RateLimited,
    /// The credential does not work: a person must act.
    Unauthorized,
    /// The system is not set up as needed (a missing field, an operation that is not activated): a person must act.
    Misconfigured,
    /// The answer was not understood.
    Protocol,
    /// The call was not made, because its [`Budget`](crate::Budget) is spent.
    BudgetSpent,
}

/// A call that failed as a whole.
#[derive(Debug)]
pub struct EndpointError {
    /// What kind.
    pub kind: EndpointErrorKind,
    /// One sentence that names what to fix or what happened; no secrets, no record values.
    pub message: String,
    /// Pause asked for by the system.
    pub retry_after: Option<Duration>,
    /// Whether the system may have done what was asked.
    pub may_have_been_applied: bool,
    /// The cause.
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for EndpointError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// A stream of changes that an endpoint offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedDescription {
    /// Its name, unique within the endpoint.
    pub name: FeedName,
    /// The finest step of its stamps: 1 s at Zoho, 1 ms at X3, a day for X3's date columns.
    pub precision: Duration,
}

/// A request for changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangesRequest {
    /// Which stream.
    pub feed: FeedName,
    /// Changes with this stamp or a later one; `None`: all there are.
    pub since: Option<Timestamp>,
    /// Where the last page ended, with everything else unchanged; `None`: the first page. A record that changes while
    /// pages are read moves to the end, and must not take others out of sight: a token names the last row's stamp and
    /// identity, not a count of rows.
    pub page: Option<PageToken>,
}

/// Some changes, oldest first where the system can sort.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangesPage {
    /// The changes.
    pub changes: Vec<Change>,
    /// The next page, or none.
    pub next: Option<PageToken>,
}

/// A record that changed. It only names the record: what it is now is read later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which record.
    pub id: RecordId,
    /// When, by the system's clock. `None` when the system does not say.
    pub stamp: Option<Timestamp>,
}

/// Some records of a full listing, in an order that does not shift while it is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordsPage {
    /// The records.
    pub records: Vec<Record>,
    /// The next page, or none.
    pub next: Option<PageToken>,
}

/// What a search for values found, and came across.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundWithUnmarked {
    /// For each value, in order, the records whose field equals it.
    pub found: Vec<Vec<Record>>,
    /// Records that have nothing in the field and were changed since.
    pub unmarked: Vec<Record>,
}

/// A change of one field in the past, as a system's history has it.
#[derive(Clone, Debug, PartialEq)]
pub struct PastChange {
    /// When, by the system's clock.
    pub at: Timestamp,
    /// The field, under the system's own name.
    pub field: FieldName,
    /// Its value before.
    pub before: Value,
    /// Its value after.
    pub after: Value,
    /// Whether the engine made it: whoever uses the endpoint's credential.
    pub own: bool,
}

/// Something about the system that must be put right before a flow can run safely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// One sentence: what is wrong, and how and where to fix it.
    pub message: String,
}

/// One kind of record in one system.
///
/// # Contract
///
/// - Calls may be repeated by the engine after [`EndpointError`]; creates only after a look-up by key.
/// - No method sleeps for long: the engine owns waiting between tries.
/// - Values come and go under the system's own field names; the mapping gives them their meaning.
#[async_trait]
pub trait Endpoint: fmt::Debug + Send + Sync + 'static {
    /// What this endpoint can do.
    fn capabilities(&self) -> Capabilities;

    /// What a call costs as a rule, as the system counts it. Forecasts go by it.
    fn cost(&self, call: Call) -> Cost {
        let _ = call;
        Cost::CALL
    }

    /// The most that a call can cost. Budgets set so much aside before the call is made; what it did not cost in the end is
    /// there for the next one, where [`read_counted`](Self::read_counted) and [`find_counted`](Self::find_counted) tell.
    fn most_cost(&self, call: Call) -> Cost {
        self.cost(call)
    }

    /// Checks that the system is set up as the flow needs it. Empty: it is.
    ///
    /// # Errors
    /// [`EndpointError`] when the system cannot be asked.
    async fn check(&self) -> Result<Vec<Problem>, EndpointError>;

    /// The records with `ids` as they are now, one answer for each id in order; `None` when there is no such record.
    ///
    /// # Errors
    /// [`EndpointError`] when any of them could not be read: partial answers are never taken for complete.
    async fn read(&self, ids: &[RecordId]) -> Result<Vec<Option<Record>>, EndpointError>;

    /// For each of `values`, in order, the records whose `field` equals it. Must see records as soon as they exist.
    ///
    /// # Errors
    /// [`EndpointError`] as for [`read`](Self::read).
    async fn find(
        &self,
        field: &FieldName,
        values: &[Value],
    ) -> Result<Vec<Vec<Record>>, EndpointError>;

    /// As [`read`](Self::read), with what it cost; at most [`most_cost`](Self::most_cost).
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    async fn read_counted(
        &self,
        ids: &[RecordId],
    ) -> Result<(Vec<Option<Record>>, Cost), EndpointError> {
        let most = self.most_cost(Call::Read { records: ids.len() });
        Ok((self.read(ids).await?, most))
    }

    /// As [`find`](Self::find), with what it cost; at most [`most_cost`](Self::most_cost).
    ///
    /// # Errors
    /// As for [`find`](Self::find).
    async fn find_counted(
        &self,
        field: &FieldName,
        values: &[Value],
    ) -> Result<(Vec<Vec<Record>>, Cost), EndpointError> {
        let most = self.most_cost(Call::Find {
            values: values.len(),
        });
        Ok((self.find(field, values).await?, most))
    }

    /// Whether the system can be asked for [what is new and unmarked](Self::find_with_unmarked). A first sync then need not
    /// search for the partner of each record by the flow's rules.
    fn finds_unmarked(&self) -> bool {
        false
    }

    /// As [`find_counted`](Self::find_counted), and in the same call the records that have nothing in `field` and were
    /// changed at `since` or later; `None` for `since`: all that have nothing there. A record that was taken out of the bin
    /// since need not be among them, where that does not count as a change. No more values are asked for than one
    /// [`find`](Self::find) takes. Only asked of systems that [can](Self::finds_unmarked) tell. `None`: there are more than
    /// can be told at once.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    async fn find_with_unmarked(
        &self,
        field: &FieldName,
        values: &[Value],
        since: Option<Timestamp>,
    ) -> Result<(Option<FoundWithUnmarked>, Cost), EndpointError> {
        let _ = (field, values, since);
        Ok((None, Cost::default()))
    }

    /// Makes the changes: exactly one outcome for each write, in order.
    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>>;

    /// Whether the system keeps a [`history`](Self::history) of values, and it is to be asked for it: one call for so many
    /// records as are read at once, after each write. Without one, an edit that somebody makes after the engine has read a
    /// record and before it writes over that very field is lost without a trace.
    fn keeps_history(&self) -> bool {
        false
    }

    /// What was changed in records since an instant, that instant included, oldest first: one answer for each of `asked`,
    /// in order. Only asked of systems that [keep](Self::keeps_history) it.
    ///
    /// # Errors
    /// [`EndpointError`] as for [`read`](Self::read).
    async fn history(
        &self,
        asked: &[(RecordId, Timestamp)],
    ) -> Result<Vec<Vec<PastChange>>, EndpointError> {
        Ok(vec![Vec::new(); asked.len()])
    }

    /// The change streams of this endpoint.
    fn feeds(&self) -> Vec<FeedDescription>;

    /// One page of changes.
    ///
    /// # Errors
    /// [`EndpointError`] when the page could not be read.
    async fn changes(&self, request: &ChangesRequest) -> Result<ChangesPage, EndpointError>;

    /// One page of all records.
    ///
    /// # Errors
    /// [`EndpointError`] when the page could not be read.
    async fn list(&self, page: Option<&PageToken>) -> Result<RecordsPage, EndpointError>;
}

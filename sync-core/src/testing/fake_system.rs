//! A system in memory that behaves as badly as real ones, for tests of mappings, flows and engines.

mod endpoint;
mod faults;
mod records;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::SignedDuration;

pub use self::faults::{Call, CallKind, Fault, RowFault};
use self::{faults::Faults, records::Records};
use super::clock::ManualClock;
use crate::{
    endpoint::{Capabilities, Record, Rejection, WriteError},
    ids::{FeedName, FieldName, RecordId},
    value::{Document, Value},
};

/// A system in memory: one kind of record, with users, rules, change feeds and faults.
///
/// It implements [`Endpoint`](crate::Endpoint) for the engine; the methods that end in `_as_user` are what people do in
/// it. Clones are the same system.
///
/// ```
/// use sync_core::{Document, Endpoint, testing::{FakeSystem, ManualClock}};
///
/// # fn main() -> Result<(), sync_core::WriteError> {
/// let system = FakeSystem::builder(ManualClock::new())
///     .fields(["code", "name"])
///     .ids_from("code")
///     .normalise("name", |value| match value.as_text() {
///         Some(text) => text.to_uppercase().into(),
///         None => value,
///     })
///     .build();
/// let id = system.create_as_user(Document::new().with("code", "C1").with("name", "Acme"))?;
/// assert_eq!(id.as_str(), "C1");
/// assert_eq!(system.value("C1", "name").as_text(), Some("ACME"));
/// assert_eq!(system.traffic().calls(), 0);
/// assert_eq!(system.feeds().len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FakeSystem {
    shared: Arc<Shared>,
}

struct Shared {
    rules: Rules,
    clock: ManualClock,
    records: Mutex<Records>,
    faults: Mutex<Faults>,
    traffic: Mutex<Traffic>,
    lost: Mutex<Vec<FieldName>>,
}

type Normalise = Arc<dyn Fn(Value) -> Value + Send + Sync>;
type Validate = Arc<dyn Fn(&Document) -> Option<Rejection> + Send + Sync>;

/// What the system is like.
#[derive(Clone)]
struct Rules {
    fields: Vec<FieldName>,
    defaults: BTreeMap<FieldName, Value>,
    normalise: BTreeMap<FieldName, Normalise>,
    validate: Vec<Validate>,
    /// Unique fields, and whether their case is ignored.
    unique: BTreeMap<FieldName, bool>,
    ids_from: Option<FieldName>,
    first_id: u64,
    precision: Duration,
    skew: SignedDuration,
    stamps: bool,
    history: bool,
    finds_unmarked: bool,
    page_size: usize,
    newest_first: bool,
    upserts: bool,
    capabilities: Capabilities,
}

/// Settings of a [`FakeSystem`].
#[must_use = "call build"]
pub struct FakeSystemBuilder {
    rules: Rules,
    clock: ManualClock,
}

/// What was asked of a system and what that changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Calls to read records by identity.
    pub reads: u64,
    /// Calls to find records by a field.
    pub finds: u64,
    /// Calls to write.
    pub writes: u64,
    /// Calls for what was changed in the past.
    pub histories: u64,
    /// Calls for changes.
    pub changes: u64,
    /// Calls to list.
    pub lists: u64,
    /// Rows of write calls that reached the system, done or not.
    pub rows_written: u64,
    /// Records created by write calls.
    pub created: u64,
    /// Records changed by write calls.
    pub updated: u64,
    /// Records deleted by write calls.
    pub deleted: u64,
    /// Updates that changed nothing.
    pub unchanged_writes: u64,
}

impl Traffic {
    /// Calls of all kinds.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.reads + self.finds + self.writes + self.histories + self.changes + self.lists
    }
}

impl FakeSystemBuilder {
    /// Fields that every record has; empty until they are set. A write that names another field is rejected.
    pub fn fields<F: Into<FieldName>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.rules.fields.extend(fields.into_iter().map(Into::into));
        self
    }

    /// A field in which no two records may have the same value; compared exactly.
    pub fn unique(self, field: impl Into<FieldName>) -> Self {
        self.unique_field(field.into(), false)
    }

    /// A field in which no two records may have the same value, and which is compared and found without case.
    pub fn unique_ignoring_case(self, field: impl Into<FieldName>) -> Self {
        self.unique_field(field.into(), true)
    }

    fn unique_field(mut self, field: FieldName, ignoring_case: bool) -> Self {
        self.rules.capabilities.unique_fields.push(field.clone());
        self.rules.unique.insert(field, ignoring_case);
        self
    }

    /// Records are known by the value of this field, which is unique and never changes. Without it, ids are numbers.
    pub fn ids_from(mut self, field: impl Into<FieldName>) -> Self {
        let field = field.into();
        self.rules.ids_from = Some(field.clone());
        self.unique_field(field, false)
    }

    /// The first number given as an id; they rise by one.
    pub fn first_id(mut self, first: u64) -> Self {
        self.rules.first_id = first;
        self
    }

    /// What the system puts in a field that a create leaves out.
    pub fn default_value(mut self, field: impl Into<FieldName>, value: impl Into<Value>) -> Self {
        self.rules.defaults.insert(field.into(), value.into());
        self
    }

    /// What the system makes of each value written to a field, by whomever.
    pub fn normalise(
        mut self,
        field: impl Into<FieldName>,
        normalise: impl Fn(Value) -> Value + Send + Sync + 'static,
    ) -> Self {
        self.rules
            .normalise
            .insert(field.into(), Arc::new(normalise));
        self
    }

    /// A rule that a record must keep, or the write is rejected.
    pub fn validate(
        mut self,
        rule: impl Fn(&Document) -> Option<Rejection> + Send + Sync + 'static,
    ) -> Self {
        self.rules.validate.push(Arc::new(rule));
        self
    }

    /// A field that must not be empty.
    pub fn required(self, field: impl Into<FieldName>) -> Self {
        let field = field.into();
        self.validate(move |record| {
            let empty = record.get(field.as_str()).is_none_or(Value::is_null);
            empty.then(|| Rejection {
                field: Some(field.clone()),
                code: Some("MANDATORY_NOT_FOUND".to_owned()),
                message: "required field not found".to_owned(),
            })
        })
    }

    /// The step of its stamps. Default 1 ms.
    pub fn stamp_precision(mut self, precision: Duration) -> Self {
        self.rules.precision = precision;
        self
    }

    /// How far its clock is ahead of the test's.
    pub fn clock_ahead(mut self, skew: SignedDuration) -> Self {
        self.rules.skew = skew;
        self
    }

    /// Its records and feeds do not say when anything changed.
    pub fn without_stamps(mut self) -> Self {
        self.rules.stamps = false;
        self
    }

    /// It keeps a history of values.
    pub fn keeps_history(mut self) -> Self {
        self.rules.history = true;
        self
    }

    /// It can be asked for what is new and unmarked.
    pub fn finds_unmarked(mut self) -> Self {
        self.rules.finds_unmarked = true;
        self
    }

    /// Rows in a page of a feed or listing. Default 200.
    pub fn page_size(mut self, rows: usize) -> Self {
        self.rules.page_size = rows.max(1);
        self
    }

    /// Feeds cannot be sorted by age: they come newest first.
    pub fn newest_first(mut self) -> Self {
        self.rules.newest_first = true;
        self
    }

    /// A create with the key of an existing record changes that record instead of being refused.
    pub fn upserts(mut self) -> Self {
        self.rules.upserts = true;
        self
    }

    /// What the engine is told about limits and abilities; unique fields are added by themselves.
    pub fn capabilities(mut self, change: impl FnOnce(&mut Capabilities)) -> Self {
        change(&mut self.rules.capabilities);
        self
    }

    /// The system, empty.
    #[must_use]
    pub fn build(self) -> FakeSystem {
        let records = Records::new(self.rules.first_id);
        FakeSystem {
            shared: Arc::new(Shared {
                rules: self.rules,
                clock: self.clock,
                records: Mutex::new(records),
                faults: Mutex::default(),
                traffic: Mutex::default(),
                lost: Mutex::default(),
            }),
        }
    }
}

impl fmt::Debug for FakeSystemBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeSystemBuilder")
            .field("fields", &self.rules.fields)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FakeSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeSystem")
            .field("fields", &self.shared.rules.fields)
            .finish_non_exhaustive()
    }
}

impl FakeSystem {
    /// A system that tells the time by `clock`.
    pub fn builder(clock: ManualClock) -> FakeSystemBuilder {
        FakeSystemBuilder {
            rules: Rules {
                fields: Vec::new(),
                defaults: BTreeMap::new(),
                normalise: BTreeMap::new(),
                validate: Vec::new(),
                unique: BTreeMap::new(),
                ids_from: None,
                first_id: 1,
                precision: Duration::from_millis(1),
                skew: SignedDuration::ZERO,
                stamps: true,
                history: false,
                finds_unmarked: false,
                page_size: 200,
                newest_first: false,
                upserts: false,
                capabilities: Capabilities {
                    read_batch: 100,
                    find_batch: 100,
                    write_batch: 100,
                    unique_fields: Vec::new(),
                    creates: true,
                    updates: true,
                    deletes: true,
                },
            },
            clock,
        }
    }

    /// A user makes a record.
    ///
    /// # Errors
    /// [`WriteError`] as the system would refuse it to anybody.
    pub fn create_as_user(&self, fields: Document) -> Result<RecordId, WriteError> {
        let (rules, now) = (self.rules(), self.now());
        self.records().create(rules, None, fields, now)
    }

    /// A user changes fields of a record.
    ///
    /// # Errors
    /// [`WriteError`] as the system would refuse it to anybody.
    pub fn edit_as_user(
        &self,
        id: impl Into<RecordId>,
        fields: Document,
    ) -> Result<(), WriteError> {
        let (rules, now) = (self.rules(), self.now());
        self.records()
            .update(rules, &id.into(), fields, now, false)
            .map(drop)
    }

    /// A user deletes a record.
    ///
    /// # Errors
    /// [`WriteError::Missing`].
    pub fn delete_as_user(&self, id: impl Into<RecordId>) -> Result<(), WriteError> {
        let now = self.now();
        if self.records().delete(&id.into(), now) {
            Ok(())
        } else {
            Err(WriteError::Missing)
        }
    }

    /// A user takes a deleted record out of the bin.
    ///
    /// # Errors
    /// [`WriteError`]: it is not in the bin, or another record has taken its unique values.
    pub fn restore_as_user(&self, id: impl Into<RecordId>) -> Result<(), WriteError> {
        let (rules, now) = (self.rules(), self.now());
        self.records().restore(rules, &id.into(), now)
    }

    /// Sets a record's stamp, as if its change had been committed late or by a clock that is off.
    pub fn stamp(&self, id: impl Into<RecordId>, stamp: jiff::Timestamp) {
        self.records().stamp(&id.into(), stamp);
    }

    /// A record as it is.
    #[must_use]
    pub fn record(&self, id: impl Into<RecordId>) -> Option<Record> {
        self.records().get(self.rules(), &id.into())
    }

    /// A value of a record; `Null` where there is none.
    #[must_use]
    pub fn value(&self, id: impl Into<RecordId>, field: &str) -> Value {
        let record = self.record(id);
        let value = record.and_then(|record| record.fields.get(field).cloned());
        value.unwrap_or(Value::Null)
    }

    /// The records in which `field` has this value, as a user would find them.
    #[must_use]
    pub fn records_with(&self, field: impl Into<FieldName>, value: &Value) -> Vec<Record> {
        self.records().find(self.rules(), &field.into(), value)
    }

    /// All records in order of id.
    #[must_use]
    pub fn all_records(&self) -> Vec<Record> {
        self.records().all(self.rules())
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records().len()
    }

    /// Whether there are no records.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was asked of it since the last [`forget_traffic`](Self::forget_traffic).
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        *self.count()
    }

    /// Counts from zero again.
    pub fn forget_traffic(&self) {
        *self.count() = Traffic::default();
    }

    /// The next call of this kind meets this fault; several wait in line.
    pub fn fail_next(&self, kind: CallKind, fault: Fault) {
        self.faults().queue(kind, fault);
    }

    /// Every call fails this way, until it is called with `None`.
    pub fn set_down(&self, fault: Option<Fault>) {
        self.faults().down = fault;
    }

    /// Every write of a record whose `field` has (or would have) this value meets this fault, so many times.
    pub fn fail_rows(
        &self,
        field: impl Into<FieldName>,
        value: impl Into<Value>,
        fault: RowFault,
        times: u32,
    ) {
        self.faults()
            .add_row_fault(field.into(), value.into(), fault, times);
    }

    /// No row meets a fault any more.
    pub fn forgive_rows(&self) {
        self.faults().forgive_rows();
    }

    /// Asks `hook` before each call, with nothing locked: it may do what users do, and may make the call fail.
    pub fn before_calls(&self, hook: impl FnMut(Call) -> Option<Fault> + Send + 'static) {
        self.faults().hook = Some(Box::new(hook));
    }

    /// No more hook.
    pub fn leave_calls_alone(&self) {
        self.faults().hook = None;
    }

    /// The field is gone: records lack it, writes that name it are rejected, and a check says so.
    pub fn lose_field(&self, field: impl Into<FieldName>) {
        lock(&self.shared.lost).push(field.into());
    }

    /// All lost fields are back.
    pub fn regain_fields(&self) {
        lock(&self.shared.lost).clear();
    }

    /// Page tokens that were given out so far are no longer accepted.
    pub fn expire_pages(&self) {
        self.records().expire_pages();
    }

    /// The name of the feed of changes.
    #[must_use]
    pub fn modified_feed() -> FeedName {
        FeedName::from("modified")
    }

    /// The name of the feed of deletions.
    #[must_use]
    pub fn deleted_feed() -> FeedName {
        FeedName::from("deleted")
    }

    /// The present instant by the system's own clock, in the step of its stamps.
    #[must_use]
    pub fn now(&self) -> jiff::Timestamp {
        let rules = self.rules();
        records::stamp_at(&self.shared.clock, rules.skew, rules.precision)
    }

    fn lost(&self) -> MutexGuard<'_, Vec<FieldName>> {
        lock(&self.shared.lost)
    }

    fn rules(&self) -> &Rules {
        &self.shared.rules
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        lock(&self.shared.records)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.shared.faults)
    }

    fn count(&self) -> MutexGuard<'_, Traffic> {
        lock(&self.shared.traffic)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere is a failed test already; what it left behind is still worth looking at.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

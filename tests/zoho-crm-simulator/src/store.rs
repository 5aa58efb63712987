//! Records, the recycle bin, the indexes behind unique fields, and the delayed view search reads.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use crate::json::Json;
use crate::schema::{Kind, Module, Schema};

/// A record id: a number that is written as a string of 19 digits.
pub(crate) type Id = u64;

/// First record id; later ones only rise.
const FIRST_ID: Id = 4_876_876_000_001_000_001;

/// A record as it is stored: writable values under their API names, system values apart.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: Id,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) created_by: String,
    pub(crate) modified_by: String,
    pub(crate) owner: String,
    pub(crate) values: BTreeMap<String, Json>,
    pub(crate) lines: BTreeMap<String, Vec<Line>>,
}

/// A row of a subform.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) id: Id,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) values: BTreeMap<String, Json>,
}

impl Record {
    pub(crate) fn value(&self, field: &str) -> &Json {
        const NULL: &Json = &Json::Null;
        self.values.get(field).unwrap_or(NULL)
    }
}

/// A record that was deleted.
#[derive(Debug, Clone)]
pub(crate) struct Removed {
    pub(crate) record: Arc<Record>,
    pub(crate) display_name: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) by: String,
    /// Gone for good, no longer in the recycle bin.
    pub(crate) permanent: bool,
}

/// A write search has not seen yet: from when it shows, the record, and its new state (`None` once deleted).
type Waiting = (Timestamp, Id, Option<Arc<Record>>);

/// A module's rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    records: BTreeMap<Id, Arc<Record>>,
    pub(crate) removed: Vec<Removed>,
    indexed: Vec<(String, bool)>,
    index: HashMap<String, HashMap<String, BTreeSet<Id>>>,
    /// Records that have nothing in an indexed field.
    blank: HashMap<String, BTreeSet<Id>>,
    /// What search finds: a copy that follows the records with a delay.
    searchable: BTreeMap<Id, Arc<Record>>,
    waiting: Vec<Waiting>,
}

/// The form under which a value is compared for duplicates: without outer blanks and, mostly, without case.
fn index_key(value: &Json, case_sensitive: bool) -> Option<String> {
    let text = match value {
        Json::String(text) => text.trim().to_owned(),
        Json::Number(_) => value.as_decimal().map_or_else(
            || value.to_string(),
            |number| number.normalize().to_string(),
        ),
        _ => return None,
    };
    if text.is_empty() {
        return None;
    }
    Some(if case_sensitive {
        text
    } else {
        text.to_lowercase()
    })
}

impl Table {
    pub(crate) fn get(&self, id: Id) -> Option<&Arc<Record>> {
        self.records.get(&id)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Record>> {
        self.records.values()
    }

    /// Ids of records that carry `value` in an indexed field, oldest first.
    pub(crate) fn find(&self, field: &str, value: &Json) -> Vec<Id> {
        let case_sensitive = self
            .indexed
            .iter()
            .any(|(name, sensitive)| name == field && *sensitive);
        let Some(key) = index_key(value, case_sensitive) else {
            return Vec::new();
        };
        let ids = self.index.get(field).and_then(|keys| keys.get(&key));
        ids.map(|ids| ids.iter().copied().collect())
            .unwrap_or_default()
    }

    /// Whether the field has an index that does not tell capitals apart.
    pub(crate) fn ignores_case(&self, field: &str) -> bool {
        self.indexed
            .iter()
            .any(|(name, case_sensitive)| name == field && !case_sensitive)
    }

    /// Ids of records that have nothing in an indexed field.
    pub(crate) fn blank(&self, field: &str) -> BTreeSet<Id> {
        self.blank.get(field).cloned().unwrap_or_default()
    }

    /// Rebuilds the indexes after the module's fields changed.
    fn set_indexed(&mut self, indexed: Vec<(String, bool)>) {
        self.indexed = indexed;
        self.index.clear();
        self.blank.clear();
        let records: Vec<Arc<Record>> = self.records.values().cloned().collect();
        for record in records {
            self.add_to_index(&record);
        }
    }

    fn add_to_index(&mut self, record: &Record) {
        for (field, case_sensitive) in &self.indexed {
            let ids = match index_key(record.value(field), *case_sensitive) {
                Some(key) => {
                    let keys = self.index.entry(field.clone()).or_default();
                    keys.entry(key).or_default()
                }
                None => self.blank.entry(field.clone()).or_default(),
            };
            ids.insert(record.id);
        }
    }

    fn remove_from_index(&mut self, record: &Record) {
        for (field, case_sensitive) in &self.indexed {
            let Some(key) = index_key(record.value(field), *case_sensitive) else {
                if let Some(ids) = self.blank.get_mut(field) {
                    ids.remove(&record.id);
                }
                continue;
            };
            if let Some(keys) = self.index.get_mut(field)
                && let Some(ids) = keys.get_mut(&key)
            {
                ids.remove(&record.id);
                if ids.is_empty() {
                    keys.remove(&key);
                }
            }
        }
    }

    /// Stores a new or changed record; search sees it from `searchable_at` on.
    pub(crate) fn put(&mut self, record: Record, searchable_at: Timestamp) {
        let record = Arc::new(record);
        if let Some(old) = self.records.insert(record.id, Arc::clone(&record)) {
            self.remove_from_index(&old);
        }
        self.add_to_index(&record);
        self.waiting.push((searchable_at, record.id, Some(record)));
    }

    /// Takes a record out; search still finds it until `searchable_at`.
    pub(crate) fn take(&mut self, id: Id, searchable_at: Timestamp) -> Option<Arc<Record>> {
        let record = self.records.remove(&id)?;
        self.remove_from_index(&record);
        self.waiting.push((searchable_at, id, None));
        Some(record)
    }

    /// What search finds at `now`.
    pub(crate) fn search(&mut self, now: Timestamp) -> &BTreeMap<Id, Arc<Record>> {
        // Writes need not become visible in the order they were made, since seeds show at once.
        let mut still_waiting: Vec<Waiting> = Vec::new();
        for (at, id, record) in std::mem::take(&mut self.waiting) {
            if at > now {
                still_waiting.push((at, id, record));
                continue;
            }
            // An older state of the same record must not show up later.
            still_waiting.retain(|(_, other, _)| *other != id);
            match record {
                Some(record) => self.searchable.insert(id, record),
                None => self.searchable.remove(&id),
            };
        }
        self.waiting = still_waiting;
        &self.searchable
    }
}

/// All rows of the organisation.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    tables: BTreeMap<String, Table>,
    last_id: Id,
}

impl Store {
    pub(crate) fn new(schema: &Schema) -> Self {
        let mut store = Self {
            tables: BTreeMap::new(),
            last_id: FIRST_ID,
        };
        store.follow(schema);
        store
    }

    /// Creates tables for new modules and rebuilds the indexes.
    pub(crate) fn follow(&mut self, schema: &Schema) {
        for module in schema.all().filter(|module| module.kind == Kind::Records) {
            let table = self.tables.entry(module.api_name.clone()).or_default();
            let indexed = module.indexed();
            if table.indexed != indexed {
                table.set_indexed(indexed);
            }
        }
    }

    pub(crate) const fn next_id(&mut self) -> Id {
        // Real ids are not consecutive; a gap keeps callers from counting on it.
        self.last_id += 3;
        self.last_id
    }

    pub(crate) fn table(&self, module: &str) -> Option<&Table> {
        self.tables.get(module)
    }

    pub(crate) fn table_mut(&mut self, module: &str) -> Option<&mut Table> {
        self.tables.get_mut(module)
    }

    /// Deleted records of all modules.
    pub(crate) fn removed_mut(&mut self) -> impl Iterator<Item = &mut Removed> {
        self.tables
            .values_mut()
            .flat_map(|table| table.removed.iter_mut())
    }

    pub(crate) fn record(&self, module: &str, id: Id) -> Option<&Arc<Record>> {
        self.table(module)?.get(id)
    }

    /// All rows of a module by rising id; the rows of a line module are the lines of its parent's records.
    pub(crate) fn rows(&self, module: &Module) -> Vec<Arc<Record>> {
        match &module.kind {
            Kind::Records => self
                .table(&module.api_name)
                .map(|table| table.iter().cloned().collect())
                .unwrap_or_default(),
            Kind::Lines { parent, field } => {
                let Some(table) = self.table(parent) else {
                    return Vec::new();
                };
                let mut rows: Vec<Arc<Record>> = table
                    .iter()
                    .flat_map(|record| lines_as_records(record, field))
                    .map(Arc::new)
                    .collect();
                rows.sort_by_key(|row| row.id);
                rows
            }
            Kind::Elsewhere => Vec::new(),
        }
    }

    /// One row of a module.
    pub(crate) fn row(&self, module: &Module, id: Id) -> Option<Arc<Record>> {
        match &module.kind {
            Kind::Records => self.record(&module.api_name, id).cloned(),
            Kind::Lines { .. } => self.rows(module).into_iter().find(|row| row.id == id),
            Kind::Elsewhere => None,
        }
    }

    /// The module a record belongs to.
    pub(crate) fn module_of(&self, id: Id) -> Option<&str> {
        let mut holders = self.tables.iter();
        holders
            .find(|(_, table)| table.get(id).is_some())
            .map(|(module, _)| module.as_str())
    }
}

fn lines_as_records(parent: &Record, field: &str) -> Vec<Record> {
    let lines = parent
        .lines
        .get(field)
        .map(Vec::as_slice)
        .unwrap_or_default();
    lines
        .iter()
        .map(|line| {
            let mut values = line.values.clone();
            values.insert("Parent_Id".to_owned(), Json::String(parent.id.to_string()));
            Record {
                id: line.id,
                created: line.created,
                modified: line.modified,
                created_by: parent.created_by.clone(),
                modified_by: parent.modified_by.clone(),
                owner: parent.owner.clone(),
                values,
                lines: BTreeMap::new(),
            }
        })
        .collect()
}

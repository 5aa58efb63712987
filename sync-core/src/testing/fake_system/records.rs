//! The records and the rules they keep.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::{ManualClock, Rules};
use crate::{
    clock::Clock,
    endpoint::{Change, ChangesPage, Key, PastChange, Record, RecordsPage, Rejection, WriteError},
    ids::{FieldName, PageToken, RecordId},
    value::{Document, Value},
};

/// Everything the system holds.
pub(super) struct Records {
    rows: BTreeMap<RecordId, Row>,
    next_id: u64,
    /// Page tokens name the epoch they were given out in.
    epoch: u64,
}

struct Row {
    fields: Document,
    stamp: Timestamp,
    deleted: bool,
    /// Oldest first.
    past: Vec<PastChange>,
}

/// A stream of changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Feed {
    Modified,
    Deleted,
}

/// A page token that is not accepted.
pub(super) struct BadToken;

/// The instant by a clock that is ahead, in steps.
pub(super) fn stamp_at(clock: &ManualClock, ahead: SignedDuration, step: Duration) -> Timestamp {
    let now = clock.now().checked_add(ahead).unwrap_or(Timestamp::MAX);
    let step = i128::try_from(step.as_nanos()).unwrap_or(1).max(1);
    let nanosecond = now.as_nanosecond();
    Timestamp::from_nanosecond(nanosecond - nanosecond.rem_euclid(step)).unwrap_or(now)
}

impl Records {
    pub(super) fn new(next_id: u64) -> Self {
        Self {
            rows: BTreeMap::new(),
            next_id,
            epoch: 0,
        }
    }

    fn live(&self) -> impl Iterator<Item = (&RecordId, &Row)> {
        self.rows.iter().filter(|(_, row)| !row.deleted)
    }

    pub(super) fn len(&self) -> usize {
        self.live().count()
    }

    pub(super) fn all(&self, rules: &Rules) -> Vec<Record> {
        self.live()
            .map(|(id, row)| row.record(rules, id.clone()))
            .collect()
    }

    pub(super) fn get(&self, rules: &Rules, id: &RecordId) -> Option<Record> {
        let row = self.rows.get(id).filter(|row| !row.deleted)?;
        Some(row.record(rules, id.clone()))
    }

    pub(super) fn find(&self, rules: &Rules, field: &FieldName, wanted: &Value) -> Vec<Record> {
        let ignoring_case = rules.unique.get(field).copied().unwrap_or(false);
        self.live()
            .filter(|(_, row)| {
                let value = row.fields.get(field.as_str());
                value.is_some_and(|value| same(value, wanted, ignoring_case))
            })
            .map(|(id, row)| row.record(rules, id.clone()))
            .collect()
    }

    /// The record that a write would lead to, for rules about rows.
    pub(super) fn preview(&self, id: Option<&RecordId>, fields: &Document) -> Document {
        let old = id.and_then(|id| self.rows.get(id));
        let mut record = old.map(|row| row.fields.clone()).unwrap_or_default();
        for (name, value) in fields.iter() {
            record.set(name.clone(), value.clone());
        }
        record
    }

    /// Makes a record. `key`: the engine's, whose clash is "already exists" rather than a rejection.
    pub(super) fn create(
        &mut self,
        rules: &Rules,
        key: Option<&Key>,
        fields: Document,
        now: Timestamp,
    ) -> Result<RecordId, WriteError> {
        let mut record: Document = rules
            .fields
            .iter()
            .map(|field| {
                let default = rules.defaults.get(field).cloned();
                (field.clone(), default.unwrap_or(Value::Null))
            })
            .collect();
        set(rules, &mut record, fields)?;
        if let Some(key) = key {
            let mut own = Document::new();
            own.set(key.field.clone(), key.value.as_str());
            set(rules, &mut record, own)?;
            let wanted = record.get(key.field.as_str());
            let wanted = wanted.filter(|_| rules.unique.contains_key(&key.field));
            let existing = wanted.map(|wanted| self.find(rules, &key.field, wanted));
            if let Some(existing) = existing.and_then(|found| found.into_iter().next()) {
                return Err(WriteError::AlreadyExists {
                    existing: Some(existing.id),
                });
            }
        }
        let number = self.next_id;
        let id = match &rules.ids_from {
            None => RecordId::new(number.to_string()),
            Some(field) => match record.get(field.as_str()).and_then(Value::as_text) {
                Some(text) => RecordId::from(text),
                None => {
                    record.set(field.clone(), number.to_string());
                    RecordId::new(number.to_string())
                }
            },
        };
        self.check(rules, &id, &record)?;
        if self.rows.get(&id).is_some_and(|row| !row.deleted) {
            return Err(rejected(
                rules.ids_from.as_ref(),
                "DUPLICATE_DATA",
                "the id is in use",
            ));
        }
        self.next_id += 1;
        self.rows.insert(
            id.clone(),
            Row {
                fields: record,
                stamp: now,
                deleted: false,
                past: Vec::new(),
            },
        );
        Ok(id)
    }

    /// Changes a record, for the engine itself or for a user. Returns whether anything is different now.
    pub(super) fn update(
        &mut self,
        rules: &Rules,
        id: &RecordId,
        fields: Document,
        now: Timestamp,
        own: bool,
    ) -> Result<bool, WriteError> {
        let row = self.rows.get(id).filter(|row| !row.deleted);
        let old = row.ok_or(WriteError::Missing)?.fields.clone();
        let mut record = old.clone();
        set(rules, &mut record, fields)?;
        if let Some(field) = &rules.ids_from
            && record.get(field.as_str()) != old.get(field.as_str())
        {
            return Err(rejected(
                Some(field),
                "READ_ONLY",
                "the id cannot be changed",
            ));
        }
        self.check(rules, id, &record)?;
        let changed = record != old;
        if let Some(row) = self.rows.get_mut(id) {
            if rules.history {
                row.past.extend(differences(&old, &record, now, own));
            }
            row.fields = record;
            // An update that changes nothing counts as a change with real systems too.
            row.stamp = now;
        }
        Ok(changed)
    }

    /// Deletes a record. Returns whether there was one.
    pub(super) fn delete(&mut self, id: &RecordId, now: Timestamp) -> bool {
        match self.rows.get_mut(id) {
            Some(row) if !row.deleted => {
                row.deleted = true;
                row.stamp = now;
                true
            }
            _ => false,
        }
    }

    pub(super) fn restore(
        &mut self,
        rules: &Rules,
        id: &RecordId,
        now: Timestamp,
    ) -> Result<(), WriteError> {
        let row = self.rows.get(id).filter(|row| row.deleted);
        let fields = row.ok_or(WriteError::Missing)?.fields.clone();
        self.check(rules, id, &fields)?;
        if let Some(row) = self.rows.get_mut(id) {
            row.deleted = false;
            row.stamp = now;
        }
        Ok(())
    }

    pub(super) fn stamp(&mut self, id: &RecordId, stamp: Timestamp) {
        if let Some(row) = self.rows.get_mut(id) {
            row.stamp = stamp;
        }
    }

    /// What was changed in a record since an instant.
    pub(super) fn history(&self, id: &RecordId, since: Timestamp) -> Vec<PastChange> {
        let past = self.rows.get(id).into_iter().flat_map(|row| &row.past);
        past.filter(|change| change.at >= since).cloned().collect()
    }

    fn check(&self, rules: &Rules, id: &RecordId, record: &Document) -> Result<(), WriteError> {
        if let Some(rejection) = rules.validate.iter().find_map(|rule| rule(record)) {
            return Err(WriteError::Rejected(rejection));
        }
        for (field, ignoring_case) in &rules.unique {
            let Some(value) = record.get(field.as_str()).filter(|value| !value.is_null()) else {
                continue;
            };
            let taken = self.live().any(|(other, row)| {
                let theirs = row.fields.get(field.as_str());
                other != id && theirs.is_some_and(|theirs| same(theirs, value, *ignoring_case))
            });
            if taken {
                return Err(rejected(
                    Some(field),
                    "DUPLICATE_DATA",
                    "another record has this value",
                ));
            }
        }
        Ok(())
    }

    pub(super) fn expire_pages(&mut self) {
        self.epoch += 1;
    }

    /// A page of changes from `since` on.
    pub(super) fn changes(
        &self,
        rules: &Rules,
        feed: Feed,
        since: Option<Timestamp>,
        page: Option<&PageToken>,
    ) -> Result<ChangesPage, BadToken> {
        let mut rows: Vec<(Timestamp, &RecordId)> = self
            .rows
            .iter()
            .filter(|(_, row)| row.deleted == (feed == Feed::Deleted))
            .filter(|(_, row)| !rules.stamps || since.is_none_or(|since| row.stamp >= since))
            .map(|(id, row)| (row.stamp, id))
            .collect();
        rows.sort_unstable();
        if rules.newest_first {
            rows.reverse();
        }
        let start = match page {
            None => 0,
            Some(page) => {
                let (stamp, id) = self.place(page)?.split_once('|').ok_or(BadToken)?;
                let stamp: Timestamp = stamp.parse().map_err(|_| BadToken)?;
                let last = (stamp, RecordId::from(id));
                let is_behind = |row: &(Timestamp, RecordId)| {
                    if rules.newest_first {
                        *row < last
                    } else {
                        *row > last
                    }
                };
                rows.iter()
                    .position(|(stamp, id)| is_behind(&(*stamp, (*id).clone())))
                    .unwrap_or(rows.len())
            }
        };
        let shown = rows.iter().skip(start).take(rules.page_size);
        let shown: Vec<(Timestamp, &RecordId)> = shown.copied().collect();
        let more = start + shown.len() < rows.len();
        let last = shown.last().filter(|_| more);
        let next = last.map(|(stamp, id)| self.token(&format!("{stamp}|{id}")));
        let changes = shown.into_iter().map(|(stamp, id)| Change {
            id: id.clone(),
            stamp: Some(stamp).filter(|_| rules.stamps),
        });
        Ok(ChangesPage {
            changes: changes.collect(),
            next,
        })
    }

    /// A page of all records, in order of id.
    pub(super) fn list(
        &self,
        rules: &Rules,
        page: Option<&PageToken>,
    ) -> Result<RecordsPage, BadToken> {
        let after = page.map(|page| self.place(page)).transpose()?;
        let rest = self
            .live()
            .filter(|(id, _)| after.is_none_or(|after| id.as_str() > after));
        let mut rows: Vec<(&RecordId, &Row)> = rest.take(rules.page_size + 1).collect();
        let more = rows.len() > rules.page_size;
        rows.truncate(rules.page_size);
        let last = rows.last().filter(|_| more);
        let next = last.map(|(id, _)| self.token(id.as_str()));
        let records = rows
            .into_iter()
            .map(|(id, row)| row.record(rules, id.clone()))
            .collect();
        Ok(RecordsPage { records, next })
    }

    fn token(&self, place: &str) -> PageToken {
        PageToken::new(format!("{}@{place}", self.epoch))
    }

    fn place<'a>(&self, token: &'a PageToken) -> Result<&'a str, BadToken> {
        let (epoch, place) = token.as_str().split_once('@').ok_or(BadToken)?;
        if epoch == self.epoch.to_string() {
            Ok(place)
        } else {
            Err(BadToken)
        }
    }
}

impl Row {
    fn record(&self, rules: &Rules, id: RecordId) -> Record {
        Record {
            id,
            modified_at: Some(self.stamp).filter(|_| rules.stamps),
            fields: self.fields.clone(),
        }
    }
}

fn set(rules: &Rules, record: &mut Document, fields: Document) -> Result<(), WriteError> {
    for (name, value) in fields {
        if !rules.fields.contains(&name) {
            return Err(rejected(Some(&name), "INVALID_FIELD", "no such field"));
        }
        let value = match rules.normalise.get(&name) {
            Some(normalise) => normalise(value),
            None => value,
        };
        record.set(name, value);
    }
    Ok(())
}

fn differences(old: &Document, new: &Document, at: Timestamp, own: bool) -> Vec<PastChange> {
    let differs = |field: &FieldName, after: &Value| {
        let before = old.get(field.as_str()).cloned().unwrap_or(Value::Null);
        (before != *after).then(|| PastChange {
            at,
            field: field.clone(),
            before,
            after: after.clone(),
            own,
        })
    };
    new.iter()
        .filter_map(|(field, after)| differs(field, after))
        .collect()
}

fn same(one: &Value, other: &Value, ignoring_case: bool) -> bool {
    match (one.as_text(), other.as_text()) {
        (Some(one), Some(other)) if ignoring_case => one.to_lowercase() == other.to_lowercase(),
        _ => one == other,
    }
}

fn rejected(field: Option<&FieldName>, code: &str, message: &str) -> WriteError {
    WriteError::Rejected(Rejection {
        field: field.cloned(),
        code: Some(code.to_owned()),
        message: message.to_owned(),
    })
}

//! Rows of subforms, such as the lines of an order (reference: Zoho v8 section 3.1, read 2026-11).
//!
//! Zoho appends a row that comes without an id: writing an order's lines a second time doubles them. So rows that were
//! read ([`Rows`]) and what becomes of rows in a write ([`RowChanges`]) are types of their own, and no write makes the
//! one into the other unseen.

use std::{collections::BTreeMap, slice, vec};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Model, Record, json::written};
use crate::names::RecordId;

/// The rows of a subform, as they were read. Only reading makes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rows<T>(Vec<T>);

impl<T> Rows<T> {
    /// The rows in order.
    pub fn iter(&self) -> slice::Iter<'_, T> {
        self.0.iter()
    }

    /// The rows.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> IntoIterator for Rows<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> vec::IntoIter<T> {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Rows<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> slice::Iter<'a, T> {
        self.0.iter()
    }
}

/// A row that should be there already has no id, so nothing can be said about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the row at position {position} has no `id`")]
pub struct RowWithoutId {
    /// Which of the rows.
    pub position: usize,
}

/// What becomes of the rows of a subform in a write. Rows that are not named stay as they are.
///
/// In an insert, [`append`](Self::append) all rows. To exchange the rows of a record that is there, use
/// [`ModuleApi::replace_rows`](crate::ModuleApi::replace_rows), which reads the rows that are there now; or
/// [`replace`](Self::replace) and [`adjust`](Self::adjust) with rows that you have read.
///
/// A write that appends is not repeated after a lost answer, and an upsert that appends is refused, because it would
/// append again whenever it finds the record:
/// [`UpsertRequest::allow_appending`](crate::UpsertRequest::allow_appending).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "set it on a record with `change_rows`"]
pub struct RowChanges(Vec<Record>);

impl RowChanges {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a new row. An id in `row` and the system fields of another row are left out, so that a row read elsewhere
    /// (a quote's, for an order) can be given.
    pub fn append(mut self, row: Record) -> Self {
        self.0.push(content(row));
        self
    }

    /// Sets `fields` of the row `id`; its other fields stay.
    pub fn update(mut self, id: &RecordId, fields: Record) -> Self {
        self.0.push(content(fields).with("id", id));
        self
    }

    /// Deletes the row `id`.
    pub fn delete(mut self, id: &RecordId) -> Self {
        let row = Record::new().with("id", id).with("_delete", RawValue::NULL);
        self.0.push(row);
        self
    }

    /// Deletes the rows `current` and adds `new` ones.
    ///
    /// # Errors
    /// [`RowWithoutId`] when a row of `current` cannot be deleted.
    pub fn replace<T: Model>(
        current: &Rows<T>,
        new: impl IntoIterator<Item = Record>,
    ) -> Result<Self, RowWithoutId> {
        let mut changes = Self::new();
        for id in ids(current)? {
            changes = changes.delete(&id);
        }
        Ok(new.into_iter().fold(changes, Self::append))
    }

    /// Makes `current` into `wanted` with as little as possible: a wanted row updates the first current row that is
    /// the `same` and not taken yet, or is added; current rows that none wants are deleted. Rows keep their ids that
    /// way.
    ///
    /// # Errors
    /// [`RowWithoutId`] when a row of `current` cannot be addressed.
    pub fn adjust<T: Model>(
        current: &Rows<T>,
        wanted: impl IntoIterator<Item = Record>,
        same: impl Fn(&T, &Record) -> bool,
    ) -> Result<Self, RowWithoutId> {
        let ids = ids(current)?;
        let mut free: Vec<(RecordId, &T)> = ids.into_iter().zip(current).collect();
        let mut changes = Self::new();
        for row in wanted {
            let found = free.iter().position(|(_, current)| same(current, &row));
            changes = match found {
                Some(position) => {
                    let (id, _) = free.remove(position);
                    changes.update(&id, row)
                }
                None => changes.append(row),
            };
        }
        Ok(free
            .into_iter()
            .fold(changes, |changes, (id, _)| changes.delete(&id)))
    }

    /// Whether there is no change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `None` when there is nothing to change: an empty list would delete all rows.
    pub(super) fn into_json(self) -> Option<Box<RawValue>> {
        (!self.0.is_empty()).then(|| written(&self.0))
    }
}

/// Key that tells of each subform whether its rows were cut off.
const HAS_MORE: &str = "$has_more";

impl Record {
    /// Whether the subform `field` has more rows than came with the record. Anything that is not plainly "no" counts as
    /// "yes" (reference: Zoho v8 section 2.2, read 2026-11).
    #[must_use]
    pub fn has_more_rows(&self, field: &str) -> bool {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum HasMore {
            All(bool),
            Each(BTreeMap<String, Option<bool>>),
            Nothing(()),
        }
        let Some(value) = self.get(HAS_MORE) else {
            return false;
        };
        match serde_json::from_str(value.get()) {
            Ok(HasMore::All(more)) => more,
            Ok(HasMore::Each(flags)) => flags.get(field).copied().flatten().unwrap_or(false),
            Ok(HasMore::Nothing(())) => false,
            Err(_) => true,
        }
    }
}

/// The row without what belongs to the place it was read from.
fn content(mut row: Record) -> Record {
    for field in ["id", "Parent_Id", "Created_Time", "Modified_Time"] {
        row.remove(field);
    }
    row.retain(|field| !field.as_str().starts_with('$') || field.as_str() == "$line_tax");
    row
}

fn ids<T: Model>(rows: &Rows<T>) -> Result<Vec<RecordId>, RowWithoutId> {
    rows.iter()
        .enumerate()
        .map(|(position, row)| row.record_id().ok_or(RowWithoutId { position }))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn rows(json: &Value) -> Rows<Record> {
        serde_json::from_str(&json.to_string()).unwrap()
    }

    fn product(id: &str, quantity: i64) -> Record {
        Record::new().with("Product", id).with("Quantity", quantity)
    }

    fn sent(changes: RowChanges) -> Value {
        let record = Record::new().with_row_changes("Lines", changes);
        let record = serde_json::to_value(record).unwrap();
        record.get("Lines").cloned().unwrap_or_default()
    }

    /// What Zoho does with a subform's value in an update.
    fn apply(rows: &Value, change: &Value) -> Vec<Value> {
        let Some(change) = change.as_array() else {
            return rows.as_array().unwrap().clone();
        };
        if change.is_empty() {
            return Vec::new();
        }
        let mut rows = rows.as_array().unwrap().clone();
        for (number, row) in change.iter().enumerate() {
            match row.get("id") {
                None => {
                    let mut row = row.clone();
                    row["id"] = format!("9{number}").into();
                    rows.push(row);
                }
                Some(id) if row.get("_delete").is_some() => rows.retain(|row| row["id"] != *id),
                Some(id) => {
                    let known = rows.iter_mut().find(|row| row["id"] == *id).unwrap();
                    for (key, value) in row.as_object().unwrap() {
                        known[key] = value.clone();
                    }
                }
            }
        }
        rows
    }

    fn contents(rows: &[Value]) -> Vec<String> {
        let mut contents: Vec<String> = rows
            .iter()
            .map(|row| format!("{}x{}", row["Product"], row["Quantity"]))
            .collect();
        contents.sort();
        contents
    }

    #[test]
    fn the_three_changes_are_written_apart() {
        let id: RecordId = "11".parse().unwrap();
        let changes = RowChanges::new()
            .append(product("a", 1))
            .update(&id, Record::new().with("Quantity", 5_i64))
            .delete(&"12".parse().unwrap());
        assert_eq!(
            sent(changes),
            json!([{"Product": "a", "Quantity": 1}, {"id": "11", "Quantity": 5}, {"id": "12", "_delete": null}])
        );
    }

    #[test]
    fn a_row_of_another_record_is_appended_as_a_new_one() {
        let row: Record = serde_json::from_str(
            r#"{"id":"11","Parent_Id":{"id":"1"},"Created_Time":"2026-11-20T11:00:00+01:00","$in_merge":false,"$line_tax":[],"Product":"a"}"#,
        )
        .unwrap();
        assert_eq!(
            sent(RowChanges::new().append(row)),
            json!([{"$line_tax": [], "Product": "a"}])
        );
    }

    #[test]
    fn no_change_never_becomes_the_empty_list_that_deletes_all() {
        let none = rows(&json!([]));
        for changes in [
            RowChanges::new(),
            RowChanges::replace(&none, []).unwrap(),
            RowChanges::adjust(&none, [], |_, _| true).unwrap(),
        ] {
            assert!(changes.is_empty());
            assert!(Record::new().with_row_changes("Lines", changes).is_empty());
        }
    }

    #[test]
    fn rows_that_cannot_be_addressed_cannot_be_replaced() {
        let current = rows(&json!([{"id": "11"}, {"Product": "a"}]));
        let error = RowChanges::replace(&current, []).unwrap_err();
        assert_eq!(error, RowWithoutId { position: 1 });
        assert!(RowChanges::adjust(&current, [], |_, _| true).is_err());
    }

    #[test]
    fn adjusted_rows_keep_their_ids() {
        let current = json!([{"id": "11", "Product": "a", "Quantity": 1}, {"id": "12", "Product": "b", "Quantity": 1}]);
        let same = |row: &Record, wanted: &Record| {
            row.text("Product").unwrap() == wanted.text("Product").unwrap()
        };
        let wanted = [product("b", 7), product("c", 1)];
        let changes = RowChanges::adjust(&rows(&current), wanted, same).unwrap();
        assert_eq!(
            sent(changes),
            json!([{"id": "12", "Product": "b", "Quantity": 7}, {"Product": "c", "Quantity": 1}, {"id": "11", "_delete": null}])
        );
    }

    #[test]
    fn rows_that_were_cut_off_are_noticed() {
        let cut = |json: &str| {
            let record: Record = serde_json::from_str(json).unwrap();
            record.has_more_rows("Ordered_Items")
        };
        assert!(cut(r#"{"$has_more":{"Ordered_Items":true}}"#));
        assert!(cut(r#"{"$has_more":true}"#));
        assert!(cut(r#"{"$has_more":["Ordered_Items"]}"#));
        for json in [
            "{}",
            r#"{"$has_more":null}"#,
            r#"{"$has_more":false}"#,
            r#"{"$has_more":{"Ordered_Items":false,"Notes":true}}"#,
            r#"{"$has_more":{"Ordered_Items":null}}"#,
        ] {
            assert!(!cut(json), "{json}");
        }
    }

    fn lines() -> impl Strategy<Value = Vec<(u8, i64)>> {
        prop::collection::vec((0u8..4, 1i64..4), 0..6)
    }

    proptest! {
        #[test]
        fn exchanged_lines_are_the_wanted_ones_however_often(before in lines(), wanted in lines()) {
            let mut current: Value = before
                .iter()
                .enumerate()
                .map(|(number, (name, quantity))| json!({"id": format!("1{number}"), "Product": name.to_string(), "Quantity": quantity}))
                .collect();
            let wanted: Vec<Record> = wanted.iter().map(|(name, quantity)| product(&name.to_string(), *quantity)).collect();
            let expected: Vec<Value> = wanted.iter().map(|row| serde_json::to_value(row).unwrap()).collect();
            let same = |row: &Record, wanted: &Record| row.text("Product").unwrap() == wanted.text("Product").unwrap();
            for adjust in [false, true, false, true] {
                let now = rows(&current);
                let changes = if adjust {
                    RowChanges::adjust(&now, wanted.clone(), same).unwrap()
                } else {
                    RowChanges::replace(&now, wanted.clone()).unwrap()
                };
                let after = apply(&current, &sent(changes));
                prop_assert_eq!(contents(&after), contents(&expected));
                current = after.into_iter().enumerate().map(|(number, mut row)| { row["id"] = format!("2{number}").into(); row }).collect();
            }
        }
    }
}

//! Rows of a record's collections in an update: each says by `_action` what is to be done with it (reference: 3.9).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::json::Json;
use crate::model::{Kind, Node, Part};
use crate::record::{View, key_of};
use crate::store::{Row, Value};

use super::Writer;
use super::customer::copy;
use super::record::RecordDraft;

/// The rows of a collection as they will be, by key; none where one goes.
pub(super) type Rows = BTreeMap<String, Option<Row>>;

/// Where a row of an input stands: its collection and its place there.
struct Place<'a> {
    list: &'a str,
    index: usize,
}

impl Place<'_> {
    fn refuse(&self, draft: &mut RecordDraft, member: &str, message: &str) {
        let (list, place) = (self.list, self.index.to_string());
        draft.refuse(
            format!("{list}: {member}: {message}"),
            &["data", list, &place, member],
        );
    }
}

impl Writer<'_> {
    /// The node of a collection's rows, and the rows after what an update says of them.
    pub(super) fn change_rows(
        &self,
        node: &Node,
        list: &str,
        data: &Json,
        draft: &mut RecordDraft,
    ) -> Option<(Arc<Node>, Rows)> {
        let child = match node.property(list).map(|property| &property.kind) {
            Some(Kind::Children { node, .. }) => Arc::clone(self.model.node(node)?),
            _ => return None,
        };
        let prefix = format!("{}|", key_of(&draft.row, &node.key));
        let held = self.store.table(child.table).rows_under(&prefix);
        let mut rows: Rows = held
            .map(|(key, row)| (key.to_string(), Some(Row::clone(row))))
            .collect();
        let given = match data.get(list) {
            Some(Json::Array(given)) => given.as_slice(),
            _ => &[],
        };
        for (index, input) in given.iter().enumerate() {
            let place = Place { list, index };
            self.change_row(node, &child, input, &place, &mut rows, draft);
        }
        Some((child, rows))
    }

    fn change_row(
        &self,
        node: &Node,
        child: &Arc<Node>,
        input: &Json,
        place: &Place<'_>,
        rows: &mut Rows,
        draft: &mut RecordDraft,
    ) {
        let key = self.row_key(node, child, input, &draft.row);
        let held = key
            .as_ref()
            .and_then(|key| rows.get(key).cloned().flatten());
        match (input.get("_action").and_then(Json::as_str), key, held) {
            (Some("create"), ..) => {
                let line = self.new_record(child, input);
                draft.problems.extend(line.problems);
                let mut row = line.row;
                number(node, child, &draft.row, rows, &mut row);
                let key = key_of(&row, &child.key);
                if matches!(rows.get(&key), Some(Some(_))) {
                    place.refuse(draft, "lineNumber", "Record already exists");
                } else {
                    rows.insert(key, Some(row));
                }
            }
            (Some("update"), Some(key), Some(mut row)) => {
                let problems = self.set_members(child, input, &mut row);
                draft.problems.extend(problems);
                rows.insert(key, Some(row));
            }
            (Some("delete"), Some(key), Some(_)) => {
                rows.insert(key, None);
            }
            (Some("update" | "delete"), ..) => {
                place.refuse(draft, "lineNumber", "Record does not exist");
            }
            _ => place.refuse(draft, "_action", "must be create, update or delete"),
        }
    }

    /// The key that a row of an input means: its `_id`, or the numbers in it.
    fn row_key(
        &self,
        node: &Node,
        child: &Arc<Node>,
        input: &Json,
        parent: &Row,
    ) -> Option<String> {
        if let Some(id) = input.get("_id").and_then(Json::as_str) {
            let view = View {
                store: self.store,
                model: self.model,
                settings: self.settings,
            };
            let record = view.find(child, id)?;
            return Some(record.key.to_string());
        }
        let mut row = self.new_record(child, input).row;
        let mut last = None;
        for column in own_columns(node, child) {
            if row.get(column).is_none()
                && let Some(number) = last
            {
                row.set(Cow::Borrowed(column), Value::Int(number));
            }
            last = Some(row.int(column)).filter(|number| *number > 0);
        }
        link(node, parent, &mut row);
        last.map(|_| key_of(&row, &child.key))
    }
}

/// The columns of a row's key that are not its record's.
fn own_columns(node: &Node, child: &Node) -> Vec<&'static str> {
    let of_record = |column: &str| {
        node.key
            .iter()
            .any(|part| matches!(part, Part::Column(own) if *own == column))
    };
    let columns = child.key.iter().filter_map(|part| match part {
        Part::Column(column) => Some(*column),
        Part::Fixed(_) => None,
    });
    columns.filter(|column| !of_record(column)).collect()
}

/// Gives a row the key of its record.
fn link(node: &Node, parent: &Row, row: &mut Row) {
    for part in &node.key {
        if let Part::Column(column) = part {
            copy(parent, row, &[*column]);
        }
    }
}

/// Gives a new row the key of its record and, where it has none, the number after the last.
fn number(node: &Node, child: &Node, parent: &Row, rows: &Rows, row: &mut Row) {
    link(node, parent, row);
    let columns = own_columns(node, child);
    let Some(first) = columns.first() else { return };
    let last = rows.values().flatten().map(|row| row.int(first)).max();
    let mut next = (last.unwrap_or(0) / 1000 + 1) * 1000;
    for column in columns {
        if row.get(column).is_none() {
            row.set(Cow::Borrowed(column), Value::Int(next));
        } else {
            next = row.int(column);
        }
    }
}

//! Records of nodes that have no rules of their own beyond their table's description.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnose::Diagnose;
use crate::endpoint::Sequence;
use crate::json::Json;
use crate::model::{Default, Kind, Node, Part, Property, Source};
use crate::record::{View, key_of};
use crate::store::{Row, Value};

use super::address::set_slots;
use super::assign::assign;
use super::collections::Rows;
use super::customer::{copy, etag_of};
use super::documents::unchangeable;
use super::{Refused, Writer, Written};

/// Rows of other tables that a record writes to, by table and key.
type Beside = BTreeMap<(&'static str, String), Row>;

/// A record to be, and the rows of its collections.
pub(super) struct RecordDraft {
    pub(super) row: Row,
    pub(super) lines: Vec<(Arc<Node>, Row)>,
    pub(super) problems: Vec<Diagnose>,
    beside: Beside,
}

impl RecordDraft {
    pub(super) fn refuse(&mut self, message: impl Into<String>, member: &[&str]) {
        self.problems.push(Diagnose::error(message, member));
    }
}

impl Writer<'_> {
    /// Creates a record from the members of an input; nothing is stored when anything is wrong with it.
    pub(crate) fn create_record(&mut self, node: &Node, data: &Json) -> Result<Written, Refused> {
        let mut draft = self.new_record(node, data);
        for list in node.written_with {
            self.read_rows(node, list, data, &mut draft);
        }
        if draft.problems.is_empty() {
            self.finish(node, &mut draft);
        }
        fill(&mut draft.row, node);
        let counted = self.number(node, &draft.row);
        if let Some((column, number, _)) = &counted {
            draft
                .row
                .set(Cow::Borrowed(*column), Value::Text(number.clone()));
        }
        check_mandatory(node, &draft.row, &mut draft.problems);
        for (child, row) in &mut draft.lines {
            fill(row, child);
            check_mandatory(child, row, &mut draft.problems);
        }
        let key = key_of(&draft.row, &node.key);
        if self.store.table(node.table).get(&key).is_some() {
            draft.refuse(format!("{key} : Record already exists"), &["data"]);
        }
        if !draft.problems.is_empty() {
            return Err(draft.problems);
        }
        if let Some((_, _, sequence)) = counted {
            self.next_number(&sequence);
        }
        self.link_lines(node, &mut draft);
        self.store.table_mut(node.table).insert(&key, draft.row);
        for (child, row) in draft.lines {
            let key = key_of(&row, &child.key);
            self.store.table_mut(child.table).insert(&key, row);
        }
        self.store_beside(draft.beside);
        self.created(node, &key);
        Ok(Written::new(&key, node.type_name, "created", true))
    }

    pub(super) fn new_record(&self, node: &Node, data: &Json) -> RecordDraft {
        let mut row = Row::new(self.now, self.user);
        let mut problems = Vec::new();
        let members = own_members(data);
        // The key first: rows beside this one are found by it.
        for (name, value) in members.iter().filter(|(name, _)| is_key(node, name)) {
            self.set_member(
                &mut row,
                &mut Beside::new(),
                node,
                name,
                value,
                &mut problems,
            );
        }
        let mut beside = Beside::new();
        for (name, value) in members.iter().filter(|(name, _)| !is_key(node, name)) {
            if !node.written_with.contains(name) {
                self.set_member(&mut row, &mut beside, node, name, value, &mut problems);
            }
        }
        RecordDraft {
            row,
            lines: Vec::new(),
            problems,
            beside,
        }
    }

    fn read_rows(&self, node: &Node, list: &str, data: &Json, draft: &mut RecordDraft) {
        let Some(Json::Array(rows)) = data.get(list) else {
            return;
        };
        let child = match node.property(list).map(|property| &property.kind) {
            Some(Kind::Children { node, .. }) => self.model.node(node),
            _ => None,
        };
        let Some(child) = child else { return };
        for (index, row) in rows.iter().enumerate() {
            let line = self.new_record(child, row);
            draft.lines.push((Arc::clone(child), line.row));
            let place = index.to_string();
            draft
                .problems
                .extend(line.problems.into_iter().map(|mut problem| {
                    problem
                        .member
                        .splice(..1, ["data", list, &place].map(str::to_owned));
                    problem
                }));
        }
    }

    /// Gives lines the key of their record and, where they have none, numbers in steps.
    fn link_lines(&self, node: &Node, draft: &mut RecordDraft) {
        for (index, (child, line)) in (1_i64..).zip(&mut draft.lines) {
            let mut number = index * 1000;
            for part in &child.key {
                let Part::Column(column) = part else { continue };
                let of_record = node.key.iter().any(|own| match own {
                    Part::Column(own) => own == column,
                    Part::Fixed(_) => false,
                });
                if of_record {
                    copy(&draft.row, line, &[*column]);
                } else if line.get(column).is_none() {
                    line.set(Cow::Borrowed(*column), Value::Int(number));
                } else {
                    number = line.int(column);
                }
            }
        }
    }

    /// Key column, number and sequence of a record whose key a counter gives.
    fn number(&self, node: &Node, row: &Row) -> Option<(&'static str, String, String)> {
        let counter = node.counter?;
        let Some(Part::Column(column)) = node.key.last() else {
            return None;
        };
        if row.get(column).is_some() {
            return None;
        }
        let mut sites = node.properties.iter().filter_map(|property| {
            let is_site = matches!(&property.kind, Kind::Reference { node, .. } if *node == "site");
            let column = property.column_code().filter(|_| is_site)?;
            Some(row.text(column)).filter(|site| !site.is_empty())
        });
        let sequence = format!("{counter}{}", sites.next().unwrap_or_default());
        let number = self.sequences.get(&sequence).map_or_else(
            || Sequence::document(&sequence).current(),
            Sequence::current,
        );
        Some((column, number, sequence))
    }

    /// Changes a record; members that are absent stay as they are.
    pub(crate) fn update_record(&mut self, node: &Node, data: &Json) -> Result<Written, Refused> {
        let key = self.key_in(node, data);
        let Some(held) = self.store.table(node.table).get(&key) else {
            return Err(vec![Diagnose::error(
                format!("{key} : Record does not exist"),
                &["data", "_id"],
            )]);
        };
        let mut row = Row::clone(held);
        if self.settings.etag_checked
            && let Some(etag) = data.get("_etag").and_then(Json::as_str)
            && etag != etag_of(&row)
        {
            return Err(vec![Diagnose::error(
                format!("{key} : Record modified by another user"),
                &["data", "_etag"],
            )]);
        }
        if let Some(reason) = unchangeable(node, &row) {
            return Err(vec![Diagnose::error(
                format!("{key} : {reason}"),
                &["data"],
            )]);
        }
        let held = Row::clone(held);
        let mut draft = RecordDraft {
            problems: Vec::new(),
            beside: Beside::new(),
            lines: Vec::new(),
            row: held.clone(),
        };
        for (name, value) in own_members(data)
            .into_iter()
            .filter(|(name, _)| !is_key(node, name) && !node.written_with.contains(name))
        {
            let RecordDraft {
                beside, problems, ..
            } = &mut draft;
            self.set_member(&mut row, beside, node, name, value, problems);
        }
        draft.row = row;
        let mut collections = Vec::new();
        for list in node
            .written_with
            .iter()
            .filter(|list| data.get(list).is_some())
        {
            collections.extend(self.change_rows(node, list, data, &mut draft));
        }
        if !collections.is_empty() && draft.problems.is_empty() {
            self.finish_rows(node, &mut collections, &mut draft);
        }
        if !draft.problems.is_empty() {
            return Err(draft.problems);
        }
        let mut row = draft.row;
        // A row beside the record, or of a collection, has a stamp of its own.
        let mut changed = row != held;
        if changed || self.settings.unchanged_update_moves_stamp {
            row.touch(self.now, self.user);
        }
        self.store.table_mut(node.table).insert(&key, row);
        changed |= self.store_beside(draft.beside);
        for (child, rows) in collections {
            changed |= self.store_rows_of(&child, rows);
        }
        self.changed(node, &key, &held);
        Ok(Written::new(&key, node.type_name, "modified", changed))
    }

    /// Checks and fills in a record whose rows have changed.
    fn finish_rows(
        &self,
        node: &Node,
        collections: &mut [(Arc<Node>, Rows)],
        draft: &mut RecordDraft,
    ) {
        let lines = collections.iter().flat_map(|(child, rows)| {
            let rows = rows.values().flatten();
            rows.map(|row| (Arc::clone(child), row.clone()))
        });
        draft.lines = lines.collect();
        self.finish(node, draft);
        for (child, row) in &mut draft.lines {
            fill(row, child);
            check_mandatory(child, row, &mut draft.problems);
            let known = collections
                .iter_mut()
                .find(|(node, _)| node.name == child.name);
            if let Some((_, rows)) = known {
                rows.insert(key_of(row, &child.key), Some(row.clone()));
            }
        }
    }

    /// Stores what has changed of a collection's rows; each moves its own stamp.
    fn store_rows_of(&mut self, child: &Node, rows: Rows) -> bool {
        let (now, user) = (self.now, self.user);
        let table = self.store.table_mut(child.table);
        let mut changed = false;
        for (key, row) in rows {
            let same = match (table.get(&key), &row) {
                (Some(held), Some(row)) => **held == *row,
                (None, None) => true,
                _ => false,
            };
            if same {
                continue;
            }
            changed = true;
            match row {
                Some(mut row) => {
                    if table.get(&key).is_some() {
                        row.touch(now, user);
                    }
                    table.insert(&key, row);
                }
                None => {
                    table.remove(&key);
                }
            }
        }
        changed
    }

    /// Sets the members of a row that an input names, but for its key.
    pub(super) fn set_members(&self, node: &Node, data: &Json, row: &mut Row) -> Vec<Diagnose> {
        let mut problems = Vec::new();
        for (name, value) in own_members(data)
            .into_iter()
            .filter(|(name, _)| !is_key(node, name))
        {
            self.set_member(row, &mut Beside::new(), node, name, value, &mut problems);
        }
        problems
    }

    /// The key an update means: its `_id`, or the members of the key.
    fn key_in(&self, node: &Node, data: &Json) -> String {
        if let Some(id) = data.get("_id").and_then(Json::as_str) {
            let view = View {
                store: self.store,
                model: self.model,
                settings: self.settings,
            };
            let node = self.model.node(node.name);
            return node
                .and_then(|node| view.find(node, id))
                .map_or_else(|| id.to_owned(), |record| record.key.to_string());
        }
        let mut row = Row::new(self.now, self.user);
        for (name, value) in own_members(data) {
            if let (true, Some(property)) = (is_key(node, name), node.property(name)) {
                // A wrong value leads to no record, which the caller is told.
                let _ = assign(&mut row, property, value, self.store, self.model, &[]);
            }
        }
        key_of(&row, &node.key)
    }

    fn set_member(
        &self,
        row: &mut Row,
        beside: &mut Beside,
        node: &Node,
        name: &str,
        value: &Json,
        problems: &mut Vec<Diagnose>,
    ) {
        let path = ["data", name];
        let Some(property) = node.property(name) else {
            return problems.push(Diagnose::error(format!("{name}: Unknown property"), &path));
        };
        if let (Kind::Slots { node: slot, .. }, Json::Array(rows)) = (&property.kind, value) {
            let member = self
                .model
                .node(slot)
                .and_then(|slot| slot.properties.last())
                .map_or("", |member| member.name.as_ref());
            if let Err(message) = set_slots(row, property, rows, member, self) {
                problems.push(Diagnose::error(message, &path));
            }
            return;
        }
        let target = match &property.source {
            Source::Joined { table, key, .. } => {
                let at = key_of(row, key);
                beside
                    .entry((*table, at.clone()))
                    .or_insert_with(|| self.row_beside(table, &at, row, key))
            }
            _ => row,
        };
        if let Err(problem) = assign(target, property, value, self.store, self.model, &path) {
            problems.push(problem);
        }
    }

    fn row_beside(&self, table: &str, at: &str, row: &Row, key: &[Part]) -> Row {
        let held = self.store.table(table).get(at);
        held.map_or_else(
            || {
                let mut new = Row::new(self.now, self.user);
                for part in key {
                    if let Part::Column(column) = part {
                        copy(row, &mut new, &[*column]);
                    }
                }
                new
            },
            |held| Row::clone(held),
        )
    }

    /// Stores the rows beside a record that differ from what is there.
    fn store_beside(&mut self, beside: Beside) -> bool {
        let mut changed = false;
        for ((table, key), mut row) in beside {
            match self.store.table(table).get(&key) {
                Some(held) if **held == row => continue,
                Some(_) => row.touch(self.now, self.user),
                None => {}
            }
            self.store.table_mut(table).insert(&key, row);
            changed = true;
        }
        changed
    }
}

fn check_mandatory(node: &Node, row: &Row, problems: &mut Vec<Diagnose>) {
    for name in node.mandatory {
        let missing = node
            .property(name)
            .and_then(Property::column_code)
            .is_some_and(|column| row.get(column).is_none());
        if missing && problems.is_empty() {
            problems.push(Diagnose::error(
                format!("{name}: Mandatory field"),
                &["data", name],
            ));
        }
    }
}

/// The members of an input that are not about which record is meant.
fn own_members(data: &Json) -> Vec<(&str, &Json)> {
    let Json::Object(members) = data else {
        return Vec::new();
    };
    members
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "_id" | "_etag" | "_action"))
        .map(|(name, value)| (name.as_str(), value))
        .collect()
}

fn is_key(node: &Node, name: &str) -> bool {
    let column = node.property(name).and_then(Property::column_code);
    node.key.iter().any(|part| match part {
        Part::Column(known) => Some(*known) == column,
        Part::Fixed(_) => false,
    })
}

/// Fills in what the node's table says, no for flags and the first member for menus.
fn fill(row: &mut Row, node: &Node) {
    for (column, default) in node.defaults {
        if row.get(column).is_some() {
            continue;
        }
        let value = match default {
            Default::Int(number) => Some(Value::Int(*number)),
            Default::Text(text) => Some(Value::Text((*text).to_owned())),
            Default::Same(other) => row.get(other).cloned(),
        };
        if let Some(value) = value {
            row.set(Cow::Borrowed(*column), value);
        }
    }
    for property in &node.properties {
        if let (Kind::Boolean | Kind::Menu(_), Source::Column(column)) =
            (&property.kind, &property.source)
            && row.get(column).is_none()
        {
            let active = property.name == "isActive";
            row.set(column.clone(), Value::Int(if active { 2 } else { 1 }));
        }
    }
}

//! Reading rows as the nodes show them.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::json::Json;
use crate::model::{Kind, Model, Node, Part, Property, Source};
use crate::settings::{AddressIdForm, DecimalForm, Settings};
use crate::store::{Row, Store, Value, join_key};

/// A value as filters, orders and cursors see it; null comes before everything else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scalar {
    Null,
    Bool(bool),
    Number(Decimal),
    Date(Date),
    Instant(Timestamp),
    Text(String),
    /// A key as an `_id` shows it.
    Id(Id),
}

/// An `_id` that sorts as its key columns do: parts of digits after the first are numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Id(pub(crate) String);

impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = (self.0.split('|'), other.0.split('|'));
        let first = left.next().cmp(&right.next());
        first
            .then_with(|| left.map(KeyPart::of).cmp(right.map(KeyPart::of)))
            .then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Numbers come before texts, so that the order is a total one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum KeyPart<'a> {
    Number(u64),
    Text(&'a str),
}

impl<'a> KeyPart<'a> {
    fn of(part: &'a str) -> Self {
        part.parse().map_or(Self::Text(part), Self::Number)
    }
}

impl Scalar {
    /// The text of a text or an `_id`.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Id(Id(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn to_json(&self, decimals: DecimalForm) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Number(number) => {
                let text = number.normalize().to_string();
                if decimals == DecimalForm::Text {
                    Json::Text(text)
                } else {
                    Json::Number(text)
                }
            }
            Self::Date(date) => Json::text(date.to_string()),
            Self::Instant(at) => Json::text(format!("{at:.3}")),
            Self::Text(text) | Self::Id(Id(text)) => Json::text(text),
        }
    }
}

/// One row seen through a node.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) node: Arc<Node>,
    pub(crate) key: Arc<str>,
    pub(crate) row: Arc<Row>,
}

/// The data of an endpoint with what is needed to read it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) store: &'a Store,
    pub(crate) model: &'a Model,
    pub(crate) settings: &'a Settings,
}

const ENTITY: &str = "1|";
const ENTITY_NAME: &str = "businessPartner|";

impl<'a> View<'a> {
    /// All rows a node shows.
    pub(crate) fn records(self, node: &'a Arc<Node>) -> impl Iterator<Item = Record> + 'a {
        self.store
            .table(node.table)
            .rows()
            .filter(move |(_, row)| self.shown(node, row))
            .map(move |(key, row)| Record {
                node: Arc::clone(node),
                key: Arc::clone(key),
                row: Arc::clone(row),
            })
    }

    fn shown(self, node: &Node, row: &Row) -> bool {
        node.only_with
            .is_none_or(|(table, column)| self.store.table(table).get(row.text(column)).is_some())
    }

    /// The record a node shows under a key.
    pub(crate) fn by_key(self, node: &Arc<Node>, key: &str) -> Option<Record> {
        let (key, row) = self.store.table(node.table).entry(key)?;
        self.shown(node, row).then(|| Record {
            node: Arc::clone(node),
            key: Arc::clone(key),
            row: Arc::clone(row),
        })
    }

    /// The record a node shows under an `_id`.
    pub(crate) fn find(self, node: &Arc<Node>, id: &str) -> Option<Record> {
        if !node.address_key {
            return self.by_key(node, id);
        }
        let key = match self.settings.address_ids {
            AddressIdForm::EntityNumber => id.to_owned(),
            AddressIdForm::EntityName => format!("{ENTITY}{}", id.strip_prefix(ENTITY_NAME)?),
            AddressIdForm::WithoutEntity => format!("{ENTITY}{id}"),
        };
        self.by_key(node, &key)
    }

    /// The `_id` under which a node shows a key.
    pub(crate) fn id_of(self, node: &Node, key: &str) -> String {
        match (
            node.address_key,
            self.settings.address_ids,
            key.strip_prefix(ENTITY),
        ) {
            (true, AddressIdForm::EntityName, Some(rest)) => format!("{ENTITY_NAME}{rest}"),
            (true, AddressIdForm::WithoutEntity, Some(rest)) => rest.to_owned(),
            _ => key.to_owned(),
        }
    }

    /// The value of a property that is not a structure.
    pub(crate) fn scalar(self, record: &Record, property: &Property) -> Scalar {
        let (row, column) = match &property.source {
            Source::Column(column) => (Cow::Borrowed(&record.row), column.as_ref()),
            Source::Joined { table, key, column } => {
                let Some(row) = self.store.table(table).get(&key_of(&record.row, key)) else {
                    return Scalar::Null;
                };
                (Cow::Borrowed(row), *column)
            }
            Source::Computed(value) => return value(self, record),
            Source::Structure => {
                return self
                    .target_id(record, property)
                    .map_or(Scalar::Null, Scalar::Text);
            }
        };
        column_scalar(&row, column, &property.kind)
    }

    /// System properties of every node; `None` when it is not one of them.
    pub(crate) fn system(self, record: &Record, name: &str) -> Option<Scalar> {
        let instant = |at: Option<Timestamp>| at.map_or(Scalar::Null, Scalar::Instant);
        match name {
            "_id" => Some(Scalar::Id(Id(self.id_of(&record.node, &record.key)))),
            "_createStamp" => Some(instant(record.row.created)),
            "_updateStamp" => Some(instant(record.row.updated)),
            "_createUser" => Some(Scalar::Text(record.row.created_by.clone())),
            "_updateUser" => Some(Scalar::Text(record.row.updated_by.clone())),
            alias
                if self
                    .settings
                    .stamp_aliases
                    .iter()
                    .any(|known| known == alias) =>
            {
                Some(instant(record.row.updated))
            }
            _ => None,
        }
    }

    /// The `_id` a reference holds, whether or not the target is there.
    pub(crate) fn target_id(self, record: &Record, property: &Property) -> Option<String> {
        let Kind::Reference { node, key } = &property.kind else {
            return None;
        };
        let (node, key) = self.target_key(record, node, key)?;
        Some(self.id_of(&node, &key))
    }

    fn target_key(self, record: &Record, node: &str, key: &[Part]) -> Option<(Arc<Node>, String)> {
        if let Some(Part::Column(last)) = key.last()
            && record.row.key_text(last).is_empty()
        {
            return None;
        }
        Some((Arc::clone(self.model.node(node)?), key_of(&record.row, key)))
    }

    /// The record a reference leads to.
    pub(crate) fn target(self, record: &Record, property: &Property) -> Option<Record> {
        let Kind::Reference { node, key } = &property.kind else {
            return None;
        };
        let (node, key) = self.target_key(record, node, key)?;
        self.by_key(&node, &key)
    }

    /// The rows of a collection.
    pub(crate) fn children(self, record: &Record, property: &Property) -> Vec<Record> {
        match &property.kind {
            Kind::Children { node, prefix, same } => {
                let Some(node) = self.model.node(node) else {
                    return Vec::new();
                };
                let prefix = format!("{}|", key_of(&record.row, prefix));
                let rows = self.store.table(node.table).rows_under(&prefix);
                rows.filter(|(_, row)| {
                    same.iter()
                        .all(|(own, child)| record.row.get(own) == row.get(child))
                })
                .map(|(key, row)| Record {
                    node: Arc::clone(node),
                    key: Arc::clone(key),
                    row: Arc::clone(row),
                })
                .collect()
            }
            Kind::Slots { node, columns } => self.slots(record, property, node, columns),
            _ => Vec::new(),
        }
    }

    fn slots(
        self,
        record: &Record,
        property: &Property,
        node: &str,
        columns: &[&'static str],
    ) -> Vec<Record> {
        let Some(node) = self.model.node(node) else {
            return Vec::new();
        };
        let row = match &property.source {
            Source::Joined { table, key, .. } => {
                self.store.table(table).get(&key_of(&record.row, key))
            }
            _ => Some(&record.row),
        };
        let Some(row) = row else { return Vec::new() };
        let mut out = Vec::new();
        for (index, column) in (1_i64..).zip(columns) {
            let text = row.text(column);
            if text.is_empty() && !self.settings.empty_slots_listed {
                continue;
            }
            let mut slot = Row::clone(row);
            slot.set(Cow::Borrowed("VALUE"), Value::Text(text.to_owned()));
            slot.set(Cow::Borrowed("INDEX"), Value::Int(index));
            slot.set(Cow::Borrowed("SORT"), Value::Int(index * 100));
            out.push(Record {
                node: Arc::clone(node),
                key: Arc::from(format!("{index}|{}", record.key)),
                row: Arc::new(slot),
            });
        }
        out
    }
}

/// The key the parts make for a row.
pub(crate) fn key_of(row: &Row, parts: &[Part]) -> String {
    join_key(parts.iter().map(|part| match part {
        Part::Column(column) => row.key_text(column),
        Part::Fixed(text) => Cow::Borrowed(*text),
    }))
}

fn column_scalar(row: &Row, column: &str, kind: &Kind) -> Scalar {
    match kind {
        Kind::Text { .. } | Kind::Stream { .. } => Scalar::Text(row.text(column).to_owned()),
        Kind::Int => Scalar::Number(Decimal::from(row.int(column))),
        Kind::Decimal => Scalar::Number(row.decimal(column)),
        // X3's local menu 1: 1 is no, 2 is yes, 0 is not set.
        Kind::Boolean => match row.int(column) {
            1 => Scalar::Bool(false),
            2 => Scalar::Bool(true),
            _ => Scalar::Null,
        },
        Kind::Date => match row.get(column) {
            Some(Value::Date(date)) => Scalar::Date(*date),
            _ => Scalar::Null,
        },
        Kind::Menu(menu) => menu
            .member(row.int(column))
            .map_or(Scalar::Null, |member| Scalar::Text(member.to_owned())),
        Kind::Reference { .. } | Kind::Children { .. } | Kind::Slots { .. } => Scalar::Null,
    }
}

//! Values and documents.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, Serializer, ser::Error as _};

use crate::{ids::FieldName, value};

/// A list in a group in a list ... Deeper ones could be written but not read again: readers of JSON stop at a depth.
const DEEPEST_LIST: usize = 16;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Value {
    Null,
    Boolean(bool),
    #[serde(with = "exact_decimal")]
    Decimal(Decimal),
    Text(String),
    Date(Date),
    Instant(Timestamp),
    Reference(String),
    #[serde(serialize_with = "bounded_list")]
    List(Vec<Self>),
    #[serde(serialize_with = "bounded_fields")]
    Fields(BTreeMap<String, Self>),
}

impl Value {
    fn depth(&self) -> usize {
        match self {
            Self::List(values) => 1 + values.iter().map(Self::depth).max().unwrap_or(0),
            Self::Fields(fields) => 1 + fields.values().map(Self::depth).max().unwrap_or(0),
            _ => 0,
        }
    }
}

fn bounded_list<S: Serializer>(values: &[Value], serializer: S) -> Result<S::Ok, S::Error> {
    if values.iter().any(|value| value.depth() >= DEEPEST_LIST) {
        return Err(S::Error::custom("lists are nested too deeply"));
    }
    serializer.collect_seq(values)
}

fn bounded_fields<S: Serializer>(
    fields: &BTreeMap<String, Value>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if fields.values().any(|value| value.depth() >= DEEPEST_LIST) {
        return Err(S::Error::custom("lists are nested too deeply"));
    }
    serializer.collect_map(fields)
}

/// Text, so that no reader takes a decimal for a binary fraction, and its scale stays what it was.
mod exact_decimal {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(
        decimal: &Decimal,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(decimal)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Decimal, D::Error> {
        let text = String::deserialize(deserializer)?;
        Decimal::from_str_exact(&text)
            .map_err(|_| D::Error::custom("not a decimal number that can be kept exactly"))
    }
}

impl From<&value::Value> for Value {
    fn from(value: &value::Value) -> Self {
        match value {
            value::Value::Null => Self::Null,
            value::Value::Boolean(value) => Self::Boolean(*value),
            value::Value::Decimal(value) => Self::Decimal(*value),
            value::Value::Text(value) => Self::Text(value.clone()),
            value::Value::Date(value) => Self::Date(*value),
            value::Value::Instant(value) => Self::Instant(*value),
            value::Value::Reference(id) => Self::Reference(id.as_str().to_owned()),
            value::Value::List(values) => Self::List(values.iter().map(Self::from).collect()),
            value::Value::Fields(fields) => Self::Fields(Document::from(fields).0),
        }
    }
}

impl From<Value> for value::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Boolean(value) => Self::Boolean(value),
            Value::Decimal(value) => Self::Decimal(value),
            Value::Text(value) => Self::Text(value),
            Value::Date(value) => Self::Date(value),
            Value::Instant(value) => Self::Instant(value),
            Value::Reference(id) => Self::Reference(id.into()),
            Value::List(values) => Self::List(values.into_iter().map(Self::from).collect()),
            Value::Fields(fields) => Self::Fields(Document(fields).into()),
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Document(BTreeMap<String, Value>);

impl Document {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&value::Document> for Document {
    fn from(document: &value::Document) -> Self {
        Self(
            document
                .iter()
                .map(|(field, value)| (field.as_str().to_owned(), value.into()))
                .collect(),
        )
    }
}

impl From<Document> for value::Document {
    fn from(Document(fields): Document) -> Self {
        fields
            .into_iter()
            .map(|(field, value)| (FieldName::from(field), value.into()))
            .collect()
    }
}

//! What happened to a record.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{DataType, DateTime, NamedRef, metadata::or_default};
use crate::names::FieldName;

/// An entry of a record's timeline (reference: Zoho v8 OpenAPI `timelines`, read 2026-11).
#[derive(Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct TimelineEntry {
    /// When it happened. Whole seconds.
    pub audited_time: DateTime,
    /// What was done: `added`, `updated` …
    #[serde(default, deserialize_with = "or_default")]
    pub action: String,
    /// By which way: `crm_ui`, `crm_api` …
    pub source: Option<String>,
    /// Who did it.
    pub done_by: Option<NamedRef>,
    /// Which fields changed.
    #[serde(default, deserialize_with = "or_default")]
    pub field_history: Vec<FieldChange>,
    /// Everything else that Zoho says of it: automation, related record, extension.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl fmt::Debug for TimelineEntry {
    /// Shows no values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimelineEntry")
            .field("audited_time", &self.audited_time)
            .field("action", &self.action)
            .field("field_history", &self.field_history)
            .finish_non_exhaustive()
    }
}

/// The change of one field.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct FieldChange {
    /// Name in records.
    pub api_name: FieldName,
    /// What the field holds; only when it is asked for.
    pub data_type: Option<DataType>,
    /// The values before and after.
    #[serde(rename = "_value", default, deserialize_with = "or_default")]
    pub values: ChangedValues,
}

impl fmt::Debug for FieldChange {
    /// Shows no values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldChange")
            .field("api_name", &self.api_name)
            .finish_non_exhaustive()
    }
}

/// A field's values before and after a change, as text: the document says text for fields of all types, not in which form.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ChangedValues {
    /// Before; `None` when the field was empty.
    #[serde(default, deserialize_with = "as_text")]
    pub old: Option<String>,
    /// After; `None` when the field was emptied.
    #[serde(default, deserialize_with = "as_text")]
    pub new: Option<String>,
}

impl fmt::Debug for ChangedValues {
    /// Shows no values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangedValues").finish_non_exhaustive()
    }
}

/// Text as it is; of an object with an id the id; anything else as its JSON.
fn as_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::String(text) => Some(text),
        Value::Object(object) => match object.get("id") {
            Some(Value::String(id)) => Some(id.clone()),
            _ => Some(Value::Object(object).to_string()),
        },
        other => Some(other.to_string()),
    })
}

//! A custom field to be created (reference: OAS25 fields.json, read 2026-11).

use serde::Serialize;

use super::DataType;

/// A custom field to be created. Zoho makes its API name from the label: read the field again to learn it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewField {
    field_label: String,
    data_type: DataType,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decimal_place: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique: Option<NewUnique>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external: Option<NewExternal>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pick_list_values: Vec<NewPickListValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tooltip: Option<Tooltip>,
}

/// Zoho's documents declare the flag as text.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct NewUnique {
    casesensitive: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct NewExternal {
    #[serde(rename = "type")]
    kind: &'static str,
    show: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct NewPickListValue {
    display_value: String,
    actual_value: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Tooltip {
    name: &'static str,
    value: String,
}

impl NewField {
    /// A field of `data_type` that people see as `label`.
    pub fn new(label: impl Into<String>, data_type: DataType) -> Self {
        Self {
            field_label: label.into(),
            data_type,
            length: None,
            decimal_place: None,
            unique: None,
            external: None,
            pick_list_values: Vec::new(),
            tooltip: None,
        }
    }

    /// A line of text of at most `length` characters.
    pub fn text(label: impl Into<String>, length: u32) -> Self {
        Self::new(label, DataType::Text).length(length)
    }

    /// A picklist of `values`, shown and stored alike.
    pub fn picklist<S: Into<String>>(
        label: impl Into<String>,
        values: impl IntoIterator<Item = S>,
    ) -> Self {
        let values = values.into_iter().map(|value| {
            let value = value.into();
            NewPickListValue {
                display_value: value.clone(),
                actual_value: value,
            }
        });
        Self {
            pick_list_values: values.collect(),
            ..Self::new(label, DataType::Picklist)
        }
    }

    /// Longest text in characters; for numbers, most digits.
    #[must_use]
    pub fn length(mut self, length: u32) -> Self {
        self.length = Some(length);
        self
    }

    /// Digits after the point.
    #[must_use]
    pub fn decimal_places(mut self, places: u32) -> Self {
        self.decimal_place = Some(places);
        self
    }

    /// No two records may have the same value; values that differ in case only are the same.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = Some(NewUnique {
            casesensitive: "false".to_owned(),
        });
        self
    }

    /// Holds another system's id for the whole organisation, so that it can stand for Zoho's own in the header
    /// `X-EXTERNAL`. Such a field is unique by itself.
    #[must_use]
    pub fn external(mut self) -> Self {
        self.external = Some(NewExternal {
            kind: "org",
            show: true,
        });
        self
    }

    /// A sentence shown beside the field.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.tooltip = Some(Tooltip {
            name: "static_text",
            value: text.into(),
        });
        self
    }
}

//! Layouts, related lists, custom views and pipelines: how a module is laid out for people.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{ModuleRef, PickListValue, or_default};
use crate::names::{FieldName, RecordId};

/// A layout of a module: which fields its forms have, and which of them must be filled in.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Layout {
    /// Its id.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// Name that does not change, such as `Standard__s`.
    pub api_name: Option<String>,
    /// `active` or `inactive`; older answers have numbers.
    pub status: Option<Value>,
    /// Whether it is shown.
    pub visible: Option<bool>,
    /// Its sections, top to bottom.
    #[serde(default, deserialize_with = "or_default")]
    pub sections: Vec<LayoutSection>,
    /// Everything else that Zoho says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl Layout {
    /// The fields that this layout demands a value for. The system may demand more
    /// ([`FieldMeta::system_mandatory`](super::FieldMeta::system_mandatory)).
    pub fn required_fields(&self) -> impl Iterator<Item = &FieldName> {
        let fields = self.sections.iter().flat_map(|section| &section.fields);
        fields
            .filter(|field| field.required)
            .map(|field| &field.api_name)
    }
}

/// A section of a layout.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct LayoutSection {
    /// Its name for programs.
    pub api_name: Option<String>,
    /// Its name for people.
    pub name: Option<String>,
    /// Its fields.
    #[serde(default, deserialize_with = "or_default")]
    pub fields: Vec<LayoutField>,
    /// Everything else that Zoho says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// A field as it stands in a layout.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct LayoutField {
    /// Name in records.
    pub api_name: FieldName,
    /// Whether this layout demands a value.
    #[serde(default, deserialize_with = "or_default")]
    pub required: bool,
    /// The values that this layout offers, of a picklist.
    #[serde(default, deserialize_with = "or_default")]
    pub pick_list_values: Vec<PickListValue>,
    /// Everything else that Zoho says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// A list of records that belong to a record of the module.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct RelatedListMeta {
    /// Its id.
    pub id: RecordId,
    /// Name in paths, such as `Contacts`.
    pub api_name: String,
    /// Name that people see.
    pub name: Option<String>,
    /// The module whose records are listed, where they are records of a module.
    pub module: Option<ModuleRef>,
    /// `default`, `multiselectlookup`, `custom_lookup` and others.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Everything else that Zoho says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// A custom view: a stored filter of a module's records.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct CustomView {
    /// Its id, the `cvid` of lists, counts and bulk reads.
    pub id: RecordId,
    /// Its name.
    pub name: Option<String>,
    /// Name that people see in their language.
    pub display_value: Option<String>,
    /// Its name for programs, of a view that Zoho made.
    pub system_name: Option<String>,
    /// `public_views`, `created_by_me`, `shared_with_me`, `other_users_views`.
    pub category: Option<String>,
    /// Whether people see it first.
    #[serde(default, deserialize_with = "or_default")]
    pub default: bool,
    /// Everything else that Zoho says of it, its criteria among them.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// A pipeline of deals: the stages that a deal goes through.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Pipeline {
    /// Its id.
    pub id: Option<RecordId>,
    /// What records hold in `Pipeline`.
    pub actual_value: Option<String>,
    /// What people see.
    pub display_value: Option<String>,
    /// Whether deals start in it unless they say otherwise.
    #[serde(default, deserialize_with = "or_default")]
    pub default: bool,
    /// Its stages.
    #[serde(default, rename = "maps", deserialize_with = "or_default")]
    pub stages: Vec<PipelineStage>,
    /// Everything else that Zoho says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// A stage of a pipeline.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct PipelineStage {
    /// Its id.
    pub id: Option<RecordId>,
    /// What records hold in `Stage`.
    pub actual_value: Option<String>,
    /// What people see.
    pub display_value: Option<String>,
    /// Its place, from 1.
    pub sequence_number: Option<u32>,
    /// Everything else that Zoho says of it, the forecast category among it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

//! Global picklists: values that fields of several modules share.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{PickListValue, or_default};
use crate::names::RecordId;

/// A global picklist.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct GlobalPicklist {
    /// Its id.
    pub id: RecordId,
    /// Name for programs.
    pub api_name: Option<String>,
    /// Name that people see.
    pub display_label: Option<String>,
    /// Its values. Listings leave them out.
    #[serde(default, deserialize_with = "or_default")]
    pub pick_list_values: Vec<PickListValue>,
    /// Everything else that Zoho says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

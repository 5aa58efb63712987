//! References to other records.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::names::RecordId;

/// A reference to a record or user: `{"id", "name"}`, for users with `email` (reference: Zoho v8 section 3, read
/// 2026-11). Writing needs the id only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Lookup {
    /// The record it points to.
    pub id: RecordId,
    /// Its name, as of the last read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whatever else Zoho says of it.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl Lookup {
    /// A reference to `id`.
    #[must_use]
    pub fn new(id: RecordId) -> Self {
        Self {
            id,
            name: None,
            other: BTreeMap::new(),
        }
    }
}

//! Picklists that fields of several modules share.

use serde::{Deserialize, Serialize};

/// A global picklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GlobalPicklist {
    /// API name.
    pub api_name: String,
    /// Label people see.
    pub label: String,
    /// Values in order.
    pub values: Vec<String>,
}

impl GlobalPicklist {
    /// The list every simulated organisation starts with.
    pub(crate) fn delivery_terms() -> Self {
        let values = ["EXW", "FCA", "CPT", "DAP", "DDP"];
        Self {
            api_name: "Delivery_Terms".to_owned(),
            label: "Delivery Terms".to_owned(),
            values: values.map(str::to_owned).to_vec(),
        }
    }
}

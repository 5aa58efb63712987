//! What a representation shows.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::columns::Columns;

/// Description of a representation's facet. Widths and mandatory columns differ between sites and releases: go by this and
/// not by constants. Source: reference sage-x3 section 4.3.
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct Prototype {
    /// The columns by their codes.
    #[serde(rename = "$properties", default)]
    pub properties: BTreeMap<String, Property>,
}

/// Description of a column.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Property {
    /// Kind of value, such as `application/x-string` or `application/x-decimal`.
    pub kind: Option<String>,
    /// Greatest number of letters.
    pub max_length: Option<u32>,
    /// Whether a new record needs it.
    pub is_mandatory: bool,
    /// Whether the site hides it.
    pub is_excluded: bool,
    /// What it can be used for, in X3's words, such as `sort,filter`.
    pub capabilities: Option<String>,
    /// X3's format.
    pub x3_format: Option<String>,
    /// Everything that X3 says about it.
    pub details: Columns,
}

impl<'de> Deserialize<'de> for Property {
    /// Members of an unexpected kind are left in `details`: a description is no reason to fail.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let details = Columns::deserialize(deserializer)?;
        Ok(Self {
            kind: member(&details, "$type"),
            max_length: member(&details, "$maxLength"),
            is_mandatory: member(&details, "$isMandatory").unwrap_or_default(),
            is_excluded: member(&details, "$isExcluded").unwrap_or_default(),
            capabilities: member(&details, "$capabilities"),
            x3_format: member(&details, "$x3Format"),
            details,
        })
    }
}

fn member<T: DeserializeOwned>(details: &Columns, name: &str) -> Option<T> {
    details.get(name).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_of_columns_is_read_whatever_else_it_holds() {
        let prototype: Prototype = serde_json::from_str(
            r#"{"$type":"application/json","$properties":{
                "BPCNUM":{"$type":"application/x-string","$maxLength":15,"$isMandatory":true,"$capabilities":"sort,filter"},
                "YODD":{"$type":5,"$maxLength":"many","$isExcluded":true,"$x3Format":"A:30"}}}"#,
        )
        .unwrap();
        let code = &prototype.properties["BPCNUM"];
        assert_eq!(code.kind.as_deref(), Some("application/x-string"));
        assert_eq!(code.max_length, Some(15));
        assert!(code.is_mandatory && !code.is_excluded);
        let odd = &prototype.properties["YODD"];
        assert_eq!((odd.kind.as_deref(), odd.max_length), (None, None));
        assert!(odd.is_excluded);
        assert_eq!(odd.details.json("$type"), Some("5"));
    }
}

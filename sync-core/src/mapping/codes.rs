//! Codes that the two systems spell differently.

use std::collections::BTreeMap;

use crate::value::Value;

/// Codes of the left side and their counterparts on the right, for example `FR` and `France`.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    right_by_left: BTreeMap<String, String>,
    left_by_right: BTreeMap<String, String>,
}

impl Codes {
    /// A table of pairs (left, right). Of several rights for one left the first is written and all are understood.
    pub fn new<L: Into<String>, R: Into<String>>(pairs: impl IntoIterator<Item = (L, R)>) -> Self {
        let mut codes = Self::default();
        for (left, right) in pairs {
            codes.add(left, right);
        }
        codes
    }

    /// Adds a pair. A left code that is known keeps the right one that is written for it.
    pub fn add(&mut self, left: impl Into<String>, right: impl Into<String>) {
        let (left, right) = (left.into().to_uppercase(), right.into());
        self.left_by_right
            .entry(right.to_lowercase())
            .or_insert_with(|| left.clone());
        self.right_by_left.entry(left).or_insert(right);
    }

    pub(super) fn to_left(&self, value: &Value) -> Result<Value, String> {
        let Some(text) = value.as_text() else {
            return Ok(value.clone());
        };
        let text = text.trim();
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let known = self.left_by_right.get(&text.to_lowercase()).cloned();
        // A user may have typed the code itself.
        let typed =
            || Some(text.to_uppercase()).filter(|code| self.right_by_left.contains_key(code));
        known
            .or_else(typed)
            .map(Value::Text)
            .ok_or_else(|| format!("`{text}` is not in the table of codes"))
    }

    pub(super) fn to_right(&self, value: &Value) -> Result<Value, String> {
        let Some(code) = value.as_text() else {
            return Ok(value.clone());
        };
        let right = self.right_by_left.get(&code.to_uppercase());
        right
            .cloned()
            .map(Value::Text)
            .ok_or_else(|| format!("the code `{code}` is not in the table of codes"))
    }
}

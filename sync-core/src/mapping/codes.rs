//! Codes that the two systems spell differently.

use std::collections::BTreeMap;

use crate::{side::Side, value::Value};

/// Codes of the left side and their counterparts on the right, for example `FR` and `France`.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    name: Option<String>,
    right_by_left: BTreeMap<String, String>,
    left_by_right: BTreeMap<String, String>,
    others_are_alike: bool,
}

/// A code that a record holds and its table lacks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MissingCode {
    /// The table's name; where it has none, the row's.
    pub table: String,
    /// The side whose code it is.
    pub side: Side,
    /// The code as the record holds it.
    pub code: String,
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

    /// Calls the table `name` in messages and reports: what an operator knows it by.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Takes codes that the table lacks to be the same on both sides, so that only the exceptions need a pair.
    #[must_use]
    pub fn others_alike(mut self) -> Self {
        self.others_are_alike = true;
        self
    }

    /// What the table is called, if it has a name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Its pairs (left, the right that is written), by left code.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.right_by_left.iter();
        pairs.map(|(left, right)| (left.as_str(), right.as_str()))
    }

    /// The left code for a right one, compared without case and surrounding blanks; a left code is understood too, as a
    /// user may have typed it. `None` when the table lacks it.
    #[must_use]
    pub fn left_of(&self, right: &str) -> Option<String> {
        let text = right.trim();
        if let Some(left) = self.left_by_right.get(&text.to_lowercase()) {
            return Some(left.clone());
        }
        let typed = text.to_uppercase();
        let known = self.others_are_alike || self.right_by_left.contains_key(&typed);
        known.then_some(typed)
    }

    /// What is written on the right for a left code. `None` when the table lacks it.
    #[must_use]
    pub fn right_of(&self, left: &str) -> Option<String> {
        let code = left.trim().to_uppercase();
        let alike = || self.others_are_alike.then(|| code.clone());
        self.right_by_left.get(&code).cloned().or_else(alike)
    }

    /// Whether the table lacks the code that `value` holds.
    pub(super) fn lacks(&self, side: Side, value: &Value) -> Option<String> {
        let text = value.as_text()?.trim();
        let counterpart = match side {
            Side::Left => self.right_of(text),
            Side::Right => self.left_of(text),
        };
        (counterpart.is_none() && !text.is_empty()).then(|| text.to_owned())
    }

    pub(super) fn to_left(&self, value: &Value) -> Result<Value, String> {
        let Some(text) = value.as_text() else {
            return Ok(value.clone());
        };
        let text = text.trim();
        if text.is_empty() {
            return Ok(Value::Null);
        }
        self.left_of(text)
            .map(Value::Text)
            .ok_or_else(|| format!("`{text}` is not in the {}", self.title()))
    }

    pub(super) fn to_right(&self, value: &Value) -> Result<Value, String> {
        let Some(code) = value.as_text() else {
            return Ok(value.clone());
        };
        self.right_of(code)
            .map(Value::Text)
            .ok_or_else(|| format!("the code `{code}` is not in the {}", self.title()))
    }

    fn title(&self) -> String {
        match &self.name {
            Some(name) => format!("table of {name}"),
            None => "table of codes".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units() -> Codes {
        Codes::new([("UN", "Each"), ("UN", "Units"), ("KG", "Kilogram")]).named("units")
    }

    #[test]
    fn all_spellings_are_understood_and_the_first_is_written() {
        let units = units();
        for text in ["Each", " units ", "un", "UN"] {
            assert_eq!(units.left_of(text).as_deref(), Some("UN"), "{text}");
        }
        assert_eq!(units.right_of("un").as_deref(), Some("Each"));
        assert_eq!(units.left_of("Box"), None);
        assert_eq!(units.right_of("BOX"), None);
    }

    #[test]
    fn codes_without_a_pair_are_alike_only_where_that_was_said() {
        let currencies = Codes::new([("EURO", "EUR")]).others_alike();
        assert_eq!(currencies.left_of("EUR").as_deref(), Some("EURO"));
        assert_eq!(currencies.left_of("chf").as_deref(), Some("CHF"));
        assert_eq!(currencies.right_of("CHF").as_deref(), Some("CHF"));
        assert_eq!(currencies.lacks(Side::Right, &"XYZ".into()), None);
    }

    #[test]
    fn what_is_missing_is_named_with_its_table() {
        let units = units();
        let error = units.to_left(&"Box".into()).unwrap_err();
        assert_eq!(error, "`Box` is not in the table of units");
        assert_eq!(
            units.lacks(Side::Right, &" Box".into()).as_deref(),
            Some("Box")
        );
        assert_eq!(
            units.lacks(Side::Left, &"Each".into()).as_deref(),
            Some("Each")
        );
        assert_eq!(units.lacks(Side::Right, &"Each".into()), None);
        assert_eq!(units.lacks(Side::Right, &Value::Null), None);
    }
}

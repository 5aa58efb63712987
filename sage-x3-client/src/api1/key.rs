//! Keys of records.

use std::fmt;

use crate::ids::InvalidName;

/// Key of a record. Composite keys are joined with `~` here, unlike GraphQL's `|`. Source: reference sage-x3 section 4.1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Vec<String>);

impl Key {
    /// The key of a record with one key column.
    ///
    /// # Errors
    /// [`InvalidName`] when `value` is blank, or holds a control character or a `~`, which separates parts.
    pub fn new(value: impl Into<String>) -> Result<Self, InvalidName> {
        Self::composite([value])
    }

    /// A key of several parts, in the order of the table's key. A part may be empty, the whole may not.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn composite<T: Into<String>>(
        parts: impl IntoIterator<Item = T>,
    ) -> Result<Self, InvalidName> {
        let parts: Vec<String> = parts.into_iter().map(Into::into).collect();
        let invalid = |reason| InvalidName {
            what: "key",
            text: parts.join("~"),
            reason,
        };
        if parts.iter().all(|part| part.trim().is_empty()) {
            return Err(invalid("it is blank"));
        }
        if parts.iter().any(|part| part.contains('~')) {
            return Err(invalid("`~` separates the parts of a key"));
        }
        if parts.iter().any(|part| part.chars().any(char::is_control)) {
            return Err(invalid("it holds a control character"));
        }
        Ok(Self(parts))
    }

    /// Reads a key as X3 writes it in `$key`.
    ///
    /// # Errors
    /// [`InvalidName`] when it is blank or holds a control character.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        Self::composite(text.split('~'))
    }

    /// The parts.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Key {
    /// As X3 writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("~"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composite_keys_are_joined_with_a_tilde_and_read_back() {
        let key = Key::composite(["FRA", "401000"]).unwrap();
        assert_eq!(key.to_string(), "FRA~401000");
        assert_eq!(Key::parse("FRA~401000").unwrap(), key);
        assert_eq!(Key::parse("BMS001~").unwrap().parts(), ["BMS001", ""]);
    }

    #[test]
    fn a_part_that_could_pass_for_two_is_refused() {
        assert!(Key::new("A~B").is_err());
        assert!(Key::new(" ").is_err());
        assert!(Key::new("A\nB").is_err());
        assert!(Key::composite(["", ""]).is_err());
    }
}

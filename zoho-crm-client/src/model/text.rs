//! Texts of records.

use std::{borrow::Borrow, fmt, ops::Deref};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::Field;

/// A text in a record. Up to 23 bytes of it stand in place, without memory of their own, as do most codes, cities and
/// telephone numbers; longer ones are shared by their clones. Use it as a `str`.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(SmolStr);

impl Text {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0.into()
    }
}

impl From<&str> for Field<Text> {
    fn from(text: &str) -> Self {
        Self::Value(text.into())
    }
}

impl From<String> for Field<Text> {
    fn from(text: String) -> Self {
        Self::Value(text.into())
    }
}

#[cfg(test)]
mod tests {
    use std::mem::size_of;

    use super::*;

    #[test]
    fn a_text_is_written_and_read_as_it_is_whatever_its_length() {
        for text in ["", "Zürich", "\"quoted\" \n", &"long ".repeat(20)] {
            let json = serde_json::to_string(text).unwrap();
            let read: Text = serde_json::from_str(&json).unwrap();
            assert_eq!(read, text);
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
            assert_eq!(String::from(read), text);
        }
    }

    #[test]
    fn a_field_of_a_record_takes_no_more_room_than_its_text() {
        assert_eq!(size_of::<Field<Text>>(), size_of::<String>());
    }
}

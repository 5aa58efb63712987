//! Names and identities. All are text: ids have up to 19 digits and fit no JSON number safely.

use std::{borrow::Borrow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};
use smol_str::SmolStr;

/// A text that is not what its type requires.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct InvalidName {
    text: String,
    expected: &'static str,
}

/// A record, user, module or layout id: digits, 15 to 19 of them (reference: Zoho v8 records, read 2026-11).
///
/// Deserializes from a JSON string or number: Zoho writes strings, some of its own tools numbers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RecordId(SmolStr);

impl RecordId {
    const EXPECTED: &'static str = "a record id (digits only)";

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A notification channel's id, chosen by the subscriber: digits (reference: Zoho v7 notifications, read 2026-11).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ChannelId(SmolStr);

impl ChannelId {
    const EXPECTED: &'static str = "a channel id (digits only)";

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id of a job that changes many records: digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct MassJobId(SmolStr);

impl MassJobId {
    const EXPECTED: &'static str = "a job id (digits only)";

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<u64> for ChannelId {
    fn from(number: u64) -> Self {
        Self(number.to_string().into())
    }
}

macro_rules! digits {
    ($name:ident) => {
        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                digits(text, Self::EXPECTED).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidName;

            fn try_from(text: &str) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let visitor = DigitsVisitor(Self::EXPECTED);
                deserializer.deserialize_any(visitor).map(Self)
            }
        }
    };
}

digits!(RecordId);
digits!(ChannelId);
digits!(MassJobId);

/// `text`, if it is digits.
fn digits(text: &str, expected: &'static str) -> Result<SmolStr, InvalidName> {
    // 64 is the longest channel id that Zoho accepts; record ids are far shorter.
    let valid = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if valid {
        Ok(SmolStr::new(text))
    } else {
        Err(InvalidName {
            text: shortened(text),
            expected,
        })
    }
}

struct DigitsVisitor(&'static str);

impl de::Visitor<'_> for DigitsVisitor {
    type Value = SmolStr;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SmolStr, E> {
        digits(text, self.0).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<SmolStr, E> {
        Ok(number.to_string().into())
    }
}

/// A field's API name, such as `Account_Name`, `$approval_state`, or in COQL `Owner.email`. Not a label.
///
/// Records hold whatever keys Zoho sends; a name that goes into a query is checked there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldName(SmolStr);

/// A module's API name, such as `Accounts` or `Sales_Orders`. Spelling and case matter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModuleName(SmolStr);

macro_rules! api_name {
    ($name:ident) => {
        impl $name {
            /// Takes the name as it is.
            #[must_use]
            pub fn new(name: impl Into<String>) -> Self {
                Self(name.into().into())
            }

            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(name.into())
            }
        }

        impl From<String> for $name {
            fn from(name: String) -> Self {
                Self(name.into())
            }
        }

        impl From<&String> for $name {
            fn from(name: &String) -> Self {
                Self(name.into())
            }
        }

        impl From<&Self> for $name {
            fn from(name: &Self) -> Self {
                name.clone()
            }
        }
    };
}

api_name!(FieldName);
api_name!(ModuleName);

impl FieldName {
    /// Whether the name can stand in a query: letters, digits, `_`, `$` and `.` only.
    pub(crate) fn is_plain(&self) -> bool {
        !self.0.is_empty()
            && self
                .0
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_$.".contains(&byte))
    }
}

impl ModuleName {
    /// Whether the name can stand in a path or query: letters, digits and `_` only.
    pub(crate) fn is_plain(&self) -> bool {
        !self.0.is_empty()
            && self
                .0
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }
}

macro_rules! text_traits {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    )*};
}

text_traits!(RecordId, ChannelId, MassJobId, FieldName, ModuleName);

/// Error texts quote the start only: a wrong value may be long, or none of a log's business.
fn shortened(text: &str) -> String {
    let start: String = text.chars().take(24).collect();
    if start.len() < text.len() {
        format!("{start}…")
    } else {
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_strings_and_numbers_without_losing_a_digit() {
        for json in ["\"5725767000000524157\"", "5725767000000524157"] {
            let id: RecordId = serde_json::from_str(json).unwrap();
            assert_eq!(id, "5725767000000524157");
            assert_eq!(
                serde_json::to_string(&id).unwrap(),
                "\"5725767000000524157\""
            );
        }
    }

    #[test]
    fn what_could_break_out_of_a_url_is_no_id() {
        for text in ["", "12,13", "12/../x", "abc", "1e5", " 12", "-5"] {
            assert!(RecordId::try_from(text).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<RecordId>("1.5").is_err());
        assert!(serde_json::from_str::<RecordId>("null").is_err());
    }

    #[test]
    fn names_that_could_break_out_of_a_query_are_noticed() {
        assert!(FieldName::from("Owner.email").is_plain());
        assert!(FieldName::from("$approval_state").is_plain());
        for name in ["", "a b", "a,b", "a'b", "a)", "SUM(x)"] {
            assert!(!FieldName::from(name).is_plain(), "{name}");
        }
        assert!(ModuleName::from("Sales_Orders").is_plain());
        assert!(!ModuleName::from("Accounts/../org").is_plain());
    }
}

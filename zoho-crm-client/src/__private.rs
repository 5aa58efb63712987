//! What the code that `zoho_model!` writes needs. Not for use by hand.

use std::{borrow::Cow, fmt};

pub use client_core::DecodeError;
pub use serde;
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use crate::{model::Record, names::FieldName};

/// An object's key, borrowed from the document where it can be.
#[derive(Debug)]
pub struct Key<'de>(Cow<'de, str>);

impl Key<'_> {
    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads the value of `key` into `record` as it is.
///
/// # Errors
/// When the document ends too soon.
pub fn keep<'de, A: de::MapAccess<'de>>(
    record: &mut Record,
    key: Key<'de>,
    map: &mut A,
) -> Result<(), A::Error> {
    let value = map.next_value::<Box<RawValue>>()?;
    record.insert_raw(FieldName::from(key.0.into_owned()), value);
    Ok(())
}

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

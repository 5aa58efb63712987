//! References to other records.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};

use super::{Record, Text};
use crate::{
    __private::{Key, keep},
    names::RecordId,
};

/// A reference to a record or user: `{"id", "name"}`, for users with `email` (reference: Zoho v8 section 3, read
/// 2026-11). A bare id is read too. Writing needs the id only.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lookup {
    /// The record it points to.
    pub id: RecordId,
    /// Its name, as of the last read.
    pub name: Option<Text>,
    /// Whatever else Zoho says of it.
    pub other: Record,
}

impl Lookup {
    /// A reference to `id`.
    #[must_use]
    pub fn new(id: RecordId) -> Self {
        Self {
            id,
            name: None,
            other: Record::new(),
        }
    }

    /// The address of a user, such as a record's owner.
    #[must_use]
    pub fn email(&self) -> Option<String> {
        self.other.text("email").ok().flatten()
    }
}

impl From<RecordId> for Lookup {
    fn from(id: RecordId) -> Self {
        Self::new(id)
    }
}

impl<'de> Deserialize<'de> for Lookup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Lookup;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a reference to a record")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Lookup, E> {
                let id = RecordId::try_from(text).map_err(E::custom)?;
                Ok(Lookup::new(id))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Lookup, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Lookup, A::Error> {
                let mut id = None;
                let mut name = None;
                let mut other = Record::new();
                while let Some(key) = map.next_key::<Key<'de>>()? {
                    match key.as_str() {
                        "id" => id = Some(map.next_value()?),
                        "name" => name = map.next_value()?,
                        _ => keep(&mut other, key, &mut map)?,
                    }
                }
                let id = id.ok_or_else(|| de::Error::missing_field("id"))?;
                Ok(Lookup { id, name, other })
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl Serialize for Lookup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        if let Some(name) = &self.name {
            map.serialize_entry("name", name)?;
        }
        for (name, value) in self.other.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_zoho_adds_to_a_reference_survives() {
        let json = r#"{"id":"5725767000000411001","name":"P Boyle","Unit_Price":99999999999999.99,"email":"p@example.com"}"#;
        let lookup: Lookup = serde_json::from_str(json).unwrap();
        assert_eq!(lookup.email().as_deref(), Some("p@example.com"));
        assert_eq!(serde_json::to_string(&lookup).unwrap(), json);
    }

    #[test]
    fn a_bare_id_is_a_reference_and_a_name_alone_is_none() {
        for json in ["\"5725767000000411001\"", "5725767000000411001"] {
            let lookup: Lookup = serde_json::from_str(json).unwrap();
            assert_eq!(lookup.id, "5725767000000411001");
        }
        for json in [r#"{"name":"P Boyle"}"#, "\"P Boyle\"", "true"] {
            assert!(serde_json::from_str::<Lookup>(json).is_err(), "{json}");
        }
    }
}

//! A record's known fields and all its others, in one pass over the text.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, MapAccess, Visitor, value::StrDeserializer},
    forward_to_deserialize_any,
};
use serde_json::value::RawValue;

use super::Extra;
use crate::{api1::MemberName, ids::FieldName};

/// A record with the members that `F` has no field for, as far as their names are names of fields. Reads from text in
/// memory only.
#[derive(Debug)]
pub(crate) struct WithRest<F> {
    pub(crate) fields: F,
    pub(crate) rest: Extra,
}

impl<'de, F: Deserialize<'de>> Deserialize<'de> for WithRest<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut rest = Extra::new();
        let fields = F::deserialize(Splitting {
            inner: deserializer,
            rest: &mut rest,
        })?;
        Ok(Self { fields, rest })
    }
}

/// Hands a record to a struct that names its fields, and keeps what it does not name.
struct Splitting<'a, D> {
    inner: D,
    rest: &'a mut Extra,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Splitting<'_, D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(SplittingVisitor {
            visitor,
            fields,
            rest: self.rest,
        })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct SplittingVisitor<'a, V> {
    visitor: V,
    fields: &'static [&'static str],
    rest: &'a mut Extra,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for SplittingVisitor<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(SplittingMap {
            map,
            fields: self.fields,
            next: 0,
            rest: self.rest,
            lifetime: PhantomData,
        })
    }
}

struct SplittingMap<'a, 'de, A> {
    map: A,
    fields: &'static [&'static str],
    /// The field after the one that came last.
    next: usize,
    rest: &'a mut Extra,
    lifetime: PhantomData<&'de ()>,
}

impl<A> SplittingMap<'_, '_, A> {
    fn is_field(&mut self, name: &str) -> bool {
        // Answers have the order of the query, and so have the fields: mostly it is the next one.
        let is_next = self.fields.get(self.next).is_some_and(|next| *next == name);
        if is_next {
            self.next += 1;
            return true;
        }
        let place = self.fields.iter().position(|field| *field == name);
        if let Some(place) = place {
            self.next = place + 1;
        }
        place.is_some()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for SplittingMap<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(MemberName(name)) = self.map.next_key()? {
            if self.is_field(&name) {
                return seed.deserialize(StrDeserializer::new(&name)).map(Some);
            }
            let value: &'de RawValue = self.map.next_value()?;
            if let Ok(name) = FieldName::new(name) {
                self.rest.insert(name, value.to_owned());
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// The names that `F` has fields for; none when it is no plain struct.
pub(crate) fn field_names<'de, F: Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // Ends in an error on purpose: nothing is there to be read.
    let _ = F::deserialize(Asking(&mut names));
    names
}

struct Asking<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Asking<'_> {
    type Error = de::value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(de::Error::custom("asked"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("asked"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Known {
        code: String,
        inner: Option<Vec<u8>>,
    }

    #[test]
    fn known_fields_are_read_and_all_others_are_kept_digit_by_digit() {
        let text = r#"{"yZone":0.10,"code":"A","n\u0061me":{"a":[1]},"inner":[1,2]}"#;
        let read: WithRest<Known> = serde_json::from_str(text).unwrap();
        assert_eq!(
            read.fields,
            Known {
                code: "A".into(),
                inner: Some(vec![1, 2])
            }
        );
        let rest: Vec<(&str, &str)> = read
            .rest
            .iter()
            .map(|(name, value)| (name.as_str(), value.get()))
            .collect();
        assert_eq!(rest, [("name", r#"{"a":[1]}"#), ("yZone", "0.10")]);
        assert!(serde_json::from_str::<WithRest<Known>>(r#"{"code":5}"#).is_err());
        assert!(serde_json::from_str::<WithRest<Known>>("[]").is_err());
    }

    #[test]
    fn a_struct_tells_its_fields() {
        assert_eq!(field_names::<Known>(), ["code", "inner"]);
        assert!(field_names::<u8>().is_empty());
    }
}

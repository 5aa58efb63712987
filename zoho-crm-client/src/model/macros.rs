//! Typed models that keep what they do not know.

/// Makes a struct for the records of a module: named fields for known keys, `other` for the rest. Reads and writes JSON
/// objects in one pass, without serde's `flatten`, which would send decimals through binary floating point.
macro_rules! zoho_model {
    (
        $(#[$doc:meta])*
        pub struct $name:ident of $module:literal {
            $($(#[$field_doc:meta])* $field:ident: $type:ty = $key:literal,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            /// The record's id; absent in a record to be created.
            pub id: Option<$crate::names::RecordId>,
            $($(#[$field_doc])* pub $field: $crate::model::Field<$type>,)*
            /// All other fields, custom ones among them.
            pub other: $crate::model::Record,
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;

                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("a record of ", $module))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut model = $name::default();
                        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                            match key.as_ref() {
                                "id" => model.id = map.next_value()?,
                                $($key => model.$field = map.next_value()?,)*
                                _ => {
                                    let value = map.next_value::<Box<serde_json::value::RawValue>>()?;
                                    model.other.insert_raw(key.into_owned().into(), value);
                                }
                            }
                        }
                        Ok(model)
                    }
                }

                deserializer.deserialize_map(Visitor)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;

                let mut map = serializer.serialize_map(None)?;
                if let Some(id) = &self.id {
                    map.serialize_entry("id", id)?;
                }
                $(if !self.$field.is_absent() {
                    map.serialize_entry($key, &self.$field)?;
                })*
                for (name, value) in self.other.iter() {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }

        impl $crate::model::Model for $name {
            fn record_id(&self) -> Option<$crate::names::RecordId> {
                self.id.clone()
            }

            fn fields() -> &'static [&'static str] {
                &[$($key),*]
            }
        }

        impl $crate::model::TypedModule for $name {
            const API_NAME: &'static str = $module;
        }

        impl TryFrom<&$name> for $crate::model::Record {
            type Error = client_core::DecodeError;

            fn try_from(model: &$name) -> Result<Self, Self::Error> {
                Self::from_model(model)
            }
        }

        impl TryFrom<&$crate::model::Record> for $name {
            type Error = client_core::DecodeError;

            fn try_from(record: &$crate::model::Record) -> Result<Self, Self::Error> {
                record.to_model()
            }
        }
    };
}

//! Typed models that keep what they do not know.

/// Declares a struct for the records of a module: named fields for known keys, `other` for all the rest, so that nothing
/// is lost on the way through.
///
/// Made for the modules of this crate, and for yours: custom modules, or standard ones with the custom fields of your
/// organisation. Each field is a [`Field`](crate::Field), which may be absent, empty, or have a value; types are
/// whatever serde reads from Zoho's JSON, usually [`Text`](crate::Text) or `String`, `bool`, `i64`, [`Date`](jiff::civil::Date),
/// [`DateTime`](crate::DateTime), [`ExactDecimal`](crate::ExactDecimal) for amounts, [`Lookup`](crate::Lookup) for
/// references and owners (in a `Box` if they are rarely read: 16 bytes instead of 72), and `Vec<String>` for multi-select picklists. Subforms stand in a block of their own and are
/// read as [`Rows`](crate::Rows).
///
/// The struct implements [`Model`](crate::Model) and, with `of "Module"`, [`TypedModule`](crate::TypedModule). It reads
/// and writes JSON in one pass, without serde's `flatten`, which would send amounts through binary floating point.
/// It is written as it is ([`WriteRow`](crate::WriteRow)), or through [`Record::try_from`](crate::Record); subform rows
/// are left out, because they are written as [`RowChanges`](crate::RowChanges) only.
///
/// ```
/// use zoho_crm_client::{ExactDecimal, Lookup, Record, Text, zoho_model};
///
/// zoho_model! {
///     /// A machine at a customer's site.
///     pub struct Machine of "Machines" {
///         /// Serial number, the title field of the module.
///         name: Text = "Name",
///         /// Where it stands.
///         site: Lookup = "Site",
///         /// Price a month.
///         rent: ExactDecimal = "Rent",
///         /// What it can do, several of a picklist.
///         functions: Vec<String> = "Functions",
///     } with rows {
///         /// Parts built in.
///         parts: Part = "Parts",
///     }
/// }
///
/// zoho_model! {
///     /// A row of a machine's parts.
///     pub struct Part {
///         /// Part number.
///         number: Text = "Part_Number",
///     }
/// }
///
/// let machine: Machine = serde_json::from_str(
///     r#"{"id":"5725767000000524157","Name":"M-1","Rent":1099.90,"Functions":["cut"],"Colour":"red",
///         "Parts":[{"id":"5725767000000524158","Part_Number":"P-7"}]}"#,
/// )?;
/// assert_eq!(machine.rent.value().unwrap().to_string(), "1099.90");
/// assert_eq!(machine.parts.value().unwrap().len(), 1);
/// assert_eq!(machine.other.text("Colour")?.as_deref(), Some("red"));
///
/// let to_write = Record::try_from(&machine)?;
/// assert!(to_write.contains("Colour") && !to_write.contains("Parts"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! zoho_model {
    (
        $(#[$doc:meta])*
        $vis:vis struct $name:ident of $module:literal { $($fields:tt)* } $(with rows { $($rows:tt)* })?
    ) => {
        $crate::__zoho_struct! {
            [$(#[$doc])*] [$vis] $name [concat!("a record of ", $module)] { $($fields)* } { $($($rows)*)? }
        }

        impl $crate::TypedModule for $name {
            const API_NAME: &'static str = $module;
        }
    };
    (
        $(#[$doc:meta])*
        $vis:vis struct $name:ident { $($fields:tt)* } $(with rows { $($rows:tt)* })?
    ) => {
        $crate::__zoho_struct! {
            [$(#[$doc])*] [$vis] $name ["an object with known keys"] { $($fields)* } { $($($rows)*)? }
        }
    };
}

/// The struct of [`zoho_model!`] and what it implements whether or not it belongs to a module.
#[doc(hidden)]
#[macro_export]
macro_rules! __zoho_struct {
    (
        [$(#[$doc:meta])*] [$vis:vis] $name:ident [$expecting:expr]
        { $($(#[$field_doc:meta])* $field:ident: $type:ty = $key:literal),* $(,)? }
        { $($(#[$row_doc:meta])* $row:ident: $row_type:ty = $row_key:literal),* $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        $vis struct $name {
            /// The record's id; absent in a record to be created.
            pub id: Option<$crate::RecordId>,
            $($(#[$field_doc])* pub $field: $crate::Field<$type>,)*
            $($(#[$row_doc])* pub $row: $crate::Field<$crate::Rows<$row_type>>,)*
            /// All other fields, custom ones among them.
            pub other: $crate::Record,
        }

        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                struct Visitor;

                impl<'de> $crate::__private::serde::de::Visitor<'de> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_map<A: $crate::__private::serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<$name, A::Error> {
                        let mut model = $name::default();
                        while let Some(key) = map.next_key::<$crate::__private::Key<'de>>()? {
                            match key.as_str() {
                                "id" => model.id = map.next_value()?,
                                $($key => model.$field = map.next_value()?,)*
                                $($row_key => model.$row = map.next_value()?,)*
                                _ => $crate::__private::keep(&mut model.other, key, &mut map)?,
                            }
                        }
                        Ok(model)
                    }
                }

                deserializer.deserialize_map(Visitor)
            }
        }

        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                use $crate::__private::serde::ser::SerializeMap as _;

                let mut map = serializer.serialize_map(None)?;
                if let Some(id) = &self.id {
                    map.serialize_entry("id", id)?;
                }
                $(if !self.$field.is_absent() {
                    map.serialize_entry($key, &self.$field)?;
                })*
                $(if !self.$row.is_absent() {
                    map.serialize_entry($row_key, &self.$row)?;
                })*
                for (name, value) in self.other.iter() {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }

        impl $crate::Model for $name {
            fn record_id(&self) -> Option<$crate::RecordId> {
                self.id.clone()
            }

            fn fields() -> &'static [&'static str] {
                &[$($key),*]
            }
        }

        impl $crate::WriteRow for $name {
            fn left_out() -> &'static [&'static str] {
                &[$($row_key),*]
            }
        }

        impl TryFrom<&$name> for $crate::Record {
            type Error = $crate::__private::DecodeError;

            /// The record to write: subform rows are left out.
            fn try_from(model: &$name) -> Result<Self, Self::Error> {
                #[allow(unused_mut, reason = "not every model has subforms")]
                let mut record = Self::from_model(model)?;
                $(record.remove($row_key);)*
                Ok(record)
            }
        }

        impl TryFrom<&$crate::Record> for $name {
            type Error = $crate::__private::DecodeError;

            fn try_from(record: &$crate::Record) -> Result<Self, Self::Error> {
                record.to_model()
            }
        }
    };
}

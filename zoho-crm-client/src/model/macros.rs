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

/// Declares the model of quotes, orders or invoices: fields of their own, and those that all of them have.
macro_rules! inventory_model {
    (
        $(#[$doc:meta])*
        pub struct $name:ident of $module:literal { $($own:tt)* } with rows { $($rows:tt)* }
    ) => {
        zoho_model! {
            $(#[$doc])*
            pub struct $name of $module {
                $($own)*
                /// Sum of the lines. Computed by Zoho.
                sub_total: $crate::ExactDecimal = "Sub_Total",
                /// Discount on the whole.
                discount: $crate::ExactDecimal = "Discount",
                /// Sum of the taxes.
                tax: $crate::ExactDecimal = "Tax",
                /// What is added, or taken off, at the end.
                adjustment: $crate::ExactDecimal = "Adjustment",
                /// What is to be paid. Computed by Zoho.
                grand_total: $crate::ExactDecimal = "Grand_Total",
                /// The taxes on the whole.
                line_tax: Vec<$crate::LineTax> = "$line_tax",
                /// Terms. Free text, not usable in COQL conditions.
                terms_and_conditions: $crate::Text = "Terms_and_Conditions",
                /// Street of the billing address.
                billing_street: $crate::Text = "Billing_Street",
                /// City of the billing address.
                billing_city: $crate::Text = "Billing_City",
                /// State of the billing address.
                billing_state: $crate::Text = "Billing_State",
                /// Postal code of the billing address.
                billing_code: $crate::Text = "Billing_Code",
                /// Country of the billing address.
                billing_country: $crate::Text = "Billing_Country",
                /// Street of the shipping address.
                shipping_street: $crate::Text = "Shipping_Street",
                /// City of the shipping address.
                shipping_city: $crate::Text = "Shipping_City",
                /// State of the shipping address.
                shipping_state: $crate::Text = "Shipping_State",
                /// Postal code of the shipping address.
                shipping_code: $crate::Text = "Shipping_Code",
                /// Country of the shipping address.
                shipping_country: $crate::Text = "Shipping_Country",
                /// Free text, not usable in COQL conditions.
                description: $crate::Text = "Description",
                /// ISO code of its currency; only where the organisation has several.
                currency: $crate::Text = "Currency",
                /// Rate to the organisation's own currency; only where it has several.
                exchange_rate: $crate::ExactDecimal = "Exchange_Rate",
                /// The user in charge.
                owner: Box<$crate::Lookup> = "Owner",
                /// Who created it. Read only.
                created_by: Box<$crate::Lookup> = "Created_By",
                /// Who changed it last. Read only.
                modified_by: Box<$crate::Lookup> = "Modified_By",
                /// When it was created. Read only, whole seconds.
                created_time: $crate::DateTime = "Created_Time",
                /// When it was changed last. Read only, whole seconds.
                modified_time: $crate::DateTime = "Modified_Time",
            } with rows { $($rows)* }
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

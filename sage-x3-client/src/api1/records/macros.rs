//! How a typed record is made.

/// A struct whose named columns are fields and whose other columns stay in `columns`.
///
/// Written by hand and not by `#[serde(flatten)]`, which holds each record in between as a tree and cannot carry numbers
/// digit by digit.
macro_rules! record {
    (
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$field_doc:meta])* $field:ident: $kind:ty = $column:literal,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[doc = concat!(" Column `", $column, "`.")]
                pub $field: Option<$kind>,
            )*
            /// All other columns, and what X3 says about the record.
            pub columns: $crate::api1::Columns,
        }

        #[cfg(test)]
        impl $name {
            /// The columns that have fields of their own, and the kinds of those.
            pub(crate) const COLUMNS: &'static [(&'static str, &'static str)] =
                &[$(($column, stringify!($kind)),)*];
        }

        impl ::std::fmt::Debug for $name {
            /// Shows which columns there are and no value: they are customers' data.
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                let mut columns = f.debug_set();
                $(
                    if self.$field.is_some() {
                        columns.entry(&$column);
                    }
                )*
                columns.entries(self.columns.names()).finish()
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Columns;
                impl<'de> ::serde::de::Visitor<'de> for Columns {
                    type Value = $name;

                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str("a record")
                    }

                    fn visit_map<A: ::serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut record = $name::default();
                        while let Some($crate::api1::columns::MemberName(name)) = map.next_key()? {
                            match &*name {
                                $($column => record.$field = map.next_value()?,)*
                                other => record.columns.push(other, map.next_value::<&'de ::serde_json::value::RawValue>()?),
                            }
                        }
                        Ok(record)
                    }
                }
                deserializer.deserialize_map(Columns)
            }
        }
    };
}

/// The same for a class that can be asked for.
macro_rules! class {
    ($name:ident, $class:literal, [$($key:literal),*]) => {
        impl $crate::api1::Api1Record for $name {
            const CLASS: &'static str = $class;
            const KEY: &'static [&'static str] = &[$($key),*];
        }
    };
}

pub(super) use {class, record};

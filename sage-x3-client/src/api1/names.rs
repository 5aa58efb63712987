//! Names of classes, representations and columns.

use std::fmt;

use crate::ids::InvalidName;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes `text` as it is.
            ///
            /// # Errors
            /// [`InvalidName`] when it cannot be such a name.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
                let text = text.into();
                match $check(&text) {
                    Some(reason) => Err(InvalidName { what: $what, text, reason }),
                    None => Ok(Self(text)),
                }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidName;

            fn try_from(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }
    };
}

name! {
    /// Name of a class, such as `BPCUSTOMER` or a site's own `YORDER`.
    ClassName, "class name", not_an_identifier
}
name! {
    /// Name of a representation, usually that of its class; `EDISIHTR` shows invoices.
    RepresentationName, "representation name", not_an_identifier
}
name! {
    /// Code of a column, such as `BPCNUM`. Columns of a site begin with Y or Z.
    ColumnName, "column code", not_a_column
}

impl ClassName {
    /// A name that was checked when it was written.
    pub(super) fn known(name: &'static str) -> Self {
        Self(name.to_owned())
    }
}

impl RepresentationName {
    /// A name that was checked when it was written.
    pub(super) fn known(name: &'static str) -> Self {
        Self(name.to_owned())
    }

    pub(super) fn of_class(class: &ClassName) -> Self {
        Self(class.0.clone())
    }
}

fn not_an_identifier(text: &str) -> Option<&'static str> {
    let mut bytes = text.bytes();
    let begins_well = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let goes_on_well = bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (!begins_well || !goes_on_well)
        .then_some("it consists of letters, digits and underscores and begins with a letter")
}

/// Words of the `where` language that could pass for a column.
const RESERVED: [&str; 16] = [
    "AND", "OR", "NOT", "EQ", "NE", "GT", "GE", "LT", "LE", "LIKE", "IN", "BETWEEN", "LEFT",
    "UPPER", "ASC", "DESC",
];

fn not_a_column(text: &str) -> Option<&'static str> {
    if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return Some("column codes are written in capitals");
    }
    if RESERVED.contains(&text) {
        return Some("it is a word of the where language");
    }
    not_an_identifier(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_smuggle_in_syntax() {
        for bad in ["", "2X", "BPC NUM", "A/B", "A'", "A)", "A.$query", "Ä"] {
            assert!(ClassName::new(bad).is_err(), "{bad}");
            assert!(ColumnName::new(bad).is_err(), "{bad}");
        }
        for bad in ["or", "AND", "bpcnum"] {
            assert!(ColumnName::new(bad).is_err(), "{bad}");
        }
        assert!(ColumnName::new("YZONE_2").is_ok());
        assert!(RepresentationName::new("EDISIHTR").is_ok());
    }
}

//! Names and identities. All are text: ids of both systems are longer than any number type of JSON keeps whole.
//! Clones share their text: names and identities are in everything that is kept of a record.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it is.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self::from(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text_id! {
    /// One pair of systems, for example one X3 endpoint and one Zoho organisation. The key of everything stored.
    ConnectionId
}
text_id! {
    /// One kind of pair and its rules, for example `customers`.
    FlowName
}
text_id! {
    /// A record's identity in its own system.
    RecordId
}
text_id! {
    /// A field: of a document by its mapping's name, or of a record by its system's name.
    FieldName
}
text_id! {
    /// One stream of changes of a side, for example `modified` or `deleted`.
    FeedName
}
text_id! {
    /// Who holds a lease: one worker of one process.
    WorkerId
}
text_id! {
    /// Where a listing goes on. Opaque, as the system gave it.
    PageToken
}

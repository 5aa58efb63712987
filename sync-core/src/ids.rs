//! Names and identities. All are text: ids of both systems are longer than any number type of JSON keeps whole.

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
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
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
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

//! What a node is.

use super::{Feed, RecordKey};
use crate::graphql::{document::NodeFile, node_path::NodePath};

/// What is known about a node apart from its records' fields.
#[derive(Debug)]
#[allow(
    unnameable_types,
    reason = "stands in sealed traits, which nobody outside implements"
)]
pub struct Meta {
    pub(crate) node: NodePath,
    pub(crate) file: NodeFile,
    /// The field that holds the whole key. None where several fields make it up.
    pub(crate) key_path: Option<&'static str>,
    pub(crate) children: Option<Collection>,
    /// Where changes of its records show. The first is the node itself.
    pub(crate) feeds: &'static [Feed],
    pub(crate) names: Names,
}

/// The collection that can be read with a node's records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Collection {
    pub(crate) name: &'static str,
    /// The fragment that its items are read by.
    pub(crate) fragment: &'static str,
}

/// The names of calls in errors and logs.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) query: &'static str,
    pub(crate) read: &'static str,
    pub(crate) children: &'static str,
    pub(crate) create: &'static str,
    pub(crate) update: &'static str,
}

/// Makes the [`Meta`] of a node.
macro_rules! meta {
    (
        $package:literal / $node:literal, file: $file:ident, key: $key:expr, children: $children:expr, feeds: $feeds:expr
    ) => {
        $crate::records::Meta {
            node: $crate::graphql::node_path::NodePath::new($package, $node),
            file: $crate::graphql::document::NodeFile {
                name: $crate::graphql::operations::$file::OPERATION_NAME,
                text: $crate::graphql::operations::$file::QUERY,
            },
            key_path: $key,
            children: $children,
            feeds: $feeds,
            names: $crate::records::Names {
                query: concat!($node, ".query"),
                read: concat!($node, ".read"),
                children: concat!($node, ".children"),
                create: concat!($node, ".create"),
                update: concat!($node, ".update"),
            },
        }
    };
}
pub(crate) use meta;

/// What this crate alone can implement.
pub(crate) mod sealed {
    #![allow(
        unnameable_types,
        unreachable_pub,
        reason = "sealed: nobody outside names or implements these"
    )]

    use serde::de::DeserializeOwned;

    pub use super::Meta;
    use crate::{
        config::Site,
        graphql::filter::Filter,
        ids::{InvalidName, RecordId},
        model::{Extra, Input},
        page::Cursor,
    };

    pub trait Key {}

    /// How a node's records are read.
    pub trait Typed: Clone + std::fmt::Debug + Send + Sync + 'static {
        /// What its fragment is read into.
        type Fields: DeserializeOwned + Send + 'static;
        /// What an item of its collection is read into.
        type Child: DeserializeOwned + Send + 'static;

        const META: &'static Meta;

        fn from_fields(fields: Self::Fields, extra: Extra) -> Result<Self, InvalidName>;

        /// Where its collection goes on, when not all of it came with the record: `Some(None)` when that cannot be told.
        fn rest_of(_fields: &Self::Fields) -> Option<Option<Cursor>> {
            None
        }

        /// Adds items of its collection.
        fn extend(&mut self, _items: Vec<Self::Child>) -> Result<(), InvalidName> {
            Ok(())
        }

        /// The condition that picks the records with these keys.
        fn with_keys(keys: &[RecordId]) -> Filter {
            Filter::field(Self::META.key_path.unwrap_or("_id")).is_in(keys)
        }
    }

    /// A record to be made.
    pub trait NewRecord: Send + Sync {
        /// Its key, if the caller chose it.
        fn chosen_key(&self) -> Option<RecordId>;
        /// What finds it, where the key is chosen and is not known as a whole.
        fn identity(&self) -> Option<Filter> {
            None
        }
        fn to_create_input(&self, site: &Site) -> Input;
    }

    /// A change to a record.
    pub trait RecordPatch: Send + Sync {
        fn to_update_input(&self, key: &RecordId, site: &Site) -> Input;
    }
}

/// A node whose records this crate reads into a type: [`Customer`](crate::Customer), [`SalesOrder`](crate::SalesOrder) ...
///
/// For other nodes see [`X3Client::node`](crate::X3Client::node).
pub trait Node: sealed::Typed {
    /// The records' key.
    type Key: RecordKey;

    /// The record's key.
    fn key(&self) -> &Self::Key;
}

/// A node whose records can be created, where the site offers it.
pub trait Creatable: Node {
    /// A record to be created.
    type New: sealed::NewRecord;
}

/// A node whose records can be changed, where the site offers it.
pub trait Updatable: Node {
    /// The fields to change.
    type Patch: sealed::RecordPatch;
}

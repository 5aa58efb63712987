//! Records of any node: what a node is, and one module for each kind of call.

mod changes;
mod ids;
mod key;
mod node;
mod query;
mod read;
mod write;

#[cfg(test)]
pub(crate) use self::changes::keys_document;
pub(crate) use self::{
    changes::Feed,
    node::{Collection, Meta, Names, meta, sealed},
};
pub use self::{
    changes::{Change, ChangeSource, Changes, Precision, StampField},
    key::RecordKey,
    node::{Creatable, Node, Updatable},
    query::Query,
    write::{Created, ReadBack},
};
use crate::{client::X3Client, ids::FieldName};

/// The records of one node of an endpoint, such as its customers or its sales orders. Cheap to make and to clone.
///
/// Every call is also described by a pure pair inside this crate, one function that builds the request and one that
/// reads the answer.
pub struct Records<N> {
    client: X3Client,
    extra: Vec<FieldName>,
    read_back: bool,
    node: std::marker::PhantomData<fn() -> N>,
}

impl<N> Clone for Records<N> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            extra: self.extra.clone(),
            read_back: self.read_back,
            node: std::marker::PhantomData,
        }
    }
}

impl<N: Node> std::fmt::Debug for Records<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Records")
            .field("node", &N::META.node.to_string())
            .field("client", &self.client)
            .field("extra", &self.extra)
            .finish_non_exhaustive()
    }
}

impl X3Client {
    /// The records of any node that this crate has a type for, for code that serves several of them.
    #[must_use]
    pub fn records<N: Node>(&self) -> Records<N> {
        Records::new(self.clone())
    }
}

impl<N: Node> Records<N> {
    pub(crate) fn new(client: X3Client) -> Self {
        Self {
            client,
            extra: Vec::new(),
            read_back: true,
            node: std::marker::PhantomData,
        }
    }

    pub(crate) fn client(&self) -> &X3Client {
        &self.client
    }

    /// Also reads these plain fields of the site into the records' `extra`. A field that the site does not have makes
    /// each read fail with [`Error::SchemaMismatch`](crate::Error::SchemaMismatch).
    #[must_use]
    pub fn with_extra(mut self, fields: impl IntoIterator<Item = FieldName>) -> Self {
        for field in fields {
            if !self.extra.contains(&field) {
                self.extra.push(field);
            }
        }
        self
    }
}

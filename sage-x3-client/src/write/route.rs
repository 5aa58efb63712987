//! The seam for the paths beside GraphQL.

use std::fmt;

use async_trait::async_trait;

use super::{WriteAction, WritePath};
use crate::{
    client::X3Client,
    diagnose::Diagnose,
    error::{Error, RecordError},
    graphql::{filter::Filter, node_path::NodePath},
    ids::RecordId,
    model::Input,
    outcome::Outcome,
};

/// A record to write, in the one form that every path starts from: members under the names that the node's GraphQL input
/// has, references as keys, in the order in which they were set.
#[derive(Clone, Debug)]
pub(crate) struct WriteRow {
    /// The key it is known by beforehand: always for an update, for a create where the caller chose it.
    pub(crate) key: Option<RecordId>,
    /// What finds it where the caller chose its key and the key is not known as a whole.
    pub(crate) identity: Option<Filter>,
    /// The members. They hold the key too.
    pub(crate) input: Input,
}

/// What became of some rows.
#[derive(Debug)]
pub(crate) struct WrittenRows {
    /// One for each row, in order.
    pub(crate) rows: Vec<Result<Outcome<RecordId>, RecordError>>,
    /// Remarks that belong to no row in particular.
    pub(crate) diagnoses: Vec<Diagnose>,
}

/// Whether a record is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    There,
    Missing,
    /// It cannot be told.
    Unknown,
}

/// A path beside GraphQL, configured for some nodes.
#[async_trait]
pub(crate) trait WriteRoute: fmt::Debug + Send + Sync {
    /// Which path it is.
    fn path(&self) -> WritePath;

    /// Whether the configuration says how to do `action` to records of `node` this way.
    fn serves(&self, node: &NodePath, action: WriteAction) -> bool;

    /// Rows in one call of [`write`](Self::write). With more than one, an error means that none of them was written.
    fn rows_at_once(&self) -> usize {
        1
    }

    /// Whether the record with `key` is there: asked about refused rows where GraphQL cannot tell.
    async fn presence(&self, client: &X3Client, key: &RecordId) -> Presence;

    /// Writes `rows`. `operation` is the name for errors and logs, such as `customer.create`.
    ///
    /// A create must be sent once ([`client_core::Call::once`]).
    ///
    /// # Errors
    /// When nothing can be said about the single rows. [`Error::NotActivated`] and [`Error::NotAllowed`] that surely had
    /// no effect make the next path be tried.
    async fn write(
        &self,
        client: &X3Client,
        node: &NodePath,
        action: WriteAction,
        operation: &'static str,
        rows: &[WriteRow],
    ) -> Result<WrittenRows, Error>;
}

//! Customers: the handle, and one module for each kind of call.

mod changes;
mod query;
mod read;
mod write;

pub use self::{
    changes::{Change, ChangeSource, Changes, Precision, StampField},
    query::CustomerQuery,
};
use crate::{client::X3Client, ids::FieldName};

/// The customers of an endpoint. Cheap to make and to clone.
///
/// Every call is also described by a pure pair inside this crate, one function that builds the request and one that
/// reads the answer.
#[derive(Clone, Debug)]
pub struct Customers {
    client: X3Client,
    extra: Vec<FieldName>,
}

impl Customers {
    pub(crate) fn new(client: X3Client) -> Self {
        Self {
            client,
            extra: Vec::new(),
        }
    }

    /// Also reads these plain fields of the site into [`Customer::extra`](crate::Customer::extra). A field that the
    /// site does not have makes each read fail with [`Error::SchemaMismatch`](crate::Error::SchemaMismatch).
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

//! What an update does with a row of a list. GraphQL judges it by itself; the other paths match rows, so they have to.

use std::collections::BTreeMap;

use crate::{
    client::X3Client,
    diagnose::{Diagnose, PathSegment, Severity},
    error::{CallContext, Error, RecordError, RecordErrorKind},
    model::Leaf,
    scalar::Scalar,
};

/// What an update does with a row. Rows to be removed have no place outside GraphQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowAction {
    Create,
    Update,
}

/// The actions of an input's rows, by list and row. Rows of a new record have none.
#[derive(Debug)]
pub(crate) struct RowActions<'a>(BTreeMap<(&'a str, usize), RowAction>);

impl<'a> RowActions<'a> {
    pub(crate) fn of(leaves: &'a [Leaf<'_>]) -> Self {
        let actions = leaves.iter().filter_map(|leaf| {
            let list = leaf.path.strip_suffix("._action")?;
            let action = if *leaf.value == Scalar::from("create") {
                RowAction::Create
            } else {
                RowAction::Update
            };
            Some(((list, leaf.row?), action))
        });
        Self(actions.collect())
    }

    /// What is to be done with the row that a value belongs to.
    pub(crate) fn get(&self, leaf: &Leaf<'_>) -> Option<RowAction> {
        let list = leaf.path.split('.').next()?;
        self.0.get(&(list, leaf.row?)).copied()
    }
}

impl RowAction {
    /// Refuses what GraphQL refuses: to create a row that is there, and to change one that is not.
    ///
    /// # Errors
    /// [`Error::Rejected`]: nothing was written.
    pub(crate) fn check(
        self,
        is_there: bool,
        table: &str,
        client: &X3Client,
        operation: &'static str,
    ) -> Result<(), Error> {
        let message = match (self, is_there) {
            (Self::Create, false) | (Self::Update, true) => return Ok(()),
            (Self::Create, true) => "a row that is to be added is there already",
            (Self::Update, false) => "a row that is to be changed is not there",
        };
        let diagnose = Diagnose {
            severity: Severity::Error,
            message: format!("{table}: {message}"),
            path: vec![PathSegment::Name(table.to_owned())],
        };
        Err(Error::Rejected {
            context: Box::new(CallContext::of(operation, client.endpoint())),
            error: Box::new(RecordError {
                kind: RecordErrorKind::Refused,
                diagnoses: vec![diagnose],
                may_have_been_applied: false,
            }),
        })
    }
}

/// Whether two keys name one row: X3 keeps codes in capitals, whatever was sent.
pub(crate) fn same_key(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

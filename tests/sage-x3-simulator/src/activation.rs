//! Which operations of which nodes are activated (function GESAPIOPE, reference: 3.9 and 3.10).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::graphql::error::GraphqlError;

/// An operation of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `query` and `read`, also by way of references and collections.
    Read,
    /// `create` under the mutation root.
    Create,
    /// `update` under the mutation root.
    Update,
    /// `delete` under the mutation root; active nowhere unless the site activates it.
    Delete,
}

impl Operation {
    /// How messages and fields name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// What happens when an operation is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// It runs.
    Active,
    /// HTTP 200, the branch null, `errors[]` "... is not activated by the application configuration".
    NotActivated,
    /// HTTP 200, the branch null, `errors[]` "You do not have rights to perform this operation. ...".
    NoRights,
    /// The schema does not have it: HTTP 400 "Cannot query field ...".
    Absent,
}

/// The table of operations: reading is active everywhere, writing where recent releases say that it can be.
///
/// Any other node that can be queried can be made writable by activating its operations.
#[derive(Debug, Default)]
pub(crate) struct Activation {
    states: BTreeMap<(String, Operation), OperationState>,
}

/// Nodes that Sage's latest reference calls writable and that flows write.
const WRITABLE: [&str; 2] = ["customer", "salesOrder"];

impl Activation {
    pub(crate) fn state(&self, node: &str, operation: Operation) -> OperationState {
        if let Some(state) = self.states.get(&(node.to_owned(), operation)) {
            return *state;
        }
        let writes = matches!(operation, Operation::Create | Operation::Update);
        if operation == Operation::Read || (writes && WRITABLE.contains(&node)) {
            OperationState::Active
        } else {
            OperationState::Absent
        }
    }

    pub(crate) fn set(&mut self, node: &str, operation: Operation, state: OperationState) {
        self.states.insert((node.to_owned(), operation), state);
    }

    /// The operations a node has in the schema.
    pub(crate) fn writes_of(&self, node: &str) -> Vec<Operation> {
        [Operation::Create, Operation::Update, Operation::Delete]
            .into_iter()
            .filter(|operation| self.state(node, *operation) != OperationState::Absent)
            .collect()
    }

    pub(crate) fn check(
        &self,
        node: &str,
        type_name: &str,
        operation: Operation,
    ) -> Result<(), GraphqlError> {
        let call = format!("{type_name}.{}", operation.name());
        match self.state(node, operation) {
            OperationState::Active => Ok(()),
            OperationState::NoRights => Err(no_rights(&call)),
            OperationState::NotActivated | OperationState::Absent => Err(GraphqlError::new(
                format!("`{call}` is not activated by the application configuration"),
            )),
        }
    }
}

/// The error of a missing right.
pub(crate) fn no_rights(call: &str) -> GraphqlError {
    GraphqlError::new(format!(
        "You do not have rights to perform this operation. `{call}`"
    ))
}

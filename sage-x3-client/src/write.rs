//! Writing: by which path, and what became of it.

mod chooser;
mod placement;
mod refusal;
mod route;
mod row_action;
mod rows;

#[cfg(test)]
pub(crate) use self::rows::document;
pub(crate) use self::{
    chooser::{WriteKind, single},
    placement::{Conversion, Placement},
    route::{Presence, WriteRoute, WriteRow, WrittenRows},
    row_action::{RowAction, RowActions, same_key},
};

/// A way to write a record of X3. Which of them a site offers is a matter of its release and set-up.
///
/// Source: reference sage-x3 sections 3.9, 4.4 and 4.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WritePath {
    /// A GraphQL mutation: exists where the API operation is defined and activated (function GESAPIOPE).
    Graphql,
    /// A published SOAP web service: `save` and `modify` of an object (function GESAWE).
    Soap,
    /// A class of the REST interface that was rebuilt for writing. Sage's own classes are read-only there.
    Api1,
}

impl WritePath {
    /// All paths, in the order in which they are tried unless the configuration says otherwise.
    pub const DEFAULT_ORDER: [Self; 3] = [Self::Graphql, Self::Soap, Self::Api1];
}

/// What a write does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum WriteAction {
    /// Makes a record that was not there.
    Create,
    /// Changes a record that is there to stated values.
    Update,
}

impl WriteAction {
    /// Its name in GraphQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
        }
    }

    /// Whether doing it twice changes nothing more.
    pub(crate) fn is_repeatable(self) -> bool {
        self == Self::Update
    }
}

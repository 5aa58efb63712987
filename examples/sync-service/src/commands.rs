//! One module a command.

pub(crate) mod apply;
pub(crate) mod plan;
pub(crate) mod status;

//! One module a command.

pub(crate) mod apply;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod channels;
pub(crate) mod codes;
pub(crate) mod completions;
pub(crate) mod connect;
pub(crate) mod doctor;
pub(crate) mod parked;
pub(crate) mod plan;
pub(crate) mod rebuild;
pub(crate) mod release;
pub(crate) mod replay;
pub(crate) mod rotate_key;
pub(crate) mod schema;
pub(crate) mod status;
pub(crate) mod sweep;

//! What the running service offers over HTTP: the receiver of notifications on one address, everything for the operator
//! on another.

pub(crate) mod admin;
mod limit;
mod peer;
pub(crate) mod probes;
mod server;
pub(crate) mod webhook;

pub(crate) use self::{
    limit::{Rate, RateLimit, later},
    peer::Peer,
    server::{Connected, Server},
};

//! PostgreSQL: any number of processes, each with a few connections.

pub(crate) mod options;
pub(crate) mod session;
mod text;
mod tls;

//! SQLite: one file, and one thread that writes to it.

pub(crate) mod backup;
pub(crate) mod connection;
pub(crate) mod options;
pub(crate) mod session;

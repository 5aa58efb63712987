//! What a user of the client relies on, over real HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod auth;
mod batches;
mod create_once;
mod faults;
mod nodes;
mod paging;
mod retry;
mod schema;
mod server;
mod simulator;

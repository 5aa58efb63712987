#![doc = include_str!("../README.md")]

mod audit;
mod connection;
mod documents;
mod error;
mod instant;
mod jobs;
mod links;
mod options;
#[cfg(test)]
mod query_plans;
mod schema;
mod store;
mod tokens;
mod transaction;
mod worker;

pub use options::{SqliteStoreBuilder, Synchronous};
pub use store::SqliteStore;
pub use tokens::SqliteTokenStore;

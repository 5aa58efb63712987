#![doc = include_str!("../README.md")]

mod audit;
mod batch;
mod database;
mod documents;
mod error;
mod instant;
mod jobs;
mod links;
mod postgres;
#[cfg(test)]
mod query_plans;
mod schema;
mod scratch;
mod sql;
mod sqlite;
mod store;
mod tokens;
mod worker;

pub use postgres::options::PostgresStoreBuilder;
pub use scratch::TemporaryFiles;
pub use sqlite::options::{SqliteStoreBuilder, Synchronous};
pub use store::SqlStore;
pub use tokens::SqlTokenStore;

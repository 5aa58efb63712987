//! The store on both databases, as its users see it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod alike;
mod backup;
mod child;
mod crashes;
mod hostile_text;
mod laws;
mod place;
mod postgres;
#[path = "../support/private_postgres.rs"]
mod private_postgres;
mod processes;
mod refusals;
mod scratch;
mod sharing;
mod tls;
mod tokens;
mod upgrades;

use std::path::Path;

use sql_store::{SqlStore, Synchronous};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// As fast as a test wants it: what `Full` adds shows only when the power fails.
async fn open(path: &Path) -> SqlStore {
    SqlStore::sqlite(path)
        .synchronous(Synchronous::Normal)
        .open()
        .await
        .unwrap()
}

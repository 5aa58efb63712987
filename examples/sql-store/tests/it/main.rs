//! The SQLite store, as its users see it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod alike;
mod child;
mod crashes;
mod laws;
mod processes;
mod refusals;
mod sharing;
mod tokens;

use std::path::Path;

use sql_store::{SqliteStore, Synchronous};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

/// As fast as a test wants it: what `Full` adds shows only when the power fails.
async fn open(path: &Path) -> SqliteStore {
    SqliteStore::builder(path)
        .synchronous(Synchronous::Normal)
        .open()
        .await
        .unwrap()
}

//! The laws of stores.

use sql_store::SqliteStore;
use sync_core::testing::store_laws::{self, Law};

use crate::{block_on, open};

mod in_memory {
    use super::*;

    fn run(law: Law) {
        block_on(async { law(&SqliteStore::open_in_memory().await.unwrap()).await });
    }

    sync_core::store_laws!(run);
}

mod in_a_file {
    use super::*;

    fn run(law: Law) {
        let directory = tempfile::tempdir().unwrap();
        block_on(async { law(&open(&directory.path().join("sync.db")).await).await });
    }

    sync_core::store_laws!(run);
}

#[test]
fn content_outlives_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sync.db");
    block_on(store_laws::content_outlives_the_store(async || {
        open(&path).await
    }));
}

#[test]
fn audit_of_ten_thousand_entries_pages_completely() {
    block_on(async {
        let store = SqliteStore::open_in_memory().await.unwrap();
        store_laws::audit_of_length_pages_completely(&store, 10_000).await;
    });
}

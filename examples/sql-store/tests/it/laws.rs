//! The laws of stores.

use std::sync::OnceLock;

use sql_store::SqlStore;
use sync_core::testing::store_laws::{self, Law};

use crate::{
    block_on, open,
    place::{Place, open_at, server},
    private_postgres::PrivatePostgres,
};

mod in_memory {
    use super::*;

    fn run(law: Law) {
        block_on(async { law(&SqlStore::open_in_memory().await.unwrap()).await });
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

/// All laws share one database, each with connections of its own.
mod on_postgres {
    use super::*;

    fn run(law: Law) {
        static ADDRESS: OnceLock<Option<String>> = OnceLock::new();
        let address = ADDRESS.get_or_init(|| server().map(PrivatePostgres::new_schema));
        if let Some(address) = address {
            block_on(async { law(&open_at(address).await).await });
        }
    }

    sync_core::store_laws!(run);
}

#[test]
fn content_outlives_the_store() {
    for place in Place::each() {
        block_on(store_laws::content_outlives_the_store(async || {
            place.open().await
        }));
    }
}

#[test]
fn audit_of_ten_thousand_entries_pages_completely() {
    block_on(async {
        let store = SqlStore::open_in_memory().await.unwrap();
        store_laws::audit_of_length_pages_completely(&store, 10_000).await;
    });
}

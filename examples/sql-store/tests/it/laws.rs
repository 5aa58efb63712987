//! The laws of stores.

use std::sync::OnceLock;

use sql_store::SqlStore;
use sync_core::testing::store_laws::{self, Law, POISON};

use crate::{
    block_on, open,
    place::{Place, open_at, server},
    private_postgres::{PrivatePostgres, connect},
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
fn failing_statement_undoes_its_write_in_a_file() {
    let place = Place::file();
    block_on(async {
        let store = place.open().await;
        let path = place.address().strip_prefix("sqlite:").unwrap();
        let sql = rusqlite::Connection::open(path).unwrap();
        for (table, column) in POISONED {
            sql.execute_batch(&format!(
                "CREATE TRIGGER poison_{table} BEFORE INSERT ON {table} WHEN NEW.{column} = '{POISON}'
                BEGIN SELECT RAISE(ABORT, 'made to fail'); END"
            ))
            .unwrap();
        }
        store_laws::failing_statement_undoes_its_write(&store).await;
    });
}

#[test]
fn failing_statement_undoes_its_write_on_postgres() {
    let Some(place) = Place::postgres() else {
        return;
    };
    block_on(async {
        let store = place.open().await;
        let sql = connect(place.address()).await;
        sql.batch_execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN RAISE EXCEPTION 'made to fail'; END$$",
        )
        .await
        .unwrap();
        for (table, column) in POISONED {
            sql.batch_execute(&format!(
                "CREATE TRIGGER poison BEFORE INSERT ON {table} FOR EACH ROW
                WHEN (NEW.{column} = '{POISON}') EXECUTE FUNCTION refuse()"
            ))
            .await
            .unwrap();
        }
        store_laws::failing_statement_undoes_its_write(&store).await;
    });
}

/// Where the record stands that no statement may write.
const POISONED: [(&str, &str); 3] = [
    ("jobs", "record"),
    ("links", "left_record"),
    ("audit", "left_record"),
];

#[test]
fn audit_of_ten_thousand_entries_pages_completely() {
    block_on(async {
        let store = SqlStore::open_in_memory().await.unwrap();
        store_laws::audit_of_length_pages_completely(&store, 10_000).await;
    });
}

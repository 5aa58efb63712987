//! Databases that an older release made.

use rusqlite::Connection;
use sql_store::SqlStore;
use sync_core::{RecordId, Side, Store};

use crate::block_on;

/// What the first release made of an empty file, and a row of each kind.
const VERSION_1: &str = include_str!("upgrades/version_1.sql");

#[test]
fn file_of_the_first_release_is_brought_up_to_date_with_all_it_has() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sync.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch(VERSION_1)
        .unwrap();
    block_on(async {
        let (connection, flow) = ("c".into(), "customers".into());
        let store = SqlStore::open_sqlite(&path).await.unwrap();
        let counts = store.counts(&connection, &flow).await.unwrap();
        assert_eq!(
            (
                counts.linked,
                counts.half_linked,
                counts.queued,
                counts.parked
            ),
            (1, 0, 1, 1)
        );
        let record = (Side::Right, RecordId::from("z1"));
        let link = store
            .links(&connection, &flow, &[record])
            .await
            .unwrap()
            .remove(0)
            .unwrap();
        assert_eq!(link.content.ids.left, Some("x1".into()));
        let cursor = store.document(&connection, "cursor").await.unwrap();
        assert_eq!(cursor.unwrap().0, "here");
        let all = sync_core::AuditQuery {
            limit: 10,
            ..Default::default()
        };
        assert_eq!(store.audit(&connection, &all).await.unwrap().len(), 1);
    });
}

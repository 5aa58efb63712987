//! Copies of a store that is in use.

use sql_store::SqlStore;
use sync_core::{Cause, Hint, JobKey, Side, Store, StoreErrorKind};

use crate::{block_on, place::Place};

fn hint(id: &str) -> Hint {
    Hint {
        key: JobKey {
            flow: "f".into(),
            side: Side::Left,
            id: id.into(),
        },
        cause: Cause::Sweep,
    }
}

#[test]
fn copy_has_everything_up_to_its_moment_and_nothing_after() {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    let now = "2026-03-01T10:00:00Z".parse().unwrap();
    block_on(async {
        let place = Place::file();
        let store = place.open().await;
        store
            .enqueue(&"c".into(), &[hint("before")], None, now)
            .await
            .unwrap();
        store.back_up(&copy).await.unwrap();
        store
            .enqueue(&"c".into(), &[hint("after")], None, now)
            .await
            .unwrap();
        let queued =
            async |store: &SqlStore| store.counts(&"c".into(), &"f".into()).await.unwrap().queued;
        assert_eq!(queued(&store).await, 2, "the store goes on");
        let restored = SqlStore::open_sqlite(&copy).await.unwrap();
        assert_eq!(queued(&restored).await, 1);
        let error = store.back_up(&copy).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Other);
        assert_eq!(queued(&restored).await, 1, "a copy is never written over");
    });
}

#[cfg(unix)]
#[test]
fn copy_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    let place = Place::file();
    block_on(async { place.open().await.back_up(&copy).await.unwrap() });
    let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

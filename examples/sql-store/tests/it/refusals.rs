//! Files that a store does not take, and damage that it notices.

use std::{error::Error as _, fs, path::Path};

use rusqlite::Connection;
use sql_store::SqlStore;
use sync_core::{AuditQuery, Cause, Claim, Hint, JobKey, Side, Store, StoreError, StoreErrorKind};

use crate::{block_on, open};

fn refusal(path: &Path) -> (StoreErrorKind, String) {
    let error: StoreError = block_on(SqlStore::open_sqlite(path)).map(drop).unwrap_err();
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    (error.kind(), format!("{error}: {source}"))
}

#[test]
fn newer_schema_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sync.db");
    block_on(async { drop(open(&path).await) });
    let sql = Connection::open(&path).unwrap();
    sql.execute("INSERT INTO schema_version (version) VALUES (7)", [])
        .unwrap();
    let (kind, said) = refusal(&path);
    assert_eq!(kind, StoreErrorKind::Corrupt);
    assert!(
        said.contains("sync.db")
            && said.contains("version 7")
            && said.contains("a newer release wrote it"),
        "{said}"
    );
    let newest: i64 = sql
        .query_row("SELECT max(version) FROM schema_version", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(newest, 7);
}

#[test]
fn database_of_another_program_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.db");
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE jobs (id INTEGER); INSERT INTO jobs VALUES (1);")
        .unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    let (kind, said) = refusal(&path);
    assert_eq!(kind, StoreErrorKind::Corrupt);
    assert!(
        said.contains("other.db") && said.contains("another program"),
        "{said}"
    );
    assert_eq!(
        fs::read(&path).unwrap(),
        before,
        "not a byte of it was changed"
    );
}

#[test]
fn file_that_is_no_database_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    fs::write(
        &path,
        "not a database at all, but a text that somebody would be sorry to lose".repeat(50),
    )
    .unwrap();
    let before = fs::read(&path).unwrap();
    let (kind, said) = refusal(&path);
    assert_eq!(kind, StoreErrorKind::Corrupt, "{said}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn path_that_leads_nowhere_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (kind, said) = refusal(&directory.path().join("no such folder").join("sync.db"));
    assert_eq!(kind, StoreErrorKind::Other);
    assert!(said.contains("no such folder"), "{said}");
    let (_, said) = refusal(directory.path());
    assert!(said.contains("opening"), "{said}");
}

#[cfg(unix)]
#[test]
fn file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sync.db");
    let _store = block_on(open(&path));
    let mut files = 0;
    for file in fs::read_dir(directory.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o077,
            0,
            "{:?}",
            file.path()
        );
        files += 1;
    }
    assert!(files >= 2, "the log beside the database is looked at too");
}

/// Whatever a row says, reading it is an error of its kind, not a panic and not a guess.
#[test]
fn damaged_rows_are_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sync.db");
    let newer = r#"{"version":9,"content":null}"#;
    block_on(async {
        let store = open(&path).await;
        let sql = Connection::open(&path).unwrap();
        for text in ["", "{", newer] {
            sql.execute_batch(&format!(
                "DELETE FROM jobs; DELETE FROM links; DELETE FROM audit;
                 INSERT INTO jobs (connection, flow, side, record, generation, attempts, cause, queued_at, position,
                     state, available_at) VALUES ('c', 'f', 'left', 'a', 1, 0, '{text}', 0, 1, 1, 0);
                 INSERT INTO jobs (connection, flow, side, record, generation, attempts, cause, queued_at, position,
                     state, available_at, parked) VALUES ('c', 'f', 'left', 'b', 1, 0, '', 0, 1, 2, 0, '{text}');
                 INSERT INTO links (connection, flow, left_record, revision, content)
                     VALUES ('c', 'f', 'a', 1, '{text}');
                 INSERT INTO audit (connection, entry) VALUES ('c', '{text}');"
            ))
            .unwrap();
            let (connection, flow) = ("c".into(), "f".into());
            let claim = Claim {
                flow: "f".into(),
                worker: "w".into(),
                limit: 10,
                now: "2026-03-01T10:00:00Z".parse().unwrap(),
                lease_until: "2026-03-01T10:01:00Z".parse().unwrap(),
            };
            let errors: [StoreError; 5] = [
                store.claim(&connection, &claim).await.unwrap_err(),
                store
                    .parked(&connection, &flow, None, 10)
                    .await
                    .unwrap_err(),
                store
                    .links(&connection, &flow, &[(Side::Left, "a".into())])
                    .await
                    .unwrap_err(),
                store
                    .all_links(&connection, &flow, None, 10)
                    .await
                    .unwrap_err(),
                store
                    .audit(
                        &connection,
                        &AuditQuery {
                            limit: 10,
                            ..AuditQuery::default()
                        },
                    )
                    .await
                    .unwrap_err(),
            ];
            for error in errors {
                assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{error:?}");
                let source = error.source().unwrap().to_string();
                assert_eq!(
                    source.contains("a newer release wrote it"),
                    text == newer,
                    "{source}"
                );
            }
        }
    });
}

/// A write that fails half-way leaves nothing behind.
#[test]
fn failed_operation_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sync.db");
    block_on(async {
        let store = open(&path).await;
        let sql = Connection::open(&path).unwrap();
        sql.execute_batch(
            "CREATE TRIGGER fail BEFORE INSERT ON jobs WHEN NEW.record = 'second' BEGIN
                 SELECT RAISE(ABORT, 'made to fail');
             END;",
        )
        .unwrap();
        let hints = ["first", "second"].map(|id| Hint {
            key: JobKey {
                flow: "f".into(),
                side: Side::Left,
                id: id.into(),
            },
            cause: Cause::Sweep,
        });
        let now = "2026-03-01T10:00:00Z".parse().unwrap();
        let error = store
            .enqueue(&"c".into(), &hints, None, now)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Other);
        assert_eq!(
            store.next_due(&"c".into(), &"f".into()).await.unwrap(),
            None,
            "not even the first was queued"
        );
        sql.execute_batch("DROP TRIGGER fail").unwrap();
        store.enqueue(&"c".into(), &hints, None, now).await.unwrap();
        assert_eq!(
            store.counts(&"c".into(), &"f".into()).await.unwrap().queued,
            2,
            "the store goes on"
        );
    });
}

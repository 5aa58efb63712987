//! What is PostgreSQL's own: servers that are away, refuse, or break off.

use std::{error::Error as _, net::TcpListener};

use futures::future::join_all;
use sql_store::SqlStore;
use sync_core::{
    Cause, Claim, ConnectionId, DocumentWrite, Hint, JobKey, Side, Store, StoreError,
    StoreErrorKind,
};

use crate::{
    block_on,
    place::{Place, server},
    private_postgres::connect,
};

fn refusal(address: &str) -> (StoreErrorKind, String) {
    let error: StoreError = block_on(SqlStore::open(address)).map(drop).unwrap_err();
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    (error.kind(), format!("{error}: {source}"))
}

fn run(address: &str, statements: &str) {
    block_on(async {
        let sql = connect(address).await;
        sql.batch_execute(statements).await.unwrap();
    });
}

#[test]
fn server_that_is_away_is_unavailable() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let (kind, said) = refusal(&format!("postgres://u:canary@127.0.0.1:{port}/sync"));
    assert_eq!(kind, StoreErrorKind::Unavailable, "{said}");
    assert!(
        said.contains(&format!("postgres://127.0.0.1:{port}/sync")) && said.contains("refused"),
        "{said}"
    );
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn address_that_is_none_is_refused() {
    for (address, reason) in [
        (
            "mysql://canary@db/sync",
            "neither `sqlite:` nor `postgres://`",
        ),
        ("postgres://u:canary@db:many/sync", "port"),
        ("postgres://db/sync?canary=1", "unknown option"),
        (
            "postgres://u:canary@db/sync?sslrootcert=ca.pem",
            "without `sslmode=verify-full`",
        ),
    ] {
        let (kind, said) = refusal(address);
        assert_eq!(kind, StoreErrorKind::Other, "{said}");
        assert!(said.contains(reason), "{said}");
        assert!(!said.contains("canary@"), "{said}");
    }
}

#[test]
fn user_or_database_that_is_unknown_is_refused() {
    let Some(server) = server() else { return };
    let address = server.address("").replace("/postgres", "/nowhere");
    let (kind, said) = refusal(&address);
    assert_eq!(kind, StoreErrorKind::Other, "{said}");
    assert!(said.contains("\"nowhere\" does not exist"), "{said}");
}

#[test]
fn newer_tables_are_refused_and_left_alone() {
    let Some(place) = Place::postgres() else {
        return;
    };
    block_on(async { drop(place.open().await) });
    run(place.address(), "INSERT INTO schema_version VALUES (99)");
    let (kind, said) = refusal(place.address());
    assert_eq!(kind, StoreErrorKind::Corrupt);
    assert!(
        said.contains("version 99") && said.contains("a newer release wrote it"),
        "{said}"
    );
}

#[test]
fn tables_of_another_program_are_refused_and_left_alone() {
    let Some(place) = Place::postgres() else {
        return;
    };
    run(place.address(), "CREATE TABLE jobs (theirs INTEGER)");
    let (kind, said) = refusal(place.address());
    assert_eq!(kind, StoreErrorKind::Corrupt);
    assert!(said.contains("another program"), "{said}");
    run(place.address(), "INSERT INTO jobs (theirs) VALUES (1)");
}

#[test]
fn server_that_takes_no_writes_is_refused() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let address = format!(
        "{}%20-c%20default_transaction_read_only%3Don",
        place.address()
    );
    let (kind, said) = refusal(&address);
    assert_eq!(kind, StoreErrorKind::Other);
    assert!(said.contains("can be read only"), "{said}");
}

#[test]
fn tables_are_made_in_the_schema_that_was_named() {
    let Some(server) = server() else { return };
    block_on(async {
        let open = || {
            SqlStore::postgres(&server.address(""))
                .schema("Its \"own\"")
                .open()
        };
        let stores = join_all((0..4).map(|_| open())).await;
        for store in stores {
            let counts = store.unwrap().counts(&"c".into(), &"f".into()).await;
            assert_eq!(counts.unwrap().queued, 0);
        }
        let sql = connect(&server.address("")).await;
        let rows = sql
            .query(
                "SELECT schemaname FROM pg_tables WHERE tablename = 'jobs'",
                &[],
            )
            .await
            .unwrap();
        let schemas: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert!(schemas.contains(&"Its \"own\"".to_owned()), "{schemas:?}");
        assert!(!schemas.contains(&"public".to_owned()), "{schemas:?}");
    });
}

/// The server is restarted, or an operator ends its connections: the next operation makes a new one.
#[test]
fn lost_connection_is_made_anew() {
    let Some(place) = Place::postgres() else {
        return;
    };
    block_on(async {
        let store = SqlStore::postgres(place.address())
            .connections(1)
            .open()
            .await
            .unwrap();
        let write = |name: &str| DocumentWrite {
            name: name.into(),
            expected: None,
            body: "1".into(),
        };
        store.put_document(&"c".into(), &write("a")).await.unwrap();
        let other = connect(place.address()).await;
        let ended = other
            .query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'sql-store' AND query LIKE 'COMMIT%' AND pid <> pg_backend_pid()
                    AND backend_start >= (SELECT min(backend_start) FROM pg_stat_activity)",
                &[],
            )
            .await
            .unwrap();
        assert!(!ended.is_empty(), "there was a connection to end");
        store.put_document(&"c".into(), &write("b")).await.unwrap();
        let found = store.document(&"c".into(), "b").await.unwrap();
        assert!(found.is_some());
    });
}

/// Both take up the same keys in opposite order. Whoever has to give way begins anew, and neither notices.
#[test]
fn writers_that_meet_crosswise_all_succeed() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let now = "2026-03-01T10:00:00Z".parse().unwrap();
    let hints: Vec<Hint> = (0..50)
        .map(|id| Hint {
            key: JobKey {
                flow: "f".into(),
                side: Side::Left,
                id: format!("{id}").into(),
            },
            cause: Cause::Sweep,
        })
        .collect();
    let backwards: Vec<Hint> = hints.iter().rev().cloned().collect();
    block_on(async {
        let store = SqlStore::postgres(place.address())
            .connections(6)
            .open()
            .await
            .unwrap();
        let connection = ConnectionId::from("c");
        let writers = (0..30).map(|number| {
            let hints = if number % 2 == 0 { &hints } else { &backwards };
            store.enqueue(&connection, hints, None, now)
        });
        for written in join_all(writers).await {
            written.unwrap();
        }
        let claim = Claim {
            flow: "f".into(),
            worker: "w".into(),
            limit: 100,
            now,
            lease_until: now,
        };
        let jobs = store.claim(&connection, &claim).await.unwrap();
        assert_eq!(jobs.len(), 50);
        assert!(jobs.iter().all(|job| job.generation == 30));
    });
}

/// Whatever a row says, reading it is an error of its kind, not a panic and not a guess.
#[test]
fn damaged_rows_are_noticed() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let store = block_on(place.open());
    run(
        place.address(),
        "INSERT INTO links (id, connection, flow, left_record, revision, content)
            VALUES (1, 'c', 'f', 'a', 1, '{\"version\":9,\"content\":null}')",
    );
    let found = block_on(store.links(&"c".into(), &"f".into(), &[(Side::Left, "a".into())]));
    let error = found.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    let source = error.source().unwrap().to_string();
    assert!(source.contains("a newer release wrote it"), "{source}");
}

/// A write that fails half-way leaves nothing behind.
#[test]
fn failed_operation_leaves_nothing_behind() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let store = block_on(place.open());
    run(
        place.address(),
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$BEGIN RAISE EXCEPTION 'made to fail: %', NEW.cause; END$$;
        CREATE TRIGGER refuse BEFORE INSERT ON jobs FOR EACH ROW WHEN (NEW.record = 'second')
            EXECUTE FUNCTION refuse();",
    );
    let hints = ["first", "second"].map(|id| Hint {
        key: JobKey {
            flow: "f".into(),
            side: Side::Left,
            id: id.into(),
        },
        cause: Cause::Sweep,
    });
    let now = "2026-03-01T10:00:00Z".parse().unwrap();
    block_on(async {
        let failed = store.enqueue(&"c".into(), &hints, None, now).await;
        assert_eq!(failed.unwrap_err().kind(), StoreErrorKind::Other);
        let due = store.next_due(&"c".into(), &"f".into()).await.unwrap();
        assert_eq!(due, None, "not even the first was queued");
    });
    run(place.address(), "DROP TRIGGER refuse ON jobs");
    block_on(async {
        store.enqueue(&"c".into(), &hints, None, now).await.unwrap();
        let counts = store.counts(&"c".into(), &"f".into()).await.unwrap();
        assert_eq!(counts.queued, 2, "the store goes on");
    });
}

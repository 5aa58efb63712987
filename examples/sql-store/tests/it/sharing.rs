//! Several stores on one database.

use std::{
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use futures::future::{join_all, poll_immediate};
use jiff::Timestamp;
use sql_store::SqlStore;
use sync_core::{
    AuditEntry, AuditQuery, Claim, Commit, ConnectionId, Counts, DocumentWrite, FlowName, Hint,
    Job, JobKey, Link, LinkId, ParkedJob, Prepare, RecordId, Refused, Revision, Side, Store,
    StoreError, StoreErrorKind, StoredAudit,
    testing::store_laws::{self, Law},
};

use crate::{block_on, open, place::Place};

/// Several stores on one database, which take turns: what one wrote, the next must know.
#[derive(Debug)]
struct InTurn {
    stores: Vec<SqlStore>,
    turn: AtomicUsize,
}

impl InTurn {
    async fn open(place: &Place) -> Self {
        let mut stores = Vec::new();
        for _ in 0..3 {
            stores.push(place.open().await);
        }
        Self {
            stores,
            turn: AtomicUsize::new(0),
        }
    }

    fn next(&self) -> &SqlStore {
        &self.stores[self.turn.fetch_add(1, Ordering::Relaxed) % self.stores.len()]
    }
}

#[async_trait]
impl Store for InTurn {
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        hints: &[Hint],
        document: Option<&DocumentWrite>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.next().enqueue(connection, hints, document, now).await
    }

    async fn claim(
        &self,
        connection: &ConnectionId,
        claim: &Claim,
    ) -> Result<Vec<Job>, StoreError> {
        self.next().claim(connection, claim).await
    }

    async fn links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        records: &[(Side, RecordId)],
    ) -> Result<Vec<Option<Link>>, StoreError> {
        self.next().links(connection, flow, records).await
    }

    async fn prepare(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Prepare],
        now: Timestamp,
    ) -> Result<Vec<Result<Link, Refused>>, StoreError> {
        self.next().prepare(connection, flow, entries, now).await
    }

    async fn commit(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Commit],
        now: Timestamp,
    ) -> Result<Vec<Result<(), Refused>>, StoreError> {
        self.next().commit(connection, flow, entries, now).await
    }

    async fn next_due(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.next().next_due(connection, flow).await
    }

    async fn all_links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<LinkId>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        self.next().all_links(connection, flow, after, limit).await
    }

    async fn parked(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<&JobKey>,
        limit: usize,
    ) -> Result<Vec<ParkedJob>, StoreError> {
        self.next().parked(connection, flow, after, limit).await
    }

    async fn dismiss(
        &self,
        connection: &ConnectionId,
        keys: &[JobKey],
        audit: &[AuditEntry],
    ) -> Result<usize, StoreError> {
        self.next().dismiss(connection, keys, audit).await
    }

    async fn audit(
        &self,
        connection: &ConnectionId,
        query: &AuditQuery,
    ) -> Result<Vec<StoredAudit>, StoreError> {
        self.next().audit(connection, query).await
    }

    async fn counts(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Counts, StoreError> {
        self.next().counts(connection, flow).await
    }

    async fn document(
        &self,
        connection: &ConnectionId,
        name: &str,
    ) -> Result<Option<(String, Revision)>, StoreError> {
        self.next().document(connection, name).await
    }

    async fn put_document(
        &self,
        connection: &ConnectionId,
        write: &DocumentWrite,
    ) -> Result<Revision, StoreError> {
        self.next().put_document(connection, write).await
    }
}

mod in_turn {
    use super::*;

    fn run(law: Law) {
        let place = Place::file();
        block_on(async { law(&InTurn::open(&place).await).await });
    }

    sync_core::store_laws!(run);
}

/// All laws share one database, each with connections of its own.
#[test]
fn stores_in_turn_on_postgres_keep_every_law() {
    if let Some(place) = Place::postgres() {
        block_on(async {
            let stores = InTurn::open(&place).await;
            for (_, law) in store_laws::ALL {
                law(&stores).await;
            }
        });
    }
}

#[test]
fn many_may_open_a_new_file_at_once() {
    for _ in 0..5 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sync.db");
        let opened = block_on(join_all((0..8).map(|_| SqlStore::open_sqlite(&path))));
        for store in opened {
            let store = store.unwrap();
            let counts = block_on(store.counts(&"c".into(), &"f".into())).unwrap();
            assert_eq!(counts, Counts::default());
        }
    }
}

fn cursor(body: &str) -> DocumentWrite {
    DocumentWrite {
        name: "cursor".into(),
        expected: None,
        body: body.into(),
    }
}

/// Another program holds the file; the future of who wants to write waits without keeping its executor.
#[test]
fn waiting_for_another_writer_blocks_neither_the_executor_nor_readers() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sync.db");
    block_on(async {
        let store = open(&path).await;
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let connection = ConnectionId::from("c");
        let write = cursor("1");
        let mut writing = store.put_document(&connection, &write);
        assert!(
            poll_immediate(&mut writing).await.is_none(),
            "who writes waits for the other writer"
        );
        let found = store.document(&connection, "cursor").await.unwrap();
        assert_eq!(
            found, None,
            "who reads does not wait, and sees nothing half-written"
        );
        other.execute_batch("COMMIT").unwrap();
        writing.await.unwrap();
        assert!(
            store
                .document(&connection, "cursor")
                .await
                .unwrap()
                .is_some()
        );
    });
}

#[test]
fn store_that_stays_busy_is_unavailable_and_nothing_was_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sync.db");
    block_on(async {
        let builder = SqlStore::sqlite(&path).busy_timeout(std::time::Duration::from_millis(1));
        let store = builder.open().await.unwrap();
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let error = store
            .put_document(&"c".into(), &cursor("1"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert_eq!(
            error.to_string(),
            "store: not available while writing document cursor"
        );
        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(store.document(&"c".into(), "cursor").await.unwrap(), None);
        store.put_document(&"c".into(), &cursor("1")).await.unwrap();
    });
}

/// Once an operation is under way it is done, also when nobody waits for it any more; dropping the store waits for it.
#[test]
fn operation_whose_caller_has_gone_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sync.db");
    block_on(async {
        let store = open(&path).await;
        let connection = ConnectionId::from("c");
        let write = cursor("1");
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let begun = poll_immediate(store.put_document(&connection, &write)).await;
        assert!(begun.is_none(), "the operation waits for the other writer");
        other.execute_batch("COMMIT").unwrap();
        drop(store);
        let found = open(&path)
            .await
            .document(&connection, "cursor")
            .await
            .unwrap();
        assert_eq!(found.map(|(body, _)| body).as_deref(), Some("1"));
    });
}

#[test]
fn futures_and_the_store_can_go_to_other_threads() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let store = runtime
        .block_on(assert_send(SqlStore::open_in_memory()))
        .unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let store = store.clone();
            let write = DocumentWrite {
                name: format!("{number}"),
                ..cursor("1")
            };
            runtime.spawn(async move { store.put_document(&"c".into(), &write).await })
        })
        .collect();
    for task in tasks {
        runtime.block_on(task).unwrap().unwrap();
    }
    fn is_future<F: Future + Send>(_: &F) {}
    is_future(&store.document(&"c".into(), "1"));
}

//! The store: each operation is one transaction on the thread that owns the database.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::Connection;
use sync_core::{
    AuditEntry, AuditQuery, Claim, Commit, ConnectionId, Counts, DocumentWrite, FlowName, Hint,
    Job, JobKey, Link, LinkId, ParkedJob, Prepare, RecordId, Refused, Revision, Side, Store,
    StoreError, StoredAudit,
};

use crate::{
    audit, connection, documents,
    error::Error,
    jobs, links,
    options::SqliteStoreBuilder,
    tokens::SqliteTokenStore,
    transaction::{self, Writing},
    worker::Worker,
};

/// Keeps everything in one SQLite file, or in memory.
///
/// Cheap to clone; clones share the database. Any number of stores, in any number of processes of one machine, may work
/// on one file. The last clone to be dropped waits until the file is closed.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    database: Arc<Database>,
}

#[derive(Debug)]
pub(crate) struct Database {
    /// Absent in memory, where there is nothing to share with a second connection. Closed before the other one, which
    /// can then put the log away.
    reader: Option<Worker>,
    writer: Worker,
}

impl SqliteStore {
    /// Opens the store in the file at `path`; makes the file, readable by its owner alone, if there is none, and brings
    /// an older one up to date.
    ///
    /// # Errors
    /// [`StoreErrorKind::Corrupt`](sync_core::StoreErrorKind::Corrupt) when a newer release wrote the file, or another
    /// program; [`StoreErrorKind::Unavailable`](sync_core::StoreErrorKind::Unavailable) when another process keeps it
    /// locked; [`StoreErrorKind::Other`](sync_core::StoreErrorKind::Other) when it cannot be made or written.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder(path).open().await
    }

    /// Options for opening the store in the file at `path`.
    pub fn builder(path: impl AsRef<Path>) -> SqliteStoreBuilder {
        SqliteStoreBuilder::new(path.as_ref().to_owned())
    }

    /// A store in memory: as fast as it gets, and gone with its last clone.
    ///
    /// # Errors
    /// [`StoreErrorKind::Other`](sync_core::StoreErrorKind::Other) when no thread can be started.
    pub async fn open_in_memory() -> Result<Self, StoreError> {
        let writer = Worker::start("sqlite", connection::in_memory).await;
        let writer = writer.map_err(|error| error.while_doing("opening a database in memory"))?;
        Ok(Self {
            database: Arc::new(Database {
                writer,
                reader: None,
            }),
        })
    }

    pub(crate) async fn open_with(options: SqliteStoreBuilder) -> Result<Self, StoreError> {
        let action = format!("opening {}", options.path.display());
        let database = Database::open(options)
            .await
            .map_err(|error| error.while_doing(action))?;
        Ok(Self {
            database: Arc::new(database),
        })
    }

    /// A store for tokens in the same file.
    #[must_use]
    pub fn token_store(&self) -> SqliteTokenStore {
        SqliteTokenStore::new(Arc::clone(&self.database))
    }

    async fn read<T: Send + 'static>(
        &self,
        action: &str,
        reading: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.database
            .read(reading)
            .await
            .map_err(|error| error.while_doing(action))
    }

    async fn write<T: Send + 'static>(
        &self,
        action: &str,
        writing: impl FnOnce(&mut Writing<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.database
            .write(writing)
            .await
            .map_err(|error| error.while_doing(action))
    }
}

impl Database {
    async fn open(options: SqliteStoreBuilder) -> Result<Self, Error> {
        let for_reader = options.clone();
        let writer = Worker::start("sqlite-writer", move || connection::writer(&options)).await?;
        // After the writer, which makes what there is to read.
        let reader =
            Worker::start("sqlite-reader", move || connection::reader(&for_reader)).await?;
        Ok(Self {
            writer,
            reader: Some(reader),
        })
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        reading: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let worker = self.reader.as_ref().unwrap_or(&self.writer);
        worker
            .run(|connection| transaction::read(connection, reading))
            .await
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        writing: impl FnOnce(&mut Writing<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.writer
            .run(|connection| transaction::write(connection, writing))
            .await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        hints: &[Hint],
        document: Option<&DocumentWrite>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (connection, hints, document) = (connection.clone(), hints.to_vec(), document.cloned());
        self.write("queuing hints", move |sql| {
            if let Some(document) = &document {
                documents::write(sql, &connection, document)?;
            }
            hints
                .iter()
                .try_for_each(|hint| jobs::enqueue(sql, &connection, hint, now))
        })
        .await
    }

    async fn claim(
        &self,
        connection: &ConnectionId,
        claim: &Claim,
    ) -> Result<Vec<Job>, StoreError> {
        let (connection, claim) = (connection.clone(), claim.clone());
        let claimed = self.database.writer.run(move |sql| {
            // Workers that ask in vain do not keep those who write waiting.
            let due = transaction::read(sql, |sql| jobs::next_due(sql, &connection, &claim.flow))?;
            if due.is_none_or(|due| due > claim.now) {
                return Ok(Vec::new());
            }
            transaction::write(sql, |sql| jobs::claim(sql, &connection, &claim))
        });
        claimed
            .await
            .map_err(|error| error.while_doing("claiming jobs"))
    }

    async fn links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        records: &[(Side, RecordId)],
    ) -> Result<Vec<Option<Link>>, StoreError> {
        let (connection, flow, records) = (connection.clone(), flow.clone(), records.to_vec());
        self.read("reading links", move |sql| {
            records
                .iter()
                .map(|record| links::of(sql, &connection, &flow, record))
                .collect()
        })
        .await
    }

    async fn prepare(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Prepare],
        _now: Timestamp,
    ) -> Result<Vec<Result<Link, Refused>>, StoreError> {
        let (connection, flow, entries) = (connection.clone(), flow.clone(), entries.to_vec());
        self.write("preparing links", move |sql| {
            entries
                .iter()
                .map(|entry| prepare(sql, &connection, &flow, entry))
                .collect()
        })
        .await
    }

    async fn commit(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Commit],
        now: Timestamp,
    ) -> Result<Vec<Result<(), Refused>>, StoreError> {
        let (connection, flow, entries) = (connection.clone(), flow.clone(), entries.to_vec());
        self.write("committing a batch", move |sql| {
            entries
                .iter()
                .map(|entry| commit(sql, &connection, &flow, entry, now))
                .collect()
        })
        .await
    }

    async fn next_due(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Option<Timestamp>, StoreError> {
        let (connection, flow) = (connection.clone(), flow.clone());
        self.read("asking when the next job is due", move |sql| {
            jobs::next_due(sql, &connection, &flow)
        })
        .await
    }

    async fn all_links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<LinkId>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        let (connection, flow) = (connection.clone(), flow.clone());
        self.read("listing links", move |sql| {
            links::page(sql, &connection, &flow, after, limit)
        })
        .await
    }

    async fn parked(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<&JobKey>,
        limit: usize,
    ) -> Result<Vec<ParkedJob>, StoreError> {
        let (connection, flow, after) = (connection.clone(), flow.clone(), after.cloned());
        self.read("listing parked jobs", move |sql| {
            jobs::parked(sql, &connection, &flow, after.as_ref(), limit)
        })
        .await
    }

    async fn dismiss(
        &self,
        connection: &ConnectionId,
        keys: &[JobKey],
        audit: &[AuditEntry],
    ) -> Result<usize, StoreError> {
        let (connection, keys, audit) = (connection.clone(), keys.to_vec(), audit.to_vec());
        self.write("dismissing jobs", move |sql| {
            audit::append(sql, &connection, &audit)?;
            let mut dismissed = 0;
            for key in &keys {
                dismissed += usize::from(jobs::dismiss(sql, &connection, key)?);
            }
            Ok(dismissed)
        })
        .await
    }

    async fn audit(
        &self,
        connection: &ConnectionId,
        query: &AuditQuery,
    ) -> Result<Vec<StoredAudit>, StoreError> {
        let (connection, query) = (connection.clone(), query.clone());
        self.read("reading the audit trail", move |sql| {
            audit::page(sql, &connection, &query)
        })
        .await
    }

    async fn counts(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Counts, StoreError> {
        let (connection, flow) = (connection.clone(), flow.clone());
        self.read("counting", move |sql| {
            let mut counts = Counts::default();
            links::count(sql, &connection, &flow, &mut counts)?;
            jobs::count(sql, &connection, &flow, &mut counts)?;
            Ok(counts)
        })
        .await
    }

    async fn document(
        &self,
        connection: &ConnectionId,
        name: &str,
    ) -> Result<Option<(String, Revision)>, StoreError> {
        let (connection, name) = (connection.clone(), name.to_owned());
        self.read("reading a document", move |sql| {
            documents::read(sql, &connection, &name)
        })
        .await
    }

    async fn put_document(
        &self,
        connection: &ConnectionId,
        write: &DocumentWrite,
    ) -> Result<Revision, StoreError> {
        let (connection, write) = (connection.clone(), write.clone());
        let action = format!("writing document {}", write.name);
        self.write(&action, move |sql| {
            documents::write(sql, &connection, &write)
        })
        .await
    }
}

fn prepare(
    sql: &mut Writing<'_>,
    connection: &ConnectionId,
    flow: &FlowName,
    entry: &Prepare,
) -> Result<Result<Link, Refused>, Error> {
    if jobs::held(sql, connection, &entry.held)?.is_none() {
        return Ok(Err(Refused::LeaseLost));
    }
    let outcome = links::write(sql, connection, flow, &entry.link)?;
    if outcome.is_ok() {
        audit::append(sql, connection, &entry.audit)?;
    }
    Ok(outcome)
}

fn commit(
    sql: &mut Writing<'_>,
    connection: &ConnectionId,
    flow: &FlowName,
    entry: &Commit,
    now: Timestamp,
) -> Result<Result<(), Refused>, Error> {
    // First: what the entry says took place, whether it is refused or not.
    audit::append(sql, connection, &entry.audit)?;
    let mut held = Vec::with_capacity(entry.held.len());
    for proof in &entry.held {
        let Some(job) = jobs::held(sql, connection, proof)? else {
            return Ok(Err(Refused::LeaseLost));
        };
        held.push(job);
    }
    if let Some(link) = &entry.link
        && let Err(refused) = links::write(sql, connection, flow, link)?
    {
        return Ok(Err(refused));
    }
    for job in &held {
        jobs::finish(sql, job, &entry.finish, now)?;
    }
    for parent in &entry.wake {
        jobs::wake(sql, connection, parent, now)?;
    }
    Ok(Ok(()))
}

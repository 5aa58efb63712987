//! The store: each operation is one transaction on the thread that owns the database.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use sync_core::{
    AuditEntry, AuditQuery, Claim, Commit, ConnectionId, Counts, DocumentWrite, FlowName, Hint,
    Job, JobKey, Link, LinkId, ParkedJob, Prepare, RecordId, Refused, Revision, Side, Store,
    StoreError, StoredAudit,
};

use crate::{
    audit, batch,
    database::{Database, Kind},
    documents,
    error::Error,
    jobs, links,
    postgres::options::PostgresStoreBuilder,
    sql::Sql,
    sqlite::{backup, options::SqliteStoreBuilder},
    tokens::SqlTokenStore,
};

/// Keeps everything in one SQLite file, in memory, or on PostgreSQL.
///
/// Cheap to clone; clones share the database. Any number of stores may work on one database: those on one SQLite file
/// in any number of processes of one machine, those on PostgreSQL on any number of machines. The last clone to be
/// dropped waits until the database is closed.
#[derive(Clone, Debug)]
pub struct SqlStore {
    database: Arc<Database>,
}

impl SqlStore {
    /// Opens the store at an address:
    ///
    /// - `sqlite:sync.db` or `sqlite:/var/lib/sync.db`, as [`open_sqlite`](Self::open_sqlite);
    /// - `postgres://user:password@host:5432/database` or `postgresql://...`, as
    ///   [`open_postgres`](Self::open_postgres);
    /// - `sqlite::memory:`, as [`open_in_memory`](Self::open_in_memory).
    ///
    /// # Errors
    /// [`StoreErrorKind::Other`](sync_core::StoreErrorKind::Other) when it is no such address, and those of the
    /// functions above.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        match address.split_once(':') {
            Some(("sqlite", ":memory:")) => Self::open_in_memory().await,
            Some(("sqlite", path)) => Self::open_sqlite(path).await,
            Some(("postgres" | "postgresql", _)) => Self::open_postgres(address).await,
            _ => Err(Error::Address {
                name: address
                    .split_once(':')
                    .map_or(address, |(scheme, _)| scheme)
                    .to_owned(),
                reason: "it begins with neither `sqlite:` nor `postgres://`".to_owned(),
            }
            .while_doing("opening a database")),
        }
    }

    /// Opens the store in the SQLite file at `path`; makes the file, readable by its owner alone, if there is none, and
    /// brings an older one up to date.
    ///
    /// # Errors
    /// [`StoreErrorKind::Corrupt`](sync_core::StoreErrorKind::Corrupt) when a newer release wrote the file, or another
    /// program; [`StoreErrorKind::Unavailable`](sync_core::StoreErrorKind::Unavailable) when another process keeps it
    /// locked; [`StoreErrorKind::Other`](sync_core::StoreErrorKind::Other) when it cannot be made or written.
    pub async fn open_sqlite(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::sqlite(path).open().await
    }

    /// Options for opening the store in the SQLite file at `path`.
    pub fn sqlite(path: impl AsRef<Path>) -> SqliteStoreBuilder {
        SqliteStoreBuilder::new(path.as_ref().to_owned())
    }

    /// Opens the store on the PostgreSQL server (15 or later) at `address`, a URL or a list of `name=value` as
    /// PostgreSQL's own programs take it; makes the tables if there are none, and brings older ones up to date.
    ///
    /// # Errors
    /// [`StoreErrorKind::Unavailable`](sync_core::StoreErrorKind::Unavailable) when the server cannot be reached;
    /// [`StoreErrorKind::Corrupt`](sync_core::StoreErrorKind::Corrupt) when a newer release made the tables, or another
    /// program; [`StoreErrorKind::Other`](sync_core::StoreErrorKind::Other) when the address is wrong, the server
    /// refuses the user, or nothing can be written.
    pub async fn open_postgres(address: &str) -> Result<Self, StoreError> {
        Self::postgres(address).open().await
    }

    /// Options for opening the store on the PostgreSQL server at `address`.
    pub fn postgres(address: &str) -> PostgresStoreBuilder {
        PostgresStoreBuilder::new(address)
    }

    /// A store in memory: as fast as it gets, and gone with its last clone.
    ///
    /// # Errors
    /// [`StoreErrorKind::Other`](sync_core::StoreErrorKind::Other) when no thread can be started.
    pub async fn open_in_memory() -> Result<Self, StoreError> {
        let database = Database::open_in_memory().await;
        Self::opened(database, "opening a database in memory".to_owned())
    }

    pub(crate) async fn open_in_sqlite(options: SqliteStoreBuilder) -> Result<Self, StoreError> {
        let action = format!("opening {}", options.path.display());
        Self::opened(Database::open_in_sqlite(options).await, action)
    }

    pub(crate) async fn open_on_postgres(
        options: PostgresStoreBuilder,
    ) -> Result<Self, StoreError> {
        let how = options
            .parse()
            .map_err(|error| error.while_doing("opening a database"))?;
        let action = format!("opening {}", how.place);
        Self::opened(Database::open_on_postgres(&options, how).await, action)
    }

    fn opened(database: Result<Database, Error>, action: String) -> Result<Self, StoreError> {
        let database = database.map_err(|error| error.while_doing(action))?;
        Ok(Self {
            database: Arc::new(database),
        })
    }

    /// A store for tokens in the same database.
    #[must_use]
    pub fn token_store(&self) -> SqlTokenStore {
        SqlTokenStore::new(Arc::clone(&self.database))
    }

    /// Writes a copy of everything, as it is at this moment, to the new SQLite file `to`. Whoever works on the store
    /// goes on. A copy is opened like any other file; to go back to it, put it in place while nobody has the store open.
    ///
    /// PostgreSQL is copied by its own tools, such as `pg_dump`.
    ///
    /// # Errors
    /// [`StoreErrorKind::Other`](sync_core::StoreErrorKind::Other) when the file is there already or cannot be made,
    /// and for a store that is not in a SQLite file.
    pub async fn back_up(&self, to: impl AsRef<Path>) -> Result<(), StoreError> {
        let to = to.as_ref().to_owned();
        let action = format!("copying the database to {}", to.display());
        let copied = match &self.database.kind {
            Kind::File(from) => {
                let from = from.clone();
                self.database.aside(move || backup::copy(&from, &to)).await
            }
            Kind::InMemory | Kind::Postgres => Err(Error::BackupElsewhere),
        };
        copied.map_err(|error| error.while_doing(action))
    }

    async fn read<T: Send + 'static>(
        &self,
        action: &str,
        reading: impl Fn(&mut dyn Sql) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.database
            .read(reading)
            .await
            .map_err(|error| error.while_doing(action))
    }

    async fn write<T: Send + 'static>(
        &self,
        action: &str,
        writing: impl Fn(&mut dyn Sql) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.database
            .write(writing)
            .await
            .map_err(|error| error.while_doing(action))
    }
}

#[async_trait]
impl Store for SqlStore {
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
            let steps = jobs::enqueue(sql, &connection, &hints, now)?;
            sql.run(&steps)?;
            Ok(())
        })
        .await
    }

    async fn claim(
        &self,
        connection: &ConnectionId,
        claim: &Claim,
    ) -> Result<Vec<Job>, StoreError> {
        // Workers that ask in vain do not keep SQLite's one writer waiting.
        if !matches!(self.database.kind, Kind::Postgres) {
            let due = self.next_due(connection, &claim.flow).await?;
            if due.is_none_or(|due| due > claim.now) {
                return Ok(Vec::new());
            }
        }
        let (connection, claim) = (connection.clone(), claim.clone());
        // When the power fails, who claimed them is gone as well.
        let claimed = self
            .database
            .pass(move |sql| jobs::claim(sql, &connection, &claim))
            .await;
        claimed.map_err(|error| error.while_doing("claiming jobs"))
    }

    async fn links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        records: &[(Side, RecordId)],
    ) -> Result<Vec<Option<Link>>, StoreError> {
        let (connection, flow, records) = (connection.clone(), flow.clone(), records.to_vec());
        self.read("reading links", move |sql| {
            links::of(sql, &connection, &flow, &records)
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
            batch::prepare(sql, &connection, &flow, &entries)
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
            batch::commit(sql, &connection, &flow, &entries, now)
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
            // In one order by everybody, lest two transactions wait for each other.
            let sorted: BTreeSet<&JobKey> = keys.iter().collect();
            let mut steps: Vec<_> = sorted
                .into_iter()
                .map(|key| jobs::dismiss(&connection, key))
                .collect();
            let removals = steps.len();
            audit::append(&mut steps, sql.dialect(), &connection, &audit)?;
            let changed = sql.run(&steps)?;
            let dismissed: u64 = changed.iter().take(removals).sum();
            Ok(usize::try_from(dismissed).unwrap_or(usize::MAX))
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

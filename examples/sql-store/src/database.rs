//! A database, whichever it is.

use std::{path::PathBuf, thread::Builder};

use tokio::sync::oneshot;

use crate::{
    error::Error,
    postgres::{
        options::{Parsed, PostgresStoreBuilder},
        session::PostgresSession,
    },
    schema,
    sql::{Session, Sql},
    sqlite::{connection, options::SqliteStoreBuilder},
    worker::Workers,
};

/// The threads that work on it.
#[derive(Debug)]
pub(crate) struct Database {
    /// Absent where those that write read as well. Closed before them, who can then put SQLite's log away.
    readers: Option<Workers>,
    writers: Workers,
    pub(crate) kind: Kind,
}

/// Which database it is, and where.
#[derive(Debug)]
pub(crate) enum Kind {
    InMemory,
    File(PathBuf),
    Postgres,
}

impl Database {
    pub(crate) async fn open_in_memory() -> Result<Self, Error> {
        Ok(Self {
            writers: Workers::start("sqlite", 1, connection::in_memory).await?,
            readers: None,
            kind: Kind::InMemory,
        })
    }

    pub(crate) async fn open_in_sqlite(options: SqliteStoreBuilder) -> Result<Self, Error> {
        let (for_reader, path) = (options.clone(), options.path.clone());
        let open = move || connection::writer(&options);
        let writers = Workers::start("sqlite-writer", 1, open).await?;
        // After the writer, which makes what there is to read.
        let open = move || connection::reader(&for_reader);
        let readers = Workers::start("sqlite-reader", 1, open).await?;
        Ok(Self {
            writers,
            readers: Some(readers),
            kind: Kind::File(path),
        })
    }

    pub(crate) async fn open_on_postgres(
        options: &PostgresStoreBuilder,
        how: Parsed,
    ) -> Result<Self, Error> {
        let for_schema = how.clone();
        let open = move || PostgresSession::new(&how);
        let database = Self {
            writers: Workers::start("postgres", options.connection_count(), open).await?,
            readers: None,
            kind: Kind::Postgres,
        };
        let prepare = move |_: &mut dyn Session| {
            let mut session = PostgresSession::new(&for_schema)?;
            session.make_schema()?;
            schema::check_origin(&mut session)?;
            schema::migrate(&mut session)
        };
        database.writers.run(prepare).await?;
        Ok(database)
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        reading: impl Fn(&mut dyn Sql) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let workers = self.readers.as_ref().unwrap_or(&self.writers);
        workers.run(move |session| session.read(reading)).await
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        writing: impl Fn(&mut dyn Sql) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.writers
            .run(move |session| session.write(writing))
            .await
    }

    /// Writes what nobody misses after a power failure.
    pub(crate) async fn pass<T: Send + 'static>(
        &self,
        writing: impl Fn(&mut dyn Sql) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.writers.run(move |session| session.pass(writing)).await
    }

    /// Runs `task` on a thread of its own, aside from the store's work.
    pub(crate) async fn aside<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let run = move || {
            let _ = answer.send(task());
        };
        Builder::new()
            .name("sql-store-aside".to_owned())
            .spawn(run)
            .map_err(Error::Thread)?;
        answered.await.map_err(|_| Error::Stopped)?
    }
}

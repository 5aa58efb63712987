//! Room on disk for first-sync plans.

use std::sync::Arc;

use async_trait::async_trait;
use sync_core::{Scratch, ScratchArea, ScratchRow, StoreError};

use crate::{
    error::Error,
    sql::{Session, Sql, Statement, limit},
    sqlite::{connection, session::SqliteSession},
    worker::Workers,
};

const TABLE: &str = "
    CREATE TABLE scratch (
        shelf TEXT NOT NULL,
        key TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (shelf, key)
    ) STRICT, WITHOUT ROWID;";
static PUT: Statement = Statement::shared(
    "INSERT INTO scratch (shelf, key, body) VALUES (?1, ?2, ?3)
    ON CONFLICT (shelf, key) DO UPDATE SET body = excluded.body",
);
static GET: Statement = Statement::shared("SELECT body FROM scratch WHERE shelf = ?1 AND key = ?2");
static FIRST_PAGE: Statement =
    Statement::shared("SELECT key, body FROM scratch WHERE shelf = ?1 ORDER BY key LIMIT ?2");
static PAGE: Statement = Statement::shared(
    "SELECT key, body FROM scratch WHERE shelf = ?1 AND key > ?3 ORDER BY key LIMIT ?2",
);
static CLEAR: Statement = Statement::shared("DELETE FROM scratch WHERE shelf = ?1");

/// Room in temporary files, for first-sync plans that are larger than memory, whichever store is used.
///
/// Each plan has a file of its own in the folder for temporary files (`SQLITE_TMPDIR`, `TMPDIR`), which has no name and
/// is gone with the plan or the process. A million pairs take about two gigabytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct TemporaryFiles;

#[async_trait]
impl Scratch for TemporaryFiles {
    async fn area(&self) -> Result<Arc<dyn ScratchArea>, StoreError> {
        let open = || {
            let mut session = SqliteSession(connection::temporary()?);
            (&mut session as &mut dyn Session).write(|sql| sql.script(TABLE))?;
            Ok(session)
        };
        let worker = Workers::start("sqlite-scratch", 1, open).await;
        let worker = worker.map_err(|error| error.while_doing("opening a temporary file"))?;
        Ok(Arc::new(TemporaryFile { worker }))
    }
}

#[derive(Debug)]
struct TemporaryFile {
    worker: Workers,
}

impl TemporaryFile {
    async fn run<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn Sql) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let done = self.worker.run(move |session| session.write(work)).await;
        done.map_err(|error| error.while_doing("working with a temporary file"))
    }
}

#[async_trait]
impl ScratchArea for TemporaryFile {
    async fn put(&self, shelf: &'static str, rows: Vec<ScratchRow>) -> Result<(), StoreError> {
        self.run(move |sql| {
            let steps = rows.iter().map(|row| {
                PUT.with([
                    shelf.into(),
                    row.key.as_str().into(),
                    row.body.as_str().into(),
                ])
            });
            sql.run(&steps.collect::<Vec<_>>()).map(drop)
        })
        .await
    }

    async fn get(
        &self,
        shelf: &'static str,
        keys: &[String],
    ) -> Result<Vec<Option<String>>, StoreError> {
        let keys = keys.to_vec();
        self.run(move |sql| {
            let steps = keys
                .iter()
                .map(|key| GET.with([shelf.into(), key.as_str().into()]));
            let found = sql.rows(&steps.collect::<Vec<_>>())?;
            found
                .into_iter()
                .map(|rows| {
                    rows.into_iter()
                        .next()
                        .map(|mut row| row.text())
                        .transpose()
                })
                .collect()
        })
        .await
    }

    async fn page(
        &self,
        shelf: &'static str,
        after: Option<&str>,
        at_most: usize,
    ) -> Result<Vec<ScratchRow>, StoreError> {
        let after = after.map(str::to_owned);
        self.run(move |sql| {
            let rows = sql.find(match &after {
                None => FIRST_PAGE.with([shelf.into(), limit(at_most).into()]),
                Some(after) => {
                    PAGE.with([shelf.into(), limit(at_most).into(), after.as_str().into()])
                }
            })?;
            let row = |mut row: crate::sql::Row| {
                Ok(ScratchRow {
                    key: row.text()?,
                    body: row.text()?,
                })
            };
            rows.into_iter().map(row).collect()
        })
        .await
    }

    async fn clear(&self, shelf: &'static str) -> Result<(), StoreError> {
        self.run(move |sql| sql.change(CLEAR.with([shelf.into()])).map(drop))
            .await
    }
}

//! How a store on SQLite is opened.

use std::{path::PathBuf, time::Duration};

use sync_core::StoreError;

use crate::store::SqlStore;

/// When a transaction counts as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Synchronous {
    /// When it is on the disk. A power failure loses nothing that was acknowledged.
    #[default]
    Full,
    /// When the operating system has it. A crash of the program loses nothing; a power failure may lose the last
    /// transactions, but never half of one. Hints that were lost so are found again by the next sweep, and a create
    /// whose end was lost is looked up by its key.
    Normal,
}

/// How a [`SqlStore`] in a SQLite file is to be opened.
#[derive(Clone, Debug)]
#[must_use = "nothing is opened before `open`"]
pub struct SqliteStoreBuilder {
    pub(crate) path: PathBuf,
    pub(crate) synchronous: Synchronous,
    pub(crate) busy_timeout: Duration,
}

impl SqliteStoreBuilder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            synchronous: Synchronous::default(),
            busy_timeout: Duration::from_secs(10),
        }
    }

    /// When a transaction counts as written; [`Synchronous::Full`] unless set.
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.synchronous = synchronous;
        self
    }

    /// How long to wait for another process that writes, before an operation fails as
    /// [`Unavailable`](sync_core::StoreErrorKind::Unavailable); ten seconds unless set.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Opens the store; makes the file if there is none, and brings an older one up to date.
    ///
    /// # Errors
    /// As for [`SqlStore::open_sqlite`].
    pub async fn open(self) -> Result<SqlStore, StoreError> {
        SqlStore::open_in_sqlite(self).await
    }
}

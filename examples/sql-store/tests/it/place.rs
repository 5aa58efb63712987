//! Where a store is: in a file, or on a server.

use std::path::Path;

use sql_store::SqlStore;
use tempfile::TempDir;

use crate::private_postgres::{PrivatePostgres, private_postgres};

/// As fast as a test wants it: what is lost when the power fails does not show here.
pub(crate) fn server() -> Option<&'static PrivatePostgres> {
    private_postgres("-c fsync=off -c full_page_writes=off")
}

/// An empty database that can be opened several times.
pub(crate) struct Place {
    address: String,
    _directory: Option<TempDir>,
}

impl Place {
    pub(crate) fn file() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sync.db");
        Self {
            address: format!("sqlite:{}", path.display()),
            _directory: Some(directory),
        }
    }

    /// None where there is no PostgreSQL.
    pub(crate) fn postgres() -> Option<Self> {
        Some(Self {
            address: server()?.new_schema(),
            _directory: None,
        })
    }

    /// One of each.
    pub(crate) fn each() -> impl Iterator<Item = Self> {
        [Some(Self::file()), Self::postgres()].into_iter().flatten()
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) async fn open(&self) -> SqlStore {
        open_at(&self.address).await
    }
}

pub(crate) async fn open_at(address: &str) -> SqlStore {
    match address.strip_prefix("sqlite:") {
        Some(path) => crate::open(Path::new(path)).await,
        None => SqlStore::postgres(address)
            .connections(3)
            .open()
            .await
            .unwrap(),
    }
}

//! The database that the instances share.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use clap::ValueEnum;
use sql_store::SqlStore;

/// The script that the store's own tests start a server with.
const SCRIPT: &str =
    include_str!("../../../../examples/sql-store/tests/support/private_postgres.sh");

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

pub(crate) enum Database {
    Sqlite(PathBuf),
    Postgres {
        url: String,
        /// The server ends when the pipe to its input is closed.
        _server: Child,
    },
}

impl Database {
    pub(crate) fn start(kind: Kind, folder: &Path) -> Self {
        match kind {
            Kind::Sqlite => Self::Sqlite(folder.join("fault-run.db")),
            Kind::Postgres => {
                let (server, socket) = start_postgres();
                let host = socket.replace('/', "%2F");
                Self::Postgres {
                    url: format!("postgres://postgres@{host}/postgres"),
                    _server: server,
                }
            }
        }
    }

    /// The line of the configuration; an address comes from the file `database-url`.
    pub(crate) fn setting(&self, folder: &Path) -> String {
        match self {
            Self::Sqlite(file) => format!("database = {:?}", file.display().to_string()),
            Self::Postgres { url, .. } => {
                std::fs::write(folder.join("database-url"), url).unwrap();
                "database_url = { file = \"database-url\" }".to_owned()
            }
        }
    }

    pub(crate) async fn open(&self) -> SqlStore {
        match self {
            Self::Sqlite(file) => SqlStore::open_sqlite(file).await.unwrap(),
            Self::Postgres { url, .. } => SqlStore::open_postgres(url).await.unwrap(),
        }
    }
}

fn start_postgres() -> (Child, String) {
    let mut child = Command::new("sh")
        .args(["-c", SCRIPT])
        .env("PRIVATE_POSTGRES", SCRIPT)
        .env("PRIVATE_POSTGRES_SETTINGS", "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    let Some(("ready", folder)) = said.trim().split_once(' ') else {
        panic!("PostgreSQL does not start: {said}");
    };
    let folder = folder.to_owned();
    (child, folder)
}

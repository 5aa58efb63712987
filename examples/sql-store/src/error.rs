//! What can go wrong inside, and what callers are told.

use std::{error::Error as _, io, path::PathBuf};

use client_core::TokenStoreError;
use rusqlite::ErrorCode;
use sync_core::{StoreError, StoreErrorKind, stored::StoredFormError};
use tokio_postgres::error::SqlState;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("SQLite did not do it")]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Form(#[from] StoredFormError),
    #[error("{} cannot be made", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "the database has schema version {found}, and this release knows versions up to {known}: a newer release wrote it"
    )]
    NewerSchema { found: i64, known: i64 },
    #[error("the database is that of another program")]
    NotOurs,
    #[error("the database can be read only; the store must write to it")]
    ReadOnly,
    /// Without what PostgreSQL says of the values: they may be secrets, and are nobody's business in a log.
    #[error("PostgreSQL: {message}")]
    Postgres {
        code: Option<SqlState>,
        message: String,
    },
    /// Whether a transaction was written is unknown.
    #[error("the connection to PostgreSQL was lost while it committed: {message}")]
    CommitLost { message: String },
    #[error("`{name}` is no address of a database: {reason}")]
    Address { name: String, reason: String },
    #[error("encrypted connections cannot be made")]
    Tls(#[source] rustls::Error),
    #[error("the root certificates in {} cannot be used: {reason}", path.display())]
    RootCertificate { path: PathBuf, reason: String },
    #[error("the copy is made by PostgreSQL's own tools, such as pg_dump")]
    BackupElsewhere,
    #[error("no runtime for a connection could be made")]
    Runtime(#[source] io::Error),
    #[error(
        "the file system does not allow a write-ahead log; the database must be on a local disk"
    )]
    NoWriteAheadLog,
    #[error("{0} is damaged")]
    Damaged(&'static str),
    #[error(
        "a stored token has form {found}, and this release reads forms up to {known}: a newer release wrote it"
    )]
    NewerToken { found: u32, known: u32 },
    #[error("a stored token cannot be read")]
    Token(#[source] serde_json::Error),
    /// A conditional write found something else than was expected.
    #[error("somebody else wrote first")]
    Conflict,
    #[error("the thread that holds the database has ended")]
    Stopped,
    #[error("no thread could be started")]
    Thread(#[source] io::Error),
}

impl Error {
    /// The error of a store that was doing `action`.
    pub(crate) fn while_doing(self, action: impl Into<String>) -> StoreError {
        match self.kind() {
            StoreErrorKind::Conflict => StoreError::conflict(action),
            kind => StoreError::new(kind, action, self),
        }
    }

    /// The error of a token store that was doing `action`.
    pub(crate) fn of_tokens(self, action: impl Into<String>) -> TokenStoreError {
        TokenStoreError::new(action, self)
    }

    fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Sqlite(error) => kind_of(error),
            Self::Postgres { code, .. } => kind_of_code(code.as_ref()),
            Self::CommitLost { .. } => StoreErrorKind::Unavailable,
            Self::Form(StoredFormError::NotStorable { .. })
            | Self::NoWriteAheadLog
            | Self::Stopped
            | Self::Thread(_)
            | Self::Runtime(_)
            | Self::ReadOnly
            | Self::Address { .. }
            | Self::BackupElsewhere
            | Self::Tls(_)
            | Self::RootCertificate { .. }
            | Self::File { .. } => StoreErrorKind::Other,
            Self::Form(_)
            | Self::NewerSchema { .. }
            | Self::NotOurs
            | Self::Damaged(_)
            | Self::NewerToken { .. }
            | Self::Token(_) => StoreErrorKind::Corrupt,
            Self::Conflict => StoreErrorKind::Conflict,
        }
    }
}

fn kind_of(error: &rusqlite::Error) -> StoreErrorKind {
    match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => return StoreErrorKind::Corrupt,
        _ => {}
    }
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure,
        ) => StoreErrorKind::Unavailable,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Other,
    }
}

/// What PostgreSQL says; nothing when it could not be asked.
fn kind_of_code(code: Option<&SqlState>) -> StoreErrorKind {
    let Some(code) = code else {
        return StoreErrorKind::Unavailable;
    };
    if *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT {
        return StoreErrorKind::Unavailable;
    }
    // https://www.postgresql.org/docs/current/errcodes-appendix.html: connection exception, transaction rollback,
    // insufficient resources, object not in prerequisite state (a lock), operator intervention, system error.
    match code.code().get(..2) {
        Some("08" | "40" | "53" | "55" | "57" | "58") => StoreErrorKind::Unavailable,
        Some("XX") => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Other,
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(said) = error.as_db_error() {
            return Self::Postgres {
                code: Some(said.code().clone()),
                message: said.message().to_owned(),
            };
        }
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let said = cause.to_string();
            if !message.contains(&said) {
                message = format!("{message}: {said}");
            }
            source = cause.source();
        }
        Self::Postgres {
            code: None,
            message,
        }
    }
}

//! What can go wrong inside, and what callers are told.

use std::{io, path::PathBuf};

use client_core::TokenStoreError;
use rusqlite::ErrorCode;
use sync_core::{StoreError, StoreErrorKind, stored::StoredFormError};

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
    #[error("the file is a database of another program")]
    NotOurs,
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
            Self::Form(StoredFormError::NotStorable { .. })
            | Self::NoWriteAheadLog
            | Self::Stopped
            | Self::Thread(_)
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

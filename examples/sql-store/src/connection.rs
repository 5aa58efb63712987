//! Connections to the database and their settings.

use std::{fs::OpenOptions, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};

use crate::{
    error::Error,
    options::{SqliteStoreBuilder, Synchronous},
    schema,
};

/// Statements kept prepared: more than this crate has.
const STATEMENTS: usize = 128;

/// Opens the connection that writes, and brings the schema up to date.
pub(crate) fn writer(options: &SqliteStoreBuilder) -> Result<Connection, Error> {
    make_file(&options.path)?;
    let mut connection = open(&options.path, options.busy_timeout)?;
    schema::check_origin(&connection)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Error::NoWriteAheadLog);
    }
    configure_writer(&connection, options.synchronous)?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

/// Opens the connection that only reads. It does not wait for the one that writes.
pub(crate) fn reader(options: &SqliteStoreBuilder) -> Result<Connection, Error> {
    let connection = open(&options.path, options.busy_timeout)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Opens a database that lives as long as its connection.
pub(crate) fn in_memory() -> Result<Connection, Error> {
    let mut connection = Connection::open_in_memory()?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    configure_writer(&connection, Synchronous::Normal)?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

/// Makes the file if there is none, for its owner alone: it may hold tokens. SQLite gives the files that it keeps
/// beside it the same permissions.
fn make_file(path: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options.open(path);
    made.map(drop).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

fn open(path: &Path, busy_timeout: Duration) -> Result<Connection, Error> {
    // Without SQLITE_OPEN_URI: a path is a path, whatever it begins with. Without a mutex: one thread uses it.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

fn configure_writer(connection: &Connection, synchronous: Synchronous) -> Result<(), Error> {
    let synchronous = match synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // A negative number counts KiB: enough for the indexes of a large queue.
    connection.pragma_update(None, "cache_size", -16_384)?;
    // Bytes: gives back what a burst made the log grow by.
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    Ok(())
}

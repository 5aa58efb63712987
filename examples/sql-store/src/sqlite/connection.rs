//! Connections to the database and their settings.

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{
    error::Error,
    schema,
    sqlite::{
        options::{SqliteStoreBuilder, Synchronous},
        session::SqliteSession,
    },
};

/// Statements kept prepared: more than this crate has.
const STATEMENTS: usize = 128;

/// Held while a database is opened to write. Closing any handle of a file gives up the locks that this process has on
/// it, also those that SQLite has taken for another store: so nobody may open the new file before it was closed.
static OPENING: Mutex<()> = Mutex::new(());

/// How often a switch to the write-ahead log is tried while other processes do the same.
const SWITCHES: usize = 100;

/// Opens the connection that writes, and brings the schema up to date.
pub(crate) fn writer(options: &SqliteStoreBuilder) -> Result<SqliteSession, Error> {
    // It guards nothing that a panic could have left half done.
    let _opening = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    make_file(&options.path)?;
    let mut session = SqliteSession(open(&options.path, options.busy_timeout)?);
    schema::check_origin(&mut session)?;
    if session.0.is_readonly(rusqlite::MAIN_DB)? {
        return Err(Error::ReadOnly);
    }
    use_write_ahead_log(&session.0)?;
    configure_writer(&session.0, options.synchronous)?;
    schema::migrate(&mut session)?;
    Ok(session)
}

fn use_write_ahead_log(connection: &Connection) -> Result<(), Error> {
    for _ in 0..SWITCHES {
        let mode = connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => return Err(Error::NoWriteAheadLog),
            // SQLite does not wait here, lest two wait for each other. It does where a transaction begins.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK;")?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::NoWriteAheadLog)
}

/// Opens the connection that only reads. It does not wait for the one that writes.
pub(crate) fn reader(options: &SqliteStoreBuilder) -> Result<SqliteSession, Error> {
    let connection = open(&options.path, options.busy_timeout)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(SqliteSession(connection))
}

/// Opens a database in a file that has no name and is gone with the connection.
pub(crate) fn temporary() -> Result<Connection, Error> {
    let connection = Connection::open("")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Nobody misses it after a crash, so nothing need be undone or waited for.
    connection.pragma_update(None, "journal_mode", "OFF")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    Ok(connection)
}

/// Opens a connection for something else than the store's own work.
pub(crate) fn plain(path: &Path) -> Result<Connection, Error> {
    open(path, Duration::from_secs(10))
}

/// Opens a database that lives as long as its connection.
pub(crate) fn in_memory() -> Result<SqliteSession, Error> {
    let connection = Connection::open_in_memory()?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    configure_writer(&connection, Synchronous::Normal)?;
    let mut session = SqliteSession(connection);
    schema::migrate(&mut session)?;
    Ok(session)
}

/// Makes the file if there is none, for its owner alone: it may hold tokens. SQLite gives the files that it keeps
/// beside it the same permissions. A file that exists is not touched. Returns whether it was made.
pub(super) fn make_file(path: &Path) -> Result<bool, Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(source) => Err(Error::File {
            path: path.to_owned(),
            source,
        }),
    }
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

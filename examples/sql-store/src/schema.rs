//! The tables, and how older databases are brought up to date.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::error::Error;

/// Each takes a database from the version before to its own; the first starts from nothing. What was released is never
/// changed: a change is a further migration.
const MIGRATIONS: &[&str] = &[VERSION_1];

const VERSION_1: &str = "
    -- Gives out link ids, revisions, fencing tokens and queue positions. No number is given out twice.
    CREATE TABLE sequence (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        last INTEGER NOT NULL
    ) STRICT;
    INSERT INTO sequence (id, last) VALUES (1, 0);

    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY,
        connection TEXT NOT NULL,
        flow TEXT NOT NULL,
        side TEXT NOT NULL CHECK (side IN ('left', 'right')),
        record TEXT NOT NULL,
        generation INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        cause TEXT NOT NULL,
        queued_at INTEGER NOT NULL,
        position INTEGER NOT NULL,
        -- 0: waits until available_at, which is when it is due or its lease lapses.
        -- 1: was found due, and waits for its turn in order of position.
        -- 2: parked.
        state INTEGER NOT NULL CHECK (state IN (0, 1, 2)),
        available_at INTEGER NOT NULL,
        -- The lease, until somebody else takes the job.
        token INTEGER,
        worker TEXT,
        parked TEXT,
        -- The key that a parked job waits for.
        waits_flow TEXT,
        waits_side TEXT,
        waits_record TEXT,
        UNIQUE (connection, flow, side, record),
        CHECK ((state = 2) = (parked IS NOT NULL)),
        CHECK (state < 2 OR token IS NULL),
        CHECK (state = 2 OR waits_flow IS NULL)
    ) STRICT;
    CREATE INDEX jobs_by_position ON jobs (connection, flow, position, available_at) WHERE state = 1;
    CREATE INDEX jobs_by_time ON jobs (connection, flow, state, available_at, queued_at);
    CREATE INDEX jobs_parked ON jobs (connection, flow, side, record) WHERE state = 2;
    CREATE INDEX jobs_by_parent ON jobs (connection, waits_flow, waits_side, waits_record)
        WHERE waits_flow IS NOT NULL;

    CREATE TABLE links (
        id INTEGER PRIMARY KEY,
        connection TEXT NOT NULL,
        flow TEXT NOT NULL,
        left_record TEXT,
        right_record TEXT,
        revision INTEGER NOT NULL,
        content TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX links_by_left ON links (connection, flow, left_record) WHERE left_record IS NOT NULL;
    CREATE UNIQUE INDEX links_by_right ON links (connection, flow, right_record) WHERE right_record IS NOT NULL;
    CREATE INDEX links_in_order ON links (connection, flow);
    CREATE INDEX links_half ON links (connection, flow) WHERE left_record IS NULL OR right_record IS NULL;

    CREATE TABLE documents (
        connection TEXT NOT NULL,
        name TEXT NOT NULL,
        revision INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (connection, name)
    ) STRICT, WITHOUT ROWID;

    -- AUTOINCREMENT: a number is not given out again when old entries are removed.
    CREATE TABLE audit (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        connection TEXT NOT NULL,
        left_record TEXT,
        right_record TEXT,
        entry TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_in_order ON audit (connection);
    CREATE INDEX audit_by_left ON audit (connection, left_record) WHERE left_record IS NOT NULL;
    CREATE INDEX audit_by_right ON audit (connection, right_record) WHERE right_record IS NOT NULL;

    CREATE TABLE tokens (
        name TEXT PRIMARY KEY,
        revision INTEGER NOT NULL,
        token TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
";

const HAS_TABLE: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version')";

/// In one statement: another process may be making the tables at this moment.
const IS_OURS_OR_EMPTY: &str = "
    SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)
        OR EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version')";

/// Refuses the database of another program before anything in it is touched.
pub(crate) fn check_origin(connection: &Connection) -> Result<(), Error> {
    let is_fine: bool = connection.query_row(IS_OURS_OR_EMPTY, [], |row| row.get(0))?;
    if is_fine { Ok(()) } else { Err(Error::NotOurs) }
}

/// Brings the database up to date. Processes that do so at the same time wait for each other.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version(connection)? == known {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY) STRICT;",
    )?;
    let found = version(&transaction)?;
    if found > known {
        return Err(Error::NewerSchema { found, known });
    }
    for (migration, number) in MIGRATIONS.iter().zip(1..) {
        if number > found {
            transaction.execute_batch(migration)?;
            transaction.execute("INSERT INTO schema_version (version) VALUES (?1)", [number])?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// The version of the database; 0 when it has none.
fn version(connection: &Connection) -> Result<i64, Error> {
    let has_table: bool = connection.query_row(HAS_TABLE, [], |row| row.get(0))?;
    if !has_table {
        return Ok(0);
    }
    let newest = connection.query_row("SELECT max(version) FROM schema_version", [], |row| {
        row.get(0)
    });
    Ok(newest.optional()?.flatten().unwrap_or(0))
}

//! The tables, and how older databases are brought up to date.

use crate::{
    error::Error,
    sql::{Dialect, Session, Sql, Statement},
};

/// Takes a database from the version before to its own; the first starts from nothing.
struct Migration {
    sqlite: &'static str,
    postgres: &'static str,
}

/// In order of version, from 1. What was released is never changed: a change is a further migration.
const MIGRATIONS: &[Migration] = &[Migration {
    sqlite: include_str!("migrations/1.sqlite.sql"),
    postgres: include_str!("migrations/1.postgres.sql"),
}];

static HAS_VERSION: Statement = Statement::each(
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'",
    "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_version'",
);
static VERSION: Statement = Statement::shared("SELECT max(version) FROM schema_version");
static SET_VERSION: Statement =
    Statement::shared("INSERT INTO schema_version (version) VALUES (?1)");

/// Tables that stand in the way. A SQLite file is ours alone; of a PostgreSQL schema, only what has our names.
static FOREIGN_TABLES: Statement = Statement::each(
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
    "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema()
        AND tablename IN ('jobs', 'links', 'documents', 'audit', 'tokens', 'sequence')",
);

/// Two processes that make the tables at once wait for each other. SQLite has one writer at a time anyway.
const LOCK_IN_POSTGRES: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended('sql-store migration', 0))";
/// A standby, or a server, database or user that is set so.
static READ_ONLY: Statement = Statement::each(
    "SELECT 0",
    "SELECT count(*) FROM pg_catalog.pg_settings
    WHERE name IN ('default_transaction_read_only', 'in_hot_standby') AND setting = 'on'",
);

/// Refuses the database of another program before anything in it is touched.
pub(crate) fn check_origin(session: &mut dyn Session) -> Result<(), Error> {
    session.read(|sql| {
        // In this order: another process may be making the tables at this moment.
        let foreign = sql.find_total(FOREIGN_TABLES.with([]))?.integer()?;
        let is_ours = foreign == 0 || has_version(sql)?;
        if is_ours { Ok(()) } else { Err(Error::NotOurs) }
    })
}

/// Brings the database up to date. Processes that do so at the same time wait for each other.
pub(crate) fn migrate(session: &mut dyn Session) -> Result<(), Error> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let is_up_to_date = session.read(|sql| {
        if sql.find_total(READ_ONLY.with([]))?.integer()? != 0 {
            return Err(Error::ReadOnly);
        }
        Ok(version(sql)? == known)
    })?;
    if is_up_to_date {
        return Ok(());
    }
    session.write(|sql| {
        if sql.dialect() == Dialect::Postgres {
            sql.script(LOCK_IN_POSTGRES)?;
        }
        sql.script("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY)")?;
        let found = version(sql)?;
        if found > known {
            return Err(Error::NewerSchema { found, known });
        }
        for (migration, number) in MIGRATIONS.iter().zip(1..) {
            if number > found {
                sql.script(match sql.dialect() {
                    Dialect::Sqlite => migration.sqlite,
                    Dialect::Postgres => migration.postgres,
                })?;
                sql.change(SET_VERSION.with([number.into()]))?;
            }
        }
        Ok(())
    })
}

fn has_version(sql: &mut dyn Sql) -> Result<bool, Error> {
    Ok(sql.find_total(HAS_VERSION.with([]))?.integer()? != 0)
}

/// The version of the database; 0 when it has none.
fn version(sql: &mut dyn Sql) -> Result<i64, Error> {
    if !has_version(sql)? {
        return Ok(0);
    }
    let newest = sql.find_total(VERSION.with([]))?.optional_integer()?;
    Ok(newest.unwrap_or(0))
}

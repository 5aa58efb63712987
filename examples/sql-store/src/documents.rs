//! Small named documents.

use rusqlite::{Connection, OptionalExtension, params};
use sync_core::{ConnectionId, DocumentWrite, Revision};

use crate::{
    error::Error,
    transaction::{Writing, column, number},
};

pub(crate) const READ: &str =
    "SELECT body, revision FROM documents WHERE connection = ?1 AND name = ?2";
pub(crate) const INSERT: &str = "
    INSERT INTO documents (connection, name, revision, body) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO NOTHING";
pub(crate) const REPLACE: &str = "
    UPDATE documents SET revision = ?3, body = ?4
    WHERE connection = ?1 AND name = ?2 AND revision = ?5";

pub(crate) fn read(
    sql: &Connection,
    connection: &ConnectionId,
    name: &str,
) -> Result<Option<(String, Revision)>, Error> {
    let mut statement = sql.prepare_cached(READ)?;
    let found: Option<(String, i64)> = statement
        .query_row(params![connection.as_str(), name], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    found
        .map(|(body, revision)| Ok((body, Revision(number(revision)?))))
        .transpose()
}

/// Writes the document, or fails with [`Error::Conflict`].
pub(crate) fn write(
    sql: &mut Writing<'_>,
    connection: &ConnectionId,
    write: &DocumentWrite,
) -> Result<Revision, Error> {
    let revision = sql.next_number()?;
    let connection = connection.as_str();
    let changed = match write.expected {
        None => sql
            .prepare_cached(INSERT)?
            .execute(params![connection, write.name, revision, write.body])?,
        Some(Revision(expected)) => {
            let expected = column(expected);
            sql.prepare_cached(REPLACE)?.execute(params![
                connection, write.name, revision, write.body, expected
            ])?
        }
    };
    if changed == 0 {
        return Err(Error::Conflict);
    }
    Ok(Revision(number(revision)?))
}

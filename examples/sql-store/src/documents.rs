//! Small named documents.

use sync_core::{ConnectionId, DocumentWrite, Revision};

use crate::{
    error::Error,
    sql::{Sql, Statement, column, number},
};

pub(crate) static READ: Statement =
    Statement::shared("SELECT body, revision FROM documents WHERE connection = ?1 AND name = ?2");
pub(crate) static INSERT: Statement = Statement::shared(
    "INSERT INTO documents (connection, name, revision, body) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO NOTHING",
);
pub(crate) static REPLACE: Statement = Statement::shared(
    "UPDATE documents SET revision = ?3, body = ?4
    WHERE connection = ?1 AND name = ?2 AND revision = ?5",
);

pub(crate) fn read(
    sql: &mut dyn Sql,
    connection: &ConnectionId,
    name: &str,
) -> Result<Option<(String, Revision)>, Error> {
    let found = sql.find_one(READ.with([connection.as_str().into(), name.into()]))?;
    found
        .map(|mut row| Ok((row.text()?, Revision(number(row.integer()?)?))))
        .transpose()
}

/// Writes the document, or fails with [`Error::Conflict`].
pub(crate) fn write(
    sql: &mut dyn Sql,
    connection: &ConnectionId,
    write: &DocumentWrite,
) -> Result<Revision, Error> {
    let revision = sql.numbers(1)?.take()?;
    let (connection, name) = (connection.as_str(), write.name.as_str());
    let body = write.body.as_str();
    let step = match write.expected {
        None => INSERT.with([connection.into(), name.into(), revision.into(), body.into()]),
        Some(Revision(expected)) => REPLACE.with([
            connection.into(),
            name.into(),
            revision.into(),
            body.into(),
            column(expected).into(),
        ]),
    };
    if sql.change(step)? == 0 {
        return Err(Error::Conflict);
    }
    Ok(Revision(number(revision)?))
}

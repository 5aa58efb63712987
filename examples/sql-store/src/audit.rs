//! The audit trail.

use sync_core::{AuditEntry, AuditQuery, ConnectionId, RecordId, Side, StoredAudit, stored};

use crate::{
    error::Error,
    sql::{Dialect, Row, Sql, Statement, Step, column, limit, number},
};

/// Entries of a connection get their numbers in the order in which they become visible, lest somebody who reads page by
/// page passes by one that comes later with a lower number. Held to the end of the transaction, and so taken last.
pub(crate) static IN_TURN: Statement = Statement::each(
    "SELECT ?1",
    "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/' || ?1, 0))",
);
pub(crate) static APPEND: Statement = Statement::shared(
    "INSERT INTO audit (connection, left_record, right_record, entry) VALUES (?1, ?2, ?3, ?4)",
);
pub(crate) static PAGE: Statement = Statement::shared(
    "SELECT sequence, entry FROM audit
    WHERE connection = ?1 AND sequence > ?2
    ORDER BY sequence LIMIT ?3",
);
pub(crate) static PAGE_OF_LEFT: Statement = Statement::shared(
    "SELECT sequence, entry FROM audit
    WHERE connection = ?1 AND sequence > ?2 AND left_record = ?4
    ORDER BY sequence LIMIT ?3",
);
pub(crate) static PAGE_OF_RIGHT: Statement = Statement::shared(
    "SELECT sequence, entry FROM audit
    WHERE connection = ?1 AND sequence > ?2 AND right_record = ?4
    ORDER BY sequence LIMIT ?3",
);

/// Adds the steps that append `entries`. They come last in their transaction.
pub(crate) fn append<'a>(
    steps: &mut Vec<Step<'a>>,
    dialect: Dialect,
    connection: &'a ConnectionId,
    entries: impl IntoIterator<Item = &'a AuditEntry>,
) -> Result<(), Error> {
    let mut entries = entries.into_iter().peekable();
    if entries.peek().is_some() && dialect == Dialect::Postgres {
        steps.push(IN_TURN.with([connection.as_str().into()]));
    }
    for entry in entries {
        steps.push(APPEND.with([
            connection.as_str().into(),
            entry.ids.left.as_ref().map(RecordId::as_str).into(),
            entry.ids.right.as_ref().map(RecordId::as_str).into(),
            stored::encode_audit(entry)?.into(),
        ]));
    }
    Ok(())
}

pub(crate) fn page(
    sql: &mut dyn Sql,
    connection: &ConnectionId,
    query: &AuditQuery,
) -> Result<Vec<StoredAudit>, Error> {
    let after = column(query.after.unwrap_or(0)).into();
    let connection = connection.as_str().into();
    let limit = limit(query.limit).into();
    let step = match &query.record {
        None => PAGE.with([connection, after, limit]),
        Some((side, id)) => {
            let page = match side {
                Side::Left => &PAGE_OF_LEFT,
                Side::Right => &PAGE_OF_RIGHT,
            };
            page.with([connection, after, limit, id.as_str().into()])
        }
    };
    sql.find(step)?.into_iter().map(entry).collect()
}

fn entry(mut row: Row) -> Result<StoredAudit, Error> {
    Ok(StoredAudit {
        sequence: number(row.integer()?)?,
        entry: stored::decode_audit(&row.text()?)?,
    })
}

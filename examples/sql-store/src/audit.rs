//! The audit trail.

use rusqlite::{Connection, Row, params};
use sync_core::{AuditEntry, AuditQuery, ConnectionId, RecordId, Side, StoredAudit, stored};

use crate::{
    error::Error,
    transaction::{Writing, column, limit, number},
};

pub(crate) const APPEND: &str =
    "INSERT INTO audit (connection, left_record, right_record, entry) VALUES (?1, ?2, ?3, ?4)";
pub(crate) const PAGE: &str = "
    SELECT sequence, entry FROM audit
    WHERE connection = ?1 AND sequence > ?2
    ORDER BY sequence LIMIT ?3";
pub(crate) const PAGE_OF_LEFT: &str = "
    SELECT sequence, entry FROM audit
    WHERE connection = ?1 AND sequence > ?2 AND left_record = ?4
    ORDER BY sequence LIMIT ?3";
pub(crate) const PAGE_OF_RIGHT: &str = "
    SELECT sequence, entry FROM audit
    WHERE connection = ?1 AND sequence > ?2 AND right_record = ?4
    ORDER BY sequence LIMIT ?3";

pub(crate) fn append(
    sql: &Writing<'_>,
    connection: &ConnectionId,
    entries: &[AuditEntry],
) -> Result<(), Error> {
    let mut statement = sql.prepare_cached(APPEND)?;
    for entry in entries {
        let left = entry.ids.left.as_ref().map(RecordId::as_str);
        let right = entry.ids.right.as_ref().map(RecordId::as_str);
        statement.execute(params![
            connection.as_str(),
            left,
            right,
            stored::encode_audit(entry)?
        ])?;
    }
    Ok(())
}

pub(crate) fn page(
    sql: &Connection,
    connection: &ConnectionId,
    query: &AuditQuery,
) -> Result<Vec<StoredAudit>, Error> {
    let after = column(query.after.unwrap_or(0));
    let connection = connection.as_str();
    let limit = limit(query.limit);
    let rows: rusqlite::Result<Vec<(i64, String)>> = match &query.record {
        None => sql
            .prepare_cached(PAGE)?
            .query_map(params![connection, after, limit], pair)?
            .collect(),
        Some((side, id)) => {
            let page = match side {
                Side::Left => PAGE_OF_LEFT,
                Side::Right => PAGE_OF_RIGHT,
            };
            sql.prepare_cached(page)?
                .query_map(params![connection, after, limit, id.as_str()], pair)?
                .collect()
        }
    };
    let stored = |(sequence, entry): (i64, String)| {
        Ok(StoredAudit {
            sequence: number(sequence)?,
            entry: stored::decode_audit(&entry)?,
        })
    };
    rows?.into_iter().map(stored).collect()
}

fn pair(row: &Row<'_>) -> rusqlite::Result<(i64, String)> {
    Ok((row.get(0)?, row.get(1)?))
}

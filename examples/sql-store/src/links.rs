//! Links.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sync_core::{
    ConnectionId, Counts, FlowName, Link, LinkContent, LinkId, LinkWrite, RecordId, Refused,
    Revision, Side, stored,
};

use crate::{
    error::Error,
    transaction::{Writing, column, limit, number},
};

pub(crate) const BY_LEFT: &str = "SELECT id, revision, content FROM links WHERE connection = ?1 AND flow = ?2 AND left_record = ?3";
pub(crate) const BY_RIGHT: &str = "SELECT id, revision, content FROM links WHERE connection = ?1 AND flow = ?2 AND right_record = ?3";
pub(crate) const ID_BY_LEFT: &str =
    "SELECT id FROM links WHERE connection = ?1 AND flow = ?2 AND left_record = ?3";
pub(crate) const ID_BY_RIGHT: &str =
    "SELECT id FROM links WHERE connection = ?1 AND flow = ?2 AND right_record = ?3";
pub(crate) const LEFT_OF_RIGHT: &str =
    "SELECT left_record FROM links WHERE connection = ?1 AND flow = ?2 AND right_record = ?3";
pub(crate) const PAGE: &str = "
    SELECT id, revision, content FROM links
    WHERE connection = ?1 AND flow = ?2 AND id > ?3
    ORDER BY id LIMIT ?4";
pub(crate) const BY_ID: &str =
    "SELECT revision, content FROM links WHERE id = ?1 AND connection = ?2 AND flow = ?3";
pub(crate) const INSERT: &str = "
    INSERT INTO links (id, connection, flow, left_record, right_record, revision, content)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
pub(crate) const REPLACE: &str = "UPDATE links SET left_record = ?2, right_record = ?3, revision = ?4, content = ?5 WHERE id = ?1";
pub(crate) const REMOVE: &str = "DELETE FROM links WHERE id = ?1";
pub(crate) const COUNT: &str = "SELECT count(*) FROM links WHERE connection = ?1 AND flow = ?2";
pub(crate) const COUNT_HALF: &str = "
    SELECT count(*) FROM links
    WHERE connection = ?1 AND flow = ?2 AND (left_record IS NULL OR right_record IS NULL)";

/// The link that a record belongs to.
pub(crate) fn of(
    sql: &Connection,
    connection: &ConnectionId,
    flow: &FlowName,
    (side, id): &(Side, RecordId),
) -> Result<Option<Link>, Error> {
    let query = match side {
        Side::Left => BY_LEFT,
        Side::Right => BY_RIGHT,
    };
    let mut statement = sql.prepare_cached(query)?;
    let found = statement
        .query_row(
            params![connection.as_str(), flow.as_str(), id.as_str()],
            row,
        )
        .optional()?;
    found.map(link).transpose()
}

/// The left identity of the pair that a right record belongs to, if both are known.
pub(crate) fn left_of_right(
    sql: &Connection,
    connection: &ConnectionId,
    flow: &FlowName,
    right: &RecordId,
) -> Result<Option<RecordId>, Error> {
    let mut statement = sql.prepare_cached(LEFT_OF_RIGHT)?;
    let left: Option<Option<String>> = statement
        .query_row(
            params![connection.as_str(), flow.as_str(), right.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    Ok(left.flatten().map(RecordId::from))
}

/// Links in order of id.
pub(crate) fn page(
    sql: &Connection,
    connection: &ConnectionId,
    flow: &FlowName,
    after: Option<LinkId>,
    at_most: usize,
) -> Result<Vec<Link>, Error> {
    let after = after.map_or(-1, |LinkId(id)| column(id));
    let mut statement = sql.prepare_cached(PAGE)?;
    let rows = statement.query_map(
        params![connection.as_str(), flow.as_str(), after, limit(at_most)],
        row,
    )?;
    rows.map(|row| link(row?)).collect()
}

pub(crate) fn count(
    sql: &Connection,
    connection: &ConnectionId,
    flow: &FlowName,
    counts: &mut Counts,
) -> Result<(), Error> {
    let count = |query| -> Result<u64, Error> {
        let mut statement = sql.prepare_cached(query)?;
        number(
            statement.query_row(params![connection.as_str(), flow.as_str()], |row| {
                row.get(0)
            })?,
        )
    };
    counts.half_linked = count(COUNT_HALF)?;
    counts.linked = count(COUNT)?.saturating_sub(counts.half_linked);
    Ok(())
}

/// Makes the change, or none at all. Gives the link as it is now or, when it was removed, as it was.
pub(crate) fn write(
    sql: &mut Writing<'_>,
    connection: &ConnectionId,
    flow: &FlowName,
    write: &LinkWrite,
) -> Result<Result<Link, Refused>, Error> {
    match write {
        LinkWrite::Insert(content) => {
            if let Some(refused) = taken(sql, connection, flow, content, None)? {
                return Ok(Err(refused));
            }
            insert(sql, connection, flow, content).map(Ok)
        }
        LinkWrite::Replace {
            id,
            expected,
            content,
        } => {
            if current(sql, connection, flow, *id, *expected)?.is_none() {
                return Ok(Err(Refused::StaleLink));
            }
            if let Some(refused) = taken(sql, connection, flow, content, Some(*id))? {
                return Ok(Err(refused));
            }
            replace(sql, *id, content).map(Ok)
        }
        LinkWrite::Remove { id, expected } => {
            let Some(link) = current(sql, connection, flow, *id, *expected)? else {
                return Ok(Err(Refused::StaleLink));
            };
            sql.prepare_cached(REMOVE)?.execute([column(id.0)])?;
            Ok(Ok(link))
        }
    }
}

/// The link, if it still has the expected revision.
fn current(
    sql: &Connection,
    connection: &ConnectionId,
    flow: &FlowName,
    id: LinkId,
    expected: Revision,
) -> Result<Option<Link>, Error> {
    let mut statement = sql.prepare_cached(BY_ID)?;
    let found: Option<(i64, String)> = statement
        .query_row(
            params![column(id.0), connection.as_str(), flow.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    match found {
        Some((revision, content)) if revision == column(expected.0) => {
            link((column(id.0), revision, content)).map(Some)
        }
        _ => Ok(None),
    }
}

/// Whether an identity of `content` belongs to another link than `own`.
fn taken(
    sql: &Connection,
    connection: &ConnectionId,
    flow: &FlowName,
    content: &LinkContent,
    own: Option<LinkId>,
) -> Result<Option<Refused>, Error> {
    for (side, query) in [(Side::Left, ID_BY_LEFT), (Side::Right, ID_BY_RIGHT)] {
        let Some(record) = content.ids.get(side) else {
            continue;
        };
        let mut statement = sql.prepare_cached(query)?;
        let owner: Option<i64> = statement
            .query_row(
                params![connection.as_str(), flow.as_str(), record.as_str()],
                |row| row.get(0),
            )
            .optional()?;
        if owner.is_some() && owner != own.map(|LinkId(id)| column(id)) {
            return Ok(Some(Refused::AlreadyLinked { side }));
        }
    }
    Ok(None)
}

fn insert(
    sql: &mut Writing<'_>,
    connection: &ConnectionId,
    flow: &FlowName,
    content: &LinkContent,
) -> Result<Link, Error> {
    let (id, revision) = (sql.next_number()?, sql.next_number()?);
    let (left, right) = records(content);
    let text = stored::encode_link(content)?;
    sql.prepare_cached(INSERT)?.execute(params![
        id,
        connection.as_str(),
        flow.as_str(),
        left,
        right,
        revision,
        text
    ])?;
    Ok(Link {
        id: LinkId(number(id)?),
        revision: Revision(number(revision)?),
        content: content.clone(),
    })
}

fn replace(sql: &mut Writing<'_>, id: LinkId, content: &LinkContent) -> Result<Link, Error> {
    let revision = sql.next_number()?;
    let (left, right) = records(content);
    let text = stored::encode_link(content)?;
    sql.prepare_cached(REPLACE)?
        .execute(params![column(id.0), left, right, revision, text])?;
    Ok(Link {
        id,
        revision: Revision(number(revision)?),
        content: content.clone(),
    })
}

fn records(content: &LinkContent) -> (Option<&str>, Option<&str>) {
    (
        content.ids.left.as_ref().map(RecordId::as_str),
        content.ids.right.as_ref().map(RecordId::as_str),
    )
}

type LinkRow = (i64, i64, String);

fn row(row: &Row<'_>) -> rusqlite::Result<LinkRow> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn link((id, revision, content): LinkRow) -> Result<Link, Error> {
    let content = stored::decode_link(&content)?;
    Ok(Link {
        id: LinkId(number(id)?),
        revision: Revision(number(revision)?),
        content,
    })
}

//! Links.

use sync_core::{
    ConnectionId, Counts, FlowName, JobKey, Link, LinkContent, LinkId, RecordId, Revision, Side,
    Sides, stored,
};

use crate::{
    error::Error,
    sql::{Row, Sql, Statement, Step, column, limit, locking, number},
};

pub(crate) static BY_LEFT: Statement = Statement::shared(
    "SELECT id, revision, content FROM links WHERE connection = ?1 AND flow = ?2 AND left_record = ?3",
);
pub(crate) static BY_RIGHT: Statement = Statement::shared(
    "SELECT id, revision, content FROM links WHERE connection = ?1 AND flow = ?2 AND right_record = ?3",
);
pub(crate) static ID_BY_LEFT: Statement = Statement::shared(
    "SELECT id FROM links WHERE connection = ?1 AND flow = ?2 AND left_record = ?3",
);
pub(crate) static ID_BY_RIGHT: Statement = Statement::shared(
    "SELECT id FROM links WHERE connection = ?1 AND flow = ?2 AND right_record = ?3",
);
pub(crate) static LEFT_OF_RIGHT: Statement = Statement::shared(
    "SELECT left_record FROM links WHERE connection = ?1 AND flow = ?2 AND right_record = ?3",
);
pub(crate) static PAGE: Statement = Statement::shared(
    "SELECT id, revision, content FROM links
    WHERE connection = ?1 AND flow = ?2 AND id > ?3
    ORDER BY id LIMIT ?4",
);
pub(crate) static LOCK: Statement = locking!(
    "SELECT revision, left_record, right_record, content FROM links
    WHERE id = ?1 AND connection = ?2 AND flow = ?3"
);
pub(crate) static INSERT: Statement = Statement::shared(
    "INSERT INTO links (id, connection, flow, left_record, right_record, revision, content)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
);
pub(crate) static REPLACE: Statement = Statement::shared(
    "UPDATE links SET left_record = ?2, right_record = ?3, revision = ?4, content = ?5 WHERE id = ?1",
);
pub(crate) static REMOVE: Statement = Statement::shared("DELETE FROM links WHERE id = ?1");
pub(crate) static COUNT: Statement =
    Statement::shared("SELECT count(*) FROM links WHERE connection = ?1 AND flow = ?2");
pub(crate) static COUNT_HALF: Statement = Statement::shared(
    "SELECT count(*) FROM links
    WHERE connection = ?1 AND flow = ?2 AND (left_record IS NULL OR right_record IS NULL)",
);

/// The link that each record belongs to, in order.
pub(crate) fn of(
    sql: &mut dyn Sql,
    connection: &ConnectionId,
    flow: &FlowName,
    records: &[(Side, RecordId)],
) -> Result<Vec<Option<Link>>, Error> {
    let steps = records.iter().map(|(side, id)| {
        let query = match side {
            Side::Left => &BY_LEFT,
            Side::Right => &BY_RIGHT,
        };
        query.with([
            connection.as_str().into(),
            flow.as_str().into(),
            id.as_str().into(),
        ])
    });
    let found = sql.rows(&steps.collect::<Vec<_>>())?;
    found
        .into_iter()
        .map(|rows| rows.into_iter().next().map(link).transpose())
        .collect()
}

/// The key that hints for each record are filed under: the left identity of its pair, if that is known.
pub(crate) fn canonical<'k>(
    sql: &mut dyn Sql,
    connection: &ConnectionId,
    keys: impl Iterator<Item = &'k JobKey> + Clone,
) -> Result<Vec<JobKey>, Error> {
    let right = keys.clone().filter(|key| key.side == Side::Right);
    let steps = right.map(|key| {
        LEFT_OF_RIGHT.with([
            connection.as_str().into(),
            key.flow.as_str().into(),
            key.id.as_str().into(),
        ])
    });
    let mut found = sql.rows(&steps.collect::<Vec<_>>())?.into_iter();
    let mut canonical = Vec::new();
    for key in keys {
        let row = match key.side {
            Side::Left => None,
            Side::Right => found.next().and_then(|rows| rows.into_iter().next()),
        };
        let left = row
            .map(|mut row| row.optional_text())
            .transpose()?
            .flatten();
        canonical.push(left.map_or_else(
            || key.clone(),
            |left| JobKey {
                flow: key.flow.clone(),
                side: Side::Left,
                id: RecordId::from(left),
            },
        ));
    }
    Ok(canonical)
}

/// Links in order of id.
pub(crate) fn page(
    sql: &mut dyn Sql,
    connection: &ConnectionId,
    flow: &FlowName,
    after: Option<LinkId>,
    at_most: usize,
) -> Result<Vec<Link>, Error> {
    let after = after.map_or(-1, |LinkId(id)| column(id));
    let rows = sql.find(PAGE.with([
        connection.as_str().into(),
        flow.as_str().into(),
        after.into(),
        limit(at_most).into(),
    ]))?;
    rows.into_iter().map(link).collect()
}

pub(crate) fn count(
    sql: &mut dyn Sql,
    connection: &ConnectionId,
    flow: &FlowName,
    counts: &mut Counts,
) -> Result<(), Error> {
    let mut of = |query: &'static Statement| -> Result<u64, Error> {
        let step = query.with([connection.as_str().into(), flow.as_str().into()]);
        number(sql.find_total(step)?.integer()?)
    };
    counts.half_linked = of(&COUNT_HALF)?;
    counts.linked = of(&COUNT)?.saturating_sub(counts.half_linked);
    Ok(())
}

/// The step that finds a link and keeps others from changing it.
pub(crate) fn lock<'a>(connection: &'a ConnectionId, flow: &'a FlowName, id: LinkId) -> Step<'a> {
    LOCK.with([
        column(id.0).into(),
        connection.as_str().into(),
        flow.as_str().into(),
    ])
}

/// A link that a transaction has to itself.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) revision: i64,
    pub(crate) ids: Sides<Option<RecordId>>,
    /// As it is stored.
    pub(crate) content: String,
}

impl Locked {
    pub(crate) fn read(mut row: Row) -> Result<Self, Error> {
        Ok(Self {
            revision: row.integer()?,
            ids: Sides::new(
                row.optional_text()?.map(RecordId::from),
                row.optional_text()?.map(RecordId::from),
            ),
            content: row.text()?,
        })
    }
}

/// The step that finds the number of the link that a record belongs to.
pub(crate) fn owner<'a>(
    connection: &'a ConnectionId,
    flow: &'a FlowName,
    side: Side,
    record: &'a RecordId,
) -> Step<'a> {
    let query = match side {
        Side::Left => &ID_BY_LEFT,
        Side::Right => &ID_BY_RIGHT,
    };
    query.with([
        connection.as_str().into(),
        flow.as_str().into(),
        record.as_str().into(),
    ])
}

pub(crate) fn insert<'a>(
    connection: &'a ConnectionId,
    flow: &'a FlowName,
    id: i64,
    revision: i64,
    content: &'a LinkContent,
) -> Result<Step<'a>, Error> {
    let (left, right) = records(content);
    Ok(INSERT.with([
        id.into(),
        connection.as_str().into(),
        flow.as_str().into(),
        left.into(),
        right.into(),
        revision.into(),
        stored::encode_link(content)?.into(),
    ]))
}

pub(crate) fn replace(id: i64, revision: i64, content: &LinkContent) -> Result<Step<'_>, Error> {
    let (left, right) = records(content);
    Ok(REPLACE.with([
        id.into(),
        left.into(),
        right.into(),
        revision.into(),
        stored::encode_link(content)?.into(),
    ]))
}

pub(crate) fn remove(id: i64) -> Step<'static> {
    REMOVE.with([id.into()])
}

fn records(content: &LinkContent) -> (Option<&str>, Option<&str>) {
    (
        content.ids.left.as_ref().map(RecordId::as_str),
        content.ids.right.as_ref().map(RecordId::as_str),
    )
}

fn link(mut row: Row) -> Result<Link, Error> {
    Ok(Link {
        id: LinkId(number(row.integer()?)?),
        revision: Revision(number(row.integer()?)?),
        content: stored::decode_link(&row.text()?)?,
    })
}

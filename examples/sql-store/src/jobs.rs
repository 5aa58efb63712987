//! Jobs: the queue, its leases, and what is parked.

use jiff::Timestamp;
use sync_core::{
    Cause, Claim, ConnectionId, Counts, FencingToken, FlowName, Hint, Job, JobKey, ParkReason,
    Parked, ParkedJob, RecordId, Side, stored,
};

use crate::{
    error::Error,
    instant::{from_column, to_column},
    links,
    sql::{Dialect, Row, Sql, Statement, Step, limit, locking, number},
};

/// A new key is due at once; a queued one keeps its due time and place; a parked one is as good as new.
pub(crate) static ENQUEUE: Statement = Statement::shared(
    "INSERT INTO jobs (connection, flow, side, record, generation, attempts, cause, queued_at, position, state,
        available_at)
    VALUES (?1, ?2, ?3, ?4, 1, 0, ?5, ?6, ?7, 1, ?6)
    ON CONFLICT (connection, flow, side, record) DO UPDATE SET
        generation = jobs.generation + 1,
        cause = excluded.cause,
        attempts = CASE WHEN jobs.state = 2 THEN 0 ELSE jobs.attempts END,
        queued_at = CASE WHEN jobs.state = 2 THEN excluded.queued_at ELSE jobs.queued_at END,
        position = CASE WHEN jobs.state = 2 THEN excluded.position ELSE jobs.position END,
        available_at = CASE WHEN jobs.state = 2 THEN excluded.available_at ELSE jobs.available_at END,
        state = CASE WHEN jobs.state = 2 THEN 1 ELSE jobs.state END,
        parked = NULL, waits_flow = NULL, waits_side = NULL, waits_record = NULL",
);
/// What has fallen due since the last claim joins those that wait for their turn.
pub(crate) static PROMOTE: Statement = Statement::each(
    "UPDATE jobs SET state = 1
    WHERE connection = ?1 AND flow = ?2 AND state = 0 AND available_at <= ?3",
    "WITH due AS MATERIALIZED (
        SELECT id FROM jobs
        WHERE connection = ?1 AND flow = ?2 AND state = 0 AND available_at <= ?3
        FOR UPDATE SKIP LOCKED
    )
    UPDATE jobs SET state = 1 FROM due WHERE jobs.id = due.id",
);
/// The clock may have been set back since a job was promoted, hence the second look at its time. Left to itself, SQLite
/// would find by that time, and sort the whole queue.
pub(crate) const DUE_IN_SQLITE: &str = "
    SELECT id, side, record, generation, attempts, cause, queued_at FROM jobs INDEXED BY jobs_by_position
    WHERE connection = ?1 AND flow = ?2 AND state = 1 AND available_at <= ?3
    ORDER BY position LIMIT ?4";
static DUE: Statement = Statement::each(DUE_IN_SQLITE, "");
pub(crate) static LEASE: Statement = Statement::shared(
    "UPDATE jobs SET state = 0, available_at = ?2, token = ?3, worker = ?4 WHERE id = ?1",
);
/// Jobs that another worker is just taking are passed by instead of waited for.
static CLAIM: Statement = Statement::each(
    "",
    "WITH due AS MATERIALIZED (
        SELECT id FROM jobs
        WHERE connection = ?1 AND flow = ?2 AND state = 1 AND available_at <= ?3
        ORDER BY position LIMIT ?4
        FOR UPDATE SKIP LOCKED
    )
    UPDATE jobs SET state = 0, available_at = ?5, token = nextval('numbers'), worker = ?6
    FROM due WHERE jobs.id = due.id
    RETURNING position, token, side, record, generation, attempts, cause, queued_at",
);
pub(crate) static EARLIEST: Statement = Statement::shared(
    "SELECT min(available_at) FROM jobs WHERE connection = ?1 AND flow = ?2 AND state = ?3",
);
pub(crate) static LOCK: Statement = locking!(
    "SELECT id, generation, attempts, token FROM jobs
    WHERE connection = ?1 AND flow = ?2 AND side = ?3 AND record = ?4"
);
pub(crate) static REMOVE: Statement = Statement::shared("DELETE FROM jobs WHERE id = ?1");
pub(crate) static REVIVE: Statement = Statement::shared(
    "UPDATE jobs SET attempts = 0, cause = coalesce(?4, cause), queued_at = ?2, position = ?3, state = 1,
        available_at = ?2, token = NULL, worker = NULL,
        parked = NULL, waits_flow = NULL, waits_side = NULL, waits_record = NULL
    WHERE id = ?1",
);
pub(crate) static AGAIN: Statement = Statement::shared(
    "UPDATE jobs SET attempts = ?3, cause = coalesce(?4, cause), state = 0, available_at = ?2,
        token = NULL, worker = NULL
    WHERE id = ?1",
);
pub(crate) static PARK: Statement = Statement::shared(
    "UPDATE jobs SET state = 2, token = NULL, worker = NULL,
        parked = ?2, waits_flow = ?3, waits_side = ?4, waits_record = ?5
    WHERE id = ?1",
);
pub(crate) static LOCK_DEPENDANTS: Statement = locking!(
    "SELECT id, flow, side, record FROM jobs
    WHERE connection = ?1 AND waits_flow = ?2 AND waits_side = ?3 AND waits_record = ?4"
);
pub(crate) static PARKED: Statement = Statement::shared(
    "SELECT side, record, attempts, parked FROM jobs
    WHERE connection = ?1 AND flow = ?2 AND state = 2 AND (side, record) > (?3, ?4)
    ORDER BY side, record LIMIT ?5",
);
pub(crate) static DISMISS: Statement = Statement::shared(
    "DELETE FROM jobs WHERE connection = ?1 AND flow = ?2 AND side = ?3 AND record = ?4 AND state = 2",
);
pub(crate) static COUNT: Statement = Statement::shared(
    "SELECT count(*), min(queued_at) FROM jobs WHERE connection = ?1 AND flow = ?2 AND state = ?3",
);

const WAITING: i64 = 0;
const READY: i64 = 1;
const IS_PARKED: i64 = 2;

/// The steps that queue the hints. Those for one key stay in order; keys are taken up in one order by everybody, lest
/// two transactions wait for each other.
pub(crate) fn enqueue<'a>(
    sql: &mut dyn Sql,
    connection: &'a ConnectionId,
    hints: &'a [Hint],
    now: Timestamp,
) -> Result<Vec<Step<'a>>, Error> {
    let keys = links::canonical(sql, connection, hints.iter().map(|hint| &hint.key))?;
    let mut numbers = sql.numbers(hints.len())?;
    let mut queued = Vec::with_capacity(hints.len());
    for (key, hint) in keys.into_iter().zip(hints) {
        queued.push((key, stored::encode_cause(&hint.cause)?, numbers.take()?));
    }
    queued.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    let steps = queued.into_iter().map(|(key, cause, position)| {
        ENQUEUE.with([
            connection.as_str().into(),
            key.flow.as_str().to_owned().into(),
            key.side.as_str().into(),
            key.id.as_str().to_owned().into(),
            cause.into(),
            to_column(now).into(),
            position.into(),
        ])
    });
    Ok(steps.collect())
}

/// Leases due jobs, in order of position.
pub(crate) fn claim(
    sql: &mut dyn Sql,
    connection: &ConnectionId,
    claim: &Claim,
) -> Result<Vec<Job>, Error> {
    match sql.dialect() {
        Dialect::Sqlite => claim_in_sqlite(sql, connection, claim),
        Dialect::Postgres => claim_in_postgres(sql, connection, claim),
    }
}

fn promote<'a>(connection: &'a ConnectionId, claim: &'a Claim) -> Step<'a> {
    PROMOTE.with([
        connection.as_str().into(),
        claim.flow.as_str().into(),
        to_column(claim.now).into(),
    ])
}

fn claim_in_sqlite(
    sql: &mut dyn Sql,
    connection: &ConnectionId,
    claim: &Claim,
) -> Result<Vec<Job>, Error> {
    sql.change(promote(connection, claim))?;
    let due = sql.find(DUE.with([
        connection.as_str().into(),
        claim.flow.as_str().into(),
        to_column(claim.now).into(),
        limit(claim.limit).into(),
    ]))?;
    let mut numbers = sql.numbers(due.len())?;
    let mut leases = Vec::with_capacity(due.len());
    let mut jobs = Vec::with_capacity(due.len());
    for mut row in due {
        let (id, token) = (row.integer()?, numbers.take()?);
        leases.push(LEASE.with([
            id.into(),
            to_column(claim.lease_until).into(),
            token.into(),
            claim.worker.as_str().into(),
        ]));
        jobs.push(job(&claim.flow, token, row)?);
    }
    sql.run(&leases)?;
    Ok(jobs)
}

fn claim_in_postgres(
    sql: &mut dyn Sql,
    connection: &ConnectionId,
    claim: &Claim,
) -> Result<Vec<Job>, Error> {
    let claimed = CLAIM.with([
        connection.as_str().into(),
        claim.flow.as_str().into(),
        to_column(claim.now).into(),
        limit(claim.limit).into(),
        to_column(claim.lease_until).into(),
        claim.worker.as_str().into(),
    ]);
    let mut answers = sql.rows(&[promote(connection, claim), claimed])?;
    let mut jobs = Vec::new();
    for mut row in answers.pop().unwrap_or_default() {
        let (position, token) = (row.integer()?, row.integer()?);
        jobs.push((position, job(&claim.flow, token, row)?));
    }
    jobs.sort_by_key(|(position, _)| *position);
    Ok(jobs.into_iter().map(|(_, job)| job).collect())
}

fn job(flow: &FlowName, token: i64, mut row: Row) -> Result<Job, Error> {
    Ok(Job {
        key: JobKey {
            flow: flow.clone(),
            side: side(&row.text()?)?,
            id: RecordId::from(row.text()?),
        },
        generation: number(row.integer()?)?,
        token: FencingToken(number(token)?),
        attempts: attempts(row.integer()?)?,
        cause: stored::decode_cause(&row.text()?)?,
        queued_at: from_column(row.integer()?),
    })
}

/// When the next job may be taken.
pub(crate) fn next_due(
    sql: &mut dyn Sql,
    connection: &ConnectionId,
    flow: &FlowName,
) -> Result<Option<Timestamp>, Error> {
    let of_state = |state: i64| {
        EARLIEST.with([
            connection.as_str().into(),
            flow.as_str().into(),
            state.into(),
        ])
    };
    let mut times = Vec::new();
    for mut row in sql
        .rows(&[of_state(WAITING), of_state(READY)])?
        .into_iter()
        .flatten()
    {
        times.extend(row.optional_integer()?);
    }
    Ok(times.into_iter().min().map(from_column))
}

/// The step that finds a job and keeps others from changing it.
pub(crate) fn lock<'a>(connection: &'a ConnectionId, key: &'a JobKey) -> Step<'a> {
    LOCK.with(of_key(connection, key))
}

/// The step that finds the jobs that wait for `parent`, and keeps others from changing them.
pub(crate) fn lock_dependants<'a>(connection: &'a ConnectionId, parent: &'a JobKey) -> Step<'a> {
    LOCK_DEPENDANTS.with(of_key(connection, parent))
}

fn of_key<'a>(connection: &'a ConnectionId, key: &'a JobKey) -> [crate::sql::Value<'a>; 4] {
    [
        connection.as_str().into(),
        key.flow.as_str().into(),
        key.side.as_str().into(),
        key.id.as_str().into(),
    ]
}

/// A job that a transaction has to itself.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) id: i64,
    pub(crate) generation: i64,
    pub(crate) attempts: i64,
    pub(crate) token: Option<i64>,
}

impl Locked {
    pub(crate) fn read(mut row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.integer()?,
            generation: row.integer()?,
            attempts: row.integer()?,
            token: row.optional_integer()?,
        })
    }
}

/// A job that waits for another, and its number.
pub(crate) fn dependant(mut row: Row) -> Result<(JobKey, i64), Error> {
    let id = row.integer()?;
    let key = JobKey {
        flow: FlowName::from(row.text()?),
        side: side(&row.text()?)?,
        id: RecordId::from(row.text()?),
    };
    Ok((key, id))
}

pub(crate) fn remove(id: i64) -> Step<'static> {
    REMOVE.with([id.into()])
}

/// Makes a job due as if it were new.
pub(crate) fn revive(
    id: i64,
    cause: Option<&Cause>,
    now: Timestamp,
    position: i64,
) -> Result<Step<'static>, Error> {
    let cause = cause.map(stored::encode_cause).transpose()?;
    Ok(REVIVE.with([
        id.into(),
        to_column(now).into(),
        position.into(),
        cause.into(),
    ]))
}

pub(crate) fn again(
    id: i64,
    at: Timestamp,
    attempts: i64,
    cause: Option<&Cause>,
) -> Result<Step<'static>, Error> {
    let cause = cause.map(stored::encode_cause).transpose()?;
    Ok(AGAIN.with([
        id.into(),
        to_column(at).into(),
        attempts.into(),
        cause.into(),
    ]))
}

pub(crate) fn park(id: i64, parked: &Parked) -> Result<Step<'_>, Error> {
    let parent = match &parked.reason {
        ParkReason::WaitingFor { parent } => Some(parent),
        _ => None,
    };
    Ok(PARK.with([
        id.into(),
        stored::encode_parked(parked)?.into(),
        parent.map(|parent| parent.flow.as_str()).into(),
        parent.map(|parent| parent.side.as_str()).into(),
        parent.map(|parent| parent.id.as_str()).into(),
    ]))
}

/// Parked jobs in order of key.
pub(crate) fn parked(
    sql: &mut dyn Sql,
    connection: &ConnectionId,
    flow: &FlowName,
    after: Option<&JobKey>,
    at_most: usize,
) -> Result<Vec<ParkedJob>, Error> {
    let (side_after, record_after) = match after {
        Some(after) if after.flow > *flow => return Ok(Vec::new()),
        Some(after) if after.flow == *flow => (after.side.as_str(), after.id.as_str()),
        _ => ("", ""),
    };
    let rows = sql.find(PARKED.with([
        connection.as_str().into(),
        flow.as_str().into(),
        side_after.into(),
        record_after.into(),
        limit(at_most).into(),
    ]))?;
    let parked = |mut row: Row| {
        Ok(ParkedJob {
            key: JobKey {
                flow: flow.clone(),
                side: side(&row.text()?)?,
                id: RecordId::from(row.text()?),
            },
            attempts: attempts(row.integer()?)?,
            parked: stored::decode_parked(&row.text()?)?,
        })
    };
    rows.into_iter().map(parked).collect()
}

/// The step that removes a job if it is parked.
pub(crate) fn dismiss<'a>(connection: &'a ConnectionId, key: &'a JobKey) -> Step<'a> {
    DISMISS.with(of_key(connection, key))
}

pub(crate) fn count(
    sql: &mut dyn Sql,
    connection: &ConnectionId,
    flow: &FlowName,
    counts: &mut Counts,
) -> Result<(), Error> {
    let mut of_state = |state: i64| -> Result<(u64, Option<i64>), Error> {
        let mut row = sql.find_total(COUNT.with([
            connection.as_str().into(),
            flow.as_str().into(),
            state.into(),
        ]))?;
        Ok((number(row.integer()?)?, row.optional_integer()?))
    };
    let (waiting, oldest_waiting) = of_state(WAITING)?;
    let (ready, oldest_ready) = of_state(READY)?;
    counts.queued = waiting + ready;
    counts.oldest_queued_at = oldest_waiting
        .into_iter()
        .chain(oldest_ready)
        .min()
        .map(from_column);
    counts.parked = of_state(IS_PARKED)?.0;
    Ok(())
}

fn side(text: &str) -> Result<Side, Error> {
    match text {
        "left" => Ok(Side::Left),
        "right" => Ok(Side::Right),
        _ => Err(Error::Damaged("the side of a job")),
    }
}

fn attempts(column: i64) -> Result<u32, Error> {
    u32::try_from(column).map_err(|_| Error::Damaged("the tries of a job"))
}

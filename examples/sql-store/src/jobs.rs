//! Jobs: the queue, its leases, and what is parked.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params, params};
use sync_core::{
    Cause, Claim, ConnectionId, Counts, FencingToken, Finish, FlowName, Held, Hint, Job, JobKey,
    ParkReason, Parked, ParkedJob, RecordId, Side, stored,
};

use crate::{
    error::Error,
    instant::{from_column, to_column},
    links,
    transaction::{Writing, column, limit, number},
};

/// A new key is due at once; a queued one keeps its due time and place; a parked one is as good as new.
pub(crate) const ENQUEUE: &str = "
    INSERT INTO jobs (connection, flow, side, record, generation, attempts, cause, queued_at, position, state,
        available_at)
    VALUES (:connection, :flow, :side, :record, 1, 0, :cause, :now, :position, 1, :now)
    ON CONFLICT (connection, flow, side, record) DO UPDATE SET
        generation = generation + 1,
        cause = excluded.cause,
        attempts = iif(state = 2, 0, attempts),
        queued_at = iif(state = 2, excluded.queued_at, queued_at),
        position = iif(state = 2, excluded.position, position),
        available_at = iif(state = 2, excluded.available_at, available_at),
        state = iif(state = 2, 1, state),
        parked = NULL, waits_flow = NULL, waits_side = NULL, waits_record = NULL";
/// What has fallen due since the last claim joins those that wait for their turn.
pub(crate) const PROMOTE: &str = "
    UPDATE jobs SET state = 1
    WHERE connection = ?1 AND flow = ?2 AND state = 0 AND available_at <= ?3";
/// The clock may have been set back since a job was promoted, hence the second look at its time. Left to itself, SQLite
/// would find by that time, and sort the whole queue.
pub(crate) const DUE: &str = "
    SELECT id, side, record, generation, attempts, cause, queued_at FROM jobs INDEXED BY jobs_by_position
    WHERE connection = ?1 AND flow = ?2 AND state = 1 AND available_at <= ?3
    ORDER BY position LIMIT ?4";
pub(crate) const LEASE: &str =
    "UPDATE jobs SET state = 0, available_at = ?2, token = ?3, worker = ?4 WHERE id = ?1";
pub(crate) const EARLIEST: &str = "
    SELECT min(available_at) FROM jobs WHERE connection = ?1 AND flow = ?2 AND state = ?3";
pub(crate) const HELD: &str = "
    SELECT id, generation FROM jobs
    WHERE connection = ?1 AND flow = ?2 AND side = ?3 AND record = ?4 AND token = ?5";
pub(crate) const REMOVE: &str = "DELETE FROM jobs WHERE id = ?1";
pub(crate) const REVIVE: &str = "
    UPDATE jobs SET attempts = 0, cause = coalesce(?4, cause), queued_at = ?2, position = ?3, state = 1,
        available_at = ?2, token = NULL, worker = NULL,
        parked = NULL, waits_flow = NULL, waits_side = NULL, waits_record = NULL
    WHERE id = ?1";
pub(crate) const AGAIN: &str = "
    UPDATE jobs SET attempts = iif(?3, attempts + 1, 0), cause = coalesce(?4, cause), state = 0, available_at = ?2,
        token = NULL, worker = NULL
    WHERE id = ?1";
pub(crate) const PARK: &str = "
    UPDATE jobs SET state = 2, token = NULL, worker = NULL,
        parked = ?2, waits_flow = ?3, waits_side = ?4, waits_record = ?5
    WHERE id = ?1";
/// The plus signs keep SQLite from walking through all jobs in this order.
pub(crate) const DEPENDANTS: &str = "
    SELECT id FROM jobs
    WHERE connection = ?1 AND waits_flow = ?2 AND waits_side = ?3 AND waits_record = ?4
    ORDER BY +flow, +side, +record";
pub(crate) const PARKED: &str = "
    SELECT side, record, attempts, parked FROM jobs
    WHERE connection = ?1 AND flow = ?2 AND state = 2 AND (side, record) > (?3, ?4)
    ORDER BY side, record LIMIT ?5";
pub(crate) const DISMISS: &str = "
    DELETE FROM jobs WHERE connection = ?1 AND flow = ?2 AND side = ?3 AND record = ?4 AND state = 2";
pub(crate) const COUNT: &str = "
    SELECT count(*), min(queued_at) FROM jobs WHERE connection = ?1 AND flow = ?2 AND state = ?3";

const WAITING: i64 = 0;
const READY: i64 = 1;
const IS_PARKED: i64 = 2;

pub(crate) fn enqueue(
    sql: &mut Writing<'_>,
    connection: &ConnectionId,
    hint: &Hint,
    now: Timestamp,
) -> Result<(), Error> {
    let JobKey { flow, side, id } = &hint.key;
    let left = match side {
        Side::Left => None,
        Side::Right => links::left_of_right(sql, connection, flow, id)?,
    };
    let (side, record) = left.as_ref().map_or((*side, id), |left| (Side::Left, left));
    let position = sql.next_number()?;
    sql.prepare_cached(ENQUEUE)?.execute(named_params! {
        ":connection": connection.as_str(),
        ":flow": flow.as_str(),
        ":side": side.as_str(),
        ":record": record.as_str(),
        ":cause": stored::encode_cause(&hint.cause)?,
        ":now": to_column(now),
        ":position": position,
    })?;
    Ok(())
}

/// Leases due jobs, in order of position.
pub(crate) fn claim(
    sql: &mut Writing<'_>,
    connection: &ConnectionId,
    claim: &Claim,
) -> Result<Vec<Job>, Error> {
    let (name, flow, now) = (
        connection.as_str(),
        claim.flow.as_str(),
        to_column(claim.now),
    );
    sql.prepare_cached(PROMOTE)?
        .execute(params![name, flow, now])?;
    let due: Vec<DueRow> = sql
        .prepare_cached(DUE)?
        .query_map(params![name, flow, now, limit(claim.limit)], DueRow::read)?
        .collect::<Result<_, _>>()?;
    due.into_iter().map(|row| lease(sql, claim, row)).collect()
}

struct DueRow {
    id: i64,
    side: String,
    record: String,
    generation: i64,
    attempts: u32,
    cause: String,
    queued_at: i64,
}

impl DueRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            side: row.get(1)?,
            record: row.get(2)?,
            generation: row.get(3)?,
            attempts: row.get(4)?,
            cause: row.get(5)?,
            queued_at: row.get(6)?,
        })
    }
}

fn lease(sql: &mut Writing<'_>, claim: &Claim, row: DueRow) -> Result<Job, Error> {
    let token = sql.next_number()?;
    let until = to_column(claim.lease_until);
    sql.prepare_cached(LEASE)?
        .execute(params![row.id, until, token, claim.worker.as_str()])?;
    Ok(Job {
        key: JobKey {
            flow: claim.flow.clone(),
            side: side(&row.side)?,
            id: RecordId::from(row.record),
        },
        generation: number(row.generation)?,
        token: FencingToken(number(token)?),
        attempts: row.attempts,
        cause: stored::decode_cause(&row.cause)?,
        queued_at: from_column(row.queued_at),
    })
}

/// When the next job may be taken.
pub(crate) fn next_due(
    sql: &Connection,
    connection: &ConnectionId,
    flow: &FlowName,
) -> Result<Option<Timestamp>, Error> {
    let mut statement = sql.prepare_cached(EARLIEST)?;
    let mut earliest = |state| -> rusqlite::Result<Option<i64>> {
        statement.query_row(params![connection.as_str(), flow.as_str(), state], |row| {
            row.get(0)
        })
    };
    let times = [earliest(WAITING)?, earliest(READY)?];
    Ok(times.into_iter().flatten().min().map(from_column))
}

/// A job under a lease that still holds.
pub(crate) struct HeldJob {
    id: i64,
    moved_on: bool,
}

/// The job, if this lease was not taken over.
pub(crate) fn held(
    sql: &Connection,
    connection: &ConnectionId,
    held: &Held,
) -> Result<Option<HeldJob>, Error> {
    let Held {
        key: JobKey { flow, side, id },
        token,
        generation,
    } = held;
    let mut statement = sql.prepare_cached(HELD)?;
    let found = statement
        .query_row(
            params![
                connection.as_str(),
                flow.as_str(),
                side.as_str(),
                id.as_str(),
                column(token.0)
            ],
            |row| {
                Ok(HeldJob {
                    id: row.get(0)?,
                    moved_on: row.get::<_, i64>(1)? != column(*generation),
                })
            },
        )
        .optional()?;
    Ok(found)
}

/// Ends the work on a job.
pub(crate) fn finish(
    sql: &mut Writing<'_>,
    job: &HeldJob,
    finish: &Finish,
    now: Timestamp,
) -> Result<(), Error> {
    match finish {
        Finish::Done if !job.moved_on => {
            sql.prepare_cached(REMOVE)?.execute([job.id])?;
            Ok(())
        }
        Finish::Park(parked) if !job.moved_on => park(sql, job.id, parked),
        Finish::Done | Finish::Park(_) => revive(sql, job.id, None, now),
        Finish::Again { at, failed, cause } => {
            // The cause of a hint that came meanwhile is newer.
            let cause = cause
                .as_ref()
                .filter(|_| !job.moved_on)
                .map(stored::encode_cause)
                .transpose()?;
            sql.prepare_cached(AGAIN)?
                .execute(params![job.id, to_column(*at), failed, cause])?;
            Ok(())
        }
    }
}

fn park(sql: &Connection, id: i64, parked: &Parked) -> Result<(), Error> {
    let parent = match &parked.reason {
        ParkReason::WaitingFor { parent } => Some(parent),
        _ => None,
    };
    let text = stored::encode_parked(parked)?;
    let flow = parent.map(|parent| parent.flow.as_str());
    let side = parent.map(|parent| parent.side.as_str());
    let record = parent.map(|parent| parent.id.as_str());
    sql.prepare_cached(PARK)?
        .execute(params![id, text, flow, side, record])?;
    Ok(())
}

/// Makes a job due as if it were new.
fn revive(
    sql: &mut Writing<'_>,
    id: i64,
    cause: Option<&Cause>,
    now: Timestamp,
) -> Result<(), Error> {
    let position = sql.next_number()?;
    let cause = cause.map(stored::encode_cause).transpose()?;
    sql.prepare_cached(REVIVE)?
        .execute(params![id, to_column(now), position, cause])?;
    Ok(())
}

/// Makes the jobs due that are parked until `parent` is synchronised.
pub(crate) fn wake(
    sql: &mut Writing<'_>,
    connection: &ConnectionId,
    parent: &JobKey,
    now: Timestamp,
) -> Result<(), Error> {
    let ids: Vec<i64> = sql
        .prepare_cached(DEPENDANTS)?
        .query_map(params_of(connection, parent), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    ids.into_iter()
        .try_for_each(|id| revive(sql, id, Some(&Cause::Dependency), now))
}

fn params_of<'a>(connection: &'a ConnectionId, key: &'a JobKey) -> [&'a str; 4] {
    [
        connection.as_str(),
        key.flow.as_str(),
        key.side.as_str(),
        key.id.as_str(),
    ]
}

/// Parked jobs in order of key.
pub(crate) fn parked(
    sql: &Connection,
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
    let mut statement = sql.prepare_cached(PARKED)?;
    let name = connection.as_str();
    let rows = statement.query_map(
        params![
            name,
            flow.as_str(),
            side_after,
            record_after,
            limit(at_most)
        ],
        |row| -> rusqlite::Result<(String, String, u32, String)> {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        },
    )?;
    rows.map(|row| {
        let (side_text, record, attempts, parked) = row?;
        let key = JobKey {
            flow: flow.clone(),
            side: side(&side_text)?,
            id: RecordId::from(record),
        };
        Ok(ParkedJob {
            key,
            attempts,
            parked: stored::decode_parked(&parked)?,
        })
    })
    .collect()
}

/// Removes a parked job. Returns whether it was there.
pub(crate) fn dismiss(
    sql: &Writing<'_>,
    connection: &ConnectionId,
    key: &JobKey,
) -> Result<bool, Error> {
    Ok(sql
        .prepare_cached(DISMISS)?
        .execute(params_of(connection, key))?
        > 0)
}

pub(crate) fn count(
    sql: &Connection,
    connection: &ConnectionId,
    flow: &FlowName,
    counts: &mut Counts,
) -> Result<(), Error> {
    let mut statement = sql.prepare_cached(COUNT)?;
    let mut count = |state: i64| -> Result<(u64, Option<i64>), Error> {
        let parameters: [&dyn ToSql; 3] = [&connection.as_str(), &flow.as_str(), &state];
        let (count, oldest) =
            statement.query_row(&parameters[..], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok((number(count)?, oldest))
    };
    let (waiting, oldest_waiting) = count(WAITING)?;
    let (ready, oldest_ready) = count(READY)?;
    counts.queued = waiting + ready;
    counts.oldest_queued_at = oldest_waiting
        .into_iter()
        .chain(oldest_ready)
        .min()
        .map(from_column);
    counts.parked = count(IS_PARKED)?.0;
    Ok(())
}

fn side(text: &str) -> Result<Side, Error> {
    match text {
        "left" => Ok(Side::Left),
        "right" => Ok(Side::Right),
        _ => Err(Error::Damaged("the side of a job")),
    }
}

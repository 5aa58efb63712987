//! The jobs of one connection.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Bound,
};

use jiff::Timestamp;

use super::{Counter, Counts, schedule::Schedule};
use crate::{
    ids::{FlowName, RecordId},
    job::{Cause, Claim, FencingToken, Finish, Job, JobKey, ParkReason, Parked, ParkedJob},
    mutant::bug,
    side::Side,
    store::Held,
};

#[derive(Debug, Default)]
pub(super) struct Jobs {
    rows: HashMap<JobKey, JobRow>,
    /// The keys of those that are parked.
    parked: BTreeSet<JobKey>,
    /// Every job that is not parked.
    schedules: HashMap<FlowName, Schedule>,
    /// The jobs that are parked until a key is synchronised, by that key.
    dependants: HashMap<JobKey, BTreeSet<JobKey>>,
}

#[derive(Debug)]
struct JobRow {
    generation: u64,
    attempts: u32,
    cause: Cause,
    queued_at: Timestamp,
    position: u64,
    due: Timestamp,
    lease: Option<(FencingToken, Timestamp)>,
    parked: Option<Box<Parked>>,
}

impl JobRow {
    fn new(cause: Cause, now: Timestamp, position: u64) -> Self {
        Self {
            generation: 0,
            attempts: 0,
            cause,
            queued_at: now,
            position,
            due: now,
            lease: None,
            parked: None,
        }
    }

    /// Puts it at the end of the queue as if it were new.
    fn revive(&mut self, now: Timestamp, position: u64) {
        self.parked = None;
        self.attempts = 0;
        self.due = now;
        self.queued_at = now;
        self.position = position;
    }

    /// When a worker may take it.
    fn available_at(&self) -> Timestamp {
        self.lease.map_or(self.due, |(_, until)| until)
    }

    /// Where the indexes have it.
    fn place(&self) -> Place {
        match self.parked.as_deref().map(|parked| &parked.reason) {
            Some(ParkReason::WaitingFor { parent }) => Place::Parked(Some(parent.clone())),
            Some(_) => Place::Parked(None),
            None => Place::Queued(self.available_at(), self.position),
        }
    }
}

/// Where the indexes have a job.
#[derive(PartialEq, Eq)]
enum Place {
    /// From when on it may be taken, and its place in the queue.
    Queued(Timestamp, u64),
    /// The key that it waits for, if it waits for one.
    Parked(Option<JobKey>),
}

impl Jobs {
    /// Queues a key that is already the right one for its link.
    pub(super) fn enqueue(
        &mut self,
        key: JobKey,
        cause: &Cause,
        now: Timestamp,
        counter: &mut Counter,
    ) {
        let position = counter.next();
        let Some(row) = self.rows.get(&key) else {
            let mut row = JobRow::new(cause.clone(), now, position);
            row.generation = 1;
            self.index(&key, &row.place());
            self.rows.insert(key, row);
            return;
        };
        let was_parked = row.parked.is_some();
        self.update(&key, |row| {
            row.generation += 1;
            row.cause = cause.clone();
            if was_parked && !bug!(ParkedForGood) {
                row.revive(now, position);
            }
        });
    }

    pub(super) fn claim(&mut self, claim: &Claim, counter: &mut Counter) -> Vec<Job> {
        let Some(schedule) = self.schedules.get_mut(&claim.flow) else {
            return Vec::new();
        };
        let due = schedule.due(claim.now, claim.limit);
        due.into_iter()
            .filter_map(|key| self.lease(key, claim.lease_until, counter))
            .collect()
    }

    fn lease(&mut self, key: JobKey, until: Timestamp, counter: &mut Counter) -> Option<Job> {
        let token = FencingToken(counter.next());
        self.update(&key, |row| {
            row.lease = Some((token, until));
            Job {
                generation: row.generation,
                token,
                attempts: row.attempts,
                cause: row.cause.clone(),
                queued_at: row.queued_at,
                key: key.clone(),
            }
        })
    }

    pub(super) fn holds(&self, held: &Held) -> bool {
        let lease = self.rows.get(&held.key).and_then(|row| row.lease);
        lease.is_some_and(|(token, _)| token == held.token)
    }

    pub(super) fn finish(
        &mut self,
        held: &Held,
        finish: &Finish,
        now: Timestamp,
        counter: &mut Counter,
    ) {
        let Some(row) = self.rows.get(&held.key) else {
            return;
        };
        let moved_on = row.generation != held.generation && !bug!(AckWithoutGeneration);
        let position = counter.next();
        if !moved_on && *finish == Finish::Done {
            return self.remove(&held.key);
        }
        match finish {
            Finish::Park(parked) if !moved_on => self.update(&held.key, |row| {
                row.lease = None;
                row.parked = Some(parked.clone());
            }),
            Finish::Done | Finish::Park(_) => self.update(&held.key, |row| {
                row.lease = None;
                row.revive(now, position);
            }),
            Finish::Again { at, failed, cause } => self.update(&held.key, |row| {
                row.lease = None;
                row.attempts = if *failed {
                    row.attempts.saturating_add(1)
                } else {
                    0
                };
                row.due = *at;
                if let Some(cause) = cause.clone().filter(|_| !moved_on) {
                    row.cause = cause;
                }
            }),
        };
    }

    /// Makes the jobs due that are parked until `parent` is synchronised.
    pub(super) fn wake(&mut self, parent: &JobKey, now: Timestamp, counter: &mut Counter) {
        for key in self.dependants.get(parent).cloned().unwrap_or_default() {
            let position = counter.next();
            self.update(&key, |row| {
                row.cause = Cause::Dependency;
                row.revive(now, position);
            });
        }
    }

    /// Removes a parked job. Returns whether it was there.
    pub(super) fn dismiss(&mut self, key: &JobKey) -> bool {
        let is_parked = self.parked.contains(key);
        if is_parked {
            self.remove(key);
        }
        is_parked
    }

    pub(super) fn next_due(&self, flow: &FlowName) -> Option<Timestamp> {
        self.schedules.get(flow)?.earliest()
    }

    pub(super) fn parked(
        &self,
        flow: &FlowName,
        after: Option<&JobKey>,
        limit: usize,
    ) -> Vec<ParkedJob> {
        let first = JobKey {
            flow: flow.clone(),
            side: Side::Left,
            id: RecordId::from(""),
        };
        let start = after.map_or(Bound::Included(&first), Bound::Excluded);
        let keys = self.parked.range::<JobKey, _>((start, Bound::Unbounded));
        let keys = keys
            .skip_while(|key| **key < first)
            .take_while(|key| key.flow == *flow);
        let parked = keys.filter_map(|key| {
            let row = self.rows.get(key)?;
            Some(ParkedJob {
                key: key.clone(),
                attempts: row.attempts,
                parked: row.parked.as_deref()?.clone(),
            })
        });
        parked.take(limit).collect()
    }

    pub(super) fn count(&self, flow: &FlowName, counts: &mut Counts) {
        let rows = self.rows.iter().filter(|(key, _)| key.flow == *flow);
        for (_, row) in rows {
            if row.parked.is_some() {
                counts.parked += 1;
            } else {
                counts.queued += 1;
                let oldest = counts
                    .oldest_queued_at
                    .map_or(row.queued_at, |oldest| oldest.min(row.queued_at));
                counts.oldest_queued_at = Some(oldest);
            }
        }
    }

    /// Makes a change and puts the job where it belongs after it. `None`: there is no such job.
    fn update<T>(&mut self, key: &JobKey, change: impl FnOnce(&mut JobRow) -> T) -> Option<T> {
        let row = self.rows.get_mut(key)?;
        let before = row.place();
        let outcome = change(row);
        let after = row.place();
        if before != after {
            self.unindex(key, &before);
            self.index(key, &after);
        }
        Some(outcome)
    }

    fn remove(&mut self, key: &JobKey) {
        if let Some(row) = self.rows.remove(key) {
            self.unindex(key, &row.place());
        }
    }

    fn index(&mut self, key: &JobKey, place: &Place) {
        match place {
            Place::Queued(at, position) => {
                let schedule = self.schedules.entry(key.flow.clone()).or_default();
                schedule.insert(*at, *position, key.clone());
            }
            Place::Parked(parent) => {
                self.parked.insert(key.clone());
                if let Some(parent) = parent {
                    let waiting = self.dependants.entry(parent.clone()).or_default();
                    waiting.insert(key.clone());
                }
            }
        }
    }

    fn unindex(&mut self, key: &JobKey, place: &Place) {
        match place {
            Place::Queued(at, position) => {
                if let Some(schedule) = self.schedules.get_mut(&key.flow) {
                    schedule.remove(*at, *position);
                }
            }
            Place::Parked(parent) => {
                self.parked.remove(key);
                if let Some(parent) = parent
                    && let Some(waiting) = self.dependants.get_mut(parent)
                {
                    waiting.remove(key);
                    if waiting.is_empty() {
                        self.dependants.remove(parent);
                    }
                }
            }
        }
    }
}

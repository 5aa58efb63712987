//! The jobs of one connection.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
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
    rows: BTreeMap<JobKey, JobRow>,
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

    fn waits_for(&self) -> Option<&JobKey> {
        match &self.parked.as_deref()?.reason {
            ParkReason::WaitingFor { parent } => Some(parent),
            _ => None,
        }
    }
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
        let was_parked = self.rows.get(&key).is_some_and(|row| row.parked.is_some());
        if !self.rows.contains_key(&key) {
            self.rows
                .insert(key.clone(), JobRow::new(cause.clone(), now, position));
            self.index(&key);
        }
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
        self.update(&key, |row| row.lease = Some((token, until)));
        let row = self.rows.get(&key)?;
        Some(Job {
            generation: row.generation,
            token,
            attempts: row.attempts,
            cause: row.cause.clone(),
            queued_at: row.queued_at,
            key,
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
        match finish {
            Finish::Done if !moved_on => self.remove(&held.key),
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
        }
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
        let is_parked = self.rows.get(key).is_some_and(|row| row.parked.is_some());
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
        let rows = self
            .of_flow(flow)
            .filter(|(key, _)| after.is_none_or(|after| *key > after));
        let parked = rows.filter_map(|(key, row)| {
            let parked = row.parked.as_deref()?.clone();
            Some(ParkedJob {
                key: key.clone(),
                attempts: row.attempts,
                parked,
            })
        });
        parked.take(limit).collect()
    }

    pub(super) fn count(&self, flow: &FlowName, counts: &mut Counts) {
        for (_, row) in self.of_flow(flow) {
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

    fn of_flow(&self, flow: &FlowName) -> impl Iterator<Item = (&JobKey, &JobRow)> {
        let first = JobKey {
            flow: flow.clone(),
            side: Side::Left,
            id: RecordId::from(""),
        };
        let rows = self.rows.range((Bound::Included(first), Bound::Unbounded));
        rows.take_while(move |(key, _)| key.flow == *flow)
    }

    fn update(&mut self, key: &JobKey, change: impl FnOnce(&mut JobRow)) {
        self.unindex(key);
        if let Some(row) = self.rows.get_mut(key) {
            change(row);
        }
        self.index(key);
    }

    fn remove(&mut self, key: &JobKey) {
        self.unindex(key);
        self.rows.remove(key);
    }

    fn index(&mut self, key: &JobKey) {
        let Some(row) = self.rows.get(key) else {
            return;
        };
        if let Some(parent) = row.waits_for() {
            self.dependants
                .entry(parent.clone())
                .or_default()
                .insert(key.clone());
        }
        if row.parked.is_none() {
            let schedule = self.schedules.entry(key.flow.clone()).or_default();
            schedule.insert(row.available_at(), row.position, key.clone());
        }
    }

    fn unindex(&mut self, key: &JobKey) {
        let Some(row) = self.rows.get(key) else {
            return;
        };
        if let Some(parent) = row.waits_for()
            && let Some(dependants) = self.dependants.get_mut(parent)
        {
            dependants.remove(key);
            if dependants.is_empty() {
                self.dependants.remove(parent);
            }
        }
        if let Some(schedule) = self.schedules.get_mut(&key.flow) {
            schedule.remove(row.available_at(), row.position);
        }
    }
}

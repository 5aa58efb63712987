//! When the jobs of one flow may be taken, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::job::JobKey;

/// Jobs that are not parked. A claim costs what it takes and what fell due since the last one, however many jobs there
/// are: a job waits in order of time until it is due, and from then on in order of its place in the queue.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    waiting: BTreeMap<(Timestamp, u64), JobKey>,
    ready: BTreeMap<u64, (Timestamp, JobKey)>,
    /// The times of what is ready, for [`earliest`](Self::earliest).
    ready_times: BTreeSet<(Timestamp, u64)>,
}

impl Schedule {
    /// Adds a job that may be taken from `at` on. No two jobs have the same `position`.
    pub(super) fn insert(&mut self, at: Timestamp, position: u64, key: JobKey) {
        self.waiting.insert((at, position), key);
    }

    pub(super) fn remove(&mut self, at: Timestamp, position: u64) {
        if self.waiting.remove(&(at, position)).is_none() {
            self.ready.remove(&position);
            self.ready_times.remove(&(at, position));
        }
    }

    /// The first jobs in the queue that may be taken at `now`. They stay where they are.
    pub(super) fn due(&mut self, now: Timestamp, limit: usize) -> Vec<JobKey> {
        while let Some(entry) = self
            .waiting
            .first_entry()
            .filter(|entry| entry.key().0 <= now)
        {
            let ((at, position), key) = entry.remove_entry();
            self.ready.insert(position, (at, key));
            self.ready_times.insert((at, position));
        }
        // The clock may have been set back since a job became ready.
        let due = self.ready.values().filter(|(at, _)| *at <= now);
        due.take(limit).map(|(_, key)| key.clone()).collect()
    }

    /// When the first of all jobs may be taken.
    pub(super) fn earliest(&self) -> Option<Timestamp> {
        let waiting = self.waiting.first_key_value().map(|((at, _), _)| *at);
        let ready = self.ready_times.first().map(|(at, _)| *at);
        match (waiting, ready) {
            (Some(waiting), Some(ready)) => Some(waiting.min(ready)),
            (waiting, ready) => waiting.or(ready),
        }
    }
}

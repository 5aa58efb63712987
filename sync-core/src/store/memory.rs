//! A store in memory, for tests and for programs that may forget.

mod jobs;
mod links;
mod schedule;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use jiff::Timestamp;

use self::{jobs::Jobs, links::FlowLinks};
use super::{Commit, Counts, DocumentWrite, Prepare, Refused, Store, StoreError};
use crate::{
    audit::{AuditEntry, AuditQuery, StoredAudit},
    ids::{ConnectionId, FlowName, RecordId},
    job::{Claim, Hint, Job, JobKey, ParkedJob},
    link::{Link, LinkId, Revision},
    side::Side,
};

/// Keeps everything in memory. Clones share their content.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    connections: Arc<Mutex<HashMap<ConnectionId, State>>>,
}

#[derive(Debug, Default)]
struct State {
    links: HashMap<FlowName, FlowLinks>,
    jobs: Jobs,
    documents: HashMap<String, (String, Revision)>,
    audit: Vec<AuditEntry>,
    counter: Counter,
}

/// Source of link ids, revisions, fencing tokens and queue positions. None of them is ever given out twice.
#[derive(Debug, Default)]
struct Counter(u64);

impl Counter {
    fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, connection: &ConnectionId, change: impl FnOnce(&mut State) -> T) -> T {
        // A panic inside `change` would be a bug of this file, not of its callers; the content stays usable.
        let mut connections: MutexGuard<'_, _> = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        change(connections.entry(connection.clone()).or_default())
    }
}

impl State {
    /// The key that hints for this record are filed under.
    fn canonical(&self, key: &JobKey) -> JobKey {
        let link = self
            .links
            .get(&key.flow)
            .and_then(|links| links.of(key.side, &key.id));
        match link.and_then(|link| link.content.ids.left) {
            Some(id) => JobKey {
                flow: key.flow.clone(),
                side: Side::Left,
                id,
            },
            None => key.clone(),
        }
    }

    fn prepare(&mut self, flow: &FlowName, entry: &Prepare) -> Result<Link, Refused> {
        if !self.jobs.holds(&entry.held) {
            return Err(Refused::LeaseLost);
        }
        let links = self.links.entry(flow.clone()).or_default();
        let link = links.write(&entry.link, &mut self.counter)?;
        self.audit.extend(entry.audit.iter().cloned());
        Ok(link)
    }

    fn commit(&mut self, flow: &FlowName, entry: &Commit, now: Timestamp) -> Result<(), Refused> {
        let outcome = self.end(flow, entry, now);
        let refused = outcome.is_err();
        let trail = entry.audit.iter().cloned();
        self.audit.extend(trail.map(|entry| AuditEntry {
            refused: refused || entry.refused,
            ..entry
        }));
        outcome
    }

    fn end(&mut self, flow: &FlowName, entry: &Commit, now: Timestamp) -> Result<(), Refused> {
        if !entry.held.iter().all(|held| self.jobs.holds(held)) {
            return Err(Refused::LeaseLost);
        }
        if let Some(link) = &entry.link {
            self.links
                .entry(flow.clone())
                .or_default()
                .write(link, &mut self.counter)?;
        }
        for held in &entry.held {
            self.jobs
                .finish(held, &entry.finish, now, &mut self.counter);
        }
        for parent in &entry.wake {
            self.jobs.wake(parent, now, &mut self.counter);
        }
        Ok(())
    }

    fn put_document(&mut self, write: &DocumentWrite) -> Result<Revision, StoreError> {
        let current = self
            .documents
            .get(&write.name)
            .map(|(_, revision)| *revision);
        if current != write.expected {
            return Err(StoreError::conflict(format!(
                "writing document {}",
                write.name
            )));
        }
        let revision = Revision(self.counter.next());
        self.documents
            .insert(write.name.clone(), (write.body.clone(), revision));
        Ok(revision)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        hints: &[Hint],
        document: Option<&DocumentWrite>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.with(connection, |state| {
            if let Some(write) = document {
                state.put_document(write)?;
            }
            for hint in hints {
                let key = state.canonical(&hint.key);
                state
                    .jobs
                    .enqueue(key, &hint.cause, now, &mut state.counter);
            }
            Ok(())
        })
    }

    async fn claim(
        &self,
        connection: &ConnectionId,
        claim: &Claim,
    ) -> Result<Vec<Job>, StoreError> {
        Ok(self.with(connection, |state| {
            state.jobs.claim(claim, &mut state.counter)
        }))
    }

    async fn links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        records: &[(Side, RecordId)],
    ) -> Result<Vec<Option<Link>>, StoreError> {
        Ok(self.with(connection, |state| {
            let links = state.links.get(flow);
            records
                .iter()
                .map(|(side, id)| links?.of(*side, id))
                .collect()
        }))
    }

    async fn prepare(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Prepare],
        _now: Timestamp,
    ) -> Result<Vec<Result<Link, Refused>>, StoreError> {
        Ok(self.with(connection, |state| {
            entries
                .iter()
                .map(|entry| state.prepare(flow, entry))
                .collect()
        }))
    }

    async fn commit(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Commit],
        now: Timestamp,
    ) -> Result<Vec<Result<(), Refused>>, StoreError> {
        Ok(self.with(connection, |state| {
            entries
                .iter()
                .map(|entry| state.commit(flow, entry, now))
                .collect()
        }))
    }

    async fn next_due(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.with(connection, |state| state.jobs.next_due(flow)))
    }

    async fn all_links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<LinkId>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        Ok(self.with(connection, |state| {
            let links = state.links.get(flow);
            links
                .map(|links| links.page(after, limit))
                .unwrap_or_default()
        }))
    }

    async fn parked(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<&JobKey>,
        limit: usize,
    ) -> Result<Vec<ParkedJob>, StoreError> {
        Ok(self.with(connection, |state| state.jobs.parked(flow, after, limit)))
    }

    async fn dismiss(
        &self,
        connection: &ConnectionId,
        keys: &[JobKey],
        audit: &[AuditEntry],
    ) -> Result<usize, StoreError> {
        Ok(self.with(connection, |state| {
            state.audit.extend(audit.iter().cloned());
            keys.iter().filter(|key| state.jobs.dismiss(key)).count()
        }))
    }

    async fn audit(
        &self,
        connection: &ConnectionId,
        query: &AuditQuery,
    ) -> Result<Vec<StoredAudit>, StoreError> {
        Ok(self.with(connection, |state| {
            let start = usize::try_from(query.after.unwrap_or(0)).unwrap_or(usize::MAX);
            let matches = |entry: &&AuditEntry| match &query.record {
                Some((side, id)) => entry.ids.get(*side).as_ref() == Some(id),
                None => true,
            };
            let numbered = state.audit.iter().zip(1u64..).skip(start);
            numbered
                .filter(|(entry, _)| matches(entry))
                .take(query.limit)
                .map(|(entry, sequence)| StoredAudit {
                    sequence,
                    entry: entry.clone(),
                })
                .collect()
        }))
    }

    async fn counts(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Counts, StoreError> {
        Ok(self.with(connection, |state| {
            let mut counts = Counts::default();
            if let Some(links) = state.links.get(flow) {
                links.count(&mut counts);
            }
            state.jobs.count(flow, &mut counts);
            counts
        }))
    }

    async fn document(
        &self,
        connection: &ConnectionId,
        name: &str,
    ) -> Result<Option<(String, Revision)>, StoreError> {
        Ok(self.with(connection, |state| state.documents.get(name).cloned()))
    }

    async fn put_document(
        &self,
        connection: &ConnectionId,
        write: &DocumentWrite,
    ) -> Result<Revision, StoreError> {
        self.with(connection, |state| state.put_document(write))
    }
}

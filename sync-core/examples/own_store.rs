//! A store on a database of your own. Here the database is a few tables in memory behind a lock, which stands for a
//! transaction: replace each table by one of yours, and the lock by your database's transactions.
//!
//! What is kept in a row apart from its keys is text made by [`sync_core::stored`], so that an older release's rows stay
//! readable. `sync_core::store_laws!` (feature `testing`) makes a test of each law that a store must keep; this one keeps
//! them all.
//!
//! `cargo run -p sync-core --example own_store`

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use jiff::Timestamp;
use sync_core::{
    AuditEntry, AuditQuery, Cause, Claim, Commit, ConnectionId, Counts, DocumentWrite,
    FencingToken, Finish, FlowName, Held, Hint, Job, JobKey, Link, LinkContent, LinkId, LinkWrite,
    ParkReason, ParkedJob, Prepare, RecordId, Refused, Revision, Side, Sides, Store, StoreError,
    StoreErrorKind, StoredAudit,
    stored::{self, StoredFormError},
};

/// The tables of one connection.
#[derive(Debug, Default)]
struct Tables {
    /// Source of link ids, revisions, fencing tokens and queue positions; a number is never given out twice.
    last_number: u64,
    links: BTreeMap<(FlowName, LinkId), LinkRow>,
    /// At most one link for an identity: a unique index.
    link_of: BTreeMap<(FlowName, Side, RecordId), LinkId>,
    jobs: BTreeMap<JobKey, JobRow>,
    documents: BTreeMap<String, (String, Revision)>,
    audit: Vec<(Sides<Option<RecordId>>, String)>,
}

#[derive(Clone, Debug)]
struct LinkRow {
    ids: Sides<Option<RecordId>>,
    revision: Revision,
    content: String,
}

#[derive(Clone, Debug)]
struct JobRow {
    /// Counts the hints. A job whose generation moved on while it was in work stays queued.
    generation: u64,
    attempts: u32,
    cause: String,
    queued_at: Timestamp,
    position: u64,
    due: Timestamp,
    lease: Option<(FencingToken, Timestamp)>,
    parked: Option<String>,
    waits_for: Option<JobKey>,
}

impl JobRow {
    fn available_at(&self) -> Timestamp {
        self.lease.map_or(self.due, |(_, until)| until)
    }

    /// As if it were new, at the end of the queue.
    fn revive(&mut self, now: Timestamp, position: u64) {
        (self.parked, self.waits_for, self.attempts) = (None, None, 0);
        (self.due, self.queued_at, self.position) = (now, now, position);
    }
}

/// A store on tables in memory.
#[derive(Debug, Default)]
pub struct OwnStore {
    connections: Mutex<BTreeMap<ConnectionId, Tables>>,
}

fn unreadable(error: StoredFormError) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "reading a stored row", error)
}

impl Tables {
    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn link(&self, flow: &FlowName, side: Side, id: &RecordId) -> Option<(LinkId, &LinkRow)> {
        let key = (flow.clone(), side, id.clone());
        let link = *self.link_of.get(&key)?;
        Some((link, self.links.get(&(flow.clone(), link))?))
    }

    /// Hints for a pair are filed under its left identity, so that both sides' hints meet.
    fn filed_under(&self, key: &JobKey) -> JobKey {
        let link = self.link(&key.flow, key.side, &key.id);
        match link.and_then(|(_, row)| row.ids.left.clone()) {
            Some(id) => JobKey {
                flow: key.flow.clone(),
                side: Side::Left,
                id,
            },
            None => key.clone(),
        }
    }

    fn enqueue(&mut self, key: JobKey, cause: String, now: Timestamp) {
        let position = self.number();
        let row = self.jobs.entry(key).or_insert_with(|| JobRow {
            generation: 0,
            attempts: 0,
            cause: cause.clone(),
            queued_at: now,
            position,
            due: now,
            lease: None,
            parked: None,
            waits_for: None,
        });
        row.generation += 1;
        row.cause = cause;
        // A queued job keeps its due time: hints must not defeat back-off. A parked one comes back.
        if row.parked.is_some() {
            row.revive(now, position);
        }
    }

    fn holds(&self, held: &Held) -> bool {
        let lease = self.jobs.get(&held.key).and_then(|row| row.lease);
        lease.is_some_and(|(token, _)| token == held.token)
    }

    /// All of the change or none of it.
    fn write_link(
        &mut self,
        flow: &FlowName,
        write: &LinkWrite,
    ) -> Result<Result<Link, Refused>, StoreError> {
        let (id, content) = match write {
            LinkWrite::Insert(content) => (None, Some(content)),
            LinkWrite::Replace {
                id,
                expected,
                content,
            } => (Some((*id, *expected)), Some(content)),
            LinkWrite::Remove { id, expected } => (Some((*id, *expected)), None),
        };
        let known = id.map(|(id, expected)| {
            let row = self.links.get(&(flow.clone(), id)).cloned();
            row.filter(|row| row.revision == expected)
                .ok_or(Refused::StaleLink)
        });
        let known = match known.transpose() {
            Ok(known) => known,
            Err(refused) => return Ok(Err(refused)),
        };
        for side in Side::BOTH {
            let wanted = content.and_then(|content| content.ids.get(side).as_ref());
            let owner = wanted.and_then(|record| self.link(flow, side, record));
            if owner.is_some_and(|(owner, _)| Some(owner) != id.map(|(id, _)| id)) {
                return Ok(Err(Refused::AlreadyLinked { side }));
            }
        }
        let text = content
            .map(stored::encode_link)
            .transpose()
            .map_err(unreadable)?;
        let id = id.map_or_else(|| LinkId(self.number()), |(id, _)| id);
        if let Some(known) = &known {
            self.links.remove(&(flow.clone(), id));
            self.index(flow, &known.ids, None);
        }
        let revision = Revision(self.number());
        let content = match (content, text) {
            (Some(content), Some(text)) => {
                let row = LinkRow {
                    ids: content.ids.clone(),
                    revision,
                    content: text,
                };
                self.links.insert((flow.clone(), id), row);
                self.index(flow, &content.ids, Some(id));
                content.clone()
            }
            // Removed: the link as it was.
            _ => match &known {
                Some(known) => stored::decode_link(&known.content).map_err(unreadable)?,
                None => LinkContent::default(),
            },
        };
        Ok(Ok(Link {
            id,
            revision,
            content,
        }))
    }

    fn index(&mut self, flow: &FlowName, ids: &Sides<Option<RecordId>>, link: Option<LinkId>) {
        for side in Side::BOTH {
            let Some(id) = ids.get(side).clone() else {
                continue;
            };
            let key = (flow.clone(), side, id);
            match link {
                Some(link) => drop(self.link_of.insert(key, link)),
                None => drop(self.link_of.remove(&key)),
            }
        }
    }

    fn finish(&mut self, held: &Held, finish: &Finish, now: Timestamp) -> Result<(), StoreError> {
        let position = self.number();
        let Some(row) = self.jobs.get_mut(&held.key) else {
            return Ok(());
        };
        let moved_on = row.generation != held.generation;
        row.lease = None;
        match finish {
            Finish::Done if !moved_on => drop(self.jobs.remove(&held.key)),
            Finish::Park(parked) if !moved_on => {
                row.parked = Some(stored::encode_parked(parked).map_err(unreadable)?);
                row.waits_for = match &parked.reason {
                    ParkReason::WaitingFor { parent } => Some(parent.clone()),
                    _ => None,
                };
            }
            // A hint came while it was in work: it is looked at again.
            Finish::Done | Finish::Park(_) => row.revive(now, position),
            Finish::Again { at, failed, cause } => {
                let attempts = row.attempts.saturating_add(1);
                row.attempts = if *failed { attempts } else { 0 };
                row.due = *at;
                if let Some(cause) = cause.as_ref().filter(|_| !moved_on) {
                    row.cause = stored::encode_cause(cause).map_err(unreadable)?;
                }
            }
        }
        Ok(())
    }

    fn wake(&mut self, parent: &JobKey, now: Timestamp) -> Result<(), StoreError> {
        let cause = stored::encode_cause(&Cause::Dependency).map_err(unreadable)?;
        let rows = self.jobs.iter();
        let waiting = rows.filter(|(_, row)| row.waits_for.as_ref() == Some(parent));
        let waiting: Vec<JobKey> = waiting.map(|(key, _)| key.clone()).collect();
        for key in waiting {
            let position = self.number();
            if let Some(row) = self.jobs.get_mut(&key) {
                row.cause = cause.clone();
                row.revive(now, position);
            }
        }
        Ok(())
    }

    fn note(&mut self, entry: &AuditEntry) -> Result<(), StoreError> {
        let text = stored::encode_audit(entry).map_err(unreadable)?;
        self.audit.push((entry.ids.clone(), text));
        Ok(())
    }

    /// The end of the work on one pair, its audit apart.
    fn end(
        &mut self,
        flow: &FlowName,
        entry: &Commit,
        now: Timestamp,
    ) -> Result<Result<(), Refused>, StoreError> {
        if !entry.held.iter().all(|held| self.holds(held)) {
            return Ok(Err(Refused::LeaseLost));
        }
        if let Some(link) = &entry.link
            && let Err(refused) = self.write_link(flow, link)?
        {
            return Ok(Err(refused));
        }
        for held in &entry.held {
            self.finish(held, &entry.finish, now)?;
        }
        for parent in &entry.wake {
            self.wake(parent, now)?;
        }
        Ok(Ok(()))
    }

    fn put_document(&mut self, write: &DocumentWrite) -> Result<Revision, StoreError> {
        let current = self.documents.get(&write.name);
        if current.map(|(_, revision)| *revision) != write.expected {
            let action = format!("writing document {}", write.name);
            return Err(StoreError::conflict(action));
        }
        let revision = Revision(self.number());
        self.documents
            .insert(write.name.clone(), (write.body.clone(), revision));
        Ok(revision)
    }

    fn jobs_of<'a>(&'a self, flow: &'a FlowName) -> impl Iterator<Item = (&'a JobKey, &'a JobRow)> {
        self.jobs.iter().filter(move |(key, _)| key.flow == *flow)
    }
}

fn opened(id: LinkId, row: &LinkRow) -> Result<Link, StoreError> {
    let content = stored::decode_link(&row.content).map_err(unreadable)?;
    Ok(Link {
        id,
        revision: row.revision,
        content,
    })
}

impl OwnStore {
    /// One transaction: begin, `change`, commit.
    fn transaction<T>(
        &self,
        connection: &ConnectionId,
        change: impl FnOnce(&mut Tables) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let locked = self.connections.lock();
        let mut all = locked.unwrap_or_else(PoisonError::into_inner);
        change(all.entry(connection.clone()).or_default())
    }
}

#[async_trait]
impl Store for OwnStore {
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        hints: &[Hint],
        document: Option<&DocumentWrite>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.transaction(connection, |tables| {
            if let Some(write) = document {
                tables.put_document(write)?;
            }
            for hint in hints {
                let cause = stored::encode_cause(&hint.cause).map_err(unreadable)?;
                let key = tables.filed_under(&hint.key);
                tables.enqueue(key, cause, now);
            }
            Ok(())
        })
    }

    async fn claim(
        &self,
        connection: &ConnectionId,
        claim: &Claim,
    ) -> Result<Vec<Job>, StoreError> {
        self.transaction(connection, |tables| {
            let free = tables.jobs_of(&claim.flow);
            let free =
                free.filter(|(_, row)| row.parked.is_none() && row.available_at() <= claim.now);
            let mut due: Vec<(u64, JobKey)> =
                free.map(|(key, row)| (row.position, key.clone())).collect();
            due.sort_unstable();
            let mut jobs = Vec::new();
            for (_, key) in due.into_iter().take(claim.limit) {
                let token = FencingToken(tables.number());
                let Some(row) = tables.jobs.get_mut(&key) else {
                    continue;
                };
                row.lease = Some((token, claim.lease_until));
                jobs.push(Job {
                    generation: row.generation,
                    token,
                    attempts: row.attempts,
                    cause: stored::decode_cause(&row.cause).map_err(unreadable)?,
                    queued_at: row.queued_at,
                    key,
                });
            }
            Ok(jobs)
        })
    }

    async fn links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        records: &[(Side, RecordId)],
    ) -> Result<Vec<Option<Link>>, StoreError> {
        self.transaction(connection, |tables| {
            let links = records
                .iter()
                .map(|(side, id)| tables.link(flow, *side, id));
            links
                .map(|link| link.map(|(id, row)| opened(id, row)).transpose())
                .collect()
        })
    }

    async fn prepare(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Prepare],
        _now: Timestamp,
    ) -> Result<Vec<Result<Link, Refused>>, StoreError> {
        self.transaction(connection, |tables| {
            let mut outcomes = Vec::with_capacity(entries.len());
            for entry in entries {
                if !tables.holds(&entry.held) {
                    outcomes.push(Err(Refused::LeaseLost));
                    continue;
                }
                let outcome = tables.write_link(flow, &entry.link)?;
                let mut written = entry.audit.iter().filter(|_| outcome.is_ok());
                written.try_for_each(|entry| tables.note(entry))?;
                outcomes.push(outcome);
            }
            Ok(outcomes)
        })
    }

    async fn commit(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Commit],
        now: Timestamp,
    ) -> Result<Vec<Result<(), Refused>>, StoreError> {
        self.transaction(connection, |tables| {
            let mut outcomes = Vec::with_capacity(entries.len());
            for entry in entries {
                let outcome = tables.end(flow, entry, now)?;
                // What was done in the systems is told whatever becomes of the rest, and marked.
                for noted in &entry.audit {
                    let mut noted = noted.clone();
                    noted.refused |= outcome.is_err();
                    tables.note(&noted)?;
                }
                outcomes.push(outcome);
            }
            Ok(outcomes)
        })
    }

    async fn next_due(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.transaction(connection, |tables| {
            let queued = tables.jobs_of(flow).filter(|(_, row)| row.parked.is_none());
            Ok(queued.map(|(_, row)| row.available_at()).min())
        })
    }

    async fn all_links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<LinkId>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        self.transaction(connection, |tables| {
            let rows = tables.links.iter();
            let rows = rows.filter(|((of, id), _)| of == flow && Some(*id) > after);
            rows.take(limit)
                .map(|((_, id), row)| opened(*id, row))
                .collect()
        })
    }

    async fn parked(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<&JobKey>,
        limit: usize,
    ) -> Result<Vec<ParkedJob>, StoreError> {
        self.transaction(connection, |tables| {
            let rows = tables.jobs_of(flow).filter(|(key, _)| Some(*key) > after);
            let parked =
                rows.filter_map(|(key, row)| Some((key, row.attempts, row.parked.as_ref()?)));
            let opened = parked.take(limit).map(|(key, attempts, text)| {
                let parked = stored::decode_parked(text).map_err(unreadable)?;
                Ok(ParkedJob {
                    key: key.clone(),
                    attempts,
                    parked,
                })
            });
            opened.collect()
        })
    }

    async fn dismiss(
        &self,
        connection: &ConnectionId,
        keys: &[JobKey],
        audit: &[AuditEntry],
    ) -> Result<usize, StoreError> {
        self.transaction(connection, |tables| {
            audit.iter().try_for_each(|entry| tables.note(entry))?;
            let before = tables.jobs.len();
            tables
                .jobs
                .retain(|key, row| row.parked.is_none() || !keys.contains(key));
            Ok(before - tables.jobs.len())
        })
    }

    async fn audit(
        &self,
        connection: &ConnectionId,
        query: &AuditQuery,
    ) -> Result<Vec<StoredAudit>, StoreError> {
        self.transaction(connection, |tables| {
            let start = usize::try_from(query.after.unwrap_or(0)).unwrap_or(usize::MAX);
            let rows = tables.audit.iter().zip(1u64..).skip(start);
            let wanted = rows.filter(|((ids, _), _)| match &query.record {
                Some((side, id)) => ids.get(*side).as_ref() == Some(id),
                None => true,
            });
            let opened = wanted.take(query.limit).map(|((_, text), sequence)| {
                let entry = stored::decode_audit(text).map_err(unreadable)?;
                Ok(StoredAudit { sequence, entry })
            });
            opened.collect()
        })
    }

    async fn counts(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Counts, StoreError> {
        self.transaction(connection, |tables| {
            let mut counts = Counts::default();
            for (_, row) in tables.links.iter().filter(|((of, _), _)| of == flow) {
                match (&row.ids.left, &row.ids.right) {
                    (Some(_), Some(_)) => counts.linked += 1,
                    _ => counts.half_linked += 1,
                }
            }
            for (_, row) in tables.jobs_of(flow) {
                if row.parked.is_some() {
                    counts.parked += 1;
                    continue;
                }
                counts.queued += 1;
                let oldest = counts.oldest_queued_at.unwrap_or(row.queued_at);
                counts.oldest_queued_at = Some(oldest.min(row.queued_at));
            }
            Ok(counts)
        })
    }

    async fn document(
        &self,
        connection: &ConnectionId,
        name: &str,
    ) -> Result<Option<(String, Revision)>, StoreError> {
        self.transaction(connection, |tables| Ok(tables.documents.get(name).cloned()))
    }

    async fn put_document(
        &self,
        connection: &ConnectionId,
        write: &DocumentWrite,
    ) -> Result<Revision, StoreError> {
        self.transaction(connection, |tables| tables.put_document(write))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StoreError> {
    let (store, connection) = (OwnStore::default(), ConnectionId::from("home"));
    let now = Timestamp::UNIX_EPOCH;
    let key = JobKey {
        flow: "customers".into(),
        side: Side::Left,
        id: "C1".into(),
    };
    let hint = Hint {
        key: key.clone(),
        cause: Cause::Webhook,
    };
    // Two hints for one record are one job, with a generation for each.
    store
        .enqueue(&connection, &[hint.clone(), hint], None, now)
        .await?;
    let claim = Claim {
        flow: key.flow.clone(),
        worker: "worker".into(),
        limit: 100,
        now,
        lease_until: now + std::time::Duration::from_secs(60),
    };
    let jobs = store.claim(&connection, &claim).await?;
    assert_eq!((jobs.len(), jobs[0].generation), (1, 2));
    assert!(store.claim(&connection, &claim).await?.is_empty());
    Ok(())
}

//! A store in memory with one fault.

mod spoil;

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sync_core::{
    AuditEntry, AuditQuery, Cause, Claim, Commit, ConnectionId, Counts, DocumentWrite,
    FencingToken, FlowName, Hint, Job, JobKey, Link, LinkId, MemoryStore, ParkedJob, Prepare,
    RecordId, Refused, Revision, Side, Store, StoreError, StoreErrorKind, StoredAudit,
    testing::store_laws::POISON,
};

use super::Fault;

#[derive(Debug)]
pub(super) struct FaultyStore {
    inner: MemoryStore,
    fault: Option<Fault>,
    memory: Mutex<Memory>,
}

/// What a faulty store remembers in order to go wrong.
#[derive(Debug, Default)]
struct Memory {
    hinted: HashSet<JobKey>,
    flows: Vec<FlowName>,
    newest: Option<Timestamp>,
    leases: HashMap<JobKey, (Job, Timestamp)>,
    failed: HashSet<JobKey>,
    hurry: bool,
    lives: HashMap<JobKey, (u64, FencingToken)>,
    identities: HashSet<(FlowName, Side, RecordId)>,
    audit_end: u64,
}

const SECOND: SignedDuration = SignedDuration::from_secs(1);

impl FaultyStore {
    pub(super) fn new(inner: MemoryStore, fault: Option<Fault>) -> Self {
        Self {
            inner,
            fault,
            memory: Mutex::default(),
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap()
    }

    /// The part of a write that is done all the same, of which one statement fails; none when nothing of it fails.
    fn part_before_poison<'e, T>(
        &self,
        entries: &'e [T],
        is_poisoned: impl Fn(&T) -> bool,
    ) -> Option<&'e [T]> {
        let at = entries.iter().position(is_poisoned)?;
        Some(if self.has(Fault::KeepsHalfAWrite) {
            &entries[..at]
        } else {
            &[]
        })
    }

    fn connection(&self, connection: &ConnectionId) -> ConnectionId {
        if self.has(Fault::OneConnectionForAll) {
            ConnectionId::from("one")
        } else {
            connection.clone()
        }
    }

    /// The instant that the store takes for the present one.
    fn clock(&self, now: Timestamp) -> Timestamp {
        let mut memory = self.memory();
        let newest = memory.newest.map_or(now, |newest| newest.max(now));
        memory.newest = Some(newest);
        if self.has(Fault::TrustsTheNewestClock) {
            newest
        } else {
            now
        }
    }
}

fn names_poison(audit: &[AuditEntry]) -> bool {
    let mut ids = audit.iter().filter_map(|entry| entry.ids.left.as_ref());
    ids.any(|id| id.as_str() == POISON)
}

fn poisoned() -> StoreError {
    StoreError::new(StoreErrorKind::Other, "writing", "made to fail")
}

#[async_trait]
impl Store for FaultyStore {
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        hints: &[Hint],
        document: Option<&DocumentWrite>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let is_poisoned = |hint: &Hint| hint.key.id.as_str() == POISON;
        if let Some(part) = self.part_before_poison(hints, is_poisoned) {
            self.inner.enqueue(connection, part, None, now).await?;
            return Err(poisoned());
        }
        let connection = &self.connection(connection);
        let now = self.clock(now);
        let hints = self.hints(connection, hints, now).await;
        for hint in &hints {
            let mut memory = self.memory();
            if !memory.flows.contains(&hint.key.flow) {
                memory.flows.push(hint.key.flow.clone());
            }
        }
        let document = document.filter(|_| !self.has(Fault::ForgetsTheCursor));
        let result = self.inner.enqueue(connection, &hints, document, now).await;
        if result.is_err() && self.has(Fault::QueuesDespiteAConflict) {
            self.inner.enqueue(connection, &hints, None, now).await?;
        }
        result
    }

    async fn claim(
        &self,
        connection: &ConnectionId,
        claim: &Claim,
    ) -> Result<Vec<Job>, StoreError> {
        let connection = &self.connection(connection);
        let mut claim = Claim {
            now: self.clock(claim.now),
            ..claim.clone()
        };
        let fault_now = claim.now + SECOND;
        match self.fault {
            Some(Fault::ClaimsBeyondItsLimit) => claim.limit = claim.limit * 2 + 1,
            Some(Fault::ClaimsASecondEarly) => claim.now = fault_now,
            Some(Fault::LeasesLapseAtOnce) => claim.lease_until = claim.now,
            Some(Fault::LeasesNeverLapse) => claim.lease_until = Timestamp::MAX,
            _ => {}
        }
        if std::mem::take(&mut self.memory().hurry) {
            claim.now = Timestamp::MAX;
        }
        let mut jobs = self.inner.claim(connection, &claim).await?;
        if self.has(Fault::ClaimsFromEveryFlow) {
            let flows = self.memory().flows.clone();
            for flow in flows {
                jobs.extend(
                    self.inner
                        .claim(
                            connection,
                            &Claim {
                                flow,
                                ..claim.clone()
                            },
                        )
                        .await?,
                );
            }
        }
        if self.has(Fault::HandsOutAJobTwice) && jobs.len() < claim.limit {
            let known: Vec<Job> = self
                .memory()
                .leases
                .values()
                .map(|(job, _)| job.clone())
                .collect();
            let again = known
                .into_iter()
                .find(|known| known.key.flow == claim.flow && !jobs.contains(known));
            jobs.extend(again);
        }
        if self.has(Fault::ClaimsNewestFirst) {
            jobs.reverse();
        }
        for job in &mut jobs {
            if self.has(Fault::LosesTheCause) {
                job.cause = Cause::Webhook;
            }
            if self.has(Fault::FilesUnderTheRightIdentity) {
                let record = (job.key.side, job.key.id.clone());
                let link = self
                    .inner
                    .links(connection, &job.key.flow, &[record])
                    .await?
                    .remove(0);
                if let Some(id) = link.and_then(|link| link.content.ids.right) {
                    job.key = JobKey {
                        flow: job.key.flow.clone(),
                        side: Side::Right,
                        id,
                    };
                }
            }
            let mut memory = self.memory();
            memory
                .leases
                .insert(job.key.clone(), (job.clone(), claim.lease_until));
            let life = memory
                .lives
                .entry(job.key.clone())
                .or_insert((0, job.token));
            *life = (life.0 + 1, job.token);
            if self.has(Fault::TokensStartAnew) {
                job.token = FencingToken(life.0);
            }
        }
        Ok(jobs)
    }

    async fn links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        records: &[(Side, RecordId)],
    ) -> Result<Vec<Option<Link>>, StoreError> {
        let mut links = self
            .inner
            .links(&self.connection(connection), flow, records)
            .await?;
        if self.has(Fault::AnswersInAnyOrder) {
            links.reverse();
        }
        if self.has(Fault::FindsFirstIdentitiesOnly) {
            let memory = self.memory();
            for (link, (side, id)) in links.iter_mut().zip(records) {
                link.take_if(|_| {
                    !memory
                        .identities
                        .contains(&(flow.clone(), *side, id.clone()))
                });
            }
        }
        Ok(links
            .into_iter()
            .map(|link| link.map(|link| self.shown(link)))
            .collect())
    }

    async fn prepare(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Prepare],
        now: Timestamp,
    ) -> Result<Vec<Result<Link, Refused>>, StoreError> {
        let is_poisoned = |entry: &Prepare| names_poison(&entry.audit);
        if let Some(part) = self.part_before_poison(entries, is_poisoned) {
            self.inner.prepare(connection, flow, part, now).await?;
            return Err(poisoned());
        }
        let connection = &self.connection(connection);
        let mut outcomes: Vec<Result<Link, Refused>> = Vec::new();
        for entry in entries {
            let stop =
                self.has(Fault::StopsAtARefusal) && outcomes.last().is_some_and(Result::is_err);
            let outcome = if stop {
                Err(Refused::LeaseLost)
            } else {
                self.prepare_one(connection, flow, entry, now).await
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    async fn commit(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Commit],
        now: Timestamp,
    ) -> Result<Vec<Result<(), Refused>>, StoreError> {
        let is_poisoned = |entry: &Commit| names_poison(&entry.audit);
        if let Some(part) = self.part_before_poison(entries, is_poisoned) {
            self.inner.commit(connection, flow, part, now).await?;
            return Err(poisoned());
        }
        let connection = &self.connection(connection);
        let now = self.clock(now);
        let mut outcomes: Vec<Result<(), Refused>> = Vec::new();
        for entry in entries {
            let stop =
                self.has(Fault::StopsAtARefusal) && outcomes.last().is_some_and(Result::is_err);
            let outcome = if stop {
                Err(Refused::LeaseLost)
            } else {
                self.commit_one(connection, flow, entry, now).await
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    async fn next_due(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Option<Timestamp>, StoreError> {
        let due = self
            .inner
            .next_due(&self.connection(connection), flow)
            .await?;
        Ok(due.map(|due| {
            if self.has(Fault::NextDueIsLate) {
                due + SECOND
            } else {
                due
            }
        }))
    }

    async fn all_links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<LinkId>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        let after = after.filter(|_| !self.has(Fault::LinkPagesStartOver));
        let links = self
            .inner
            .all_links(&self.connection(connection), flow, after, limit)
            .await?;
        Ok(links.into_iter().map(|link| self.shown(link)).collect())
    }

    async fn parked(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<&JobKey>,
        limit: usize,
    ) -> Result<Vec<ParkedJob>, StoreError> {
        let after = after.filter(|_| !self.has(Fault::ParkedPagesStartOver));
        let mut parked = self
            .inner
            .parked(&self.connection(connection), flow, after, limit)
            .await?;
        if self.has(Fault::ParkLosesTheBase) {
            parked.iter_mut().for_each(|job| job.parked.base = None);
        }
        Ok(parked)
    }

    async fn dismiss(
        &self,
        connection: &ConnectionId,
        keys: &[JobKey],
        audit: &[AuditEntry],
    ) -> Result<usize, StoreError> {
        if names_poison(audit) {
            return Err(poisoned());
        }
        let audit = if self.has(Fault::DismissLosesAudit) {
            &[]
        } else {
            audit
        };
        let dismissed = self
            .inner
            .dismiss(&self.connection(connection), keys, audit)
            .await?;
        Ok(if self.has(Fault::DismissCountsNames) {
            keys.len()
        } else {
            dismissed
        })
    }

    async fn audit(
        &self,
        connection: &ConnectionId,
        query: &AuditQuery,
    ) -> Result<Vec<StoredAudit>, StoreError> {
        let connection = &self.connection(connection);
        let mut query = query.clone();
        if self.has(Fault::AuditOfEverybody) {
            query.record = None;
        }
        let mut page = self.inner.audit(connection, &query).await?;
        if self.has(Fault::AuditOfEverybody) && page.is_empty() {
            page = self
                .inner
                .audit(&ConnectionId::from("law/connections-a"), &query)
                .await?;
        }
        if self.has(Fault::AuditLosesFields) {
            page.iter_mut()
                .for_each(|stored| stored.entry.fields.clear());
        }
        if self.has(Fault::RefusedCommitsLookAccepted) {
            page.iter_mut()
                .for_each(|stored| stored.entry.refused = false);
        }
        if self.has(Fault::AuditNewestFirst) {
            page.reverse();
        }
        if self.has(Fault::AuditEndsEarly) {
            page.retain(|stored| stored.sequence <= 300);
        }
        if let Some(newest) = page.last().map(|stored| stored.sequence) {
            let seen = std::mem::replace(&mut self.memory().audit_end, newest);
            if self.has(Fault::AuditOutOfOrder) && newest > seen {
                page.retain(|stored| stored.sequence + 1 != newest);
            }
        }
        Ok(page)
    }

    async fn counts(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Counts, StoreError> {
        let mut counts = self
            .inner
            .counts(&self.connection(connection), flow)
            .await?;
        if self.has(Fault::CountsParkedJobsTwice) {
            counts.queued += counts.parked;
        }
        Ok(counts)
    }

    async fn document(
        &self,
        connection: &ConnectionId,
        name: &str,
    ) -> Result<Option<(String, Revision)>, StoreError> {
        let name = if self.has(Fault::OneDocumentForAll) {
            "one"
        } else {
            name
        };
        self.inner
            .document(&self.connection(connection), name)
            .await
    }

    async fn put_document(
        &self,
        connection: &ConnectionId,
        write: &DocumentWrite,
    ) -> Result<Revision, StoreError> {
        let connection = &self.connection(connection);
        let mut write = write.clone();
        if self.has(Fault::OneDocumentForAll) {
            write.name = "one".into();
        }
        let result = self.inner.put_document(connection, &write).await;
        match result {
            Err(error)
                if error.kind() == StoreErrorKind::Conflict && self.has(Fault::LastWriterWins) =>
            {
                let current = self.inner.document(connection, &write.name).await?;
                write.expected = current.map(|(_, revision)| revision);
                self.inner.put_document(connection, &write).await
            }
            result => result,
        }
    }
}

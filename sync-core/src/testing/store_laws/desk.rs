//! What the laws work with: one connection and flow of a store, and short words for what is done there.

use std::{fmt, future::poll_fn, task::Poll};

use jiff::Timestamp;

use crate::{
    AuditEntry, AuditEvent, AuditQuery, Cause, Claim, Commit, ConnectionId, Document, Finish,
    FlowName, Held, Hint, Job, JobKey, Link, LinkContent, LinkWrite, ParkReason, Parked, Prepare,
    RecordId, Refused, Side, Sides, Store, StoredAudit,
};

/// The instant that is `second` seconds after the laws begin. They say when it is; no clock is asked.
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_millisecond(1_772_359_200_125 + second * 1000).unwrap()
}

/// How long the leases of [`Desk::claim`] hold, in seconds.
pub(super) const LEASE: i64 = 60;

/// What an operation gave that must not fail.
pub(super) fn done<T, E: fmt::Display>(result: Result<T, E>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what} failed: {error}"),
    }
}

pub(super) fn left(id: &str) -> (Side, RecordId) {
    (Side::Left, RecordId::from(id))
}

pub(super) fn right(id: &str) -> (Side, RecordId) {
    (Side::Right, RecordId::from(id))
}

/// A link with these identities; an empty text stands for none.
pub(super) fn pair(left: &str, right: &str) -> LinkContent {
    let id = |text: &str| {
        Some(text)
            .filter(|text| !text.is_empty())
            .map(RecordId::from)
    };
    LinkContent {
        ids: Sides::new(id(left), id(right)),
        ..LinkContent::default()
    }
}

pub(super) fn parked(reason: ParkReason) -> Parked {
    Parked {
        reason,
        sides: Sides::new(Some(Document::new().with("name", "left")), None),
        base: None,
        ids: Sides::new(None, None),
        since: at(0),
    }
}

pub(super) fn park(reason: ParkReason) -> Finish {
    Finish::Park(Box::new(parked(reason)))
}

/// Another look after a failure, not before `second`.
pub(super) fn failed_until(second: i64) -> Finish {
    Finish::Again {
        at: at(second),
        failed: true,
        cause: None,
    }
}

pub(super) fn names(jobs: &[Job]) -> Vec<&str> {
    jobs.iter().map(|job| job.key.id.as_str()).collect()
}

/// Lets other futures of the same task go on.
pub(super) async fn breathe() {
    let mut waited = false;
    poll_fn(|context| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// One flow of one connection.
#[derive(Clone)]
pub(super) struct Desk<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) connection: ConnectionId,
    pub(super) flow: FlowName,
}

impl<'a> Desk<'a> {
    pub(super) fn new(store: &'a dyn Store, law: &str) -> Self {
        Self {
            store,
            connection: ConnectionId::new(format!("law/{law}")),
            flow: FlowName::from("customers"),
        }
    }

    /// Another flow of the same connection.
    pub(super) fn other_flow(&self, flow: &str) -> Self {
        Self {
            flow: FlowName::from(flow),
            ..self.clone()
        }
    }

    pub(super) fn key(&self, (side, id): (Side, RecordId)) -> JobKey {
        JobKey {
            flow: self.flow.clone(),
            side,
            id,
        }
    }

    /// Queues left records.
    pub(super) async fn hint(&self, ids: &[&str], now: Timestamp) {
        let hints: Vec<Hint> = ids
            .iter()
            .map(|id| Hint {
                key: self.key(left(id)),
                cause: Cause::Webhook,
            })
            .collect();
        done(
            self.store
                .enqueue(&self.connection, &hints, None, now)
                .await,
            "queuing hints",
        );
    }

    pub(super) async fn hint_because(
        &self,
        record: (Side, RecordId),
        cause: Cause,
        now: Timestamp,
    ) {
        let hint = Hint {
            key: self.key(record),
            cause,
        };
        done(
            self.store
                .enqueue(&self.connection, &[hint], None, now)
                .await,
            "queuing a hint",
        );
    }

    pub(super) fn claim_of(&self, limit: usize, now: Timestamp) -> Claim {
        Claim {
            flow: self.flow.clone(),
            worker: "law".into(),
            limit,
            now,
            lease_until: Timestamp::from_millisecond(now.as_millisecond() + LEASE * 1000).unwrap(),
        }
    }

    /// Claims, for [`LEASE`] seconds.
    pub(super) async fn claim(&self, limit: usize, now: Timestamp) -> Vec<Job> {
        done(
            self.store
                .claim(&self.connection, &self.claim_of(limit, now))
                .await,
            "claiming jobs",
        )
    }

    /// Claims the one job that there must be.
    pub(super) async fn claim_one(&self, now: Timestamp) -> Job {
        let mut jobs = self.claim(10, now).await;
        assert_eq!(
            jobs.len(),
            1,
            "one job is due, and {:?} were handed out",
            names(&jobs)
        );
        jobs.remove(0)
    }

    /// Queues one left record, and claims it.
    pub(super) async fn job(&self, id: &str, now: Timestamp) -> Job {
        self.hint(&[id], now).await;
        self.claim_one(now).await
    }

    pub(super) async fn assert_nothing_due(&self, now: Timestamp, why: &str) {
        let jobs = self.claim(10, now).await;
        assert!(
            jobs.is_empty(),
            "{:?} was handed out although {why}",
            names(&jobs)
        );
    }

    pub(super) async fn next_due(&self) -> Option<Timestamp> {
        done(
            self.store.next_due(&self.connection, &self.flow).await,
            "asking when the next job is due",
        )
    }

    pub(super) async fn prepare(&self, entries: &[Prepare]) -> Vec<Result<Link, Refused>> {
        let outcomes = done(
            self.store
                .prepare(&self.connection, &self.flow, entries, at(0))
                .await,
            "preparing links",
        );
        assert_eq!(
            outcomes.len(),
            entries.len(),
            "there is one outcome for each prepared entry"
        );
        outcomes
    }

    /// Prepares one link write under a job's lease.
    pub(super) async fn write(&self, job: &Job, link: LinkWrite) -> Result<Link, Refused> {
        let entry = Prepare {
            held: Held::from(job),
            link,
            audit: Vec::new(),
        };
        self.prepare(&[entry]).await.remove(0)
    }

    pub(super) async fn insert(&self, job: &Job, content: LinkContent) -> Link {
        done(
            self.write(job, LinkWrite::Insert(content)).await,
            "inserting a link",
        )
    }

    /// Makes a link, and leaves no job behind.
    pub(super) async fn link(&self, content: LinkContent) -> Link {
        let job = self.job("law-maker", at(0)).await;
        let link = self.insert(&job, content).await;
        self.finish(&job, Finish::Done, at(0)).await;
        link
    }

    pub(super) async fn commit(
        &self,
        entries: &[Commit],
        now: Timestamp,
    ) -> Vec<Result<(), Refused>> {
        let outcomes = done(
            self.store
                .commit(&self.connection, &self.flow, entries, now)
                .await,
            "committing",
        );
        assert_eq!(
            outcomes.len(),
            entries.len(),
            "there is one outcome for each committed entry"
        );
        outcomes
    }

    /// Commits the end of one job, which must be accepted.
    pub(super) async fn finish(&self, job: &Job, finish: Finish, now: Timestamp) {
        let outcome = self.commit(&[ending(job, finish)], now).await.remove(0);
        done(outcome, "committing the end of a job that is held");
    }

    /// Writes audit entries at the end of a job of their own.
    pub(super) async fn record(&self, entries: Vec<AuditEntry>) {
        let job = self.job("law-recorder", at(0)).await;
        let commit = Commit {
            audit: entries,
            ..ending(&job, Finish::Done)
        };
        done(
            self.commit(&[commit], at(0)).await.remove(0),
            "committing audit entries",
        );
    }

    pub(super) fn entry(&self, left: &str, attempt: u32) -> AuditEntry {
        AuditEntry {
            at: at(0),
            flow: self.flow.clone(),
            ids: pair(left, "").ids,
            cause: Cause::Sweep,
            attempt,
            fields: Vec::new(),
            event: AuditEvent::Linked,
            agreed: Document::new(),
            sent: None,
            refused: false,
        }
    }

    pub(super) async fn audit(&self, query: &AuditQuery) -> Vec<StoredAudit> {
        done(
            self.store.audit(&self.connection, query).await,
            "reading the audit trail",
        )
    }

    /// The attempts of all entries, which the laws use to tell entries apart.
    pub(super) async fn audited(&self) -> Vec<u32> {
        let entries = self
            .audit(&AuditQuery {
                limit: 10_000,
                ..AuditQuery::default()
            })
            .await;
        entries.iter().map(|stored| stored.entry.attempt).collect()
    }

    pub(super) async fn links(&self, records: &[(Side, RecordId)]) -> Vec<Option<Link>> {
        done(
            self.store
                .links(&self.connection, &self.flow, records)
                .await,
            "reading links",
        )
    }

    pub(super) async fn link_of(&self, record: (Side, RecordId)) -> Option<Link> {
        let mut links = self.links(&[record]).await;
        assert_eq!(links.len(), 1, "there is one answer for each record");
        links.remove(0)
    }
}

/// The end of one job, with nothing else.
pub(super) fn ending(job: &Job, finish: Finish) -> Commit {
    Commit {
        held: vec![Held::from(job)],
        link: None,
        finish,
        wake: Vec::new(),
        audit: Vec::new(),
    }
}

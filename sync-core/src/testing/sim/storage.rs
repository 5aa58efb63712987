//! A store that answers late, or not at all.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{fault::FaultClass, state::Handle};
use crate::{
    audit::{AuditEntry, AuditQuery, StoredAudit},
    ids::{ConnectionId, FlowName, RecordId},
    job::{Claim, Hint, Job, JobKey, ParkedJob},
    link::{Link, LinkId, Revision},
    side::Side,
    store::{
        Commit, Counts, DocumentWrite, MemoryStore, Prepare, Refused, Store, StoreError,
        StoreErrorKind,
    },
};

/// A [`MemoryStore`] behind a connection that breaks before and after a transaction.
pub(super) struct Storage {
    pub(super) inner: MemoryStore,
    pub(super) handle: Handle,
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Storage")
    }
}

impl Storage {
    async fn transaction<T>(
        &self,
        action: &'static str,
        run: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        self.handle.pause().await;
        if self
            .handle
            .lock()
            .strikes(FaultClass::StoreUnavailable, 150)
        {
            return Err(self.broken(action, "before"));
        }
        let outcome = run.await;
        self.handle.pause().await;
        if outcome.is_ok() && self.handle.lock().strikes(FaultClass::StoreAnswerLost, 150) {
            return Err(self.broken(action, "after"));
        }
        outcome
    }

    fn broken(&self, action: &'static str, when: &str) -> StoreError {
        let mut state = self.handle.lock();
        state
            .trace
            .note(format_args!("store: breaks {when} {action}"));
        StoreError::new(StoreErrorKind::Unavailable, action, "connection lost")
    }
}

#[async_trait]
impl Store for Storage {
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        hints: &[Hint],
        document: Option<&DocumentWrite>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let run = self.inner.enqueue(connection, hints, document, now);
        self.transaction("queueing", run).await
    }

    async fn claim(
        &self,
        connection: &ConnectionId,
        claim: &Claim,
    ) -> Result<Vec<Job>, StoreError> {
        let run = self.inner.claim(connection, claim);
        self.transaction("claiming", run).await
    }

    async fn links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        records: &[(Side, RecordId)],
    ) -> Result<Vec<Option<Link>>, StoreError> {
        let run = self.inner.links(connection, flow, records);
        self.transaction("reading links", run).await
    }

    async fn prepare(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Prepare],
        now: Timestamp,
    ) -> Result<Vec<Result<Link, Refused>>, StoreError> {
        let run = self.inner.prepare(connection, flow, entries, now);
        self.transaction("preparing", run).await
    }

    async fn commit(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Commit],
        now: Timestamp,
    ) -> Result<Vec<Result<(), Refused>>, StoreError> {
        let run = self.inner.commit(connection, flow, entries, now);
        self.transaction("committing", run).await
    }

    async fn next_due(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Option<Timestamp>, StoreError> {
        let run = self.inner.next_due(connection, flow);
        self.transaction("asking when work is due", run).await
    }

    async fn all_links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<LinkId>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        let run = self.inner.all_links(connection, flow, after, limit);
        self.transaction("reading links", run).await
    }

    async fn parked(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<&JobKey>,
        limit: usize,
    ) -> Result<Vec<ParkedJob>, StoreError> {
        let run = self.inner.parked(connection, flow, after, limit);
        self.transaction("reading parked jobs", run).await
    }

    async fn dismiss(
        &self,
        connection: &ConnectionId,
        keys: &[JobKey],
        audit: &[AuditEntry],
    ) -> Result<usize, StoreError> {
        let run = self.inner.dismiss(connection, keys, audit);
        self.transaction("dismissing", run).await
    }

    async fn audit(
        &self,
        connection: &ConnectionId,
        query: &AuditQuery,
    ) -> Result<Vec<StoredAudit>, StoreError> {
        let run = self.inner.audit(connection, query);
        self.transaction("reading the audit trail", run).await
    }

    async fn counts(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Counts, StoreError> {
        let run = self.inner.counts(connection, flow);
        self.transaction("counting", run).await
    }

    async fn document(
        &self,
        connection: &ConnectionId,
        name: &str,
    ) -> Result<Option<(String, Revision)>, StoreError> {
        let run = self.inner.document(connection, name);
        self.transaction("reading a document", run).await
    }

    async fn put_document(
        &self,
        connection: &ConnectionId,
        write: &DocumentWrite,
    ) -> Result<Revision, StoreError> {
        let run = self.inner.put_document(connection, write);
        self.transaction("writing a document", run).await
    }
}

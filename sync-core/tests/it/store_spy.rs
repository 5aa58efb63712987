//! A store that lets a test look in, act in the middle, and crash between its calls.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use jiff::Timestamp;
use sync_core::{
    AuditEntry, AuditQuery, Claim, Commit, ConnectionId, Counts, DocumentWrite, FlowName, Hint,
    Job, JobKey, Link, LinkId, ParkedJob, Prepare, RecordId, Refused, Revision, Side, Store,
    StoreError, StoredAudit,
};

/// What a call to the store meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The program dies before the call.
    DiesBefore,
    /// The program dies after the call.
    DiesAfter,
}

/// The calls that can be interfered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    Enqueue,
    Claim,
    Prepare,
    Commit,
    PutDocument,
    Counts,
}

type Hook = Box<dyn FnMut(At) -> Option<Trouble> + Send>;

/// A store with a hook before each of its interesting calls.
pub(crate) struct SpyStore {
    inner: Arc<dyn Store>,
    hook: Mutex<Hook>,
}

impl fmt::Debug for SpyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpyStore").finish_non_exhaustive()
    }
}

impl SpyStore {
    pub(crate) fn new(
        inner: Arc<dyn Store>,
        hook: impl FnMut(At) -> Option<Trouble> + Send + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            inner,
            hook: Mutex::new(Box::new(hook)),
        })
    }

    async fn at<T>(&self, at: At, call: impl Future<Output = T> + Send) -> T {
        let trouble = (self.hook.lock().unwrap())(at);
        match trouble {
            None => call.await,
            Some(Trouble::DiesBefore) => std::future::pending().await,
            Some(Trouble::DiesAfter) => {
                call.await;
                std::future::pending().await
            }
        }
    }
}

#[async_trait]
impl Store for SpyStore {
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        hints: &[Hint],
        document: Option<&DocumentWrite>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let call = self.inner.enqueue(connection, hints, document, now);
        self.at(At::Enqueue, call).await
    }

    async fn claim(
        &self,
        connection: &ConnectionId,
        claim: &Claim,
    ) -> Result<Vec<Job>, StoreError> {
        self.at(At::Claim, self.inner.claim(connection, claim))
            .await
    }

    async fn links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        records: &[(Side, RecordId)],
    ) -> Result<Vec<Option<Link>>, StoreError> {
        self.inner.links(connection, flow, records).await
    }

    async fn prepare(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Prepare],
        now: Timestamp,
    ) -> Result<Vec<Result<Link, Refused>>, StoreError> {
        let call = self.inner.prepare(connection, flow, entries, now);
        self.at(At::Prepare, call).await
    }

    async fn commit(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Commit],
        now: Timestamp,
    ) -> Result<Vec<Result<(), Refused>>, StoreError> {
        let call = self.inner.commit(connection, flow, entries, now);
        self.at(At::Commit, call).await
    }

    async fn next_due(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_due(connection, flow).await
    }

    async fn all_links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<LinkId>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        self.inner.all_links(connection, flow, after, limit).await
    }

    async fn parked(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<&JobKey>,
        limit: usize,
    ) -> Result<Vec<ParkedJob>, StoreError> {
        self.inner.parked(connection, flow, after, limit).await
    }

    async fn dismiss(
        &self,
        connection: &ConnectionId,
        keys: &[JobKey],
        audit: &[AuditEntry],
    ) -> Result<usize, StoreError> {
        self.inner.dismiss(connection, keys, audit).await
    }

    async fn audit(
        &self,
        connection: &ConnectionId,
        query: &AuditQuery,
    ) -> Result<Vec<StoredAudit>, StoreError> {
        self.inner.audit(connection, query).await
    }

    async fn counts(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Counts, StoreError> {
        let call = self.inner.counts(connection, flow);
        self.at(At::Counts, call).await
    }

    async fn document(
        &self,
        connection: &ConnectionId,
        name: &str,
    ) -> Result<Option<(String, Revision)>, StoreError> {
        self.inner.document(connection, name).await
    }

    async fn put_document(
        &self,
        connection: &ConnectionId,
        write: &DocumentWrite,
    ) -> Result<Revision, StoreError> {
        self.at(At::PutDocument, self.inner.put_document(connection, write))
            .await
    }
}

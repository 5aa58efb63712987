//! Where links, jobs, cursors and the audit trail are kept.

mod memory;

use std::{error::Error as StdError, fmt};

use async_trait::async_trait;
use jiff::Timestamp;

pub use self::memory::MemoryStore;
use crate::{
    audit::{AuditEntry, AuditQuery, StoredAudit},
    ids::{ConnectionId, FlowName, RecordId},
    job::{Claim, FencingToken, Finish, Hint, Job, JobKey, ParkedJob},
    link::{Link, LinkContent, LinkId, Revision},
    side::Side,
};

/// Keeps everything that must survive a crash, for any number of connections.
///
/// # Contract
///
/// - Each method is one transaction: all of it happens, durably, or nothing does. It may be called from many tasks and
///   processes at once.
/// - Within a connection and flow no two links share an identity on a side.
/// - A lease belongs to its [`FencingToken`]. Whoever shows an older one is refused, row by row.
///
/// `sync_core::testing::store_laws` checks an implementation against this contract.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Queues the hints and, in the same transaction, writes the document (a feed's cursor).
    ///
    /// A hint for a linked record is filed under the left identity of its link if that is known, else the right one.
    /// For a key that is queued already the generation rises and the cause is replaced; its due time is not touched, so
    /// that hints do not defeat back-off. A parked key is due at once and its attempts start anew.
    ///
    /// # Errors
    /// [`StoreError`]. A document that somebody else wrote first is [`StoreErrorKind::Conflict`]; nothing was queued.
    async fn enqueue(
        &self,
        connection: &ConnectionId,
        hints: &[Hint],
        document: Option<&DocumentWrite>,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Leases due jobs of a flow, those queued first coming first. A job under a live lease is never handed out.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn claim(&self, connection: &ConnectionId, claim: &Claim)
    -> Result<Vec<Job>, StoreError>;

    /// The link of each record, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        records: &[(Side, RecordId)],
    ) -> Result<Vec<Option<Link>>, StoreError>;

    /// Writes links before anything is written to a system (plans and intents), with the audit entries that say so.
    /// One outcome for each entry, in order; entries do not affect each other.
    ///
    /// # Errors
    /// [`StoreError`] when nothing was written.
    async fn prepare(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Prepare],
        now: Timestamp,
    ) -> Result<Vec<Result<Link, Refused>>, StoreError>;

    /// Ends the work on a batch: links, finished jobs, woken dependants and audit entries, in one transaction. One
    /// outcome for each entry, in order. The audit of a refused entry is written all the same, marked as
    /// [`refused`](AuditEntry::refused): its effects took place.
    ///
    /// # Errors
    /// [`StoreError`] when nothing was written.
    async fn commit(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        entries: &[Commit],
        now: Timestamp,
    ) -> Result<Vec<Result<(), Refused>>, StoreError>;

    /// When the next job of the flow is due: the earliest due time or lapse of a lease. `None`: no job is queued.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn next_due(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Option<Timestamp>, StoreError>;

    /// Links in order of id, after `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn all_links(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<LinkId>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError>;

    /// Parked jobs in order of key, after `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn parked(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
        after: Option<&JobKey>,
        limit: usize,
    ) -> Result<Vec<ParkedJob>, StoreError>;

    /// Removes parked jobs, with the audit entries that say why. Returns how many were there.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn dismiss(
        &self,
        connection: &ConnectionId,
        keys: &[JobKey],
        audit: &[AuditEntry],
    ) -> Result<usize, StoreError>;

    /// A page of the audit trail.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn audit(
        &self,
        connection: &ConnectionId,
        query: &AuditQuery,
    ) -> Result<Vec<StoredAudit>, StoreError>;

    /// How much there is of everything in a flow.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn counts(
        &self,
        connection: &ConnectionId,
        flow: &FlowName,
    ) -> Result<Counts, StoreError>;

    /// A small named document of the engine's, such as a feed's cursor, with its revision.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn document(
        &self,
        connection: &ConnectionId,
        name: &str,
    ) -> Result<Option<(String, Revision)>, StoreError>;

    /// Writes a document if its revision is still the expected one.
    ///
    /// # Errors
    /// [`StoreErrorKind::Conflict`] when somebody else wrote first.
    async fn put_document(
        &self,
        connection: &ConnectionId,
        write: &DocumentWrite,
    ) -> Result<Revision, StoreError>;
}

/// A conditional write of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentWrite {
    /// Its name.
    pub name: String,
    /// The revision it must have; `None`: it must not exist.
    pub expected: Option<Revision>,
    /// Its new content.
    pub body: String,
}

/// Proof that a worker still holds a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The job's key.
    pub key: JobKey,
    /// The lease.
    pub token: FencingToken,
    /// The generation that the work is based on.
    pub generation: u64,
}

impl From<&Job> for Held {
    fn from(job: &Job) -> Self {
        Self {
            key: job.key.clone(),
            token: job.token,
            generation: job.generation,
        }
    }
}

/// A change of one link.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkWrite {
    /// Makes a link. At least one identity is set.
    Insert(LinkContent),
    /// Replaces a link's content if its revision is still the expected one.
    Replace {
        /// Which.
        id: LinkId,
        /// The revision it must have.
        expected: Revision,
        /// The new content.
        content: LinkContent,
    },
    /// Removes a link if its revision is still the expected one.
    Remove {
        /// Which.
        id: LinkId,
        /// The revision it must have.
        expected: Revision,
    },
}

/// A link to write before its effects.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepare {
    /// The job it is done for, which must still be held.
    pub held: Held,
    /// The link.
    pub link: LinkWrite,
    /// What the audit says of it.
    pub audit: Vec<AuditEntry>,
}

/// The end of the work on one pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// The jobs that led to it, all of which must still be held: one, or two when both sides of a pair were queued.
    pub held: Vec<Held>,
    /// The link's change, if it has one.
    pub link: Option<LinkWrite>,
    /// What becomes of the jobs.
    pub finish: Finish,
    /// Records that are now synchronised: jobs parked as waiting for them are due again.
    pub wake: Vec<JobKey>,
    /// What the audit says.
    pub audit: Vec<AuditEntry>,
}

/// Why an entry was not written. Nothing of it was, its audit apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The job is no longer held under this lease: another worker took it over.
    #[error("the lease was taken over by another worker")]
    LeaseLost,
    /// The link was changed or removed since it was read.
    #[error("the link was changed by another worker")]
    StaleLink,
    /// An identity belongs to another link.
    #[error("the {side} record belongs to another pair")]
    AlreadyLinked {
        /// On which side.
        side: Side,
    },
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Links with both identities.
    pub linked: u64,
    /// Links that still lack one.
    pub half_linked: u64,
    /// Jobs that are queued or in work, parked ones apart.
    pub queued: u64,
    /// Parked jobs.
    pub parked: u64,
    /// When the oldest job that is queued or in work was queued.
    pub oldest_queued_at: Option<Timestamp>,
}

/// What kind of failure of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Somebody else wrote first; nothing was changed.
    Conflict,
    /// Busy or not reachable; repeat later. Whether it was written is unknown, and repeating is safe.
    Unavailable,
    /// What is stored cannot be read: a newer version wrote it, or it is damaged.
    Corrupt,
    /// Anything else.
    Other,
}

/// A store failed.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    action: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl StoreError {
    /// An error while doing `action`, such as "claiming jobs".
    pub fn new(
        kind: StoreErrorKind,
        action: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            action: action.into(),
            source: Some(source.into()),
        }
    }

    /// A lost race while doing `action`.
    pub fn conflict(action: impl Into<String>) -> Self {
        Self {
            kind: StoreErrorKind::Conflict,
            action: action.into(),
            source: None,
        }
    }

    /// What kind.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            StoreErrorKind::Conflict => "somebody else wrote first",
            StoreErrorKind::Unavailable => "not available",
            StoreErrorKind::Corrupt => "content cannot be read",
            StoreErrorKind::Other => "failed",
        };
        write!(f, "store: {what} while {}", self.action)
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

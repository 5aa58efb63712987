//! Work on a key: what the durable queue holds.

use jiff::Timestamp;

use crate::{
    endpoint::Rejection,
    ids::{FeedName, FieldName, FlowName, RecordId, WorkerId},
    side::{Side, Sides},
    value::Document,
};

/// What a job is about: one record of one side of a flow. There is at most one job for each key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobKey {
    /// The flow.
    pub flow: FlowName,
    /// The side of the record that changed or, for a linked pair, the left side if its record is known.
    pub side: Side,
    /// The record.
    pub id: RecordId,
}

/// Why a key is looked at, for the audit. What a person approved is not counted by guards, and what a plan has found out is
/// not searched for again; else it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// A notification from the system.
    Webhook,
    /// A change feed.
    Feed(FeedName),
    /// A comparison of everything.
    Sweep,
    /// A person asked for it.
    Replay,
    /// An approved first-sync plan.
    Plan,
    /// The parent it was waiting for is there.
    Dependency,
    /// A second look after a create.
    Verify,
    /// A guard that stopped the flow.
    Guard,
    /// The flow's mapping or policy is not what it was when the record was parked.
    RulesChanged,
}

/// A key to be queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The key.
    pub key: JobKey,
    /// Why.
    pub cause: Cause,
}

/// Proof of a lease. A store gives each lease a new token, so that a worker whose lease was taken over is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FencingToken(pub u64);

/// A job under lease.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The key.
    pub key: JobKey,
    /// Counts the hints for this key. A job whose generation has moved on when it is finished stays queued.
    pub generation: u64,
    /// Proof of the lease.
    pub token: FencingToken,
    /// Failed tries so far.
    pub attempts: u32,
    /// Why it was queued; the newest cause.
    pub cause: Cause,
    /// When it was queued first.
    pub queued_at: Timestamp,
}

/// A claim of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The flow.
    pub flow: FlowName,
    /// Who claims.
    pub worker: WorkerId,
    /// At most so many jobs.
    pub limit: usize,
    /// Jobs due now or earlier, and leases that have lapsed.
    pub now: Timestamp,
    /// When the new leases lapse.
    pub lease_until: Timestamp,
}

/// What becomes of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Finish {
    /// It is done. Removed, unless its generation moved on.
    Done,
    /// It is looked at again.
    Again {
        /// Not before.
        at: Timestamp,
        /// Whether this counts as a failed try. When it does not, the count starts anew.
        failed: bool,
        /// Why, when the look is not for the cause it was queued for.
        cause: Option<Cause>,
    },
    /// It waits for a person or a changed cause. If its generation moved on it is looked at again instead.
    Park(Box<Parked>),
}

/// Why and with what a job is parked.
#[derive(Clone, Debug, PartialEq)]
pub struct Parked {
    /// Why.
    pub reason: ParkReason,
    /// Both sides as they were, under the mapping's names.
    pub sides: Sides<Option<Document>>,
    /// What they last agreed on.
    pub base: Option<Document>,
    /// The partner's identities as far as known.
    pub ids: Sides<Option<RecordId>>,
    /// Since when.
    pub since: Timestamp,
}

/// Why a job is parked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParkReason {
    /// A system refused the row.
    Rejected {
        /// Which.
        side: Side,
        /// What it said.
        rejection: Rejection,
    },
    /// A value cannot be expressed on the other side.
    Unmappable {
        /// The field, under the mapping's name.
        field: FieldName,
        /// Why.
        message: String,
    },
    /// Both sides changed the same field to different values, and its rule asks a person.
    Conflict {
        /// The fields.
        fields: Vec<FieldName>,
    },
    /// More than one record could be the partner.
    Ambiguous {
        /// Where they are.
        side: Side,
        /// They.
        candidates: Vec<RecordId>,
    },
    /// The record names a partner that does not exist.
    DanglingKey {
        /// The side that lacks the partner.
        side: Side,
        /// The key that leads nowhere.
        key: String,
    },
    /// The partner belongs to another pair.
    PartnerTaken {
        /// The partner's side.
        side: Side,
        /// The partner.
        id: RecordId,
    },
    /// The two systems keep undoing each other's values.
    FlipFlop,
    /// Tried too often.
    AttemptsExhausted {
        /// The last failure.
        message: String,
    },
    /// Waits for another record to be synchronised first.
    WaitingFor {
        /// That record.
        parent: JobKey,
    },
}

impl ParkReason {
    /// A word for the kind of reason, for counts and metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rejected { .. } => "rejected",
            Self::Unmappable { .. } => "unmappable",
            Self::Conflict { .. } => "conflict",
            Self::Ambiguous { .. } => "ambiguous",
            Self::DanglingKey { .. } => "dangling_key",
            Self::PartnerTaken { .. } => "partner_taken",
            Self::FlipFlop => "flip_flop",
            Self::AttemptsExhausted { .. } => "attempts_exhausted",
            Self::WaitingFor { .. } => "waiting_for",
        }
    }
}

/// A job that waits for a person or a changed cause.
#[derive(Clone, Debug, PartialEq)]
pub struct ParkedJob {
    /// The key.
    pub key: JobKey,
    /// Failed tries.
    pub attempts: u32,
    /// Why, and with what.
    pub parked: Parked,
}

//! The append-only record of every decision.

use jiff::Timestamp;

use crate::{
    ids::{FieldName, FlowName, RecordId},
    job::{Cause, ParkReason},
    side::{Side, Sides},
    value::Value,
};

/// One decision about one pair.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// In which flow.
    pub flow: FlowName,
    /// About which pair, as far as known.
    pub ids: Sides<Option<RecordId>>,
    /// What led to it.
    pub cause: Cause,
    /// Which try this was, from 1.
    pub attempt: u32,
    /// Each field that differed, and how that was settled.
    pub fields: Vec<FieldDecision>,
    /// What was done.
    pub event: AuditEvent,
}

/// How one field was settled.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDecision {
    /// The field, under the mapping's name.
    pub field: FieldName,
    /// The value both sides last agreed on, if there was one.
    pub base: Option<Value>,
    /// The left value.
    pub left: Value,
    /// The right value.
    pub right: Value,
    /// The value both are to have; none when a person must say.
    pub result: Option<Value>,
    /// Why.
    pub verdict: Verdict,
}

/// Why a field got its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Only the left side had changed.
    LeftChanged,
    /// Only the right side had changed.
    RightChanged,
    /// The field goes one way, and this side owns it.
    OwnedBy(Side),
    /// Both had changed; the field's rule chose this side.
    ConflictWonBy(Side),
    /// Both had changed; a person must choose.
    ConflictParked,
    /// First meeting: this side's value was adopted.
    AdoptedFrom(Side),
}

/// What was done.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AuditEvent {
    /// Two existing records were recognised as a pair.
    Linked,
    /// A create was decided on; written before it is attempted.
    CreateIntended {
        /// Where.
        side: Side,
        /// The key that will find it.
        key: String,
    },
    /// A record was created.
    Created {
        /// Where.
        side: Side,
        /// What the system remarked.
        warnings: Vec<String>,
    },
    /// A record was changed.
    Updated {
        /// Where.
        side: Side,
        /// What the system remarked.
        warnings: Vec<String>,
    },
    /// A record was deleted or deactivated because its partner was deleted.
    DeletePropagated {
        /// Where it was done.
        side: Side,
    },
    /// A partner is gone and the flow's policy leaves the other alone.
    PartnerDeleted {
        /// The side that lost its record.
        side: Side,
    },
    /// A deleted partner is back.
    PartnerRestored {
        /// Its side.
        side: Side,
    },
    /// The pair is no longer a pair.
    Unlinked,
    /// A write failed.
    WriteFailed {
        /// Where.
        side: Side,
        /// Why.
        message: String,
        /// Whether it may have been done all the same.
        may_have_been_applied: bool,
    },
    /// The pair waits for a person or a changed cause.
    Parked(ParkReason),
    /// A person dismissed a parked job.
    Dismissed,
    /// A person asked for another look.
    Replayed,
}

/// A stored entry and its place in the record.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredAudit {
    /// Rises by at least one from entry to entry within a connection.
    pub sequence: u64,
    /// The entry.
    pub entry: AuditEntry,
}

/// Which entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only entries after this one.
    pub after: Option<u64>,
    /// Only entries of the pair that this record belongs to.
    pub record: Option<(Side, RecordId)>,
    /// At most so many, oldest first.
    pub limit: usize,
}

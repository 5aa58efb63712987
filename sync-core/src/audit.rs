//! The append-only record of every decision.

use jiff::Timestamp;

use crate::{
    ids::{FieldName, FlowName, RecordId},
    job::{Cause, ParkReason},
    side::{Side, Sides},
    value::{Document, Value},
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
    /// What both sides agree on from here on, as far as that changed. Links and bases can be rebuilt from it.
    pub agreed: Document,
    /// A fingerprint of what was sent, if anything was.
    pub sent: Option<String>,
    /// Set by the store when it refused the commit that this entry belongs to, as another worker had been quicker: what
    /// the entry says was done to the systems was done, but the link did not become what it says.
    pub refused: bool,
}

impl AuditEntry {
    /// An entry without values.
    #[must_use]
    pub fn new(
        at: Timestamp,
        flow: FlowName,
        ids: Sides<Option<RecordId>>,
        cause: Cause,
        event: AuditEvent,
    ) -> Self {
        Self {
            at,
            flow,
            ids,
            cause,
            attempt: 1,
            fields: Vec::new(),
            event,
            agreed: Document::new(),
            sent: None,
            refused: false,
        }
    }
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
    /// A person chose the value for a parked record.
    ChosenByPerson,
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
    /// A delete or a deactivation was decided on, because the partner was deleted; written before it is attempted.
    DeleteIntended {
        /// Where it is to be done.
        side: Side,
    },
    /// Values were on their way to this side when the work on the pair was interrupted, or their answer was lost. They
    /// may have been written; a later look found out.
    WriteUnconfirmed {
        /// Where.
        side: Side,
    },
    /// Somebody had changed values on this side after they were read and before they were written over. The system's
    /// own history told; the fields say what was overwritten.
    Overwritten {
        /// Where.
        side: Side,
    },
    /// The pair is no longer a pair, although both records may exist.
    Unlinked,
    /// Both records are gone, and the pair with them.
    Forgotten,
    /// Both sides were found to hold the same, without a write.
    Agreed,
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
    /// A person is about to change a parked record on this side. Written before it is done.
    EditIntended {
        /// Where.
        side: Side,
    },
    /// The flow was stopped before it could do harm.
    FlowStopped {
        /// Why, in a sentence.
        reason: String,
    },
    /// A person, or the end of its cause, let a stopped flow go on.
    FlowReleased,
}

impl AuditEvent {
    /// Whether it shows that the two records it names are a pair.
    pub(crate) fn is_of_a_pair(&self) -> bool {
        matches!(
            self,
            Self::Linked
                | Self::Created { .. }
                | Self::Updated { .. }
                | Self::Agreed
                | Self::PartnerRestored { .. }
                | Self::PartnerDeleted { .. }
                | Self::DeletePropagated { .. }
                | Self::Unlinked
        )
    }
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

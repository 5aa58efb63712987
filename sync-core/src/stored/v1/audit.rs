//! Audit entries.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Ids, Side,
    job::{Cause, ParkReason},
    value::{Document, Value},
};
use crate::audit;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::stored) struct AuditEntry {
    at: Timestamp,
    flow: String,
    ids: Ids,
    cause: Cause,
    attempt: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fields: Vec<FieldDecision>,
    event: AuditEvent,
    #[serde(default, skip_serializing_if = "Document::is_empty")]
    agreed: Document,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    refused: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl From<&audit::AuditEntry> for AuditEntry {
    fn from(entry: &audit::AuditEntry) -> Self {
        let audit::AuditEntry {
            at,
            flow,
            ids,
            cause,
            attempt,
            fields,
            event,
            agreed,
            sent,
            refused,
        } = entry;
        Self {
            at: *at,
            flow: flow.to_string(),
            ids: ids.into(),
            cause: cause.into(),
            attempt: *attempt,
            fields: fields.iter().map(FieldDecision::from).collect(),
            event: event.into(),
            agreed: agreed.into(),
            sent: sent.clone(),
            refused: *refused,
        }
    }
}

impl From<AuditEntry> for audit::AuditEntry {
    fn from(entry: AuditEntry) -> Self {
        Self {
            at: entry.at,
            flow: entry.flow.into(),
            ids: entry.ids.into(),
            cause: entry.cause.into(),
            attempt: entry.attempt,
            fields: entry.fields.into_iter().map(Into::into).collect(),
            event: entry.event.into(),
            agreed: entry.agreed.into(),
            sent: entry.sent,
            refused: entry.refused,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldDecision {
    field: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<Value>,
    left: Value,
    right: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    verdict: Verdict,
}

impl From<&audit::FieldDecision> for FieldDecision {
    fn from(decision: &audit::FieldDecision) -> Self {
        let audit::FieldDecision {
            field,
            base,
            left,
            right,
            result,
            verdict,
        } = decision;
        Self {
            field: field.to_string(),
            base: base.as_ref().map(Value::from),
            left: left.into(),
            right: right.into(),
            result: result.as_ref().map(Value::from),
            verdict: (*verdict).into(),
        }
    }
}

impl From<FieldDecision> for audit::FieldDecision {
    fn from(decision: FieldDecision) -> Self {
        Self {
            field: decision.field.into(),
            base: decision.base.map(Into::into),
            left: decision.left.into(),
            right: decision.right.into(),
            result: decision.result.map(Into::into),
            verdict: decision.verdict.into(),
        }
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    LeftChanged,
    RightChanged,
    OwnedBy(Side),
    ConflictWonBy(Side),
    ConflictParked,
    AdoptedFrom(Side),
    ChosenByPerson,
}

impl From<audit::Verdict> for Verdict {
    fn from(verdict: audit::Verdict) -> Self {
        match verdict {
            audit::Verdict::LeftChanged => Self::LeftChanged,
            audit::Verdict::RightChanged => Self::RightChanged,
            audit::Verdict::OwnedBy(side) => Self::OwnedBy(side.into()),
            audit::Verdict::ConflictWonBy(side) => Self::ConflictWonBy(side.into()),
            audit::Verdict::ConflictParked => Self::ConflictParked,
            audit::Verdict::AdoptedFrom(side) => Self::AdoptedFrom(side.into()),
            audit::Verdict::ChosenByPerson => Self::ChosenByPerson,
        }
    }
}

impl From<Verdict> for audit::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::LeftChanged => Self::LeftChanged,
            Verdict::RightChanged => Self::RightChanged,
            Verdict::OwnedBy(side) => Self::OwnedBy(side.into()),
            Verdict::ConflictWonBy(side) => Self::ConflictWonBy(side.into()),
            Verdict::ConflictParked => Self::ConflictParked,
            Verdict::AdoptedFrom(side) => Self::AdoptedFrom(side.into()),
            Verdict::ChosenByPerson => Self::ChosenByPerson,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum AuditEvent {
    Linked,
    CreateIntended {
        side: Side,
        key: String,
    },
    Created {
        side: Side,
        warnings: Vec<String>,
    },
    Updated {
        side: Side,
        warnings: Vec<String>,
    },
    DeletePropagated {
        side: Side,
    },
    PartnerDeleted {
        side: Side,
    },
    PartnerRestored {
        side: Side,
    },
    DeleteIntended {
        side: Side,
    },
    WriteUnconfirmed {
        side: Side,
    },
    Overwritten {
        side: Side,
    },
    Unlinked,
    Forgotten,
    Agreed,
    WriteFailed {
        side: Side,
        message: String,
        may_have_been_applied: bool,
    },
    Parked(ParkReason),
    Dismissed,
    Replayed,
    EditIntended {
        side: Side,
    },
    FlowStopped {
        reason: String,
    },
    FlowReleased,
}

impl From<&audit::AuditEvent> for AuditEvent {
    fn from(event: &audit::AuditEvent) -> Self {
        match event {
            audit::AuditEvent::Linked => Self::Linked,
            audit::AuditEvent::CreateIntended { side, key } => Self::CreateIntended {
                side: (*side).into(),
                key: key.clone(),
            },
            audit::AuditEvent::Created { side, warnings } => Self::Created {
                side: (*side).into(),
                warnings: warnings.clone(),
            },
            audit::AuditEvent::Updated { side, warnings } => Self::Updated {
                side: (*side).into(),
                warnings: warnings.clone(),
            },
            audit::AuditEvent::DeletePropagated { side } => Self::DeletePropagated {
                side: (*side).into(),
            },
            audit::AuditEvent::PartnerDeleted { side } => Self::PartnerDeleted {
                side: (*side).into(),
            },
            audit::AuditEvent::PartnerRestored { side } => Self::PartnerRestored {
                side: (*side).into(),
            },
            audit::AuditEvent::DeleteIntended { side } => Self::DeleteIntended {
                side: (*side).into(),
            },
            audit::AuditEvent::WriteUnconfirmed { side } => Self::WriteUnconfirmed {
                side: (*side).into(),
            },
            audit::AuditEvent::Overwritten { side } => Self::Overwritten {
                side: (*side).into(),
            },
            audit::AuditEvent::Unlinked => Self::Unlinked,
            audit::AuditEvent::Forgotten => Self::Forgotten,
            audit::AuditEvent::Agreed => Self::Agreed,
            audit::AuditEvent::WriteFailed {
                side,
                message,
                may_have_been_applied,
            } => Self::WriteFailed {
                side: (*side).into(),
                message: message.clone(),
                may_have_been_applied: *may_have_been_applied,
            },
            audit::AuditEvent::Parked(reason) => Self::Parked(reason.into()),
            audit::AuditEvent::Dismissed => Self::Dismissed,
            audit::AuditEvent::Replayed => Self::Replayed,
            audit::AuditEvent::EditIntended { side } => Self::EditIntended {
                side: (*side).into(),
            },
            audit::AuditEvent::FlowStopped { reason } => Self::FlowStopped {
                reason: reason.clone(),
            },
            audit::AuditEvent::FlowReleased => Self::FlowReleased,
        }
    }
}

impl From<AuditEvent> for audit::AuditEvent {
    fn from(event: AuditEvent) -> Self {
        match event {
            AuditEvent::Linked => Self::Linked,
            AuditEvent::CreateIntended { side, key } => Self::CreateIntended {
                side: side.into(),
                key,
            },
            AuditEvent::Created { side, warnings } => Self::Created {
                side: side.into(),
                warnings,
            },
            AuditEvent::Updated { side, warnings } => Self::Updated {
                side: side.into(),
                warnings,
            },
            AuditEvent::DeletePropagated { side } => Self::DeletePropagated { side: side.into() },
            AuditEvent::PartnerDeleted { side } => Self::PartnerDeleted { side: side.into() },
            AuditEvent::PartnerRestored { side } => Self::PartnerRestored { side: side.into() },
            AuditEvent::DeleteIntended { side } => Self::DeleteIntended { side: side.into() },
            AuditEvent::WriteUnconfirmed { side } => Self::WriteUnconfirmed { side: side.into() },
            AuditEvent::Overwritten { side } => Self::Overwritten { side: side.into() },
            AuditEvent::Unlinked => Self::Unlinked,
            AuditEvent::Forgotten => Self::Forgotten,
            AuditEvent::Agreed => Self::Agreed,
            AuditEvent::WriteFailed {
                side,
                message,
                may_have_been_applied,
            } => Self::WriteFailed {
                side: side.into(),
                message,
                may_have_been_applied,
            },
            AuditEvent::Parked(reason) => Self::Parked(reason.into()),
            AuditEvent::Dismissed => Self::Dismissed,
            AuditEvent::Replayed => Self::Replayed,
            AuditEvent::EditIntended { side } => Self::EditIntended { side: side.into() },
            AuditEvent::FlowStopped { reason } => Self::FlowStopped { reason },
            AuditEvent::FlowReleased => Self::FlowReleased,
        }
    }
}

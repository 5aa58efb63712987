//! Causes, and why and with what a job is parked.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ids, Side, Sides, value::Document};
use crate::{
    endpoint,
    ids::{FeedName, FieldName, FlowName, RecordId},
    job,
};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::stored) enum Cause {
    Webhook,
    Feed(String),
    Sweep,
    Replay,
    Plan,
    Dependency,
    Verify,
    Guard,
    RulesChanged,
}

impl From<&job::Cause> for Cause {
    fn from(cause: &job::Cause) -> Self {
        match cause {
            job::Cause::Webhook => Self::Webhook,
            job::Cause::Feed(feed) => Self::Feed(feed.to_string()),
            job::Cause::Sweep => Self::Sweep,
            job::Cause::Replay => Self::Replay,
            job::Cause::Plan => Self::Plan,
            job::Cause::Dependency => Self::Dependency,
            job::Cause::Verify => Self::Verify,
            job::Cause::Guard => Self::Guard,
            job::Cause::RulesChanged => Self::RulesChanged,
        }
    }
}

impl From<Cause> for job::Cause {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Webhook => Self::Webhook,
            Cause::Feed(feed) => Self::Feed(FeedName::from(feed)),
            Cause::Sweep => Self::Sweep,
            Cause::Replay => Self::Replay,
            Cause::Plan => Self::Plan,
            Cause::Dependency => Self::Dependency,
            Cause::Verify => Self::Verify,
            Cause::Guard => Self::Guard,
            Cause::RulesChanged => Self::RulesChanged,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::stored) struct Parked {
    reason: ParkReason,
    sides: Sides<Option<Document>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<Document>,
    ids: Ids,
    since: Timestamp,
}

impl From<&job::Parked> for Parked {
    fn from(parked: &job::Parked) -> Self {
        let job::Parked {
            reason,
            sides,
            base,
            ids,
            since,
        } = parked;
        Self {
            reason: reason.into(),
            sides: Sides::of(sides, |side| side.as_ref().map(Document::from)),
            base: base.as_ref().map(Document::from),
            ids: ids.into(),
            since: *since,
        }
    }
}

impl From<Parked> for job::Parked {
    fn from(parked: Parked) -> Self {
        Self {
            reason: parked.reason.into(),
            sides: parked.sides.open(|side| side.map(Into::into)),
            base: parked.base.map(Into::into),
            ids: parked.ids.into(),
            since: parked.since,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ParkReason {
    Rejected {
        side: Side,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        message: String,
    },
    Unmappable {
        field: String,
        message: String,
    },
    Conflict {
        fields: Vec<String>,
    },
    Ambiguous {
        side: Side,
        candidates: Vec<String>,
    },
    DanglingKey {
        side: Side,
        key: String,
    },
    PartnerTaken {
        side: Side,
        id: String,
    },
    FlipFlop,
    AttemptsExhausted {
        message: String,
    },
    WaitingFor {
        flow: String,
        side: Side,
        id: String,
    },
}

impl From<&job::ParkReason> for ParkReason {
    fn from(reason: &job::ParkReason) -> Self {
        match reason {
            job::ParkReason::Rejected {
                side,
                rejection:
                    endpoint::Rejection {
                        field,
                        code,
                        message,
                    },
            } => Self::Rejected {
                side: (*side).into(),
                field: field.as_ref().map(FieldName::to_string),
                code: code.clone(),
                message: message.clone(),
            },
            job::ParkReason::Unmappable { field, message } => Self::Unmappable {
                field: field.to_string(),
                message: message.clone(),
            },
            job::ParkReason::Conflict { fields } => Self::Conflict {
                fields: fields.iter().map(FieldName::to_string).collect(),
            },
            job::ParkReason::Ambiguous { side, candidates } => Self::Ambiguous {
                side: (*side).into(),
                candidates: candidates.iter().map(RecordId::to_string).collect(),
            },
            job::ParkReason::DanglingKey { side, key } => Self::DanglingKey {
                side: (*side).into(),
                key: key.clone(),
            },
            job::ParkReason::PartnerTaken { side, id } => Self::PartnerTaken {
                side: (*side).into(),
                id: id.to_string(),
            },
            job::ParkReason::FlipFlop => Self::FlipFlop,
            job::ParkReason::AttemptsExhausted { message } => Self::AttemptsExhausted {
                message: message.clone(),
            },
            job::ParkReason::WaitingFor {
                parent: job::JobKey { flow, side, id },
            } => Self::WaitingFor {
                flow: flow.to_string(),
                side: (*side).into(),
                id: id.to_string(),
            },
        }
    }
}

impl From<ParkReason> for job::ParkReason {
    fn from(reason: ParkReason) -> Self {
        match reason {
            ParkReason::Rejected {
                side,
                field,
                code,
                message,
            } => Self::Rejected {
                side: side.into(),
                rejection: endpoint::Rejection {
                    field: field.map(FieldName::from),
                    code,
                    message,
                },
            },
            ParkReason::Unmappable { field, message } => Self::Unmappable {
                field: field.into(),
                message,
            },
            ParkReason::Conflict { fields } => Self::Conflict {
                fields: fields.into_iter().map(FieldName::from).collect(),
            },
            ParkReason::Ambiguous { side, candidates } => Self::Ambiguous {
                side: side.into(),
                candidates: candidates.into_iter().map(RecordId::from).collect(),
            },
            ParkReason::DanglingKey { side, key } => Self::DanglingKey {
                side: side.into(),
                key,
            },
            ParkReason::PartnerTaken { side, id } => Self::PartnerTaken {
                side: side.into(),
                id: id.into(),
            },
            ParkReason::FlipFlop => Self::FlipFlop,
            ParkReason::AttemptsExhausted { message } => Self::AttemptsExhausted { message },
            ParkReason::WaitingFor { flow, side, id } => Self::WaitingFor {
                parent: job::JobKey {
                    flow: FlowName::from(flow),
                    side: side.into(),
                    id: id.into(),
                },
            },
        }
    }
}

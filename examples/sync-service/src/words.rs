//! What people read: systems, records and reasons in words.

use jiff::{Timestamp, Unit};
use sync_core::{AuditEvent, Cause, JobKey, ParkReason, Side, Verdict};

/// What people call a side.
pub(crate) fn system(side: Side) -> &'static str {
    match side {
        Side::Left => "X3",
        Side::Right => "Zoho",
    }
}

/// The record as people name it.
pub(crate) fn record(key: &JobKey) -> String {
    format!("{} {}", system(key.side), key.id)
}

/// Why it is parked, in words.
pub(crate) fn reason(reason: &ParkReason) -> String {
    match reason {
        ParkReason::Rejected { side, rejection } => {
            let field = rejection
                .field
                .as_ref()
                .map(|field| format!(" `{field}`"))
                .unwrap_or_default();
            format!("{} rejects it{field}: {}", system(*side), rejection.message)
        }
        ParkReason::Unmappable { field, message } => {
            format!("`{field}` cannot be carried over: {message}")
        }
        ParkReason::Conflict { fields } => {
            let fields: Vec<&str> = fields.iter().map(AsRef::as_ref).collect();
            format!(
                "both sides changed {}: decide by making them equal",
                fields.join(", ")
            )
        }
        ParkReason::Ambiguous { side, candidates } => {
            let ids: Vec<&str> = candidates.iter().map(AsRef::as_ref).collect();
            format!(
                "it could belong to more than one {} record: {}",
                system(*side),
                ids.join(", ")
            )
        }
        ParkReason::DanglingKey { side, key } => format!(
            "it names the {} record {key}, which does not exist",
            system(*side)
        ),
        ParkReason::PartnerTaken { side, id } => format!(
            "its {} partner {id} belongs to another record",
            system(*side)
        ),
        ParkReason::FlipFlop => "the systems keep undoing each other's values".to_owned(),
        ParkReason::AttemptsExhausted { message } => format!("tried too often; last: {message}"),
        ParkReason::WaitingFor { parent } => {
            format!("waits for {} of {}", record(parent), parent.flow)
        }
        other => format!("{other:?}"),
    }
}

/// Whether the record is parked because both sides disagree.
pub(crate) fn is_conflict(reason: &ParkReason) -> bool {
    matches!(reason, ParkReason::Conflict { .. })
}

/// An instant to the second, as people read it.
pub(crate) fn instant(at: Timestamp) -> String {
    let second = at.round(Unit::Second);
    second.unwrap_or(at).to_string()
}

/// What a terminal may show of text that comes from a record: nothing in it moves the cursor or changes colours.
pub(crate) fn plain(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

/// What was done, in words.
pub(crate) fn event(event: &AuditEvent) -> String {
    let with = |did: String, warnings: &[String]| match warnings.is_empty() {
        true => did,
        false => format!("{did}; it remarked: {}", warnings.join("; ")),
    };
    match event {
        AuditEvent::Linked => "recognised as a pair".to_owned(),
        AuditEvent::CreateIntended { side, key } => {
            format!("to be created in {} under {key}", system(*side))
        }
        AuditEvent::Created { side, warnings } => {
            with(format!("created in {}", system(*side)), warnings)
        }
        AuditEvent::Updated { side, warnings } => {
            with(format!("changed in {}", system(*side)), warnings)
        }
        AuditEvent::DeletePropagated { side } => {
            format!("deleted or deactivated in {}", system(*side))
        }
        AuditEvent::PartnerDeleted { side } => {
            format!(
                "gone from {}, or from what the flow reads there; the other side is left alone",
                system(*side)
            )
        }
        AuditEvent::PartnerRestored { side } => format!("back in {}", system(*side)),
        AuditEvent::DeleteIntended { side } => {
            format!("to be deleted or deactivated in {}", system(*side))
        }
        AuditEvent::WriteUnconfirmed { side } => format!(
            "a write to {} was interrupted; a later look found out",
            system(*side)
        ),
        AuditEvent::Unlinked => "no longer a pair".to_owned(),
        AuditEvent::Forgotten => "both are gone, and the pair with them".to_owned(),
        AuditEvent::Agreed => "found in agreement".to_owned(),
        AuditEvent::WriteFailed { side, message, .. } => {
            format!("a write to {} failed: {message}", system(*side))
        }
        AuditEvent::Parked(why) => format!("parked: {}", reason(why)),
        AuditEvent::Dismissed => "dismissed by a person".to_owned(),
        AuditEvent::Replayed => "looked at again for a person".to_owned(),
        AuditEvent::EditIntended { side } => {
            format!("to be changed in {} by a person", system(*side))
        }
        AuditEvent::FlowStopped { reason } => format!("the flow was stopped: {reason}"),
        AuditEvent::FlowReleased => "the flow goes on".to_owned(),
        other => format!("{other:?}"),
    }
}

/// What led to a decision, in words.
pub(crate) fn cause(cause: &Cause) -> String {
    match cause {
        Cause::Webhook => "a notification".to_owned(),
        Cause::Feed(feed) => format!("a poll of {feed}"),
        Cause::Sweep => "a sweep".to_owned(),
        Cause::Replay => "a person".to_owned(),
        Cause::Plan => "the first sync".to_owned(),
        Cause::Dependency => "what it waited for is there".to_owned(),
        Cause::Verify => "a second look after a create".to_owned(),
        Cause::Guard => "a guard".to_owned(),
        Cause::RulesChanged => "other rules".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Why a field got its value, in words.
pub(crate) fn verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::LeftChanged => "X3 changed it".to_owned(),
        Verdict::RightChanged => "Zoho changed it".to_owned(),
        Verdict::OwnedBy(side) => format!("{} owns it", system(side)),
        Verdict::ConflictWonBy(side) => {
            format!("both changed it; the rule prefers {}", system(side))
        }
        Verdict::ConflictParked => "both changed it; a person decides".to_owned(),
        Verdict::AdoptedFrom(side) => format!("first meeting; {} was adopted", system(side)),
        Verdict::ChosenByPerson => "a person chose it".to_owned(),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_cannot_control_the_terminal() {
        let shown = plain("\u{1b}[31mred\u{7} Müller\nGmbH");
        assert_eq!(shown, "\u{fffd}[31mred\u{fffd} Müller GmbH");
    }
}

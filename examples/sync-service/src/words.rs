//! What people read: systems, records and reasons in words.

use sync_core::{JobKey, ParkReason, Side};

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

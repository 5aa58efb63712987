//! What would be done about one pair, or one record.

use super::{PlanEntry, PlannedAction, listing::Listed};
use crate::{
    flow::Flow,
    ids::RecordId,
    job::ParkReason,
    link::LinkContent,
    mapping::References,
    plan::{Pair, Plan, plan},
    side::{Side, Sides},
};

pub(super) fn pair_entry(
    flow: &Flow,
    references: &References,
    left: &Listed,
    right: &Listed,
) -> PlanEntry {
    let ids = Sides::new(Some(left.id.clone()), Some(right.id.clone()));
    let (left_document, right_document) = match (&left.document, &right.document) {
        (Ok(left), Ok(right)) => (left, right),
        (Err(error), _) | (_, Err(error)) => {
            let action = PlannedAction::Problem(error.to_string());
            return PlanEntry {
                action,
                ids,
                differences: Vec::new(),
            };
        }
    };
    let known = LinkContent {
        ids: ids.clone(),
        ..Default::default()
    };
    let now = Sides::new(Some(left_document), Some(right_document));
    match plan(
        flow,
        &Pair {
            known: &known,
            now,
            newest: None,
            references,
            unread: None,
        },
    ) {
        Plan::Settled { decisions, .. } => PlanEntry {
            action: PlannedAction::Link,
            ids,
            differences: decisions,
        },
        Plan::Update(update) => PlanEntry {
            action: PlannedAction::Update,
            ids,
            differences: update.decisions,
        },
        Plan::Park(reason) => PlanEntry {
            action: problem(&reason),
            ids,
            differences: Vec::new(),
        },
        // Two documents are never a lone one.
        _ => PlanEntry {
            action: PlannedAction::Skip,
            ids,
            differences: Vec::new(),
        },
    }
}

pub(super) fn lone_entry(
    flow: &Flow,
    references: &References,
    side: Side,
    listed: &Listed,
) -> PlanEntry {
    let mut ids = Sides::default();
    *ids.get_mut(side) = Some(listed.id.clone());
    let entry = |action| PlanEntry {
        action,
        ids: ids.clone(),
        differences: Vec::new(),
    };
    let document = match &listed.document {
        Ok(document) => document,
        Err(error) => return entry(PlannedAction::Problem(error.to_string())),
    };
    let known = LinkContent {
        ids: ids.clone(),
        ..Default::default()
    };
    let mut now = Sides::default();
    *now.get_mut(side) = Some(document);
    match plan(
        flow,
        &Pair {
            known: &known,
            now,
            newest: None,
            references,
            unread: None,
        },
    ) {
        Plan::Create(create) => entry(PlannedAction::Create(create.target)),
        Plan::Park(reason) => entry(problem(&reason)),
        _ => entry(PlannedAction::Skip),
    }
}

fn problem(reason: &ParkReason) -> PlannedAction {
    PlannedAction::Problem(match reason {
        ParkReason::Unmappable { field, message } => {
            format!("field `{field}`: {message}")
        }
        ParkReason::WaitingFor { parent } => format!(
            "it refers to the {} record `{}` of `{}`, which has no partner yet",
            parent.side, parent.id, parent.flow
        ),
        other => format!("{other:?}"),
    })
}

/// The record names a partner that does not exist, or that belongs to another record.
pub(super) fn nameless_entry(side: Side, listed: &Listed, name: &RecordId) -> PlanEntry {
    let action = PlannedAction::Problem(format!(
        "it names the partner `{name}`, which does not exist or belongs to another"
    ));
    bare_entry(action, side, listed.id.clone())
}

/// An entry about one record, without differences.
pub(super) fn bare_entry(action: PlannedAction, side: Side, id: RecordId) -> PlanEntry {
    let mut ids = Sides::default();
    *ids.get_mut(side) = Some(id);
    PlanEntry {
        action,
        ids,
        differences: Vec::new(),
    }
}

//! What is to be written for one work, and what is made durable before.

use jiff::Timestamp;

use super::{
    batch::Work,
    guard::Wanted,
    identify::decided_by_a_person,
    look_back::{forget_replaced, to_be_replaced},
    outcome::{Intention, Outcome, WrittenPlan, is_open},
};
use crate::{
    audit::{AuditEntry, AuditEvent},
    endpoint::{Rejection, Write},
    flow::{DeleteRule, Flow},
    job::{Cause, ParkReason},
    link::{Intent, LinkContent, Planned},
    mutant::bug,
    plan::{CreatePlan, Plan, UpdatePlan},
    side::{Side, Sides},
    value::Document,
};

/// The writes of one work.
pub(super) struct Task {
    pub(super) work: usize,
    pub(super) writes: Sides<Option<Write>>,
    pub(super) plan: WrittenPlan,
    /// What the link says while the writes are under way.
    pub(super) content: LinkContent,
    pub(super) audit: Vec<AuditEntry>,
    /// What it was counted as by the guards.
    pub(super) wanted: Wanted,
}

impl Task {
    /// What the guards are to count it as. A person's decision is not counted, nor a change that was counted when it was
    /// begun and may have been made already.
    pub(super) fn wants(&self, work: &Work) -> Wanted {
        let approved = work.jobs.iter().any(decided_by_a_person);
        let before = work.before.as_ref();
        let begun = before.and_then(|link| link.content.planned.as_ref());
        let begun = begun.is_some_and(Planned::is_under_way);
        match self.plan.intention {
            Intention::Update if !approved && !begun => Wanted::UPDATE,
            Intention::FollowDeletion(_) if !approved => Wanted::DELETE,
            _ => Wanted::default(),
        }
    }

    /// What was counted and certainly not done.
    pub(super) fn refund(&self) -> Wanted {
        let mut results = Side::BOTH
            .into_iter()
            .filter_map(|side| self.plan.results.get(side).as_ref());
        let done = results.any(|result| match result {
            Ok(_) => true,
            Err(error) => is_open(error),
        });
        if done { Wanted::default() } else { self.wanted }
    }
}

/// The plan's writes, or what becomes of a plan without any.
pub(super) fn task(
    flow: &Flow,
    index: usize,
    work: &Work,
    plan: Plan,
    now: Timestamp,
) -> Result<Task, Outcome> {
    match plan {
        Plan::Update(plan) => {
            // A change that a side cannot take is shown to a person; a flow that is meant to run one way says so in
            // its mapping.
            if let Some(side) = Side::BOTH
                .into_iter()
                .find(|side| cannot_update(flow, *side, &plan))
            {
                return Err(Outcome::Park(ParkReason::Rejected {
                    side,
                    rejection: not_writable(side),
                }));
            }
            Ok(update_task(flow, index, work, plan, now))
        }
        Plan::Create(plan) => Ok(create_task(flow, index, work, plan, now)),
        Plan::PartnerGone { side, rule } if work.known().detached != Some(side) => {
            deletion_task(flow, index, work, side, rule, now)
        }
        plan => Err(Outcome::Planned(Box::new(plan))),
    }
}

fn cannot_update(flow: &Flow, side: Side, plan: &UpdatePlan) -> bool {
    !plan.writes.get(side).is_empty() && !flow.endpoints.get(side).capabilities().updates
}

fn create_task(flow: &Flow, index: usize, work: &Work, plan: CreatePlan, now: Timestamp) -> Task {
    let CreatePlan {
        target,
        key,
        fields,
        agreed,
    } = plan;
    let mut content = work.known();
    let earlier = content.planned.take().filter(|_| content.intent.is_some());
    let audit = if content.intent.is_none() {
        let event = AuditEvent::CreateIntended {
            side: target,
            key: key.value.clone(),
        };
        vec![entry(flow, work, event, now)]
    } else {
        Vec::new()
    };
    content.intent.get_or_insert_with(|| Intent {
        target,
        key: key.clone(),
        since: now,
    });
    // Should the answer be lost, what the new record holds then tells what was edited there since.
    let mut seen = Sides::default();
    *seen.get_mut(target.other()) = work
        .documents
        .get(target.other())
        .clone()
        .unwrap_or_default();
    // A worker that was held up may still send an earlier try. What that says is then nobody's edit.
    let earlier = earlier.map(|planned| planned.agreed).unwrap_or_default();
    let other = earlier
        .iter()
        .filter(|(field, value)| agreed.get(field.as_str()) != Some(*value));
    *seen.get_mut(target) = other
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect();
    content.planned = Some(Planned {
        agreed: agreed.clone(),
        seen,
        replaces: Sides::default(),
        until: None,
    });
    let mut writes = Sides::default();
    *writes.get_mut(target) = Some(Write::Create { key, fields });
    let plan = WrittenPlan {
        intention: Intention::Create(target),
        agreed,
        planned: None,
        decisions: Vec::new(),
        conflicts: Vec::new(),
        sent: fingerprints(&writes),
        results: Sides::default(),
    };
    Task {
        work: index,
        writes,
        plan,
        content,
        audit,
        wanted: Wanted::default(),
    }
}

fn update_task(flow: &Flow, index: usize, work: &Work, plan: UpdatePlan, now: Timestamp) -> Task {
    let UpdatePlan {
        agreed,
        planned,
        writes,
        decisions,
        conflicts,
    } = plan;
    let planned = Planned {
        replaces: Sides::new(Side::Left, Side::Right)
            .map(|side| to_be_replaced(flow, work, side, &decisions)),
        ..planned
    };
    let known = work.known();
    let restless = match (&work.documents.left, &work.documents.right) {
        (Some(left), Some(right)) => known.restless_writes(Sides::new(left, right)),
        _ => known.unsettled_writes,
    };
    let mut content = LinkContent {
        planned: Some(planned.clone())
            .filter(Planned::is_under_way)
            .filter(|_| !bug!(PlanNotStored)),
        unsettled_writes: restless,
        ..known
    };
    if bug!(BaseBeforeWrite) {
        content.base = Some(agreed.clone());
    }
    if content.unsettled_writes >= flow.policy.max_unsettled_writes {
        // Writing goes on because somebody changed a side.
        content.unsettled_writes = 0;
    }
    let mut audit = unconfirmed(flow, work, now);
    if !work.was_bound() {
        audit.push(entry(flow, work, AuditEvent::Linked, now));
    }
    // Before the writes: if these are interrupted and the record is deleted once more, that is another deletion.
    if let Some(side) = content.detached.take() {
        audit.push(entry(flow, work, AuditEvent::PartnerRestored { side }, now));
    }
    let ids = work.ids.clone();
    let write = |side: Side| {
        let fields = writes.get(side).clone();
        let id = ids.get(side).clone().filter(|_| !fields.is_empty())?;
        let as_of = work.as_of(side);
        Some(Write::Update { id, fields, as_of })
    };
    let writes = Sides::new(write(Side::Left), write(Side::Right));
    let plan = WrittenPlan {
        intention: Intention::Update,
        agreed,
        planned: Some(planned),
        decisions,
        conflicts,
        sent: fingerprints(&writes),
        results: Sides::default(),
    };
    Task {
        work: index,
        writes,
        plan,
        content,
        audit,
        wanted: Wanted::default(),
    }
}

/// What a deletion makes the other side do.
fn deletion_task(
    flow: &Flow,
    index: usize,
    work: &Work,
    lost: Side,
    rule: DeleteRule,
    now: Timestamp,
) -> Result<Task, Outcome> {
    let kept = lost.other();
    let Some(id) = work.ids.get(kept).clone() else {
        return Err(Outcome::Planned(Box::new(Plan::PartnerGone {
            side: lost,
            rule,
        })));
    };
    let write = match &rule {
        DeleteRule::Ignore | DeleteRule::Unlink => None,
        DeleteRule::Delete => Some(Write::Delete { id }),
        DeleteRule::Deactivate(values) => {
            let present = work.documents.get(kept).as_ref();
            let differs = |name: &str, value| present.and_then(|now| now.get(name)) != Some(value);
            let changes: Document = values
                .iter()
                .filter(|(name, value)| differs(name.as_str(), value))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            match flow.mapping.render_with(kept, &changes, &work.references) {
                Ok(fields) if fields.is_empty() => None,
                Ok(fields) => {
                    let as_of = work.as_of(kept);
                    Some(Write::Update { id, fields, as_of })
                }
                Err(error) => return Err(Outcome::Park(error.into())),
            }
        }
    };
    let Some(write) = write else {
        return Err(Outcome::Planned(Box::new(Plan::PartnerGone {
            side: lost,
            rule,
        })));
    };
    let mut writes = Sides::default();
    *writes.get_mut(kept) = Some(write);
    let mut content = work.known();
    forget_replaced(&mut content);
    let mut agreed = content.base.clone().unwrap_or_default();
    if let DeleteRule::Deactivate(values) = &rule {
        // When the lost record comes back, its own values are the newer ones.
        for (field, value) in values.iter() {
            agreed.set(field.clone(), value.clone());
        }
    }
    let plan = WrittenPlan {
        intention: Intention::FollowDeletion(lost),
        agreed,
        planned: None,
        decisions: Vec::new(),
        conflicts: Vec::new(),
        sent: fingerprints(&writes),
        results: Sides::default(),
    };
    let mut audit = unconfirmed(flow, work, now);
    audit.push(entry(
        flow,
        work,
        AuditEvent::DeleteIntended { side: kept },
        now,
    ));
    Ok(Task {
        work: index,
        writes,
        plan,
        content,
        audit,
        wanted: Wanted::default(),
    })
}

/// What the audit says about a work before its writes.
fn entry(flow: &Flow, work: &Work, event: AuditEvent, at: Timestamp) -> AuditEntry {
    let cause = work
        .jobs
        .first()
        .map_or(Cause::Sweep, |job| job.cause.clone());
    AuditEntry {
        attempt: work.attempts() + 1,
        ..AuditEntry::new(at, flow.name.clone(), work.ids.clone(), cause, event)
    }
}

/// What the audit says about writes that this plan takes the place of, and whose outcome nobody heard.
fn unconfirmed(flow: &Flow, work: &Work, now: Timestamp) -> Vec<AuditEntry> {
    let said = |event: AuditEvent, fields| AuditEntry {
        fields,
        ..entry(flow, work, event, now)
    };
    let unconfirmed = work.unconfirmed().into_iter();
    let unconfirmed =
        unconfirmed.map(|(side, fields)| said(AuditEvent::WriteUnconfirmed { side }, fields));
    let overwritten = work.overwritten.iter().cloned();
    let overwritten =
        overwritten.map(|(side, fields)| said(AuditEvent::Overwritten { side }, fields));
    unconfirmed.chain(overwritten).collect()
}

/// What tells one write from another without showing what it holds.
fn fingerprints(writes: &Sides<Option<Write>>) -> Sides<Option<String>> {
    writes.as_ref().map(|write| {
        let mut digest = match write.as_ref()? {
            Write::Create { fields, .. } | Write::Update { fields, .. } => fields.digest(),
            Write::Delete { .. } => return None,
        };
        digest.truncate(16);
        Some(digest)
    })
}

fn not_writable(side: Side) -> Rejection {
    Rejection {
        field: None,
        code: None,
        message: format!(
            "the {side} system offers no update, so the change cannot be carried over"
        ),
    }
}

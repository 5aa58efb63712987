//! Carrying plans out: durable first, then the writes.

use std::sync::Arc;

use futures::future;

use jiff::Timestamp;

use super::{
    Engine,
    batch::{Work, held},
    calls::shape,
    guard::Wanted,
    identify::decided_by_a_person,
    look_back::{forget_replaced, to_be_replaced},
    outcome::{Intention, Outcome, WrittenPlan, is_open},
};
use crate::{
    audit::{AuditEntry, AuditEvent},
    endpoint::{EndpointError, EndpointErrorKind, Write, WriteError, Written},
    error::Error,
    flow::{DeleteRule, Flow},
    job::{Cause, ParkReason},
    link::{Intent, LinkContent, Planned},
    mutant::bug,
    plan::{CreatePlan, Plan, UpdatePlan},
    side::{Side, Sides},
    store::{LinkWrite, Prepare},
    value::Document,
};

/// The writes of one work.
struct Task {
    work: usize,
    writes: Sides<Option<Write>>,
    plan: WrittenPlan,
    /// What the link says while the writes are under way.
    content: LinkContent,
    audit: Vec<AuditEntry>,
    /// What it was counted as by the guards.
    wanted: Wanted,
}

impl Task {
    /// What the guards are to count it as. A person's decision is not counted, nor a change that was counted when it was
    /// begun and may have been made already.
    fn wants(&self, work: &Work) -> Wanted {
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
    fn refund(&self) -> Wanted {
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

impl Engine {
    /// Carries out the plans that need writes; the others are left for the end.
    pub(super) async fn execute(
        &self,
        flow: &Flow,
        works: &mut [Work],
        lease_until: Timestamp,
    ) -> Result<(), Error> {
        let mut tasks: Vec<Task> = Vec::new();
        for (index, work) in works.iter_mut().enumerate() {
            match work.outcome.take() {
                Some(Outcome::Planned(plan)) => match self.task(flow, index, work, *plan) {
                    Ok(task) => tasks.push(task),
                    Err(outcome) => work.outcome = Some(outcome),
                },
                other => work.outcome = other,
            }
        }
        let tasks = self.guarded(flow, works, tasks).await?;
        let mut tasks = self.prepare(flow, works, tasks, lease_until).await?;
        let (left, mut right) = (
            writes_of(&tasks, Side::Left),
            writes_of(&tasks, Side::Right),
        );
        if bug!(RightSideForgotten) && !left.is_empty() {
            right.clear();
        }
        let (left, right) = future::join(
            self.write(flow, Side::Left, left, lease_until),
            self.write(flow, Side::Right, right, lease_until),
        )
        .await;
        for (side, results) in [(Side::Left, left), (Side::Right, right)] {
            for (index, result) in results {
                *tasks[index].plan.results.get_mut(side) = Some(result);
            }
        }
        let mut refund = Wanted::default();
        for task in tasks {
            refund += task.refund();
            works[task.work].outcome = Some(Outcome::Written(Box::new(task.plan)));
        }
        self.refund(flow, refund).await
    }

    /// The tasks, or none when a guard stops the flow: then everything waits.
    async fn guarded(
        &self,
        flow: &Flow,
        works: &mut [Work],
        mut tasks: Vec<Task>,
    ) -> Result<Vec<Task>, Error> {
        if tasks.is_empty() {
            return Ok(tasks);
        }
        let mut wanted = Wanted::default();
        for task in &mut tasks {
            task.wanted = task.wants(&works[task.work]);
            wanted += task.wanted;
        }
        if self.admits(flow, wanted).await? {
            return Ok(tasks);
        }
        let later = self.clock.now() + self.settings.retry_max;
        for task in tasks {
            works[task.work].outcome = Some(Outcome::Postponed(later));
        }
        Ok(Vec::new())
    }

    /// The plan's writes, or what becomes of a plan without any.
    fn task(&self, flow: &Flow, index: usize, work: &Work, plan: Plan) -> Result<Task, Outcome> {
        match plan {
            Plan::Update(plan) => {
                // A change that a side cannot take is shown to a person; a flow that is meant to run one way says so in
                // its mapping.
                if let Some(side) = Side::BOTH
                    .into_iter()
                    .find(|side| self.cannot_update(flow, *side, &plan))
                {
                    return Err(Outcome::Park(ParkReason::Rejected {
                        side,
                        rejection: not_writable(side),
                    }));
                }
                Ok(update_task(flow, index, work, plan, self.clock.now()))
            }
            Plan::Create(plan) => Ok(self.create_task(flow, index, work, plan)),
            Plan::PartnerGone { side, rule } if work.known().detached != Some(side) => {
                deletion_task(flow, index, work, side, rule, self.clock.now())
            }
            plan => Err(Outcome::Planned(Box::new(plan))),
        }
    }

    fn cannot_update(&self, flow: &Flow, side: Side, plan: &UpdatePlan) -> bool {
        !plan.writes.get(side).is_empty() && !flow.endpoints.get(side).capabilities().updates
    }

    fn create_task(&self, flow: &Flow, index: usize, work: &Work, plan: CreatePlan) -> Task {
        let CreatePlan {
            target,
            key,
            fields,
            agreed,
        } = plan;
        let mut content = work.known();
        let now = self.clock.now();
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

    /// Makes plans and intents durable. Works that were overtaken drop out.
    async fn prepare(
        &self,
        flow: &Flow,
        works: &mut [Work],
        tasks: Vec<Task>,
        lease_until: Timestamp,
    ) -> Result<Vec<Task>, Error> {
        if tasks.is_empty() {
            return Ok(tasks);
        }
        let mut entries = Vec::with_capacity(tasks.len());
        let mut held_tasks = Vec::with_capacity(tasks.len());
        for task in tasks {
            let work = &works[task.work];
            let Some(held) = held(&work.jobs).into_iter().next() else {
                continue;
            };
            let mut content = task.content.clone();
            if let Some(planned) = content.planned.as_mut().filter(|_| !work.is_at_home()) {
                planned.until = Some(lease_until);
            }
            let link = match &work.link {
                Some(link) => LinkWrite::Replace {
                    id: link.id,
                    expected: link.revision,
                    content,
                },
                None => LinkWrite::Insert(content),
            };
            let mut audit = task.audit.clone();
            for entry in &mut audit {
                self.redact(flow, entry);
            }
            entries.push(Prepare { held, link, audit });
            held_tasks.push(task);
        }
        let outcomes = self
            .store
            .prepare(&self.connection, &flow.name, &entries, self.clock.now())
            .await?;
        let mut prepared = Vec::with_capacity(held_tasks.len());
        for (task, outcome) in held_tasks.into_iter().zip(outcomes) {
            match outcome {
                Ok(link) => {
                    works[task.work].link = Some(link);
                    prepared.push(task);
                }
                Err(refused) => works[task.work].outcome = Some(Outcome::Overtaken(refused)),
            }
        }
        Ok(prepared)
    }

    async fn write(
        &self,
        flow: &Flow,
        side: Side,
        writes: Vec<(usize, Write)>,
        lease_until: Timestamp,
    ) -> Vec<(usize, Result<Written, WriteError>)> {
        let one_by_one = writes.len() > 1 && self.breakers.is_choked(&flow.name, side);
        let outcomes = if one_by_one {
            self.write_one_by_one(flow, side, &writes, lease_until)
                .await
        } else {
            self.write_in_batches(flow, side, &writes, lease_until)
                .await
        };
        let failed = outcomes.iter().rev().find_map(|outcome| match outcome {
            Err(WriteError::Call(error)) => Some(error.kind),
            _ => None,
        });
        if !outcomes.is_empty() && outcomes.iter().all(is_beyond_budget) {
            // The look took what there was.
            self.portions.shrink(&flow.name, writes.len());
        }
        // After a failed call the rest shares its fate; otherwise there was no time left.
        let unsent = match failed {
            Some(kind) => WriteError::Call(Arc::new(not_sent(kind))),
            None => WriteError::NotSent,
        };
        let unsent = (outcomes.len()..writes.len()).map(|_| Err(unsent.clone()));
        let indices = writes.iter().map(|(index, _)| *index);
        let results: Vec<(usize, Result<Written, WriteError>)> =
            indices.zip(outcomes.into_iter().chain(unsent)).collect();
        self.note_writes(flow, side, &results, one_by_one);
        results
    }

    /// Writes in as few calls as the endpoint allows, up to the first that fails: a system that does not take one call is
    /// not sent the next fifty.
    async fn write_in_batches(
        &self,
        flow: &Flow,
        side: Side,
        writes: &[(usize, Write)],
        lease_until: Timestamp,
    ) -> Vec<Result<Written, WriteError>> {
        let mut most = flow.endpoints.get(side).capabilities().write_batch;
        let mut outcomes = Vec::with_capacity(writes.len());
        let mut rest = writes;
        while !rest.is_empty() {
            let rows = self.affordable(flow, side, most.min(rest.len()), |rows| {
                shape(rest.iter().take(rows).map(|(_, write)| write))
            });
            let (chunk, others) = rest.split_at(rows);
            let batch: Vec<Write> = chunk.iter().map(|(_, write)| write.clone()).collect();
            let mut answers = answered(
                chunk.len(),
                self.call_write(flow, side, &batch, lease_until).await,
            );
            if rows > 1 && answers.iter().any(is_beyond_budget) {
                // What is left of the budget is enough for fewer, perhaps.
                most = rows / 2;
                continue;
            }
            if bug!(OutcomesReversed) {
                answers.reverse();
            }
            let failed = answers
                .iter()
                .any(|outcome| matches!(outcome, Err(WriteError::Call(_) | WriteError::NotSent)));
            outcomes.extend(answers);
            if failed {
                break;
            }
            rest = others;
        }
        outcomes
    }
}

fn is_beyond_budget(outcome: &Result<Written, WriteError>) -> bool {
    matches!(outcome, Err(WriteError::Call(error)) if error.kind == EndpointErrorKind::BudgetSpent)
}

/// One outcome for each row. With more or fewer it is not known which belongs to which, so nothing is known.
pub(super) fn answered(
    rows: usize,
    outcomes: Vec<Result<Written, WriteError>>,
) -> Vec<Result<Written, WriteError>> {
    if outcomes.len() == rows {
        return outcomes;
    }
    let got = outcomes.len();
    for_all(
        rows,
        EndpointError {
            kind: EndpointErrorKind::Protocol,
            message: format!("wrote {rows} rows, the endpoint returned {got} outcomes"),
            retry_after: None,
            may_have_been_applied: true,
            source: None,
        },
    )
}

fn for_all(rows: usize, error: EndpointError) -> Vec<Result<Written, WriteError>> {
    let error = Arc::new(error);
    (0..rows)
        .map(|_| Err(WriteError::Call(Arc::clone(&error))))
        .collect()
}

fn not_sent(kind: EndpointErrorKind) -> EndpointError {
    EndpointError {
        kind,
        message: "not sent, because the call before it failed".to_owned(),
        retry_after: None,
        may_have_been_applied: false,
        source: None,
    }
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
    let mut content = LinkContent {
        planned: Some(planned.clone())
            .filter(Planned::is_under_way)
            .filter(|_| !bug!(PlanNotStored)),
        ..work.known()
    };
    if bug!(BaseBeforeWrite) {
        content.base = Some(agreed.clone());
    }
    if let (Some(left), Some(right)) = (&work.documents.left, &work.documents.right) {
        content.unsettled_writes = work.known().restless_writes(Sides::new(left, right));
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

fn writes_of(tasks: &[Task], side: Side) -> Vec<(usize, Write)> {
    let writes = tasks.iter().enumerate();
    writes
        .filter_map(|(index, task)| task.writes.get(side).clone().map(|write| (index, write)))
        .collect()
}

fn not_writable(side: Side) -> crate::endpoint::Rejection {
    crate::endpoint::Rejection {
        field: None,
        code: None,
        message: format!(
            "the {side} system offers no update, so the change cannot be carried over"
        ),
    }
}

//! Carrying plans out: durable first, then the writes.

use std::{mem, sync::Arc};

use futures::future;

use jiff::Timestamp;

use super::{
    Engine,
    batch::{Work, held},
    calls::shape,
    guard::Wanted,
    outcome::Outcome,
    task::{Task, task},
};
use crate::{
    endpoint::{EndpointError, EndpointErrorKind, Write, WriteError, Written},
    error::Error,
    flow::Flow,
    mutant::bug,
    side::Side,
    store::{LinkWrite, Prepare},
};

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
                Some(Outcome::Planned(plan)) => {
                    match task(flow, index, work, *plan, self.clock.now()) {
                        Ok(task) => tasks.push(task),
                        Err(outcome) => work.outcome = Some(outcome),
                    }
                }
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
        // Nobody takes the jobs of a stopped flow; when it goes on they are due.
        let due = self.clock.now();
        for task in tasks {
            works[task.work].outcome = Some(Outcome::Postponed(due));
        }
        Ok(Vec::new())
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
        for mut task in tasks {
            let work = &works[task.work];
            let Some(held) = held(&work.jobs).into_iter().next() else {
                continue;
            };
            let mut content = mem::take(&mut task.content);
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
            let mut audit = mem::take(&mut task.audit);
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

fn writes_of(tasks: &[Task], side: Side) -> Vec<(usize, Write)> {
    let writes = tasks.iter().enumerate();
    writes
        .filter_map(|(index, task)| task.writes.get(side).clone().map(|write| (index, write)))
        .collect()
}

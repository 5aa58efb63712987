//! One record that a system chokes on must not hold up the others of its batch.

use jiff::Timestamp;

use super::{
    Engine,
    batch::{Interrupted, SideDown, Work},
    breaker::Lane,
    execute::answered,
    outcome::Outcome,
};
use crate::{
    endpoint::{EndpointErrorKind, Write, WriteError, Written},
    error::Error,
    flow::Flow,
    side::Side,
};

/// So many records that fail one by one, and none that does not: it is the system, not the records.
const TRIED: usize = 8;

/// Whether a call that failed like this may have failed because of what one of its records holds.
pub(super) fn may_be_one_records_fault(kind: EndpointErrorKind) -> bool {
    matches!(
        kind,
        EndpointErrorKind::Protocol | EndpointErrorKind::Misconfigured
    )
}

/// What became of the works of a batch.
#[derive(Default)]
struct Looks {
    seen: Vec<Work>,
    /// Works that fail even alone, and how.
    failed: Vec<(Work, String)>,
    /// Works that were not looked at, as a system is down.
    waiting: Vec<Work>,
    down: Option<SideDown>,
}

impl Looks {
    fn are_hopeless(&self) -> bool {
        self.seen.is_empty() && self.failed.len() >= TRIED
    }
}

impl Engine {
    /// Looks at all works. When a call fails that may have failed because of what one of its records holds, they are
    /// looked at in smaller and smaller parts: works that fail alone while others do not count a failed try and are
    /// parked in the end. When the first few all fail the system is at fault, and nothing is held against any record.
    pub(super) async fn look_at_all(
        &self,
        flow: &Flow,
        works: Vec<Work>,
    ) -> Result<Vec<Work>, Error> {
        let mut looks = Looks::default();
        let mut parts = vec![works];
        while let Some(mut part) = parts.pop() {
            let Err(interrupted) = self.look(flow, &mut part).await else {
                match looks.seen.is_empty() {
                    true => looks.seen = part,
                    false => looks.seen.append(&mut part),
                }
                continue;
            };
            let down = match interrupted {
                Interrupted::Store(error) => return Err(error.into()),
                Interrupted::Down(down) => down,
            };
            part.iter_mut().for_each(Work::forget);
            if !may_be_one_records_fault(down.error.kind) || looks.are_hopeless() {
                looks.waiting = part;
                looks.waiting.extend(parts.into_iter().flatten());
                looks.down = Some(down);
                break;
            }
            if part.len() > 1 {
                let rest = part.split_off(part.len() / 2);
                parts.extend([rest, part]);
                continue;
            }
            let message = down.error.message.clone();
            let failed = part.into_iter().map(|work| (work, message.clone()));
            looks.failed.extend(failed);
            looks.down = Some(down);
        }
        Ok(self.blame(flow, looks))
    }

    /// The works with what their failures mean for them.
    fn blame(&self, flow: &Flow, looks: Looks) -> Vec<Work> {
        let Looks {
            mut seen,
            failed,
            mut waiting,
            down,
        } = looks;
        let others_succeeded = !seen.is_empty();
        for (mut work, message) in failed {
            // A record that failed before while others did not is at fault again.
            if others_succeeded || work.attempts() > 0 {
                work.outcome = Some(Outcome::Failed(message));
                seen.push(work);
            } else {
                waiting.push(work);
            }
        }
        if let Some(SideDown { side, error }) = down.filter(|_| !waiting.is_empty()) {
            if error.kind == EndpointErrorKind::BudgetSpent && !others_succeeded {
                self.portions.shrink(&flow.name, waiting.len());
            }
            let now = self.clock.now();
            let until = self.breakers.trip(&flow.name, side, Lane::Read, error, now);
            for mut work in waiting {
                work.outcome = Some(Outcome::Postponed(until));
                seen.push(work);
            }
        }
        seen
    }

    /// Writes row by row, after a call with many failed that may have failed because of one of them. Stops, with fewer
    /// outcomes than writes, when it is the system that is at fault, or too late.
    pub(super) async fn write_one_by_one(
        &self,
        flow: &Flow,
        side: Side,
        writes: &[(usize, Write)],
        lease_until: Timestamp,
    ) -> Vec<Result<Written, WriteError>> {
        let mut outcomes: Vec<Result<Written, WriteError>> = Vec::with_capacity(writes.len());
        let (mut any_taken, mut failed) = (false, 0);
        for (_, write) in writes {
            if !any_taken && failed >= TRIED {
                break;
            }
            outcomes.extend(answered(
                1,
                self.call_write(flow, side, std::slice::from_ref(write), lease_until)
                    .await,
            ));
            match outcomes.last() {
                Some(Err(WriteError::NotSent)) => break,
                Some(Err(WriteError::Call(error))) if !may_be_one_records_fault(error.kind) => {
                    break;
                }
                Some(Err(WriteError::Call(_))) => failed += 1,
                _ => any_taken = true,
            }
        }
        outcomes
    }
}

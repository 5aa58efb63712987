//! How the work on one pair ended, and what follows from it.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    Engine,
    batch::Work,
    breaker::{Lane, bounded},
    ending::Ending,
    isolate::may_be_one_records_fault,
    report::Report,
};
use crate::{
    audit::FieldDecision,
    endpoint::{EndpointError, WriteError, Written},
    flow::Flow,
    ids::FieldName,
    job::{Finish, ParkReason},
    link::Planned,
    mutant::bug,
    plan::Plan,
    side::{Side, Sides},
    store::{Commit, Refused},
    value::Document,
};

/// How the work on one pair ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is decided what to do; plans that need no write end here.
    Planned(Box<Plan>),
    /// Everything that was planned was tried.
    Written(Box<WrittenPlan>),
    /// A person must help.
    Park(ParkReason),
    /// It cannot be looked at, although others can.
    Failed(String),
    /// A system is down.
    Postponed(Timestamp),
    /// Somebody else was quicker.
    Overtaken(Refused),
}

/// A plan that was carried out, as far as it could be.
#[derive(Debug)]
pub(super) struct WrittenPlan {
    pub(super) intention: Intention,
    pub(super) agreed: Document,
    pub(super) planned: Option<Planned>,
    pub(super) decisions: Vec<FieldDecision>,
    pub(super) conflicts: Vec<FieldName>,
    /// Fingerprints of what was sent.
    pub(super) sent: Sides<Option<String>>,
    pub(super) results: Sides<Option<Result<Written, WriteError>>>,
}

/// What a plan was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intention {
    /// A record on this side.
    Create(Side),
    /// Changes of both records, or one.
    Update,
    /// The side that lost its record.
    FollowDeletion(Side),
}

/// What becomes of a failed write. Later ones outrank earlier ones: as long as something may go on by itself, it does.
#[derive(Debug, PartialEq)]
enum Failure {
    Park(ParkReason),
    Again(Duration),
    SideDown(Timestamp),
}

impl Failure {
    fn rank(&self) -> u8 {
        match self {
            Self::Park(_) => 0,
            Self::Again(_) => 1,
            Self::SideDown(_) => 2,
        }
    }
}

/// Whether the system may have done what it did not confirm.
pub(super) fn is_open(error: &WriteError) -> bool {
    matches!(error, WriteError::Call(error) if error.may_have_been_applied)
        && !bug!(LostAnswerIsFailure)
}

fn end_all_done(ending: &mut Ending<'_>, written: WrittenPlan, report: &mut Report) {
    match written.intention {
        Intention::Create(target) => ending.created(target, written.agreed),
        Intention::Update => ending.updated(written, report),
        Intention::FollowDeletion(lost) => ending.followed_deletion(lost, written.agreed),
    }
}

impl Engine {
    /// What the store is told. `None`: the lease was lost, so there is nothing to say.
    pub(super) fn end<'a>(
        &self,
        flow: &'a Flow,
        mut work: Work,
        now: Timestamp,
        report: &mut Report,
    ) -> Option<Ending<'a>> {
        let outcome = work
            .outcome
            .take()
            .unwrap_or_else(|| Outcome::Planned(Box::new(Plan::LeaveAlone)));
        let mut ending = Ending::new(flow, work, now);
        match outcome {
            Outcome::Planned(plan) => self.end_plan(&mut ending, *plan, report),
            Outcome::Written(written) => self.end_written(&mut ending, *written, report),
            Outcome::Park(reason) => ending.park(reason, report),
            Outcome::Failed(message) => self.again(&mut ending, Duration::ZERO, &message, report),
            Outcome::Postponed(until) => {
                report.failed += 1;
                ending.look_again(until, false);
            }
            Outcome::Overtaken(Refused::LeaseLost) => return None,
            Outcome::Overtaken(_) => self.again(
                &mut ending,
                Duration::ZERO,
                "overtaken by another worker",
                report,
            ),
        }
        Some(ending)
    }

    /// After the store refused the link of a commit: look again at what is there now.
    pub(super) fn after_refusal(
        &self,
        commit: Commit,
        refused: Refused,
        now: Timestamp,
    ) -> Option<Commit> {
        tracing::debug!(%refused, "a commit was refused");
        if refused == Refused::LeaseLost {
            return None;
        }
        let at = now + self.settings.retry_base;
        let finish = Finish::Again {
            at,
            failed: true,
            cause: None,
        };
        Some(Commit {
            link: None,
            finish,
            audit: Vec::new(),
            wake: Vec::new(),
            ..commit
        })
    }

    fn end_plan(&self, ending: &mut Ending<'_>, plan: Plan, report: &mut Report) {
        match plan {
            Plan::Settled {
                agreed,
                decisions,
                conflicts,
            } => {
                report.settled += u64::from(conflicts.is_empty());
                ending.settle(agreed, decisions, conflicts, report);
            }
            Plan::LeaveAlone => {}
            Plan::FlipFlop(planned) => ending.stop_writing(planned, report),
            Plan::PartnerGone { side, rule } => ending.partner_gone(side, &rule),
            Plan::BothGone => ending.both_gone(),
            Plan::Park(reason) => ending.park(reason, report),
            // Plans with writes were carried out before this.
            Plan::Update(_) | Plan::Create(_) => {
                self.again(ending, Duration::ZERO, "not carried out", report)
            }
        }
    }

    fn end_written(&self, ending: &mut Ending<'_>, written: WrittenPlan, report: &mut Report) {
        let mut failure: Option<Failure> = None;
        for side in Side::BOTH {
            match written.results.get(side) {
                Some(Err(error)) if bug!(LostAnswerIsSuccess) && is_open(error) => {}
                Some(Ok(done)) => {
                    ending.done(side, &written, done, report);
                }
                Some(Err(error)) => {
                    ending.failed(side, error, &written);
                    let next = self.judge(ending, side, error);
                    if failure
                        .as_ref()
                        .is_none_or(|other| other.rank() < next.rank())
                    {
                        failure = Some(next);
                    }
                }
                None => {}
            }
        }
        let Some(failure) = failure else {
            return end_all_done(ending, written, report);
        };
        ending.keep_what_is_known(&written);
        match failure {
            Failure::Park(ParkReason::Rejected { .. }) if bug!(RejectionSwallowed) => {}
            Failure::Park(reason) => ending.park(reason, report),
            Failure::Again(after) => {
                report.failed += 1;
                ending.look_again(ending.now + after, true);
            }
            Failure::SideDown(until) => {
                report.failed += 1;
                ending.look_again(until, false);
            }
        }
    }

    fn judge(&self, ending: &Ending<'_>, side: Side, error: &WriteError) -> Failure {
        let (flow, attempts) = (ending.flow, ending.work.attempts());
        let again = |after: Option<Duration>, message: &str| {
            if attempts + 1 >= flow.policy.max_attempts {
                return Failure::Park(ParkReason::AttemptsExhausted {
                    message: message.to_owned(),
                });
            }
            Failure::Again(self.back_off(attempts).max(bounded(after)))
        };
        match error {
            WriteError::Rejected(rejection) => Failure::Park(ParkReason::Rejected {
                side,
                rejection: rejection.clone(),
            }),
            WriteError::AlreadyExists { .. } => again(
                None,
                "the record exists already but is not found by its key",
            ),
            WriteError::Missing => again(None, "the record to change is not there"),
            WriteError::Later { reason, after } => again(*after, reason),
            WriteError::NotSent => {
                let until = self.breakers.health(&flow.name, side).closed_until;
                Failure::SideDown(until.unwrap_or(ending.now))
            }
            WriteError::Call(error) => {
                let until = self.breakers.health(&flow.name, side).closed_until;
                match until {
                    // The system took other rows, or this one was at fault before.
                    _ if may_be_one_records_fault(error.kind) && attempts > 0 => {
                        again(error.retry_after, &error.message)
                    }
                    None => again(error.retry_after, &error.message),
                    Some(until) => Failure::SideDown(until),
                }
            }
        }
    }

    fn again(&self, ending: &mut Ending<'_>, after: Duration, message: &str, report: &mut Report) {
        let attempts = ending.work.attempts();
        if attempts + 1 >= ending.flow.policy.max_attempts {
            return ending.park(
                ParkReason::AttemptsExhausted {
                    message: message.to_owned(),
                },
                report,
            );
        }
        report.failed += 1;
        let at = ending.now + after.max(self.back_off(attempts));
        ending.look_again(at, true);
    }

    fn back_off(&self, attempts: u32) -> Duration {
        let doubled = self
            .settings
            .retry_base
            .saturating_mul(1 << attempts.min(16));
        doubled.min(self.settings.retry_max)
    }

    /// Notes for the breaker how the calls of one side went. Where each row had a call of its own and some were taken,
    /// the others are at fault themselves.
    pub(super) fn note_writes(
        &self,
        flow: &Flow,
        side: Side,
        results: &[(usize, Result<Written, WriteError>)],
        one_by_one: bool,
    ) {
        let failed: Vec<&Arc<EndpointError>> = results
            .iter()
            .filter_map(|(_, result)| match result {
                Err(WriteError::Call(error)) => Some(error),
                _ => None,
            })
            .collect();
        let taken = results
            .iter()
            .any(|(_, result)| !matches!(result, Err(WriteError::Call(_) | WriteError::NotSent)));
        let rows_at_fault = one_by_one
            && taken
            && failed
                .iter()
                .all(|error| may_be_one_records_fault(error.kind));
        match failed.first() {
            Some(error) if !rows_at_fault => {
                let (error, now) = (Arc::clone(error), self.clock.now());
                self.breakers
                    .trip(&flow.name, side, Lane::Write, error, now);
            }
            _ if taken => self.breakers.close(&flow.name, side, Lane::Write),
            _ => {}
        }
    }
}

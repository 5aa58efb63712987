//! The loop for those who have a sleeper at hand.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future;
use jiff::Timestamp;

use super::{Engine, Tick, earlier, sweep::Sweep};
use crate::{
    error::Error,
    flow::Flow,
    guard::{StopReason, Stopped},
    ids::FlowName,
};

/// What other processes put into the store is found after at most this pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Pause between looks through the parked records.
const REVIEW_EVERY: Duration = Duration::from_secs(300);
/// A flow that is stopped because a system is not set up is looked at again after this pause, whichever process found it:
/// a gateway that answers in the system's place for a moment must not stop a flow for longer.
const RECHECK_EVERY: Duration = Duration::from_secs(60);

/// When each flow's upkeep is due, and the sweeps that this engine has begun.
#[derive(Debug, Default)]
pub(super) struct Upkeep(Mutex<HashMap<FlowName, Due>>);

#[derive(Debug, Default)]
struct Due {
    check: Option<Timestamp>,
    recheck: Option<Timestamp>,
    review: Option<Timestamp>,
    sweep_from: Option<Timestamp>,
    sweep: Option<Sweep>,
}

impl Upkeep {
    fn of(&self, flow: &FlowName, change: impl FnOnce(&mut Due)) {
        let mut all: MutexGuard<'_, _> = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(all.entry(flow.clone()).or_default());
    }

    fn take(&self, flow: &FlowName) -> Due {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(all.entry(flow.clone()).or_default())
    }
}

fn is_due(at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_none_or(|at| at <= now)
}

impl Engine {
    /// Polls what is due, works, and does the [upkeep](Self::upkeep) until `stop` resolves. `sleep` is the embedder's timer.
    /// What is [taken in](Self::ingest) by this engine ends a pause at once; what another process queues is found within a
    /// second.
    ///
    /// The batch in work is finished first, so that nobody has to wait for its lease to run out. Dropping the future ends
    /// it at once, as a crash would.
    ///
    /// # Errors
    /// Only what cannot be waited out; failing stores and systems are waited out.
    pub async fn run<S, F, E>(&self, sleep: S, stop: E) -> Result<(), Error>
    where
        S: Fn(Duration) -> F + Send + Sync,
        F: Future<Output = ()> + Send,
        E: Future<Output = ()> + Send,
    {
        let stopped = AtomicBool::new(false);
        let work = async {
            let mut rounds = self.clock.now();
            while !stopped.load(Ordering::Relaxed) {
                // Listened for from here on, so that what comes in during the work is not slept through.
                let roused = self.roused.listen();
                if self.has_come(rounds) {
                    let next_poll = self.poll_due().await;
                    let next = self.upkeep().await.min(next_poll);
                    rounds = next.min(self.clock.now() + LONGEST_PAUSE);
                }
                let next_work = match self.drain_until(&stopped).await {
                    Ok(next) => next,
                    Err(error) => {
                        tracing::warn!(%error, "the store failed; trying again");
                        Some(self.clock.now() + self.settings.retry_base)
                    }
                };
                let pause = sleep(self.until(earlier(Some(rounds), next_work)));
                future::select(pin!(pause), roused).await;
            }
        };
        let watch = async {
            stop.await;
            stopped.store(true, Ordering::Relaxed);
            self.roused.notify(usize::MAX);
        };
        future::join(work, watch).await;
        Ok(())
    }

    async fn drain_until(&self, stopped: &AtomicBool) -> Result<Option<Timestamp>, Error> {
        while !stopped.load(Ordering::Relaxed) {
            if let Tick::Idle { next_due } = self.tick().await? {
                return Ok(next_due);
            }
        }
        Ok(None)
    }

    /// Whether `at` has come. What lies further ahead than any pause was reckoned before the clock was set back.
    fn has_come(&self, at: Timestamp) -> bool {
        let now = self.clock.now();
        at <= now || at > now + LONGEST_PAUSE
    }

    /// The pause until `at`, at least a moment and at most a second: other processes queue work at any time.
    fn until(&self, at: Option<Timestamp>) -> Duration {
        let wait = at.map_or(LONGEST_PAUSE, |at| {
            Duration::try_from(at.duration_since(self.clock.now())).unwrap_or_default()
        });
        wait.clamp(Duration::from_millis(20), LONGEST_PAUSE)
    }

    /// Does what is due besides polling and working: asks whether the systems are set up, looks through the parked
    /// records, goes on with a sweep by one page, looks after channels. Failures are told and tried again. Returns when
    /// something is due again.
    pub async fn upkeep(&self) -> Timestamp {
        let mut next = self.tend_channels().await;
        for flow in &self.flows {
            match self.may_run(flow).await {
                Ok(true) => {}
                Ok(false) => continue,
                Err(error) => {
                    tracing::warn!(flow = %flow.name, %error, "the store failed; trying again");
                    continue;
                }
            }
            next = earlier(next, Some(self.flow_upkeep(flow).await));
        }
        next.unwrap_or_else(|| self.clock.now() + REVIEW_EVERY)
    }

    async fn flow_upkeep(&self, flow: &Flow) -> Timestamp {
        let now = self.clock.now();
        let mut due = self.upkeep.take(&flow.name);
        let must_recheck = is_due(due.recheck, now) && self.is_not_set_up(flow).await;
        if is_due(due.recheck, now) {
            due.recheck = Some(now + RECHECK_EVERY);
        }
        if is_due(due.check, now) || must_recheck {
            if let Err(error) = self.check_setup(&flow.name).await {
                tracing::warn!(flow = %flow.name, %error, "it could not be checked whether the systems are set up");
            }
            due.check = Some(now + self.settings.check_every);
        }
        if is_due(due.review, now) {
            if let Err(error) = self.review_parked(&flow.name).await {
                tracing::warn!(flow = %flow.name, %error, "parked records could not be looked through");
            }
            due.review = Some(now + REVIEW_EVERY);
        }
        if due.sweep.is_some() || is_due(due.sweep_from, now) {
            due = self.sweep_step(flow, due).await;
        }
        let sweep = match due.sweep {
            Some(_) => Some(now),
            None => due.sweep_from,
        };
        let asked = earlier(due.check, due.recheck);
        let next = earlier(sweep, earlier(asked, due.review));
        self.upkeep.of(&flow.name, |kept| *kept = due);
        next.unwrap_or(now + REVIEW_EVERY)
    }

    /// Whether a flow is stopped because a system is not set up.
    async fn is_not_set_up(&self, flow: &Flow) -> bool {
        let stopped = self.stopped(&flow.name).await;
        matches!(
            stopped,
            Ok(Some(Stopped {
                reason: StopReason::Setup { .. },
                ..
            }))
        )
    }

    async fn sweep_step(&self, flow: &Flow, mut due: Due) -> Due {
        let mut sweep = match due.sweep.take() {
            Some(sweep) => sweep,
            None => match self.take_sweep(flow).await {
                Ok(Ok(sweep)) => sweep,
                Ok(Err(at)) => {
                    due.sweep_from = Some(at);
                    return due;
                }
                Err(error) => return put_off(self, flow, due, &error),
            },
        };
        match self.sweep_on(flow, &mut sweep).await {
            Ok(None) => due.sweep = Some(sweep),
            Ok(Some(swept)) => {
                tracing::info!(flow = %flow.name, ?swept, "everything was compared");
                due.sweep_from = None;
                if let Err(error) = self.end_sweep(flow).await {
                    return put_off(self, flow, due, &error);
                }
            }
            Err(error) => return put_off(self, flow, due, &error),
        }
        due
    }
}

fn put_off(engine: &Engine, flow: &Flow, mut due: Due, error: &Error) -> Due {
    tracing::warn!(flow = %flow.name, %error, "a sweep was broken off");
    due.sweep = None;
    due.sweep_from = Some(engine.clock.now() + REVIEW_EVERY);
    due
}

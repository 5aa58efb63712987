//! What everything in a run shares.

use std::{
    collections::BTreeSet,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use jiff::Timestamp;

use super::{
    fault::{FaultClass, FaultCounts},
    notice::Mail,
    promise::{Promise, Violation},
    random::Random,
    thing::Things,
    trace::Trace,
};
use crate::{ids::FieldName, side::Sides};

/// Something that cannot happen in a run, unless the simulation itself is wrong.
pub(super) type Problem = Box<dyn std::error::Error + Send + Sync>;

/// What everything in a run shares. Never locked across an await.
pub(super) struct State {
    pub(super) random: Random,
    pub(super) trace: Trace,
    pub(super) counts: FaultCounts,
    pub(super) allowed: BTreeSet<FaultClass>,
    /// No faults and no pauses any more.
    pub(super) calm: bool,
    pub(super) violations: Vec<Violation>,
    pub(super) things: Things,
    pub(super) mail: Mail,
    pub(super) systems: Sides<SystemState>,
}

/// What troubles a system.
#[derive(Default)]
pub(super) struct SystemState {
    pub(super) down_until: Option<Timestamp>,
    pub(super) credential_lost_until: Option<Timestamp>,
    pub(super) channel_dead_until: Option<Timestamp>,
    /// A field that it does not offer until then.
    pub(super) hidden: Option<(FieldName, Timestamp)>,
    /// Users changed something since a feed was last asked for a page.
    pub(super) moved: bool,
    /// Calls that were made, by the workers' clock.
    pub(super) calls: Vec<Timestamp>,
    /// Deletes that the engine made, by the workers' clock.
    pub(super) deletes: Vec<Timestamp>,
}

impl State {
    /// Whether a fault of this class happens now, with a chance of one in `many`.
    pub(super) fn strikes(&mut self, class: FaultClass, many: u64) -> bool {
        let strikes = self.random.one_in(many) && self.is_allowed(class);
        if strikes {
            self.counts.count(class);
        }
        strikes
    }

    pub(super) fn is_allowed(&self, class: FaultClass) -> bool {
        !self.calm && self.allowed.contains(&class)
    }

    pub(super) fn violated(&mut self, promise: Promise, what: impl fmt::Display) {
        let what = what.to_string();
        self.trace.note(format_args!("VIOLATION {promise}: {what}"));
        self.violations.push(Violation { promise, what });
    }
}

/// A share of the [`State`].
#[derive(Clone)]
pub(super) struct Handle(Arc<Mutex<State>>);

impl Handle {
    pub(super) fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while it was locked is reported by itself; what was gathered is still worth reading.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the others go on once.
    pub(super) async fn wait(&self) {
        Yield(false).await;
    }

    /// Lets the others go on for a while, or not: a place where a worker may be overtaken, or die.
    pub(super) async fn pause(&self) {
        let turns = {
            let mut state = self.lock();
            match state.random.below(40) {
                _ if state.calm => 0,
                0 => 3 + state.random.below(20),
                1..=6 => 2,
                7..=14 => 1,
                _ => 0,
            }
        };
        for _ in 0..turns {
            Yield(false).await;
        }
    }
}

/// Waits until it is polled again.
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

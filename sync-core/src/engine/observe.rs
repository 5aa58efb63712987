//! Telling what is done as it is done, for metrics.

use std::fmt;

use super::{Engine, Report};
use crate::{
    budget::{Call, Cost},
    endpoint::EndpointError,
    guard::StopReason,
    ids::{FeedName, FlowName},
    job::{JobKey, ParkReason},
    side::Side,
};

/// Is told what an engine does, as it does it. For metrics: what is durable is in the store.
///
/// Called in the middle of the work, so it must return at once and not panic.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use sync_core::{Observation, Observer};
///
/// #[derive(Debug, Default)]
/// struct Credits(AtomicU64);
///
/// impl Observer for Credits {
///     fn observe(&self, observation: &Observation<'_>) {
///         if let Observation::Called { cost, .. } = observation {
///             self.0.fetch_add(cost.credits, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// Something was done.
    fn observe(&self, observation: &Observation<'_>);
}

/// What was done.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Observation<'a> {
    /// A call to a system was made, or refused by its budget.
    Called {
        /// The flow.
        flow: &'a FlowName,
        /// The system.
        side: Side,
        /// The call.
        call: Call,
        /// What it was counted as.
        cost: Cost,
        /// How it failed as a whole, if it did.
        error: Option<&'a EndpointError>,
    },
    /// A batch of keys was worked on.
    Worked {
        /// The flow.
        flow: &'a FlowName,
        /// What was done.
        report: &'a Report,
    },
    /// A page of a feed was read.
    Polled {
        /// The flow.
        flow: &'a FlowName,
        /// The system.
        side: Side,
        /// The feed.
        feed: &'a FeedName,
        /// Rows delivered.
        rows: u64,
        /// Keys queued: rows that were not delivered before.
        queued: u64,
    },
    /// A key was parked.
    Parked {
        /// The key.
        key: &'a JobKey,
        /// Why.
        reason: &'a ParkReason,
    },
    /// A flow was stopped by a guard or a person.
    Stopped {
        /// The flow.
        flow: &'a FlowName,
        /// Why.
        reason: &'a StopReason,
    },
    /// Records changed without an event: the channel is silent.
    ChannelSilent {
        /// The flow.
        flow: &'a FlowName,
        /// The system.
        side: Side,
    },
}

impl Engine {
    pub(super) fn observe(&self, observation: &Observation<'_>) {
        if let Some(observer) = &self.observer {
            observer.observe(observation);
        }
    }
}

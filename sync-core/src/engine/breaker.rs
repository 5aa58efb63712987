//! A failing system is left alone for a while, instead of failing ten thousand keys one by one.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use super::isolate::may_be_one_records_fault;
use crate::{
    endpoint::{EndpointError, EndpointErrorKind},
    ids::{FeedName, FlowName},
    mutant::bug,
    side::Side,
};

/// No system is left alone for longer, whatever it asks for: a day.
const LONGEST_PAUSE: Duration = Duration::from_secs(86_400);

/// How a system does in one flow.
#[derive(Clone, Debug, Default)]
pub struct SideHealth {
    /// Calls of one kind that failed as a whole since the last success of that kind; of the worst kind.
    pub failures: u32,
    /// Until when no records of it are worked on.
    pub closed_until: Option<Timestamp>,
    /// The last failure of a kind of call that has not succeeded since, reading a feed included.
    pub last_error: Option<Arc<EndpointError>>,
}

/// Kinds of calls that fail and recover apart from each other: a system may answer questions and refuse writes, and a
/// feed that is not set up says nothing about the records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    Read,
    Write,
    Feed(FeedName),
}

#[derive(Debug)]
struct Trouble {
    failures: u32,
    last: Timestamp,
    until: Timestamp,
    error: Arc<EndpointError>,
}

type Key = (FlowName, Side, Lane);

#[derive(Debug, Default)]
pub(super) struct Breakers {
    troubles: Mutex<BTreeMap<Key, Trouble>>,
}

impl Breakers {
    /// Until when the flow is to leave its systems' records alone, if it is.
    pub(super) fn closed_until(&self, flow: &FlowName, now: Timestamp) -> Option<Timestamp> {
        let of_either = Side::BOTH.map(|side| self.health(flow, side).closed_until);
        let latest = of_either.into_iter().flatten().max();
        latest.filter(|until| *until > now)
    }

    /// Until when a feed is to be left alone, if it is.
    pub(super) fn feed_closed_until(
        &self,
        flow: &FlowName,
        side: Side,
        feed: &FeedName,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let key = (flow.clone(), side, Lane::Feed(feed.clone()));
        let until = self.lock().get(&key).map(|trouble| trouble.until);
        until.filter(|until| *until > now)
    }

    /// Notes a failed call. Returns when to try again.
    pub(super) fn trip(
        &self,
        flow: &FlowName,
        side: Side,
        lane: Lane,
        error: Arc<EndpointError>,
        now: Timestamp,
    ) -> Timestamp {
        let mut troubles = self.lock();
        let key = (flow.clone(), side, lane);
        let failures = troubles.get(&key).map_or(0, |trouble| trouble.failures);
        let failures = failures.saturating_add(1);
        let pause = pause(&error, failures);
        let until = if bug!(BreakerNeverCloses) {
            Timestamp::MAX
        } else {
            now + pause
        };
        tracing::warn!(%flow, %side, lane = ?key.2, %error, pause_s = pause.as_secs(), "a system failed and is left alone for a while");
        let trouble = Trouble {
            failures,
            last: now,
            until,
            error,
        };
        troubles.insert(key, trouble);
        until
    }

    /// Whether the last write of the side failed in a way that may be the fault of one of its records.
    pub(super) fn is_choked(&self, flow: &FlowName, side: Side) -> bool {
        let key = (flow.clone(), side, Lane::Write);
        let troubles = self.lock();
        let trouble = troubles.get(&key);
        trouble.is_some_and(|trouble| may_be_one_records_fault(trouble.error.kind))
    }

    /// Notes a call that succeeded.
    pub(super) fn close(&self, flow: &FlowName, side: Side, lane: Lane) {
        self.lock().remove(&(flow.clone(), side, lane));
    }

    /// Failures of a feed since it was last read.
    pub(super) fn feed_failures(&self, flow: &FlowName, side: Side, feed: &FeedName) -> u32 {
        let key = (flow.clone(), side, Lane::Feed(feed.clone()));
        self.lock().get(&key).map_or(0, |trouble| trouble.failures)
    }

    pub(super) fn health(&self, flow: &FlowName, side: Side) -> SideHealth {
        let troubles = self.lock();
        let first = (flow.clone(), side, Lane::Read);
        let own = troubles
            .range(first..)
            .take_while(|((of, at, _), _)| of == flow && *at == side);
        let mut health = SideHealth::default();
        let mut last = None;
        for ((_, _, lane), trouble) in own {
            health.failures = health.failures.max(trouble.failures);
            if !matches!(lane, Lane::Feed(_)) {
                health.closed_until = health.closed_until.max(Some(trouble.until));
            }
            if last < Some(trouble.last) {
                last = Some(trouble.last);
                health.last_error = Some(Arc::clone(&trouble.error));
            }
        }
        health
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Trouble>> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A person must act on a refused credential or a wrong set-up, so asking again often is of no use.
fn pause(error: &EndpointError, failures: u32) -> Duration {
    let own = match error.kind {
        EndpointErrorKind::Unauthorized | EndpointErrorKind::Misconfigured => {
            Duration::from_secs(60)
        }
        _ => Duration::from_secs(1 << failures.min(6)).min(Duration::from_secs(60)),
    };
    own.max(bounded(error.retry_after))
}

/// A pause that was asked for, within reason.
pub(super) fn bounded(pause: Option<Duration>) -> Duration {
    pause.unwrap_or_default().min(LONGEST_PAUSE)
}

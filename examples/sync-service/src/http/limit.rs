//! How many calls are taken, from one caller and from all together.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::{SignedDuration, Timestamp};

use super::Peer;

/// Callers that are told apart. More at once are counted together.
const MOST_PEERS: usize = 10_000;

/// So many calls a second for ever, and a burst on top.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// The pause between two calls at that rate.
    every: Duration,
    /// Calls that may come at once.
    burst: u32,
}

impl Rate {
    pub(crate) fn per_second(calls: u32, burst: u32) -> Self {
        Self {
            every: Duration::from_secs(1) / calls.max(1),
            burst: burst.max(1),
        }
    }

    pub(crate) fn per_minute(calls: u32, burst: u32) -> Self {
        Self {
            every: Duration::from_secs(60) / calls.max(1),
            burst: burst.max(1),
        }
    }

    /// How far the next free moment may lie ahead for a call to be taken.
    fn reach(self) -> Duration {
        self.every.saturating_mul(self.burst.saturating_sub(1))
    }
}

/// A token bucket for each caller and one for all.
///
/// A bucket is kept as the moment when it will be full again: each call taken moves it on by the pause between two calls,
/// and a call is taken when that moment is not too far ahead.
#[derive(Debug)]
pub(crate) struct RateLimit {
    each: Rate,
    all: Rate,
    buckets: Mutex<Buckets>,
}

#[derive(Debug, Default)]
struct Buckets {
    each: HashMap<IpAddr, Timestamp>,
    all: Option<Timestamp>,
    /// When those that are full were last forgotten.
    cleared: Option<Timestamp>,
}

impl Buckets {
    /// Whether a caller has a bucket, or may get one. Those that are full are forgotten to make room, once a second at
    /// most: a crowd must not keep us busy with that.
    fn has_room_for(&mut self, group: IpAddr, now: Timestamp) -> bool {
        if self.each.len() < MOST_PEERS || self.each.contains_key(&group) {
            return true;
        }
        let again = self.cleared.map(|at| at + SignedDuration::from_secs(1));
        if again.is_none_or(|again| again <= now) {
            self.each.retain(|_, full_at| *full_at > now);
            self.cleared = Some(now);
        }
        self.each.len() < MOST_PEERS
    }
}

impl RateLimit {
    pub(crate) fn new(each: Rate, all: Rate) -> Self {
        Self {
            each,
            all,
            buckets: Mutex::default(),
        }
    }

    /// Takes a call.
    ///
    /// # Errors
    /// How long to wait before the next one.
    pub(crate) fn take(&self, peer: Peer, now: Timestamp) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let group = peer.group();
        let is_told_apart = buckets.has_room_for(group, now);
        // Whoever is over the limit alone takes nothing from the others.
        let each = next(buckets.each.get(&group).copied(), self.each, now)?;
        let all = next(buckets.all, self.all, now)?;
        if is_told_apart {
            buckets.each.insert(group, each);
        }
        buckets.all = Some(all);
        Ok(())
    }
}

/// When the bucket is full again after one more call, or how long to wait for one.
fn next(full_at: Option<Timestamp>, rate: Rate, now: Timestamp) -> Result<Timestamp, Duration> {
    let from = full_at.map_or(now, |full_at| full_at.max(now));
    let ahead = Duration::try_from(from.duration_since(now)).unwrap_or_default();
    match ahead.checked_sub(rate.reach()) {
        Some(wait) if !wait.is_zero() => Err(wait),
        _ => {
            let every = SignedDuration::try_from(rate.every).unwrap_or(SignedDuration::ZERO);
            Ok(from.checked_add(every).unwrap_or(from))
        }
    }
}

/// Says when to come again, in whole seconds.
pub(crate) fn later(wait: Duration) -> Response {
    let seconds = wait.as_secs() + 1;
    let mut response = StatusCode::TOO_MANY_REQUESTS.into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> Peer {
        Peer(IpAddr::from([192, 0, 2, last]))
    }

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).unwrap()
    }

    fn taken(limit: &RateLimit, peer: Peer, now: Timestamp, calls: usize) -> usize {
        (0..calls).filter(|_| limit.take(peer, now).is_ok()).count()
    }

    #[test]
    fn a_burst_is_taken_and_then_so_many_a_second() {
        let limit = RateLimit::new(Rate::per_second(10, 5), Rate::per_second(1000, 1000));
        assert_eq!(taken(&limit, peer(1), at(0), 20), 5);
        assert_eq!(limit.take(peer(1), at(0)), Err(Duration::from_millis(100)));
        assert_eq!(taken(&limit, peer(1), at(300), 20), 3);
        // A long rest gives no more than the burst.
        assert_eq!(taken(&limit, peer(1), at(3_600_000), 20), 5);
    }

    #[test]
    fn one_caller_does_not_use_up_what_is_for_another() {
        let limit = RateLimit::new(Rate::per_second(1, 5), Rate::per_second(1, 8));
        assert_eq!(taken(&limit, peer(1), at(0), 1000), 5);
        assert_eq!(taken(&limit, peer(2), at(0), 1000), 3);
    }

    #[test]
    fn callers_without_number_do_not_fill_the_memory() {
        let limit = RateLimit::new(
            Rate::per_second(1, 1),
            Rate::per_second(1_000_000, 1_000_000),
        );
        for number in 0..30_000_u32 {
            let _ = limit.take(Peer(IpAddr::from(number.to_be_bytes())), at(0));
        }
        assert!(limit.buckets.lock().unwrap().each.len() <= MOST_PEERS);
        // When those have rested there is room again.
        limit.take(peer(1), at(5000)).unwrap();
        assert_eq!(limit.buckets.lock().unwrap().each.len(), 1);
    }
}

//! What this client has used of the organisation's allowance.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use client_core::Clock;
use http::HeaderMap;
use jiff::Timestamp;

use crate::error::ThrottleCause;

/// Header with the credits left today; Zoho sends it only once half of them are used (reference: Zoho v8 section 10.4,
/// read 2026-11).
const CREDITS_REMAINING: &str = "x-api-credits-remaining";

/// Counts since the client was built, over all its clones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// API requests sent, repetitions included, token requests not.
    pub calls: u64,
    /// Credits these calls cost by Zoho's published table. An estimate: the table names few calls.
    pub estimated_credits: u64,
    /// The part of them that was spent within the last 24 hours, which is how Zoho counts.
    pub credits_last_24_hours: u64,
    /// Access tokens asked for. Zoho allows 10 in 10 minutes for a refresh token.
    pub token_requests: u64,
}

/// Request extension: what one attempt costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Credits(pub(crate) u64);

/// Time over which Zoho counts credits (reference: Zoho v8 section 10.1, read 2026-11).
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Spending is kept by the minute: 1440 entries at most, however busy the client.
const STEP: Duration = Duration::from_secs(60);
/// How long Zoho's word on what is left counts: credits come back all the time as the day rolls on.
const TRUSTED: Duration = Duration::from_secs(15 * 60);

/// A call that would go beyond the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{needed} credits are needed and {left} are left")]
pub(crate) struct OverBudget {
    pub(crate) needed: u64,
    pub(crate) left: u64,
    pub(crate) retry_after: Duration,
}

/// What was spent in the last 24 hours.
#[derive(Debug, Default)]
struct Ledger {
    spent: VecDeque<(Timestamp, u64)>,
    total: u64,
    told: Option<Told>,
}

/// What Zoho said is left, and what was spent since.
#[derive(Clone, Copy, Debug)]
struct Told {
    at: Timestamp,
    remaining: u64,
    spent_since: u64,
}

impl Ledger {
    fn forget_old(&mut self, now: Timestamp) {
        while let Some((start, credits)) = self.spent.front().copied() {
            // The whole step must be a day old.
            if start + STEP + DAY > now {
                break;
            }
            self.total -= credits;
            self.spent.pop_front();
        }
        let stale = |told: &mut Told| told.at + TRUSTED <= now;
        self.told.take_if(stale);
    }

    fn spend(
        &mut self,
        needed: u64,
        budget: Option<u64>,
        now: Timestamp,
    ) -> Result<(), OverBudget> {
        self.forget_old(now);
        if let Some(budget) = budget {
            self.check(needed, budget, now)?;
        }
        match self.spent.back_mut() {
            Some((start, credits)) if *start + STEP > now => *credits += needed,
            _ => self.spent.push_back((now, needed)),
        }
        self.total += needed;
        if let Some(told) = &mut self.told {
            told.spent_since += needed;
        }
        Ok(())
    }

    fn check(&self, needed: u64, budget: u64, now: Timestamp) -> Result<(), OverBudget> {
        let own = budget.saturating_sub(self.total);
        if needed > own {
            return Err(OverBudget {
                needed,
                left: own,
                retry_after: self.until_free(needed - own, now),
            });
        }
        if let Some(told) = self.told {
            let left = told.remaining.saturating_sub(told.spent_since);
            if needed > left {
                let end = told.at + TRUSTED;
                return Err(OverBudget {
                    needed,
                    left,
                    retry_after: Duration::try_from(end.duration_since(now)).unwrap_or(TRUSTED),
                });
            }
        }
        Ok(())
    }

    /// When `credits` more will have come back.
    fn until_free(&self, credits: u64, now: Timestamp) -> Duration {
        let mut freed = 0;
        for (start, spent) in &self.spent {
            freed += spent;
            if freed >= credits {
                let end = *start + STEP + DAY;
                return Duration::try_from(end.duration_since(now)).unwrap_or(DAY);
            }
        }
        DAY
    }
}

pub(crate) struct Counters {
    clock: Arc<dyn Clock>,
    budget: Option<u64>,
    ledger: Mutex<Ledger>,
    calls: AtomicU64,
    credits: AtomicU64,
    token_requests: AtomicU64,
    /// `u64::MAX` until Zoho says.
    remaining: AtomicU64,
    flights: Mutex<Flights>,
}

/// Calls in flight.
#[derive(Debug, Default)]
struct Flights {
    now: u64,
    /// How many there have ever been.
    begun: u64,
}

/// A call in flight, counted until this is dropped.
pub(crate) struct InFlight<'a> {
    counters: &'a Counters,
    /// Which one it is, from 1.
    number: u64,
    /// Others were in flight when it began.
    joined_others: bool,
}

impl InFlight<'_> {
    /// No other call has been in flight since this one began. Those that have ended count too: of calls that collide,
    /// one is the last to hear of it.
    fn was_alone(&self) -> bool {
        !self.joined_others && self.counters.flights().begun == self.number
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.counters.flights().now -= 1;
    }
}

impl fmt::Debug for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counters").finish_non_exhaustive()
    }
}

impl Counters {
    /// `budget`: credits that may be spent in 24 hours.
    pub(crate) fn new(clock: Arc<dyn Clock>, budget: Option<u64>) -> Self {
        Self {
            clock,
            budget,
            ledger: Mutex::default(),
            calls: AtomicU64::new(0),
            credits: AtomicU64::new(0),
            token_requests: AtomicU64::new(0),
            remaining: AtomicU64::new(u64::MAX),
            flights: Mutex::default(),
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Books a call that is about to be sent, unless the budget does not allow it.
    pub(crate) fn spend(&self, credits: Credits) -> Result<(), OverBudget> {
        let now = self.clock.now();
        self.ledger().spend(credits.0, self.budget, now)?;
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.credits.fetch_add(credits.0, Ordering::Relaxed);
        Ok(())
    }

    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn enter(&self) -> InFlight<'_> {
        let mut flights = self.flights();
        flights.now += 1;
        flights.begun += 1;
        InFlight {
            counters: self,
            number: flights.begun,
            joined_others: flights.now > 1,
        }
    }

    /// What the 429 that `call` was answered with is likely to be about.
    pub(crate) fn throttle_cause(&self, call: &InFlight<'_>) -> ThrottleCause {
        let now = self.clock.now();
        let mut ledger = self.ledger();
        ledger.forget_old(now);
        let used_up = |told: &Told| told.remaining <= told.spent_since;
        if ledger.told.as_ref().is_some_and(used_up) {
            ThrottleCause::Credits
        } else if call.was_alone() {
            ThrottleCause::Unclear
        } else {
            ThrottleCause::Concurrency
        }
    }

    pub(crate) fn count_token_request(&self) {
        self.token_requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read_headers(&self, headers: &HeaderMap) {
        let remaining = headers
            .get(CREDITS_REMAINING)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok());
        if let Some(remaining) = remaining {
            self.remaining.store(remaining, Ordering::Relaxed);
            self.ledger().told = Some(Told {
                at: self.clock.now(),
                remaining,
                spent_since: 0,
            });
        }
    }

    pub(crate) fn remaining(&self) -> Option<u64> {
        Some(self.remaining.load(Ordering::Relaxed)).filter(|remaining| *remaining != u64::MAX)
    }

    pub(crate) fn snapshot(&self) -> Usage {
        let mut ledger = self.ledger();
        ledger.forget_old(self.clock.now());
        Usage {
            credits_last_24_hours: ledger.total,
            calls: self.calls.load(Ordering::Relaxed),
            estimated_credits: self.credits.load(Ordering::Relaxed),
            token_requests: self.token_requests.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_day_rolls_on() {
        let mut ledger = Ledger::default();
        ledger
            .spend(6, Some(10), at("2026-11-20T10:00:00Z"))
            .unwrap();
        ledger
            .spend(4, Some(10), at("2026-11-20T22:00:00Z"))
            .unwrap();
        let refused = ledger
            .spend(1, Some(10), at("2026-11-21T09:00:00Z"))
            .unwrap_err();
        assert_eq!((refused.needed, refused.left), (1, 0));
        let free = at("2026-11-21T09:00:00Z") + refused.retry_after;
        ledger.spend(6, Some(10), free).unwrap();
        assert_eq!(ledger.total, 10);
    }

    #[test]
    fn zohos_word_on_what_is_left_counts_for_a_while() {
        let now = at("2026-11-20T10:00:00Z");
        let mut ledger = Ledger {
            told: Some(Told {
                at: now,
                remaining: 5,
                spent_since: 0,
            }),
            ..Ledger::default()
        };
        ledger.spend(4, Some(1_000), now).unwrap();
        let refused = ledger.spend(2, Some(1_000), now).unwrap_err();
        assert_eq!((refused.left, refused.retry_after), (1, TRUSTED));
        ledger.spend(2, None, now).unwrap();
        ledger.spend(2, Some(1_000), now + TRUSTED).unwrap();
    }

    #[test]
    fn a_call_was_alone_if_no_other_overlapped_it() {
        let counters = Counters::new(Arc::new(client_core::SystemClock), None);
        let first = counters.enter();
        assert!(first.was_alone());
        let second = counters.enter();
        assert!(!first.was_alone() && !second.was_alone());
        drop(second);
        assert!(!first.was_alone());
        drop(first);
        assert!(counters.enter().was_alone());
    }

    #[test]
    fn credits_left_are_unknown_until_zoho_says() {
        let counters = Counters::new(Arc::new(client_core::SystemClock), None);
        counters.read_headers(&HeaderMap::new());
        assert_eq!(counters.remaining(), None);
        let mut headers = HeaderMap::new();
        headers.insert(CREDITS_REMAINING, "1234".parse().unwrap());
        counters.read_headers(&headers);
        headers.insert(CREDITS_REMAINING, "many".parse().unwrap());
        counters.read_headers(&headers);
        assert_eq!(counters.remaining(), Some(1234));
    }
}

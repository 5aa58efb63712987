//! How fast credits and calls are spent, and how long what is left will last.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use sync_core::{Cost, Side, Sides};

/// What was spent so long ago counts no more.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// What is spent within this time is kept together.
const STEP: SignedDuration = SignedDuration::from_mins(1);

/// What this instance spent in the last hour, minute by minute.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    sides: Mutex<Sides<VecDeque<Step>>>,
}

#[derive(Debug)]
struct Step {
    from: Timestamp,
    cost: Cost,
}

impl Pace {
    /// Notes what a call cost.
    pub(crate) fn spend(&self, side: Side, cost: Cost, now: Timestamp) {
        if cost == Cost::default() {
            return;
        }
        let mut sides = self.sides.lock().unwrap_or_else(PoisonError::into_inner);
        let steps = sides.get_mut(side);
        match steps.back_mut() {
            Some(last) if now.duration_since(last.from) < STEP => last.cost += cost,
            _ => steps.push_back(Step { from: now, cost }),
        }
        forget(steps, now);
    }

    /// What was spent within the last hour.
    pub(crate) fn last_hour(&self, side: Side, now: Timestamp) -> Cost {
        let mut sides = self.sides.lock().unwrap_or_else(PoisonError::into_inner);
        let steps = sides.get_mut(side);
        forget(steps, now);
        let mut sum = Cost::default();
        for step in steps.iter() {
            sum += step.cost;
        }
        sum
    }
}

fn forget(steps: &mut VecDeque<Step>, now: Timestamp) {
    while steps
        .front()
        .is_some_and(|step| now.duration_since(step.from) > WINDOW)
    {
        steps.pop_front();
    }
}

/// How long `left` lasts when so much is spent in an hour. `None`: nothing is being spent.
pub(crate) fn lasts(left: u64, an_hour: u64) -> Option<Duration> {
    let seconds = u128::from(left) * 3600 / u128::from(an_hour).max(1);
    (an_hour > 0).then(|| Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + 60 * minute).unwrap()
    }

    #[test]
    fn what_was_spent_more_than_an_hour_ago_counts_no_more() {
        let pace = Pace::default();
        pace.spend(Side::Right, Cost::credits(100), at(0));
        for minute in 30..60 {
            pace.spend(Side::Right, Cost::credits(2), at(minute));
        }
        assert_eq!(pace.last_hour(Side::Right, at(60)).credits, 160);
        assert_eq!(pace.last_hour(Side::Right, at(61)).credits, 60);
        assert_eq!(pace.last_hour(Side::Left, at(61)), Cost::default());
        assert_eq!(pace.last_hour(Side::Right, at(1000)), Cost::default());
    }

    #[test]
    fn what_is_left_lasts_as_long_as_the_pace_allows() {
        assert_eq!(lasts(5000, 500), Some(Duration::from_secs(36_000)));
        assert_eq!(lasts(5000, 0), None);
        assert_eq!(lasts(0, 7), Some(Duration::ZERO));
    }
}

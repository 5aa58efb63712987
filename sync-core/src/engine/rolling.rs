//! Amounts counted in a rolling window.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Steps in a window. An amount counts until its whole step is out of the window, so a little longer than it must.
const STEPS: u64 = 24;

/// Amounts by the second in which their step began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rolling {
    steps: BTreeMap<i64, u64>,
}

fn seconds(window: Duration) -> i64 {
    i64::try_from(window.as_secs())
        .unwrap_or(i64::MAX / 4)
        .max(1)
}

/// The length of a step of `window`, in seconds.
pub(super) fn step(window: Duration) -> i64 {
    (seconds(window) / STEPS.cast_signed()).max(1)
}

impl Rolling {
    /// Leaves out what is out of the window. A clock that was set back makes what is in its future count from now.
    pub(super) fn move_to(&mut self, now: Timestamp, window: Duration) {
        let (now, step) = (now.as_second(), step(window));
        let ahead = self.steps.split_off(&now.saturating_add(step));
        let late: u64 = ahead.into_values().sum();
        if late > 0 {
            *self.steps.entry(now - now.rem_euclid(step)).or_default() += late;
        }
        let oldest = now.saturating_sub(seconds(window).saturating_add(2 * step));
        self.steps.retain(|start, _| *start > oldest);
    }

    pub(super) fn sum(&self) -> u64 {
        self.steps
            .values()
            .fold(0, |sum, amount| sum.saturating_add(*amount))
    }

    pub(super) fn add(&mut self, now: Timestamp, window: Duration, amount: u64) {
        if amount > 0 {
            let (now, step) = (now.as_second(), step(window));
            let start = now - now.rem_euclid(step);
            let sum = self.steps.entry(start).or_default();
            *sum = sum.saturating_add(amount);
        }
    }

    /// Takes back what was added last.
    pub(super) fn take_back(&mut self, mut amount: u64) {
        while let Some(mut last) = self.steps.last_entry() {
            let of_step = last.get_mut();
            let taken = amount.min(*of_step);
            *of_step -= taken;
            amount -= taken;
            if *of_step > 0 {
                return;
            }
            last.remove();
        }
    }

    /// When `amount` will have left the window.
    pub(super) fn freed_at(&self, window: Duration, amount: u64) -> Option<Timestamp> {
        let mut freed = 0u64;
        for (start, of_step) in &self.steps {
            freed = freed.saturating_add(*of_step);
            if freed >= amount {
                let at = start.saturating_add(seconds(window) + 2 * step(window));
                return Timestamp::from_second(at).ok();
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn an_amount_counts_for_at_least_the_window_and_not_much_longer() {
        let mut rolling = Rolling::default();
        rolling.add(at(0), HOUR, 5);
        rolling.move_to(at(3600), HOUR);
        assert_eq!(rolling.sum(), 5);
        let freed = rolling.freed_at(HOUR, 5).unwrap();
        assert!(freed > at(3600) && freed <= at(3600 + 300 + 1), "{freed}");
        rolling.move_to(freed, HOUR);
        assert_eq!(rolling.sum(), 0);
    }

    #[test]
    fn setting_the_clock_back_neither_forgets_nor_keeps_for_ever() {
        let mut rolling = Rolling::default();
        rolling.add(at(1_000_000), HOUR, 5);
        rolling.move_to(at(0), HOUR);
        assert_eq!(rolling.sum(), 5);
        rolling.move_to(at(4200), HOUR);
        assert_eq!(rolling.sum(), 0);
    }

    #[test]
    fn room_comes_step_by_step() {
        let mut rolling = Rolling::default();
        rolling.add(at(0), HOUR, 3);
        rolling.add(at(1800), HOUR, 3);
        let (first, all) = (rolling.freed_at(HOUR, 2), rolling.freed_at(HOUR, 4));
        assert!(first < all);
        assert_eq!(rolling.freed_at(HOUR, 7), None);
    }
}

//! The simulator's time: the system's, shifted, or standing still until a test moves it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// Where the simulator's time comes from. Clones share the same clock.
#[derive(Clone)]
pub struct Clock {
    state: Arc<Mutex<State>>,
}

struct State {
    base: Base,
    shift: SignedDuration,
}

enum Base {
    System,
    Fixed(Timestamp),
    Source(Arc<dyn Fn() -> Timestamp + Send + Sync>),
}

impl Clock {
    /// The system's time.
    #[must_use]
    pub fn system() -> Self {
        Self::with_base(Base::System)
    }

    /// A time that stands still until [`Clock::set`] or [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self::with_base(Base::Fixed(start))
    }

    /// Time read from elsewhere, for instance from the clock of the program under test, so that both agree.
    #[must_use]
    pub fn from_source(source: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self::with_base(Base::Source(Arc::new(source)))
    }

    fn with_base(base: Base) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                base,
                shift: SignedDuration::ZERO,
            })),
        }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let base = match &state.base {
            Base::System => Timestamp::now(),
            Base::Fixed(instant) => *instant,
            Base::Source(source) => source(),
        };
        base.checked_add(state.shift).unwrap_or(base)
    }

    /// Makes the clock stand still at `instant`, whatever it was before.
    pub fn set(&self, instant: Timestamp) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.base = Base::Fixed(instant);
        state.shift = SignedDuration::ZERO;
    }

    /// Moves the clock by `by` (backwards if negative); a running clock runs on from there.
    pub fn advance(&self, by: SignedDuration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.shift = state.shift.checked_add(by).unwrap_or(state.shift);
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

/// Cuts an instant to whole seconds, the precision of every time Zoho returns (reference: zoho-crm-v8 section 11, no. 11).
pub(crate) fn whole_second(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

/// Writes an instant as Zoho does: whole seconds with the organisation's offset.
pub(crate) fn zoho_time(instant: Timestamp, offset: Offset) -> String {
    whole_second(instant)
        .display_with_offset(offset)
        .to_string()
}

/// `instant` plus a number of seconds, stopping at the end of representable time.
pub(crate) fn plus_seconds(instant: Timestamp, seconds: i64) -> Timestamp {
    instant
        .checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_whole_seconds_with_the_offset_of_the_organisation() {
        let instant = Timestamp::from_millisecond(1_788_123_456_789).unwrap_or_default();
        let text = zoho_time(instant, Offset::constant(2));
        assert!(text.ends_with("+02:00"), "{text}");
        assert!(!text.contains('.'), "{text}");
        assert_eq!(text.parse::<Timestamp>().ok(), Some(whole_second(instant)));
    }

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        clock.advance(SignedDuration::from_secs(90));
        assert_eq!(clock.now().as_second(), 90);
        clock.set(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now().as_second(), 0);
    }
}

//! The server's clock: stamps, token checks and the `Date` header all read it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A clock shared by the simulator and whoever holds a clone.
///
/// It is either the computer's, a function's or stands still until told; a skew may be laid over each of them.
#[derive(Clone)]
pub struct Clock(Arc<Mutex<State>>);

struct State {
    base: Base,
    skew: SignedDuration,
}

enum Base {
    System,
    Manual(Timestamp),
    Function(Box<dyn Fn() -> Timestamp + Send>),
}

impl Clock {
    fn with(base: Base) -> Self {
        Self(Arc::new(Mutex::new(State {
            base,
            skew: SignedDuration::ZERO,
        })))
    }

    /// The computer's clock.
    pub fn system() -> Self {
        Self::with(Base::System)
    }

    /// A clock that stands at `start` until [`set`](Self::set) or [`advance`](Self::advance).
    pub fn manual(start: Timestamp) -> Self {
        Self::with(Base::Manual(start))
    }

    /// A clock that asks `now` each time: shares somebody else's test clock.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + 'static) -> Self {
        Self::with(Base::Function(Box::new(now)))
    }

    fn with_state<T>(&self, action: impl FnOnce(&mut State) -> T) -> T {
        // A panic elsewhere cannot leave a clock half changed, so a poisoned lock is as good as a sound one.
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The server's time, skew included.
    pub fn now(&self) -> Timestamp {
        self.with_state(|state| {
            let base = match &state.base {
                Base::System => Timestamp::now(),
                Base::Manual(at) => *at,
                Base::Function(now) => now(),
            };
            base.saturating_add(state.skew).unwrap_or(base)
        })
    }

    /// Makes the clock stand at an instant; it is manual from then on.
    pub fn set(&self, at: Timestamp) {
        self.with_state(|state| state.base = Base::Manual(at));
    }

    /// Moves a manual clock forward; any other clock gets that much skew.
    pub fn advance(&self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.with_state(|state| match &mut state.base {
            Base::Manual(at) => *at = at.saturating_add(by).unwrap_or(*at),
            _ => state.skew = state.skew.saturating_add(by),
        });
    }

    /// How far the server's clock is off, positive when it is fast.
    pub fn set_skew(&self, skew: SignedDuration) {
        self.with_state(|state| state.skew = skew);
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock")
            .field(&self.now().to_string())
            .finish()
    }
}

/// The form of the HTTP `Date` header.
pub(crate) fn http_date(at: Timestamp) -> String {
    let zoned = at.to_zoned(jiff::tz::TimeZone::UTC);
    jiff::fmt::strtime::format("%a, %d %b %Y %H:%M:%S GMT", &zoned).unwrap_or_default()
}

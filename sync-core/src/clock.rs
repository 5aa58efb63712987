//! Where the engine gets the time from.

use std::fmt;

use jiff::Timestamp;

/// Tells the time.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    // The one place that reads the system clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "everything else gets the time from a Clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

//! Time comes from outside, so that tests own it.

use std::{fmt, time::Duration};

use async_trait::async_trait;
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

/// Waits.
#[async_trait]
pub trait Sleep: fmt::Debug + Send + Sync + 'static {
    /// Returns after `duration`.
    async fn sleep(&self, duration: Duration);
}

/// Waits on tokio's timer; needs a running tokio runtime with time enabled.
#[cfg(feature = "tokio")]
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioSleep;

#[cfg(feature = "tokio")]
#[async_trait]
impl Sleep for TokioSleep {
    #[expect(clippy::disallowed_methods, reason = "the one sleeper on tokio")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

//! A clock that stands still until a test moves it.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use jiff::Timestamp;

use crate::clock::Clock;

/// A clock that stands still until it is moved. Clones show the same time.
#[derive(Clone, Debug)]
pub struct ManualClock {
    now: Arc<Mutex<Timestamp>>,
}

impl Default for ManualClock {
    /// 2026-01-01 at noon, UTC.
    fn default() -> Self {
        Self::at(Timestamp::UNIX_EPOCH + Duration::from_secs(1_767_268_800))
    }
}

impl ManualClock {
    /// A clock at 2026-01-01, noon, UTC.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A clock at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            now: Arc::new(Mutex::new(now)),
        }
    }

    /// Moves the clock on. Stays at the end of time rather than pass it.
    pub fn advance(&self, by: Duration) {
        let mut now = self.lock();
        *now = now.checked_add(by).unwrap_or(Timestamp::MAX);
    }

    /// Sets the clock, backwards too.
    pub fn set(&self, now: Timestamp) {
        *self.lock() = now;
    }

    /// A timer for [`Engine::run`](crate::Engine::run): moves the clock on at once and lets others run once.
    #[must_use = "futures do nothing unless polled"]
    pub fn sleep(&self, pause: Duration) -> Sleep {
        Sleep {
            clock: self.clone(),
            pause: Some(pause),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Timestamp> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.lock()
    }
}

/// The future of [`ManualClock::sleep`].
#[derive(Debug)]
pub struct Sleep {
    clock: ManualClock,
    pause: Option<Duration>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.pause.take() {
            Some(pause) => {
                self.clock.advance(pause);
                context.waker().wake_by_ref();
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }
}

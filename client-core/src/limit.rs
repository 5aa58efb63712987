//! Concurrency limits that are honoured before a server complains.

use std::sync::Arc;

use async_lock::{Semaphore, SemaphoreGuardArc};

/// At most so many requests at once, over all clones.
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit {
    permits: Arc<Semaphore>,
}

impl ConcurrencyLimit {
    /// A limit of `permits` requests at once; zero is taken as one.
    #[must_use]
    pub fn new(permits: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(permits.max(1))),
        }
    }

    /// Waits for a turn.
    pub async fn enter(&self) -> Turn {
        Turn {
            _permit: self.permits.acquire_arc().await,
        }
    }
}

/// A turn of a [`ConcurrencyLimit`]. It ends when this is dropped.
#[derive(Debug)]
#[must_use = "the turn ends at once when it is not kept"]
pub struct Turn {
    _permit: SemaphoreGuardArc,
}

//! The running program: what it works with at the moment, and what all of its parts share.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use sync_core::{Clock, Engine, SystemClock};
use tokio::sync::watch;

use crate::{http::webhook::Announcements, metrics::Metrics, setup::Setup};

/// What the program works with at the moment. It is replaced as a whole when the configuration is read anew.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) setup: Setup,
    pub(crate) engine: Arc<Engine>,
    /// The channels whose calls are taken.
    pub(crate) announcements: Vec<Announcements>,
    /// When this configuration was taken up.
    pub(crate) since: Timestamp,
}

/// What all parts of the running program share.
#[derive(Debug)]
pub(crate) struct Service {
    live: RwLock<Arc<Live>>,
    refused: RwLock<Option<Refused>>,
    stopping: watch::Receiver<bool>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) started_at: Timestamp,
}

/// A configuration that was not taken up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) at: Timestamp,
    pub(crate) reason: String,
}

impl Service {
    pub(crate) fn new(live: Live, metrics: Arc<Metrics>, stopping: watch::Receiver<bool>) -> Self {
        let started_at = live.since;
        Self {
            live: RwLock::new(Arc::new(live)),
            refused: RwLock::default(),
            stopping,
            metrics,
            started_at,
        }
    }

    /// What it works with now.
    pub(crate) fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Works with something else from now on.
    pub(crate) fn replace(&self, live: Live) {
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(live);
        *self.refused.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Notes that a configuration was not taken up.
    pub(crate) fn refuse(&self, reason: String) {
        let at = self.now();
        let mut refused = self.refused.write().unwrap_or_else(PoisonError::into_inner);
        *refused = Some(Refused { at, reason });
    }

    /// The configuration that lies there and was not taken up, if it is so.
    pub(crate) fn refused(&self) -> Option<Refused> {
        let refused = self.refused.read().unwrap_or_else(PoisonError::into_inner);
        refused.clone()
    }

    /// Whether it is about to end.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    pub(crate) fn now(&self) -> Timestamp {
        SystemClock.now()
    }
}

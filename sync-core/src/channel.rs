//! Channels by which a system announces that records changed.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{endpoint::EndpointError, ids::FlowName, side::Side};

/// A channel by which a system announces changes, such as a Zoho notification channel. It is opened, renewed before it ends
/// and opened again when it was lost, by [`Engine::tend_channels`](crate::Engine::tend_channels). What it announces comes
/// in through [`Engine::ingest`](crate::Engine::ingest).
///
/// A channel may die without a word. When a poll finds rows that changed a while ago and nothing was announced since, the
/// channel counts as silent: that is told to the [`Observer`](crate::Observer), shown in the health, all feeds of the side
/// are polled at once, and the channel is opened anew.
#[async_trait]
pub trait EventSource: fmt::Debug + Send + Sync + 'static {
    /// Opens the channel, whether it is open or not. Returns when it ends; `None`: not by itself.
    ///
    /// # Errors
    /// [`EndpointError`] when it could not be opened. Polling goes on.
    async fn open(&self, now: Timestamp) -> Result<Option<Timestamp>, EndpointError>;

    /// Moves its end.
    ///
    /// # Errors
    /// [`EndpointError`] when the system cannot be asked.
    async fn renew(&self, now: Timestamp) -> Result<ChannelState, EndpointError>;

    /// Whether it is still there.
    ///
    /// # Errors
    /// [`EndpointError`] when the system cannot be asked.
    async fn look(&self) -> Result<ChannelState, EndpointError>;
}

/// Whether a channel is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelState {
    /// It is open.
    Open {
        /// When it ends, if the system says so.
        ends: Option<Timestamp>,
    },
    /// The system does not know it any more.
    Lost,
}

/// How a channel does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelHealth {
    /// The flow.
    pub flow: FlowName,
    /// The side that announces.
    pub side: Side,
    /// When it was opened last. `None`: it is not open.
    pub opened_at: Option<Timestamp>,
    /// When it ends unless it is renewed.
    pub ends_at: Option<Timestamp>,
    /// When something was announced last.
    pub last_event_at: Option<Timestamp>,
    /// Since when rows change without being announced.
    pub silent_since: Option<Timestamp>,
}

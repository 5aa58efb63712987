//! What an engine's caller must know of failures.

use std::sync::Arc;

use crate::{
    endpoint::EndpointError,
    flow::FlowError,
    guard::StopReason,
    ids::{FeedName, FieldName, FlowName},
    job::JobKey,
    side::Side,
    store::StoreError,
};

/// An engine's operation failed. Nothing is half-done: what was begun is finished or taken up again by the next tick.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store failed. Repeat later.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A system failed while it was read for a plan, a poll or a sweep. Records in work are not concerned: their
    /// failures are kept with them.
    #[error("{flow}: the {side} system: {source}")]
    Side {
        /// The flow.
        flow: FlowName,
        /// The side.
        side: Side,
        /// What happened.
        source: Arc<EndpointError>,
    },
    /// A flow's rules cannot be kept.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// There is no such flow.
    #[error("there is no flow named `{0}`")]
    UnknownFlow(FlowName),
    /// There is no such feed.
    #[error("the {side} side of `{flow}` has no feed named `{feed}`")]
    UnknownFeed {
        /// The flow.
        flow: FlowName,
        /// The side.
        side: Side,
        /// The feed.
        feed: FeedName,
    },
    /// The approved plan no longer describes what would be done. Make a new one and approve that.
    #[error(
        "the plan is out of date: approved was {approved}, it would now be {current}; review and approve the new plan"
    )]
    StalePlan {
        /// The approved plan's hash.
        approved: String,
        /// The present plan's hash.
        current: String,
    },
    /// The flow was stopped before harm was done. Look into it, then [`release`](crate::Engine::release) it.
    #[error("{flow} was stopped: {reason}")]
    Stopped {
        /// The flow.
        flow: FlowName,
        /// Why.
        reason: StopReason,
    },
    /// Nothing is parked under this key.
    #[error("nothing is parked under the {} record `{}` of `{}`", .0.side, .0.id, .0.flow)]
    NotParked(JobKey),
    /// A value cannot be set as asked for.
    #[error("field `{field}` cannot be set: {message}")]
    NotEditable {
        /// The field, under the mapping's name.
        field: FieldName,
        /// Why.
        message: String,
    },
    /// A system refused a person's change of a parked record.
    #[error("the {side} system did not take the change: {message}")]
    EditFailed {
        /// The side.
        side: Side,
        /// What it said.
        message: String,
    },
    /// A stored document of the engine's cannot be read.
    #[error("the stored document `{name}` cannot be read")]
    Document {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

//! One file for each group of endpoints. Each endpoint is a function that builds the request and one that reads the
//! answer, both pure; the types around them only send.

mod answer;
mod batch;
mod calls;
mod channels;
mod coql;
mod deleted;
mod get;
mod join;
mod list;
mod metadata;
mod module;
mod open;
mod outcome;
mod outgoing;
mod rows;
mod search;
mod write;

pub(crate) use self::{
    answer::{Failure, Received},
    coql::run_coql,
    outgoing::Outgoing,
};
pub use self::{
    channels::{
        Channel, ChannelEvent, ChannelListing, Channels, EnabledChannel, Subscription, Verb,
    },
    coql::CoqlPage,
    deleted::{DeletedKind, DeletedRecord, DeletedRequest},
    get::Changed,
    list::{ListRequest, Order, SortBy},
    metadata::Metadata,
    module::ModuleApi,
    open::{OpenRequest, OpenResponse},
    outcome::{PartialFailure, RecordError, RecordErrorCause, WriteAction, WriteOutcomes, Written},
    rows::ReplaceRowsRequest,
    search::SearchRequest,
    write::{DeleteRequest, InsertRequest, Trigger, TriggerKind, UpdateRequest, UpsertRequest},
};

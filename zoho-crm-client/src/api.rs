//! One file for each group of endpoints. Each endpoint is a function that builds the request and one that reads the
//! answer, both pure; the types around them only send.

mod action;
mod answer;
mod attachments;
mod batch;
mod bulk_job;
mod bulk_read;
mod bulk_write;
mod calls;
mod channels;
mod composite;
mod coql;
mod delete;
mod deleted;
mod download;
mod encoded;
mod files;
mod get;
mod inventory;
mod join;
mod lead_conversion;
mod list;
mod locks;
mod mass;
mod metadata;
mod module;
mod multipart;
mod notes;
mod open;
mod outcome;
mod outgoing;
mod owner;
mod paging;
mod parent;
mod photo;
mod record;
mod related;
mod rows;
mod search;
mod tags;
mod timeline;
mod trigger;
mod write;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::list::parse as parse_page;
pub(crate) use self::{
    answer::{Failure, Received},
    coql::{run_coql, stream_coql},
    download::{file_of, parse_download},
    outgoing::{Destination, Outgoing},
};
pub use self::{
    attachments::Attachments,
    bulk_job::{JobState, Polling},
    bulk_read::{BulkCriteria, BulkReadJob, BulkReadRequest, BulkReadResult, BulkRows},
    bulk_write::{
        BulkAction, BulkColumn, BulkOperation, BulkOutcome, BulkRowError, BulkWriteJob,
        BulkWriteOutcomes, BulkWriteRequest, BulkWritten,
    },
    channels::{
        ChangedFields, Channel, ChannelEvent, ChannelListing, Channels, EnabledChannel,
        Subscription, Verb,
    },
    composite::{Composite, CompositeOutcomes, SubRequest, SubResponse},
    coql::CoqlPage,
    delete::DeleteRequest,
    deleted::{DeletedKind, DeletedRecord, DeletedRequest},
    download::{Download, FileStream},
    files::{FileId, Files, UploadedFile},
    get::Changed,
    inventory::{InventorySource, InventoryTarget},
    lead_conversion::{ConvertedLead, LeadConversion, MassLeadConversion},
    list::{Converted, ListRequest, Order, SortBy},
    locks::Locks,
    mass::{Mass, MassJobStatus, MassKind},
    metadata::Metadata,
    module::ModuleApi,
    multipart::FileUpload,
    notes::{NewNote, Notes},
    open::{OpenRequest, OpenResponse},
    outcome::{PartialFailure, RecordError, RecordErrorCause, WriteAction, WriteOutcomes, Written},
    owner::OwnerChange,
    photo::Photo,
    record::RecordApi,
    related::{RelatedList, RelatedRequest},
    rows::ReplaceRowsRequest,
    search::SearchRequest,
    tags::{NewTag, Tags},
    timeline::TimelineRequest,
    trigger::{Trigger, TriggerKind},
    write::{InsertRequest, UpdateRequest, UpsertRequest},
};

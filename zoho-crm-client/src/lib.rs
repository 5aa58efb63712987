#![doc = include_str!("../README.md")]

#[doc(hidden)]
pub mod __private;
mod api;
mod api_error;
mod auth;
mod builder;
mod bulk;
mod client;
mod coql;
mod criteria;
mod data_center;
mod edition;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod model;
mod names;
mod page;
pub mod schema;
mod usage;
pub mod webhook;

pub use api::{
    Attachments, BulkAction, BulkColumn, BulkCriteria, BulkOperation, BulkOutcome, BulkReadJob,
    BulkReadRequest, BulkReadResult, BulkRowError, BulkRows, BulkWriteJob, BulkWriteOutcomes,
    BulkWriteRequest, BulkWritten, Changed, ChangedFields, Channel, ChannelEvent, ChannelListing,
    Channels, Composite, CompositeOutcomes, Converted, ConvertedLead, CoqlPage, DeleteRequest,
    DeletedKind, DeletedRecord, DeletedRequest, Download, EnabledChannel, FileId, FileStream,
    FileUpload, Files, InsertRequest, InventorySource, InventoryTarget, JobState, LeadConversion,
    ListRequest, Locks, Mass, MassJobStatus, MassKind, MassLeadConversion, Metadata, ModuleApi,
    NewNote, NewTag, Notes, OpenRequest, OpenResponse, Order, OwnerChange, PartialFailure, Photo,
    Polling, RecordApi, RecordError, RecordErrorCause, RelatedList, RelatedRequest,
    ReplaceRowsRequest, SearchRequest, SortBy, SubRequest, SubResponse, Subscription, Tags,
    TimelineRequest, Trigger, TriggerKind, UpdateRequest, UploadedFile, UpsertRequest, Verb,
    WriteAction, WriteOutcomes, Written,
};
pub use api_error::ApiError;
pub use auth::{Connection, Consent, Onboarding};
pub use builder::{ClientCredentials, ZohoClientBuilder};
pub use bulk::{CsvRow, FileError, FileLimits};
pub use client::ZohoClient;
pub use client_core::ExactDecimal;
pub use coql::{Column, Coql, CoqlQuery, CoqlSelect, Filter, Literal};
pub use criteria::{Criteria, SearchBy, SearchValue};
pub use data_center::{ApiDomain, CustomServer, DataCenter, Environment};
pub use edition::Edition;
pub use error::{CallContext, Error, ErrorKind, ThrottleCause};
pub use model::{
    Account, Attachment, ChangedValues, Contact, ConversionOptions, Currency, CurrencyFormat,
    CustomView, DataType, DateTime, Deal, Discount, DuplicateCheckConfiguration,
    DuplicateCheckMapping, DuplicateCheckPreference, Field, FieldChange, FieldMeta, FieldRef,
    FieldTypeError, FieldValue, GlobalPicklist, Integer, Invoice, Layout, LayoutField,
    LayoutSection, Lead, LicenseDetails, LineItem, LineProduct, LineTax, Lookup, Model, ModuleMeta,
    ModuleRef, NamedRef, NewField, Note, OperationType, Organization, PickListValue, Pipeline,
    PipelineStage, PriceBook, PricingRange, Product, ProductTax, PurchaseOrder, Quote, Record,
    RecordLock, RelatedListMeta, RowChanges, RowWithoutId, Rows, SalesOrder, Tag, Text,
    TimelineEntry, TypedModule, Unique, User, UserKind, Vendor, WriteRow,
};
pub use names::{ChannelId, FieldName, InvalidName, MassJobId, ModuleName, RecordId};
pub use page::{Page, PageToken, Pager};
pub use usage::Usage;

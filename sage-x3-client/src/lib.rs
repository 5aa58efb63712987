#![doc = include_str!("../README.md")]

pub mod api1;
mod auth;
mod builder;
mod client;
pub mod cloud;
mod config;
mod customers;
mod diagnose;
mod error;
mod graphql;
mod ids;
mod model;
mod outcome;
mod page;
mod patch;
mod probe;
mod records;
mod scalar;
pub mod soap;
mod write;

pub use auth::{ConnectedApp, Credential, Refusal};
pub use builder::X3ClientBuilder;
pub use client::X3Client;
pub use config::{CompanyNames, Generation, SiteConfig};
pub use customers::{
    Change, ChangeSource, Changes, CustomerQuery, Customers, Precision, StampField,
};
pub use diagnose::{Diagnose, GraphqlError, PathSegment, Severity};
pub use error::{
    CallContext, Error, ErrorKind, InvalidRequest, RecordError, RecordErrorKind, WriteError,
};
pub use graphql::{
    GraphqlAnswer,
    filter::{FieldCondition, FieldPath, Filter, Pattern, Quantifier},
    order::{Direction, OrderBy},
};
pub use ids::{
    AddressCode, CategoryCode, CountryCode, CurrencyCode, CustomerCode, EndpointName, FieldName,
    InvalidName, LanguageCode, RecordId,
};
pub use model::{Address, AddressAction, AddressPatch, Customer, CustomerPatch, NewCustomer};
pub use outcome::{Batch, Outcome};
pub use page::{Cursor, Page, PageSize, Pager};
pub use patch::Patch;
pub use probe::{Offer, Support};
pub use scalar::Scalar;
pub use write::WritePath;

//! What Zoho's records and settings are read into.

// Before the modules that use its macro.
#[macro_use]
mod macros;

mod account;
mod field;
mod json;
mod lookup;
mod metadata;
mod record;
mod time;

use serde::de::DeserializeOwned;

pub use self::{
    account::Account,
    field::Field,
    json::FieldValue,
    lookup::Lookup,
    metadata::{
        Currency, CurrencyFormat, CustomView, DataType, DuplicateCheckConfiguration,
        DuplicateCheckMapping, DuplicateCheckPreference, FieldMeta, FieldRef, GlobalPicklist,
        Layout, LayoutField, LayoutSection, LicenseDetails, ModuleMeta, ModuleRef, NamedRef,
        NewField, OperationType, Organization, PickListValue, Pipeline, PipelineStage,
        RelatedListMeta, Unique, User, UserKind,
    },
    record::{FieldTypeError, Record},
    time::DateTime,
};
use crate::names::RecordId;

/// What a listing can be read into: [`Record`], or a type of one's own.
///
/// The type must read a JSON object that has any of the module's keys, `id` included, and should keep those that it does
/// not know.
pub trait Model: DeserializeOwned + Unpin + Send + 'static {
    /// The record's id.
    fn record_id(&self) -> Option<RecordId>;

    /// The fields to ask for when the caller names none.
    #[must_use]
    fn fields() -> &'static [&'static str] {
        &[]
    }
}

/// A [`Model`] that belongs to one module.
pub trait TypedModule: Model {
    /// The module's API name.
    const API_NAME: &'static str;
}

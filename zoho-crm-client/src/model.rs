//! What Zoho's records and settings are read into.

// Before the modules that use its macro.
#[macro_use]
mod macros;

mod account;
mod contact;
mod conversion_options;
mod deal;
mod field;
mod invoice;
mod json;
mod lead;
mod line_item;
mod lookup;
mod metadata;
mod note;
mod price_book;
mod product;
mod purchase_order;
mod quote;
mod record;
mod record_lock;
mod sales_order;
mod subform;
mod tag;
mod text;
mod time;
mod timeline;
mod vendor;
mod write_row;

use serde::de::DeserializeOwned;

pub(crate) use self::record::grows;
pub use self::{
    account::Account,
    contact::Contact,
    conversion_options::ConversionOptions,
    deal::Deal,
    field::Field,
    invoice::Invoice,
    json::FieldValue,
    lead::Lead,
    line_item::{Discount, Integer, LineItem, LineProduct, LineTax, PricingRange, ProductTax},
    lookup::Lookup,
    metadata::{
        Currency, CurrencyFormat, CustomView, DataType, DuplicateCheckConfiguration,
        DuplicateCheckMapping, DuplicateCheckPreference, FieldMeta, FieldRef, GlobalPicklist,
        Layout, LayoutField, LayoutSection, LicenseDetails, ModuleMeta, ModuleRef, NamedRef,
        NewField, OperationType, Organization, PickListValue, Pipeline, PipelineStage,
        RelatedListMeta, Unique, User, UserKind,
    },
    note::{Attachment, Note},
    price_book::PriceBook,
    product::Product,
    purchase_order::PurchaseOrder,
    quote::Quote,
    record::{FieldTypeError, Record},
    record_lock::RecordLock,
    sales_order::SalesOrder,
    subform::{RowChanges, RowWithoutId, Rows},
    tag::Tag,
    text::Text,
    time::DateTime,
    timeline::{ChangedValues, FieldChange, TimelineEntry},
    vendor::Vendor,
    write_row::WriteRow,
};
use crate::names::RecordId;

/// What a listing can be read into: [`Record`], a type that [`zoho_model!`](crate::zoho_model) declares, or any other
/// that serde reads.
///
/// The type must read a JSON object that has any of the module's keys, `id` included. One by
/// [`zoho_model!`](crate::zoho_model) also keeps those that it does not know and tells absent fields from empty ones; a
/// plain struct is the fastest way to read a few fields:
///
/// ```
/// use zoho_crm_client::{ExactDecimal, Model, RecordId, TypedModule};
///
/// #[derive(serde::Deserialize)]
/// struct Debtor {
///     id: RecordId,
///     #[serde(rename = "Account_Name")]
///     name: String,
///     #[serde(rename = "Open_Amount")]
///     open: Option<ExactDecimal>,
/// }
///
/// impl Model for Debtor {
///     fn record_id(&self) -> Option<RecordId> {
///         Some(self.id.clone())
///     }
///
///     fn fields() -> &'static [&'static str] {
///         &["Account_Name", "Open_Amount"]
///     }
/// }
///
/// impl TypedModule for Debtor {
///     const API_NAME: &'static str = "Accounts";
/// }
/// ```
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

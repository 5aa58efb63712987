//! Stock.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::stock_page as wire},
    ids::{FieldName, InvalidName, RecordId, SiteCode, UnitCode},
    model::{Extra, debug_by_key},
    nodes::ProductSiteKey,
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The stock of an endpoint.
pub type Stocks = Records<Stock>;

/// A row of stock (node `stock`, table `STOCK`): so much of a product at one place, in one state and lot.
#[derive(Clone)]
#[non_exhaustive]
pub struct Stock {
    /// Key.
    pub id: RecordId,
    /// Product and site.
    pub product: Option<ProductSiteKey>,
    /// Site.
    pub site: Option<SiteCode>,
    /// Lot.
    pub lot: String,
    /// Sublot.
    pub sublot: String,
    /// Serial number.
    pub serial_number: String,
    /// Owner, where it is not the company.
    pub owner: String,
    /// Status: accepted (`A` ...), under control (`Q` ...) or rejected (`R` ...).
    pub status: Option<RecordId>,
    /// Key of the location.
    pub location: Option<RecordId>,
    /// Unit in which it is packed.
    pub packing_unit: Option<UnitCode>,
    /// Quantity in packing units.
    pub quantity_in_packing_unit: Option<Decimal>,
    /// Quantity in stock units.
    pub quantity: Option<Decimal>,
    /// Active quantity in stock units, for products that are managed by potency.
    pub active_quantity: Option<Decimal>,
    /// Allocated quantity in stock units.
    pub allocated_quantity: Option<Decimal>,
    /// Quantity that is in process.
    pub in_process_quantity: Option<Decimal>,
    /// Day of the latest receipt.
    pub last_receipt_date: Option<Date>,
    /// Day of the latest issue.
    pub last_issue_date: Option<Date>,
    /// Day of the latest count.
    pub last_count_date: Option<Date>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(Stock, id);

impl Node for Stock {
    type Key = RecordId;

    fn key(&self) -> &RecordId {
        &self.id
    }
}

/// A row of stock, whichever node's fragment it was read by.
macro_rules! stock_of {
    ($fields:expr) => {{
        let fields = $fields;
        $crate::ids::RecordId::new(fields.id.unwrap_or_default()).map(|id| $crate::nodes::Stock {
            id,
            product: $crate::model::key_of!(fields.product)
                .and_then(|id| $crate::records::RecordKey::from_record_id(id).ok()),
            site: $crate::model::key_of!(fields.stock_site),
            lot: $crate::model::text(fields.lot),
            sublot: $crate::model::text(fields.sublot),
            serial_number: $crate::model::text(fields.serial_number),
            owner: $crate::model::text(fields.owner),
            status: $crate::model::key_of!(fields.status),
            location: $crate::model::key_of!(fields.location),
            packing_unit: $crate::model::key_of!(fields.packing_unit),
            quantity_in_packing_unit: $crate::model::decimal(fields.quantity_in_packing_unit),
            quantity: $crate::model::decimal(fields.quantity_in_stock_unit),
            active_quantity: $crate::model::decimal(fields.active_quantity_in_stock_unit),
            allocated_quantity: $crate::model::decimal(fields.allocated_quantity),
            in_process_quantity: $crate::model::decimal(fields.in_process_quantity),
            last_receipt_date: $crate::model::day(fields.last_receipt_date),
            last_issue_date: $crate::model::day(fields.last_issue_date),
            last_count_date: $crate::model::day(fields.last_count_date),
            created_at: $crate::model::instant(fields.create_stamp),
            updated_at: $crate::model::instant(fields.update_stamp),
            etag: fields.etag,
            extra: $crate::model::Extra::new(),
        })
    }};
}
pub(super) use stock_of;

impl Typed for Stock {
    type Fields = wire::StockFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3StockData" / "stock",
        file: stock_page,
        key: None,
        children: None,
        feeds: &[Feed::own(ChangeSource::Stock, NodePath::new("x3StockData", "stock"), "stock.keys")]
    );

    fn from_fields(fields: wire::StockFields, extra: Extra) -> Result<Self, InvalidName> {
        stock_of!(fields).map(|stock| Self { extra, ..stock })
    }
}

//! Lines of deliveries.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::sales_delivery_line_page as wire},
    ids::{FieldName, InvalidName, ProductCode, RecordId, SalesDeliveryId, SalesOrderId, UnitCode},
    model::{Extra, debug_by_key, decimal, instant, key_of, text},
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The lines of an endpoint's deliveries.
pub type SalesDeliveryLines = Records<SalesDeliveryLine>;

/// A line of a delivery (node `salesDeliveryLine`, table `SDELIVERYD`). Sage names the node and publishes none of its properties: a field that the site's schema lacks is none here.
#[derive(Clone)]
#[non_exhaustive]
pub struct SalesDeliveryLine {
    /// Key: delivery number and line number.
    pub id: RecordId,
    /// The delivery.
    pub sales_delivery: Option<SalesDeliveryId>,
    /// Number of the line.
    pub line_number: Option<i64>,
    /// The order that it delivers.
    pub sales_order: Option<SalesOrderId>,
    /// The line of that order.
    pub sales_order_line: Option<i64>,
    /// Product.
    pub product: Option<ProductCode>,
    /// Description in the API user's language.
    pub description: String,
    /// Sales unit.
    pub sales_unit: Option<UnitCode>,
    /// Delivered quantity in sales units.
    pub quantity_delivered: Option<Decimal>,
    /// Invoiced quantity in sales units.
    pub quantity_invoiced: Option<Decimal>,
    /// Price after discounts.
    pub net_price: Option<Decimal>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(SalesDeliveryLine, id);

impl Node for SalesDeliveryLine {
    type Key = RecordId;

    fn key(&self) -> &RecordId {
        &self.id
    }
}

impl Typed for SalesDeliveryLine {
    type Fields = wire::SalesDeliveryLineFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3Sales" / "salesDeliveryLine",
        file: sales_delivery_line_page,
        key: None,
        children: None,
        feeds: &[
            Feed::own(ChangeSource::SalesDeliveryLine, NodePath::new("x3Sales", "salesDeliveryLine"), "salesDeliveryLine.keys"),
        ]
    );

    fn from_fields(
        fields: wire::SalesDeliveryLineFields,
        extra: Extra,
    ) -> Result<Self, InvalidName> {
        Ok(Self {
            id: RecordId::new(fields.id.unwrap_or_default())?,
            sales_delivery: key_of!(fields.sales_delivery),
            line_number: fields.line_number,
            sales_order: key_of!(fields.sales_order),
            sales_order_line: fields.sales_order_line_number,
            product: key_of!(fields.product),
            description: text(fields.product_description_in_user_language),
            sales_unit: key_of!(fields.sales_unit),
            quantity_delivered: decimal(fields.quantity_in_sales_unit_delivered),
            quantity_invoiced: decimal(fields.quantity_in_sales_unit_invoiced),
            net_price: decimal(fields.net_price),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }
}

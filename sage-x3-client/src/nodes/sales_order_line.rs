//! Lines of sales orders.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::sales_order_line_page as wire},
    ids::{
        CustomerCode, FieldName, InvalidName, ProductCode, RecordId, SalesOrderId, SiteCode,
        UnitCode,
    },
    model::{Extra, day, debug_by_key, decimal, discounts_of, instant, key_of, member, text},
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The lines of an endpoint's sales orders.
pub type SalesOrderLines = Records<SalesOrderLine>;

/// A line of a sales order (node `salesOrderLine`, tables `SORDERP` and `SORDERQ`). Its row has a stamp of its own.
#[derive(Clone)]
#[non_exhaustive]
pub struct SalesOrderLine {
    /// Key: order number, line number and sequence.
    pub id: RecordId,
    /// The order.
    pub sales_order: Option<SalesOrderId>,
    /// Number of the line: 1000, 2000 ...
    pub line_number: Option<i64>,
    /// Delivery sequence of the line.
    pub sequence_number: Option<i64>,
    /// Who ordered.
    pub sold_to_customer: Option<CustomerCode>,
    /// Sales site.
    pub sales_site: Option<SiteCode>,
    /// Site that ships.
    pub shipping_site: Option<SiteCode>,
    /// Product.
    pub product: Option<ProductCode>,
    /// Description in the API user's language.
    pub description: String,
    /// Description in the customer's language.
    pub customer_description: String,
    /// Price before discounts.
    pub gross_price: Option<Decimal>,
    /// Price after discounts.
    pub net_price: Option<Decimal>,
    /// Net price without tax.
    pub net_price_excluding_tax: Option<Decimal>,
    /// Net price with tax.
    pub net_price_including_tax: Option<Decimal>,
    /// Ordered quantity in sales units, if the site's schema has it.
    pub quantity_ordered: Option<Decimal>,
    /// Allocated quantity in sales units, if the site's schema has it.
    pub quantity_allocated: Option<Decimal>,
    /// Delivered quantity in sales units, if the site's schema has it.
    pub quantity_delivered: Option<Decimal>,
    /// Invoiced quantity in sales units, if the site's schema has it.
    pub quantity_invoiced: Option<Decimal>,
    /// Sales unit, if the site's schema has it.
    pub sales_unit: Option<UnitCode>,
    /// `pending`, `late` or `closed`, if the site's schema has it.
    pub status: Option<String>,
    /// Day on which the customer wants it, if the site's schema has it.
    pub requested_delivery_date: Option<Date>,
    /// Day on which it is expected to arrive, if the site's schema has it.
    pub expected_delivery_date: Option<Date>,
    /// Planned day of shipment, if the site's schema has it.
    pub shipment_date: Option<Date>,
    /// Discounts and charges by their place, counted from 1, where they are not zero. X3 has up to 9.
    pub discounts_or_charges: BTreeMap<u8, Decimal>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(SalesOrderLine, id);

impl Node for SalesOrderLine {
    type Key = RecordId;

    fn key(&self) -> &RecordId {
        &self.id
    }
}

impl Typed for SalesOrderLine {
    type Fields = wire::SalesOrderLineFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3Sales" / "salesOrderLine",
        file: sales_order_line_page,
        key: None,
        children: None,
        feeds: &[
            Feed::own(ChangeSource::SalesOrderLine, NodePath::new("x3Sales", "salesOrderLine"), "salesOrderLine.keys"),
        ]
    );

    fn from_fields(fields: wire::SalesOrderLineFields, extra: Extra) -> Result<Self, InvalidName> {
        Ok(Self {
            id: RecordId::new(fields.id.unwrap_or_default())?,
            sales_order: key_of!(fields.sales_order),
            line_number: fields.line_number,
            sequence_number: fields.sequence_number,
            sold_to_customer: key_of!(fields.sold_to_customer),
            sales_site: key_of!(fields.sales_site),
            shipping_site: key_of!(fields.shipping_site),
            product: key_of!(fields.product),
            description: text(fields.product_description_in_user_language),
            customer_description: text(fields.product_description_in_customer_language),
            gross_price: decimal(fields.gross_price),
            net_price: decimal(fields.net_price),
            net_price_excluding_tax: decimal(fields.net_price_excluding_tax),
            net_price_including_tax: decimal(fields.net_price_including_tax),
            quantity_ordered: decimal(fields.quantity_in_sales_unit_ordered),
            quantity_allocated: decimal(fields.quantity_in_sales_unit_allocated),
            quantity_delivered: decimal(fields.quantity_in_sales_unit_delivered),
            quantity_invoiced: decimal(fields.quantity_in_sales_unit_invoiced),
            sales_unit: key_of!(fields.sales_unit),
            status: member(fields.line_status),
            requested_delivery_date: day(fields.requested_delivery_date),
            expected_delivery_date: day(fields.expected_delivery_date),
            shipment_date: day(fields.shipment_date),
            discounts_or_charges: discounts_of!(fields),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }
}

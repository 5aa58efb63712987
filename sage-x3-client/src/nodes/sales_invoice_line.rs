//! Lines of sales invoices.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::sales_invoice_line_page as wire},
    ids::{
        FieldName, InvalidName, InvoiceId, ProductCode, RecordId, SalesDeliveryId, SalesOrderId,
        UnitCode,
    },
    model::{Extra, debug_by_key, decimal, instant, key_of, text},
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The lines of an endpoint's sales invoices.
pub type SalesInvoiceLines = Records<SalesInvoiceLine>;

/// A line of a sales invoice (node `salesInvoiceLine`, table `SINVOICED`). Sage names the node and publishes none of its properties: a field that the site's schema lacks is none here.
#[derive(Clone)]
#[non_exhaustive]
pub struct SalesInvoiceLine {
    /// Key: invoice number and line number.
    pub id: RecordId,
    /// The invoice.
    pub sales_invoice: Option<InvoiceId>,
    /// Number of the line.
    pub line_number: Option<i64>,
    /// The order that it invoices.
    pub sales_order: Option<SalesOrderId>,
    /// The line of that order.
    pub sales_order_line: Option<i64>,
    /// The delivery that it invoices.
    pub sales_delivery: Option<SalesDeliveryId>,
    /// Product.
    pub product: Option<ProductCode>,
    /// Description in the API user's language.
    pub description: String,
    /// Sales unit.
    pub sales_unit: Option<UnitCode>,
    /// Invoiced quantity in sales units.
    pub quantity_invoiced: Option<Decimal>,
    /// Price before discounts.
    pub gross_price: Option<Decimal>,
    /// Price after discounts.
    pub net_price: Option<Decimal>,
    /// Net price without tax.
    pub net_price_excluding_tax: Option<Decimal>,
    /// Net price with tax.
    pub net_price_including_tax: Option<Decimal>,
    /// Amount of the line without tax.
    pub amount_excluding_tax: Option<Decimal>,
    /// Amount of the line with tax.
    pub amount_including_tax: Option<Decimal>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(SalesInvoiceLine, id);

impl Node for SalesInvoiceLine {
    type Key = RecordId;

    fn key(&self) -> &RecordId {
        &self.id
    }
}

impl Typed for SalesInvoiceLine {
    type Fields = wire::SalesInvoiceLineFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3Sales" / "salesInvoiceLine",
        file: sales_invoice_line_page,
        key: None,
        children: None,
        feeds: &[
            Feed::own(ChangeSource::SalesInvoiceLine, NodePath::new("x3Sales", "salesInvoiceLine"), "salesInvoiceLine.keys"),
        ]
    );

    fn from_fields(
        fields: wire::SalesInvoiceLineFields,
        extra: Extra,
    ) -> Result<Self, InvalidName> {
        Ok(Self {
            id: RecordId::new(fields.id.unwrap_or_default())?,
            sales_invoice: key_of!(fields.sales_invoice),
            line_number: fields.line_number,
            sales_order: key_of!(fields.sales_order),
            sales_order_line: fields.sales_order_line_number,
            sales_delivery: key_of!(fields.sales_delivery),
            product: key_of!(fields.product),
            description: text(fields.product_description_in_user_language),
            sales_unit: key_of!(fields.sales_unit),
            quantity_invoiced: decimal(fields.quantity_in_sales_unit_invoiced),
            gross_price: decimal(fields.gross_price),
            net_price: decimal(fields.net_price),
            net_price_excluding_tax: decimal(fields.net_price_excluding_tax),
            net_price_including_tax: decimal(fields.net_price_including_tax),
            amount_excluding_tax: decimal(fields.amount_excluding_tax),
            amount_including_tax: decimal(fields.amount_including_tax),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }
}

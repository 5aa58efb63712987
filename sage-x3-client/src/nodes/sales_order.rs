//! Sales orders.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::{
    error::Error,
    graphql::{filter::Filter, node_path::NodePath, operations::sales_order_page as wire},
    ids::{
        BusinessPartnerCode, CompanyCode, CurrencyCode, CustomerCode, FieldName, InvalidName,
        OrderTypeCode, PaymentTermCode, RecordId, SalesOrderId, SiteCode,
    },
    model::{Extra, day, debug_by_key, decimal, instant, key_of, member, text},
    nodes::{SalesOrderLine, lines::lines_of},
    records::{ChangeSource, Feed, Meta, Node, Query, Records, meta, sealed::Typed},
};

/// The sales orders of an endpoint.
pub type SalesOrders = Records<SalesOrder>;

/// A sales order (node `salesOrder`, table `SORDER`). Empty text means that X3 holds nothing; a field marked "if the site's schema has it" is none where it has not.
#[derive(Clone)]
#[non_exhaustive]
pub struct SalesOrder {
    /// Number.
    pub id: SalesOrderId,
    /// Company.
    pub company: Option<CompanyCode>,
    /// Order type.
    pub order_type: Option<OrderTypeCode>,
    /// Category, by the name of the enumeration's member, such as `normal`.
    pub category: Option<String>,
    /// Sales site.
    pub sales_site: Option<SiteCode>,
    /// Who ordered.
    pub sold_to_customer: Option<CustomerCode>,
    /// Who is invoiced.
    pub bill_to_customer: Option<CustomerCode>,
    /// Who pays.
    pub pay_by_business_partner: Option<BusinessPartnerCode>,
    /// Key of the ship-to address.
    pub ship_to_address: Option<RecordId>,
    /// The customer's own reference, where an integration keeps its key. Up to 20 letters.
    pub customer_order_reference: String,
    /// Additional reference (`additionnalReference` in X3).
    pub additional_reference: String,
    /// Day of the order.
    pub order_date: Option<Date>,
    /// Planned day of shipment.
    pub shipment_date: Option<Date>,
    /// Day on which the customer wants it.
    pub requested_delivery_date: Option<Date>,
    /// Currency, if the site's schema has it.
    pub currency: Option<CurrencyCode>,
    /// Payment term, if the site's schema has it.
    pub payment_term: Option<PaymentTermCode>,
    /// Site that ships, if the site's schema has it.
    pub shipping_site: Option<SiteCode>,
    /// Whether prices include tax, by the name of the enumeration's member, if the site's schema has it.
    pub price_type: Option<String>,
    /// `open` or `closed`, if the site's schema has it.
    pub order_status: Option<String>,
    /// How far it is allocated, if the site's schema has it.
    pub allocation_status: Option<String>,
    /// How far it is delivered, if the site's schema has it.
    pub delivery_status: Option<String>,
    /// How far it is invoiced, if the site's schema has it.
    pub invoiced_status: Option<String>,
    /// Result of the credit check, if the site's schema has it.
    pub credit_level_status: Option<String>,
    /// Sum of the lines without tax, if the site's schema has it.
    pub lines_amount_excluding_tax: Option<Decimal>,
    /// Sum of the lines with tax, if the site's schema has it.
    pub lines_amount_including_tax: Option<Decimal>,
    /// Total without tax, if the site's schema has it.
    pub total_amount_excluding_tax: Option<Decimal>,
    /// Total with tax, if the site's schema has it.
    pub total_amount_including_tax: Option<Decimal>,
    /// Number of lines, if the site's schema has it.
    pub number_of_lines: Option<i64>,
    /// Day of the latest delivery, if the site's schema has it.
    pub last_delivery_date: Option<Date>,
    /// Day of the latest invoice, if the site's schema has it.
    pub last_invoice_date: Option<Date>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(SalesOrder, id);

impl Node for SalesOrder {
    type Key = SalesOrderId;

    fn key(&self) -> &SalesOrderId {
        &self.id
    }
}

impl Typed for SalesOrder {
    type Fields = wire::SalesOrderFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3Sales" / "salesOrder",
        file: sales_order_page,
        key: Some("id"),
        children: None,
        feeds: &[
            Feed::own(ChangeSource::SalesOrder, NodePath::new("x3Sales", "salesOrder"), "salesOrder.keys"),
            Feed::children(ChangeSource::SalesOrderLine, NodePath::new("x3Sales", "salesOrderLine"), "salesOrderLine.keys", &["salesOrder"]),
        ]
    );

    fn from_fields(fields: wire::SalesOrderFields, extra: Extra) -> Result<Self, InvalidName> {
        Ok(Self {
            id: SalesOrderId::new(fields.id.unwrap_or_default())?,
            company: key_of!(fields.company),
            order_type: key_of!(fields.sales_order_type),
            category: member(fields.category),
            sales_site: key_of!(fields.sales_site),
            sold_to_customer: key_of!(fields.sold_to_customer),
            bill_to_customer: key_of!(fields.bill_to_customer),
            pay_by_business_partner: key_of!(fields.pay_by_business_partner),
            ship_to_address: key_of!(fields.ship_to_customer_address),
            customer_order_reference: text(fields.customer_order_reference),
            additional_reference: text(fields.additionnal_reference),
            order_date: day(fields.order_date),
            shipment_date: day(fields.shipment_date),
            requested_delivery_date: day(fields.requested_delivery_date),
            currency: key_of!(fields.currency),
            payment_term: key_of!(fields.payment_term),
            shipping_site: key_of!(fields.shipping_site),
            price_type: member(fields.price_including_or_excluding_tax),
            order_status: member(fields.order_status),
            allocation_status: member(fields.allocation_status),
            delivery_status: member(fields.delivery_status),
            invoiced_status: member(fields.invoiced_status),
            credit_level_status: member(fields.credit_level_status),
            lines_amount_excluding_tax: decimal(fields.lines_amount_excluding_tax),
            lines_amount_including_tax: decimal(fields.lines_amount_including_tax),
            total_amount_excluding_tax: decimal(fields.total_amount_excluding_tax),
            total_amount_including_tax: decimal(fields.total_amount_including_tax),
            number_of_lines: fields.number_of_lines,
            last_delivery_date: day(fields.last_sales_delivery_date),
            last_invoice_date: day(fields.last_sales_invoice_date),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }
}

impl SalesOrders {
    /// The orders of `customer` under its own `reference`: how to find out whether an order was created, where the key of
    /// an integration is kept in the reference. X3 does not make it unique, so there may be several.
    ///
    /// May be repeated: yes. Source: reference sage-x3 section 6, 14.
    ///
    /// # Errors
    /// As for [`page`](Self::page).
    pub async fn by_customer_reference(
        &self,
        customer: &CustomerCode,
        reference: &str,
    ) -> Result<Vec<SalesOrder>, Error> {
        let filter = Filter::all([
            Filter::field("customerOrderReference").eq(reference),
            Filter::field("soldToCustomer.code.code").eq(customer),
        ]);
        self.stream(Query::new().filter(filter)).try_collect().await
    }

    /// The lines of the orders `ids`, by order, in order of their numbers: one list for each 100 orders, however many
    /// lines each has. An order without lines, or that does not exist, has an empty list.
    ///
    /// May be repeated: yes.
    ///
    /// # Errors
    /// As for [`page`](Self::page).
    pub async fn lines(
        &self,
        ids: &[SalesOrderId],
    ) -> Result<BTreeMap<SalesOrderId, Vec<SalesOrderLine>>, Error> {
        lines_of(
            self.client(),
            "salesOrder.id",
            ids,
            |line: &SalesOrderLine| line.sales_order.as_ref(),
            |line| (line.line_number, line.sequence_number),
        )
        .await
    }
}

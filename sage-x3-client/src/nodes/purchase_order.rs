//! Purchase orders.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::purchase_order_page as wire},
    ids::{
        CompanyCode, CurrencyCode, FieldName, InvalidName, PaymentTermCode, PurchaseOrderId,
        SiteCode, SupplierCode,
    },
    model::{Extra, day, debug_by_key, instant, key_of, member, nodes_of, rest_of, text},
    nodes::{PurchaseOrderLine, purchase_order_line::purchase_order_line_of},
    page::Cursor,
    records::{ChangeSource, Collection, Feed, Meta, Node, Query, Records, meta, sealed::Typed},
};

/// The purchase orders of an endpoint.
pub type PurchaseOrders = Records<PurchaseOrder>;

impl Query<PurchaseOrder> {
    /// With the lines of each order.
    pub fn with_lines(self) -> Self {
        self.with_children()
    }
}

/// A purchase order (node `purchaseOrder`, table `PORDER`).
#[derive(Clone)]
#[non_exhaustive]
pub struct PurchaseOrder {
    /// Number.
    pub id: PurchaseOrderId,
    /// Company.
    pub company: Option<CompanyCode>,
    /// Purchase site.
    pub purchase_site: Option<SiteCode>,
    /// Order type, by the name of the enumeration's member.
    pub order_type: Option<String>,
    /// Revision.
    pub revision_number: Option<i64>,
    /// Day of the order.
    pub order_date: Option<Date>,
    /// Internal reference.
    pub internal_reference: String,
    /// Supplier.
    pub supplier: Option<SupplierCode>,
    /// Site that is invoiced.
    pub invoice_site: Option<SiteCode>,
    /// Site that receives.
    pub receipt_site: Option<SiteCode>,
    /// Day on which it is expected.
    pub expected_receipt_date: Option<Date>,
    /// Payment term.
    pub payment_term: Option<PaymentTermCode>,
    /// How far it is received, by the name of the enumeration's member.
    pub receipt_status: Option<String>,
    /// How far it is signed, by the name of the enumeration's member.
    pub signature_status: Option<String>,
    /// How far it is invoiced, by the name of the enumeration's member.
    pub invoice_status: Option<String>,
    /// Currency, if the site's schema has it.
    pub currency: Option<CurrencyCode>,
    /// Whether it is closed.
    pub is_closed: Option<bool>,
    /// The lines, if they were asked for.
    pub lines: Option<Vec<PurchaseOrderLine>>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(PurchaseOrder, id);

impl Node for PurchaseOrder {
    type Key = PurchaseOrderId;

    fn key(&self) -> &PurchaseOrderId {
        &self.id
    }
}

impl Typed for PurchaseOrder {
    type Fields = wire::PurchaseOrderFields;
    type Child = wire::PurchaseOrderLineFields;

    const META: &'static Meta = &meta!(
        "x3Purchasing" / "purchaseOrder",
        file: purchase_order_page,
        key: Some("id"),
        children: Some(Collection { name: "purchaseOrderLines", fragment: "PurchaseOrderLineFields" }),
        feeds: &[
            Feed::own(ChangeSource::PurchaseOrder, NodePath::new("x3Purchasing", "purchaseOrder"), "purchaseOrder.keys"),
            Feed::children(ChangeSource::PurchaseOrderLine, NodePath::new("x3Purchasing", "purchaseOrderLine"), "purchaseOrderLine.keys", &["purchaseOrder"]),
        ]
    );

    fn from_fields(fields: wire::PurchaseOrderFields, extra: Extra) -> Result<Self, InvalidName> {
        Ok(Self {
            id: PurchaseOrderId::new(fields.id.unwrap_or_default())?,
            company: key_of!(fields.company),
            purchase_site: key_of!(fields.purchase_site),
            order_type: member(fields.order_type),
            revision_number: fields.revision_number,
            order_date: day(fields.order_date),
            internal_reference: text(fields.internal_order_reference),
            supplier: key_of!(fields.order_from_supplier),
            invoice_site: key_of!(fields.invoice_site),
            receipt_site: key_of!(fields.receipt_site),
            expected_receipt_date: day(fields.expected_receipt_date),
            payment_term: key_of!(fields.payment_term),
            receipt_status: member(fields.receipt_status),
            signature_status: member(fields.signature_status),
            invoice_status: member(fields.invoice_status),
            currency: key_of!(fields.currency),
            is_closed: fields.is_closed.map(|closed| closed.0),
            lines: nodes_of!(fields.purchase_order_lines)
                .map(|nodes| {
                    nodes
                        .into_iter()
                        .map(|line| purchase_order_line_of!(line))
                        .collect()
                })
                .transpose()?,
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }

    fn rest_of(fields: &wire::PurchaseOrderFields) -> Option<Option<Cursor>> {
        rest_of!(fields.purchase_order_lines)
    }

    fn extend(&mut self, items: Vec<wire::PurchaseOrderLineFields>) -> Result<(), InvalidName> {
        let all = self.lines.get_or_insert_default();
        for line in items {
            all.push(purchase_order_line_of!(line)?);
        }
        Ok(())
    }
}

//! Lines of purchase orders.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::purchase_order_line_page as wire},
    ids::{FieldName, InvalidName, ProductCode, PurchaseOrderId, RecordId, UnitCode},
    model::{Extra, debug_by_key},
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The lines of an endpoint's purchase orders.
pub type PurchaseOrderLines = Records<PurchaseOrderLine>;

/// A line of a purchase order (node `purchaseOrderLine`, tables `PORDERP` and `PORDERQ`). Its row has a stamp of its own.
#[derive(Clone)]
#[non_exhaustive]
pub struct PurchaseOrderLine {
    /// Key: order number, line number and sequence.
    pub id: RecordId,
    /// The order.
    pub purchase_order: Option<PurchaseOrderId>,
    /// Number of the line: 1000, 2000 ...
    pub line_number: Option<i64>,
    /// Sequence of the line.
    pub sequence_number: Option<i64>,
    /// Product.
    pub product: Option<ProductCode>,
    /// Description in the API user's language.
    pub description: String,
    /// Description in the supplier's language.
    pub supplier_description: String,
    /// Price before discounts.
    pub gross_price: Option<Decimal>,
    /// Discounts and charges by their place, counted from 1, where they are not zero. X3 has up to 9.
    pub discounts_or_charges: BTreeMap<u8, Decimal>,
    /// Ordered quantity in order units.
    pub quantity_ordered: Option<Decimal>,
    /// Received quantity in stock units.
    pub quantity_received: Option<Decimal>,
    /// Order unit.
    pub order_unit: Option<UnitCode>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(PurchaseOrderLine, id);

impl Node for PurchaseOrderLine {
    type Key = RecordId;

    fn key(&self) -> &RecordId {
        &self.id
    }
}

/// A line, whichever node's fragment it was read by.
macro_rules! purchase_order_line_of {
    ($fields:expr) => {{
        let fields = $fields;
        $crate::ids::RecordId::new(fields.id.unwrap_or_default()).map(|id| {
            $crate::nodes::PurchaseOrderLine {
                id,
                purchase_order: $crate::model::key_of!(fields.purchase_order),
                line_number: fields.line_number,
                sequence_number: fields.sequence_number,
                product: $crate::model::key_of!(fields.product),
                description: $crate::model::text(fields.product_description_in_user_language),
                supplier_description: $crate::model::text(
                    fields.product_description_in_supplier_language,
                ),
                gross_price: $crate::model::decimal(fields.gross_price),
                discounts_or_charges: $crate::model::discounts_of!(fields),
                quantity_ordered: $crate::model::decimal(fields.quantity_in_order_unit_ordered),
                quantity_received: $crate::model::decimal(fields.quantity_in_stock_unit_received),
                order_unit: $crate::model::key_of!(fields.order_unit),
                created_at: $crate::model::instant(fields.create_stamp),
                updated_at: $crate::model::instant(fields.update_stamp),
                etag: fields.etag,
                extra: $crate::model::Extra::new(),
            }
        })
    }};
}
pub(super) use purchase_order_line_of;

impl Typed for PurchaseOrderLine {
    type Fields = wire::PurchaseOrderLineFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3Purchasing" / "purchaseOrderLine",
        file: purchase_order_line_page,
        key: None,
        children: None,
        feeds: &[Feed::own(
            ChangeSource::PurchaseOrderLine,
            NodePath::new("x3Purchasing", "purchaseOrderLine"),
            "purchaseOrderLine.keys"
        )]
    );

    fn from_fields(
        fields: wire::PurchaseOrderLineFields,
        extra: Extra,
    ) -> Result<Self, InvalidName> {
        purchase_order_line_of!(fields).map(|line| Self { extra, ..line })
    }
}

//! The purchase orders of an X3 endpoint.

use jiff::civil::Date;
use rust_decimal::Decimal;
use sage_x3_client::{
    ChangeSource, Filter, PurchaseOrder, PurchaseOrderLine, Scalar, StampField, X3Client,
};

use super::{
    fields::{code, day},
    node::NodeEndpoint,
    settings::CustomField,
    table::{NodeField, NodeTable},
};
use crate::{
    ids::FieldName,
    value::{Document, Value},
};

/// The purchase orders of an X3 endpoint with their lines, to be read. A record's identity is the order's number.
///
/// | field | value |
/// |---|---|
/// | `id`, `internalReference` | text |
/// | `company`, `purchaseSite`, `receiptSite`, `invoiceSite` | code |
/// | `supplier`, `paymentTerm` | code |
/// | `currency` | code; absent at sites that do not publish it |
/// | `orderType`, `receiptStatus`, `signatureStatus`, `invoiceStatus` | name of the enumeration's member |
/// | `orderDate`, `expectedReceiptDate` | day |
/// | `isClosed` | boolean |
/// | `lines` | list of `lineNumber`, `product`, `description`, `quantity`, `unit`, `quantityReceived`, `grossPrice`, `netPrice` |
/// | fields of the site | as configured |
///
/// `netPrice` is the gross price less the line's discounts, each in per cent of what the one before it left; a negative
/// one is a charge. Sites whose price structure holds amounts instead map `grossPrice`.
///
/// Changes are found by the feeds `purchaseOrder` and `purchaseOrderLine`.
pub type PurchaseOrderEndpoint = NodeEndpoint<PurchaseOrder>;

impl PurchaseOrderEndpoint {
    /// The purchase orders that `client` reaches.
    #[must_use]
    pub fn new(client: X3Client, settings: PurchaseOrderSettings) -> Self {
        let mut table = order_table()
            .with_children()
            .scope(settings.scope())
            .custom_fields(settings.custom)
            .mapped_fields(&settings.mapped);
        if let Some(stamp) = settings.stamp {
            for source in [ChangeSource::PurchaseOrder, ChangeSource::PurchaseOrderLine] {
                table = table.stamp(source, stamp.clone());
            }
        }
        Self::of(client, table)
    }
}

/// Which purchase orders of a site are there, and how they are read.
#[derive(Clone, Debug, Default)]
pub struct PurchaseOrderSettings {
    custom: Vec<CustomField>,
    mapped: Vec<FieldName>,
    sites: Vec<String>,
    companies: Vec<String>,
    since: Option<Date>,
    stamp: Option<StampField>,
}

impl PurchaseOrderSettings {
    /// All purchase orders, by `_updateStamp`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only orders of these purchase sites.
    #[must_use]
    pub fn sites<T: Into<String>>(mut self, sites: impl IntoIterator<Item = T>) -> Self {
        self.sites = sites.into_iter().map(Into::into).collect();
        self
    }

    /// Only orders of these companies.
    #[must_use]
    pub fn companies<T: Into<String>>(mut self, companies: impl IntoIterator<Item = T>) -> Self {
        self.companies = companies.into_iter().map(Into::into).collect();
        self
    }

    /// Only orders of this day or later.
    #[must_use]
    pub fn since(mut self, day: Date) -> Self {
        self.since = Some(day);
        self
    }

    /// Also reads a field of the site, under its own name.
    #[must_use]
    pub fn custom_field(mut self, field: CustomField) -> Self {
        self.custom.push(field);
        self
    }

    /// Names the fields that the flow uses: see [`NodeTable::mapped_fields`].
    #[must_use]
    pub fn mapped_fields<'a>(mut self, fields: impl IntoIterator<Item = &'a FieldName>) -> Self {
        self.mapped = fields.into_iter().cloned().collect();
        self
    }

    /// Polls by another stamp than `_updateStamp`.
    #[must_use]
    pub fn stamp(mut self, stamp: StampField) -> Self {
        self.stamp = Some(stamp);
        self
    }

    fn scope(&self) -> Filter {
        let one_of = |path: &str, codes: &[String]| {
            (!codes.is_empty()).then(|| Filter::field(path).is_in(codes.iter().map(String::as_str)))
        };
        let since = self
            .since
            .map(|day| Filter::field("orderDate").gte(Scalar::Date(day)));
        let parts = [
            one_of("purchaseSite.code", &self.sites),
            one_of("company.code", &self.companies),
            since,
        ];
        Filter::all(parts.into_iter().flatten())
    }
}

fn order_table() -> NodeTable<PurchaseOrder> {
    let fields = vec![
        at("id", "id", |it| Value::text(it.id.as_str())),
        at("internalReference", "internalOrderReference", |it| {
            Value::text(it.internal_reference.as_str())
        }),
        at("company", "company.code", |it| code(it.company.as_ref())),
        at("purchaseSite", "purchaseSite.code", |it| {
            code(it.purchase_site.as_ref())
        }),
        at("receiptSite", "receiptSite.code", |it| {
            code(it.receipt_site.as_ref())
        }),
        at("invoiceSite", "invoiceSite.code", |it| {
            code(it.invoice_site.as_ref())
        }),
        at("supplier", "orderFromSupplier.code.code", |it| {
            code(it.supplier.as_ref())
        }),
        at("paymentTerm", "paymentTerm.code", |it| {
            code(it.payment_term.as_ref())
        }),
        at("currency", "currency.code", |it| code(it.currency.as_ref())).optional(),
        at("orderType", "orderType", |it| it.order_type.clone().into()),
        at("receiptStatus", "receiptStatus", |it| {
            it.receipt_status.clone().into()
        }),
        at("signatureStatus", "signatureStatus", |it| {
            it.signature_status.clone().into()
        }),
        at("invoiceStatus", "invoiceStatus", |it| {
            it.invoice_status.clone().into()
        }),
        at("orderDate", "orderDate", |it| day(it.order_date)),
        at("expectedReceiptDate", "expectedReceiptDate", |it| {
            day(it.expected_receipt_date)
        }),
        at("isClosed", "isClosed", |it| it.is_closed.into()),
        at("lines", "purchaseOrderLines", |it| {
            let lines = it.lines.iter().flatten().map(line);
            lines.collect::<Vec<Document>>().into()
        })
        .not_searchable(),
    ];
    NodeTable::new(
        "purchase orders",
        "id",
        fields,
        |order| {
            let lines = order.lines.iter().flatten();
            lines
                .map(|line| line.updated_at)
                .chain([order.updated_at])
                .max()
                .flatten()
        },
        |order| &order.extra,
    )
}

fn line(line: &PurchaseOrderLine) -> Document {
    Document::new()
        .with("lineNumber", line.line_number.map(Decimal::from))
        .with("product", code(line.product.as_ref()))
        .with("description", line.description.as_str())
        .with("quantity", line.quantity_ordered)
        .with("unit", code(line.order_unit.as_ref()))
        .with("quantityReceived", line.quantity_received)
        .with("grossPrice", line.gross_price)
        .with(
            "netPrice",
            line.gross_price.map(|gross| net_price(gross, line)),
        )
}

fn net_price(gross: Decimal, line: &PurchaseOrderLine) -> Decimal {
    let discounts = line.discounts_or_charges.values();
    discounts.fold(gross, |left, discount| {
        left - left * discount / Decimal::ONE_HUNDRED
    })
}

fn at(
    name: &'static str,
    path: &'static str,
    read: fn(&PurchaseOrder) -> Value,
) -> NodeField<PurchaseOrder> {
    NodeField::new(name, path, read)
}

//! The sales orders of an X3 endpoint.

mod lines;
mod remarks;
mod writes;

use std::sync::Arc;

use sage_x3_client::{
    ChangeSource, Filter, OrderTypeCode, SalesOrder, SiteCode, StampField, X3Client,
};

use self::{lines::OrderLines, remarks::Remarks, writes::SalesOrderWriter};
use super::{
    node::NodeEndpoint,
    settings::CustomField,
    table::{NodeField, NodeTable},
};
use crate::{ids::FieldName, value::Value};

/// What messages call the records.
const PLURAL: &str = "sales orders";

/// The sales orders of an X3 endpoint. A record's identity is the order's number.
///
/// Changes are found by two feeds, each with its own stamp: `salesOrder` and `salesOrderLine`. Both name the order.
///
/// | field | in X3 | value |
/// |---|---|---|
/// | `id` | number | text; only on creation |
/// | `ordered` | | always true: there is an order; ignored when written |
/// | `shares` | | always empty; ignored when written, so that the audit can say what an order was made of |
/// | `company`, `category`, `billToCustomer` | | text; read only |
/// | `salesOrderType`, `salesSite`, `soldToCustomer` | by code | text; only on creation |
/// | `shipToCustomerAddress` | code of the address | text; only on creation |
/// | `customerOrderReference`, `additionnalReference` | | text |
/// | `orderDate`, `requestedDeliveryDate`, `shipmentDate` | | date |
/// | `currency`, `paymentTerm`, `shippingSite` | by code | text |
/// | `orderStatus`, `allocationStatus`, `deliveryStatus`, `invoicedStatus`, `creditLevelStatus` | names of the enumerations' members | text; read only |
/// | `linesAmountExcludingTax`, `linesAmountIncludingTax`, `totalAmountExcludingTax`, `totalAmountIncludingTax` | | number; read only |
/// | `numberOfLines` | | number; read only |
/// | `lastSalesDeliveryDate`, `lastSalesInvoiceDate` | | date; read only |
/// | `warnings` | what a person should know of the order, in words | text; read only |
/// | `remarks` | what X3 remarked when it last made or changed the order for us | text; read only; absent where nothing is remembered |
/// | `lines` | lines in order of their numbers | lines; only on creation |
/// | fields of the site | as configured | as configured |
///
/// A line has `lineNumber`, `product`, `description`, `quantityInSalesUnitOrdered`, `quantityInSalesUnitAllocated`,
/// `quantityInSalesUnitDelivered`, `quantityInSalesUnitInvoiced`, `salesUnit`, `grossPrice`, `netPrice`,
/// `netPriceExcludingTax`, `discountOrCharge1`, `lineStatus`, `progress` (how much is delivered and invoiced, in words),
/// `requestedDeliveryDate`, `expectedDeliveryDate` and `shipmentDate`. A new line takes `product`, `quantityInSalesUnitOrdered`, `salesUnit`, `grossPrice`,
/// `discountOrCharge1`, `description` and `requestedDeliveryDate`; whatever it leaves out, X3 fills in.
pub type SalesOrderEndpoint = NodeEndpoint<SalesOrder>;

/// How the sales orders of a site are to be treated.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SalesOrderSettings {
    /// Whether orders are created.
    pub creates: bool,
    /// Whether headers of orders are changed.
    pub updates: bool,
    /// The sales site of new orders that name none.
    pub sales_site: Option<SiteCode>,
    /// The type of new orders that name none. It decides whether the caller chooses the number. X3's own default if none.
    pub order_type: Option<OrderTypeCode>,
    /// Only orders of these sales sites are there at all; none: all.
    pub only_sites: Vec<SiteCode>,
    /// Members of the credit status that need no warning, whatever their capitals. Default: `ok` and `1`.
    pub fine_credit: Vec<String>,
    /// Fields of the site, each under its own name.
    pub custom: Vec<CustomField>,
    /// The fields that the flow uses, so that the check at start can tell which do not exist.
    pub mapped: Vec<FieldName>,
    /// Other stamps than `_updateStamp`.
    pub stamps: Vec<(ChangeSource, StampField)>,
}

impl Default for SalesOrderSettings {
    fn default() -> Self {
        Self {
            creates: false,
            updates: false,
            sales_site: None,
            order_type: None,
            only_sites: Vec::new(),
            fine_credit: vec!["ok".to_owned(), "1".to_owned()],
            custom: Vec::new(),
            mapped: Vec::new(),
            stamps: Vec::new(),
        }
    }
}

impl SalesOrderSettings {
    /// Reads only: no creates, no updates.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows creates; orders that name no sales site are of `site`.
    #[must_use]
    pub fn create_at(mut self, site: SiteCode) -> Self {
        self.creates = true;
        self.sales_site = Some(site);
        self
    }

    /// Allows changes of headers.
    #[must_use]
    pub fn with_updates(mut self) -> Self {
        self.updates = true;
        self
    }

    /// Sets the type of new orders that name none.
    #[must_use]
    pub fn order_type(mut self, order_type: OrderTypeCode) -> Self {
        self.order_type = Some(order_type);
        self
    }

    /// Names the fields that the flow uses. [`Mapping::fields`](crate::Mapping::fields) gives them.
    #[must_use]
    pub fn mapped_fields<'a>(mut self, fields: impl IntoIterator<Item = &'a FieldName>) -> Self {
        self.mapped = fields.into_iter().cloned().collect();
        self
    }

    fn scope(&self) -> Filter {
        if self.only_sites.is_empty() {
            return Filter::everything();
        }
        Filter::field("salesSite.code").is_in(&self.only_sites)
    }

    /// What a person should know of an order, in words.
    fn warnings(&self, order: &SalesOrder) -> Value {
        let fine = |status: &str| {
            let mut fine = self.fine_credit.iter();
            fine.any(|fine| fine.eq_ignore_ascii_case(status))
        };
        let credit = order.credit_level_status.as_deref();
        match credit.filter(|status| !status.is_empty() && !fine(status)) {
            Some(status) => Value::text(format!("Credit check of X3: {status}")),
            None => Value::Null,
        }
    }
}

impl SalesOrderEndpoint {
    /// The sales orders that `client` reaches.
    #[must_use]
    pub fn new(client: X3Client, settings: SalesOrderSettings) -> Self {
        let settings = Arc::new(settings);
        let remarks = Remarks::default();
        let mut table = order_table(&settings)
            .custom_fields(settings.custom.iter().cloned())
            .mapped_fields(&settings.mapped)
            .scope(settings.scope())
            .supplement(OrderLines)
            .supplement(remarks.clone());
        for (source, stamp) in &settings.stamps {
            table = table.stamp(*source, stamp.clone());
        }
        if settings.creates || settings.updates {
            table = table.writer(SalesOrderWriter::new(client.clone(), settings, remarks));
        }
        Self::of(client, table)
    }
}

fn code<T: AsRef<str>>(code: Option<&T>) -> Value {
    code.map_or(Value::Null, |code| Value::text(code.as_ref()))
}

/// All that can be read of an order's header.
fn order_table(settings: &Arc<SalesOrderSettings>) -> NodeTable<SalesOrder> {
    type Field = NodeField<SalesOrder>;
    let said = Arc::clone(settings);
    let fields = vec![
        Field::new("id", "id", |order| Value::text(order.id.as_str())),
        Field::new("ordered", "id", |_| Value::Boolean(true)).not_searchable(),
        Field::new("shares", "id", |_| Value::Null).not_searchable(),
        Field::new("company", "company.code", |order| {
            code(order.company.as_ref())
        }),
        Field::new("category", "category", |order| {
            order.category.clone().into()
        }),
        Field::new("salesOrderType", "salesOrderType.code", |order| {
            code(order.order_type.as_ref())
        }),
        Field::new("salesSite", "salesSite.code", |order| {
            code(order.sales_site.as_ref())
        }),
        Field::new("soldToCustomer", "soldToCustomer.code.code", |order| {
            code(order.sold_to_customer.as_ref())
        }),
        Field::new("billToCustomer", "billToCustomer.code.code", |order| {
            code(order.bill_to_customer.as_ref())
        }),
        // The key is the customer's code and the address's.
        Field::new(
            "shipToCustomerAddress",
            "shipToCustomerAddress._id",
            |order| {
                let key = order.ship_to_address.as_ref();
                key.and_then(|key| key.parts().last())
                    .map_or(Value::Null, Value::text)
            },
        )
        .not_searchable(),
        Field::new(
            "customerOrderReference",
            "customerOrderReference",
            |order| Value::text(order.customer_order_reference.as_str()),
        ),
        Field::new("additionnalReference", "additionnalReference", |order| {
            Value::text(order.additional_reference.as_str())
        }),
        Field::new("orderDate", "orderDate", |order| {
            order.order_date.map(Value::Date).into()
        }),
        Field::new("shipmentDate", "shipmentDate", |order| {
            order.shipment_date.map(Value::Date).into()
        }),
        Field::new("requestedDeliveryDate", "requestedDeliveryDate", |order| {
            order.requested_delivery_date.map(Value::Date).into()
        }),
        Field::new("currency", "currency.code", |order| {
            code(order.currency.as_ref())
        })
        .optional(),
        Field::new("paymentTerm", "paymentTerm.code", |order| {
            code(order.payment_term.as_ref())
        })
        .optional(),
        Field::new("shippingSite", "shippingSite.code", |order| {
            code(order.shipping_site.as_ref())
        })
        .optional(),
        Field::new("orderStatus", "orderStatus", |order| {
            order.order_status.clone().into()
        })
        .optional(),
        Field::new("allocationStatus", "allocationStatus", |order| {
            order.allocation_status.clone().into()
        })
        .optional(),
        Field::new("deliveryStatus", "deliveryStatus", |order| {
            order.delivery_status.clone().into()
        })
        .optional(),
        Field::new("invoicedStatus", "invoicedStatus", |order| {
            order.invoiced_status.clone().into()
        })
        .optional(),
        Field::new("creditLevelStatus", "creditLevelStatus", |order| {
            order.credit_level_status.clone().into()
        })
        .optional(),
        Field::new("warnings", "creditLevelStatus", move |order| {
            said.warnings(order)
        })
        .not_searchable()
        .optional(),
        Field::new(
            "linesAmountExcludingTax",
            "linesAmountExcludingTax",
            |order| order.lines_amount_excluding_tax.into(),
        )
        .optional(),
        Field::new(
            "linesAmountIncludingTax",
            "linesAmountIncludingTax",
            |order| order.lines_amount_including_tax.into(),
        )
        .optional(),
        Field::new(
            "totalAmountExcludingTax",
            "totalAmountExcludingTax",
            |order| order.total_amount_excluding_tax.into(),
        )
        .optional(),
        Field::new(
            "totalAmountIncludingTax",
            "totalAmountIncludingTax",
            |order| order.total_amount_including_tax.into(),
        )
        .optional(),
        Field::new("numberOfLines", "numberOfLines", |order| {
            order
                .number_of_lines
                .map(rust_decimal::Decimal::from)
                .into()
        })
        .optional(),
        Field::new("lastSalesDeliveryDate", "lastSalesDeliveryDate", |order| {
            order.last_delivery_date.map(Value::Date).into()
        })
        .optional(),
        Field::new("lastSalesInvoiceDate", "lastSalesInvoiceDate", |order| {
            order.last_invoice_date.map(Value::Date).into()
        })
        .optional(),
    ];
    NodeTable::new(
        PLURAL,
        "id",
        fields,
        |order| order.updated_at,
        |order| &order.extra,
    )
}

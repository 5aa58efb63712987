//! X3 purchase orders, shown as Zoho purchase orders.
//!
//! | row | X3 | Zoho |
//! |---|---|---|
//! | `number` | `id` | the key field, `X3_Code` |
//! | `subject` | `id` | `Subject` |
//! | `po_number` | `id` | `PO_Number` |
//! | `supplier` | `supplier` | `Vendor_Name`, through the flow `suppliers` |
//! | `date` | `orderDate` | `PO_Date` |
//! | `due_date` | `expectedReceiptDate` | `Due_Date` |
//! | `status` | `receiptStatus` | `Status` |
//! | `currency` | `currency` | `Currency`, if Zoho has several |
//! | `lines` | `lines` | `Purchase_Items` |
//!
//! Columns of a line: `product` as `Product_Name` (through the flow `products`), `quantity` as `Quantity`, `netPrice` as
//! `List_Price`, `description` as `Description`.
//!
//! X3 owns them: Zoho's records are written and not read. Page: `docs/flows/purchase-orders.md` of this crate.

use crate::{
    flow::{CreateRule, Identity, KeyRule, Mode, Policy},
    ids::FlowName,
    mapping::{Codes, Direction, Kind, Lines, Mapping, MappingError, Row},
    side::{Side, Sides},
};

/// What differs from site to site.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PurchaseOrderOptions {
    /// Zoho's unique custom field that holds X3's number.
    pub zoho_key_field: String,
    /// The flow that pairs suppliers and vendors.
    pub suppliers: FlowName,
    /// The flow that pairs products.
    pub products: FlowName,
    /// How far orders are received, and the values of Zoho's pick list.
    pub statuses: Codes,
    /// Whether Zoho has several currencies, and what X3's are called there.
    pub currencies: Option<Codes>,
    /// X3's field of a line that becomes the list price: `netPrice`, or `grossPrice` where discounts are amounts.
    pub price_field: String,
    /// Decimals of prices and quantities.
    pub price_scale: u32,
}

impl Default for PurchaseOrderOptions {
    /// `X3_Code`, flows `suppliers` and `products`, one currency, net prices with 5 decimals. Orders of which nothing has
    /// come are `Created`, some `Approved`, all `Delivered`.
    fn default() -> Self {
        let statuses = [
            ("no", "Created"),
            ("partly", "Approved"),
            ("fully", "Delivered"),
        ];
        Self {
            zoho_key_field: "X3_Code".to_owned(),
            suppliers: FlowName::from("suppliers"),
            products: FlowName::from("products"),
            statuses: Codes::new(statuses).named("purchase_order_statuses"),
            currencies: None,
            price_field: "netPrice".to_owned(),
            price_scale: 5,
        }
    }
}

/// The table above.
///
/// # Errors
/// [`MappingError`] when the options name one Zoho field twice.
pub fn mapping(options: &PurchaseOrderOptions) -> Result<Mapping, MappingError> {
    let shown = |name: &str, left: &str, right: &str, kind| {
        Row::new(name, left, right, kind).direction(Direction::ToRight)
    };
    let suppliers = Kind::Reference {
        flow: options.suppliers.clone(),
    };
    let lines = Kind::Lines(Lines::new(columns(options)?));
    let key = options.zoho_key_field.as_str();
    let mut rows = vec![
        shown("number", "id", key, Kind::Code),
        shown("subject", "id", "Subject", Kind::Text).max_length(Side::Right, 120),
        shown("po_number", "id", "PO_Number", Kind::Text).max_length(Side::Right, 100),
        shown("supplier", "supplier", "Vendor_Name", suppliers).required(Side::Right),
        shown("date", "orderDate", "PO_Date", Kind::Date),
        shown("due_date", "expectedReceiptDate", "Due_Date", Kind::Date),
        shown("status", "receiptStatus", "Status", Kind::Code).codes(options.statuses.clone()),
        shown("lines", "lines", "Purchase_Items", lines).required(Side::Right),
    ];
    if let Some(currencies) = &options.currencies {
        rows.push(shown("currency", "currency", "Currency", Kind::Code).codes(currencies.clone()));
    }
    Mapping::new(rows)
}

fn columns(options: &PurchaseOrderOptions) -> Result<Mapping, MappingError> {
    let number = || Kind::Decimal {
        scale: options.price_scale,
    };
    let products = Kind::Reference {
        flow: options.products.clone(),
    };
    let price = options.price_field.as_str();
    Mapping::new(vec![
        Row::new("product", "product", "Product_Name", products),
        Row::new("quantity", "quantity", "Quantity", number()),
        Row::new("price", price, "List_Price", number()),
        Row::new("description", "description", "Description", Kind::Text),
    ])
}

/// Orders are found again by X3's number.
#[must_use]
pub fn identity(options: &PurchaseOrderOptions) -> Identity {
    Identity {
        keys: Sides::new(
            super::never_created("id"),
            KeyRule::plain(options.zoho_key_field.as_str()),
        ),
        matching: Vec::new(),
    }
}

/// X3 is copied. What was deleted there stays at Zoho.
#[must_use]
pub fn policy() -> Policy {
    Policy {
        create: Sides::new(CreateRule::Never, CreateRule::Always),
        mode: Mode::Mirror { owner: Side::Left },
        ..Policy::default()
    }
}

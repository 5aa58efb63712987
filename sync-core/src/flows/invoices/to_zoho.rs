//! X3's sales invoices are shown in Zoho. X3 owns them; Zoho's copies are not read.
//!
//! | row | X3 (`salesInvoice`) | Zoho (`Invoices`) |
//! |---|---|---|
//! | `number` | `id` | the key field, `X3_Invoice` |
//! | `subject` | `id` | `Subject` |
//! | `customer` | `billToCustomer` | `Account_Name`, through the flow `customers` |
//! | `order` | `salesOrder`, if all lines are of one | `Sales_Order`, through the flow that mirrors orders, if configured |
//! | `date` | `invoiceDate` | `Invoice_Date` |
//! | `due_date` | `dueDate` (last due date of its open items) | `Due_Date`, if X3 shows open items |
//! | `currency` | `currency` | `Currency`, if Zoho has several |
//! | `status` | `status` | `Status` |
//! | `tax` | `taxAmount` (total with tax, less the total without) | `Tax` |
//! | `total` | `totalAmountIncludingTax` | `X3_Total`, if configured |
//! | `outstanding` | `outstanding` (what is not paid of its open items) | `X3_Outstanding`, if configured |
//! | `lines` | `lines` | `Invoiced_Items` |
//!
//! Columns of a line: `product` (through the flow `products`), `quantityInSalesUnitInvoiced` as `Quantity`,
//! `netPriceExcludingTax` as `List_Price`, the description as `Description`.

use crate::{
    flow::{CreateRule, Identity, KeyRule, Mode, Policy},
    flows::codes::CodeTables,
    ids::{FieldName, FlowName},
    mapping::{Codes, Direction, Kind, Lines, Mapping, MappingError, Row},
    side::{Side, Sides},
};

/// What differs from site to site.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Zoho's unique custom field that holds the number in X3.
    pub key_field: FieldName,
    /// The flow that pairs X3's customers with Zoho's accounts.
    pub customers: FlowName,
    /// The flow that pairs products.
    pub products: FlowName,
    /// The flow that mirrors X3's orders as Zoho's `Sales_Orders`. An invoice waits for its order's mirror. `None`: invoices
    /// do not refer to orders.
    pub orders: Option<FlowName>,
    /// Whether Zoho has several currencies, and what X3's are called there.
    pub currencies: Option<Codes>,
    /// X3's statuses and the values of Zoho's picklist.
    pub statuses: Codes,
    /// Whether X3 shows open items: due date and what is not paid.
    pub open_items: bool,
    /// Zoho's currency field that holds X3's own total with tax.
    pub total_field: Option<FieldName>,
    /// Zoho's currency field that holds what is not paid. Needs open items.
    pub outstanding_field: Option<FieldName>,
    /// Decimals of amounts.
    pub amount_scale: u32,
    /// Decimals of prices and quantities.
    pub price_scale: u32,
}

impl Default for Options {
    /// `X3_Invoice`, flows `customers` and `products`, one currency, no orders, no open items, 2 decimals, 5 of prices. Posted
    /// invoices are `Approved`.
    fn default() -> Self {
        let statuses = [
            ("notPosted", "Created"),
            ("posted", "Approved"),
            ("notUsed", "Cancelled"),
        ];
        Self {
            key_field: FieldName::from("X3_Invoice"),
            customers: FlowName::from("customers"),
            products: FlowName::from("products"),
            orders: None,
            currencies: None,
            statuses: Codes::new(statuses).named("invoice_statuses"),
            open_items: false,
            total_field: None,
            outstanding_field: None,
            amount_scale: 2,
            price_scale: 5,
        }
    }
}

impl Options {
    /// Zoho's currencies, as the shared tables have them.
    #[must_use]
    pub fn in_several_currencies(mut self, tables: &CodeTables) -> Self {
        self.currencies = Some(tables.currencies.clone());
        self
    }
}

/// The table above.
///
/// # Errors
/// [`MappingError`] when the options name one Zoho field twice.
pub fn mapping(options: &Options) -> Result<Mapping, MappingError> {
    let reference = |flow: &FlowName| Kind::Reference { flow: flow.clone() };
    let amount = || Kind::Decimal {
        scale: options.amount_scale,
    };
    let mut rows = vec![
        Row::new("number", "id", options.key_field.clone(), Kind::Code),
        Row::new("subject", "id", "Subject", Kind::Text),
        Row::new(
            "customer",
            "billToCustomer",
            "Account_Name",
            reference(&options.customers),
        )
        .required(Side::Right),
        Row::new("date", "invoiceDate", "Invoice_Date", Kind::Date),
        Row::new("status", "status", "Status", Kind::Code).codes(options.statuses.clone()),
        Row::new("tax", "taxAmount", "Tax", amount()),
        Row::new(
            "lines",
            "lines",
            "Invoiced_Items",
            Kind::Lines(columns(options)?),
        )
        .required(Side::Right),
    ];
    if let Some(flow) = &options.orders {
        rows.push(Row::new(
            "order",
            "salesOrder",
            "Sales_Order",
            reference(flow),
        ));
    }
    if let Some(currencies) = &options.currencies {
        let row = Row::new("currency", "currency", "Currency", Kind::Code);
        rows.push(row.codes(currencies.clone()));
    }
    if let Some(field) = &options.total_field {
        let field = field.clone();
        rows.push(Row::new(
            "total",
            "totalAmountIncludingTax",
            field,
            amount(),
        ));
    }
    if options.open_items {
        rows.push(Row::new("due_date", "dueDate", "Due_Date", Kind::Date));
        if let Some(field) = &options.outstanding_field {
            rows.push(Row::new(
                "outstanding",
                "outstanding",
                field.clone(),
                amount(),
            ));
        }
    }
    let rows = rows.into_iter();
    Mapping::new(rows.map(|row| row.direction(Direction::ToRight)).collect())
}

fn columns(options: &Options) -> Result<Lines, MappingError> {
    let product = Kind::Reference {
        flow: options.products.clone(),
    };
    let number = || Kind::Decimal {
        scale: options.price_scale,
    };
    let columns = Mapping::new(vec![
        Row::new("product", "product", "Product_Name", product),
        Row::new(
            "quantity",
            "quantityInSalesUnitInvoiced",
            "Quantity",
            number(),
        ),
        Row::new("price", "netPriceExcludingTax", "List_Price", number()),
        Row::new("text", "description", "Description", Kind::Text),
    ])?;
    Ok(Lines::new(columns))
}

/// A copy is found by X3's number, which is unique at Zoho.
#[must_use]
pub fn identity(options: &Options) -> Identity {
    Identity {
        keys: Sides::new(
            // Nothing is made at X3, so no number there is one of these.
            KeyRule::compact("id", "ZOHO"),
            KeyRule::plain(options.key_field.clone()),
        ),
        matching: Vec::new(),
    }
}

/// Every invoice of X3 has a copy; nothing is made or changed at X3.
#[must_use]
pub fn policy() -> Policy {
    Policy {
        create: Sides::new(CreateRule::Never, CreateRule::Always),
        mode: Mode::Mirror { owner: Side::Left },
        ..Policy::default()
    }
}

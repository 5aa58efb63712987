//! X3 sales orders and Zoho deals: a deal that is won becomes exactly one order.
//!
//! | row | X3 | Zoho | direction |
//! |---|---|---|---|
//! | `number` | `id` | the key field, `X3_Order_Number` | to Zoho |
//! | `qualifies` | `ordered` | `$qualifies` | binding |
//! | `customer` | `soldToCustomer` | `Account_Name` | binding; refers to flow `customers` |
//! | `lines` | `lines` | `$lines` | binding |
//! | `shares` | `shares`, which X3 does not keep | `$shares` | only when the order is made, if wanted |
//! | `reference` | `customerOrderReference` | as configured | only when the order is made |
//! | `currency` | `currency` | as configured | binding |
//! | `order_date` | `orderDate` | as configured | binding, or both |
//! | `delivery_date` | `requestedDeliveryDate` | as configured | binding, or both |
//! | `ship_to` | `shipToCustomerAddress` | as configured | binding |
//! | `sales_site` | `salesSite` | as configured, by a table | only when the order is made |
//! | `order_type` | `salesOrderType` | as configured, by a table | only when the order is made |
//! | `amount` | `totalAmountExcludingTax` | `X3_Amount` | to Zoho |
//! | `amount_with_tax` | `totalAmountIncludingTax` | `X3_Amount_With_Tax` | to Zoho |
//! | `credit` | `creditLevelStatus` | `X3_Credit_Status` | to Zoho |
//! | `warnings` | `warnings` | `X3_Warnings` | to Zoho |
//! | `remarks` | `remarks` | `X3_Remarks` | to Zoho |
//! | `order_status` | `orderStatus` | `X3_Order_Status` | to Zoho, if wanted |
//! | `delivery_status` | `deliveryStatus` | `X3_Delivery_Status` | to Zoho, if wanted |
//! | `invoice_status` | `invoicedStatus` | `X3_Invoice_Status` | to Zoho, if wanted |
//!
//! A line:
//!
//! | column | X3 | Zoho |
//! |---|---|---|
//! | `product` | `product` | `Product`: the product's code |
//! | `quantity` | `quantityInSalesUnitOrdered` | `Quantity` |
//! | `price` | `grossPrice` | `Price`, if prices go with the order |
//! | `discount` | `discountOrCharge1` | `Discount`, if discounts do |
//!
//! `$qualifies` and `$lines` are what the deal's endpoint makes of a deal and its quote, products or configured item. A
//! deal that does not qualify shows nothing else, and nothing is asked of it.
//!
//! # Exactly one
//!
//! An order is made under a key that holds the deal's id, and looked for by it before each attempt. Where the order type
//! lets the caller choose the number ([`Numbering::Chosen`]), the key is the number, which X3 keeps unique. Where X3
//! numbers the orders itself ([`Numbering::ByX3`]), the key is the customer's order reference, which X3 does *not* keep
//! unique: the promise is then weaker, and is taken by choosing that name. See
//! [`KeyGuarantee::LookUpOnly`](crate::KeyGuarantee::LookUpOnly).
//!
//! # Afterwards
//!
//! A deal that is opened again, or whose lines change, never makes a second order and never changes the first one behind
//! anybody's back: [`AfterOrdering`] says what happens.

use std::sync::Arc;

use crate::{
    budget::Priority,
    flow::{CreateRule, Identity, KeyRule, Policy},
    ids::FlowName,
    mapping::{Codes, ConflictRule, Convert, Direction, Kind, Lines, Mapping, MappingError, Row},
    side::{Side, Sides},
    value::Value,
};

/// The field of a deal that says whether it is ordered.
pub const QUALIFIES: &str = "$qualifies";

/// The field of a deal that holds what is ordered.
pub const LINES: &str = "$lines";

/// The field of a deal that says in words what each line bears of a discount on the whole.
pub const SHARES: &str = "$shares";

/// Characters that X3 keeps of a customer's order reference (reference: sage-x3 section 4.4, table `SORDER`).
const REFERENCE_LENGTH: usize = 20;

/// Decimals that X3 keeps of a price.
const PRICE_SCALE: u32 = 3;

/// What differs from site to site. Fields are Zoho's, of the module `Deals`; none: the row is left out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OrderOptions {
    /// The unique field that gets the order's number.
    pub number_field: String,
    /// Who numbers the orders.
    pub numbering: Numbering,
    /// What happens to a deal that changes after it was ordered.
    pub after: AfterOrdering,
    /// The flow whose pairs are customers and accounts.
    pub customers: FlowName,
    /// The lookup that names the account.
    pub account_field: String,
    /// What becomes the customer's own reference in X3, up to 20 characters. Not where that holds the key.
    pub reference_field: Option<String>,
    /// The currency. X3 takes the customer's otherwise.
    pub currency_field: Option<String>,
    /// The day of the order. X3 takes today otherwise.
    pub order_date_field: Option<String>,
    /// The day on which the customer wants it.
    pub delivery_date_field: Option<String>,
    /// The code of the customer's address to which it is shipped. X3 takes the customer's default otherwise.
    pub ship_to_field: Option<String>,
    /// The sales site by a field of the deal.
    pub sales_site: Option<ByTable>,
    /// The order type by a field of the deal.
    pub order_type: Option<ByTable>,
    /// Whether prices go with the lines. X3 takes its own otherwise.
    pub prices: bool,
    /// Whether discounts go with the lines, in percent.
    pub discounts: bool,
    /// Whether the audit says, of each order that is made, what its lines bear of a discount on the whole that was spread.
    pub shares: bool,
    /// Gets the order's amount without tax.
    pub amount_field: Option<String>,
    /// Gets the order's amount with tax.
    pub amount_with_tax_field: Option<String>,
    /// Gets the result of the credit check.
    pub credit_field: Option<String>,
    /// Gets what a person should know of the order.
    pub warnings_field: Option<String>,
    /// Gets what X3 remarked when it made the order.
    pub remarks_field: Option<String>,
    /// Whether order, delivery and invoice status are shown on the deal as well.
    pub fulfilment: bool,
    /// Decimals of amounts.
    pub amount_scale: u32,
}

impl Default for OrderOptions {
    fn default() -> Self {
        let named = |field: &str| Some(field.to_owned());
        Self {
            number_field: "X3_Order_Number".to_owned(),
            numbering: Numbering::default(),
            after: AfterOrdering::default(),
            customers: "customers".into(),
            account_field: "Account_Name".to_owned(),
            reference_field: None,
            currency_field: None,
            order_date_field: None,
            delivery_date_field: None,
            ship_to_field: None,
            sales_site: None,
            order_type: None,
            prices: true,
            discounts: false,
            shares: false,
            amount_field: named("X3_Amount"),
            amount_with_tax_field: named("X3_Amount_With_Tax"),
            credit_field: named("X3_Credit_Status"),
            warnings_field: named("X3_Warnings"),
            remarks_field: named("X3_Remarks"),
            fulfilment: false,
            amount_scale: 2,
        }
    }
}

/// Who numbers the orders, which decides how firm the promise of exactly one order is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Numbering {
    /// The engine: `prefix` and the deal's id in short form. X3 itself refuses a second order of that number. The order
    /// type must let the caller choose.
    Chosen {
        /// What the numbers begin with, in capitals.
        prefix: String,
    },
    /// X3. The key, `prefix` and the deal's id in short form, is the customer's order reference, which is looked up
    /// before each create but which X3 does not keep unique: a create whose answer was lost and that X3 carries out after
    /// the look-up makes a second order, and both are then parked as ambiguous.
    ByX3 {
        /// What the references begin with, in capitals.
        prefix: String,
    },
}

impl Default for Numbering {
    fn default() -> Self {
        Self::Chosen {
            prefix: "Z".to_owned(),
        }
    }
}

/// What happens to a deal that is opened again, or changes, after it was ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AfterOrdering {
    /// It is parked: somebody must see to the order. It closes itself when the deal is as it was, or when the order
    /// follows.
    #[default]
    Park,
    /// Nothing.
    Ignore,
    /// Dates that X3 lets change are changed there. Everything else parks.
    Update,
}

/// A code of X3 that depends on a field of the deal.
#[derive(Clone, Debug)]
pub struct ByTable {
    /// Zoho's field.
    pub field: String,
    /// X3's codes, and what Zoho's users write. What is not in it parks the deal.
    pub codes: Codes,
}

/// The table above.
///
/// # Errors
/// [`MappingError`] when the options name one field twice.
pub fn mapping(options: &OrderOptions) -> Result<Mapping, MappingError> {
    let mut rows = vec![
        Row::new("number", "id", options.number_field.as_str(), Kind::Code)
            .direction(Direction::ToRight),
        Row::new("qualifies", "ordered", QUALIFIES, Kind::Boolean)
            .direction(options.after.binding()),
        Row::new(
            "customer",
            "soldToCustomer",
            options.account_field.as_str(),
            Kind::Reference {
                flow: options.customers.clone(),
            },
        )
        .direction(options.after.binding())
        .required(Side::Left),
        Row::new("lines", "lines", LINES, Kind::Lines(lines(options)?))
            .direction(options.after.binding())
            .required(Side::Left)
            .convert(Arc::new(Reason)),
    ];
    if options.shares {
        let shares = Row::new("shares", "shares", SHARES, Kind::Text);
        rows.push(shares.direction(Direction::CreateOnly));
    }
    rows.extend(header(options));
    rows.extend(written_back(options));
    Mapping::new(rows)
}

/// What else the deal says of its order.
fn header(options: &OrderOptions) -> Vec<Row> {
    let binding = options.after.binding();
    let dates = match options.after {
        AfterOrdering::Update => Direction::Both,
        AfterOrdering::Park | AfterOrdering::Ignore => binding,
    };
    let row = |name: &str, left: &str, field: &Option<String>, kind: Kind, direction| {
        let field = field.as_deref()?;
        Some(Row::new(name, left, field, kind).direction(direction))
    };
    let by_table = |name: &str, left: &str, rule: &Option<ByTable>| {
        let rule = rule.as_ref()?;
        let row = Row::new(name, left, rule.field.as_str(), Kind::Code);
        Some(
            row.direction(Direction::CreateOnly)
                .codes(rule.codes.clone()),
        )
    };
    let reference = row(
        "reference",
        "customerOrderReference",
        &options.reference_field,
        Kind::Text,
        Direction::CreateOnly,
    );
    let rows = [
        reference.map(|row| row.max_length(Side::Left, REFERENCE_LENGTH)),
        row(
            "currency",
            "currency",
            &options.currency_field,
            Kind::Code,
            binding,
        ),
        row(
            "order_date",
            "orderDate",
            &options.order_date_field,
            Kind::Date,
            dates,
        )
        .map(|row| row.rule(ConflictRule::Left)),
        row(
            "delivery_date",
            "requestedDeliveryDate",
            &options.delivery_date_field,
            Kind::Date,
            dates,
        )
        .map(|row| row.rule(ConflictRule::Left)),
        row(
            "ship_to",
            "shipToCustomerAddress",
            &options.ship_to_field,
            Kind::Code,
            binding,
        ),
        by_table("sales_site", "salesSite", &options.sales_site),
        by_table("order_type", "salesOrderType", &options.order_type),
    ];
    rows.into_iter().flatten().collect()
}

/// What the deal shows of its order.
fn written_back(options: &OrderOptions) -> Vec<Row> {
    let amount = Kind::Decimal {
        scale: options.amount_scale,
    };
    let row = |name: &str, left: &str, field: &Option<String>, kind: Kind| {
        let field = field.as_deref()?;
        Some(Row::new(name, left, field, kind).direction(Direction::ToRight))
    };
    let status = |field: &str| options.fulfilment.then(|| field.to_owned());
    let rows = [
        row(
            "amount",
            "totalAmountExcludingTax",
            &options.amount_field,
            amount.clone(),
        ),
        row(
            "amount_with_tax",
            "totalAmountIncludingTax",
            &options.amount_with_tax_field,
            amount,
        ),
        row(
            "credit",
            "creditLevelStatus",
            &options.credit_field,
            Kind::Text,
        ),
        row("warnings", "warnings", &options.warnings_field, Kind::Text),
        row("remarks", "remarks", &options.remarks_field, Kind::Text),
        row(
            "order_status",
            "orderStatus",
            &status("X3_Order_Status"),
            Kind::Text,
        ),
        row(
            "delivery_status",
            "deliveryStatus",
            &status("X3_Delivery_Status"),
            Kind::Text,
        ),
        row(
            "invoice_status",
            "invoicedStatus",
            &status("X3_Invoice_Status"),
            Kind::Text,
        ),
    ];
    rows.into_iter().flatten().collect()
}

fn lines(options: &OrderOptions) -> Result<Lines, MappingError> {
    let number = |scale| Kind::Decimal { scale };
    let mut columns = vec![
        Row::new("product", "product", "Product", Kind::Code),
        Row::new(
            "quantity",
            "quantityInSalesUnitOrdered",
            "Quantity",
            number(4),
        ),
    ];
    if options.prices {
        columns.push(Row::new(
            "price",
            "grossPrice",
            "Price",
            number(PRICE_SCALE),
        ));
    }
    if options.discounts {
        columns.push(Row::new(
            "discount",
            "discountOrCharge1",
            "Discount",
            number(PRICE_SCALE),
        ));
    }
    Ok(Lines::new(Mapping::new(columns)?))
}

impl AfterOrdering {
    /// How rows that an order was made of are watched.
    fn binding(self) -> Direction {
        match self {
            Self::Park | Self::Update => Direction::Binding { from: Side::Right },
            Self::Ignore => Direction::CreateOnly,
        }
    }
}

/// How orders and deals find each other.
#[must_use]
pub fn identity(options: &OrderOptions) -> Identity {
    Identity {
        keys: Sides::new(
            order_key(&options.numbering),
            KeyRule::plain(options.number_field.as_str()),
        ),
        matching: Vec::new(),
    }
}

/// Where an order holds the id of its deal.
#[must_use]
pub fn order_key(numbering: &Numbering) -> KeyRule {
    match numbering {
        Numbering::Chosen { prefix } => KeyRule::compact("id", prefix.as_str()),
        Numbering::ByX3 { prefix } => {
            KeyRule::compact("customerOrderReference", prefix.as_str()).look_up_only()
        }
    }
}

/// Orders are made of deals that qualify, deals are not made of orders, nothing is deleted; orders go before everything
/// else.
#[must_use]
pub fn policy() -> Policy {
    let qualifies = CreateRule::When {
        row: "qualifies".into(),
        equals: Value::Boolean(true),
    };
    Policy {
        create: Sides::new(qualifies, CreateRule::Never),
        priority: Priority::High,
        ..Policy::default()
    }
}

/// Parks a deal for the reason that stands where its lines should be.
#[derive(Clone, Copy, Debug)]
struct Reason;

impl Convert for Reason {
    fn to_document(&self, _side: Side, value: &Value) -> Result<Value, String> {
        match value {
            Value::Text(reason) => Err(reason.clone()),
            lines => Ok(lines.clone()),
        }
    }

    fn to_record(&self, _side: Side, value: &Value) -> Result<Value, String> {
        Ok(value.clone())
    }
}

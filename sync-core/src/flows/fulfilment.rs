//! X3 sales orders as Zoho sales orders: what was ordered, delivered and invoiced, where sales people see it.
//!
//! A mirror: X3 is copied to Zoho, which is not read. Zoho has sales orders from the edition Professional on; below that, the
//! flow [`super::orders`] shows the statuses on the deal.
//!
//! | row | X3 | Zoho |
//! |---|---|---|
//! | `number` | `id` | the key field, `X3_Code` |
//! | `subject` | `id` | `Subject` |
//! | `customer` | `soldToCustomer` | `Account_Name`; refers to flow `customers` |
//! | `deal` | the key that flow `orders` put into the order | `Deal_Name` |
//! | `delivery_date` | `requestedDeliveryDate` | `Due_Date` |
//! | `currency` | `currency` | as configured |
//! | `order_status` | `orderStatus` | `X3_Order_Status` |
//! | `delivery_status` | `deliveryStatus` | `X3_Delivery_Status` |
//! | `invoice_status` | `invoicedStatus` | `X3_Invoice_Status` |
//! | `credit` | `creditLevelStatus` | `X3_Credit_Status` |
//! | `amount` | `totalAmountExcludingTax` | `X3_Amount` |
//! | `amount_with_tax` | `totalAmountIncludingTax` | `X3_Amount_With_Tax` |
//! | `lines` | `lines` | `Ordered_Items` |
//!
//! A line:
//!
//! | column | X3 | Zoho |
//! |---|---|---|
//! | `product` | `product` | `Product_Name`: the record of flow `products`, or the one with this code |
//! | `quantity` | `quantityInSalesUnitOrdered` | `Quantity` |
//! | `price` | `netPrice` | `List_Price` |
//! | `progress` | `progress`, in words | `Description` |
//! | `delivered` | `quantityInSalesUnitDelivered` | as configured |
//! | `invoiced` | `quantityInSalesUnitInvoiced` | as configured |

use std::sync::Arc;

use super::orders::{self, Numbering};
use crate::{
    flow::{CreateRule, Identity, KeyRule, Mode, Policy},
    ids::FlowName,
    mapping::{Convert, Direction, Kind, Lines, Mapping, MappingError, Row},
    side::{Side, Sides},
    value::{Document, Value},
};

/// What differs from site to site. Fields are Zoho's.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FulfilmentOptions {
    /// The unique field of `Sales_Orders` that gets the order's number.
    pub number_field: String,
    /// The flow whose pairs are customers and accounts.
    pub customers: FlowName,
    /// How the products of lines are found.
    pub products: ProductRule,
    /// How flow `orders` keeps the deal's id in an order; `None`: it is not linked to a deal.
    pub deals: Option<Numbering>,
    /// The currency, where the organisation has several.
    pub currency_field: Option<String>,
    /// A custom column of the lines that gets the delivered quantity.
    pub delivered_column: Option<String>,
    /// A custom column of the lines that gets the invoiced quantity.
    pub invoiced_column: Option<String>,
    /// Decimals of amounts.
    pub amount_scale: u32,
}

/// How the product of a line is found in Zoho.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProductRule {
    /// As the pair of a flow. An order whose product is not there yet waits for it.
    Flow(FlowName),
    /// By the field of Zoho's products that holds X3's code. An unknown product parks the order and is named.
    Code(String),
}

impl Default for FulfilmentOptions {
    /// `X3_Code`, products by `Product_Code`, deals as flow `orders` keeps them by default.
    fn default() -> Self {
        Self {
            number_field: "X3_Code".to_owned(),
            customers: "customers".into(),
            products: ProductRule::Code("Product_Code".to_owned()),
            deals: Some(Numbering::default()),
            currency_field: None,
            delivered_column: None,
            invoiced_column: None,
            amount_scale: 2,
        }
    }
}

/// The table above.
///
/// # Errors
/// [`MappingError`] when the options name one field twice.
pub fn mapping(options: &FulfilmentOptions) -> Result<Mapping, MappingError> {
    let row = |name: &str, left: &str, right: &str, kind: Kind| {
        Row::new(name, left, right, kind).direction(Direction::ToRight)
    };
    let amount = Kind::Decimal {
        scale: options.amount_scale,
    };
    let mut rows = vec![
        row("number", "id", &options.number_field, Kind::Code),
        row("subject", "id", "Subject", Kind::Text),
        row(
            "customer",
            "soldToCustomer",
            "Account_Name",
            Kind::Reference {
                flow: options.customers.clone(),
            },
        )
        .required(Side::Right),
        row(
            "delivery_date",
            "requestedDeliveryDate",
            "Due_Date",
            Kind::Date,
        ),
        row("order_status", "orderStatus", "X3_Order_Status", Kind::Text),
        row(
            "delivery_status",
            "deliveryStatus",
            "X3_Delivery_Status",
            Kind::Text,
        ),
        row(
            "invoice_status",
            "invoicedStatus",
            "X3_Invoice_Status",
            Kind::Text,
        ),
        row(
            "credit",
            "creditLevelStatus",
            "X3_Credit_Status",
            Kind::Text,
        ),
        row(
            "amount",
            "totalAmountExcludingTax",
            "X3_Amount",
            amount.clone(),
        ),
        row(
            "amount_with_tax",
            "totalAmountIncludingTax",
            "X3_Amount_With_Tax",
            amount,
        ),
        row(
            "lines",
            "lines",
            "Ordered_Items",
            Kind::Lines(lines(options)?),
        )
        .required(Side::Right),
    ];
    if let Some(field) = &options.currency_field {
        rows.push(row("currency", "currency", field, Kind::Code));
    }
    if let Some(numbering) = &options.deals {
        let key = orders::order_key(numbering);
        let left = key.field.clone();
        let deal = row("deal", left.as_str(), "Deal_Name", Kind::Text);
        rows.push(deal.convert(Arc::new(DealOf(key))));
    }
    Mapping::new(rows)
}

fn lines(options: &FulfilmentOptions) -> Result<Lines, MappingError> {
    let number = |scale| Kind::Decimal { scale };
    let product = match &options.products {
        ProductRule::Flow(flow) => {
            let kind = Kind::Reference { flow: flow.clone() };
            Row::new("product", "product", "Product_Name", kind)
        }
        ProductRule::Code(field) => {
            let path = format!("Product_Name.{field}");
            Row::new("product", "product", path, Kind::Code)
        }
    };
    let mut columns = vec![
        product,
        Row::new(
            "quantity",
            "quantityInSalesUnitOrdered",
            "Quantity",
            number(4),
        ),
        Row::new("price", "netPrice", "List_Price", number(3)),
        Row::new("progress", "progress", "Description", Kind::Text),
    ];
    let more = [
        (
            "delivered",
            "quantityInSalesUnitDelivered",
            &options.delivered_column,
        ),
        (
            "invoiced",
            "quantityInSalesUnitInvoiced",
            &options.invoiced_column,
        ),
    ];
    for (name, left, column) in more {
        if let Some(column) = column {
            columns.push(Row::new(name, left, column.as_str(), number(4)));
        }
    }
    Ok(Lines::new(Mapping::new(columns)?))
}

/// How the orders of both systems find each other: by the number.
#[must_use]
pub fn identity(options: &FulfilmentOptions) -> Identity {
    Identity {
        // No order is made in X3 here, so its key is never used.
        keys: Sides::new(
            KeyRule::compact("id", "ZOHO-"),
            KeyRule::plain(options.number_field.as_str()),
        ),
        matching: Vec::new(),
    }
}

/// X3 is copied to Zoho.
#[must_use]
pub fn policy() -> Policy {
    Policy {
        create: Sides::new(CreateRule::Never, CreateRule::Always),
        mode: Mode::Mirror { owner: Side::Left },
        ..Policy::default()
    }
}

/// The deal whose id an order holds as its key.
#[derive(Clone, Debug)]
struct DealOf(KeyRule);

impl Convert for DealOf {
    fn to_document(&self, side: Side, value: &Value) -> Result<Value, String> {
        if side == Side::Right {
            return Ok(value.clone());
        }
        let order = Document::new().with(self.0.field.clone(), value.clone());
        let deal = self.0.partner_of(&order);
        Ok(deal.map_or(Value::Null, |deal| Value::text(deal.as_str())))
    }

    fn to_record(&self, _side: Side, value: &Value) -> Result<Value, String> {
        Ok(value.clone())
    }
}

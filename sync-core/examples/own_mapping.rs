//! A mapping for a record of your own: orders whose lines name articles, which belong to a customer of another flow.
//!
//! `cargo run -p sync-core --example own_mapping`

use std::sync::Arc;

use rust_decimal::Decimal;
use sync_core::{
    Codes, ConflictRule, Convert, Direction, Document, Kind, Lines, Mapping, MappingError,
    PersonalData, References, Row, Side, Value,
};

/// The right system keeps prices in cents.
#[derive(Debug)]
struct Cents;

impl Convert for Cents {
    fn to_document(&self, side: Side, value: &Value) -> Result<Value, String> {
        match (side, value) {
            (Side::Right, Value::Decimal(cents)) => {
                Ok(Value::Decimal(cents / Decimal::ONE_HUNDRED))
            }
            _ => Ok(value.clone()),
        }
    }

    fn to_record(&self, side: Side, value: &Value) -> Result<Value, String> {
        match (side, value) {
            (Side::Right, Value::Decimal(price)) => {
                let cents = (price * Decimal::ONE_HUNDRED).normalize();
                // A value that does not fit parks its record and names the field. Nothing is rounded to make it fit.
                if cents.is_integer() {
                    Ok(Value::Decimal(cents))
                } else {
                    Err(format!("{price} is not a whole number of cents"))
                }
            }
            _ => Ok(value.clone()),
        }
    }
}

/// One row a field: name, what the left and the right system call it, and how its values are compared.
fn mapping() -> Result<Mapping, MappingError> {
    let line = Mapping::new(vec![
        Row::new("article", "item", "Product_Code", Kind::Code),
        Row::new("quantity", "qty", "Quantity", Kind::Decimal { scale: 3 }),
        Row::new("price", "price", "Unit_Price", Kind::Decimal { scale: 4 })
            .convert(Arc::new(Cents)),
    ])?;
    let customer = Kind::Reference {
        flow: "customers".into(),
    };
    Mapping::new(vec![
        // The left system gives the number; the right one shows it.
        Row::new("number", "orderNumber", "X_Order", Kind::Code).direction(Direction::ToRight),
        // The partner of the customer is looked up; an order waits until its customer has one.
        Row::new("customer", "soldTo", "Account_Name", customer).rule(ConflictRule::Left),
        // Carried over when the order is made, never compared afterwards, and no order is made without any.
        Row::new(
            "lines",
            "lines",
            "Ordered_Items",
            Kind::Lines(Lines::new(line)),
        )
        .direction(Direction::CreateOnly)
        .required(Side::Left),
        Row::new("status", "status", "Stage", Kind::Code)
            .codes(Codes::new([
                ("1", "Open"),
                ("2", "Delivered"),
                ("3", "Invoiced"),
            ]))
            .direction(Direction::ToRight),
        // The last edit wins; a text that is too long for a side parks the order instead of being cut.
        Row::new("contact", "contactName", "Contact", Kind::Text)
            .rule(ConflictRule::Newest)
            .max_length(Side::Left, 35)
            .personal(PersonalData::Name),
    ])
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mapping = mapping()?;
    let line = Document::new()
        .with("Product_Code", "bike")
        .with("Quantity", Value::Decimal(2.into()))
        .with("Unit_Price", Value::Decimal(19_950.into()));
    let deal = Document::new()
        .with(
            "Account_Name",
            Value::Reference("5725767000000500001".into()),
        )
        .with("Ordered_Items", vec![line])
        .with("Stage", "delivered")
        .with("Contact", " Nora \r\n");

    // The engine finds the partners of referenced records in its store; here they are told.
    let mut references = References::new();
    let (left, right) = ("NA001".into(), "5725767000000500001".into());
    references.insert(&"customers".into(), sync_core::Sides::new(&left, &right));

    let document = mapping.project_with(Side::Right, &deal, &references)?;
    assert_eq!(document.get("customer"), Some(&Value::Reference(left)));
    assert_eq!(document.get("status"), Some(&Value::from("2")));
    assert_eq!(document.get("contact"), Some(&Value::from("Nora")));

    let order = mapping.render_with(Side::Left, &document, &references)?;
    let line = Document::new()
        .with("item", "BIKE")
        .with("qty", Value::Decimal(2.into()))
        .with("price", Value::Decimal(Decimal::new(1995, 1)));
    assert_eq!(order.get("lines"), Some(&Value::from(vec![line])));

    // Without its customer's partner the order waits, and the error says for which record.
    let waits = mapping.project(Side::Right, &deal).err();
    let parent = waits.and_then(|error| error.missing);
    assert_eq!(parent.map(|parent| parent.id), Some(right));
    Ok(())
}

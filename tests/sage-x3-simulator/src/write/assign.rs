//! One member of an input into one column of a row, with the controls X3 makes of it.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::diagnose::Diagnose;
use crate::json::Json;
use crate::model::{Kind, Model, Part, Property, Source};
use crate::record::key_of;
use crate::store::{Row, Store, Value};

/// Sets the column of a property; says whether that changed anything. `path` is where the member stands in the input.
pub(crate) fn assign(
    row: &mut Row,
    property: &Property,
    value: &Json,
    store: &Store,
    model: &Model,
    path: &[&str],
) -> Result<bool, Diagnose> {
    let refuse = |message: String| {
        Err(Diagnose::error(
            format!("{}: {message}", property.name),
            path,
        ))
    };
    let column: Cow<'static, str> = match (&property.source, &property.kind) {
        (Source::Column(column), _) => column.clone(),
        (Source::Joined { column, .. }, _) => Cow::Borrowed(*column),
        (Source::Structure, Kind::Reference { key, .. }) => match key.last() {
            Some(Part::Column(column)) => Cow::Borrowed(*column),
            _ => return refuse("is not writable".to_owned()),
        },
        (Source::Structure | Source::Computed(_), _) => {
            return refuse("is not writable".to_owned());
        }
    };
    if property.computed {
        return refuse("is not writable".to_owned());
    }
    let text = |value: &Json| value.as_str().unwrap_or_default().trim_end().to_owned();
    let stored = match (&property.kind, value) {
        (_, Json::Null) => Value::Text(String::new()),
        (Kind::Text { max }, Json::Text(_)) => {
            let text = text(value);
            if text.chars().count() > *max {
                return refuse(format!("Value too long, {max} characters at most"));
            }
            Value::Text(text)
        }
        (Kind::Stream { max }, Json::Object(_)) => {
            let text = text(value.get("value").unwrap_or(&Json::Null));
            if text.chars().count() > *max {
                return refuse(format!("Value too long, {max} characters at most"));
            }
            Value::Text(text)
        }
        (Kind::Int, Json::Number(digits)) => match digits.parse() {
            Ok(number) => Value::Int(number),
            Err(_) => return refuse("Incorrect number".to_owned()),
        },
        (Kind::Decimal, Json::Number(digits) | Json::Text(digits)) => match decimal(digits) {
            Some(number) => Value::Decimal(number),
            None => return refuse("Incorrect number".to_owned()),
        },
        (Kind::Boolean, Json::Bool(flag)) => Value::Int(if *flag { 2 } else { 1 }),
        (Kind::Date, Json::Text(text)) => match text.parse() {
            Ok(date) => Value::Date(date),
            Err(_) if text.is_empty() => Value::Text(String::new()),
            Err(_) => return refuse(format!("Incorrect date {text}")),
        },
        (Kind::Menu(menu), Json::Text(member)) => match menu.number(member) {
            Some(number) => Value::Int(number),
            None => return refuse(format!("Incorrect value {member}")),
        },
        (Kind::Reference { node, key }, Json::Text(code)) => {
            let with = pointed(row, key, code);
            let table = model.node(node).map_or("", |node| node.table);
            if !code.is_empty() && store.table(table).get(&key_of(&with, key)).is_none() {
                return refuse(format!("{code} : Record does not exist"));
            }
            let changed = with != *row;
            *row = with;
            return Ok(changed);
        }
        (_, other) => return refuse(format!("Incorrect value {}", other.print())),
    };
    Ok(row.set(column, stored))
}

/// The row with the columns of a reference set: the last one always, those before it when they were empty.
fn pointed(row: &Row, key: &[Part], code: &str) -> Row {
    let mut with = row.clone();
    let mut parts = code.rsplit('|');
    for (place, part) in key.iter().rev().enumerate() {
        let (Part::Column(column), Some(text)) = (part, parts.next()) else {
            continue;
        };
        if place == 0 || with.get(column).is_none() {
            with.set(Cow::Borrowed(*column), Value::Text(text.to_owned()));
        }
    }
    with
}

/// A decimal as the database holds it: 27 digits, 13 of them after the point (reference: 4.8).
fn decimal(text: &str) -> Option<Decimal> {
    let number = Decimal::from_str_exact(text)
        .or_else(|_| Decimal::from_scientific(text))
        .ok()?;
    let whole = number.trunc().abs();
    (whole < Decimal::from(100_000_000_000_000_i64)).then(|| number.round_dp(13).normalize())
}

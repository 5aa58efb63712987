//! What Zoho computes on lines and orders (reference: zoho-crm-v8 section 4.2). Amounts are exact decimals, rounded half
//! away from zero to cents where a percentage or a division may leave more digits.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::json::Json;
use crate::schema::Module;
use crate::store::{Line, Record};
use crate::world::World;

fn cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

fn number(values: &BTreeMap<String, Json>, field: &str) -> Option<Decimal> {
    values.get(field)?.as_decimal()
}

/// Fills in a line's price from its product, its position, and its computed amounts.
pub(super) fn complete_line(world: &World, line: &mut Line, position: usize) {
    let product = line
        .values
        .get("Product_Name")
        .and_then(Json::as_str)
        .and_then(|id| id.parse().ok());
    let product = product.and_then(|id| world.store.record("Products", id));
    let unit_price = product
        .map(|product| product.value("Unit_Price").clone())
        .unwrap_or_default();
    let values = &mut line.values;
    let is_missing =
        |values: &BTreeMap<String, Json>, field: &str| values.get(field).is_none_or(Json::is_null);
    if is_missing(values, "Quantity") {
        values.insert("Quantity".into(), Json::from(1));
    }
    if is_missing(values, "List_Price") {
        let price = if unit_price.is_null() {
            Json::from(0)
        } else {
            unit_price.clone()
        };
        values.insert("List_Price".into(), price);
    }
    if is_missing(values, "Sequence_Number") {
        values.insert("Sequence_Number".into(), Json::from(position));
    }
    values.insert("Unit_Price".into(), unit_price);
    let quantity = number(values, "Quantity").unwrap_or_default();
    let price = number(values, "List_Price").unwrap_or_default();
    let total = quantity.checked_mul(price).unwrap_or_default();
    let discount = discount(values.get("Discount").and_then(Json::as_str), total);
    let after = total - discount;
    let tax = cents(line_tax(values.get("Line_Tax"), after));
    for (field, amount) in [
        ("Total", total),
        ("Total_After_Discount", after),
        ("Tax", tax),
        ("Net_Total", after + tax),
    ] {
        values.insert(field.into(), Json::from(amount));
    }
}

/// A discount is an amount, or a percentage when it ends in `%`.
fn discount(text: Option<&str>, total: Decimal) -> Decimal {
    let Some(text) = text.map(str::trim) else {
        return Decimal::ZERO;
    };
    match text.strip_suffix('%') {
        Some(percent) => {
            let percent: Decimal = percent.trim().parse().unwrap_or_default();
            cents(total * percent / Decimal::ONE_HUNDRED)
        }
        None => text.parse().unwrap_or_default(),
    }
}

fn line_tax(taxes: Option<&Json>, base: Decimal) -> Decimal {
    let taxes = taxes.and_then(Json::as_array).unwrap_or_default();
    taxes
        .iter()
        .filter_map(|tax| tax.get("percentage").and_then(Json::as_decimal))
        .map(|percent| base * percent / Decimal::ONE_HUNDRED)
        .sum()
}

/// Sub_Total and Grand_Total of a record with lines.
pub(super) fn complete_record(module: &Module, record: &mut Record) {
    if module.field("Grand_Total").is_none() {
        return;
    }
    let lines = record.lines.values().flatten();
    let sub_total: Decimal = lines
        .filter_map(|line| number(&line.values, "Net_Total"))
        .sum();
    let of = |field: &str| number(&record.values, field).unwrap_or_default();
    let grand_total = sub_total - of("Discount") + of("Tax") + of("Adjustment");
    record
        .values
        .insert("Sub_Total".into(), Json::from(sub_total));
    record
        .values
        .insert("Grand_Total".into(), Json::from(grand_total));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_discount_is_an_amount_or_a_percentage() {
        let total = Decimal::new(20_000, 2);
        assert_eq!(discount(Some("5"), total), Decimal::from(5));
        assert_eq!(discount(Some("5%"), total), Decimal::from(10));
        assert_eq!(discount(None, total), Decimal::ZERO);
    }
}

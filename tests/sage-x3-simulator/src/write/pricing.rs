//! Prices, taxes and amounts of a line (reference: 4.8, 4.9).
//!
//! A discount is a percentage of what the discounts before it left; a negative one is a charge.

use std::borrow::Cow;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::model::DISCOUNTS;
use crate::store::{Row, Store, Value, join_key};

/// Unit prices have three decimals (reference: 4.8, GROPRI).
const PRICE_SCALE: u32 = 3;

/// Rounds half away from zero, as invoices do.
pub(super) fn rounded(amount: Decimal, scale: u32) -> Decimal {
    amount.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero)
}

pub(super) fn set_decimal(row: &mut Row, column: &'static str, value: Decimal) -> bool {
    row.set(Cow::Borrowed(column), Value::Decimal(value.normalize()))
}

/// Decimals of a currency.
pub(super) fn scale_of(store: &Store, currency: &str) -> u32 {
    let row = store.table("TABCUR").get(currency);
    row.and_then(|row| u32::try_from(row.int("DECNBR")).ok())
        .unwrap_or(2)
}

/// What one unit of the currency is worth in the company's; 1 where no rate is kept.
pub(super) fn rate_of(store: &Store, currency: &str, company_currency: &str) -> Decimal {
    store
        .table("TABCHANGE")
        .get(&join_key([currency, company_currency]))
        .map_or(Decimal::ONE, |row| row.decimal("CHGRAT"))
}

/// The price of one sales unit: from the customer's price list, else the product's base price.
pub(super) fn list_price(store: &Store, customer: &str, product: &str, rate: Decimal) -> Decimal {
    if let Some(row) = store.table("SPRICLIST").get(&join_key([customer, product])) {
        return row.decimal("PRI");
    }
    let base = store
        .table("ITMSALES")
        .get(product)
        .map_or(Decimal::ZERO, |row| row.decimal("BASPRI"));
    rounded(base.checked_div(rate).unwrap_or(base), PRICE_SCALE)
}

/// Works out net prices and the tax of a line from its gross price and discounts.
pub(super) fn price_line(store: &Store, line: &mut Row, tax_rule: &str, price_type: i64) {
    let mut net = line.decimal("GROPRI");
    for (_, column) in DISCOUNTS {
        net -= net * line.decimal(column) / Decimal::ONE_HUNDRED;
    }
    let net = rounded(net, PRICE_SCALE);
    let tax = tax_of(store, tax_rule, line.text("VACITM_0"));
    let factor = Decimal::ONE + rate_of_tax(store, &tax) / Decimal::ONE_HUNDRED;
    let (excluding, including) = if price_type == 2 {
        (net.checked_div(factor).unwrap_or(net), net)
    } else {
        (net, net * factor)
    };
    line.set(Cow::Borrowed("VAT_0"), Value::Text(tax));
    set_decimal(line, "NETPRI", net);
    set_decimal(line, "NETPRINOT", rounded(excluding, PRICE_SCALE));
    set_decimal(line, "NETPRIATI", rounded(including, PRICE_SCALE));
    set_decimal(
        line,
        "PFM",
        rounded(excluding, PRICE_SCALE) - line.decimal("CPRPRI"),
    );
}

/// The tax that a rule and a level make (TABVATDET).
fn tax_of(store: &Store, rule: &str, level: &str) -> String {
    store
        .table("TABVATDET")
        .get(&join_key([rule, level]))
        .map(|row| row.text("VAT").to_owned())
        .unwrap_or_default()
}

pub(super) fn rate_of_tax(store: &Store, tax: &str) -> Decimal {
    store
        .table("TABVAT")
        .get(tax)
        .map_or(Decimal::ZERO, |row| row.decimal("VATRAT"))
}

/// An amount without and with tax.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Amount {
    pub(super) excluding: Decimal,
    pub(super) including: Decimal,
}

impl std::ops::AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.excluding += other.excluding;
        self.including += other.including;
    }
}

/// What a quantity of a line costs.
pub(super) fn amount_of(
    store: &Store,
    line: &Row,
    quantity: Decimal,
    price_type: i64,
    scale: u32,
) -> Amount {
    let rate = rate_of_tax(store, line.text("VAT_0")) / Decimal::ONE_HUNDRED;
    if price_type == 2 {
        let including = rounded(quantity * line.decimal("NETPRIATI"), scale);
        let excluding = including
            .checked_div(Decimal::ONE + rate)
            .map_or(including, |amount| rounded(amount, scale));
        return Amount {
            excluding,
            including,
        };
    }
    let excluding = rounded(quantity * line.decimal("NETPRINOT"), scale);
    Amount {
        excluding,
        including: excluding + rounded(excluding * rate, scale),
    }
}

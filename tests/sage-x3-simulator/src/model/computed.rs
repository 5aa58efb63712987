//! Properties that are worked out when they are read.

use rust_decimal::Decimal;

use crate::record::{Record, Scalar, View};
use crate::write::credit;

/// What a customer owes and has ordered, in company currency.
pub(super) fn credit_level(view: View<'_>, customer: &Record) -> Scalar {
    Scalar::Number(credit::outstanding(view.store, customer.row.text("BPCNUM")))
}

pub(super) fn stock_rows(view: View<'_>, product_site: &Record) -> Scalar {
    Scalar::Number(Decimal::from(stock_of(view, product_site).len()))
}

pub(super) fn stock_sum(view: View<'_>, product_site: &Record) -> Scalar {
    Scalar::Number(stock_of(view, product_site).iter().sum())
}

fn stock_of(view: View<'_>, product_site: &Record) -> Vec<Decimal> {
    let product = product_site.row.text("ITMREF");
    let prefix = format!("{}|", product_site.row.text("STOFCY"));
    let rows = view.store.table("STOCK").rows_under(&prefix);
    rows.filter(|(_, row)| row.text("ITMREF") == product)
        .map(|(_, row)| row.decimal("QTYSTU"))
        .collect()
}

//! An invoice's amounts, and that they add up.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::value::{Document, Value};

/// A line of an invoice, as far as accounting needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvoiceLine {
    /// The product's code.
    pub product: String,
    /// The product's category.
    pub category: String,
    /// Names of the taxes on it.
    pub taxes: Vec<String>,
    /// After its discount, before tax.
    pub net: Decimal,
    /// Per cent of its taxes together; none where Zoho does not say.
    pub rate: Option<Decimal>,
    /// Sum of its taxes.
    pub tax: Decimal,
    /// What it says.
    pub text: String,
}

/// An invoice's amounts, in its currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvoiceAmounts {
    /// The lines.
    pub lines: Vec<InvoiceLine>,
    /// Discount on the whole.
    pub discount: Decimal,
    /// Tax on the whole, beside the taxes of the lines.
    pub tax: Decimal,
    /// What is added or, if negative, taken off at the end.
    pub adjustment: Decimal,
    /// What is to be paid.
    pub total: Decimal,
}

/// Amounts that do not add up to the total.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "lines {lines}, their taxes {taxes}, discount {discount}, tax on the whole {tax} and adjustment {adjustment} make {sum}, \
     but the total is {total}: a difference of {}",
    .total - .sum
)]
pub struct OutOfBalance {
    /// Sum of the lines.
    pub lines: Decimal,
    /// Sum of their taxes.
    pub taxes: Decimal,
    /// Discount on the whole.
    pub discount: Decimal,
    /// Tax on the whole.
    pub tax: Decimal,
    /// Adjustment.
    pub adjustment: Decimal,
    /// What they make.
    pub sum: Decimal,
    /// What they should make.
    pub total: Decimal,
}

impl InvoiceAmounts {
    /// The amounts, each rounded by itself to `decimals`, half away from zero.
    #[must_use]
    pub fn rounded(&self, decimals: u32) -> Self {
        let round = |amount: Decimal| rounded(amount, decimals);
        let line = |line: &InvoiceLine| InvoiceLine {
            net: round(line.net),
            tax: round(line.tax),
            ..line.clone()
        };
        Self {
            lines: self.lines.iter().map(line).collect(),
            discount: round(self.discount),
            tax: round(self.tax),
            adjustment: round(self.adjustment),
            total: round(self.total),
        }
    }

    /// Whether lines, taxes, discount and adjustment make the total, to the last decimal.
    ///
    /// # Errors
    /// [`OutOfBalance`] with all of them.
    pub fn check_balance(&self) -> Result<(), OutOfBalance> {
        let sum = |amount: fn(&InvoiceLine) -> Decimal| -> Decimal {
            self.lines.iter().map(amount).sum()
        };
        let (lines, taxes) = (sum(|line| line.net), sum(|line| line.tax));
        let sum = lines + taxes - self.discount + self.tax + self.adjustment;
        if sum == self.total {
            return Ok(());
        }
        Err(OutOfBalance {
            lines,
            taxes,
            discount: self.discount,
            tax: self.tax,
            adjustment: self.adjustment,
            sum,
            total: self.total,
        })
    }
}

/// `amount` with so many decimals, half away from zero.
pub(super) fn rounded(amount: Decimal, decimals: u32) -> Decimal {
    let mut rounded =
        amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    // As people write it, trailing zeros included.
    rounded.rescale(decimals);
    rounded
}

/// The text of a field, without surrounding blanks; empty if there is none.
pub(super) fn text_in(document: &Document, field: &str) -> String {
    let text = document.get(field).and_then(Value::as_text);
    text.unwrap_or_default().trim().to_owned()
}

/// The number in a field.
pub(super) fn amount_in(document: &Document, field: &str) -> Option<Decimal> {
    match document.get(field) {
        Some(Value::Decimal(amount)) => Some(*amount),
        _ => None,
    }
}

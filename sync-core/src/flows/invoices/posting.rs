//! From an invoice of Zoho to lines on accounts of X3.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use rust_decimal::Decimal;

use super::{
    accounts::{AccountCase, AccountTable, LedgerAccount, Part},
    amounts::{InvoiceAmounts, InvoiceLine, OutOfBalance, amount_in, text_in},
    source::PostableSettings,
};
use crate::{
    mapping::{Codes, Convert, MissingCode},
    side::Side,
    value::{Document, Value},
};

/// Names of the members of an invoice that is to be posted. [`PostableInvoices`](super::PostableInvoices) makes them.
pub(super) mod member {
    pub(in super::super) const SITE: &str = "site";
    pub(in super::super) const CURRENCY: &str = "currency";
    pub(in super::super) const STATUS: &str = "status";
    pub(in super::super) const READY: &str = "ready";
    pub(in super::super) const LINES: &str = "lines";
    pub(in super::super) const DISCOUNT: &str = "discount";
    pub(in super::super) const TAX: &str = "tax";
    pub(in super::super) const ADJUSTMENT: &str = "adjustment";
    pub(in super::super) const TOTAL: &str = "total";
    pub(in super::super) const PRODUCT: &str = "product";
    pub(in super::super) const CATEGORY: &str = "category";
    pub(in super::super) const TAXES: &str = "taxes";
    pub(in super::super) const RATE: &str = "rate";
    pub(in super::super) const NET: &str = "net";
    pub(in super::super) const TEXT: &str = "text";
    pub(in super::super) const ACCOUNT: &str = "account";
    pub(in super::super) const AMOUNT: &str = "amount";
}

/// What parts the names of a line that bears several taxes, in the table of taxes: `CGST + SGST`.
const TAXES_TOGETHER: &str = " + ";

/// The rules by which invoices become lines on accounts.
#[derive(Clone, Debug, Default)]
pub struct PostingRules {
    /// Which account each amount goes to.
    pub accounts: AccountTable,
    /// X3's codes of taxes and their names in Zoho. A line with several taxes is looked up by all their names in order of
    /// the alphabet, with ` + ` between them.
    pub taxes: Codes,
    /// What X3's taxes are in per cent, by code, as far as they are to be compared with Zoho's before anything is posted. X3
    /// publishes a node `tax`, but not what it holds, and keeps rates by date: so they are stated here.
    pub rates: BTreeMap<String, Decimal>,
    /// X3's code for lines without tax. `None`: they are posted without one.
    pub untaxed: Option<String>,
    /// Which invoices are posted, and how they are read. With other settings parked invoices are looked at again.
    pub source: PostableSettings,
}

/// Why an invoice cannot be posted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PostingProblem {
    /// No row of the table of accounts is for an amount.
    #[error("no account for {0}: add a row for it to the table of accounts")]
    NoAccount(AccountCase),
    /// A table lacks a code.
    #[error("`{}` is not in the table of {}", .0.code, .0.table)]
    NoCode(MissingCode),
    /// A tax is not the same in both systems.
    #[error(
        "tax `{tax}` is {x3} % in X3, and the line bears {zoho} % in Zoho: correct the tax, or the table of taxes"
    )]
    TaxRate {
        /// X3's code.
        tax: String,
        /// Per cent in X3.
        x3: Decimal,
        /// Per cent in Zoho.
        zoho: Decimal,
    },
    /// It is a credit.
    #[error(
        "its total is {0}: X3 takes a credit as a credit memo and not as an invoice, so make it there and dismiss this, or \
         correct the amounts"
    )]
    Credit(Decimal),
    /// Its amounts do not add up.
    #[error(transparent)]
    OutOfBalance(OutOfBalance),
    /// A line lacks what it is posted by.
    #[error("line {line}: {what}")]
    Line {
        /// Its place, from 1.
        line: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// It was posted, and is not to be posted any more.
    #[error(
        "it was posted to X3, and its status is `{0}` now: correct X3 by a credit note, or give it back the status that it had"
    )]
    Withdrawn(String),
}

/// All that keeps an invoice from being posted, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Problems(Vec<PostingProblem>);

impl Problems {
    fn add(&mut self, problem: PostingProblem) {
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index > 0 { "; " } else { "" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

/// An amount on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Posted {
    /// Where.
    pub account: LedgerAccount,
    /// How much, before tax. Negative for what is taken off.
    pub amount: Decimal,
    /// X3's code of the tax on it.
    pub tax: Option<String>,
    /// What the line says.
    pub text: String,
}

impl PostingRules {
    /// The lines that an invoice of `site` in `currency` is posted as: one for each line with an amount, then discount, tax
    /// and adjustment on the whole, as far as there are any. Each amount is rounded by itself to the decimals of the
    /// currency, half away from zero; then all must add up to the total. Nothing is adjusted to make them.
    ///
    /// # Errors
    /// Everything that is in the way, each once.
    pub fn post(
        &self,
        invoice: &InvoiceAmounts,
        currency: &str,
        site: &str,
    ) -> Result<Vec<Posted>, Vec<PostingProblem>> {
        let mut problems = Problems::default();
        let posted = self.lines(invoice, currency, site, &mut problems);
        if problems.0.is_empty() {
            Ok(posted)
        } else {
            Err(problems.0)
        }
    }

    fn lines(
        &self,
        invoice: &InvoiceAmounts,
        currency: &str,
        site: &str,
        problems: &mut Problems,
    ) -> Vec<Posted> {
        let invoice = without_repeated_tax(invoice.rounded(self.source.decimals.of(currency)));
        if let Err(difference) = invoice.check_balance() {
            problems.add(PostingProblem::OutOfBalance(difference));
        }
        if invoice.total.is_sign_negative() && !invoice.total.is_zero() {
            problems.add(PostingProblem::Credit(invoice.total));
        }
        let site = self.site(site, problems);
        let mut posted = Vec::new();
        for line in &invoice.lines {
            let tax = self.tax(line, problems);
            self.check_rate(line, tax.as_deref(), problems);
            let case = AccountCase {
                part: Part::Line,
                product: line.product.clone(),
                category: line.category.clone(),
                tax: tax.clone().unwrap_or_default(),
                site: site.clone(),
            };
            posted.extend(self.on_account(case, line.net, tax, line.text.clone(), problems));
        }
        let whole = [
            (Part::Discount, -invoice.discount),
            (Part::Tax, invoice.tax),
            (Part::Adjustment, invoice.adjustment),
        ];
        for (part, amount) in whole {
            let case = AccountCase {
                part,
                site: site.clone(),
                ..AccountCase::default()
            };
            posted.extend(self.on_account(case, amount, None, part.to_string(), problems));
        }
        posted
    }

    /// An amount on its account; nothing if there is no amount.
    fn on_account(
        &self,
        case: AccountCase,
        amount: Decimal,
        tax: Option<String>,
        text: String,
        problems: &mut Problems,
    ) -> Option<Posted> {
        if amount.is_zero() {
            return None;
        }
        let Some(account) = self.accounts.account_for(&case) else {
            problems.add(PostingProblem::NoAccount(case));
            return None;
        };
        Some(Posted {
            account: account.clone(),
            amount: amount.normalize(),
            tax,
            text,
        })
    }

    fn site(&self, site: &str, problems: &mut Problems) -> String {
        if site.trim().is_empty() {
            return String::new();
        }
        self.left_of(&self.source.sites, "sites", site, problems)
            .unwrap_or_default()
    }

    /// X3's code of the tax on a line.
    fn tax(&self, line: &InvoiceLine, problems: &mut Problems) -> Option<String> {
        if line.taxes.is_empty() {
            return self.untaxed.clone();
        }
        let names: BTreeSet<&str> = line.taxes.iter().map(|name| name.trim()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        self.left_of(&self.taxes, "taxes", &names.join(TAXES_TOGETHER), problems)
    }

    /// The tax in per cent must be the same in both systems, as far as both say what it is.
    fn check_rate(&self, line: &InvoiceLine, tax: Option<&str>, problems: &mut Problems) {
        let (Some(tax), Some(zoho)) = (tax, line.rate) else {
            return;
        };
        let mut rates = self.rates.iter();
        let known = rates.find(|(code, _)| code.trim().eq_ignore_ascii_case(tax));
        if let Some((code, x3)) = known.filter(|(_, x3)| **x3 != zoho) {
            problems.add(PostingProblem::TaxRate {
                tax: code.clone(),
                x3: x3.normalize(),
                zoho: zoho.normalize(),
            });
        }
    }

    fn left_of(
        &self,
        codes: &Codes,
        table: &str,
        right: &str,
        problems: &mut Problems,
    ) -> Option<String> {
        let left = codes.left_of(right);
        if left.is_none() {
            problems.add(PostingProblem::NoCode(MissingCode {
                table: codes.name().unwrap_or(table).to_owned(),
                side: Side::Right,
                code: right.trim().to_owned(),
            }));
        }
        left
    }

    /// The lines for an invoice as [`PostableInvoices`](super::PostableInvoices) gives it.
    fn posted(&self, invoice: &Document) -> Result<Vec<Posted>, Problems> {
        let mut problems = Problems::default();
        if invoice.get(member::READY) == Some(&Value::Boolean(false)) {
            problems.add(PostingProblem::Withdrawn(text_in(invoice, member::STATUS)));
            return Err(problems);
        }
        let amounts = amounts(invoice, &mut problems);
        let (currency, site) = (
            text_in(invoice, member::CURRENCY),
            text_in(invoice, member::SITE),
        );
        let posted = self.lines(&amounts, &currency, &site, &mut problems);
        if problems.0.is_empty() {
            Ok(posted)
        } else {
            Err(problems)
        }
    }
}

/// Some organisations repeat the sum of the lines' taxes as the invoice's; then it is no tax beside them.
fn without_repeated_tax(invoice: InvoiceAmounts) -> InvoiceAmounts {
    let of_lines: Decimal = invoice.lines.iter().map(|line| line.tax).sum();
    if invoice.tax.is_zero() || invoice.tax != of_lines || invoice.check_balance().is_ok() {
        return invoice;
    }
    let without = InvoiceAmounts {
        tax: Decimal::ZERO,
        ..invoice.clone()
    };
    match without.check_balance() {
        Ok(()) => without,
        Err(_) => invoice,
    }
}

impl Convert for PostingRules {
    fn to_document(&self, side: Side, value: &Value) -> Result<Value, String> {
        let (Side::Right, Value::Fields(invoice)) = (side, value) else {
            return Ok(value.clone());
        };
        let posted = self
            .posted(invoice)
            .map_err(|problems| problems.to_string())?;
        Ok(Value::List(posted.into_iter().map(line_of).collect()))
    }

    fn to_record(&self, _side: Side, value: &Value) -> Result<Value, String> {
        Ok(value.clone())
    }

    fn missing_codes(&self, side: Side, value: &Value) -> Vec<MissingCode> {
        let (Side::Right, Value::Fields(invoice)) = (side, value) else {
            return Vec::new();
        };
        let problems = self
            .posted(invoice)
            .err()
            .map_or_else(Vec::new, |problems| problems.0);
        let missing = problems.into_iter().filter_map(|problem| match problem {
            PostingProblem::NoCode(code) => Some(code),
            PostingProblem::NoAccount(case) => Some(MissingCode {
                table: "accounts".to_owned(),
                side,
                code: case.to_string(),
            }),
            _ => None,
        });
        missing.collect()
    }
}

fn line_of(posted: Posted) -> Value {
    let line = Document::new()
        .with(member::ACCOUNT, posted.account.to_string())
        .with(member::AMOUNT, posted.amount)
        .with(member::TAX, posted.tax)
        .with(member::TEXT, posted.text);
    Value::Fields(line)
}

fn amounts(invoice: &Document, problems: &mut Problems) -> InvoiceAmounts {
    let mut lines = Vec::new();
    if let Some(Value::List(values)) = invoice.get(member::LINES) {
        for (value, number) in values.iter().zip(1..) {
            match line(value) {
                Ok(line) => lines.push(line),
                Err(what) => problems.add(PostingProblem::Line { line: number, what }),
            }
        }
    }
    InvoiceAmounts {
        lines,
        discount: amount_in(invoice, member::DISCOUNT).unwrap_or_default(),
        tax: amount_in(invoice, member::TAX).unwrap_or_default(),
        adjustment: amount_in(invoice, member::ADJUSTMENT).unwrap_or_default(),
        total: amount_in(invoice, member::TOTAL).unwrap_or_default(),
    }
}

fn line(value: &Value) -> Result<InvoiceLine, &'static str> {
    let Value::Fields(line) = value else {
        return Err("it is no group of fields");
    };
    let taxes: &[Value] = match line.get(member::TAXES) {
        Some(Value::List(names)) => names,
        _ => &[],
    };
    let taxes = taxes.iter().filter_map(Value::as_text);
    Ok(InvoiceLine {
        product: text_in(line, member::PRODUCT),
        category: text_in(line, member::CATEGORY),
        taxes: taxes.map(str::to_owned).collect(),
        rate: amount_in(line, member::RATE),
        net: amount_in(line, member::NET).ok_or("it has no amount")?,
        tax: amount_in(line, member::TAX).unwrap_or_default(),
        text: text_in(line, member::TEXT),
    })
}

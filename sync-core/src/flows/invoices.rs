//! Invoices, either way: X3's sales invoices [shown in Zoho](to_zoho), or Zoho's invoices [posted in X3](to_x3).
//!
//! # Posting
//!
//! Each amount of an invoice finds its account in a [table](AccountTable) by product, category, tax and site; the most
//! specific row wins. Amounts are rounded to the decimals of the invoice's currency, each by itself and half away from zero,
//! and must then add up: lines + their taxes − discount + tax on the whole + adjustment = total. An invoice that does not
//! add up, or has an amount without an account, is parked with what is wrong, and posted once by itself when the table has
//! been put right.

mod accounts;
mod amounts;
mod posting;
mod source;
pub mod to_x3;
pub mod to_zoho;

pub use self::{
    accounts::{AccountCase, AccountRule, AccountTable, AccountTableError, LedgerAccount, Part},
    amounts::{InvoiceAmounts, InvoiceLine, OutOfBalance},
    posting::{Posted, PostingProblem, PostingRules},
    source::{Changed, LINES, LineText, PostableInvoices, PostableSettings},
};

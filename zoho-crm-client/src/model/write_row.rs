//! What can be written as a row.

use serde::Serialize;

use super::Record;

/// A row that can be inserted, updated or upserted: a [`Record`], a type that [`zoho_model!`](crate::zoho_model)
/// declares, or one of yours that serializes to a JSON object with the module's API names as keys. Each row is encoded
/// once, so your own type is the fastest way to write:
///
/// ```
/// use zoho_crm_client::{ExactDecimal, WriteRow, ZohoClient};
///
/// #[derive(serde::Serialize)]
/// struct Debtor {
///     #[serde(rename = "X3_Code")]
///     code: String,
///     #[serde(rename = "Open_Amount")]
///     open: Option<ExactDecimal>,
/// }
///
/// impl WriteRow for Debtor {}
///
/// # async fn write(zoho: ZohoClient, debtors: &[Debtor]) -> Result<(), Box<dyn std::error::Error>> {
/// let upsert = zoho.module("Accounts").upsert(debtors);
/// let outcomes = upsert.duplicate_check_fields(["X3_Code"]).send().await?;
/// # let _ = outcomes.all_ok()?;
/// # Ok(())
/// # }
/// ```
///
/// `None` is written as `null`, which empties the field; skip what is to be left alone
/// (`#[serde(skip_serializing_if = "Option::is_none")]`).
pub trait WriteRow: Serialize {
    /// Keys that are left out although they serialize. Default: none.
    #[must_use]
    fn left_out() -> &'static [&'static str] {
        &[]
    }
}

impl WriteRow for Record {}

impl<T: WriteRow> WriteRow for &T {
    fn left_out() -> &'static [&'static str] {
        T::left_out()
    }
}

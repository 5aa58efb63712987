//! Credit of X3 customers, shown on Zoho accounts.
//!
//! These rows belong to the same pairs as flow [`customers`](super::customers): one record pair has one flow, so that no
//! two flows write one record, and a balance that moves is one row of one write like any other change of a customer.
//!
//! | row | X3 | Zoho | direction |
//! |---|---|---|---|
//! | `credit_limit` | `authorizedCreditAmount` | `X3_Credit_Limit` | to Zoho; in the customers' table already |
//! | `credit_status` | `creditControl` | `X3_Credit_Status` | to Zoho |
//! | `credit_balance` | `creditLevelTotal` | `X3_Credit_Balance` | to Zoho, with a balance |
//!
//! Page: `docs/flows/credit.md` of this crate.

use crate::mapping::{Codes, Direction, Kind, Mapping, MappingError, Row};

/// What is shown of a customer's credit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CreditOptions {
    /// Zoho's field for the status.
    pub zoho_status_field: String,
    /// Members of X3's enumeration and what Zoho's field says. Others park their records.
    pub statuses: Codes,
    /// Whether the open amount is shown. X3's endpoint must then read it: `CustomerSettings::with_balance`.
    pub balance: bool,
    /// Zoho's field for the open amount.
    pub zoho_balance_field: String,
    /// Decimals of amounts.
    pub amount_scale: u32,
}

impl Default for CreditOptions {
    /// `X3_Credit_Status` with `Checked`, `Not checked` and `On hold`; the balance in `X3_Credit_Balance`, 2 decimals.
    fn default() -> Self {
        Self {
            zoho_status_field: "X3_Credit_Status".to_owned(),
            statuses: Codes::new([
                ("check", "Checked"),
                ("noCheck", "Not checked"),
                ("hold", "On hold"),
            ]),
            balance: true,
            zoho_balance_field: "X3_Credit_Balance".to_owned(),
            amount_scale: 2,
        }
    }
}

/// The customers' table with the rows above.
///
/// # Errors
/// [`MappingError`] when another row writes one of the fields.
pub fn add_to(customers: Mapping, options: &CreditOptions) -> Result<Mapping, MappingError> {
    let shown = |name: &str, left: &str, right: &str, kind| {
        Row::new(name, left, right, kind).direction(Direction::ToRight)
    };
    let status = options.zoho_status_field.as_str();
    let mapping = customers.with(
        shown("credit_status", "creditControl", status, Kind::Code).codes(options.statuses.clone()),
    )?;
    if !options.balance {
        return Ok(mapping);
    }
    let amount = Kind::Decimal {
        scale: options.amount_scale,
    };
    let balance = options.zoho_balance_field.as_str();
    mapping.with(shown("credit_balance", "creditLevelTotal", balance, amount))
}

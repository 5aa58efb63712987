//! Credit of X3 customers on Zoho accounts: rows of flow `customers`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{
    Mapping,
    flows::credit::{self, CreditOptions},
    x3::CustomerSettings,
};

use super::wiring;
use crate::{config::Config, failure::Failure};

/// Credit status and balance of X3 customers on Zoho accounts. The limit is there anyway.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CreditConfig {
    /// Whether they are shown.
    pub(crate) enabled: bool,
    /// Whether the open amount is shown, which X3 must publish (`creditLevelTotal` of node `Customer`).
    pub(crate) balance: bool,
    /// Zoho's field for the open amount; `X3_Credit_Balance` unless said otherwise.
    pub(crate) zoho_balance_field: Option<String>,
    /// Zoho's field for the status; `X3_Credit_Status` unless said otherwise.
    pub(crate) zoho_status_field: Option<String>,
    /// Member of X3's enumeration = what Zoho's field says, in place of the standard words.
    pub(crate) statuses: BTreeMap<String, String>,
}

impl Default for CreditConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            balance: true,
            zoho_balance_field: None,
            zoho_status_field: None,
            statuses: BTreeMap::new(),
        }
    }
}

impl CreditConfig {
    fn options(&self) -> CreditOptions {
        let mut options = CreditOptions::default();
        options.balance = self.balance;
        if let Some(field) = &self.zoho_balance_field {
            options.zoho_balance_field.clone_from(field);
        }
        if let Some(field) = &self.zoho_status_field {
            options.zoho_status_field.clone_from(field);
        }
        if let Some(statuses) = wiring::codes("statuses", &self.statuses) {
            options.statuses = statuses;
        }
        options
    }
}

/// The customers' table with credit, if the configuration asks for it.
pub(super) fn add_rows(config: &Config, customers: Mapping) -> Result<Mapping, Failure> {
    match wanted(config) {
        Some(credit) => credit::add_to(customers, &credit.options())
            .map_err(|error| config.wrong("credit", error)),
        None => Ok(customers),
    }
}

/// Customers with what credit needs of X3, if the configuration asks for it.
pub(super) fn add_settings(config: &Config, settings: CustomerSettings) -> CustomerSettings {
    if wanted(config).is_some_and(|credit| credit.balance) {
        settings.with_balance()
    } else {
        settings
    }
}

fn wanted(config: &Config) -> Option<&CreditConfig> {
    config.credit.as_ref().filter(|credit| credit.enabled)
}

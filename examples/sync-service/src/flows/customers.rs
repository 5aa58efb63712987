//! X3 customers and Zoho accounts.

use std::{collections::BTreeMap, sync::Arc};

use sage_x3_client::{CategoryCode, ChangeSource, X3Client};
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{
    Policy, Sides,
    flows::customers::{self, CustomerOptions},
    x3::{CustomerEndpoint, CustomerSettings},
};

use super::{
    Definition, FlowState, credit, leads,
    rows::{self, RowConfig},
    wiring,
};
use crate::{
    config::Config,
    failure::Failure,
    systems::{Presence, Systems},
};

pub(crate) const DEFINITION: Definition = Definition {
    name: NAME,
    wanted: |config| config.customers.enabled,
    zoho_modules: &[ACCOUNTS],
    watched: Some(ACCOUNTS),
    beside_mapping: |_| &[],
    build,
};

pub(crate) const NAME: &str = "customers";
const ACCOUNTS: &str = "Accounts";

/// X3 customers and Zoho accounts. On unless it is turned off.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CustomersConfig {
    /// Whether the flow runs.
    pub(crate) enabled: bool,
    /// Category of customers made from accounts; it supplies X3's defaults, and must have no sequence counter. Without
    /// it no customers are made in X3.
    pub(crate) category: Option<String>,
    /// Zoho's unique custom field with the X3 code; `X3_Code` unless said otherwise.
    pub(crate) zoho_key_field: Option<String>,
    /// What codes of customers made from accounts begin with; `Z` unless said otherwise.
    pub(crate) code_prefix: Option<String>,
    /// Characters that this X3 keeps of a company name: 35 or 75.
    pub(crate) name_length: Option<usize>,
    /// Countries beside the built-in ones: X3 code = what Zoho's users write.
    pub(crate) countries: BTreeMap<String, String>,
    /// Rows to leave out of the standard table.
    pub(crate) without: Vec<String>,
    /// Rows to add, or to replace by name.
    pub(crate) rows: Vec<RowConfig>,
}

impl Default for CustomersConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            category: None,
            zoho_key_field: None,
            code_prefix: None,
            name_length: None,
            countries: BTreeMap::new(),
            without: Vec::new(),
            rows: Vec::new(),
        }
    }
}

impl CustomersConfig {
    fn options(&self) -> CustomerOptions {
        let mut options = CustomerOptions::default();
        if let Some(field) = &self.zoho_key_field {
            options.zoho_key_field.clone_from(field);
        }
        if let Some(prefix) = &self.code_prefix {
            options.code_prefix.clone_from(prefix);
        }
        if let Some(length) = self.name_length {
            options.name_length = length;
        }
        for (code, name) in &self.countries {
            options.countries.add(code, name);
        }
        options
    }
}

fn build(config: &Config, systems: &Systems) -> Result<FlowState, Failure> {
    let wanted = &config.customers;
    if systems.facts.module(ACCOUNTS) == Presence::Missing {
        return Ok(FlowState::off(
            "Zoho shows this user no module Accounts: give the user's profile rights on it",
        ));
    }
    if systems.facts.x3_query("customer") == Presence::Missing {
        return Ok(FlowState::off(
            "X3 does not offer `customer.query`: activate it for node `Customer` in function GESAPIOPE",
        ));
    }
    let options = wanted.options();
    let table = customers::mapping(&options).map_err(|error| config.wrong(NAME, error))?;
    let table = credit::add_rows(config, table)?;
    let mut policy = Policy::default();
    let table = leads::leave_prospects(config, table, &mut policy)?;
    let mapping = rows::changed(config, NAME, table, &wanted.without, &wanted.rows)?;
    let mut notes = Vec::new();
    let settings = x3_settings(config, systems, &mut notes)?;
    let settings = credit::add_settings(config, settings);
    let left = x3_customers(config, systems.x3.clone(), settings)?;
    let right = wiring::module(systems, ACCOUNTS, &options.zoho_key_field, &mapping);
    let rules = (customers::identity(&options), policy);
    let flow = wiring::flow(NAME, Sides::new(Arc::new(left), right), mapping, rules);
    Ok(FlowState::on(flow).notes(notes))
}

/// What X3 lets this flow write.
fn x3_settings(
    config: &Config,
    systems: &Systems,
    notes: &mut Vec<String>,
) -> Result<CustomerSettings, Failure> {
    let mut settings = CustomerSettings::new();
    let offers = |operation: &str| systems.facts.x3_operation("customer", operation);
    let activate = |operation: &str| {
        format!(
            "X3 does not offer `customer.{operation}`; activate it for node `Customer` in function GESAPIOPE"
        )
    };
    match &config.customers.category {
        None => notes.push(
            "accounts get no customers in X3: set `category` in [customers] to have them made"
                .to_owned(),
        ),
        Some(_) if offers("create") == Presence::Missing => {
            notes.push(format!(
                "accounts get no customers in X3: {}",
                activate("create")
            ));
        }
        Some(category) => {
            let category = CategoryCode::new(category.as_str())
                .map_err(|error| config.wrong("customers.category", error))?;
            settings = settings.create_in(category);
        }
    }
    if offers("update") == Presence::Missing {
        notes.push(format!("changes go to Zoho only: {}", activate("update")));
        settings = settings.without_updates();
    }
    if let Some(stamp) = wiring::stamp(config)? {
        for source in [
            ChangeSource::Customer,
            ChangeSource::BusinessPartner,
            ChangeSource::CustomerAddress,
        ] {
            settings = settings.stamp(source, stamp.clone());
        }
    }
    Ok(settings)
}

fn x3_customers(
    config: &Config,
    client: X3Client,
    settings: CustomerSettings,
) -> Result<CustomerEndpoint, Failure> {
    let standard = CustomerEndpoint::new(client.clone(), settings.clone());
    let own = &config.customers.rows;
    let own = rows::custom_fields(config, NAME, own, standard.field_names())?;
    let settings = own
        .into_iter()
        .fold(settings, CustomerSettings::custom_field);
    Ok(CustomerEndpoint::new(client, settings))
}

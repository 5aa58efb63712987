//! X3 customers and Zoho accounts.

use std::{collections::BTreeMap, sync::Arc};

use sage_x3_client::{CategoryCode, ChangeSource, CompanyCode, FieldName, SiteCode, X3Client};
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{
    Policy, Sides,
    flows::customers::{self, CustomerOptions},
    x3::{CustomerEndpoint, CustomerScope, CustomerSettings},
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
    /// Only customers of these sites; all where there are none. A customer's site is the shipping site of its default
    /// ship-to address. One that leaves them is left alone on both sides.
    pub(crate) sites: Vec<String>,
    /// Only customers of these companies; all where there are none. A customer's company is that of its site.
    pub(crate) companies: Vec<String>,
    /// Where the code of a customer's site stands, references parted by dots, such as `YSITE.code`;
    /// `defaultShipToAddress.shippingSite.code` unless said otherwise.
    pub(crate) site_path: Option<String>,
    /// Where the code of its company stands; `defaultShipToAddress.shippingSite.legalCompany.code` unless said otherwise.
    pub(crate) company_path: Option<String>,
    /// Whether customers without a site, or company, are there as well.
    pub(crate) unassigned: bool,
    /// Countries beside those of `[codes]`: X3 code = what Zoho's users write.
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
            sites: Vec::new(),
            companies: Vec::new(),
            site_path: None,
            company_path: None,
            unassigned: false,
            countries: BTreeMap::new(),
            without: Vec::new(),
            rows: Vec::new(),
        }
    }
}

impl CustomersConfig {
    /// Which customers are there.
    fn scope(&self, config: &Config) -> Result<CustomerScope, Failure> {
        let mut scope = CustomerScope {
            sites: self.sites.clone(),
            companies: self.companies.clone(),
            unassigned: self.unassigned,
            ..CustomerScope::default()
        };
        for (name, wanted, path) in [
            ("site_path", &self.site_path, &mut scope.site_path),
            ("company_path", &self.company_path, &mut scope.company_path),
        ] {
            let Some(wanted) = wanted else { continue };
            for member in wanted.split('.') {
                FieldName::new(member)
                    .map_err(|error| config.wrong(&format!("customers.{name}"), error))?;
            }
            path.clone_from(wanted);
        }
        for (place, code) in scope.sites.iter().enumerate() {
            SiteCode::new(code.as_str())
                .map_err(|error| config.wrong(&format!("customers.sites.{place}"), error))?;
        }
        for (place, code) in scope.companies.iter().enumerate() {
            CompanyCode::new(code.as_str())
                .map_err(|error| config.wrong(&format!("customers.companies.{place}"), error))?;
        }
        if self.unassigned && scope.is_everything() {
            let message = "it says something only beside `sites` or `companies`";
            return Err(config.wrong("customers.unassigned", message));
        }
        Ok(scope)
    }

    fn options(&self, config: &Config) -> CustomerOptions {
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
        options.countries = config.codes.tables().countries;
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
    let options = wanted.options(config);
    let table = customers::mapping(&options).map_err(|error| config.wrong(NAME, error))?;
    let table = credit::add_rows(config, table)?;
    let mut policy = Policy::default();
    let table = leads::leave_prospects(config, table, &mut policy)?;
    let mapping = rows::changed(config, NAME, table, &wanted.without, &wanted.rows)?;
    let mut notes = Vec::new();
    let settings = x3_settings(config, systems, &mut notes)?;
    let settings = credit::add_settings(config, settings);
    let scope = wanted.scope(config)?;
    let mut identity = customers::identity(&options);
    if !scope.is_everything() {
        customers::within_scope(&mut identity, &mut policy);
        notes.extend(left_out(&scope, wanted.category.is_some()));
    }
    let settings = settings.scope(scope);
    let left = x3_customers(config, systems.x3.clone(), settings)?;
    let right = wiring::module(config, systems, ACCOUNTS, &options.zoho_key_field, &mapping);
    let rules = (identity, policy);
    let flow = wiring::flow(NAME, Sides::new(Arc::new(left), right), mapping, rules);
    Ok(FlowState::on(flow).notes(notes))
}

/// What an operator should know of customers that are not there.
fn left_out(scope: &CustomerScope, creates: bool) -> Option<String> {
    (creates && !scope.unassigned).then(|| {
        format!(
            "customers made from accounts get their site from X3's defaults: one without a site at {} is left alone once it is \
             made, unless `unassigned` in [customers] says otherwise",
            scope.site_path
        )
    })
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

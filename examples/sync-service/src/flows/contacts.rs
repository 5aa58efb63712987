//! X3 contacts of customers and Zoho contacts.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{
    Side, Sides,
    flows::contacts::{self, ContactOptions},
    x3::{ContactEndpoint, ContactSettings},
};

use super::{
    Definition, FlowState,
    rows::{self, RowConfig},
    wiring,
};
use crate::{config::Config, failure::Failure, systems::Systems};

pub(crate) const DEFINITION: Definition = Definition {
    name: NAME,
    wanted: |config| {
        config
            .contacts
            .as_ref()
            .is_some_and(|wanted| wanted.enabled)
    },
    zoho_modules: &[CONTACTS],
    watched: Some(CONTACTS),
    beside_mapping: |_| &[],
    build,
};

const NAME: &str = "contacts";
const CONTACTS: &str = "Contacts";

/// X3 contacts of customers, shown as Zoho contacts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ContactsConfig {
    /// Whether the flow runs.
    pub(crate) enabled: bool,
    /// Whether changes at Zoho go to X3 where it can change contacts. Sage publishes no such operation: the site must have
    /// defined it.
    pub(crate) both_ways: bool,
    /// With both ways, whether contacts of accounts are made in X3 where it can make them.
    pub(crate) create_in_x3: bool,
    /// What codes of contacts made from Zoho's begin with; `Z` unless said otherwise.
    pub(crate) code_prefix: Option<String>,
    /// Zoho's unique custom field with X3's key of the contact; `X3_Code` unless said otherwise.
    pub(crate) zoho_key_field: Option<String>,
    /// Rows to leave out of the standard table.
    pub(crate) without: Vec<String>,
    /// Rows to add, or to replace by name.
    pub(crate) rows: Vec<RowConfig>,
}

impl Default for ContactsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            both_ways: false,
            create_in_x3: false,
            code_prefix: None,
            zoho_key_field: None,
            without: Vec::new(),
            rows: Vec::new(),
        }
    }
}

fn build(config: &Config, systems: &Systems) -> Result<FlowState, Failure> {
    let Some(wanted) = &config.contacts else {
        return Ok(FlowState::off("its section is not there"));
    };
    if let Some(reason) = wiring::without_node(systems, "businessPartnerContact") {
        return Ok(FlowState::off(reason));
    }
    let mut notes = Vec::new();
    let options = options(wanted, systems, &mut notes);
    let table = contacts::mapping(&options).map_err(|error| config.wrong(NAME, error))?;
    let mapping = rows::changed(config, NAME, table, &wanted.without, &wanted.rows)?;
    let mut settings = ContactSettings::new().mapped_fields(mapping.fields(Side::Left));
    if options.both_ways {
        settings = settings.with_updates();
    }
    if options.create_in_x3 {
        settings = settings.with_creates();
    }
    if let Some(stamp) = wiring::stamp(config)? {
        settings = settings.stamp(stamp);
    }
    let standard = ContactEndpoint::new(systems.x3.clone(), settings.clone());
    let own = rows::custom_fields(config, NAME, &wanted.rows, standard.field_names())?;
    let settings = own
        .into_iter()
        .fold(settings, ContactSettings::custom_field);
    let left = ContactEndpoint::new(systems.x3.clone(), settings);
    let right = wiring::module(config, systems, CONTACTS, &options.zoho_key_field, &mapping);
    let rules = (contacts::identity(&options), contacts::policy(&options));
    let flow = wiring::flow(NAME, Sides::new(Arc::new(left), right), mapping, rules);
    Ok(FlowState::on(flow).notes(notes))
}

/// What is wanted, as far as X3 lets contacts be written.
fn options(wanted: &ContactsConfig, systems: &Systems, notes: &mut Vec<String>) -> ContactOptions {
    let mut options = ContactOptions::default();
    if let Some(field) = &wanted.zoho_key_field {
        options.zoho_key_field.clone_from(field);
    }
    if let Some(prefix) = &wanted.code_prefix {
        options.code_prefix.clone_from(prefix);
    }
    let mut offered = |operation: &str, otherwise: &str| {
        wiring::offered(
            systems,
            "businessPartnerContact",
            operation,
            otherwise,
            notes,
        )
    };
    options.both_ways = wanted.both_ways && offered("update", "contacts go to Zoho only");
    options.create_in_x3 = options.both_ways
        && wanted.create_in_x3
        && offered("create", "contacts of accounts are not made in X3");
    options
}

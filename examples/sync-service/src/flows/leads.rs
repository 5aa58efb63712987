//! Qualified Zoho leads and X3 prospects.

use std::{collections::BTreeMap, sync::Arc};

use sage_x3_client::{CategoryCode, ChangeSource};
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{
    Mapping, Policy, Side, Sides,
    flows::leads::{self, LeadOptions},
    x3::{CustomerEndpoint, CustomerSettings},
};

use super::{
    Definition, FlowState,
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
    wanted: |config| wanted(config).is_some(),
    zoho_modules: &[LEADS],
    watched: Some(LEADS),
    beside_mapping: |_| &[],
    build,
};

const NAME: &str = "leads";
const LEADS: &str = "Leads";

/// Qualified Zoho leads become X3 prospects.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeadsConfig {
    /// Whether the flow runs.
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    /// X3 category of prospects, without a sequence counter.
    pub(crate) category: String,
    /// Values of `Lead_Status` that make a prospect; `Pre-Qualified` unless said otherwise.
    pub(crate) qualified: Option<Vec<String>>,
    /// Zoho's unique custom field with the X3 code; `X3_Code` unless said otherwise.
    pub(crate) zoho_key_field: Option<String>,
    /// Zoho's checkbox on Accounts that says whether X3 calls the customer a prospect; `X3_Prospect` unless said otherwise.
    pub(crate) zoho_prospect_field: Option<String>,
    /// What codes of prospects begin with; `L` unless said otherwise.
    pub(crate) code_prefix: Option<String>,
    /// Characters that this X3 keeps of a company name: 35 or 75.
    pub(crate) name_length: Option<usize>,
    /// Countries beside those of `[codes]`: X3 code = what Zoho's users write.
    #[serde(default)]
    pub(crate) countries: BTreeMap<String, String>,
    /// Rows to leave out of the standard table.
    #[serde(default)]
    pub(crate) without: Vec<String>,
    /// Rows to add, or to replace by name.
    #[serde(default)]
    pub(crate) rows: Vec<RowConfig>,
}

fn yes() -> bool {
    true
}

impl LeadsConfig {
    fn options(&self, config: &Config) -> LeadOptions {
        let mut options = LeadOptions::default();
        let texts = [
            (&self.zoho_key_field, &mut options.zoho_key_field),
            (&self.code_prefix, &mut options.code_prefix),
        ];
        for (wanted, option) in texts {
            if let Some(wanted) = wanted {
                option.clone_from(wanted);
            }
        }
        if let Some(qualified) = &self.qualified {
            options.qualified.clone_from(qualified);
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

fn wanted(config: &Config) -> Option<&LeadsConfig> {
    config.leads.as_ref().filter(|leads| leads.enabled)
}

/// What flow `customers` must leave to this one, if the configuration asks for it.
pub(super) fn leave_prospects(
    config: &Config,
    customers: Mapping,
    policy: &mut Policy,
) -> Result<Mapping, Failure> {
    let Some(leads) = wanted(config) else {
        return Ok(customers);
    };
    let field = leads
        .zoho_prospect_field
        .as_deref()
        .unwrap_or("X3_Prospect");
    leads::leave_prospects(customers, policy, field).map_err(|error| config.wrong(NAME, error))
}

fn build(config: &Config, systems: &Systems) -> Result<FlowState, Failure> {
    let Some(wanted) = wanted(config) else {
        return Ok(FlowState::off("its section is not there"));
    };
    if systems.facts.module(LEADS) == Presence::Missing {
        return Ok(FlowState::off(
            "Zoho shows this user no module Leads: give the user's profile rights on it",
        ));
    }
    if let Some(reason) = wiring::without_node(systems, "customer") {
        return Ok(FlowState::off(reason));
    }
    if systems.facts.x3_operation("customer", "create") == Presence::Missing {
        return Ok(FlowState::off(
            "X3 does not offer `customer.create`: activate it for node `Customer` in function GESAPIOPE",
        ));
    }
    let options = wanted.options(config);
    let table = leads::mapping(&options).map_err(|error| config.wrong(NAME, error))?;
    let mapping = rows::changed(config, NAME, table, &wanted.without, &wanted.rows)?;
    let category = CategoryCode::new(wanted.category.as_str())
        .map_err(|error| config.wrong("leads.category", error))?;
    let mut settings = CustomerSettings::new()
        .create_in(category)
        .prospects_only()
        .mapped_fields(mapping.fields(Side::Left));
    if let Some(stamp) = wiring::stamp(config)? {
        for source in [
            ChangeSource::Customer,
            ChangeSource::BusinessPartner,
            ChangeSource::CustomerAddress,
        ] {
            settings = settings.stamp(source, stamp.clone());
        }
    }
    let mut notes = Vec::new();
    if systems.facts.x3_operation("customer", "update") == Presence::Missing {
        settings = settings.without_updates();
        notes.push(
            "changes of leads do not reach X3: it does not offer `customer.update`; activate it for node `Customer` in \
             function GESAPIOPE"
                .to_owned(),
        );
    }
    let standard = CustomerEndpoint::new(systems.x3.clone(), settings.clone());
    let own = rows::custom_fields(config, NAME, &wanted.rows, standard.field_names())?;
    let settings = own
        .into_iter()
        .fold(settings, CustomerSettings::custom_field);
    let left = CustomerEndpoint::new(systems.x3.clone(), settings);
    let right = wiring::module(config, systems, LEADS, &options.zoho_key_field, &mapping);
    let rules = (leads::identity(&options), leads::policy());
    let flow = wiring::flow(NAME, Sides::new(Arc::new(left), right), mapping, rules);
    Ok(FlowState::on(flow).notes(notes))
}

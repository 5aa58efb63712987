//! X3 suppliers and Zoho vendors.

use std::{collections::BTreeMap, sync::Arc};

use sage_x3_client::AddressCode;
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{
    Side, Sides,
    flows::suppliers::{self, SupplierOptions},
    x3::{SupplierEndpoint, SupplierSettings},
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
            .suppliers
            .as_ref()
            .is_some_and(|wanted| wanted.enabled)
    },
    zoho_modules: &[VENDORS],
    watched: Some(VENDORS),
    beside_mapping: |_| &[],
    build,
};

const NAME: &str = "suppliers";
const VENDORS: &str = "Vendors";

/// X3 suppliers and Zoho vendors.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SuppliersConfig {
    /// Whether the flow runs.
    pub(crate) enabled: bool,
    /// Whether changes at Zoho go to X3 where it can change suppliers. Sage's reference calls them read-only: the site must
    /// have defined the operation.
    pub(crate) both_ways: bool,
    /// With both ways, the X3 category of suppliers made from vendors, without a sequence counter. Without it none are made.
    pub(crate) category: Option<String>,
    /// What codes of suppliers made from vendors begin with; `V` unless said otherwise.
    pub(crate) code_prefix: Option<String>,
    /// Characters that this X3 keeps of a company name: 35 or 75.
    pub(crate) name_length: Option<usize>,
    /// Zoho's unique custom field with the X3 code; `X3_Code` unless said otherwise.
    pub(crate) zoho_key_field: Option<String>,
    /// Zoho's custom field for the VAT number. Without it that is not shown.
    pub(crate) zoho_vat_field: Option<String>,
    /// Zoho's custom field that says whether a supplier is active. Without it that is not shown.
    pub(crate) zoho_active_field: Option<String>,
    /// Countries beside those of `[codes]`: X3 code = what Zoho's users write.
    pub(crate) countries: BTreeMap<String, String>,
    /// Rows to leave out of the standard table.
    pub(crate) without: Vec<String>,
    /// Rows to add, or to replace by name.
    pub(crate) rows: Vec<RowConfig>,
}

impl Default for SuppliersConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            both_ways: false,
            category: None,
            code_prefix: None,
            name_length: None,
            zoho_key_field: None,
            zoho_vat_field: None,
            zoho_active_field: None,
            countries: BTreeMap::new(),
            without: Vec::new(),
            rows: Vec::new(),
        }
    }
}

impl SuppliersConfig {
    /// What is wanted, as far as X3 lets suppliers be written.
    fn options(
        &self,
        config: &Config,
        systems: &Systems,
        notes: &mut Vec<String>,
    ) -> SupplierOptions {
        let mut options = SupplierOptions::default();
        if let Some(prefix) = &self.code_prefix {
            options.code_prefix.clone_from(prefix);
        }
        if let Some(length) = self.name_length {
            options.name_length = length;
        }
        let mut offered = |operation: &str, otherwise: &str| {
            wiring::offered(systems, "supplier", operation, otherwise, notes)
        };
        options.both_ways = self.both_ways && offered("update", "suppliers go to Zoho only");
        options.create_in_x3 = options.both_ways
            && self.category.is_some()
            && offered("create", "vendors do not become suppliers of X3");
        if let Some(field) = &self.zoho_key_field {
            options.zoho_key_field.clone_from(field);
        }
        options.zoho_vat_field.clone_from(&self.zoho_vat_field);
        options
            .zoho_active_field
            .clone_from(&self.zoho_active_field);
        options.countries = config.codes.tables().countries;
        for (code, name) in &self.countries {
            options.countries.add(code, name);
        }
        options
    }
}

fn build(config: &Config, systems: &Systems) -> Result<FlowState, Failure> {
    let Some(wanted) = &config.suppliers else {
        return Ok(FlowState::off("its section is not there"));
    };
    let missing = wiring::without_module(systems, VENDORS)
        .or_else(|| wiring::without_node(systems, "supplier"));
    if let Some(reason) = missing {
        return Ok(FlowState::off(reason));
    }
    let mut notes = Vec::new();
    let options = wanted.options(config, systems, &mut notes);
    let table = suppliers::mapping(&options).map_err(|error| config.wrong(NAME, error))?;
    let mapping = rows::changed(config, NAME, table, &wanted.without, &wanted.rows)?;
    let mut settings = SupplierSettings::new().mapped_fields(mapping.fields(Side::Left));
    if options.both_ways {
        let address = AddressCode::new("MAIN").map_err(|error| config.wrong(NAME, error))?;
        settings = match &wanted.category {
            Some(category) if options.create_in_x3 => settings
                .create_in(category, address)
                .map_err(|error| config.wrong("suppliers.category", error))?,
            _ => settings.with_updates(address),
        };
    }
    if let Some(stamp) = wiring::stamp(config)? {
        settings = settings.stamp(stamp);
    }
    let standard = SupplierEndpoint::new(systems.x3.clone(), settings.clone());
    let own = rows::custom_fields(config, NAME, &wanted.rows, standard.field_names())?;
    let settings = own
        .into_iter()
        .fold(settings, SupplierSettings::custom_field);
    let left = SupplierEndpoint::new(systems.x3.clone(), settings);
    let right = wiring::module(config, systems, VENDORS, &options.zoho_key_field, &mapping);
    let rules = (suppliers::identity(&options), suppliers::policy(&options));
    let flow = wiring::flow(NAME, Sides::new(Arc::new(left), right), mapping, rules);
    Ok(FlowState::on(flow).notes(notes))
}

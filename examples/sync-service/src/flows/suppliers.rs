//! X3 suppliers, shown as Zoho vendors.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{
    Endpoint, Flow, Side, Sides,
    flows::suppliers::{self, SupplierOptions},
    x3::{SupplierEndpoint, SupplierSettings},
    zoho::{ModuleSettings, ZohoEndpoint},
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
    // Only written.
    watched: None,
    build,
};

const NAME: &str = "suppliers";
const VENDORS: &str = "Vendors";

/// X3 suppliers, shown as Zoho vendors.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SuppliersConfig {
    /// Whether the flow runs.
    pub(crate) enabled: bool,
    /// Zoho's unique custom field with the X3 code; `X3_Code` unless said otherwise.
    pub(crate) zoho_key_field: Option<String>,
    /// Zoho's custom field for the VAT number. Without it that is not shown.
    pub(crate) zoho_vat_field: Option<String>,
    /// Zoho's custom field that says whether a supplier is active. Without it that is not shown.
    pub(crate) zoho_active_field: Option<String>,
    /// Countries beside the built-in ones: X3 code = what Zoho's users write.
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
    fn options(&self) -> SupplierOptions {
        let mut options = SupplierOptions::default();
        if let Some(field) = &self.zoho_key_field {
            options.zoho_key_field.clone_from(field);
        }
        options.zoho_vat_field.clone_from(&self.zoho_vat_field);
        options
            .zoho_active_field
            .clone_from(&self.zoho_active_field);
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
    let options = wanted.options();
    let table = suppliers::mapping(&options).map_err(|error| config.wrong(NAME, error))?;
    let mapping = rows::changed(config, NAME, table, &wanted.without, &wanted.rows)?;
    let mut settings = SupplierSettings::new().mapped_fields(mapping.fields(Side::Left));
    if let Some(stamp) = wiring::stamp(config)? {
        settings = settings.stamp(stamp);
    }
    let standard = SupplierEndpoint::new(systems.x3.clone(), settings.clone());
    for field in rows::custom_fields(config, NAME, &wanted.rows, standard.field_names())? {
        settings = settings.custom_field(field);
    }
    let left: Arc<dyn Endpoint> = Arc::new(SupplierEndpoint::new(systems.x3.clone(), settings));
    let key = options.zoho_key_field.as_str();
    let right = ModuleSettings::of_mapping(VENDORS, key, &mapping);
    let right: Arc<dyn Endpoint> = Arc::new(ZohoEndpoint::new(systems.zoho.clone(), right));
    let flow = Flow {
        name: NAME.into(),
        endpoints: Sides::new(left, right),
        mapping,
        identity: suppliers::identity(&options),
        policy: suppliers::policy(&options),
    };
    let note = "suppliers go to Zoho only: in Sage's reference they are for reading";
    Ok(FlowState::on(flow).note(note))
}

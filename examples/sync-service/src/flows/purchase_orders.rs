//! X3 purchase orders, shown as Zoho purchase orders.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{
    Side, Sides,
    flows::purchase_orders::{self, PurchaseOrderOptions},
    x3::{PurchaseOrderEndpoint, PurchaseOrderSettings},
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
            .purchase_orders
            .as_ref()
            .is_some_and(|wanted| wanted.enabled)
    },
    zoho_modules: &[ORDERS],
    // Only written.
    watched: None,
    beside_mapping: |_| &[],
    build,
};

const NAME: &str = "purchase-orders";
const ORDERS: &str = "Purchase_Orders";

/// X3 purchase orders, shown as Zoho purchase orders. Needs the flows `suppliers` and `products`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PurchaseOrdersConfig {
    /// Whether the flow runs.
    pub(crate) enabled: bool,
    /// Zoho's unique custom field with X3's number; `X3_Code` unless said otherwise.
    pub(crate) zoho_key_field: Option<String>,
    /// Purchase sites whose orders are shown; all where there are none.
    pub(crate) sites: Vec<String>,
    /// Companies whose orders are shown; all where there are none.
    pub(crate) companies: Vec<String>,
    /// The first day whose orders are shown, such as `2026-01-01`.
    pub(crate) since: Option<String>,
    /// How far orders are received = the value of Zoho's pick list, in place of the standard words.
    pub(crate) statuses: BTreeMap<String, String>,
    /// X3 currency = Zoho's, for organisations with several. Without any, currencies are not shown.
    pub(crate) currencies: BTreeMap<String, String>,
    /// `netPrice`, or `grossPrice` where discounts are amounts.
    pub(crate) price_field: Option<String>,
    /// Rows to leave out of the standard table.
    pub(crate) without: Vec<String>,
    /// Rows to add, or to replace by name.
    pub(crate) rows: Vec<RowConfig>,
}

impl Default for PurchaseOrdersConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            zoho_key_field: None,
            sites: Vec::new(),
            companies: Vec::new(),
            since: None,
            statuses: BTreeMap::new(),
            currencies: BTreeMap::new(),
            price_field: None,
            without: Vec::new(),
            rows: Vec::new(),
        }
    }
}

impl PurchaseOrdersConfig {
    fn options(&self) -> PurchaseOrderOptions {
        let mut options = PurchaseOrderOptions::default();
        if let Some(field) = &self.zoho_key_field {
            options.zoho_key_field.clone_from(field);
        }
        if let Some(field) = &self.price_field {
            options.price_field.clone_from(field);
        }
        if let Some(statuses) = wiring::codes("purchase_order_statuses", &self.statuses) {
            options.statuses = statuses;
        }
        options.currencies = wiring::codes("currencies", &self.currencies);
        options
    }

    fn settings(&self, config: &Config) -> Result<PurchaseOrderSettings, Failure> {
        let settings = PurchaseOrderSettings::new()
            .sites(self.sites.iter().map(String::as_str))
            .companies(self.companies.iter().map(String::as_str));
        let Some(since) = &self.since else {
            return Ok(settings);
        };
        let day: Date = since
            .parse()
            .map_err(|error| config.wrong("purchase-orders.since", error))?;
        Ok(settings.since(day))
    }
}

fn build(config: &Config, systems: &Systems) -> Result<FlowState, Failure> {
    let Some(wanted) = &config.purchase_orders else {
        return Ok(FlowState::off("its section is not there"));
    };
    let missing = wiring::without_module(systems, ORDERS)
        .or_else(|| wiring::without_node(systems, "purchaseOrder"));
    if let Some(reason) = missing {
        return Ok(FlowState::off(reason));
    }
    let options = wanted.options();
    let table = purchase_orders::mapping(&options).map_err(|error| config.wrong(NAME, error))?;
    let mapping = rows::changed(config, NAME, table, &wanted.without, &wanted.rows)?;
    let mut settings = wanted
        .settings(config)?
        .mapped_fields(mapping.fields(Side::Left));
    if let Some(stamp) = wiring::stamp(config)? {
        settings = settings.stamp(stamp);
    }
    let standard = PurchaseOrderEndpoint::new(systems.x3.clone(), settings.clone());
    let own = rows::custom_fields(config, NAME, &wanted.rows, standard.field_names())?;
    let settings = own
        .into_iter()
        .fold(settings, PurchaseOrderSettings::custom_field);
    let left = PurchaseOrderEndpoint::new(systems.x3.clone(), settings);
    let right = wiring::module(config, systems, ORDERS, &options.zoho_key_field, &mapping);
    let rules = (
        purchase_orders::identity(&options),
        purchase_orders::policy(),
    );
    let flow = wiring::flow(NAME, Sides::new(Arc::new(left), right), mapping, rules);
    Ok(FlowState::on(flow))
}

//! X3 sales orders, shown as Zoho sales orders.

use std::sync::Arc;

use sage_x3_client::SiteCode;
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{
    Flow, Side, Sides,
    flows::fulfilment::{self, FulfilmentOptions, ProductRule},
    x3::{SalesOrderEndpoint, SalesOrderSettings},
    zoho::{ModuleSettings, ZohoEndpoint},
};

use super::{
    Definition, FlowState, orders,
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
    wanted,
    zoho_modules: &[SALES_ORDERS],
    // Only written.
    watched: None,
    beside_mapping: |_| &[],
    build,
};

const NAME: &str = "fulfilment";
const SALES_ORDERS: &str = "Sales_Orders";

/// X3 sales orders with what was delivered and invoiced, shown as Zoho sales orders; on deals where Zoho has none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FulfilmentConfig {
    /// Whether the flow runs.
    pub(crate) enabled: bool,
    /// Only orders of these sales sites; all where there are none.
    pub(crate) sites: Vec<String>,
    /// Zoho's unique field with the order's number; `X3_Code` unless said otherwise.
    pub(crate) zoho_key_field: Option<String>,
    /// Zoho's field with the X3 code of a product; `Product_Code` unless said otherwise.
    pub(crate) product_code: Option<String>,
    /// Whether an order waits for products that flow `products` has not shown yet, instead of looking for their code.
    pub(crate) wait_for_products: bool,
    /// Zoho's field for the currency, where the organisation has several.
    pub(crate) currency_field: Option<String>,
    /// A custom column of Zoho's lines for the delivered quantity. It is in the description in any case.
    pub(crate) delivered_column: Option<String>,
    /// A custom column of Zoho's lines for the invoiced quantity.
    pub(crate) invoiced_column: Option<String>,
    /// Rows to leave out of the standard table.
    pub(crate) without: Vec<String>,
    /// Rows to add, or to replace by name.
    pub(crate) rows: Vec<RowConfig>,
}

impl Default for FulfilmentConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            sites: Vec::new(),
            zoho_key_field: None,
            product_code: None,
            wait_for_products: false,
            currency_field: None,
            delivered_column: None,
            invoiced_column: None,
            without: Vec::new(),
            rows: Vec::new(),
        }
    }
}

fn wanted(config: &Config) -> bool {
    config
        .fulfilment
        .as_ref()
        .is_some_and(|wanted| wanted.enabled)
}

/// Whether the statuses are shown on deals, because Zoho has no sales orders.
pub(super) fn is_on_deals(config: &Config, systems: &Systems) -> bool {
    wanted(config) && systems.facts.module(SALES_ORDERS) == Presence::Missing
}

impl FulfilmentConfig {
    fn options(&self, config: &Config) -> FulfilmentOptions {
        let mut options = FulfilmentOptions::default();
        if let Some(field) = &self.zoho_key_field {
            options.number_field.clone_from(field);
        }
        options.products = match (self.wait_for_products, &self.product_code) {
            (true, _) => ProductRule::Flow("products".into()),
            (false, Some(field)) => ProductRule::Code(field.clone()),
            (false, None) => options.products,
        };
        options.deals = config.orders.as_ref().map(|orders| orders.numbering());
        options.currency_field.clone_from(&self.currency_field);
        options.delivered_column.clone_from(&self.delivered_column);
        options.invoiced_column.clone_from(&self.invoiced_column);
        options
    }
}

fn build(config: &Config, systems: &Systems) -> Result<FlowState, Failure> {
    let Some(wanted) = &config.fulfilment else {
        return Ok(FlowState::off("[fulfilment] is not there"));
    };
    if let Some(reason) = wiring::without_module(systems, SALES_ORDERS) {
        return Ok(FlowState::off(format!(
            "{reason}; flow orders shows the statuses on the deal instead"
        )));
    }
    if let Some(reason) = wiring::without_node(systems, "salesOrder") {
        return Ok(FlowState::off(reason));
    }
    let options = wanted.options(config);
    let table = fulfilment::mapping(&options).map_err(|error| config.wrong(NAME, error))?;
    let mapping = rows::changed(config, NAME, table, &wanted.without, &wanted.rows)?;
    let mut settings = SalesOrderSettings::new().mapped_fields(mapping.fields(Side::Left));
    for (place, site) in wanted.sites.iter().enumerate() {
        let site = SiteCode::new(site.as_str())
            .map_err(|error| config.wrong(&format!("fulfilment.sites.{place}"), error))?;
        settings.only_sites.push(site);
    }
    let settings = orders::with_site_fields(config, systems, NAME, &wanted.rows, settings)?;
    let module = ModuleSettings::of_mapping(SALES_ORDERS, options.number_field.as_str(), &mapping);
    let module = wiring::guarded(config, module);
    Ok(FlowState::on(Flow {
        name: NAME.into(),
        endpoints: Sides::new(
            Arc::new(SalesOrderEndpoint::new(systems.x3.clone(), settings)),
            Arc::new(ZohoEndpoint::new(systems.zoho.clone(), module)),
        ),
        mapping,
        identity: fulfilment::identity(&options),
        policy: fulfilment::policy(),
    }))
}

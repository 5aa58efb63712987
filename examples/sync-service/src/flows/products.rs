//! X3 products and stock, shown as Zoho products.

use std::{collections::BTreeMap, sync::Arc};

use sage_x3_client::{ChangeSource, SiteCode, Support};
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{
    Codes, Side, Sides,
    flows::products::{self, ProductOptions},
    x3::{ProductEndpoint, ProductSettings},
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
    wanted: |config| {
        config
            .products
            .as_ref()
            .is_some_and(|wanted| wanted.enabled)
    },
    zoho_modules: &[PRODUCTS],
    // Only written.
    watched: None,
    beside_mapping: |_| &[],
    build,
};

const NAME: &str = "products";
const PRODUCTS: &str = "Products";

/// X3 products with prices and stock, shown as Zoho products.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ProductsConfig {
    /// Whether the flow runs.
    pub(crate) enabled: bool,
    /// Zoho's unique field with the X3 code; `X3_Code` unless said otherwise. `Product_Code` may be made unique and used.
    pub(crate) zoho_key_field: Option<String>,
    /// Statuses of products that can be sold; `active`, `onShortage` and `notRenewed` unless said otherwise.
    pub(crate) active_statuses: Option<Vec<String>>,
    /// X3 product categories to show; all where there are none.
    pub(crate) only_categories: Vec<String>,
    /// Whether available stock is shown.
    pub(crate) stock: bool,
    /// Sites whose stock has a field of its own; the total is theirs. Without any it is that of all sites.
    pub(crate) stock_sites: Vec<String>,
    /// Zoho's field for the total; `Qty_in_Stock` unless said otherwise.
    pub(crate) zoho_stock_field: Option<String>,
    /// What Zoho's fields for single sites begin with; `X3_Stock_` unless said otherwise.
    pub(crate) zoho_site_field_prefix: Option<String>,
    /// X3 unit = Zoho's, beside `codes.units`. Without any, units are not shown.
    pub(crate) units: BTreeMap<String, String>,
    /// X3 product category = Zoho's. Without any, categories are not shown.
    pub(crate) categories: BTreeMap<String, String>,
    /// X3 tax level = what Zoho's field says. Without any, tax levels are not shown.
    pub(crate) tax_levels: BTreeMap<String, String>,
    /// Zoho's field for the tax level; `X3_Tax_Level` unless said otherwise.
    pub(crate) zoho_tax_field: Option<String>,
    /// Rows to leave out of the standard table.
    pub(crate) without: Vec<String>,
    /// Rows to add, or to replace by name.
    pub(crate) rows: Vec<RowConfig>,
}

impl Default for ProductsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            zoho_key_field: None,
            active_statuses: None,
            only_categories: Vec::new(),
            stock: true,
            stock_sites: Vec::new(),
            zoho_stock_field: None,
            zoho_site_field_prefix: None,
            units: BTreeMap::new(),
            categories: BTreeMap::new(),
            tax_levels: BTreeMap::new(),
            zoho_tax_field: None,
            without: Vec::new(),
            rows: Vec::new(),
        }
    }
}

impl ProductsConfig {
    fn options(&self, config: &Config) -> ProductOptions {
        let mut options = ProductOptions::default();
        let texts = [
            (&self.zoho_key_field, &mut options.zoho_key_field),
            (&self.zoho_stock_field, &mut options.zoho_stock_field),
            (
                &self.zoho_site_field_prefix,
                &mut options.zoho_site_field_prefix,
            ),
            (&self.zoho_tax_field, &mut options.zoho_tax_field),
        ];
        for (wanted, option) in texts {
            if let Some(wanted) = wanted {
                option.clone_from(wanted);
            }
        }
        if let Some(statuses) = &self.active_statuses {
            options.active_statuses.clone_from(statuses);
        }
        options.stock = self.stock;
        options.stock_sites.clone_from(&self.stock_sites);
        options.units = self.units(config);
        options.categories = wiring::codes("categories", &self.categories);
        options.tax_levels = wiring::codes("tax_levels", &self.tax_levels);
        options
    }

    /// The flow's own pairs, then those that all flows share.
    fn units(&self, config: &Config) -> Option<Codes> {
        let shared = config.codes.tables().units;
        let mut units = match wiring::codes("units", &self.units) {
            Some(units) => units,
            None => Codes::default().named("units"),
        };
        for (code, name) in shared.pairs() {
            units.add(code, name);
        }
        let is_empty = units.pairs().next().is_none();
        (!is_empty).then_some(units)
    }
}

fn build(config: &Config, systems: &Systems) -> Result<FlowState, Failure> {
    let Some(wanted) = &config.products else {
        return Ok(FlowState::off("its section is not there"));
    };
    let missing = wiring::without_module(systems, PRODUCTS)
        .or_else(|| wiring::without_node(systems, "product"));
    if let Some(reason) = missing {
        return Ok(FlowState::off(reason));
    }
    let mut options = wanted.options(config);
    let mut notes = Vec::new();
    if options.stock && systems.facts.x3_query("stock") == Presence::Missing {
        options.stock = false;
        notes.push(
            "stock is not shown: X3 does not offer `stock.query`; activate it for node `Stock` in function GESAPIOPE"
                .to_owned(),
        );
    }
    let product = systems
        .facts
        .site
        .as_ref()
        .and_then(|site| site.offer("product"));
    if product.is_some_and(|offer| offer.readable_field("basePrice") == Support::Missing) {
        notes
            .push("prices are not shown: X3 publishes no `basePrice` on node `Product`".to_owned());
    }
    let table = products::mapping(&options).map_err(|error| config.wrong(NAME, error))?;
    let mapping = rows::changed(config, NAME, table, &wanted.without, &wanted.rows)?;
    let mut settings = ProductSettings::new()
        .categories(wanted.only_categories.iter().map(String::as_str))
        .mapped_fields(mapping.fields(Side::Left));
    if options.stock {
        settings = settings.stock_of(sites(config, &options.stock_sites)?);
    }
    if let Some(stamp) = wiring::stamp(config)? {
        for source in [ChangeSource::Product, ChangeSource::Stock] {
            settings = settings.stamp(source, stamp.clone());
        }
    }
    let standard = ProductEndpoint::new(systems.x3.clone(), settings.clone());
    let own = rows::custom_fields(config, NAME, &wanted.rows, standard.field_names())?;
    let settings = own
        .into_iter()
        .fold(settings, ProductSettings::custom_field);
    let left = ProductEndpoint::new(systems.x3.clone(), settings);
    let right = wiring::module(config, systems, PRODUCTS, &options.zoho_key_field, &mapping);
    let rules = (products::identity(&options), products::policy());
    let flow = wiring::flow(NAME, Sides::new(Arc::new(left), right), mapping, rules);
    Ok(FlowState::on(flow).notes(notes))
}

fn sites(config: &Config, codes: &[String]) -> Result<Vec<SiteCode>, Failure> {
    let site = |code: &String| {
        SiteCode::new(code.as_str()).map_err(|error| config.wrong("products.stock_sites", error))
    };
    codes.iter().map(site).collect()
}

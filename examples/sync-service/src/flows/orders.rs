//! Zoho deals that become X3 sales orders.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use rust_decimal::Decimal;
use sage_x3_client::{ChangeSource, OrderTypeCode, SiteCode};
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{
    Flow, Mapping, Side, Sides,
    flows::orders::{self, AfterOrdering, ByTable, Numbering, OrderOptions},
    x3::{SalesOrderEndpoint, SalesOrderSettings},
    zoho::{
        AmountCheck, DealEndpoint, DealSettings, LineSource, PriceForm, ProductSource,
        Qualification, QuoteSource, WholeDiscount,
    },
};

use super::{
    Definition, FlowState, fulfilment,
    rows::{self, RowConfig},
    wiring,
};
use crate::{
    config::{Config, SoapConfig},
    failure::Failure,
    systems::{Presence, Systems},
};

pub(crate) const DEFINITION: Definition = Definition {
    name: NAME,
    wanted: |config| config.orders.as_ref().is_some_and(|wanted| wanted.enabled),
    zoho_modules: &[DEALS],
    watched: Some(DEALS),
    beside_mapping: |flow| match shows_amount(&flow.mapping) {
        true => &[DIFFERENCE],
        false => &[],
    },
    build,
};

const NAME: &str = "orders";
const DEALS: &str = "Deals";

/// The field that gets the difference between X3's amount and the deal's.
const DIFFERENCE: &str = "X3_Amount_Difference";

/// Zoho deals that become X3 sales orders, each exactly one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrdersConfig {
    /// Whether the flow runs.
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    /// The sales site of orders whose deal names none.
    pub(crate) sales_site: String,
    /// The type of orders whose deal names none. X3's own default if there is none.
    pub(crate) order_type: Option<String>,
    /// By which path orders are written to X3.
    #[serde(default)]
    pub(crate) write_by: WriteByConfig,
    /// Who numbers the orders.
    #[serde(default)]
    pub(crate) numbering: NumberingConfig,
    /// What the orders' numbers begin with, or their references where X3 numbers them; `Z` unless said otherwise.
    pub(crate) prefix: Option<String>,
    /// Which deals are ordered; those in stage `Closed Won` unless said otherwise.
    #[serde(default)]
    pub(crate) when: WhenConfig,
    /// Where the lines come from; the deal's quote unless said otherwise.
    #[serde(default)]
    pub(crate) lines: LinesConfig,
    /// Zoho's field with the X3 code of a product; `Product_Code` unless said otherwise.
    pub(crate) product_code: Option<String>,
    /// Whose prices are taken.
    #[serde(default)]
    pub(crate) prices: PricesConfig,
    /// What becomes of a discount or an adjustment on a quote as a whole. Nothing, where X3 takes its own prices.
    #[serde(default)]
    pub(crate) whole_discount: WholeDiscountConfig,
    /// A currency field of the deal with a discount on the whole, beside the quote's. Not with a configured item, whose price
    /// is the deal's amount.
    pub(crate) discount_field: Option<String>,
    /// What happens to a deal that is opened again, or changes, after it was ordered.
    #[serde(default)]
    pub(crate) after: AfterConfig,
    /// Zoho's unique field with the order's number; `X3_Order_Number` unless said otherwise.
    pub(crate) zoho_key_field: Option<String>,
    /// The deal's field with the customer's own reference, up to 20 characters.
    pub(crate) reference_field: Option<String>,
    /// The deal's field with the currency, such as `Currency`. X3 takes the customer's otherwise.
    pub(crate) currency_field: Option<String>,
    /// The deal's field with the day of the order. X3 takes today otherwise.
    pub(crate) order_date_field: Option<String>,
    /// The deal's field with the day on which the customer wants it.
    pub(crate) delivery_date_field: Option<String>,
    /// The deal's field with the code of the address to ship to. X3 takes the customer's default otherwise.
    pub(crate) ship_to_field: Option<String>,
    /// The sales site by a field of the deal.
    pub(crate) sales_site_by: Option<TableConfig>,
    /// The order type by a field of the deal.
    pub(crate) order_type_by: Option<TableConfig>,
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

/// By which path orders are written to X3. They are read by GraphQL in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WriteByConfig {
    /// By GraphQL where the site offers it, else by the web service `x3.soap.orders`, if there is one.
    #[default]
    Offered,
    /// By the web service `x3.soap.orders` alone.
    Soap,
}

/// Who numbers the orders.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NumberingConfig {
    /// The service: X3 itself then refuses a second order of a deal. The order type must let the caller choose.
    #[default]
    Chosen,
    /// X3. The order is then found by its customer reference, which X3 does not keep unique.
    ByX3,
}

/// Which deals are ordered.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WhenConfig {
    /// A field of the deal.
    pub(crate) field: String,
    /// Its values; a checkbox is `true` or `false`.
    pub(crate) values: Vec<String>,
    /// A date field; only deals from `since_day` on are ordered.
    pub(crate) since_field: String,
    /// Such as `2026-12-01`. Deals that were won before are left alone.
    pub(crate) since_day: Option<String>,
}

impl Default for WhenConfig {
    fn default() -> Self {
        Self {
            field: "Stage".to_owned(),
            values: vec!["Closed Won".to_owned()],
            since_field: "Closing_Date".to_owned(),
            since_day: None,
        }
    }
}

/// Where the lines of an order come from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "from", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum LinesConfig {
    /// The deal's quote.
    Quote {
        /// Stages of quotes that count; all where there are none.
        #[serde(default)]
        stages: Vec<String>,
    },
    /// The products related to the deal.
    Products {
        /// How much of each; 1 unless said otherwise.
        quantity: Option<u32>,
    },
    /// Always this product, at the deal's amount.
    Item {
        /// Its code in X3.
        product: String,
        /// How much of it; 1 unless said otherwise.
        quantity: Option<u32>,
    },
}

impl Default for LinesConfig {
    fn default() -> Self {
        Self::Quote { stages: Vec::new() }
    }
}

/// Whose prices are taken.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PricesConfig {
    /// Zoho's, after the discount.
    #[default]
    Net,
    /// Zoho's, and the discount in percent as X3's first discount or charge.
    WithDiscount,
    /// X3's own.
    X3,
}

/// What becomes of a discount or an adjustment on a quote as a whole: an order of X3 has no place for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WholeDiscountConfig {
    /// The deal is parked, and the reason names the amount.
    #[default]
    Park,
    /// It is spread over the lines in proportion to their amounts, to the cent. If no prices make the sum, the deal is parked.
    Spread,
    /// The lines go as they are, and the difference shows on the deal until a clerk has entered it in X3.
    ByHand,
}

/// What happens to a deal that changes after it was ordered.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AfterConfig {
    /// It is parked: somebody must see to the order.
    #[default]
    Park,
    /// Nothing.
    Ignore,
    /// Dates are changed in X3; everything else parks.
    Update,
}

/// A code of X3 that depends on a field of the deal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableConfig {
    /// Zoho's field.
    pub(crate) field: String,
    /// X3 code = what Zoho's users write. What is not in it parks the deal.
    pub(crate) codes: BTreeMap<String, String>,
}

impl TableConfig {
    fn rule(&self, name: &str) -> ByTable {
        ByTable {
            field: self.field.clone(),
            codes: wiring::codes(name, &self.codes).unwrap_or_default(),
        }
    }
}

impl OrdersConfig {
    /// Whether orders are written by a web service alone.
    pub(crate) fn by_soap(&self) -> bool {
        self.write_by == WriteByConfig::Soap
    }

    /// How the deal's id is kept in an order.
    pub(super) fn numbering(&self) -> Numbering {
        let prefix = self.prefix.clone().unwrap_or_else(|| "Z".to_owned());
        match self.numbering {
            NumberingConfig::Chosen => Numbering::Chosen { prefix },
            NumberingConfig::ByX3 => Numbering::ByX3 { prefix },
        }
    }

    fn options(&self) -> OrderOptions {
        let mut options = OrderOptions::default();
        if let Some(field) = &self.zoho_key_field {
            options.number_field.clone_from(field);
        }
        options.numbering = self.numbering();
        options.after = match self.after {
            AfterConfig::Park => AfterOrdering::Park,
            AfterConfig::Ignore => AfterOrdering::Ignore,
            AfterConfig::Update => AfterOrdering::Update,
        };
        options.reference_field.clone_from(&self.reference_field);
        options.currency_field.clone_from(&self.currency_field);
        options.order_date_field.clone_from(&self.order_date_field);
        options
            .delivery_date_field
            .clone_from(&self.delivery_date_field);
        options.ship_to_field.clone_from(&self.ship_to_field);
        let rule = |table: &TableConfig| table.rule("sales_site_by");
        options.sales_site = self.sales_site_by.as_ref().map(rule);
        let rule = |table: &TableConfig| table.rule("order_type_by");
        options.order_type = self.order_type_by.as_ref().map(rule);
        options.prices = !matches!(self.prices, PricesConfig::X3);
        options.discounts = matches!(self.prices, PricesConfig::WithDiscount);
        options.shares = options.prices && self.whole_discount == WholeDiscountConfig::Spread;
        options
    }

    fn qualification(&self, config: &Config) -> Result<Qualification, Failure> {
        let when = &self.when;
        let qualification = Qualification::field(when.field.as_str(), when.values.iter().cloned());
        let Some(day) = &when.since_day else {
            return Ok(qualification);
        };
        let day: Date = day.parse().map_err(|_| {
            config.wrong("orders.when.since_day", "it is no day such as 2026-12-01")
        })?;
        Ok(qualification.since(when.since_field.as_str(), day))
    }

    fn line_source(&self) -> LineSource {
        let code = self.product_code.as_deref().unwrap_or("Product_Code");
        let number = |quantity: Option<u32>| Decimal::from(quantity.unwrap_or(1).max(1));
        match &self.lines {
            LinesConfig::Quote { stages } => LineSource::Quote(
                QuoteSource::default()
                    .stages(stages.iter().cloned())
                    .product_code(code),
            ),
            LinesConfig::Products { quantity } => LineSource::Products(
                ProductSource::default()
                    .quantity(number(*quantity))
                    .product_code(code),
            ),
            LinesConfig::Item { product, quantity } => LineSource::Item {
                product: product.clone(),
                quantity: number(*quantity),
            },
        }
    }

    fn prices(&self) -> PriceForm {
        match self.prices {
            PricesConfig::Net => PriceForm::Net,
            PricesConfig::WithDiscount => PriceForm::WithDiscount,
            PricesConfig::X3 => PriceForm::None,
        }
    }

    fn whole_discount(&self) -> WholeDiscount {
        match self.whole_discount {
            WholeDiscountConfig::Park => WholeDiscount::Park,
            WholeDiscountConfig::Spread => WholeDiscount::Spread,
            WholeDiscountConfig::ByHand => WholeDiscount::ByHand,
        }
    }

    /// Why lines cannot be had.
    fn without_lines(&self, systems: &Systems) -> Option<String> {
        let module = match self.lines {
            LinesConfig::Quote { .. } => "Quotes",
            LinesConfig::Products { .. } => "Products",
            LinesConfig::Item { .. } => return None,
        };
        let reason = wiring::without_module(systems, module)?;
        Some(format!(
            "{reason}; without it, order a configured item: lines = {{ from = \"item\", product = \"...\" }} in [orders]"
        ))
    }
}

fn build(config: &Config, systems: &Systems) -> Result<FlowState, Failure> {
    let Some(wanted) = &config.orders else {
        return Ok(FlowState::off("[orders] is not there"));
    };
    let soap = config.x3.soap.as_deref();
    if wanted.by_soap() && !soap.is_some_and(SoapConfig::has_orders) {
        return Err(config.wrong(
            "orders.write_by",
            "no web service is named: add [x3.soap] with the pool, and [x3.soap.orders] with the name under which the object \
             SOH is published in function GESAWE",
        ));
    }
    if systems.facts.module(DEALS) == Presence::Missing {
        return Ok(FlowState::off(
            "Zoho shows this user no module Deals: give the user's profile rights on it",
        ));
    }
    if let Some(reason) = wanted
        .without_lines(systems)
        .or_else(|| wiring::without_node(systems, "salesOrder"))
    {
        return Ok(FlowState::off(reason));
    }
    if systems.facts.x3_operation("salesOrder", "create") == Presence::Missing {
        return Ok(FlowState::off(
            "X3 does not offer `salesOrder.create`: activate it for node `SalesOrder` in function GESAPIOPE, or publish the \
             object SOH as a web service (function GESAWE) and name it in [x3.soap.orders]",
        ));
    }
    if wanted.discount_field.is_some() && matches!(wanted.lines, LinesConfig::Item { .. }) {
        return Err(config.wrong(
            "orders.discount_field",
            "the price of a configured item is the deal's amount, which nothing is taken off",
        ));
    }
    let mut options = wanted.options();
    options.fulfilment = fulfilment::is_on_deals(config, systems);
    let table = orders::mapping(&options).map_err(|error| config.wrong(NAME, error))?;
    let mapping = rows::changed(config, NAME, table, &wanted.without, &wanted.rows)?;
    let deals = DealSettings::of_mapping(
        options.number_field.as_str(),
        &mapping,
        wanted.qualification(config)?,
        wanted.line_source(),
    )
    .prices(wanted.prices())
    .whole_discount(wanted.whole_discount());
    let deals = match &wanted.discount_field {
        Some(field) => deals.discount_field(field.as_str()),
        None => deals,
    };
    let deals = match &options.amount_field {
        Some(amount) if shows_amount(&mapping) => {
            deals.check(AmountCheck::new(amount.as_str(), DIFFERENCE))
        }
        _ => deals,
    };
    let left = SalesOrderEndpoint::new(
        systems.x3.clone(),
        x3_settings(config, wanted, systems, &mapping)?,
    );
    let flow = Flow {
        name: NAME.into(),
        endpoints: Sides::new(
            Arc::new(left),
            Arc::new(DealEndpoint::new(systems.zoho.clone(), deals)),
        ),
        mapping,
        identity: orders::identity(&options),
        policy: orders::policy(),
    };
    let mut state = FlowState::on(flow);
    if matches!(wanted.numbering, NumberingConfig::ByX3) {
        state = state.note(
            "X3 numbers the orders: a create whose answer is lost and which X3 carries out late could make a second order, \
             which is then found and parked; numbering = \"chosen\" rules that out",
        );
    }
    if wanted.when.since_day.is_none() {
        state = state.note(
            "every deal that qualifies is ordered, however old: set since_day in [orders.when] to leave old ones alone",
        );
    }
    if options.fulfilment {
        state = state.note(
            "order, delivery and invoice status are shown on the deal: this Zoho has no Sales_Orders",
        );
    }
    Ok(state)
}

/// Whether X3's amount is shown on the deal, and with it the difference.
fn shows_amount(mapping: &Mapping) -> bool {
    let mut rows = mapping.rows().iter();
    rows.any(|row| row.name.as_str() == "amount")
}

fn x3_settings(
    config: &Config,
    wanted: &OrdersConfig,
    systems: &Systems,
    mapping: &Mapping,
) -> Result<SalesOrderSettings, Failure> {
    let site = SiteCode::new(wanted.sales_site.as_str())
        .map_err(|error| config.wrong("orders.sales_site", error))?;
    let mut settings = SalesOrderSettings::new()
        .create_at(site)
        .mapped_fields(mapping.fields(Side::Left));
    if let Some(code) = &wanted.order_type {
        let code = OrderTypeCode::new(code.as_str())
            .map_err(|error| config.wrong("orders.order_type", error))?;
        settings = settings.order_type(code);
    }
    if matches!(wanted.after, AfterConfig::Update)
        && systems.facts.x3_operation("salesOrder", "update") != Presence::Missing
    {
        settings = settings.with_updates();
    }
    with_site_fields(config, systems, NAME, &wanted.rows, settings)
}

/// The settings with the site's own fields of `rows`, and the stamp by which X3 is polled.
pub(super) fn with_site_fields(
    config: &Config,
    systems: &Systems,
    section: &str,
    rows: &[RowConfig],
    mut settings: SalesOrderSettings,
) -> Result<SalesOrderSettings, Failure> {
    let standard = SalesOrderEndpoint::new(systems.x3.clone(), SalesOrderSettings::new());
    let custom = rows::custom_fields(config, section, rows, standard.field_names())?;
    settings.custom.extend(custom);
    if let Some(stamp) = wiring::stamp(config)? {
        for source in [ChangeSource::SalesOrder, ChangeSource::SalesOrderLine] {
            settings.stamps.push((source, stamp.clone()));
        }
    }
    Ok(settings)
}

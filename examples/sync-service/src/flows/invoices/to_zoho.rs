//! X3's sales invoices shown in Zoho.

use std::sync::Arc;

use sage_x3_client::{CompanyCode, InvalidName, SiteCode, X3Client};
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{
    Codes, FieldName, FlowName, Side, Sides,
    flows::invoices::to_zoho::{self, Options},
    x3::{self, SalesInvoiceEndpoint, SalesInvoiceSettings},
};

use super::{INVOICES, InvoicesConfig, NAME};
use crate::{
    config::Config,
    failure::Failure,
    flows::{
        FlowState,
        codes::CodeTable,
        wiring::{self, stamp, without_node},
    },
    systems::Systems,
};

/// Which of X3's sales invoices are shown in Zoho, and how.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ShowConfig {
    /// Only invoices of these sales sites.
    sites: Vec<String>,
    /// Only invoices of these companies.
    companies: Vec<String>,
    /// Whether invoices refer to their orders, which the flow `fulfilment` shows. An invoice waits for its order.
    orders: bool,
    /// Whether the organisation has several currencies.
    several_currencies: bool,
    /// X3's statuses (`notPosted`, `posted`, `notUsed`) and the values of Zoho's `Status`.
    statuses: CodeTable,
    /// Whether due dates and payments are shown, from X3's open items; yes unless said otherwise.
    open_items: Option<bool>,
    /// Zoho's currency field that holds X3's own total with tax.
    total_field: Option<String>,
    /// Zoho's currency field that holds what is not paid.
    outstanding_field: Option<String>,
}

pub(super) fn build(
    config: &Config,
    wanted: &InvoicesConfig,
    show: &ShowConfig,
    systems: &Systems,
) -> Result<FlowState, Failure> {
    if let Some(reason) = without_node(systems, "salesInvoice") {
        return Ok(FlowState::off(reason));
    }
    let mut options = show.options(wanted);
    if show.several_currencies {
        options = options.in_several_currencies(&config.codes.tables());
    }
    let mut notes = Vec::new();
    if let Some(reason) = without_node(systems, "openItem").filter(|_| options.open_items) {
        options.open_items = false;
        notes.push(format!("due dates and payments are not shown: {reason}"));
    }
    if let Some(count) = systems.facts.credits_left_out.filter(|count| *count > 0) {
        notes.push(format!(
            "credit memos are not shown, as Zoho CRM has no module for them: X3 has {count} of them; what they settle is in the \
             outstanding amounts, and in the balance that [credit] shows on the account"
        ));
    }
    let mapping = to_zoho::mapping(&options).map_err(|error| config.wrong(NAME, error))?;
    let mut settings = show.x3_settings(config, options.open_items)?;
    settings.mapped = mapping.fields(Side::Left).cloned().collect();
    let left = SalesInvoiceEndpoint::new(systems.x3.clone(), &settings);
    let right = wiring::module(
        config,
        systems,
        INVOICES,
        options.key_field.as_str(),
        &mapping,
    );
    let rules = (to_zoho::identity(&options), to_zoho::policy());
    let flow = wiring::flow(NAME, Sides::new(Arc::new(left), right), mapping, rules);
    Ok(FlowState::on(flow).notes(notes))
}

impl ShowConfig {
    /// How many credit memos X3 has of these sites and companies.
    pub(super) async fn credits_left_out(&self, config: &Config, x3: &X3Client) -> Option<u64> {
        let settings = self.x3_settings(config, false).ok()?;
        x3::credits_left_out(x3, &settings).await.ok()?
    }

    fn options(&self, wanted: &InvoicesConfig) -> Options {
        let mut options = Options::default();
        options.key_field = FieldName::from(wanted.number_field());
        options.orders = self.orders.then(|| FlowName::from("fulfilment"));
        options.open_items = self.open_items.unwrap_or(true);
        if !self.statuses.is_empty() {
            options.statuses = Codes::default().named("invoice_statuses");
            self.statuses.add_to(&mut options.statuses);
        }
        options.total_field = self.total_field.as_deref().map(FieldName::from);
        options.outstanding_field = self.outstanding_field.as_deref().map(FieldName::from);
        options
    }

    fn x3_settings(
        &self,
        config: &Config,
        open_items: bool,
    ) -> Result<SalesInvoiceSettings, Failure> {
        let wrong = |error: InvalidName| config.wrong("invoices.show", error);
        let mut settings = SalesInvoiceSettings::default();
        let sites = self.sites.iter();
        settings.sites = sites
            .map(|code| SiteCode::new(code.as_str()).map_err(wrong))
            .collect::<Result<_, _>>()?;
        let companies = self.companies.iter();
        settings.companies = companies
            .map(|code| CompanyCode::new(code.as_str()).map_err(wrong))
            .collect::<Result<_, _>>()?;
        settings.open_items = open_items;
        settings.stamp = stamp(config)?;
        Ok(settings)
    }
}

//! Invoices, either way: X3's sales invoices shown in Zoho, or Zoho's invoices posted in X3.

mod to_x3;
mod to_zoho;

use sage_x3_client::X3Client;
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) use self::{to_x3::PostConfig, to_zoho::ShowConfig};
use super::{Definition, FlowState, wiring::without_module};
use crate::{config::Config, failure::Failure, systems::Systems};

pub(crate) const DEFINITION: Definition = Definition {
    name: NAME,
    wanted: |config| config.invoices.is_some(),
    zoho_modules: &[INVOICES],
    watched: Some(INVOICES),
    beside_mapping: |_| &[],
    build,
};

pub(crate) const NAME: &str = "invoices";
const INVOICES: &str = "Invoices";

/// Invoices, one way: exactly one of `post` (Zoho's invoices become customer invoices in X3's accounting) and `show` (X3's
/// sales invoices appear in Zoho).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvoicesConfig {
    /// Zoho's unique custom field on Invoices with X3's number; `X3_Invoice` unless said otherwise.
    pub(crate) number_field: Option<String>,
    /// Posts Zoho's invoices in X3.
    pub(crate) post: Option<PostConfig>,
    /// Shows X3's sales invoices in Zoho.
    pub(crate) show: Option<ShowConfig>,
}

impl InvoicesConfig {
    fn number_field(&self) -> &str {
        self.number_field.as_deref().unwrap_or("X3_Invoice")
    }
}

/// How many credit memos X3 has that are not shown in Zoho. Nothing when no invoices are shown, or X3 does not say.
pub(crate) async fn credits_left_out(config: &Config, x3: &X3Client) -> Option<u64> {
    let show = config.invoices.as_ref()?.show.as_ref()?;
    show.credits_left_out(config, x3).await
}

fn build(config: &Config, systems: &Systems) -> Result<FlowState, Failure> {
    let Some(wanted) = &config.invoices else {
        return Ok(FlowState::off("[invoices] is not there"));
    };
    if let Some(reason) = without_module(systems, INVOICES) {
        return Ok(FlowState::off(reason));
    }
    match (&wanted.post, &wanted.show) {
        (Some(post), None) => to_x3::build(config, wanted, post, systems),
        (None, Some(show)) => to_zoho::build(config, wanted, show, systems),
        _ => Err(config.wrong(
            NAME,
            "exactly one of [invoices.post] (Zoho's invoices are posted in X3) and [invoices.show] (X3's sales invoices are \
             shown in Zoho) is needed",
        )),
    }
}

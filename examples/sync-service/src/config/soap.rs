//! Classic SOAP web services of X3.

use std::collections::BTreeMap;

use sage_x3_client::soap::{SoapPublication, SoapSettings};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Config;
use crate::failure::Failure;

/// Classic SOAP web services: X3 is written through them where its GraphQL operations do not exist or are not activated.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SoapConfig {
    /// Alias of the pool (Administration > Web services > Classic SOAP pools). It must be started.
    pub(crate) pool: String,
    /// X3's code of the language of messages; `ENG` unless said otherwise.
    language: Option<String>,
    /// Path of the service below the server's address, if it is another than Sage's.
    path: Option<String>,
    /// Sales orders: the object SOH.
    orders: Option<PublicationConfig>,
    /// Customers: the object BPC.
    customers: Option<PublicationConfig>,
    /// Suppliers: the object BPS.
    suppliers: Option<PublicationConfig>,
    /// Customer invoices of accounting: the object BIC.
    invoices: Option<PublicationConfig>,
}

/// An object that is published in function GESAWE.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublicationConfig {
    /// Its public name.
    name: String,
    /// Where values stand that the site's screen has elsewhere than Sage's: name in GraphQL = block and field, such as
    /// `"requestedDeliveryDate" = "SOH1_1.DEMDLVDAT"`.
    #[serde(default)]
    places: BTreeMap<String, String>,
    /// Values that are not sent, by their names in GraphQL. One that has no place and is not left out makes the write fail.
    #[serde(default)]
    leave_out: Vec<String>,
}

/// An object that is published, and the node of GraphQL that it stands for.
#[derive(Debug)]
pub(crate) struct Published<'a> {
    /// X3's code of the object.
    pub(crate) object: &'static str,
    pub(crate) node: &'static str,
    /// The key of the configuration below `x3.soap`.
    section: &'static str,
    config: &'a PublicationConfig,
}

impl SoapConfig {
    /// How the web services are called.
    pub(crate) fn settings(&self) -> SoapSettings {
        let mut settings = SoapSettings::new(self.pool.as_str());
        if let Some(language) = &self.language {
            settings = settings.code_lang(language.as_str());
        }
        if let Some(path) = &self.path {
            settings = settings.path(path.as_str());
        }
        settings
    }

    /// The objects that are published.
    pub(crate) fn published(&self) -> Vec<Published<'_>> {
        let all = [
            Published::of("SOH", "salesOrder", "orders", self.orders.as_ref()),
            Published::of("BPC", "customer", "customers", self.customers.as_ref()),
            Published::of("BPS", "supplier", "suppliers", self.suppliers.as_ref()),
            Published::of(
                "BIC",
                "customerInvoiceHeader",
                "invoices",
                self.invoices.as_ref(),
            ),
        ];
        all.into_iter().flatten().collect()
    }

    /// Whether there is a web service for sales orders.
    pub(crate) fn has_orders(&self) -> bool {
        self.orders.is_some()
    }
}

impl<'a> Published<'a> {
    fn of(
        object: &'static str,
        node: &'static str,
        section: &'static str,
        config: Option<&'a PublicationConfig>,
    ) -> Option<Self> {
        Some(Self {
            object,
            node,
            section,
            config: config?,
        })
    }

    /// The name under which it is published.
    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    /// As the client takes it. `config` names line and column of what is wrong.
    pub(crate) fn publication(&self, config: &Config) -> Result<SoapPublication, Failure> {
        let ready_made = match self.object {
            "SOH" => SoapPublication::sales_orders,
            "BPC" => SoapPublication::customers,
            "BPS" => SoapPublication::suppliers,
            _ => SoapPublication::customer_invoices,
        };
        let mut publication = ready_made(self.config.name.clone());
        for (member, place) in &self.config.places {
            let Some((block, field)) = place.split_once('.') else {
                return Err(config.wrong(
                    &format!("x3.soap.{}.places", self.section),
                    format!("`{place}` is no block and field, such as SOH1_1.DEMDLVDAT"),
                ));
            };
            publication = publication.moved(member.as_str(), block.trim(), field.trim());
        }
        let left_out = self.config.leave_out.iter();
        Ok(left_out.fold(publication, |publication, member| {
            publication.ignore(member.as_str())
        }))
    }
}

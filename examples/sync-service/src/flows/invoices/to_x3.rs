//! Zoho's invoices posted in X3.

use std::{collections::BTreeMap, sync::Arc};

use rust_decimal::Decimal;
use sage_x3_client::{InvalidName, RecordId, SiteCode};
use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{
    Codes, FieldName, Flow, Sides,
    flows::{
        codes::CurrencyDecimals,
        invoices::{
            AccountRule, AccountTable, Changed, LedgerAccount, LineText, Part, PostableInvoices,
            PostableSettings, PostingRules,
            to_x3::{self, InvoiceKey, Options},
        },
    },
    x3::{CustomerInvoiceEndpoint, CustomerInvoiceSettings},
    zoho::ZohoEndpoint,
};

use super::{InvoicesConfig, NAME};
use crate::{
    config::Config,
    failure::Failure,
    flows::{
        FlowState,
        codes::CodeTable,
        wiring::{guarded, stamp},
    },
    systems::{Presence, Systems},
};

/// Per cent, as text: `5.5`. Text keeps it exact.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Rate(String);

/// How Zoho's invoices are posted as customer invoices in X3's accounting.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostConfig {
    /// Invoices with one of these statuses are posted; `Approved` unless said otherwise.
    statuses: Option<Vec<String>>,
    /// The chart of accounts that `accounts` name codes of.
    chart: String,
    /// Which account each amount goes to. The most specific row wins.
    accounts: Vec<AccountConfig>,
    /// X3's code of the tax on lines that bear none. Without it they are posted without a tax code.
    untaxed: Option<String>,
    /// What X3's taxes are in per cent, by X3's code: a line that bears another at Zoho parks its invoice before anything is
    /// posted. X3 does not publish its rates; without them only totals are compared, after X3 has worked out its own.
    #[serde(default)]
    tax_rates: BTreeMap<String, Rate>,
    /// X3's financial site of invoices that name none.
    default_site: Option<String>,
    /// Zoho's field that names the site.
    site_field: Option<String>,
    /// X3's sites and what that field says instead.
    #[serde(default)]
    sites: CodeTable,
    /// Only invoices of these sites of X3 are posted.
    #[serde(default)]
    only_sites: Vec<String>,
    /// Currency, by ISO code, of invoices that name none: the organisation's own.
    currency: String,
    /// Zoho's field with the currency, where the organisation has several: `Currency`.
    currency_field: Option<String>,
    /// Decimals of amounts where they are not those of ISO 4217: currency = decimals.
    #[serde(default)]
    decimals: BTreeMap<String, u32>,
    /// Zoho's field with the payment term, by table `codes.payment_terms`. Without it X3 takes the customer's.
    payment_term_field: Option<String>,
    /// Zoho's field with the tax rule, by table `codes.tax_rules`. Without it X3 takes the customer's.
    tax_rule_field: Option<String>,
    /// Zoho's field that shows the status in X3.
    status_field: Option<String>,
    /// X3's type of the invoices that are made. Without it X3 takes its own.
    invoice_type: Option<String>,
    /// By what an invoice is found again in X3, so that it is made once.
    #[serde(default)]
    key: KeyConfig,
    /// What the number or source document begins with; `Z` unless said otherwise.
    prefix: Option<String>,
    /// What becomes of an invoice that is changed at Zoho after it was posted.
    #[serde(default)]
    changed: ChangedConfig,
    /// What lines in X3 say.
    #[serde(default)]
    line_text: LineTextConfig,
    /// Zoho's field of Products with the product's code; `Product_Code` unless said otherwise.
    product_field: Option<String>,
    /// Zoho's field of Products with the category; `Product_Category` unless said otherwise.
    category_field: Option<String>,
}

/// A row of the table of accounts. A condition that is left out is met by everything; one that is empty by what has none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AccountConfig {
    /// The account's code, or chart and code as `FRA|707000`.
    account: String,
    /// What of an invoice it is for; lines unless said otherwise.
    #[serde(default)]
    part: PartConfig,
    /// The product's code.
    product: Option<String>,
    /// The product's category.
    category: Option<String>,
    /// X3's code of the tax.
    tax: Option<String>,
    /// X3's site.
    site: Option<String>,
}

/// What of an invoice an amount is.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum PartConfig {
    #[default]
    Line,
    /// The discount on the whole.
    Discount,
    /// A tax on the whole, beside the taxes of the lines.
    Tax,
    Adjustment,
}

/// By what an invoice is found again in X3.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum KeyConfig {
    /// Its number, which is made of Zoho's id. The invoice type must let it be given.
    #[default]
    Number,
    /// Its source document; X3 numbers the invoice. The weaker promise: nothing at X3 keeps two invoices from having one
    /// source document, only the look-up before each create does.
    SourceDocumentLookUpOnly,
}

/// What becomes of an invoice that is changed at Zoho after it was posted.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum ChangedConfig {
    /// It is parked with both values.
    #[default]
    Park,
    Ignore,
}

/// What lines in X3 say.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum LineTextConfig {
    #[default]
    ProductCode,
    /// The line's description. One that is longer than X3 takes parks the invoice.
    Description,
    Nothing,
}

pub(super) fn build(
    config: &Config,
    wanted: &InvoicesConfig,
    post: &PostConfig,
    systems: &Systems,
) -> Result<FlowState, Failure> {
    if systems
        .facts
        .x3_operation("customerInvoiceHeader", "create")
        == Presence::Missing
    {
        return Ok(FlowState::off(
            "X3 does not offer `customerInvoiceHeader.create`: activate it for node `CustomerInvoiceHeader` in function \
             GESAPIOPE",
        ));
    }
    let options = post.options(config, wanted)?;
    let mapping = to_x3::mapping(&options).map_err(|error| config.wrong(NAME, error))?;
    let left =
        CustomerInvoiceEndpoint::new(systems.x3.clone(), post.x3_settings(config, &options)?);
    let module = guarded(config, options.module_settings());
    let zoho = ZohoEndpoint::new(systems.zoho.clone(), module);
    let right = PostableInvoices::new(Arc::new(zoho), options.posting.source.clone());
    let state = FlowState::on(Flow {
        name: NAME.into(),
        endpoints: Sides::new(Arc::new(left), Arc::new(right)),
        mapping,
        identity: to_x3::identity(&options),
        policy: to_x3::policy(),
    });
    Ok(match post.key {
        KeyConfig::Number => state,
        KeyConfig::SourceDocumentLookUpOnly => state.note(
            "invoices are found again by their source document, which X3 does not keep unique: a lost answer may make a \
             second one, and both are then parked",
        ),
    })
}

impl PostConfig {
    fn options(&self, config: &Config, wanted: &InvoicesConfig) -> Result<Options, Failure> {
        let tables = config.codes.tables();
        let mut options = Options::default();
        let prefix = self.prefix.clone().unwrap_or_else(|| "Z".to_owned());
        options.key = match self.key {
            KeyConfig::Number => InvoiceKey::Number { prefix },
            KeyConfig::SourceDocumentLookUpOnly => InvoiceKey::SourceDocumentLookUpOnly { prefix },
        };
        options.posting = PostingRules {
            accounts: self.table(config)?,
            taxes: tables.taxes.clone(),
            rates: self.rates(config, &tables.taxes)?,
            untaxed: self.untaxed.clone(),
            source: self.source(wanted),
        };
        options.currencies = tables.currencies.clone();
        let by_table = |field: &Option<String>, table: &Codes| {
            let field = field.as_deref().map(FieldName::from);
            field.map(|field| (field, table.clone()))
        };
        options.payment_term = by_table(&self.payment_term_field, &tables.payment_terms);
        options.tax_rule = by_table(&self.tax_rule_field, &tables.tax_rules);
        options.status_field = self.status_field.as_deref().map(FieldName::from);
        Ok(options)
    }

    /// The rates, each of a tax that an invoice may bear.
    fn rates(&self, config: &Config, taxes: &Codes) -> Result<BTreeMap<String, Decimal>, Failure> {
        let mut rates = BTreeMap::new();
        for (code, Rate(percent)) in &self.tax_rates {
            let wrong =
                |message: String| config.wrong(&format!("invoices.post.tax_rates.{code}"), message);
            let percent = Decimal::from_str_exact(percent).ok();
            let percent = percent.filter(|percent| !percent.is_sign_negative());
            let percent = percent
                .ok_or_else(|| wrong("a rate is per cent as text, such as \"5.5\"".to_owned()))?;
            let mut known = taxes.pairs().map(|(known, _)| known);
            let is_untaxed = self.untaxed.as_ref().is_some_and(|untaxed| untaxed == code);
            if !is_untaxed && !known.any(|known| known.eq_ignore_ascii_case(code)) {
                return Err(wrong(format!(
                    "no tax of Zoho becomes `{code}` by `codes.taxes`"
                )));
            }
            rates.insert(code.clone(), percent);
        }
        Ok(rates)
    }

    fn source(&self, wanted: &InvoicesConfig) -> PostableSettings {
        let mut source = PostableSettings::default();
        if let Some(statuses) = &self.statuses {
            source.statuses.clone_from(statuses);
        }
        source.site_field = self.site_field.as_deref().map(FieldName::from);
        source.default_site.clone_from(&self.default_site);
        if !self.sites.is_empty() {
            source.sites = Codes::default().named("sites");
            self.sites.add_to(&mut source.sites);
            // The default is a code of X3's already.
            if let Some(site) = &self.default_site {
                source.sites.add(site, site);
            }
        }
        source.only_sites.clone_from(&self.only_sites);
        source.currency.clone_from(&self.currency);
        source.currency_field = self.currency_field.as_deref().map(FieldName::from);
        let decimals = self.decimals.iter();
        source.decimals = decimals.fold(CurrencyDecimals::new(), |known, (currency, decimals)| {
            known.with(currency, *decimals)
        });
        source.number_field = FieldName::from(wanted.number_field());
        if let Some(field) = &self.product_field {
            source.product_field = FieldName::from(field.as_str());
        }
        if let Some(field) = &self.category_field {
            source.category_field = Some(FieldName::from(field.as_str()));
        }
        source.changed = match self.changed {
            ChangedConfig::Park => Changed::Parked,
            ChangedConfig::Ignore => Changed::Ignored,
        };
        source.line_text = match self.line_text {
            LineTextConfig::ProductCode => LineText::ProductCode,
            LineTextConfig::Description => LineText::Description,
            LineTextConfig::Nothing => LineText::Nothing,
        };
        source
    }

    fn table(&self, config: &Config) -> Result<AccountTable, Failure> {
        let rules = self.accounts.iter().enumerate().map(|(place, row)| {
            let account = match row.account.contains('|') {
                true => LedgerAccount::parse(&row.account),
                false => LedgerAccount::new(&self.chart, &row.account),
            };
            let account = account.ok_or_else(|| {
                let path = format!("invoices.post.accounts.{place}.account");
                config.wrong(&path, format!("`{}` is no account", row.account))
            })?;
            let part = match row.part {
                PartConfig::Line => Part::Line,
                PartConfig::Discount => Part::Discount,
                PartConfig::Tax => Part::Tax,
                PartConfig::Adjustment => Part::Adjustment,
            };
            Ok(AccountRule {
                product: row.product.clone(),
                category: row.category.clone(),
                tax: row.tax.clone(),
                site: row.site.clone(),
                ..AccountRule::new(part, account)
            })
        });
        let rules = rules.collect::<Result<Vec<AccountRule>, Failure>>()?;
        AccountTable::new(rules).map_err(|error| config.wrong("invoices.post.accounts", error))
    }

    fn x3_settings(
        &self,
        config: &Config,
        options: &Options,
    ) -> Result<CustomerInvoiceSettings, Failure> {
        let wrong = |error: InvalidName| config.wrong("invoices.post", error);
        let mut settings = CustomerInvoiceSettings::default()
            .accounts_of(&options.posting.accounts)
            .map_err(wrong)?;
        let sites = self.only_sites.iter();
        settings.sites = sites
            .map(|site| SiteCode::new(site.as_str()).map_err(wrong))
            .collect::<Result<_, _>>()?;
        settings.invoice_type = self
            .invoice_type
            .as_deref()
            .map(|kind| RecordId::new(kind).map_err(wrong))
            .transpose()?;
        settings.stamp = stamp(config)?;
        Ok(settings)
    }
}

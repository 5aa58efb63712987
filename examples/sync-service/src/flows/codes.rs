//! The tables of codes that flows share: section `[codes]` of the configuration.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{
    Codes,
    flows::{
        codes::{CodeTables, countries_under},
        customers::countries,
    },
};

use crate::{config::Config, failure::Failure};

/// Codes of X3 and what Zoho holds instead: `X3 code = what Zoho says`, or a list of all that Zoho may say, of which the
/// first is written. A code that its table lacks parks the record.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CodesConfig {
    /// The site's own codes of countries where X3 does not use those of ISO 3166-1: `X3 code = ISO code`.
    country_codes: BTreeMap<String, String>,
    /// Countries beside the built-in ones, which are those of ISO 3166-1 by their English names.
    countries: CodeTable,
    /// Currencies that X3 and Zoho call differently. All others are the same on both sides.
    currencies: CodeTable,
    /// Taxes on lines: X3's tax code and the name of the tax at Zoho. A line with several taxes is looked up by all their
    /// names in order of the alphabet, with ` + ` between them.
    taxes: CodeTable,
    /// Tax rules of customers and documents.
    tax_rules: CodeTable,
    /// Payment terms.
    payment_terms: CodeTable,
    /// Units of measure.
    units: CodeTable,
}

/// One table.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct CodeTable(BTreeMap<String, Names>);

/// What Zoho says for one code of X3.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a text, or a list of texts")]
enum Names {
    One(String),
    Several(Vec<String>),
}

impl CodeTable {
    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds its pairs to a table.
    pub(crate) fn add_to(&self, table: &mut Codes) {
        for (code, names) in &self.0 {
            let names = match names {
                Names::One(name) => std::slice::from_ref(name),
                Names::Several(names) => names.as_slice(),
            };
            for name in names {
                table.add(code, name);
            }
        }
    }
}

/// The name of one of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TableName {
    Countries,
    Currencies,
    Taxes,
    TaxRules,
    PaymentTerms,
    Units,
}

impl TableName {
    /// The table of this name.
    pub(crate) fn of(self, tables: CodeTables) -> Codes {
        match self {
            Self::Countries => tables.countries,
            Self::Currencies => tables.currencies,
            Self::Taxes => tables.taxes,
            Self::TaxRules => tables.tax_rules,
            Self::PaymentTerms => tables.payment_terms,
            Self::Units => tables.units,
        }
    }
}

impl CodesConfig {
    /// Checks what the form of the file does not say.
    pub(crate) fn check(&self, config: &Config) -> Result<(), Failure> {
        let known = countries();
        for (code, iso) in &self.country_codes {
            let path = format!("codes.country_codes.{code}");
            if !known
                .pairs()
                .any(|(known, _)| known.eq_ignore_ascii_case(iso))
            {
                return Err(config.wrong(
                    &path,
                    format!(
                        "`{iso}` is no ISO 3166-1 code of a built-in country; name the country under `codes.countries` instead"
                    ),
                ));
            }
            let twin = |(other, other_iso): (&String, &String)| {
                other != code && other_iso.eq_ignore_ascii_case(iso)
            };
            if self.country_codes.iter().any(twin) {
                return Err(config.wrong(
                    &path,
                    format!(
                        "`{iso}` stands for two codes of X3, so nobody could tell which to write"
                    ),
                ));
            }
        }
        Ok(())
    }

    /// The tables with the configuration's pairs.
    pub(crate) fn tables(&self) -> CodeTables {
        let mut tables = CodeTables::default();
        let own = self.country_codes.iter();
        tables.countries = countries_under(own.map(|(code, iso)| (code.as_str(), iso.as_str())));
        self.countries.add_to(&mut tables.countries);
        self.currencies.add_to(&mut tables.currencies);
        self.taxes.add_to(&mut tables.taxes);
        self.tax_rules.add_to(&mut tables.tax_rules);
        self.payment_terms.add_to(&mut tables.payment_terms);
        self.units.add_to(&mut tables.units);
        tables
    }
}

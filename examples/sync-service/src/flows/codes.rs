//! The tables of codes that flows share: section `[codes]` of the configuration.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use sync_core::{Codes, flows::codes::CodeTables};

/// Codes of X3 and what Zoho holds instead: `X3 code = what Zoho says`, or a list of all that Zoho may say, of which the
/// first is written. A code that its table lacks parks the record.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CodesConfig {
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

impl CodesConfig {
    /// The tables with the configuration's pairs.
    pub(crate) fn tables(&self) -> CodeTables {
        let mut tables = CodeTables::default();
        self.countries.add_to(&mut tables.countries);
        self.currencies.add_to(&mut tables.currencies);
        self.taxes.add_to(&mut tables.taxes);
        self.tax_rules.add_to(&mut tables.tax_rules);
        self.payment_terms.add_to(&mut tables.payment_terms);
        self.units.add_to(&mut tables.units);
        tables
    }
}

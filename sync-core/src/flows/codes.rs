//! The tables of codes that all flows share.
//!
//! X3 names currencies, countries, tax rules, taxes, payment terms and units by codes of the site; Zoho keeps what its
//! users write or choose from a list. Each table says which is which. A code that its table lacks parks the record and
//! names table and code; [`Engine::unmapped_codes`](crate::Engine::unmapped_codes) lists all of them.
//!
//! | table | X3 | Zoho | without a pair |
//! |---|---|---|---|
//! | `countries` | code of the country | the name that users write | parks |
//! | `currencies` | code of the currency | ISO 4217 code | the same on both sides |
//! | `taxes` | code of the tax | name of the tax | parks |
//! | `tax_rules` | code of the tax rule | what users choose | parks |
//! | `payment_terms` | code of the payment term | what users choose | parks |
//! | `units` | code of the unit | usage unit | parks |

use std::collections::BTreeMap;

use super::customers::countries;
use crate::mapping::Codes;

/// The tables, each under the name that messages and reports call it by.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CodeTables {
    /// Countries.
    pub countries: Codes,
    /// Currencies.
    pub currencies: Codes,
    /// Taxes, as they stand on lines.
    pub taxes: Codes,
    /// Tax rules, as they stand on customers and documents.
    pub tax_rules: Codes,
    /// Payment terms.
    pub payment_terms: Codes,
    /// Units of measure.
    pub units: Codes,
}

impl Default for CodeTables {
    /// The countries of ISO 3166-1 by their English names, currencies that are the same on both sides, and nothing else.
    fn default() -> Self {
        let empty = |name: &str| Codes::default().named(name);
        Self {
            countries: countries().named("countries"),
            currencies: empty("currencies").others_alike(),
            taxes: empty("taxes"),
            tax_rules: empty("tax_rules"),
            payment_terms: empty("payment_terms"),
            units: empty("units"),
        }
    }
}

impl CodeTables {
    /// The tables, in the order of the list above.
    #[must_use]
    pub fn all(&self) -> [&Codes; 6] {
        [
            &self.countries,
            &self.currencies,
            &self.taxes,
            &self.tax_rules,
            &self.payment_terms,
            &self.units,
        ]
    }
}

/// The [countries](countries()) under the site's own codes where it does not use ISO 3166-1: pairs of X3 code and ISO code.
///
/// ```
/// use sync_core::flows::codes::countries_under;
///
/// let countries = countries_under([("ALL", "DE")]);
/// assert_eq!(countries.left_of("Germany").as_deref(), Some("ALL"));
/// assert_eq!(countries.left_of("France").as_deref(), Some("FR"));
/// ```
#[must_use]
pub fn countries_under<'a>(own: impl IntoIterator<Item = (&'a str, &'a str)>) -> Codes {
    let own: BTreeMap<String, &str> = own
        .into_iter()
        .map(|(code, iso)| (iso.to_uppercase(), code))
        .collect();
    let standard = super::customers::COUNTRIES.iter();
    let pairs = standard.map(|(iso, name)| (own.get(*iso).copied().unwrap_or(*iso), *name));
    Codes::new(pairs).named("countries")
}

/// How many decimals amounts of a currency have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CurrencyDecimals {
    own: BTreeMap<String, u32>,
}

/// Currencies that do not have two decimals, by ISO 4217.
const MINOR_UNITS: [(u32, &[&str]); 3] = [
    (
        0,
        &[
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
            "VND", "VUV", "XAF", "XOF", "XPF",
        ],
    ),
    (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    (4, &["CLF", "UYW"]),
];

impl CurrencyDecimals {
    /// As ISO 4217 has them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Amounts of `currency` have so many decimals, whatever ISO 4217 says.
    #[must_use]
    pub fn with(mut self, currency: &str, decimals: u32) -> Self {
        self.own.insert(currency.trim().to_uppercase(), decimals);
        self
    }

    /// Decimals of amounts in `currency`; 2 unless it is one of the exceptions.
    #[must_use]
    pub fn of(&self, currency: &str) -> u32 {
        let currency = currency.trim().to_uppercase();
        let own = self.own.get(&currency).copied();
        let exception = || {
            let known = MINOR_UNITS.iter();
            let mut known = known.filter(|(_, codes)| codes.contains(&currency.as_str()));
            known.next().map(|(decimals, _)| *decimals)
        };
        own.or_else(exception).unwrap_or(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_those_of_the_currency_unless_the_site_has_others() {
        let decimals = CurrencyDecimals::new().with("chf", 0);
        let of = |currency| decimals.of(currency);
        assert_eq!((of("EUR"), of("jpy"), of("TND"), of("CHF")), (2, 0, 3, 0));
    }

    #[test]
    fn each_table_is_known_by_its_name() {
        let tables = CodeTables::default();
        let names: Vec<_> = tables.all().iter().map(|table| table.name()).collect();
        let expected = [
            "countries",
            "currencies",
            "taxes",
            "tax_rules",
            "payment_terms",
            "units",
        ];
        assert_eq!(names, expected.map(Some));
        assert_eq!(tables.currencies.left_of("eur").as_deref(), Some("EUR"));
        assert_eq!(tables.units.left_of("Each"), None);
    }
}

//! Which customers of an X3 are there.

use sage_x3_client::{Filter, Scalar};

/// Which customers of an X3 are there, for folders with several companies and sites.
///
/// X3 shares its customers among all companies of a folder: no field of a customer names one company. What ties it to a site
/// is its default ship-to address (`defaultShipToAddress.shippingSite`), and a site belongs to a company
/// (`legalCompany`). Source: reference sage-x3 section 3.11, shipToCustomerAddress and site. A folder that tells its
/// customers apart otherwise, for example by a field of its own, names that as the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerScope {
    /// Codes of sites; all where there are none.
    pub sites: Vec<String>,
    /// Codes of companies; all where there are none.
    pub companies: Vec<String>,
    /// Where the code of a customer's site stands, references parted by dots.
    pub site_path: String,
    /// Where the code of its company stands.
    pub company_path: String,
    /// Whether customers are there that name no site, or no company.
    pub unassigned: bool,
}

impl Default for CustomerScope {
    /// All customers; the paths as above.
    fn default() -> Self {
        Self {
            sites: Vec::new(),
            companies: Vec::new(),
            site_path: "defaultShipToAddress.shippingSite.code".to_owned(),
            company_path: "defaultShipToAddress.shippingSite.legalCompany.code".to_owned(),
            unassigned: false,
        }
    }
}

impl CustomerScope {
    /// Whether it leaves any customer out.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.sites.is_empty() && self.companies.is_empty()
    }

    pub(super) fn filter(&self) -> Filter {
        let parts = [
            (&self.site_path, &self.sites),
            (&self.company_path, &self.companies),
        ];
        let wanted = parts.into_iter().filter(|(_, codes)| !codes.is_empty());
        Filter::all(wanted.map(|(path, codes)| {
            let one_of = Filter::field(path.as_str()).is_in(codes.iter().map(String::as_str));
            match self.unassigned {
                true => Filter::any([one_of].into_iter().chain(is_not_there(path))),
                false => one_of,
            }
        }))
    }
}

/// The filters of which one holds where nothing stands at `path`: a condition on what a reference leads to says nothing of a
/// reference that leads nowhere, so each reference on the way is asked for. X3 holds what is not there as null or as an
/// empty text.
fn is_not_there(path: &str) -> impl Iterator<Item = Filter> {
    let members: Vec<&str> = path.split('.').collect();
    let references = 1..members.len().max(2);
    references.map(move |length| {
        let way: Vec<&str> = members.iter().take(length).copied().collect();
        Filter::field(way.join(".").as_str()).is_in([Scalar::Null, "".into()])
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn json_of(scope: &CustomerScope) -> Value {
        serde_json::from_str(&scope.filter().to_json().unwrap()).unwrap()
    }

    #[test]
    fn sites_and_companies_are_both_asked_for() {
        assert_eq!(json_of(&CustomerScope::default()), json!({}));
        let scope = CustomerScope {
            sites: vec!["FR011".to_owned()],
            companies: vec!["FR10".to_owned(), "FR20".to_owned()],
            company_path: "YCOMPANY".to_owned(),
            ..CustomerScope::default()
        };
        let site = json!({"defaultShipToAddress": {"shippingSite": {"code": {"_in": ["FR011"]}}}});
        let company = json!({"YCOMPANY": {"_in": ["FR10", "FR20"]}});
        assert_eq!(json_of(&scope), json!({"_and": [site, company]}));
    }

    #[test]
    fn what_names_no_site_is_found_wherever_the_way_ends() {
        let scope = CustomerScope {
            sites: vec!["A".to_owned()],
            companies: vec!["B".to_owned()],
            site_path: "a.b.code".to_owned(),
            company_path: "c".to_owned(),
            unassigned: true,
        };
        let none = json!({"_in": [null, ""]});
        let site = json!({"_or": [
            {"a": {"b": {"code": {"_in": ["A"]}}}},
            {"a": none},
            {"a": {"b": none}},
        ]});
        let company = json!({"_or": [{"c": {"_in": ["B"]}}, {"c": none}]});
        assert_eq!(json_of(&scope), json!({"_and": [site, company]}));
    }
}

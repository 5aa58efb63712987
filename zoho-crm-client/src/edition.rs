//! Editions of Zoho CRM and what they allow.

use std::str::FromStr;

use crate::{error::Error, model::Organization};

/// What an organisation pays for (reference: Zoho v8 sections 4.1 and 10.1, read 2026-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edition {
    /// Free.
    Free,
    /// Standard, or one of the starter bundles.
    Standard,
    /// Professional: the first with products, orders and invoices.
    Professional,
    /// Enterprise, or Zoho One.
    Enterprise,
    /// Ultimate, or CRM Plus.
    Ultimate,
}

impl Edition {
    /// Calls that may be in flight at once, of one connected app in the whole organisation.
    #[must_use]
    pub fn concurrency(self) -> usize {
        match self {
            Self::Free => 5,
            Self::Standard => 10,
            Self::Professional => 15,
            Self::Enterprise => 20,
            Self::Ultimate => 25,
        }
    }

    /// Credits of 24 hours with so many user licences, add-ons apart.
    #[must_use]
    pub fn credits(self, users: u64) -> u64 {
        let (each, most): (u64, _) = match self {
            Self::Free => return 5_000,
            Self::Standard => (250, Some(100_000)),
            Self::Professional => (500, Some(3_000_000)),
            Self::Enterprise => (1_000, Some(5_000_000)),
            Self::Ultimate => (2_000, None),
        };
        let credits = each.saturating_mul(users).saturating_add(50_000);
        most.map_or(credits, |most: u64| credits.min(most))
    }
}

impl FromStr for Edition {
    type Err = Error;

    /// Zoho's own word, such as `zohooneenterprise`.
    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(match text.trim().to_ascii_lowercase().as_str() {
            "free" => Self::Free,
            "standard" | "crmplusstarter" | "zohoonestandard" => Self::Standard,
            "professional" => Self::Professional,
            "enterprise" | "zohooneenterprise" => Self::Enterprise,
            "ultimate" | "crmplus" => Self::Ultimate,
            _ => {
                return Err(Error::Configuration(format!(
                    "`{text}` is no edition: use free, standard, professional, enterprise or ultimate"
                )));
            }
        })
    }
}

impl Organization {
    /// The edition, if Zoho names one that is known. Trials name the edition that is tried.
    #[must_use]
    pub fn edition(&self) -> Option<Edition> {
        let license = self.license_details.as_ref()?;
        let trial = license
            .other
            .get("trial_type")
            .and_then(|trial| trial.as_str());
        let paid = license.paid_type.as_deref();
        [trial, paid]
            .into_iter()
            .flatten()
            .find_map(|word| word.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zohos_words_are_known() {
        for (word, edition, concurrency) in [
            ("free", Edition::Free, 5),
            ("standard", Edition::Standard, 10),
            ("professional", Edition::Professional, 15),
            ("zohooneenterprise", Edition::Enterprise, 20),
            ("CRMPlus", Edition::Ultimate, 25),
        ] {
            assert_eq!(word.parse::<Edition>().unwrap(), edition);
            assert_eq!(edition.concurrency(), concurrency);
        }
        assert!("platinum".parse::<Edition>().is_err());
    }

    #[test]
    fn credits_grow_with_users_up_to_a_bound() {
        assert_eq!(Edition::Free.credits(100), 5_000);
        assert_eq!(Edition::Standard.credits(10), 52_500);
        assert_eq!(Edition::Standard.credits(1_000), 100_000);
        assert_eq!(Edition::Ultimate.credits(100), 250_000);
    }

    #[test]
    fn an_organisation_has_the_edition_that_it_pays_for_or_tries() {
        let org = |license: &str| -> Organization {
            let json = format!(r#"{{"id":"1","zgid":"2","license_details":{license}}}"#);
            serde_json::from_str(&json).unwrap()
        };
        let edition = |license| org(license).edition();
        assert_eq!(
            edition(r#"{"paid":true,"paid_type":"professional","trial_type":null}"#),
            Some(Edition::Professional)
        );
        assert_eq!(
            edition(r#"{"paid":false,"paid_type":"free","trial_type":"enterprise"}"#),
            Some(Edition::Enterprise)
        );
        assert_eq!(edition(r#"{"paid_type":"new"}"#), None);
    }
}

//! What a customer takes from its category (reference: 4.9).

use serde::{Deserialize, Serialize};

/// What happens when orders exceed the authorised credit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditControl {
    /// Local menu 234, 1.
    #[default]
    Check,
    /// Local menu 234, 2.
    NoCheck,
    /// Local menu 234, 3.
    Hold,
}

/// A customer category with the defaults it supplies.
///
/// Every endpoint has `STD` (code given by the caller), `AUTO` (code generated as `C000001` and so on) and `VALID`
/// (like `STD`, records created inactive until somebody validates them). None of them supplies a country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerCategory {
    /// Up to 5 characters.
    pub code: String,
    /// Default currency; empty = must be given.
    pub currency: String,
    /// Default language; empty = must be given.
    pub language: String,
    /// Default payment term; may be empty.
    pub payment_term: String,
    /// Default tax rule; may be empty.
    pub tax_rule: String,
    /// Default country; `None` = must be given.
    pub country: Option<String>,
    /// Default credit control.
    pub credit_control: CreditControl,
    /// With a prefix, the code is generated as prefix and six digits, and must not be given.
    pub sequence_prefix: Option<String>,
    /// "Creation with validation": the record is created inactive.
    pub created_inactive: bool,
}

impl CustomerCategory {
    /// A category in euro and French without sequence counter.
    pub fn new(code: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            currency: "EUR".to_owned(),
            language: "FRA".to_owned(),
            payment_term: "CH30NET".to_owned(),
            tax_rule: "FRA".to_owned(),
            country: None,
            credit_control: CreditControl::Check,
            sequence_prefix: None,
            created_inactive: false,
        }
    }

    pub(crate) fn standard() -> [Self; 3] {
        [
            Self::new("STD"),
            Self {
                sequence_prefix: Some("C".to_owned()),
                ..Self::new("AUTO")
            },
            Self {
                created_inactive: true,
                ..Self::new("VALID")
            },
        ]
    }
}

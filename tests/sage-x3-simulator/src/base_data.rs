//! What customers take from their category and orders from their type (reference: 4.9).

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

/// A sales order type with what it decides.
///
/// Every endpoint has `SON` (the order's number comes from a counter and must not be given), `SOI` (the caller may
/// choose the number, the counter gives it otherwise) and `SOM` (the caller must choose it). Counters give type, site
/// and five digits, such as `SONFR01100001`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesOrderType {
    /// Up to 5 characters.
    pub code: String,
    /// Whether a counter gives numbers.
    pub counted: bool,
    /// Whether the caller may give a number.
    pub caller_may_choose: bool,
}

impl SalesOrderType {
    pub(crate) fn standard() -> [Self; 3] {
        [
            ("SON", true, false),
            ("SOI", true, true),
            ("SOM", false, true),
        ]
        .map(|(code, counted, caller_may_choose)| Self {
            code: code.to_owned(),
            counted,
            caller_may_choose,
        })
    }
}

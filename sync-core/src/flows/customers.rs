//! X3 customers and Zoho accounts.
//!
//! | row | X3 | Zoho | direction | conflict |
//! |---|---|---|---|---|
//! | `code` | `code` | the key field, `X3_Code` | to Zoho | |
//! | `name` | `companyName1` | `Account_Name` | both | X3 |
//! | `street` | `address.line1` | `Billing_Street` | both | newest |
//! | `postcode` | `address.zipCode` | `Billing_Code` | both | newest |
//! | `city` | `address.city` | `Billing_City` | both | newest |
//! | `state` | `address.state` | `Billing_State` | both | newest |
//! | `country` | `address.country` | `Billing_Country` | both | newest |
//! | `phone` | `address.phone` | `Phone` | both | newest |
//! | `website` | `address.website` | `Website` | both | newest |
//! | `vat_number` | `europeanUnionVatNumber` | `VAT_Number` | both | park |
//! | `currency` | `currency` | `X3_Currency` | to Zoho | |
//! | `active` | `isActive` | `X3_Active` | to Zoho | |
//! | `credit_limit` | `authorizedCreditAmount` | `X3_Credit_Limit` | to Zoho | |
//! | `notes` | `notes` | `Description` | both | newest |
//!
//! A customer that is made from an account gets a code derived from the account's id (`Z` and 13 characters), which is
//! unique at X3: that is what makes the create happen exactly once. `VAT_Number` and the `X3_...` fields are custom
//! fields of Zoho; `X3_Code` must be unique there.

use crate::{
    flow::{Identity, KeyRule, MatchRule, Policy},
    guard::Limit,
    mapping::{Codes, ConflictRule, Direction, Kind, Mapping, MappingError, Row},
    side::Side,
};

/// What differs from site to site.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CustomerOptions {
    /// Zoho's unique custom field that holds the X3 code.
    pub zoho_key_field: String,
    /// What codes of customers made from accounts begin with, in capitals.
    pub code_prefix: String,
    /// X3 country codes and what Zoho's users write instead. Countries that are not in it park their records.
    pub countries: Codes,
    /// Characters that X3 keeps of a company name: 35 or 75, by version and activity codes.
    pub name_length: usize,
    /// Decimals of amounts.
    pub amount_scale: u32,
}

impl Default for CustomerOptions {
    /// `X3_Code`, prefix `Z`, the countries of [`countries`], 75 characters, 2 decimals.
    fn default() -> Self {
        Self {
            zoho_key_field: "X3_Code".to_owned(),
            code_prefix: "Z".to_owned(),
            countries: countries(),
            name_length: 75,
            amount_scale: 2,
        }
    }
}

/// The table above.
///
/// # Errors
/// [`MappingError`] when the options name one Zoho field twice.
pub fn mapping(options: &CustomerOptions) -> Result<Mapping, MappingError> {
    let text = |name: &str, left: &str, right: &str| {
        Row::new(name, left, right, Kind::Text).rule(ConflictRule::Newest)
    };
    let amount = Kind::Decimal {
        scale: options.amount_scale,
    };
    Mapping::new(vec![
        Row::new("code", "code", options.zoho_key_field.as_str(), Kind::Code)
            .direction(Direction::ToRight),
        text("name", "companyName1", "Account_Name")
            .rule(ConflictRule::Left)
            .max_length(Side::Left, options.name_length)
            .max_length(Side::Right, 200),
        text("street", "address.line1", "Billing_Street")
            .max_length(Side::Left, 75)
            .max_length(Side::Right, 250),
        text("postcode", "address.zipCode", "Billing_Code")
            .max_length(Side::Left, 10)
            .max_length(Side::Right, 30),
        text("city", "address.city", "Billing_City")
            .max_length(Side::Left, 40)
            .max_length(Side::Right, 100),
        text("state", "address.state", "Billing_State")
            .max_length(Side::Left, 35)
            .max_length(Side::Right, 100),
        Row::new("country", "address.country", "Billing_Country", Kind::Code)
            .rule(ConflictRule::Newest)
            .codes(options.countries.clone()),
        text("phone", "address.phone", "Phone")
            .max_length(Side::Left, 20)
            .max_length(Side::Right, 30),
        text("website", "address.website", "Website")
            .max_length(Side::Left, 250)
            .max_length(Side::Right, 255),
        Row::new(
            "vat_number",
            "europeanUnionVatNumber",
            "VAT_Number",
            Kind::Code,
        )
        .rule(ConflictRule::Park)
        .max_length(Side::Left, 20),
        Row::new("currency", "currency", "X3_Currency", Kind::Code).direction(Direction::ToRight),
        Row::new("active", "isActive", "X3_Active", Kind::Boolean).direction(Direction::ToRight),
        Row::new(
            "credit_limit",
            "authorizedCreditAmount",
            "X3_Credit_Limit",
            amount,
        )
        .direction(Direction::ToRight),
        text("notes", "notes", "Description")
            .max_length(Side::Left, 250)
            .max_length(Side::Right, 32_000),
    ])
}

/// How customers and accounts find each other: by key, then by VAT number, then by name, postcode and country.
#[must_use]
pub fn identity(options: &CustomerOptions) -> Identity {
    Identity {
        keys: crate::side::Sides::new(
            KeyRule::compact("code", options.code_prefix.as_str()),
            KeyRule::plain(options.zoho_key_field.as_str()),
        ),
        matching: vec![
            MatchRule::on(["vat_number"]),
            MatchRule::on(["name", "postcode", "country"]),
        ],
    }
}

/// Fits the flow's rules to an X3 side that shows some customers only (`x3::CustomerScope`): an account that names
/// another one is left alone, and a customer that leaves the scope is not held against the flow. Its account stays as it
/// is, and the audit says that it is gone from X3.
pub fn within_scope(identity: &mut Identity, policy: &mut Policy) {
    let keys = &mut identity.keys;
    keys.right = keys.right.clone().leaving_unknown_alone();
    policy.guards.missing = Limit::NONE;
}

/// Countries by ISO 3166-1 code, which X3 uses, with their English names. Extend or replace it for a site's own codes.
#[must_use]
pub fn countries() -> Codes {
    Codes::new(COUNTRIES)
}

pub(super) const COUNTRIES: [(&str, &str); 74] = [
    ("AE", "United Arab Emirates"),
    ("AR", "Argentina"),
    ("AT", "Austria"),
    ("AU", "Australia"),
    ("BE", "Belgium"),
    ("BG", "Bulgaria"),
    ("BR", "Brazil"),
    ("CA", "Canada"),
    ("CH", "Switzerland"),
    ("CL", "Chile"),
    ("CN", "China"),
    ("CO", "Colombia"),
    ("CY", "Cyprus"),
    ("CZ", "Czech Republic"),
    ("CZ", "Czechia"),
    ("DE", "Germany"),
    ("DK", "Denmark"),
    ("DZ", "Algeria"),
    ("EE", "Estonia"),
    ("EG", "Egypt"),
    ("ES", "Spain"),
    ("FI", "Finland"),
    ("FR", "France"),
    ("GB", "United Kingdom"),
    ("GB", "UK"),
    ("GB", "Great Britain"),
    ("GR", "Greece"),
    ("HK", "Hong Kong"),
    ("HR", "Croatia"),
    ("HU", "Hungary"),
    ("ID", "Indonesia"),
    ("IE", "Ireland"),
    ("IL", "Israel"),
    ("IN", "India"),
    ("IS", "Iceland"),
    ("IT", "Italy"),
    ("JP", "Japan"),
    ("KE", "Kenya"),
    ("KR", "South Korea"),
    ("LT", "Lithuania"),
    ("LU", "Luxembourg"),
    ("LV", "Latvia"),
    ("MA", "Morocco"),
    ("MT", "Malta"),
    ("MX", "Mexico"),
    ("MY", "Malaysia"),
    ("NG", "Nigeria"),
    ("NL", "Netherlands"),
    ("NL", "The Netherlands"),
    ("NO", "Norway"),
    ("NZ", "New Zealand"),
    ("PE", "Peru"),
    ("PH", "Philippines"),
    ("PL", "Poland"),
    ("PT", "Portugal"),
    ("RO", "Romania"),
    ("RS", "Serbia"),
    ("SA", "Saudi Arabia"),
    ("SE", "Sweden"),
    ("SG", "Singapore"),
    ("SI", "Slovenia"),
    ("SK", "Slovakia"),
    ("TH", "Thailand"),
    ("TN", "Tunisia"),
    ("TR", "Turkey"),
    ("TR", "Türkiye"),
    ("TW", "Taiwan"),
    ("UA", "Ukraine"),
    ("US", "United States"),
    ("US", "USA"),
    ("US", "United States of America"),
    ("UY", "Uruguay"),
    ("VN", "Vietnam"),
    ("ZA", "South Africa"),
];

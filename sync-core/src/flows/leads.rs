//! Qualified Zoho leads and X3 prospects: customers that have bought nothing yet.
//!
//! | row | X3 (`customer`) | Zoho (`Leads`) | direction | conflict |
//! |---|---|---|---|---|
//! | `code` | `code` | the key field, `X3_Code` | to Zoho | |
//! | `qualified` | `isProspect` | `Lead_Status`, one of the qualified ones | when it is made | |
//! | `name` | `companyName1` | `Company` | both | newest |
//! | `street` | `address.line1` | `Street` | both | newest |
//! | `postcode` | `address.zipCode` | `Zip_Code` | both | newest |
//! | `city` | `address.city` | `City` | both | newest |
//! | `state` | `address.state` | `State` | both | newest |
//! | `country` | `address.country` | `Country` | both | newest |
//! | `phone` | `address.phone` | `Phone` | both | newest |
//! | `email` | `address.email` | `Email` | both | newest |
//! | `website` | `address.website` | `Website` | both | newest |
//!
//! X3's endpoint must show prospects only: `CustomerSettings::prospects_only`. Flow `customers` must leave prospects to
//! this flow: [`leave_prospects`]. Page: `docs/flows/leads.md` of this crate.

use super::{convert::IsOneOf, customers::countries};
use crate::{
    flow::{CreateRule, Identity, KeyRule, Policy},
    guard::{Guards, Limit},
    mapping::{Codes, ConflictRule, Direction, Kind, Mapping, MappingError, PersonalData, Row},
    side::{Side, Sides},
    value::Value,
};

/// What differs from site to site.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LeadOptions {
    /// Zoho's unique custom field that holds the X3 code. When a lead is converted it must become the account's.
    pub zoho_key_field: String,
    /// Values of `Lead_Status` that make a prospect.
    pub qualified: Vec<String>,
    /// What codes of prospects begin with, in capitals. Not what codes of customers made from accounts begin with.
    pub code_prefix: String,
    /// X3 country codes and what Zoho's users write instead.
    pub countries: Codes,
    /// Characters that X3 keeps of a company name.
    pub name_length: usize,
}

impl Default for LeadOptions {
    /// `X3_Code`, `Pre-Qualified`, prefix `L`, the countries of flow `customers`, 75 characters.
    fn default() -> Self {
        Self {
            zoho_key_field: "X3_Code".to_owned(),
            qualified: vec!["Pre-Qualified".to_owned()],
            code_prefix: "L".to_owned(),
            countries: countries(),
            name_length: 75,
        }
    }
}

/// The table above.
///
/// # Errors
/// [`MappingError`] when the options name one Zoho field twice.
pub fn mapping(options: &LeadOptions) -> Result<Mapping, MappingError> {
    let text = |name: &str, left: &str, right: &str, x3: usize, zoho: usize| {
        Row::new(name, left, right, Kind::Text)
            .rule(ConflictRule::Newest)
            .max_length(Side::Left, x3)
            .max_length(Side::Right, zoho)
    };
    let key = options.zoho_key_field.as_str();
    let length = options.name_length;
    Mapping::new(vec![
        Row::new("code", "code", key, Kind::Code).direction(Direction::ToRight),
        Row::new("qualified", "isProspect", "Lead_Status", Kind::Boolean)
            .direction(Direction::CreateOnly)
            .convert(IsOneOf::on(Side::Right, &options.qualified)),
        text("name", "companyName1", "Company", length, 200),
        text("street", "address.line1", "Street", 75, 250),
        text("postcode", "address.zipCode", "Zip_Code", 10, 30),
        text("city", "address.city", "City", 40, 100),
        text("state", "address.state", "State", 35, 100),
        Row::new("country", "address.country", "Country", Kind::Code)
            .rule(ConflictRule::Newest)
            .codes(options.countries.clone()),
        text("phone", "address.phone", "Phone", 20, 30).personal(PersonalData::Contact),
        text("email", "address.email", "Email", 80, 100).personal(PersonalData::Contact),
        text("website", "address.website", "Website", 250, 255),
    ])
}

/// How leads and prospects find each other: by key alone, because a company may be lead and customer at the same time.
#[must_use]
pub fn identity(options: &LeadOptions) -> Identity {
    Identity {
        keys: Sides::new(
            KeyRule::compact("code", options.code_prefix.as_str()),
            KeyRule::plain(options.zoho_key_field.as_str()),
        ),
        matching: Vec::new(),
    }
}

/// Qualified leads become prospects; prospects become no leads. A prospect that becomes a customer leaves the flow, which is
/// not held against it.
#[must_use]
pub fn policy() -> Policy {
    let qualified = CreateRule::When {
        row: "qualified".into(),
        equals: Value::Boolean(true),
    };
    Policy {
        create: Sides::new(qualified, CreateRule::Never),
        guards: Guards {
            missing: Limit::NONE,
            ..Guards::default()
        },
        ..Policy::default()
    }
}

/// Makes flow `customers` leave prospects without an account alone: its table gets the row `prospect` (`isProspect`, to the
/// checkbox `zoho_field` of Accounts), and no account is made as long as it says yes.
///
/// # Errors
/// [`MappingError`] when another row writes the field.
pub fn leave_prospects(
    customers: Mapping,
    policy: &mut Policy,
    zoho_field: &str,
) -> Result<Mapping, MappingError> {
    policy.create.right = CreateRule::When {
        row: "prospect".into(),
        equals: Value::Boolean(false),
    };
    let row = Row::new("prospect", "isProspect", zoho_field, Kind::Boolean);
    customers.with(row.direction(Direction::ToRight))
}

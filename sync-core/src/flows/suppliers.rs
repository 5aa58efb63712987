//! X3 suppliers, shown as Zoho vendors.
//!
//! | row | X3 | Zoho |
//! |---|---|---|
//! | `code` | `code` | the key field, `X3_Code` |
//! | `name` | `companyName1` | `Vendor_Name` |
//! | `street` | `address.line1` | `Street` |
//! | `postcode` | `address.zipCode` | `Zip_Code` |
//! | `city` | `address.city` | `City` |
//! | `state` | `address.state` | `State` |
//! | `country` | `address.country` | `Country` |
//! | `phone` | `address.phone` | `Phone` |
//! | `email` | `address.email` | `Email` |
//! | `website` | `address.website` | `Website` |
//! | `vat_number` | `europeanUnionVatNumber` | `VAT_Number`, with that option |
//! | `active` | `isActive` | `X3_Active`, with that option |
//!
//! X3 owns them, because Sage publishes no operation that writes suppliers: Zoho's records are written and not read.
//! Page: `docs/flows/suppliers.md` of this crate.

use super::customers::countries;
use crate::{
    flow::{CreateRule, DeleteRule, Identity, KeyRule, MatchRule, Mode, Policy},
    mapping::{Codes, Direction, Kind, Mapping, MappingError, PersonalData, Row},
    side::{Side, Sides},
    value::Document,
};

/// What differs from site to site.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SupplierOptions {
    /// Zoho's unique custom field that holds the X3 code.
    pub zoho_key_field: String,
    /// X3 country codes and what Zoho's users write instead.
    pub countries: Codes,
    /// Zoho's custom field for the VAT number, if it is shown.
    pub zoho_vat_field: Option<String>,
    /// Zoho's custom field that says whether the supplier is active, if that is shown.
    pub zoho_active_field: Option<String>,
}

impl Default for SupplierOptions {
    /// `X3_Code`, the countries of flow `customers`, no further custom field.
    fn default() -> Self {
        Self {
            zoho_key_field: "X3_Code".to_owned(),
            countries: countries(),
            zoho_vat_field: None,
            zoho_active_field: None,
        }
    }
}

/// The table above.
///
/// # Errors
/// [`MappingError`] when the options name one Zoho field twice.
pub fn mapping(options: &SupplierOptions) -> Result<Mapping, MappingError> {
    let shown = |name: &str, left: &str, right: &str, kind| {
        Row::new(name, left, right, kind).direction(Direction::ToRight)
    };
    let text = |name: &str, left: &str, right: &str, length| {
        shown(name, left, right, Kind::Text).max_length(Side::Right, length)
    };
    let reached = |name: &str, left: &str, right: &str, length| {
        text(name, left, right, length).personal(PersonalData::Contact)
    };
    let key = options.zoho_key_field.as_str();
    let mut rows = vec![
        shown("code", "code", key, Kind::Code),
        text("name", "companyName1", "Vendor_Name", 200).required(Side::Right),
        text("street", "address.line1", "Street", 250),
        text("postcode", "address.zipCode", "Zip_Code", 30),
        text("city", "address.city", "City", 100),
        text("state", "address.state", "State", 100),
        shown("country", "address.country", "Country", Kind::Code).codes(options.countries.clone()),
        reached("phone", "address.phone", "Phone", 30),
        reached("email", "address.email", "Email", 100),
        text("website", "address.website", "Website", 450),
    ];
    if let Some(field) = &options.zoho_vat_field {
        rows.push(shown(
            "vat_number",
            "europeanUnionVatNumber",
            field,
            Kind::Code,
        ));
    }
    if let Some(field) = &options.zoho_active_field {
        rows.push(shown("active", "isActive", field, Kind::Boolean));
    }
    Mapping::new(rows)
}

/// How suppliers and vendors find each other: by key, then by VAT number where it is shown, then by name, postcode and
/// country.
#[must_use]
pub fn identity(options: &SupplierOptions) -> Identity {
    let by_vat = options.zoho_vat_field.as_ref();
    let by_vat = by_vat.map(|_| MatchRule::on(["vat_number"]));
    let by_name = MatchRule::on(["name", "postcode", "country"]);
    Identity {
        keys: Sides::new(
            super::never_created("code"),
            KeyRule::plain(options.zoho_key_field.as_str()),
        ),
        matching: by_vat.into_iter().chain([by_name]).collect(),
    }
}

/// X3 is copied. A supplier that was deleted there becomes inactive at Zoho where that is shown, and stays as it is
/// otherwise.
#[must_use]
pub fn policy(options: &SupplierOptions) -> Policy {
    let deleted = match &options.zoho_active_field {
        Some(_) => DeleteRule::Deactivate(Document::new().with("active", false)),
        None => DeleteRule::Ignore,
    };
    Policy {
        create: Sides::new(CreateRule::Never, CreateRule::Always),
        deleted: Sides::new(deleted, DeleteRule::Ignore),
        mode: Mode::Mirror { owner: Side::Left },
        ..Policy::default()
    }
}

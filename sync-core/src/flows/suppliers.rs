//! X3 suppliers and Zoho vendors.
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
//! X3 owns them: Zoho's records are written and not read. With both ways, where the site lets suppliers be written, all rows
//! but `code` and `active` go both ways; the newest value wins, a VAT number that differs asks a person.
//! Page: `docs/flows/suppliers.md` of this crate.

use super::customers::countries;
use crate::{
    flow::{CreateRule, DeleteRule, Identity, KeyRule, MatchRule, Mode, Policy},
    mapping::{Codes, ConflictRule, Direction, Kind, Mapping, MappingError, PersonalData, Row},
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
    /// Whether changes at Zoho reach X3, where its endpoint can change suppliers.
    pub both_ways: bool,
    /// With both ways, whether vendors become suppliers of X3, where its endpoint can make them.
    pub create_in_x3: bool,
    /// What codes of suppliers made from vendors begin with, in capitals. Not what codes of customers begin with: a business
    /// partner may be both.
    pub code_prefix: String,
    /// Characters that X3 keeps of a company name.
    pub name_length: usize,
}

impl Default for SupplierOptions {
    /// `X3_Code`, the countries of flow `customers`, no further custom field, to Zoho only, prefix `V`, 75 characters.
    fn default() -> Self {
        Self {
            zoho_key_field: "X3_Code".to_owned(),
            countries: countries(),
            zoho_vat_field: None,
            zoho_active_field: None,
            both_ways: false,
            create_in_x3: false,
            code_prefix: "V".to_owned(),
            name_length: 75,
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
    let direction = if options.both_ways {
        Direction::Both
    } else {
        Direction::ToRight
    };
    let text = |name: &str, left: &str, right: &str, x3: usize, zoho: usize| {
        Row::new(name, left, right, Kind::Text)
            .direction(direction)
            .rule(ConflictRule::Newest)
            .max_length(Side::Left, x3)
            .max_length(Side::Right, zoho)
    };
    let key = options.zoho_key_field.as_str();
    let mut rows = vec![
        shown("code", "code", key, Kind::Code),
        text(
            "name",
            "companyName1",
            "Vendor_Name",
            options.name_length,
            200,
        )
        .required(Side::Right),
        text("street", "address.line1", "Street", 75, 250),
        text("postcode", "address.zipCode", "Zip_Code", 10, 30),
        text("city", "address.city", "City", 40, 100),
        text("state", "address.state", "State", 35, 100),
        Row::new("country", "address.country", "Country", Kind::Code)
            .direction(direction)
            .rule(ConflictRule::Newest)
            .codes(options.countries.clone()),
        text("phone", "address.phone", "Phone", 20, 30).personal(PersonalData::Contact),
        text("email", "address.email", "Email", 80, 100).personal(PersonalData::Contact),
        text("website", "address.website", "Website", 250, 450),
    ];
    if let Some(field) = &options.zoho_vat_field {
        let row = Row::new(
            "vat_number",
            "europeanUnionVatNumber",
            field.as_str(),
            Kind::Code,
        );
        rows.push(row.direction(direction).max_length(Side::Left, 20));
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
            if options.both_ways {
                KeyRule::compact("code", options.code_prefix.as_str())
            } else {
                super::never_created("code")
            },
            KeyRule::plain(options.zoho_key_field.as_str()),
        ),
        matching: by_vat.into_iter().chain([by_name]).collect(),
    }
}

/// Suppliers are made at Zoho, and, if that is asked for, vendors in X3. Unless both ways are asked for, X3 is copied. A
/// supplier that was deleted there becomes inactive at Zoho where that is shown, and stays as it is otherwise.
#[must_use]
pub fn policy(options: &SupplierOptions) -> Policy {
    let made_in_x3 = if options.both_ways && options.create_in_x3 {
        CreateRule::Always
    } else {
        CreateRule::Never
    };
    let deleted = match &options.zoho_active_field {
        Some(_) => DeleteRule::Deactivate(Document::new().with("active", false)),
        None => DeleteRule::Ignore,
    };
    Policy {
        create: Sides::new(made_in_x3, CreateRule::Always),
        deleted: Sides::new(deleted, DeleteRule::Ignore),
        mode: if options.both_ways {
            Mode::TwoWay
        } else {
            Mode::Mirror { owner: Side::Left }
        },
        ..Policy::default()
    }
}

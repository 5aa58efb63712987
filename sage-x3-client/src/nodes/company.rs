//! Companies.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::company_page as wire},
    ids::{CompanyCode, CountryCode, CurrencyCode, FieldName, InvalidName, SiteCode},
    model::{Extra, debug_by_key, instant, key_of, text},
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The companies of an endpoint.
pub type Companies = Records<Company>;

/// A company (node `company`, table `COMPANY`).
#[derive(Clone)]
#[non_exhaustive]
pub struct Company {
    /// Code.
    pub code: CompanyCode,
    /// Name.
    pub name: String,
    /// Short name.
    pub short_name: String,
    /// Whether it is a legal company.
    pub is_legal_company: Option<bool>,
    /// Main site.
    pub main_site: Option<SiteCode>,
    /// Identification number.
    pub identification_number: String,
    /// Unique identification number.
    pub unique_identification_number: String,
    /// VAT number in the European Union.
    pub european_union_vat_number: String,
    /// Country.
    pub country: Option<CountryCode>,
    /// Currency.
    pub currency: Option<CurrencyCode>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(Company, code);

impl Node for Company {
    type Key = CompanyCode;

    fn key(&self) -> &CompanyCode {
        &self.code
    }
}

impl Typed for Company {
    type Fields = wire::CompanyFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3System" / "company",
        file: company_page,
        key: Some("code"),
        children: None,
        feeds: &[
            Feed::own(ChangeSource::Company, NodePath::new("x3System", "company"), "company.keys"),
        ]
    );

    fn from_fields(fields: wire::CompanyFields, extra: Extra) -> Result<Self, InvalidName> {
        Ok(Self {
            code: CompanyCode::new(fields.code.or(fields.id).unwrap_or_default())?,
            name: text(fields.name),
            short_name: text(fields.short_name),
            is_legal_company: fields.is_legal_company,
            main_site: key_of!(fields.main_site),
            identification_number: text(fields.identification_number),
            unique_identification_number: text(fields.unique_identification_number),
            european_union_vat_number: text(fields.european_union_vat_number),
            country: key_of!(fields.country),
            currency: key_of!(fields.currency),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }
}

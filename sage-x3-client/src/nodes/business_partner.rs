//! Business partners.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::business_partner_page as wire},
    ids::{
        BusinessPartnerCode, CategoryCode, CountryCode, CurrencyCode, FieldName, InvalidName,
        LanguageCode,
    },
    model::{Extra, debug_by_key, instant, key_of, text},
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The business partners of an endpoint.
pub type BusinessPartners = Records<BusinessPartner>;

/// A business partner (node `businessPartner`, table `BPARTNER`): what its roles of customer and supplier share. Empty text means that X3 holds nothing.
#[derive(Clone)]
#[non_exhaustive]
pub struct BusinessPartner {
    /// Code, shared by all roles.
    pub code: BusinessPartnerCode,
    /// Whether the partner is active.
    pub is_active: Option<bool>,
    /// Whether it is a customer.
    pub is_customer: Option<bool>,
    /// Whether it is a supplier.
    pub is_supplier: Option<bool>,
    /// Whether it is a prospect.
    pub is_prospect: Option<bool>,
    /// First company name.
    pub company_name_1: String,
    /// Second company name.
    pub company_name_2: String,
    /// Short company name.
    pub short_company_name: String,
    /// VAT number in the European Union.
    pub european_union_vat_number: String,
    /// Number of the establishment, such as the French SIRET.
    pub site_identification_number: String,
    /// Category.
    pub category: Option<CategoryCode>,
    /// Country.
    pub country: Option<CountryCode>,
    /// Currency.
    pub currency: Option<CurrencyCode>,
    /// Language.
    pub language: Option<LanguageCode>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(BusinessPartner, code);

impl Node for BusinessPartner {
    type Key = BusinessPartnerCode;

    fn key(&self) -> &BusinessPartnerCode {
        &self.code
    }
}

impl Typed for BusinessPartner {
    type Fields = wire::BusinessPartnerFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3MasterData" / "businessPartner",
        file: business_partner_page,
        key: Some("code"),
        children: None,
        feeds: &[
            Feed::own(ChangeSource::BusinessPartner, NodePath::new("x3MasterData", "businessPartner"), "businessPartner.keys"),
        ]
    );

    fn from_fields(fields: wire::BusinessPartnerFields, extra: Extra) -> Result<Self, InvalidName> {
        Ok(Self {
            code: BusinessPartnerCode::new(fields.code.or(fields.id).unwrap_or_default())?,
            is_active: fields.is_active,
            is_customer: fields.is_customer,
            is_supplier: fields.is_supplier,
            is_prospect: fields.is_prospect,
            company_name_1: text(fields.company_name1),
            company_name_2: text(fields.company_name2),
            short_company_name: text(fields.short_company_name),
            european_union_vat_number: text(fields.european_union_vat_number),
            site_identification_number: text(fields.site_identification_number),
            category: key_of!(fields.category),
            country: key_of!(fields.country),
            currency: key_of!(fields.currency),
            language: key_of!(fields.language),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }
}

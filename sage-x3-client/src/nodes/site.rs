//! Sites.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::site_page as wire},
    ids::{CompanyCode, CountryCode, FieldName, InvalidName, SiteCode},
    model::{Extra, debug_by_key, instant, key_of, text},
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The sites of an endpoint.
pub type Sites = Records<Site>;

/// A site (node `site`, table `FACILITY`).
#[derive(Clone)]
#[non_exhaustive]
pub struct Site {
    /// Code.
    pub code: SiteCode,
    /// Name.
    pub name: String,
    /// Short name.
    pub short_name: String,
    /// Number of the establishment.
    pub identification_number: String,
    /// Whether it manufactures.
    pub is_manufacturing: Option<bool>,
    /// Whether it sells.
    pub is_sales: Option<bool>,
    /// Whether it purchases.
    pub is_purchasing: Option<bool>,
    /// Whether it holds stock.
    pub is_stock_site: Option<bool>,
    /// Whether it is a financial site.
    pub is_accounting: Option<bool>,
    /// Its financial site.
    pub financial_site: Option<SiteCode>,
    /// Company.
    pub legal_company: Option<CompanyCode>,
    /// Country.
    pub country: Option<CountryCode>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(Site, code);

impl Node for Site {
    type Key = SiteCode;

    fn key(&self) -> &SiteCode {
        &self.code
    }
}

impl Typed for Site {
    type Fields = wire::SiteFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3System" / "site",
        file: site_page,
        key: Some("code"),
        children: None,
        feeds: &[
            Feed::own(ChangeSource::Site, NodePath::new("x3System", "site"), "site.keys"),
        ]
    );

    fn from_fields(fields: wire::SiteFields, extra: Extra) -> Result<Self, InvalidName> {
        Ok(Self {
            code: SiteCode::new(fields.code.or(fields.id).unwrap_or_default())?,
            name: text(fields.name),
            short_name: text(fields.short_name),
            identification_number: text(fields.identification_number),
            is_manufacturing: fields.is_manufacturing,
            is_sales: fields.is_sales,
            is_purchasing: fields.is_purchasing,
            is_stock_site: fields.is_stock_site,
            is_accounting: fields.is_accounting,
            financial_site: key_of!(fields.financial_site),
            legal_company: key_of!(fields.legal_company),
            country: key_of!(fields.country),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }
}

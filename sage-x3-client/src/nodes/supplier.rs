//! Suppliers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::supplier_page as wire},
    ids::{
        BusinessPartnerCode, CountryCode, CurrencyCode, FieldName, InvalidName, LanguageCode,
        RecordId, SupplierCode,
    },
    model::{Address, Extra, address_of, debug_by_key, instant, key_of, text},
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The suppliers of an endpoint.
pub type Suppliers = Records<Supplier>;

/// A supplier (node `supplier`, table `BPSUPPLIER`) with what belongs to its business partner. Empty text means that X3 holds nothing.
#[derive(Clone)]
#[non_exhaustive]
pub struct Supplier {
    /// Code, shared with the business partner.
    pub code: SupplierCode,
    /// Category.
    pub category: Option<RecordId>,
    /// Currency.
    pub currency: Option<CurrencyCode>,
    /// The number by which the supplier knows us.
    pub our_customer_number: String,
    /// Who sends the invoices.
    pub bill_by_supplier: Option<SupplierCode>,
    /// Who is paid.
    pub pay_to_business_partner: Option<BusinessPartnerCode>,
    /// The group that it belongs to.
    pub group_supplier: Option<SupplierCode>,
    /// Location.
    pub location: String,
    /// Whether an order may have several lines.
    pub is_multi_line_order: Option<bool>,
    /// Whether the supplier is active; the business partner, where the site's schema does not tell them apart.
    pub is_active: Option<bool>,
    /// First company name (of the business partner).
    pub company_name_1: String,
    /// Second company name (of the business partner).
    pub company_name_2: String,
    /// Short company name (of the business partner).
    pub short_company_name: String,
    /// VAT number in the European Union (of the business partner).
    pub european_union_vat_number: String,
    /// Country (of the business partner).
    pub country: Option<CountryCode>,
    /// Language (of the business partner).
    pub language: Option<LanguageCode>,
    /// The default address. None also where the site's schema has no such field.
    pub default_address: Option<Address>,
    /// When the row of its business partner was last changed.
    pub partner_updated_at: Option<Timestamp>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(Supplier, code);

impl Node for Supplier {
    type Key = SupplierCode;

    fn key(&self) -> &SupplierCode {
        &self.code
    }
}

impl Typed for Supplier {
    type Fields = wire::SupplierFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3MasterData" / "supplier",
        file: supplier_page,
        key: Some("code.code"),
        children: None,
        feeds: &[
            Feed::own(ChangeSource::Supplier, NodePath::new("x3MasterData", "supplier"), "supplier.keys"),
            Feed {
                source: ChangeSource::BusinessPartner,
                node: NodePath::new("x3MasterData", "businessPartner"),
                parent: &[],
                only_if: Some("isSupplier"),
                operation: "businessPartner.keys",
            },
        ]
    );

    fn from_fields(fields: wire::SupplierFields, extra: Extra) -> Result<Self, InvalidName> {
        let partner = fields.code.unwrap_or_default();
        Ok(Self {
            code: SupplierCode::new(partner.code.or(fields.id).unwrap_or_default())?,
            category: key_of!(fields.category),
            currency: key_of!(fields.currency),
            our_customer_number: text(fields.our_customer_number_for_supplier),
            bill_by_supplier: key_of!(fields.bill_by_supplier),
            pay_to_business_partner: key_of!(fields.pay_to_business_partner),
            group_supplier: key_of!(fields.group_supplier),
            location: text(fields.location),
            is_multi_line_order: fields.is_multi_line_order,
            is_active: fields.is_active.or(partner.is_active),
            company_name_1: text(partner.company_name1.or(fields.company_name)),
            company_name_2: text(partner.company_name2),
            short_company_name: text(partner.short_company_name.or(fields.short_company_name)),
            european_union_vat_number: text(partner.european_union_vat_number),
            country: key_of!(partner.country),
            language: key_of!(partner.language),
            default_address: fields
                .address_by_default
                .map(|address| address_of!(address)),
            partner_updated_at: instant(partner.update_stamp),
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }
}

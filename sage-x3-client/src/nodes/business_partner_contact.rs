//! Contacts of business partners.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::{
    graphql::{node_path::NodePath, operations::business_partner_contact_page as wire},
    ids::{BusinessPartnerCode, FieldName, InvalidName, LanguageCode, RecordId},
    model::{Extra, debug_by_key, instant, key_of, member, text},
    records::{ChangeSource, Feed, Meta, Node, Records, meta, sealed::Typed},
};

/// The contacts of an endpoint's business partners.
pub type BusinessPartnerContacts = Records<BusinessPartnerContact>;

/// A contact of a business partner (node `businessPartnerContact`, table `CONTACT`). Sage names the node and publishes none of its properties: a field that the site's schema lacks is empty here.
#[derive(Clone)]
#[non_exhaustive]
pub struct BusinessPartnerContact {
    /// Key.
    pub id: RecordId,
    /// The business partner.
    pub business_partner: Option<BusinessPartnerCode>,
    /// Code of the contact.
    pub code: String,
    /// Title.
    pub title: Option<String>,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Function.
    pub function: Option<String>,
    /// Language.
    pub language: Option<LanguageCode>,
    /// Telephone number.
    pub phone: String,
    /// Mobile telephone number.
    pub mobile: String,
    /// E-mail address.
    pub email: String,
    /// Whether it is the default contact.
    pub is_default: Option<bool>,
    /// When the record was created.
    pub created_at: Option<Timestamp>,
    /// When the record's own row was last changed. None for rows that X3 never stamped.
    pub updated_at: Option<Timestamp>,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
    /// The site's own fields that were asked for, as JSON, digit by digit.
    pub extra: BTreeMap<FieldName, Box<RawValue>>,
}

debug_by_key!(BusinessPartnerContact, id);

impl Node for BusinessPartnerContact {
    type Key = RecordId;

    fn key(&self) -> &RecordId {
        &self.id
    }
}

impl Typed for BusinessPartnerContact {
    type Fields = wire::BusinessPartnerContactFields;
    type Child = serde::de::IgnoredAny;

    const META: &'static Meta = &meta!(
        "x3MasterData" / "businessPartnerContact",
        file: business_partner_contact_page,
        key: None,
        children: None,
        feeds: &[
            Feed::own(ChangeSource::BusinessPartnerContact, NodePath::new("x3MasterData", "businessPartnerContact"), "businessPartnerContact.keys"),
        ]
    );

    fn from_fields(
        fields: wire::BusinessPartnerContactFields,
        extra: Extra,
    ) -> Result<Self, InvalidName> {
        Ok(Self {
            id: RecordId::new(fields.id.unwrap_or_default())?,
            business_partner: key_of!(fields.business_partner),
            code: text(fields.code),
            title: member(fields.title),
            first_name: text(fields.first_name),
            last_name: text(fields.last_name),
            function: member(fields.function),
            language: key_of!(fields.language),
            phone: text(fields.phone_number),
            mobile: text(fields.mobile_number),
            email: text(fields.email),
            is_default: fields.is_default,
            created_at: instant(fields.create_stamp),
            updated_at: instant(fields.update_stamp),
            etag: fields.etag,
            extra,
        })
    }
}

//! The contacts of an X3 endpoint's business partners.

mod writes;

use sage_x3_client::{BusinessPartnerContact, ChangeSource, Filter, StampField, X3Client};

use self::writes::ContactWriter;
use super::{
    fields::code,
    node::NodeEndpoint,
    settings::CustomField,
    table::{NodeField, NodeTable},
};
use crate::{ids::FieldName, value::Value};

/// What messages call the records.
const PLURAL: &str = "contacts";

/// The contacts of an X3 endpoint's customers. A record's identity is the contact's key, such as
/// `1|NA001|DUPONT`: kind of owner, business partner, code.
///
/// | field | value |
/// |---|---|
/// | `id` | the key |
/// | `businessPartner`, `code`, `title`, `language` | code |
/// | `firstName`, `lastName`, `function` | text |
/// | `phoneNumber`, `mobileNumber`, `email` | text |
/// | `isDefault` | boolean |
/// | fields of the site | as configured |
///
/// Sage names the node and publishes none of its properties, so any of them is absent at a site that lacks it.
pub type ContactEndpoint = NodeEndpoint<BusinessPartnerContact>;

impl ContactEndpoint {
    /// The contacts that `client` reaches.
    #[must_use]
    pub fn new(client: X3Client, settings: ContactSettings) -> Self {
        let mut table = contact_table()
            .custom_fields(settings.custom.iter().cloned())
            .mapped_fields(&settings.mapped);
        if settings.of_customers_only {
            table = table.scope(Filter::field("businessPartner.isCustomer").eq(true));
        }
        if let Some(stamp) = settings.stamp {
            table = table.stamp(ChangeSource::BusinessPartnerContact, stamp);
        }
        if settings.creates || settings.updates {
            table = table.writer(ContactWriter {
                contacts: client.business_partner_contacts(),
                client: client.clone(),
                custom: settings.custom,
                creates: settings.creates,
                updates: settings.updates,
            });
        }
        Self::of(client, table)
    }
}

/// How the contacts of a site are to be treated.
#[derive(Clone, Debug)]
pub struct ContactSettings {
    custom: Vec<CustomField>,
    mapped: Vec<FieldName>,
    of_customers_only: bool,
    stamp: Option<StampField>,
    creates: bool,
    updates: bool,
}

impl Default for ContactSettings {
    /// Contacts of customers, by `_updateStamp`, read only.
    fn default() -> Self {
        Self {
            custom: Vec::new(),
            mapped: Vec::new(),
            of_customers_only: true,
            stamp: None,
            creates: false,
            updates: false,
        }
    }
}

impl ContactSettings {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Contacts of all business partners, suppliers and others among them.
    #[must_use]
    pub fn of_all_partners(mut self) -> Self {
        self.of_customers_only = false;
        self
    }

    /// Contacts may be changed. Sage publishes no such operation: the site must have defined it, or offer another path.
    #[must_use]
    pub fn with_updates(mut self) -> Self {
        self.updates = true;
        self
    }

    /// Contacts may be made, under codes of the caller's. As for [`with_updates`](Self::with_updates).
    #[must_use]
    pub fn with_creates(mut self) -> Self {
        self.creates = true;
        self
    }

    /// Also reads a field of the site, under its own name.
    #[must_use]
    pub fn custom_field(mut self, field: CustomField) -> Self {
        self.custom.push(field);
        self
    }

    /// Names the fields that the flow uses: see [`NodeTable::mapped_fields`].
    #[must_use]
    pub fn mapped_fields<'a>(mut self, fields: impl IntoIterator<Item = &'a FieldName>) -> Self {
        self.mapped = fields.into_iter().cloned().collect();
        self
    }

    /// Polls by another stamp than `_updateStamp`.
    #[must_use]
    pub fn stamp(mut self, stamp: StampField) -> Self {
        self.stamp = Some(stamp);
        self
    }
}

fn contact_table() -> NodeTable<BusinessPartnerContact> {
    let fields = vec![
        NodeField::new("id", "_id", |it: &BusinessPartnerContact| {
            Value::text(it.id.as_str())
        })
        .not_searchable(),
        at("businessPartner", "businessPartner.code", |it| {
            code(it.business_partner.as_ref())
        }),
        at("code", "code", |it| Value::text(it.code.as_str())),
        at("title", "title", |it| it.title.clone().into()),
        at("firstName", "firstName", |it| {
            Value::text(it.first_name.as_str())
        }),
        at("lastName", "lastName", |it| {
            Value::text(it.last_name.as_str())
        }),
        at("function", "function", |it| it.function.clone().into()),
        at("language", "language.code", |it| code(it.language.as_ref())),
        at("phoneNumber", "phoneNumber", |it| {
            Value::text(it.phone.as_str())
        }),
        at("mobileNumber", "mobileNumber", |it| {
            Value::text(it.mobile.as_str())
        }),
        at("email", "email", |it| Value::text(it.email.as_str())),
        at("isDefault", "isDefault", |it| it.is_default.into()),
    ];
    NodeTable::new(
        PLURAL,
        "id",
        fields,
        |contact| contact.updated_at,
        |contact| &contact.extra,
    )
}

/// A field that some sites lack.
fn at(
    name: &'static str,
    path: &'static str,
    read: fn(&BusinessPartnerContact) -> Value,
) -> NodeField<BusinessPartnerContact> {
    NodeField::new(name, path, read).optional()
}

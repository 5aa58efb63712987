//! Contacts of business partners to be created and changed.

use super::BusinessPartnerContact;
use crate::{
    config::Site,
    graphql::filter::Filter,
    ids::{BusinessPartnerCode, ContactCode, LanguageCode, RecordId},
    model::{Input, patch},
    records::{
        Creatable, Updatable,
        sealed::{NewRecord, RecordPatch},
    },
};

impl Creatable for BusinessPartnerContact {
    type New = NewBusinessPartnerContact;
}

impl Updatable for BusinessPartnerContact {
    type Patch = BusinessPartnerContactPatch;
}

patch! {
    /// The fields of a contact to change. What is not stated keeps its value.
    ///
    /// Sage publishes none of the node's properties, and no page calls it writable: it is written where the site has defined
    /// and activated an API operation, or through SOAP or a class. The names of the input's members are taken to equal the
    /// output's (crate documentation, "assumptions"). Source: reference sage-x3 sections 3.3 and 3.9.
    BusinessPartnerContactPatch {
        /// Title, by the name of the enumeration's member where the site has one.
        title: String => patch_scalar "title",
        /// First name.
        first_name: String => patch_text "firstName",
        /// Last name. On creation use [`NewBusinessPartnerContact::new`].
        last_name: String => patch_text "lastName",
        /// Function, by the name of the enumeration's member where the site has one.
        function: String => patch_scalar "function",
        /// Language.
        language: LanguageCode => patch_code "language",
        /// Telephone number.
        phone: String => patch_text "phoneNumber",
        /// Mobile telephone number.
        mobile: String => patch_text "mobileNumber",
        /// E-mail address.
        email: String => patch_text "email",
        /// Whether it is the partner's default contact.
        is_default: bool => patch_scalar "isDefault",
    }
}

impl RecordPatch for BusinessPartnerContactPatch {
    /// The record is named by `_id`, because its key has several parts whose names nobody publishes.
    fn to_update_input(&self, key: &RecordId, _site: &Site) -> Input {
        let mut input = Input::default();
        input.set("_id", key);
        self.write_fields(&mut input);
        input
    }
}

/// A contact to be created.
///
/// ```
/// use sage_x3_client::{BusinessPartnerCode, BusinessPartnerContactPatch, ContactCode, NewBusinessPartnerContact};
///
/// let contact = NewBusinessPartnerContact::new(BusinessPartnerCode::new("NA001")?, "Durand")
///     .code(ContactCode::new("C0001")?)
///     .values(BusinessPartnerContactPatch::new().first_name("Anne").email("anne@example.com"));
/// # Ok::<(), sage_x3_client::InvalidName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBusinessPartnerContact {
    business_partner: BusinessPartnerCode,
    code: Option<ContactCode>,
    last_name: String,
    values: BusinessPartnerContactPatch,
}

impl NewBusinessPartnerContact {
    /// A contact of `business_partner`. Without a [`code`](Self::code) X3 numbers it, if it has a sequence counter for
    /// contacts.
    #[must_use]
    pub fn new(business_partner: BusinessPartnerCode, last_name: impl Into<String>) -> Self {
        Self {
            business_partner,
            code: None,
            last_name: last_name.into(),
            values: BusinessPartnerContactPatch::default(),
        }
    }

    /// Chooses the code. It makes a repeated create safe: X3 refuses a second contact of the partner with the same code.
    #[must_use]
    pub fn code(mut self, code: ContactCode) -> Self {
        self.code = Some(code);
        self
    }

    /// Sets the values.
    #[must_use]
    pub fn values(mut self, values: BusinessPartnerContactPatch) -> Self {
        self.values = values;
        self
    }

    /// The code that was chosen.
    #[must_use]
    pub fn chosen_code(&self) -> Option<&ContactCode> {
        self.code.as_ref()
    }
}

impl NewRecord for NewBusinessPartnerContact {
    /// Nobody publishes how the parts of the key are joined, so [`identity`](Self::identity) tells the contact.
    fn chosen_key(&self) -> Option<RecordId> {
        None
    }

    fn identity(&self) -> Option<Filter> {
        let code = self.code.as_ref()?;
        Some(Filter::all([
            Filter::field("businessPartner._id").eq(&self.business_partner),
            Filter::field("code").eq(code),
        ]))
    }

    fn to_create_input(&self, _site: &Site) -> Input {
        let mut input = Input::default();
        input.set("businessPartner", &self.business_partner);
        if let Some(code) = &self.code {
            input.set("code", code);
        }
        self.values.write_fields(&mut input);
        input.set("lastName", self.last_name.as_str());
        input
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Patch, SiteConfig, graphql::canned::site};

    #[test]
    fn a_contact_is_created_under_its_partner_and_changed_by_its_id() {
        let site = site(SiteConfig::new("http://x3", "SEED"));
        let new =
            NewBusinessPartnerContact::new(BusinessPartnerCode::new("NA001").unwrap(), "Durand")
                .code(ContactCode::new("C1").unwrap())
                .values(BusinessPartnerContactPatch::new().first_name("Anne"));
        assert_eq!(
            serde_json::to_value(new.to_create_input(&site)).unwrap(),
            json!({"businessPartner":"NA001","code":"C1","firstName":"Anne","lastName":"Durand"})
        );
        let patch = BusinessPartnerContactPatch::new()
            .email(Patch::Clear)
            .function(Patch::Clear)
            .is_default(true);
        let id = RecordId::new("1|NA001|C1").unwrap();
        assert_eq!(
            serde_json::to_value(patch.to_update_input(&id, &site)).unwrap(),
            json!({"_id":"1|NA001|C1","function":null,"email":"","isDefault":true})
        );
    }
}

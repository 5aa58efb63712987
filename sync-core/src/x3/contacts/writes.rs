//! Writing contacts.

use async_trait::async_trait;
use sage_x3_client::{
    BusinessPartnerCode, BusinessPartnerContact, BusinessPartnerContactPatch,
    BusinessPartnerContacts, ContactCode, LanguageCode, NewBusinessPartnerContact, Offer, X3Client,
};

use super::PLURAL;
use crate::{
    endpoint::{Key, Problem, Rejection, Write, WriteError, Written},
    ids::{FieldName, RecordId},
    value::{Document, Value},
    x3::{
        error::rejection,
        fields::{as_boolean, as_code, text},
        node::key_of,
        outcomes::{Ready, send},
        settings::CustomField,
        table::{NodeWriter, missing_operations, unknown_field},
    },
};

/// Writes contacts.
#[derive(Debug)]
pub(super) struct ContactWriter {
    pub(super) client: X3Client,
    pub(super) contacts: BusinessPartnerContacts,
    pub(super) custom: Vec<CustomField>,
    pub(super) creates: bool,
    pub(super) updates: bool,
}

const PARTNER: &str = "businessPartner";
const CODE: &str = "code";
const LAST_NAME: &str = "lastName";
const NODE: &str = "BusinessPartnerContact";

#[async_trait]
impl NodeWriter for ContactWriter {
    fn creates(&self) -> bool {
        self.creates
    }

    fn updates(&self) -> bool {
        self.updates
    }

    /// X3 refuses a second contact with the same code of one partner, and the codes of contacts that are made here are
    /// like no other.
    fn unique_fields(&self) -> Vec<FieldName> {
        vec![FieldName::from(CODE)]
    }

    fn problems(&self, offer: &Offer) -> Vec<Problem> {
        let otherwise = "let contacts go to Zoho only";
        let endpoint = self.client.endpoint();
        missing_operations(self, offer, endpoint, NODE, (otherwise, otherwise))
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        let ready = writes
            .iter()
            .map(|write| self.ready(write).map_err(WriteError::Rejected));
        send(&self.contacts, ready.collect()).await
    }
}

impl ContactWriter {
    fn ready(&self, write: &Write) -> Result<Ready<BusinessPartnerContact>, Rejection> {
        match write {
            Write::Create { .. } if !self.creates => Err(rejection(
                None,
                "contacts may not be created here".to_owned(),
            )),
            Write::Create { key, fields } => {
                let new = self.creation(key, fields)?;
                Ok(Ready::Create(Box::new(new), None))
            }
            Write::Update { id, fields, .. } => self.update(id, fields),
            Write::Delete { .. } => Err(rejection(
                None,
                "X3 offers no deletion of contacts".to_owned(),
            )),
        }
    }

    fn creation(
        &self,
        key: &Key,
        fields: &Document,
    ) -> Result<NewBusinessPartnerContact, Rejection> {
        if key.field.as_str() != CODE {
            let message = "contacts are created under their code alone";
            return Err(rejection(Some(key.field.as_str()), message.to_owned()));
        }
        let needed = |field: &str| {
            let value = fields.get(field).filter(|value| !value.is_null());
            let text = value.map(ToString::to_string);
            text.ok_or_else(|| rejection(Some(field), format!("a contact needs `{field}`")))
        };
        let partner = BusinessPartnerCode::new(needed(PARTNER)?)
            .map_err(|error| rejection(Some(PARTNER), error.to_string()))?;
        let code = ContactCode::new(key.value.as_str())
            .map_err(|error| rejection(Some(CODE), error.to_string()))?;
        let last_name = needed(LAST_NAME)?;
        let mut rest = fields.clone();
        rest.remove(PARTNER);
        rest.remove(LAST_NAME);
        let values = self.values(&rest)?;
        Ok(NewBusinessPartnerContact::new(partner, last_name)
            .code(code)
            .values(values))
    }

    fn update(
        &self,
        id: &RecordId,
        fields: &Document,
    ) -> Result<Ready<BusinessPartnerContact>, Rejection> {
        let key = key_of::<BusinessPartnerContact>(id)
            .ok_or_else(|| rejection(None, format!("`{id}` is no key of a contact")))?;
        let patch = self.values(fields)?;
        Ok(if patch.is_empty() {
            Ready::Nothing(key)
        } else {
            Ready::Update(key, Box::new(patch))
        })
    }

    fn values(&self, fields: &Document) -> Result<BusinessPartnerContactPatch, Rejection> {
        let mut patch = BusinessPartnerContactPatch::new();
        for (name, value) in fields.iter() {
            patch = self
                .set(patch, name.as_str(), value)
                .map_err(|message| rejection(Some(name.as_str()), message))?;
        }
        Ok(patch)
    }

    fn set(
        &self,
        patch: BusinessPartnerContactPatch,
        name: &str,
        value: &Value,
    ) -> Result<BusinessPartnerContactPatch, String> {
        Ok(match name {
            "title" => patch.title(text(value)?),
            "firstName" => patch.first_name(text(value)?),
            LAST_NAME => patch.last_name(text(value)?),
            "function" => patch.function(text(value)?),
            "language" => patch.language(as_code::<LanguageCode>(value)?),
            "phoneNumber" => patch.phone(text(value)?),
            "mobileNumber" => patch.mobile(text(value)?),
            "email" => patch.email(text(value)?),
            "isDefault" => patch.is_default(as_boolean(value)?),
            PARTNER => return Err("X3 does not move a contact to another partner".to_owned()),
            "id" | CODE => return Err("a contact's key cannot be changed".to_owned()),
            _ => {
                let mut custom = self.custom.iter();
                let field = custom
                    .find(|field| field.name.as_str() == name)
                    .ok_or_else(|| unknown_field(PLURAL, name))?;
                patch.extra(field.name.clone(), field.kind.scalar(value)?)
            }
        })
    }
}

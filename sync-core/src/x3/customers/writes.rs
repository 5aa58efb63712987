//! Writing customers.

use async_trait::async_trait;
use sage_x3_client::{
    Customer, CustomerCode, Customers, InvalidName, NewCustomer, Offer, X3Client,
};

use super::PLURAL;
use crate::{
    endpoint::{Key, Problem, Rejection, Write, WriteError, Written},
    ids::RecordId,
    value::Document,
    x3::{
        addresses::default_addresses,
        error::rejection,
        fields::{Changes, standard},
        outcomes::{Ready, send},
        settings::{CustomField, CustomerSettings},
        table::{NodeWriter, missing_operations, unknown_field},
    },
};

/// Writes customers.
#[derive(Debug)]
pub(super) struct CustomerWriter {
    client: X3Client,
    customers: Customers,
    settings: CustomerSettings,
}

#[async_trait]
impl NodeWriter for CustomerWriter {
    fn creates(&self) -> bool {
        self.settings.category.is_some()
    }

    fn updates(&self) -> bool {
        self.settings.updates
    }

    fn problems(&self, offer: &Offer) -> Vec<Problem> {
        let without = (
            "configure no category for new customers",
            "forbid updates of customers",
        );
        missing_operations(self, offer, self.client.endpoint(), "Customer", without)
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        self.write_all(writes).await
    }
}

/// A write that can be sent.
#[derive(Debug)]
enum Prepared {
    Create(Box<NewCustomer>),
    Update(CustomerCode, Box<Changes>),
}

impl CustomerWriter {
    pub(super) fn new(client: X3Client, settings: CustomerSettings) -> Self {
        Self {
            customers: client.customers(),
            client,
            settings,
        }
    }

    fn custom(&self, name: &str) -> Option<&CustomField> {
        let mut custom = self.settings.custom.iter();
        custom.find(|field| field.name.as_str() == name)
    }

    /// One outcome for each write, in order: creates first, then updates, each batched.
    async fn write_all(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        let prepared: Vec<Result<Prepared, WriteError>> =
            writes.iter().map(|write| self.prepare(write)).collect();
        let moved = prepared.iter().filter_map(|prepared| match prepared {
            Ok(Prepared::Update(code, changes)) if !changes.address.is_empty() => {
                Some(code.clone())
            }
            _ => None,
        });
        let moved: Vec<CustomerCode> = moved.collect();
        let addresses = default_addresses(&self.customers, &moved, |customer: &Customer| {
            customer.default_address.as_ref()
        })
        .await;
        let ready = prepared.into_iter().map(|prepared| match prepared? {
            Prepared::Create(new) => {
                let code = new.chosen_code().map(|code| code.as_str().to_uppercase());
                Ok(Ready::Create(new, code.map(RecordId::from)))
            }
            Prepared::Update(code, changes) => {
                let invalid =
                    |error: InvalidName| WriteError::Rejected(rejection(None, error.to_string()));
                let new_code = self.settings.new_address_code().map_err(invalid)?;
                let address = changes.address.of_default(&code, &addresses, new_code)?;
                let patch = match address {
                    Some(address) => changes.patch.address(address),
                    None => changes.patch,
                };
                Ok(if patch.is_empty() {
                    Ready::Nothing(code)
                } else {
                    Ready::Update(code, Box::new(patch))
                })
            }
        });
        send(&self.customers, ready.collect()).await
    }

    /// The values of a write.
    fn values(&self, fields: &Document) -> Result<Changes, Rejection> {
        let mut changes = Changes::default();
        for (name, value) in fields.iter() {
            let set = match (standard(name.as_str()), self.custom(name.as_str())) {
                (Some(field), _) => changes.set(field, value),
                (None, Some(field)) => changes.set_custom(field, value),
                (None, None) => Err(unknown_field(PLURAL, name.as_str())),
            };
            set.map_err(|message| rejection(Some(name.as_str()), message))?;
        }
        Ok(changes)
    }

    fn creation(&self, key: &Key, fields: &Document) -> Result<NewCustomer, Rejection> {
        if key.field.as_str() != "code" {
            let message = "X3 keeps only `code` unique, so customers are created under it alone";
            return Err(rejection(Some(key.field.as_str()), message.to_owned()));
        }
        let mut changes = self.values(fields)?;
        let code = CustomerCode::new(key.value.as_str())
            .map_err(|error| rejection(Some("code"), error.to_string()))?;
        let category = changes
            .category
            .take()
            .or_else(|| self.settings.category.clone())
            .ok_or_else(|| {
                rejection(
                    Some("customerCategory"),
                    "no category is configured for new customers".to_owned(),
                )
            })?;
        let invalid = |error: InvalidName| rejection(None, error.to_string());
        let country = changes
            .address
            .country()
            .or_else(|| self.settings.country.clone());
        let mut patch = changes.patch.clone();
        let code_of_address = self.settings.new_address_code().map_err(invalid)?;
        if let Some(mut address) = changes
            .address
            .new_address(code_of_address)
            .map_err(invalid)?
        {
            if let Some(country) = &country {
                address = address.country(country.clone());
            }
            patch = patch.address(address);
        }
        // X3 wants a country for the business partner, and a customer is where its address is.
        if let Some(country) = country.filter(|_| !changes.names_country) {
            patch = patch.country(country);
        }
        Ok(NewCustomer::new(category).code(code).values(patch))
    }

    /// What each write amounts to, before anything is asked of X3.
    fn prepare(&self, write: &Write) -> Result<Prepared, WriteError> {
        match write {
            Write::Create { key, fields } => {
                if self.settings.category.is_none() && fields.get("customerCategory").is_none() {
                    return Err(WriteError::Rejected(rejection(
                        None,
                        "customers may not be created here".to_owned(),
                    )));
                }
                self.creation(key, fields)
                    .map(|new| Prepared::Create(Box::new(new)))
                    .map_err(WriteError::Rejected)
            }
            Write::Update { id, fields, .. } => {
                let code = code_of(id).map_err(WriteError::Rejected)?;
                let changes = self.values(fields).map_err(WriteError::Rejected)?;
                Ok(Prepared::Update(code, Box::new(changes)))
            }
            Write::Delete { .. } => Err(WriteError::Rejected(rejection(
                None,
                "X3 offers no deletion of customers: deactivate them instead (field `isActive`)"
                    .to_owned(),
            ))),
        }
    }
}

fn code_of(id: &RecordId) -> Result<CustomerCode, Rejection> {
    CustomerCode::new(id.as_str()).map_err(|error| rejection(None, error.to_string()))
}

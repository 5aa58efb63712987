//! Writing customers.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use sage_x3_client::{
    AddressCode, AddressPatch, Customer, CustomerCode, CustomerPatch, Customers, InvalidName,
    NewCustomer, Offer, Support, X3Client,
};

use super::PLURAL;
use crate::{
    endpoint::{EndpointError, Key, Problem, Rejection, Write, WriteError, Written},
    ids::RecordId,
    value::Document,
    x3::{
        error::{endpoint_error, rejection},
        fields::{Changes, new_default_address, standard},
        outcomes::{Ready, send},
        settings::{CustomField, CustomerSettings},
        table::{NodeWriter, activate, unknown_field},
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
        let mut problems = Vec::new();
        let endpoint = self.client.endpoint();
        if self.creates() && offer.create == Support::Missing {
            let otherwise = "configure no category for new customers";
            problems.push(activate(endpoint, "Customer", "create", otherwise));
        }
        if self.updates() && offer.update == Support::Missing {
            let otherwise = "forbid updates of customers";
            problems.push(activate(endpoint, "Customer", "update", otherwise));
        }
        problems
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
        let addresses = self.default_addresses(&prepared).await.map_err(Arc::new);
        let ready = prepared.into_iter().map(|prepared| match prepared? {
            Prepared::Create(new) => {
                let code = new.chosen_code().map(|code| code.as_str().to_uppercase());
                Ok(Ready::Create(new, code.map(RecordId::from)))
            }
            Prepared::Update(code, changes) => {
                let patch = self.update(&code, &changes, &addresses)?;
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
            .address_country()
            .or_else(|| self.settings.country.clone());
        let mut patch = changes.patch.clone();
        if changes.fills_address() {
            let address = new_default_address(self.settings.new_address_code().map_err(invalid)?);
            let mut address = changes.fill(address).map_err(invalid)?;
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
            Write::Update { id, fields } => {
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

    /// The default addresses of the customers whose addresses are to change. Asked for anew, because the address's code
    /// decides between changing and adding, and users change which address is the default.
    async fn default_addresses(
        &self,
        prepared: &[Result<Prepared, WriteError>],
    ) -> Result<BTreeMap<CustomerCode, Option<AddressCode>>, EndpointError> {
        let codes: Vec<CustomerCode> = prepared
            .iter()
            .filter_map(|prepared| match prepared {
                Ok(Prepared::Update(code, changes)) if !changes.address.is_empty() => {
                    Some(code.clone())
                }
                _ => None,
            })
            .collect();
        if codes.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = self
            .customers
            .read_many(&codes)
            .await
            .map_err(endpoint_error)?;
        let code = |customer: Customer| AddressCode::new(customer.default_address?.code).ok();
        Ok(found
            .into_iter()
            .map(|(id, customer)| (id, code(customer)))
            .collect())
    }

    /// The update of one customer.
    fn update(
        &self,
        code: &CustomerCode,
        changes: &Changes,
        addresses: &Result<BTreeMap<CustomerCode, Option<AddressCode>>, Arc<EndpointError>>,
    ) -> Result<CustomerPatch, WriteError> {
        let patch = changes.patch.clone();
        if changes.address.is_empty() {
            return Ok(patch);
        }
        let addresses = addresses
            .as_ref()
            .map_err(|error| WriteError::Call(Arc::clone(error)))?;
        let invalid = |error: InvalidName| WriteError::Rejected(rejection(None, error.to_string()));
        let address = match addresses.get(code) {
            None => return Err(WriteError::Missing),
            Some(Some(address)) => AddressPatch::update(address.clone()),
            Some(None) if changes.fills_address() => {
                new_default_address(self.settings.new_address_code().map_err(invalid)?)
            }
            // There is no address to empty.
            Some(None) => return Ok(patch),
        };
        Ok(patch.address(changes.fill(address).map_err(invalid)?))
    }
}

fn code_of(id: &RecordId) -> Result<CustomerCode, Rejection> {
    CustomerCode::new(id.as_str()).map_err(|error| rejection(None, error.to_string()))
}

//! The default address of a customer or supplier: what is to become of it.

use std::{collections::BTreeMap, sync::Arc};

use sage_x3_client::{
    Address, AddressCode, AddressPatch, CountryCode, InvalidName, Node, Patch, Records,
};

use super::{
    error::{endpoint_error, rejection},
    fields::{
        InAddress::{self, Email, Line, Phone},
        text,
    },
};
use crate::{
    endpoint::{EndpointError, WriteError},
    value::Value,
};

/// Values to write to an address.
#[derive(Clone, Debug, Default)]
pub(super) struct AddressChanges(Vec<(InAddress, Patch<String>)>);

/// The codes of default addresses by record; none for records that have no address. Shared by all rows of a write.
pub(super) type DefaultAddresses<K> = Result<BTreeMap<K, Option<AddressCode>>, Arc<EndpointError>>;

impl AddressChanges {
    /// Adds a value.
    ///
    /// # Errors
    /// A sentence, when the field does not take such a value.
    pub(super) fn set(&mut self, field: InAddress, value: &Value) -> Result<(), String> {
        let value = text(value)?;
        if let (InAddress::Country, Patch::Set(code)) = (field, &value) {
            CountryCode::new(code.as_str()).map_err(|error| error.to_string())?;
        }
        self.0.push((field, value));
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any field gets a value, so that an address is worth making.
    pub(super) fn fills(&self) -> bool {
        let mut values = self.0.iter();
        values.any(|(_, value)| matches!(value, Patch::Set(_)))
    }

    /// The country, if it gets one.
    pub(super) fn country(&self) -> Option<CountryCode> {
        self.0
            .iter()
            .find_map(|(field, value)| match (field, value) {
                (InAddress::Country, Patch::Set(code)) => CountryCode::new(code.as_str()).ok(),
                _ => None,
            })
    }

    /// A new default address under `code` with the values; none when no field gets one.
    ///
    /// # Errors
    /// When a country is no code, which was checked when it was added.
    pub(super) fn new_address(
        &self,
        code: AddressCode,
    ) -> Result<Option<AddressPatch>, InvalidName> {
        if !self.fills() {
            return Ok(None);
        }
        let address = AddressPatch::create(code).is_default(true);
        self.fill(address).map(Some)
    }

    /// What becomes of the default address of the record with `key`; nothing, or a new one under `new_code` if it has none.
    ///
    /// # Errors
    /// [`WriteError::Missing`] when there is no such record.
    pub(super) fn of_default<K: Ord>(
        &self,
        key: &K,
        defaults: &DefaultAddresses<K>,
        new_code: AddressCode,
    ) -> Result<Option<AddressPatch>, WriteError> {
        if self.is_empty() {
            return Ok(None);
        }
        let defaults = defaults
            .as_ref()
            .map_err(|error| WriteError::Call(Arc::clone(error)))?;
        let patch = match defaults.get(key) {
            None => return Err(WriteError::Missing),
            Some(Some(address)) => self.fill(AddressPatch::update(address.clone())).map(Some),
            // There may be no address to empty.
            Some(None) => self.new_address(new_code),
        };
        patch.map_err(|error| WriteError::Rejected(rejection(None, error.to_string())))
    }

    fn fill(&self, mut address: AddressPatch) -> Result<AddressPatch, InvalidName> {
        for (field, value) in &self.0 {
            let value = value.clone();
            address = match *field {
                InAddress::Description => address.description(value),
                Line(place) => address.line(place, value),
                InAddress::ZipCode => address.zip_code(value),
                InAddress::City => address.city(value),
                InAddress::State => address.state(value),
                InAddress::Country => address.country(match value {
                    Patch::Keep => Patch::Keep,
                    Patch::Set(code) => Patch::Set(CountryCode::new(code)?),
                    Patch::Clear => Patch::Clear,
                }),
                Phone(place) => address.phone(place, value),
                Email(place) => address.email(place, value),
                InAddress::Website => address.website(value),
            };
        }
        Ok(address)
    }
}

/// The default addresses of the records with `keys`. To be asked for anew before each write, because the address's code
/// decides between changing and adding, and users change which address is the default.
pub(super) async fn default_addresses<N: Node>(
    records: &Records<N>,
    keys: &[N::Key],
    address: fn(&N) -> Option<&Address>,
) -> DefaultAddresses<N::Key> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = records.read_many(keys).await;
    let found = found.map_err(|error| Arc::new(endpoint_error(error)))?;
    let code = |record: &N| AddressCode::new(address(record)?.code.as_str()).ok();
    Ok(found
        .into_iter()
        .map(|(key, record)| {
            let code = code(&record);
            (key, code)
        })
        .collect())
}

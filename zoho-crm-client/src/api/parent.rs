//! The record that a related list belongs to.

use super::{Outgoing, get::external_segment, outgoing::module_path, record::Place};
use crate::{
    client::ZohoClient,
    error::Error,
    names::{FieldName, ModuleName, RecordId},
};

/// A record by its id, or by the value of an external field.
#[derive(Clone, Debug)]
pub(super) struct Parent {
    pub(super) client: ZohoClient,
    pub(super) module: ModuleName,
    key: Key,
    /// Fields whose values stand where ids would, in the path and in rows (reference: Zoho v8 section 2.10, read
    /// 2026-11).
    external: Vec<FieldName>,
}

#[derive(Clone)]
enum Key {
    Id(RecordId),
    External(String),
}

impl std::fmt::Debug for Key {
    /// Shows no value of a field.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::External(_) => f.write_str("external"),
        }
    }
}

impl From<Place> for Parent {
    fn from(place: Place) -> Self {
        Self {
            client: place.client,
            module: place.module,
            key: Key::Id(place.id),
            external: Vec::new(),
        }
    }
}

impl Parent {
    /// The record whose external field `field` holds `value`.
    pub(super) fn external(
        client: ZohoClient,
        module: ModuleName,
        field: FieldName,
        value: &str,
    ) -> Self {
        Self {
            client,
            module,
            key: Key::External(value.to_owned()),
            external: vec![field],
        }
    }

    /// Lets values of these fields stand for ids too.
    pub(super) fn add_external(&mut self, fields: impl IntoIterator<Item = FieldName>) {
        self.external.extend(fields);
    }

    pub(super) fn is_external(&self) -> bool {
        !self.external.is_empty()
    }

    /// `/Accounts/12/Contacts`.
    pub(super) fn list_path(
        &self,
        operation: &'static str,
        list: &ModuleName,
        of_deleted: bool,
    ) -> Result<String, Error> {
        let module = module_path(operation, &self.module)?;
        let deleted = if of_deleted { "/deleted" } else { "" };
        let record = match &self.key {
            Key::Id(id) => id.to_string(),
            Key::External(value) => external_segment(operation, value)?,
        };
        let list = module_path(operation, list)?;
        Ok(format!("{module}{deleted}/{record}{list}"))
    }

    /// Notes the module and says which fields are external.
    pub(super) fn names(&self, outgoing: Outgoing) -> Result<Outgoing, Error> {
        outgoing.of_module(&self.module).external(&self.external)
    }
}

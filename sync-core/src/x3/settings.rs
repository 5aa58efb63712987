//! What differs from site to site.

use std::time::Duration;

use client_core::RetryPolicy;
use sage_x3_client::{
    AddressCode, CategoryCode, ChangeSource, CountryCode, FieldName, InvalidName, StampField,
};

use super::customers::CustomerScope;
use crate::ids::FieldName as EngineField;

/// How the customers of a site are to be treated.
#[derive(Clone, Debug)]
pub struct CustomerSettings {
    pub(super) category: Option<CategoryCode>,
    pub(super) updates: bool,
    pub(super) custom: Vec<CustomField>,
    pub(super) mapped: Vec<EngineField>,
    pub(super) address_code: Option<AddressCode>,
    pub(super) country: Option<CountryCode>,
    pub(super) stamps: Vec<(ChangeSource, StampField)>,
    pub(super) balance: bool,
    pub(super) prospects_only: bool,
    pub(super) scope: CustomerScope,
}

/// A plain field of the site's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomField {
    pub(super) name: FieldName,
    pub(super) kind: CustomFieldKind,
}

impl CustomField {
    /// The field `name` of the node that is read, which holds values of `kind`.
    #[must_use]
    pub fn new(name: FieldName, kind: CustomFieldKind) -> Self {
        Self { name, kind }
    }
}

/// What a field of the site holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CustomFieldKind {
    /// Text, codes and enumerations.
    Text,
    /// Yes or no.
    Boolean,
    /// Numbers.
    Decimal,
    /// Days.
    Date,
    /// Instants.
    Instant,
}

impl Default for CustomerSettings {
    /// Reads and updates, creates nothing, knows no fields of the site, polls by `_updateStamp`.
    fn default() -> Self {
        Self {
            category: None,
            updates: true,
            custom: Vec::new(),
            mapped: Vec::new(),
            address_code: None,
            country: None,
            stamps: Vec::new(),
            balance: false,
            prospects_only: false,
            scope: CustomerScope::default(),
        }
    }
}

impl CustomerSettings {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows creates, in `category` where the record does not say otherwise. The category must have no sequence
    /// counter, because customers are created under a chosen code.
    #[must_use]
    pub fn create_in(mut self, category: CategoryCode) -> Self {
        self.category = Some(category);
        self
    }

    /// Forbids updates: the flow then only reads, and creates if it may.
    #[must_use]
    pub fn without_updates(mut self) -> Self {
        self.updates = false;
        self
    }

    /// Reads and writes a field of the site as well, under its own name.
    #[must_use]
    pub fn custom_field(mut self, field: CustomField) -> Self {
        self.custom.retain(|known| known.name != field.name);
        self.custom.push(field);
        self
    }

    /// Also reads the open amount of each customer (`creditLevelTotal`: orders, deliveries, invoices and what is unpaid), and
    /// follows the documents that move it: orders, deliveries, sales invoices and invoices of accounting. X3 computes
    /// the amount, so nothing else tells that it moved; a payment alone is noticed by the sweep.
    #[must_use]
    pub fn with_balance(mut self) -> Self {
        self.balance = true;
        self
    }

    /// Only customers that X3 calls prospects are there.
    #[must_use]
    pub fn prospects_only(mut self) -> Self {
        self.prospects_only = true;
        self
    }

    /// Only customers within `scope` are there. One that leaves it counts as gone, and one within it as new.
    ///
    /// Have [`customers::within_scope`](crate::flows::customers::within_scope) fit the flow's rules to that.
    #[must_use]
    pub fn scope(mut self, scope: CustomerScope) -> Self {
        self.scope = scope;
        self
    }

    /// Names the fields that the flow uses, so that the check at start can tell which of them do not exist.
    /// [`Mapping::fields`](crate::Mapping::fields) gives them.
    #[must_use]
    pub fn mapped_fields<'a>(mut self, fields: impl IntoIterator<Item = &'a EngineField>) -> Self {
        self.mapped = fields.into_iter().cloned().collect();
        self
    }

    /// Code of the addresses that are made. Default: `MAIN`.
    #[must_use]
    pub fn address_code(mut self, code: AddressCode) -> Self {
        self.address_code = Some(code);
        self
    }

    /// Country of new customers whose record states none. Without one X3 refuses them, unless the category has one.
    #[must_use]
    pub fn default_country(mut self, country: CountryCode) -> Self {
        self.country = Some(country);
        self
    }

    /// Polls a source by another stamp than `_updateStamp`.
    #[must_use]
    pub fn stamp(mut self, source: ChangeSource, stamp: StampField) -> Self {
        self.stamps.retain(|(known, _)| *known != source);
        self.stamps.push((source, stamp));
        self
    }

    pub(super) fn new_address_code(&self) -> Result<AddressCode, InvalidName> {
        self.address_code
            .clone()
            .map_or_else(|| AddressCode::new("MAIN"), Ok)
    }
}

/// How a client below an endpoint repeats: 3 attempts within 20 seconds. Longer waits are the engine's, whose leases
/// must not lapse meanwhile.
#[must_use]
pub fn retry_policy() -> RetryPolicy {
    RetryPolicy {
        max_attempts: 3,
        deadline: Duration::from_secs(20),
        ..RetryPolicy::default()
    }
}

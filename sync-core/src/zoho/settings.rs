//! Which module, which fields.

use std::time::Duration;

use client_core::RetryPolicy;
use zoho_crm_client::{ModuleName, Trigger};

use crate::ids::FieldName;

/// Which module of an organisation an endpoint is, and what of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModuleSettings {
    /// The module's API name.
    pub module: ModuleName,
    /// The unique field that names a record's partner, `X3_Code` for instance.
    pub key_field: FieldName,
    /// The fields to read, by API name. The key field is read in any case.
    pub fields: Vec<FieldName>,
    /// Those of them that are written, so that the check at start can tell which cannot be. Default: none are checked.
    pub written_fields: Vec<FieldName>,
    /// Which automations writes set off. Default: none.
    pub trigger: Trigger,
}

impl ModuleSettings {
    /// Settings with the defaults of their fields. [`Mapping::fields`](crate::Mapping::fields) gives the fields of a flow.
    pub fn new<'a>(
        module: impl Into<ModuleName>,
        key_field: impl Into<FieldName>,
        fields: impl IntoIterator<Item = &'a FieldName>,
    ) -> Self {
        let key_field = key_field.into();
        let mut all = vec![key_field.clone()];
        for field in fields {
            if !all.contains(field) {
                all.push(field.clone());
            }
        }
        Self {
            module: module.into(),
            key_field,
            fields: all,
            written_fields: Vec::new(),
            trigger: Trigger::None,
        }
    }

    /// Sets the fields that are written.
    #[must_use]
    pub fn written_fields<'a>(mut self, fields: impl IntoIterator<Item = &'a FieldName>) -> Self {
        self.written_fields = fields.into_iter().cloned().collect();
        self
    }

    /// Sets which automations writes set off.
    #[must_use]
    pub fn trigger(mut self, trigger: Trigger) -> Self {
        self.trigger = trigger;
        self
    }
}

/// How a client below an endpoint repeats: 3 attempts within 20 seconds. Longer waits are the engine's, whose leases
/// must not lapse meanwhile. Give the client a time-out of 20 seconds or so as well.
#[must_use]
pub fn retry_policy() -> RetryPolicy {
    RetryPolicy {
        max_attempts: 3,
        deadline: Duration::from_secs(20),
        ..RetryPolicy::default()
    }
}

//! Which module, which fields.

use std::time::Duration;

use client_core::RetryPolicy;
use zoho_crm_client::{ModuleName, Trigger};

use crate::{
    ids::FieldName,
    mapping::{Kind, Mapping},
    side::Side,
};

/// Which module of an organisation an endpoint is, and what of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModuleSettings {
    /// The module's API name.
    pub module: ModuleName,
    /// The unique field that names a record's partner, `X3_Code` for instance.
    pub key_field: FieldName,
    /// The fields to read, by API name. The key field is read in any case. `Account_Name.X3_Code` is the field `X3_Code`
    /// of the record that the lookup `Account_Name` points to; written, it makes the lookup point to the record that has
    /// that value.
    pub fields: Vec<FieldName>,
    /// Which of the fields hold rows, such as the lines of an order, and the columns of these.
    pub lines: Vec<LineSettings>,
    /// Those of them that are written, so that the check at start can tell which cannot be. Default: none are checked.
    pub written_fields: Vec<FieldName>,
    /// Which automations writes set off. Default: none.
    pub trigger: Trigger,
    /// Whether updates are refused by Zoho when the record was changed after it was read. Default: no.
    pub conditional_updates: bool,
    /// Whether records' timelines are asked for what updates replaced. Default: no.
    pub looks_back: bool,
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
            lines: Vec::new(),
            written_fields: Vec::new(),
            trigger: Trigger::None,
            conditional_updates: false,
            looks_back: false,
        }
    }

    /// All that a mapping says of the module on its right side: the fields, those that are written, and the columns of
    /// [`Kind::Lines`].
    pub fn of_mapping(
        module: impl Into<ModuleName>,
        key_field: impl Into<FieldName>,
        mapping: &Mapping,
    ) -> Self {
        let written = mapping
            .rows()
            .iter()
            .filter(|row| row.direction.fills(Side::Right))
            .map(|row| &row.fields.right);
        let mut settings =
            Self::new(module, key_field, mapping.fields(Side::Right)).written_fields(written);
        for row in mapping.rows() {
            if let Kind::Lines(lines) = &row.kind {
                let columns = lines.columns().fields(Side::Right);
                settings = settings.lines(row.fields.right.clone(), columns);
            }
        }
        settings
    }

    /// Says that `field` holds rows, and which columns of them are used.
    #[must_use]
    pub fn lines<'a>(
        mut self,
        field: impl Into<FieldName>,
        columns: impl IntoIterator<Item = &'a FieldName>,
    ) -> Self {
        let field = field.into();
        if !self.fields.contains(&field) {
            self.fields.push(field.clone());
        }
        self.lines.retain(|lines| lines.field != field);
        self.lines.push(LineSettings {
            field,
            columns: columns.into_iter().cloned().collect(),
        });
        self
    }

    /// Paths over lookups among the fields and columns.
    pub(super) fn lookups(&self) -> usize {
        let columns = self.lines.iter().flat_map(|lines| &lines.columns);
        let paths = self.fields.iter().chain(columns);
        paths.filter(|path| path.as_str().contains('.')).count()
    }

    /// The columns of `field`, if it holds rows.
    pub(super) fn columns_of(&self, field: &FieldName) -> Option<&[FieldName]> {
        let lines = self.lines.iter().find(|lines| lines.field == *field)?;
        Some(&lines.columns)
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

    /// Has Zoho refuse an update of a record that was changed after it was read (`If-Unmodified-Since`; reference: Zoho v8
    /// section 2.4, read 2026-11); it is then read again, so that the change is merged and not written over. Zoho compares
    /// whole seconds: a change within the second of the last one before the reading passes.
    ///
    /// The condition holds for all rows of a call, so only records of the same age share one: reckon with a call and a
    /// credit for each record instead of a credit for ten. Not all of Zoho's documents have the header; where it is
    /// ignored, writes are as without it.
    #[must_use]
    pub fn conditional_updates(mut self) -> Self {
        self.conditional_updates = true;
        self
    }

    /// Asks the timelines of records, after each update, what it replaced. A value that somebody entered between the
    /// reading and the update is then in the audit trail
    /// ([`AuditEvent::Overwritten`](crate::AuditEvent::Overwritten)), from where a person can take it.
    ///
    /// Costs a call and a credit for each record written, and scope `ZohoCRM.users.READ`, because the engine's own changes
    /// are known by the user whose token it has: give it a user of its own. Lookups, several values and lines are not
    /// looked at, as the document does not say how a timeline shows them.
    #[must_use]
    pub fn looks_back(mut self) -> Self {
        self.looks_back = true;
        self
    }
}

/// A field that holds rows, such as the lines of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineSettings {
    /// The field: `Ordered_Items` for instance.
    pub field: FieldName,
    /// Its columns, by API name. Paths over lookups are allowed: `Product_Name.Product_Code`.
    pub columns: Vec<FieldName>,
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

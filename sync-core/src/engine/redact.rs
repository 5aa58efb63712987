//! Keeping personal data out of the audit.

use super::Engine;
use crate::{
    audit::{AuditEntry, AuditEvent},
    flow::Flow,
    ids::FieldName,
    job::ParkReason,
    value::Value,
};

const REDACTED: &str = "(redacted)";

impl Engine {
    /// Takes the values out of an entry that the settings want kept out.
    pub(super) fn redact(&self, flow: &Flow, entry: &mut AuditEntry) {
        if self.settings.redact.is_empty() {
            return;
        }
        let rows = flow.mapping.rows().iter();
        let hidden: Vec<&FieldName> = rows
            .filter(|row| {
                row.personal
                    .is_some_and(|kind| self.settings.redact.contains(&kind))
            })
            .map(|row| &row.name)
            .collect();
        for field in &hidden {
            // A base with a wrong value would be taken for an edit of both sides; one without is filled anew.
            entry.agreed.remove(field.as_str());
        }
        for decision in &mut entry.fields {
            if !hidden.contains(&&decision.field) {
                continue;
            }
            let of_base = decision.base.as_mut();
            let values = [&mut decision.left, &mut decision.right].into_iter();
            for value in values.chain(of_base).chain(decision.result.as_mut()) {
                if !value.is_null() {
                    *value = Value::text(REDACTED);
                }
            }
        }
        if let AuditEvent::Parked(ParkReason::Unmappable { field, message }) = &mut entry.event
            && hidden.contains(&&*field)
        {
            REDACTED.clone_into(message);
        }
    }
}

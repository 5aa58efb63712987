//! Locks of records.

use serde::Deserialize;

use super::{DateTime, FieldTypeError, Lookup, Model, Record};
use crate::names::RecordId;

/// A lock of a record (reference: Zoho v8 OpenAPI `record_locking`, read 2026-11). Zoho's own sources spell its keys in
/// two ways; both are read, and all keys are in `other` as they came.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Record")]
#[non_exhaustive]
pub struct RecordLock {
    /// The lock's id.
    pub id: Option<RecordId>,
    /// Why the record is locked.
    pub reason: Option<String>,
    /// Who locked it.
    pub locked_by: Option<Lookup>,
    /// The locked record.
    pub locked_for: Option<Lookup>,
    /// Since when it is locked. Whole seconds.
    pub locked_time: Option<DateTime>,
    /// Whether a person or a rule locked it: `Manual` or `Automatic`.
    pub source: Option<String>,
    /// All keys.
    pub other: Record,
}

/// The spelling of the organisation's metadata.
const FIELDS: &[&str] = &[
    "Locked_Reason__s",
    "Locked_By__s",
    "Locked_For__s",
    "Locked_Time__s",
    "Lock_Source__s",
];

impl TryFrom<Record> for RecordLock {
    type Error = FieldTypeError;

    fn try_from(record: Record) -> Result<Self, FieldTypeError> {
        let named = |names: [&'static str; 2]| {
            let [usual, other] = names;
            if record.contains(usual) { usual } else { other }
        };
        let time = record.instant(named(["Locked_Time__s", "Locked_time__s"]))?;
        Ok(Self {
            id: record.id(),
            reason: record.text(named(["Locked_Reason__s", "locked_reason__s"]))?,
            locked_by: record.lookup(named(["Locked_By__s", "locked_by__s"]))?,
            locked_for: record.lookup(named(["Locked_For__s", "locked_for_s"]))?,
            locked_time: time.map(DateTime::from),
            source: record.text(named(["Lock_Source__s", "lock_source__s"]))?,
            other: record,
        })
    }
}

impl Model for RecordLock {
    fn record_id(&self) -> Option<RecordId> {
        self.id.clone()
    }

    fn fields() -> &'static [&'static str] {
        FIELDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read() {
        let published = r#"{"id":5725767000000900001,"lock_source__s":"Automatic","locked_reason__s":"audit",
            "locked_by__s":{"id":"5725767000000411001","name":"P Boyle"},"Locked_time__s":"2026-11-20T11:00:00+01:00",
            "locked_for_s":{"id":"5725767000000524157","name":"Müller","module":{"api_name":"Leads","id":"1"}},"name":"x"}"#;
        let usual = published
            .replace("lock_source", "Lock_Source")
            .replace("locked_reason", "Locked_Reason")
            .replace("locked_by", "Locked_By")
            .replace("Locked_time", "Locked_Time")
            .replace("locked_for_s", "Locked_For__s");
        for json in [published, &usual] {
            let lock: RecordLock = serde_json::from_str(json).unwrap();
            assert_eq!(lock.record_id().unwrap(), "5725767000000900001");
            assert_eq!(lock.reason.as_deref(), Some("audit"));
            assert_eq!(lock.source.as_deref(), Some("Automatic"));
            assert_eq!(lock.locked_by.unwrap().id, "5725767000000411001");
            assert!(lock.locked_for.unwrap().other.contains("module"));
            assert_eq!(
                lock.locked_time.unwrap().to_string(),
                "2026-11-20T10:00:00+00:00"
            );
            assert!(lock.other.contains("name"));
        }
        assert!(serde_json::from_str::<RecordLock>(r#"{"Locked_Reason__s":1}"#).is_err());
    }
}

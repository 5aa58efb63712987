//! The calls of a write: which rows go together, and what each call says.

use http::Method;
use jiff::Timestamp;
use serde::Serialize;

use super::super::{
    Outgoing,
    batch::{RowKeys, batches},
    calls::WriteCall,
    encoded::{EncodedRow, EncodedRows},
    outcome::parse_rows,
    outgoing::{field_list, module_path},
    trigger::{Trigger, TriggerKind},
};
use crate::{
    error::Error,
    model::Record,
    names::{FieldName, ModuleName, RecordId},
};

const INSERT: &str = "zoho.records.insert";
const UPDATE: &str = "zoho.records.update";
const UPSERT: &str = "zoho.records.upsert";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Insert,
    Update,
    Upsert,
}

#[derive(Clone, Debug)]
pub(in crate::api) struct Write {
    kind: Kind,
    module: ModuleName,
    rows: EncodedRows,
    pub(super) trigger: Trigger,
    pub(super) check_fields: Vec<FieldName>,
    pub(super) external: Vec<FieldName>,
    pub(super) unmodified_since: Option<Timestamp>,
    pub(super) may_append: bool,
}

/// The rows of a call, by position.
struct Batch {
    rows: Vec<usize>,
    repeatable: bool,
}

/// What a body holds besides its rows.
#[derive(Serialize)]
struct Settings<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<&'a [TriggerKind]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    duplicate_check_fields: &'a [FieldName],
}

impl Write {
    /// An update of one record that nobody may have changed since `unmodified_since`.
    pub(in crate::api) fn guarded_update(
        module: &ModuleName,
        record: &Record,
        trigger: Trigger,
        unmodified_since: Option<Timestamp>,
    ) -> Result<Outgoing, Error> {
        let write = Self {
            trigger,
            unmodified_since,
            ..Self::new(Kind::Update, module.clone(), EncodedRows::new([record]))
        };
        let call = write.into_calls()?.next();
        call.map(|call| call.outgoing)
            .ok_or_else(|| Error::invalid(UPDATE, "there is nothing to send"))
    }

    pub(super) fn new(kind: Kind, module: ModuleName, rows: EncodedRows) -> Self {
        Self {
            kind,
            module,
            rows,
            trigger: Trigger::None,
            check_fields: Vec::new(),
            external: Vec::new(),
            unmodified_since: None,
            may_append: false,
        }
    }

    /// The calls, each made when it is asked for. What could be wrong with one is found before the first.
    pub(super) fn into_calls(self) -> Result<impl Iterator<Item = WriteCall> + Send, Error> {
        self.check_rows()?;
        let mut key_fields = self.check_fields.clone();
        if !self.external.is_empty() {
            // An `id` that holds an external value is no record id, but identifies as well.
            key_fields.push(FieldName::from("id"));
        }
        let mut keys = RowKeys::default();
        for row in self.rows.iter() {
            keys.push(|name| row.get(name), &key_fields);
        }
        let batches: Vec<Batch> = batches(keys.iter())
            .into_iter()
            .map(|rows| Batch {
                repeatable: self.is_repeatable(&rows, &keys),
                rows,
            })
            .collect();
        let frame = self.frame()?;
        let settings = self.settings()?;
        // All that is needed from here on is the text.
        let texts = self.rows.into_texts();
        Ok(batches.into_iter().map(move |Batch { rows, repeatable }| {
            let body = body(rows.iter().filter_map(|row| texts.get(*row)), &settings);
            let outgoing = frame
                .clone()
                .writes_rows(rows.len())
                .repeatable(repeatable)
                .json_text(body);
            WriteCall {
                rows,
                outgoing,
                parse: parse_rows,
            }
        }))
    }

    /// Whether sending the rows at the positions `rows` twice is harmless.
    fn is_repeatable(&self, rows: &[usize], keys: &RowKeys) -> bool {
        let is_found_again = match self.kind {
            Kind::Insert => false,
            Kind::Update => true,
            // Each row has an id or a value in a check field, so that a second upsert finds what the first inserted.
            Kind::Upsert => rows.iter().all(|row| !keys.get(*row).is_empty()),
        };
        let grows = |row: &usize| {
            let row = self.rows.get(*row);
            row.is_some_and(|row| row.growing_field().is_some())
        };
        is_found_again && self.unmodified_since.is_none() && !rows.iter().any(grows)
    }

    fn check_rows(&self) -> Result<(), Error> {
        let (operation, _, _) = self.endpoint();
        let invalid = |reason: String| Err(Error::invalid(operation, reason));
        let rows = match self.rows.checked() {
            Ok(rows) => rows.iter().enumerate(),
            Err(reason) => return invalid(reason),
        };
        for (position, row) in rows {
            if self.kind == Kind::Update && !self.has_id(row) {
                return invalid(format!("the row at position {position} has no `id`"));
            }
            if self.kind == Kind::Upsert
                && !self.may_append
                && let Some(field) = row.growing_field()
            {
                return invalid(format!(
                    "the row at position {position} appends to `{field}`, once more each time it finds its record: \
                     insert it, update it with `RowChanges` of the rows that are there, or `allow_appending`"
                ));
            }
        }
        Ok(())
    }

    fn has_id(&self, row: EncodedRow<'_>) -> bool {
        let Some(id) = row.get("id") else {
            return false;
        };
        let external = !self.external.is_empty();
        serde_json::from_str::<RecordId>(id).is_ok() || (external && id != "null")
    }

    fn endpoint(&self) -> (&'static str, Method, &'static str) {
        match self.kind {
            Kind::Insert => (INSERT, Method::POST, ""),
            Kind::Update => (UPDATE, Method::PUT, ""),
            Kind::Upsert => (UPSERT, Method::POST, "/upsert"),
        }
    }

    /// What all calls have in common.
    fn frame(&self) -> Result<Outgoing, Error> {
        let (operation, method, suffix) = self.endpoint();
        field_list(operation, &self.check_fields)?;
        let path = format!("{}{suffix}", module_path(operation, &self.module)?);
        Outgoing::change(operation, method, &path)
            .of_module(&self.module)
            .unmodified_since(self.unmodified_since)
            .external(&self.external)
    }

    /// The settings as the members of a JSON object, without its braces.
    fn settings(&self) -> Result<String, Error> {
        let settings = Settings {
            trigger: self.trigger.kinds(),
            duplicate_check_fields: &self.check_fields,
        };
        let (operation, _, _) = self.endpoint();
        let object = serde_json::to_string(&settings)
            .map_err(|error| Error::invalid(operation, error.to_string()))?;
        Ok(object.trim_matches(['{', '}']).to_owned())
    }
}

/// `{"data":[rows],settings}`.
fn body<'a>(rows: impl Iterator<Item = &'a [u8]> + Clone, settings: &str) -> Vec<u8> {
    let length: usize = rows.clone().map(|row| row.len() + 1).sum();
    let mut body = Vec::with_capacity(length + settings.len() + 16);
    body.extend_from_slice(br#"{"data":["#);
    for (position, row) in rows.enumerate() {
        if position > 0 {
            body.push(b',');
        }
        body.extend_from_slice(row);
    }
    body.push(b']');
    if !settings.is_empty() {
        body.push(b',');
        body.extend_from_slice(settings.as_bytes());
    }
    body.push(b'}');
    body
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::RowChanges;

    fn coded(code: &str) -> Record {
        Record::new().with("X3_Code", code)
    }

    fn calls(kind: Kind, records: Vec<Record>, check: &[&str], trigger: Trigger) -> Vec<WriteCall> {
        let mut write = Write::new(kind, "Accounts".into(), EncodedRows::new(records));
        write.check_fields = check.iter().copied().map(FieldName::from).collect();
        write.trigger = trigger;
        write.into_calls().unwrap().collect()
    }

    #[test]
    fn a_guarded_write_names_its_instant_and_is_sent_once() {
        let mut write = Write::new(
            Kind::Update,
            "Accounts".into(),
            EncodedRows::new([Record::new().with("id", "1")]),
        );
        let first = |write: &Write| write.clone().into_calls().unwrap().next().unwrap();
        assert!(first(&write).outgoing.repeatable);
        write.unmodified_since = Some("2026-11-20T10:00:00.9Z".parse().unwrap());
        let call = first(&write);
        assert!(!call.outgoing.repeatable);
        let request = call.outgoing.into_request().unwrap();
        assert_eq!(
            request.headers()["if-unmodified-since"],
            "2026-11-20T10:00:00+00:00"
        );
    }

    #[test]
    fn external_values_may_stand_for_ids_where_they_are_announced() {
        let mut rows = vec![
            Record::new().with("id", "A-1"),
            Record::new().with("id", "a-1"),
        ];
        let mut write = Write::new(Kind::Update, "Leads".into(), EncodedRows::new(&rows));
        assert!(write.clone().into_calls().is_err());
        write.external = vec!["Leads.External_Id".into()];
        let calls: Vec<WriteCall> = write.clone().into_calls().unwrap().collect();
        assert_eq!(calls.len(), 2);
        let request = calls[0].outgoing.clone().into_request().unwrap();
        assert_eq!(request.headers()["x-external"], "Leads.External_Id");
        rows.push(Record::new());
        write.rows = EncodedRows::new(&rows);
        assert!(write.into_calls().is_err());
    }

    fn sent(call: &WriteCall) -> (String, String, Value) {
        let request = call.outgoing.clone().into_request().unwrap();
        assert_eq!(request.headers()["content-type"], "application/json");
        (
            request.method().to_string(),
            request.uri().to_string(),
            serde_json::from_slice(request.body()).unwrap(),
        )
    }

    #[test]
    fn an_upsert_names_its_key_and_sets_off_nothing() {
        let calls = calls(
            Kind::Upsert,
            vec![coded("A").with("Fax", None::<&str>)],
            &["X3_Code"],
            Trigger::None,
        );
        assert_eq!(
            sent(&calls[0]),
            (
                "POST".to_owned(),
                "/crm/v8/Accounts/upsert".to_owned(),
                json!({"data": [{"X3_Code": "A", "Fax": null}], "trigger": [], "duplicate_check_fields": ["X3_Code"]})
            )
        );
        assert!(calls[0].outgoing.repeatable && calls[0].outgoing.writes);
    }

    #[test]
    fn updates_and_inserts() {
        let update = calls(
            Kind::Update,
            vec![Record::new().with("id", "12").with("Phone", "+41")],
            &[],
            Trigger::Only(vec![TriggerKind::Workflow, TriggerKind::Blueprint]),
        );
        assert_eq!(
            sent(&update[0]),
            (
                "PUT".to_owned(),
                "/crm/v8/Accounts".to_owned(),
                json!({"data": [{"id": "12", "Phone": "+41"}], "trigger": ["workflow", "blueprint"]})
            )
        );
        assert!(update[0].outgoing.repeatable);
        let insert = calls(Kind::Insert, vec![coded("A")], &[], Trigger::All);
        assert_eq!(sent(&insert[0]).2, json!({"data": [{"X3_Code": "A"}]}));
        assert!(!insert[0].outgoing.repeatable);
    }

    #[test]
    fn an_upsert_is_repeatable_only_when_every_row_can_be_found_again() {
        let repeatable = |records, check: &[&str]| {
            calls(Kind::Upsert, records, check, Trigger::None)[0]
                .outgoing
                .repeatable
        };
        assert!(repeatable(vec![coded("A"), coded("B")], &["X3_Code"]));
        assert!(!repeatable(vec![coded("A"), coded("B")], &[]));
        assert!(!repeatable(
            vec![coded("A"), Record::new().with("Account_Name", "B")],
            &["X3_Code"]
        ));
        assert!(!repeatable(vec![coded("A"), coded("")], &["X3_Code"]));
        assert!(repeatable(
            vec![coded("A"), Record::new().with("id", "1")],
            &["X3_Code"]
        ));
    }

    #[test]
    fn what_appends_is_not_repeated_and_not_upserted_unseen() {
        let lines = || RowChanges::new().append(Record::new().with("Quantity", 1_i64));
        let order = |field: &str| {
            let order = Record::new().with(field, "12");
            order.with_row_changes("Ordered_Items", lines())
        };
        let update = calls(Kind::Update, vec![order("id")], &[], Trigger::None);
        assert!(!update[0].outgoing.repeatable);
        let mut upsert = Write::new(
            Kind::Upsert,
            "Sales_Orders".into(),
            EncodedRows::new([coded("A"), order("X3_Code")]),
        );
        upsert.check_fields = vec!["X3_Code".into()];
        let error = upsert.clone().into_calls().err().unwrap().to_string();
        assert!(
            error.contains("position 1 appends to `Ordered_Items`"),
            "{error}"
        );
        upsert.may_append = true;
        let mut calls_made = upsert.clone().into_calls().unwrap();
        assert!(!calls_made.next().unwrap().outgoing.repeatable);
        let change = RowChanges::new().delete(&"11".parse().unwrap());
        let update = Record::new()
            .with("id", "12")
            .with_row_changes("Ordered_Items", change);
        assert!(
            calls(Kind::Update, vec![update], &[], Trigger::None)[0]
                .outgoing
                .repeatable
        );
    }

    #[test]
    fn rows_are_sent_100_at_a_time_and_cost_a_credit_for_ten() {
        let records = (0..250).map(|n| coded(&n.to_string())).collect();
        let calls = calls(Kind::Upsert, records, &["X3_Code"], Trigger::None);
        let sizes: Vec<usize> = calls.iter().map(|call| call.rows.len()).collect();
        assert_eq!(sizes, [100, 100, 50]);
    }

    #[test]
    fn an_update_without_an_id_is_not_sent() {
        let write = Write::new(
            Kind::Update,
            "Accounts".into(),
            EncodedRows::new([coded("A")]),
        );
        assert!(
            write
                .into_calls()
                .err()
                .unwrap()
                .to_string()
                .contains("position 0 has no `id`")
        );
    }
}

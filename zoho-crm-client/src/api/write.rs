//! Inserting, updating, upserting and deleting records (reference: Zoho v8 sections 2.4 to 2.7, read 2026-11).

use http::Method;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Failure, Outgoing, Received, WriteOutcomes, Written,
    batch::{batches, keys_of},
    calls::{WriteCall, run},
    encoded::{EncodedRow, EncodedRows},
    outcome::{RowOutcome, parse_rows},
    outgoing::{field_list, module_path},
    related,
};
use crate::{
    api_error::{ApiError, code},
    client::ZohoClient,
    error::Error,
    model::Record,
    names::{FieldName, ModuleName, RecordId},
};

const INSERT: &str = "zoho.records.insert";
const UPDATE: &str = "zoho.records.update";
const UPSERT: &str = "zoho.records.upsert";
const DELETE: &str = "zoho.records.delete";

/// Which automations of the organisation a write sets off. Zoho's own default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trigger {
    /// None: the right choice for a synchronisation, whose writes are no user's deeds.
    #[default]
    None,
    /// Only these.
    Only(Vec<TriggerKind>),
    /// All that apply.
    All,
}

/// A kind of automation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TriggerKind {
    /// Workflow rules.
    Workflow,
    /// Approval processes.
    Approval,
    /// Blueprints.
    Blueprint,
    /// Path finder.
    Pathfinder,
    /// Orchestrations.
    Orchestration,
}

impl Trigger {
    /// The body's `trigger`: absent means all, an empty list none.
    fn kinds(&self) -> Option<&[TriggerKind]> {
        match self {
            Self::None => Some(&[]),
            Self::Only(kinds) => Some(kinds),
            Self::All => None,
        }
    }
}

macro_rules! write_request {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        #[must_use = "call `send`"]
        pub struct $name {
            client: ZohoClient,
            write: Write,
        }

        impl $name {
            /// Which automations to set off. Default: none.
            pub fn trigger(mut self, trigger: Trigger) -> Self {
                self.write.trigger = trigger;
                self
            }

            /// Lets values of external fields stand where ids would: `["Leads.External_Id"]` for the rows' own `id`, and
            /// paths such as `Quotes.Quoted_Items.Product_Name.Products_External` for lookups (reference: Zoho v8
            /// section 2.10, read 2026-11).
            pub fn external<F: Into<FieldName>>(
                mut self,
                fields: impl IntoIterator<Item = F>,
            ) -> Self {
                self.write.external = fields.into_iter().map(Into::into).collect();
                self
            }

            /// Sends the rows, 100 in a call, one call after the other. Costs 1 credit for each started 10 rows.
            ///
            /// # Errors
            /// When no call was answered. Once one was, a later call that fails shows as the outcome of its rows.
            pub async fn send(self) -> Result<WriteOutcomes, Error> {
                run(&self.client, self.write.calls()?).await
            }
        }
    };
}

write_request! {
    /// New records. Not repeated after a lost answer: see [`Error::may_have_been_applied`].
    InsertRequest
}
write_request! {
    /// Changes to records by id.
    UpdateRequest
}
write_request! {
    /// New records, or changes to those that match.
    UpsertRequest
}

macro_rules! guarded_request {
    ($name:ident) => {
        impl $name {
            /// Refuses to change records that were modified after `instant`, a `Modified_Time` read before: such a row
            /// fails with `ALREADY_MODIFIED` ([`ApiError::is_already_modified`](crate::ApiError::is_already_modified)).
            /// Compared in whole seconds, so a change within the same second passes. Holds for all rows alike: send
            /// rows of different age in writes of their own.
            ///
            /// Such a write is not repeated after a lost answer, because its own first attempt would refuse it.
            pub fn unmodified_since(mut self, instant: Timestamp) -> Self {
                self.write.unmodified_since = Some(instant);
                self
            }
        }
    };
}

guarded_request!(UpdateRequest);
guarded_request!(UpsertRequest);

impl InsertRequest {
    pub(super) fn new(client: ZohoClient, module: ModuleName, rows: EncodedRows) -> Self {
        let write = Write::new(Kind::Insert, module, rows);
        Self { client, write }
    }
}

impl UpdateRequest {
    pub(super) fn new(client: ZohoClient, module: ModuleName, rows: EncodedRows) -> Self {
        let write = Write::new(Kind::Update, module, rows);
        Self { client, write }
    }
}

impl UpsertRequest {
    pub(super) fn new(client: ZohoClient, module: ModuleName, rows: EncodedRows) -> Self {
        let write = Write::new(Kind::Upsert, module, rows);
        Self { client, write }
    }

    /// The unique fields to match by, most telling first. Zoho always checks fields that the organisation made unique
    /// as well.
    ///
    /// Rows that all have an id or a value in one of these fields may be sent again after a lost answer, and two rows
    /// with the same value go into different calls.
    pub fn duplicate_check_fields<F: Into<FieldName>>(
        mut self,
        fields: impl IntoIterator<Item = F>,
    ) -> Self {
        self.write.check_fields = fields.into_iter().map(Into::into).collect();
        self
    }

    /// Lets rows append to the records that they match: new rows of subforms, links, appended values. Without this an
    /// upsert that appends is refused, because each time it finds its record it appends again, so that the lines of an
    /// order double. To create records with lines, insert them: a unique field then keeps them from being made twice.
    pub fn allow_appending(mut self) -> Self {
        self.write.may_append = true;
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Insert,
    Update,
    Upsert,
}

#[derive(Clone, Debug)]
pub(super) struct Write {
    kind: Kind,
    module: ModuleName,
    rows: EncodedRows,
    trigger: Trigger,
    check_fields: Vec<FieldName>,
    external: Vec<FieldName>,
    unmodified_since: Option<Timestamp>,
    may_append: bool,
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
    pub(super) fn guarded_update(
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
        let call = write.calls()?.next();
        call.map(|call| call.outgoing)
            .ok_or_else(|| Error::invalid(UPDATE, "there is nothing to send"))
    }

    fn new(kind: Kind, module: ModuleName, rows: EncodedRows) -> Self {
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
    fn calls(&self) -> Result<impl Iterator<Item = WriteCall> + Send, Error> {
        self.check_rows()?;
        let mut key_fields = self.check_fields.clone();
        if !self.external.is_empty() {
            // An `id` that holds an external value is no record id, but identifies as well.
            key_fields.push(FieldName::from("id"));
        }
        let key = |row: EncodedRow<'_>| keys_of(|name| row.get(name), &key_fields);
        let keys: Vec<Vec<u64>> = self.rows.iter().map(key).collect();
        let frame = self.frame()?;
        let settings = self.settings()?;
        Ok(batches(&keys).into_iter().map(move |rows| {
            // Each row has an id or a value in a check field, so that a second upsert finds what the first inserted.
            let identified = || {
                rows.iter()
                    .all(|row| keys.get(*row).is_some_and(|keys| !keys.is_empty()))
            };
            let repeatable = match self.kind {
                Kind::Insert => false,
                Kind::Update => true,
                Kind::Upsert => identified(),
            };
            let chosen = || rows.iter().filter_map(|row| self.rows.get(*row));
            let grows = chosen().any(|row| row.growing_field().is_some());
            let body = body(chosen().map(EncodedRow::json), &settings);
            let outgoing = frame
                .clone()
                .writes_rows(rows.len())
                .repeatable(repeatable && !grows && self.unmodified_since.is_none())
                .json_text(body);
            WriteCall {
                rows,
                outgoing,
                parse: parse_rows,
            }
        }))
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

/// Deletion of records by id.
#[derive(Clone, Debug)]
#[must_use = "call `send`"]
pub struct DeleteRequest {
    client: ZohoClient,
    module: ModuleName,
    ids: Vec<RecordId>,
    trigger: Trigger,
}

impl DeleteRequest {
    pub(super) fn new(client: ZohoClient, module: ModuleName, ids: Vec<RecordId>) -> Self {
        Self {
            client,
            module,
            ids,
            trigger: Trigger::None,
        }
    }

    /// Which automations to set off. Default: none. Zoho knows only all or none here: [`Trigger::Only`] counts as all.
    pub fn trigger(mut self, trigger: Trigger) -> Self {
        self.trigger = trigger;
        self
    }

    /// Deletes, 100 records in a call. An id that does not exist fails with `INVALID_DATA`, except when it was this
    /// very call that deleted it and its answer was lost.
    ///
    /// # Errors
    /// When no call was answered. Once one was, a later call that fails shows as the outcome of its rows.
    pub async fn send(self) -> Result<WriteOutcomes, Error> {
        let calls = delete_calls(&self.module, &self.ids, &self.trigger)?;
        run(&self.client, calls).await
    }
}

fn delete_calls(
    module: &ModuleName,
    ids: &[RecordId],
    trigger: &Trigger,
) -> Result<Vec<WriteCall>, Error> {
    let path = module_path(DELETE, module)?;
    let mut calls = related::delete_calls(DELETE, &path, module, ids);
    if *trigger == Trigger::None {
        for call in &mut calls {
            call.outgoing = call.outgoing.clone().query("wf_trigger", "false");
        }
    }
    Ok(calls)
}

/// After a lost answer, "no such record" means that the lost attempt deleted it.
pub(super) fn parse_deleted(
    received: &Received,
    expected: usize,
) -> Result<Vec<RowOutcome>, Failure> {
    let rows = parse_rows(received, expected)?;
    if !received.repeated {
        return Ok(rows);
    }
    let forgive = |error: ApiError| {
        let id = (error.code() == code::INVALID_DATA)
            .then(|| error.details().get("id")?.as_str()?.parse().ok())
            .flatten();
        match id {
            Some(id) => Ok(Written {
                id,
                action: None,
                duplicate_field: None,
                created_time: None,
                modified_time: None,
            }),
            None => Err(error),
        }
    };
    Ok(rows.into_iter().map(|row| row.or_else(forgive)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{api::answer::received, model::RowChanges};

    fn coded(code: &str) -> Record {
        Record::new().with("X3_Code", code)
    }

    fn calls(kind: Kind, records: Vec<Record>, check: &[&str], trigger: Trigger) -> Vec<WriteCall> {
        let mut write = Write::new(kind, "Accounts".into(), EncodedRows::new(records));
        write.check_fields = check.iter().copied().map(FieldName::from).collect();
        write.trigger = trigger;
        write.calls().unwrap().collect()
    }

    #[test]
    fn a_guarded_write_names_its_instant_and_is_sent_once() {
        let mut write = Write::new(
            Kind::Update,
            "Accounts".into(),
            EncodedRows::new([Record::new().with("id", "1")]),
        );
        let first = |write: &Write| write.calls().unwrap().next().unwrap();
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
        assert!(write.calls().is_err());
        write.external = vec!["Leads.External_Id".into()];
        let calls: Vec<WriteCall> = write.calls().unwrap().collect();
        assert_eq!(calls.len(), 2);
        let request = calls[0].outgoing.clone().into_request().unwrap();
        assert_eq!(request.headers()["x-external"], "Leads.External_Id");
        rows.push(Record::new());
        write.rows = EncodedRows::new(&rows);
        assert!(write.calls().is_err());
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
        let error = upsert.calls().err().unwrap().to_string();
        assert!(
            error.contains("position 1 appends to `Ordered_Items`"),
            "{error}"
        );
        upsert.may_append = true;
        let mut calls_made = upsert.calls().unwrap();
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
                .calls()
                .err()
                .unwrap()
                .to_string()
                .contains("position 0 has no `id`")
        );
    }

    #[test]
    fn a_delete_names_its_ids() {
        let ids = ["12", "13"].map(|id| id.parse().unwrap());
        let calls = delete_calls(&"Accounts".into(), &ids, &Trigger::None).unwrap();
        let request = calls[0].outgoing.clone().into_request().unwrap();
        assert_eq!(request.method(), "DELETE");
        assert_eq!(
            request.uri(),
            "/crm/v8/Accounts?ids=12%2C13&wf_trigger=false"
        );
    }

    #[test]
    fn a_record_that_is_gone_counts_as_deleted_only_after_a_lost_answer() {
        let outcome = |repeated| {
            let mut answer = received(
                400,
                r#"{"data":[{"code":"INVALID_DATA","details":{"id":"12"},"message":"record not deleted","status":"error"}]}"#,
            );
            answer.repeated = repeated;
            parse_deleted(&answer, 1).unwrap().remove(0)
        };
        assert_eq!(outcome(false).unwrap_err().code(), "INVALID_DATA");
        assert_eq!(outcome(true).unwrap().id, "12");
    }
}

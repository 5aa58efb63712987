//! Inserting, updating, upserting and deleting records (reference: Zoho v8 sections 2.4 to 2.7, read 2026-11).

use http::Method;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Failure, Outgoing, Received, WriteOutcomes, Written,
    batch::{batches, keys_of},
    calls::{WriteCall, run},
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
    pub(super) fn new(client: ZohoClient, module: ModuleName, records: Vec<Record>) -> Self {
        let write = Write::new(Kind::Insert, module, records);
        Self { client, write }
    }
}

impl UpdateRequest {
    pub(super) fn new(client: ZohoClient, module: ModuleName, records: Vec<Record>) -> Self {
        let write = Write::new(Kind::Update, module, records);
        Self { client, write }
    }
}

impl UpsertRequest {
    pub(super) fn new(client: ZohoClient, module: ModuleName, records: Vec<Record>) -> Self {
        let write = Write::new(Kind::Upsert, module, records);
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
    records: Vec<Record>,
    trigger: Trigger,
    check_fields: Vec<FieldName>,
    external: Vec<FieldName>,
    unmodified_since: Option<Timestamp>,
    may_append: bool,
}

#[derive(Serialize)]
struct Body<'a> {
    data: Vec<&'a Record>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<&'a [TriggerKind]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    duplicate_check_fields: &'a [FieldName],
}

impl Write {
    /// An update of one record that nobody may have changed since `unmodified_since`.
    pub(super) fn guarded_update(
        module: &ModuleName,
        record: Record,
        trigger: Trigger,
        unmodified_since: Option<Timestamp>,
    ) -> Result<Outgoing, Error> {
        let write = Self {
            trigger,
            unmodified_since,
            ..Self::new(Kind::Update, module.clone(), vec![record])
        };
        write.outgoing(&[0], true)
    }

    fn new(kind: Kind, module: ModuleName, records: Vec<Record>) -> Self {
        Self {
            kind,
            module,
            records,
            trigger: Trigger::None,
            check_fields: Vec::new(),
            external: Vec::new(),
            unmodified_since: None,
            may_append: false,
        }
    }

    fn calls(&self) -> Result<Vec<WriteCall>, Error> {
        self.check_appending()?;
        if self.kind == Kind::Update
            && let Some(position) = self.records.iter().position(|record| !self.has_id(record))
        {
            return Err(Error::invalid(
                UPDATE,
                format!("the row at position {position} has no `id`"),
            ));
        }
        let mut key_fields = self.check_fields.clone();
        if !self.external.is_empty() {
            // An `id` that holds an external value is no record id, but identifies as well.
            key_fields.push(FieldName::from("id"));
        }
        let keys: Vec<Vec<String>> = self
            .records
            .iter()
            .map(|record| keys_of(record, &key_fields))
            .collect();
        batches(&keys)
            .into_iter()
            .map(|rows| {
                let identified = rows.iter().all(|row| !keys[*row].is_empty());
                let outgoing = self.outgoing(&rows, identified)?;
                Ok(WriteCall {
                    rows,
                    outgoing,
                    parse: parse_rows,
                })
            })
            .collect()
    }

    fn check_appending(&self) -> Result<(), Error> {
        if self.kind != Kind::Upsert || self.may_append {
            return Ok(());
        }
        let growing = |record: &Record| record.growing_field().cloned();
        match self
            .records
            .iter()
            .enumerate()
            .find_map(|(row, record)| Some((row, growing(record)?)))
        {
            None => Ok(()),
            Some((position, field)) => Err(Error::invalid(
                UPSERT,
                format!(
                    "the row at position {position} appends to `{field}`, once more each time it finds its record: \
                     insert it, update it with `RowChanges` of the rows that are there, or `allow_appending`"
                ),
            )),
        }
    }

    fn has_id(&self, record: &Record) -> bool {
        let external = !self.external.is_empty();
        record.id().is_some() || (external && record.get("id").is_some_and(|id| id.get() != "null"))
    }

    /// `identified`: each row has an id or a value in a check field, so that a second upsert finds what the first one
    /// inserted.
    fn outgoing(&self, rows: &[usize], identified: bool) -> Result<Outgoing, Error> {
        let (operation, method, suffix, repeatable) = match self.kind {
            Kind::Insert => (INSERT, Method::POST, "", false),
            Kind::Update => (UPDATE, Method::PUT, "", true),
            Kind::Upsert => (UPSERT, Method::POST, "/upsert", identified),
        };
        let grows = rows
            .iter()
            .any(|row| self.records[*row].growing_field().is_some());
        field_list(operation, &self.check_fields)?;
        let path = format!("{}{suffix}", module_path(operation, &self.module)?);
        let body = Body {
            data: rows.iter().map(|row| &self.records[*row]).collect(),
            trigger: self.trigger.kinds(),
            duplicate_check_fields: &self.check_fields,
        };
        Outgoing::change(operation, method, &path)
            .of_module(&self.module)
            .writes_rows(rows.len())
            .repeatable(repeatable && !grows && self.unmodified_since.is_none())
            .unmodified_since(self.unmodified_since)
            .external(&self.external)?
            .json(&body)
    }
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
        let mut write = Write::new(kind, "Accounts".into(), records);
        write.check_fields = check.iter().copied().map(FieldName::from).collect();
        write.trigger = trigger;
        write.calls().unwrap()
    }

    #[test]
    fn a_guarded_write_names_its_instant_and_is_sent_once() {
        let mut write = Write::new(
            Kind::Update,
            "Accounts".into(),
            vec![Record::new().with("id", "1")],
        );
        assert!(write.calls().unwrap()[0].outgoing.repeatable);
        write.unmodified_since = Some("2026-11-20T10:00:00.9Z".parse().unwrap());
        let call = write.calls().unwrap().remove(0);
        assert!(!call.outgoing.repeatable);
        let request = call.outgoing.into_request().unwrap();
        assert_eq!(
            request.headers()["if-unmodified-since"],
            "2026-11-20T10:00:00+00:00"
        );
    }

    #[test]
    fn external_values_may_stand_for_ids_where_they_are_announced() {
        let rows = vec![
            Record::new().with("id", "A-1"),
            Record::new().with("id", "a-1"),
        ];
        let mut write = Write::new(Kind::Update, "Leads".into(), rows);
        assert!(write.calls().is_err());
        write.external = vec!["Leads.External_Id".into()];
        let calls = write.calls().unwrap();
        assert_eq!(calls.len(), 2);
        let request = calls[0].outgoing.clone().into_request().unwrap();
        assert_eq!(request.headers()["x-external"], "Leads.External_Id");
        write.records.push(Record::new());
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
            vec![coded("A"), order("X3_Code")],
        );
        upsert.check_fields = vec!["X3_Code".into()];
        let error = upsert.calls().unwrap_err().to_string();
        assert!(
            error.contains("position 1 appends to `Ordered_Items`"),
            "{error}"
        );
        upsert.may_append = true;
        assert!(!upsert.calls().unwrap()[0].outgoing.repeatable);
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
        let write = Write::new(Kind::Update, "Accounts".into(), vec![coded("A")]);
        assert!(
            write
                .calls()
                .unwrap_err()
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

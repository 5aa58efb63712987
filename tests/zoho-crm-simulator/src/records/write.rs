//! Inserting and updating rows, and the answers to writes.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::list::since_header;
use super::render::{field_value, user_reference};
use super::totals;
use super::validate::{Actor, Checked, check_row};
use super::{Change, Operation};
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::locks;
use crate::schema::{DataType, Kind, Module};
use crate::store::{Id, Record};
use crate::tags;
use crate::timeline;
use crate::watch;
use crate::world::World;

/// Most rows of a write.
const MOST_ROWS: usize = 100;

/// What became of one row.
pub(super) enum Outcome {
    Done { json: Json, change: Option<Change> },
    Failed(Failure),
}

/// The rows of a write body.
pub(super) fn rows_of(body: &Json) -> Result<Vec<Object>, Failure> {
    let data = body
        .get("data")
        .ok_or_else(|| Failure::mandatory("data", "$.data"))?;
    let rows = data
        .as_array()
        .ok_or_else(|| Failure::wrong_type("jsonarray", "data", "$.data"))?;
    if rows.is_empty() {
        return Err(Failure::mandatory("data", "$.data"));
    }
    if rows.len() > MOST_ROWS {
        return Err(Failure::limit_exceeded(100, "data"));
    }
    let object = |(index, row): (usize, &Json)| {
        let wrong = || Failure::wrong_type("jsonobject", "data", &format!("$.data[{index}]"));
        row.as_object().cloned().ok_or_else(wrong)
    };
    rows.iter().enumerate().map(object).collect()
}

/// The workflow switches a `trigger` may name.
pub(super) fn check_trigger(body: &Json) -> Result<(), Failure> {
    const KNOWN: [&str; 5] = [
        "workflow",
        "approval",
        "blueprint",
        "pathfinder",
        "orchestration",
    ];
    let Some(trigger) = body.get("trigger").filter(|value| !value.is_null()) else {
        return Ok(());
    };
    let words = trigger
        .as_array()
        .ok_or_else(|| Failure::wrong_type("jsonarray", "trigger", "$.trigger"))?;
    for (index, word) in words.iter().enumerate() {
        if !word.as_str().is_some_and(|word| KNOWN.contains(&word)) {
            let details = object! {
                "api_name" => "trigger",
                "json_path" => format!("$.trigger[{index}]"),
                "supported_values" => KNOWN.to_vec(),
            };
            return Err(Failure::new(400, "INVALID_DATA", "invalid data", details));
        }
    }
    Ok(())
}

/// Lines cannot be written as records of their own.
fn check_writable(module: &Module) -> Result<(), Failure> {
    match module.kind {
        Kind::Records => Ok(()),
        Kind::Lines { .. } | Kind::Elsewhere => Err(Failure::new(
            400,
            "NOT_SUPPORTED",
            "the module does not support this operation",
            Object::new(),
        )),
    }
}

/// `POST /{module}`.
pub(crate) fn insert(world: &mut World, module: &Module, body: &Json) -> Result<Answer, Failure> {
    check_writable(module)?;
    check_trigger(body)?;
    let rows = rows_of(body)?;
    let actor = api_actor(world);
    let outcome = |world: &mut World, index: usize, row: &Object| {
        let change = insert_record(world, module, row, index, &actor)?;
        Ok((success(world, module, &change, "record added"), change))
    };
    Ok(write_rows(world, module, &rows, 201, outcome))
}

/// `PUT /{module}`.
pub(crate) fn update_many(
    world: &mut World,
    module: &Module,
    body: &Json,
    call: &Call,
) -> Result<Answer, Failure> {
    update(world, module, None, body, call)
}

/// `PUT /{module}/{id}`.
pub(crate) fn update_one(
    world: &mut World,
    module: &Module,
    id: &str,
    body: &Json,
    call: &Call,
) -> Result<Answer, Failure> {
    update(world, module, Some(id), body, call)
}

fn update(
    world: &mut World,
    module: &Module,
    path_id: Option<&str>,
    body: &Json,
    call: &Call,
) -> Result<Answer, Failure> {
    check_writable(module)?;
    check_trigger(body)?;
    let mut rows = rows_of(body)?;
    if path_id.is_some() && rows.len() > 1 {
        return Err(Failure::limit_exceeded(1, "data"));
    }
    if let (Some(id), Some(row)) = (path_id, rows.first_mut()) {
        row.set("id", id);
    }
    let unless_after = precondition(world, call)?;
    let actor = api_actor(world);
    let outcome = |world: &mut World, index: usize, row: &Object| {
        let id = row_id(row, index)?;
        let change = update_record(world, module, id, row, index, unless_after, &actor)?;
        Ok((success(world, module, &change, "record updated"), change))
    };
    Ok(write_rows(world, module, &rows, 200, outcome))
}

/// The instant of `If-Unmodified-Since`, when the organisation honours it.
pub(super) fn precondition(world: &World, call: &Call) -> Result<Option<Timestamp>, Failure> {
    let instant = since_header(call, "if-unmodified-since")?;
    Ok(instant.filter(|_| world.settings.behaviour.if_unmodified_since))
}

pub(crate) fn api_actor(world: &World) -> Actor {
    Actor {
        user: world.settings.api_user(),
        backdates: false,
    }
}

/// The id a row names. The Python SDK sends it as a number.
pub(super) fn row_id(row: &Object, index: usize) -> Result<Id, Failure> {
    let path = format!("$.data[{index}].id");
    let id = row
        .get("id")
        .filter(|id| !id.is_null())
        .ok_or_else(|| Failure::mandatory("id", &path))?;
    id.as_id_text()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Failure::invalid_id("id", &path))
}

/// Runs a write row by row, each row on its own, and words the answer.
pub(super) fn write_rows(
    world: &mut World,
    module: &Module,
    rows: &[Object],
    all_done: u16,
    mut apply: impl FnMut(&mut World, usize, &Object) -> Result<(Json, Change), Failure>,
) -> Answer {
    let mut outcomes = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        outcomes.push(match apply(world, index, row) {
            Ok((json, change)) => Outcome::Done {
                json,
                change: Some(change),
            },
            Err(failure) => Outcome::Failed(failure),
        });
    }
    answer_rows(world, module, outcomes, all_done)
}

/// The answer to a write of several rows (reference: zoho-crm-v8 section 2.5), with its notifications and counters.
pub(super) fn answer_rows(
    world: &mut World,
    module: &Module,
    outcomes: Vec<Outcome>,
    all_done: u16,
) -> Answer {
    let total = outcomes.len();
    let mut failed = 0;
    let mut failed_status = None;
    let mut changes = Vec::new();
    let mut data = Vec::with_capacity(total);
    for outcome in outcomes {
        match outcome {
            Outcome::Done { json, change } => {
                data.push(json);
                changes.extend(change);
            }
            Outcome::Failed(failure) => {
                failed += 1;
                // Rows that all failed for the same unusual reason give the whole answer that status, as with 412.
                failed_status = Some(failed_status.map_or(failure.status, |status: u16| {
                    if status == failure.status {
                        status
                    } else {
                        400
                    }
                }));
                data.push(failure.to_json());
            }
        }
    }
    settle(world, module, &changes, failed);
    let status = match failed {
        0 => all_done,
        failed if failed == total => failed_status.unwrap_or(400),
        _ => world.settings.behaviour.partial_status,
    };
    Answer::json(status, object! { "data" => data }).rows(total)
}

/// Counts what a write did and sends its notifications.
pub(crate) fn settle(world: &mut World, module: &Module, changes: &[Change], failed: usize) {
    count(world, module, changes, failed);
    watch::notify(world, changes);
}

fn count(world: &mut World, module: &Module, changes: &[Change], failed: usize) {
    let counters = &mut world.journal.counters;
    counters.rows_refused += u64::try_from(failed).unwrap_or(u64::MAX);
    for change in changes {
        let by_module = match change.operation {
            Operation::Insert => &mut counters.created,
            Operation::Update => &mut counters.updated,
            Operation::Delete => &mut counters.deleted,
        };
        *by_module.entry(module.api_name.clone()).or_default() += 1;
        if change.operation != Operation::Delete {
            counters.rows_written += 1;
        }
        if change.operation == Operation::Update && change.fields.is_empty() {
            counters.writes_without_change += 1;
        }
    }
}

/// The success element of a written row.
pub(crate) fn success(world: &World, module: &Module, change: &Change, message: &str) -> Json {
    let mut details = Object::new();
    if let Some(record) = world.store.record(&module.api_name, change.id) {
        details.set("Modified_Time", world.time_text(record.modified));
        details.set(
            "Modified_By",
            user_reference(world, &record.modified_by, false),
        );
        details.set("Created_Time", world.time_text(record.created));
        details.set("id", record.id.to_string());
        details.set(
            "Created_By",
            user_reference(world, &record.created_by, false),
        );
        if change.operation == Operation::Insert {
            details.set("$approval_state", "approved");
        }
    }
    Json::Object(
        object! { "code" => "SUCCESS", "details" => details, "message" => message, "status" => "success" },
    )
}

/// Creates a record from a row.
pub(crate) fn insert_record(
    world: &mut World,
    module: &Module,
    row: &Object,
    index: usize,
    actor: &Actor,
) -> Result<Change, Failure> {
    let mut checked = check_row(world, module, row, index, None)?;
    check_unique(world, module, &checked.values, index, None)?;
    settle_tags(world, module, &mut checked);
    let now = world.stamp();
    let id = world.store.next_id();
    let mut record = Record {
        id,
        created: now,
        modified: now,
        created_by: actor.user.clone(),
        modified_by: actor.user.clone(),
        owner: checked.owner.unwrap_or_else(|| actor.user.clone()),
        values: checked.values,
        lines: checked.lines,
    };
    number(module, &mut record);
    if actor.backdates {
        backdate(&mut record, row);
    }
    totals::complete_record(module, &mut record);
    let fields = record.values.iter().filter(|(_, value)| !value.is_null());
    let fields = fields
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let searchable_at = world.searchable_at();
    if let Some(table) = world.store.table_mut(&module.api_name) {
        table.put(record, searchable_at);
    }
    timeline::added(world, id, now, actor);
    Ok(Change {
        module: module.api_name.clone(),
        id,
        operation: Operation::Insert,
        fields,
    })
}

/// Tags that a row names exist from then on.
fn settle_tags(world: &mut World, module: &Module, checked: &mut Checked) {
    if let Some(value) = checked.values.get_mut("Tag")
        && !value.is_null()
    {
        *value = tags::settle(world, &module.api_name, value);
    }
}

/// Fields Zoho numbers by itself.
fn number(module: &Module, record: &mut Record) {
    for field in module
        .fields
        .iter()
        .filter(|field| field.data_type == DataType::Autonumber)
    {
        record
            .values
            .insert(field.api_name.clone(), Json::String(record.id.to_string()));
    }
}

/// Seeds may say when a record was created and changed.
fn backdate(record: &mut Record, row: &Object) {
    let instant = |name: &str| {
        row.get(name)
            .and_then(Json::as_str)
            .and_then(|text| text.parse::<Timestamp>().ok())
    };
    if let Some(created) = instant("Created_Time") {
        record.created = created;
        record.modified = created;
    }
    if let Some(modified) = instant("Modified_Time") {
        record.modified = modified;
    }
}

/// Changes a record by a row: fields that are absent keep their values.
pub(crate) fn update_record(
    world: &mut World,
    module: &Module,
    id: Id,
    row: &Object,
    index: usize,
    unless_after: Option<Timestamp>,
    actor: &Actor,
) -> Result<Change, Failure> {
    let invalid = || Failure::invalid_id("id", &format!("$.data[{index}].id"));
    let old = world
        .store
        .record(&module.api_name, id)
        .cloned()
        .ok_or_else(invalid)?;
    if unless_after.is_some_and(|instant| old.modified > instant) {
        return Err(already_modified(world, &old));
    }
    locks::check(world, id, "update")?;
    if old.value("Converted__s").as_bool() == Some(true) {
        let message = "the record has been converted";
        let details = object! { "id" => id.to_string() };
        return Err(Failure::new(400, "CONVERTED_RECORD", message, details));
    }
    let mut checked = check_row(world, module, row, index, Some(&old))?;
    check_unique(world, module, &checked.values, index, Some(id))?;
    settle_tags(world, module, &mut checked);
    let mut record = Record::clone(&old);
    apply(&mut record, checked);
    totals::complete_record(module, &mut record);
    let fields = changed_fields(world, module, &old, &record);
    if !fields.is_empty() || world.settings.behaviour.empty_update_touches {
        record.modified = world.stamp();
        record.modified_by.clone_from(&actor.user);
        let searchable_at = world.searchable_at();
        if let Some(table) = world.store.table_mut(&module.api_name) {
            table.put(record, searchable_at);
        }
    }
    timeline::updated(world, module, &old, &fields, actor);
    Ok(Change {
        module: module.api_name.clone(),
        id,
        operation: Operation::Update,
        fields,
    })
}

fn apply(record: &mut Record, checked: Checked) {
    record.values.extend(checked.values);
    record.lines.extend(checked.lines);
    if let Some(owner) = checked.owner {
        record.owner = owner;
    }
}

/// The fields whose value differs between two states of a record, with the new value.
fn changed_fields(
    world: &World,
    module: &Module,
    old: &Record,
    new: &Record,
) -> Vec<(String, Json)> {
    let mut changed = Vec::new();
    for field in &module.fields {
        let name = field.api_name.as_str();
        let same = match name {
            "Owner" => old.owner == new.owner,
            _ if field.only_in_single_record() => same_lines(old, new, name),
            _ => old.value(name).same_as(new.value(name)),
        };
        if !same {
            changed.push((name.to_owned(), field_value(world, module, new, field)));
        }
    }
    changed
}

fn same_lines(old: &Record, new: &Record, field: &str) -> bool {
    let rows = |record: &Record| -> Vec<(Id, BTreeMap<String, Json>)> {
        let lines = record
            .lines
            .get(field)
            .map(Vec::as_slice)
            .unwrap_or_default();
        lines
            .iter()
            .map(|line| (line.id, line.values.clone()))
            .collect()
    };
    let (old, new) = (rows(old), rows(new));
    let same_values = |left: &BTreeMap<String, Json>, right: &BTreeMap<String, Json>| {
        left.keys().chain(right.keys()).all(|name| {
            let of =
                |values: &BTreeMap<String, Json>| values.get(name).cloned().unwrap_or_default();
            of(left).same_as(&of(right))
        })
    };
    old.len() == new.len()
        && old
            .iter()
            .zip(&new)
            .all(|(left, right)| left.0 == right.0 && same_values(&left.1, &right.1))
}

/// Refuses a value that another record already carries in a field without duplicates.
fn check_unique(
    world: &World,
    module: &Module,
    values: &BTreeMap<String, Json>,
    index: usize,
    own_id: Option<Id>,
) -> Result<(), Failure> {
    let Some(table) = world.store.table(&module.api_name) else {
        return Ok(());
    };
    for field in module.unique_fields() {
        let Some(value) = values.get(&field.api_name) else {
            continue;
        };
        let others: Vec<Id> = table
            .find(&field.api_name, value)
            .into_iter()
            .filter(|id| Some(*id) != own_id)
            .collect();
        let Some(other) = others.first() else {
            continue;
        };
        let owner = table
            .get(*other)
            .map(|record| user_reference(world, &record.owner, false));
        let details = object! {
            "api_name" => field.api_name.as_str(),
            "json_path" => format!("$.data[{index}].{}", field.api_name),
            "id" => other.to_string(),
            "duplicate_record" => object! {
                "id" => other.to_string(),
                "Owner" => owner,
                "module" => object! { "api_name" => module.api_name.as_str(), "id" => module.id.as_str() },
            },
            "more_records" => others.len() > 1,
        };
        return Err(Failure::new(
            400,
            "DUPLICATE_DATA",
            "duplicate data",
            details,
        ));
    }
    Ok(())
}

fn already_modified(world: &World, record: &Record) -> Failure {
    let details = object! {
        "Modified_Time" => world.time_text(record.modified),
        "Modified_By" => user_reference(world, &record.modified_by, false),
        "Created_Time" => world.time_text(record.created),
        "id" => record.id.to_string(),
        "Created_By" => user_reference(world, &record.created_by, false),
    };
    Failure::new(
        412,
        "ALREADY_MODIFIED",
        "the record has been modified in between",
        details,
    )
}

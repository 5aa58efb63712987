//! What happened to records, by field (reference: zoho-crm-v8 section 12.1, timelines.json).
//!
//! The document says that values are text, not in which form: numbers and instants stand as in records here, look-ups by
//! their name.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, object};
use crate::records::{Actor, field_value, lookup_name, page_bounds, user_reference};
use crate::rows;
use crate::schema::Module;
use crate::store::{Id, Record};
use crate::world::World;

/// What happened, by record, oldest first.
pub(crate) type Timelines = BTreeMap<Id, Vec<Entry>>;

/// Something that happened to a record.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    id: Id,
    at: Timestamp,
    action: &'static str,
    by: String,
    fields: Vec<FieldChange>,
}

/// A field with its values before and after.
#[derive(Debug, Clone)]
struct FieldChange {
    api_name: String,
    old: Json,
    new: Json,
}

/// Notes that a record was created.
pub(crate) fn added(world: &mut World, id: Id, at: Timestamp, actor: &Actor) {
    note(world, id, at, "added", actor, Vec::new());
}

/// Notes which fields of a record were changed, and what they were before.
pub(crate) fn updated(
    world: &mut World,
    module: &Module,
    old: &Record,
    changed: &[(String, Json)],
    actor: &Actor,
) {
    if changed.is_empty() {
        return;
    }
    let changes = changed.iter().filter_map(|(name, new)| {
        let mut fields = module.fields.iter();
        let field = fields.find(|field| field.api_name == *name)?;
        Some(FieldChange {
            api_name: name.clone(),
            old: shown(&field_value(world, module, old, field)),
            new: shown(new),
        })
    });
    let changes = changes.collect();
    let at = world.stamp();
    note(world, old.id, at, "updated", actor, changes);
}

fn note(
    world: &mut World,
    record: Id,
    at: Timestamp,
    action: &'static str,
    actor: &Actor,
    fields: Vec<FieldChange>,
) {
    let entry = Entry {
        id: world.store.next_id(),
        at,
        action,
        by: actor.user.clone(),
        fields,
    };
    world.timelines.entry(record).or_default().push(entry);
}

/// A value as a timeline shows it: text or nothing.
fn shown(value: &Json) -> Json {
    match value {
        Json::Null | Json::String(_) => value.clone(),
        Json::Object(object) => object.get("name").cloned().unwrap_or(Json::Null),
        other => Json::String(other.to_string()),
    }
}

/// `GET /{module}/{id}/__timeline`.
pub(crate) fn read(
    world: &World,
    module: &Module,
    id: &str,
    call: &Call,
) -> Result<Answer, Failure> {
    let bounds = page_bounds(call)?;
    let record: Id = id.parse().unwrap_or_default();
    if world.store.record(&module.api_name, record).is_none() {
        let details = object! { "resource_path_index" => 1 };
        let message = "the related id given seems to be invalid";
        return Err(Failure::new(400, "INVALID_DATA", message, details));
    }
    if call.param("sort_by").is_some_and(|by| by != "audited_time") {
        return Err(Failure::invalid_param("sort_by", object! {}));
    }
    let entries = world.timelines.get(&record).into_iter().flatten();
    let mut entries: Vec<Json> = entries
        .map(|entry| render(world, module, record, entry))
        .collect();
    match call.param("sort_order") {
        Some("asc") => {}
        None | Some("desc") => entries.reverse(),
        Some(_) => return Err(Failure::invalid_param("sort_order", object! {})),
    }
    Ok(rows::page("__timeline", entries, bounds))
}

fn render(world: &World, module: &Module, record: Id, entry: &Entry) -> Json {
    let source = if entry.by == world.settings.api_user() {
        "crm_api"
    } else {
        "crm_ui"
    };
    let fields: Vec<Json> = entry
        .fields
        .iter()
        .map(|field| change(module, field))
        .collect();
    let id = record.to_string();
    let named = object! { "api_name" => module.api_name.as_str(), "id" => module.id.as_str() };
    Json::Object(object! {
        "audited_time" => world.time_text(entry.at),
        "action" => entry.action,
        "id" => entry.id.to_string(),
        "source" => source,
        "done_by" => user_reference(world, &entry.by, false),
        "record" => object! {
            "name" => lookup_name(world, &module.api_name, &id),
            "id" => id,
            "module" => named,
        },
        "field_history" => fields,
    })
}

fn change(module: &Module, change: &FieldChange) -> Json {
    let mut fields = module.fields.iter();
    let field = fields.find(|field| field.api_name == change.api_name);
    Json::Object(object! {
        "api_name" => change.api_name.as_str(),
        "id" => field.map(|field| field.id.as_str()),
        "_value" => object! { "new" => change.new.clone(), "old" => change.old.clone() },
    })
}

//! Deleting, the recycle bin, and the list of deleted records (reference: zoho-crm-v8 section 2.7).

use super::list::{page_bounds, since_header};
use super::render::{title_of, user_reference};
use super::write::{Outcome, answer_rows};
use super::{Change, Operation};
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, object};
use crate::locks;
use crate::schema::{Kind, Module};
use crate::store::{Id, Removed};
use crate::world::World;

/// Most ids of a delete.
const MOST_IDS: usize = 100;

/// `DELETE /{module}?ids=`.
pub(crate) fn delete_many(
    world: &mut World,
    module: &Module,
    call: &Call,
) -> Result<Answer, Failure> {
    let ids = call
        .param("ids")
        .ok_or_else(|| Failure::param_missing("ids"))?;
    let ids: Vec<&str> = ids.split(',').map(str::trim).collect();
    if ids.len() > MOST_IDS {
        return Err(Failure::limit_exceeded(100, "ids"));
    }
    delete(world, module, &ids)
}

/// `DELETE /{module}/{id}`.
pub(crate) fn delete_one(world: &mut World, module: &Module, id: &str) -> Result<Answer, Failure> {
    delete(world, module, &[id])
}

fn delete(world: &mut World, module: &Module, ids: &[&str]) -> Result<Answer, Failure> {
    if module.kind != Kind::Records {
        return Err(Failure::new(
            400,
            "NOT_SUPPORTED",
            "the module does not support deletion",
            object! {},
        ));
    }
    let user = world.settings.api_user();
    let mut outcomes = Vec::with_capacity(ids.len());
    for text in ids {
        let number: Id = text.parse().unwrap_or_default();
        if let Err(failure) = locks::check(world, number, "delete") {
            outcomes.push(Outcome::Failed(failure));
            continue;
        }
        let removed = remove_record(world, module, number, &user, false);
        outcomes.push(match removed {
            Some(change) => {
                let details = object! { "id" => *text };
                let json = object! {
                    "code" => "SUCCESS", "details" => details, "message" => "record deleted", "status" => "success",
                };
                Outcome::Done { json: Json::Object(json), change: Some(change) }
            }
            None => {
                let details = object! { "id" => *text };
                Outcome::Failed(Failure::new(400, "INVALID_DATA", "record not deleted", details))
            }
        });
    }
    Ok(answer_rows(world, module, outcomes, 200))
}

/// Moves a record to the recycle bin, or removes it for good.
pub(crate) fn remove_record(
    world: &mut World,
    module: &Module,
    id: Id,
    user: &str,
    permanent: bool,
) -> Option<Change> {
    let searchable_at = world.searchable_at();
    let at = world.stamp();
    let table = world.store.table_mut(&module.api_name)?;
    let record = table.take(id, searchable_at)?;
    let display_name = (!permanent).then(|| title_of(module, &record));
    table.removed.push(Removed {
        record,
        display_name,
        at,
        by: user.to_owned(),
        permanent,
    });
    Some(Change {
        module: module.api_name.clone(),
        id,
        operation: Operation::Delete,
        fields: Vec::new(),
    })
}

/// Takes a record out of the recycle bin, as a user does; it keeps its id and counts as changed.
pub(crate) fn restore_record(
    world: &mut World,
    module: &Module,
    id: Id,
    user: &str,
) -> Option<Change> {
    let (searchable_at, now) = (world.searchable_at(), world.stamp());
    let table = world.store.table_mut(&module.api_name)?;
    let position = table
        .removed
        .iter()
        .rposition(|removed| removed.record.id == id && !removed.permanent)?;
    let removed = table.removed.remove(position);
    let mut record = (*removed.record).clone();
    record.modified = now;
    record.modified_by = user.to_owned();
    table.put(record, searchable_at);
    Some(Change {
        module: module.api_name.clone(),
        id,
        operation: Operation::Insert,
        fields: Vec::new(),
    })
}

/// `GET /{module}/deleted`.
pub(crate) fn deleted_list(world: &World, module: &Module, call: &Call) -> Result<Answer, Failure> {
    let (page, per_page) = page_bounds(call)?;
    let since = since_header(call, "if-modified-since")?;
    let wanted = call.param("type").unwrap_or("all");
    if !matches!(wanted, "all" | "recycle" | "permanent") {
        return Err(Failure::pattern("type"));
    }
    let removed = world
        .store
        .table(&module.api_name)
        .map(|table| table.removed.as_slice())
        .unwrap_or_default();
    let matches = |removed: &&Removed| {
        let of_type = wanted == "all" || (wanted == "permanent") == removed.permanent;
        of_type && since.is_none_or(|since| removed.at > since)
    };
    // Newest first, as every list is by default.
    let all: Vec<&Removed> = removed.iter().rev().filter(matches).collect();
    let per_page = usize::try_from(per_page).unwrap_or(usize::MAX);
    let skip = usize::try_from(page - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(per_page);
    let data: Vec<Json> = all
        .iter()
        .skip(skip)
        .take(per_page)
        .map(|removed| render_removed(world, removed))
        .collect();
    if data.is_empty() {
        return Ok(Answer::empty(if since.is_some() { 304 } else { 204 }));
    }
    let count = data.len();
    let info = object! {
        "per_page" => per_page,
        "count" => count,
        "page" => page,
        "more_records" => all.len() > skip.saturating_add(count),
    };
    Ok(Answer::json(200, object! { "data" => data, "info" => info }).rows(count))
}

fn render_removed(world: &World, removed: &Removed) -> Json {
    Json::Object(object! {
        "deleted_by" => user_reference(world, &removed.by, false),
        "id" => removed.record.id.to_string(),
        "display_name" => removed.display_name.as_deref(),
        "type" => if removed.permanent { "permanent" } else { "recycle" },
        "created_by" => user_reference(world, &removed.record.created_by, false),
        "deleted_time" => world.time_text(removed.at),
    })
}

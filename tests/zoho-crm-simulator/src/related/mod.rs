//! Related lists: records that point to a record, and records linked with it (reference: zoho-crm-v8 section 2.9).

mod links;
mod lists;

use http::Method;

pub(crate) use links::Links;
pub(crate) use lists::{RelatedList, Source, lists_of};

use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::{self, page_bounds, render_fields, requested_fields, since_header};
use crate::routes::RelatedPath;
use crate::rows;
use crate::schema::Module;
use crate::store::Id;
use crate::world::World;

/// Most rows of a request.
const MOST_ROWS: usize = 100;

/// What a path below a record means.
struct Place {
    /// The record the list belongs to.
    parent: Id,
    list: RelatedList,
}

/// All verbs of `/{module}/{id}/{list}` and `/{module}/{id}/{list}/{related}`.
pub(crate) fn handle(
    world: &mut World,
    module: &Module,
    path: &RelatedPath,
    body: Result<Json, Failure>,
    call: &Call,
) -> Result<Answer, Failure> {
    let place = find(world, module, path)?;
    let related = path.related.as_deref();
    if call.method == Method::GET {
        return match related {
            None => read(world, &place, call),
            Some(related) => read_one(world, &place, related, call),
        };
    }
    if place.list.source == Source::Notes {
        return notes(world, &place, related, body, call);
    }
    if call.method == Method::POST {
        let status = world.settings.behaviour.wrong_method_status;
        return Err(Failure::invalid_method(status, 2));
    }
    let Source::Link = place.list.source else {
        let message = "the related list cannot be updated; change the look-up of the record";
        let details = object! { "resource_path_index" => 2 };
        return Err(Failure::new(400, "CANNOT_BE_UPDATED", message, details));
    };
    if call.method == Method::DELETE {
        let ids = match related {
            Some(related) => vec![related.to_owned()],
            None => rows::ids(call, MOST_ROWS)?,
        };
        let results = ids.iter().map(|id| unlink(world, &place, id)).collect();
        return Ok(rows::answer("data", results, 200, 207));
    }
    let mut entries = rows::entries(&body?, "data", MOST_ROWS)?;
    if let (Some(related), Some(entry)) = (related, entries.first_mut()) {
        entry.set("id", related);
    }
    let results = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| link(world, &place, entry, index))
        .collect();
    Ok(rows::answer("data", results, 200, 207))
}

/// `GET /{module}/deleted/{id}/{list}`: what belonged to a record that is deleted.
pub(crate) fn of_deleted(
    world: &World,
    module: &Module,
    path: &RelatedPath,
    call: &Call,
) -> Result<Answer, Failure> {
    let parent: Id = path.id.parse().unwrap_or_default();
    let removed = world
        .store
        .table(&module.api_name)
        .map(|table| &table.removed);
    let mut removed = removed.into_iter().flatten();
    if !removed.any(|removed| removed.record.id == parent) {
        return Err(invalid_at(2, "the id given seems to be invalid"));
    }
    let list = list_of(world, module, &path.list, 3)?;
    read(world, &Place { parent, list }, call)
}

fn invalid_at(index: usize, message: &str) -> Failure {
    let details = object! { "resource_path_index" => index };
    Failure::new(400, "INVALID_DATA", message, details)
}

fn list_of(
    world: &World,
    module: &Module,
    name: &str,
    index: usize,
) -> Result<RelatedList, Failure> {
    let mut lists = lists_of(world, module).into_iter();
    let list = lists.find(|list| list.api_name == name);
    list.ok_or_else(|| invalid_at(index, "The relation name given seems to be invalid"))
}

fn find(world: &World, module: &Module, path: &RelatedPath) -> Result<Place, Failure> {
    let parent = path.id.parse().unwrap_or_default();
    if world.store.record(&module.api_name, parent).is_none() {
        return Err(invalid_at(1, "the id given seems to be invalid"));
    }
    let list = list_of(world, module, &path.list, 2)?;
    Ok(Place { parent, list })
}

/// Ids of the related records, newest first, with the values of the link.
fn members(world: &World, place: &Place) -> Vec<(Id, Object)> {
    let module = &place.list.module;
    let mut members: Vec<(Id, Object)> = match &place.list.source {
        Source::Link => world
            .links
            .of(place.parent)
            .filter(|(id, _)| world.store.record(module, *id).is_some())
            .map(|(id, values)| (id, values.clone()))
            .collect(),
        Source::Notes => pointing_here(world, module, "Parent_Id", place.parent),
        Source::Lookup(field) => pointing_here(world, module, field, place.parent),
        Source::Attachments => Vec::new(),
    };
    members.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
    members
}

fn pointing_here(world: &World, module: &str, field: &str, parent: Id) -> Vec<(Id, Object)> {
    let parent = parent.to_string();
    let Some(table) = world.store.table(module) else {
        return Vec::new();
    };
    table
        .iter()
        .filter(|record| record.value(field).as_str() == Some(parent.as_str()))
        .map(|record| (record.id, Object::new()))
        .collect()
}

fn related_module(world: &World, place: &Place) -> Result<std::sync::Arc<Module>, Failure> {
    world.module(&place.list.module)
}

fn read(world: &World, place: &Place, call: &Call) -> Result<Answer, Failure> {
    let fields = requested_fields(call)?;
    let bounds = page_bounds(call)?;
    let since = since_header(call, "if-modified-since")?;
    let module = related_module(world, place)?;
    let mut found = Vec::new();
    for (id, values) in members(world, place) {
        let Some(record) = world.store.record(&module.api_name, id) else {
            continue;
        };
        if since.is_some_and(|since| record.modified <= since) {
            continue;
        }
        let mut row = render_fields(world, &module, record, &fields);
        for (name, value) in values.iter() {
            row.set(name, value.clone());
        }
        found.push(Json::Object(row));
    }
    if found.is_empty() && since.is_some() {
        return Ok(Answer::empty(304));
    }
    Ok(rows::page("data", found, bounds))
}

fn read_one(world: &World, place: &Place, related: &str, call: &Call) -> Result<Answer, Failure> {
    let module = related_module(world, place)?;
    let id: Id = related.parse().unwrap_or_default();
    let member = members(world, place)
        .into_iter()
        .find(|member| member.0 == id);
    let record = world.store.record(&module.api_name, id);
    let (Some((_, values)), Some(record)) = (member, record) else {
        return Ok(Answer::empty(204));
    };
    let fields = match call.param("fields") {
        Some(_) => Some(requested_fields(call)?),
        None => None,
    };
    let mut row = records::render_all(world, &module, record, fields.as_deref());
    for (name, value) in values.iter() {
        row.set(name, value.clone());
    }
    Ok(Answer::json(200, object! { "data" => vec![Json::Object(row)] }).rows(1))
}

fn invalid_related(path: &str) -> Failure {
    let message = "the related id given seems to be invalid";
    let details = object! { "api_name" => "id", "json_path" => path };
    Failure::new(400, "INVALID_DATA", message, details)
}

fn link(world: &mut World, place: &Place, entry: &Object, index: usize) -> Result<Json, Failure> {
    let path = format!("$.data[{index}].id");
    let id = entry
        .get("id")
        .and_then(Json::as_id_text)
        .ok_or_else(|| Failure::mandatory("id", &path))?
        .to_owned();
    let number: Id = id.parse().unwrap_or_default();
    if world.store.record(&place.list.module, number).is_none() {
        return Err(invalid_related(&path));
    }
    let mut values = Object::new();
    for (name, value) in entry.iter().filter(|(name, _)| *name != "id") {
        if name == "list_price" && value.as_decimal().is_none() {
            let path = format!("$.data[{index}].{name}");
            return Err(Failure::wrong_type("double", name, &path));
        }
        values.set(name, value.clone());
    }
    world.links.join(place.parent, number, values);
    Ok(rows::success(object! { "id" => id }, "relation added"))
}

fn unlink(world: &mut World, place: &Place, id: &str) -> Result<Json, Failure> {
    let number: Id = id.parse().unwrap_or_default();
    if !world.links.part(place.parent, number) {
        return Err(invalid_related("$.ids"));
    }
    Ok(rows::success(object! { "id" => id }, "relation removed"))
}

/// Notes are records of their own: below another record they are written with that record as their parent.
fn notes(
    world: &mut World,
    place: &Place,
    related: Option<&str>,
    body: Result<Json, Failure>,
    call: &Call,
) -> Result<Answer, Failure> {
    let module = related_module(world, place)?;
    let belongs = |world: &World, id: &str| {
        members(world, place)
            .iter()
            .any(|(member, _)| member.to_string() == id)
    };
    if let Some(id) = related
        && !belongs(world, id)
    {
        return Err(invalid_related("$.id"));
    }
    if call.method == Method::DELETE {
        return match related {
            Some(id) => records::delete_one(world, &module, id),
            None => {
                let ids = rows::ids(call, MOST_ROWS)?;
                if ids.iter().all(|id| belongs(world, id)) {
                    records::delete_many(world, &module, call)
                } else {
                    Err(invalid_related("$.ids"))
                }
            }
        };
    }
    let body = body?;
    if call.method == Method::PUT {
        return match related {
            Some(id) => records::update_one(world, &module, id, &body, call),
            None => records::update_many(world, &module, &body, call),
        };
    }
    let entries = rows::entries(&body, "data", MOST_ROWS)?;
    let with_parent: Vec<Json> = entries
        .into_iter()
        .map(|mut entry| {
            entry.set("Parent_Id", object! { "id" => place.parent.to_string() });
            Json::Object(entry)
        })
        .collect();
    records::insert(
        world,
        &module,
        &Json::Object(object! { "data" => with_parent }),
    )
}

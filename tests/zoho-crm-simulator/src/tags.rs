//! Tags of modules and of records (reference: zoho-crm-v8 section 12.1, tags.json).

use std::collections::BTreeMap;

use http::Method;

use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::{self, Change, user_reference};
use crate::rows;
use crate::schema::Module;
use crate::store::Id;
use crate::world::World;

/// Most tags and most records of a request.
const MOST: usize = 100;
/// Longest name.
const LONGEST: usize = 25;
const COLOURS: [&str; 4] = ["#57B1FD", "#63C57E", "#E7A826", "#F17574"];

/// A tag of a module.
#[derive(Debug, Clone)]
pub(crate) struct Tag {
    id: String,
    name: String,
    colour: String,
}

/// All tags, by module.
pub(crate) type Tags = BTreeMap<String, Vec<Tag>>;

impl Tag {
    /// As records show it.
    fn minified(&self) -> Object {
        object! { "name" => self.name.as_str(), "id" => self.id.as_str(), "color_code" => self.colour.as_str() }
    }
}

/// The tag of that name, made when there is none: names are told apart without case.
fn named(world: &mut World, module: &str, name: &str, colour: Option<&str>) -> Tag {
    let known = world.tags.get(module).into_iter().flatten();
    let mut same = known.filter(|tag| tag.name.eq_ignore_ascii_case(name));
    if let Some(tag) = same.next() {
        return tag.clone();
    }
    let id = world.store.next_id().to_string();
    let tags = world.tags.entry(module.to_owned()).or_default();
    let default = COLOURS.get(tags.len() % COLOURS.len()).copied();
    let tag = Tag {
        id,
        name: name.to_owned(),
        colour: colour.or(default).unwrap_or_default().to_owned(),
    };
    tags.push(tag.clone());
    tag
}

/// The tags a written row names, in the form records keep them.
pub(crate) fn settle(world: &mut World, module: &str, value: &Json) -> Json {
    let mut kept: Vec<Object> = Vec::new();
    for entry in value.as_array().unwrap_or_default() {
        if let Some(name) = entry.get("name").and_then(Json::as_str) {
            kept.push(named(world, module, name, None).minified());
        }
    }
    Json::from(kept)
}

fn checked_name(entry: &Object, index: usize) -> Result<&str, Failure> {
    let path = format!("$.tags[{index}].name");
    let name = entry.get("name").and_then(Json::as_str);
    let name = name.filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| Failure::mandatory("name", &path))?;
    if name.chars().count() > LONGEST {
        return Err(Failure::too_long(LONGEST, "name", &path));
    }
    Ok(name)
}

fn module_of(world: &World, call: &Call) -> Result<String, Failure> {
    let name = call.param("module");
    let name = name.ok_or_else(|| Failure::param_missing("module"))?;
    Ok(world.module(name)?.api_name.clone())
}

/// `GET`, `POST` and `PUT /settings/tags?module=`.
pub(crate) fn handle(
    world: &mut World,
    body: Result<Json, Failure>,
    call: &Call,
) -> Result<Answer, Failure> {
    let module = module_of(world, call)?;
    if call.method == Method::GET {
        let tags = world.tags.get(&module).into_iter().flatten();
        let shown: Vec<Json> = tags.map(|tag| render(world, tag)).collect();
        if shown.is_empty() {
            return Ok(Answer::empty(204));
        }
        let info = object! { "count" => shown.len(), "allowed_count" => 1_000 };
        return Ok(Answer::json(
            200,
            object! { "tags" => shown, "info" => info },
        ));
    }
    let entries = rows::entries(&body?, "tags", MOST)?;
    let create = call.method == Method::POST;
    let mut results = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        results.push(if create {
            create_tag(world, &module, entry, index)
        } else {
            let id = entry
                .get("id")
                .and_then(Json::as_id_text)
                .unwrap_or_default();
            change_tag(world, &module, id, entry, index)
        });
    }
    Ok(rows::answer(
        "tags",
        results,
        if create { 201 } else { 200 },
        207,
    ))
}

/// `PUT /settings/tags/{id}?module=` and `DELETE /settings/tags/{id}`.
pub(crate) fn handle_one(
    world: &mut World,
    id: &str,
    body: Result<Json, Failure>,
    call: &Call,
) -> Result<Answer, Failure> {
    let result = if call.method == Method::DELETE {
        delete_tag(world, id)
    } else {
        let module = module_of(world, call)?;
        let entries = rows::entries(&body?, "tags", 1)?;
        let entry = entries.into_iter().next().unwrap_or_default();
        change_tag(world, &module, id, &entry, 0)
    };
    Ok(rows::answer("tags", vec![result], 200, 207))
}

/// `GET /settings/tags/{id}/actions/records_count?module=`.
pub(crate) fn records_count(world: &World, id: &str, call: &Call) -> Result<Answer, Failure> {
    let module = world.module(&module_of(world, call)?)?;
    let count = world
        .store
        .rows(&module)
        .iter()
        .filter(|record| has_tag(record.value("Tag"), id))
        .count();
    Ok(Answer::json(200, object! { "count" => count.to_string() }))
}

fn has_tag(tags: &Json, id: &str) -> bool {
    let mut tags = tags.as_array().unwrap_or_default().iter();
    tags.any(|tag| tag.get("id").and_then(Json::as_str) == Some(id))
}

fn render(world: &World, tag: &Tag) -> Json {
    let mut shown = tag.minified();
    let user = user_reference(world, &world.settings.api_user(), false);
    for (name, value) in [
        ("created_time", Json::from(world.time_text(world.stamp()))),
        ("modified_time", Json::from(world.time_text(world.stamp()))),
        ("created_by", user.clone()),
        ("modified_by", user),
    ] {
        shown.set(name, value);
    }
    Json::Object(shown)
}

fn reported(world: &World, tag: &Tag, message: &str) -> Json {
    let details = match render(world, tag) {
        Json::Object(details) => details,
        _ => Object::new(),
    };
    rows::success(details, message)
}

fn create_tag(
    world: &mut World,
    module: &str,
    entry: &Object,
    index: usize,
) -> Result<Json, Failure> {
    let name = checked_name(entry, index)?;
    let known = world.tags.get(module).into_iter().flatten();
    let mut same = known.filter(|tag| tag.name.eq_ignore_ascii_case(name));
    if let Some(tag) = same.next() {
        let details = object! { "id" => tag.id.as_str(), "api_name" => "name" };
        return Err(Failure::new(
            400,
            "DUPLICATE_DATA",
            "duplicate data",
            details,
        ));
    }
    let colour = entry.get("color_code").and_then(Json::as_str);
    let tag = named(world, module, name, colour);
    Ok(reported(world, &tag, "tags created successfully"))
}

fn unknown_tag() -> Failure {
    let message = "the id given seems to be invalid";
    let details = object! { "resource_path_index" => 2 };
    Failure::new(400, "INVALID_DATA", message, details)
}

fn change_tag(
    world: &mut World,
    module: &str,
    id: &str,
    entry: &Object,
    index: usize,
) -> Result<Json, Failure> {
    let name = checked_name(entry, index)?;
    let mut tags = world.tags.get_mut(module).into_iter().flatten();
    let tag = tags.find(|tag| tag.id == id).ok_or_else(unknown_tag)?;
    tag.name = name.to_owned();
    if let Some(colour) = entry.get("color_code").and_then(Json::as_str) {
        tag.colour = colour.to_owned();
    }
    let tag = tag.clone();
    Ok(reported(world, &tag, "tags updated successfully"))
}

fn delete_tag(world: &mut World, id: &str) -> Result<Json, Failure> {
    for tags in world.tags.values_mut() {
        if let Some(position) = tags.iter().position(|tag| tag.id == id) {
            let tag = tags.remove(position);
            return Ok(reported(world, &tag, "tags deleted successfully"));
        }
    }
    Err(unknown_tag())
}

/// `POST /settings/tags/{id}/actions/merge`: records with the conflicting tag get this one instead.
pub(crate) fn merge(world: &mut World, id: &str, body: &Json) -> Result<Answer, Failure> {
    let entries = rows::entries(body, "tags", 1)?;
    let entry = entries.into_iter().next().unwrap_or_default();
    let other = entry.get("conflict_id").and_then(Json::as_id_text);
    let other = other.ok_or_else(|| Failure::mandatory("conflict_id", "$.tags[0].conflict_id"))?;
    let result = merge_tags(world, id, other);
    Ok(rows::answer("tags", vec![result], 200, 207))
}

fn merge_tags(world: &mut World, id: &str, other: &str) -> Result<Json, Failure> {
    let with_both = world.tags.iter().find(|(_, tags)| {
        let has = |wanted: &str| tags.iter().any(|tag| tag.id == wanted);
        id != other && has(id) && has(other)
    });
    let (module, tags) = with_both.ok_or_else(unknown_tag)?;
    let kept = tags.iter().find(|tag| tag.id == id).cloned();
    let kept = kept.ok_or_else(unknown_tag)?;
    let module = world.module(module)?;
    let mut changes = Vec::new();
    for record in world.store.rows(&module) {
        let old = record.value("Tag");
        if !has_tag(old, other) {
            continue;
        }
        let old = old.as_array().unwrap_or_default().iter();
        let gone = |tag: &Json| {
            let tag = tag.get("id").and_then(Json::as_str);
            tag == Some(id) || tag == Some(other)
        };
        let mut new: Vec<Json> = old.filter(|tag| !gone(tag)).cloned().collect();
        new.push(Json::Object(kept.minified()));
        let new = Json::Array(new);
        changes.push(records::set_value(world, &module, &record, "Tag", new));
    }
    records::settle(world, &module, &changes, 0);
    if let Some(tags) = world.tags.get_mut(&module.api_name) {
        tags.retain(|tag| tag.id != other);
    }
    Ok(reported(world, &kept, "tags updated successfully"))
}

/// `POST …/actions/add_tags` and `…/actions/remove_tags`, on one record or on several.
pub(crate) fn of_records(
    world: &mut World,
    module: &Module,
    id: Option<&str>,
    body: &Json,
    call: &Call,
    add: bool,
) -> Result<Answer, Failure> {
    let entries = rows::entries(body, "tags", MOST)?;
    for (index, entry) in entries.iter().enumerate() {
        checked_name(entry, index)?;
    }
    let ids = match (id, body.get("ids").and_then(Json::as_array)) {
        (Some(id), _) => vec![id.to_owned()],
        (None, Some(ids)) => {
            let ids = ids.iter().filter_map(Json::as_id_text);
            ids.map(str::to_owned).collect()
        }
        (None, None) if call.param("ids").is_some() => rows::ids(call, MOST)?,
        (None, None) => return Err(Failure::mandatory("ids", "$.ids")),
    };
    let overwrite = body.get("over_write").and_then(Json::as_bool) == Some(true)
        || call.param("over_write") == Some("true");
    let names: Vec<String> = entries
        .iter()
        .filter_map(|entry| entry.get("name").and_then(Json::as_str))
        .map(str::to_owned)
        .collect();
    let mut done = 0_usize;
    let mut changes: Vec<Change> = Vec::new();
    let mut results = Vec::with_capacity(ids.len());
    for (index, id) in ids.iter().enumerate() {
        let path = format!("$.ids[{index}]");
        let number: Id = id.parse().unwrap_or_default();
        let record = world.store.record(&module.api_name, number).cloned();
        let Some(record) = record else {
            results.push(Err(Failure::new(
                400,
                "INVALID_DATA",
                "invalid data",
                object! { "api_name" => "ids", "json_path" => path },
            )));
            continue;
        };
        let mut kept: Vec<Json> = record.value("Tag").as_array().unwrap_or_default().to_vec();
        if add && overwrite {
            kept.clear();
        }
        kept.retain(|tag| {
            let name = tag.get("name").and_then(Json::as_str).unwrap_or_default();
            !names.iter().any(|other| other.eq_ignore_ascii_case(name))
        });
        if add {
            for name in &names {
                let tag = named(world, &module.api_name, name, None);
                kept.push(Json::Object(tag.minified()));
            }
        }
        let tags = Json::Array(kept);
        changes.push(records::set_value(
            world,
            module,
            &record,
            "Tag",
            tags.clone(),
        ));
        done += 1;
        let details = object! { "id" => id.as_str(), "tags" => tags };
        results.push(Ok(rows::success(details, "tags updated successfully")));
    }
    let failed = results.len() - done;
    records::settle(world, module, &changes, failed);
    let mut answer = rows::answer("data", results, 200, 207);
    answer.set("wf_scheduler", false);
    answer.set("success_count", done.to_string());
    answer.set("locked_count", "0");
    Ok(answer)
}

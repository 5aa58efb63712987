//! Conversion of quotes into orders or invoices, and of orders into invoices (reference: zoho-crm-v8 section 12.1,
//! inventory_convert.json).

use super::{already_converted, create, named, source};
use crate::exchange::Answer;
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records;
use crate::rows;
use crate::schema::{DataType, Module};
use crate::store::Record;
use crate::world::World;

/// From where to where, and the look-up in which the new record names the old one.
const WAYS: [(&str, &str, Option<&str>); 3] = [
    ("Quotes", "Sales_Orders", Some("Quote_Name")),
    ("Quotes", "Invoices", None),
    ("Sales_Orders", "Invoices", Some("Sales_Order")),
];

/// `POST /{module}/{id}/actions/convert`. Either everything is created or nothing.
pub(crate) fn inventory(
    world: &mut World,
    module: &Module,
    id: &str,
    body: &Json,
) -> Result<Answer, Failure> {
    let details = convert_whole(world, module, id, body)?;
    let message = "The record has been converted successfully";
    let row = rows::success(details, message);
    Ok(Answer::json(200, object! { "data" => vec![row] }))
}

/// Converts a record and tells of it, or leaves everything as it was. Says what it has become.
pub(super) fn convert_whole(
    world: &mut World,
    module: &Module,
    id: &str,
    body: &Json,
) -> Result<Object, Failure> {
    let record = source(world, &module.api_name, id)?;
    let saved = world.store.clone();
    let result = targets(body).and_then(|targets| {
        let mut details = Object::new();
        let mut changes = Vec::new();
        for (position, target) in targets.iter().enumerate() {
            let change = convert(world, module, &record, target, position)?;
            details.set(
                change.module.as_str(),
                named(world, &change.module, change.id),
            );
            changes.push(change);
        }
        Ok((details, changes))
    });
    if result.is_err() {
        world.store = saved;
    }
    let (details, changes) = result?;
    for change in &changes {
        world.converted.insert((record.id, change.module.clone()));
        let module = world.module(&change.module)?;
        records::settle(world, &module, std::slice::from_ref(change), 0);
    }
    Ok(details)
}

/// `convert_to` stands in the first element of `data` (the SDKs) or at the root (the OpenAPI schema).
fn targets(body: &Json) -> Result<Vec<Object>, Failure> {
    let root = match body.get("data").and_then(Json::as_array) {
        Some(data) => data.first().cloned().unwrap_or_default(),
        None => body.clone(),
    };
    rows::entries(&root, "convert_to", 2)
}

fn convert(
    world: &mut World,
    module: &Module,
    record: &Record,
    target: &Object,
    position: usize,
) -> Result<records::Change, Failure> {
    let path = format!("$.convert_to[{position}].module");
    let name = target
        .get("module")
        .and_then(|module| module.get("api_name"));
    let name = name.and_then(Json::as_str);
    let name = name.ok_or_else(|| Failure::mandatory("module", &path))?;
    let mut ways = WAYS.iter();
    let way = ways.find(|(from, to, _)| *from == module.api_name && *to == name);
    let Some((_, _, look_up)) = way else {
        let allowed: Vec<&str> = WAYS
            .iter()
            .filter(|(from, _, _)| *from == module.api_name)
            .map(|(_, to, _)| *to)
            .collect();
        let details = object! { "api_name" => "api_name", "json_path" => path, "supported_values" => allowed };
        return Err(Failure::new(400, "INVALID_DATA", "invalid data", details));
    };
    if world.converted.contains(&(record.id, name.to_owned())) {
        return Err(already_converted());
    }
    let definition = world.module(name)?;
    let tags = target.get("carry_over_tags").and_then(Json::as_bool) == Some(true);
    let mut row = carried_over(module, record, &definition, tags);
    if let Some(look_up) = look_up {
        row.set(*look_up, object! { "id" => record.id.to_string() });
    }
    create(world, &definition, &row, name)
}

/// What both modules have, the lines included; unique values stay with the old record.
fn carried_over(module: &Module, record: &Record, target: &Module, tags: bool) -> Object {
    let mut row = Object::new();
    for (name, value) in records::row_of(module, record).iter() {
        let lines = module
            .field(name)
            .is_some_and(|field| matches!(field.data_type, DataType::Subform(_)));
        if lines {
            if let Some((field, _)) = target.subforms().next() {
                row.set(field.api_name.as_str(), value.clone());
            }
            continue;
        }
        let wanted = target.field(name).is_some_and(|field| {
            let same_type = module
                .field(name)
                .is_some_and(|own| own.data_type == field.data_type);
            let own_list = matches!(name, "Status" | "Carrier");
            field.unique.is_none() && same_type && !own_list && (tags || name != "Tag")
        });
        if wanted {
            row.set(name, value.clone());
        }
    }
    row
}

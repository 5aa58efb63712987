//! Copying a record, and setting single values of one.

use super::write::{api_actor, insert_record, settle, success};
use super::{Change, Operation};
use crate::exchange::Answer;
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::rows;
use crate::schema::{DataType, Module};
use crate::store::{Id, Record};
use crate::world::World;

/// A record's writable values as a row that would create it again, lines without their ids.
pub(crate) fn row_of(module: &Module, record: &Record) -> Object {
    let mut row = Object::new();
    for field in module.fields.iter().filter(|field| !field.read_only) {
        let name = field.api_name.as_str();
        match &field.data_type {
            DataType::Owner => row.set(name, record.owner.as_str()),
            DataType::Subform(_) => {
                let lines = record.lines.get(name).into_iter().flatten();
                let lines: Vec<Object> = lines
                    .map(|line| {
                        let mut row = Object::new();
                        for (name, value) in &line.values {
                            row.set(name.as_str(), value.clone());
                        }
                        row
                    })
                    .collect();
                if !lines.is_empty() {
                    row.set(name, lines);
                }
            }
            _ => {
                let value = record.value(name);
                if !value.is_null() {
                    row.set(name, value.clone());
                }
            }
        }
    }
    row
}

/// `POST /{module}/{id}/actions/clone`: the values of the body win over the record's.
pub(crate) fn clone_one(
    world: &mut World,
    module: &Module,
    id: &str,
    body: Option<&Json>,
) -> Result<Answer, Failure> {
    let number: Id = id.parse().unwrap_or_default();
    let record = world.store.record(&module.api_name, number).cloned();
    let record = record.ok_or_else(|| {
        let message = "the id given seems to be invalid";
        let details = object! { "resource_path_index" => 1 };
        Failure::new(400, "INVALID_DATA", message, details)
    })?;
    let mut row = row_of(module, &record);
    if let Some(body) = body {
        let entries = rows::entries(body, "data", 1)?;
        for (name, value) in entries.iter().flat_map(Object::iter) {
            row.set(name, value.clone());
        }
    }
    let actor = api_actor(world);
    let result = insert_record(world, module, &row, 0, &actor);
    let result = result.map(|change| {
        settle(world, module, std::slice::from_ref(&change), 0);
        success(world, module, &change, "record added")
    });
    Ok(rows::answer("data", vec![result], 201, 207))
}

/// `GET /{module}/{id}/actions/fetch_full_data`: rich text uncut.
pub(crate) fn full_data(
    world: &World,
    module: &Module,
    id: &str,
    fields: Option<&[String]>,
) -> Answer {
    let number: Id = id.parse().unwrap_or_default();
    let Some(record) = world.store.record(&module.api_name, number) else {
        return Answer::empty(204);
    };
    let mut row = Object::new();
    for field in &module.fields {
        let asked = fields.is_none_or(|names| names.contains(&field.api_name));
        if field.data_type == DataType::Textarea && asked {
            let value = super::field_value(world, module, record, field);
            row.set(field.api_name.as_str(), value);
        }
    }
    row.set("id", id);
    Answer::json(200, object! { "data" => vec![row] }).rows(1)
}

/// Sets one stored value of a record as the API's user, without the checks of a written row.
pub(crate) fn set_value(
    world: &mut World,
    module: &Module,
    record: &Record,
    field: &str,
    value: Json,
) -> Change {
    change(world, module, record, field, |record| {
        record.values.insert(field.to_owned(), value.clone());
        value
    })
}

/// Gives a record another owner.
pub(crate) fn set_owner(
    world: &mut World,
    module: &Module,
    record: &Record,
    owner: &str,
) -> Change {
    change(world, module, record, "Owner", |record| {
        record.owner = owner.to_owned();
        Json::from(owner)
    })
}

fn change(
    world: &mut World,
    module: &Module,
    record: &Record,
    field: &str,
    apply: impl FnOnce(&mut Record) -> Json,
) -> Change {
    let mut record = record.clone();
    let value = apply(&mut record);
    record.modified = world.stamp();
    record.modified_by = world.settings.api_user();
    let (id, searchable_at) = (record.id, world.searchable_at());
    if let Some(table) = world.store.table_mut(&module.api_name) {
        table.put(record, searchable_at);
    }
    Change {
        module: module.api_name.clone(),
        id,
        operation: Operation::Update,
        fields: vec![(field.to_owned(), value)],
    }
}

//! Upsert: which record a row means, and what happens to it (reference: zoho-crm-v8 section 2.6).

use super::write::{
    api_actor, check_trigger, insert_record, precondition, row_id, rows_of, success, update_record,
    write_rows,
};
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::schema::{Kind, Module};
use crate::store::Id;
use crate::world::World;

/// `POST /{module}/upsert`.
pub(crate) fn upsert(
    world: &mut World,
    module: &Module,
    body: &Json,
    call: &Call,
) -> Result<Answer, Failure> {
    if module.kind != Kind::Records {
        return Err(Failure::new(
            400,
            "NOT_SUPPORTED",
            "the module does not support upsert",
            Object::new(),
        ));
    }
    check_trigger(body)?;
    let rows = rows_of(body)?;
    let fields = fields_to_compare(module, body)?;
    let unless_after = precondition(world, call)?;
    let actor = api_actor(world);
    let outcome = |world: &mut World, index: usize, row: &Object| {
        let target = match row.get("id").filter(|id| !id.is_null()) {
            Some(_) => Some((row_id(row, index)?, None)),
            None => find_match(world, module, row, &fields),
        };
        let (change, action, message, field) = match target {
            Some((id, field)) => {
                let change = update_record(world, module, id, row, index, unless_after, &actor)?;
                (change, "update", "record updated", field)
            }
            None => (
                insert_record(world, module, row, index, &actor)?,
                "insert",
                "record added",
                None,
            ),
        };
        let plain = success(world, module, &change, message);
        let json = object! {
            "code" => "SUCCESS",
            "duplicate_field" => field,
            "action" => action,
            "details" => plain.get("details").cloned(),
            "message" => message,
            "status" => "success",
        };
        Ok((Json::Object(json), change))
    };
    Ok(write_rows(world, module, &rows, 200, outcome))
}

/// The fields a row is compared by, in order: the named ones first, then every other unique field. The module's own field
/// takes part unless other fields were named without it.
fn fields_to_compare(module: &Module, body: &Json) -> Result<Vec<String>, Failure> {
    let unique: Vec<&str> = module
        .unique_fields()
        .map(|field| field.api_name.as_str())
        .collect();
    let system = module.upsert_field.as_deref();
    let mut named = Vec::new();
    if let Some(list) = body
        .get("duplicate_check_fields")
        .filter(|list| !list.is_null())
    {
        let path = "$.duplicate_check_fields";
        let wrong = || Failure::wrong_type("jsonarray", "duplicate_check_fields", path);
        for (index, name) in list.as_array().ok_or_else(wrong)?.iter().enumerate() {
            let known = name
                .as_str()
                .filter(|name| unique.contains(name) || system == Some(*name));
            let Some(name) = known else {
                let details = object! {
                    "api_name" => "duplicate_check_fields",
                    "json_path" => format!("{path}[{index}]"),
                };
                return Err(Failure::new(400, "INVALID_DATA", "invalid data", details));
            };
            named.push(name.to_owned());
        }
    }
    if named.is_empty() {
        named.extend(system.map(str::to_owned));
    }
    for field in unique {
        if !named.iter().any(|name| name == field) {
            named.push(field.to_owned());
        }
    }
    Ok(named)
}

/// The oldest record that carries the row's value in the first field that finds one.
fn find_match(
    world: &World,
    module: &Module,
    row: &Object,
    fields: &[String],
) -> Option<(Id, Option<String>)> {
    let table = world.store.table(&module.api_name)?;
    fields.iter().find_map(|field| {
        let id = *table.find(field, row.get(field)?).first()?;
        Some((id, Some(field.clone())))
    })
}

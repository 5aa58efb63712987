//! Conversions: leads into accounts, contacts and deals; quotes and orders into orders and invoices.

mod inventory;
mod lead;

pub(crate) use inventory::inventory;
pub(crate) use lead::{lead, options};

use std::sync::Arc;

use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::{self, Change};
use crate::schema::Module;
use crate::store::{Id, Record};
use crate::world::World;

/// Converts one of the records of a mass conversion.
pub(crate) fn one_of_many(
    world: &mut World,
    module: &Module,
    id: &str,
    body: &Json,
) -> Result<(), Failure> {
    if module.api_name == "Leads" {
        let wishes = body.as_object().cloned().unwrap_or_default();
        return lead::one_of_many(world, id, &wishes);
    }
    inventory::convert_whole(world, module, id, body).map(|_| ())
}

/// The record to convert.
fn source(world: &World, module: &str, id: &str) -> Result<Arc<Record>, Failure> {
    let number: Id = id.parse().unwrap_or_default();
    let record = world.store.record(module, number).cloned();
    record.ok_or_else(|| {
        let details = object! { "resource_path_index" => 1 };
        Failure::new(400, "INVALID_DATA", "invalid data", details)
    })
}

fn already_converted() -> Failure {
    let details = object! { "resource_path_index" => 1 };
    Failure::new(400, "ID_ALREADY_CONVERTED", "id already converted", details)
}

/// Creates a record of a conversion; an error names its place below `key` of the body.
fn create(world: &mut World, module: &Module, row: &Object, key: &str) -> Result<Change, Failure> {
    let actor = records::api_actor(world);
    records::insert_record(world, module, row, 0, &actor).map_err(|mut failure| {
        if let Some(path) = failure.details.get("json_path").and_then(Json::as_str) {
            let below = path.replacen("$.data[0].", &format!("$.data[0].{key}."), 1);
            failure.details.set("json_path", below);
        }
        failure.wrapped_in("data")
    })
}

/// A created record as the answer names it.
fn named(world: &World, module: &str, id: Id) -> Object {
    let id = id.to_string();
    object! { "name" => records::lookup_name(world, module, &id), "id" => id }
}

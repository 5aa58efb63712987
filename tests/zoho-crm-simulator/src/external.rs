//! Values of external fields in the place of ids: header `X-EXTERNAL` (reference: zoho-crm-v8 section 2.10).

use bytes::Bytes;

use crate::exchange::Call;
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::schema::{DataType, Module};
use crate::world::World;

/// Words behind a module that are no record.
const NO_RECORDS: [&str; 4] = ["upsert", "deleted", "search", "actions"];

/// A field of the header, without the module it starts from.
struct Place<'a> {
    /// Whether it starts from the module of a related list's rows.
    related: bool,
    /// Subforms and look-ups on the way.
    way: Vec<&'a str>,
    field: &'a str,
}

/// The request with ids for the values of external fields; `None` when the header is not there.
pub(crate) fn with_ids(world: &World, call: &Call) -> Result<Option<Call>, Failure> {
    let Some(header) = call.header("x-external") else {
        return Ok(None);
    };
    let name = call.segments.get(2).map(String::as_str).unwrap_or_default();
    let module = world.module(name)?;
    // Of a related list the rows are another module's records, and the header may name fields of both.
    let list = call.segments.get(4).map(String::as_str).unwrap_or_default();
    let rows = world.schema.any(list);
    let mut places = Vec::new();
    for path in header.split(',').map(str::trim) {
        let mut parts: Vec<&str> = path.split('.').collect();
        let first = parts.first().copied();
        let related = first != Some(name) && rows.is_some() && first == Some(list);
        let field = parts.pop();
        let field = field.filter(|_| related || parts.first() == Some(&name));
        let field = field.ok_or_else(|| Failure::pattern("X-EXTERNAL"))?;
        places.push(Place {
            related,
            way: parts.split_off(1),
            field,
        });
    }
    let mut call = call.clone();
    let own = |related: bool| {
        let mut places = places.iter();
        places.find(|place| place.way.is_empty() && place.related == related)
    };
    if let Some(place) = own(false) {
        replace_in_path(world, &module, place.field, 3, &mut call)?;
    }
    let module = rows.unwrap_or(&module);
    if let Some(place) = own(rows.is_some()) {
        replace_in_query(world, module, place.field, &mut call)?;
        if rows.is_some() {
            replace_in_path(world, module, place.field, 5, &mut call)?;
        }
    }
    if let Ok(Json::Object(mut body)) = call.json()
        && let Some(Json::Array(entries)) = body.get_mut("data")
    {
        for (index, row) in entries.iter_mut().enumerate() {
            let Json::Object(row) = row else { continue };
            let path = format!("$.data[{index}]");
            for place in places
                .iter()
                .filter(|place| place.related == rows.is_some())
            {
                replace_in_row(world, module, place, &place.way, row, &path)?;
            }
        }
        call.body = Bytes::from(Json::Object(body).to_string());
    }
    Ok(Some(call))
}

fn unknown(path: &str, name: &str) -> Failure {
    let message = "The value of the external field is invalid.";
    let details = object! { "api_name" => name, "json_path" => path };
    Failure::new(400, "INVALID_DATA", message, details)
}

/// The id of the record that has the value in an external field.
fn id_of(
    world: &World,
    module: &Module,
    field: &str,
    value: &Json,
    path: &str,
) -> Result<String, Failure> {
    let external = module.field(field).is_some_and(|field| field.external);
    let table = world.store.table(&module.api_name);
    let found = table
        .filter(|_| external)
        .map(|table| table.find(field, value));
    let id = found.unwrap_or_default().first().copied();
    id.map(|id| id.to_string())
        .ok_or_else(|| unknown(path, field))
}

fn replace_in_path(
    world: &World,
    module: &Module,
    field: &str,
    position: usize,
    call: &mut Call,
) -> Result<(), Failure> {
    if let Some(segment) = call.segments.get_mut(position)
        && !NO_RECORDS.contains(&segment.as_str())
    {
        *segment = id_of(world, module, field, &Json::from(segment.as_str()), "$.id")?;
    }
    Ok(())
}

fn replace_in_query(
    world: &World,
    module: &Module,
    field: &str,
    call: &mut Call,
) -> Result<(), Failure> {
    let id = |value: &str| id_of(world, module, field, &Json::from(value.trim()), "$.id");
    for (_, values) in call.query.iter_mut().filter(|(name, _)| name == "ids") {
        let ids: Result<Vec<String>, Failure> = values.split(',').map(id).collect();
        *values = ids?.join(",");
    }
    Ok(())
}

/// Follows the way into a row and replaces the id at its end.
fn replace_in_row(
    world: &World,
    module: &Module,
    place: &Place<'_>,
    way: &[&str],
    row: &mut Object,
    path: &str,
) -> Result<(), Failure> {
    let Some((next, rest)) = way.split_first() else {
        let Some(value) = row.get("id").filter(|id| !id.is_null()) else {
            return Ok(());
        };
        let id = id_of(world, module, place.field, value, &format!("{path}.id"))?;
        row.set("id", id);
        return Ok(());
    };
    let path = format!("{path}.{next}");
    let data_type = module.field(next).map(|field| field.data_type.clone());
    let target = match &data_type {
        Some(DataType::Lookup(name) | DataType::Subform(name)) => world.schema.any(name).cloned(),
        _ => None,
    };
    let target = target.ok_or_else(|| unknown(&path, next))?;
    match row.get_mut(next) {
        Some(Json::Object(inner)) => replace_in_row(world, &target, place, rest, inner, &path),
        Some(Json::Array(rows)) => {
            for (index, inner) in rows.iter_mut().enumerate() {
                if let Json::Object(inner) = inner {
                    let path = format!("{path}[{index}]");
                    replace_in_row(world, &target, place, rest, inner, &path)?;
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

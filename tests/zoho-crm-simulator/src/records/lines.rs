//! Subform rows: rows without id are appended, rows with id updated, `_delete` removes, an empty list empties
//! (reference: zoho-crm-v8 section 3.1).

use super::totals;
use super::validate::check_value;
use crate::failure::Failure;
use crate::json::{Json, Object};
use crate::schema::Module;
use crate::store::{Id, Line};
use crate::world::World;

/// The rows after the input was applied to the old ones.
pub(super) fn apply(
    world: &mut World,
    line_module: &str,
    old: &[Line],
    input: &Json,
    path: &str,
) -> Result<Vec<Line>, Failure> {
    let module = world
        .schema
        .any(line_module)
        .cloned()
        .ok_or_else(|| Failure::invalid_module(0))?;
    let name = path.rsplit('.').next().unwrap_or_default();
    let rows = match input {
        // Nothing to say about the rows.
        Json::Null => return Ok(old.to_vec()),
        Json::Array(rows) => rows,
        _ => return Err(Failure::wrong_type("jsonarray", name, path)),
    };
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines = old.to_vec();
    let mut failures = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        let path = format!("{path}[{position}]");
        let Some(row) = row.as_object() else {
            failures.push(Failure::wrong_type("jsonobject", name, &path));
            continue;
        };
        if let Err(failure) = apply_row(world, &module, &mut lines, row, &path) {
            failures.push(failure);
        }
    }
    if let Some(failure) = Failure::combined(failures) {
        return Err(failure);
    }
    for (position, line) in lines.iter_mut().enumerate() {
        totals::complete_line(world, line, position + 1);
    }
    Ok(lines)
}

fn apply_row(
    world: &mut World,
    module: &Module,
    lines: &mut Vec<Line>,
    row: &Object,
    path: &str,
) -> Result<(), Failure> {
    let now = world.stamp();
    let Some(id) = row.get("id").filter(|id| !id.is_null()) else {
        let values = checked_values(world, module, row, path, true)?;
        let id = world.store.next_id();
        lines.push(Line {
            id,
            created: now,
            modified: now,
            values,
        });
        return Ok(());
    };
    let id: Option<Id> = id.as_id_text().and_then(|text| text.parse().ok());
    let known = lines.iter().position(|line| Some(line.id) == id);
    let position = known.ok_or_else(|| Failure::invalid_id("id", &format!("{path}.id")))?;
    if row.contains("_delete") {
        lines.remove(position);
        return Ok(());
    }
    let values = checked_values(world, module, row, path, false)?;
    if let Some(line) = lines.get_mut(position)
        && !values.is_empty()
    {
        line.values.extend(values);
        line.modified = now;
    }
    Ok(())
}

fn checked_values(
    world: &World,
    module: &Module,
    row: &Object,
    path: &str,
    is_new: bool,
) -> Result<std::collections::BTreeMap<String, Json>, Failure> {
    let mut values = std::collections::BTreeMap::new();
    let mut failures = Vec::new();
    for (name, value) in row.iter() {
        let Some(field) = module.field(name).filter(|field| !field.read_only) else {
            continue;
        };
        // The discount is text in Zoho's own SDKs and a number in everyone else's requests.
        let value = match value {
            Json::Number(text) if name == "Discount" => Json::String(text.clone()),
            other => other.clone(),
        };
        match check_value(world, field, &value, &format!("{path}.{name}")) {
            Ok(stored) => {
                values.insert(name.to_owned(), stored);
            }
            Err(failure) => failures.push(failure),
        }
    }
    for field in module.fields.iter().filter(|field| field.mandatory) {
        let missing = row.get(&field.api_name).map_or(is_new, Json::is_blank);
        if missing {
            failures.push(Failure::mandatory(
                &field.api_name,
                &format!("{path}.{}", field.api_name),
            ));
        }
    }
    Failure::combined(failures).map_or(Ok(values), Err)
}

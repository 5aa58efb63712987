//! How stored values are written in answers.

use jiff::Timestamp;

use crate::json::{Json, Object, object};
use crate::schema::{DataType, Field, Module};
use crate::store::{Line, Record};
use crate::world::World;

/// Rich text is cut to this many characters in lists.
const LIST_TEXT: usize = 500;

/// A user as `{name, id}`; `email` is added where a record is read.
pub(crate) fn user_reference(world: &World, id: &str, with_email: bool) -> Json {
    let Some(user) = world.settings.user(id) else {
        return Json::Null;
    };
    let mut reference = object! { "name" => user.full_name(), "id" => user.id.as_str() };
    if with_email {
        reference.set("email", user.email.as_str());
    }
    Json::Object(reference)
}

/// The name of a record: the value of its module's title field.
pub(crate) fn title_of(module: &Module, record: &Record) -> String {
    match module.title.as_str() {
        "Full_Name" => full_name(record),
        title => record.value(title).as_str().unwrap_or_default().to_owned(),
    }
}

fn full_name(record: &Record) -> String {
    let part = |field: &str| record.value(field).as_str().unwrap_or_default().to_owned();
    format!("{} {}", part("First_Name"), part("Last_Name"))
        .trim()
        .to_owned()
}

/// The name of the record a stored look-up points to.
pub(crate) fn lookup_name(world: &World, module: &str, id_text: &str) -> Option<String> {
    let module = world.schema.any(module)?;
    let record = world
        .store
        .record(&module.api_name, id_text.parse().ok()?)?;
    Some(title_of(module, record))
}

/// One field of a record as it is read.
pub(crate) fn field_value(world: &World, module: &Module, record: &Record, field: &Field) -> Json {
    match field.api_name.as_str() {
        "id" => return Json::String(record.id.to_string()),
        "Created_Time" => return Json::String(world.time_text(record.created)),
        "Modified_Time" => return Json::String(world.time_text(record.modified)),
        "Created_By" => return user_reference(world, &record.created_by, true),
        "Modified_By" => return user_reference(world, &record.modified_by, true),
        "Owner" => return user_reference(world, &record.owner, true),
        "Full_Name" => return Json::String(full_name(record)),
        "Record_Status__s" => return Json::from("Available"),
        "Locked__s" => return Json::Bool(world.locks.contains_key(&record.id)),
        "Record_Image" if world.files.has_photo(record.id) => {
            return Json::from(format!("{:x}", record.id));
        }
        "Tag" if record.value("Tag").is_null() => return Json::Array(Vec::new()),
        _ => {}
    }
    if let DataType::Subform(line_module) = &field.data_type {
        let lines = record
            .lines
            .get(&field.api_name)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let parent_title = title_of(module, record);
        return Json::Array(
            lines
                .iter()
                .map(|line| render_line(world, line_module, record, &parent_title, line))
                .collect(),
        );
    }
    stored_value(world, field, record.value(&field.api_name))
}

fn stored_value(world: &World, field: &Field, value: &Json) -> Json {
    match (&field.data_type, value) {
        (_, Json::Null) => Json::Null,
        (DataType::Lookup(module), Json::String(id)) => {
            let name = lookup_name(world, module, id);
            Json::Object(object! { "name" => name, "id" => id.as_str() })
        }
        (DataType::AnyRecord, Json::String(id)) => any_record(world, id),
        (DataType::User | DataType::Owner, Json::String(id)) => user_reference(world, id, true),
        (DataType::Datetime, Json::String(text)) => match text.parse::<Timestamp>() {
            Ok(instant) => Json::String(world.time_text(instant)),
            Err(_) => value.clone(),
        },
        _ => value.clone(),
    }
}

/// A record of whatever module, with its module.
fn any_record(world: &World, id: &str) -> Json {
    let module = id
        .parse()
        .ok()
        .and_then(|id| world.store.module_of(id))
        .and_then(|name| world.schema.any(name));
    let name = module.and_then(|module| lookup_name(world, &module.api_name, id));
    let module = module.map(
        |module| object! { "api_name" => module.api_name.as_str(), "id" => module.id.as_str() },
    );
    Json::Object(object! { "module" => module, "name" => name, "id" => id })
}

fn render_line(
    world: &World,
    line_module: &str,
    parent: &Record,
    parent_title: &str,
    line: &Line,
) -> Json {
    let mut row = object! {
        "id" => line.id.to_string(),
        "Parent_Id" => object! { "name" => parent_title, "id" => parent.id.to_string() },
        "Created_Time" => world.time_text(line.created),
        "Modified_Time" => world.time_text(line.modified),
        "$in_merge" => false,
        "$field_states" => Json::Null,
    };
    let Some(module) = world.schema.any(line_module) else {
        return Json::Object(row);
    };
    for field in &module.fields {
        if row.contains(&field.api_name) {
            continue;
        }
        let value = line.values.get(&field.api_name).unwrap_or(&Json::Null);
        let mut shown = stored_value(world, field, value);
        if field.api_name == "Product_Name"
            && let Json::Object(reference) = &mut shown
            && let Some(id) = value.as_str()
        {
            add_product_details(world, id, reference);
        }
        row.set(field.api_name.as_str(), shown);
    }
    Json::Object(row)
}

/// A line's product carries more than a look-up does (reference: zoho-crm-v8 section 4.2).
fn add_product_details(world: &World, id: &str, reference: &mut Object) {
    let Some(product) = id
        .parse()
        .ok()
        .and_then(|id| world.store.record("Products", id))
    else {
        return;
    };
    for field in [
        "Product_Code",
        "Qty_in_Stock",
        "Qty_Ordered",
        "Unit_Price",
        "Taxable",
    ] {
        reference.set(field, product.value(field).clone());
    }
}

/// The requested fields of a record, as lists and COQL give them: no subforms, long text cut.
pub(crate) fn render_fields(
    world: &World,
    module: &Module,
    record: &Record,
    names: &[String],
) -> Object {
    let mut row = Object::new();
    for name in names {
        if let Some(value) = dollar_value(world, record, name) {
            row.set(name.as_str(), value);
            continue;
        }
        // Unknown names are left out without complaint.
        let Some(field) = module
            .field(name)
            .filter(|field| !field.only_in_single_record() && world.settings.offers_field(field))
        else {
            continue;
        };
        let value = match field_value(world, module, record, field) {
            Json::String(text) if field.data_type == DataType::Textarea => {
                Json::String(text.chars().take(LIST_TEXT).collect())
            }
            value => value,
        };
        row.set(name.as_str(), value);
    }
    row.set("id", record.id.to_string());
    row
}

/// All fields of a record, subforms included, as reading one record gives them.
pub(crate) fn render_all(
    world: &World,
    module: &Module,
    record: &Record,
    only: Option<&[String]>,
) -> Object {
    let mut row = Object::new();
    let wanted = |name: &str| only.is_none_or(|only| only.iter().any(|other| other == name));
    let offered = |field: &&Field| world.settings.offers_field(field);
    for field in module
        .fields
        .iter()
        .filter(offered)
        .filter(|field| wanted(&field.api_name))
    {
        row.set(
            field.api_name.as_str(),
            field_value(world, module, record, field),
        );
    }
    row.set("id", record.id.to_string());
    for name in [
        "$currency_symbol",
        "$approval_state",
        "$approved",
        "$editable",
        "$in_merge",
        "$state",
        "$locked_for_me",
        "$field_states",
        "$se_module",
        "$converted",
    ] {
        let applies = name != "$converted" || module.field("Converted__s").is_some();
        if wanted(name)
            && applies
            && let Some(value) = dollar_value(world, record, name)
        {
            row.set(name, value);
        }
    }
    let subforms: Vec<&str> = module
        .subforms()
        .map(|(field, _)| field.api_name.as_str())
        .filter(|name| wanted(name))
        .collect();
    if !subforms.is_empty() {
        let mut more = Object::new();
        for name in subforms {
            more.set(name, false);
        }
        row.set("$has_more", more);
    }
    row
}

/// Keys that describe the record's state; the simulated organisation has no approvals and no merges.
fn dollar_value(world: &World, record: &Record, name: &str) -> Option<Json> {
    Some(match name {
        "$currency_symbol" => Json::String(world.settings.org.currency_symbol.clone()),
        "$approval_state" => Json::from("approved"),
        "$approved" | "$editable" => Json::Bool(true),
        "$in_merge" => Json::Bool(false),
        "$locked_for_me" => Json::Bool(world.locks.contains_key(&record.id)),
        "$converted" => Json::Bool(record.value("Converted__s").as_bool() == Some(true)),
        "$se_module" => {
            let parent = record.value("Parent_Id").as_str()?.parse().ok()?;
            Json::from(world.store.module_of(parent))
        }
        "$state" => Json::from("save"),
        "$field_states" => Json::Null,
        _ => return None,
    })
}

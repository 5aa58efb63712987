//! Fields, and creating custom ones.

use super::{global_picklists, minified, module_param};
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::rows;
use crate::schema::{CustomField, DataType, Field, Kind, Module};
use crate::world::World;

/// Most fields of one request.
const MOST_FIELDS: usize = 5;

/// `GET /settings/fields?module=`.
pub(crate) fn fields(world: &World, call: &Call) -> Result<Answer, Failure> {
    let module = module_param(world, call)?;
    Ok(Answer::json(
        200,
        object! { "fields" => render_fields(world, module) },
    ))
}

/// `GET /settings/fields/{id}?module=`.
pub(crate) fn field(world: &World, id: &str, call: &Call) -> Result<Answer, Failure> {
    let module = module_param(world, call)?;
    let field = find_field(module, id)?;
    Ok(Answer::json(
        200,
        object! { "fields" => vec![render_field(world, module, field)] },
    ))
}

/// `GET /settings/fields/{id}/pick_list_values?module=`.
pub(crate) fn picklist_values(world: &World, id: &str, call: &Call) -> Result<Answer, Failure> {
    let field = find_field(module_param(world, call)?, id)?;
    let values = render_picklist(field);
    if values.is_empty() {
        return Ok(Answer::empty(204));
    }
    Ok(Answer::json(200, object! { "pick_list_values" => values }))
}

fn find_field<'a>(module: &'a Module, id: &str) -> Result<&'a Field, Failure> {
    let field = module
        .fields
        .iter()
        .find(|field| field.id == id || field.api_name == id);
    field.ok_or_else(|| {
        Failure::new(
            400,
            "INVALID_DATA",
            "the id given seems to be invalid",
            object! { "resource_path_index" => 2 },
        )
    })
}

pub(super) fn render_fields(world: &World, module: &Module) -> Vec<Json> {
    module
        .fields
        .iter()
        .filter(|field| world.settings.offers_field(field))
        .map(|field| render_field(world, module, field))
        .collect()
}

fn render_picklist(field: &Field) -> Vec<Json> {
    let none =
        (field.data_type == DataType::Picklist && !field.picklist.is_empty()).then_some("-None-");
    let values = none
        .into_iter()
        .chain(field.picklist.iter().map(String::as_str));
    values
        .enumerate()
        .map(|(position, value)| {
            Json::Object(object! {
                "id" => format!("{}{position:02}", field.id),
                "display_value" => value,
                "actual_value" => value,
                "reference_value" => value,
                "sequence_number" => position + 1,
                "colour_code" => Json::Null,
                "layout_associations" => Vec::<Object>::new(),
                "type" => "used",
            })
        })
        .collect()
}

pub(super) fn render_field(world: &World, module: &Module, field: &Field) -> Json {
    let target = |name: &str| world.schema.any(name).map(|target| minified(target));
    let lookup = match &field.data_type {
        DataType::Lookup(name) => Json::Object(object! {
            "display_label" => module.plural.as_str(), "api_name" => field.api_name.as_str(), "module" => target(name),
        }),
        _ => Json::Object(Object::new()),
    };
    let associated = match &field.data_type {
        DataType::Subform(name) => Json::from(target(name)),
        _ => Json::Null,
    };
    let multi_module = match field.data_type {
        DataType::AnyRecord => {
            let records = world
                .schema
                .all()
                .filter(|module| module.kind == Kind::Records);
            let modules: Vec<Object> = records.map(|module| minified(module)).collect();
            object! { "api_name" => field.api_name.as_str(), "display_label" => field.label.as_str(), "modules" => modules }
        }
        _ => Object::new(),
    };
    let external = field
        .external
        .then(|| object! { "type" => "org", "show" => true, "allow_multiple_config" => false });
    let unique = match field.unique {
        Some(unique) => object! {
            "casesensitive" => unique.case_sensitive.to_string(), "case_sensitive" => unique.case_sensitive,
        },
        None => Object::new(),
    };
    let currency = match field.data_type {
        DataType::Currency => {
            object! { "rounding_option" => "normal", "precision" => field.decimals.unwrap_or(2) }
        }
        _ => Object::new(),
    };
    let writable = !field.read_only;
    Json::Object(object! {
        "id" => field.id.as_str(),
        "api_name" => field.api_name.as_str(),
        "field_label" => field.label.as_str(),
        "display_label" => field.label.as_str(),
        "data_type" => field.data_type.word(),
        "json_type" => field.data_type.json_type(),
        "length" => field.length,
        "decimal_place" => field.decimals,
        "system_mandatory" => field.mandatory && !field.custom,
        "custom_field" => field.custom,
        "read_only" => field.read_only,
        "field_read_only" => field.read_only,
        "operation_type" => object! {
            "web_update" => writable, "api_create" => writable, "web_create" => writable, "api_update" => writable,
        },
        "visible" => true,
        "view_type" => object! {
            "view" => true, "edit" => writable, "quick_create" => field.mandatory, "create" => writable,
        },
        "unique" => unique,
        "lookup" => lookup,
        "associated_module" => associated,
        "multiselectlookup" => Object::new(),
        "multi_module_lookup" => multi_module,
        "global_picklist" => global_picklist(world, field),
        "pick_list_values" => render_picklist(field),
        "pick_list_values_sorted_lexically" => false,
        "default_value" => Json::Null,
        "currency" => currency,
        "formula" => Object::new(),
        "auto_number" => Object::new(),
        "rollup_summary" => Object::new(),
        "subform" => Json::Null,
        "external" => external,
        "private" => Json::Null,
        "crypt" => Json::Null,
        "created_source" => if field.custom { "user" } else { "default" },
        "sortable" => field.data_type != DataType::Textarea,
        "searchable" => true,
        "filterable" => field.data_type != DataType::Textarea,
        "mass_update" => writable,
        "webhook" => true,
        "virtual_field" => false,
        "blueprint_supported" => writable,
        "display_field" => module.title == field.api_name,
        "type" => "used",
    })
}

fn global_picklist(world: &World, field: &Field) -> Option<Object> {
    let name = field.global_picklist.as_ref()?;
    let mut lists = world.schema.global_picklists.iter();
    let position = lists.position(|list| list.api_name == *name)?;
    Some(object! { "api_name" => name.as_str(), "id" => global_picklists::id_of(position) })
}

/// `POST /settings/fields?module=`: creates custom fields.
pub(crate) fn create_fields(
    world: &mut World,
    body: &Json,
    call: &Call,
) -> Result<Answer, Failure> {
    let module = module_param(world, call)?.api_name.clone();
    let entries = rows::entries(body, "fields", MOST_FIELDS)?;
    let results = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| create_field(world, &module, entry, index))
        .collect();
    Ok(rows::answer("fields", results, 201, 207))
}

fn create_field(
    world: &mut World,
    module: &str,
    entry: &Object,
    index: usize,
) -> Result<Json, Failure> {
    let custom = read_field(module, entry, index)?;
    let taken = world
        .schema
        .any(module)
        .is_some_and(|module| module.field(&custom.api_name).is_some());
    if taken {
        let path = format!("$.fields[{index}].field_label");
        let details = object! { "api_name" => "field_label", "json_path" => path };
        return Err(Failure::new(
            400,
            "DUPLICATE_DATA",
            "duplicate data",
            details,
        ));
    }
    if !world.schema.add_custom_field(&custom) {
        let path = format!("$.fields[{index}].data_type");
        return Err(Failure::wrong_type("string", "data_type", &path));
    }
    world.store.follow(&world.schema);
    let id = world
        .schema
        .any(module)
        .and_then(|module| module.field(&custom.api_name))
        .map(|field| field.id.clone());
    Ok(rows::success(object! { "id" => id }, "field created"))
}

/// The API name is made of the label: what is no letter or digit becomes an underscore.
fn read_field(module: &str, entry: &Object, index: usize) -> Result<CustomField, Failure> {
    let text = |name: &str| {
        let missing = || Failure::mandatory(name, &format!("$.fields[{index}].{name}"));
        entry.get(name).and_then(Json::as_str).ok_or_else(missing)
    };
    let label = text("field_label")?;
    let letter_or_line = |letter: char| {
        if letter.is_alphanumeric() {
            letter
        } else {
            '_'
        }
    };
    let api_name: String = label.trim().chars().map(letter_or_line).collect();
    let mut custom = CustomField::new(module, &api_name, text("data_type")?);
    custom.label = Some(label.to_owned());
    custom.length = entry
        .get("length")
        .and_then(Json::as_i64)
        .and_then(|length| usize::try_from(length).ok());
    custom.external = entry.get("external").is_some_and(|value| !value.is_null());
    let unique = entry.get("unique").and_then(Json::as_object);
    custom.unique = unique.is_some();
    custom.case_sensitive = unique
        .and_then(|unique| {
            unique
                .get("case_sensitive")
                .or_else(|| unique.get("casesensitive"))
        })
        .is_some_and(|flag| flag.as_bool() == Some(true) || flag.as_str() == Some("true"));
    let values = entry.get("pick_list_values").and_then(Json::as_array);
    custom.picklist = values
        .unwrap_or_default()
        .iter()
        .filter_map(|value| {
            value
                .get("actual_value")
                .or_else(|| value.get("display_value"))
        })
        .filter_map(Json::as_str)
        .map(str::to_owned)
        .collect();
    custom.global_picklist = entry
        .get("global_picklist")
        .and_then(|list| list.get("api_name")?.as_str())
        .map(str::to_owned);
    custom.lookup = entry
        .get("lookup")
        .and_then(|lookup| lookup.get("module")?.get("api_name")?.as_str())
        .map(str::to_owned);
    Ok(custom)
}

/// `DELETE /settings/fields/{id}?module=`: removes a custom field.
pub(crate) fn delete_field(world: &mut World, id: &str, call: &Call) -> Result<Answer, Failure> {
    let module = module_param(world, call)?;
    let (module, field) = (
        module.api_name.clone(),
        find_field(module, id)?.api_name.clone(),
    );
    if !world.schema.remove_custom_field(&module, &field) {
        let details = object! { "api_name" => field, "json_path" => "$.id" };
        let message = "a field of the system cannot be deleted";
        return Err(Failure::new(400, "INVALID_DATA", message, details));
    }
    world.store.follow(&world.schema);
    let row = rows::success(object! { "id" => id }, "field deleted");
    Ok(Answer::json(200, object! { "fields" => vec![row] }))
}

//! Modules, fields, layouts and related lists (reference: zoho-crm-v8 section 8).

use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::since_header;
use crate::records::user_reference;
use crate::schema::{DataType, Field, Kind, Module};
use crate::world::World;

/// When the simulated organisation was set up; metadata has not changed since.
const SET_UP: &str = "2024-01-15T09:00:00Z";

fn set_up_text(world: &World) -> String {
    SET_UP
        .parse()
        .map_or_else(|_| SET_UP.to_owned(), |instant| world.time_text(instant))
}

fn is_available(world: &World, module: &Module) -> bool {
    world
        .schema
        .available(&module.api_name, world.settings.edition)
        .is_some()
}

fn profiles() -> Json {
    Json::from(vec![
        object! { "name" => "Administrator", "id" => "4876876000000026011" },
    ])
}

/// `GET /settings/modules`. Modules the edition lacks are shown as hidden and unusable.
pub(crate) fn modules(world: &World, call: &Call) -> Result<Answer, Failure> {
    let since = since_header(call, "if-modified-since")?;
    let set_up: jiff::Timestamp = SET_UP.parse().unwrap_or_default();
    if since.is_some_and(|since| since >= set_up) {
        return Ok(Answer::empty(304));
    }
    let statuses: Option<Vec<&str>> = call.param("status").map(|text| text.split(',').collect());
    let rows: Vec<Json> = world
        .schema
        .all()
        .map(|module| render_module(world, module))
        .filter(|module| {
            let status = module
                .get("status")
                .and_then(Json::as_str)
                .unwrap_or_default();
            statuses
                .as_ref()
                .is_none_or(|wanted| wanted.contains(&status))
        })
        .collect();
    if rows.is_empty() {
        return Ok(Answer::empty(204));
    }
    Ok(Answer::json(200, object! { "modules" => rows }))
}

/// `GET /settings/modules/{api_name}`.
pub(crate) fn module(world: &World, name: &str) -> Result<Answer, Failure> {
    let module = world
        .schema
        .all()
        .find(|module| module.api_name == name || module.id == name);
    let module = module.ok_or_else(|| Failure::invalid_module(2))?;
    let mut rendered = render_module(world, module);
    if let Json::Object(rendered) = &mut rendered {
        rendered.set("fields", render_fields(world, module));
        rendered.set(
            "display_field",
            object! { "api_name" => module.title.as_str() },
        );
    }
    Ok(Answer::json(200, object! { "modules" => vec![rendered] }))
}

fn render_module(world: &World, module: &Module) -> Json {
    let usable = is_available(world, module);
    let (generated, parent) = match &module.kind {
        Kind::Records => ("default", Json::Object(Object::new())),
        Kind::Lines { parent, .. } => {
            let id = world.schema.any(parent).map(|module| module.id.clone());
            (
                "subform",
                Json::Object(object! { "api_name" => parent.as_str(), "id" => id }),
            )
        }
    };
    let writable = usable && module.kind == Kind::Records;
    let position = world
        .schema
        .all()
        .position(|other| other.api_name == module.api_name)
        .unwrap_or_default();
    Json::Object(object! {
        "id" => module.id.as_str(),
        "api_name" => module.api_name.as_str(),
        "module_name" => module.api_name.as_str(),
        "singular_label" => module.singular.as_str(),
        "plural_label" => module.plural.as_str(),
        "actual_singular_label" => module.singular.as_str(),
        "actual_plural_label" => module.plural.as_str(),
        "generated_type" => generated,
        "api_supported" => usable,
        "creatable" => writable,
        "editable" => writable,
        "deletable" => writable,
        "viewable" => usable,
        "visible" => usable,
        "visibility" => if usable { 1 } else { 0 },
        "show_as_tab" => writable,
        "convertable" => module.api_name == "Leads",
        "triggers_supported" => writable,
        "recycle_bin_on_delete" => writable,
        "quick_create" => writable,
        "sequence_number" => position + 1,
        "status" => if usable { "visible" } else { "system_hidden" },
        "modified_time" => set_up_text(world),
        "modified_by" => user_reference(world, &world.settings.screen_user(), false),
        "profiles" => profiles(),
        "parent_module" => parent,
        "access_type" => "org_based",
    })
}

fn module_param<'a>(world: &'a World, call: &Call) -> Result<&'a std::sync::Arc<Module>, Failure> {
    let name = call
        .param("module")
        .ok_or_else(|| Failure::param_missing("module"))?;
    let available = world.schema.available(name, world.settings.edition);
    available.ok_or_else(|| {
        let details = object! { "param_name" => "module" };
        Failure::new(
            400,
            "INVALID_MODULE",
            "the module name given seems to be invalid",
            details,
        )
    })
}

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

fn render_fields(world: &World, module: &Module) -> Vec<Json> {
    module
        .fields
        .iter()
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
                "type" => "used",
            })
        })
        .collect()
}

fn render_field(world: &World, module: &Module, field: &Field) -> Json {
    let minified = |name: &str| {
        let id = world.schema.any(name).map(|module| module.id.clone());
        Json::Object(object! { "api_name" => name, "id" => id })
    };
    let lookup = match &field.data_type {
        DataType::Lookup(target) => Json::Object(object! {
            "display_label" => module.plural.as_str(), "api_name" => field.api_name.as_str(), "module" => minified(target),
        }),
        _ => Json::Object(Object::new()),
    };
    let associated = match &field.data_type {
        DataType::Subform(target) => minified(target),
        _ => Json::Null,
    };
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
        "multi_module_lookup" => Object::new(),
        "pick_list_values" => render_picklist(field),
        "pick_list_values_sorted_lexically" => false,
        "default_value" => Json::Null,
        "currency" => currency,
        "formula" => Object::new(),
        "auto_number" => Object::new(),
        "rollup_summary" => Object::new(),
        "subform" => Json::Null,
        "external" => Json::Null,
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

/// `GET /settings/layouts?module=`.
pub(crate) fn layouts(world: &World, call: &Call) -> Result<Answer, Failure> {
    let module = module_param(world, call)?;
    Ok(Answer::json(
        200,
        object! { "layouts" => vec![render_layout(world, module)] },
    ))
}

/// `GET /settings/layouts/{id}?module=`.
pub(crate) fn layout(world: &World, id: &str, call: &Call) -> Result<Answer, Failure> {
    let module = module_param(world, call)?;
    if layout_id(module) != id {
        return Ok(Answer::empty(204));
    }
    Ok(Answer::json(
        200,
        object! { "layouts" => vec![render_layout(world, module)] },
    ))
}

/// A module's only layout has an id derived from the module's.
fn layout_id(module: &Module) -> String {
    format!("{}1", module.id.get(..18).unwrap_or(&module.id))
}

fn render_layout(world: &World, module: &Module) -> Json {
    let fields: Vec<Json> = module
        .fields
        .iter()
        .enumerate()
        .map(|(position, field)| {
            let mut rendered = render_field(world, module, field);
            if let Json::Object(rendered) = &mut rendered {
                rendered.set("required", field.mandatory);
                rendered.set("sequence_number", position + 1);
            }
            rendered
        })
        .collect();
    let section = object! {
        "id" => format!("{}2", module.id.get(..18).unwrap_or(&module.id)),
        "api_name" => format!("{}_Information", module.singular.replace(' ', "_")),
        "name" => format!("{} Information", module.singular),
        "display_label" => format!("{} Information", module.singular),
        "sequence_number" => 1,
        "isSubformSection" => false,
        "column_count" => 2,
        "tab_traversal" => Json::Null,
        "type" => "used",
        "generated_type" => "default",
        "fields" => fields,
        "properties" => Json::Null,
    };
    let user = user_reference(world, &world.settings.screen_user(), false);
    Json::Object(object! {
        "id" => layout_id(module),
        "name" => "Standard",
        "api_name" => "Standard__s",
        "display_label" => "Standard",
        "status" => "active",
        "generated_type" => "default",
        "visible" => true,
        "source" => "crm",
        "has_more_profiles" => false,
        "show_business_card" => true,
        "created_for" => Json::Null,
        "created_time" => set_up_text(world),
        "modified_time" => set_up_text(world),
        "created_by" => user.clone(),
        "modified_by" => user,
        "profiles" => vec![object! { "name" => "Administrator", "id" => "4876876000000026011", "default" => true }],
        "sections" => vec![section],
        "actions_allowed" => object! { "edit" => true, "rename" => true, "clone" => true, "downgrade" => false,
            "delete" => false, "deactivate" => false, "set_layout_permissions" => true },
    })
}

/// `GET /settings/related_lists?module=`: the modules whose look-ups point to this one.
pub(crate) fn related_lists(world: &World, call: &Call) -> Result<Answer, Failure> {
    let module = module_param(world, call)?;
    let mut rows = Vec::new();
    for other in world
        .schema
        .all()
        .filter(|other| is_available(world, other) && other.kind == Kind::Records)
    {
        let points_here =
            |field: &Field| field.data_type == DataType::Lookup(module.api_name.clone());
        if !other.fields.iter().any(points_here) {
            continue;
        }
        rows.push(Json::Object(object! {
            "id" => format!("{}{}", module.id.get(..10).unwrap_or_default(), other.id.get(10..).unwrap_or_default()),
            "api_name" => other.api_name.as_str(),
            "name" => other.plural.as_str(),
            "display_label" => other.plural.as_str(),
            "module" => object! { "api_name" => other.api_name.as_str(), "id" => other.id.as_str() },
            "href" => format!("{}/{{ENTITYID}}/{}", module.api_name, other.api_name),
            "action" => Json::Null,
            "sequence_number" => (rows.len() + 1).to_string(),
            "type" => "default",
            "connectedmodule" => Json::Null,
            "linkingmodule" => Json::Null,
            "visible" => true,
            "customize_sort" => true,
            "customize_fields" => true,
            "customize_display_label" => true,
            "sort_by" => Json::Null,
            "sort_order" => Json::Null,
            "fields" => Vec::<Json>::new(),
            "status" => "visible",
        }));
    }
    if rows.is_empty() {
        return Ok(Answer::empty(204));
    }
    Ok(Answer::json(200, object! { "related_lists" => rows }))
}

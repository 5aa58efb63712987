//! Modules.

use super::{SET_UP, profiles, set_up_text};
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::{since_header, user_reference};
use crate::schema::{Kind, Module};
use crate::world::World;

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
        rendered.set("fields", super::fields::render_fields(world, module));
        rendered.set(
            "display_field",
            object! { "api_name" => module.title.as_str() },
        );
    }
    Ok(Answer::json(200, object! { "modules" => vec![rendered] }))
}

pub(crate) fn render_module(world: &World, module: &Module) -> Json {
    let usable = world.settings.offers_module(module);
    let (generated, parent) = match &module.kind {
        Kind::Records | Kind::Elsewhere => ("default", Json::Object(Object::new())),
        Kind::Lines { parent, .. } => {
            let id = world.schema.any(parent).map(|module| module.id.clone());
            (
                "subform",
                Json::Object(object! { "api_name" => parent.as_str(), "id" => id }),
            )
        }
    };
    let writable = usable && module.kind == Kind::Records;
    let status = match (usable, world.settings.edition_has(module)) {
        (true, _) => "visible",
        (false, true) => "user_hidden",
        (false, false) => "system_hidden",
    };
    let position = world.schema.position(&module.api_name);
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
        "status" => status,
        "modified_time" => set_up_text(world),
        "modified_by" => user_reference(world, &world.settings.screen_user(), false),
        "profiles" => profiles(),
        "parent_module" => parent,
        "access_type" => "org_based",
    })
}

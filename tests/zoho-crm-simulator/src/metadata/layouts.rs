//! Layouts: one for each module.

use super::fields::render_field;
use super::{module_param, set_up_text};
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, object};
use crate::records::user_reference;
use crate::schema::Module;
use crate::world::World;

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
pub(super) fn layout_id(module: &Module) -> String {
    format!("{}1", module.id.get(..18).unwrap_or(&module.id))
}

fn render_layout(world: &World, module: &Module) -> Json {
    let fields: Vec<Json> = module
        .fields
        .iter()
        .filter(|field| world.settings.offers_field(field))
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

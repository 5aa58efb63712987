//! Related lists.

use super::module_param;
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::related::{RelatedList, Source, lists_of};
use crate::schema::Module;
use crate::world::World;

/// `GET /settings/related_lists?module=`.
pub(crate) fn related_lists(world: &World, call: &Call) -> Result<Answer, Failure> {
    let module = module_param(world, call)?;
    let rows = render_all(world, module);
    if rows.is_empty() {
        return Ok(Answer::empty(204));
    }
    Ok(Answer::json(200, object! { "related_lists" => rows }))
}

/// `GET /settings/related_lists/{id}?module=`.
pub(crate) fn related_list(world: &World, id: &str, call: &Call) -> Result<Answer, Failure> {
    let module = module_param(world, call)?;
    let mut rows = render_all(world, module);
    rows.retain(|row| row.get("id").and_then(Json::as_str) == Some(id));
    if rows.is_empty() {
        return Ok(Answer::empty(204));
    }
    Ok(Answer::json(200, object! { "related_lists" => rows }))
}

fn render_all(world: &World, module: &Module) -> Vec<Json> {
    lists_of(world, module)
        .iter()
        .enumerate()
        .map(|(position, list)| render(world, module, list, position))
        .collect()
}

fn render(world: &World, module: &Module, list: &RelatedList, position: usize) -> Json {
    let shown = world.schema.any(&list.module);
    let id = format!(
        "48768760000005{:03}{position:02}",
        world.schema.position(&module.api_name)
    );
    Json::Object(object! {
        "id" => id,
        "api_name" => list.api_name.as_str(),
        "name" => list.label.as_str(),
        "display_label" => list.label.as_str(),
        "module" => shown.map(|shown| super::minified(shown)),
        "href" => format!("{}/{{ENTITYID}}/{}", module.api_name, list.api_name),
        "action" => Json::Null,
        "sequence_number" => (position + 1).to_string(),
        "type" => if list.source == Source::Link { "multiselectlookup" } else { "default" },
        "connectedmodule" => Json::Null,
        "linkingmodule" => Json::Null,
        "visible" => true,
        "customize_sort" => true,
        "customize_fields" => true,
        "customize_display_label" => true,
        "sort_by" => Json::Null,
        "sort_order" => Json::Null,
        "fields" => Vec::<Object>::new(),
        "status" => "visible",
    })
}

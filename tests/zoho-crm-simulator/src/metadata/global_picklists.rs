//! Global picklists.

use super::set_up_text;
use crate::exchange::Answer;
use crate::json::{Json, Object, object};
use crate::records::user_reference;
use crate::schema::GlobalPicklist;
use crate::world::World;

/// `GET /settings/global_picklists`.
pub(crate) fn global_picklists(world: &World) -> Answer {
    listed(render_all(world))
}

/// `GET /settings/global_picklists/{id}`.
pub(crate) fn global_picklist(world: &World, id: &str) -> Answer {
    let mut lists = render_all(world);
    lists.retain(|list| list.get("id").and_then(Json::as_str) == Some(id));
    listed(lists)
}

fn listed(lists: Vec<Json>) -> Answer {
    if lists.is_empty() {
        return Answer::empty(204);
    }
    Answer::json(200, object! { "global_picklists" => lists })
}

fn render_all(world: &World) -> Vec<Json> {
    let lists = world.schema.global_picklists.iter().enumerate();
    lists
        .map(|(position, list)| render(world, list, position))
        .collect()
}

/// The id of the list at that place.
pub(super) fn id_of(position: usize) -> String {
    format!("48768760000008{position:05}")
}

fn render(world: &World, list: &GlobalPicklist, position: usize) -> Json {
    let user = user_reference(world, &world.settings.screen_user(), false);
    let values: Vec<Object> = list
        .values
        .iter()
        .enumerate()
        .map(|(index, value)| {
            object! {
                "id" => format!("48768760000009{position:02}{index:03}"),
                "display_value" => value.as_str(),
                "actual_value" => value.as_str(),
                "sequence_number" => index + 1,
                "type" => "used",
            }
        })
        .collect();
    Json::Object(object! {
        "id" => id_of(position),
        "api_name" => list.api_name.as_str(),
        "display_label" => list.label.as_str(),
        "actual_label" => list.label.as_str(),
        "description" => Json::Null,
        "presence" => true,
        "pick_list_values_sorted_lexically" => false,
        "pick_list_values" => values,
        "created_time" => set_up_text(world),
        "modified_time" => set_up_text(world),
        "created_by" => user.clone(),
        "modified_by" => user,
    })
}

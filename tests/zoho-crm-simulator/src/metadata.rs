//! Metadata: modules, fields, layouts, related lists, custom views, pipelines, global picklists (reference: zoho-crm-v8
//! section 8).

mod custom_views;
mod fields;
mod global_picklists;
mod layouts;
mod modules;
mod pipelines;
mod related_lists;

pub(crate) use custom_views::{custom_view, custom_views};
pub(crate) use fields::{create_fields, delete_field, field, fields, picklist_values};
pub(crate) use global_picklists::{global_picklist, global_picklists};
pub(crate) use layouts::{layout, layouts};
pub(crate) use modules::{module, modules, render_module};
pub(crate) use pipelines::{pipeline, pipelines};
pub(crate) use related_lists::{related_list, related_lists};

use crate::exchange::Call;
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::schema::Module;
use crate::world::World;

/// When the simulated organisation was set up; metadata that nobody touched has not changed since.
const SET_UP: &str = "2024-01-15T09:00:00Z";

fn set_up_text(world: &World) -> String {
    SET_UP
        .parse()
        .map_or_else(|_| SET_UP.to_owned(), |instant| world.time_text(instant))
}

/// A module as other metadata names it.
fn minified(module: &Module) -> Object {
    object! { "api_name" => module.api_name.as_str(), "id" => module.id.as_str() }
}

fn profiles() -> Json {
    Json::from(vec![
        object! { "name" => "Administrator", "id" => "4876876000000026011" },
    ])
}

fn module_param<'a>(world: &'a World, call: &Call) -> Result<&'a std::sync::Arc<Module>, Failure> {
    let name = call
        .param("module")
        .ok_or_else(|| Failure::param_missing("module"))?;
    let available = world.schema.available(name, &world.settings);
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

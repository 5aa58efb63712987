//! The recycle bin across modules (reference: zoho-crm-v8 section 2.1).

use http::Method;

use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, object};
use crate::records::{page_bounds, user_reference};
use crate::rows;
use crate::schema::{Kind, Module};
use crate::store::{Id, Removed};
use crate::world::World;

/// Most ids of a request.
const MOST_IDS: usize = 100;

/// `GET /settings/recycle_bin` and `DELETE /settings/recycle_bin?ids=`.
pub(crate) fn handle(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    if call.param("filters").is_some() {
        let message = "the simulator does not know the form of filters";
        let details = object! { "param_name" => "filters" };
        return Err(Failure::new(400, "NOT_SUPPORTED", message, details));
    }
    if call.method == Method::DELETE {
        let ids = rows::ids(call, MOST_IDS)?;
        let results = ids.iter().map(|id| purge(world, id)).collect();
        return Ok(rows::answer("recycle_bin", results, 200, 207));
    }
    let bounds = page_bounds(call)?;
    let wanted = match call.param("ids") {
        Some(_) => Some(rows::ids(call, MOST_IDS)?),
        None => None,
    };
    let mut items = items(world);
    items.retain(|(_, removed)| {
        let id = removed.record.id.to_string();
        wanted.as_ref().is_none_or(|wanted| wanted.contains(&id))
    });
    let ascending = call.param("sort_order") == Some("asc");
    items.sort_by_key(|(_, removed)| (removed.at, removed.record.id));
    if !ascending {
        items.reverse();
    }
    let shown = items
        .into_iter()
        .map(|(module, removed)| render(world, module, removed))
        .collect();
    Ok(rows::page("recycle_bin", shown, bounds))
}

/// `GET` and `DELETE /settings/recycle_bin/{id}`.
pub(crate) fn handle_one(world: &mut World, id: &str, call: &Call) -> Result<Answer, Failure> {
    if call.method == Method::DELETE {
        let result = purge(world, id);
        return Ok(rows::answer("recycle_bin", vec![result], 200, 207));
    }
    let found = items(world)
        .into_iter()
        .find(|(_, removed)| removed.record.id.to_string() == id);
    let Some((module, removed)) = found else {
        return Ok(Answer::empty(204));
    };
    let shown = render(world, module, removed);
    Ok(rows::page("recycle_bin", vec![shown], (1, 1)))
}

fn items(world: &World) -> Vec<(&Module, &Removed)> {
    let modules = world
        .schema
        .all()
        .filter(|module| module.kind == Kind::Records && world.settings.offers_module(module));
    modules
        .flat_map(|module| {
            let table = world.store.table(&module.api_name);
            let removed = table.map(|table| table.removed.as_slice());
            let in_bin = removed.unwrap_or_default().iter();
            in_bin
                .filter(|removed| !removed.permanent)
                .map(move |removed| (module.as_ref(), removed))
        })
        .collect()
}

fn render(world: &World, module: &Module, removed: &Removed) -> Json {
    Json::Object(object! {
        "id" => removed.record.id.to_string(),
        "display_name" => removed.display_name.as_deref(),
        "module" => object! { "api_name" => module.api_name.as_str(), "id" => module.id.as_str() },
        "owner" => user_reference(world, &removed.record.owner, false),
        "deleted_by" => user_reference(world, &removed.by, false),
        "deleted_time" => world.time_text(removed.at),
    })
}

/// Removes a record for good: `/deleted` then shows it as permanent, without its name.
fn purge(world: &mut World, id: &str) -> Result<Json, Failure> {
    let number: Id = id.parse().unwrap_or_default();
    let now = world.stamp();
    for removed in world.store.removed_mut() {
        if removed.record.id == number && !removed.permanent {
            removed.permanent = true;
            removed.display_name = None;
            removed.at = now;
            return Ok(rows::success(object! { "id" => id }, "record deleted"));
        }
    }
    let message = "the id given seems to be invalid";
    Err(Failure::new(
        400,
        "INVALID_DATA",
        message,
        object! { "id" => id },
    ))
}

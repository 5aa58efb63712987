//! Custom views.

use super::{module_param, set_up_text};
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, object};
use crate::records::page_bounds;
use crate::rows;
use crate::views;
use crate::world::World;

/// `GET /settings/custom_views?module=`.
pub(crate) fn custom_views(world: &World, call: &Call) -> Result<Answer, Failure> {
    let module = module_param(world, call)?;
    let bounds = page_bounds(call)?;
    let shown = views::render_all(world, module, &set_up_text(world));
    Ok(paged(shown.clone(), &shown, bounds))
}

/// `GET /settings/custom_views/{id}?module=`.
pub(crate) fn custom_view(world: &World, id: &str, call: &Call) -> Result<Answer, Failure> {
    let module = module_param(world, call)?;
    let all = views::render_all(world, module, &set_up_text(world));
    let mut shown = all.clone();
    shown.retain(|view| view.get("id").and_then(Json::as_str) == Some(id));
    Ok(paged(shown, &all, (1, 1)))
}

/// A page of views; its `info` also names the default one.
fn paged(shown: Vec<Json>, all: &[Json], bounds: (u64, u64)) -> Answer {
    let default = all.first().and_then(|view| view.get("id")).cloned();
    let mut answer = rows::page("custom_views", shown, bounds);
    if let Some(info) = answer.member_mut("info") {
        info.set("default", default);
        info.set(
            "translation",
            object! {
                "public_views" => "Public Views",
                "other_users_views" => "Other Users Views",
                "shared_with_me" => "Shared With Me",
                "created_by_me" => "Created By Me",
            },
        );
    }
    answer
}

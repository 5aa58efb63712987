//! Notification channels (reference: zoho-crm-v8 section 5).

mod callback;
mod channel;

use http::Method;

pub(crate) use callback::{enqueue, notify};
pub(crate) use channel::Channel;

use channel::Patch;

use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::page_bounds;
use crate::rows;
use crate::world::World;

/// Most channels of one request.
const MOST_CHANNELS: usize = 50;

/// All of `/actions/watch`.
pub(crate) fn handle(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    let now = world.now;
    world.channels.retain(|_, channel| channel.expiry > now);
    if call.method == Method::GET {
        list(world, call)
    } else if call.method == Method::DELETE {
        unsubscribe(world, call)
    } else if call.method == Method::POST {
        each(world, call, 201, |world, entry, index| {
            let channel = Channel::read(world, entry, index)?;
            let result = channel.subscribed(
                world,
                "Successfully subscribed for actions-watch of the given module",
            );
            world.channels.insert(channel.id.clone(), channel);
            Ok(result)
        })
    } else if call.method == Method::PUT {
        each(world, call, 200, |world, entry, index| {
            let channel = Channel::read(world, entry, index)?;
            if !world.channels.contains_key(&channel.id) {
                return Err(not_subscribed());
            }
            let result = channel.subscribed(world, "Successfully updated the subscribe details");
            world.channels.insert(channel.id.clone(), channel);
            Ok(result)
        })
    } else {
        each(world, call, 200, patch)
    }
}

fn not_subscribed() -> Failure {
    let message = "Not subscribed for actions-watch of the given channel";
    Failure::new(400, "NOT_SUBSCRIBED", message, Object::new())
}

fn patch(world: &mut World, entry: &Object, index: usize) -> Result<Json, Failure> {
    let patch = Patch::read(world, entry, index)?;
    let mut channel = world
        .channels
        .get(&patch.channel_id)
        .cloned()
        .ok_or_else(not_subscribed)?;
    let message = channel.apply(patch);
    let result = channel.subscribed(world, message);
    if channel.events.is_empty() {
        world.channels.remove(&channel.id);
    } else {
        world.channels.insert(channel.id.clone(), channel);
    }
    Ok(result)
}

/// Runs a body's channels one by one and answers with one element each.
fn each(
    world: &mut World,
    call: &Call,
    all_done: u16,
    mut apply: impl FnMut(&mut World, &Object, usize) -> Result<Json, Failure>,
) -> Result<Answer, Failure> {
    let entries = rows::entries(&call.json()?, "watch", MOST_CHANNELS)?;
    let results = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| apply(world, entry, index))
        .collect();
    Ok(rows::answer("watch", results, all_done, 207))
}

/// `DELETE /actions/watch?channel_ids=`.
fn unsubscribe(world: &mut World, call: &Call) -> Result<Answer, Failure> {
    let ids = call
        .param("channel_ids")
        .ok_or_else(|| Failure::param_missing("channel_ids"))?;
    let results = ids
        .split(',')
        .map(|id| {
            let channel = world.channels.remove(id.trim()).ok_or_else(not_subscribed)?;
            let modules = channel.modules();
            let module = modules.first().and_then(|name| world.schema.any(name));
            let details = object! {
                "resource_uri" => module.map(|module| format!("{}/crm/v2/{}", world.base_url, module.api_name)),
                "resource_id" => module.map(|module| module.id.clone()),
                "channel_id" => channel.id.as_str(),
            };
            let message = "Successfully un-subscribed from actions-watch";
            Ok(rows::success(details, message))
        })
        .collect();
    Ok(rows::answer("watch", results, 200, 207))
}

/// `GET /actions/watch`: one element per channel and module.
fn list(world: &World, call: &Call) -> Result<Answer, Failure> {
    let bounds = page_bounds(call)?;
    let mut rows = Vec::new();
    for channel in world.channels.values() {
        if call.param("channel_id").is_some_and(|id| id != channel.id) {
            continue;
        }
        for module in channel.modules() {
            if call.param("module").is_none_or(|wanted| wanted == module) {
                rows.push(channel.render(world, &module));
            }
        }
    }
    Ok(rows::page("watch", rows, bounds))
}

//! Turns changes into the notifications channels asked for.

use std::time::Instant;

use super::channel::Channel;
use crate::json::{Json, Object, object};
use crate::outbox::Callback;
use crate::records::{Change, Operation};
use crate::schema::DataType;
use crate::world::World;

/// Puts a notification for every interested channel into the outbox. Writes over the API are reported like any other.
pub(crate) fn notify(world: &mut World, changes: &[Change]) {
    let now = world.now;
    let channels: Vec<Channel> = world
        .channels
        .values()
        .filter(|channel| channel.expiry > now)
        .cloned()
        .collect();
    for channel in channels {
        let mut wanted: Vec<Change> = Vec::new();
        for change in changes {
            if channel.wants(world, change) {
                wanted.push(change.clone());
            }
            if channel.related {
                wanted.extend(related_changes(world, &channel, change));
            }
        }
        for group in groups(world, wanted) {
            let body = body(world, &channel, &group);
            enqueue(world, &channel.notify_url, &body);
        }
    }
}

/// A change of a record also counts as an edit of the records it refers to, for channels that did not opt out.
fn related_changes(world: &World, channel: &Channel, change: &Change) -> Vec<Change> {
    let Some(module) = world.schema.any(&change.module) else {
        return Vec::new();
    };
    let Some(record) = world.store.record(&change.module, change.id) else {
        return Vec::new();
    };
    let mut related = Vec::new();
    for field in &module.fields {
        let DataType::Lookup(parent) = &field.data_type else {
            continue;
        };
        let listens = channel
            .events
            .iter()
            .any(|(name, verb)| name == parent && verb == "edit");
        if listens
            && let Some(id) = record
                .value(&field.api_name)
                .as_str()
                .and_then(|id| id.parse().ok())
        {
            related.push(Change {
                module: parent.clone(),
                id,
                operation: Operation::Update,
                fields: Vec::new(),
            });
        }
    }
    related
}

/// Changes that travel in one notification: same module, same operation.
fn groups(world: &World, changes: Vec<Change>) -> Vec<Vec<Change>> {
    let mut groups: Vec<Vec<Change>> = Vec::new();
    for change in changes {
        let same = |group: &&mut Vec<Change>| {
            group.first().is_some_and(|first| {
                first.module == change.module && first.operation == change.operation
            })
        };
        match groups
            .iter_mut()
            .find(same)
            .filter(|_| world.settings.behaviour.group_notifications)
        {
            Some(group) => {
                if !group.iter().any(|other| other.id == change.id) {
                    group.push(change);
                }
            }
            None => groups.push(vec![change]),
        }
    }
    groups
}

fn body(world: &World, channel: &Channel, changes: &[Change]) -> Json {
    let Some(first) = changes.first() else {
        return Json::Null;
    };
    let mut query = Object::new();
    if let Ok(url) = url::Url::parse(&channel.notify_url) {
        for (name, value) in url.query_pairs() {
            query.set(name, value.as_ref());
        }
    }
    let ids: Vec<String> = changes.iter().map(|change| change.id.to_string()).collect();
    let mut body = object! {
        "server_time" => world.now.as_millisecond(),
        "query_params" => query,
        "module" => first.module.as_str(),
        "resource_uri" => format!("{}/crm/v2/{}", world.base_url, first.module),
        "ids" => ids,
        "operation" => first.operation.word(),
        "channel_id" => channel.id.as_str(),
        "token" => channel.token.as_deref(),
    };
    if first.operation == Operation::Update {
        let names = |change: &Change| {
            let names: Vec<&str> = change
                .fields
                .iter()
                .map(|(name, _)| name.as_str())
                .collect();
            Json::Object(object! { change.id.to_string() => names })
        };
        body.set(
            "affected_fields",
            changes.iter().map(names).collect::<Vec<Json>>(),
        );
    }
    if channel.return_values {
        let values = |change: &Change| {
            let mut values = Object::new();
            for (name, value) in &change.fields {
                values.set(name.as_str(), value.clone());
            }
            Json::Object(object! { "record_id" => change.id.to_string(), "values" => values })
        };
        body.set(
            "affected_values",
            changes.iter().map(values).collect::<Vec<Json>>(),
        );
    }
    Json::Object(body)
}

/// Puts a message for a receiver into the outbox, as the callback policy has it: dropped, once or twice.
pub(crate) fn enqueue(world: &mut World, url: &str, body: &Json) {
    let policy = world.settings.callbacks.clone();
    if world.rng.chance(policy.drop) {
        world.journal.counters.callbacks_dropped += 1;
        return;
    }
    let copies = if world.rng.chance(policy.duplicate) {
        2
    } else {
        1
    };
    let delay = jiff::SignedDuration::try_from(policy.delay()).unwrap_or_default();
    let due = world.now.checked_add(delay).unwrap_or(world.now);
    for _ in 0..copies {
        let callback = Callback {
            url: url.to_owned(),
            body: body.clone(),
            due,
            queued: Instant::now(),
        };
        world.outbox.queue.push_back(callback);
    }
}

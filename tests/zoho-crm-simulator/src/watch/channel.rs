//! A channel: what it listens to, where it reports, until when.

use jiff::{SignedDuration, Timestamp};

use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::records::{Change, Operation};
use crate::world::World;

/// Life of a channel that asks for none, or for too much.
const DEFAULT_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// Longest life a channel may ask for.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
const MOST_EVENTS: usize = 50;
const LONGEST_TOKEN: usize = 256;
const LONGEST_URL: usize = 255;
const VERBS: [&str; 3] = ["create", "edit", "delete"];

/// A live subscription.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    pub(crate) id: String,
    /// Module and verb; `all` is stored as the three verbs.
    pub(crate) events: Vec<(String, String)>,
    pub(crate) notify_url: String,
    pub(crate) token: Option<String>,
    pub(crate) expiry: Timestamp,
    pub(crate) return_values: bool,
    pub(crate) related: bool,
    condition: Option<Json>,
}

/// What a PATCH changes.
pub(super) struct Patch {
    pub(super) channel_id: String,
    events: Vec<(String, String)>,
    remove_events: bool,
    notify_url: Option<String>,
    token: Option<String>,
    expiry: Option<Timestamp>,
    return_values: Option<bool>,
    related: Option<bool>,
    condition: Option<Json>,
}

fn path(index: usize, name: &str) -> String {
    format!("$.watch[{index}].{name}")
}

fn read_id(entry: &Object, index: usize) -> Result<String, Failure> {
    let name = "channel_id";
    let id = entry
        .get(name)
        .filter(|id| !id.is_blank())
        .ok_or_else(|| Failure::mandatory(name, &path(index, name)))?;
    let text = id
        .as_id_text()
        .filter(|text| text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_digit()));
    text.map(str::to_owned)
        .ok_or_else(|| Failure::wrong_type("bigint", name, &path(index, name)))
}

fn read_events(
    world: &World,
    entry: &Object,
    index: usize,
) -> Result<Vec<(String, String)>, Failure> {
    let name = "events";
    let missing = || Failure::mandatory(name, &path(index, name));
    let events = entry
        .get(name)
        .and_then(Json::as_array)
        .filter(|events| !events.is_empty())
        .ok_or_else(missing)?;
    if events.len() > MOST_EVENTS {
        return Err(Failure::limit_exceeded(50, name));
    }
    let mut read: Vec<(String, String)> = Vec::new();
    for (position, event) in events.iter().enumerate() {
        let path = path(index, &format!("{name}[{position}]"));
        let invalid = || {
            Failure::new(
                400,
                "INVALID_DATA",
                "invalid data",
                object! { "api_name" => name, "json_path" => path.as_str() },
            )
        };
        let (module, verb) = event
            .as_str()
            .and_then(|text| text.split_once('.'))
            .ok_or_else(invalid)?;
        if world.module(module).is_err() {
            return Err(invalid());
        }
        let verbs: Vec<&str> = match verb {
            "all" => VERBS.to_vec(),
            verb if VERBS.contains(&verb) => vec![verb],
            _ => return Err(invalid()),
        };
        for verb in verbs {
            let pair = (module.to_owned(), verb.to_owned());
            if !read.contains(&pair) {
                read.push(pair);
            }
        }
    }
    Ok(read)
}

fn read_url(entry: &Object, index: usize) -> Result<String, Failure> {
    let name = "notify_url";
    let missing = || Failure::mandatory(name, &path(index, name));
    let url = entry
        .get(name)
        .filter(|url| !url.is_blank())
        .ok_or_else(missing)?;
    let text = url
        .as_str()
        .ok_or_else(|| Failure::wrong_type("website", name, &path(index, name)))?;
    if text.len() > LONGEST_URL {
        return Err(Failure::too_long(LONGEST_URL, name, &path(index, name)));
    }
    match url::Url::parse(text) {
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") => Ok(text.to_owned()),
        _ => Err(Failure::wrong_type("website", name, &path(index, name))),
    }
}

fn read_token(entry: &Object, index: usize) -> Result<Option<String>, Failure> {
    let name = "token";
    let Some(token) = entry.get(name).filter(|token| !token.is_null()) else {
        return Ok(None);
    };
    let text = token
        .as_str()
        .ok_or_else(|| Failure::wrong_type("text", name, &path(index, name)))?;
    if text.chars().count() > LONGEST_TOKEN {
        return Err(Failure::too_long(LONGEST_TOKEN, name, &path(index, name)));
    }
    Ok(Some(text.to_owned()))
}

/// The effective end: the asked one, or an hour from now if none was asked or it lies beyond a week.
fn read_expiry(world: &World, entry: &Object, index: usize) -> Result<Option<Timestamp>, Failure> {
    let name = "channel_expiry";
    let Some(value) = entry.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let asked = value
        .as_str()
        .and_then(|text| text.parse::<Timestamp>().ok());
    let asked = asked.ok_or_else(|| Failure::wrong_type("datetime", name, &path(index, name)))?;
    if asked <= world.now {
        let details = object! { "api_name" => name, "json_path" => path(index, name) };
        return Err(Failure::new(400, "INVALID_DATA", "invalid data", details));
    }
    let too_long = asked.duration_since(world.now) > LONGEST_LIFE;
    Ok(Some(if too_long {
        default_expiry(world)
    } else {
        asked
    }))
}

fn default_expiry(world: &World) -> Timestamp {
    world.now.checked_add(DEFAULT_LIFE).unwrap_or(world.now)
}

fn read_flag(entry: &Object, name: &str, index: usize) -> Result<Option<bool>, Failure> {
    match entry.get(name).filter(|value| !value.is_null()) {
        None => Ok(None),
        Some(value) => value
            .as_bool()
            .map(Some)
            .ok_or_else(|| Failure::wrong_type("boolean", name, &path(index, name))),
    }
}

fn read_condition(entry: &Object, index: usize) -> Result<Option<Json>, Failure> {
    let name = "notification_condition";
    let Some(value) = entry.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let fits = value
        .as_array()
        .is_some_and(|conditions| conditions.len() <= 2);
    if fits {
        Ok(Some(value.clone()))
    } else {
        Err(Failure::wrong_type("jsonarray", name, &path(index, name)))
    }
}

impl Channel {
    /// Reads a full channel, as POST and PUT carry it.
    pub(super) fn read(world: &World, entry: &Object, index: usize) -> Result<Self, Failure> {
        Ok(Self {
            id: read_id(entry, index)?,
            events: read_events(world, entry, index)?,
            notify_url: read_url(entry, index)?,
            token: read_token(entry, index)?,
            expiry: read_expiry(world, entry, index)?.unwrap_or_else(|| default_expiry(world)),
            return_values: read_flag(entry, "return_affected_field_values", index)?
                .unwrap_or(false),
            related: read_flag(entry, "notify_on_related_action", index)?.unwrap_or(true),
            condition: read_condition(entry, index)?,
        })
    }

    /// Applies a PATCH and returns the message of its answer.
    pub(super) fn apply(&mut self, patch: Patch) -> &'static str {
        if patch.remove_events {
            self.events.retain(|event| !patch.events.contains(event));
            return "Successfully removed the subscribe details";
        }
        self.events = patch.events;
        if let Some(url) = patch.notify_url {
            self.notify_url = url;
        }
        self.token = patch.token.or_else(|| self.token.take());
        self.expiry = patch.expiry.unwrap_or(self.expiry);
        self.return_values = patch.return_values.unwrap_or(self.return_values);
        self.related = patch.related.unwrap_or(self.related);
        self.condition = patch.condition.or_else(|| self.condition.take());
        "Successfully updated the subscribe details"
    }

    /// The modules listened to, each once.
    pub(crate) fn modules(&self) -> Vec<String> {
        let mut modules: Vec<String> = Vec::new();
        for (module, _) in &self.events {
            if !modules.contains(module) {
                modules.push(module.clone());
            }
        }
        modules
    }

    /// The success element of a subscription.
    pub(super) fn subscribed(&self, world: &World, message: &str) -> Json {
        let events: Vec<Json> = self
            .modules()
            .iter()
            .map(|module| {
                Json::Object(object! {
                    "channel_expiry" => world.time_text(self.expiry),
                    "resource_uri" => format!("{}/crm/v2/{module}", world.base_url),
                    "resource_id" => world.schema.any(module).map(|module| module.id.clone()),
                    "resource_name" => module.as_str(),
                    "channel_id" => self.id.as_str(),
                })
            })
            .collect();
        let details = object! { "events" => events };
        Json::Object(
            object! { "code" => "SUCCESS", "details" => details, "message" => message, "status" => "success" },
        )
    }

    /// The channel as GET shows it for one of its modules.
    pub(super) fn render(&self, world: &World, module: &str) -> Json {
        let events: Vec<String> = self
            .events
            .iter()
            .filter(|(other, _)| other == module)
            .map(|(module, verb)| format!("{module}.{verb}"))
            .collect();
        Json::Object(object! {
            "notify_on_related_action" => self.related,
            "channel_expiry" => world.time_text(self.expiry),
            "return_affected_field_values" => self.return_values,
            "resource_uri" => format!("{}/crm/v2/{module}", world.base_url),
            "resource_id" => world.schema.any(module).map(|module| module.id.clone()),
            "resource_name" => module,
            "notify_url" => self.notify_url.as_str(),
            "fields" => Json::Null,
            "notification_condition" => self.condition.clone(),
            "channel_id" => self.id.as_str(),
            "events" => events,
            "token" => self.token.as_deref(),
        })
    }

    /// Whether a change is one the channel reports.
    pub(super) fn wants(&self, world: &World, change: &Change) -> bool {
        let verb = change.operation.event();
        let listens = self
            .events
            .iter()
            .any(|(module, event)| *module == change.module && event == verb);
        listens && (change.operation != Operation::Update || self.condition_holds(world, change))
    }

    /// A field selection lets an edit through only when such fields changed.
    fn condition_holds(&self, world: &World, change: &Change) -> bool {
        let conditions = self
            .condition
            .as_ref()
            .and_then(Json::as_array)
            .unwrap_or_default();
        let of_module = |condition: &&Json| {
            let module = condition.get("module");
            let named = module
                .and_then(|module| module.get("api_name"))
                .and_then(Json::as_str);
            let id = module
                .and_then(|module| module.get("id"))
                .and_then(Json::as_id_text);
            named == Some(change.module.as_str())
                || id.is_some_and(|id| {
                    world
                        .schema
                        .any(&change.module)
                        .is_some_and(|module| module.id == id)
                })
        };
        conditions
            .iter()
            .filter(of_module)
            .filter_map(|condition| condition.get("field_selection"))
            .all(|selection| selection_holds(world, selection, change))
    }
}

fn selection_holds(world: &World, selection: &Json, change: &Change) -> bool {
    if let Some(field) = selection.get("field") {
        let named = field.get("api_name").and_then(Json::as_str);
        let id = field.get("id").and_then(Json::as_id_text);
        let id_of = |name: &str| {
            world
                .schema
                .any(&change.module)
                .and_then(|module| module.field(name))
                .map(|field| field.id.clone())
        };
        return change.fields.iter().any(|(name, _)| {
            named == Some(name) || (id.is_some() && id_of(name).as_deref() == id)
        });
    }
    let group = selection
        .get("group")
        .and_then(Json::as_array)
        .unwrap_or_default();
    let all = selection
        .get("group_operator")
        .and_then(Json::as_str)
        .is_some_and(|word| word.eq_ignore_ascii_case("and"));
    if all {
        group
            .iter()
            .all(|part| selection_holds(world, part, change))
    } else {
        group
            .iter()
            .any(|part| selection_holds(world, part, change))
    }
}

impl Patch {
    pub(super) fn read(world: &World, entry: &Object, index: usize) -> Result<Self, Failure> {
        let remove_events = read_flag(entry, "_delete_events", index)?.unwrap_or(false);
        Ok(Self {
            channel_id: read_id(entry, index)?,
            events: read_events(world, entry, index)?,
            remove_events,
            // Removing events needs no address; every other change does.
            notify_url: if remove_events {
                None
            } else {
                Some(read_url(entry, index)?)
            },
            token: read_token(entry, index)?,
            expiry: read_expiry(world, entry, index)?,
            return_values: read_flag(entry, "return_affected_field_values", index)?,
            related: read_flag(entry, "notify_on_related_action", index)?,
            condition: read_condition(entry, index)?,
        })
    }
}

//! Routes under `/__admin` for tests in other languages and for people at a terminal. They need no token, are not logged,
//! cost nothing and are never struck by faults.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::control::{self, Refusal};
use crate::exchange::{Answer, Call};
use crate::faults::{ActiveFault, Fault};
use crate::json::{Json, object};
use crate::outbox;
use crate::schema::CustomField;
use crate::settings::Settings;
use crate::world::Shared;

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::UnknownModule(_) | Refusal::UnknownRecord { .. } => 404,
            Refusal::Rejected(_) => 400,
        };
        Self::json(status, object! { "error" => refusal.to_string() })
    }
}

fn bad(message: &str) -> Answer {
    Answer::json(400, object! { "error" => message })
}

fn done() -> Answer {
    Answer::json(200, object! { "ok" => true })
}

/// Turns what serde can write into an answer.
fn shown(value: &impl Serialize) -> Answer {
    let text = serde_json::to_string(value).unwrap_or_default();
    Json::parse(&text).map_or_else(|_| bad("cannot be shown"), |json| Answer::json(200, json))
}

/// Serves an admin request.
pub(crate) async fn handle(shared: &Arc<Shared>, call: &Call) -> Answer {
    let path: Vec<&str> = call.segments.iter().skip(1).map(String::as_str).collect();
    match (call.method.as_str(), path.as_slice()) {
        ("GET", ["health"]) => done(),
        ("POST", ["callbacks", "flush"]) => {
            outbox::flush(shared).await;
            shown(&shared.world().journal.counters)
        }
        (_, ["records", rest @ ..]) => records(shared, call, rest).unwrap_or_else(Answer::from),
        (_, ["tokens", ..] | ["grants"]) => tokens(shared, call, &path),
        (_, ["clock"]) => clock(shared, call),
        (_, ["settings"]) => settings(shared, call),
        ("POST", ["views"]) => view(shared, call).unwrap_or_else(Answer::from),
        (_, ["fields"] | ["picklists"] | ["pipelines"]) => fields(shared, call, &path),
        (_, ["faults"]) => faults(shared, call),
        _ => journal(shared, call, &path),
    }
}

fn records(shared: &Arc<Shared>, call: &Call, path: &[&str]) -> Result<Answer, Refusal> {
    let mut world = shared.world();
    let world = &mut *world;
    let answer = match (call.method.as_str(), path) {
        ("GET", [module]) => {
            let records = control::records(world, module)?;
            let rows: Vec<Json> = records
                .into_iter()
                .map(|record| Json::Object(record.into_values()))
                .collect();
            Answer::json(200, rows)
        }
        ("POST", [module]) => match body(call)? {
            Json::Array(rows) => Answer::json(
                201,
                object! { "ids" => control::seed(world, module, &rows)? },
            ),
            row => Answer::json(
                201,
                object! { "ids" => control::seed(world, module, &[row])? },
            ),
        },
        ("POST", [module, "as-user"]) => {
            let id = control::create_as_user(world, module, &body(call)?)?;
            Answer::json(201, object! { "id" => id })
        }
        ("PATCH", [module, id]) => {
            control::edit_as_user(world, module, id, &body(call)?)?;
            done()
        }
        ("DELETE", [module, id]) => {
            control::delete_as_user(world, module, id, call.param("permanent") == Some("true"))?;
            done()
        }
        ("POST", [module, id, "restore"]) => {
            control::restore_as_user(world, module, id)?;
            done()
        }
        _ => return Err(Refusal::Rejected("no such admin route".to_owned())),
    };
    shared.wake.notify_one();
    Ok(answer)
}

fn body(call: &Call) -> Result<Json, Refusal> {
    call.json()
        .map_err(|failure| Refusal::Rejected(failure.message))
}

fn tokens(shared: &Arc<Shared>, call: &Call, path: &[&str]) -> Answer {
    let mut world = shared.world();
    match (call.method.as_str(), path) {
        ("POST", ["tokens", "expire"]) => {
            world.tokens.expire_all();
            done()
        }
        ("POST", ["tokens", "forget-mints"]) => {
            world.tokens.forget_mints();
            done()
        }
        ("POST", ["tokens", "revoke"]) => {
            let body = call.json().unwrap_or_default();
            let token = body
                .get("refresh_token")
                .and_then(Json::as_str)
                .unwrap_or_default();
            if world.tokens.revoke(token) {
                done()
            } else {
                bad("no such refresh token")
            }
        }
        ("GET", ["tokens"]) => Answer::json(
            200,
            object! { "refresh_tokens" => world.tokens.refresh_tokens() },
        ),
        ("POST", ["grants"]) => {
            let code = crate::oauth::grant_code(&mut world, Vec::new());
            Answer::json(201, object! { "code" => code })
        }
        _ => bad("no such admin route"),
    }
}

fn clock(shared: &Arc<Shared>, call: &Call) -> Answer {
    if call.method == http::Method::POST {
        let body = call.json().unwrap_or_default();
        let set = body
            .get("set")
            .and_then(Json::as_str)
            .map(str::parse::<Timestamp>);
        let advance = body.get("advance_seconds").and_then(Json::as_i64);
        match (set, advance) {
            (Some(Ok(instant)), _) => shared.clock.set(instant),
            (None, Some(seconds)) => shared.clock.advance(SignedDuration::from_secs(seconds)),
            _ => return bad("give `set` (an instant) or `advance_seconds`"),
        }
        shared.wake.notify_one();
    }
    Answer::json(200, object! { "now" => shared.clock.now().to_string() })
}

fn settings(shared: &Arc<Shared>, call: &Call) -> Answer {
    let mut world = shared.world();
    if call.method == http::Method::PATCH {
        let Ok(mut merged) = serde_json::to_value(&world.settings) else {
            return bad("settings cannot be read");
        };
        let Ok(patch) = serde_json::from_slice(&call.body) else {
            return bad("the body is not JSON");
        };
        merge(&mut merged, patch);
        match serde_json::from_value::<Settings>(merged) {
            Ok(settings) => world.settings = settings,
            Err(error) => return bad(&error.to_string()),
        }
    }
    shown(&world.settings)
}

/// Merges objects member by member; anything else is replaced.
fn merge(target: &mut serde_json::Value, patch: serde_json::Value) {
    match (target, patch) {
        (serde_json::Value::Object(target), serde_json::Value::Object(patch)) => {
            for (name, value) in patch {
                merge(target.entry(name).or_insert(serde_json::Value::Null), value);
            }
        }
        (target, patch) => *target = patch,
    }
}

fn fields(shared: &Arc<Shared>, call: &Call, path: &[&str]) -> Answer {
    let mut world = shared.world();
    let world = &mut *world;
    let body = call.json().unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Json::as_str).unwrap_or_default();
    let texts = |name: &str| -> Vec<String> {
        let values = body.get(name).and_then(Json::as_array).unwrap_or_default();
        let values = values.iter().filter_map(Json::as_str);
        values.map(str::to_owned).collect()
    };
    let done_or_bad = |done_it: bool| {
        if done_it {
            done()
        } else {
            bad("no such module or field, or an unknown type")
        }
    };
    match (call.method.as_str(), path) {
        ("POST", ["fields"]) => match serde_json::from_slice::<CustomField>(&call.body) {
            Ok(field) => done_or_bad(control::add_field(world, &field)),
            Err(error) => bad(&error.to_string()),
        },
        ("DELETE", ["fields"]) => {
            let name = |name: &str| call.param(name).unwrap_or_default();
            done_or_bad(control::remove_field(
                world,
                name("module"),
                name("api_name"),
            ))
        }
        ("PUT", ["pipelines"]) => {
            let stages = texts("stages");
            let has_both = !stages.is_empty() && !text("name").is_empty();
            if has_both {
                world.schema.set_pipeline(text("name"), &stages);
            }
            done_or_bad(has_both)
        }
        ("PUT", ["picklists"]) => {
            let values = texts("values");
            done_or_bad(
                world
                    .schema
                    .set_picklist(text("module"), text("api_name"), &values),
            )
        }
        _ => bad("no such admin route"),
    }
}

fn view(shared: &Arc<Shared>, call: &Call) -> Result<Answer, Refusal> {
    let body = body(call)?;
    let text = |name: &str| body.get(name).and_then(Json::as_str).unwrap_or_default();
    let mut world = shared.world();
    let id = control::add_view(&mut world, text("module"), text("name"), text("criteria"))?;
    Ok(Answer::json(201, object! { "id" => id }))
}

fn faults(shared: &Arc<Shared>, call: &Call) -> Answer {
    let mut world = shared.world();
    match call.method.as_str() {
        "POST" => match read_fault(call) {
            Ok(fault) => world.faults.push(ActiveFault::new(fault)),
            Err(answer) => return answer,
        },
        "DELETE" => world.faults.clear(),
        _ => {}
    }
    let faults: Vec<&Fault> = world.faults.iter().map(|active| &active.fault).collect();
    shown(&faults)
}

/// Reads a fault. A misspelt name must not leave a fault that strikes other requests than meant.
fn read_fault(call: &Call) -> Result<Fault, Answer> {
    const NAMES: [&str; 10] = [
        "kind",
        "millis",
        "status",
        "html",
        "after_effect",
        "method",
        "path",
        "nth",
        "times",
        "probability",
    ];
    let body = call.json()?;
    let members = body
        .as_object()
        .ok_or_else(|| bad("a fault is a JSON object"))?;
    if let Some((name, _)) = members.iter().find(|(name, _)| !NAMES.contains(name)) {
        return Err(bad(&format!("a fault has no `{name}`")));
    }
    serde_json::from_slice(&call.body).map_err(|error| bad(&error.to_string()))
}

fn journal(shared: &Arc<Shared>, call: &Call, path: &[&str]) -> Answer {
    let mut world = shared.world();
    match (call.method.as_str(), path) {
        ("GET", ["counters"]) => shown(&world.journal.counters),
        ("DELETE", ["counters"]) => {
            world.journal.counters = crate::journal::Counters::default();
            done()
        }
        ("GET", ["log"]) => shown(&world.journal.log),
        ("DELETE", ["log"]) => {
            world.journal.log.clear();
            done()
        }
        ("GET", ["channels"]) => {
            let ids: Vec<&String> = world.channels.keys().collect();
            Answer::json(200, object! { "channel_ids" => ids })
        }
        _ => Answer::json(404, object! { "error" => "no such admin route" }),
    }
}

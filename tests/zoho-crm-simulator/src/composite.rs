//! Composite requests: up to five requests in one (reference: zoho-crm-v8 section 9.1).

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::dispatch::{body_bytes, carry_out_inner};
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::rows;
use crate::world::World;

/// Most requests.
const MOST_REQUESTS: usize = 5;

/// One of the requests, checked.
struct SubRequest {
    id: String,
    method: Method,
    entry: Object,
}

/// `POST /__composite_requests`.
pub(crate) fn handle(world: &mut World, body: &Json, call: &Call) -> Result<Answer, Failure> {
    let key = "__composite_requests";
    let flag = |names: [&str; 2]| {
        let given = names.iter().find_map(|name| body.get(name));
        given.and_then(Json::as_bool)
    };
    let rollback = flag(["rollback_on_fail", ""]) == Some(true);
    // The documents disagree on the name of the switch.
    let parallel = flag(["parallel_execution", "concurrent_execution"]);
    if rollback && parallel == Some(true) {
        let due_to: Vec<Object> = ["rollback_on_fail", "parallel_execution"]
            .iter()
            .map(|name| object! { "api_name" => *name, "json_path" => format!("$.{name}") })
            .collect();
        let message = "a parallel execution cannot be rolled back";
        let details = object! { "ambiguity_due_to" => due_to };
        return Err(Failure::new(
            400,
            "AMBIGUITY_DURING_PROCESSING",
            message,
            details,
        ));
    }
    let entries = body.get(key).and_then(Json::as_array).unwrap_or_default();
    if entries.len() > MOST_REQUESTS {
        let details = object! { "api_name" => key, "json_path" => format!("$.{key}"), "maximum_length" => MOST_REQUESTS };
        return Err(Failure::new(400, "INVALID_DATA", "invalid data", details));
    }
    let requests = read(rows::entries(body, key, MOST_REQUESTS)?)?;
    let saved = rollback.then(|| world.store.clone());
    let mut results: Vec<(String, Result<Json, Failure>)> = Vec::new();
    let mut broken = None;
    for (index, request) in requests.iter().enumerate() {
        let result = run(world, call, request, &results);
        let failed = match &result {
            Ok(response) => !is_success(response),
            Err(_) => true,
        };
        results.push((request.id.clone(), result));
        if failed && rollback {
            broken = Some(index);
            break;
        }
    }
    if let (Some(index), Some(saved)) = (broken, saved) {
        world.store = saved;
        undo(&mut results, index, &requests);
    }
    let failed = results.iter().filter(|(_, result)| result.is_err()).count();
    let total = results.len();
    let elements: Vec<Json> = results
        .into_iter()
        .map(|(_, result)| match result {
            Ok(response) => rows::success(
                object! { "response" => response },
                "composite sub request executed successfully",
            ),
            Err(failure) => failure.to_json(),
        })
        .collect();
    let status = match failed {
        0 => 200,
        failed if failed == total => 400,
        _ => 207,
    };
    Ok(Answer::json(status, object! { key => elements }))
}

fn read(entries: Vec<Object>) -> Result<Vec<SubRequest>, Failure> {
    let mut requests: Vec<SubRequest> = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let path = |name: &str| format!("$.__composite_requests[{index}].{name}");
        let id = match entry.get("sub_request_id") {
            Some(id) => id.as_str().unwrap_or_default().to_owned(),
            None => (index + 1).to_string(),
        };
        let mut letters = id.chars();
        let first = letters
            .next()
            .is_some_and(|letter| letter.is_ascii_alphanumeric());
        if !first || !letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
            let details = object! {
                "api_name" => "sub_request_id", "json_path" => path("sub_request_id"), "regex" => "[a-zA-Z0-9][a-zA-Z0-9_]*",
            };
            return Err(Failure::new(400, "INVALID_DATA", "invalid data", details));
        }
        if requests.iter().any(|other| other.id == id) {
            let details =
                object! { "api_name" => "sub_request_id", "json_path" => path("sub_request_id") };
            return Err(Failure::new(
                400,
                "DUPLICATE_DATA",
                "duplicate data",
                details,
            ));
        }
        let method = entry.get("method").and_then(Json::as_str);
        let method = method.ok_or_else(|| Failure::mandatory("method", &path("method")))?;
        let known = ["GET", "POST", "PUT", "PATCH", "DELETE"];
        let method = known
            .contains(&method)
            .then(|| Method::from_bytes(method.as_bytes()));
        let method = method.and_then(Result::ok);
        let method =
            method.ok_or_else(|| Failure::wrong_type("string", "method", &path("method")))?;
        if entry.get("uri").and_then(Json::as_str).is_none() {
            return Err(Failure::mandatory("uri", &path("uri")));
        }
        requests.push(SubRequest { id, method, entry });
    }
    Ok(requests)
}

fn is_success(response: &Json) -> bool {
    let status = response.get("status_code").and_then(Json::as_i64);
    status.is_some_and(|status| (200..300).contains(&status) && status != 207)
}

/// After a failure everything that was done is undone, and every other request says so.
fn undo(
    results: &mut Vec<(String, Result<Json, Failure>)>,
    broken: usize,
    requests: &[SubRequest],
) {
    let rolled_back = || {
        let message = "the request was rolled back";
        let details = object! { "rollbacked_by_sub_request_index" => broken };
        Failure::new(400, "ROLLBACK_PERFORMED", message, details)
    };
    for (index, (_, result)) in results.iter_mut().enumerate() {
        if index != broken {
            *result = Err(rolled_back());
        }
    }
    for request in requests.iter().skip(results.len()) {
        let message = "the request was not processed";
        let failure = Failure::new(400, "PROCESSING_STOPPED", message, object! {});
        results.push((request.id.clone(), Err(failure)));
    }
}

/// Runs one request with the token of the whole.
fn run(
    world: &mut World,
    outer: &Call,
    request: &SubRequest,
    done: &[(String, Result<Json, Failure>)],
) -> Result<Json, Failure> {
    let resolved = resolve(&Json::Object(request.entry.clone()), done)?;
    let uri = resolved
        .get("uri")
        .and_then(Json::as_str)
        .unwrap_or_default();
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let mut query = query.to_owned();
    let params = resolved.get("params").and_then(Json::as_object);
    for (name, value) in params.into_iter().flat_map(Object::iter) {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let pair = url::form_urlencoded::Serializer::new(String::new())
            .append_pair(name, &text)
            .finish();
        query = if query.is_empty() {
            pair
        } else {
            format!("{query}&{pair}")
        };
    }
    let mut headers = HeaderMap::new();
    if let Some(token) = outer.headers.get("authorization") {
        headers.insert("authorization", token.clone());
    }
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let given = resolved.get("headers").and_then(Json::as_object);
    for (name, value) in given.into_iter().flat_map(Object::iter) {
        let name = HeaderName::try_from(name);
        let value = value.as_str().map(HeaderValue::try_from);
        if let (Ok(name), Some(Ok(value))) = (name, value) {
            headers.insert(name, value);
        }
    }
    let body = resolved.get("body").filter(|body| !body.is_null());
    let body = body
        .map(|body| Bytes::from(body.to_string()))
        .unwrap_or_default();
    let path = if path.starts_with("/crm/") {
        path.to_owned()
    } else {
        format!("/crm{path}")
    };
    let call = Call::new(request.method.clone(), &path, &query, headers, body);
    let answer = carry_out_inner(world, &call)?;
    let mut shown = Object::new();
    for (name, value) in &answer.headers {
        shown.set(*name, value.as_str());
    }
    let body = match body_bytes(&answer.body) {
        Some((bytes, _)) => Json::parse(&String::from_utf8_lossy(&bytes)).unwrap_or_default(),
        None => Json::Null,
    };
    Ok(Json::Object(
        object! { "headers" => shown, "body" => body, "status_code" => answer.status },
    ))
}

/// Replaces `@{1:$.data[0].details.id}` by the value of an earlier answer.
fn resolve(value: &Json, done: &[(String, Result<Json, Failure>)]) -> Result<Json, Failure> {
    Ok(match value {
        Json::String(text) => Json::String(resolve_text(text, done)?),
        Json::Array(items) => Json::Array(
            items
                .iter()
                .map(|item| resolve(item, done))
                .collect::<Result<_, _>>()?,
        ),
        Json::Object(members) => {
            let mut resolved = Object::new();
            for (name, value) in members.iter() {
                resolved.set(name, resolve(value, done)?);
            }
            Json::Object(resolved)
        }
        other => other.clone(),
    })
}

fn resolve_text(text: &str, done: &[(String, Result<Json, Failure>)]) -> Result<String, Failure> {
    let mut resolved = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@{") {
        let Some((reference, after)) = after.split_once('}') else {
            break;
        };
        resolved.push_str(before);
        let found = reference.split_once(':').and_then(|(id, path)| {
            let (_, result) = done.iter().find(|(other, _)| other == id)?;
            look_up(result.as_ref().ok()?.get("body")?, path)
        });
        let Some(found) = found else {
            let details = object! { "api_name" => "reference", "json_path" => "$.__composite_requests", "reference" => reference };
            return Err(Failure::new(
                400,
                "INVALID_REFERENCE",
                "invalid reference",
                details,
            ));
        };
        resolved.push_str(&found);
        rest = after;
    }
    resolved.push_str(rest);
    Ok(resolved)
}

/// `$.data[0].details.id`.
fn look_up(body: &Json, path: &str) -> Option<String> {
    let mut value = body;
    for part in path.strip_prefix("$.")?.split('.') {
        let (name, indexes) = match part.split_once('[') {
            Some((name, indexes)) => (name, Some(indexes)),
            None => (part, None),
        };
        value = value.get(name)?;
        for index in indexes.into_iter().flat_map(|indexes| indexes.split('[')) {
            let index: usize = index.strip_suffix(']')?.parse().ok()?;
            value = value.as_array()?.get(index)?;
        }
    }
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Null => None,
        other => Some(other.to_string()),
    }
}

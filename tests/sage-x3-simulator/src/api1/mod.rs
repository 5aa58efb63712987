//! `/api1/x3/erp/<endpoint>/<class>`: REST onto X3's classes (reference: 4).

pub(crate) mod class;
mod condition;
mod query;
mod render;
pub(crate) mod write;

use std::sync::Arc;

use axum::extract::{Request, State as Shared_};
use axum::response::Response;
use bytes::Bytes;
use http::Method;
use http::request::Parts;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use crate::answer::Answer;
use crate::auth::{authenticate, user_code};
use crate::call::{self, Arrived, Call, header, taken};
use crate::diagnose::Severity;
use crate::faults::{RequestKind, RequestShape};
use crate::json::Json;
use crate::record::{Record, View};
use crate::resolve::Tally;
use crate::settings::{MissingRecord, Settings};
use crate::state::{Shared, State};
use crate::store::Row;

use class::Class;

/// Path below the server that all classes of all endpoints stand under.
const ROOT: &str = "/api1/x3/erp/";

/// What a URL means.
struct Target {
    endpoint: String,
    class: String,
    place: Place,
    representation: String,
    facet: String,
    parameters: Vec<(String, String)>,
}

enum Place {
    Class,
    Record(String),
    Prototype,
    Template,
}

impl Target {
    fn parse(parts: &Parts) -> Option<Self> {
        let path = parts.uri.path().strip_prefix(ROOT)?;
        let (endpoint, rest) = path.split_once('/')?;
        let parameters: Vec<(String, String)> = parts
            .uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (
                    decoded(&name.replace('+', " ")),
                    decoded(&value.replace('+', " ")),
                )
            })
            .collect();
        let named = parameters
            .iter()
            .find(|(name, _)| name == "representation")
            .map(|(_, value)| value.clone())
            .unwrap_or_default();
        // A key may hold a slash, encoded: the path is split before it is decoded.
        let (first, second) = match rest.split_once('/') {
            Some((first, second)) => (decoded(first), Some(decoded(second))),
            None => (decoded(rest), None),
        };
        let (class, place, named) = match (first.split_once("('"), second.as_deref()) {
            (Some((class, key)), None) => {
                let key = key.strip_suffix("')")?.replace("''", "'");
                (class.to_owned(), Place::Record(key), named)
            }
            (None, None) => (first, Place::Class, named),
            (None, Some("$template")) => (first, Place::Template, named),
            (None, Some(rest)) => {
                let of = rest.strip_prefix("$prototypes('")?.strip_suffix("')")?;
                (first, Place::Prototype, of.to_owned())
            }
            (Some(_), Some(_)) => return None,
        };
        let (representation, facet) = named.split_once(".$").unwrap_or((named.as_str(), ""));
        Some(Self {
            endpoint: decoded(endpoint),
            class,
            place,
            representation: representation.to_owned(),
            facet: facet.to_owned(),
            parameters,
        })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn operation(&self, method: &Method) -> String {
        let what = match (&self.place, method) {
            (_, &Method::POST) => "create",
            (_, &Method::PUT) => "update",
            (_, &Method::DELETE) => "delete",
            (Place::Class, _) => "query",
            (Place::Record(_), _) => "read",
            (Place::Prototype, _) => "prototype",
            (Place::Template, _) => "template",
        };
        format!("{}.{what}", self.class)
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Serves one request below `/api1`, faults included.
pub(crate) async fn serve(Shared_(shared): Shared_<Shared>, request: Request) -> Response {
    let (parts, body) = taken(request).await;
    let target = Target::parse(&parts);
    let reads = parts.method == Method::GET;
    let arrived = Arrived {
        parts: &parts,
        bytes_in: body.len(),
        endpoint: target.as_ref().map(|target| target.endpoint.clone()),
        shape: RequestShape {
            path: parts.uri.path().to_owned(),
            kind: Some(if reads {
                RequestKind::Query
            } else {
                RequestKind::Mutation
            }),
            operation_name: None,
            calls: target
                .iter()
                .map(|target| target.operation(&parts.method))
                .collect(),
        },
    };
    call::serve(&shared, arrived, |call| {
        run(call, &shared, &parts, target.as_ref(), &body)
    })
    .await
}

/// One request with what it may look at.
struct Api1<'a> {
    target: &'a Target,
    class: Class,
    view: View<'a>,
    /// `http://host/api1/x3/erp/<endpoint>`
    base: String,
}

fn run(
    call: &mut Call,
    shared: &Shared,
    parts: &Parts,
    target: Option<&Target>,
    body: &Bytes,
) -> Answer {
    let mut state = shared.lock();
    let settings = Arc::clone(&state.settings);
    let login = match login(&settings, parts, call.at) {
        Ok(login) => login,
        Err(text) => return Answer::plain_or_html(401, &text),
    };
    call.user = Some(login.clone());
    let Some(target) = target else {
        return problem(404, "Resource not found");
    };
    if !state.endpoints.contains_key(&target.endpoint) {
        return problem(404, &format!("Endpoint {} not found", target.endpoint));
    }
    let Some(class) = Class::find(&target.class, &state.model, &settings) else {
        return problem(404, &format!("Class {} not found", target.class));
    };
    if !class.has_representation(&target.representation) {
        let message = format!(
            "Representation {} does not belong to class {}",
            target.representation, target.class
        );
        return problem(400, &message);
    }
    let host = header(&parts.headers, "host").unwrap_or("localhost");
    let base = format!("http://{host}{ROOT}{}", target.endpoint);
    match parts.method {
        Method::GET => get(call, &mut state, target, class, base),
        Method::POST | Method::PUT | Method::DELETE => {
            let user = user_code(&login);
            let now = shared.stamp(&settings);
            let writing = write::Writing {
                target,
                class,
                base,
                user: &user,
                now,
                warning: call.warning(&settings),
            };
            writing.run(&mut call.tally, &mut state, &parts.method, body)
        }
        _ => problem(405, "Method not allowed"),
    }
}

fn login(settings: &Settings, parts: &Parts, now: Timestamp) -> Result<String, String> {
    let header = header(&parts.headers, "authorization");
    let basic = header.is_some_and(|header| header.to_ascii_lowercase().starts_with("basic "));
    if (basic && !settings.api1_basic) || (!basic && !settings.api1_bearer) {
        return Err("Authentication failed".to_owned());
    }
    authenticate(settings, header, now).map_err(|denied| denied.0)
}

fn get(call: &mut Call, state: &mut State, target: &Target, class: Class, base: String) -> Answer {
    let State {
        settings,
        model,
        endpoints,
        ..
    } = state;
    let Some(endpoint) = endpoints.get_mut(&target.endpoint) else {
        return problem(404, "Endpoint not found");
    };
    let api1 = Api1 {
        target,
        class,
        view: View {
            store: &endpoint.store,
            model,
            settings,
        },
        base,
    };
    match &target.place {
        Place::Class if target.facet == "query" || target.facet == "lookup" => {
            api1.query(&mut endpoint.listings, &mut call.tally)
        }
        Place::Record(key) if matches!(target.facet.as_str(), "details" | "edit" | "summary") => {
            api1.details(key, &mut call.tally)
        }
        Place::Prototype => api1.prototype(),
        Place::Template if target.facet == "create" => api1.template(),
        _ => problem(400, &format!("Facet ${} is not allowed here", target.facet)),
    }
}

impl Api1<'_> {
    /// The record of a key written with `~`.
    fn find(&self, key: &str) -> Option<Record> {
        let wanted = key.replace('~', "|");
        self.view.by_key(&self.class.node, &wanted)
    }

    fn details(&self, key: &str, tally: &mut Tally) -> Answer {
        match self.find(key) {
            Some(record) => {
                tally.rows += 1;
                self.answer(200, &self.record(&record, true))
            }
            None => missing(self.view.settings),
        }
    }

    fn answer(&self, status: u16, body: &Json) -> Answer {
        Answer::json(status, &printed(body, self.view.settings))
    }
}

/// The text of an answer; a server with the known fault leaves backslashes of texts unescaped (reference: 4.3).
fn printed(body: &Json, settings: &Settings) -> String {
    let text = body.print();
    if settings.api1_stray_backslashes {
        text.replace("\\\\", "\\")
    } else {
        text
    }
}

fn missing(settings: &Settings) -> Answer {
    let status = match settings.api1_missing_record {
        MissingRecord::DiagnosesWith200 => 200,
        MissingRecord::NotFound => 404,
    };
    problem(status, "721 : Record does not exist")
}

/// An answer that holds nothing but an error.
fn problem(status: u16, message: &str) -> Answer {
    let diagnoses = Json::Array(vec![diagnose(Severity::Error, message)]);
    Answer::json(status, &Json::object([("$diagnoses", diagnoses)]).print())
}

fn diagnose(severity: Severity, message: &str) -> Json {
    let severity = match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    Json::object([
        ("$severity", Json::text(severity)),
        ("$message", Json::text(message)),
    ])
}

/// A record without any value.
fn empty_record(class: &Class) -> Record {
    Record {
        node: Arc::clone(&class.node),
        key: Arc::from(""),
        row: Arc::new(Row::new(Timestamp::UNIX_EPOCH, "")),
    }
}

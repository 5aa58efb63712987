//! `POST /xtrem/api`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State as Shared_};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use crate::answer::{Answer, html_escaped};
use crate::auth::{authenticate, user_code};
use crate::call::{self, Arrived, Call, header, taken};
use crate::faults::{Effect, RequestKind, RequestShape};
use crate::graphql::ast::{Document, Field, OperationKind, Selection};
use crate::graphql::error::GraphqlError;
use crate::graphql::execute::{Outcome, choose_operation, execute};
use crate::graphql::parser::parse;
use crate::graphql::validate::validate;
use crate::json::{Json, parse_strict};
use crate::resolve::{Object, Tally, X3};
use crate::state::{Shared, State};

/// A request's body as far as it could be read.
pub(crate) struct Envelope {
    body: Result<Json, String>,
    document: Option<Result<Document, GraphqlError>>,
    pub(crate) shape: RequestShape,
}

/// Serves one GraphQL request, faults included.
pub(crate) async fn serve(Shared_(shared): Shared_<Shared>, request: Request) -> Response {
    let (parts, body) = taken(request).await;
    let envelope = Envelope::read(&parts, &body);
    let endpoint = header(&parts.headers, "x-xtrem-endpoint").map(ToOwned::to_owned);
    let arrived = Arrived {
        parts: &parts,
        bytes_in: body.len(),
        endpoint,
        shape: envelope.shape.clone(),
    };
    call::serve(&shared, arrived, |call| {
        call.run(&shared, &parts.headers, &envelope)
    })
    .await
}

impl Envelope {
    pub(crate) fn read(parts: &Parts, body: &Bytes) -> Self {
        let mut shape = RequestShape {
            path: parts.uri.path().to_owned(),
            ..RequestShape::default()
        };
        let is_json = header(&parts.headers, "content-type")
            .is_some_and(|ty| ty.starts_with("application/json"));
        // The body parser leaves other types alone, so the server sees an empty object.
        let text = if is_json {
            String::from_utf8_lossy(body).into_owned()
        } else {
            "{}".to_owned()
        };
        let body = match parse_strict(&text) {
            Ok(json @ (Json::Object(_) | Json::Array(_))) => Ok(json),
            Ok(_) => Err(format!(
                "Unexpected token {} in JSON at position 0",
                text.trim_start().chars().next().unwrap_or(' ')
            )),
            Err(error) => Err(error.to_string()),
        };
        let text = body
            .as_ref()
            .ok()
            .and_then(|body| body.get("query"))
            .and_then(Json::as_str);
        let document = text.map(parse);
        let given_name = body
            .as_ref()
            .ok()
            .and_then(|body| body.get("operationName"))
            .and_then(Json::as_str);
        if let Some(Ok(document)) = &document
            && let Ok(operation) = choose_operation(document, given_name)
        {
            shape.operation_name.clone_from(&operation.name);
            shape.kind = Some(match operation.kind {
                OperationKind::Mutation => RequestKind::Mutation,
                _ => RequestKind::Query,
            });
            shape.calls = calls(&operation.selection);
        }
        Self {
            body,
            document,
            shape,
        }
    }
}

/// `node.operation` of everything below the packages.
fn calls(selection: &[Selection]) -> Vec<String> {
    let mut out = Vec::new();
    for package in fields(selection) {
        for node in fields(&package.selection) {
            for operation in fields(&node.selection) {
                out.push(format!("{}.{}", node.name, operation.name));
            }
        }
    }
    out
}

fn fields(selection: &[Selection]) -> Vec<&Field> {
    let mut out = Vec::new();
    for selected in selection {
        match selected {
            Selection::Field(field) => out.push(field),
            Selection::Inline { selection, .. } => out.extend(fields(selection)),
            Selection::Spread { .. } => {}
        }
    }
    out
}

impl Call {
    fn run(&mut self, shared: &Shared, headers: &HeaderMap, envelope: &Envelope) -> Answer {
        let mut state = shared.lock();
        let settings = Arc::clone(&state.settings);
        let login = match authenticate(&settings, header(headers, "authorization"), self.at) {
            Ok(login) => login,
            Err(denied) => return Answer::plain_or_html(401, &denied.0),
        };
        self.user = Some(login.clone());
        if let Err(problem) = &envelope.body {
            return malformed(problem);
        }
        let name = header(headers, "x-xtrem-endpoint").unwrap_or_default();
        if !state.endpoints.contains_key(name) {
            let message = if name.is_empty() {
                "Header x-xtrem-endpoint is missing: it must name an endpoint of this server"
                    .to_owned()
            } else {
                format!("Endpoint {name} does not exist on this server")
            };
            return refusal(
                settings.endpoint_error_status,
                &[GraphqlError::new(message)],
            );
        }
        self.graphql(&mut state, shared, name, &user_code(&login), envelope)
    }

    /// Executes a document on an endpoint that exists.
    pub(crate) fn graphql(
        &mut self,
        state: &mut State,
        shared: &Shared,
        endpoint: &str,
        user: &str,
        envelope: &Envelope,
    ) -> Answer {
        let body = match &envelope.body {
            Ok(body) => body,
            Err(problem) => return malformed(problem),
        };
        let document = match &envelope.document {
            Some(Ok(document)) => document,
            Some(Err(error)) => return refusal(400, std::slice::from_ref(error)),
            None => return refusal(400, &[GraphqlError::new("Must provide query string.")]),
        };
        self.execute(state, shared, endpoint, user, document, body)
    }

    fn execute(
        &mut self,
        state: &mut State,
        shared: &Shared,
        endpoint: &str,
        user: &str,
        document: &Document,
        body: &Json,
    ) -> Answer {
        let schema = Arc::clone(&state.schema);
        let broken_rules = validate(&schema, document);
        if !broken_rules.is_empty() {
            return refusal(400, &broken_rules);
        }
        let name = body.get("operationName").and_then(Json::as_str);
        let operation = match choose_operation(document, name) {
            Ok(operation) => operation,
            Err(error) => return refusal(400, &[error]),
        };
        let State {
            settings,
            model,
            activation,
            endpoints,
            ..
        } = state;
        let Some(endpoint) = endpoints.get_mut(endpoint) else {
            return refusal(
                settings.endpoint_error_status,
                &[GraphqlError::new("Endpoint does not exist")],
            );
        };
        let denied: Vec<String> = self
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::NoRights { node } => Some(node.clone()),
                _ => None,
            })
            .collect();
        let mut resolver = X3 {
            endpoint,
            model,
            settings,
            activation,
            now: shared.stamp(settings),
            user,
            denied: &denied,
            warning: self.warning(settings),
            diagnoses: Vec::new(),
            tally: Tally::default(),
        };
        let root = Object::Root {
            mutation: operation.kind == OperationKind::Mutation,
        };
        let variables = body.get("variables").unwrap_or(&Json::Null);
        let outcome = execute(&schema, document, operation, variables, root, &mut resolver);
        self.tally = resolver.tally;
        match outcome {
            Outcome::Refused(errors) => refusal(400, &errors),
            Outcome::Executed { data, errors } => executed(data, &errors, resolver.diagnoses),
        }
    }
}

fn errors_json(errors: &[GraphqlError]) -> Json {
    Json::Array(errors.iter().map(GraphqlError::to_json).collect())
}

fn refusal(status: u16, errors: &[GraphqlError]) -> Answer {
    let body = Json::object([
        ("errors", errors_json(errors)),
        ("extensions", Json::object([])),
    ]);
    Answer::json(status, &body.print())
}

fn executed(data: Json, errors: &[GraphqlError], diagnoses: Vec<Json>) -> Answer {
    let mut members = vec![("data".to_owned(), data)];
    if !errors.is_empty() {
        members.push(("errors".to_owned(), errors_json(errors)));
    }
    members.push((
        "extensions".to_owned(),
        Json::object([("diagnoses", Json::Array(diagnoses))]),
    ));
    Answer::json(200, &Json::Object(members).print())
}

/// The page the server's body parser answers a broken body with.
fn malformed(problem: &str) -> Answer {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>SyntaxError: {}<br> &nbsp; &nbsp;at JSON.parse (&lt;anonymous&gt;)</pre>\n</body>\n</html>\n",
        html_escaped(problem)
    );
    Answer::plain_or_html(400, &page)
}

/// Anything else under this server: what its web framework answers.
pub(crate) async fn nothing_here(request: Request<Body>) -> Response {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot {} {}</pre>\n</body>\n</html>\n",
        request.method(),
        html_escaped(request.uri().path())
    );
    Answer::plain_or_html(StatusCode::NOT_FOUND.as_u16(), &page).into_response()
}

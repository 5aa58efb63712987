//! The multi-tenant cloud's gateway (reference: 2.2): discovery, pairing, tokens, folders, GraphQL.

pub(crate) mod callback;
pub(crate) mod pairing;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State as Shared_};
use axum::response::Response;
use axum::routing::{any, get};
use bytes::Bytes;
use http::Method;
use http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::answer::Answer;
use crate::api::Envelope;
use crate::auth::user_code;
use crate::call::{self, Arrived, Call, header, taken};
use crate::faults::RequestShape;
use crate::json::{Json, parse_strict};
use crate::settings::{CloudGateway, Settings};
use crate::state::{Shared, State};

use pairing::Asked;
use token::Access;

/// Routes under `/v1`.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1", get(serve))
        .route("/v1/{*path}", any(serve))
}

async fn serve(Shared_(shared): Shared_<Shared>, request: Request) -> Response {
    let (parts, body) = taken(request).await;
    let service = service_folder(parts.uri.path());
    let envelope = service.is_some().then(|| Envelope::read(&parts, &body));
    let shape = match &envelope {
        Some(envelope) => envelope.shape.clone(),
        None => RequestShape {
            path: parts.uri.path().to_owned(),
            calls: vec![format!(
                "gateway.{}",
                parts.uri.path().trim_start_matches("/v1/")
            )],
            ..RequestShape::default()
        },
    };
    let arrived = Arrived {
        parts: &parts,
        bytes_in: body.len(),
        endpoint: service.map(str::to_owned),
        shape,
    };
    call::serve(&shared, arrived, |call| {
        run(call, &shared, &parts, envelope.as_ref(), &body)
    })
    .await
}

/// `X3CLOUDV2_SEED` of `/v1/service/X3CLOUDV2_SEED/api`.
fn service_folder(path: &str) -> Option<&str> {
    path.strip_prefix("/v1/service/")?.strip_suffix("/api")
}

/// An error of the gateway itself.
fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(
        status,
        &Json::object([("message", Json::text(message))]).print(),
    )
}

fn unauthorised() -> Answer {
    refusal(401, "Unauthorised")
}

fn run(
    call: &mut Call,
    shared: &Shared,
    parts: &Parts,
    envelope: Option<&Envelope>,
    body: &Bytes,
) -> Answer {
    let mut state = shared.lock();
    let settings = Arc::clone(&state.settings);
    let Some(gateway) = &settings.cloud else {
        return refusal(404, "Not found");
    };
    let base = format!(
        "http://{}/v1",
        header(&parts.headers, "host").unwrap_or("localhost")
    );
    let path = parts.uri.path().strip_prefix("/v1").unwrap_or_default();
    match (&parts.method, path) {
        (&Method::GET, "" | "/") => root(&base),
        (&Method::GET, "/token/authorise") => authorise(&mut state, gateway, parts),
        (&Method::POST, "/token") => tokens(call, &mut state, gateway, parts, body),
        (&Method::DELETE, "/token") => delete_token(call, &mut state, gateway, body),
        (&Method::GET, "/folders") => match access(call, gateway, parts) {
            Some(access) => folders(&base, gateway, &access),
            None => unauthorised(),
        },
        _ => match (envelope, service_folder(parts.uri.path())) {
            (Some(envelope), Some(service)) if parts.method == Method::POST => {
                let Some(access) = access(call, gateway, parts) else {
                    return unauthorised();
                };
                graphql(
                    call,
                    shared,
                    &mut state,
                    &settings,
                    envelope,
                    (service, &access),
                )
            }
            _ => refusal(404, "Not found"),
        },
    }
}

/// The links of the root, which needs no token.
fn root(base: &str) -> Answer {
    let link = |path: &str| Json::text(format!("{base}{path}"));
    let body = Json::object([
        (
            "customerAccess",
            Json::object([
                ("authorise", link("/token/authorise")),
                ("token", link("/token")),
            ]),
        ),
        (
            "customerUsage",
            Json::object([
                ("folder", link("/folders")),
                ("graphQL", link("/service/{endPoint}/api")),
                ("dataIngestion", link("/dataingestion/{folderName}")),
                ("dataDelivery", link("/datadelivery/{folderName}")),
            ]),
        ),
        ("apiDoc", link("/swagger")),
        ("businessDomains", Json::Array(vec![Json::text("ALL")])),
    ]);
    Answer::json(200, &body.print())
}

/// The page on which a user of the customer would be asked; the request waits until somebody accepts it.
fn authorise(state: &mut State, gateway: &CloudGateway, parts: &Parts) -> Answer {
    let query = parts.uri.query().unwrap_or_default();
    let parameter = |wanted: &str| {
        query.split('&').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let value = value.replace('+', " ");
            (name == wanted && !value.is_empty())
                .then(|| percent_decode_str(&value).decode_utf8_lossy().into_owned())
        })
    };
    let asked = ["client_id", "scope", "customer", "redirect_uri", "state"].map(parameter);
    let [
        Some(client_id),
        Some(scope),
        Some(customer),
        Some(redirect_uri),
        Some(state_text),
    ] = asked
    else {
        return refusal(400, "Missing required request parameters");
    };
    if client_id != gateway.client_id {
        return refusal(403, "Unknown application");
    }
    if !gateway.active {
        return refusal(403, "The application is disabled");
    }
    if customer != gateway.customer {
        return refusal(404, "Could not associate the customer");
    }
    state.cloud.ask(Asked {
        scope,
        redirect_uri,
        state: state_text,
    });
    Answer::plain_or_html(
        200,
        "<!DOCTYPE html><html><body>The pairing request waits for acceptance.</body></html>",
    )
}

fn object(parts: &Parts, body: &Bytes) -> Option<Json> {
    let json = header(&parts.headers, "content-type")?.starts_with("application/json");
    let parsed = parse_strict(&String::from_utf8_lossy(body)).ok()?;
    (json && matches!(parsed, Json::Object(_))).then_some(parsed)
}

/// `POST /v1/token` with a JSON body.
fn tokens(
    call: &Call,
    state: &mut State,
    gateway: &CloudGateway,
    parts: &Parts,
    body: &Bytes,
) -> Answer {
    let missing = || refusal(400, "Missing required request parameters");
    let Some(body) = object(parts, body) else {
        return missing();
    };
    let member = |name: &str| body.get(name).and_then(Json::as_str);
    let (Some(grant), Some(client_id), Some(secret)) = (
        member("grant_type"),
        member("client_id"),
        member("client_secret"),
    ) else {
        return missing();
    };
    if client_id != gateway.client_id || secret != gateway.client_secret {
        return unauthorised();
    }
    if !gateway.active {
        return refusal(403, "The application is disabled");
    }
    let issued = match grant {
        "authorization_code" => {
            let (Some(code), Some(redirect_uri)) = (member("code"), member("redirect_uri")) else {
                return missing();
            };
            state.cloud.exchange(code, redirect_uri, gateway, call.at)
        }
        "refresh_token" => {
            let Some(token) = member("refresh_token") else {
                return missing();
            };
            let Some(jti) = token::refresh_id(gateway, token, call.at) else {
                return unauthorised();
            };
            state.cloud.rotate(&jti, gateway)
        }
        _ => return refusal(400, "Invalid grant type"),
    };
    match issued {
        Ok(grant) => Answer::json(200, &token::answer(gateway, &grant, call.at).print()),
        Err((401, _)) => unauthorised(),
        Err((status, message)) => refusal(status, message),
    }
}

fn delete_token(call: &Call, state: &mut State, gateway: &CloudGateway, body: &Bytes) -> Answer {
    let body = parse_strict(&String::from_utf8_lossy(body)).unwrap_or(Json::Null);
    let token = body.get("refresh_token").and_then(Json::as_str);
    let jti = token.and_then(|token| token::refresh_id(gateway, token, call.at));
    match jti {
        Some(jti) if state.cloud.forget(&jti) => Answer::json(200, "{}"),
        _ => unauthorised(),
    }
}

/// Who is calling, when the access token is good; one of a pairing that was removed stays so until it runs out.
fn access(call: &mut Call, gateway: &CloudGateway, parts: &Parts) -> Option<Access> {
    let (scheme, token) = header(&parts.headers, "authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let access = token::access(gateway, token.trim(), call.at)?;
    call.user = Some(access.user.clone());
    Some(access)
}

fn folders(base: &str, gateway: &CloudGateway, access: &Access) -> Answer {
    let folders = access.folders.iter().map(|name| {
        let urls = Json::object([
            (
                "dataIngestion",
                Json::text(format!("{base}/dataingestion/{name}")),
            ),
            (
                "dataDelivery",
                Json::text(format!("{base}/datadelivery/{name}")),
            ),
            (
                "dataService",
                Json::text(format!("{base}/service/{}_{name}/api", gateway.solution)),
            ),
        ]);
        Json::object([("name", Json::text(name)), ("$urls", urls)])
    });
    let body = Json::object([("folders", Json::Array(folders.collect()))]);
    Answer::json(200, &body.print())
}

fn graphql(
    call: &mut Call,
    shared: &Shared,
    state: &mut State,
    settings: &Settings,
    envelope: &Envelope,
    (service, access): (&str, &Access),
) -> Answer {
    let gateway = settings.cloud.as_ref();
    let folder = gateway
        .and_then(|gateway| service.strip_prefix(&gateway.solution))
        .and_then(|rest| rest.strip_prefix('_'));
    let Some(folder) = folder.filter(|folder| state.endpoints.contains_key(*folder)) else {
        return refusal(404, "Could not associate the folder");
    };
    let authorised = access.folders.iter().any(|known| known == folder);
    if !authorised || !access.scopes.split(' ').any(|scope| scope == "api.graphQL") {
        return refusal(403, "Forbidden");
    }
    call.graphql(state, shared, folder, &user_code(&access.user), envelope)
}

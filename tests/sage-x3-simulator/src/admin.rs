//! Routes under `/__admin`: the handle's methods for programs that do not hold it.
//!
//! | route | does |
//! |---|---|
//! | `GET /__admin/counters`, `DELETE` | read, reset |
//! | `GET /__admin/requests` | the request log |
//! | `POST /__admin/faults` with a [`Fault`], `DELETE` | add, remove all |
//! | `GET /__admin/clock`, `POST` with `{"set": stamp}` or `{"advance_seconds": n}` or `{"skew_seconds": n}` | read, move |
//! | `POST /__admin/operations` with `{"node","operation","state"}` | activation table |
//! | `GET /__admin/settings`, `PUT` | all switches |
//! | `GET /__admin/schema` | the schema definition |
//! | `GET /__admin/{endpoint}/customers` | all customers |
//! | `POST /__admin/{endpoint}/customers` with a `Customer_Input` or an array of them | a person creates |
//! | `PATCH /__admin/{endpoint}/customers/{code}` with a `Customer_Input`, `DELETE` | a person edits, deletes |
//! | `PATCH /__admin/{endpoint}/customers/{code}/addresses/{address}` with a `CustomerAddress_Input` | one address |
//! | `PATCH /__admin/{endpoint}/business-partners/{code}` with output properties | the partner's row |
//! | `GET /__admin/{endpoint}/records/{node}` | all records of any node |
//! | `POST /__admin/{endpoint}/records/{node}` with a node's input or an array of them | a person creates |
//! | `GET /__admin/{endpoint}/record/{node}?id=..`, `PATCH` with a node's input, `DELETE` | one record by its `_id` |
//! | `POST /__admin/{endpoint}/orders/{id}/deliver`, `/receive` with `{"lines": [[1000, "2"]]}` or `{}` | goods move |
//! | `POST /__admin/{endpoint}/orders/{id}/lines/{line}/close` | a line is closed |
//! | `POST /__admin/{endpoint}/deliveries/{id}/invoice` | a delivery is invoiced |
//! | `POST /__admin/{endpoint}/invoices/{id}/post`, `/pay` with `{"amount": ".."}` or `{}` | an invoice is posted, paid |
//! | `GET /__admin/cloud/pairings`, `DELETE` | requests that wait; the customer removes the pairing |
//! | `POST /__admin/cloud/pairings/accept` with `{"state", "user", "folders", "send"}` | accepted, the callback posted |
//! | `PUT /__admin/{endpoint}/list-price` with `{"customer","product","price"}` | a price list's line |

mod documents;
mod pairings;
mod records;

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, patch, post, put};
use axum::{Json as JsonBody, Router};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::activation::{Operation, OperationState};
use crate::faults::Fault;
use crate::graphql::sdl;
use crate::json::{Json, parse_strict};
use crate::log::{Counters, Log, RequestRecord};
use crate::schema::HEADING;
use crate::seed::Edit;
use crate::settings::Settings;
use crate::simulator::SimulatorError;
use crate::state::Shared;

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/counters", get(counters).delete(reset))
        .route("/requests", get(requests))
        .route("/faults", post(inject).delete(clear_faults))
        .route("/clock", get(clock).post(move_clock))
        .route("/operations", post(set_operation))
        .route("/settings", get(settings).put(replace_settings))
        .route("/schema", get(schema))
        .route(
            "/cloud/pairings",
            get(pairings::list).delete(pairings::remove),
        )
        .route("/cloud/pairings/accept", post(pairings::accept))
        .route("/{endpoint}/customers", get(customers).post(create))
        .route("/{endpoint}/customers/{code}", patch(edit).delete(delete))
        .route(
            "/{endpoint}/customers/{code}/addresses/{address}",
            patch(edit_address),
        )
        .route("/{endpoint}/business-partners/{code}", patch(edit_partner))
        .route(
            "/{endpoint}/records/{node}",
            get(records::list).post(records::create),
        )
        .route(
            "/{endpoint}/record/{node}",
            get(records::read)
                .patch(records::edit)
                .delete(records::delete),
        )
        .route("/{endpoint}/list-price", put(records::list_price))
        .route("/{endpoint}/orders/{id}/deliver", post(documents::deliver))
        .route("/{endpoint}/orders/{id}/receive", post(documents::receive))
        .route(
            "/{endpoint}/orders/{id}/lines/{line}/close",
            post(documents::close_line),
        )
        .route(
            "/{endpoint}/deliveries/{id}/invoice",
            post(documents::invoice),
        )
        .route("/{endpoint}/invoices/{id}/post", post(documents::post))
        .route("/{endpoint}/invoices/{id}/pay", post(documents::pay))
}

fn failure(error: &SimulatorError) -> Response {
    let status = match error {
        SimulatorError::UnknownEndpoint(_) => StatusCode::NOT_FOUND,
        SimulatorError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        SimulatorError::Listen(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (
        status,
        JsonBody(Problem {
            error: error.to_string(),
        }),
    )
        .into_response()
}

#[derive(Serialize)]
struct Problem {
    error: String,
}

fn done(result: Result<(), SimulatorError>) -> Response {
    match result {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => failure(&error),
    }
}

// Amounts must not pass through `f64`, so inputs are read by the simulator's own JSON.
fn input(body: &str) -> Result<Json, SimulatorError> {
    parse_strict(body).map_err(|error| SimulatorError::Refused(vec![error.to_string()]))
}

async fn counters(State(shared): State<Shared>) -> JsonBody<Counters> {
    JsonBody(shared.lock().log.counters)
}

async fn reset(State(shared): State<Shared>) -> StatusCode {
    shared.lock().log = Log::default();
    StatusCode::NO_CONTENT
}

async fn requests(State(shared): State<Shared>) -> JsonBody<Vec<RequestRecord>> {
    JsonBody(shared.lock().log.entries.iter().cloned().collect())
}

async fn inject(State(shared): State<Shared>, JsonBody(fault): JsonBody<Fault>) -> StatusCode {
    shared.lock().faults.inject(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(shared): State<Shared>) -> StatusCode {
    shared.lock().faults.clear();
    StatusCode::NO_CONTENT
}

#[derive(Serialize)]
struct Now {
    now: Timestamp,
}

async fn clock(State(shared): State<Shared>) -> JsonBody<Now> {
    JsonBody(Now {
        now: shared.clock.now(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoveClock {
    set: Option<Timestamp>,
    advance_seconds: Option<u64>,
    skew_seconds: Option<i64>,
}

async fn move_clock(
    State(shared): State<Shared>,
    JsonBody(step): JsonBody<MoveClock>,
) -> JsonBody<Now> {
    if let Some(at) = step.set {
        shared.clock.set(at);
    }
    if let Some(seconds) = step.advance_seconds {
        shared.clock.advance(Duration::from_secs(seconds));
    }
    if let Some(seconds) = step.skew_seconds {
        shared.clock.set_skew(SignedDuration::from_secs(seconds));
    }
    JsonBody(Now {
        now: shared.clock.now(),
    })
}

#[derive(Deserialize)]
struct SetOperation {
    node: String,
    operation: Operation,
    state: OperationState,
}

async fn set_operation(
    State(shared): State<Shared>,
    JsonBody(change): JsonBody<SetOperation>,
) -> StatusCode {
    let mut state = shared.lock();
    state
        .activation
        .set(&change.node, change.operation, change.state);
    state.rebuild_schema();
    StatusCode::NO_CONTENT
}

async fn settings(State(shared): State<Shared>) -> JsonBody<Settings> {
    JsonBody(Settings::clone(&shared.lock().settings))
}

async fn replace_settings(
    State(shared): State<Shared>,
    JsonBody(new): JsonBody<Settings>,
) -> StatusCode {
    shared.lock().reconfigure(|settings| *settings = new);
    StatusCode::NO_CONTENT
}

async fn schema(State(shared): State<Shared>) -> String {
    sdl::print(&shared.lock().schema, HEADING)
}

async fn customers(State(shared): State<Shared>, Path(endpoint): Path<String>) -> Response {
    match shared.customers(&endpoint) {
        Ok(customers) => JsonBody(customers).into_response(),
        Err(error) => failure(&error),
    }
}

#[derive(Serialize)]
struct Created {
    codes: Vec<String>,
}

async fn create(
    State(shared): State<Shared>,
    Path(endpoint): Path<String>,
    body: String,
) -> Response {
    created(&body, |row| shared.create_as_user(&endpoint, row))
}

/// Creates the one record of a body, or each of an array.
fn created(body: &str, create: impl Fn(&Json) -> Result<String, SimulatorError>) -> Response {
    let created = input(body).and_then(|data| {
        let rows = match data {
            Json::Array(rows) => rows,
            one => vec![one],
        };
        rows.iter().map(create).collect()
    });
    match created {
        Ok(codes) => (StatusCode::CREATED, JsonBody(Created { codes })).into_response(),
        Err(error) => failure(&error),
    }
}

fn edited(shared: &Shared, endpoint: &str, edit: Edit, body: &str) -> Response {
    done(input(body).and_then(|members| shared.edit_as_user(endpoint, &edit.with_members(members))))
}

async fn edit(
    State(shared): State<Shared>,
    Path((endpoint, code)): Path<(String, String)>,
    body: String,
) -> Response {
    edited(&shared, &endpoint, Edit::customer(&code), &body)
}

async fn edit_address(
    State(shared): State<Shared>,
    Path((endpoint, code, address)): Path<(String, String, String)>,
    body: String,
) -> Response {
    edited(&shared, &endpoint, Edit::address(&code, &address), &body)
}

async fn edit_partner(
    State(shared): State<Shared>,
    Path((endpoint, code)): Path<(String, String)>,
    body: String,
) -> Response {
    edited(&shared, &endpoint, Edit::business_partner(&code), &body)
}

async fn delete(
    State(shared): State<Shared>,
    Path((endpoint, code)): Path<(String, String)>,
) -> Response {
    deleted(shared.delete_as_user(&endpoint, &code))
}

fn deleted(result: Result<bool, SimulatorError>) -> Response {
    match result {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => failure(&error),
    }
}

//! Routes for the records of any node.

use axum::Json as JsonBody;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::json::Json;
use crate::simulator::SimulatorError;
use crate::state::Shared;

use super::{created, deleted, done, failure, input};

/// `_id`s may hold what a path must not, so they stand in the query.
#[derive(Deserialize)]
pub(super) struct Id {
    id: String,
}

pub(super) async fn list(
    State(shared): State<Shared>,
    Path((endpoint, node)): Path<(String, String)>,
) -> Response {
    match shared.records(&endpoint, &node) {
        Ok(records) => JsonBody(records).into_response(),
        Err(error) => failure(&error),
    }
}

pub(super) async fn create(
    State(shared): State<Shared>,
    Path((endpoint, node)): Path<(String, String)>,
    body: String,
) -> Response {
    created(&body, |row| shared.create_record(&endpoint, &node, row))
}

pub(super) async fn read(
    State(shared): State<Shared>,
    Path((endpoint, node)): Path<(String, String)>,
    Query(Id { id }): Query<Id>,
) -> Response {
    match shared.record(&endpoint, &node, &id) {
        Ok(Some(record)) => JsonBody(record).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => failure(&error),
    }
}

pub(super) async fn edit(
    State(shared): State<Shared>,
    Path((endpoint, node)): Path<(String, String)>,
    Query(Id { id }): Query<Id>,
    body: String,
) -> Response {
    let edited = input(&body).and_then(|members| {
        let Json::Object(members) = members else {
            let problem = "an object with the node's members is needed".to_owned();
            return Err(SimulatorError::Refused(vec![problem]));
        };
        let mut data = vec![("_id".to_owned(), Json::text(id))];
        data.extend(members);
        shared.update_record(&endpoint, &node, &Json::Object(data))
    });
    done(edited)
}

pub(super) async fn delete(
    State(shared): State<Shared>,
    Path((endpoint, node)): Path<(String, String)>,
    Query(Id { id }): Query<Id>,
) -> Response {
    deleted(shared.delete_record(&endpoint, &node, &id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListPrice {
    customer: String,
    product: String,
    price: Decimal,
}

pub(super) async fn list_price(
    State(shared): State<Shared>,
    Path(endpoint): Path<String>,
    JsonBody(line): JsonBody<ListPrice>,
) -> Response {
    done(shared.set_list_price(&endpoint, &line.customer, &line.product, line.price))
}

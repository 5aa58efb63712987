//! Routes that advance orders, deliveries and invoices.

use axum::Json as JsonBody;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::simulator::SimulatorError;
use crate::state::Shared;

use super::{done, failure};

/// Line numbers with quantities; left out, all that is left.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lines {
    #[serde(default)]
    lines: Option<Vec<(i64, Decimal)>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Payment {
    #[serde(default)]
    amount: Option<Decimal>,
}

#[derive(Serialize)]
struct Numbered {
    number: String,
}

fn numbered(result: Result<String, SimulatorError>) -> Response {
    match result {
        Ok(number) => (StatusCode::CREATED, JsonBody(Numbered { number })).into_response(),
        Err(error) => failure(&error),
    }
}

pub(super) async fn deliver(
    State(shared): State<Shared>,
    Path((endpoint, order)): Path<(String, String)>,
    JsonBody(Lines { lines }): JsonBody<Lines>,
) -> Response {
    numbered(shared.deliver(&endpoint, &order, lines.as_deref()))
}

pub(super) async fn receive(
    State(shared): State<Shared>,
    Path((endpoint, order)): Path<(String, String)>,
    JsonBody(Lines { lines }): JsonBody<Lines>,
) -> Response {
    done(shared.receive(&endpoint, &order, lines.as_deref()))
}

pub(super) async fn close_line(
    State(shared): State<Shared>,
    Path((endpoint, order, line)): Path<(String, String, i64)>,
) -> Response {
    done(shared.close_line(&endpoint, &order, line))
}

pub(super) async fn invoice(
    State(shared): State<Shared>,
    Path((endpoint, delivery)): Path<(String, String)>,
) -> Response {
    numbered(shared.invoice(&endpoint, &delivery))
}

pub(super) async fn post(
    State(shared): State<Shared>,
    Path((endpoint, invoice)): Path<(String, String)>,
) -> Response {
    done(shared.post_invoice(&endpoint, &invoice))
}

pub(super) async fn pay(
    State(shared): State<Shared>,
    Path((endpoint, invoice)): Path<(String, String)>,
    JsonBody(Payment { amount }): JsonBody<Payment>,
) -> Response {
    done(shared.pay_invoice(&endpoint, &invoice, amount))
}

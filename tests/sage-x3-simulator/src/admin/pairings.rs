//! Routes for what a user of a cloud customer does.

use axum::Json as JsonBody;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde::Deserialize;

use crate::state::Shared;

pub(super) async fn list(State(shared): State<Shared>) -> JsonBody<Vec<String>> {
    JsonBody(shared.lock().cloud.waiting())
}

pub(super) async fn remove(State(shared): State<Shared>) -> StatusCode {
    shared.lock().cloud.forget_all();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Accept {
    state: String,
    user: String,
    folders: Vec<String>,
    /// Whether the callback is posted to the application.
    #[serde(default)]
    send: bool,
}

pub(super) async fn accept(
    State(shared): State<Shared>,
    JsonBody(accept): JsonBody<Accept>,
) -> Response {
    let Some(callback) = shared.accept_pairing(&accept.state, &accept.user, &accept.folders) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if accept.send {
        let form = shared
            .lock()
            .settings
            .cloud
            .as_ref()
            .map(|cloud| cloud.callback_form)
            .unwrap_or_default();
        if callback.send(form).await.is_err() {
            return StatusCode::BAD_GATEWAY.into_response();
        }
    }
    JsonBody(callback).into_response()
}

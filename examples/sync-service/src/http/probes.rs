//! For those who run the program: whether it lives, whether it does its work, and figures.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use sync_core::{FlowHealth, Health};
use tokio::time::timeout;

use crate::{failure::with_causes, service::Service, words::system};

/// A store that answers later than this does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// `/healthz`, `/readyz` and `/metrics`.
pub(crate) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(service)
}

async fn health(service: &Service) -> Result<Health, String> {
    match timeout(PATIENCE, service.live().engine.health()).await {
        Ok(Ok(health)) => Ok(health),
        Ok(Err(error)) => Err(with_causes(&error, &error)),
        Err(_) => Err("the store does not answer".to_owned()),
    }
}

/// Ready means that the program does work: the store is there, it is not being stopped, and some flow that it has to do
/// may run. What stands in the way is told either way.
async fn ready(State(service): State<Arc<Service>>) -> Response {
    let (is_ready, body) = match health(&service).await {
        Err(message) => (false, json!({"ready": false, "reasons": [message]})),
        Ok(health) => {
            let mut reasons: Vec<String> = health.flows.iter().filter_map(obstacle).collect();
            let stands_still =
                !health.flows.is_empty() && health.flows.iter().all(|flow| flow.stopped.is_some());
            let is_stopping = service.is_stopping();
            if is_stopping {
                reasons.insert(0, "the program is being stopped".to_owned());
            }
            let is_ready = !stands_still && !is_stopping;
            let flows: Vec<Value> = health.flows.iter().map(flow).collect();
            let body = json!({"ready": is_ready, "reasons": reasons, "flows": flows});
            (is_ready, body)
        }
    };
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(body)).into_response()
}

/// Why a flow does nothing, or not all that it should.
fn obstacle(flow: &FlowHealth) -> Option<String> {
    if let Some(stopped) = &flow.stopped {
        return Some(format!("{} is stopped: {}", flow.flow, stopped.reason));
    }
    if !flow.approved {
        return Some(format!(
            "{} waits for the approval of its first-sync plan",
            flow.flow
        ));
    }
    let troubles = [sync_core::Side::Left, sync_core::Side::Right];
    troubles.into_iter().find_map(|side| {
        let error = flow.sides.get(side).last_error.as_ref()?;
        Some(format!("{}: {}: {error}", flow.flow, system(side)))
    })
}

fn flow(flow: &FlowHealth) -> Value {
    let lag = flow.feeds.iter().filter_map(|feed| feed.lag).max();
    json!({
        "flow": flow.flow.as_str(),
        "approved": flow.approved,
        "stopped": flow.stopped.as_ref().map(|stopped| stopped.reason.to_string()),
        "queued": flow.counts.queued,
        "parked": flow.counts.parked,
        "lag_seconds": lag.map(|lag| lag.as_secs()),
        "oldest_job_seconds": flow.oldest_job.map(|age| age.as_secs()),
        "last_success": flow.last_success.map(|at| at.to_string()),
    })
}

async fn metrics(State(service): State<Arc<Service>>) -> Response {
    let health = health(&service).await;
    match service.metrics.text(health.as_ref().ok(), service.now()) {
        Ok(text) => {
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "figures could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

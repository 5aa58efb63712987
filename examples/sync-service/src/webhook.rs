//! Receives Zoho's notifications.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    routing::post,
};
use sync_core::{Engine, FlowName, Side};
use tokio::net::TcpListener;
use zoho_crm_client::webhook::WebhookVerifier;

use crate::failure::Failure;

/// Notifications are small; anything larger is not one.
const MAX_BODY: usize = 1024 * 1024;

struct Receiver {
    engine: Arc<Engine>,
    verifier: WebhookVerifier,
    flow: FlowName,
}

/// Serves notifications on `listen` under `path`. Returns the address that it listens on.
///
/// A notification is acknowledged only when its keys are in the durable queue. Its content is never used for more than
/// that: what a record is now is read from Zoho.
pub(crate) async fn serve(
    listen: SocketAddr,
    path: &str,
    verifier: WebhookVerifier,
    engine: Arc<Engine>,
    flow: FlowName,
) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        Failure::input(format!(
            "cannot listen for notifications on {listen}: {error}"
        ))
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::broken(error.to_string()))?;
    let receiver = Arc::new(Receiver {
        engine,
        verifier,
        flow,
    });
    let router = Router::new()
        .route(path, post(receive))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(receiver);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the receiver of notifications stopped");
        }
    });
    Ok(address)
}

async fn receive(State(receiver): State<Arc<Receiver>>, body: Bytes) -> StatusCode {
    let notification = match receiver.verifier.parse(&body) {
        Ok(notification) => notification,
        Err(error) => {
            tracing::warn!(%error, "a notification was refused");
            return StatusCode::FORBIDDEN;
        }
    };
    let hints = sync_core::zoho::hints(&notification, &receiver.flow, Side::Right);
    match receiver.engine.ingest(&hints).await {
        Ok(()) => StatusCode::OK,
        // Zoho may or may not repeat it; the poll finds the change in any case.
        Err(error) => {
            tracing::warn!(%error, "a notification could not be stored");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

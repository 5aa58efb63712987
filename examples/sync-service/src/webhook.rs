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
use zoho_crm_client::webhook::{Notification, WebhookError, WebhookVerifier};

use crate::{failure::Failure, setup::FlowChannel};

/// Notifications are small; anything larger is not one.
const MAX_BODY: usize = 1024 * 1024;

struct Receiver {
    engine: Arc<Engine>,
    watched: Vec<Watched>,
}

/// A flow whose channel is received.
#[derive(Debug)]
pub(crate) struct Watched {
    verifier: WebhookVerifier,
    flow: FlowName,
}

impl Watched {
    pub(crate) fn new(own: &FlowChannel) -> Self {
        let (id, token) = (own.channel.id.clone(), own.channel.token.clone());
        Self {
            verifier: WebhookVerifier::new(id, token),
            flow: own.flow.clone(),
        }
    }
}

/// Serves notifications on `listen` under `path`. Returns the address that it listens on.
///
/// A notification is acknowledged only when its keys are in the durable queue. Its content is never used for more than
/// that: what a record is now is read from Zoho.
pub(crate) async fn serve(
    listen: SocketAddr,
    path: &str,
    watched: Vec<Watched>,
    engine: Arc<Engine>,
) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        Failure::input(format!(
            "cannot listen for notifications on {listen}: {error}"
        ))
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::broken(error.to_string()))?;
    let receiver = Arc::new(Receiver { engine, watched });
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
    let (flow, notification) = match receiver.verify(&body) {
        Ok(verified) => verified,
        Err(error) => {
            tracing::warn!(%error, "a notification was refused");
            return StatusCode::FORBIDDEN;
        }
    };
    let hints = sync_core::zoho::hints(&notification, flow, Side::Right);
    match receiver.engine.ingest(&hints).await {
        Ok(()) => StatusCode::OK,
        // Zoho may or may not repeat it; the poll finds the change in any case.
        Err(error) => {
            tracing::warn!(%error, "a notification could not be stored");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

impl Receiver {
    /// The flow whose channel the call is of.
    fn verify(&self, body: &[u8]) -> Result<(&FlowName, Notification), WebhookError> {
        for watched in &self.watched {
            match watched.verifier.parse(body) {
                Ok(notification) => return Ok((&watched.flow, notification)),
                Err(WebhookError::WrongChannel) => {}
                Err(error) => return Err(error),
            }
        }
        Err(WebhookError::WrongChannel)
    }
}

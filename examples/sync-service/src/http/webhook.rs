//! Receives Zoho's notifications.
//!
//! A notification is a hint: it names records, and what they are now is read from Zoho. So one that is forged, repeated,
//! late or lost does no harm; a forged one is refused all the same, since each look costs a call.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Extension, Router,
    body::{Body, Bytes, to_bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use sync_core::{FlowName, Hint, Side, zoho::hints};
use zoho_crm_client::webhook::{WebhookError, WebhookVerifier};

use super::{Connected, Peer, Rate, RateLimit, later};
use crate::{metrics::Received, service::Service};

/// Notifications are small; anything larger is not one.
const MOST_BODY: usize = WebhookVerifier::DEFAULT_MAX_BYTES;

/// A channel: how its calls are told from forged ones, and the flow whose records they name.
#[derive(Clone, Debug)]
pub(crate) struct Announcements {
    pub(crate) verifier: WebhookVerifier,
    pub(crate) flow: FlowName,
}

struct Receiver {
    service: Arc<Service>,
    limit: RateLimit,
    proxies: Vec<IpAddr>,
}

/// How many calls a receiver takes, and whose word about the caller it believes.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    /// From one caller: for ever, and at once.
    pub(crate) each: Rate,
    /// From all callers together.
    pub(crate) all: Rate,
    /// Proxies in front.
    pub(crate) proxies: Vec<IpAddr>,
}

/// The receiver under `path`.
pub(crate) fn router(path: &str, gate: Gate, service: Arc<Service>) -> Router {
    let receiver = Receiver {
        service,
        limit: RateLimit::new(gate.each, gate.all),
        proxies: gate.proxies,
    };
    Router::new()
        .route(path, post(receive))
        .with_state(Arc::new(receiver))
}

async fn receive(
    State(receiver): State<Arc<Receiver>>,
    Extension(Connected(connected)): Extension<Connected>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let began = receiver.service.now();
    let peer = Peer::of(connected, &headers, &receiver.proxies);
    let (received, response) = match receiver.limit.take(peer, began) {
        Ok(()) => {
            let received = receiver.take_in(&headers, body).await;
            (received, status(received).into_response())
        }
        Err(wait) => (Received::Limited, later(wait)),
    };
    let took = receiver.service.now().duration_since(began);
    receiver.service.metrics.received(received, took);
    response
}

impl Receiver {
    async fn take_in(&self, headers: &HeaderMap, body: Body) -> Received {
        let announced = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok())
            .and_then(|length| length.parse::<usize>().ok());
        if announced.is_some_and(|length| length > MOST_BODY) {
            return Received::TooLarge;
        }
        let Ok(body) = to_bytes(body, MOST_BODY).await else {
            return Received::TooLarge;
        };
        let live = self.service.live();
        let hints = match understood(&live.announcements, &body) {
            Ok(hints) => hints,
            Err(refused) => {
                tracing::warn!(outcome = refused.name(), "a notification was refused");
                return refused;
            }
        };
        match live.engine.ingest(&hints).await {
            Ok(()) => Received::Queued,
            // Zoho may or may not repeat it; the poll finds the change in any case.
            Err(error) => {
                tracing::warn!(%error, "a notification could not be stored");
                Received::NotStored
            }
        }
    }
}

/// The keys that a call names, if it is a true one of any of the channels.
fn understood(channels: &[Announcements], body: &Bytes) -> Result<Vec<Hint>, Received> {
    let mut refused = Received::Forged;
    for channel in channels {
        match channel.verifier.parse(body) {
            Ok(notification) => {
                return Ok(hints(&notification, &channel.flow, Side::Right));
            }
            Err(WebhookError::TooLarge { .. }) => return Err(Received::TooLarge),
            Err(WebhookError::Malformed(_)) => refused = Received::Malformed,
            Err(_) => {}
        }
    }
    Err(refused)
}

fn status(received: Received) -> StatusCode {
    match received {
        Received::Queued => StatusCode::OK,
        Received::Malformed => StatusCode::BAD_REQUEST,
        Received::Forged => StatusCode::UNAUTHORIZED,
        Received::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Received::Limited => StatusCode::TOO_MANY_REQUESTS,
        Received::NotStored => StatusCode::SERVICE_UNAVAILABLE,
    }
}

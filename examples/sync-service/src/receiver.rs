//! A small server on this machine that a browser, or a gateway, is sent back to once.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{Method, StatusCode, Uri},
    response::Html,
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::failure::Failure;

/// Redirects and callbacks are small.
const MAX_BODY: usize = 64 * 1024;

/// The page that a browser shows in the end.
const THANKS: &str = "<!doctype html><meta charset=\"utf-8\"><title>sync-service</title>\
     <p>That is all that was needed. You can close this window and go back to the terminal.</p>";
/// The page for what does not belong here.
const REFUSED: &str = "<!doctype html><meta charset=\"utf-8\"><title>sync-service</title>\
     <p>This does not belong to what the terminal waits for.</p>";

/// Waits for somebody to be sent back.
#[derive(Debug)]
pub(crate) struct Callbacks {
    pub(crate) address: SocketAddr,
    incoming: mpsc::Receiver<Callback>,
}

/// Somebody was sent back. Say whether that was what is waited for.
#[derive(Debug)]
pub(crate) struct Callback {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) body: Bytes,
    answer: oneshot::Sender<(StatusCode, Html<&'static str>)>,
}

impl Callback {
    /// It was.
    pub(crate) fn accept(self) {
        // Who was sent back may have gone.
        let _ = self.answer.send((StatusCode::OK, Html(THANKS)));
    }

    /// It was not; waiting goes on.
    pub(crate) fn refuse(self) {
        let _ = self.answer.send((StatusCode::BAD_REQUEST, Html(REFUSED)));
    }
}

impl Callbacks {
    /// Listens on `address`.
    pub(crate) async fn listen(address: SocketAddr) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| {
            Failure::input(format!(
                "cannot listen on {address}: {error}; choose another with --listen"
            ))
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (sender, incoming) = mpsc::channel(4);
        let router = Router::new()
            .fallback(receive)
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(sender);
        tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "nobody can be sent back here any more");
            }
        });
        Ok(Self { address, incoming })
    }

    /// The next who is sent back.
    pub(crate) async fn next(&mut self, patience: Duration) -> Result<Callback, Failure> {
        match timeout(patience, self.incoming.recv()).await {
            Ok(Some(callback)) => Ok(callback),
            _ => Err(Failure::input(format!(
                "nobody came back within {} minutes; run the command again",
                patience.as_secs() / 60
            ))),
        }
    }
}

async fn receive(
    State(sender): State<mpsc::Sender<Callback>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> (StatusCode, Html<&'static str>) {
    // A browser asks for more than it was sent to.
    if uri.path() == "/favicon.ico" {
        return (StatusCode::NOT_FOUND, Html(""));
    }
    let (answer, answered) = oneshot::channel();
    let callback = Callback {
        method,
        uri,
        body,
        answer,
    };
    let gone = (StatusCode::GONE, Html(REFUSED));
    match sender.send(callback).await {
        Ok(()) => answered.await.unwrap_or(gone),
        Err(_) => gone,
    }
}

//! A listener that slow and numerous clients cannot wear down.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};
use tower::ServiceExt as _;

use crate::failure::Failure;

/// Connections that are open at once. More are closed as they come.
const MOST_CONNECTIONS: usize = 512;

/// A request's head must be there within this time; so long a connection may be idle.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// A request must be there, and answered, within this time. A first-sync plan is not made within a request.
const REQUEST_TIME: Duration = Duration::from_secs(60);

/// A request's head may be so large.
const MOST_HEAD: usize = 32 * 1024;

/// When the program stops, connections may finish within this time.
const GRACE: Duration = Duration::from_secs(5);

/// The address that a connection was made from, as an extension of its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connected(pub(crate) IpAddr);

/// A bound listener and what is to be served on it.
#[derive(Debug)]
pub(crate) struct Server {
    listener: TcpListener,
    router: Router,
    head_time: Duration,
    request_time: Duration,
}

impl Server {
    /// Binds `address`. `purpose` completes "cannot listen".
    pub(crate) async fn bind(
        address: SocketAddr,
        purpose: &str,
        router: Router,
    ) -> Result<Self, Failure> {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::input(format!("cannot listen {purpose} on {address}: {error}"))
        })?;
        Ok(Self {
            listener,
            router,
            head_time: HEAD_TIME,
            request_time: REQUEST_TIME,
        })
    }

    /// A request's head must be there within `time`, and all of it, answered, within `time` after that.
    pub(crate) fn patience(mut self, time: Duration) -> Self {
        self.head_time = time;
        self.request_time = time;
        self
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Result<SocketAddr, Failure> {
        self.listener
            .local_addr()
            .map_err(|error| Failure::broken(error.to_string()))
    }

    /// Serves until `stop` turns true, then lets connections finish.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        let (head_time, time) = (self.head_time, self.request_time);
        let router = self.router.layer(middleware::from_fn(
            move |request: Request<Body>, next: Next| in_time(time, request, next),
        ));
        let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let mut connections = JoinSet::new();
        let stopping = stop.clone();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                Some(_) = connections.join_next() => continue,
                _ = stop.wait_for(|stopped| *stopped) => break,
            };
            match accepted {
                Ok((stream, address)) => {
                    let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
                        tracing::debug!("a connection was closed: too many are open");
                        continue;
                    };
                    let (router, stop) = (router.clone(), stopping.clone());
                    connections.spawn(async move {
                        converse(stream, address.ip(), head_time, router, stop).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    // Most often too many open files: it passes when connections end.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        let finished = async { while connections.join_next().await.is_some() {} };
        // Those that do not finish in time are cut when the set is dropped.
        let _ = tokio::time::timeout(GRACE, finished).await;
    }
}

async fn converse(
    stream: TcpStream,
    peer: IpAddr,
    head_time: Duration,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Connected(peer));
        router.clone().oneshot(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_time)
        .max_buf_size(MOST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        _ = stop.wait_for(|stopped| *stopped) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

async fn in_time(time: Duration, request: Request<Body>, next: Next) -> Response {
    match tokio::time::timeout(time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

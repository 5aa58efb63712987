//! The listener: HTTP/1.1 connections that can really be cut.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::admin;
use crate::dispatch::{Delivery, Spoiled, body_bytes, serve};
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::world::Shared;

/// How long connections may take to finish what they are doing when the server stops.
const GRACE: Duration = Duration::from_secs(2);

/// Closes the connection without an answer: hyper drops it when the service fails.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed by a fault")]
struct Cut;

/// Accepts connections until `stop` turns true.
pub(crate) async fn run(
    listener: TcpListener,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let stopping = stop.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, Arc::clone(&shared), stopping.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
            _ = stop.wait_for(|stopped| *stopped) => break,
        }
    }
    let all_done = async { while connections.join_next().await.is_some() {} };
    // Connections that do not finish in time are cut when the set is dropped.
    let _ = tokio::time::timeout(GRACE, all_done).await;
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(Arc::clone(&shared), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let stopped = tokio::select! {
        // A cut connection is an error here, and meant to be.
        _ = connection.as_mut() => false,
        _ = stop.wait_for(|stopped| *stopped) => true,
    };
    if stopped {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, Cut> {
    let (parts, body) = request.into_parts();
    let most = shared.world().settings.limits.body_bytes;
    let Ok(body) = axum::body::to_bytes(Body::new(body), most).await else {
        let failure = Failure::new(
            413,
            "REQUEST_ENTITY_TOO_LARGE",
            "the request is too large",
            crate::json::object! {},
        );
        return whole(failure.into());
    };
    let path = parts.uri.path();
    let call = Call::new(
        parts.method,
        path,
        parts.uri.query().unwrap_or_default(),
        parts.headers,
        body,
    );
    if call.segments.first().map(String::as_str) == Some("__admin") {
        return whole(admin::handle(&shared, &call).await);
    }
    // On a task of its own, so that a client that gives up waiting does not undo what the server is doing.
    let delivery = tokio::spawn(serve(shared, call)).await;
    match delivery {
        Ok(Delivery::Send {
            answer,
            spoiled: None,
        }) => whole(answer),
        Ok(Delivery::Send {
            answer,
            spoiled: Some(spoiled),
        }) => damaged(answer, spoiled),
        Ok(Delivery::Close) => Err(Cut),
        Err(_) => whole(Failure::internal(500).into()),
    }
}

fn head(answer: &Answer) -> http::response::Builder {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut builder = Response::builder().status(status);
    for (name, value) in &answer.headers {
        builder = builder.header(*name, value);
    }
    builder
}

fn whole(answer: Answer) -> Result<Response<Body>, Cut> {
    let builder = head(&answer);
    let response = match body_bytes(&answer.body) {
        Some((bytes, content_type)) => builder
            .header("content-type", content_type)
            .body(Body::from(bytes)),
        None => builder.body(Body::empty()),
    };
    response.map_err(|_| Cut)
}

fn damaged(answer: Answer, spoiled: Spoiled) -> Result<Response<Body>, Cut> {
    let Some((bytes, content_type)) = body_bytes(&answer.body) else {
        return whole(answer);
    };
    let builder = head(&answer);
    let response = match spoiled {
        Spoiled::WrongContentType => builder
            .header("content-type", "text/html")
            .body(Body::from(bytes)),
        Spoiled::Garbled => builder
            .header("content-type", content_type)
            .body(Body::from("{\"data\": [oops")),
        Spoiled::Truncated => builder
            .header("content-type", content_type)
            .header("content-length", bytes.len())
            .body(half_of(bytes)),
    };
    response.map_err(|_| Cut)
}

/// A body that breaks off after its first half.
fn half_of(mut bytes: Bytes) -> Body {
    let half = bytes.split_to(bytes.len() / 2);
    let parts = futures::stream::unfold(Some(half), |half| async move {
        match half {
            Some(half) => Some((Ok::<Bytes, io::Error>(half), None)),
            None => {
                // Lets the connection send what it has before it is broken.
                tokio::time::sleep(Duration::from_millis(5)).await;
                Some((
                    Err(io::Error::new(
                        io::ErrorKind::ConnectionAborted,
                        "cut by a fault",
                    )),
                    None,
                ))
            }
        }
    });
    Body::from_stream(parts)
}

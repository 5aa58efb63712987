//! The sockets.
//!
//! Connections are served by hand rather than by `axum::serve`, because a fault may have to close one without an answer.

use std::convert::Infallible;
use std::io;

use axum::Router;
use axum::body::Body;
use axum::routing::{any, post};
use http::header::DATE;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::answer::HangUp;
use crate::clock::http_date;
use crate::state::Shared;
use crate::{admin, api, api1, cloud, soap};

/// Where classic web services are called (reference: 1.2).
const SOAP: &str = "/soap-generic/syracuse/collaboration/syracuse/CAdxWebServiceXmlCC";

/// Serves until the task is dropped; open connections end with it.
pub(crate) async fn run(listener: TcpListener, shared: Shared) {
    let router = Router::new()
        .route("/xtrem/api", post(api::serve).fallback(api::nothing_here))
        .route("/api1/{*path}", any(api1::serve))
        .route(SOAP, post(soap::serve).fallback(api::nothing_here))
        .merge(cloud::routes())
        .nest("/__admin", admin::routes())
        .fallback(api::nothing_here)
        .with_state(shared.clone());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that failed before it was accepted is its client's affair.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, router.clone(), shared.clone()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, router: Router, shared: Shared) {
    let service = service_fn(move |request: Request<Incoming>| {
        answer(router.clone(), shared.clone(), request.map(Body::new))
    });
    // An error here is a client that went away or a connection closed on purpose.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    router: Router,
    shared: Shared,
    request: Request<Body>,
) -> io::Result<Response<Body>> {
    let answered: Result<_, Infallible> = router.oneshot(request).await;
    let Ok(mut response) = answered;
    if response.extensions().get::<HangUp>().is_some() {
        return Err(io::Error::other("closed on purpose"));
    }
    if let Ok(date) = HeaderValue::from_str(&http_date(shared.clock.now())) {
        response.headers_mut().insert(DATE, date);
    }
    Ok(response)
}

//! Transports without a network.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use futures::future::BoxFuture;

use crate::{HttpTransport, Request, Response, TransportError, TransportErrorKind};

type Handler =
    dyn Fn(Request) -> BoxFuture<'static, Result<Response, TransportError>> + Send + Sync;

/// Hands each request to a function in the same process, for example an axum router's service.
#[derive(Clone)]
pub struct InProcessTransport {
    handler: Arc<Handler>,
}

impl InProcessTransport {
    /// A transport that answers by calling `handler`.
    pub fn new<F, Fut>(handler: F) -> Self
    where
        F: Fn(Request) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Response, TransportError>> + Send + 'static,
    {
        Self {
            handler: Arc::new(move |request| Box::pin(handler(request))),
        }
    }
}

impl fmt::Debug for InProcessTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcessTransport").finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpTransport for InProcessTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        (self.handler)(request).await
    }
}

/// Answers with prepared results, in order, and keeps the requests. A request too many fails with a sentence.
#[derive(Clone, Default)]
pub struct ScriptedTransport {
    script: Arc<Mutex<VecDeque<Result<Response, TransportErrorKind>>>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl ScriptedTransport {
    /// A transport with nothing prepared.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Prepares an answer with `status` and `body`.
    #[must_use]
    pub fn answer(self, status: u16, body: impl Into<bytes::Bytes>) -> Self {
        let mut response = Response::new(body.into());
        *response.status_mut() =
            http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::IM_A_TEAPOT);
        self.push(Ok(response))
    }

    /// Prepares a whole response.
    #[must_use]
    pub fn response(self, response: Response) -> Self {
        self.push(Ok(response))
    }

    /// Prepares a transport failure.
    #[must_use]
    pub fn failure(self, kind: TransportErrorKind) -> Self {
        self.push(Err(kind))
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.requests).clone()
    }

    fn push(self, step: Result<Response, TransportErrorKind>) -> Self {
        lock(&self.script).push_back(step);
        self
    }
}

impl fmt::Debug for ScriptedTransport {
    /// Shows numbers alone: requests carry credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedTransport")
            .field("answers_left", &lock(&self.script).len())
            .field("requests_made", &lock(&self.requests).len())
            .finish()
    }
}

#[async_trait]
impl HttpTransport for ScriptedTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let unexpected = format!(
            "the script has no answer left for {} {}",
            request.method(),
            request.uri()
        );
        lock(&self.requests).push(request);
        match lock(&self.script).pop_front() {
            Some(Ok(response)) => Ok(response),
            Some(Err(kind)) => Err(TransportError::new(kind, "scripted")),
            None => Err(TransportError::new(TransportErrorKind::Invalid, unexpected)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

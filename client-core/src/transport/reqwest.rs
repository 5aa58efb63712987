//! The default transport.

use std::{
    error::Error as StdError,
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};
use http::header::CONTENT_LENGTH;

use super::{
    BodyStream, HttpTransport, Request, Response, Timeout, TransportError, TransportErrorKind,
    Upload,
};

/// [`HttpTransport`] over reqwest with rustls. Cheap to clone; clones share the connection pool.
#[derive(Clone, Debug)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    timeout: Duration,
    max_answer_bytes: usize,
}

/// Settings of a [`ReqwestTransport`].
#[derive(Debug)]
pub struct ReqwestTransportBuilder {
    timeout: Duration,
    connect_timeout: Duration,
    max_answer_bytes: usize,
    root_certificates_pem: Vec<Vec<u8>>,
    accept_invalid_certificates: bool,
    user_agent: String,
}

impl ReqwestTransport {
    /// A transport with the defaults of [`builder`](Self::builder).
    ///
    /// # Errors
    /// When the TLS back end cannot be set up.
    pub fn new() -> Result<Self, TransportError> {
        Self::builder().build()
    }

    /// Defaults: 60 s for an exchange, 10 s to connect, answers up to 64 MiB, the platform's root certificates.
    #[must_use]
    pub fn builder() -> ReqwestTransportBuilder {
        ReqwestTransportBuilder {
            timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
            max_answer_bytes: 64 * 1024 * 1024,
            root_certificates_pem: Vec::new(),
            accept_invalid_certificates: false,
            user_agent: concat!("x3-zoho-sync/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl ReqwestTransportBuilder {
    /// Bounds an exchange that carries no [`Timeout`] of its own.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Bounds making a connection.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Refuses answers with more than `bytes` bytes.
    #[must_use]
    pub fn max_answer_bytes(mut self, bytes: usize) -> Self {
        self.max_answer_bytes = bytes;
        self
    }

    /// Trusts the authority in `pem` as well: private certificate authorities are common on X3 servers.
    #[must_use]
    pub fn root_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates_pem.push(pem.into());
        self
    }

    /// Accepts ANY certificate. Whoever can touch the network can then read every credential and change every record.
    /// Add the server's authority with [`root_certificate_pem`](Self::root_certificate_pem) instead.
    #[must_use]
    pub fn danger_accept_invalid_certificates(mut self) -> Self {
        self.accept_invalid_certificates = true;
        self
    }

    /// Replaces the `User-Agent` header.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Builds the transport.
    ///
    /// # Errors
    /// When a root certificate is not PEM or the TLS back end cannot be set up.
    pub fn build(self) -> Result<ReqwestTransport, TransportError> {
        let invalid =
            |error: reqwest::Error| TransportError::new(TransportErrorKind::Invalid, error);
        let mut builder = reqwest::Client::builder()
            .connect_timeout(self.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .user_agent(self.user_agent)
            .tls_danger_accept_invalid_certs(self.accept_invalid_certificates);
        for pem in &self.root_certificates_pem {
            builder =
                builder.tls_certs_merge([reqwest::Certificate::from_pem(pem).map_err(invalid)?]);
        }
        Ok(ReqwestTransport {
            client: builder.build().map_err(invalid)?,
            timeout: self.timeout,
            max_answer_bytes: self.max_answer_bytes,
        })
    }
}

#[async_trait]
impl HttpTransport for ReqwestTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let timeout = self.timeout_of(request.extensions());
        let mut outgoing = reqwest::Request::try_from(request).map_err(classify)?;
        *outgoing.timeout_mut() = Some(timeout);
        let incoming = self.client.execute(outgoing).await.map_err(classify)?;
        let mut response = http::Response::builder().status(incoming.status());
        if let Some(headers) = response.headers_mut() {
            headers.clone_from(incoming.headers());
        }
        let body = self.read_body(incoming).await?;
        response
            .body(body)
            .map_err(|error| TransportError::new(TransportErrorKind::Other, error))
    }

    async fn stream(
        &self,
        request: http::Request<Upload>,
    ) -> Result<http::Response<BodyStream>, TransportError> {
        let patience = self.timeout_of(request.extensions());
        let taken = Arc::new(AtomicU64::new(0));
        let outgoing = outgoing(request, &taken)?;
        let mut exchange = pin!(self.client.execute(outgoing));
        let mut taken_before = 0;
        let incoming = loop {
            match tokio::time::timeout(patience, exchange.as_mut()).await {
                Ok(incoming) => break incoming.map_err(classify)?,
                Err(_) => {
                    // A large file may take longer than any one wait.
                    let taken_now = taken.load(Ordering::Relaxed);
                    if taken_now == taken_before {
                        return Err(timed_out(patience));
                    }
                    taken_before = taken_now;
                }
            }
        };
        let mut response = http::Response::builder().status(incoming.status());
        if let Some(headers) = response.headers_mut() {
            headers.clone_from(incoming.headers());
        }
        response
            .body(arriving(incoming, patience))
            .map_err(|error| TransportError::new(TransportErrorKind::Other, error))
    }
}

/// The request for reqwest; `taken` counts the pieces of its body that the connection has taken.
fn outgoing(
    request: http::Request<Upload>,
    taken: &Arc<AtomicU64>,
) -> Result<reqwest::Request, TransportError> {
    let (mut parts, upload) = request.into_parts();
    let body = if upload.length() == 0 {
        reqwest::Body::default()
    } else {
        parts.headers.insert(CONTENT_LENGTH, upload.length().into());
        let taken = Arc::clone(taken);
        reqwest::Body::wrap_stream(upload.open().inspect(move |_| {
            taken.fetch_add(1, Ordering::Relaxed);
        }))
    };
    reqwest::Request::try_from(http::Request::from_parts(parts, body)).map_err(classify)
}

/// The body of an answer, with a limit on each wait.
fn arriving(incoming: reqwest::Response, patience: Duration) -> BodyStream {
    BodyStream::new(stream::unfold(Some(incoming), move |incoming| async move {
        let mut incoming = incoming?;
        match tokio::time::timeout(patience, incoming.chunk()).await {
            Ok(Ok(Some(piece))) => Some((Ok(piece), Some(incoming))),
            Ok(Ok(None)) => None,
            Ok(Err(error)) => Some((Err(classify(error)), None)),
            Err(_) => Some((Err(timed_out(patience)), None)),
        }
    }))
}

fn timed_out(patience: Duration) -> TransportError {
    let text = format!("nothing moved for {:.1} s", patience.as_secs_f32());
    TransportError::new(TransportErrorKind::Timeout, text)
}

impl ReqwestTransport {
    fn timeout_of(&self, extensions: &http::Extensions) -> Duration {
        extensions
            .get::<Timeout>()
            .map_or(self.timeout, |Timeout(timeout)| *timeout)
    }

    async fn read_body(&self, mut incoming: reqwest::Response) -> Result<Bytes, TransportError> {
        let announced = incoming.content_length().unwrap_or_default();
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        if announced > self.max_answer_bytes {
            return Err(self.too_large());
        }
        let mut body = BytesMut::with_capacity(announced.min(TRUSTED_ANNOUNCEMENT));
        while let Some(chunk) = incoming.chunk().await.map_err(classify)? {
            if chunk.len() > self.max_answer_bytes - body.len() {
                return Err(self.too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    fn too_large(&self) -> TransportError {
        let limit = format!("more than {} bytes", self.max_answer_bytes);
        TransportError::new(TransportErrorKind::TooLarge, limit)
    }
}

/// Memory taken on the word of a `Content-Length` alone, in bytes.
const TRUSTED_ANNOUNCEMENT: usize = 1024 * 1024;

/// The URL is removed: it may carry record values in its query.
fn classify(error: reqwest::Error) -> TransportError {
    let kind = if error.is_builder() {
        TransportErrorKind::Invalid
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else if error.is_body() || error.is_decode() || error.is_request() || has_io_cause(&error) {
        TransportErrorKind::Interrupted
    } else {
        TransportErrorKind::Other
    };
    TransportError::new(kind, error.without_url())
}

fn has_io_cause(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<io::Error>() {
            return true;
        }
        cause = inner.source();
    }
    false
}

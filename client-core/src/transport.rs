//! The seam to the network.

mod body;
#[cfg(feature = "reqwest")]
mod reqwest;

use std::{error::Error as StdError, fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;

pub use self::body::{BodyStream, Upload};
#[cfg(feature = "reqwest")]
pub use self::reqwest::{ReqwestTransport, ReqwestTransportBuilder};

/// A complete HTTP request.
pub type Request = http::Request<Bytes>;
/// A complete HTTP response.
pub type Response = http::Response<Bytes>;

/// Sends one HTTP request and returns its answer.
///
/// # Contract
///
/// - Any status is `Ok`. An error means that no complete answer arrived.
/// - Redirects are not followed and nothing is repeated: the caller decides both.
/// - A [`Timeout`] in the request's extensions bounds the whole exchange. Without one the transport applies its own:
///   no exchange may wait for ever. Of a streamed exchange it bounds each wait: for the server to take a piece of the
///   request, for the head of the answer, and for each piece of its body.
#[async_trait]
pub trait HttpTransport: fmt::Debug + Send + Sync + 'static {
    /// Sends `request`.
    ///
    /// # Errors
    /// [`TransportError`] when no complete answer arrived; its kind says whether the server may have acted.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;

    /// Sends `request` piece by piece and returns as soon as the head of the answer is there. Its body has no limit of
    /// size but the one that the caller sets by [`BodyStream::at_most`].
    ///
    /// The provided implementation holds both bodies whole and goes through [`send`](Self::send), so it is right but
    /// bounded by that method's limits.
    ///
    /// # Errors
    /// [`TransportError`] when no head arrived. What happens later is an item of the body.
    async fn stream(
        &self,
        request: http::Request<Upload>,
    ) -> Result<http::Response<BodyStream>, TransportError> {
        let (parts, upload) = request.into_parts();
        let body = upload.open().collect_at_most(upload.length()).await?;
        let response = self.send(Request::from_parts(parts, body)).await?;
        Ok(response.map(BodyStream::from))
    }
}

/// Request extension: how long one exchange, or one wait of a streamed exchange, may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout(pub Duration);

/// What went wrong between the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection was made, so the server saw nothing. Always safe to repeat.
    Connect,
    /// No answer in time. The server may have acted.
    Timeout,
    /// The connection broke after it was made. The server may have acted.
    Interrupted,
    /// The answer was larger than the transport accepts. The server has acted.
    TooLarge,
    /// The request could not be expressed (a bad URL, for example). Nothing was sent.
    Invalid,
    /// Anything else. Treated as though the server may have acted.
    Other,
}

impl TransportErrorKind {
    /// Whether the server may have received, and so applied, the request.
    #[must_use]
    pub fn may_have_been_received(self) -> bool {
        !matches!(self, Self::Connect | Self::Invalid)
    }

    /// Whether the same request can fare better. An unfit request stays unfit, a huge answer huge.
    pub(crate) fn may_go_better_next_time(self) -> bool {
        !matches!(self, Self::Invalid | Self::TooLarge)
    }
}

/// No complete answer arrived.
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// An error of `kind` with the cause that a person needs to see.
    pub fn new(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportError")
            .field("kind", &self.kind)
            .field("source", &self.source)
            .finish()
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::Connect => "could not connect",
            TransportErrorKind::Timeout => "no answer in time",
            TransportErrorKind::Interrupted => {
                "the connection broke before the answer was complete"
            }
            TransportErrorKind::TooLarge => "the answer is larger than allowed",
            TransportErrorKind::Invalid => "the request cannot be sent",
            TransportErrorKind::Other => "the exchange failed",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

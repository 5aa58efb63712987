//! What the Sage X3 and Zoho CRM clients share, so that an embedder writes one transport and one token store for both.
//!
//! - [`HttpTransport`]: the seam to the network, over [`http`] types. [`ReqwestTransport`] is the default one.
//! - [`Call`] and [`Pipeline`]: one place that authorizes, limits, retries and times a request. Whether a request may
//!   be sent twice is part of its type ([`Repeatable`], [`Once`]).
//! - [`Clock`] and [`Sleep`]: time comes from outside; nothing here reads the system clock by itself.
//! - [`TokenStore`], [`TokenCache`]: tokens shared by tasks, clients and processes with at most one refresh in flight.
//! - `EncryptingTokenStore` (feature `encryption`): tokens that only who has the key can read, over any token store.
//! - [`ExactDecimal`], [`decode_json`]: JSON without a detour through binary floating point, errors that name the place.
//!
//! No async runtime is needed. Feature `reqwest` (default) brings the transport and, with it, tokio's timer.
//!
//! # Example
//!
//! A read that the server could not serve at first. The scripted transport and the manual clock stand for
//! [`ReqwestTransport`], [`SystemClock`] and [`TokioSleep`], so that nothing here needs a network or takes time.
//!
//! ```
//! use std::sync::Arc;
//!
//! use client_core::{
//!     Call, Effect, NoAuth, Pipeline, Response, Verdict, retry_after,
//!     testing::{ManualClock, RecordingSleep, ScriptedTransport},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // What each API's client knows: which answers are worth another attempt, and whether the server acted.
//! let classify = |response: &Response, now| match response.status().as_u16() {
//!     429 => Verdict::Retry { effect: Effect::None, after: retry_after(response.headers(), now) },
//!     500.. => Verdict::Retry { effect: Effect::Unknown, after: None },
//!     _ => Verdict::Done,
//! };
//!
//! let clock = ManualClock::new("2026-11-20T10:00:00Z".parse()?);
//! let pipeline = Pipeline::new(
//!     Arc::new(ScriptedTransport::new().answer(503, "busy").answer(200, "here you are")),
//!     Arc::new(clock.clone()),
//!     Arc::new(RecordingSleep::new(clock)),
//! );
//! let request = http::Request::get("https://crm.example/crm/v8/org").body(bytes::Bytes::new())?;
//! let call = Call::repeatable("read organisation", request);
//! let answer = pipeline.execute(call, &NoAuth, &classify).await?;
//! assert_eq!(answer.response.body().as_ref(), b"here you are");
//! assert_eq!(answer.attempts, 2);
//! # Ok(())
//! # }
//! ```

mod call;
mod decimal;
mod decode;
mod limit;
mod pipeline;
mod retry;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod token;
mod transport;

pub use call::{Call, Once, RepeatKind, Repeatable};
pub use decimal::{ExactDecimal, decimal_as_string};
pub use decode::{DecodeError, decode_json, decoded};
pub use limit::{ConcurrencyLimit, Turn};
pub use pipeline::{Answer, Authorize, CallError, CallErrorCause, Classify, NoAuth, Pipeline};
pub use retry::{Effect, RetryPolicy, Verdict, retry_after};
#[cfg(feature = "tokio")]
pub use time::TokioSleep;
pub use time::{Clock, Sleep, SystemClock};
pub use token::{
    AccessToken, AuthError, CasError, FileTokenStore, MemoryTokenStore, RefreshLease, RefreshToken,
    StoredToken, TokenCache, TokenKey, TokenRevision, TokenStore, TokenStoreError,
};
#[cfg(feature = "encryption")]
pub use token::{EncryptingTokenStore, TokenEncryptionKey, TokenEncryptionKeyError};
pub use transport::{
    BodyStream, HttpTransport, Request, Response, Timeout, TransportError, TransportErrorKind,
    Upload,
};
#[cfg(feature = "reqwest")]
pub use transport::{ReqwestTransport, ReqwestTransportBuilder};

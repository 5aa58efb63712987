//! The one place that authorizes, limits, retries and times a request.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;
use jiff::Timestamp;
use tracing::{Instrument, debug, field};

use crate::{
    call::{Call, RepeatKind},
    limit::{ConcurrencyLimit, Turn},
    retry::{Effect, RetryPolicy, Verdict},
    time::{Clock, Sleep},
    token::AuthError,
    transport::{BodyStream, HttpTransport, Request, Response, TransportError, Upload},
};

/// Puts the credential on each attempt.
#[async_trait]
pub trait Authorize: fmt::Debug + Send + Sync {
    /// Adds the credential; may also complete the URL with the host that the credential belongs to.
    ///
    /// # Errors
    /// [`AuthError`] when no usable credential can be had.
    async fn authorize(&self, request: &mut Request) -> Result<(), AuthError>;

    /// Called when the server refused the credential that `request` carried. Returns whether a repetition has a chance:
    /// the refused credential was dropped, or somebody has already replaced it.
    ///
    /// # Errors
    /// [`AuthError`] when the credential store fails.
    async fn refused(&self, request: &Request, response: &Response) -> Result<bool, AuthError>;
}

/// No credential, for token endpoints and discovery.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAuth;

#[async_trait]
impl Authorize for NoAuth {
    async fn authorize(&self, _request: &mut Request) -> Result<(), AuthError> {
        Ok(())
    }

    async fn refused(&self, _request: &Request, _response: &Response) -> Result<bool, AuthError> {
        Ok(false)
    }
}

/// Judges an answer by its API's own rules. Pure.
pub trait Classify: Send + Sync {
    /// The verdict on `response`; `now` serves to read dates in it.
    fn classify(&self, response: &Response, now: Timestamp) -> Verdict;
}

impl<F: Fn(&Response, Timestamp) -> Verdict + Send + Sync> Classify for F {
    fn classify(&self, response: &Response, now: Timestamp) -> Verdict {
        self(response, now)
    }
}

/// Sends calls. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pipeline {
    transport: Arc<dyn HttpTransport>,
    clock: Arc<dyn Clock>,
    sleep: Arc<dyn Sleep>,
    retry: RetryPolicy,
    limit: Option<ConcurrencyLimit>,
}

/// An answer and what it took to get it. `B` is the form of its body.
#[derive(Debug)]
pub struct Answer<B = Bytes> {
    /// The last response: a success, or a failure that repetition could not or must not cure.
    pub response: http::Response<B>,
    /// Attempts made, the first included.
    pub attempts: u32,
    /// Whether an attempt before the last may have been applied although its answer was lost.
    pub earlier_attempt_may_have_been_applied: bool,
}

/// A call that ended without an answer.
#[derive(Debug)]
pub struct CallError {
    /// Name of the operation.
    pub operation: &'static str,
    /// HTTP method.
    pub method: http::Method,
    /// Path without query, which may hold record values.
    pub path: String,
    /// Attempts made, the first included.
    pub attempts: u32,
    /// Time from the first attempt to the end.
    pub elapsed: Duration,
    /// Whether the server may have applied the request, in any attempt.
    pub may_have_been_applied: bool,
    /// What ended it.
    pub cause: CallErrorCause,
}

/// What ended a call.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallErrorCause {
    /// No complete answer arrived.
    Transport(TransportError),
    /// No usable credential.
    Auth(AuthError),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operation,
            method,
            path,
            attempts,
            elapsed,
            ..
        } = self;
        write!(
            f,
            "{operation} ({method} {path}) failed after {attempts} attempt(s) in {:.1} s",
            elapsed.as_secs_f32()
        )
    }
}

impl StdError for CallError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.cause {
            CallErrorCause::Transport(error) => Some(error),
            CallErrorCause::Auth(error) => Some(error),
        }
    }
}

impl Pipeline {
    /// A pipeline with the default [`RetryPolicy`] and no concurrency limit.
    pub fn new(
        transport: Arc<dyn HttpTransport>,
        clock: Arc<dyn Clock>,
        sleep: Arc<dyn Sleep>,
    ) -> Self {
        Self {
            transport,
            clock,
            sleep,
            retry: RetryPolicy::default(),
            limit: None,
        }
    }

    /// Replaces the retry policy.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Limits attempts in flight.
    #[must_use]
    pub fn limit(mut self, limit: ConcurrencyLimit) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The clock that this pipeline goes by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The sleeper that this pipeline waits with.
    #[must_use]
    pub fn sleep(&self) -> &Arc<dyn Sleep> {
        &self.sleep
    }

    /// Sends `call` until the classifier is content or repetition must end.
    ///
    /// Repeated are: attempts that never reached the server; answers that prove nothing was done; and, for
    /// [`Repeatable`](crate::Repeatable) calls, anything the classifier calls worth repeating. A refused credential is
    /// renewed once; that repetition does not count against the attempts, for a refused request was not processed.
    ///
    /// A `Retry-After` that reaches beyond the deadline ends the call at once with the answer that carried it.
    ///
    /// # Errors
    /// [`CallError`] when no answer arrived at all. Final error answers are `Ok`: the API's parser reads them.
    pub async fn execute<K: RepeatKind>(
        &self,
        call: Call<K>,
        auth: &dyn Authorize,
        classify: &dyn Classify,
    ) -> Result<Answer, CallError> {
        let span = call_span(&call);
        let answer = Attempts::new(self, call, Way::Whole)
            .run(auth, classify)
            .instrument(span)
            .await?;
        Ok(answer.map(|(response, _)| response))
    }

    /// Like [`execute`](Self::execute), but the body of a success is handed over while it arrives, and `upload`, if
    /// there is one, is sent in place of the call's own body, piece by piece.
    ///
    /// The classifier sees a success without its body. A turn of the concurrency limit ends with the body. Once the
    /// body has begun nothing is repeated: whoever reads it may have acted on it.
    ///
    /// # Errors
    /// As [`execute`](Self::execute); an error while the body arrives is an item of it.
    pub async fn execute_streamed<K: RepeatKind>(
        &self,
        call: Call<K>,
        upload: Option<Upload>,
        auth: &dyn Authorize,
        classify: &dyn Classify,
    ) -> Result<Answer<BodyStream>, CallError> {
        let span = call_span(&call);
        let upload = upload.unwrap_or_else(|| Upload::from(call.request.body().clone()));
        let answer = Attempts::new(self, call, Way::Streamed(upload))
            .run(auth, classify)
            .instrument(span)
            .await?;
        Ok(answer.map(|(response, rest)| match rest {
            Some(rest) => response.map(|_| rest),
            None => response.map(BodyStream::from),
        }))
    }
}

fn call_span<K>(call: &Call<K>) -> tracing::Span {
    tracing::info_span!(
        "http.call",
        otel.name = call.operation,
        otel.kind = "client",
        http.request.method = %call.request.method(),
        url.path = call.request.uri().path(),
        http.request.resend_count = field::Empty,
        http.response.status_code = field::Empty,
    )
}

/// How an attempt is made.
enum Way {
    Whole,
    Streamed(Upload),
}

/// Most bytes of an error answer that is read whole although a stream was asked for.
const LARGEST_ERROR: u64 = 1024 * 1024;

/// A response and, of a streamed success, the body that is still to come.
type Incoming = (Response, Option<BodyStream>);

/// What [`Attempts`] end with.
struct Ended {
    incoming: Incoming,
    attempts: u32,
    may_have_been_applied: bool,
}

impl Ended {
    fn map<B>(self, form: impl FnOnce(Incoming) -> http::Response<B>) -> Answer<B> {
        Answer {
            response: form(self.incoming),
            attempts: self.attempts,
            earlier_attempt_may_have_been_applied: self.may_have_been_applied,
        }
    }
}

/// One call on its way.
struct Attempts<'a, K> {
    pipeline: &'a Pipeline,
    call: Call<K>,
    way: Way,
    pauses: backon::ExponentialBackoff,
    started: Timestamp,
    made: u32,
    reauthenticated: bool,
    may_have_been_applied: bool,
}

impl<'a, K: RepeatKind> Attempts<'a, K> {
    fn new(pipeline: &'a Pipeline, call: Call<K>, way: Way) -> Self {
        let pauses = pipeline.retry.pauses();
        let started = pipeline.clock.now();
        Self {
            pipeline,
            call,
            way,
            pauses,
            started,
            made: 0,
            reauthenticated: false,
            may_have_been_applied: false,
        }
    }

    async fn run(
        mut self,
        auth: &dyn Authorize,
        classify: &dyn Classify,
    ) -> Result<Ended, CallError> {
        loop {
            let mut request = self.call.request.clone();
            if let Err(error) = auth.authorize(&mut request).await {
                return Err(self.failed(CallErrorCause::Auth(error)));
            }
            let incoming = match self.attempt(request.clone()).await {
                Ok(incoming) => incoming,
                Err(error) => match self.pause_after_transport_error(&error) {
                    Some(pause) => {
                        self.wait(pause, &error).await;
                        continue;
                    }
                    None => return Err(self.failed(CallErrorCause::Transport(error))),
                },
            };
            let response = &incoming.0;
            match classify.classify(response, self.pipeline.clock.now()) {
                Verdict::Done => return Ok(self.answered(incoming)),
                Verdict::Reauthenticate => {
                    if self.reauthenticated {
                        return Ok(self.answered(incoming));
                    }
                    self.reauthenticated = true;
                    match auth.refused(&request, response).await {
                        Ok(true) => {}
                        Ok(false) => return Ok(self.answered(incoming)),
                        Err(error) => return Err(self.failed(CallErrorCause::Auth(error))),
                    }
                }
                Verdict::Retry { effect, after } => match self.pause_after_answer(effect, after) {
                    Some(pause) => self.wait(pause, &response.status()).await,
                    None => return Ok(self.answered(incoming)),
                },
            }
        }
    }

    async fn attempt(&mut self, request: Request) -> Result<Incoming, TransportError> {
        let turn = match &self.pipeline.limit {
            Some(limit) => Some(limit.enter().await),
            None => None,
        };
        self.made += 1;
        let result = match &self.way {
            Way::Whole => {
                let response = self.pipeline.transport.send(request).await;
                response.map(|response| (response, None))
            }
            Way::Streamed(upload) => {
                let request = request.map(|_| upload.clone());
                self.stream(request, turn).await
            }
        };
        let span = tracing::Span::current();
        span.record("http.request.resend_count", self.made - 1);
        if let Ok((response, _)) = &result {
            span.record("http.response.status_code", response.status().as_u16());
        }
        result
    }

    /// `turn` is kept until the body of a success has ended.
    async fn stream(
        &self,
        request: http::Request<Upload>,
        turn: Option<Turn>,
    ) -> Result<Incoming, TransportError> {
        let (head, body) = self.pipeline.transport.stream(request).await?.into_parts();
        if head.status.is_success() {
            let rest = stream::unfold((body, turn), |(mut body, turn)| async move {
                let piece = body.piece().await?;
                Some((piece, (body, turn)))
            });
            let response = Response::from_parts(head, Bytes::new());
            return Ok((response, Some(BodyStream::new(rest))));
        }
        let body = body.collect_at_most(LARGEST_ERROR).await?;
        Ok((Response::from_parts(head, body), None))
    }

    fn pause_after_transport_error(&mut self, error: &TransportError) -> Option<Duration> {
        let effect = if error.kind().may_have_been_received() {
            Effect::Unknown
        } else {
            Effect::None
        };
        let pause = error
            .kind()
            .may_go_better_next_time()
            .then(|| self.pause_after_answer(effect, None))
            .flatten();
        if effect == Effect::Unknown {
            self.may_have_been_applied = true;
        }
        pause
    }

    /// The pause before another attempt, or none when this one was the last.
    fn pause_after_answer(&mut self, effect: Effect, asked: Option<Duration>) -> Option<Duration> {
        if effect == Effect::Unknown && !K::REPEATABLE {
            return None;
        }
        let pause = self.pauses.next()?.max(asked.unwrap_or_default());
        if self.elapsed().saturating_add(pause) > self.pipeline.retry.deadline {
            return None;
        }
        if effect == Effect::Unknown {
            self.may_have_been_applied = true;
        }
        Some(pause)
    }

    async fn wait(&self, pause: Duration, reason: &(dyn fmt::Display + Sync)) {
        debug!(operation = self.call.operation, attempt = self.made, %reason, pause_ms = pause.as_millis(), "repeating");
        self.pipeline.sleep.sleep(pause).await;
    }

    fn elapsed(&self) -> Duration {
        // A clock that jumps backwards must not end the call early.
        Duration::try_from(self.pipeline.clock.now().duration_since(self.started))
            .unwrap_or_default()
    }

    fn answered(self, incoming: Incoming) -> Ended {
        Ended {
            incoming,
            attempts: self.made,
            may_have_been_applied: self.may_have_been_applied,
        }
    }

    fn failed(self, cause: CallErrorCause) -> CallError {
        CallError {
            operation: self.call.operation,
            method: self.call.request.method().clone(),
            path: self.call.request.uri().path().to_owned(),
            attempts: self.made,
            elapsed: self.elapsed(),
            may_have_been_applied: self.may_have_been_applied,
            cause,
        }
    }
}

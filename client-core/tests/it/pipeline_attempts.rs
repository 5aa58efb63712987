//! Which failure is repeated for which kind of call, and what the caller learns.

use std::{error::Error as _, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use client_core::{
    Answer, AuthError, Authorize, Call, CallError, CallErrorCause, Once, Pipeline, RepeatKind,
    Repeatable, Request, Response, RetryPolicy, TransportErrorKind,
    testing::{ManualClock, RecordingSleep, ScriptedTransport},
};

use crate::doubles::{NumberedAuth, classify, start};

#[derive(Clone, Copy, Debug)]
enum Step {
    Fails(TransportErrorKind),
    Answers(u16),
}

#[derive(Debug, PartialEq)]
enum Ends {
    /// With an answer of this status; whether an earlier attempt may have been applied.
    Answered(u16, bool),
    /// Without one; whether any attempt may have been applied.
    Failed(TransportErrorKind, bool),
}

use Ends::{Answered, Failed};
use Step::{Answers, Fails};
use TransportErrorKind::{Connect, Interrupted, Invalid, Other, Timeout, TooLarge};

const APPLIED: bool = true;
const NOT_APPLIED: bool = false;

fn steady() -> RetryPolicy {
    RetryPolicy {
        jitter: false,
        ..RetryPolicy::default()
    }
}

fn request() -> Request {
    http::Request::post("https://crm.example/crm/v8/Accounts?fields=Name")
        .header("content-type", "application/json")
        .body(Bytes::from_static(b"{\"data\":[]}"))
        .unwrap()
}

fn script(steps: &[Step]) -> ScriptedTransport {
    steps
        .iter()
        .fold(ScriptedTransport::new(), |script, step| match step {
            Fails(kind) => script.failure(*kind),
            Answers(status) => script.answer(*status, Bytes::new()),
        })
}

async fn execute<K: RepeatKind>(
    call: Call<K>,
    transport: &ScriptedTransport,
    policy: RetryPolicy,
) -> (Result<Answer, CallError>, Vec<Duration>) {
    let clock = ManualClock::new(start());
    let sleep = RecordingSleep::new(clock.clone());
    let result = Pipeline::new(
        Arc::new(transport.clone()),
        Arc::new(clock),
        Arc::new(sleep.clone()),
    )
    .retry(policy)
    .execute(call, &NumberedAuth::default(), &classify)
    .await;
    (result, sleep.slept())
}

/// Sends a call through `steps` and asserts how many were used and how it ended.
async fn check<K: RepeatKind>(call: Call<K>, steps: &[Step], attempts: u32, ends: Ends) {
    let transport = script(steps);
    let (result, _) = execute(call, &transport, steady()).await;
    let (made, end) = match result {
        Ok(answer) => (
            answer.attempts,
            Answered(
                answer.response.status().as_u16(),
                answer.earlier_attempt_may_have_been_applied,
            ),
        ),
        Err(error) => match error.cause {
            CallErrorCause::Transport(cause) => (
                error.attempts,
                Failed(cause.kind(), error.may_have_been_applied),
            ),
            other => panic!("{steps:?}: {other:?}"),
        },
    };
    assert_eq!(end, ends, "{steps:?}");
    assert_eq!(made, attempts, "{steps:?}");
    assert_eq!(transport.requests().len(), made as usize, "{steps:?}");
}

async fn repeatable(steps: &[Step], attempts: u32, ends: Ends) {
    check(Call::repeatable("get", request()), steps, attempts, ends).await;
}

async fn once(steps: &[Step], attempts: u32, ends: Ends) {
    check(Call::once("insert", request()), steps, attempts, ends).await;
}

#[tokio::test]
async fn a_repeatable_call_survives_any_single_passing_failure() {
    let ok = Answers(200);
    repeatable(&[ok], 1, Answered(200, NOT_APPLIED)).await;
    repeatable(&[Fails(Connect), ok], 2, Answered(200, NOT_APPLIED)).await;
    repeatable(&[Fails(Timeout), ok], 2, Answered(200, APPLIED)).await;
    repeatable(&[Fails(Interrupted), ok], 2, Answered(200, APPLIED)).await;
    repeatable(&[Fails(Other), ok], 2, Answered(200, APPLIED)).await;
    repeatable(&[Answers(429), ok], 2, Answered(200, NOT_APPLIED)).await;
    repeatable(&[Answers(503), ok], 2, Answered(200, APPLIED)).await;
    repeatable(&[Answers(401), ok], 2, Answered(200, NOT_APPLIED)).await;
}

#[tokio::test]
async fn a_call_once_is_repeated_only_after_proof_that_nothing_was_done() {
    let ok = Answers(200);
    once(&[ok], 1, Answered(200, NOT_APPLIED)).await;
    once(&[Fails(Connect), ok], 2, Answered(200, NOT_APPLIED)).await;
    once(&[Fails(Timeout), ok], 1, Failed(Timeout, APPLIED)).await;
    once(&[Fails(Interrupted), ok], 1, Failed(Interrupted, APPLIED)).await;
    once(&[Fails(Other), ok], 1, Failed(Other, APPLIED)).await;
    once(&[Answers(429), ok], 2, Answered(200, NOT_APPLIED)).await;
    once(&[Answers(503), ok], 1, Answered(503, NOT_APPLIED)).await;
    once(&[Answers(401), ok], 2, Answered(200, NOT_APPLIED)).await;
    once(
        &[Fails(Connect), Fails(Timeout)],
        2,
        Failed(Timeout, APPLIED),
    )
    .await;
    once(&[Answers(429), Answers(503)], 2, Answered(503, NOT_APPLIED)).await;
}

#[tokio::test]
async fn what_cannot_go_better_is_not_repeated() {
    repeatable(
        &[Fails(Invalid), Answers(200)],
        1,
        Failed(Invalid, NOT_APPLIED),
    )
    .await;
    repeatable(
        &[Fails(TooLarge), Answers(200)],
        1,
        Failed(TooLarge, APPLIED),
    )
    .await;
    repeatable(&[Answers(400), Answers(200)], 1, Answered(400, NOT_APPLIED)).await;
    once(
        &[Fails(Invalid), Answers(200)],
        1,
        Failed(Invalid, NOT_APPLIED),
    )
    .await;
    once(
        &[Fails(TooLarge), Answers(200)],
        1,
        Failed(TooLarge, APPLIED),
    )
    .await;
}

#[tokio::test]
async fn when_the_attempts_are_used_up_the_last_failure_is_the_result() {
    repeatable(&[Fails(Connect); 6], 5, Failed(Connect, NOT_APPLIED)).await;
    repeatable(&[Fails(Timeout); 6], 5, Failed(Timeout, APPLIED)).await;
    repeatable(&[Answers(429); 6], 5, Answered(429, NOT_APPLIED)).await;
    repeatable(&[Answers(503); 6], 5, Answered(503, APPLIED)).await;
    once(&[Fails(Connect); 6], 5, Failed(Connect, NOT_APPLIED)).await;
    once(&[Answers(429); 6], 5, Answered(429, NOT_APPLIED)).await;
}

#[tokio::test]
async fn an_unknown_effect_is_remembered_to_the_end() {
    let refused = Fails(Connect);
    let steps = [Fails(Timeout), refused, refused, refused, refused];
    repeatable(&steps, 5, Failed(Connect, APPLIED)).await;
    let steps = [Answers(503), Answers(429), Answers(400)];
    repeatable(&steps, 3, Answered(400, APPLIED)).await;
}

#[tokio::test]
async fn each_attempt_sends_the_same_request_with_the_credential_of_that_moment() {
    let transport = script(&[Answers(503), Answers(401), Answers(200)]);
    let (result, _) = execute(Call::repeatable("get", request()), &transport, steady()).await;
    result.unwrap();
    let sent = transport.requests();
    let credentials: Vec<_> = sent
        .iter()
        .map(|request| request.headers()["authorization"].to_str().unwrap())
        .collect();
    assert_eq!(credentials, ["token-1", "token-1", "token-2"]);
    for request in &sent {
        assert_eq!(request.method(), http::Method::POST);
        assert_eq!(
            request.uri(),
            "https://crm.example/crm/v8/Accounts?fields=Name"
        );
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(request.body().as_ref(), b"{\"data\":[]}");
    }
}

#[tokio::test]
async fn a_credential_that_is_refused_twice_ends_the_call() {
    repeatable(&[Answers(401); 3], 2, Answered(401, NOT_APPLIED)).await;
    once(&[Answers(401); 3], 2, Answered(401, NOT_APPLIED)).await;
    let steps = [Answers(401), Answers(503), Answers(401), Answers(200)];
    repeatable(&steps, 3, Answered(401, APPLIED)).await;
}

#[tokio::test]
async fn without_retries_a_refused_credential_is_renewed_all_the_same() {
    let transport = script(&[Answers(401), Answers(200)]);
    let call = Call::once("insert", request());
    let (result, _) = execute(call, &transport, RetryPolicy::none()).await;
    assert_eq!(result.unwrap().response.status(), 200);

    let transport = script(&[Fails(Connect), Answers(200)]);
    let call = Call::repeatable("get", request());
    let (result, slept) = execute(call, &transport, RetryPolicy::none()).await;
    assert_eq!(result.unwrap_err().attempts, 1);
    assert!(slept.is_empty());
}

/// A credential that cannot be had, or cannot be renewed.
#[derive(Debug)]
struct BrokenAuth {
    authorized: std::sync::atomic::AtomicU32,
    works_for: u32,
    renewal: Option<bool>,
}

impl BrokenAuth {
    fn new(works_for: u32, renewal: Option<bool>) -> Self {
        Self {
            authorized: 0.into(),
            works_for,
            renewal,
        }
    }
}

fn revoked() -> AuthError {
    AuthError::Rejected {
        reason: "invalid_code: connect again".to_owned(),
    }
}

#[async_trait]
impl Authorize for BrokenAuth {
    async fn authorize(&self, _: &mut Request) -> Result<(), AuthError> {
        let order = std::sync::atomic::Ordering::SeqCst;
        if self.authorized.fetch_add(1, order) < self.works_for {
            Ok(())
        } else {
            Err(revoked())
        }
    }

    async fn refused(&self, _: &Request, _: &Response) -> Result<bool, AuthError> {
        self.renewal.ok_or_else(revoked)
    }
}

async fn with_auth(auth: &BrokenAuth, steps: &[Step]) -> Result<Answer, CallError> {
    let clock = ManualClock::new(start());
    let sleep = RecordingSleep::new(clock.clone());
    Pipeline::new(Arc::new(script(steps)), Arc::new(clock), Arc::new(sleep))
        .execute(Call::repeatable("get", request()), auth, &classify)
        .await
}

#[tokio::test]
async fn without_a_credential_nothing_is_sent() {
    let error = with_auth(&BrokenAuth::new(0, None), &[Answers(200)])
        .await
        .unwrap_err();
    assert!(matches!(
        error.cause,
        CallErrorCause::Auth(AuthError::Rejected { .. })
    ));
    assert_eq!((error.attempts, error.may_have_been_applied), (0, false));
}

#[tokio::test]
async fn a_credential_lost_between_attempts_does_not_hide_what_the_first_may_have_done() {
    let error = with_auth(&BrokenAuth::new(1, None), &[Fails(Timeout)])
        .await
        .unwrap_err();
    assert!(matches!(error.cause, CallErrorCause::Auth(_)));
    assert_eq!((error.attempts, error.may_have_been_applied), (1, true));
}

#[tokio::test]
async fn a_refusal_that_renewal_cannot_cure_is_the_answer() {
    let answer = with_auth(&BrokenAuth::new(9, Some(false)), &[Answers(401)])
        .await
        .unwrap();
    assert_eq!(
        (answer.response.status().as_u16(), answer.attempts),
        (401, 1)
    );
    let error = with_auth(&BrokenAuth::new(9, None), &[Answers(401)])
        .await
        .unwrap_err();
    assert!(matches!(error.cause, CallErrorCause::Auth(_)));
}

#[tokio::test]
async fn the_error_is_one_line_for_a_log_and_keeps_its_cause() {
    let transport = script(&[Fails(Timeout)]);
    let call: Call<Once> = Call::once("insert accounts", request());
    let (result, _) = execute(call, &transport, steady()).await;
    let error = result.unwrap_err();
    assert_eq!(
        error.to_string(),
        "insert accounts (POST /crm/v8/Accounts) failed after 1 attempt(s) in 0.0 s"
    );
    assert_eq!(error.source().unwrap().to_string(), "no answer in time");
}

#[tokio::test]
async fn a_time_out_of_the_call_reaches_the_transport() {
    let transport = script(&[Answers(200)]);
    let limit = Duration::from_secs(7);
    let call: Call<Repeatable> = Call::repeatable("get", request()).timeout(limit);
    execute(call, &transport, steady()).await.0.unwrap();
    let sent = &transport.requests()[0];
    assert_eq!(
        sent.extensions().get::<client_core::Timeout>(),
        Some(&client_core::Timeout(limit))
    );
}

//! Pauses, deadlines, clocks that jump, and how many requests are in flight.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use client_core::{
    Answer, Call, CallError, Clock, ConcurrencyLimit, HttpTransport, NoAuth, Pipeline, Request,
    Response, RetryPolicy, Sleep, TransportError, TransportErrorKind,
    testing::{InProcessTransport, ManualClock, RecordingSleep, ScriptedTransport},
};
use futures::future::join_all;

use crate::doubles::{classify, start};

fn request() -> Request {
    http::Request::get("https://crm.example/crm/v8/org")
        .body(Bytes::new())
        .unwrap()
}

fn steady() -> RetryPolicy {
    RetryPolicy {
        jitter: false,
        ..RetryPolicy::default()
    }
}

fn asking_for_a_pause(retry_after: &str) -> Response {
    http::Response::builder()
        .status(429)
        .header("retry-after", retry_after)
        .body(Bytes::new())
        .unwrap()
}

async fn execute(
    transport: impl HttpTransport,
    clock: &ManualClock,
    policy: RetryPolicy,
) -> (Result<Answer, CallError>, Vec<Duration>) {
    let sleep = RecordingSleep::new(clock.clone());
    let result = Pipeline::new(
        Arc::new(transport),
        Arc::new(clock.clone()),
        Arc::new(sleep.clone()),
    )
    .retry(policy)
    .execute(Call::repeatable("get", request()), &NoAuth, &classify)
    .await;
    (result, sleep.slept())
}

fn millis(pauses: &[Duration]) -> Vec<u128> {
    pauses.iter().map(Duration::as_millis).collect()
}

#[tokio::test]
async fn without_jitter_pauses_double() {
    let transport = (0..5).fold(ScriptedTransport::new(), |script, _| {
        script.failure(TransportErrorKind::Connect)
    });
    let (_, slept) = execute(transport, &ManualClock::new(start()), steady()).await;
    assert_eq!(millis(&slept), [250, 500, 1000, 2000]);
}

#[tokio::test]
async fn with_jitter_callers_that_failed_together_do_not_return_together() {
    let mut seen = BTreeSet::new();
    for _ in 0..40 {
        let transport = ScriptedTransport::new()
            .failure(TransportErrorKind::Connect)
            .answer(200, "");
        let clock = ManualClock::new(start());
        let (_, slept) = execute(transport, &clock, RetryPolicy::default()).await;
        let pause = slept[0];
        assert!(pause >= Duration::from_millis(250) && pause <= Duration::from_millis(500));
        seen.insert(pause);
    }
    assert!(seen.len() > 20, "{} different pauses in 40", seen.len());
}

#[tokio::test]
async fn no_attempt_starts_after_the_deadline() {
    let transport = (0..9).fold(ScriptedTransport::new(), |script, _| script.answer(503, ""));
    let policy = RetryPolicy {
        max_attempts: 9,
        deadline: Duration::from_secs(1),
        ..steady()
    };
    let (result, slept) = execute(transport, &ManualClock::new(start()), policy).await;
    assert_eq!(result.unwrap().attempts, 3);
    assert_eq!(millis(&slept), [250, 500]);
}

#[tokio::test]
async fn time_spent_in_attempts_counts_towards_the_deadline() {
    let clock = ManualClock::new(start());
    let slow = {
        let clock = clock.clone();
        InProcessTransport::new(move |_| {
            clock.advance(Duration::from_secs(50));
            async { Err(TransportError::new(TransportErrorKind::Timeout, "slow")) }
        })
    };
    let (result, _) = execute(slow, &clock, steady()).await;
    let error = result.unwrap_err();
    assert_eq!(error.attempts, 3);
    assert_eq!(error.elapsed, Duration::from_millis(150_750));
}

#[tokio::test]
async fn the_longer_of_our_pause_and_the_servers_is_taken() {
    for (asked, expected) in [
        ("7", 7_000),
        ("0", 250),
        ("Fri, 20 Nov 2026 10:00:30 GMT", 30_000),
        ("nonsense", 250),
    ] {
        let transport = ScriptedTransport::new()
            .response(asking_for_a_pause(asked))
            .answer(200, "");
        let (result, slept) = execute(transport, &ManualClock::new(start()), steady()).await;
        assert_eq!(result.unwrap().attempts, 2);
        assert_eq!(millis(&slept), [expected], "{asked}");
    }
}

#[tokio::test]
async fn a_pause_beyond_the_deadline_ends_the_call_with_that_answer() {
    for asked in [
        "121",
        "18446744073709551615",
        "Fri, 20 Nov 2099 10:00:00 GMT",
    ] {
        let transport = ScriptedTransport::new()
            .answer(503, "")
            .response(asking_for_a_pause(asked))
            .answer(200, "");
        let policy = RetryPolicy {
            base_delay: Duration::from_secs(3),
            ..steady()
        };
        let (result, slept) = execute(transport, &ManualClock::new(start()), policy).await;
        let answer = result.unwrap();
        assert_eq!(answer.response.status(), 429, "{asked}");
        assert_eq!(millis(&slept), [3000], "{asked}");
    }
}

/// Fails to connect; before each failure the clock is set to the next of `times`.
fn while_the_clock_jumps(clock: &ManualClock, times: &[&str]) -> InProcessTransport {
    let clock = clock.clone();
    let times: Vec<jiff::Timestamp> = times.iter().map(|time| time.parse().unwrap()).collect();
    let next = AtomicUsize::new(0);
    InProcessTransport::new(move |_| {
        if let Some(time) = times.get(next.fetch_add(1, Ordering::SeqCst)) {
            clock.set(*time);
        }
        async { Err(TransportError::new(TransportErrorKind::Connect, "refused")) }
    })
}

#[tokio::test]
async fn a_clock_set_back_neither_ends_a_call_nor_makes_it_endless() {
    let clock = ManualClock::new(start());
    let transport = while_the_clock_jumps(&clock, &["2020-01-01T00:00:00Z"]);
    let (result, _) = execute(transport, &clock, steady()).await;
    let error = result.unwrap_err();
    assert_eq!(error.attempts, 5);
    assert_eq!(error.elapsed, Duration::ZERO);
}

#[tokio::test]
async fn a_clock_set_forward_ends_the_call_early() {
    let clock = ManualClock::new(start());
    let transport = while_the_clock_jumps(&clock, &["2030-01-01T00:00:00Z"]);
    let (result, slept) = execute(transport, &clock, steady()).await;
    assert_eq!(result.unwrap_err().attempts, 1);
    assert!(slept.is_empty());
}

/// Counts requests in flight and lets others run while it has one.
#[derive(Debug, Default)]
struct Crowd {
    present: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl HttpTransport for Crowd {
    async fn send(&self, _: Request) -> Result<Response, TransportError> {
        let present = self.present.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(present, Ordering::SeqCst);
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        self.present.fetch_sub(1, Ordering::SeqCst);
        Ok(Response::default())
    }
}

#[tokio::test]
async fn clones_of_a_limit_together_admit_no_more_than_it_says() {
    let crowd = Arc::new(Crowd::default());
    let clock = ManualClock::new(start());
    let limit = ConcurrencyLimit::new(3);
    let pipelines: Vec<Pipeline> = (0..4)
        .map(|_| {
            let sleep = RecordingSleep::new(clock.clone());
            let transport = Arc::clone(&crowd) as Arc<dyn HttpTransport>;
            Pipeline::new(transport, Arc::new(clock.clone()), Arc::new(sleep)).limit(limit.clone())
        })
        .collect();
    let calls = (0..24).map(|number| {
        pipelines[number % 4].execute(Call::repeatable("get", request()), &NoAuth, &classify)
    });
    for result in join_all(calls).await {
        result.unwrap();
    }
    assert_eq!(crowd.most.load(Ordering::SeqCst), 3);
}

/// A sleeper that a test lets go on.
#[derive(Debug)]
struct Gate(async_lock::Semaphore);

#[async_trait]
impl Sleep for Gate {
    async fn sleep(&self, _: Duration) {
        self.0.acquire().await.forget();
    }
}

#[tokio::test]
async fn a_call_that_pauses_leaves_its_place_to_others() {
    let gate = Arc::new(Gate(async_lock::Semaphore::new(0)));
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(start()));
    let transport = ScriptedTransport::new()
        .answer(429, "")
        .answer(200, "second call")
        .answer(200, "first call, repeated");
    let pipeline = Pipeline::new(
        Arc::new(transport),
        clock,
        Arc::clone(&gate) as Arc<dyn Sleep>,
    )
    .limit(ConcurrencyLimit::new(1));
    let first = pipeline.execute(Call::repeatable("get", request()), &NoAuth, &classify);
    let second = async {
        let call = Call::repeatable("get", request());
        let answer = pipeline.execute(call, &NoAuth, &classify).await;
        gate.0.add_permits(1);
        answer
    };
    let (first, second) = futures::join!(first, second);
    assert_eq!(second.unwrap().response.body().as_ref(), b"second call");
    assert_eq!(
        first.unwrap().response.body().as_ref(),
        b"first call, repeated"
    );
}

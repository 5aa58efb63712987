//! No secret and no record value shows in logs, errors or debug output.

use std::{
    io,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use client_core::{
    AccessToken, AuthError, Authorize, Call, ConcurrencyLimit, MemoryTokenStore, Pipeline, Request,
    Response, StoredToken, TokenStore, TransportErrorKind,
    testing::{ManualClock, RecordingSleep, ScriptedTransport},
};
use secrecy::{ExposeSecret, SecretString};

use crate::doubles::{TokenEndpoint, World, classify, key, start};

const CANARY: &str = "canary-5d1e";

fn secret() -> SecretString {
    SecretString::from(CANARY)
}

fn stored() -> StoredToken {
    StoredToken {
        access_token: Some(secret()),
        refresh_token: Some(secret()),
        ..StoredToken::default()
    }
}

#[derive(Debug)]
struct CanaryAuth;

#[async_trait]
impl Authorize for CanaryAuth {
    async fn authorize(&self, request: &mut Request) -> Result<(), AuthError> {
        let mut value = http::HeaderValue::from_str(secret().expose_secret()).unwrap();
        value.set_sensitive(true);
        request.headers_mut().insert("authorization", value);
        Ok(())
    }

    async fn refused(&self, _: &Request, _: &Response) -> Result<bool, AuthError> {
        Ok(true)
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that this thread logs from now on, down to the last detail.
fn record_log() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

fn request() -> Request {
    http::Request::post(format!("https://crm.example/Accounts?email={CANARY}"))
        .header("cookie", CANARY)
        .body(Bytes::from_static(CANARY.as_bytes()))
        .unwrap()
}

#[tokio::test]
async fn a_call_logs_what_it_did_without_query_headers_or_bodies() {
    let (log, _guard) = record_log();
    let clock = ManualClock::new(start());
    let transport = ScriptedTransport::new()
        .answer(401, CANARY)
        .failure(TransportErrorKind::Timeout)
        .answer(503, CANARY)
        .failure(TransportErrorKind::TooLarge);
    let pipeline = Pipeline::new(
        Arc::new(transport),
        Arc::new(clock.clone()),
        Arc::new(RecordingSleep::new(clock)),
    )
    .limit(ConcurrencyLimit::new(1));
    let call = Call::repeatable("list accounts", request());
    let of_call = format!("{call:?}");
    let error = pipeline
        .execute(call, &CanaryAuth, &classify)
        .await
        .unwrap_err();
    let log = log.text();
    assert!(
        log.contains("list accounts") && log.contains("/Accounts"),
        "{log}"
    );
    assert!(log.contains("http.response.status_code=503"), "{log}");
    for text in [log, of_call, format!("{error} {error:?} {pipeline:?}")] {
        assert!(!text.contains(CANARY), "{text}");
    }
}

#[tokio::test]
async fn tokens_show_in_no_debug_output_and_no_log() {
    let (log, _guard) = record_log();
    let world = World::with_endpoint(
        ManualClock::new(start()),
        TokenEndpoint::answering(|_| Ok(stored())),
    );
    world
        .stored(StoredToken {
            expires_at: Some(start()),
            ..stored()
        })
        .await;
    let cache = world.cache();
    let token: AccessToken = cache.access_token().await.unwrap();
    assert_eq!(token.secret.expose_secret(), CANARY);
    cache.refused(&token.secret).await.unwrap();
    let memory = MemoryTokenStore::new();
    memory
        .compare_and_swap(&key(), None, &stored())
        .await
        .unwrap();
    let log = log.text();
    assert!(log.contains("access token renewed"), "{log}");
    for text in [
        log,
        format!(
            "{token:?} {cache:?} {memory:?} {:?} {:?}",
            stored(),
            world.store
        ),
    ] {
        assert!(!text.contains(CANARY), "{text}");
    }
}

#[tokio::test]
async fn a_renewed_token_that_waits_to_be_stored_does_not_show_either() {
    let world = World::with_endpoint(
        ManualClock::new(start()),
        TokenEndpoint::answering(|_| Ok(stored())),
    );
    world.store.fail_swaps_after(Some(1));
    let cache = world.cache();
    let error = cache.access_token().await.unwrap_err();
    let text = format!("{cache:?} {error} {error:?}");
    assert!(!text.contains(CANARY), "{text}");
}

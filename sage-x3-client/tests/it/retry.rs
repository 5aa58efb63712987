use std::sync::Arc;

use client_core::{
    TransportErrorKind,
    testing::{ManualClock, RecordingSleep, ScriptedTransport},
};
use sage_x3_client::{
    CategoryCode, CustomerCode, CustomerPatch, ErrorKind, Filter, NewCustomer, PageSize,
    SiteConfig, X3Client,
};
use serde_json::json;

use crate::server::{NOW, Server, client, json as answer, keys, text};

fn scripted(transport: &ScriptedTransport) -> X3Client {
    let clock = ManualClock::new(NOW.parse().unwrap());
    let sleep = RecordingSleep::new(clock.clone());
    client(
        SiteConfig::new("http://localhost", "SEED"),
        Arc::new(transport.clone()),
        &clock,
        &sleep,
    )
}

fn new() -> NewCustomer {
    NewCustomer::new(CategoryCode::new("DOM").unwrap()).code(CustomerCode::new("C1").unwrap())
}

fn created() -> String {
    json!({"data":{"r0":{"customer":{"create":{"_id":"C1"}}}}}).to_string()
}

fn updated() -> String {
    json!({"data":{"r0":{"customer":{"update":{"_id":"C1"}}}}}).to_string()
}

#[tokio::test]
async fn a_read_is_repeated_until_the_server_recovers() {
    let busy = text(503, "No process available").insert_header("retry-after", "7");
    let server = Server::start([busy, text(502, ""), answer(&keys(&["A"], None))]).await;
    let page = server
        .client()
        .customers()
        .keys(Filter::everything(), PageSize::default(), None)
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    let slept = server.sleep.slept();
    assert_eq!(slept.len(), 2);
    assert!(
        slept[0].as_secs() >= 7,
        "the server asked for 7 s: {slept:?}"
    );
}

#[tokio::test]
async fn a_read_whose_answer_was_lost_is_repeated() {
    let transport = ScriptedTransport::new()
        .failure(TransportErrorKind::Interrupted)
        .failure(TransportErrorKind::Timeout)
        .answer(200, keys(&["A"], None).to_string());
    let page = scripted(&transport)
        .customers()
        .keys(Filter::everything(), PageSize::default(), None)
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!(transport.requests().len(), 3);
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_never_sent_again() {
    for kind in [TransportErrorKind::Interrupted, TransportErrorKind::Timeout] {
        let transport = ScriptedTransport::new()
            .failure(kind)
            .answer(200, created());
        let error = scripted(&transport)
            .customers()
            .create(&new())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.may_have_been_applied(), "{error}");
        assert_eq!(transport.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_create_that_a_server_error_answered_is_never_sent_again() {
    let transport = ScriptedTransport::new()
        .answer(503, "busy")
        .answer(200, created());
    let error = scripted(&transport)
        .customers()
        .create(&new())
        .await
        .unwrap_err();
    assert!(error.may_have_been_applied(), "{error}");
    assert_eq!(transport.requests().len(), 1);
}

#[tokio::test]
async fn a_create_that_never_left_is_sent_again() {
    let transport = ScriptedTransport::new()
        .failure(TransportErrorKind::Connect)
        .answer(429, "slow down")
        .answer(200, created());
    let outcome = scripted(&transport)
        .customers()
        .without_read_back()
        .create(&new())
        .await
        .unwrap();
    assert_eq!(outcome.key.as_str(), "C1");
    assert_eq!(transport.requests().len(), 3);
}

#[tokio::test]
async fn an_update_sets_stated_values_and_so_may_be_sent_again() {
    let transport = ScriptedTransport::new()
        .failure(TransportErrorKind::Interrupted)
        .answer(200, updated());
    let patch = CustomerPatch::new().company_name_1("Acme");
    scripted(&transport)
        .customers()
        .update(&CustomerCode::new("C1").unwrap(), &patch)
        .await
        .unwrap();
    let requests = transport.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].body(), requests[1].body());
}

#[tokio::test]
async fn a_mutation_of_the_callers_own_is_sent_once_and_a_query_again() {
    let transport = ScriptedTransport::new()
        .failure(TransportErrorKind::Interrupted)
        .answer(200, r#"{"data":{}}"#);
    let error = scripted(&transport)
        .execute("mutation { a }", &())
        .await
        .unwrap_err();
    assert!(error.may_have_been_applied());
    assert_eq!(transport.requests().len(), 1);
    assert!(
        scripted(&transport)
            .execute("{ a }", &())
            .await
            .unwrap()
            .is_success()
    );
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_named_as_such() {
    let client = X3Client::builder(SiteConfig::new("http://127.0.0.1:1", "SEED"))
        .credential(sage_x3_client::ConnectedApp::new("c", "s"))
        .retry(client_core::RetryPolicy::none())
        .build()
        .unwrap();
    let error = client
        .customers()
        .read(&CustomerCode::new("C1").unwrap())
        .await
        .unwrap_err();
    assert!(error.is_retryable() && !error.may_have_been_applied());
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    assert!(text.contains("could not connect"), "{text}");
}

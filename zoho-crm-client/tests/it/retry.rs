use std::time::Duration;

use client_core::{Response, TransportErrorKind};
use serde_json::json;
use zoho_crm_client::{ErrorKind, Record, ZohoClient};

use crate::support::{inserted, org, refusal, script, scripted};

fn page(status: u16) -> Response {
    http::Response::builder()
        .status(status)
        .header("content-type", "text/html;charset=UTF-8")
        .body("<html>bad gateway</html>".into())
        .unwrap()
}

fn row(code: &str) -> Vec<Record> {
    vec![Record::new().with("X3_Code", code)]
}

fn answer() -> String {
    json!({"data": [inserted(5_725_767_000_000_524_157)]}).to_string()
}

async fn upsert(
    client: &ZohoClient,
) -> Result<zoho_crm_client::WriteOutcomes, zoho_crm_client::Error> {
    let upsert = client.module("Accounts").upsert(row("BP001"));
    upsert.duplicate_check_fields(["X3_Code"]).send().await
}

#[tokio::test]
async fn a_gateway_page_is_repeated_for_reads_and_then_named() {
    let transport = script()
        .response(page(502))
        .response(page(502))
        .response(page(502));
    let (client, sleep) = scripted(&transport);
    let error = client.org().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotJson);
    assert_eq!(
        error.to_string(),
        "zoho.org (GET /crm/v8/org) was answered 502 after 3 attempts: JSON was expected, text/html;charset=UTF-8 came"
    );
    assert!(error.is_retryable() && !error.may_have_been_applied());
    assert_eq!(
        sleep.slept(),
        [Duration::from_secs(1), Duration::from_secs(2)]
    );
}

#[tokio::test]
async fn a_maintenance_page_inside_http_200_is_no_empty_result() {
    let (client, _) = scripted(&script().response(page(200)));
    let error = client.module("Accounts").list().fields(["Phone"]);
    let error = error
        .page(&zoho_crm_client::PageToken::first())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotJson);
}

#[tokio::test]
async fn an_upsert_whose_answer_is_lost_is_repeated() {
    let transport = script()
        .failure(TransportErrorKind::Interrupted)
        .answer(200, answer());
    let (client, _) = scripted(&transport);
    let written = upsert(&client).await.unwrap().all_ok().unwrap();
    assert_eq!(written[0].id, "5725767000000524157");
    let requests = transport.requests();
    assert_eq!(requests[1].body(), requests[2].body());
}

#[tokio::test]
async fn an_insert_whose_answer_is_lost_is_not_repeated() {
    for failure in [TransportErrorKind::Interrupted, TransportErrorKind::Timeout] {
        let transport = script().failure(failure).answer(200, answer());
        let (client, _) = scripted(&transport);
        let error = client
            .module("Accounts")
            .insert(row("A"))
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport);
        assert!(error.may_have_been_applied());
        assert_eq!(transport.requests().len(), 2);
    }
}

#[tokio::test]
async fn an_insert_is_not_repeated_after_a_server_error_either() {
    let transport = script().answer(500, refusal("INTERNAL_ERROR").to_string());
    let (client, _) = scripted(&transport);
    let error = client
        .module("Accounts")
        .insert(row("A"))
        .send()
        .await
        .unwrap_err();
    assert!(error.may_have_been_applied() && error.is_retryable());
    assert_eq!(error.api_error().unwrap().code(), "INTERNAL_ERROR");
    assert_eq!(transport.requests().len(), 2);
}

#[tokio::test]
async fn an_insert_that_never_left_is_repeated() {
    let transport = script()
        .failure(TransportErrorKind::Connect)
        .answer(201, answer());
    let (client, _) = scripted(&transport);
    let outcomes = client
        .module("Accounts")
        .insert(row("A"))
        .send()
        .await
        .unwrap();
    assert_eq!(outcomes.all_ok().unwrap().len(), 1);
}

#[tokio::test]
async fn an_upsert_of_a_row_that_cannot_be_found_again_is_not_repeated() {
    let transport = script().failure(TransportErrorKind::Interrupted);
    let (client, _) = scripted(&transport);
    let nameless = vec![Record::new().with("Account_Name", "Müller GmbH")];
    let upsert = client.module("Accounts").upsert(nameless);
    let error = upsert
        .duplicate_check_fields(["X3_Code"])
        .send()
        .await
        .unwrap_err();
    assert!(error.may_have_been_applied());
    assert_eq!(transport.requests().len(), 2);
}

#[tokio::test]
async fn throttling_proves_that_nothing_was_done_so_even_inserts_are_repeated() {
    let busy = refusal("TOO_MANY_REQUESTS").to_string();
    let transport = script().answer(429, busy).answer(201, answer());
    let (client, sleep) = scripted(&transport);
    let outcomes = client
        .module("Accounts")
        .insert(row("A"))
        .send()
        .await
        .unwrap();
    assert_eq!(outcomes.all_ok().unwrap().len(), 1);
    assert_eq!(sleep.slept(), [Duration::from_secs(1)]);
}

#[tokio::test]
async fn lasting_throttling_says_when_to_come_back() {
    let busy = || {
        http::Response::builder()
            .status(429)
            .header("X-API-CREDITS-REMAINING", "0")
            .body(refusal("TOO_MANY_REQUESTS").to_string().into())
            .unwrap()
    };
    let transport = script().response(busy()).response(busy()).response(busy());
    let (client, _) = scripted(&transport);
    let error = upsert(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(900)));
    assert!(error.is_retryable() && !error.may_have_been_applied());
    assert_eq!(error.context().unwrap().attempts, 3);
    assert_eq!(client.credits_remaining(), Some(0));
}

#[tokio::test]
async fn a_server_that_asks_for_a_pause_gets_it() {
    let busy = http::Response::builder()
        .status(503)
        .header("Retry-After", "7")
        .body(refusal("INTERNAL_ERROR").to_string().into())
        .unwrap();
    let transport = script().response(busy).answer(200, org().to_string());
    let (client, sleep) = scripted(&transport);
    client.org().await.unwrap();
    assert_eq!(sleep.slept(), [Duration::from_secs(7)]);
}

#[tokio::test]
async fn a_truncated_answer_to_a_write_leaves_doubt() {
    let transport = script().answer(200, r#"{"data":[{"code":"SUCC"#);
    let (client, _) = scripted(&transport);
    let error = upsert(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.may_have_been_applied());
}

#[tokio::test]
async fn a_refused_request_was_not_applied() {
    let transport = script().answer(400, refusal("INVALID_MODULE").to_string());
    let (client, _) = scripted(&transport);
    let error = upsert(&client).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "zoho.records.upsert (POST /crm/v8/Accounts/upsert) was answered 400: INVALID_MODULE: no"
    );
    assert!(!error.may_have_been_applied() && !error.is_retryable());
}

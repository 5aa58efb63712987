use std::{sync::Arc, time::Duration};

use client_core::{AuthError, MemoryTokenStore, TokenKey, TokenStore};
use futures::future::join_all;
use serde_json::json;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_string, header, method, path},
};
use zoho_crm_client::{DataCenter, Error, ErrorKind};

use crate::support::{
    ACCESS, REFRESH, SECRET, builder, client_of, org, refusal, requests_to, serve_token, token,
};

const TOKEN: &str = "/oauth/v2/token";
const ORG: &str = "/crm/v8/org";

async fn serve_org(server: &MockServer) {
    Mock::given(method("GET"))
        .and(path(ORG))
        .and(header("authorization", format!("Zoho-oauthtoken {ACCESS}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(org()))
        .mount(server)
        .await;
}

async fn serve_token_answer(server: &MockServer, answer: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path(TOKEN))
        .respond_with(answer)
        .mount(server)
        .await;
}

#[tokio::test]
async fn a_refresh_sends_the_form_that_zoho_documents() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(TOKEN))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(body_string(format!(
            "grant_type=refresh_token&refresh_token={REFRESH}&client_id=1000.CLIENT&client_secret={SECRET}"
        )))
        .respond_with(ResponseTemplate::new(200).set_body_json(token(&server.uri())))
        .expect(1)
        .mount(&server)
        .await;
    serve_org(&server).await;
    let client = client_of(&server);
    assert_eq!(client.org().await.unwrap().zgid, "10234695");
    assert_eq!(client.usage().token_requests, 1);
}

#[tokio::test]
async fn twenty_callers_of_two_clients_share_one_refresh() {
    let server = MockServer::start().await;
    let slow = ResponseTemplate::new(200)
        .set_body_json(token(&server.uri()))
        .set_delay(Duration::from_millis(50));
    serve_token_answer(&server, slow).await;
    serve_org(&server).await;
    let store: Arc<dyn TokenStore> = Arc::new(MemoryTokenStore::new());
    // Real time, because the second client waits for the first one's lease.
    let client = || {
        zoho_crm_client::ZohoClient::builder(
            DataCenter::custom(&server.uri()).unwrap(),
            crate::support::credentials(),
        )
        .refresh_token(REFRESH)
        .token_store(Arc::clone(&store))
        .build()
        .unwrap()
    };
    let clients = [client(), client()];
    let calls = (0..20).map(|number| {
        let client = clients[number % 2].clone();
        async move { client.org().await }
    });
    for result in join_all(calls).await {
        result.unwrap();
    }
    assert_eq!(requests_to(&server, TOKEN).await.len(), 1);
    assert_eq!(requests_to(&server, ORG).await.len(), 20);
}

#[tokio::test]
async fn the_domain_of_the_token_answer_is_persisted_and_used_after_a_restart() {
    let server = MockServer::start().await;
    serve_token(&server).await;
    serve_org(&server).await;
    let store = MemoryTokenStore::new();
    let start = || {
        let (builder, ..) = builder(DataCenter::custom(&server.uri()).unwrap());
        builder
            .token_store(Arc::new(store.clone()))
            .token_key(TokenKey::new("acme"))
            .build()
            .unwrap()
    };
    start().org().await.unwrap();
    start().org().await.unwrap();
    assert_eq!(requests_to(&server, TOKEN).await.len(), 1);
    let (stored, _) = store.load(&TokenKey::new("acme")).await.unwrap().unwrap();
    assert_eq!(stored.attributes["api_domain"], server.uri());
    assert!(stored.refresh_token.is_some());
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_call_repeated_once() {
    let server = MockServer::start().await;
    serve_token(&server).await;
    let refused = ResponseTemplate::new(401).set_body_json(refusal("INVALID_TOKEN"));
    Mock::given(method("GET"))
        .and(path(ORG))
        .respond_with(refused)
        .up_to_n_times(1)
        .mount(&server)
        .await;
    serve_org(&server).await;
    client_of(&server).org().await.unwrap();
    assert_eq!(requests_to(&server, TOKEN).await.len(), 2);
    assert_eq!(requests_to(&server, ORG).await.len(), 2);
}

#[tokio::test]
async fn a_token_refused_again_ends_the_call() {
    let server = MockServer::start().await;
    serve_token(&server).await;
    Mock::given(path(ORG))
        .respond_with(ResponseTemplate::new(401).set_body_json(refusal("INVALID_TOKEN")))
        .mount(&server)
        .await;
    let error = client_of(&server).org().await.unwrap_err();
    assert_eq!(error.api_error().unwrap().code(), "INVALID_TOKEN");
    assert!(!error.is_retryable());
    assert_eq!(error.context().unwrap().attempts, 2);
    assert_eq!(requests_to(&server, TOKEN).await.len(), 2);
}

#[tokio::test]
async fn a_missing_scope_is_not_cured_by_a_new_token() {
    for code in ["OAUTH_SCOPE_MISMATCH", "AUTHENTICATION_FAILURE"] {
        let server = MockServer::start().await;
        serve_token(&server).await;
        Mock::given(path(ORG))
            .respond_with(ResponseTemplate::new(401).set_body_json(refusal(code)))
            .mount(&server)
            .await;
        let error = client_of(&server).org().await.unwrap_err();
        assert_eq!(error.api_error().unwrap().code(), code);
        assert_eq!(requests_to(&server, TOKEN).await.len(), 1);
        assert_eq!(requests_to(&server, ORG).await.len(), 1);
    }
}

#[tokio::test]
async fn throttled_token_requests_are_not_pressed() {
    for status in [200, 400] {
        let server = MockServer::start().await;
        let body = json!({"error_description": "You have made too many requests continuously. Please try again after some time.", "error": "Access Denied", "status": "failure"});
        serve_token_answer(&server, ResponseTemplate::new(status).set_body_json(body)).await;
        let (builder, clock, _) = builder(DataCenter::custom(&server.uri()).unwrap());
        let client = builder.build().unwrap();
        let error = client.org().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Auth);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(600)));
        assert!(error.is_retryable());

        clock.advance(Duration::from_secs(599));
        let error = client.org().await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
        assert_eq!(requests_to(&server, TOKEN).await.len(), 1);

        clock.advance(Duration::from_secs(1));
        client.org().await.unwrap_err();
        assert_eq!(requests_to(&server, TOKEN).await.len(), 2);
    }
}

#[tokio::test]
async fn a_revoked_refresh_token_is_a_persons_business_and_no_secret_is_told() {
    let server = MockServer::start().await;
    let body = json!({"error": "invalid_code"});
    serve_token_answer(&server, ResponseTemplate::new(200).set_body_json(body)).await;
    let client = client_of(&server);
    let error = client.org().await.unwrap_err();
    assert!(!error.is_retryable());
    let told = everything_told(&error);
    assert!(told.contains("obtain a new one"), "{told}");
    for secret in [SECRET, REFRESH, ACCESS] {
        assert!(!format!("{told}{client:?}").contains(secret), "{told}");
    }
}

#[tokio::test]
async fn a_new_refresh_token_in_the_settings_replaces_a_revoked_one_in_the_store() {
    let server = MockServer::start().await;
    Mock::given(path(TOKEN))
        .and(body_string(format!(
            "grant_type=refresh_token&refresh_token=1000.revoked&client_id=1000.CLIENT&client_secret={SECRET}"
        )))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"error": "invalid_code"})))
        .expect(1)
        .mount(&server)
        .await;
    serve_token(&server).await;
    serve_org(&server).await;
    let store = MemoryTokenStore::new();
    let key = TokenKey::new("acme");
    let revoked = client_core::StoredToken {
        refresh_token: Some("1000.revoked".into()),
        ..client_core::StoredToken::default()
    };
    store.compare_and_swap(&key, None, &revoked).await.unwrap();
    let (builder, ..) = builder(DataCenter::custom(&server.uri()).unwrap());
    let client = builder
        .token_store(Arc::new(store.clone()))
        .token_key(key.clone())
        .build()
        .unwrap();
    client.org().await.unwrap();
    let (stored, _) = store.load(&key).await.unwrap().unwrap();
    let kept = stored.refresh_token.unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&kept), REFRESH);
}

#[tokio::test]
async fn an_accounts_server_in_trouble_is_asked_three_times_and_named() {
    let server = MockServer::start().await;
    let page = ResponseTemplate::new(502).set_body_raw("<html>bad gateway</html>", "text/html");
    serve_token_answer(&server, page).await;
    let error = client_of(&server).org().await.unwrap_err();
    assert!(error.is_retryable());
    let told = everything_told(&error);
    assert!(
        told.contains(&server.uri()) && told.contains("502"),
        "{told}"
    );
    assert_eq!(requests_to(&server, TOKEN).await.len(), 3);
}

#[tokio::test]
async fn a_token_is_not_sent_to_a_host_that_nobody_named() {
    let server = MockServer::start().await;
    let elsewhere = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(token(&elsewhere.uri()));
    serve_token_answer(&server, answer).await;
    serve_org(&elsewhere).await;
    let error = client_of(&server).org().await.unwrap_err();
    assert!(matches!(
        error,
        Error::Auth {
            source: AuthError::UntrustedHost { .. },
            ..
        }
    ));
    assert!(elsewhere.received_requests().await.unwrap().is_empty());

    let (builder, ..) = builder(DataCenter::custom(&server.uri()).unwrap());
    let named = elsewhere.address().to_string();
    let client = builder.allow_host(named).build().unwrap();
    client.org().await.unwrap();
}

#[tokio::test]
async fn a_client_without_any_refresh_token_says_so() {
    let server = MockServer::start().await;
    let client = zoho_crm_client::ZohoClient::builder(
        DataCenter::custom(&server.uri()).unwrap(),
        crate::support::credentials(),
    )
    .build()
    .unwrap();
    let error = client.org().await.unwrap_err();
    assert!(everything_told(&error).contains("no refresh token"));
}

/// Display and Debug of an error and all its causes.
fn everything_told(error: &Error) -> String {
    let mut told = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        told.push_str(&format!(" {inner} {inner:?}"));
        cause = inner.source();
    }
    told
}

#[tokio::test]
async fn a_stored_token_is_not_sent_wherever_the_store_says() {
    let server = MockServer::start().await;
    let elsewhere = MockServer::start().await;
    serve_org(&elsewhere).await;
    let store = MemoryTokenStore::new();
    let key = TokenKey::new("acme");
    let planted = client_core::StoredToken {
        access_token: Some(ACCESS.into()),
        attributes: [("api_domain".to_owned(), elsewhere.uri())].into(),
        ..client_core::StoredToken::default()
    };
    store.compare_and_swap(&key, None, &planted).await.unwrap();
    let (builder, ..) = builder(DataCenter::custom(&server.uri()).unwrap());
    let client = builder
        .token_store(Arc::new(store))
        .token_key(key)
        .build()
        .unwrap();
    let error = client.org().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

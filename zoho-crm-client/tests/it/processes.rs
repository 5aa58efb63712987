//! Several processes, one token.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use client_core::{CasError, FileTokenStore, StoredToken, TokenKey, TokenStore};
use futures::future::join_all;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path},
};
use zoho_crm_client::{DataCenter, ZohoClient};

use crate::support::{ACCESS, REFRESH, credentials, org, requests_to, token};

const SERVER: &str = "ZOHO_TEST_SERVER";
const STORE: &str = "ZOHO_TEST_STORE";
const CALLERS: usize = 20;

fn key() -> TokenKey {
    TokenKey::new("zoho/shared")
}

fn client(server: &str, store: &Path) -> ZohoClient {
    ZohoClient::builder(DataCenter::custom(server).unwrap(), credentials())
        .token_store(Arc::new(FileTokenStore::new(store)))
        .token_key(key())
        .concurrency(CALLERS)
        .build()
        .unwrap()
}

/// What each of the other processes does. Without a server, as when all tests are run, nothing.
#[tokio::test]
async fn child() {
    let Ok(server) = std::env::var(SERVER) else {
        return;
    };
    let store = std::env::var(STORE).unwrap();
    let client = client(&server, Path::new(&store));
    for answer in join_all((0..CALLERS).map(|_| client.org())).await {
        answer.unwrap();
    }
}

async fn expired(store: &Path) -> Result<(), CasError> {
    let token = StoredToken {
        access_token: Some("1000.expired".into()),
        expires_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        refresh_token: Some(REFRESH.into()),
        ..StoredToken::default()
    };
    let store = FileTokenStore::new(store);
    store.compare_and_swap(&key(), None, &token).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_callers_in_three_processes_on_an_expired_token_refresh_it_once() {
    let server = MockServer::start().await;
    let slow = ResponseTemplate::new(200)
        .set_body_json(token(&server.uri()))
        .set_delay(Duration::from_millis(400));
    Mock::given(method("POST"))
        .and(path("/oauth/v2/token"))
        .respond_with(slow)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path("/crm/v8/org"))
        .and(header("authorization", format!("Zoho-oauthtoken {ACCESS}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(org()))
        .mount(&server)
        .await;
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("tokens.json");
    expired(&store).await.unwrap();
    let children: Vec<_> = (0..3)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["processes::child", "--exact", "--test-threads=1"])
                .env(SERVER, server.uri())
                .env(STORE, &store)
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let ends = join_all(children.into_iter().map(|mut child| async move {
        tokio::task::spawn_blocking(move || child.wait().unwrap())
            .await
            .unwrap()
    }));
    assert!(ends.await.iter().all(std::process::ExitStatus::success));
    assert_eq!(requests_to(&server, "/crm/v8/org").await.len(), 60);
    assert_eq!(requests_to(&server, "/oauth/v2/token").await.len(), 1);
}

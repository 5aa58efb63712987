use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use sage_x3_client::{Credential, ErrorKind, Filter, PageSize, SiteConfig, X3Client};
use serde_json::Value;
use wiremock::ResponseTemplate;

use crate::server::{NOW, Server, json, keys, text};

fn claims(request: &wiremock::Request) -> Value {
    let token = request.headers["authorization"]
        .to_str()
        .unwrap()
        .strip_prefix("Bearer ")
        .unwrap();
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    jsonwebtoken::decode(
        token,
        &DecodingKey::from_secret(b"canary-secret"),
        &validation,
    )
    .unwrap()
    .claims
}

async fn list(client: &X3Client) -> Result<usize, sage_x3_client::Error> {
    let page = client
        .customers()
        .keys(Filter::everything(), PageSize::default(), None)
        .await?;
    Ok(page.items.len())
}

#[tokio::test]
async fn a_slow_server_clock_is_followed_once_and_remembered() {
    let late =
        text(401, "Error 21: Invalid token").insert_header("date", "Fri, 20 Nov 2026 09:30:00 GMT");
    let server = Server::start([late, json(&keys(&["A"], None)), json(&keys(&["A"], None))]).await;
    let client = server.client();
    assert_eq!(list(&client).await.unwrap(), 1);
    assert_eq!(list(&client).await.unwrap(), 1);

    let requests = server.requests().await;
    let now = NOW.parse::<jiff::Timestamp>().unwrap().as_second();
    let issued: Vec<i64> = requests
        .iter()
        .map(|request| claims(request)["iat"].as_i64().unwrap() - now)
        .collect();
    assert_eq!(
        issued,
        [-30, -1830, -1830],
        "the second call knows the server's clock already"
    );
    assert!(
        server.sleep.slept().is_empty(),
        "a refused token is no reason to wait"
    );
}

#[tokio::test]
async fn a_clock_that_stays_wrong_is_not_tried_for_ever() {
    let late = || {
        text(401, "Error 21: Invalid token").insert_header("date", "Fri, 20 Nov 2026 09:30:00 GMT")
    };
    let server = Server::start([late(), late(), late()]).await;
    let error = list(&server.client()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().contains("clocks"), "{error}");
    assert_eq!(server.requests().await.len(), 2);
}

#[tokio::test]
async fn other_refusals_are_not_repeated() {
    for (body, expected) in [
        ("Error 41: Invalid token", "client id"),
        ("Error 42: Invalid token", "Syracuse login"),
        ("Error 45: Invalid token", "audience"),
        ("Error 50: Invalid token", "secret"),
    ] {
        let server =
            Server::start([text(401, body).insert_header("date", "Fri, 20 Nov 2026 10:00:00 GMT")])
                .await;
        let error = list(&server.client()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.is_retryable());
        assert_eq!(server.requests().await.len(), 1, "{body}");
    }
}

#[tokio::test]
async fn a_token_that_expires_on_the_server_is_replaced_without_a_failed_call() {
    let expired =
        text(401, "Error 50: Invalid token").insert_header("date", "Fri, 20 Nov 2026 10:20:00 GMT");
    let server = Server::start([
        json(&keys(&["A"], None)),
        expired,
        json(&keys(&["A"], None)),
    ])
    .await;
    let client = server.client();
    list(&client).await.unwrap();
    list(&client).await.unwrap();
    let requests = server.requests().await;
    assert_ne!(
        requests[1].headers["authorization"],
        requests[2].headers["authorization"]
    );
}

#[tokio::test]
async fn basic_sends_login_and_password() {
    let server = Server::start([json(&keys(&[], None)), text(401, "Authentication failed")]).await;
    let client = X3Client::builder(SiteConfig::new(server.uri(), "SEED"))
        .credential(Credential::Basic {
            user: "admin".into(),
            password: "geheim".into(),
        })
        .build()
        .unwrap();
    list(&client).await.unwrap();
    assert_eq!(
        server.requests().await[0].headers["authorization"],
        "Basic YWRtaW46Z2VoZWlt"
    );
    let error = list(&client).await.unwrap_err();
    assert!(error.to_string().contains("session.auth"), "{error}");
    assert_eq!(
        server.requests().await.len(),
        2,
        "the same password is not tried twice"
    );
}

#[tokio::test]
async fn what_is_missing_is_said_before_anything_is_sent() {
    let error = X3Client::builder(SiteConfig::new("http://localhost", "SEED"))
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("no credential"), "{error}");
}

#[tokio::test]
async fn a_log_in_page_is_told_from_an_answer() {
    let page = ResponseTemplate::new(200).set_body_raw("<html>Sign in</html>", "text/html");
    let server = Server::start([page]).await;
    let error = list(&server.client()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains("base_url"), "{error}");
}

use jiff::SignedDuration;
use jsonwebtoken::{EncodingKey, Header, encode};
use sage_x3_simulator::DEFAULT_ENDPOINT;
use serde_json::{Value, json};

use super::support::{Reply, Site, at_start};

const QUERY: &str = "{ x3MasterData { currency { read(_id: \"EUR\") { code } } } }";

/// The claims of a good token.
fn claims(site: &Site) -> Value {
    let now = site.x3.clock().now().as_second();
    json!({
        "iss": "0123456789abcdef0123456789abcdef", "sub": "sync", "aud": "", "iat": now - 30, "exp": now + 60
    })
}

fn sign(claims: &Value, secret: &str) -> String {
    encode(
        &Header::default(),
        claims,
        &EncodingKey::from_secret(secret.as_bytes()),
    )
    .unwrap()
}

async fn call(site: &Site, authorization: Option<String>) -> Reply {
    let mut request = site
        .http
        .post(site.x3.api_url())
        .header("x-xtrem-endpoint", DEFAULT_ENDPOINT)
        .json(&json!({ "query": QUERY }));
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    Reply::of(request.send().await.unwrap()).await
}

async fn with_claims(site: &Site, change: impl FnOnce(&mut Value)) -> Reply {
    let mut claims = claims(site);
    change(&mut claims);
    call(site, Some(format!("Bearer {}", sign(&claims, "x3-secret")))).await
}

fn assert_denied(reply: &Reply, text: &str) {
    assert_eq!((reply.status, reply.text.as_str()), (401, text));
}

#[tokio::test]
async fn a_token_signed_with_the_secret_s_bytes_is_accepted() {
    let site = Site::start().await;
    let reply = with_claims(&site, |_| {}).await;
    assert_eq!(reply.data("/x3MasterData/currency/read/code"), "EUR");
    assert_eq!(site.x3.requests()[0].user.as_deref(), Some("sync"));
}

#[tokio::test]
async fn a_token_without_user_acts_as_the_allowed_one() {
    let site = Site::start().await;
    let reply = with_claims(&site, |claims| {
        claims.as_object_mut().unwrap().remove("sub");
    })
    .await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn each_wrong_claim_has_its_number() {
    let site = Site::start().await;
    let now = site.x3.clock().now().as_second();
    assert_denied(
        &with_claims(&site, |c| c["iat"] = json!(now + 5)).await,
        "Error 21: Invalid token",
    );
    assert_denied(
        &with_claims(&site, |c| c["iss"] = json!("nobody")).await,
        "Error 41: Invalid token",
    );
    assert_denied(
        &with_claims(&site, |c| c["sub"] = json!("someone")).await,
        "Error 42: Invalid token",
    );
    assert_denied(
        &with_claims(&site, |c| c["aud"] = json!("https://x3/")).await,
        "Error 45: Invalid token",
    );
    assert_denied(
        &with_claims(&site, |c| c["exp"] = json!(now)).await,
        "Error 50: Invalid token",
    );
    // iat is 30 s back, so 600 s from now is more than "Tokens validity" allows.
    assert_denied(
        &with_claims(&site, |c| c["exp"] = json!(now + 600)).await,
        "Error 50: Invalid token",
    );
    assert_eq!(
        with_claims(&site, |c| c["exp"] = json!(now + 570))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_wrong_secret_is_a_bad_signature_and_rubbish_is_unreadable() {
    let site = Site::start().await;
    let forged = sign(&claims(&site), "another-secret");
    assert_denied(
        &call(&site, Some(format!("Bearer {forged}"))).await,
        "Error 50: Invalid token",
    );
    assert_denied(
        &call(&site, Some("Bearer rubbish".to_owned())).await,
        "Error 30: Invalid token",
    );
}

#[tokio::test]
async fn only_hs256_is_accepted() {
    let site = Site::start().await;
    let key = EncodingKey::from_secret(b"x3-secret");
    let token = encode(
        &Header::new(jsonwebtoken::Algorithm::HS384),
        &claims(&site),
        &key,
    )
    .unwrap();
    assert_denied(
        &call(&site, Some(format!("Bearer {token}"))).await,
        "Error 50: Invalid token",
    );
}

#[tokio::test]
async fn the_audience_is_compared_literally() {
    let site = Site::of(at_start().settings(|settings| {
        settings.connected_applications[0].audience = "http://x3:8124/xtrem/api".to_owned();
    }))
    .await;
    assert_denied(&with_claims(&site, |_| {}).await, "Error 45: Invalid token");
    let slash = with_claims(&site, |c| c["aud"] = json!("http://x3:8124/xtrem/api/")).await;
    assert_denied(&slash, "Error 45: Invalid token");
    assert_eq!(
        with_claims(&site, |c| c["aud"] = json!("http://x3:8124/xtrem/api"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_slow_server_clock_refuses_fresh_tokens_and_shows_its_time() {
    let site = Site::start().await;
    let fresh = sign(&claims(&site), "x3-secret");
    site.x3.clock().set_skew(SignedDuration::from_secs(-120));
    let response = site
        .http
        .post(site.x3.api_url())
        .bearer_auth(fresh)
        .header("x-xtrem-endpoint", DEFAULT_ENDPOINT)
        .json(&json!({ "query": QUERY }))
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["date"], "Sun, 01 Mar 2026 07:58:00 GMT");
    assert_denied(&Reply::of(response).await, "Error 21: Invalid token");
}

#[tokio::test]
async fn basic_works_and_a_wrong_password_does_not() {
    let site = Site::start().await;
    assert_eq!(site.ask(QUERY).await.status, 200);
    // sync:wrong
    assert_denied(
        &call(&site, Some("Basic c3luYzp3cm9uZw==".to_owned())).await,
        "Authentication failed",
    );
    assert_denied(&call(&site, None).await, "Authentication failed");
}

#[tokio::test]
async fn each_kind_can_be_switched_off() {
    let site = Site::of(at_start().settings(|settings| settings.basic_enabled = false)).await;
    assert_denied(&site.ask(QUERY).await, "Authentication failed");
    assert_eq!(with_claims(&site, |_| {}).await.status, 200);
    site.x3.reconfigure(|settings| {
        settings.basic_enabled = true;
        settings.bearer_enabled = false;
    });
    assert_eq!(site.ask(QUERY).await.status, 200);
    assert_denied(&with_claims(&site, |_| {}).await, "Authentication failed");
    assert_eq!(site.x3.counters().unauthorized, 2);
}

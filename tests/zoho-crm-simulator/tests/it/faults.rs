//! Faults as a client sees them.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use zoho_crm_simulator::{Fault, FaultKind};

use crate::support::{World, reply};

async fn insert(world: &World) -> Result<reqwest::Response, reqwest::Error> {
    world
        .request(Method::POST, "Accounts")
        .json(&json!({"data": [{"Account_Name": "A"}]}))
        .send()
        .await
}

#[tokio::test]
async fn a_connection_dropped_before_the_effect_leaves_nothing_behind() {
    let world = World::new().await;
    world
        .simulator
        .inject(Fault::new(FaultKind::DropBeforeEffect).on("POST", "/crm/v8/Accounts"));
    let error = insert(&world).await.unwrap_err();
    assert!(error.is_request() && !error.is_timeout(), "{error:?}");
    assert_eq!(world.simulator.records("Accounts").len(), 0);
    assert_eq!(
        insert(&world).await.unwrap().status(),
        201,
        "the fault strikes once"
    );
}

#[tokio::test]
async fn a_connection_dropped_after_the_effect_leaves_the_record() {
    let world = World::new().await;
    world
        .simulator
        .inject(Fault::new(FaultKind::DropAfterEffect).on("POST", "/crm/v8/*"));
    assert!(insert(&world).await.unwrap_err().is_request());
    assert_eq!(world.simulator.records("Accounts").len(), 1);
    let log = world.simulator.log();
    let entry = log.last().unwrap();
    assert_eq!(
        (entry.status, entry.fault.as_deref()),
        (None, Some("DropAfterEffect"))
    );
}

#[tokio::test]
async fn a_truncated_body_breaks_off_in_the_middle() {
    let world = World::new().await;
    world.seed_accounts(50);
    world.simulator.inject(Fault::new(FaultKind::TruncatedBody));
    let response = world
        .request(Method::GET, "Accounts?fields=Account_Name")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.content_length().unwrap() > 1_000);
    assert!(response.text().await.is_err());
}

#[tokio::test]
async fn gateways_answer_html_with_and_without_effect() {
    let world = World::new().await;
    world.simulator.inject(Fault::html(502));
    let response = insert(&world).await.unwrap();
    assert_eq!(response.status(), 502);
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert!(response.text().await.unwrap().starts_with("<html>"));
    assert_eq!(world.simulator.records("Accounts").len(), 0);
    world.simulator.inject(Fault::html_after_effect(502));
    assert_eq!(insert(&world).await.unwrap().status(), 502);
    assert_eq!(world.simulator.records("Accounts").len(), 1);
    world.simulator.inject(Fault::status(500));
    let error = world.get("org").await;
    assert_eq!(
        (error.status, error.code().as_str()),
        (500, "INTERNAL_ERROR")
    );
}

#[tokio::test]
async fn throttling_a_stale_token_and_a_wrong_content_type_can_be_staged() {
    let world = World::new().await;
    world
        .simulator
        .inject(Fault::new(FaultKind::TooManyRequests));
    assert_eq!(world.get("org").await.status, 429);
    world.simulator.inject(Fault::new(FaultKind::InvalidToken));
    let stale = world.get("org").await;
    assert_eq!(
        (stale.status, stale.code().as_str()),
        (401, "INVALID_TOKEN")
    );
    world
        .simulator
        .inject(Fault::new(FaultKind::WrongContentType));
    let odd = world.get("org").await;
    assert_eq!(odd.headers["content-type"], "text/html");
    assert!(odd.json()["org"].is_array());
    world.simulator.inject(Fault::new(FaultKind::GarbledBody));
    assert!(serde_json::from_str::<serde_json::Value>(&world.get("org").await.text).is_err());
    assert_eq!(world.get("org").await.status, 200);
}

#[tokio::test]
async fn a_request_goes_on_when_the_client_stops_waiting() {
    let world = World::new().await;
    world.simulator.inject(Fault::late_answer(10_000));
    let request = world
        .request(Method::POST, "Accounts")
        .json(&json!({"data": [{"Account_Name": "A"}]}));
    let begun = Instant::now();
    let error = request
        .timeout(Duration::from_secs(1))
        .send()
        .await
        .unwrap_err();
    assert!(error.is_timeout());
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(world.simulator.records("Accounts").len(), 1);
}

#[tokio::test]
async fn faults_pick_their_requests_by_path_position_and_chance() {
    let world = World::new().await;
    world.simulator.inject(
        Fault::status(503)
            .on("GET", "/crm/v8/org")
            .from_nth(2)
            .times(2),
    );
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(world.get("org").await.status);
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
    assert_eq!(world.get("users").await.status, 200);
    world.simulator.clear_faults();
    world
        .simulator
        .inject(Fault::status(503).with_probability(0.5));
    let mut failed = 0;
    for _ in 0..40 {
        failed += usize::from(world.get("org").await.status == 503);
    }
    assert!((5..35).contains(&failed), "{failed} of 40");
    // The token endpoint can fail as well.
    world.simulator.clear_faults();
    world.simulator.inject(Fault::html(502).on_path("/oauth/*"));
    assert_eq!(
        reply(world.http.post(world.url("/oauth/v2/token")))
            .await
            .status,
        502
    );
}

use std::time::{Duration, Instant};

use sage_x3_simulator::{CustomerSeed, Effect, Fault, RequestKind};
use serde_json::json;

use super::support::{Reply, Site, input};

const QUERY: &str = "query Poll { x3MasterData { customer { query { totalCount } } } }";

async fn status(site: &Site) -> u16 {
    site.ask(QUERY).await.status
}

#[tokio::test]
async fn statuses_strike_once_by_default() {
    let site = Site::start().await;
    site.x3.inject(Fault::status(503));
    let reply = site.ask(QUERY).await;
    assert_eq!(reply.status, 503);
    assert!(reply.text.starts_with("<html>"));
    assert_eq!(status(&site).await, 200);
    let log = site.x3.requests();
    assert_eq!(
        (log[0].status, log[0].faults.len(), log[1].faults.len()),
        (Some(503), 1, 0)
    );
    assert_eq!(site.x3.counters().faulted, 1);
}

#[tokio::test]
async fn too_many_requests_says_when_to_come_back() {
    let site = Site::start().await;
    site.x3.inject(Fault::new(Effect::TooManyRequests {
        retry_after: Some(7),
    }));
    let response = site
        .post()
        .json(&json!({ "query": QUERY }))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            &response.headers()["retry-after"]
        ),
        (429, &"7".parse().unwrap())
    );
}

#[tokio::test]
async fn pages_and_401_texts() {
    let site = Site::start().await;
    site.x3.inject(Fault::new(Effect::HtmlPage));
    let page = site.ask(QUERY).await;
    assert!(page.status == 200 && page.text.starts_with("<!DOCTYPE html>"));
    site.x3.inject(Fault::new(Effect::Unauthorized {
        text: "Error 50: Invalid token".to_owned(),
    }));
    let denied = site.ask(QUERY).await;
    assert_eq!(
        (denied.status, denied.text.as_str()),
        (401, "Error 50: Invalid token")
    );
}

#[tokio::test]
async fn a_drop_before_the_effect_does_nothing() {
    let site = Site::start().await;
    site.x3
        .inject(Fault::new(Effect::DropBefore).on_operation("customer.create"));
    let body = json!({ "query": "mutation M($d: Customer_Input!) { x3MasterData { customer { create(data: $d) { _id } } } }",
        "variables": { "d": input("NA001", "Bakery") } });
    let lost = site.post().json(&body).send().await.unwrap_err();
    assert!(lost.is_request() && lost.status().is_none(), "{lost:?}");
    assert_eq!(site.count(), 0);
    assert_eq!(
        Reply::of(site.post().json(&body).send().await.unwrap())
            .await
            .status,
        200
    );
    assert_eq!(site.count(), 1);
}

#[tokio::test]
async fn a_drop_after_the_effect_loses_only_the_answer() {
    let site = Site::start().await;
    site.x3.inject(Fault::new(Effect::DropAfter).on_mutations());
    assert_eq!(status(&site).await, 200);
    let body = json!({ "query": "mutation M($d: Customer_Input!) { x3MasterData { customer { create(data: $d) { _id } } } }",
        "variables": { "d": input("NA001", "Bakery") } });
    assert!(site.post().json(&body).send().await.is_err());
    assert_eq!(site.count(), 1);
    assert_eq!(site.x3.counters().customers_created, 1);
    assert_eq!(site.x3.requests()[1].status, None);
}

#[tokio::test]
async fn bodies_break_off_on_the_wire_or_in_the_text() {
    let site = Site::start().await;
    site.x3.inject(Fault::new(Effect::TruncatedBody));
    let response = site
        .post()
        .json(&json!({ "query": QUERY }))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.text().await.is_err());
    site.x3.inject(Fault::new(Effect::BrokenJson));
    let reply = site.ask(QUERY).await;
    assert_eq!(reply.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&reply.text).is_err());
}

#[tokio::test]
async fn a_warning_may_come_with_one_create() {
    let site = Site::start().await;
    site.x3.inject(Fault::new(Effect::Warning {
        message: "Watch out".to_owned(),
    }));
    let json = site.create(input("NA001", "Bakery")).await.json();
    assert_eq!(
        json["data"]["x3MasterData"]["customer"]["create"]["_id"],
        "NA001"
    );
    assert_eq!(
        json["errors"][0]["extensions"]["diagnoses"][0]["severity"],
        2
    );
    site.create(input("NA002", "Mill")).await.data("");
}

#[tokio::test]
async fn a_delay_is_real() {
    let site = Site::start().await;
    site.x3.inject(Fault::delay(Duration::from_millis(80)));
    let before = Instant::now();
    assert_eq!(status(&site).await, 200);
    assert!(before.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn faults_choose_their_requests() {
    let site = Site::start().await;
    site.seed([CustomerSeed::new("NA001", "Bakery")]);
    site.x3
        .inject(Fault::status(500).on_operation("Poll").nth(2).times(2));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(status(&site).await);
    }
    assert_eq!(statuses, [200, 500, 500, 200]);
    site.x3
        .inject(Fault::status(500).on_operation("currency").always());
    assert_eq!(status(&site).await, 200);
    let currencies = "{ x3MasterData { currency { query { totalCount } } } }";
    assert_eq!(site.ask(currencies).await.status, 500);
    assert_eq!(site.ask(currencies).await.status, 500);
    site.x3.clear_faults();
    assert_eq!(site.ask(currencies).await.status, 200);
    site.x3.inject(Fault::status(500).on_path("/nowhere"));
    assert_eq!(status(&site).await, 200);
}

#[tokio::test]
async fn chance_is_repeatable() {
    let run = |seed: u64| async move {
        let site = Site::start().await;
        site.x3
            .inject(Fault::status(500).always().with_probability(0.5, seed));
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(status(&site).await);
        }
        statuses
    };
    let first = run(7).await;
    assert_eq!(first, run(7).await);
    assert_ne!(first, run(8).await);
    let struck = first.iter().filter(|status| **status == 500).count();
    assert!((8..=32).contains(&struck), "{struck} of 40");
}

#[tokio::test]
async fn the_log_tells_what_was_asked() {
    let site = Site::start().await;
    site.seed([
        CustomerSeed::new("NA001", "Bakery"),
        CustomerSeed::new("NA002", "Mill"),
    ]);
    site.ask("query Both { x3MasterData { customer { query { edges { node { _id } } } } currency { read(_id: \"EUR\") { code } } } }").await;
    site.update(json!({ "code": "NA001", "isActive": true }))
        .await;
    let log = site.x3.requests();
    assert_eq!(log[0].operation_name.as_deref(), Some("Both"));
    assert_eq!(log[0].calls, ["customer.query", "currency.read"]);
    assert_eq!(
        (log[0].kind, log[0].rows, log[0].status),
        (Some(RequestKind::Query), 3, Some(200))
    );
    assert_eq!(log[0].at.to_string(), "2026-03-01T08:00:00Z");
    assert_eq!(
        (log[1].kind, log[1].calls[0].as_str()),
        (Some(RequestKind::Mutation), "customer.update")
    );
    let counters = site.x3.counters();
    assert_eq!(
        (
            counters.requests,
            counters.queries,
            counters.mutations,
            counters.rows_returned
        ),
        (2, 1, 1, 3)
    );
    assert_eq!(counters.bytes_in, log[0].bytes_in + log[1].bytes_in);
    assert!(log[0].bytes_out > 0);
    site.x3.reset_counters();
    assert_eq!(site.x3.counters(), sage_x3_simulator::Counters::default());
    assert!(site.x3.requests().is_empty());
}

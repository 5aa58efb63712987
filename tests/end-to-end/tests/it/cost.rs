//! What it costs, and that rest costs nothing.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{Router, body::Bytes, extract::State, routing::post};
use client_core::Clock as _;
use sage_x3_simulator::Edit;
use secrecy::SecretString;
use sync_core::{Engine, Side};
use zoho_crm_client::webhook::WebhookVerifier;

use crate::world::{ENDPOINT, World, account, customer, flow};

#[tokio::test]
async fn two_hundred_changed_customers_cost_two_zoho_write_calls() {
    let world = World::open().await;
    let customers =
        (0..200).map(|number| customer(&format!("C{number:04}"), &format!("Company {number}")));
    world.x3.seed_customers(ENDPOINT, customers).unwrap();
    world.settle().await;
    assert_eq!(world.accounts().len(), 200);

    for number in 0..200 {
        let edit = Edit::customer(&format!("C{number:04}"))
            .set("companyName1", format!("Renamed {number}"));
        world.x3.edit_as_user(ENDPOINT, &edit).unwrap();
    }
    world.zoho.reset_counters();
    world.settle().await;
    let counters = world.zoho.counters();
    let writes: u64 = ["insert", "update", "upsert"]
        .iter()
        .map(|kind| counters.calls_of(kind))
        .sum();
    assert_eq!(writes, 2);
    assert_eq!(counters.rows_written, 200);
    assert_eq!(
        world.account_of("C0007").text("Account_Name"),
        Some("Renamed 7")
    );
}

#[tokio::test]
async fn at_rest_nothing_is_written() {
    let world = World::open().await;
    world.pair().await;
    world
        .zoho
        .create_as_user("Accounts", account("Müller Maschinenbau GmbH"))
        .unwrap();
    world.settle().await;
    let before = world.writes();
    world.settle().await;
    assert_eq!(world.writes(), before);
}

#[tokio::test]
async fn an_idle_hour_costs_its_polls_and_nothing_else() {
    let world = World::open().await;
    world.pair().await;
    world.settle().await;
    // What is asked once at start is asked.
    world.engine.upkeep().await;
    world.x3.reset_counters();
    world.zoho.reset_counters();
    let asked_before = world.x3.requests().len();
    let writes = world.writes();
    let end = world.clock.now() + Duration::from_secs(3_600);
    let (clock, watch) = (world.clock.clone(), world.clock.clone());
    let stop = std::future::poll_fn(move |_| {
        if watch.now() >= end {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    });
    let sleep = |pause| {
        clock.advance(pause);
        tokio::task::yield_now()
    };
    world.engine.run(sleep, stop).await.unwrap();

    assert_eq!(world.writes(), writes);
    // Both systems are polled once a minute; the poll that is due when the hour ends is not of it.
    let polls = (3_600 - 1) / 60;
    let mut x3 = BTreeMap::new();
    for request in world.x3.requests().iter().skip(asked_before) {
        let name = request.operation_name.clone().unwrap_or_default();
        *x3.entry(name).or_insert(0u64) += 1;
    }
    // A feed for each node whose rows an account shows, each a single page.
    let feeds = ["BusinessPartnerKeys", "CustomerAddressKeys", "CustomerKeys"];
    let expected = feeds.map(|feed| (feed.to_owned(), polls));
    assert_eq!(x3, BTreeMap::from(expected));
    // Changed records and deleted ones. A token of Zoho's lives for an hour.
    let mut zoho = world.zoho.counters().calls;
    let tokens = zoho.remove("token").unwrap_or(0);
    assert!(tokens <= 1, "{tokens} tokens");
    let expected = ["list", "deleted"].map(|kind| (kind.to_owned(), polls));
    assert_eq!(
        zoho.into_iter().collect::<BTreeMap<_, _>>(),
        BTreeMap::from(expected)
    );
}

/// Zoho's notifications, delivered over a socket into the engine's queue.
async fn receiver(engine: Arc<Engine>) -> String {
    async fn take(State((engine, verifier)): State<(Arc<Engine>, WebhookVerifier)>, body: Bytes) {
        let notification = verifier.parse(&body).unwrap();
        let hints = sync_core::zoho::hints(&notification, &flow(), Side::Right);
        engine.ingest(&hints).await.unwrap();
    }
    let verifier = WebhookVerifier::new(
        "1000000068001".parse().unwrap(),
        SecretString::from("token"),
    );
    let router = Router::new()
        .route("/hook", post(take))
        .with_state((engine, verifier));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/hook")
}

#[tokio::test]
async fn the_echo_of_our_own_write_causes_no_write() {
    let world = World::open().await;
    let (code, _) = world.pair().await;
    let engine = Arc::new(world.another_engine());
    let url = receiver(Arc::clone(&engine)).await;
    world.subscribe(&url).await;

    world
        .x3
        .edit_as_user(ENDPOINT, &Edit::address(&code, "MAIN").set("city", "Lyon"))
        .unwrap();
    world.clock.advance(Duration::from_secs(120));
    engine.poll_all().await.unwrap();
    engine.drain().await.unwrap();
    assert_eq!(world.account_of(&code).text("Billing_City"), Some("Lyon"));

    world.zoho.flush_callbacks().await;
    assert!(
        world.zoho.counters().callbacks_delivered > 0,
        "Zoho told us of our own write"
    );
    let before = world.writes();
    let report = engine.drain().await.unwrap();
    assert_eq!((report.looked_at, report.settled), (1, 1));
    assert_eq!(world.writes(), before);
}

#[tokio::test]
async fn rows_that_a_feed_delivers_again_are_not_looked_at_again() {
    let world = World::open().await;
    world
        .x3
        .create_as_user(ENDPOINT, customer("C0000", "The first"))
        .unwrap();
    world.settle().await;
    // Feeds reach back three minutes. Further rows move the place they reach back to past the first one, step by step.
    world.clock.advance(Duration::from_secs(165));
    for number in 1..8 {
        let name = format!("Company {number}");
        world
            .x3
            .create_as_user(ENDPOINT, customer(&format!("C{number:04}"), &name))
            .unwrap();
        for _ in 0..5 {
            world.clock.advance(Duration::from_millis(900));
            world.engine.poll_all().await.unwrap();
            world.engine.drain().await.unwrap();
        }
        let polled = world.engine.poll_all().await.unwrap();
        assert_eq!(polled.queued, 0, "after {number} more customers");
    }
}

//! Credits and concurrency.

use serde_json::{Value, json};
use zoho_crm_simulator::{Edition, ZohoSimulator};

use crate::support::{Reply, World};

fn rows(count: usize) -> Value {
    json!({"data": (0..count).map(|number| json!({"Account_Name": format!("A{number}")})).collect::<Vec<_>>()})
}

#[tokio::test]
async fn calls_cost_what_the_table_says() {
    let world = World::new().await;
    world.post("Accounts", rows(1)).await;
    let spent = |world: &World| {
        let credits = world.simulator.counters().credits_spent;
        world.simulator.reset_counters();
        credits
    };
    assert_eq!(spent(&world), 1);
    world.post("Accounts", rows(11)).await;
    assert_eq!(spent(&world), 2, "one credit for every ten rows begun");
    world.post("Accounts/upsert", rows(100)).await;
    assert_eq!(spent(&world), 10);
    world.get("Accounts?fields=id").await;
    assert_eq!(spent(&world), 1);
    world.get("Accounts/deleted").await;
    assert_eq!(spent(&world), 2);
    for (limit, credits) in [(200, 1), (201, 2), (1_000, 2), (1_001, 3), (2_000, 3)] {
        world
            .coql(&format!(
                "select id from Accounts where id is not null limit {limit}"
            ))
            .await;
        assert_eq!(spent(&world), credits, "limit {limit}");
    }
    let ids = world.seed_accounts(51);
    spent(&world);
    let tags = json!({"tags": [{"name": "vip"}], "ids": ids});
    world.post("Accounts/actions/add_tags", tags).await;
    assert_eq!(spent(&world), 2, "one credit for every fifty records begun");
    world.mint().await;
    assert_eq!(spent(&world), 0, "tokens cost nothing");
}

#[tokio::test]
async fn what_is_left_is_told_from_half_on_and_then_429_without_retry_after() {
    let builder =
        ZohoSimulator::builder().configure(|settings| settings.limits.daily_credits = Some(4));
    let world = World::with(builder).await;
    let left = |reply: &Reply| {
        reply
            .headers
            .get("x-api-credits-remaining")
            .map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(left(&world.get("org").await), None);
    assert_eq!(left(&world.get("org").await).as_deref(), Some("2"));
    assert_eq!(left(&world.get("org").await).as_deref(), Some("1"));
    let too_dear = world.get("Accounts/deleted").await;
    assert_eq!(
        (too_dear.status, too_dear.code().as_str()),
        (429, "TOO_MANY_REQUESTS")
    );
    assert!(!too_dear.headers.contains_key("retry-after"));
    assert_eq!(world.get("org").await.status, 200);
    assert_eq!(world.get("org").await.status, 429);
}

#[tokio::test]
async fn credits_come_back_24_hours_after_each_call() {
    let builder =
        ZohoSimulator::builder().configure(|settings| settings.limits.daily_credits = Some(2));
    let mut world = World::with(builder).await;
    world.get("org").await;
    world.advance(12 * 3_600);
    world.token = world.mint().await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    world.get("org").await;
    assert_eq!(world.get("org").await.status, 429);
    world.advance(12 * 3_600);
    world.token = world.mint().await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(world.get("org").await.status, 200);
    assert_eq!(world.get("org").await.status, 429);
}

async fn statuses(world: &World, path: &'static str, calls: usize) -> Vec<u16> {
    let calls: Vec<_> = (0..calls).map(|_| world.get(path)).collect();
    let replies = futures::future::join_all(calls).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test]
async fn more_calls_at_once_than_the_edition_allows_are_refused() {
    let world = World::with(ZohoSimulator::builder().edition(Edition::Free)).await;
    world
        .simulator
        .configure(|settings| settings.behaviour.latency_millis = 1_000);
    assert_eq!(
        statuses(&world, "org", 7).await,
        [200, 200, 200, 200, 200, 429, 429]
    );
    assert_eq!(world.simulator.counters().most_calls_at_once, 5);
    assert_eq!(world.get("org").await.status, 200, "places are given back");
}

#[tokio::test]
async fn heavy_calls_have_a_narrower_limit() {
    let world = World::new().await;
    world.seed_accounts(1);
    world
        .simulator
        .configure(|settings| settings.behaviour.latency_millis = 1_000);
    let sorted = statuses(&world, "Accounts?fields=id&sort_by=Modified_Time", 12).await;
    assert_eq!(sorted.iter().filter(|status| **status == 429).count(), 2);
    let plain = statuses(&world, "Accounts?fields=id", 12).await;
    assert!(plain.iter().all(|status| *status == 200));
}

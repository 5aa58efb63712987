//! Two systems that are both full meet.

use serde_json::json;
use sync_core::{Error, FirstSyncGate, ParkReason};

use crate::world::{ENDPOINT, World, account, customer, flow};

async fn two_full_systems() -> World {
    let world = World::with_gate(FirstSyncGate::ApprovedPlan).await;
    world
        .x3
        .seed_customers(
            ENDPOINT,
            [
                customer("SAME", "Éclair Distribution").set("europeanUnionVatNumber", "FR111"),
                customer("TWICE", "Forêt Matériaux").set("europeanUnionVatNumber", "FR222"),
                customer("ONLY", "Only in X3"),
            ],
        )
        .unwrap();
    let rows = [
        json!({"Account_Name": "ECLAIR DISTRIBUTION", "VAT_Number": "fr 111", "Billing_Country": "France"}),
        json!({"Account_Name": "Forêt", "VAT_Number": "FR222", "Billing_Country": "France"}),
        json!({"Account_Name": "Forêt M.", "VAT_Number": "FR222", "Billing_Country": "France"}),
        account("Only in Zoho"),
    ];
    world.zoho.seed("Accounts", rows).unwrap();
    world
}

#[tokio::test]
async fn nothing_is_written_before_a_plan_is_approved() {
    let world = two_full_systems().await;
    world.settle().await;
    let plan = world
        .engine
        .plan_first_sync(&flow(), &|_| {})
        .await
        .unwrap();
    assert_eq!(world.writes(), 0);
    let summary = plan.summary();
    assert_eq!(
        (summary.update, summary.create.left, summary.create.right),
        (1, 1, 1)
    );
    assert_eq!(summary.ambiguous, 3);
}

#[tokio::test]
async fn an_approved_plan_joins_what_belongs_together_and_duplicates_nothing() {
    let world = two_full_systems().await;
    let plan = world
        .engine
        .plan_first_sync(&flow(), &|_| {})
        .await
        .unwrap();
    world
        .engine
        .apply_first_sync(&flow(), &plan.hash(), &|_| {})
        .await
        .unwrap();
    world.settle().await;

    assert_eq!(
        world.customers().len(),
        4,
        "three and the one that only Zoho had"
    );
    assert_eq!(
        world.accounts().len(),
        5,
        "four and the one that only X3 had"
    );
    assert_eq!(
        world.account_of("SAME").text("Account_Name"),
        Some("Éclair Distribution")
    );
    let parked = world.parked().await;
    assert_eq!(parked.len(), 3);
    assert!(
        parked
            .iter()
            .all(|job| matches!(job.parked.reason, ParkReason::Ambiguous { .. }))
    );

    let again = world
        .engine
        .plan_first_sync(&flow(), &|_| {})
        .await
        .unwrap()
        .summary();
    assert_eq!(
        (
            again.already_linked,
            again.update,
            again.create.left + again.create.right
        ),
        (3, 0, 0)
    );
}

#[tokio::test]
async fn a_plan_that_is_out_of_date_is_refused_and_nothing_is_written() {
    let world = two_full_systems().await;
    let plan = world
        .engine
        .plan_first_sync(&flow(), &|_| {})
        .await
        .unwrap();
    world
        .zoho
        .create_as_user("Accounts", account("Came in between"))
        .unwrap();
    let refused = world
        .engine
        .apply_first_sync(&flow(), &plan.hash(), &|_| {})
        .await;
    assert!(
        matches!(refused, Err(Error::StalePlan { .. })),
        "{refused:?}"
    );
    world.settle().await;
    assert_eq!(world.writes(), 0);
}

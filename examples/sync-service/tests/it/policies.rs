//! What a flow may do, as the operator says.

use serde_json::Value;
use zoho_crm_simulator::Json;

use crate::program::{FAST, Site};

/// Six customers in X3, which become accounts.
async fn six_pairs() -> Site {
    use sage_x3_simulator::CustomerSeed;

    let site = Site::open().await;
    let more =
        (2..6).map(|index| CustomerSeed::new(&format!("NA00{index}"), &format!("Nord {index}")));
    site.x3.seed_customers("SEED", more).unwrap();
    site.configure(|text| text + FAST);
    site.apply().await;
    site
}

fn stopped(status: &Value) -> bool {
    status["flows"][0]["stopped"].is_object()
}

#[tokio::test]
async fn a_flow_stops_at_the_changes_that_the_operator_allows_and_goes_on_when_it_is_released() {
    let site = six_pairs().await;
    site.configure(|text| {
        text + FAST + "[policies.customers]\nchanges = { percent = 0, at_least = 2 }\n"
    });
    for customer in site.x3.customers("SEED").unwrap() {
        let edit = sage_x3_simulator::Edit::customer(&customer.code).set("companyName1", "Renamed");
        site.x3.edit_as_user("SEED", &edit).unwrap();
    }
    site.work_until("the guard has stopped the flow", stopped)
        .await;
    let renamed = || {
        let accounts = site.zoho.records("Accounts");
        accounts
            .iter()
            .filter(|account| account.text("Account_Name") == Some("Renamed"))
            .count()
    };
    assert!(renamed() <= 2, "more was changed than the guard allows");

    site.run(&["release", "customers", "--updates", "10", "--json"])
        .await
        .json();
    site.work_until("everything that waited is done", |status| {
        status["flows"][0]["counts"]["queued"] == 0 && !stopped(status)
    })
    .await;
    assert_eq!(renamed(), 6);
}

#[tokio::test]
async fn an_account_becomes_inactive_when_its_customer_is_deleted_if_the_operator_says_so() {
    let site = six_pairs().await;
    site.configure(|text| {
        text + FAST + "[policies.customers]\ndeleted_in_x3 = \"deactivate\"\nmissing = { percent = 100, at_least = 1 }\n"
    });
    assert!(site.x3.delete_as_user("SEED", "NA003").unwrap());
    site.run(&["sweep", "--json"]).await.json();
    site.work_until("the sweep's findings are dealt with", |status| {
        status["flows"][0]["counts"]["queued"] == 0
    })
    .await;
    let accounts = site.zoho.records("Accounts");
    let of = |code: &str| {
        let mut accounts = accounts.iter();
        let found = accounts.find(|account| account.text("X3_Code") == Some(code));
        found.unwrap().get("X3_Active").cloned()
    };
    assert_eq!(of("NA003"), Some(Json::Bool(false)));
    assert_eq!(of("NA002"), Some(Json::Bool(true)));
}

#[tokio::test]
async fn a_policy_that_cannot_be_is_named_with_its_place() {
    let site = Site::open().await;
    for (section, says) in [
        (
            "[policies.customers]\ndeleted_in_zoho = \"delete\"\n",
            "nothing is deleted in X3",
        ),
        (
            "[policies.customers]\ndeleted_in_zoho = \"deactivate\"\n",
            "no row `active`",
        ),
        (
            "[orders]\nsales_site = \"FR011\"\n[policies.orders]\ndeleted_in_x3 = \"delete\"\n",
            "no deal is deleted",
        ),
        ("[policies.customers]\nwindow_seconds = 0\n", "at least 1"),
        (
            "[policies.customers]\nchanges = { percent = 101, at_least = 1 }\n",
            "at most 100",
        ),
        (
            "[policies.colours]\nwindow_seconds = 60\n",
            "no flow `colours`",
        ),
    ] {
        site.configure(|text| text + section);
        site.run(&["plan"])
            .await
            .asks_to_fix(&[says, "policies.", "line "]);
    }
}

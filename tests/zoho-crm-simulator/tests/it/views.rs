//! Custom views.

use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn a_view_selects_records_in_lists_counts_and_coql() {
    let world = World::new().await;
    let rows =
        ["Paris", "Lyon", "Paris"].map(|city| json!({"Account_Name": city, "Billing_City": city}));
    world.simulator.seed("Accounts", rows).unwrap();
    let view = world
        .simulator
        .add_custom_view("Accounts", "In Paris", "(Billing_City:equals:Paris)")
        .unwrap();
    let list = world
        .get(&format!("Accounts?fields=Account_Name&cvid={view}"))
        .await;
    assert_eq!(list.column("Account_Name"), ["Paris", "Paris"]);
    let count = world
        .get(&format!("Accounts/actions/count?cvid={view}"))
        .await;
    assert_eq!(count.json()["count"], 2);
    let query = format!("select Account_Name from Accounts#{view} where id is not null");
    assert_eq!(world.coql(&query).await.json()["info"]["count"], 2);
    let unknown = world.get("Accounts?fields=id&cvid=1").await;
    assert_eq!(
        (unknown.status, &unknown.json()["details"]["param_name"]),
        (400, &json!("cvid"))
    );
    let elsewhere = world.get(&format!("Contacts?fields=id&cvid={view}")).await;
    assert_eq!(
        elsewhere.code(),
        "INVALID_DATA",
        "a view belongs to one module"
    );
}

#[tokio::test]
async fn the_metadata_lists_a_modules_views_and_the_default_shows_everything() {
    let world = World::new().await;
    world.seed_accounts(3);
    let id = world
        .simulator
        .add_custom_view(
            "Accounts",
            "First",
            "((Account_Name:equals:A1)or(Account_Name:equals:A2))",
        )
        .unwrap();
    let views = world
        .get("settings/custom_views?module=Accounts")
        .await
        .json();
    let default = views["info"]["default"].as_str().unwrap();
    let everything = &views["custom_views"][0];
    assert_eq!(
        (&everything["id"], &everything["default"]),
        (&json!(default), &json!(true))
    );
    let list = world
        .get(&format!("Accounts?fields=id&cvid={default}"))
        .await;
    assert_eq!(list.json()["info"]["count"], 3);
    let own = world
        .get(&format!("settings/custom_views/{id}?module=Accounts"))
        .await
        .json()["custom_views"][0]
        .clone();
    assert_eq!(own["criteria"]["group_operator"], "OR");
    assert_eq!(
        own["criteria"]["group"][0]["field"]["api_name"],
        "Account_Name"
    );
    assert_eq!(
        world
            .get("settings/custom_views/1?module=Accounts")
            .await
            .status,
        204
    );
}

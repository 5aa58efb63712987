//! Search and count.

use reqwest::Method;
use serde_json::json;

use crate::support::{Reply, World, reply};

async fn search(world: &World, name: &str, value: &str) -> Reply {
    reply(
        world
            .request(Method::GET, "Accounts/search")
            .query(&[(name, value), ("fields", "Account_Name")]),
    )
    .await
}

#[tokio::test]
async fn a_write_shows_in_search_only_after_the_index_caught_up() {
    let world = World::new().await;
    let created = world
        .post("Accounts", json!({"data": [{"Account_Name": "Fresh"}]}))
        .await;
    let id = created.row(0)["details"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        search(&world, "criteria", "(Account_Name:equals:Fresh)")
            .await
            .status,
        204
    );
    assert_eq!(
        world.get("Accounts/actions/count").await.json(),
        json!({"count": 1})
    );
    world.advance(5);
    assert_eq!(
        search(&world, "criteria", "(Account_Name:equals:Fresh)")
            .await
            .column("id"),
        std::slice::from_ref(&id)
    );
    world
        .put(
            &format!("Accounts/{id}"),
            json!({"data": [{"Account_Name": "Stale"}]}),
        )
        .await;
    assert_eq!(
        search(&world, "word", "Stale").await.status,
        204,
        "the index still knows the old name"
    );
    world.delete(&format!("Accounts/{id}")).await;
    world.advance(5);
    assert_eq!(search(&world, "word", "Stale").await.status, 204);
}

#[tokio::test]
async fn equals_on_text_matches_like_contains_and_ignores_punctuation() {
    let world = World::new().await;
    world
        .simulator
        .seed(
            "Accounts",
            [
                json!({"Account_Name": "a-b trading"}),
                json!({"Account_Name": "other"}),
            ],
        )
        .unwrap();
    let found = search(&world, "criteria", "(Account_Name:equals:A_B)").await;
    assert_eq!(found.column("Account_Name"), ["a-b trading"]);
}

#[tokio::test]
async fn criteria_combine_and_are_checked() {
    let world = World::new().await;
    let rows = [
        json!({"Account_Name": "Acme (north)", "Annual_Revenue": 5, "Phone": "044 123 45 67"}),
        json!({"Account_Name": "Acme south", "Annual_Revenue": 50}),
    ];
    world.simulator.seed("Accounts", rows).unwrap();
    let both = search(
        &world,
        "criteria",
        "((Account_Name:starts_with:acme)and(Annual_Revenue:greater_than:10))",
    )
    .await;
    assert_eq!(both.column("Account_Name"), ["Acme south"]);
    let escaped = search(&world, "criteria", r"(Account_Name:equals:\(north\))").await;
    assert_eq!(escaped.column("Account_Name"), ["Acme (north)"]);
    let between = search(&world, "criteria", "(Annual_Revenue:between:1,9)").await;
    assert_eq!(between.column("Account_Name"), ["Acme (north)"]);
    assert_eq!(
        search(&world, "phone", "123 45").await.json()["info"]["count"],
        1
    );
    for (criteria, code) in [
        ("(Nonsense:equals:x)", "INVALID_QUERY"),
        ("(Annual_Revenue:starts_with:5)", "INVALID_QUERY"),
        ("(Annual_Revenue:equals:five)", "INVALID_QUERY"),
        ("Account_Name:equals:x", "INVALID_QUERY"),
    ] {
        assert_eq!(
            search(&world, "criteria", criteria).await.code(),
            code,
            "{criteria}"
        );
    }
    let many = vec!["(Account_Name:equals:x)"; 16].join("or");
    assert_eq!(
        search(&world, "criteria", &format!("({many})"))
            .await
            .code(),
        "CRITERIA_LIMIT_EXCEEDED"
    );
    assert_eq!(
        world.get("Accounts/search?fields=id").await.code(),
        "EXPECTED_PARAM_MISSING"
    );
    assert_eq!(
        world.get("Accounts/search?word=abc&page=11").await.code(),
        "LIMIT_REACHED"
    );
}

#[tokio::test]
async fn count_may_be_a_number_or_a_string() {
    let world = World::new().await;
    world.seed_accounts(3);
    assert_eq!(
        world.get("Accounts/actions/count").await.text,
        r#"{"count":3}"#
    );
    let request = world
        .request(Method::GET, "Accounts/actions/count")
        .query(&[("criteria", "(X3_Code:equals:C2)")]);
    assert_eq!(reply(request).await.json()["count"], 1);
    world
        .simulator
        .configure(|settings| settings.behaviour.count_as_string = true);
    assert_eq!(
        world.get("Accounts/actions/count").await.text,
        r#"{"count":"3"}"#
    );
}

#[tokio::test]
async fn seeds_show_at_once_even_behind_a_write_that_does_not_yet() {
    let world = World::new().await;
    let written = json!({"data": [{"Account_Name": "Acme written"}]});
    world.post("Accounts", written).await;
    world
        .simulator
        .seed("Accounts", [json!({"Account_Name": "Acme seeded"})])
        .unwrap();
    let found = search(&world, "word", "acme").await;
    assert_eq!(found.column("Account_Name"), ["Acme seeded"]);
}

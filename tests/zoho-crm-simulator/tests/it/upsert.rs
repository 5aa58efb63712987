//! Upsert's matching rules.

use serde_json::{Value, json};

use crate::support::{Reply, World};

async fn upsert(world: &World, rows: Value, check: Option<Value>) -> Reply {
    let mut body = json!({ "data": rows });
    if let Some(fields) = check {
        body["duplicate_check_fields"] = fields;
    }
    world.post("Accounts/upsert", body).await
}

#[tokio::test]
async fn rows_are_inserted_or_updated_by_the_named_unique_field() {
    let world = World::new().await;
    let ids = world.seed_accounts(1);
    let rows = json!([{"Account_Name": "Renamed", "X3_Code": "c1"}, {"Account_Name": "New", "X3_Code": "C2"}]);
    let answer = upsert(&world, rows, Some(json!(["X3_Code"]))).await;
    assert_eq!(answer.status, 200);
    let (first, second) = (answer.row(0), answer.row(1));
    assert_eq!(
        (&first["action"], &first["duplicate_field"]),
        (&json!("update"), &json!("X3_Code"))
    );
    assert_eq!(first["details"]["id"], ids[0].as_str());
    assert_eq!(
        (&second["action"], &second["duplicate_field"]),
        (&json!("insert"), &Value::Null)
    );
    assert_eq!(second["message"], "record added");
    assert_eq!(
        world
            .simulator
            .record("Accounts", &ids[0])
            .unwrap()
            .text("Account_Name"),
        Some("Renamed")
    );
}

#[tokio::test]
async fn without_named_fields_the_modules_own_field_comes_first() {
    let world = World::new().await;
    let ids = world.seed_accounts(2);
    // The name is A2's, the code A1's: the name is compared first, and then the code collides.
    let rows = json!([{"Account_Name": "A2", "X3_Code": "C1"}]);
    let answer = upsert(&world, rows.clone(), None).await;
    assert_eq!(answer.row(0)["code"], "DUPLICATE_DATA", "{}", answer.text);
    // Naming the unique field takes the module's own field out of the comparison.
    let answer = upsert(&world, rows, Some(json!(["X3_Code"]))).await;
    assert_eq!(answer.row(0)["details"]["id"], ids[0].as_str());
    assert_eq!(world.simulator.records("Accounts").len(), 2);
    let by_name = upsert(&world, json!([{"Account_Name": "a2", "Phone": "1"}]), None).await;
    assert!(
        by_name.row(0)["duplicate_field"] == "Account_Name",
        "{}",
        by_name.text
    );
}

#[tokio::test]
async fn unique_fields_are_compared_even_when_only_the_modules_own_field_is_named() {
    let world = World::new().await;
    let ids = world.seed_accounts(1);
    let rows = json!([{"Account_Name": "Other name", "X3_Code": "C1"}]);
    let answer = upsert(&world, rows, Some(json!(["Account_Name"]))).await;
    assert_eq!(answer.row(0)["duplicate_field"], "X3_Code");
    assert_eq!(answer.row(0)["details"]["id"], ids[0].as_str());
}

#[tokio::test]
async fn a_field_that_is_not_unique_cannot_be_named() {
    let world = World::new().await;
    let answer = upsert(
        &world,
        json!([{"Account_Name": "A"}]),
        Some(json!(["Phone"])),
    )
    .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "INVALID_DATA")
    );
    assert_eq!(
        answer.json()["details"]["json_path"],
        "$.duplicate_check_fields[0]"
    );
}

#[tokio::test]
async fn the_same_key_twice_in_a_batch_is_inserted_then_updated() {
    let world = World::new().await;
    let rows =
        json!([{"Account_Name": "A", "X3_Code": "Z"}, {"Account_Name": "B", "X3_Code": "Z"}]);
    let answer = upsert(&world, rows, Some(json!(["X3_Code"]))).await;
    assert_eq!(
        (&answer.row(0)["action"], &answer.row(1)["action"]),
        (&json!("insert"), &json!("update"))
    );
    assert_eq!(world.simulator.records("Accounts").len(), 1);
}

#[tokio::test]
async fn an_update_by_upsert_needs_no_mandatory_fields_but_an_insert_does() {
    let world = World::new().await;
    let ids = world.seed_accounts(1);
    let rows =
        json!([{"X3_Code": "C1", "Phone": "1"}, {"X3_Code": "C9"}, {"id": ids[0], "Fax": "2"}]);
    let answer = upsert(&world, rows, Some(json!(["X3_Code"]))).await;
    assert_eq!(answer.status, 207);
    assert_eq!(answer.row(0)["action"], "update");
    assert_eq!(answer.row(1)["code"], "MANDATORY_NOT_FOUND");
    assert_eq!(
        (&answer.row(2)["action"], &answer.row(2)["duplicate_field"]),
        (&json!("update"), &Value::Null)
    );
    let counters = world.simulator.counters();
    assert_eq!((counters.rows_written, counters.rows_refused), (2, 1));
}

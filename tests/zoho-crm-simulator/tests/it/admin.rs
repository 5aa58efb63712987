//! The admin routes do what the library handle does.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, World, reply};

async fn admin(world: &World, method: Method, path: &str, body: Value) -> Reply {
    let request = world
        .http
        .request(method, world.url(&format!("/__admin/{path}")));
    reply(if body.is_null() {
        request
    } else {
        request.json(&body)
    })
    .await
}

#[tokio::test]
async fn records_are_seeded_edited_deleted_restored_and_read() {
    let world = World::new().await;
    let seeded = admin(
        &world,
        Method::POST,
        "records/Accounts",
        json!([{"Account_Name": "A", "X3_Code": "C1"}]),
    )
    .await;
    assert_eq!(seeded.status, 201);
    let id = seeded.json()["ids"][0].as_str().unwrap().to_owned();
    world.advance(5);
    let path = format!("records/Accounts/{id}");
    assert_eq!(
        admin(&world, Method::PATCH, &path, json!({"Phone": "12"}))
            .await
            .status,
        200
    );
    let rows = admin(&world, Method::GET, "records/Accounts", Value::Null)
        .await
        .json();
    assert_eq!(
        (&rows[0]["Phone"], &rows[0]["Modified_By"]["name"]),
        (&json!("12"), &json!("Anna Berg"))
    );
    assert_eq!(rows[0]["Modified_Time"], "2026-11-02T10:00:05+02:00");
    admin(&world, Method::DELETE, &path, Value::Null).await;
    assert_eq!(world.get(&format!("Accounts/{id}")).await.status, 204);
    admin(
        &world,
        Method::POST,
        &format!("{path}/restore"),
        Value::Null,
    )
    .await;
    assert_eq!(world.get(&format!("Accounts/{id}")).await.status, 200);
    let created = admin(
        &world,
        Method::POST,
        "records/Accounts/as-user",
        json!({"Account_Name": "B"}),
    )
    .await;
    assert_eq!(created.status, 201);
    let refused = admin(
        &world,
        Method::POST,
        "records/Accounts",
        json!([{"Phone": "x"}]),
    )
    .await;
    assert_eq!(refused.status, 400);
    assert_eq!(
        admin(&world, Method::GET, "records/Nothing", Value::Null)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn clock_settings_faults_counters_and_log_are_within_reach() {
    let world = World::new().await;
    let now = admin(
        &world,
        Method::POST,
        "clock",
        json!({"advance_seconds": 60}),
    )
    .await
    .json();
    assert_eq!(now["now"], "2026-11-02T08:01:00Z");
    admin(
        &world,
        Method::POST,
        "clock",
        json!({"set": "2026-11-02T08:30:00Z"}),
    )
    .await;
    assert_eq!(
        world.simulator.clock().now().to_string(),
        "2026-11-02T08:30:00Z"
    );
    let settings = admin(
        &world,
        Method::PATCH,
        "settings",
        json!({"edition": "standard", "limits": {"daily_credits": 9}}),
    )
    .await;
    assert_eq!(settings.json()["limits"]["daily_credits"], 9);
    assert_eq!(world.get("Quotes?fields=id").await.code(), "INVALID_MODULE");
    assert_eq!(
        admin(&world, Method::PATCH, "settings", json!({"no_such": 1}))
            .await
            .status,
        400
    );
    let fault = json!({"kind": "status", "status": 503, "method": "GET", "path": "/crm/v8/org"});
    assert_eq!(
        admin(&world, Method::POST, "faults", fault).await.status,
        200
    );
    assert_eq!(world.get("org").await.status, 503);
    let misspelt = json!({"kind": "too_many_requests", "paths": "/crm/v8/org"});
    assert_eq!(
        admin(&world, Method::POST, "faults", misspelt).await.status,
        400
    );
    let counters = admin(&world, Method::GET, "counters", Value::Null)
        .await
        .json();
    assert_eq!(
        (&counters["calls"]["org"], &counters["faults"]),
        (&json!(1), &json!(1))
    );
    let log = admin(&world, Method::GET, "log", Value::Null).await.json();
    let last = log.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["path"], &last["status"], &last["kind"]),
        (&json!("/crm/v8/org"), &json!(503), &json!("org"))
    );
    admin(&world, Method::DELETE, "log", Value::Null).await;
    assert_eq!(world.simulator.log().len(), 0);
    admin(&world, Method::DELETE, "counters", Value::Null).await;
    assert_eq!(world.simulator.counters().total_calls(), 0);
}

#[tokio::test]
async fn fields_and_tokens_can_be_changed() {
    let world = World::new().await;
    let field =
        json!({"module": "Accounts", "api_name": "Region", "data_type": "text", "unique": true});
    assert_eq!(
        admin(&world, Method::POST, "fields", field).await.status,
        200
    );
    assert_eq!(
        world
            .post(
                "Accounts",
                json!({"data": [{"Account_Name": "A", "Region": "N"}]})
            )
            .await
            .status,
        201
    );
    let check = json!({"data": [{"Account_Name": "B", "Region": "N"}], "duplicate_check_fields": ["Region"]});
    assert_eq!(
        world.post("Accounts/upsert", check).await.row(0)["action"],
        "update"
    );
    admin(
        &world,
        Method::DELETE,
        "fields?module=Accounts&api_name=Region",
        Value::Null,
    )
    .await;
    assert!(
        world
            .get("Accounts?fields=Region")
            .await
            .row(0)
            .get("Region")
            .is_none()
    );
    let grant = admin(&world, Method::POST, "grants", Value::Null)
        .await
        .json();
    assert!(grant["code"].is_string());
    admin(&world, Method::POST, "tokens/expire", Value::Null).await;
    assert_eq!(world.get("org").await.code(), "INVALID_TOKEN");
    admin(
        &world,
        Method::POST,
        "tokens/revoke",
        json!({"refresh_token": "1000.refresh"}),
    )
    .await;
    assert_eq!(world.mint().await, json!({"error": "invalid_code"}));
}

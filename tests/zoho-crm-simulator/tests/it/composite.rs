//! Composite requests.

use serde_json::{Value, json};

use crate::support::World;

fn insert(id: &str, name: &str) -> Value {
    json!({"sub_request_id": id, "method": "POST", "uri": "/crm/v8/Accounts", "headers": {}, "params": {},
        "body": {"data": [{"Account_Name": name}]}})
}

async fn run(world: &World, rollback: bool, requests: Value) -> (u16, Value) {
    let body = json!({"rollback_on_fail": rollback, "parallel_execution": false, "__composite_requests": requests});
    let answer = world.post("__composite_requests", body).await;
    (answer.status, answer.json()["__composite_requests"].clone())
}

#[tokio::test]
async fn a_later_request_uses_the_answer_of_an_earlier_one() {
    let world = World::new().await;
    world.simulator.reset_counters();
    let read = json!({"sub_request_id": "2", "method": "GET", "uri": "/crm/v8/Accounts/@{1:$.data[0].details.id}",
        "headers": {}, "params": {"fields": "Account_Name"}, "body": {}});
    let (status, results) = run(&world, false, json!([insert("1", "A"), read])).await;
    assert_eq!(status, 200, "{results}");
    let response = |index: usize| results[index]["details"]["response"].clone();
    assert_eq!(response(0)["status_code"], 201);
    assert_eq!(response(1)["body"]["data"][0]["Account_Name"], "A");
    assert_eq!(
        world.simulator.counters().credits_spent,
        1,
        "charged as one call"
    );
}

#[tokio::test]
async fn a_refused_part_does_not_undo_the_others_unless_that_is_asked() {
    let world = World::new().await;
    let requests = json!([insert("1", "A"), insert("2", ""), insert("3", "C")]);
    let (status, results) = run(&world, false, requests.clone()).await;
    assert_eq!(status, 200);
    assert_eq!(results[1]["details"]["response"]["status_code"], 400);
    assert_eq!(world.simulator.records("Accounts").len(), 2);
    let (status, results) = run(&world, true, requests).await;
    assert_eq!(status, 207, "{results}");
    assert_eq!(results[0]["code"], "ROLLBACK_PERFORMED");
    assert_eq!(results[0]["details"]["rollbacked_by_sub_request_index"], 1);
    assert_eq!(results[2]["code"], "PROCESSING_STOPPED");
    assert_eq!(
        world.simulator.records("Accounts").len(),
        2,
        "nothing stays"
    );
}

#[tokio::test]
async fn a_wrong_composite_request_is_refused_as_a_whole() {
    let world = World::new().await;
    let code = async |body: Value| world.post("__composite_requests", body).await.code();
    let six: Vec<Value> = (1..=6)
        .map(|number| insert(&number.to_string(), "A"))
        .collect();
    assert_eq!(
        code(json!({"__composite_requests": six})).await,
        "INVALID_DATA"
    );
    let twice = json!([insert("1", "A"), insert("1", "B")]);
    assert_eq!(
        code(json!({"__composite_requests": twice})).await,
        "DUPLICATE_DATA"
    );
    let both = json!({"rollback_on_fail": true, "parallel_execution": true, "__composite_requests": [insert("1", "A")]});
    assert_eq!(code(both).await, "AMBIGUITY_DURING_PROCESSING");
    assert_eq!(code(json!({})).await, "MANDATORY_NOT_FOUND");
    assert!(world.simulator.records("Accounts").is_empty());
    let file = json!([{"sub_request_id": "1", "method": "GET", "uri": "/crm/v8/files?id=x"}]);
    let (status, results) = run(&world, false, file).await;
    assert_eq!(
        (status, &results[0]["code"]),
        (400, &json!("NOT_SUPPORTED"))
    );
    let reference = json!([{"sub_request_id": "1", "method": "GET", "uri": "/crm/v8/Accounts/@{9:$.data[0].id}"}]);
    let (_, results) = run(&world, false, reference).await;
    assert_eq!(results[0]["code"], "INVALID_REFERENCE");
}

//! What happened to a record.

use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn a_timeline_says_who_changed_which_field_from_what_to_what() {
    let world = World::new().await;
    let id = world.seed_accounts(1).remove(0);
    let edit = json!({"Phone": "1", "Employees": 5});
    world.simulator.edit_as_user("Accounts", &id, edit).unwrap();
    let body = json!({"data": [{"id": id, "Phone": "2"}], "trigger": []});
    assert_eq!(world.put("Accounts", body).await.status, 200);

    let path = format!("Accounts/{id}/__timeline");
    let newest = world.get(&path).await.json();
    let entries = newest["__timeline"].as_array().unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["updated", "updated", "added"]);
    assert_eq!(entries[0]["source"], "crm_api");
    let phone = &entries[0]["field_history"][0];
    assert_eq!(phone["api_name"], "Phone");
    assert_eq!(phone["_value"], json!({"old": "1", "new": "2"}));
    assert_eq!(entries[1]["source"], "crm_ui");
    assert_ne!(entries[0]["done_by"]["id"], entries[1]["done_by"]["id"]);
    let employees = json!({"old": null, "new": "5"});
    let mut fields = entries[1]["field_history"].as_array().unwrap().iter();
    let found = fields
        .find(|field| field["api_name"] == "Employees")
        .unwrap();
    assert_eq!(found["_value"], employees);

    let paged = format!("{path}?sort_by=audited_time&sort_order=asc&per_page=2");
    let oldest = world.get(&paged).await.json();
    assert_eq!(oldest["__timeline"][0]["action"], "added");
    assert_eq!(oldest["info"]["more_records"], true);
    let unknown = world.get("Accounts/4876876000009999999/__timeline").await;
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (400, "INVALID_DATA")
    );
}

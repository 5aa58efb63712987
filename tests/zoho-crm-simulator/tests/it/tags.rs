//! Tags.

use serde_json::{Value, json};

use crate::support::World;

async fn names(world: &World, id: &str) -> Vec<Value> {
    let record = world.get(&format!("Accounts/{id}?fields=Tag")).await.row(0);
    let tags = record["Tag"].as_array().unwrap();
    tags.iter().map(|tag| tag["name"].clone()).collect()
}

#[tokio::test]
async fn two_tags_are_made_one() {
    let world = World::new().await;
    let ids = world.seed_accounts(2);
    for (id, names) in ids.iter().zip([&["key", "client"][..], &["client"]]) {
        let tags: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
        let path = format!("Accounts/{id}/actions/add_tags");
        world.post(&path, json!({ "tags": tags })).await;
    }
    let listed = world.get("settings/tags?module=Accounts").await.json();
    let id = |place: usize| listed["tags"][place]["id"].clone();
    let merge = |id: &Value| format!("settings/tags/{}/actions/merge", id.as_str().unwrap());
    let body = json!({"tags": [{"conflict_id": id(1)}]});
    let merged = world.post(&merge(&id(0)), body.clone()).await;
    assert_eq!(merged.status, 200, "{}", merged.text);
    for account in &ids {
        assert_eq!(names(&world, account).await, ["key"]);
    }
    let again = world.post(&merge(&id(0)), body).await;
    assert_eq!(
        (again.status, again.json()["tags"][0]["code"].as_str()),
        (400, Some("INVALID_DATA"))
    );
}

#[tokio::test]
async fn tags_are_added_to_and_removed_from_records() {
    let world = World::new().await;
    let ids = world.seed_accounts(2);
    let path = format!("Accounts/{}/actions", ids[0]);
    let tags = |names: &[&str]| {
        let tags: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
        json!({ "tags": tags })
    };
    let added = world
        .post(&format!("{path}/add_tags"), tags(&["key", "late"]))
        .await;
    assert_eq!(added.status, 200, "{}", added.text);
    assert_eq!(added.json()["success_count"], "1");
    assert!(added.row(0)["details"]["tags"][0]["id"].is_string());
    world
        .post(&format!("{path}/add_tags"), tags(&["KEY", "new"]))
        .await;
    assert_eq!(
        names(&world, &ids[0]).await,
        ["late", "key", "new"],
        "one tag whatever its case"
    );
    world
        .post(&format!("{path}/remove_tags"), tags(&["late"]))
        .await;
    assert_eq!(names(&world, &ids[0]).await, ["key", "new"]);
    let mut all = tags(&["all"]);
    all["ids"] = json!([ids[0], ids[1], "1"]);
    all["over_write"] = json!(true);
    let many = world.post("Accounts/actions/add_tags", all).await;
    assert_eq!(
        (many.status, &many.row(2)["code"]),
        (207, &json!("INVALID_DATA"))
    );
    assert_eq!(names(&world, &ids[0]).await, ["all"], "over_write replaces");
    assert_eq!(names(&world, &ids[1]).await, ["all"]);
    let id = many.row(0)["details"]["tags"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let count = world
        .get(&format!(
            "settings/tags/{id}/actions/records_count?module=Accounts"
        ))
        .await;
    assert_eq!(count.json(), json!({"count": "2"}));
}

#[tokio::test]
async fn the_tags_of_a_module_are_managed() {
    let world = World::new().await;
    let path = "settings/tags?module=Accounts";
    assert_eq!(world.get(path).await.status, 204);
    let created = world
        .post(
            path,
            json!({"tags": [{"name": "key"}, {"name": "x".repeat(26)}]}),
        )
        .await;
    assert_eq!(created.status, 207, "{}", created.text);
    let id = created.json()["tags"][0]["details"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(created.json()["tags"][1]["details"]["maximum_length"], "25");
    let again = world.post(path, json!({"tags": [{"name": "Key"}]})).await;
    assert_eq!(again.json()["tags"][0]["details"]["id"], id.as_str());
    assert_eq!(again.json()["tags"][0]["code"], "DUPLICATE_DATA");
    let renamed = json!({"tags": [{"name": "main"}]});
    let renamed = world
        .put(&format!("settings/tags/{id}?module=Accounts"), renamed)
        .await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    assert_eq!(world.get(path).await.json()["tags"][0]["name"], "main");
    assert_eq!(world.get("settings/tags?module=Contacts").await.status, 204);
    assert_eq!(
        world.delete(&format!("settings/tags/{id}")).await.status,
        200
    );
    assert_eq!(world.get(path).await.status, 204);
}

#[tokio::test]
async fn a_tag_named_in_a_new_record_exists_from_then_on() {
    let world = World::new().await;
    let row = json!({"data": [{"Account_Name": "A", "Tag": [{"name": "key"}]}]});
    let id = world.post("Accounts", row).await.row(0)["details"]["id"].clone();
    assert_eq!(names(&world, id.as_str().unwrap()).await, ["key"]);
    let tags = world.get("settings/tags?module=Accounts").await;
    assert_eq!(tags.json()["tags"][0]["name"], "key");
}

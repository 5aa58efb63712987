//! What is done to records beside reading and writing: copies, owners, locks, jobs on views.

use serde_json::{Value, json};

use crate::support::World;

const ANNA: &str = "4876876000000100002";

#[tokio::test]
async fn a_copy_has_the_values_of_its_model_except_those_that_are_given() {
    let world = World::new().await;
    let product = world
        .simulator
        .seed(
            "Products",
            [json!({"Product_Name": "Bolt", "Unit_Price": 2})],
        )
        .unwrap()
        .remove(0);
    let account = world.seed_accounts(1).remove(0);
    let order = json!({"Subject": "SO1", "X3_Code": "C1", "Account_Name": {"id": account},
        "Ordered_Items": [{"Product_Name": {"id": product}, "Quantity": 3}]});
    let order = world
        .simulator
        .seed("Sales_Orders", [order])
        .unwrap()
        .remove(0);
    let path = format!("Sales_Orders/{order}/actions/clone");
    let refused = world
        .post(&path, json!({"data": [{"Subject": "SO2"}]}))
        .await;
    assert_eq!(
        (refused.status, &refused.row(0)["code"]),
        (400, &json!("DUPLICATE_DATA")),
        "a unique value is copied too"
    );
    let copied = world
        .post(
            &path,
            json!({"data": [{"Subject": "SO2", "X3_Code": "C2"}]}),
        )
        .await;
    assert_eq!(copied.status, 201, "{}", copied.text);
    let id = copied.row(0)["details"]["id"].as_str().unwrap().to_owned();
    assert_ne!(id, order);
    let copy = world.get(&format!("Sales_Orders/{id}")).await.row(0);
    assert_eq!(
        (&copy["Subject"], &copy["Account_Name"]["id"]),
        (&json!("SO2"), &json!(account))
    );
    assert_eq!(copy["Ordered_Items"][0]["Quantity"], 3);
    let model = world.get(&format!("Sales_Orders/{order}")).await.row(0);
    assert_ne!(
        copy["Ordered_Items"][0]["id"],
        model["Ordered_Items"][0]["id"]
    );
}

#[tokio::test]
async fn records_get_another_owner() {
    let world = World::new().await;
    let ids = world.seed_accounts(2);
    let path = format!("Accounts/{}/actions/change_owner", ids[0]);
    let me = "4876876000000100001";
    let one = world
        .post(&path, json!({"owner": {"id": me}, "notify": false}))
        .await;
    assert_eq!(
        (one.status, &one.row(0)["message"]),
        (200, &json!("owner is successfully updated"))
    );
    let owner = async |id: &str| {
        let record = world.get(&format!("Accounts/{id}?fields=Owner")).await;
        record.row(0)["Owner"]["id"].clone()
    };
    assert_eq!(owner(&ids[0]).await, me);
    assert_eq!(owner(&ids[1]).await, ANNA);
    let body = json!({"ids": [ids[0], ids[1], "1"], "owner": {"id": ANNA}});
    let many = world.post("Accounts/actions/change_owner", body).await;
    assert_eq!(
        (many.status, &many.row(2)["code"]),
        (207, &json!("INVALID_DATA"))
    );
    assert_eq!(owner(&ids[0]).await, ANNA);
    let unknown = world.post(&path, json!({"owner": {"id": "1"}})).await;
    assert_eq!(unknown.json()["details"]["json_path"], "$.owner.id");
}

#[tokio::test]
async fn a_locked_record_is_neither_changed_nor_deleted() {
    let world = World::new().await;
    let id = world.seed_accounts(1).remove(0);
    let path = format!("Accounts/{id}/Locking_Information__s");
    assert_eq!(world.get(&path).await.status, 204);
    let reason = json!({"data": [{"Locked_Reason__s": "in dispute"}]});
    let locked = world.post(&path, reason.clone()).await;
    assert_eq!(locked.status, 201, "{}", locked.text);
    let lock = locked.row(0)["details"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        world.post(&path, reason).await.row(0)["code"],
        "RECORD_LOCKED"
    );
    assert_eq!(
        world.get(&path).await.row(0)["Locked_Reason__s"],
        "in dispute"
    );
    let record = format!("Accounts/{id}");
    let read = world.get(&record).await.row(0);
    assert_eq!(
        (&read["Locked__s"], &read["$locked_for_me"]),
        (&json!(true), &json!(true))
    );
    let body = json!({"data": [{"Phone": "1"}]});
    let change = world.put(&record, body.clone()).await;
    assert_eq!(
        (
            change.status,
            &change.row(0)["code"],
            &change.row(0)["details"]["id"]
        ),
        (400, &json!("RECORD_LOCKED"), &json!(id))
    );
    assert_eq!(world.delete(&record).await.row(0)["code"], "RECORD_LOCKED");
    let other = json!({"data": [{"Locked_Reason__s": "paid"}]});
    assert_eq!(
        world.put(&format!("{path}/{lock}"), other).await.status,
        200
    );
    assert_eq!(world.delete(&format!("{path}/1")).await.status, 400);
    assert_eq!(world.delete(&format!("{path}/{lock}")).await.status, 200);
    assert_eq!(world.put(&record, body).await.status, 200);
}

/// Looks at a job until it is complete.
async fn finished(world: &World, path: &str) -> Value {
    for _ in 0..5 {
        let job = world.get(path).await.row(0);
        if job["Status"] == "COMPLETED" {
            return job;
        }
        assert_eq!(job["Status"], "RUNNING");
    }
    panic!("the job does not end");
}

#[tokio::test]
async fn jobs_work_on_all_records_of_a_view() {
    let world = World::new().await;
    let rows =
        ["Paris", "Lyon", "Paris"].map(|city| json!({"Account_Name": city, "Billing_City": city}));
    world.simulator.seed("Accounts", rows).unwrap();
    let view = world
        .simulator
        .add_custom_view("Accounts", "Paris", "(Billing_City:equals:Paris)")
        .unwrap();
    let start = async |action: &str, body: Value| {
        let job = world
            .post(&format!("Accounts/actions/{action}"), body)
            .await;
        assert_eq!(job.status, 200, "{}", job.text);
        let id = job.row(0)["details"]["job_id"].as_str().unwrap().to_owned();
        finished(&world, &format!("Accounts/actions/{action}?job_id={id}")).await
    };
    let body = json!({"cvid": view, "data": [{"Rating": "Active"}]});
    let updated = start("mass_update", body).await;
    assert_eq!(
        (&updated["Updated_Count"], &updated["Total_Count"]),
        (&json!(2), &json!(2))
    );
    let owner = start(
        "mass_change_owner",
        json!({"cvid": view, "owner": {"id": ANNA}}),
    )
    .await;
    assert_eq!(owner["Updated_Count"], 2);
    let records = world.simulator.records("Accounts");
    assert_eq!(records[0].text("Rating"), Some("Active"));
    assert_eq!(records[1].text("Rating"), None);
    let deleted = start("mass_delete", json!({"cvid": view})).await;
    assert_eq!(deleted["Deleted_Count"], 2);
    assert_eq!(world.simulator.records("Accounts").len(), 1);
    let unknown = world
        .post("Accounts/actions/mass_delete", json!({"cvid": "1"}))
        .await;
    assert_eq!(
        (unknown.status, &unknown.row(0)["code"]),
        (400, &json!("INVALID_DATA"))
    );
    let job = world.get("Accounts/actions/mass_delete?job_id=1").await;
    assert_eq!(job.json()["details"]["param_name"], "job_id");
}

#[tokio::test]
async fn a_mass_delete_of_named_records_answers_record_by_record() {
    let world = World::new().await;
    let ids = world.seed_accounts(3);
    let body = json!({"ids": [ids[0], "1"]});
    let deleted = world.post("Accounts/actions/mass_delete", body).await;
    assert_eq!(deleted.status, 207, "{}", deleted.text);
    assert_eq!(deleted.row(0)["details"]["id"], json!(ids[0]));
    assert_eq!(deleted.row(1)["code"], "INVALID_DATA");
    assert_eq!(world.simulator.records("Accounts").len(), 2);
    let bin = world.get("Accounts/deleted?type=recycle").await;
    assert_eq!(bin.row(0)["id"], json!(ids[0]));
}

#[tokio::test]
async fn a_mass_update_of_named_records_answers_record_by_record() {
    let world = World::new().await;
    let ids = world.seed_accounts(2);
    let body = json!({"ids": [ids[0], "1", ids[1]], "data": [{"Rating": "Active"}]});
    let answer = world.post("Accounts/actions/mass_update", body).await;
    assert_eq!(answer.status, 207, "{}", answer.text);
    assert_eq!(answer.row(1)["code"], "INVALID_DATA");
    assert_eq!(answer.row(2)["details"]["id"], ids[1].as_str());
    let two = json!({"ids": [ids[0]], "data": [{"Rating": "Active", "Phone": "1"}]});
    let two = world.post("Accounts/actions/mass_update", two).await;
    assert_eq!(two.row(0)["code"], "LIMIT_EXCEEDED", "one field at a time");
}

#[tokio::test]
async fn long_text_is_whole_in_the_full_data() {
    let world = World::new().await;
    let text = "x".repeat(800);
    let id = world
        .simulator
        .seed(
            "Accounts",
            [json!({"Account_Name": "A", "Description": text})],
        )
        .unwrap()
        .remove(0);
    let list = world.get("Accounts?fields=Description").await;
    assert_eq!(list.row(0)["Description"].as_str().unwrap().len(), 500);
    let full = world
        .get(&format!(
            "Accounts/{id}/actions/fetch_full_data?fields=Description"
        ))
        .await;
    assert_eq!(full.row(0)["Description"], text.as_str());
}

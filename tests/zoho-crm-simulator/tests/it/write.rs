//! Inserting and updating.

use reqwest::Method;
use serde_json::{Value, json};
use zoho_crm_simulator::ZohoSimulator;

use crate::support::{Reply, World, reply};

async fn insert(world: &World, rows: Value) -> Reply {
    world.post("Accounts", json!({ "data": rows })).await
}

#[tokio::test]
async fn an_insert_answers_201_with_the_id_and_times_but_not_the_record() {
    let world = World::new().await;
    let answer = insert(
        &world,
        json!([{"Account_Name": "Northwind", "Unknown_Field": 1}]),
    )
    .await;
    assert_eq!(answer.status, 201);
    let row = answer.row(0);
    assert_eq!(
        (&row["code"], &row["message"], &row["status"]),
        (&json!("SUCCESS"), &json!("record added"), &json!("success"))
    );
    assert_eq!(row["details"]["Created_Time"], "2026-11-02T10:00:00+02:00");
    assert_eq!(
        row["details"]["Created_By"],
        json!({"name": "Integration User", "id": "4876876000000100001"})
    );
    assert!(row["details"].get("Account_Name").is_none());
    let first: u64 = row["details"]["id"].as_str().unwrap().parse().unwrap();
    let second = insert(&world, json!([{"Account_Name": "Northwind"}])).await;
    let second: u64 = second.row(0)["details"]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(second > first, "ids rise");
    assert_eq!(world.simulator.counters().created_in("Accounts"), 2);
}

#[tokio::test]
async fn some_failed_rows_give_207_and_all_failed_400_in_request_order() {
    let world = World::new().await;
    let mixed = insert(
        &world,
        json!([{"Phone": "1"}, {"Account_Name": "A"}, {"Account_Name": 5}]),
    )
    .await;
    assert_eq!(mixed.status, 207);
    let codes: Vec<Value> = (0..3)
        .map(|index| mixed.row(index)["code"].clone())
        .collect();
    assert_eq!(codes, ["MANDATORY_NOT_FOUND", "SUCCESS", "INVALID_DATA"]);
    assert_eq!(
        mixed.row(0)["details"],
        json!({"api_name": "Account_Name", "json_path": "$.data[0].Account_Name"})
    );
    assert_eq!(mixed.row(2)["details"]["expected_data_type"], "text");
    assert_eq!(
        mixed.row(2)["details"]["json_path"],
        "$.data[2].Account_Name"
    );
    assert_eq!(insert(&world, json!([{"Phone": "1"}])).await.status, 400);
    world
        .simulator
        .configure(|settings| settings.behaviour.partial_status = 202);
    assert_eq!(
        insert(&world, json!([{"Phone": "1"}, {"Account_Name": "B"}]))
            .await
            .status,
        202
    );
}

#[tokio::test]
async fn values_are_checked_by_the_fields_type_and_length() {
    let world = World::new().await;
    for (field, value, key, expected) in [
        (
            "Phone",
            json!("ask for Anna"),
            "expected_data_type",
            json!("phone"),
        ),
        (
            "Website",
            json!("our shop"),
            "expected_data_type",
            json!("website"),
        ),
        (
            "Annual_Revenue",
            json!("12"),
            "expected_data_type",
            json!("double"),
        ),
        (
            "Employees",
            json!(1.5),
            "expected_data_type",
            json!("integer"),
        ),
        (
            "X3_Active",
            json!("yes"),
            "expected_data_type",
            json!("boolean"),
        ),
        (
            "Industry",
            json!("Witchcraft"),
            "expected_data_type",
            json!("picklist"),
        ),
        ("X3_Currency", json!("EURO"), "maximum_length", json!("3")),
        (
            "Phone",
            json!("1".repeat(31)),
            "maximum_length",
            json!("30"),
        ),
    ] {
        let answer = insert(&world, json!([{"Account_Name": "A", field: value}])).await;
        assert_eq!(answer.row(0)["code"], "INVALID_DATA", "{field}");
        assert_eq!(answer.row(0)["details"][key], expected, "{field}");
        assert_eq!(answer.row(0)["details"]["api_name"], field);
    }
    let lookup = insert(
        &world,
        json!([{"Account_Name": "A", "Parent_Account": {"id": "4876876000009999999"}}]),
    )
    .await;
    assert_eq!(lookup.row(0)["message"], "the id given seems to be invalid");
    let contact = world
        .post(
            "Contacts",
            json!({"data": [{"Last_Name": "B", "Email": "nowhere"}]}),
        )
        .await;
    assert_eq!(contact.row(0)["details"]["expected_data_type"], "email");
    let lead = world.post(
        "Deals",
        json!({"data": [{"Deal_Name": "B", "Stage": "Closed Won", "Closing_Date": "02.11.2026"}]}),
    );
    assert_eq!(lead.await.row(0)["details"]["expected_data_type"], "date");
}

#[tokio::test]
async fn several_problems_of_a_row_come_as_one_error_with_a_list() {
    let world = World::new().await;
    let answer = insert(&world, json!([{"Phone": "none", "Employees": "many"}])).await;
    let row = answer.row(0);
    assert_eq!(row["code"], "MULTIPLE_OR_MULTI_ERRORS");
    let codes: Vec<&Value> = row["details"]["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["code"])
        .collect();
    assert_eq!(
        codes,
        ["INVALID_DATA", "INVALID_DATA", "MANDATORY_NOT_FOUND"]
    );
}

#[tokio::test]
async fn money_comes_back_digit_by_digit() {
    let world = World::new().await;
    let body = r#"{"data":[{"Account_Name":"A","X3_Credit_Limit":99999999999999.99,"Annual_Revenue":10.10}]}"#;
    let answer = reply(world.request(Method::POST, "Accounts").body(body)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let list = world
        .get("Accounts?fields=X3_Credit_Limit,Annual_Revenue")
        .await;
    assert!(
        list.text.contains("\"X3_Credit_Limit\":99999999999999.99,"),
        "{}",
        list.text
    );
    assert!(
        list.text.contains("\"Annual_Revenue\":10.10,"),
        "{}",
        list.text
    );
    assert_eq!(
        world.simulator.records("Accounts")[0].number("X3_Credit_Limit"),
        Some("99999999999999.99")
    );
}

#[tokio::test]
async fn a_unique_field_refuses_the_same_value_whatever_its_case() {
    let world = World::new().await;
    let ids = world.seed_accounts(1);
    let answer = insert(&world, json!([{"Account_Name": "B", "X3_Code": "c1"}])).await;
    let row = answer.row(0);
    assert_eq!(
        (answer.status, &row["code"]),
        (400, &json!("DUPLICATE_DATA"))
    );
    assert_eq!(row["details"]["api_name"], "X3_Code");
    assert_eq!(row["details"]["json_path"], "$.data[0].X3_Code");
    assert_eq!(row["details"]["id"], ids[0].as_str());
    assert_eq!(
        row["details"]["duplicate_record"]["module"]["api_name"],
        "Accounts"
    );
    // Accounts may share a name, since only upsert looks at it.
    assert_eq!(
        insert(&world, json!([{"Account_Name": "A1"}])).await.status,
        201
    );
}

#[tokio::test]
async fn more_than_a_hundred_rows_are_refused_as_a_whole() {
    let world = World::new().await;
    let rows: Vec<Value> = (0..101)
        .map(|number| json!({"Account_Name": format!("A{number}")}))
        .collect();
    let answer = insert(&world, json!(rows)).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "LIMIT_EXCEEDED")
    );
    assert_eq!(world.simulator.records("Accounts").len(), 0);
    let no_rows = world.post("Accounts", json!({})).await;
    assert_eq!(
        (no_rows.status, no_rows.code().as_str()),
        (400, "MANDATORY_NOT_FOUND")
    );
}

#[tokio::test]
async fn an_update_keeps_absent_fields_clears_nulls_and_moves_the_time() {
    let world = World::new().await;
    let ids = world
        .simulator
        .seed(
            "Accounts",
            [json!({"Account_Name": "A", "Phone": "1", "Fax": "2"})],
        )
        .unwrap();
    world.advance(5);
    // The Python SDK sends the id as a number.
    let id: u64 = ids[0].parse().unwrap();
    let answer = world
        .put(
            "Accounts",
            json!({"data": [{"id": id, "Phone": null, "Website": "a.example"}]}),
        )
        .await;
    assert_eq!(
        (answer.status, &answer.row(0)["message"]),
        (200, &json!("record updated"))
    );
    assert_eq!(
        answer.row(0)["details"]["Modified_Time"],
        "2026-11-02T10:00:05+02:00"
    );
    let record = world.simulator.record("Accounts", &ids[0]).unwrap();
    assert_eq!(
        (
            record.text("Phone"),
            record.text("Fax"),
            record.text("Website")
        ),
        (None, Some("2"), Some("a.example"))
    );
    assert_eq!(record.modified_by, "4876876000000100001");
    let by_path = world
        .put(
            &format!("Accounts/{}", ids[0]),
            json!({"data": [{"Fax": "3"}]}),
        )
        .await;
    assert_eq!(by_path.status, 200);
    let emptied = world
        .put(
            &format!("Accounts/{}", ids[0]),
            json!({"data": [{"Account_Name": ""}]}),
        )
        .await;
    assert_eq!(emptied.row(0)["code"], "MANDATORY_NOT_FOUND");
    let unknown = world
        .put(
            "Accounts/4876876000009999999",
            json!({"data": [{"Fax": "3"}]}),
        )
        .await;
    assert_eq!(
        (unknown.status, &unknown.row(0)["code"]),
        (400, &json!("INVALID_DATA"))
    );
}

#[tokio::test]
async fn a_write_that_changes_nothing_is_counted_and_still_moves_the_time() {
    let world = World::new().await;
    let ids = world
        .simulator
        .seed(
            "Accounts",
            [json!({"Account_Name": "A", "X3_Credit_Limit": 10})],
        )
        .unwrap();
    world.advance(5);
    let body = json!({"data": [{"Account_Name": "A"}]});
    world
        .put(&format!("Accounts/{}", ids[0]), body.clone())
        .await;
    let raw = r#"{"data":[{"X3_Credit_Limit":10.00}]}"#;
    reply(
        world
            .request(Method::PUT, &format!("Accounts/{}", ids[0]))
            .body(raw),
    )
    .await;
    assert_eq!(
        world.simulator.counters().writes_without_change,
        2,
        "10 and 10.00 are the same amount"
    );
    let moved = world
        .simulator
        .record("Accounts", &ids[0])
        .unwrap()
        .modified_time;
    assert_eq!(moved.to_string(), "2026-11-02T08:00:05Z");
    world
        .simulator
        .configure(|settings| settings.behaviour.empty_update_touches = false);
    world.advance(5);
    world.put(&format!("Accounts/{}", ids[0]), body).await;
    assert_eq!(
        world
            .simulator
            .record("Accounts", &ids[0])
            .unwrap()
            .modified_time,
        moved
    );
}

#[tokio::test]
async fn a_conditional_update_of_a_newer_record_is_refused_with_412() {
    let world = World::new().await;
    let ids = world.seed_accounts(1);
    world.advance(60);
    world
        .simulator
        .edit_as_user("Accounts", &ids[0], json!({"Phone": "1"}))
        .unwrap();
    let update = |instant: &'static str| {
        let request = world
            .request(Method::PUT, &format!("Accounts/{}", ids[0]))
            .header("If-Unmodified-Since", instant);
        reply(request.json(&json!({"data": [{"Fax": "9"}]})))
    };
    let refused = update("2026-11-02T10:00:59+02:00").await;
    assert_eq!(
        (refused.status, &refused.row(0)["code"]),
        (412, &json!("ALREADY_MODIFIED"))
    );
    assert_eq!(
        refused.row(0)["details"]["Modified_By"]["name"],
        "Anna Berg"
    );
    assert_eq!(
        world
            .simulator
            .record("Accounts", &ids[0])
            .unwrap()
            .text("Fax"),
        None
    );
    assert_eq!(update("2026-11-02T10:01:00+02:00").await.status, 200);
    world
        .simulator
        .configure(|settings| settings.behaviour.if_unmodified_since = false);
    assert_eq!(
        update("2026-11-02T10:00:59+02:00").await.status,
        200,
        "an organisation may ignore the header"
    );
}

#[tokio::test]
async fn multi_select_values_are_replaced_or_appended() {
    let field = zoho_crm_simulator::CustomField::new("Accounts", "Sites", "multiselectpicklist")
        .values(&["N", "S", "W"]);
    let world = World::with(ZohoSimulator::builder().custom_field(field)).await;
    let ids = world
        .simulator
        .seed("Accounts", [json!({"Account_Name": "A", "Sites": ["N"]})])
        .unwrap();
    let path = format!("Accounts/{}", ids[0]);
    world
        .put(
            &path,
            json!({"data": [{"Sites": ["S"], "$append_values": {"Sites": true}}]}),
        )
        .await;
    assert_eq!(world.get(&path).await.row(0)["Sites"], json!(["N", "S"]));
    world.put(&path, json!({"data": [{"Sites": ["W"]}]})).await;
    assert_eq!(world.get(&path).await.row(0)["Sites"], json!(["W"]));
}

#[tokio::test]
async fn an_owner_can_be_named_by_email_and_lookups_come_back_with_the_name() {
    let world = World::new().await;
    let ids = world.seed_accounts(1);
    let row = json!({"Last_Name": "Berg", "First_Name": "Eva", "Account_Name": {"id": ids[0]},
        "Owner": {"email": "anna.berg@example.com"}});
    let answer = world
        .post("Contacts", json!({"data": [row], "trigger": []}))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let contact = world
        .get("Contacts?fields=Account_Name,Full_Name,Owner")
        .await
        .row(0);
    assert_eq!(contact["Account_Name"], json!({"name": "A1", "id": ids[0]}));
    assert_eq!(contact["Full_Name"], "Eva Berg");
    assert_eq!(contact["Owner"]["id"], "4876876000000100002");
    let trigger = world
        .post(
            "Contacts",
            json!({"data": [{"Last_Name": "X"}], "trigger": ["everything"]}),
        )
        .await;
    assert_eq!(trigger.code(), "INVALID_DATA");
}

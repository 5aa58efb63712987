//! Values of external fields in the place of ids.

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use zoho_crm_simulator::{CustomField, ZohoSimulator};

use crate::support::{World, reply};

async fn world() -> World {
    let field = |module: &str| CustomField::new(module, "ERP_Key", "text").external();
    let builder = ZohoSimulator::builder()
        .custom_field(field("Accounts"))
        .custom_field(field("Products"));
    World::with(builder).await
}

fn external(world: &World, method: Method, path: &str, fields: &str) -> RequestBuilder {
    world.request(method, path).header("X-EXTERNAL", fields)
}

#[tokio::test]
async fn records_are_read_changed_and_deleted_by_an_external_value() {
    let world = world().await;
    let row = json!({"Account_Name": "A", "ERP_Key": "K/1"});
    let id = world.simulator.seed("Accounts", [row]).unwrap().remove(0);
    let own = "Accounts.ERP_Key";
    let read = reply(external(&world, Method::GET, "Accounts/K%2F1", own)).await;
    assert_eq!(read.row(0)["id"], id.as_str(), "{}", read.text);
    let body = json!({"data": [{"id": "K/1", "Phone": "1"}]});
    let changed = external(&world, Method::PUT, "Accounts", own).json(&body);
    let changed = reply(changed).await;
    assert_eq!(
        (changed.status, &changed.row(0)["details"]["id"]),
        (200, &json!(id))
    );
    let unknown = reply(external(&world, Method::GET, "Accounts/K2", own)).await;
    assert_eq!(
        (unknown.status, &unknown.json()["message"]),
        (400, &json!("The value of the external field is invalid."))
    );
    let plain = reply(external(
        &world,
        Method::GET,
        "Accounts/A",
        "Accounts.Account_Name",
    ))
    .await;
    assert_eq!(plain.status, 400, "a field that is not external");
    let deleted = external(&world, Method::DELETE, "Accounts?ids=K%2F1", own);
    assert_eq!(reply(deleted).await.status, 200);
    assert!(world.simulator.records("Accounts").is_empty());
}

#[tokio::test]
async fn look_ups_of_a_new_record_and_of_its_lines_are_external_values() {
    let world = world().await;
    let account = json!({"Account_Name": "A", "ERP_Key": "K1"});
    let account = world
        .simulator
        .seed("Accounts", [account])
        .unwrap()
        .remove(0);
    let product = json!({"Product_Name": "Bolt", "ERP_Key": "P1"});
    world.simulator.seed("Products", [product]).unwrap();
    let fields =
        "Sales_Orders.Account_Name.ERP_Key,Sales_Orders.Ordered_Items.Product_Name.ERP_Key";
    let order = |product: &str| {
        json!({"data": [{"Subject": "SO1", "Account_Name": {"id": "K1"},
        "Ordered_Items": [{"Product_Name": {"id": product}, "Quantity": 2}]}]})
    };
    let created = external(&world, Method::POST, "Sales_Orders", fields).json(&order("P1"));
    let created = reply(created).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let orders = world.simulator.records("Sales_Orders");
    assert_eq!(orders[0].reference("Account_Name"), Some(account.as_str()));
    let unknown = external(&world, Method::POST, "Sales_Orders", fields).json(&order("P2"));
    let unknown = reply(unknown).await;
    assert_eq!(
        unknown.json()["details"]["json_path"],
        "$.data[0].Ordered_Items[0].Product_Name.id"
    );
}

#[tokio::test]
async fn an_external_field_says_so_and_is_unique() {
    let world = world().await;
    let fields = world.get("settings/fields?module=Accounts").await.json()["fields"].clone();
    let fields = fields.as_array().unwrap();
    let field = fields.iter().find(|field| field["api_name"] == "ERP_Key");
    assert_eq!(field.unwrap()["external"]["type"], "org");
    let row = json!({"data": [{"Account_Name": "A", "ERP_Key": "K1"}]});
    assert_eq!(world.post("Accounts", row.clone()).await.status, 201);
    assert_eq!(
        world.post("Accounts", row).await.row(0)["code"],
        "DUPLICATE_DATA"
    );
}

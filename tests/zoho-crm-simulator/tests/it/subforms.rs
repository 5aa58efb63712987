//! Line items.

use serde_json::{Value, json};

use crate::support::World;

/// An order with two lines; the ids of order and lines.
async fn order(world: &World) -> (String, Vec<String>) {
    let account = world.seed_accounts(1).remove(0);
    let product = world.simulator.seed(
        "Products",
        [json!({"Product_Name": "Bolt", "Product_Code": "B-1", "Unit_Price": 2.5})],
    );
    let product = product.unwrap().remove(0);
    let line = |quantity: u32| json!({"Product_Name": {"id": product}, "Quantity": quantity});
    let mut discounted = line(4);
    discounted["Discount"] = json!("10%");
    discounted["Line_Tax"] = json!([{"name": "VAT", "percentage": 20}]);
    let row = json!({"Subject": "SO1", "Account_Name": {"id": account}, "Ordered_Items": [line(2), discounted], "Adjustment": 1});
    let answer = world.post("Sales_Orders", json!({"data": [row]})).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let id = answer.row(0)["details"]["id"].as_str().unwrap().to_owned();
    let lines = lines(world, &id)
        .await
        .iter()
        .map(|line| line["id"].as_str().unwrap().to_owned())
        .collect();
    (id, lines)
}

async fn lines(world: &World, id: &str) -> Vec<Value> {
    world.get(&format!("Sales_Orders/{id}")).await.row(0)["Ordered_Items"]
        .as_array()
        .unwrap()
        .clone()
}

async fn quantities(world: &World, id: &str) -> Vec<Value> {
    lines(world, id)
        .await
        .iter()
        .map(|line| line["Quantity"].clone())
        .collect()
}

#[tokio::test]
async fn totals_are_computed_from_exact_decimals() {
    let world = World::new().await;
    let (id, _) = order(&world).await;
    let record = world.get(&format!("Sales_Orders/{id}")).await;
    let lines = record.row(0)["Ordered_Items"].clone();
    assert_eq!(lines[0]["Product_Name"]["Product_Code"], "B-1");
    assert_eq!(
        lines[0]["List_Price"],
        json!(2.5),
        "the product's price is the default"
    );
    assert_eq!(lines[1]["Total"], json!(10.0));
    assert_eq!(lines[1]["Total_After_Discount"].as_f64(), Some(9.0));
    assert_eq!(lines[1]["Net_Total"].as_f64(), Some(10.8));
    assert_eq!(lines[1]["Parent_Id"]["id"], id.as_str());
    assert_eq!(record.row(0)["Sub_Total"].as_f64(), Some(15.8));
    assert_eq!(record.row(0)["Grand_Total"].as_f64(), Some(16.8));
    assert_eq!(record.row(0)["SO_Number"], id.as_str());
}

#[tokio::test]
async fn rows_without_id_are_appended_and_rows_with_id_changed_or_deleted() {
    let world = World::new().await;
    let (id, line_ids) = order(&world).await;
    let product = world.simulator.records("Products")[0].id.clone();
    let path = format!("Sales_Orders/{id}");
    let put = async |items: Value| {
        let answer = world
            .put(&path, json!({"data": [{"Ordered_Items": items}]}))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    };
    put(json!([{"Product_Name": {"id": product}, "Quantity": 7}])).await;
    assert_eq!(
        quantities(&world, &id).await,
        [2, 4, 7],
        "a row without id is appended, nothing is replaced"
    );
    put(json!([{"id": line_ids[0], "Quantity": 3}, {"id": line_ids[1]}])).await;
    assert_eq!(quantities(&world, &id).await, [3, 4, 7]);
    put(json!([{"id": line_ids[1], "_delete": null}])).await;
    assert_eq!(quantities(&world, &id).await, [3, 7]);
    world
        .put(&path, json!({"data": [{"Subject": "SO1b"}]}))
        .await;
    assert_eq!(
        quantities(&world, &id).await,
        [3, 7],
        "an absent key leaves the rows alone"
    );
    put(json!([])).await;
    assert_eq!(quantities(&world, &id).await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_line_needs_its_product_and_an_unknown_row_id_is_refused() {
    let world = World::new().await;
    let (id, _) = order(&world).await;
    let path = format!("Sales_Orders/{id}");
    let missing = world
        .put(
            &path,
            json!({"data": [{"Ordered_Items": [{"Quantity": 1}]}]}),
        )
        .await;
    assert_eq!(missing.row(0)["code"], "MANDATORY_NOT_FOUND");
    assert_eq!(
        missing.row(0)["details"]["json_path"],
        "$.data[0].Ordered_Items[0].Product_Name"
    );
    let unknown = world
        .put(
            &path,
            json!({"data": [{"Ordered_Items": [{"id": "4876876000009999999", "Quantity": 1}]}]}),
        )
        .await;
    assert_eq!(unknown.row(0)["code"], "INVALID_DATA");
    assert_eq!(
        quantities(&world, &id).await,
        [2, 4],
        "a refused row changes nothing"
    );
}

#[tokio::test]
async fn lists_leave_lines_out_but_the_line_module_and_coql_show_them() {
    let world = World::new().await;
    let (id, line_ids) = order(&world).await;
    let list = world.get("Sales_Orders?fields=Subject,Ordered_Items").await;
    assert!(list.row(0).get("Ordered_Items").is_none());
    let items = world
        .get("Ordered_Items?fields=Quantity,Parent_Id&sort_order=asc")
        .await;
    assert_eq!(items.column("id"), line_ids);
    assert_eq!(items.row(0)["Parent_Id"], json!({"name": "SO1", "id": id}));
    let query =
        format!("select Quantity from Ordered_Items where Parent_Id = '{id}' order by id desc");
    assert_eq!(world.coql(&query).await.row(0)["Quantity"], 4);
    let write = world
        .post("Ordered_Items", json!({"data": [{"Quantity": 1}]}))
        .await;
    assert_eq!(
        (write.status, write.code().as_str()),
        (400, "NOT_SUPPORTED")
    );
}

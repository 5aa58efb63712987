use sage_x3_simulator::{DEFAULT_ENDPOINT, Edit, Operation, RecordSeed};
use serde_json::json;

use super::support::{START, Site};

async fn warehouse() -> Site {
    let site = Site::start().await;
    let records = [
        RecordSeed::product("BMS001", "Flour").set("basePrice", "22.5"),
        RecordSeed::product_site("BMS001", "FR011"),
        RecordSeed::product_site("BMS001", "FR012"),
        RecordSeed::stock("FR011", 1, "BMS001", 40).set("lot", "L1"),
        RecordSeed::stock("FR011", 2, "BMS001", 2).set("status", "Q"),
        RecordSeed::stock("FR012", 1, "BMS001", 7),
    ];
    site.x3.seed(DEFAULT_ENDPOINT, records).unwrap();
    site
}

#[tokio::test]
async fn a_product_shows_its_sites_their_stock_and_its_price() {
    let site = warehouse().await;
    let query = "{ x3MasterData {
        product { read(_id: \"BMS001\") { code description1 productStatus basePrice salesUnit { code } taxLevel { code }
          productSites { query { edges { node { _id stockSite { code } distinctCountOfStockQuantity } } } } } }
        productSite { read(_id: \"BMS001|FR011\") { product { code } stockUnitCode countOfStockRecords
          stock { query(first: 500) { edges { node { _id lot status { code } quantityInStockUnit } } } } } } } }";
    let data = site.ask(query).await.data("/x3MasterData");
    assert_eq!(
        data["product"]["read"],
        json!({ "code": "BMS001", "description1": "Flour", "productStatus": "active", "basePrice": "22.5",
            "salesUnit": { "code": "UN" }, "taxLevel": { "code": "NOR" },
            "productSites": { "query": { "edges": [
                { "node": { "_id": "BMS001|FR011", "stockSite": { "code": "FR011" }, "distinctCountOfStockQuantity": "42" } },
                { "node": { "_id": "BMS001|FR012", "stockSite": { "code": "FR012" }, "distinctCountOfStockQuantity": "7" } } ] } } })
    );
    assert_eq!(
        data["productSite"]["read"],
        json!({ "product": { "code": "BMS001" }, "stockUnitCode": "UN", "countOfStockRecords": 2,
            "stock": { "query": { "edges": [
                { "node": { "_id": "FR011|1", "lot": "L1", "status": { "code": "A" }, "quantityInStockUnit": "40" } },
                { "node": { "_id": "FR011|2", "lot": "", "status": { "code": "Q" }, "quantityInStockUnit": "2" } } ] } } })
    );
}

#[tokio::test]
async fn stock_is_filtered_through_the_product_and_by_what_a_site_holds() {
    let site = warehouse().await;
    let ask = async |package: &str, node: &str, filter: &str| {
        let query = format!(
            "query Q($f: String) {{ {package} {{ {node} {{ query(filter: $f) {{ edges {{ node {{ _id }} }} }} }} }} }}"
        );
        let reply = site.ask_with(&query, json!({ "f": filter })).await;
        let edges = reply.data(&format!("/{package}/{node}/query/edges"));
        let ids = edges.as_array().unwrap().iter();
        ids.map(|edge| edge["node"]["_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let accepted =
        "{product:{product:{code:'BMS001'}},status:{code:'A'},quantityInStockUnit:{_gt:10}}";
    assert_eq!(ask("x3StockData", "stock", accepted).await, ["FR011|1"]);
    let under_control = "{stock:{_atLeast:1,status:'Q'}}";
    assert_eq!(
        ask("x3MasterData", "productSite", under_control).await,
        ["BMS001|FR011"]
    );
}

#[tokio::test]
async fn a_price_change_is_a_change_of_the_sales_sheet_and_leaves_the_product_s_stamp() {
    let site = warehouse().await;
    site.x3.clock().advance(std::time::Duration::from_secs(60));
    site.x3.set_activation("product", Operation::Update, true);
    let update = "mutation { x3MasterData { product { update(data: { _id: \"BMS001\", basePrice: \"25\" }) { basePrice } } } }";
    site.x3
        .reconfigure(|settings| settings.unchanged_update_moves_stamp = false);
    let price = site
        .ask(update)
        .await
        .data("/x3MasterData/product/update/basePrice");
    assert_eq!(price, "25");
    let product = || {
        site.x3
            .record(DEFAULT_ENDPOINT, "product", "BMS001")
            .unwrap()
            .unwrap()
    };
    assert_eq!(product().updated.unwrap().to_string(), START);
    let edit = Edit::record("product", "BMS001").set("description2", "fine");
    site.x3.edit_as_user(DEFAULT_ENDPOINT, &edit).unwrap();
    assert_ne!(product().updated.unwrap().to_string(), START);
}

#[tokio::test]
async fn nodes_that_are_not_writable_become_so_by_activation_only() {
    let site = Site::start().await;
    let create = "mutation { x3MasterData { product { create(data: { code: \"NEW\", description1: \"New\" }) { _id } } } }";
    assert_eq!(site.ask(create).await.status, 400);
    site.x3.set_activation("product", Operation::Create, true);
    let id = site
        .ask(create)
        .await
        .data("/x3MasterData/product/create/_id");
    assert_eq!(id, "NEW");
    assert_eq!(site.x3.counters().others_written, 1);
    assert_eq!(
        site.ask(create).await.error(),
        "NEW : Record already exists"
    );
    let nameless =
        "mutation { x3MasterData { product { create(data: { code: \"NEW2\" }) { _id } } } }";
    assert_eq!(
        site.ask(nameless).await.error(),
        "description1: Mandatory field"
    );
}

//! Products and their stock: X3 owns them, Zoho shows them.

use std::sync::Arc;

use rust_decimal::Decimal;
use sage_x3_client::SiteCode;
use sage_x3_simulator::{Edit, RecordSeed};
use sync_core::{
    Codes, Flow, FlowName, Side, Sides,
    flows::products::{self, ProductOptions},
    x3::{ProductEndpoint, ProductSettings},
};
use zoho_crm_simulator::{CustomField, Edition, StoredRecord};

use crate::world::{Clients, ENDPOINT, World};

fn flow_name() -> FlowName {
    FlowName::from("products")
}

fn options() -> ProductOptions {
    let mut options = ProductOptions::default();
    options.stock_sites = vec!["FR011".to_owned()];
    options.units = Some(Codes::new([("UN", "Each")]));
    options
}

fn flow(clients: &Clients) -> Flow {
    let options = options();
    let mapping = products::mapping(&options).unwrap();
    let settings = ProductSettings::new()
        .stock_of([SiteCode::new("FR011").unwrap()])
        .mapped_fields(mapping.fields(Side::Left));
    let left = ProductEndpoint::new(clients.x3.clone(), settings);
    Flow {
        name: flow_name(),
        endpoints: Sides::new(
            Arc::new(left),
            Arc::new(clients.module("Products", &mapping)),
        ),
        mapping,
        identity: products::identity(&options),
        policy: products::policy(),
    }
}

async fn world() -> World {
    World::of(
        |zoho| zoho.custom_field(CustomField::new("Products", "X3_Stock_FR011", "double")),
        |clients| vec![flow(clients)],
    )
    .await
}

/// A chair in a warehouse: twelve, of which two are promised.
fn chair(world: &World) {
    let stock =
        RecordSeed::stock("FR011", 1, "CHAIR", 12).set("allocatedQuantity", Decimal::from(2));
    let records = [
        RecordSeed::product("CHAIR", "Chair, oak").set("basePrice", Decimal::new(14950, 2)),
        RecordSeed::product_site("CHAIR", "FR011"),
        RecordSeed::product_site("CHAIR", "FR012"),
        stock,
        RecordSeed::stock("FR012", 1, "CHAIR", 100),
    ];
    world.x3.seed(ENDPOINT, records).unwrap();
}

fn product_of(world: &World, code: &str) -> StoredRecord {
    let mut found = world
        .zoho
        .records("Products")
        .into_iter()
        .filter(|product| product.text("X3_Code") == Some(code));
    let product = found.next().expect("the product is there");
    assert!(found.next().is_none(), "the product is there twice");
    product
}

#[tokio::test]
async fn a_product_is_shown_with_price_unit_and_what_is_available_at_the_configured_sites() {
    let world = world().await;
    chair(&world);
    world.settle().await;
    let product = product_of(&world, "CHAIR");
    assert_eq!(product.text("Product_Name"), Some("Chair, oak"));
    assert_eq!(product.text("Product_Code"), Some("CHAIR"));
    assert_eq!(product.text("Usage_Unit"), Some("Each"));
    assert_eq!(product.number("Unit_Price"), Some("149.5"));
    assert_eq!(product.number("X3_Stock_FR011"), Some("10"));
    assert_eq!(product.number("Qty_in_Stock"), Some("10"));
    assert!(
        world
            .engine
            .check_setup(&flow_name())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_change_of_stock_writes_one_row_and_reads_nothing_at_zoho() {
    let world = world().await;
    chair(&world);
    world.settle().await;
    world.zoho.reset_counters();
    let moved = Edit::record("stock", "FR011|1").set("quantityInStockUnit", Decimal::from(7));
    world.x3.edit_as_user(ENDPOINT, &moved).unwrap();
    world.settle().await;
    assert_eq!(
        product_of(&world, "CHAIR").number("Qty_in_Stock"),
        Some("5")
    );
    let counters = world.zoho.counters();
    assert_eq!(counters.rows_written, 1);
    assert_eq!(counters.total_calls(), 1, "{:?}", counters.calls);
}

#[tokio::test]
async fn at_rest_a_mirror_costs_two_polls_of_x3_and_nothing_at_zoho() {
    let world = world().await;
    chair(&world);
    world.settle().await;
    world.zoho.reset_counters();
    world.x3.reset_counters();
    world.engine.poll_all().await.unwrap();
    world.engine.drain().await.unwrap();
    assert_eq!(world.zoho.counters().total_calls(), 0);
    assert_eq!(world.x3.counters().requests, 2);
    assert_eq!(world.x3.counters().mutations, 0);
}

#[tokio::test]
async fn stock_of_other_sites_is_not_even_looked_at() {
    let world = world().await;
    chair(&world);
    world.settle().await;
    world.x3.reset_counters();
    let elsewhere = Edit::record("stock", "FR012|1").set("quantityInStockUnit", Decimal::from(7));
    world.x3.edit_as_user(ENDPOINT, &elsewhere).unwrap();
    world.engine.poll_all().await.unwrap();
    world.engine.drain().await.unwrap();
    assert_eq!(world.x3.counters().requests, 2);
}

#[tokio::test]
async fn a_product_that_is_not_sold_any_more_becomes_inactive_and_one_that_never_was_is_not_made() {
    let world = world().await;
    chair(&world);
    let planned = RecordSeed::product("TABLE", "Table").set("productStatus", "inDevelopment");
    world.x3.create_record(ENDPOINT, planned).unwrap();
    world.settle().await;
    assert_eq!(world.zoho.records("Products").len(), 1);
    let obsolete = Edit::record("product", "CHAIR").set("productStatus", "obsolete");
    world.x3.edit_as_user(ENDPOINT, &obsolete).unwrap();
    world.settle().await;
    let product = product_of(&world, "CHAIR");
    assert_eq!(
        product
            .get("Product_Active")
            .map(ToString::to_string)
            .as_deref(),
        Some("false")
    );
}

#[tokio::test]
async fn a_product_that_zoho_has_already_is_taken_over_by_its_code() {
    let world = world().await;
    let known = serde_json::json!({"Product_Name": "chair", "Product_Code": "CHAIR"});
    let id = world.zoho.create_as_user("Products", known).unwrap();
    chair(&world);
    world.settle().await;
    let product = product_of(&world, "CHAIR");
    assert_eq!(product.id, id);
    assert_eq!(product.text("Product_Name"), Some("Chair, oak"));
}

#[tokio::test]
async fn a_unit_that_the_table_lacks_parks_the_product_and_is_named() {
    let world = world().await;
    let cable = RecordSeed::product("CABLE", "Cable").set("salesUnit", "KG");
    world.x3.create_record(ENDPOINT, cable).unwrap();
    world.settle().await;
    assert_eq!(world.zoho.records("Products").len(), 0);
    let parked = world.engine.parked(&flow_name(), None, 10).await.unwrap();
    let reason = format!("{:?}", parked[0].parked.reason);
    assert!(
        reason.contains("unit") && reason.contains("`KG`"),
        "{reason}"
    );
}

#[tokio::test]
async fn an_edition_without_products_stops_the_flow_and_says_why() {
    let world = World::of(
        |zoho| zoho.edition(Edition::Standard),
        |clients| vec![flow(clients)],
    )
    .await;
    let stopped = world.engine.check_setup(&flow_name()).await.unwrap();
    let stopped = format!("{:?}", stopped.expect("the flow is stopped"));
    assert!(stopped.contains("no module Products"), "{stopped}");
    assert!(stopped.contains("edition"), "{stopped}");
}

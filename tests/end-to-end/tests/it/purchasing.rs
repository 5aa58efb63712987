//! Suppliers and purchase orders: X3 owns them, Zoho shows them.

use std::sync::Arc;

use rust_decimal::Decimal;
use sage_x3_client::{AddressCode, SiteCode};
use sage_x3_simulator::{Edit, Operation, RecordSeed};
use sync_core::{
    Flow, FlowName, ParkReason, Side, Sides,
    flows::{
        products::{self, ProductOptions},
        purchase_orders::{self, PurchaseOrderOptions},
        suppliers::{self, SupplierOptions},
    },
    x3::{
        ProductEndpoint, ProductSettings, PurchaseOrderEndpoint, PurchaseOrderSettings,
        SupplierEndpoint, SupplierSettings,
    },
};
use zoho_crm_simulator::{CustomField, Edition, StoredRecord};

use crate::world::{Clients, ENDPOINT, World};

fn supplier_flow(clients: &Clients) -> Flow {
    suppliers_with(clients, SupplierOptions::default(), SupplierSettings::new())
}

fn suppliers_with(
    clients: &Clients,
    mut options: SupplierOptions,
    settings: SupplierSettings,
) -> Flow {
    options.zoho_active_field = Some("X3_Active".to_owned());
    let mapping = suppliers::mapping(&options).unwrap();
    let settings = settings.mapped_fields(mapping.fields(Side::Left));
    Flow {
        name: FlowName::from("suppliers"),
        endpoints: Sides::new(
            Arc::new(SupplierEndpoint::new(clients.x3.clone(), settings)),
            Arc::new(clients.module("Vendors", &mapping)),
        ),
        mapping,
        identity: suppliers::identity(&options),
        policy: suppliers::policy(&options),
    }
}

fn product_flow(clients: &Clients) -> Flow {
    let options = ProductOptions::default();
    let mapping = products::mapping(&options).unwrap();
    let settings = ProductSettings::new().stock_of([] as [SiteCode; 0]);
    Flow {
        name: FlowName::from("products"),
        endpoints: Sides::new(
            Arc::new(ProductEndpoint::new(clients.x3.clone(), settings)),
            Arc::new(clients.module("Products", &mapping)),
        ),
        mapping,
        identity: products::identity(&options),
        policy: products::policy(),
    }
}

fn order_flow(clients: &Clients) -> Flow {
    let options = PurchaseOrderOptions::default();
    let mapping = purchase_orders::mapping(&options).unwrap();
    let settings = PurchaseOrderSettings::new()
        .sites(["FR011"])
        .mapped_fields(mapping.fields(Side::Left));
    Flow {
        name: FlowName::from("purchase-orders"),
        endpoints: Sides::new(
            Arc::new(PurchaseOrderEndpoint::new(clients.x3.clone(), settings)),
            Arc::new(clients.module("Purchase_Orders", &mapping)),
        ),
        mapping,
        identity: purchase_orders::identity(&options),
        policy: purchase_orders::policy(),
    }
}

async fn world() -> World {
    World::of(
        |zoho| zoho.custom_field(CustomField::new("Vendors", "X3_Active", "boolean")),
        |clients| {
            vec![
                supplier_flow(clients),
                product_flow(clients),
                order_flow(clients),
            ]
        },
    )
    .await
}

fn timber(world: &World) {
    let records = [
        RecordSeed::supplier("SUP01", "Timber Ltd"),
        RecordSeed::product("OAK", "Oak board"),
        RecordSeed::product_site("OAK", "FR011"),
    ];
    world.x3.seed(ENDPOINT, records).unwrap();
}

fn order(world: &World, site: &str) -> String {
    let line = RecordSeed::new("purchaseOrderLine")
        .set("product", "OAK")
        .set("quantityInOrderUnitOrdered", Decimal::from(40))
        .set("grossPrice", Decimal::from(25))
        .set("discountOrCharge1", Decimal::from(10));
    let order = RecordSeed::new("purchaseOrder")
        .set("purchaseSite", site)
        .set("orderFromSupplier", "SUP01")
        .set("orderDate", "2026-11-20")
        .set("receiptStatus", "no")
        .row("purchaseOrderLines", line);
    world.x3.create_record(ENDPOINT, order).unwrap()
}

fn only(world: &World, module: &str) -> StoredRecord {
    let mut records = world.zoho.records(module);
    assert_eq!(records.len(), 1, "{module}");
    records.remove(0)
}

#[tokio::test]
async fn a_supplier_is_shown_as_a_vendor_and_a_changed_partner_changes_it() {
    let world = world().await;
    timber(&world);
    world.settle().await;
    let vendor = only(&world, "Vendors");
    assert_eq!(vendor.text("X3_Code"), Some("SUP01"));
    assert_eq!(vendor.text("Vendor_Name"), Some("Timber Ltd"));
    let renamed = Edit::business_partner("SUP01").set("companyName1", "Timber & Sons Ltd");
    world.x3.edit_as_user(ENDPOINT, &renamed).unwrap();
    world.zoho.reset_counters();
    world.settle().await;
    assert_eq!(
        only(&world, "Vendors").text("Vendor_Name"),
        Some("Timber & Sons Ltd")
    );
    assert_eq!(world.zoho.counters().rows_written, 1);
    for flow in ["suppliers", "purchase-orders"] {
        let stopped = world.engine.check_setup(&flow.into()).await.unwrap();
        assert!(stopped.is_none(), "{stopped:?}");
    }
}

/// Suppliers go both ways, where X3's suppliers can be written.
async fn both_ways() -> World {
    let world = World::of(
        |zoho| zoho.custom_field(CustomField::new("Vendors", "X3_Active", "boolean")),
        |clients| {
            let mut options = SupplierOptions::default();
            options.both_ways = true;
            options.create_in_x3 = true;
            let address = AddressCode::new("MAIN").unwrap();
            let settings = SupplierSettings::new().create_in("STD", address).unwrap();
            vec![suppliers_with(clients, options, settings)]
        },
    )
    .await;
    for operation in [Operation::Create, Operation::Update] {
        world.x3.set_activation("supplier", operation, true);
    }
    world
}

#[tokio::test]
async fn where_x3_can_write_suppliers_a_vendor_becomes_one_supplier_and_follows_both_sides() {
    let world = both_ways().await;
    let vendor = serde_json::json!({
        "Vendor_Name": "Holz Maier GmbH", "Street": "Waldweg 2", "Zip_Code": "80331", "City": "München",
        "Country": "Germany",
    });
    let id = world.zoho.create_as_user("Vendors", vendor).unwrap();
    world.settle().await;
    let stopped = world.engine.check_setup(&"suppliers".into()).await.unwrap();
    assert!(stopped.is_none(), "{stopped:?}");
    let suppliers = world.x3.records(ENDPOINT, "supplier").unwrap();
    assert_eq!(suppliers.len(), 1);
    let code = suppliers[0].id.clone();
    assert!(code.starts_with('V'), "{code}");
    let vendor = world.zoho.record("Vendors", &id).unwrap();
    assert_eq!(vendor.text("X3_Code"), Some(code.as_str()));

    let moved = serde_json::json!({"City": "Augsburg"});
    world.zoho.edit_as_user("Vendors", &id, moved).unwrap();
    world.settle().await;
    let addresses = world.x3.records(ENDPOINT, "supplierAddress").unwrap();
    assert_eq!(addresses.len(), 1, "the address is changed, not doubled");
    assert_eq!(addresses[0].get("city"), "Augsburg");

    let renamed = Edit::business_partner(&code).set("companyName1", "Holz Maier AG");
    world.x3.edit_as_user(ENDPOINT, &renamed).unwrap();
    world.settle().await;
    assert_eq!(
        only(&world, "Vendors").text("Vendor_Name"),
        Some("Holz Maier AG")
    );
    let before = world.writes();
    world.settle().await;
    assert_eq!(world.writes(), before, "at rest");
}

#[tokio::test]
async fn a_purchase_order_is_shown_with_its_lines_at_its_vendor() {
    let world = world().await;
    timber(&world);
    let number = order(&world, "FR011");
    world.settle().await;
    let shown = only(&world, "Purchase_Orders");
    assert_eq!(shown.text("X3_Code"), Some(number.as_str()));
    assert_eq!(shown.text("PO_Date"), Some("2026-11-20"));
    assert_eq!(shown.text("Status"), Some("Created"));
    let vendor = only(&world, "Vendors").id;
    assert_eq!(shown.reference("Vendor_Name"), Some(vendor.as_str()));
    let line = &shown
        .get("Purchase_Items")
        .and_then(|lines| lines.as_array())
        .unwrap()[0];
    let product = only(&world, "Products").id;
    let at = |field: &str| line.get(field).and_then(|value| value.number_text());
    assert_eq!(at("Quantity"), Some("40"));
    assert_eq!(at("List_Price"), Some("22.5"), "25 less 10 %");
    let reference = line.get("Product_Name").and_then(|it| it.get("id"));
    assert_eq!(reference.and_then(|id| id.as_str()), Some(product.as_str()));
}

#[tokio::test]
async fn a_receipt_changes_the_order_and_does_not_double_its_lines() {
    let world = world().await;
    timber(&world);
    let number = order(&world, "FR011");
    world.settle().await;
    world.x3.receive(ENDPOINT, &number, None).unwrap();
    world.settle().await;
    let shown = only(&world, "Purchase_Orders");
    assert_eq!(shown.text("Status"), Some("Delivered"));
    let lines = shown
        .get("Purchase_Items")
        .and_then(|lines| lines.as_array());
    assert_eq!(lines.map(<[_]>::len), Some(1));
}

#[tokio::test]
async fn orders_of_other_sites_are_not_there() {
    let world = world().await;
    timber(&world);
    order(&world, "FR012");
    world.settle().await;
    assert_eq!(world.zoho.records("Purchase_Orders").len(), 0);
}

#[tokio::test]
async fn a_purchase_order_waits_for_its_products() {
    let world = world().await;
    timber(&world);
    let planned = Edit::record("product", "OAK").set("productStatus", "inDevelopment");
    world.x3.edit_as_user(ENDPOINT, &planned).unwrap();
    order(&world, "FR011");
    world.settle().await;
    let parked = world
        .engine
        .parked(&"purchase-orders".into(), None, 10)
        .await
        .unwrap();
    let reason = parked.first().map(|job| &job.parked.reason);
    assert!(
        matches!(reason, Some(ParkReason::WaitingFor { parent }) if parent.id.as_str() == "OAK"),
        "{reason:?}"
    );
    let sold = Edit::record("product", "OAK").set("productStatus", "active");
    world.x3.edit_as_user(ENDPOINT, &sold).unwrap();
    world.settle().await;
    assert_eq!(world.zoho.records("Purchase_Orders").len(), 1);
}

#[tokio::test]
async fn an_edition_without_vendors_stops_the_flows_and_says_why() {
    let world = World::of(
        |zoho| zoho.edition(Edition::Standard),
        |clients| vec![supplier_flow(clients)],
    )
    .await;
    let stopped = world.engine.check_setup(&"suppliers".into()).await.unwrap();
    let stopped = format!("{:?}", stopped.expect("the flow is stopped"));
    assert!(stopped.contains("no module Vendors"), "{stopped}");
}

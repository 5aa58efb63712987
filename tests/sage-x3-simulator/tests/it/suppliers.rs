use rust_decimal::Decimal;
use sage_x3_simulator::{CustomerSeed, DEFAULT_ENDPOINT, Generation, Operation, RecordSeed};
use serde_json::json;

use super::fulfilment::record;
use super::support::{Site, at_start};

fn purchase_order() -> RecordSeed {
    let line = |quantity: i64| {
        RecordSeed::new("purchaseOrderLine")
            .set("product", "BMS001")
            .set("quantityInOrderUnitOrdered", Decimal::from(quantity))
    };
    RecordSeed::new("purchaseOrder")
        .set("purchaseSite", "FR011")
        .set("orderFromSupplier", "SUP01")
        .row("purchaseOrderLines", line(10))
        .row("purchaseOrderLines", line(2).set("grossPrice", "3"))
}

async fn mill(generation: Generation) -> Site {
    let site = Site::of(at_start().generation(generation)).await;
    let records = [
        RecordSeed::supplier("SUP01", "Mill").set("country", "BE"),
        RecordSeed::product("BMS001", "Flour").set("purchaseBasePrice", "2"),
        purchase_order(),
    ];
    site.x3.seed(DEFAULT_ENDPOINT, records).unwrap();
    site
}

#[tokio::test]
async fn a_supplier_has_a_partner_and_a_default_address() {
    let site = mill(Generation::Three).await;
    let query = "{ x3MasterData { supplier { read(_id: \"SUP01\") { code { code companyName1 isSupplier isCustomer country { code } }
        category { code } currency { code } addressByDefault { code country { code } } groupSupplier { _id } } } } }";
    assert_eq!(
        site.ask(query).await.data("/x3MasterData/supplier/read"),
        json!({ "code": { "code": "SUP01", "companyName1": "Mill", "isSupplier": true, "isCustomer": false, "country": { "code": "BE" } },
            "category": { "code": "STD" }, "currency": { "code": "EUR" },
            "addressByDefault": { "code": "MAIN", "country": { "code": "BE" } }, "groupSupplier": { "_id": "SUP01" } })
    );
}

#[tokio::test]
async fn suppliers_are_written_by_graphql_where_the_site_activated_it() {
    let site = Site::start().await;
    site.seed([CustomerSeed::new("BOTH", "Bakery")]);
    for operation in [Operation::Create, Operation::Update] {
        site.x3.set_activation("supplier", operation, true);
    }
    let create = "mutation M($data: Supplier_Input!) { x3MasterData { supplier { create(data: $data) { _id } } } }";
    let data = json!({ "code": "both", "category": "STD", "companyName1": "Bakery and mill" });
    let reply = site.ask_with(create, json!({ "data": data })).await;
    assert_eq!(reply.data("/x3MasterData/supplier/create/_id"), "BOTH");
    let partner = record(&site, "businessPartner", "BOTH");
    assert_eq!(
        (
            partner.get("isCustomer"),
            partner.get("isSupplier"),
            partner.get("companyName1")
        ),
        ("true", "true", "Bakery and mill")
    );
    let update = "mutation { x3MasterData { supplier { update(data: { _id: \"BOTH\", currency: \"USD\" }) { currency { code } } } } }";
    assert_eq!(
        site.ask(update)
            .await
            .data("/x3MasterData/supplier/update/currency/code"),
        "USD"
    );
    let nameless = json!({ "data": { "code": "NEW" } });
    assert_eq!(
        site.ask_with(create, nameless).await.error(),
        "companyName1: Mandatory field"
    );
    let wrong = json!({ "data": { "code": "NEW", "companyName1": "x", "currency": "XXX" } });
    assert_eq!(
        site.ask_with(create, wrong).await.error(),
        "currency: XXX : Record does not exist"
    );
    assert_eq!(
        site.x3
            .record(DEFAULT_ENDPOINT, "businessPartner", "NEW")
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn a_supplier_is_changed_with_its_partner_and_its_addresses_or_not_at_all() {
    let site = mill(Generation::Three).await;
    site.x3.set_activation("supplier", Operation::Update, true);
    let update =
        "mutation M($data: Supplier_Input!) { x3MasterData { supplier { update(data: $data) {
        _id addressByDefault { code } addresses { query { edges { node { code city } } } } } } } }";
    let ask = |data: serde_json::Value| site.ask_with(update, json!({ "data": data }));
    let wrong = json!({ "code": "SUP01", "companyName1": "Lost", "currency": "XXX",
        "addresses": [{ "_action": "update", "code": "MAIN", "city": "Lost" }] });
    assert_eq!(
        ask(wrong).await.error(),
        "currency: XXX : Record does not exist"
    );
    let partner = record(&site, "businessPartner", "SUP01");
    assert_eq!(partner.get("companyName1"), "Mill");
    let data = json!({ "code": "SUP01", "companyName1": "Big mill", "ourCustomerNumberForSupplier": "4711",
        "addresses": [{ "_action": "update", "code": "MAIN", "city": "Gent" },
            { "_action": "create", "code": "DEPOT", "city": "Lille", "country": "FR", "isDefault": true }] });
    let reply = ask(data).await.data("/x3MasterData/supplier/update");
    assert_eq!(reply["addressByDefault"]["code"], "DEPOT");
    assert_eq!(
        reply["addresses"]["query"]["edges"],
        json!([{ "node": { "code": "DEPOT", "city": "Lille" } }, { "node": { "code": "MAIN", "city": "Gent" } }])
    );
    let partner = record(&site, "businessPartner", "SUP01");
    assert_eq!(partner.get("companyName1"), "Big mill");
    assert_eq!(
        record(&site, "supplier", "SUP01").get("ourCustomerNumberForSupplier"),
        "4711"
    );
    let missing = ask(json!({ "code": "NONE", "companyName1": "x" })).await;
    assert!(missing.error().contains("NONE : Record does not exist"));
}

#[tokio::test]
async fn a_purchase_order_is_numbered_defaulted_and_received() {
    let site = mill(Generation::Three).await;
    let id = "POHFR01100001";
    let order = record(&site, "purchaseOrder", id);
    for (property, value) in [
        ("company", "FR10"),
        ("orderDate", "2026-03-01"),
        ("currency", "EUR"),
        ("paymentTerm", "CH30NET"),
        ("orderFromSupplierAddress", "1|SUP01|MAIN"),
        ("receiptSite", "FR011"),
        ("receiptStatus", "no"),
        ("isClosed", "false"),
        ("linesAmountExcludingTax", "26"),
    ] {
        assert_eq!(order.get(property), value, "{property}");
    }
    let lines = &order.rows["purchaseOrderLines"];
    assert_eq!(
        (
            lines[0].id.as_str(),
            lines[0].get("grossPrice"),
            lines[0].get("orderUnit"),
            lines[1].get("grossPrice")
        ),
        ("POHFR01100001|1000|1000", "2", "UN", "3")
    );
    let part = [(1000, Decimal::from(4))];
    site.x3.receive(DEFAULT_ENDPOINT, id, Some(&part)).unwrap();
    let order = record(&site, "purchaseOrder", id);
    assert_eq!(
        (order.get("receiptStatus"), order.get("isClosed")),
        ("partly", "false")
    );
    assert_eq!(
        order.rows["purchaseOrderLines"][0].get("quantityInStockUnitReceived"),
        "4"
    );
    site.x3.receive(DEFAULT_ENDPOINT, id, None).unwrap();
    let order = record(&site, "purchaseOrder", id);
    assert_eq!(
        (order.get("receiptStatus"), order.get("isClosed")),
        ("fully", "true")
    );
}

#[tokio::test]
async fn lines_of_a_purchase_order_are_changed_by_action() {
    let site = mill(Generation::Three).await;
    site.x3
        .set_activation("purchaseOrder", Operation::Update, true);
    let update = "mutation M($data: PurchaseOrder_Input!) { x3Purchasing { purchaseOrder { update(data: $data) { _id
        purchaseOrderLines { query { edges { node { lineNumber quantityInOrderUnitOrdered grossPrice } } } } } } } }";
    let ask = |lines: serde_json::Value| {
        let data = json!({ "id": "POHFR01100001", "purchaseOrderLines": lines });
        site.ask_with(update, json!({ "data": data }))
    };
    let wrong = ask(json!([{ "_action": "update", "lineNumber": 9000 }])).await;
    assert_eq!(
        wrong.error(),
        "purchaseOrderLines: lineNumber: Record does not exist"
    );
    let reply = ask(json!([
        { "_action": "update", "lineNumber": 1000, "quantityInOrderUnitOrdered": "20" },
        { "_action": "delete", "_id": "POHFR01100001|2000|2000" },
        { "_action": "create", "product": "BMS001", "quantityInOrderUnitOrdered": "1", "grossPrice": "5" }
    ]))
    .await;
    let edges = reply.data("/x3Purchasing/purchaseOrder/update/purchaseOrderLines/query/edges");
    assert_eq!(
        edges,
        json!([
            { "node": { "lineNumber": 1000, "quantityInOrderUnitOrdered": "20", "grossPrice": "2" } },
            { "node": { "lineNumber": 2000, "quantityInOrderUnitOrdered": "1", "grossPrice": "5" } }
        ])
    );
    let order = record(&site, "purchaseOrder", "POHFR01100001");
    assert_eq!(order.get("linesAmountExcludingTax"), "45");
}

#[tokio::test]
async fn the_second_generation_says_no_and_yes_and_names_suppliers_itself() {
    let site = mill(Generation::Two).await;
    let query = "{ xtremX3Purchasing { purchaseOrder { query(filter: \"[{isClosed:'no'},{receiptStatus:'no'},{}]\") {
        edges { node { id isClosed orderFromSupplier { companyName } purchaseOrderLines { query { totalCount } } } } } } } }";
    let edges = site
        .ask(query)
        .await
        .data("/xtremX3Purchasing/purchaseOrder/query/edges");
    assert_eq!(
        edges,
        json!([{ "node": { "id": "POHFR01100001", "isClosed": "no", "orderFromSupplier": { "companyName": "Mill" },
            "purchaseOrderLines": { "query": { "totalCount": 2 } } } }])
    );
}

#[tokio::test]
async fn contacts_are_rows_of_their_own_seen_from_partner_customer_and_supplier() {
    let site = mill(Generation::Three).await;
    site.seed([CustomerSeed::new("NA001", "Bakery")]);
    let records = [
        RecordSeed::contact("NA001", "C1", "Durand").set("email", "d@example.com"),
        RecordSeed::contact("SUP01", "C1", "Peeters"),
    ];
    site.x3.seed(DEFAULT_ENDPOINT, records).unwrap();
    let query = "{ x3MasterData { customerContact { query { edges { node { _id lastName email customer { code { code } } } } } }
        supplierContact { query { edges { node { _id lastName } } } }
        businessPartner { read(_id: \"NA001\") { contacts { query { edges { node { code lastName } } } } } } } }";
    let data = site.ask(query).await.data("/x3MasterData");
    assert_eq!(
        data["customerContact"]["query"]["edges"],
        json!([{ "node": { "_id": "1|NA001|C1", "lastName": "Durand", "email": "d@example.com", "customer": { "code": { "code": "NA001" } } } }])
    );
    assert_eq!(
        data["supplierContact"]["query"]["edges"][0]["node"]["_id"],
        "1|SUP01|C1"
    );
    assert_eq!(
        data["businessPartner"]["read"]["contacts"]["query"]["edges"][0]["node"]["code"],
        "C1"
    );
}

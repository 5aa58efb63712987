use rust_decimal::Decimal;
use sage_x3_simulator::{
    CreditCheck, CustomField, CustomerCategory, CustomerSeed, DEFAULT_ENDPOINT, RecordSeed,
    RecordSnapshot, SalesOrderLines, SalesOrderType, X3SimulatorBuilder,
};
use serde_json::{Value, json};

use super::support::{Reply, Site, at_start};

const CREATE: &str = "mutation M($data: SalesOrder_Input!) { x3Sales { salesOrder { create(data: $data) { _id } } } }";
const UPDATE: &str = "mutation M($data: SalesOrder_Input!) { x3Sales { salesOrder { update(data: $data) { _id } } } }";

/// A site with a customer and two products that cost 22 and 3.5.
async fn shop(builder: X3SimulatorBuilder) -> Site {
    let site = Site::of(builder).await;
    site.seed([CustomerSeed::new("NA001", "Bakery")]);
    for (code, price) in [("BMS001", "22"), ("BMS002", "3.5")] {
        let product = RecordSeed::product(code, "Flour").set("basePrice", price);
        let records = [product, RecordSeed::product_site(code, "FR011")];
        site.x3.seed(DEFAULT_ENDPOINT, records).unwrap();
    }
    site
}

fn line(product: &str, quantity: impl Into<Value>) -> Value {
    json!({ "product": product, "quantityInSalesUnitOrdered": quantity.into() })
}

fn order(lines: Value) -> Value {
    json!({ "salesSite": "FR011", "soldToCustomer": "NA001", "salesOrderLines": lines })
}

fn with(mut input: Value, members: Value) -> Value {
    let members = members.as_object().unwrap().clone();
    input.as_object_mut().unwrap().extend(members);
    input
}

async fn create(site: &Site, data: Value) -> Reply {
    site.ask_with(CREATE, json!({ "data": data })).await
}

async fn update(site: &Site, data: Value) -> Reply {
    site.ask_with(UPDATE, json!({ "data": data })).await
}

/// Creates an order that must succeed without a word and returns its id.
async fn created(site: &Site, data: Value) -> String {
    let id = create(site, data)
        .await
        .data("/x3Sales/salesOrder/create/_id");
    id.as_str().unwrap().to_owned()
}

fn stored(site: &Site, id: &str) -> RecordSnapshot {
    site.x3
        .record(DEFAULT_ENDPOINT, "salesOrder", id)
        .unwrap()
        .unwrap_or_else(|| panic!("no order {id}"))
}

/// The messages of a create or update that wrote nothing, all of severity 3.
fn refused(reply: &Reply) -> Vec<String> {
    let json = reply.json();
    let diagnoses = json["errors"][0]["extensions"]["diagnoses"].as_array();
    let diagnoses = diagnoses.unwrap_or_else(|| panic!("not refused: {}", reply.text));
    diagnoses
        .iter()
        .map(|diagnose| {
            assert_eq!(diagnose["severity"], 3, "{}", reply.text);
            diagnose["message"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn orders(site: &Site) -> usize {
    site.x3
        .records(DEFAULT_ENDPOINT, "salesOrder")
        .unwrap()
        .len()
}

#[tokio::test]
async fn an_order_needs_a_site_a_customer_and_a_line_and_the_rest_is_defaulted() {
    let site = shop(at_start()).await;
    let data = with(
        order(json!([line("BMS001", "2"), line("BMS002", 10)])),
        json!({ "customerOrderReference": "Z-5512" }),
    );
    let id = created(&site, data).await;
    assert_eq!(id, "SONFR01100001");
    let order = stored(&site, &id);
    for (property, value) in [
        ("company", "FR10"),
        ("salesOrderType", "SON"),
        ("category", "normal"),
        ("billToCustomer", "NA001"),
        ("shipToCustomerAddress", "NA001|MAIN"),
        ("customerOrderReference", "Z-5512"),
        ("orderDate", "2026-03-01"),
        ("shipmentDate", "2026-03-01"),
        ("requestedDeliveryDate", "2026-03-01"),
        ("currency", "EUR"),
        ("paymentTerm", "CH30NET"),
        ("taxRule", "FRA"),
        ("shippingSite", "FR011"),
        ("soldToCustomerCountryName", "France"),
        ("orderStatus", "open"),
        ("deliveryStatus", "notDelivered"),
        ("invoicedStatus", "notInvoiced"),
        ("creditLevelStatus", "ok"),
        ("numberOfLines", "2"),
        // 2 × 22 + 10 × 3.5, taxed at 20 %.
        ("linesAmountExcludingTax", "79"),
        ("linesAmountIncludingTax", "94.8"),
        ("linesAmountRemainingToDeliverIncludingTax", "94.8"),
    ] {
        assert_eq!(order.get(property), value, "{property}");
    }
    let lines = &order.rows["salesOrderLines"];
    let numbers: Vec<&str> = lines.iter().map(|line| line.get("lineNumber")).collect();
    assert_eq!(numbers, ["1000", "2000"]);
    for (property, value) in [
        ("sequenceNumber", "1000"),
        ("productDescriptionInUserLanguage", "Flour"),
        ("salesUnit", "UN"),
        ("grossPrice", "22"),
        ("netPriceIncludingTax", "26.4"),
        ("tax1", "FRNOR"),
        ("lineStatus", "pending"),
        ("quantityInStockUnitOrdered", "2"),
    ] {
        assert_eq!(lines[0].get(property), value, "{property}");
    }
    assert_eq!(lines[0].id, "SONFR01100001|1000|1000");
    assert_eq!(site.x3.counters().sales_orders_created, 1);
}

#[tokio::test]
async fn what_is_given_wins_over_the_defaults() {
    let site = shop(at_start()).await;
    site.x3
        .set_list_price(DEFAULT_ENDPOINT, "NA001", "BMS001", Decimal::from(20))
        .unwrap();
    let lines = json!([
        line("BMS001", 1),
        with(
            line("BMS001", 1),
            json!({ "grossPrice": "18.5", "discountOrCharge1": 10 })
        ),
        with(
            line("BMS002", 4),
            json!({ "lineNumber": 5000, "taxLevel1": "RED" })
        ),
        line("BMS002", 1),
    ]);
    let members = json!({ "currency": "USD", "taxRule": "FRA", "paymentTerm": "CHIMM",
        "requestedDeliveryDate": "2026-03-09", "orderDate": "2026-02-27" });
    let id = created(&site, with(order(lines), members)).await;
    let order = stored(&site, &id);
    let lines = &order.rows["salesOrderLines"];
    let prices: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line.get("lineNumber"),
                line.get("grossPrice"),
                line.get("netPrice"),
                line.get("tax1"),
            )
        })
        .collect();
    assert_eq!(
        prices,
        [
            ("1000", "20", "20", "FRNOR"),
            ("2000", "18.5", "16.65", "FRNOR"),
            // 3.5 EUR at 0.90 EUR a dollar.
            ("5000", "3.889", "3.889", "FRRED"),
            ("6000", "3.889", "3.889", "FRNOR"),
        ]
    );
    assert_eq!(
        (
            order.get("paymentTerm"),
            order.get("orderDate"),
            order.get("shipmentDate"),
            order.get("requestedDeliveryDate")
        ),
        ("CHIMM", "2026-02-27", "2026-02-27", "2026-03-09")
    );
    assert_eq!(order.get("currencyRate"), "0.9");
}

#[tokio::test]
async fn an_order_is_read_with_its_lines_page_by_page_in_the_order_of_their_numbers() {
    let site = shop(at_start()).await;
    let lines: Vec<Value> = (0..12).map(|number| line("BMS001", number + 1)).collect();
    let id = created(&site, order(json!(lines))).await;
    let query = "query R($id: Id!, $after: String) { x3Sales { salesOrder { read(_id: $id) { id _updateStamp
        soldToCustomer { code { code companyName1 } } salesSite { name }
        salesOrderLines { query(first: 5, after: $after) { totalCount pageInfo { endCursor hasNextPage }
          edges { node { _id lineNumber product { code } quantityInSalesUnitOrdered _updateStamp } } } } } } } }";
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let reply = site
            .ask_with(query, json!({ "id": id, "after": after }))
            .await;
        let read = reply.data("/x3Sales/salesOrder/read");
        assert_eq!(read["soldToCustomer"]["code"]["companyName1"], "Bakery");
        let page = &read["salesOrderLines"]["query"];
        assert_eq!(page["totalCount"], 12);
        for edge in page["edges"].as_array().unwrap() {
            seen.push(edge["node"]["lineNumber"].as_i64().unwrap());
        }
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    let expected: Vec<i64> = (1..=12).map(|number| number * 1000).collect();
    assert_eq!(seen, expected);
    let filter = json!({ "filter": "{salesOrder:'SONFR01100001',lineNumber:{_gt:10000}}" });
    let query = "query L($filter: String) { x3Sales { salesOrderLine { query(filter: $filter) { edges { node { _id } } } } } }";
    let edges = site
        .ask_with(query, filter)
        .await
        .data("/x3Sales/salesOrderLine/query/edges");
    assert_eq!(edges[0]["node"]["_id"], "SONFR01100001|11000|11000");
    assert_eq!(edges.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_order_type_says_who_chooses_the_number() {
    let site = shop(at_start()).await;
    let of_type = |kind: &str, id: Option<&str>| {
        let data = with(
            order(json!([line("BMS001", 1)])),
            json!({ "salesOrderType": kind }),
        );
        match id {
            Some(id) => with(data, json!({ "id": id })),
            None => data,
        }
    };
    assert_eq!(
        refused(&create(&site, of_type("SON", Some("MINE1"))).await),
        ["id: Must be left empty, the order type has a sequence counter"]
    );
    assert_eq!(
        refused(&create(&site, of_type("SOM", None)).await),
        ["id: Mandatory field"]
    );
    assert_eq!(created(&site, of_type("SOM", Some("mine1"))).await, "MINE1");
    assert_eq!(
        refused(&create(&site, of_type("SOI", Some("MINE1"))).await),
        ["MINE1 : Record already exists"]
    );
    assert_eq!(
        created(&site, of_type("SOI", Some("SOIFR01100001"))).await,
        "SOIFR01100001"
    );
    // The counter steps over what a caller took.
    assert_eq!(created(&site, of_type("SOI", None)).await, "SOIFR01100002");
    let own = SalesOrderType {
        code: "WEB".to_owned(),
        counted: true,
        caller_may_choose: false,
    };
    site.x3.add_order_type(DEFAULT_ENDPOINT, &own).unwrap();
    assert_eq!(created(&site, of_type("WEB", None)).await, "WEBFR01100001");
    assert_eq!(orders(&site), 4);
}

#[tokio::test]
async fn a_refused_order_uses_no_number_and_leaves_nothing() {
    let site = shop(at_start()).await;
    let products = [
        RecordSeed::product("OLD", "Old").set("productStatus", "obsolete"),
        RecordSeed::product("PART", "Part").set("isSold", false),
        RecordSeed::product("NOSITE", "No site"),
    ];
    site.x3.seed(DEFAULT_ENDPOINT, products).unwrap();
    let inactive = CustomerSeed::new("GONE", "Gone").set("isActive", false);
    site.seed([inactive]);
    let good = || order(json!([line("BMS001", 1)]));
    let of_line = |row: Value| order(json!([row]));
    let cases = [
        (json!({}), "salesSite: Mandatory field"),
        (
            json!({ "salesSite": "FR011" }),
            "soldToCustomer: Mandatory field",
        ),
        (order(json!([])), "salesOrderLines: At least one line"),
        (
            with(good(), json!({ "soldToCustomer": "NOBODY" })),
            "soldToCustomer: NOBODY : Record does not exist",
        ),
        (
            with(good(), json!({ "soldToCustomer": "GONE" })),
            "soldToCustomer: GONE : Inactive record",
        ),
        (
            with(good(), json!({ "salesSite": "FR012" })),
            "salesSite: FR012 : Not a sales site",
        ),
        (
            with(good(), json!({ "currency": "XXX" })),
            "currency: XXX : Record does not exist",
        ),
        (
            with(good(), json!({ "shipToCustomerAddress": "NA001|NONE" })),
            "shipToCustomerAddress: NA001|NONE : Record does not exist",
        ),
        (
            with(good(), json!({ "customerOrderReference": "x".repeat(21) })),
            "customerOrderReference: Value too long, 20 characters at most",
        ),
        (
            of_line(line("NONE", 1)),
            "product: NONE : Record does not exist",
        ),
        (
            of_line(json!({ "quantityInSalesUnitOrdered": 1 })),
            "salesOrderLines: product: Mandatory field",
        ),
        (
            of_line(line("OLD", 1)),
            "salesOrderLines: product: OLD : Product not active",
        ),
        (
            of_line(line("PART", 1)),
            "salesOrderLines: product: PART : Product not sold",
        ),
        (
            of_line(line("NOSITE", 1)),
            "salesOrderLines: product: NOSITE|FR011 : Product not defined at the site",
        ),
        (
            of_line(line("BMS001", 0)),
            "salesOrderLines: quantityInSalesUnitOrdered: Must be above 0",
        ),
        (
            of_line(with(line("BMS001", 1), json!({ "salesUnit": "KG" }))),
            "salesOrderLines: salesUnit: KG : Not a unit of the product",
        ),
        (
            order(json!([
                with(line("BMS001", 1), json!({ "lineNumber": 7 })),
                with(line("BMS001", 1), json!({ "lineNumber": 7 }))
            ])),
            "salesOrderLines: lineNumber: 7 : Incorrect or used line number",
        ),
    ];
    for (data, message) in cases {
        assert_eq!(refused(&create(&site, data).await), [message]);
    }
    assert_eq!(orders(&site), 0);
    assert_eq!(created(&site, good()).await, "SONFR01100001");
    let error = create(&site, of_line(line("NONE", 1))).await.json();
    assert_eq!(
        error["errors"][0]["extensions"]["diagnoses"][0]["path"],
        json!([
            "x3Sales",
            "salesOrder",
            "create",
            "data",
            "salesOrderLines",
            0,
            "product"
        ])
    );
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_only_lines_that_differ_move_their_stamp() {
    let site = shop(at_start()).await;
    let id = created(&site, order(json!([line("BMS001", 2), line("BMS002", 1)]))).await;
    let before = stored(&site, &id);
    site.x3.clock().advance(std::time::Duration::from_secs(60));
    let lines = json!([
        { "_action": "update", "lineNumber": 1000, "quantityInSalesUnitOrdered": "3" },
        { "_action": "update", "_id": format!("{id}|2000|2000"), "quantityInSalesUnitOrdered": "1" },
        { "_action": "create", "product": "BMS002", "quantityInSalesUnitOrdered": "2" },
    ]);
    let data = json!({ "_id": id, "customerOrderReference": "NEW", "salesOrderLines": lines });
    update(&site, data).await.data("");
    let after = stored(&site, &id);
    assert_eq!(after.get("customerOrderReference"), "NEW");
    assert_eq!(after.get("linesAmountExcludingTax"), "76.5");
    let rows = &after.rows["salesOrderLines"];
    let moved: Vec<bool> = rows
        .iter()
        .zip(&before.rows["salesOrderLines"])
        .map(|(after, before)| after.updated != before.updated)
        .collect();
    assert_eq!((moved, rows.len()), (vec![true, false], 3));
    assert_ne!(after.updated, before.updated);
    let removal =
        json!({ "_id": id, "salesOrderLines": [{ "_action": "delete", "lineNumber": 3000 }] });
    update(&site, removal).await.data("");
    assert_eq!(stored(&site, &id).rows["salesOrderLines"].len(), 2);
    for (data, message) in [
        (
            json!({ "_id": id, "currency": "USD" }),
            "currency: Cannot be changed",
        ),
        (json!({ "_id": "NONE" }), "NONE : Record does not exist"),
        (
            json!({ "_id": id, "_etag": "old" }),
            "SONFR01100001 : Record modified by another user",
        ),
        (
            json!({ "_id": id, "salesOrderLines": [{ "_action": "update", "lineNumber": 9 }] }),
            "salesOrderLines: lineNumber: Record does not exist",
        ),
        (
            json!({ "_id": id, "salesOrderLines": [{ "lineNumber": 1000 }] }),
            "salesOrderLines: _action: must be create, update or delete",
        ),
    ] {
        assert_eq!(refused(&update(&site, data).await), [message]);
    }
}

#[tokio::test]
async fn the_credit_check_counts_open_orders_and_reacts_as_the_site_says() {
    let site = shop(at_start()).await;
    let limited = CustomerSeed::new("LIMIT", "Limited").set("authorizedCreditAmount", "100");
    site.seed([
        limited,
        CustomerSeed::new("HOLD", "On hold").set("creditControl", "hold"),
    ]);
    let of = |customer: &str| {
        with(
            order(json!([line("BMS001", 2)])),
            json!({ "soldToCustomer": customer }),
        )
    };
    // 52.80 with tax fits, twice that does not.
    let first = created(&site, of("LIMIT")).await;
    assert_eq!(stored(&site, &first).get("creditLevelStatus"), "ok");
    let reply = create(&site, of("LIMIT")).await.json();
    assert_eq!(
        reply["data"]["x3Sales"]["salesOrder"]["create"]["_id"],
        "SONFR01100002"
    );
    let diagnose = &reply["errors"][0]["extensions"]["diagnoses"][0];
    assert_eq!(
        (&diagnose["severity"], &diagnose["message"]),
        (
            &json!(2),
            &json!("LIMIT : Authorized credit exceeded (105.6 of 100)")
        )
    );
    assert_eq!(
        stored(&site, "SONFR01100002").get("creditLevelStatus"),
        "limitExceeded"
    );
    let level = "{ x3MasterData { customer { read(_id: \"LIMIT\") { creditLevelTotal } } } }";
    assert_eq!(
        site.ask(level)
            .await
            .data("/x3MasterData/customer/read/creditLevelTotal"),
        "105.6"
    );
    site.x3
        .reconfigure(|settings| settings.credit_check = CreditCheck::Blocks);
    assert_eq!(
        refused(&create(&site, of("HOLD")).await),
        ["HOLD : Customer on hold"]
    );
    site.x3
        .reconfigure(|settings| settings.credit_check = CreditCheck::StatusOnly);
    let held = created(&site, of("HOLD")).await;
    assert_eq!(stored(&site, &held).get("creditLevelStatus"), "hold");
    site.x3
        .reconfigure(|settings| settings.credit_check = CreditCheck::Ignored);
    let unchecked = created(&site, of("HOLD")).await;
    assert_eq!(stored(&site, &unchecked).get("creditLevelStatus"), "ok");
}

#[tokio::test]
async fn an_order_below_the_customer_s_minimum_is_created_with_a_warning() {
    let site = shop(at_start()).await;
    site.seed([CustomerSeed::new("BIG", "Big").set("minimumOrderAmount", "1000")]);
    let data = with(
        order(json!([line("BMS001", 1)])),
        json!({ "soldToCustomer": "BIG" }),
    );
    let reply = create(&site, data).await.json();
    assert_eq!(
        reply["errors"][0]["extensions"]["diagnoses"][0]["severity"],
        2
    );
    assert_eq!(orders(&site), 1);
}

#[tokio::test]
async fn prices_may_include_the_tax() {
    let site = shop(at_start()).await;
    let category = CustomerCategory::new("RET");
    site.x3.add_category(DEFAULT_ENDPOINT, &category).unwrap();
    site.seed([CustomerSeed::new("SHOP", "Shop").set("priceOrAmountType", "includingTax")]);
    let data = with(
        order(json!([line("BMS001", 3)])),
        json!({ "soldToCustomer": "SHOP" }),
    );
    let id = created(&site, data).await;
    let order = stored(&site, &id);
    assert_eq!(
        (
            order.get("linesAmountIncludingTax"),
            order.get("linesAmountExcludingTax")
        ),
        ("66", "55")
    );
}

#[tokio::test]
async fn an_order_holds_lines_by_the_thousand() {
    let site = shop(at_start().settings(|settings| settings.default_page = 20)).await;
    let lines: Vec<Value> = (0..2000).map(|_| line("BMS002", 1)).collect();
    let id = created(&site, order(json!(lines))).await;
    let order = stored(&site, &id);
    assert_eq!(order.rows["salesOrderLines"].len(), 2000);
    assert_eq!(order.get("linesAmountExcludingTax"), "7000");
}

#[tokio::test]
async fn the_lines_go_by_the_name_the_site_has() {
    let site =
        shop(at_start().settings(|settings| settings.sales_order_lines = SalesOrderLines::Lines))
            .await;
    let data =
        json!({ "salesSite": "FR011", "soldToCustomer": "NA001", "lines": [line("BMS001", 1)] });
    let id = created(&site, data).await;
    assert_eq!(stored(&site, &id).rows["lines"].len(), 1);
    let reply = create(&site, order(json!([line("BMS001", 1)]))).await;
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn an_order_and_its_lines_have_fields_of_the_site_s_own() {
    let field = |node: &str, name: &str| CustomField {
        node: node.to_owned(),
        name: name.to_owned(),
        max_length: 30,
    };
    let site = shop(at_start().settings(|settings| {
        settings.custom_fields = vec![
            field("salesOrder", "YDEALID"),
            field("salesOrderLine", "YNOTE"),
        ];
    }))
    .await;
    let data = with(
        order(json!([with(line("BMS001", 1), json!({ "YNOTE": "gift" }))])),
        json!({ "YDEALID": "554023" }),
    );
    let id = created(&site, data).await;
    let query = "query Q($f: String) { x3Sales { salesOrder { query(filter: $f) { edges { node { _id YDEALID } } } } } }";
    let edges = site
        .ask_with(query, json!({ "f": "{\"YDEALID\":\"554023\"}" }))
        .await
        .data("/x3Sales/salesOrder/query/edges");
    assert_eq!(
        edges,
        json!([{ "node": { "_id": id, "YDEALID": "554023" } }])
    );
    assert_eq!(
        stored(&site, &id).rows["salesOrderLines"][0].get("YNOTE"),
        "gift"
    );
}

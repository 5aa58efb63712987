use reqwest::Method;
use sage_x3_simulator::{CustomClass, CustomerSeed, DEFAULT_ENDPOINT, RecordSeed};
use serde_json::{Value, json};

use super::api1::{call, get};
use super::fulfilment::record;
use super::support::{Site, at_start};

async fn writable() -> Site {
    let site = Site::of(at_start().settings(|settings| {
        settings.custom_classes = vec![
            CustomClass::new("ZCUSTOMER", "customer"),
            CustomClass::new("ZSORDER", "salesOrder"),
        ];
    }))
    .await;
    site.seed([CustomerSeed::new("NA001", "Bakery")]);
    let product = RecordSeed::product("BMS001", "Flour").set("basePrice", "5");
    let records = [product, RecordSeed::product_site("BMS001", "FR011")];
    site.x3.seed(DEFAULT_ENDPOINT, records).unwrap();
    site
}

fn messages(body: &Value) -> Vec<(String, String)> {
    let diagnoses = body["$diagnoses"].as_array().unwrap().iter();
    diagnoses
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            (text("$severity"), text("$message"))
        })
        .collect()
}

#[tokio::test]
async fn x3_s_own_classes_are_read_only() {
    let site = writable().await;
    for class in ["BPCUSTOMER", "SORDER", "ITMMASTER"] {
        let path = format!("{class}?representation={class}.$create");
        let reply = call(&site, Method::POST, &path, Some(json!({}))).await;
        assert_eq!(reply.status, 405, "{class}");
        assert_eq!(reply.json()["$diagnoses"][0]["$severity"], "error");
    }
    let path = "BPCUSTOMER('NA001')?representation=BPCUSTOMER.$edit";
    assert_eq!(
        call(&site, Method::PUT, path, Some(json!({}))).await.status,
        405
    );
    assert_eq!(call(&site, Method::DELETE, path, None).await.status, 405);
}

#[tokio::test]
async fn a_class_of_the_site_s_own_creates_with_the_rules_of_its_object() {
    let site = writable().await;
    let body = json!({ "BPCNUM": "na002", "BPCNAM": "Mill", "BCGCOD": "STD", "CRY": "FR", "OSTCTL": 2, "OSTAUZ": 12.5 });
    let path = "ZCUSTOMER?representation=ZCUSTOMER.$create";
    let reply = call(&site, Method::POST, path, Some(body.clone())).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let created = reply.json();
    assert_eq!(
        (&created["BPCNUM"], &created["CUR"]),
        (&json!("NA002"), &json!("EUR"))
    );
    assert!(
        messages(&created)
            .iter()
            .all(|(severity, _)| severity == "info")
    );
    let stored = site.stored("NA002");
    assert_eq!(
        (stored.company_name.as_str(), stored.credit_control.as_str()),
        ("Mill", "noCheck")
    );
    assert_eq!(site.x3.counters().customers_created, 1);
    // HTTP 200, and yet nothing was written.
    let again = call(&site, Method::POST, path, Some(body)).await;
    assert_eq!(again.status, 200);
    assert_eq!(
        messages(&again.json()),
        [(
            "error".to_owned(),
            "NA002 : Record already exists".to_owned()
        )]
    );
    let unknown = call(&site, Method::POST, path, Some(json!({ "NOPE": 1 }))).await;
    assert_eq!(unknown.status, 400);
}

#[tokio::test]
async fn an_update_is_partial_and_a_delete_deletes() {
    let site = writable().await;
    let path = "ZCUSTOMER('NA001')?representation=ZCUSTOMER.$edit";
    let reply = call(
        &site,
        Method::PUT,
        path,
        Some(json!({ "BPCNAM": "Patisserie" })),
    )
    .await;
    assert_eq!(
        (reply.status, &reply.json()["BPCNAM"]),
        (200, &json!("Patisserie"))
    );
    assert_eq!(site.stored("NA001").category, "STD");
    assert_eq!(call(&site, Method::DELETE, path, None).await.status, 200);
    assert_eq!(site.count(), 0);
    let gone = call(&site, Method::PUT, path, Some(json!({ "BPCNAM": "x" }))).await;
    assert_eq!(messages(&gone.json())[0].1, "721 : Record does not exist");
}

#[tokio::test]
async fn an_order_is_created_with_its_lines_and_lines_are_told_by_their_uuid() {
    let site = writable().await;
    let line = |quantity: i64| json!({ "ITMREF": "BMS001", "QTY": quantity });
    let body = json!({ "SALFCY": "FR011", "BPCORD": "NA001", "CUSORDREF": "Z-1", "SOHSOP": [line(2), line(3)] });
    let reply = call(
        &site,
        Method::POST,
        "ZSORDER?representation=ZSORDER.$create",
        Some(body),
    )
    .await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let created = reply.json();
    let id = created["SOHNUM"].as_str().unwrap();
    assert_eq!(
        record(&site, "salesOrder", id).get("linesAmountExcludingTax"),
        "25"
    );
    let uuid = &created["SOHSOP"][1]["$uuid"];
    let change = json!({ "SOHSOP": [{ "$uuid": uuid, "QTY": 4 }] });
    let path = format!("ZSORDER('{id}')?representation=ZSORDER.$edit");
    let reply = call(&site, Method::PUT, &path, Some(change)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let lines = &record(&site, "salesOrder", id).rows["salesOrderLines"];
    let quantities: Vec<&str> = lines
        .iter()
        .map(|line| line.get("quantityInSalesUnitOrdered"))
        .collect();
    assert_eq!(quantities, ["2", "4"]);
    let read = get(
        &site,
        &format!("ZSORDER('{id}')?representation=ZSORDER.$details"),
    )
    .await
    .json();
    assert_eq!(read["CUSORDREF"], "Z-1");
}

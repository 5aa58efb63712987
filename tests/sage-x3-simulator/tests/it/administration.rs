use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Reply, Site};

async fn call(site: &Site, method: Method, path: &str, body: Option<Value>) -> Reply {
    let mut request = site
        .http
        .request(method, format!("{}/__admin{path}", site.x3.base_url()));
    if let Some(body) = body {
        request = request.json(&body);
    }
    Reply::of(request.send().await.unwrap()).await
}

const QUERY: &str = "{ x3MasterData { customer { query { totalCount } } } }";

#[tokio::test]
async fn customers_are_created_edited_and_deleted_by_people() {
    let site = Site::start().await;
    let rows = json!([
        super::support::input("NA001", "Bakery"),
        super::support::input("NA002", "Mill")
    ]);
    let created = call(&site, Method::POST, "/SEED/customers", Some(rows)).await;
    assert_eq!(
        (created.status, created.json()),
        (201, json!({ "codes": ["NA001", "NA002"] }))
    );
    let edited = call(
        &site,
        Method::PATCH,
        "/SEED/customers/NA001",
        Some(json!({ "authorizedCreditAmount": "12.5", "notes": { "value": "n" } })),
    )
    .await;
    assert_eq!(edited.status, 204, "{}", edited.text);
    let address = json!({ "city": "Lyon", "addressLines": [{ "addressLine": "1 rue A" }] });
    call(
        &site,
        Method::PATCH,
        "/SEED/customers/NA001/addresses/MAIN",
        Some(address),
    )
    .await;
    call(
        &site,
        Method::PATCH,
        "/SEED/business-partners/NA001",
        Some(json!({ "companyName1": "Patisserie" })),
    )
    .await;
    assert_eq!(
        call(&site, Method::DELETE, "/SEED/customers/NA002", None)
            .await
            .status,
        204
    );
    assert_eq!(
        call(&site, Method::DELETE, "/SEED/customers/NA002", None)
            .await
            .status,
        404
    );
    let customers = call(&site, Method::GET, "/SEED/customers", None)
        .await
        .json();
    assert_eq!(customers.as_array().unwrap().len(), 1);
    assert_eq!(customers[0]["company_name"], "Patisserie");
    assert_eq!(customers[0]["authorized_credit_amount"], "12.5");
    assert_eq!(customers[0]["addresses"][0]["city"], "Lyon");
    assert_eq!(customers[0]["addresses"][0]["lines"][0], "1 rue A");
    assert_eq!(customers[0]["updated_by"], "ADMIN");
    let refused = call(
        &site,
        Method::PATCH,
        "/SEED/customers/NA001",
        Some(json!({ "currency": "XXX" })),
    )
    .await;
    assert_eq!(refused.status, 422);
    assert!(
        refused
            .text
            .contains("currency: XXX : Record does not exist"),
        "{}",
        refused.text
    );
    assert_eq!(
        call(&site, Method::GET, "/NOWHERE/customers", None)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn faults_counters_and_the_log_are_reachable() {
    let site = Site::start().await;
    let fault = json!({ "effect": { "kind": "status", "status": 503, "body": "busy" }, "operation": "customer", "times": 2 });
    assert_eq!(
        call(&site, Method::POST, "/faults", Some(fault))
            .await
            .status,
        204
    );
    assert_eq!(site.ask(QUERY).await.status, 503);
    assert_eq!(
        call(&site, Method::DELETE, "/faults", None).await.status,
        204
    );
    assert_eq!(site.ask(QUERY).await.status, 200);
    let counters = call(&site, Method::GET, "/counters", None).await.json();
    assert_eq!(
        (&counters["requests"], &counters["faulted"]),
        (&json!(2), &json!(1))
    );
    let log = call(&site, Method::GET, "/requests", None).await.json();
    assert_eq!(log[0]["faults"][0]["kind"], "status");
    assert_eq!(log[1]["calls"], json!(["customer.query"]));
    assert_eq!(
        call(&site, Method::DELETE, "/counters", None).await.status,
        204
    );
    assert_eq!(
        call(&site, Method::GET, "/counters", None).await.json()["requests"],
        0
    );
}

#[tokio::test]
async fn clock_operations_settings_and_schema_are_reachable() {
    let site = Site::start().await;
    let moved = call(
        &site,
        Method::POST,
        "/clock",
        Some(json!({ "advance_seconds": 90 })),
    )
    .await;
    assert_eq!(moved.json()["now"], "2026-03-01T08:01:30Z");
    let set = call(
        &site,
        Method::POST,
        "/clock",
        Some(json!({ "set": "2027-01-01T00:00:00Z", "skew_seconds": 5 })),
    )
    .await;
    assert_eq!(set.json()["now"], "2027-01-01T00:00:05Z");
    assert_eq!(site.x3.clock().now().to_string(), "2027-01-01T00:00:05Z");
    let off = json!({ "node": "customer", "operation": "create", "state": "not_activated" });
    assert_eq!(
        call(&site, Method::POST, "/operations", Some(off))
            .await
            .status,
        204
    );
    let reply = site.create(super::support::input("NA001", "Bakery")).await;
    assert_eq!(
        reply.error(),
        "`Customer.create` is not activated by the application configuration"
    );
    let mut settings = call(&site, Method::GET, "/settings", None).await.json();
    settings["generation"] = json!("two");
    settings["stamp_aliases"] = json!(["modifiedDateTime"]);
    assert_eq!(
        call(&site, Method::PUT, "/settings", Some(settings))
            .await
            .status,
        204
    );
    let schema = call(&site, Method::GET, "/schema", None).await.text;
    assert!(
        schema.contains("xtremX3MasterData: XtremX3MasterData_Queries")
            && schema.contains("modifiedDateTime: Datetime")
    );
}

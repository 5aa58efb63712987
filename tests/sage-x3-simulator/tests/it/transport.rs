use sage_x3_simulator::CustomerSeed;
use serde_json::json;

use super::support::{Reply, Site, at_start};

const CODES: &str = "{ x3MasterData { customer { query { edges { node { _id } } } } } }";

#[tokio::test]
async fn endpoints_keep_their_data_apart() {
    let site = Site::of(at_start().endpoint("SEED").endpoint("OTHER")).await;
    site.x3
        .create_as_user("OTHER", CustomerSeed::new("NA001", "Elsewhere"))
        .unwrap();
    let here = site
        .ask(CODES)
        .await
        .data("/x3MasterData/customer/query/edges");
    assert_eq!(here, json!([]));
    let request = site
        .http
        .post(site.x3.api_url())
        .basic_auth("sync", Some("x3-password"))
        .header("x-xtrem-endpoint", "OTHER")
        .json(&json!({ "query": CODES }));
    let there = Reply::of(request.send().await.unwrap())
        .await
        .data("/x3MasterData/customer/query/edges");
    assert_eq!(there, json!([{ "node": { "_id": "NA001" } }]));
}

#[tokio::test]
async fn a_missing_or_unknown_endpoint_is_explained() {
    let site = Site::start().await;
    let call = |name: Option<&'static str>| {
        let mut request = site
            .http
            .post(site.x3.api_url())
            .basic_auth("sync", Some("x3-password"))
            .json(&json!({ "query": CODES }));
        if let Some(name) = name {
            request = request.header("x-xtrem-endpoint", name);
        }
        async { Reply::of(request.send().await.unwrap()).await }
    };
    let missing = call(None).await;
    assert_eq!(missing.status, 400);
    assert!(
        missing.error().contains("x-xtrem-endpoint"),
        "{}",
        missing.text
    );
    let unknown = call(Some("NOWHERE")).await;
    assert!(unknown.error().contains("NOWHERE"), "{}", unknown.text);
    site.x3
        .reconfigure(|settings| settings.endpoint_error_status = 500);
    assert_eq!(call(Some("NOWHERE")).await.status, 500);
}

#[tokio::test]
async fn malformed_json_is_answered_by_a_page_not_by_graphql() {
    let site = Site::start().await;
    let reply = site.send("{\"query\": oops}").await;
    assert_eq!(reply.status, 400);
    assert!(
        reply
            .text
            .contains("SyntaxError: Unexpected token o in JSON at position 10"),
        "{}",
        reply.text
    );
    assert!(reply.text.starts_with("<!DOCTYPE html>"));
    let cut = site.send("{\"query\": \"").await;
    assert!(
        cut.text
            .contains("SyntaxError: Unexpected end of JSON input"),
        "{}",
        cut.text
    );
}

#[tokio::test]
async fn a_body_without_a_query_or_of_another_type_is_refused() {
    let site = Site::start().await;
    assert_eq!(site.send("{}").await.error(), "Must provide query string.");
    let request = site
        .post()
        .header("content-type", "text/plain")
        .body(json!({ "query": CODES }).to_string());
    let reply = Reply::of(request.send().await.unwrap()).await;
    assert_eq!(
        (reply.status, reply.error().as_str()),
        (400, "Must provide query string.")
    );
}

#[tokio::test]
async fn other_methods_and_paths_are_not_found() {
    let site = Site::start().await;
    let reply = Reply::of(site.http.get(site.x3.api_url()).send().await.unwrap()).await;
    assert_eq!(reply.status, 404);
    assert!(
        reply.text.contains("Cannot GET /xtrem/api"),
        "{}",
        reply.text
    );
    let url = format!("{}/nowhere", site.x3.base_url());
    assert_eq!(site.http.get(url).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn validation_errors_answer_400_and_executed_requests_200() {
    let site = Site::start().await;
    let unknown = site
        .ask("{ x3MasterData { customer { query { edges { node { companyNam1 } } } } } }")
        .await;
    assert_eq!(unknown.status, 400);
    let body = unknown.json();
    assert_eq!(
        body["errors"][0]["message"],
        "Cannot query field \"companyNam1\" on type \"Customer\". Did you mean \"companyName1\" or \"companyName2\"?"
    );
    assert_eq!(
        body["errors"][0]["locations"],
        json!([{ "line": 1, "column": 52 }])
    );
    assert_eq!(body["extensions"], json!({}));
    assert_eq!(body.get("data"), None);
    let failed = site
        .ask("{ x3MasterData { customer { query(filter: \"{nope: 1}\") { totalCount } } } }")
        .await;
    assert_eq!(failed.status, 200);
    assert_eq!(
        failed.json()["data"],
        json!({ "x3MasterData": { "customer": { "query": null } } })
    );
    assert_eq!(
        failed.json()["errors"][0]["path"],
        json!(["x3MasterData", "customer", "query"])
    );
}

#[tokio::test]
async fn texts_of_broken_documents() {
    let site = Site::start().await;
    for (query, message) in [
        (
            "{ x3MasterData { ",
            "Syntax Error: Expected Name, found <EOF>.",
        ),
        (
            "{ x3MasterData }",
            "Field \"x3MasterData\" of type \"X3MasterData_Queries\" must have a selection of subfields. Did you mean \"x3MasterData { ... }\"?",
        ),
        (
            "{ x3MasterData { customer { read { _id } } } }",
            "Field \"read\" argument \"_id\" of type \"Id!\" is required, but it was not provided.",
        ),
        (
            "{ x3MasterData { customer { query(top: 1) { totalCount } } } }",
            "Unknown argument \"top\" on field \"Customer_Queries.query\".",
        ),
        (
            "{ x3MasterData { customer { query(first: \"1\") { totalCount } } } }",
            "Int cannot represent non-integer value: \"1\"",
        ),
        (
            "query Q { x3MasterData { customer { query(first: $n) { totalCount } } } }",
            "Variable \"$n\" is not defined by operation \"Q\".",
        ),
        (
            "query Q($n: Int) { x3MasterData { customer { query { totalCount } } } }",
            "Variable \"$n\" is never used in operation \"Q\".",
        ),
        (
            "query Q($n: String) { x3MasterData { customer { query(first: $n) { totalCount } } } }",
            "Variable \"$n\" of type \"String\" used in position expecting type \"Int\".",
        ),
        (
            "query Q($n: Nope) { x3MasterData { customer { query(first: $n) { totalCount } } } }",
            "Unknown type \"Nope\".",
        ),
        ("{ ...F }", "Unknown fragment \"F\"."),
        (
            "{ x3MasterData { customer { query { totalCount { x } } } } }",
            "Field \"totalCount\" must not have a selection since type \"Int\" has no subfields.",
        ),
        (
            "subscription { x }",
            "Schema is not configured for subscriptions.",
        ),
    ] {
        let reply = site.ask(query).await;
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (400, message),
            "{query}"
        );
    }
}

#[tokio::test]
async fn variables_are_checked_before_anything_runs() {
    let site = Site::start().await;
    let query = "query R($id: Id!) { x3MasterData { customer { read(_id: $id) { _id } } } }";
    let missing = site.ask_with(query, json!({})).await;
    assert_eq!(missing.status, 400);
    assert_eq!(
        missing.error(),
        "Variable \"$id\" of required type \"Id!\" was not provided."
    );
    let unknown = site.create(json!({ "code": "A", "nope": 1 })).await;
    assert_eq!(unknown.status, 400);
    assert!(
        unknown
            .error()
            .contains("Field \"nope\" is not defined by type \"Customer_Input\"."),
        "{}",
        unknown.text
    );
    let nested = site.create(json!({ "isActive": "yes" })).await;
    assert!(
        nested.error().starts_with(
            "Variable \"$data\" got invalid value \"yes\" at \"data.isActive\"; Boolean cannot"
        ),
        "{}",
        nested.text
    );
}

#[tokio::test]
async fn one_document_may_hold_several_operations_and_fragments() {
    let site = Site::start().await;
    let query = "query A { ...E } query B { x3MasterData { usd: currency { read(_id: \"USD\") { ...C } } } }
        fragment E on Query { x3MasterData { eur: currency { read(_id: \"EUR\") { ...C } } } }
        fragment C on Currency { code symbol @skip(if: true) }";
    let body = json!({ "query": query, "operationName": "A" });
    let reply = site.send(body.to_string()).await;
    assert_eq!(
        reply.data(""),
        json!({ "x3MasterData": { "eur": { "read": { "code": "EUR" } } } })
    );
    let unnamed = site.ask(query).await;
    assert_eq!(
        unnamed.error(),
        "Must provide operation name if query contains multiple operations."
    );
}

#[tokio::test]
async fn many_simulators_run_side_by_side() {
    let (one, two) = (Site::start().await, Site::start().await);
    one.seed([CustomerSeed::new("NA001", "One")]);
    assert_ne!(one.x3.base_url(), two.x3.base_url());
    assert_eq!((one.count(), two.count()), (1, 0));
}

#[tokio::test]
async fn a_stopped_simulator_no_longer_answers() {
    let site = Site::start().await;
    let url = site.x3.api_url();
    site.x3.stop().await;
    assert!(site.http.post(url).send().await.unwrap_err().is_connect());
}

use futures::{StreamExt as _, TryStreamExt as _};
use sage_x3_client::{CustomerCode, CustomerQuery, Error, FieldName, Filter, OrderBy, PageSize};
use serde_json::json;

use crate::server::{Server, customers, json as answer};

#[tokio::test]
async fn a_stream_follows_the_cursors_to_the_end() {
    let server = Server::start([
        answer(&customers(&["A", "B"], Some("[\"B\"]#01"))),
        answer(&customers(&["C", "D"], Some("[\"D\"]#02"))),
        answer(&customers(&["E"], None)),
    ])
    .await;
    let query = CustomerQuery::new()
        .first(PageSize::new(2))
        .order_by(OrderBy::key());
    let found: Vec<String> = server
        .client()
        .customers()
        .stream(query)
        .map_ok(|customer| customer.code.to_string())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(found, ["A", "B", "C", "D", "E"]);
    let cursors: Vec<_> = server
        .bodies()
        .await
        .iter()
        .map(|body| body["variables"]["after"].clone())
        .collect();
    assert_eq!(
        cursors,
        [json!(null), json!("[\"B\"]#01"), json!("[\"D\"]#02")]
    );
}

#[tokio::test]
async fn pages_are_not_fetched_ahead() {
    let server = Server::start([
        answer(&customers(&["A"], Some("c1"))),
        answer(&customers(&["B"], None)),
    ])
    .await;
    let mut pages = server.client().customers().pages(CustomerQuery::new());
    pages.next().await.unwrap().unwrap();
    assert_eq!(server.requests().await.len(), 1);
    assert_eq!(pages.continuation().unwrap().as_str(), "c1");
}

#[tokio::test]
async fn many_codes_are_read_in_one_query_and_missing_ones_are_absent() {
    let server = Server::start([answer(&customers(&["A", "C"], None))]).await;
    let codes = ["A", "B", "C"].map(|code| CustomerCode::new(code).unwrap());
    let found = server.client().customers().read_many(&codes).await.unwrap();
    assert_eq!(
        found.keys().map(CustomerCode::as_str).collect::<Vec<_>>(),
        ["A", "C"]
    );
    let body = &server.bodies().await[0];
    let filter: serde_json::Value =
        serde_json::from_str(body["variables"]["filter"].as_str().unwrap()).unwrap();
    assert_eq!(filter, json!({"code":{"code":{"_in":["A","B","C"]}}}));
}

#[tokio::test]
async fn smaller_pages_than_asked_for_are_followed() {
    let server = Server::start([
        answer(&customers(&["A"], Some("c1"))),
        answer(&customers(&["B"], None)),
    ])
    .await;
    let codes = ["A", "B"].map(|code| CustomerCode::new(code).unwrap());
    assert_eq!(
        server
            .client()
            .customers()
            .read_many(&codes)
            .await
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn what_no_record_can_meet_is_not_asked() {
    let server = Server::start([]).await;
    let query = CustomerQuery::new().filter(Filter::field("code.code").is_in::<&str>([]));
    assert!(
        server
            .client()
            .customers()
            .page(&query)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    assert!(
        server
            .client()
            .customers()
            .read_many(&[])
            .await
            .unwrap()
            .is_empty()
    );
    assert!(server.requests().await.is_empty());
}

#[tokio::test]
async fn fields_of_the_site_are_asked_for_and_kept() {
    let body = json!({"data":{"x3MasterData":{"customer":{"query":{"pageInfo":{"hasNextPage":false},
        "edges":[{"node":{"_id":"A","code":{"code":"A"},"yZone":"N"}}]}}}}});
    let server = Server::start([answer(&body)]).await;
    let zone = FieldName::new("yZone").unwrap();
    let customers = server
        .client()
        .customers()
        .with_extra([zone.clone(), zone.clone()]);
    let page = customers.page(&CustomerQuery::new()).await.unwrap();
    assert_eq!(page.items[0].extra[&zone].get(), "\"N\"");
    let query = server.bodies().await[0]["query"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(query.matches("yZone").count(), 1);
}

#[tokio::test]
async fn a_page_with_a_hole_fails_and_can_be_asked_for_again() {
    let hole = json!({"data":{"x3MasterData":{"customer":{"query":null}}},
        "errors":[{"message":"Timeout of the database.","path":["x3MasterData","customer","query"]}]});
    let server = Server::start([answer(&customers(&["A"], Some("c1"))), answer(&hole)]).await;
    let mut pages = server.client().customers().pages(CustomerQuery::new());
    pages.next().await.unwrap().unwrap();
    let error = pages.next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::PartialData { .. }), "{error}");
    assert!(pages.next().await.is_none());
    assert_eq!(pages.continuation().unwrap().as_str(), "c1");
}

#[tokio::test]
async fn all_addresses_of_a_customer_are_fetched_however_many_there_are() {
    let address = |code: &str| json!({"node":{"code":code}});
    let first = json!({"data":{"x3MasterData":{"customer":{"read":{"_id":"A","code":{"code":"A"},"addresses":{"query":{
        "edges":[address("A1"),address("A2")],"pageInfo":{"hasNextPage":true,"endCursor":"a2"}}}}}}}});
    let second = json!({"data":{"x3MasterData":{"customer":{"read":{"addresses":{"query":{
        "edges":[address("A3")],"pageInfo":{"hasNextPage":false,"endCursor":null}}}}}}}});
    let server = Server::start([answer(&first), answer(&second)]).await;
    let customer = server
        .client()
        .customers()
        .read(&CustomerCode::new("A").unwrap())
        .await
        .unwrap()
        .unwrap();
    let codes: Vec<String> = customer
        .addresses
        .unwrap()
        .into_iter()
        .map(|address| address.code)
        .collect();
    assert_eq!(codes, ["A1", "A2", "A3"]);
    assert_eq!(server.bodies().await[1]["variables"]["after"], "a2");
}

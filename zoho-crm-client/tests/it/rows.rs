//! Subform rows over the wire.

use client_core::TransportErrorKind;
use serde_json::{Value, json};
use zoho_crm_client::{Error, Record, RecordId, RowChanges};

use crate::support::{inserted, script, scripted};

fn id() -> RecordId {
    "5725767000000524157".parse().unwrap()
}

fn line(quantity: i64) -> Record {
    Record::new().with("Quantity", quantity)
}

fn order(lines: &Value) -> String {
    json!({"data": [{"id": id(), "Modified_Time": "2026-11-20T11:00:00+01:00", "$has_more": {"Ordered_Items": false}, "Ordered_Items": lines}]})
        .to_string()
}

fn updated() -> String {
    json!({"data": [inserted(5_725_767_000_000_524_157)]}).to_string()
}

#[tokio::test]
async fn lines_are_exchanged_for_those_that_are_there_now() {
    let transport = script()
        .answer(
            200,
            order(&json!([{"id": "11", "Quantity": 1}, {"id": "12", "Quantity": 2}])),
        )
        .answer(200, updated());
    let (client, _) = scripted(&transport);
    let orders = client.module("Sales_Orders");
    let written = orders
        .replace_rows(&id(), "Ordered_Items", vec![line(7)])
        .send()
        .await
        .unwrap();
    assert_eq!(written.unwrap().id, id().as_str());
    let requests = transport.requests();
    assert_eq!(requests[1].method(), "GET");
    assert_eq!(requests[2].method(), "PUT");
    assert_eq!(
        requests[2].headers()["if-unmodified-since"],
        "2026-11-20T10:00:00+00:00"
    );
    let body: Value = serde_json::from_slice(requests[2].body()).unwrap();
    assert_eq!(
        body,
        json!({"data": [{"id": id(), "Ordered_Items": [{"id": "11", "_delete": null}, {"id": "12", "_delete": null}, {"Quantity": 7}]}], "trigger": []})
    );
}

#[tokio::test]
async fn an_exchange_whose_answer_is_lost_is_not_repeated_blindly() {
    let transport = script()
        .answer(200, order(&json!([{"id": "11"}])))
        .failure(TransportErrorKind::Interrupted)
        // The lost attempt was applied: this is what a second exchange finds and deletes.
        .answer(200, order(&json!([{"id": "21", "Quantity": 7}])))
        .answer(200, updated());
    let (client, _) = scripted(&transport);
    let orders = client.module("Sales_Orders");
    let replace = orders.replace_rows(&id(), "Ordered_Items", vec![line(7)]);
    let error = replace.clone().send().await.unwrap_err();
    assert!(error.may_have_been_applied());
    replace.send().await.unwrap().unwrap();
    let body: Value = serde_json::from_slice(transport.requests()[4].body()).unwrap();
    assert_eq!(
        body["data"][0]["Ordered_Items"],
        json!([{"id": "21", "_delete": null}, {"Quantity": 7}])
    );
}

#[tokio::test]
async fn an_order_that_somebody_changed_meanwhile_is_not_touched() {
    let refused = json!({"data": [{"code": "ALREADY_MODIFIED", "details": {"id": id()}, "message": "modified", "status": "error"}]});
    let transport = script()
        .answer(200, order(&json!([])))
        .answer(412, refused.to_string());
    let (client, _) = scripted(&transport);
    let orders = client.module("Sales_Orders");
    let replace = orders.replace_rows(&id(), "Ordered_Items", vec![line(7)]);
    let error = replace.send().await.unwrap_err();
    assert!(error.api_error().unwrap().is_already_modified());
    assert!(!error.may_have_been_applied());
}

#[tokio::test]
async fn rows_that_did_not_come_along_are_not_left_behind() {
    let cut = json!({"data": [{"id": id(), "$has_more": {"Ordered_Items": true}, "Ordered_Items": [{"id": "11"}]}]});
    let transport = script().answer(200, cut.to_string()).answer(204, "");
    let (client, _) = scripted(&transport);
    let orders = client.module("Sales_Orders");
    let replace = orders.replace_rows(&id(), "Ordered_Items", vec![line(7)]);
    let error = replace.clone().send().await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("more rows than come with the record")
    );
    assert!(replace.send().await.unwrap().is_none());
    assert_eq!(transport.requests().len(), 3);
}

#[tokio::test]
async fn an_upsert_that_would_double_lines_is_not_sent() {
    let transport = script();
    let (client, _) = scripted(&transport);
    let order = Record::new()
        .with("X3_Code", "SO-1")
        .with_row_changes("Ordered_Items", RowChanges::new().append(line(1)));
    let upsert = client
        .module("Sales_Orders")
        .upsert(vec![order])
        .duplicate_check_fields(["X3_Code"]);
    let error = upsert.send().await.unwrap_err();
    assert!(matches!(error, Error::InvalidRequest { .. }));
    assert!(transport.requests().is_empty());
}

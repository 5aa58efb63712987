//! The endpoint over prepared answers.

mod lines;
mod overwriting;
mod prepared;
mod searching;

use std::sync::Arc;

use client_core::TransportErrorKind;
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use self::prepared::Zoho;
use crate::{
    budget::Call,
    channel::{ChannelState, EventSource},
    endpoint::{ChangesRequest, Endpoint, EndpointErrorKind, Key, Write, WriteError},
    ids::{FeedName, PageToken, RecordId},
    value::{Document, Value},
};

fn account(id: &str, code: &str) -> Json {
    json!({"id": id, "X3_Code": code, "Account_Name": format!("Company {code}"), "Modified_Time": "2026-11-20T11:00:00+01:00"})
}

fn success(id: &str, action: &str) -> Json {
    json!({"code": "SUCCESS", "action": action, "details": {"id": id}, "message": "", "status": "success"})
}

fn refusal(code: &str, details: Json) -> Json {
    json!({"code": code, "details": details, "message": "no", "status": "error"})
}

fn create(code: &str, fields: Document) -> Write {
    Write::Create {
        key: Key {
            field: "X3_Code".into(),
            value: code.to_owned(),
        },
        fields,
    }
}

fn update(id: &str) -> Write {
    Write::Update {
        id: id.into(),
        fields: Document::new().with("Phone", "+41 44 000 00 00"),
        as_of: None,
    }
}

fn ids(ids: &[&str]) -> Vec<RecordId> {
    ids.iter().copied().map(RecordId::from).collect()
}

#[tokio::test]
async fn reading_keeps_order_and_looks_twice_before_a_record_counts_as_gone() {
    let zoho = Zoho::accounts()
        .answer(
            200,
            json!({"data": [account("12", "B"), account("11", "A")]}),
        )
        .answer(200, json!({"data": [account("13", "C")]}))
        .answer(204, Json::Null);
    let wanted = ids(&["11", "not-a-zoho-id", "12", "13", "14"]);
    let records = zoho.endpoint().read(&wanted).await.unwrap();
    let names: Vec<Option<&str>> = records
        .iter()
        .map(|record| record.as_ref()?.fields.get("Account_Name")?.as_text())
        .collect();
    assert_eq!(
        names,
        [
            Some("Company A"),
            None,
            Some("Company B"),
            Some("Company C"),
            None
        ]
    );
    let requests = zoho.requests();
    assert_eq!(
        requests[0],
        "GET /crm/v8/Accounts?fields=X3_Code%2CAccount_Name%2CPhone%2CLimit%2CModified_Time&ids=11%2C12%2C13%2C14&per_page=200&page=1"
    );
    assert_eq!(
        requests[1..],
        ["GET /crm/v8/Accounts/13?", "GET /crm/v8/Accounts/14?"]
    );
}

#[test]
fn calls_cost_what_zoho_counts() {
    let endpoint = Zoho::accounts().endpoint();
    let credits = |call| endpoint.cost(call).credits;
    let write = |creates, updates, deletes| Call::Write {
        creates,
        updates,
        deletes,
    };
    assert_eq!(credits(Call::Read { records: 50 }), 1);
    assert_eq!(credits(Call::Find { values: 50 }), 2);
    assert_eq!(credits(write(100, 0, 0)), 10);
    assert_eq!(credits(write(1, 11, 3)), 4);
    assert_eq!(credits(Call::Changes), 2);
}

fn watched(ends: &str) -> Json {
    json!({"watch": [{"channel_id": "7", "resource_name": "Accounts", "channel_expiry": ends, "events": ["Accounts.all"]}]})
}

#[tokio::test]
async fn a_channel_is_opened_looked_at_and_found_lost() {
    let details = json!({"events": [{"channel_expiry": "2026-11-26T10:00:00Z", "resource_name": "Accounts", "channel_id": "7"}]});
    let enabled = json!({"watch": [{"code": "SUCCESS", "details": details, "message": "", "status": "success"}]});
    let zoho = Zoho::accounts()
        .answer(200, enabled)
        .answer(200, watched("2026-11-26T10:00:00Z"))
        .answer(204, Json::Null);
    let channel = zoho.channel();
    let ends = Some("2026-11-26T10:00:00Z".parse().unwrap());
    let now = "2026-11-20T10:00:00Z".parse().unwrap();
    assert_eq!(channel.open(now).await.unwrap(), ends);
    assert_eq!(channel.look().await.unwrap(), ChannelState::Open { ends });
    assert_eq!(channel.look().await.unwrap(), ChannelState::Lost);
    let requests = zoho.requests();
    assert!(
        requests[0].starts_with("POST /crm/v8/actions/watch"),
        "{requests:?}"
    );
}

#[tokio::test]
async fn creates_are_upserts_by_key_and_updates_go_by_id() {
    let zoho = Zoho::accounts()
        .answer(
            201,
            json!({"data": [success("21", "insert"), success("22", "update")]}),
        )
        .answer(200, json!({"data": [success("11", "update")]}));
    let writes = [
        update("11"),
        create("A", Document::new().with("Limit", Decimal::new(1050, 2))),
        create("B", Document::new().with("Phone", Value::Null)),
    ];
    let outcomes = zoho.endpoint().write(&writes).await;
    let outcomes: Vec<(String, bool)> = outcomes
        .into_iter()
        .map(|outcome| {
            outcome
                .map(|written| (written.id.to_string(), written.created))
                .unwrap()
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            ("11".to_owned(), false),
            ("21".to_owned(), true),
            ("22".to_owned(), false)
        ]
    );
    assert_eq!(
        zoho.requests(),
        ["POST /crm/v8/Accounts/upsert?", "PUT /crm/v8/Accounts?"]
    );
    assert_eq!(
        zoho.body(0),
        json!({"data": [{"X3_Code": "A", "Limit": 10.50}, {"X3_Code": "B", "Phone": null}], "trigger": [], "duplicate_check_fields": ["X3_Code"]})
    );
    assert_eq!(
        zoho.body(1),
        json!({"data": [{"id": "11", "Phone": "+41 44 000 00 00"}], "trigger": []})
    );
}

#[tokio::test]
async fn a_row_with_another_unique_value_is_inserted_lest_it_overwrite_a_stranger() {
    let zoho = Zoho::with_fields(json!([
        {"api_name": "X3_Code", "data_type": "text", "unique": {"casesensitive": false}},
        {"api_name": "VAT_Number", "data_type": "text", "unique": {"casesensitive": false}}
    ]))
    .answer(201, json!({"data": [success("21", "insert")]}))
    .answer(
        400,
        json!({"data": [refusal("DUPLICATE_DATA", json!({"api_name": "VAT_Number", "id": "99"}))]}),
    );
    let writes = [
        create("A", Document::new()),
        create("B", Document::new().with("VAT_Number", "CHE-1")),
    ];
    let outcomes = zoho.endpoint().write(&writes).await;
    assert!(outcomes[0].is_ok());
    match outcomes[1].as_ref().unwrap_err() {
        WriteError::Rejected(rejection) => {
            assert_eq!(rejection.field, Some("VAT_Number".into()));
            assert!(
                rejection
                    .message
                    .contains("record 99 has this value already")
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        zoho.requests(),
        ["POST /crm/v8/Accounts/upsert?", "POST /crm/v8/Accounts?"]
    );
}

#[tokio::test]
async fn each_refusal_of_a_row_means_what_the_engine_must_do() {
    let zoho = Zoho::accounts()
        .answer(207, json!({"data": [
            refusal("DUPLICATE_DATA", json!({"api_name": "X3_Code", "id": "99"})),
            refusal("INVALID_DATA", json!({"api_name": "Phone", "expected_data_type": "phone"})),
            refusal("MANDATORY_NOT_FOUND", json!({"api_name": "Account_Name"}))
        ]}))
        .answer(207, json!({"data": [
            refusal("INVALID_DATA", json!({"api_name": "id"})),
            refusal("RECORD_LOCKED", json!({"id": "12"})),
            refusal("NOT_APPROVED", json!({"id": "13"})),
            success("14", "update")
        ]}))
        .answer(400, json!({"data": [refusal("INVALID_DATA", json!({"id": "15"}))]}));
    let empty = Document::new;
    let writes = [
        create("A", empty()),
        create("B", empty()),
        create("C", empty()),
        update("11"),
        update("12"),
        update("13"),
        update("14"),
        Write::Delete { id: "15".into() },
    ];
    let outcomes = zoho.endpoint().write(&writes).await;
    assert!(
        matches!(&outcomes[0], Err(WriteError::AlreadyExists { existing: Some(id) }) if id.as_str() == "99")
    );
    match &outcomes[1] {
        Err(WriteError::Rejected(rejection)) => {
            assert_eq!(rejection.field, Some("Phone".into()));
            assert_eq!(rejection.code.as_deref(), Some("INVALID_DATA"));
            assert_eq!(rejection.message, "no, expected a value of type phone");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(&outcomes[2], Err(WriteError::Rejected(_))));
    assert!(matches!(&outcomes[3], Err(WriteError::Missing)));
    assert!(matches!(&outcomes[4], Err(WriteError::Later { .. })));
    assert!(matches!(&outcomes[5], Err(WriteError::Later { .. })));
    assert!(outcomes[6].is_ok());
    // Deleting what is gone succeeds.
    assert_eq!(outcomes[7].as_ref().unwrap().id.as_str(), "15");
}

#[tokio::test]
async fn a_lost_answer_leaves_doubt_about_its_rows_only() {
    let zoho = Zoho::accounts().failure(TransportErrorKind::Interrupted);
    let writes = [create("A", Document::new()), update("11")];
    let outcomes = zoho.endpoint().write(&writes).await;
    let error = |index: usize| match &outcomes[index] {
        Err(WriteError::Call(error)) => Arc::clone(error),
        other => panic!("{other:?}"),
    };
    assert_eq!(error(0).kind, EndpointErrorKind::Unavailable);
    assert!(error(0).may_have_been_applied);
    assert!(!error(1).may_have_been_applied);
    assert!(
        error(1)
            .message
            .starts_with("not sent after another call failed")
    );
    assert_eq!(zoho.requests().len(), 1);
}

#[tokio::test]
async fn more_rows_than_a_call_takes_are_split_and_one_lost_call_does_not_hide_the_others() {
    let rows: Vec<Json> = (0..100)
        .map(|id| success(&(1000 + id).to_string(), "insert"))
        .collect();
    let zoho = Zoho::accounts()
        .answer(201, json!({ "data": rows }))
        .failure(TransportErrorKind::Timeout);
    let writes: Vec<Write> = (0..150)
        .map(|n| create(&format!("BP{n}"), Document::new()))
        .collect();
    let outcomes = zoho.endpoint().write(&writes).await;
    assert!(outcomes[..100].iter().all(Result::is_ok));
    let lost: Vec<_> = outcomes[100..]
        .iter()
        .map(|outcome| match outcome {
            Err(WriteError::Call(error)) => Arc::clone(error),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(lost[0].may_have_been_applied);
    assert!(lost.iter().all(|error| Arc::ptr_eq(error, &lost[0])));
}

#[tokio::test]
async fn a_value_that_cannot_be_sent_fails_alone() {
    let zoho = Zoho::with_fields(json!([
        {"api_name": "X3_Code", "data_type": "text", "unique": {"casesensitive": false}},
        {"api_name": "Parent", "data_type": "lookup"}
    ]))
    .answer(201, json!({"data": [success("21", "insert")]}));
    let writes = [
        create("A", Document::new().with("Parent", "not an id")),
        create("B", Document::new()),
        Write::Update {
            id: "X3-CODE".into(),
            fields: Document::new(),
            as_of: None,
        },
    ];
    let outcomes = zoho.endpoint().write(&writes).await;
    assert!(
        matches!(&outcomes[0], Err(WriteError::Rejected(rejection)) if rejection.field == Some("Parent".into()))
    );
    assert!(outcomes[1].is_ok());
    assert!(matches!(&outcomes[2], Err(WriteError::Missing)));
}

fn changed(id: u64, second: u64) -> Json {
    json!({"id": id.to_string(), "Modified_Time": format!("2026-11-20T10:00:{second:02}+00:00")})
}

fn changes(page: Option<&str>) -> ChangesRequest {
    ChangesRequest {
        feed: FeedName::from("modified"),
        since: Some("2026-11-20T10:00:05.5Z".parse().unwrap()),
        page: page.map(PageToken::from),
    }
}

#[tokio::test]
async fn changes_are_asked_for_with_equal_stamps_and_go_on_by_time() {
    let zoho = Zoho::accounts()
        .answer(200, json!({"data": [changed(1, 5), changed(2, 6), changed(3, 9)], "info": {"more_records": true, "next_page_token": "t"}}))
        .answer(200, json!({"data": [changed(3, 9), changed(4, 9)], "info": {"more_records": false}}));
    let endpoint = zoho.endpoint();
    let first = endpoint.changes(&changes(None)).await.unwrap();
    let stamps: Vec<String> = first
        .changes
        .iter()
        .map(|change| change.stamp.unwrap().to_string())
        .collect();
    assert_eq!(
        stamps,
        [
            "2026-11-20T10:00:05Z",
            "2026-11-20T10:00:06Z",
            "2026-11-20T10:00:09Z"
        ]
    );
    let second = endpoint
        .changes(&changes(Some(first.next.unwrap().as_str())))
        .await
        .unwrap();
    assert_eq!(second.changes.len(), 2);
    assert_eq!(second.next, None);
    let line = |since: &str| {
        format!(
            "GET /crm/v8/Accounts?fields=Modified_Time&sort_by=Modified_Time&sort_order=asc&per_page=200&page=1 2026-11-20T10:00:{since}+00:00"
        )
    };
    assert_eq!(zoho.requests(), [line("04"), line("08")]);
}

#[tokio::test]
async fn a_second_with_more_rows_than_a_page_is_read_by_id() {
    let zoho = Zoho::accounts()
        .answer(200, json!({"data": [changed(1, 5), changed(2, 5)], "info": {"more_records": true, "next_page_token": "t"}}))
        .answer(200, json!({"data": [changed(1, 5), changed(2, 5)], "info": {"more_records": true}}))
        .answer(200, json!({"data": [changed(3, 5)], "info": {"more_records": false}}))
        .answer(304, Json::Null);
    let endpoint = zoho.endpoint();
    let mut delivered = Vec::new();
    let mut page: Option<PageToken> = None;
    loop {
        let read = endpoint
            .changes(&changes(page.as_ref().map(PageToken::as_str)))
            .await
            .unwrap();
        delivered.extend(read.changes.into_iter().map(|change| change.id.to_string()));
        page = read.next;
        if page.is_none() {
            break;
        }
    }
    assert_eq!(delivered, ["1", "2", "1", "2", "3"]);
    assert_eq!(
        zoho.body(2)["select_query"],
        "select Modified_Time from Accounts where (Modified_Time = '2026-11-20T10:00:05+00:00' and id > '2') order by id asc limit 200"
    );
    assert!(zoho.requests()[3].ends_with("2026-11-20T10:00:05+00:00"));
}

#[tokio::test]
async fn deletions_are_a_feed_of_their_own() {
    let zoho = Zoho::accounts()
        .answer(200, json!({"data": [{"id": "11", "type": "recycle", "deleted_time": "2026-11-20T11:00:07+01:00"}], "info": {"more_records": true}}))
        .answer(204, Json::Null);
    let endpoint = zoho.endpoint();
    let request = |page: Option<PageToken>| ChangesRequest {
        feed: FeedName::from("deleted"),
        page,
        ..changes(None)
    };
    let first = endpoint.changes(&request(None)).await.unwrap();
    assert_eq!(first.changes[0].id.as_str(), "11");
    let second = endpoint.changes(&request(first.next)).await.unwrap();
    assert!(second.changes.is_empty() && second.next.is_none());
    assert_eq!(
        zoho.requests()[1],
        "GET /crm/v8/Accounts/deleted?type=all&per_page=200&page=2 2026-11-20T10:00:04+00:00"
    );
}

#[tokio::test]
async fn an_unknown_feed_or_page_is_an_error() {
    let endpoint = Zoho::accounts().endpoint();
    let unknown = ChangesRequest {
        feed: FeedName::from("created"),
        ..changes(None)
    };
    assert_eq!(
        endpoint.changes(&unknown).await.unwrap_err().kind,
        EndpointErrorKind::Misconfigured
    );
    assert_eq!(
        endpoint
            .changes(&changes(Some("page:2")))
            .await
            .unwrap_err()
            .kind,
        EndpointErrorKind::Protocol
    );
    assert_eq!(
        endpoint
            .list(Some(&PageToken::from("x")))
            .await
            .unwrap_err()
            .kind,
        EndpointErrorKind::Protocol
    );
}

#[tokio::test]
async fn a_full_listing_is_sorted_by_what_never_changes() {
    let zoho = Zoho::accounts()
        .answer(200, json!({"data": [account("11", "A")], "info": {"more_records": true, "next_page_token": "t"}}))
        .answer(200, json!({"data": [account("12", "B")], "info": {"more_records": false}}));
    let endpoint = zoho.endpoint();
    let first = endpoint.list(None).await.unwrap();
    let second = endpoint.list(first.next.as_ref()).await.unwrap();
    assert_eq!(first.records[0].fields.get("X3_Code"), Some(&"A".into()));
    assert_eq!(second.records[0].id.as_str(), "12");
    assert_eq!(second.next, None);
    assert!(zoho.requests()[1].contains("sort_by=id&sort_order=asc&per_page=200&page=2"));
}

#[tokio::test]
async fn the_check_names_what_must_be_put_right() {
    let problems = async |fields: Json| -> Vec<String> {
        let found = Zoho::with_fields(fields).endpoint().check().await.unwrap();
        found.into_iter().map(|problem| problem.message).collect()
    };
    let good = json!([
        {"api_name": "X3_Code", "data_type": "text", "unique": {"casesensitive": false}},
        {"api_name": "Account_Name", "data_type": "text"}, {"api_name": "Phone", "data_type": "phone"},
        {"api_name": "Limit", "data_type": "currency"}
    ]);
    assert!(problems(good).await.is_empty());
    let bad = problems(json!([
        {"api_name": "X3_Code", "data_type": "text", "unique": {}},
        {"api_name": "Phone", "data_type": "phone", "read_only": true}, {"api_name": "Limit", "data_type": "subform"}
    ]))
    .await;
    assert_eq!(bad.len(), 4, "{bad:?}");
    assert!(bad[0].contains("`X3_Code`") && bad[0].contains("not unique"));
    assert!(bad[1].contains("no field `Account_Name`"));
    assert!(bad[2].contains("`Limit`") && bad[2].contains("cannot be mapped"));
    assert!(bad[3].contains("`Phone`") && bad[3].contains("cannot be written"));
    let none = problems(json!([])).await;
    assert!(none[0].contains("no field `X3_Code`") && none[0].contains("add a single-line field"));
}

#[tokio::test]
async fn a_module_that_is_not_there_is_a_problem_and_a_lost_credential_an_error() {
    let refused = |code: &str| {
        let zoho = Zoho::accounts();
        *zoho.fields.lock().unwrap() = refusal(code, json!({}));
        zoho
    };
    let problems = refused("INVALID_MODULE").endpoint().check().await.unwrap();
    assert!(problems[0].message.contains("no module Accounts"));
    let error = refused("OAUTH_SCOPE_MISMATCH")
        .endpoint()
        .check()
        .await
        .unwrap_err();
    assert_eq!(error.kind, EndpointErrorKind::Unauthorized);
    assert!(error.message.contains("OAUTH_SCOPE_MISMATCH"));
}

#[tokio::test]
async fn a_system_that_cannot_be_reached_fails_every_row_without_doubt() {
    let zoho = Zoho::accounts().failure(TransportErrorKind::Connect);
    let outcomes = zoho.endpoint().write(&[update("11"), update("12")]).await;
    for outcome in &outcomes {
        match outcome {
            Err(WriteError::Call(error)) => {
                assert_eq!(error.kind, EndpointErrorKind::Unavailable);
                assert!(!error.may_have_been_applied);
                assert!(
                    error.message.contains("could not connect"),
                    "{}",
                    error.message
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

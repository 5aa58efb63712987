use client_core::TransportErrorKind;
use http::Method;
use serde_json::{Value, json};
use zoho_crm_client::{
    Coql, Error, Filter, Record, RecordErrorCause, Trigger, WriteAction, WriteRow, ZohoClient,
};

use crate::support::{inserted, org, over, refusal, script, scripted};

fn rows(count: u64) -> Vec<Record> {
    (0..count)
        .map(|number| Record::new().with("X3_Code", format!("BP{number:03}")))
        .collect()
}

fn written(range: std::ops::Range<u64>) -> String {
    let data: Vec<Value> = range.map(|number| inserted(1_000 + number)).collect();
    json!({"data": data}).to_string()
}

#[tokio::test]
async fn a_bad_row_does_not_hide_the_good_ones() {
    let phone = json!({"code": "INVALID_DATA", "details": {"expected_data_type": "phone", "api_name": "Phone", "json_path": "$.data[1].Phone"}, "message": "invalid data", "status": "error"});
    let duplicate = json!({"code": "DUPLICATE_DATA", "details": {"api_name": "X3_Code", "json_path": "$.data[3].X3_Code", "id": "5725767000000524157"}, "message": "duplicate data", "status": "error"});
    let answer = json!({"data": [inserted(1), phone, inserted(3), duplicate]});
    let transport = script().answer(207, answer.to_string());
    let (client, _) = scripted(&transport);
    let upsert = client
        .module("Accounts")
        .upsert(rows(4))
        .duplicate_check_fields(["X3_Code"]);
    let outcomes = upsert.send().await.unwrap().into_rows();
    assert_eq!(
        outcomes[0].as_ref().unwrap().action,
        Some(WriteAction::Insert)
    );
    let bad = outcomes[1].as_ref().unwrap_err();
    assert_eq!(bad.code(), Some("INVALID_DATA"));
    assert_eq!(bad.field().unwrap(), "Phone");
    assert_eq!(bad.json_path(), Some("$.data[1].Phone"));
    assert_eq!(bad.expected().unwrap(), "a value of type phone");
    assert!(!bad.is_retryable() && !bad.may_have_been_applied());
    assert_eq!(outcomes[2].as_ref().unwrap().id, "3");
    assert_eq!(
        outcomes[3].as_ref().unwrap_err().duplicate_id().unwrap(),
        "5725767000000524157"
    );
    // One token and one write: an answer for each row is no reason to repeat.
    assert_eq!(transport.requests().len(), 2);
}

#[tokio::test]
async fn outcomes_of_earlier_calls_survive_a_later_one_that_fails() {
    let transport = script()
        .answer(201, written(0..100))
        .failure(TransportErrorKind::Interrupted);
    let (client, _) = scripted(&transport);
    let outcomes = client
        .module("Accounts")
        .insert(rows(250))
        .send()
        .await
        .unwrap()
        .into_rows();
    assert_eq!(outcomes.len(), 250);
    assert!(outcomes[..100].iter().all(Result::is_ok));
    for lost in &outcomes[100..200] {
        let error = lost.as_ref().unwrap_err();
        assert!(matches!(error.cause(), RecordErrorCause::Call(_)));
        assert!(error.may_have_been_applied() && error.is_retryable());
    }
    for unsent in &outcomes[200..] {
        let error = unsent.as_ref().unwrap_err();
        assert!(matches!(error.cause(), RecordErrorCause::NotSent(_)));
        assert!(!error.may_have_been_applied() && error.is_retryable());
    }
    // One token, two writes: what failed like this would fail again.
    assert_eq!(transport.requests().len(), 3);
}

#[tokio::test]
async fn a_refused_call_does_not_keep_the_next_one_from_being_sent() {
    let transport = script()
        .answer(400, refusal("INVALID_DATA").to_string())
        .answer(201, written(100..150));
    let (client, _) = scripted(&transport);
    let outcomes = client
        .module("Accounts")
        .insert(rows(150))
        .send()
        .await
        .unwrap()
        .into_rows();
    assert!(outcomes[..100].iter().all(Result::is_err));
    assert!(outcomes[100..].iter().all(Result::is_ok));
    assert!(!outcomes[0].as_ref().unwrap_err().may_have_been_applied());
}

#[tokio::test]
async fn a_wrong_number_of_outcomes_is_an_error() {
    let (client, _) = scripted(&script().answer(200, written(0..3)));
    let update: Vec<Record> = (1..=4_u64)
        .map(|id| Record::new().with("id", id.to_string()))
        .collect();
    let error = client
        .module("Accounts")
        .update(update)
        .send()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Inconsistent { .. }));
    assert!(error.to_string().contains("3 outcomes for 4 rows"));
    assert!(error.may_have_been_applied());
}

#[tokio::test]
async fn nothing_to_write_sends_nothing() {
    let transport = script();
    let (client, _) = scripted(&transport);
    let outcomes = client
        .module("Accounts")
        .upsert(Vec::<Record>::new())
        .send()
        .await
        .unwrap();
    assert!(outcomes.all_ok().unwrap().is_empty());
    assert!(transport.requests().is_empty());
}

#[tokio::test]
async fn a_delete_whose_answer_is_lost_counts_as_done_when_the_record_is_gone() {
    let gone = json!({"data": [{"code": "INVALID_DATA", "details": {"id": "12"}, "message": "record not deleted", "status": "error"}]});
    let transport = script()
        .failure(TransportErrorKind::Interrupted)
        .answer(400, gone.to_string());
    let (client, _) = scripted(&transport);
    let delete = client
        .module("Accounts")
        .delete(vec!["12".parse().unwrap()]);
    let outcomes = delete.trigger(Trigger::All).send().await.unwrap();
    assert_eq!(outcomes.all_ok().unwrap()[0].id, "12");
}

#[tokio::test]
async fn credits_and_calls_are_counted() {
    let telling = http::Response::builder()
        .header("X-API-CREDITS-REMAINING", "24990")
        .body(written(0..25).into())
        .unwrap();
    let transport = script()
        .answer(200, org().to_string())
        .response(telling)
        .answer(204, "");
    let (client, _) = scripted(&transport);
    client.org().await.unwrap();
    assert_eq!(client.credits_remaining(), None);
    let outcomes = client
        .module("Accounts")
        .insert(rows(25))
        .send()
        .await
        .unwrap();
    assert_eq!(outcomes.all_ok().unwrap().len(), 25);
    let query = Coql::select(["id"])
        .from("Accounts")
        .filter(Filter::is_not_null("X3_Code"))
        .limit(2000);
    assert!(client.coql(&query).await.unwrap().records.is_empty());
    assert_eq!(client.credits_remaining(), Some(24_990));
    let usage = client.usage();
    // The organisation 1, 25 rows 3, a query for 2,000 rows 3.
    assert_eq!(
        (usage.calls, usage.estimated_credits, usage.token_requests),
        (3, 7, 1)
    );
}

#[tokio::test]
async fn the_open_level_shares_token_and_errors() {
    let transport = script()
        .answer(200, json!({"users": []}).to_string())
        .answer(400, refusal("INVALID_REQUEST_METHOD").to_string());
    let (client, _) = scripted(&transport);
    let response = client
        .request(Method::GET, "/crm/v8/users")
        .query("type", "CurrentUser")
        .send()
        .await
        .unwrap();
    let body: Value = response.json().unwrap().unwrap();
    assert!(body["users"].is_array());
    let sent = &transport.requests()[1];
    assert_eq!(
        sent.uri(),
        "https://www.zohoapis.eu/crm/v8/users?type=CurrentUser"
    );
    assert!(sent.headers()["authorization"].is_sensitive());

    let refused = client
        .request(Method::POST, "/crm/v8/users")
        .json(&json!({}))
        .send()
        .await;
    assert_eq!(
        refused.unwrap_err().api_error().unwrap().code(),
        "INVALID_REQUEST_METHOD"
    );
}

#[tokio::test]
async fn the_open_level_cannot_be_led_to_another_host() {
    let transport = script();
    let (client, _) = scripted(&transport);
    for path in [
        "https://evil.example/",
        "//evil.example/x",
        "crm/v8/org",
        "/a?b=c",
    ] {
        let error = client.request(Method::GET, path).send().await.unwrap_err();
        assert!(matches!(error, Error::InvalidRequest { .. }), "{path}");
    }
    assert!(transport.requests().is_empty());
}

#[test]
fn a_client_without_an_id_is_not_built() {
    let credentials = zoho_crm_client::ClientCredentials::new(" ", "secret");
    let error = ZohoClient::builder(zoho_crm_client::DataCenter::Eu, credentials).build();
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("client id is empty")
    );
}

/// Callers spawn these on multi-threaded runtimes.
#[test]
fn futures_can_move_between_threads() {
    fn check<T: Send>(_: T) {}
    let (client, _) = over(std::sync::Arc::new(script()));
    let module = client.module("Accounts");
    let id = "1".parse().unwrap();
    check(client.org());
    check(client.fields("Accounts"));
    check(module.get(&id));
    check(module.get_by_ids(&[], ["x"]));
    check(module.list().stream());
    check(module.list().stream().into_pages());
    check(module.upsert(Vec::<Record>::new()).send());
    check(module.delete(Vec::new()).send());
    check(client.coql(&Coql::select(["id"]).from("Accounts")));
    check(client.request(Method::GET, "/").send());
    check(client.channels().list());
}

#[tokio::test]
async fn rows_of_a_caller_s_own_type_are_sent_once_and_as_they_serialize() {
    #[derive(serde::Serialize)]
    struct Debtor {
        #[serde(rename = "X3_Code")]
        code: &'static str,
        #[serde(rename = "Phone")]
        phone: Option<&'static str>,
    }
    impl WriteRow for Debtor {}

    let transport = script()
        .answer(200, written(0..2))
        .answer(200, written(2..3));
    let (client, _) = scripted(&transport);
    let debtor = |code, phone| Debtor { code, phone };
    let debtors = [
        debtor("BP1", None),
        debtor(" bp1", Some("+41")),
        debtor("BP2", None),
    ];
    let upsert = client.module("Accounts").upsert(&debtors);
    let outcomes = upsert.duplicate_check_fields(["X3_Code"]).send().await;
    let ids: Vec<String> = outcomes
        .unwrap()
        .all_ok()
        .unwrap()
        .iter()
        .map(|row| row.id.to_string())
        .collect();
    assert_eq!(ids, ["1000", "1002", "1001"]);
    let bodies: Vec<Value> = transport.requests()[1..]
        .iter()
        .map(|request| serde_json::from_slice(request.body()).unwrap())
        .collect();
    let body =
        |rows: Value| json!({"data": rows, "trigger": [], "duplicate_check_fields": ["X3_Code"]});
    assert_eq!(
        bodies,
        [
            body(json!([{"X3_Code": "BP1", "Phone": null}, {"X3_Code": "BP2", "Phone": null}])),
            body(json!([{"X3_Code": " bp1", "Phone": "+41"}])),
        ]
    );
}

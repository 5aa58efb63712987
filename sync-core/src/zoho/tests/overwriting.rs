//! What somebody changes between the look and the write: refused beforehand, or found afterwards.

use serde_json::json;

use super::{prepared::Zoho, refusal, success};
use crate::{
    budget::Call,
    endpoint::{Endpoint, Write, WriteError},
    value::{Document, Value},
    zoho::ZohoEndpoint,
};

fn careful(zoho: &Zoho) -> ZohoEndpoint {
    let settings = zoho.settings().conditional_updates().looks_back();
    zoho.endpoint_of(settings)
}

fn update(id: &str, as_of: &str) -> Write {
    Write::Update {
        id: id.into(),
        fields: Document::new().with("Phone", "1"),
        as_of: Some(as_of.parse().unwrap()),
    }
}

#[tokio::test]
async fn an_update_names_the_age_of_its_record_and_one_that_is_refused_is_for_later() {
    let zoho = Zoho::accounts()
        .answer(
            200,
            json!({"data": [success("11", "update"), success("12", "update")]}),
        )
        .answer(
            412,
            json!({"data": [refusal("ALREADY_MODIFIED", json!({"id": "13"}))]}),
        );
    let writes = [
        update("11", "2026-11-20T10:00:00Z"),
        update("13", "2026-11-20T11:00:00Z"),
        update("12", "2026-11-20T10:00:00Z"),
    ];
    let outcomes = careful(&zoho).write(&writes).await;
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok(), "{outcomes:?}");
    assert!(
        matches!(outcomes[1], Err(WriteError::Later { .. })),
        "{outcomes:?}"
    );
    assert_eq!(
        zoho.requests(),
        [
            "PUT /crm/v8/Accounts? unless 2026-11-20T10:00:00+00:00",
            "PUT /crm/v8/Accounts? unless 2026-11-20T11:00:00+00:00"
        ]
    );
}

#[tokio::test]
async fn without_the_setting_all_updates_share_a_call() {
    let updated = [success("11", "update"), success("13", "update")];
    let zoho = Zoho::accounts().answer(200, json!({ "data": updated }));
    let writes = [
        update("11", "2026-11-20T10:00:00Z"),
        update("13", "2026-11-20T11:00:00Z"),
    ];
    let outcomes = zoho.endpoint().write(&writes).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(zoho.requests(), ["PUT /crm/v8/Accounts?"]);
}

#[test]
fn care_costs_a_call_for_each_record() {
    let zoho = Zoho::accounts();
    let write = Call::Write {
        creates: 0,
        updates: 10,
        deletes: 0,
    };
    let history = Call::History { records: 10 };
    let careful = careful(&zoho);
    assert_eq!(careful.cost(write).credits, 10);
    assert_eq!(careful.cost(history).credits, 10);
    assert!(careful.keeps_history());
    let usual = zoho.endpoint();
    assert_eq!(usual.cost(write).credits, 1);
    assert!(!usual.keeps_history());
}

#[tokio::test]
async fn a_timeline_tells_what_was_changed_since_the_reading_and_by_whom() {
    let entry = |time: &str, user: &str, old: &str, new: &str| {
        let value = json!({"old": old, "new": new});
        json!({"audited_time": time, "action": "updated", "done_by": {"id": user, "name": "N"},
            "field_history": [{"api_name": "Phone", "_value": value}]})
    };
    let users = json!({"users": [{"id": "5"}], "info": {"more_records": false}});
    let newest = [
        entry("2026-11-20T10:00:09Z", "5", "2", "1"),
        entry("2026-11-20T10:00:08Z", "6", "0", "2"),
    ];
    let older = [
        entry("2026-11-20T10:00:05Z", "6", "x", "0"),
        entry("2026-11-20T10:00:04Z", "6", "", "x"),
    ];
    let gone = refusal("INVALID_DATA", json!({"resource_path_index": 1}));
    let zoho = Zoho::accounts()
        .answer(200, users)
        .answer(
            200,
            json!({"__timeline": newest, "info": {"more_records": true}}),
        )
        .answer(
            200,
            json!({"__timeline": older, "info": {"more_records": true}}),
        )
        .answer(400, gone);
    let since = "2026-11-20T10:00:05Z".parse().unwrap();
    let asked = [("11".into(), since), ("12".into(), since)];
    let endpoint = careful(&zoho);
    // One after the other, so that the prepared answers meet their questions.
    let mut told = endpoint.history(&asked[..1]).await.unwrap();
    told.extend(endpoint.history(&asked[1..]).await.unwrap());
    let changes: Vec<(String, Value, bool)> = told[0]
        .iter()
        .map(|change| (change.at.to_string(), change.before.clone(), change.own))
        .collect();
    assert_eq!(
        changes,
        [
            ("2026-11-20T10:00:05Z".to_owned(), Value::text("x"), false),
            ("2026-11-20T10:00:08Z".to_owned(), Value::text("0"), false),
            ("2026-11-20T10:00:09Z".to_owned(), Value::text("2"), true),
        ]
    );
    assert!(told[1].is_empty());
    let requests = zoho.requests();
    assert_eq!(requests.len(), 4, "its own user is asked for once");
    assert!(requests[0].starts_with("GET /crm/v8/users?type=CurrentUser"));
    assert!(requests[3].starts_with("GET /crm/v8/Accounts/12/__timeline?"));
}

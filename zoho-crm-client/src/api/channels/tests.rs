//! Requests and answers of channels.

use serde_json::{Value, json};

use super::*;
use crate::{api::answer::received, model::FieldMeta, names::FieldName};

const NOW: &str = "2026-11-20T10:00:00Z";

fn channel() -> Channel {
    Channel::new(
        ChannelId::from(1_000_000_068_001),
        [ChannelEvent::all("Accounts")],
        "https://sync.example/zoho?tenant=42",
        "t-123",
    )
}

fn sent(outgoing: Outgoing) -> (String, String, Value) {
    assert!(outgoing.repeatable && outgoing.writes);
    let request = outgoing.into_request().unwrap();
    (
        request.method().to_string(),
        request.uri().to_string(),
        serde_json::from_slice(request.body()).unwrap_or_default(),
    )
}

#[test]
fn enabling_asks_for_a_little_less_than_a_week_and_no_related_records() {
    let request = enable_request(&channel(), NOW.parse().unwrap()).unwrap();
    assert_eq!(
        sent(request),
        (
            "POST".to_owned(),
            "/crm/v8/actions/watch".to_owned(),
            json!({"watch": [{
                "channel_id": "1000000068001",
                "events": ["Accounts.all"],
                "notify_url": "https://sync.example/zoho?tenant=42",
                "token": "t-123",
                "channel_expiry": "2026-11-27T09:50:00+00:00",
                "notify_on_related_action": false,
                "return_affected_field_values": false
            }]})
        )
    );
}

#[test]
fn an_update_names_everything_and_what_edits_count() {
    let stage: FieldMeta = serde_json::from_str(
        r#"{"id":"5725767000000002567","api_name":"Stage","field_label":"Stage","data_type":"picklist"}"#,
    )
    .unwrap();
    let channel = channel()
        .only_fields("Accounts", ["Phone", "Fax"])
        .only_fields("Deals", [&stage]);
    let (method, uri, body) = sent(update_request(&channel, NOW.parse().unwrap()).unwrap());
    assert_eq!((&*method, &*uri), ("PUT", "/crm/v8/actions/watch"));
    let watch = &body["watch"][0];
    assert_eq!(
        (&watch["token"], &watch["channel_expiry"]),
        (&json!("t-123"), &json!("2026-11-27T09:50:00+00:00"))
    );
    assert_eq!(
        watch["notification_condition"],
        json!([
            {"type": "field_selection", "module": {"api_name": "Accounts"}, "field_selection":
                {"group_operator": "or", "group": [{"field": {"api_name": "Phone"}}, {"field": {"api_name": "Fax"}}]}},
            {"type": "field_selection", "module": {"api_name": "Deals"}, "field_selection": {"field": {"api_name": "Stage", "id": "5725767000000002567"}}}
        ])
    );
}

#[test]
fn removing_events_names_them_alone() {
    let id = channel().id;
    let events = [ChannelEvent {
        module: "Accounts".into(),
        verb: Verb::Delete,
    }];
    let (method, _, body) = sent(remove_events_request(&id, &events).unwrap());
    assert_eq!(method, "PATCH");
    assert_eq!(
        body,
        json!({"watch": [{"channel_id": "1000000068001", "events": ["Accounts.delete"], "_delete_events": true}]})
    );
    assert!(remove_events_request(&id, &[]).is_err());
}

#[test]
fn renewing_names_what_it_must_and_the_new_end() {
    let channel = channel().expiring_at("2026-11-21T10:00:00Z".parse().unwrap());
    let (method, _, body) = sent(renew_request(&channel, NOW.parse().unwrap()).unwrap());
    assert_eq!(method, "PATCH");
    assert_eq!(
        body,
        json!({"watch": [{
            "channel_id": "1000000068001",
            "events": ["Accounts.all"],
            "notify_url": "https://sync.example/zoho?tenant=42",
            "channel_expiry": "2026-11-21T10:00:00+00:00"
        }]})
    );
}

#[test]
fn an_end_beyond_a_week_is_cut_because_zoho_would_make_it_an_hour() {
    let channel = channel().expiring_at("2027-01-01T00:00:00Z".parse().unwrap());
    let (_, _, body) = sent(renew_request(&channel, NOW.parse().unwrap()).unwrap());
    assert_eq!(
        body["watch"][0]["channel_expiry"],
        "2026-11-27T09:50:00+00:00"
    );
}

#[test]
fn limits_are_checked_before_sending() {
    let now = NOW.parse().unwrap();
    let long_token = Channel {
        token: "x".repeat(51).into(),
        ..channel()
    };
    let error = enable_request(&long_token, now).unwrap_err().to_string();
    assert!(error.contains("1 to 50 characters, not 51"), "{error}");
    let no_events = Channel {
        events: Vec::new(),
        ..channel()
    };
    assert!(enable_request(&no_events, now).is_err());
    let long_url = Channel {
        notify_url: format!("https://{}", "x".repeat(250)),
        ..channel()
    };
    assert!(enable_request(&long_url, now).is_err());
    let fields = |count: usize| (0..count).map(|number| FieldName::from(format!("F{number}")));
    for (count, fits) in [(0, false), (10, true), (11, false)] {
        let picky = channel().only_fields("Accounts", fields(count));
        assert_eq!(enable_request(&picky, now).is_ok(), fits, "{count} fields");
    }
    let modules = ["Accounts", "Contacts", "Deals"].into_iter();
    let three = modules.fold(channel(), |channel, name| {
        channel.only_fields(name, ["Phone"])
    });
    assert!(enable_request(&three, now).is_err());
}

#[test]
fn the_effective_end_is_the_earliest_that_zoho_names() {
    let body = r#"{"watch":[{"code":"SUCCESS","details":{"events":[
        {"channel_expiry":"2026-11-27T10:50:00+01:00","resource_uri":"https://www.zohoapis.com/crm/v2/Accounts","resource_id":"5725767000000002175","resource_name":"Accounts","channel_id":"1000000068001"},
        {"channel_expiry":"2026-11-20T12:00:00+01:00","resource_uri":"https://www.zohoapis.com/crm/v2/Deals","resource_id":"5725767000000002176","resource_name":"Deals","channel_id":"1000000068001"}
    ]},"message":"Successfully subscribed for actions-watch of the given module","status":"success"}]}"#;
    let enabled = parse(&received(201, body), &channel().id).unwrap();
    assert_eq!(
        enabled.expires_at,
        Some("2026-11-20T11:00:00Z".parse().unwrap())
    );
    assert_eq!(enabled.subscriptions.len(), 2);
}

#[test]
fn a_lost_channel_has_an_error_of_its_own() {
    let body = r#"{"watch":[{"code":"NOT_SUBSCRIBED","details":{},"message":"Not subscribed for actions-watch of the given channel","status":"error"}]}"#;
    for status in [400, 202, 207] {
        assert!(matches!(
            parse(&received(status, body), &channel().id),
            Err(Failure::ChannelLost(id)) if id == "1000000068001"
        ));
    }
}

#[test]
fn a_refusal_names_what_is_missing() {
    let row = r#"{"code":"MANDATORY_NOT_FOUND","details":{"api_name":"notify_url"},"message":"required field not found","status":"error"}"#;
    for body in [row.to_owned(), format!(r#"{{"watch":[{row}]}}"#)] {
        match parse(&received(400, body), &channel().id) {
            Err(Failure::Api(error)) => assert_eq!(error.field().unwrap(), "notify_url"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn listing_and_disabling() {
    let request = list_request(2).into_request().unwrap();
    assert_eq!(request.uri(), "/crm/v8/actions/watch?page=2&per_page=200");
    let (listings, more) = parse_list(&received(
        200,
        r#"{"watch":[{"notify_on_related_action":false,"channel_expiry":"2026-11-27T10:50:00+01:00","return_affected_field_values":false,
            "resource_uri":"https://www.zohoapis.com/crm/v8/Accounts","resource_id":"5725767000000002175","notify_url":"https://sync.example/zoho",
            "resource_name":"Accounts","fields":null,"notification_condition":null,"channel_id":"1000000068001",
            "events":["Accounts.edit","Accounts.create","Accounts.delete"],"token":"t-123"}],
           "info":{"per_page":200,"count":1,"page":1,"more_records":false}}"#,
    ))
    .unwrap();
    assert_eq!(listings[0].events.len(), 3);
    assert!(!more);
    assert!(!format!("{listings:?}").contains("t-123"));
    assert!(parse_list(&received(204, "")).unwrap().0.is_empty());

    let ids = [ChannelId::from(1), ChannelId::from(2)];
    let (method, uri, _) = sent(disable_request(&ids));
    assert_eq!(method, "DELETE");
    assert_eq!(uri, "/crm/v8/actions/watch?channel_ids=1%2C2");
}

#[test]
fn debug_output_hides_token_and_url() {
    let text = format!("{:?}", channel());
    assert!(!text.contains("t-123") && !text.contains("sync.example"));
}

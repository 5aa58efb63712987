//! Reading, searching, feeds.

use super::*;

#[tokio::test]
async fn a_record_shows_every_field_with_nothing_as_null() {
    let x3 = X3::answering([page(&[node("C1")], None)]);
    let records = x3
        .endpoint(with_custom_fields())
        .read(&[RecordId::from("C0"), RecordId::from("C1")])
        .await
        .unwrap();
    assert!(records[0].is_none());
    let record = records[1].as_ref().unwrap();
    assert_eq!(record.id.as_str(), "C1");
    let number = |text: &str| Value::Decimal(text.parse().unwrap());
    for (field, expected) in [
        ("code", Value::text("C1")),
        ("companyName1", Value::text("Acme")),
        ("companyName2", Value::Null),
        ("country", Value::text("FR")),
        ("language", Value::Null),
        ("isActive", Value::Boolean(true)),
        ("authorizedCreditAmount", number("1500.50")),
        ("minimumOrderAmount", Value::Null),
        ("notes", Value::Null),
        ("address.line1", Value::Null),
        ("address.line2", Value::text("Bât. 2")),
        ("address.city", Value::text("Lyon")),
        ("address.phone", Value::text("+33 1")),
        ("address.email", Value::Null),
        ("yZoho", Value::text("57")),
        ("yScore", number("123456789012345.678")),
        ("ySince", Value::Null),
    ] {
        assert_eq!(record.fields.get(field), Some(&expected), "{field}");
    }
    assert_eq!(
        record.modified_at.unwrap().to_string(),
        "2026-11-20T11:00:00Z",
        "the partner changed last"
    );
}

#[tokio::test]
async fn a_custom_field_of_another_kind_is_named_without_its_value() {
    let mut customer = node("C1");
    customer["yScore"] = json!("canary");
    let x3 = X3::answering([page(&[customer], None)]);
    let error = x3
        .endpoint(with_custom_fields())
        .list(None)
        .await
        .unwrap_err();
    assert_eq!(error.kind, EndpointErrorKind::Protocol);
    assert!(
        error.message.contains("yScore") && !error.message.contains("canary"),
        "{}",
        error.message
    );
}

#[tokio::test]
async fn records_are_found_by_value_and_given_in_the_order_asked_for() {
    let mut second = node("C2");
    second["code"]["europeanUnionVatNumber"] = json!("fr2");
    let x3 = X3::answering([
        page(&[node("C1")], Some("c1")),
        page(&[second, node("C3")], None),
    ]);
    let endpoint = x3.endpoint(settings());
    let values = [
        Value::text("FR2"),
        Value::Null,
        Value::text("FR1"),
        Value::text("FR9"),
    ];
    let found = endpoint
        .find(&FieldName::from("europeanUnionVatNumber"), &values)
        .await
        .unwrap();
    let codes: Vec<Vec<&str>> = found
        .iter()
        .map(|records| records.iter().map(|record| record.id.as_str()).collect())
        .collect();
    assert_eq!(codes, [vec!["C2"], vec![], vec!["C1", "C3"], vec![]]);
    assert_eq!(
        x3.filter(0),
        json!({"code":{"europeanUnionVatNumber":{"_in":["FR2","FR1","FR9"]}}})
    );
    assert_eq!(x3.bodies()[1]["variables"]["after"], "c1");
}

#[tokio::test]
async fn what_cannot_be_searched_by_says_so() {
    let x3 = X3::default();
    let endpoint = x3.endpoint(settings());
    for (field, expected) in [
        ("notes", "cannot search"),
        ("address.phone", "cannot search"),
        ("nothing", "no field `nothing`"),
    ] {
        let error = endpoint
            .find(&FieldName::from(field), &[Value::text("x")])
            .await
            .unwrap_err();
        assert_eq!(error.kind, EndpointErrorKind::Misconfigured);
        assert!(error.message.contains(expected), "{}", error.message);
    }
    assert!(
        endpoint
            .find(&FieldName::from("code"), &[Value::Null])
            .await
            .unwrap()[0]
            .is_empty()
    );
    assert!(x3.bodies().is_empty());
}

#[tokio::test]
async fn feeds_follow_three_nodes_by_their_stamps() {
    let stamp = StampField::custom(X3Field::new("updatedDate").unwrap(), Precision::Day);
    let settings = settings().stamp(ChangeSource::CustomerAddress, stamp);
    let row = json!({"_id":"1|C1|A1","stamp":"2026-11-20T10:00:00.000Z","parent":{"_id":"C1"}});
    let rows = json!({"data":{"x3MasterData":{"customerAddress":{"query":{"edges":[{"node":row}],
        "pageInfo":{"hasNextPage":true,"endCursor":"c1"}}}}}});
    let x3 = X3::answering([rows]);
    let endpoint = x3.endpoint(settings);
    let feeds: Vec<(String, u64)> = endpoint
        .feeds()
        .into_iter()
        .map(|feed| (feed.name.to_string(), feed.precision.as_millis() as u64))
        .collect();
    assert_eq!(
        feeds,
        [
            ("customer".into(), 1),
            ("businessPartner".into(), 1),
            ("customerAddress".into(), 86_400_000)
        ]
    );
    let request = ChangesRequest {
        feed: FeedName::from("customerAddress"),
        since: Some("2026-11-20T09:00:00Z".parse().unwrap()),
        page: Some(PageToken::new("c0")),
    };
    let page = endpoint.changes(&request).await.unwrap();
    assert_eq!(page.changes[0].id.as_str(), "C1");
    assert_eq!(
        page.changes[0].stamp,
        Some("2026-11-20T10:00:00Z".parse().unwrap())
    );
    assert_eq!(page.next, Some(PageToken::new("c1")));
    assert_eq!(x3.filter(0), json!({"updatedDate":{"_gte":"2026-11-19"}}));
    assert_eq!(x3.bodies()[0]["variables"]["after"], "c0");
    let unknown = ChangesRequest {
        feed: FeedName::from("deleted"),
        since: None,
        page: None,
    };
    assert_eq!(
        endpoint.changes(&unknown).await.unwrap_err().kind,
        EndpointErrorKind::Misconfigured
    );
}

#[tokio::test]
async fn a_listing_goes_page_by_page() {
    let x3 = X3::answering([page(&[node("C1")], Some("c1")), page(&[node("C2")], None)]);
    let endpoint = x3.endpoint(settings());
    let first = endpoint.list(None).await.unwrap();
    let second = endpoint.list(first.next.as_ref()).await.unwrap();
    assert_eq!(
        (first.records[0].id.as_str(), second.records[0].id.as_str()),
        ("C1", "C2")
    );
    assert_eq!(second.next, None);
    assert_eq!(x3.bodies()[1]["variables"]["after"], "c1");
    // As many as may be asked for: a listing of many records takes few calls.
    for body in x3.bodies() {
        assert_eq!(body["variables"]["first"], 1000);
    }
}

#[tokio::test]
async fn failures_have_the_engines_kinds() {
    for (answer, expected) in [
        (
            Ok((401, "Error 41: Invalid token".to_owned())),
            EndpointErrorKind::Unauthorized,
        ),
        (Ok((404, String::new())), EndpointErrorKind::Misconfigured),
        (Ok((429, String::new())), EndpointErrorKind::RateLimited),
        (Ok((503, String::new())), EndpointErrorKind::Unavailable),
        (
            Err(TransportErrorKind::Connect),
            EndpointErrorKind::Unavailable,
        ),
        (
            Ok((200, r#"{"data":{"x3MasterData":null}}"#.to_owned())),
            EndpointErrorKind::Protocol,
        ),
        (
            Ok((
                200,
                r#"{"data":null,"errors":[{"message":"boom"}]}"#.to_owned(),
            )),
            EndpointErrorKind::Unavailable,
        ),
    ] {
        let x3 = X3::with([answer]);
        let error = x3
            .endpoint_with(settings(), RetryPolicy::none())
            .list(None)
            .await
            .unwrap_err();
        assert_eq!(error.kind, expected, "{}", error.message);
        assert!(!error.may_have_been_applied);
    }
}

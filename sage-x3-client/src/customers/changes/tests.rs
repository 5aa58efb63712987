use serde_json::{Value, json};

use super::*;
use crate::graphql::canned::{body, flat, inner, read};

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn request(changes: &Changes) -> Value {
    let order = OrderBy::ascending(changes.stamp.name());
    body(&keys_request(changes, changes.filter(), order, Generation::Gen3).unwrap())
}

#[test]
fn changes_are_asked_for_in_order_of_stamp_and_key() {
    let changes = Changes::of(ChangeSource::Customer)
        .since(instant("2026-11-20T10:00:00.1239Z"))
        .until(instant("2026-11-20T11:00:00.1231Z"))
        .after(Some(Cursor::new("c")));
    let body = request(&changes);
    assert_eq!(
        inner(&body["variables"]["filter"]),
        json!({"_updateStamp":{"_gte":"2026-11-20T10:00:00.123Z","_lte":"2026-11-20T11:00:00.124Z"}})
    );
    assert_eq!(
        body["variables"]["orderBy"],
        r#"{"_updateStamp":1,"_id":1}"#
    );
    assert_eq!(body["variables"]["after"], "c");
    assert_eq!(
        flat(&body["query"]),
        "query CustomerKeys($filter: String, $orderBy: String, $first: Int, $after: String) { x3MasterData { customer { \
         query(filter: $filter, orderBy: $orderBy, first: $first, after: $after) { edges { node { _id _etag \
         stamp: _updateStamp code { code } } } pageInfo { hasNextPage endCursor } } } } }"
    );
}

#[test]
fn without_bounds_everything_is_listed() {
    assert_eq!(
        request(&Changes::of(ChangeSource::Customer))["variables"]["filter"],
        "{}"
    );
}

#[test]
fn only_partners_that_are_customers_count() {
    let body =
        request(&Changes::of(ChangeSource::BusinessPartner).since(instant("2026-11-20T10:00:00Z")));
    assert_eq!(
        inner(&body["variables"]["filter"]),
        json!({"_and":[{"_updateStamp":{"_gte":"2026-11-20T10:00:00.000Z"}},{"isCustomer":{"_eq":true}}]})
    );
    assert_eq!(body["operationName"], "BusinessPartnerKeys");
}

#[test]
fn a_stamp_of_the_site_is_selected_filtered_and_sorted_by() {
    let stamp = StampField::custom(
        FieldName::new("modifiedDateTime").unwrap(),
        Precision::Second,
    );
    let changes = Changes::of(ChangeSource::CustomerAddress)
        .stamp(stamp)
        .since(instant("2026-11-20T10:00:00.9Z"))
        .until(instant("2026-11-20T10:00:01.1Z"));
    let body = request(&changes);
    assert_eq!(
        inner(&body["variables"]["filter"]),
        json!({"modifiedDateTime":{"_gte":"2026-11-20T10:00:00.000Z","_lte":"2026-11-20T10:00:02.000Z"}})
    );
    assert_eq!(
        body["variables"]["orderBy"],
        r#"{"modifiedDateTime":1,"_id":1}"#
    );
    assert!(flat(&body["query"]).contains("stamp: modifiedDateTime customer {"));
}

#[test]
fn days_are_widened_because_their_zone_is_not_known() {
    let stamp = StampField::custom(FieldName::new("updatedDate").unwrap(), Precision::Day);
    let changes = Changes::of(ChangeSource::Customer)
        .stamp(stamp)
        .since(instant("2026-11-20T10:00:00Z"))
        .until(instant("2026-11-21T23:00:00Z"));
    assert_eq!(
        inner(&request(&changes)["variables"]["filter"]),
        json!({"updatedDate":{"_gte":"2026-11-19","_lte":"2026-11-22"}})
    );
}

fn rows(operation: &'static str, node: &str, nodes: &str) -> Result<Page<Change>, Error> {
    let body = format!(
        r#"{{"data":{{"x3MasterData":{{"{node}":{{"query":{{"edges":[{nodes}],"pageInfo":{{"hasNextPage":false,"endCursor":null}}}}}}}}}}}}"#
    );
    parse_keys(read(operation, &body).unwrap())
}

#[test]
fn rows_of_every_source_name_their_customer() {
    let page = rows(
        "customer.keys",
        "customer",
        r#"{"node":{"_id":"NA001","_etag":"e","stamp":"2026-11-20T10:00:00.000Z","code":{"code":"NA001"}}},
           {"node":{"_id":"NA002","_etag":null,"stamp":null,"code":{"code":"NA002"}}}"#,
    )
    .unwrap();
    assert_eq!(page.items[0].customer.as_str(), "NA001");
    assert_eq!(page.items[0].stamp, Some(instant("2026-11-20T10:00:00Z")));
    assert_eq!(page.items[1].stamp, None);

    let page = rows(
        "businessPartner.keys",
        "businessPartner",
        r#"{"node":{"_id":"NA001","stamp":"2026-11-20","code":"NA001"}}"#,
    )
    .unwrap();
    assert_eq!(page.items[0].customer.as_str(), "NA001");
    assert_eq!(page.items[0].stamp, Some(instant("2026-11-20T00:00:00Z")));

    let page = rows(
        "customerAddress.keys",
        "customerAddress",
        r#"{"node":{"_id":"1|NA001|A1","stamp":null,"customer":{"_id":"NA001","code":{"code":"NA001"}}}},
           {"node":{"_id":"1|NA002|A1","stamp":null,"customer":{"_id":"NA002","code":null}}},
           {"node":{"_id":"1|X|A1","stamp":null,"customer":null}}"#,
    )
    .unwrap();
    let customers: Vec<&str> = page
        .items
        .iter()
        .map(|change| change.customer.as_str())
        .collect();
    assert_eq!(
        customers,
        ["NA001", "NA002"],
        "an address that belongs to no customer concerns none"
    );
    assert_eq!(page.items[0].id, "1|NA001|A1");
}

#[test]
fn a_row_without_a_key_is_an_error() {
    assert!(matches!(
        rows("customer.keys", "customer", r#"{"node":{"_id":null}}"#),
        Err(Error::Protocol { .. })
    ));
}

use serde_json::{Value, json};

use super::*;
use crate::{
    Customer, CustomerCode, Generation, Product, SalesOrder,
    graphql::canned::{body, flat, inner, read},
};

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn request_for<N: Node>(changes: &Changes) -> Value {
    let feed = feed::<N>(changes.source).unwrap();
    body(&changes_request(feed, changes, Generation::Gen3).unwrap())
}

fn request(changes: &Changes) -> Value {
    request_for::<Customer>(changes)
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
         stamp: _updateStamp } } pageInfo { hasNextPage endCursor } } } } }"
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
    assert!(flat(&body["query"]).contains("stamp: modifiedDateTime parent: customer { _id }"));
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

fn rows<N: Node>(source: ChangeSource, nodes: &str) -> Result<Page<Change<N::Key>>, Error> {
    let body = format!(
        r#"{{"data":{{"x3MasterData":{{"node":{{"query":{{"edges":[{nodes}],"pageInfo":{{"hasNextPage":false,"endCursor":null}}}}}}}}}}}}"#
    );
    parse_keys(
        feed::<N>(source).unwrap(),
        read("customer.keys", &body).unwrap(),
    )
}

fn keys<K: RecordKey>(page: &Page<Change<K>>) -> Vec<RecordId> {
    page.items
        .iter()
        .map(|change| change.key.record_id())
        .collect()
}

#[test]
fn rows_of_every_source_name_their_customer() {
    let page = rows::<Customer>(
        ChangeSource::Customer,
        r#"{"node":{"_id":"NA001","_etag":"e","stamp":"2026-11-20T10:00:00.000Z"}},
           {"node":{"_id":"NA002","_etag":null,"stamp":null}}"#,
    )
    .unwrap();
    assert_eq!(page.items[0].key, CustomerCode::new("NA001").unwrap());
    assert_eq!(page.items[0].stamp, Some(instant("2026-11-20T10:00:00Z")));
    assert_eq!(page.items[1].stamp, None);

    let page = rows::<Customer>(
        ChangeSource::BusinessPartner,
        r#"{"node":{"_id":"NA001","stamp":"2026-11-20"}}"#,
    )
    .unwrap();
    assert_eq!(page.items[0].key.as_str(), "NA001");
    assert_eq!(page.items[0].stamp, Some(instant("2026-11-20T00:00:00Z")));

    let page = rows::<Customer>(
        ChangeSource::CustomerAddress,
        r#"{"node":{"_id":"1|NA001|A1","stamp":null,"parent":{"_id":"NA001"}}},
           {"node":{"_id":"1|X|A1","stamp":null,"parent":null}}"#,
    )
    .unwrap();
    assert_eq!(
        keys(&page),
        [RecordId::new("NA001").unwrap()],
        "an address that belongs to no customer concerns none"
    );
    assert_eq!(page.items[0].id, "1|NA001|A1");
}

#[test]
fn lines_lead_to_their_order() {
    let changes = Changes::of(ChangeSource::SalesOrderLine);
    let body = request_for::<SalesOrder>(&changes);
    assert_eq!(
        flat(&body["query"]),
        "query SalesOrderLineKeys($filter: String, $orderBy: String, $first: Int, $after: String) { x3Sales { salesOrderLine { \
         query(filter: $filter, orderBy: $orderBy, first: $first, after: $after) { edges { node { _id _etag \
         stamp: _updateStamp parent: salesOrder { _id } } } pageInfo { hasNextPage endCursor } } } } }"
    );
    let page = rows::<SalesOrder>(
        ChangeSource::SalesOrderLine,
        r#"{"node":{"_id":"SO1|1000|1000","stamp":"2026-11-20T10:00:00.000Z","parent":{"_id":"SO1"}}}"#,
    )
    .unwrap();
    assert_eq!(keys(&page), [RecordId::new("SO1").unwrap()]);
}

#[test]
fn stock_leads_over_its_site_to_the_product() {
    let changes = Changes::of(ChangeSource::Stock);
    let query = flat(&request_for::<Product>(&changes)["query"]);
    assert!(
        query.contains("parent: product { _id parent: product { _id } }"),
        "{query}"
    );
    let page = rows::<Product>(
        ChangeSource::Stock,
        r#"{"node":{"_id":"FR011|1","stamp":null,"parent":{"_id":"P1|FR011","parent":{"_id":"P1"}}}},
           {"node":{"_id":"FR011|2","stamp":null,"parent":{"_id":"P2|FR011","parent":null}}}"#,
    )
    .unwrap();
    assert_eq!(keys(&page), [RecordId::new("P1").unwrap()]);
}

#[test]
fn a_source_that_shows_nothing_of_a_node_is_refused_with_those_that_do() {
    let error = feed::<SalesOrder>(ChangeSource::Stock).unwrap_err();
    assert_eq!(
        error.to_string(),
        "changes of node `salesOrder` do not show in Stock, only in SalesOrder, SalesOrderLine"
    );
}

#[test]
fn a_window_overlaps_what_was_seen_and_stays_behind_now() {
    let minutes = SignedDuration::from_mins;
    let changes = Changes::of(ChangeSource::Customer).window(
        instant("2026-11-20T10:00:00Z"),
        minutes(3),
        instant("2026-11-20T11:00:00Z"),
        minutes(1),
    );
    assert_eq!(
        inner(&request(&changes)["variables"]["filter"]),
        json!({"_updateStamp":{"_gte":"2026-11-20T09:57:00.000Z","_lte":"2026-11-20T10:59:00.000Z"}})
    );
    let first = Changes::of(ChangeSource::Customer).window(
        None,
        minutes(3),
        instant("2026-11-20T11:00:00Z"),
        minutes(1),
    );
    assert_eq!(
        inner(&request(&first)["variables"]["filter"]),
        json!({"_updateStamp":{"_lte":"2026-11-20T10:59:00.000Z"}})
    );
}

#[test]
fn a_row_without_a_key_is_an_error() {
    assert!(matches!(
        rows::<Customer>(ChangeSource::Customer, r#"{"node":{"_id":null}}"#),
        Err(Error::Protocol { .. })
    ));
}

//! Finding what has changed.

use std::{collections::BTreeSet, time::Duration};

use futures::TryStreamExt as _;
use jiff::{SignedDuration, Timestamp};
use sage_x3_client::{ChangeSource, Changes, FieldName, Filter, PageSize, Precision, StampField};
use sage_x3_simulator::{DEFAULT_ENDPOINT, Edit, X3Simulator};

use super::{START, Site, code, seeds, site};

#[tokio::test]
async fn changes_with_equal_stamps_are_all_found_in_small_pages() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    // All at the same millisecond.
    x3.seed_customers(DEFAULT_ENDPOINT, seeds(25)).unwrap();
    x3.clock().advance(Duration::from_secs(60));
    x3.edit_as_user(
        DEFAULT_ENDPOINT,
        &Edit::customer("C0007").set("notes", "changed"),
    )
    .unwrap();

    let all = Changes::of(ChangeSource::Customer).first(PageSize::new(4));
    let changes: Vec<String> = client
        .customers()
        .changed_pages(all.clone())
        .items()
        .map_ok(|change| change.key.to_string())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(changes.len(), 25);
    assert_eq!(changes.iter().collect::<BTreeSet<_>>().len(), 25);
    assert_eq!(
        changes.last().map(String::as_str),
        Some("C0007"),
        "the newest comes last"
    );

    let since: Timestamp = START.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(30);
    let page = client
        .customers()
        .changed(&all.clone().since(since))
        .await
        .unwrap();
    assert_eq!(
        page.items
            .iter()
            .map(|change| change.key.as_str())
            .collect::<Vec<_>>(),
        ["C0007"]
    );
    let none = client
        .customers()
        .changed(&all.since(since).until(since))
        .await
        .unwrap();
    assert!(none.items.is_empty() && none.next.is_none());
}

#[tokio::test]
async fn a_change_of_an_address_or_a_partner_is_found_under_its_customer() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    x3.seed_customers(DEFAULT_ENDPOINT, seeds(5)).unwrap();
    x3.seed_supplier(DEFAULT_ENDPOINT, "SUPP1", "No customer")
        .unwrap();
    x3.clock().advance(Duration::from_secs(60));
    x3.edit_as_user(
        DEFAULT_ENDPOINT,
        &Edit::address("C0001", "MAIN").set("city", "Lyon"),
    )
    .unwrap();
    x3.edit_as_user(
        DEFAULT_ENDPOINT,
        &Edit::business_partner("C0002").set("companyName1", "Renamed"),
    )
    .unwrap();
    x3.edit_as_user(
        DEFAULT_ENDPOINT,
        &Edit::business_partner("SUPP1").set("companyName1", "Renamed"),
    )
    .unwrap();

    let since: Timestamp = START.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(30);
    let changed = async |source| {
        let page = client
            .customers()
            .changed(&Changes::of(source).since(since))
            .await
            .unwrap();
        page.items
            .into_iter()
            .map(|change| change.key.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(changed(ChangeSource::Customer).await, [""; 0]);
    assert_eq!(changed(ChangeSource::CustomerAddress).await, ["C0001"]);
    assert_eq!(changed(ChangeSource::BusinessPartner).await, ["C0002"]);
    let customer = client
        .customers()
        .read(&code("C0002"))
        .await
        .unwrap()
        .unwrap();
    assert!(customer.partner_updated_at > customer.updated_at);
}

#[tokio::test]
async fn another_stamp_field_can_be_polled_by() {
    let alias = |settings: &mut sage_x3_simulator::Settings| {
        settings.stamp_aliases = vec!["modifiedDateTime".into()]
    };
    let Site { x3, client, .. } = site(X3Simulator::builder().settings(alias)).await;
    x3.seed_customers(DEFAULT_ENDPOINT, seeds(3)).unwrap();
    let stamp = StampField::custom(
        FieldName::new("modifiedDateTime").unwrap(),
        Precision::Millisecond,
    );
    let changes = Changes::of(ChangeSource::Customer)
        .stamp(stamp)
        .since(START.parse::<Timestamp>().unwrap());
    let page = client.customers().changed(&changes).await.unwrap();
    assert_eq!(page.items.len(), 3);
    assert!(page.items.iter().all(|change| change.stamp.is_some()));
}

#[tokio::test]
async fn keys_are_listed_without_the_records() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    x3.seed_customers(DEFAULT_ENDPOINT, seeds(7)).unwrap();
    let first = client
        .customers()
        .keys(Filter::everything(), PageSize::new(5), None)
        .await
        .unwrap();
    let rest = client
        .customers()
        .keys(Filter::everything(), PageSize::new(5), first.next)
        .await
        .unwrap();
    assert_eq!((first.items.len(), rest.items.len()), (5, 2));
    assert!(rest.next.is_none());
}

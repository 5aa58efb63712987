//! Search, against the simulator over sockets.

use std::time::Duration;

use futures::TryStreamExt;
use serde_json::json;
use zoho_crm_client::{Criteria, Record, SearchBy, ZohoClient};

use crate::simulator::world;

async fn names(client: &ZohoClient, by: impl Into<SearchBy>) -> Vec<String> {
    let search = client
        .module("Accounts")
        .search(by)
        .fields(["Account_Name"]);
    let found: Vec<Record> = search.stream().try_collect().await.unwrap();
    found
        .iter()
        .map(|record| record.text("Account_Name").unwrap().unwrap())
        .collect()
}

#[tokio::test]
async fn a_value_full_of_signs_finds_its_record_and_no_other() {
    let (simulator, client, clock) = world().await;
    let odd = r"Müller, (Köln)) & Söhne: 100%";
    let rows = [odd, "Plain", "x)or(Account_Name:starts_with:Pl"]
        .map(|name| json!({"Account_Name": name}));
    simulator.seed("Accounts", rows).unwrap();
    clock.advance(Duration::from_secs(60));
    for name in [odd, "x)or(Account_Name:starts_with:Pl"] {
        assert_eq!(
            names(&client, Criteria::equals("Account_Name", name)).await,
            [name]
        );
    }
    let both = Criteria::in_("Account_Name", [odd, "Plain"]);
    assert_eq!(names(&client, both.clone()).await.len(), 2);
    assert_eq!(
        client
            .module("Accounts")
            .count_matching(both)
            .await
            .unwrap(),
        2
    );
}

#[tokio::test]
async fn all_pages_of_a_search_are_read_and_a_search_that_cannot_reach_all_says_so() {
    let (simulator, client, clock) = world().await;
    let rows = |range: std::ops::Range<usize>| {
        range
            .map(|n| json!({"Account_Name": format!("Company {n}")}))
            .collect::<Vec<_>>()
    };
    simulator.seed("Accounts", rows(0..450)).unwrap();
    clock.advance(Duration::from_secs(60));
    let all = || Criteria::starts_with("Account_Name", "Company");
    assert_eq!(names(&client, all()).await.len(), 450);

    simulator.seed("Accounts", rows(450..2_001)).unwrap();
    clock.advance(Duration::from_secs(60));
    let search = client
        .module("Accounts")
        .search(all())
        .fields(["Account_Name"]);
    let error = search
        .stream()
        .try_collect::<Vec<Record>>()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("2000"), "{error}");
}

#[tokio::test]
async fn a_count_sees_at_once_what_search_finds_later() {
    let (simulator, client, clock) = world().await;
    simulator
        .seed("Accounts", [json!({"Account_Name": "Old"})])
        .unwrap();
    clock.advance(Duration::from_secs(60));
    let accounts = client.module("Accounts");
    let new = Record::new().with("Account_Name", "New");
    let inserted = accounts.insert(vec![new]).send().await.unwrap();
    inserted.into_rows().remove(0).unwrap();
    assert_eq!(accounts.count().await.unwrap(), 2);
    let by = Criteria::equals("Account_Name", "New");
    assert_eq!(accounts.count_matching(by.clone()).await.unwrap(), 0);
    clock.advance(Duration::from_secs(60));
    assert_eq!(accounts.count_matching(by).await.unwrap(), 1);
    simulator.configure(|settings| settings.behaviour.count_as_string = true);
    assert_eq!(accounts.count().await.unwrap(), 2);
}

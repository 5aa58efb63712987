//! COQL against the simulator over sockets.

use std::{collections::BTreeSet, time::Duration};

use client_core::testing::ManualClock;
use futures::{StreamExt, TryStreamExt};
use serde_json::json;
use zoho_crm_client::{Column, Coql, Filter, Order, Record, ZohoClient};
use zoho_crm_simulator::ZohoSimulator;

use crate::simulator::world;

fn companies(count: usize) -> Vec<serde_json::Value> {
    (0..count)
        .map(|n| json!({"Account_Name": format!("Company {n}"), "Industry": if n % 3 == 0 { "Education" } else { "Software" }, "Annual_Revenue": n}))
        .collect()
}

fn ids(rows: &[Record]) -> BTreeSet<String> {
    rows.iter()
        .map(|row| row.id().unwrap().to_string())
        .collect()
}

#[tokio::test]
async fn a_stream_reads_every_row_once_and_goes_on_where_it_stopped() {
    let (simulator, client, _) = world().await;
    simulator.seed("Accounts", companies(250)).unwrap();
    let query = || {
        Coql::select(["Account_Name"])
            .from("Accounts")
            .filter(Filter::contains("Account_Name", "Company"))
            .limit(60)
    };
    let rows: Vec<Record> = client.coql_stream(query()).try_collect().await.unwrap();
    assert_eq!((rows.len(), ids(&rows).len()), (250, 250));

    let mut begun = client.coql_stream(query());
    let mut seen: Vec<Record> = begun.by_ref().take(70).try_collect().await.unwrap();
    // New rows come at the end, whatever was deleted before them.
    let first = seen[0].id().unwrap();
    client
        .module("Accounts")
        .delete(vec![first])
        .send()
        .await
        .unwrap()
        .all_ok()
        .unwrap();
    simulator.seed("Accounts", companies(1)).unwrap();
    let place = begun.continuation().unwrap().to_string();
    let rest = client.coql_stream_from(query(), place.parse().unwrap());
    let rest: Vec<Record> = rest.try_collect().await.unwrap();
    seen.extend(rest);
    assert_eq!(ids(&seen).len(), 251);
}

async fn edit_all(simulator: &ZohoSimulator, clock: &ManualClock, ids: &[String]) {
    for id in ids {
        clock.advance(Duration::from_secs(1));
        simulator
            .edit_as_user("Accounts", id, json!({"Fax": "1"}))
            .unwrap();
    }
}

async fn in_order_of_change(client: &ZohoClient) -> Vec<String> {
    let query = Coql::select(["Account_Name"])
        .from("Accounts")
        .order_by("Modified_Time", Order::Ascending)
        .limit(3);
    let rows: Vec<Record> = client.coql_stream(query).try_collect().await.unwrap();
    rows.iter()
        .map(|row| row.id().unwrap().to_string())
        .collect()
}

#[tokio::test]
async fn rows_of_one_stamp_are_neither_lost_nor_doubled_between_pages() {
    let (simulator, client, clock) = world().await;
    // Ten rows of one stamp, read three at a time.
    let ids = simulator.seed("Accounts", companies(10)).unwrap();
    assert_eq!(in_order_of_change(&client).await, ids);
    edit_all(&simulator, &clock, &[ids[4].clone(), ids[0].clone()]).await;
    let read = in_order_of_change(&client).await;
    assert_eq!(read.len(), 10);
    assert_eq!(read[8..], [ids[4].clone(), ids[0].clone()]);
}

#[tokio::test]
async fn rows_are_grouped_counted_and_named() {
    let (simulator, client, _) = world().await;
    simulator.seed("Accounts", companies(9)).unwrap();
    let query = Coql::select([
        Column::field("Industry"),
        Column::sum("Annual_Revenue"),
        Column::count("id").named("many"),
    ])
    .from("Accounts")
    .filter(Filter::not_between("Annual_Revenue", 100, 200))
    .group_by(["Industry"]);
    let rows = client.coql(&query).await.unwrap().records;
    let software = rows
        .iter()
        .find(|row| row.text("Industry").unwrap().as_deref() == Some("Software"))
        .unwrap();
    assert_eq!(software.integer("many").unwrap(), Some(6));
    // 1 + 2 + 4 + 5 + 7 + 8
    assert_eq!(
        software
            .decimal("SUM(Annual_Revenue)")
            .unwrap()
            .unwrap()
            .to_string(),
        "27"
    );
}

//! Bulk jobs and metadata against the simulator, over real sockets.

use std::{collections::BTreeSet, sync::Arc};

use client_core::testing::{ManualClock, RecordingSleep};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use zoho_crm_client::{
    BulkAction, BulkColumn, BulkCriteria, BulkOperation, ClientCredentials, DataCenter, Record,
    UserKind, ZohoClient,
    schema::{ModuleFacts, generate_module},
};
use zoho_crm_simulator::{Clock, ZohoSimulator};

use crate::simulator::exchanges;

/// Simulator and client in one time, which passes while the client waits.
async fn world() -> (ZohoSimulator, ZohoClient) {
    let clock = ManualClock::new("2026-11-20T10:00:00Z".parse().unwrap());
    let shared = clock.clone();
    let simulator = ZohoSimulator::builder()
        .clock(Clock::from_source(move || client_core::Clock::now(&shared)))
        .capture_into(exchanges())
        .start()
        .await
        .unwrap();
    let credentials = simulator.credentials();
    let client = ZohoClient::builder(
        DataCenter::custom(simulator.base_url()).unwrap(),
        ClientCredentials::new(credentials.client_id, credentials.client_secret),
    )
    .refresh_token(credentials.refresh_token)
    .sleep(Arc::new(RecordingSleep::new(clock.clone())))
    .clock(Arc::new(clock))
    .build()
    .unwrap();
    (simulator, client)
}

fn company(number: usize) -> serde_json::Value {
    let industry = if number.is_multiple_of(2) {
        "Software"
    } else {
        "Education"
    };
    json!({"Account_Name": format!("Müller, \"{number}\""), "X3_Code": format!("BP{number:05}"), "Industry": industry})
}

#[tokio::test]
async fn a_bulk_read_over_several_jobs_finds_each_record_once() {
    let (simulator, client) = world().await;
    simulator.configure(|settings| settings.limits.bulk_read_rows = 200);
    simulator
        .seed("Accounts", (0..500).map(company).collect::<Vec<_>>())
        .unwrap();
    let rows = client
        .bulk_read("Accounts")
        .fields(["id", "Account_Name", "X3_Code"])
        .rows();
    let rows: Vec<_> = rows.try_collect().await.unwrap();
    let codes: BTreeSet<&str> = rows.iter().map(|row| row.get("X3_Code").unwrap()).collect();
    assert_eq!((rows.len(), codes.len()), (500, 500));
    let names: BTreeSet<&str> = rows
        .iter()
        .map(|row| row.get("Account_Name").unwrap())
        .collect();
    assert!(names.contains("Müller, \"499\""));
    assert!(rows.iter().all(|row| row.id().is_some()));
    let software = client
        .bulk_read("Accounts")
        .fields(["X3_Code"])
        .criteria(BulkCriteria::equal("Industry", "Software"))
        .rows();
    assert_eq!(software.count().await, 250);
}

#[tokio::test]
async fn a_bulk_upsert_changes_adds_and_says_which_row_was_refused() {
    let (simulator, client) = world().await;
    simulator
        .seed("Accounts", (0..3).map(company).collect::<Vec<_>>())
        .unwrap();
    let row = |number: usize, name: &str| {
        Record::new()
            .with("X3_Code", format!("BP{number:05}"))
            .with("Account_Name", name)
            .with("Employees", 7_i64)
    };
    let long = "x".repeat(300);
    let rows = vec![
        row(1, "changed"),
        row(8, "added"),
        row(9, &long),
        row(2, "changed too"),
    ];
    let outcomes: Vec<_> = client
        .bulk_write("Accounts", BulkOperation::upsert("X3_Code"))
        .columns(["X3_Code", "Account_Name", "Employees"])
        .send(stream::iter(rows))
        .map_ok(|outcome| outcome.result)
        .try_collect()
        .await
        .unwrap();
    let actions: Vec<Option<BulkAction>> = outcomes
        .iter()
        .map(|outcome| outcome.as_ref().ok().map(|written| written.action))
        .collect();
    assert_eq!(
        actions,
        [
            Some(BulkAction::Updated),
            Some(BulkAction::Added),
            None,
            Some(BulkAction::Updated)
        ]
    );
    let refused = outcomes[2].as_ref().unwrap_err().to_string();
    assert!(refused.contains("Account_Name"), "{refused}");
    let added = &outcomes[1].as_ref().unwrap().id;
    let record = client.module("Accounts").get(added).await.unwrap().unwrap();
    assert_eq!(
        record.text("Account_Name").unwrap().as_deref(),
        Some("added")
    );
    assert_eq!(record.integer("Employees").unwrap(), Some(7));
}

#[tokio::test]
async fn the_settings_of_an_organisation_can_be_read() {
    let (_simulator, client) = world().await;
    let metadata = client.metadata();
    let accounts = metadata.module("Accounts").await.unwrap().unwrap();
    assert!(accounts.is_usable());
    let users = metadata.users(UserKind::Current).await.unwrap();
    assert!(users[0].is_active());
    assert_eq!(
        metadata.user(&users[0].id).await.unwrap().unwrap().id,
        users[0].id
    );
    let layouts = metadata.layouts("Accounts").await.unwrap();
    assert!(
        layouts[0]
            .required_fields()
            .any(|field| *field == *"Account_Name")
    );
    assert!(!metadata.related_lists("Accounts").await.unwrap().is_empty());
    assert!(!metadata.custom_views("Accounts").await.unwrap().is_empty());
    let fields = metadata.fields("Accounts").await.unwrap();
    let industry = fields
        .iter()
        .find(|field| field.api_name == *"Industry")
        .unwrap();
    let values = metadata
        .pick_list_values("Accounts", industry.id.as_ref().unwrap())
        .await
        .unwrap();
    assert_eq!(values.len(), industry.pick_list_values.len());
}

#[tokio::test]
async fn types_can_be_written_for_a_whole_organisation() {
    let (_simulator, client) = world().await;
    let metadata = client.metadata();
    let facts = ModuleFacts::read(&metadata, "Sales_Orders").await.unwrap();
    let lines = metadata.fields("Ordered_Items").await.unwrap();
    let lines = ModuleFacts::new("Ordered_Items", lines, Vec::new());
    let source = generate_module(&facts, &[lines]);
    assert!(
        source.contains("pub struct SalesOrders of \"Sales_Orders\" {"),
        "{source}"
    );
    assert!(
        source.contains("subject: zoho_crm_client::Text = \"Subject\","),
        "{source}"
    );
    assert!(
        source.contains("ordered_items: OrderedItems = \"Ordered_Items\","),
        "{source}"
    );
}

#[tokio::test]
async fn lookups_and_dates_are_written_as_the_columns_say() {
    let (simulator, client) = world().await;
    let account = json!({"Account_Name": "Müller", "X3_Code": "BP1"});
    let account = simulator.seed("Accounts", [account]).unwrap().remove(0);
    let deal = Record::new()
        .with("Deal_Name", "Pumps")
        .with("Stage", "Qualification")
        .with("Closing_Date", "2026-12-24")
        .with("Account_Name", "BP1");
    let columns = [
        BulkColumn::new("Deal_Name"),
        BulkColumn::new("Stage"),
        BulkColumn::new("Closing_Date").format("yyyy-MM-dd"),
        BulkColumn::new("Account_Name").find_by("X3_Code"),
    ];
    let outcomes: Vec<_> = client
        .bulk_write("Deals", BulkOperation::Insert)
        .columns(columns)
        .send(stream::iter([deal]))
        .try_collect()
        .await
        .unwrap();
    assert!(outcomes[0].result.is_ok(), "{:?}", outcomes[0]);
    let deals = simulator.records("Deals");
    assert_eq!(deals[0].text("Closing_Date"), Some("2026-12-24"));
    assert_eq!(deals[0].reference("Account_Name"), Some(account.as_str()));
}

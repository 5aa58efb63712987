//! Conditions on reads and writes, against the simulator over sockets.

use std::time::Duration;

use serde_json::json;
use zoho_crm_client::{Changed, Record, RecordId};

use crate::simulator::world;

#[tokio::test]
async fn a_record_that_somebody_changed_is_not_overwritten() {
    let (simulator, client, clock) = world().await;
    simulator
        .seed("Accounts", [json!({"Account_Name": "A", "Phone": "1"})])
        .unwrap();
    let id: RecordId = simulator.records("Accounts")[0].id.parse().unwrap();
    let accounts = client.module("Accounts");
    let read_at = client_core::Clock::now(&clock);
    let unchanged = accounts.get_if_modified_since(&id, read_at).await.unwrap();
    assert!(matches!(unchanged, Changed::No));

    clock.advance(Duration::from_secs(60));
    simulator
        .edit_as_user("Accounts", id.as_str(), json!({"Phone": "2"}))
        .unwrap();
    let change = || vec![Record::new().with("id", id.as_str()).with("Phone", "3")];
    let refused = accounts
        .update(change())
        .unmodified_since(read_at)
        .send()
        .await
        .unwrap();
    let error = refused.into_rows().remove(0).unwrap_err();
    assert!(error.api_error().unwrap().is_already_modified(), "{error}");

    let Changed::Yes(now) = accounts.get_if_modified_since(&id, read_at).await.unwrap() else {
        panic!("it has changed");
    };
    assert_eq!(now.text("Phone").unwrap().unwrap(), "2");
    let read_at = client_core::Clock::now(&clock);
    let accepted = accounts
        .update(change())
        .unmodified_since(read_at)
        .send()
        .await
        .unwrap();
    accepted.into_rows().remove(0).unwrap();

    let unknown: RecordId = "1".parse().unwrap();
    let gone = accounts
        .get_if_modified_since(&unknown, read_at)
        .await
        .unwrap();
    assert!(matches!(gone, Changed::Gone));
}

//! Users, currencies, editions and fields with external ids, against the simulator over sockets.

use serde_json::json;
use zoho_crm_client::{NewField, Record, UserKind};
use zoho_crm_simulator::Edition;

use crate::simulator::world;

#[tokio::test]
async fn users_and_currencies_are_listed() {
    let (simulator, client, _) = world().await;
    let metadata = client.metadata();
    let me = metadata.users(UserKind::Current).await.unwrap();
    assert_eq!(me[0].email.as_deref(), Some("integration@example.com"));
    assert_eq!(metadata.users(UserKind::All).await.unwrap().len(), 2);
    assert!(metadata.users(UserKind::Deleted).await.unwrap().is_empty());
    assert!(metadata.user(&me[0].id).await.unwrap().is_some());
    let off = metadata.currencies().await.unwrap_err();
    assert_eq!(off.api_error().unwrap().code(), "CURRENCIES_NOT_ENABLED");
    simulator.configure(|settings| settings.org.multi_currency = true);
    let currencies = metadata.currencies().await.unwrap();
    assert_eq!((currencies.len(), currencies[0].is_base), (1, true));
    simulator.configure(|settings| settings.edition = Edition::Standard);
    let orders = metadata.fields("Sales_Orders").await.unwrap_err();
    assert_eq!(orders.api_error().unwrap().code(), "INVALID_MODULE");
}

#[tokio::test]
async fn each_pipeline_has_stages_of_its_own() {
    let (simulator, client, _) = world().await;
    simulator.set_pipeline("Renewals", ["Qualification", "Asked", "Renewed"]);
    let metadata = client.metadata();
    let layout = metadata.layouts("Deals").await.unwrap().remove(0);
    let pipelines = metadata.pipelines(&layout.id).await.unwrap();
    let stages = |name: &str| -> Vec<String> {
        let pipeline = pipelines
            .iter()
            .find(|pipeline| pipeline.actual_value.as_deref() == Some(name));
        let stages = pipeline.unwrap().stages.iter();
        stages
            .filter_map(|stage| stage.actual_value.clone())
            .collect()
    };
    assert_eq!(pipelines.len(), 2);
    assert_eq!(stages("Renewals"), ["Qualification", "Asked", "Renewed"]);
    assert!(stages("Standard (Standard)").contains(&"Closed Won".to_owned()));
    let deal = |stage: &str| {
        let deal = Record::new()
            .with("Deal_Name", "Pumps")
            .with("Stage", stage);
        deal.with("Pipeline", "Renewals")
            .with("Closing_Date", "2026-12-24")
    };
    let deals = client.module("Deals");
    let rows = deals
        .insert(vec![deal("Asked"), deal("Closed Won")])
        .send()
        .await
        .unwrap()
        .into_rows();
    assert!(rows[0].is_ok());
    let refused = rows[1].as_ref().unwrap_err();
    assert_eq!(refused.code(), Some("MAPPING_MISMATCH"));
    assert_eq!(refused.field().unwrap(), "Stage");
}

#[tokio::test]
async fn a_field_is_created_and_its_values_stand_for_ids() {
    let (simulator, client, _) = world().await;
    let metadata = client.metadata();
    let key = NewField::text("ERP Key", 40).external();
    let id = metadata.create_field("Accounts", &key).await.unwrap();
    let field = metadata.field("Accounts", &id).await.unwrap().unwrap();
    assert!(field.is_external());
    assert_eq!(field.api_name, "ERP_Key");
    let taken = metadata.create_field("Accounts", &key).await.unwrap_err();
    assert_eq!(taken.api_error().unwrap().code(), "DUPLICATE_DATA");
    simulator
        .seed(
            "Accounts",
            [json!({"Account_Name": "Müller", "ERP_Key": "K-1"})],
        )
        .unwrap();
    let change = Record::new().with("id", "K-1").with("Phone", "+41 1");
    let outcomes = client
        .module("Accounts")
        .update(vec![change])
        .external(["Accounts.ERP_Key"])
        .send()
        .await
        .unwrap();
    assert_eq!(outcomes.all_ok().unwrap().len(), 1);
    assert_eq!(
        simulator.records("Accounts")[0].text("Phone"),
        Some("+41 1")
    );
}

#[tokio::test]
async fn picklists_of_several_modules_are_read() {
    let (_simulator, client, _) = world().await;
    let metadata = client.metadata();
    let lists = metadata.global_picklists().await.unwrap();
    let list = metadata.global_picklist(&lists[0].id).await.unwrap();
    let list = list.unwrap();
    let values = list.pick_list_values.iter();
    let values: Vec<_> = values
        .filter_map(|value| value.actual_value.as_deref())
        .collect();
    assert_eq!(list.api_name, lists[0].api_name);
    assert!(values.contains(&"EXW"), "{values:?}");
    let nothing = metadata.global_picklist(&"1".parse().unwrap()).await;
    assert!(nothing.unwrap().is_none());
}

#[tokio::test]
async fn an_organisation_may_have_no_preference_for_duplicates() {
    let (_simulator, client, _) = world().await;
    let preference = client.metadata().duplicate_check_preference("Leads").await;
    assert!(preference.unwrap().is_none());
}

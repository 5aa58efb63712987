//! A changed configuration, while the program runs.

use std::fs;

use serde_json::json;

use crate::{
    page::Visitor,
    program::Site,
    running::{SERVED, figures, until},
};

#[tokio::test]
async fn a_changed_mapping_table_is_taken_up_and_parked_records_are_looked_at_again() {
    let site = Site::settled().await;
    let running = site.start().await;
    let visitor = Visitor::enter(&running).await;
    let nowhere = json!({"Account_Name": "Island Ltd", "Billing_Country": "La France profonde"});
    site.zoho.create_as_user("Accounts", nowhere).unwrap();
    until("a country without a code is parked", || async {
        let seen = visitor.get("/parked").await;
        seen.text.contains("La France profonde").then_some(())
    })
    .await;
    site.configure(|text| {
        let text = text.replace(
            "[customers]",
            "[customers]\ncountries = { \"FR\" = \"La France profonde\" }",
        );
        text + SERVED
    });
    running
        .logged("the changed configuration is in force")
        .await;
    until("the record is in X3", || async {
        let customers = site.x3.customers("SEED").unwrap();
        let mut names = customers
            .iter()
            .map(|customer| customer.company_name.as_str());
        names.any(|name| name == "Island Ltd").then_some(())
    })
    .await;
    until("nothing is parked", || async {
        let seen = visitor.get("/parked").await;
        seen.text.contains("waits for you").then_some(())
    })
    .await;
    assert!(
        figures(&running)
            .await
            .contains("sync_config_reloads_total{outcome=\"taken_up\"} 1")
    );
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn a_bad_configuration_keeps_the_one_before_and_says_so() {
    let site = Site::settled().await;
    let running = site.start().await;
    let visitor = Visitor::enter(&running).await;
    let good = fs::read_to_string(site.config()).unwrap();
    for (bad, reason) in [
        (good.replace("endpoint", "endpiont"), "endpiont"),
        (
            good.replace("[customers]", "[customers]\nwithout = [\"colour\"]"),
            "colour",
        ),
        (good.replace("sync.db", "other.db"), "restart"),
    ] {
        fs::write(site.config(), &bad).unwrap();
        until("the page says why it is not taken up", || async {
            let seen = visitor.get("/").await;
            (seen.text.contains("was not taken up") && seen.text.contains(reason)).then_some(())
        })
        .await;
    }
    // It works on with the one before.
    let id = site.zoho.records("Accounts")[0].id.clone();
    site.zoho
        .edit_as_user("Accounts", &id, json!({"Billing_City": "Köln"}))
        .unwrap();
    until("a change is carried over", || async {
        let customers = site.x3.customers("SEED").unwrap();
        let mut addresses = customers.iter().flat_map(|customer| &customer.addresses);
        addresses
            .any(|address| address.city == "Köln")
            .then_some(())
    })
    .await;
    // The good one again: asked for by signal, as the file may look as before.
    fs::write(site.config(), &good).unwrap();
    running.signal("HUP").await;
    running
        .logged("the changed configuration is in force")
        .await;
    assert!(!visitor.get("/").await.text.contains("was not taken up"));
    assert!(running.stop().await.success());
}

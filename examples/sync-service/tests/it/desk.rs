//! Parked records, the audit, replays: what a person does when something needs a person.

use sage_x3_simulator::Edit;
use serde_json::{Value, json};

use crate::program::{FAST, Site};

/// A pair whose VAT number both sides have changed, and the name of its parked record.
async fn conflict() -> (Site, String) {
    let site = Site::open().await;
    site.configure(|text| text + FAST);
    site.apply().await;
    let account = account_of(&site, "NA001");
    let edit = Edit::business_partner("NA001").set("europeanUnionVatNumber", "FR11");
    site.x3.edit_as_user("SEED", &edit).unwrap();
    site.zoho
        .edit_as_user("Accounts", &account, json!({"VAT_Number": "FR22"}))
        .unwrap();
    site.work_until("the conflict is parked", |status| {
        status["flows"][0]["counts"]["parked"] == 1
    })
    .await;
    let listed = site.run(&["parked", "list", "--json"]).await.json();
    let record = listed["parked"][0]["record"].as_str().unwrap().to_owned();
    (site, record)
}

fn account_of(site: &Site, code: &str) -> String {
    let accounts = site.zoho.records("Accounts");
    let account = accounts
        .iter()
        .find(|account| account.text("X3_Code") == Some(code));
    account.unwrap().id.clone()
}

#[tokio::test]
async fn a_conflict_is_shown_settled_and_explained() {
    let (site, record) = conflict().await;
    assert_eq!(record, "customers/x3/NA001");
    let shown = site.run(&["parked", "show", &record]).await;
    assert!(
        shown.stdout.contains("FR11") && shown.stdout.contains("FR22"),
        "{}",
        shown.stdout
    );
    let shown = site
        .run(&["parked", "show", &record, "--json"])
        .await
        .json();
    assert_eq!(shown["reason"]["kind"], "conflict");
    assert_eq!(shown["fields"]["x3"]["vat_number"], "FR11");
    assert_eq!(shown["fields"]["zoho"]["vat_number"], "FR22");

    let edit = ["parked", "edit", &record, "vat_number=fr33", "--json"];
    assert_eq!(site.run(&edit).await.json()["edited"], 1);
    let customer = site.x3.customer("SEED", "NA001").unwrap().unwrap();
    assert_eq!(customer.european_union_vat_number, "FR33");
    let account = site.zoho.record("Accounts", &account_of(&site, "NA001"));
    assert_eq!(account.unwrap().text("VAT_Number"), Some("FR33"));
    site.work_until("nothing is parked", |status| {
        status["flows"][0]["counts"]["parked"] == 0
    })
    .await;

    let explained = site.run(&["audit", "explain", &record, "vat_number"]).await;
    assert!(
        explained.stdout.contains("a person chose it")
            && explained.stdout.contains("both changed it"),
        "{}",
        explained.stdout
    );
}

#[tokio::test]
async fn what_cannot_be_edited_is_refused_with_the_reason() {
    let (site, record) = conflict().await;
    site.run(&["parked", "edit", &record, "colour=red"])
        .await
        .asks_to_fix(&["no field `colour`", "vat_number"]);
    site.run(&["parked", "edit", &record, "credit_limit=a lot"])
        .await
        .asks_to_fix(&["credit_limit", "no number"]);
    site.run(&["parked", "edit", "customers/x3/OTHER", "vat_number=1"])
        .await
        .asks_to_fix(&["nothing is parked"]);
    site.run(&["parked", "show", "NA001"])
        .await
        .asks_to_fix(&["FLOW/x3/ID"]);
}

#[tokio::test]
async fn a_code_that_no_table_has_is_listed_and_its_record_can_be_replayed_and_dismissed() {
    let site = Site::open().await;
    site.zoho
        .seed(
            "Accounts",
            [json!({"Account_Name": "Teutonia AG", "Billing_Country": "Teutonia"})],
        )
        .unwrap();
    site.apply().await;
    let codes = site.run(&["codes", "--json"]).await.json();
    assert_eq!(codes["codes"][0]["field"], "country");
    assert_eq!(codes["codes"][0]["side"], "zoho");
    assert!(
        codes["codes"][0]["code"]
            .as_str()
            .unwrap()
            .eq_ignore_ascii_case("Teutonia")
    );
    let status = |site: &Site| {
        let ran = site.command(&["status", "--json"]).output();
        async move {
            let text = ran.await.unwrap().stdout;
            serde_json::from_slice::<Value>(&text).unwrap()["flows"][0].clone()
        }
    };
    assert_eq!(status(&site).await["parked_by_reason"]["unmappable"], 1);
    let listed = site
        .run(&["parked", "list", "--reason", "conflict", "--json"])
        .await
        .json();
    assert_eq!(listed["parked"], json!([]));

    let replayed = ["parked", "replay", "--all", "customers", "--json"];
    assert_eq!(site.run(&replayed).await.json()["queued"], 1);
    assert_eq!(status(&site).await["counts"]["queued"], 1);

    // Looked at again, it is parked again: a sweep and the first plan's drain are not needed for that.
    site.configure(|text| text + FAST);
    site.work_until("it is parked again", |status| {
        status["flows"][0]["counts"]["parked"] == 1
    })
    .await;
    let dismissed = ["parked", "dismiss", "--all", "customers", "--json"];
    assert_eq!(site.run(&dismissed).await.json()["dismissed"], 1);
    assert_eq!(status(&site).await["counts"]["parked"], 0);
}

#[tokio::test]
async fn a_stretch_of_time_is_replayed_and_exported() {
    let site = Site::open().await;
    site.apply().await;
    let replayed = site
        .run(&["replay", "--since", "1h", "--json"])
        .await
        .json();
    // Two pairs; one of them was decided about under either record's name.
    assert!(replayed["flows"][0]["queued"].as_u64() >= Some(2));
    let earlier = [
        "replay",
        "--since",
        "2000-01-01T00:00:00Z",
        "--until",
        "1h",
        "--json",
    ];
    assert_eq!(site.run(&earlier).await.json()["flows"][0]["queued"], 0);

    let exported = site.run(&["audit", "export"]).await;
    let entries: Vec<Value> = exported
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(entries.len() >= 4, "{}", exported.stdout);
    assert!(
        entries
            .windows(2)
            .all(|two| two[0]["sequence"].as_u64() < two[1]["sequence"].as_u64())
    );
    assert_eq!(entries[0]["entry"]["version"], 1);
    let found = [
        "audit",
        "search",
        "--record",
        "customers/x3/NA001",
        "--json",
    ];
    let found = site.run(&found).await.json();
    let of_pair = found["entries"].as_array().unwrap().len();
    assert!(of_pair > 0 && of_pair < entries.len());
}

//! The database is lost, and its backup is put in its place.

use std::fs;

use serde_json::json;

use crate::{
    program::{FAST, Site},
    running::{figures, until},
};

#[tokio::test]
async fn a_restored_backup_finds_what_was_done_since_and_makes_nothing_twice() {
    let site = Site::settled().await;
    let backup = site.folder.path().join("copy.db");
    let made = site.run(&["backup", backup.to_str().unwrap()]).await;
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let names = || {
        let customers = site.x3.customers("SEED").unwrap().into_iter();
        let mut names: Vec<String> = customers.map(|customer| customer.company_name).collect();
        names.sort_unstable();
        names
    };
    let new = json!({"Account_Name": "After the backup", "Billing_Country": "Germany"});
    site.zoho.create_as_user("Accounts", new).unwrap();
    let running = site.start().await;
    until("a company made after the backup is in X3", || async {
        (names().len() == 3).then_some(())
    })
    .await;
    running.kill().await;

    let database = site.folder.path().join("sync.db");
    lose_database(&site);
    fs::copy(&backup, &database).unwrap();
    let known = site.zoho.records("Accounts")[0].id.clone();
    let moved = json!({"Billing_City": "Köln"});
    site.zoho.edit_as_user("Accounts", &known, moved).unwrap();
    let running = site.start().await;
    until(
        "the change is carried over and nothing is queued",
        || async {
            let figures = figures(&running).await;
            let is_known = figures.contains("sync_pairs{flow=\"customers\"} 3");
            let is_idle = figures.contains("sync_queued{flow=\"customers\"} 0");
            let customers = site.x3.customers("SEED").unwrap();
            let mut addresses = customers.iter().flat_map(|customer| &customer.addresses);
            let is_there = addresses.any(|address| address.city == "Köln");
            (is_known && is_idle && is_there).then_some(())
        },
    )
    .await;
    assert_eq!(names().len(), 3, "a company was made twice");
    assert_eq!(site.zoho.records("Accounts").len(), 3);
    assert!(running.stop().await.success());
}

/// Loses the database, and starts with an empty one.
fn lose_database(site: &Site) {
    let database = site.folder.path().join("sync.db");
    for ending in ["", "-wal", "-shm"] {
        fs::remove_file(format!("{}{ending}", database.display())).ok();
    }
}

#[tokio::test]
async fn a_lost_database_is_rebuilt_from_an_export_and_an_edit_made_meanwhile_is_kept() {
    let site = Site::open().await;
    site.apply().await;
    let export = site.folder.path().join("audit.jsonl");
    let exported = site.run(&["audit", "export"]).await;
    assert_eq!(exported.code, Some(0), "{}", exported.stderr);
    fs::write(&export, &exported.stdout).unwrap();
    let export = export.to_str().unwrap();
    lose_database(&site);
    let accounts = site.zoho.records("Accounts");
    let known = accounts
        .iter()
        .find(|account| account.text("X3_Code") == Some("NA001"));
    let known = known.unwrap().id.clone();
    let renamed = json!({"Account_Name": "Renamed at Zoho"});
    site.zoho.edit_as_user("Accounts", &known, renamed).unwrap();

    let looked = site
        .run(&["rebuild", "--from", export, "--json"])
        .await
        .json();
    assert_eq!(
        looked,
        json!({"written": false, "flows": [{"flow": "customers", "missing": 2, "there": 0}]})
    );
    let status = site.run(&["status", "--json"]).await.json();
    assert_eq!(status["flows"][0]["counts"]["linked"], 0, "a dry run wrote");

    let rebuild = ["rebuild", "--from", export, "--approve", "--json"];
    let rebuilt = site.run(&rebuild).await.json();
    assert_eq!(rebuilt["flows"][0]["missing"], 2);
    let again = site.run(&rebuild).await.json();
    assert_eq!(
        again["flows"][0],
        json!({"flow": "customers", "missing": 0, "there": 2})
    );

    site.configure(|text| text + FAST);
    let plan = site.run(&["plan", "--json"]).await.json();
    let name = plan["plans"][0]["name"].as_str().unwrap();
    site.run(&["apply", name]).await;
    let rows = site.zoho.counters().rows_written;
    let sweep = site.run(&["sweep", "--json"]).await.json();
    assert_eq!(sweep["flows"][0]["missing"], json!({"x3": 0, "zoho": 0}));
    // Without what both last agreed on, X3's value would have won.
    site.work_until("the edit is in X3", |_| {
        let customers = site.x3.customers("SEED").unwrap();
        let mut names = customers
            .iter()
            .map(|customer| customer.company_name.as_str());
        names.any(|name| name == "Renamed at Zoho")
    })
    .await;
    assert_eq!(site.zoho.counters().rows_written, rows);
    assert_eq!(site.x3.customers("SEED").unwrap().len(), 2);
    assert_eq!(site.zoho.records("Accounts").len(), 2);
}

#[tokio::test]
async fn a_lost_database_without_an_export_is_rebuilt_by_the_keys_and_nothing_is_made_twice() {
    let site = Site::open().await;
    site.apply().await;
    let intact = site.run(&["rebuild"]).await;
    assert!(
        intact
            .stdout
            .contains("0 pairs to be made anew, 2 there already"),
        "{}",
        intact.stdout
    );
    lose_database(&site);
    let told = site.run(&["rebuild"]).await;
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    assert!(
        told.stdout.contains("sync-service plan --flow customers"),
        "{}",
        told.stdout
    );
    let written = (
        site.x3.counters().mutations,
        site.zoho.counters().rows_written,
    );
    site.apply().await;
    let status = site.run(&["status", "--json"]).await.json();
    assert_eq!(status["flows"][0]["counts"]["linked"], 2);
    assert_eq!(
        (
            site.x3.counters().mutations,
            site.zoho.counters().rows_written
        ),
        written
    );
}

#[tokio::test]
async fn an_export_that_is_not_right_is_refused_with_its_line() {
    let site = Site::open().await;
    site.apply().await;
    let export = site.run(&["audit", "export"]).await.stdout;
    let backwards: Vec<&str> = export.lines().rev().collect();
    for (text, words) in [
        (backwards.join("\n"), ["line 2", "order"]),
        (
            format!("{export}{{\"colour\": 1}}\n"),
            ["line ", "sequence"],
        ),
    ] {
        let file = site.folder.path().join("wrong.jsonl");
        fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap();
        site.run(&["rebuild", "--from", file, "--approve"])
            .await
            .asks_to_fix(&words);
    }
}

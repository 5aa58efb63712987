//! The database is lost, and its backup is put in its place.

use std::fs;

use serde_json::json;

use crate::{
    program::Site,
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
    for ending in ["", "-wal", "-shm"] {
        fs::remove_file(format!("{}{ending}", database.display())).ok();
    }
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

//! Plan, apply, status, run.

use std::{process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

use crate::{
    program::{CANARIES, Site},
    running::PATIENCE,
};

#[tokio::test]
async fn plan_writes_nothing_and_apply_does_what_was_planned() {
    let site = Site::open().await;
    let planned = site.run(&["plan", "--json"]).await;
    assert_eq!(planned.code, Some(0), "{}", planned.stderr);
    assert_eq!(
        site.zoho.counters().rows_written + site.x3.counters().mutations,
        0
    );
    let plan: serde_json::Value = serde_json::from_str(&planned.stdout).unwrap();
    let name = plan["plans"][0]["name"].as_str().unwrap();

    let applied = site.run(&["apply", name, "--json"]).await;
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
    assert_eq!(site.x3.customers("SEED").unwrap().len(), 2);
    assert_eq!(site.zoho.records("Accounts").len(), 2);

    let status = site.run(&["status", "--json"]).await;
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status["flows"][0]["counts"]["linked"], 2);
    assert_eq!(status["flows"][0]["counts"]["parked"], 0);
    let again = site.run(&["plan"]).await;
    assert!(
        again.stdout.contains("are pairs already"),
        "{}",
        again.stdout
    );
}

#[tokio::test]
async fn run_carries_a_change_over_and_stops_on_sigterm() {
    let site = Site::open().await;
    let plan: serde_json::Value =
        serde_json::from_str(&site.run(&["plan", "--json"]).await.stdout).unwrap();
    assert_eq!(
        site.run(&["apply", plan["plans"][0]["name"].as_str().unwrap()])
            .await
            .code,
        Some(0)
    );
    site.configure(|text| {
        text + "[timing]\npoll_seconds = 1\noverlap_seconds = 5\nlag_seconds = 1\n"
    });

    let [x3_secret, zoho_secret, refresh] = CANARIES;
    let mut running = Command::new(env!("CARGO_BIN_EXE_sync-service"))
        .arg("run")
        .arg("--config")
        .arg(site.config())
        .env("X3_SECRET", x3_secret)
        .env("ZOHO_SECRET", zoho_secret)
        .env("ZOHO_REFRESH", refresh)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let id = site.zoho.records("Accounts")[0].id.clone();
    site.zoho
        .edit_as_user("Accounts", &id, serde_json::json!({"Billing_City": "Köln"}))
        .unwrap();
    let arrived = timeout(PATIENCE, async {
        let mut look = tokio::time::interval(Duration::from_millis(100));
        loop {
            look.tick().await;
            let customers = site.x3.customers("SEED").unwrap();
            if customers.iter().any(|customer| {
                customer
                    .addresses
                    .iter()
                    .any(|address| address.city == "Köln")
            }) {
                return;
            }
        }
    });
    arrived.await.expect("the change arrives");

    let stop = format!("kill -TERM {}", running.id().unwrap());
    assert!(
        Command::new("sh")
            .args(["-c", &stop])
            .status()
            .await
            .unwrap()
            .success()
    );
    let ended = timeout(PATIENCE, running.wait())
        .await
        .expect("it stops")
        .unwrap();
    assert!(ended.success());
}

#[tokio::test]
async fn a_reader_who_has_seen_enough_is_no_failure() {
    let site = Site::open().await;
    let mut status = site
        .command(&["status"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(status.stdout.take());
    let ended = status.wait_with_output().await.unwrap();
    let complaint = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(0), "{complaint}");
}

//! Sweeps, channels, copies, and what the shell and the editor need.

use serde_json::json;

use crate::program::{FAST, Site};

#[tokio::test]
async fn a_sweep_finds_what_nothing_announced_and_writes_nothing() {
    let site = Site::open().await;
    site.apply().await;
    let id = site.zoho.records("Accounts")[0].id.clone();
    site.zoho
        .edit_as_user("Accounts", &id, json!({"Billing_City": "Bremen"}))
        .unwrap();
    let before = (
        site.x3.counters().mutations,
        site.zoho.counters().rows_written,
    );
    let swept = site.run(&["sweep", "--json"]).await.json();
    assert_eq!(swept["flows"][0]["listed"], json!({"x3": 2, "zoho": 2}));
    assert_eq!(swept["flows"][0]["queued"], 1);
    assert_eq!(
        (
            site.x3.counters().mutations,
            site.zoho.counters().rows_written
        ),
        before
    );
}

#[tokio::test]
async fn a_copy_of_the_database_knows_every_pair() {
    let site = Site::open().await;
    site.apply().await;
    let copy = site.folder.path().join("copy.db");
    let to = copy.to_str().unwrap();
    site.run(&["backup", to, "--json"]).await.json();
    site.run(&["backup", to]).await.asks_to_fix(&["copy.db"]);
    site.configure(|text| text.replace("sync.db", "copy.db"));
    let status = site.run(&["status", "--json"]).await.json();
    assert_eq!(status["flows"][0]["counts"]["linked"], 2);
    assert_eq!(status["flows"][0]["approved"], true);
}

#[tokio::test]
async fn channels_are_opened_shown_and_ended() {
    let site = Site::open().await;
    std::fs::write(site.folder.path().join("hook"), "canary-hook").unwrap();
    site.configure(|text| {
        text + FAST
            + "[webhook]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://127.0.0.1:9/zoho/1\"\ntoken = { file = \"hook\" }\n"
    });
    site.apply().await;
    site.work_until("the channel is open", |status| {
        status["channels"][0]["opened_at"].is_string()
    })
    .await;
    let shown = site.run(&["channels", "--json"]).await.json();
    assert_eq!(shown["channels"][0]["open"], true);
    assert_eq!(shown["channels"][0]["modules"][0], "Accounts");
    let closed = site.run(&["channels", "--close", "--json"]).await.json();
    assert_eq!(closed["closed"], json!(["customers"]));
    assert!(site.zoho.channel_ids().is_empty());
}

#[tokio::test]
async fn without_notifications_channels_says_so() {
    let site = Site::open().await;
    site.run(&["channels"]).await.asks_to_fix(&["[webhook]"]);
}

#[tokio::test]
async fn a_flow_that_is_not_known_is_told_from_one_that_is_off() {
    let site = Site::open().await;
    site.run(&["plan", "--flow", "colours"])
        .await
        .asks_to_fix(&["no flow `colours`", "customers"]);
    site.configure(|text| text + "enabled = false\n");
    site.run(&["plan", "--flow", "customers"])
        .await
        .asks_to_fix(&["customers", "off"]);
    site.run(&["release", "customers"])
        .await
        .asks_to_fix(&["customers", "off"]);
}

#[tokio::test]
async fn without_its_operations_x3_is_only_read_and_the_plan_says_so() {
    let site = Site::open().await;
    site.configure(|text| text.replace("category = \"STD\"", ""));
    let plan = site.run(&["plan", "--json"]).await.json();
    let notes = plan["plans"][0]["notes"].to_string();
    assert!(notes.contains("no customers in X3"), "{notes}");
    site.apply().await;
    assert_eq!(site.x3.customers("SEED").unwrap().len(), 1);
    assert_eq!(site.zoho.records("Accounts").len(), 2);
}

#[tokio::test]
async fn shells_and_editors_get_what_they_need_and_pipes_get_no_colours() {
    let site = Site::open().await;
    let run = |arguments: &'static [&'static str]| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_sync-service"));
        command.args(arguments).output()
    };
    for shell in ["bash", "zsh", "fish"] {
        let completions = run(match shell {
            "bash" => &["completions", "bash"],
            "zsh" => &["completions", "zsh"],
            _ => &["completions", "fish"],
        });
        let text = String::from_utf8(completions.await.unwrap().stdout).unwrap();
        assert!(text.contains("rotate-key"), "{shell}");
    }
    let schema = run(&["schema"]).await.unwrap().stdout;
    let schema: serde_json::Value = serde_json::from_slice(&schema).unwrap();
    assert!(schema["properties"]["customers"].is_object());
    site.apply().await;
    let status = site.run(&["status"]).await;
    assert!(status.stdout.contains("customers") && !status.stdout.contains('\u{1b}'));
}

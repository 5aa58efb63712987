//! Whether the program lives and works, as those who run it ask.

use serde_json::Value;
use tokio::process::Command;

use crate::{
    program::Site,
    running::{SERVED, assert_no_secret, http, until},
};

#[tokio::test]
async fn a_settled_service_is_ready_and_tells_figures() {
    let site = Site::settled().await;
    let running = site.start().await;
    let admin = running.admin().await;
    let alive = http().get(format!("{admin}/healthz")).send().await.unwrap();
    assert_eq!(alive.status(), 200);

    let ready = http().get(format!("{admin}/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), 200);
    let ready: Value = serde_json::from_str(&ready.text().await.unwrap()).unwrap();
    assert_eq!(ready["ready"], true);
    assert_eq!(ready["reasons"], serde_json::json!([]));
    assert_eq!(ready["flows"][0]["flow"], "customers");

    // Figures of what is done appear as it is done.
    let text = until("figures", || async {
        let answer = http().get(format!("{admin}/metrics")).send().await.unwrap();
        let kind = answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
        let text = answer.text().await.unwrap();
        let read = text.contains("sync_calls_total{flow=\"customers\",system=\"zoho\"");
        let at_rest = text.contains("sync_queued{flow=\"customers\"} 0");
        (read && at_rest && text.contains("sync_feed_lag_seconds{")).then_some(text)
    })
    .await;
    for line in [
        "sync_pairs{flow=\"customers\"} 2",
        "sync_queued{flow=\"customers\"} 0",
        "sync_flow_approved{flow=\"customers\"} 1",
        "sync_flow_stopped{flow=\"customers\"} 0",
        "sync_store_up 1",
        "# TYPE sync_calls_total counter",
    ] {
        assert!(text.contains(line), "`{line}` is not in:\n{text}");
    }
    assert!(text.contains("sync_credits_spent_total{flow=\"customers\",system=\"zoho\"}"));
    assert_no_secret(&text);
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn the_probe_of_a_container_tells_a_well_instance_from_one_that_is_gone() {
    let site = Site::settled().await;
    let running = site.start().await;
    let admin = running.admin().await;
    let address = admin.trim_start_matches("http://").to_owned();
    let probe = async |path: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sync-service"));
        command.args(["probe", &address, "--path", path, "--json"]);
        command.output().await.unwrap()
    };
    let ready = probe("/readyz").await;
    assert_eq!(ready.status.code(), Some(0));
    let ready: Value = serde_json::from_slice(&ready.stdout).unwrap();
    assert_eq!(ready["status"], 200);
    assert_eq!(ready["body"]["ready"], true);
    assert_eq!(probe("/nothing").await.status.code(), Some(2));

    assert!(running.stop().await.success());
    assert_eq!(probe("/healthz").await.status.code(), Some(2));
}

#[tokio::test]
async fn a_service_without_an_approved_plan_is_ready_and_says_what_it_waits_for() {
    let site = Site::open().await;
    site.configure(|text| text + SERVED);
    let running = site.start().await;
    let admin = running.admin().await;
    let ready = http().get(format!("{admin}/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), 200);
    let text = ready.text().await.unwrap();
    assert!(text.contains("waits for the approval"), "{text}");
    assert!(running.stop().await.success());
    assert_eq!(site.zoho.counters().rows_written, 0);
}

#[tokio::test]
async fn without_an_admin_section_nothing_listens_for_the_operator() {
    let site = Site::settled().await;
    site.configure(|text| text);
    let running = site.start().await;
    assert!(running.log().contains("no [admin] section"));
    assert!(!running.log().contains("listening"));
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn a_password_that_is_none_and_a_taken_address_are_refused_at_start() {
    let site = Site::open().await;
    site.configure(|text| text + "[admin]\npassword = { env = \"X3_PASS\" }\n");
    site.run(&["run"]).await.asks_to_fix(&["X3_PASS"]);
    site.configure(|text| {
        text + "[admin]\nlisten = \"127.0.0.1:0\"\npassword = { env = \"SHORT\" }\n"
    });
    let short = site
        .command(&["run"])
        .env("SHORT", "hunter2")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(short.stderr).unwrap();
    assert_eq!(short.status.code(), Some(2));
    assert!(
        said.contains("fewer than 12") && !said.contains("hunter2"),
        "{said}"
    );
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    site.configure(|text| text + &format!("[admin]\nlisten = \"{address}\"\n"));
    site.run(&["run"])
        .await
        .asks_to_fix(&[&address.to_string()]);
}

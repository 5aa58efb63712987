//! The demo, as a newcomer runs it.

use tokio::process::Command;

#[tokio::test]
async fn the_demo_keeps_every_promise_and_shows_no_secret() {
    let output = Command::new(env!("CARGO_BIN_EXE_sync-service"))
        .args(["demo", "--json"])
        .output()
        .await
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stdout}\n{stderr}");
    assert!(stderr.contains("Every promise was kept."), "{stderr}");
    let verdict: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(verdict["broken"], serde_json::json!([]));
    assert_eq!(verdict["deals_won"], verdict["orders"]);
    // Every secret that the demo makes up has this word in it.
    assert!(!stdout.contains("canary") && !stderr.contains("canary"));
}

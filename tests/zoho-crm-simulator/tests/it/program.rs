//! The simulator as a program, and as several instances in one process.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use zoho_crm_simulator::ZohoSimulator;

#[tokio::test]
async fn the_program_says_in_one_line_where_it_listens_and_serves_its_seed() {
    let directory = std::env::temp_dir().join(format!("zoho-simulator-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let seed = directory.join("seed.json");
    std::fs::write(
        &seed,
        json!({"Accounts": [{"Account_Name": "Seeded"}]}).to_string(),
    )
    .unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_zoho-crm-simulator"))
        .args(["--listen", "127.0.0.1:0", "--edition", "free", "--seed"])
        .arg(&seed)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let base = ready["base_url"].as_str().unwrap().to_owned();
    let http = reqwest::Client::new();
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", ready["client_id"].as_str().unwrap()),
        ("client_secret", ready["client_secret"].as_str().unwrap()),
        ("refresh_token", ready["refresh_token"].as_str().unwrap()),
    ];
    let token: Value = http
        .post(format!("{base}/oauth/v2/token"))
        .form(&form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let bearer = format!(
        "Zoho-oauthtoken {}",
        token["access_token"].as_str().unwrap()
    );
    let get = |path: &str| {
        http.get(format!("{base}/crm/v8/{path}"))
            .header("authorization", &bearer)
            .send()
    };
    let list: Value = get("Accounts?fields=Account_Name")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(list["data"][0]["Account_Name"], "Seeded");
    assert_eq!(get("Quotes?fields=id").await.unwrap().status(), 400);
    let stopped = Command::new("kill")
        .arg(program.id().to_string())
        .status()
        .unwrap();
    assert!(stopped.success());
    assert!(
        program.wait().unwrap().success(),
        "SIGTERM ends it in order"
    );
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test]
async fn simulators_in_one_process_know_nothing_of_each_other() {
    let (one, two) = (
        ZohoSimulator::start().await.unwrap(),
        ZohoSimulator::start().await.unwrap(),
    );
    one.seed("Accounts", [json!({"Account_Name": "A"})])
        .unwrap();
    assert_ne!(one.base_url(), two.base_url());
    assert_eq!(
        (one.records("Accounts").len(), two.records("Accounts").len()),
        (1, 0)
    );
    let url = format!("{}/__admin/health", one.base_url());
    assert!(reqwest::get(&url).await.unwrap().status().is_success());
    one.stop().await;
    assert!(
        reqwest::get(&url).await.is_err(),
        "a stopped simulator no longer listens"
    );
    let url = format!("{}/__admin/health", two.base_url());
    drop(two);
    // The listener goes with the task that owned it, which ends at its next turn.
    tokio::task::yield_now().await;
    assert!(reqwest::get(&url).await.is_err());
}

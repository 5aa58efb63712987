//! Onboarding: credentials are obtained, tried, and kept encrypted.

use std::{fs, process::Stdio};

use client_core::{HttpTransport as _, ReqwestTransport};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdout},
};

use crate::program::{CANARIES, Ran, Site};

/// A site whose configuration holds no secret of either system.
async fn bare() -> Site {
    let site = Site::open().await;
    site.configure(without_secrets);
    site
}

fn without_secrets(text: String) -> String {
    text.replace("client_secret = { env = \"ZOHO_SECRET\" }\n", "")
        .replace("refresh_token = { env = \"ZOHO_REFRESH\" }\n", "")
        .replace("secret = { env = \"X3_SECRET\" }, ", "")
        .replace(
            "[customers]",
            "[secrets]\nkey = { file = \"sync.key\" }\n[customers]",
        )
}

/// Runs a command that reads a secret from its input.
async fn run_with_input(site: &Site, arguments: &[&str], input: &str) -> Ran {
    let mut child = start(site, arguments, input).await;
    drop(child.stdin.take());
    let output = child.wait_with_output().await.unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

async fn start(site: &Site, arguments: &[&str], input: &str) -> Child {
    let mut child = site
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let stdin = child.stdin.as_mut().unwrap();
    stdin
        .write_all(format!("{input}\n").as_bytes())
        .await
        .unwrap();
    child
}

/// The page that a command asks a person to open.
async fn page(stdout: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    stdout.read_line(&mut line).await.unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    line["open"].as_str().unwrap().to_owned()
}

/// What a browser gets: the status, and where it is sent.
async fn get(url: &str) -> (u16, Option<String>) {
    let request = axum::http::Request::get(url)
        .body(axum::body::Bytes::new())
        .unwrap();
    let answer = ReqwestTransport::new()
        .unwrap()
        .send(request)
        .await
        .unwrap();
    let location = answer.headers().get("location");
    let location = location.map(|location| location.to_str().unwrap().to_owned());
    (answer.status().as_u16(), location)
}

async fn connect_x3(site: &Site) {
    let [x3_secret, ..] = CANARIES;
    let ran = run_with_input(site, &["connect", "x3", "--json"], x3_secret).await;
    assert_eq!(ran.json()["endpoint"], "SEED");
}

/// Connects Zoho with a code of a self client; without scopes it gets all that are needed.
async fn connect_zoho(site: &Site, scopes: &[&str]) -> Ran {
    let [_, zoho_secret, _] = CANARIES;
    let code = site.zoho.grant_code(scopes);
    let arguments = ["connect", "zoho", "--code", &code, "--json"];
    run_with_input(site, &arguments, zoho_secret).await
}

fn assert_nothing_is_readable(site: &Site) {
    for entry in fs::read_dir(site.folder.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        for canary in CANARIES {
            let found = bytes
                .windows(canary.len())
                .any(|part| part == canary.as_bytes());
            assert!(!found, "a secret is in a file");
        }
    }
}

#[tokio::test]
async fn consent_in_a_browser_connects_zoho_and_a_forged_redirect_does_not() {
    let site = bare().await;
    connect_x3(&site).await;
    let [_, zoho_secret, _] = CANARIES;
    let arguments = ["connect", "zoho", "--listen", "127.0.0.1:0", "--json"];
    let mut child = start(&site, &arguments, zoho_secret).await;
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let consent = page(&mut stdout).await;
    let (status, back) = get(&consent).await;
    assert_eq!(status, 302);
    let back = back.unwrap();
    let (forged, _) = back.split_once("state=").unwrap();
    assert_eq!(
        get(&format!("{forged}state=somebody-elses-state")).await.0,
        400
    );
    assert_eq!(get(&back).await.0, 200);
    let mut result = String::new();
    stdout.read_line(&mut result).await.unwrap();
    let result: Value = serde_json::from_str(&result).unwrap();
    assert_eq!(result["edition"], "Enterprise");
    assert!(child.wait().await.unwrap().success());

    site.apply().await;
    assert_eq!(site.zoho.records("Accounts").len(), 2);
    assert_nothing_is_readable(&site);
}

#[tokio::test]
async fn a_self_clients_code_connects_zoho() {
    let site = bare().await;
    connect_x3(&site).await;
    let connected = connect_zoho(&site, &[]).await.json();
    assert!(connected["api_domain"].is_string());
    assert_eq!(site.run(&["plan"]).await.code, Some(0));
    assert_nothing_is_readable(&site);
}

#[tokio::test]
async fn what_is_neither_configured_nor_kept_is_named_with_the_command_that_obtains_it() {
    let site = bare().await;
    site.run(&["plan"])
        .await
        .asks_to_fix(&["sync.key", "connect"]);
    connect_x3(&site).await;
    site.run(&["plan"])
        .await
        .asks_to_fix(&["Zoho", "connect zoho"]);
}

#[tokio::test]
async fn a_wrong_x3_secret_is_found_when_it_is_handed_over() {
    let site = bare().await;
    run_with_input(&site, &["connect", "x3"], "mistyped")
        .await
        .asks_to_fix(&["X3", "does not work"]);
}

#[tokio::test]
async fn credentials_are_not_kept_without_a_key() {
    let site = Site::open().await;
    site.run(&["connect", "x3"])
        .await
        .asks_to_fix(&["[secrets]", "sync.key"]);
    site.run(&["rotate-key"]).await.asks_to_fix(&["[secrets]"]);
}

#[tokio::test]
async fn a_new_key_replaces_the_old_one_which_is_of_no_use_then() {
    let site = bare().await;
    connect_x3(&site).await;
    connect_zoho(&site, &[]).await.json();
    let key = site.folder.path().join("sync.key");
    let old = fs::read_to_string(&key).unwrap();
    let rotated = site.run(&["rotate-key", "--json"]).await.json();
    assert_eq!(rotated["encrypted"], 3, "two secrets and Zoho's token");
    let new = fs::read_to_string(&key).unwrap();
    assert!(new != old && new.lines().count() == 1);
    assert_eq!(site.run(&["plan"]).await.code, Some(0));
    fs::write(&key, old).unwrap();
    site.run(&["plan"]).await.asks_to_fix(&["not known here"]);
}

#[tokio::test]
async fn a_customer_of_the_cloud_is_paired() {
    let site = Site::open().await;
    let (url, gateway) = (site.x3.base_url(), site.x3.gateway_url());
    site.configure(|text| {
        let credential = text.lines().find(|line| line.starts_with("credential")).unwrap();
        let cloud = format!(
            "credential = {{ kind = \"cloud\", gateway = \"{gateway}\", client_id = \"sync-app\", allowed_hosts = [\"{gateway}\"] }}"
        );
        let text = text.replace(credential, &cloud).replace(
            &format!("url = \"{url}\""),
            "url = \"https://customer.example\"",
        );
        text.replace("[customers]", "[secrets]\nkey = { file = \"sync.key\" }\n[customers]")
    });
    let arguments = ["connect", "x3", "--listen", "127.0.0.1:0", "--json"];
    let mut child = start(&site, &arguments, "cloud-secret").await;
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let request = page(&mut stdout).await;
    assert_eq!(get(&request).await.0, 200);
    let state = site.x3.waiting_pairings().pop().unwrap();
    let callback = site.x3.accept_pairing(&state, "jane", &["SEED"]).unwrap();
    assert_eq!(site.x3.send_callback(&callback).await.unwrap(), 200);
    assert!(child.wait().await.unwrap().success());
    let plan = site.run(&["plan", "--json"]).await.json();
    assert_eq!(plan["plans"][0]["listed"]["x3"], 1);
}

#[tokio::test]
async fn scopes_that_were_not_granted_are_named_by_the_doctor() {
    let site = bare().await;
    connect_x3(&site).await;
    let scopes = ["ZohoCRM.modules.ALL", "ZohoCRM.settings.ALL"];
    connect_zoho(&site, &scopes).await.json();
    let examined = site.run(&["doctor"]).await;
    examined.asks_to_fix(&["put right"]);
    for scope in ["ZohoCRM.org.READ", "ZohoCRM.coql.READ"] {
        let told = format!("scope {scope} is not granted");
        assert!(examined.stdout.contains(&told), "{}", examined.stdout);
    }
}

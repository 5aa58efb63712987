//! Notifications, true and otherwise.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use zoho_crm_client::webhook::WebhookVerifier;

use crate::{
    program::Site,
    running::{HOOK_TOKEN, PATIENCE, Running, SERVED, figures, http, until},
};

const PATH: &str = "/zoho/unguessable";

/// A service that finds changes by notifications alone: its polls are an hour apart.
async fn listening() -> (Site, Running) {
    let site = Site::settled().await;
    site.configure(|text| text + &SERVED.replace("poll_seconds = 1", "poll_seconds = 3600"));
    let running = site.start().await;
    until(
        "the first poll of every feed is done and worked off",
        || async {
            let text = figures(&running).await;
            let are_read = text.matches("sync_feed_lag_seconds{").count() > 3;
            (are_read && text.contains("sync_queued{flow=\"customers\"} 0")).then_some(())
        },
    )
    .await;
    (site, running)
}

fn call(id: &str, token: &str) -> Value {
    json!({
        "module": "Accounts", "operation": "update", "ids": [id], "channel_id": "1000000068001",
        "token": token, "server_time": 1_764_000_000_000_u64, "query_params": {}, "resource_uri": "x",
    })
}

async fn send(running: &Running, body: String) -> StatusCode {
    let address = format!("{}{PATH}", running.receiver().await);
    let sent = http().post(address).body(body).send().await.unwrap();
    sent.status()
}

/// The start of the answer to a call that is sent as far as `rest`, and not to its end.
async fn begin(running: &Running, rest: &str) -> String {
    let address = running.receiver().await;
    let address = address.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let call = format!("POST {PATH} HTTP/1.1\r\nHost: x\r\n{rest}");
    stream.write_all(call.as_bytes()).await.unwrap();
    let mut answer = vec![0; 1024];
    let read = timeout(PATIENCE, stream.read(&mut answer)).await;
    answer.truncate(read.expect("it is answered in time").unwrap());
    String::from_utf8(answer).unwrap()
}

async fn count(running: &Running, outcome: &str) -> u64 {
    let text = figures(running).await;
    let start = format!("sync_webhooks_total{{outcome=\"{outcome}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&start));
    line.map_or(0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn a_true_notification_carries_the_change_over_and_a_repeated_one_changes_nothing() {
    let (site, running) = listening().await;
    let id = site.zoho.records("Accounts")[0].id.clone();
    site.zoho
        .edit_as_user("Accounts", &id, json!({"Billing_City": "Köln"}))
        .unwrap();
    assert_eq!(send(&running, call(&id, HOOK_TOKEN).to_string()).await, 200);
    until("the change arrives", || async {
        let customers = site.x3.customers("SEED").unwrap();
        let mut addresses = customers.iter().flat_map(|customer| &customer.addresses);
        addresses
            .any(|address| address.city == "Köln")
            .then_some(())
    })
    .await;

    let written = || {
        (
            site.x3.counters().mutations,
            site.zoho.counters().rows_written,
        )
    };
    let before = written();
    for _ in 0..20 {
        assert_eq!(send(&running, call(&id, HOOK_TOKEN).to_string()).await, 200);
    }
    until("all are looked at", || async {
        let text = figures(&running).await;
        text.contains("sync_queued{flow=\"customers\"} 0")
            .then_some(())
    })
    .await;
    assert_eq!(written(), before, "a repeated notification writes nothing");
    assert_eq!(count(&running, "queued").await, 21);
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn what_is_no_notification_of_ours_is_refused_and_queues_nothing() {
    let (site, running) = listening().await;
    let id = site.zoho.records("Accounts")[0].id.clone();
    site.zoho.clear_log();
    for (body, status) in [
        (call(&id, "guess").to_string(), 401),
        (call(&id, "").to_string(), 401),
        (
            call(&id, HOOK_TOKEN)
                .to_string()
                .replace("1000000068001", "1000000068999"),
            401,
        ),
        ("{\"module\":".to_owned(), 400),
        (String::new(), 400),
    ] {
        assert_eq!(send(&running, body).await, status);
    }
    let too_much = "x".repeat(WebhookVerifier::DEFAULT_MAX_BYTES + 1);
    for sent in [
        // What is announced is refused before it is sent.
        "Content-Length: 2097152\r\n\r\n".to_owned(),
        // What is not announced is refused when it is too much, though it goes on.
        format!("Transfer-Encoding: chunked\r\n\r\n200000\r\n{too_much}"),
    ] {
        let answer = begin(&running, &sent).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
    let elsewhere = format!("{}/zoho/guessed", running.receiver().await);
    let sent = http()
        .post(elsewhere)
        .body(call(&id, HOOK_TOKEN).to_string())
        .send();
    assert_eq!(sent.await.unwrap().status(), 404);
    assert_eq!(count(&running, "forged").await, 3);
    assert_eq!(count(&running, "malformed").await, 2);
    assert_eq!(count(&running, "too_large").await, 2);
    assert_eq!(count(&running, "queued").await, 0);
    let reads = site.zoho.log().into_iter();
    let reads = reads
        .filter(|entry| format!("{entry:?}").contains(&id))
        .count();
    assert_eq!(reads, 0, "a forged call costs no look");
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn a_flood_is_cut_off_and_the_rest_is_taken() {
    let site = Site::settled().await;
    site.configure(|text| text + SERVED + "calls_per_second = 2\n");
    let running = site.start().await;
    let mut taken = 0;
    let mut refused = 0;
    for _ in 0..40 {
        match send(&running, call("1", "guess").to_string())
            .await
            .as_u16()
        {
            401 => taken += 1,
            429 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!(
        taken >= 10 && refused >= 10,
        "{taken} taken, {refused} refused"
    );
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn a_client_that_never_finishes_is_cut_off_and_holds_up_nobody() {
    let (_site, running) = listening().await;
    let address = running.receiver().await;
    let address = address.strip_prefix("http://").unwrap();
    let mut slow = Vec::new();
    for begun in [
        "POST /zoho/unguessable HTTP/1.1\r\nHost: x\r\n",
        "POST /zoho/unguessable HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"mod",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    assert_eq!(send(&running, call("1", "guess").to_string()).await, 401);
    for mut stream in slow {
        let mut answer = String::new();
        // Either an answer that says so, or the end.
        let ended = timeout(PATIENCE, stream.read_to_string(&mut answer));
        ended.await.expect("it is cut off").ok();
        assert!(answer.is_empty() || answer.contains("408"), "{answer}");
    }
    assert!(running.stop().await.success());
}

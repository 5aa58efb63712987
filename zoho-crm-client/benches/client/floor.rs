//! The least that the work can cost: no retry, no limits, no token, no look at what came.

use serde::{Deserialize, Serialize};

use crate::{
    data::{Company, FIELDS, ROUNDS, companies},
    measure::Stopwatch,
};

#[derive(Deserialize)]
struct Page {
    data: Vec<Company>,
    info: Info,
}

#[derive(Deserialize)]
struct Info {
    more_records: bool,
    next_page_token: String,
}

#[derive(Serialize)]
struct Upsert<'a> {
    data: &'a [Company],
    trigger: [&'a str; 0],
    duplicate_check_fields: [&'a str; 1],
}

#[derive(Deserialize)]
struct Outcomes {
    data: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Outcome {
    code: String,
    details: Details,
}

#[derive(Deserialize)]
struct Details {
    id: String,
}

pub(crate) async fn exchange(server: &str) {
    let client = reqwest::Client::new();
    let rows = companies();
    read(&client, server).await;
    let watch = Stopwatch::start();
    for _ in 0..ROUNDS {
        let read = read(&client, server).await;
        let written = write(&client, server, &rows).await;
        assert_eq!((read.len(), written.len()), (20_000, 10_000));
    }
    watch.report();
}

async fn read(client: &reqwest::Client, server: &str) -> Vec<Company> {
    let fields = FIELDS.join("%2C");
    let mut records = Vec::new();
    let mut position = "page=1".to_owned();
    loop {
        let url = format!("{server}/crm/v8/Accounts?fields={fields}&per_page=200&{position}");
        let request = client
            .get(url)
            .header("authorization", "Zoho-oauthtoken 1000.a.b");
        let body = request.send().await.unwrap().bytes().await.unwrap();
        let page: Page = serde_json::from_slice(&body).unwrap();
        records.extend(page.data);
        if !page.info.more_records {
            return records;
        }
        position = format!("page_token={}", page.info.next_page_token);
    }
}

async fn write(client: &reqwest::Client, server: &str, rows: &[Company]) -> Vec<String> {
    let mut ids = Vec::new();
    for batch in rows.chunks(100) {
        let body = Upsert {
            data: batch,
            trigger: [],
            duplicate_check_fields: ["X3_Code"],
        };
        let request = client
            .post(format!("{server}/crm/v8/Accounts/upsert"))
            .header("authorization", "Zoho-oauthtoken 1000.a.b")
            .header("content-type", "application/json")
            .body(serde_json::to_vec(&body).unwrap());
        let body = request.send().await.unwrap().bytes().await.unwrap();
        let outcomes: Outcomes = serde_json::from_slice(&body).unwrap();
        for outcome in outcomes.data {
            assert_eq!(outcome.code, "SUCCESS");
            ids.push(outcome.details.id);
        }
    }
    ids
}

use std::sync::{Arc, Mutex};

use client_core::{Request, testing::InProcessTransport};
use futures::TryStreamExt;
use serde_json::{Map, Value, json};
use zoho_crm_client::{Account, PageToken, RecordId, ZohoClient};

use crate::support::{over, query, script, scripted, token};

const RECORDS: u64 = 2_500;
const FIRST_ID: u64 = 5_725_767_000_000_000_000;

/// A server with 2,500 accounts that keeps to Zoho's paging rules. Notes each request's position.
fn accounts() -> (ZohoClient, Arc<Mutex<Vec<String>>>) {
    let positions = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&positions);
    let transport = InProcessTransport::new(move |request: Request| {
        let body = if request.uri().path() == "/oauth/v2/token" {
            token("https://www.zohoapis.eu")
        } else {
            listing(&request, &noted)
        };
        let answer = http::Response::new(body.to_string().into());
        async move { Ok(answer) }
    });
    (over(Arc::new(transport)).0, positions)
}

fn listing(request: &Request, noted: &Mutex<Vec<String>>) -> Value {
    let fields = query(request, "fields").unwrap();
    assert!(fields.split(',').count() <= 50);
    let per_page: u64 = query(request, "per_page").unwrap().parse().unwrap();
    let record = |number: u64| {
        let mut record = Map::new();
        record.insert("id".to_owned(), (FIRST_ID + number).to_string().into());
        for field in fields.split(',') {
            // Every call sees an account's own, standing version.
            record.insert(field.to_owned(), format!("{field} of {number}").into());
        }
        Value::Object(record)
    };
    if let Some(ids) = query(request, "ids") {
        assert!(ids.len() <= 1024);
        let known = ids
            .split(',')
            .map(|id| id.parse::<u64>().unwrap() - FIRST_ID);
        let data: Vec<Value> = known
            .filter(|number| *number < RECORDS)
            .map(record)
            .collect();
        noted.lock().unwrap().push(format!("ids:{}", data.len()));
        return json!({"data": data, "info": {"more_records": false}});
    }
    let start = match (query(request, "page"), query(request, "page_token")) {
        (Some(page), None) => {
            let start = (page.parse::<u64>().unwrap() - 1) * per_page;
            assert!(start + per_page <= 2000, "numbers reach 2,000 records only");
            noted.lock().unwrap().push(format!("page:{page}"));
            start
        }
        (None, Some(token)) => {
            noted.lock().unwrap().push(format!("token:{token}"));
            token.strip_prefix('t').unwrap().parse().unwrap()
        }
        both => panic!("page and page_token exclude each other: {both:?}"),
    };
    let end = (start + per_page).min(RECORDS);
    let data: Vec<Value> = (start..end).map(record).collect();
    let more = end < RECORDS;
    json!({"data": data, "info": {"per_page": per_page, "count": end - start, "more_records": more,
        "next_page_token": more.then(|| format!("t{end}"))}})
}

#[tokio::test]
async fn a_listing_switches_from_numbers_to_tokens_at_2000_records() {
    let (client, positions) = accounts();
    let stream = client.module("Accounts").list().fields(["Phone"]).stream();
    let records: Vec<_> = stream.try_collect().await.unwrap();
    let ids: Vec<u64> = records
        .iter()
        .map(|record| record.id().unwrap().as_str().parse::<u64>().unwrap() - FIRST_ID)
        .collect();
    assert_eq!(ids, (0..RECORDS).collect::<Vec<_>>());
    let positions = positions.lock().unwrap();
    assert_eq!(positions.len(), 13);
    assert_eq!(
        positions[9..],
        ["page:10", "token:t2000", "token:t2200", "token:t2400"]
    );
}

#[tokio::test]
async fn a_listing_goes_on_where_another_one_stopped() {
    let (client, _) = accounts();
    let list = client.module("Accounts").list().fields(["Phone"]);
    let mut stream = list.clone().stream();
    for _ in 0..2_100 {
        stream.try_next().await.unwrap().unwrap();
    }
    let kept = stream.continuation().unwrap().to_string();
    assert_eq!(kept, "token:t2000");
    let rest = list.stream_from(kept.parse().unwrap());
    let rest: Vec<_> = rest.try_collect().await.unwrap();
    assert_eq!(rest.len(), 500);
}

#[tokio::test]
async fn fields_beyond_fifty_are_read_by_further_calls_and_joined() {
    let (client, positions) = accounts();
    let fields: Vec<String> = (0..60).map(|number| format!("F{number}")).collect();
    let list = client
        .module("Accounts")
        .list()
        .fields(&fields)
        .per_page(100);
    let page = list.page(&PageToken::first()).await.unwrap();
    assert_eq!(page.records.len(), 100);
    for (number, record) in page.records.iter().enumerate() {
        // 60 fields and the id: the version that each call asked for is for the join alone.
        assert_eq!(record.len(), 61);
        assert_eq!(
            record.text("F59").unwrap().unwrap(),
            format!("F59 of {number}")
        );
    }
    assert_eq!(*positions.lock().unwrap(), ["page:1", "ids:51", "ids:49"]);
}

#[tokio::test]
async fn reading_by_ids_splits_joins_and_leaves_out_what_does_not_exist() {
    let (client, positions) = accounts();
    let mut ids: Vec<RecordId> = (0..120)
        .map(|number| (FIRST_ID + number).to_string().parse().unwrap())
        .collect();
    ids.push((FIRST_ID + RECORDS + 7).to_string().parse().unwrap());
    ids.push(ids[0].clone());
    let found = client
        .typed_module::<Account>()
        .get_by_ids(&ids, ["Account_Name"])
        .await
        .unwrap();
    assert_eq!(found.len(), 120);
    assert_eq!(
        found[&ids[3]].account_name.value().unwrap(),
        "Account_Name of 3"
    );
    assert_eq!(positions.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_typed_listing_asks_for_its_own_fields() {
    let transport = script().answer(204, "");
    let (client, _) = scripted(&transport);
    let page = client
        .typed_module::<Account>()
        .list()
        .page(&PageToken::first())
        .await
        .unwrap();
    assert!(page.records.is_empty());
    let fields = query(&transport.requests()[1], "fields").unwrap();
    assert!(fields.starts_with("Account_Name,Account_Site"));
}

#[tokio::test]
async fn a_listing_without_fields_is_refused_before_it_is_sent() {
    let transport = script();
    let (client, _) = scripted(&transport);
    let list = client.module("Accounts").list();
    let error = list.page(&PageToken::first()).await.unwrap_err();
    assert!(error.to_string().contains("name the fields to read"));
    assert!(transport.requests().is_empty());
}

#[tokio::test]
async fn deleted_records_are_paged() {
    let record = |id: &str| json!({"id": id, "type": "recycle", "deleted_time": "2026-11-20T11:00:00+01:00", "display_name": "x", "deleted_by": null, "created_by": null});
    let transport = script()
        .answer(
            200,
            json!({"data": [record("1"), record("2")], "info": {"page": 1, "more_records": true}})
                .to_string(),
        )
        .answer(
            200,
            json!({"data": [record("3")], "info": {"page": 2, "more_records": false}}).to_string(),
        );
    let (client, _) = scripted(&transport);
    let since = "2026-11-20T00:00:00Z".parse().unwrap();
    let deleted = client.module("Accounts").deleted().since(since).stream();
    let deleted: Vec<_> = deleted.try_collect().await.unwrap();
    assert_eq!(deleted.len(), 3);
    assert_eq!(query(&transport.requests()[2], "page").unwrap(), "2");
}

/// A server with three accounts whose second half of fields is read a moment later than the first.
fn changing(later: impl Fn(&str) -> Option<Value> + Send + Sync + 'static) -> ZohoClient {
    let transport = InProcessTransport::new(move |request: Request| {
        let path = request.uri().path().to_owned();
        let record = |id: &str, version: &str, value: &str| json!({"id": id, "Modified_Time": version, "F0": value, "F59": value, "Extra": value});
        let answer = if path == "/oauth/v2/token" {
            token("https://www.zohoapis.eu").to_string()
        } else if let Some(id) = path.strip_prefix("/crm/v8/Accounts/") {
            match later(id) {
                Some(record) => json!({"data": [record]}).to_string(),
                None => String::new(),
            }
        } else if query(&request, "ids").is_some() {
            let data: Vec<Value> = ["1", "2", "3"].into_iter().filter_map(&later).collect();
            json!({"data": data, "info": {"more_records": false}}).to_string()
        } else {
            let data: Vec<Value> = ["1", "2", "3"]
                .map(|id| record(id, "2026-11-20T11:00:00+01:00", "old"))
                .into();
            json!({"data": data, "info": {"more_records": false}}).to_string()
        };
        let status = if answer.is_empty() { 204 } else { 200 };
        let answer = http::Response::builder()
            .status(status)
            .body(answer.into())
            .unwrap();
        async move { Ok(answer) }
    });
    over(Arc::new(transport)).0
}

async fn sixty_fields(client: &ZohoClient) -> Vec<zoho_crm_client::Record> {
    let fields: Vec<String> = (0..60).map(|number| format!("F{number}")).collect();
    let list = client.module("Accounts").list().fields(&fields);
    list.page(&PageToken::first()).await.unwrap().records
}

#[tokio::test]
async fn no_record_is_put_together_from_two_states() {
    let client = changing(|id| {
        let version = if id == "2" {
            "2026-11-20T11:00:05+01:00"
        } else {
            "2026-11-20T11:00:00+01:00"
        };
        let value = if id == "2" { "new" } else { "old" };
        Some(json!({"id": id, "Modified_Time": version, "F0": value, "F59": value, "Extra": value}))
    });
    let records = sixty_fields(&client).await;
    let values: Vec<(String, String)> = records
        .iter()
        .map(|record| {
            (
                record.text("F0").unwrap().unwrap(),
                record.text("F59").unwrap().unwrap(),
            )
        })
        .collect();
    let pair = |value: &str| (value.to_owned(), value.to_owned());
    assert_eq!(values, [pair("old"), pair("new"), pair("old")]);
    // What was not asked for is not there, although the record was read as a whole.
    assert!(
        records
            .iter()
            .all(|record| !record.contains("Extra") && !record.contains("Modified_Time"))
    );
}

#[tokio::test]
async fn a_record_is_left_out_of_a_join_only_when_it_is_gone() {
    let missing_once = std::sync::atomic::AtomicBool::new(true);
    let client = changing(move |id| {
        let miss = id == "2" && missing_once.swap(false, std::sync::atomic::Ordering::Relaxed);
        let there = id != "3" && !miss;
        there.then(|| json!({"id": id, "Modified_Time": "2026-11-20T11:00:00+01:00", "F0": "old", "F59": "old"}))
    });
    let records = sixty_fields(&client).await;
    let ids: Vec<String> = records
        .iter()
        .map(|record| record.id().unwrap().to_string())
        .collect();
    assert_eq!(ids, ["1", "2"]);
}

//! Whole stories over real sockets.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
    time::Duration,
};

use client_core::testing::ManualClock;
use futures::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};
use zoho_crm_client::{
    Account, Channel, ChannelEvent, ChannelId, ClientCredentials, Coql, DataCenter, ErrorKind,
    Filter, JobState, Order, PageToken, Record, RecordId, SortBy, Verb, WriteAction, ZohoClient,
    webhook::{BulkJobCall, BulkJobKind, Operation, WebhookVerifier},
};
use zoho_crm_simulator::{Clock, Fault, FaultKind, ZohoSimulator, conformance};

const START: &str = "2026-11-20T10:00:00Z";

fn start() -> Timestamp {
    START.parse().unwrap()
}

/// Where this run's exchanges with the simulator are written, for the target `zoho_openapi` to judge.
pub(crate) fn exchanges() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> =
        LazyLock::new(|| conformance::fresh_folder(env!("CARGO_TARGET_TMPDIR"), "zoho-crm-client"));
    &FOLDER
}

/// Simulator and client that live in the same standing time.
pub(crate) async fn world() -> (ZohoSimulator, ZohoClient, ManualClock) {
    let clock = ManualClock::new(start());
    let shared = clock.clone();
    let simulator = ZohoSimulator::builder()
        .clock(Clock::from_source(move || client_core::Clock::now(&shared)))
        .capture_into(exchanges())
        .start()
        .await
        .unwrap();
    let client = client_of(&simulator, &clock);
    (simulator, client, clock)
}

fn client_of(simulator: &ZohoSimulator, clock: &ManualClock) -> ZohoClient {
    let credentials = simulator.credentials();
    ZohoClient::builder(
        DataCenter::custom(simulator.base_url()).unwrap(),
        ClientCredentials::new(credentials.client_id, credentials.client_secret),
    )
    .refresh_token(credentials.refresh_token)
    .clock(Arc::new(clock.clone()))
    .retry(client_core::RetryPolicy {
        base_delay: Duration::from_millis(1),
        ..client_core::RetryPolicy::default()
    })
    .build()
    .unwrap()
}

fn companies(count: usize) -> Vec<serde_json::Value> {
    (0..count)
        .map(|number| json!({"Account_Name": format!("Company {number}"), "X3_Code": format!("BP{number:05}")}))
        .collect()
}

fn coded(range: std::ops::Range<usize>) -> Vec<Record> {
    range
        .map(|number| {
            Record::new()
                .with("Account_Name", format!("Company {number}"))
                .with("X3_Code", format!("BP{number:05}"))
        })
        .collect()
}

#[tokio::test]
async fn a_listing_reads_2500_records_once_each() {
    let (simulator, client, _) = world().await;
    simulator.seed("Accounts", companies(2_500)).unwrap();
    let list = client
        .typed_module::<Account>()
        .list()
        .fields(["Account_Name", "X3_Code", "Modified_Time"])
        .sort_by(SortBy::Id, Order::Ascending);
    let accounts: Vec<Account> = list.stream().try_collect().await.unwrap();
    let codes: BTreeSet<String> = accounts
        .iter()
        .map(|account| account.other.text("X3_Code").unwrap().unwrap())
        .collect();
    assert_eq!((accounts.len(), codes.len()), (2_500, 2_500));
    let calls = simulator.counters();
    assert_eq!(calls.calls_of("list"), 13);
    assert_eq!(calls.tokens_minted, 1);
}

#[tokio::test]
async fn an_incremental_listing_reads_what_changed_in_order() {
    let (simulator, client, clock) = world().await;
    let ids = simulator.seed("Accounts", companies(5)).unwrap();
    let list = || {
        client
            .module("Accounts")
            .list()
            .fields(["Modified_Time"])
            .modified_since(start())
            .sort_by(SortBy::ModifiedTime, Order::Ascending)
    };
    assert!(
        list()
            .page(&PageToken::first())
            .await
            .unwrap()
            .records
            .is_empty()
    );
    for id in [&ids[3], &ids[1]] {
        clock.advance(Duration::from_secs(10));
        simulator
            .edit_as_user("Accounts", id, json!({"Fax": "+41 44 000 00 00"}))
            .unwrap();
    }
    let changed: Vec<Record> = list().stream().try_collect().await.unwrap();
    let changed: Vec<String> = changed
        .iter()
        .map(|record| record.id().unwrap().to_string())
        .collect();
    assert_eq!(changed, [ids[3].clone(), ids[1].clone()]);
}

#[tokio::test]
async fn an_upsert_of_250_creates_once_and_updates_after() {
    let (simulator, client, _) = world().await;
    let upsert = || async {
        let upsert = client.module("Accounts").upsert(coded(0..250));
        let outcomes = upsert.duplicate_check_fields(["X3_Code"]).send().await;
        outcomes.unwrap().all_ok().unwrap()
    };
    let first = upsert().await;
    let second = upsert().await;
    assert!(
        first
            .iter()
            .all(|row| row.action == Some(WriteAction::Insert))
    );
    assert!(
        second
            .iter()
            .all(|row| row.action == Some(WriteAction::Update))
    );
    for (one, two) in first.iter().zip(&second) {
        assert_eq!(one.id, two.id);
    }
    assert_eq!(simulator.records("Accounts").len(), 250);
    assert_eq!(simulator.counters().calls_of("upsert"), 6);
    assert_eq!(
        client.usage().estimated_credits,
        simulator.counters().credits_spent
    );
}

#[tokio::test]
async fn one_bad_row_of_a_batch_fails_alone() {
    let (simulator, client, _) = world().await;
    let mut rows = coded(0..100);
    rows[42].set("Phone", "not a number");
    rows[77].remove("Account_Name");
    let upsert = client.module("Accounts").upsert(rows);
    let outcomes = upsert
        .duplicate_check_fields(["X3_Code"])
        .send()
        .await
        .unwrap()
        .into_rows();
    let failed: Vec<(usize, String)> = outcomes
        .iter()
        .enumerate()
        .filter_map(|(position, row)| Some((position, row.as_ref().err()?.field()?.to_string())))
        .collect();
    assert_eq!(
        failed,
        [(42, "Phone".to_owned()), (77, "Account_Name".to_owned())]
    );
    assert_eq!(simulator.records("Accounts").len(), 98);
}

#[tokio::test]
async fn rows_with_one_key_in_one_batch_make_one_record() {
    let (simulator, client, _) = world().await;
    let mut rows = coded(0..2);
    rows.push(coded(0..1).remove(0).with("Fax", "+41 44 000 00 00"));
    let upsert = client.module("Accounts").upsert(rows);
    let written = upsert
        .duplicate_check_fields(["X3_Code"])
        .send()
        .await
        .unwrap();
    let written = written.all_ok().unwrap();
    assert_eq!(written[0].id, written[2].id);
    assert_eq!(written[2].action, Some(WriteAction::Update));
    let stored = simulator
        .record("Accounts", written[0].id.as_str())
        .unwrap();
    assert_eq!(stored.text("Fax"), Some("+41 44 000 00 00"));
    assert_eq!(simulator.records("Accounts").len(), 2);
}

#[tokio::test]
async fn an_expired_token_is_renewed_unnoticed() {
    let (simulator, client, clock) = world().await;
    client.org().await.unwrap();
    clock.advance(Duration::from_secs(3_700));
    client.org().await.unwrap();
    simulator.expire_access_tokens();
    client.org().await.unwrap();
    assert_eq!(simulator.counters().tokens_minted, 3);
}

#[tokio::test]
async fn a_revoked_refresh_token_is_told_apart() {
    let (simulator, client, _) = world().await;
    let token = simulator.credentials().refresh_token;
    assert!(simulator.revoke_refresh_token(&token));
    let error = client.org().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_record() {
    let (simulator, client, _) = world().await;
    simulator.inject(Fault::new(FaultKind::DropAfterEffect).on_path("/crm/v8/Accounts/upsert"));
    let upsert = client.module("Accounts").upsert(coded(0..3));
    let written = upsert
        .duplicate_check_fields(["X3_Code"])
        .send()
        .await
        .unwrap();
    assert_eq!(written.all_ok().unwrap().len(), 3);
    assert_eq!(simulator.records("Accounts").len(), 3);
    assert_eq!(simulator.counters().calls_of("upsert"), 2);

    simulator.inject(Fault::new(FaultKind::DropAfterEffect).on_path("/crm/v8/Accounts"));
    let insert = client.module("Accounts").insert(coded(10..11)).send().await;
    assert!(insert.unwrap_err().may_have_been_applied());
    assert_eq!(simulator.records("Accounts").len(), 4);
}

#[tokio::test]
async fn gateways_and_throttling_pass() {
    let (simulator, client, _) = world().await;
    client.org().await.unwrap();
    simulator.inject(Fault::html(502).on_path("/crm/v8/org").times(2));
    client.org().await.unwrap();
    simulator.inject(Fault::new(FaultKind::TooManyRequests));
    client.org().await.unwrap();
    simulator.inject(Fault::new(FaultKind::InvalidToken));
    client.org().await.unwrap();
    assert_eq!(simulator.counters().tokens_minted, 2);
}

#[tokio::test]
async fn records_are_read_by_ids_updated_deleted_and_listed_as_deleted() {
    let (simulator, client, clock) = world().await;
    let ids = simulator.seed("Accounts", companies(120)).unwrap();
    let ids: Vec<RecordId> = ids.iter().map(|id| id.parse().unwrap()).collect();
    let accounts = client.module("Accounts");
    let found = accounts.get_by_ids(&ids, ["X3_Code"]).await.unwrap();
    assert_eq!(found.len(), 120);

    let update = Record::new().with("id", &ids[0]).with(
        "Annual_Revenue",
        "1234567.89".parse::<rust_decimal::Decimal>().unwrap(),
    );
    let empty = Record::new()
        .with("id", &ids[1])
        .with("X3_Code", None::<&str>);
    let updated = accounts.update(vec![update, empty]).send().await.unwrap();
    assert_eq!(updated.all_ok().unwrap().len(), 2);
    let stored = simulator.record("Accounts", ids[0].as_str()).unwrap();
    assert_eq!(stored.number("Annual_Revenue"), Some("1234567.89"));
    let read = accounts.get(&ids[1]).await.unwrap().unwrap();
    assert!(read.is_null("X3_Code"));
    assert_eq!(read.text("Account_Name").unwrap().unwrap(), "Company 1");

    clock.advance(Duration::from_secs(60));
    let deleted = accounts.delete(ids[..2].to_vec()).send().await.unwrap();
    assert_eq!(deleted.all_ok().unwrap().len(), 2);
    assert!(accounts.get(&ids[0]).await.unwrap().is_none());
    let found = accounts.get_by_ids(&ids[..4], ["X3_Code"]).await.unwrap();
    assert_eq!(found.into_keys().collect::<Vec<_>>(), ids[2..4]);
    let gone: Vec<_> = accounts
        .deleted()
        .since(start())
        .stream()
        .try_collect()
        .await
        .unwrap();
    let mut gone: Vec<&RecordId> = gone.iter().map(|record| &record.id).collect();
    gone.sort();
    assert_eq!(gone, [&ids[0], &ids[1]]);
}

#[tokio::test]
async fn coql_finds_what_was_written_a_moment_ago() {
    let (_simulator, client, _) = world().await;
    let upsert = client.module("Accounts").upsert(coded(0..60));
    let written = upsert
        .duplicate_check_fields(["X3_Code"])
        .send()
        .await
        .unwrap();
    let written = written.all_ok().unwrap();
    let codes = (0..50).map(|number| format!("BP{number:05}"));
    let query = Coql::select(["id", "X3_Code", "Account_Name"])
        .from("Accounts")
        .filter(Filter::in_("X3_Code", codes).and(Filter::is_not_null("Account_Name")))
        .order_by("id", Order::Ascending)
        .limit(2_000);
    let page = client.coql(&query).await.unwrap();
    assert_eq!(page.records.len(), 50);
    assert!(!page.more_records);
    assert_eq!(page.records[7].id().as_ref(), Some(&written[7].id));
    let none = Coql::select(["id"])
        .from("Accounts")
        .filter(Filter::eq("X3_Code", "nobody"));
    assert!(client.coql(&none).await.unwrap().records.is_empty());
}

#[tokio::test]
async fn coql_goes_on_by_id_within_one_second() {
    let (simulator, client, _) = world().await;
    simulator.seed("Accounts", companies(450)).unwrap();
    let mut seen: Vec<RecordId> = Vec::new();
    loop {
        let mut filter = Filter::eq("Modified_Time", start());
        if let Some(last) = seen.last() {
            filter = filter.and(Filter::gt("id", last));
        }
        let query = Coql::select(["Modified_Time"])
            .from("Accounts")
            .filter(filter)
            .order_by("id", Order::Ascending);
        let page = client.coql(&query).await.unwrap();
        seen.extend(page.records.iter().filter_map(Record::id));
        if !page.more_records {
            break;
        }
    }
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 450);
    assert_eq!(simulator.counters().calls_of("coql"), 3);
}

#[tokio::test]
async fn metadata_tells_what_is_unique_and_what_is_there() {
    let (_simulator, client, _) = world().await;
    let fields = client.fields("Accounts").await.unwrap();
    let field = |name: &str| fields.iter().find(|field| field.api_name == name).unwrap();
    assert!(field("X3_Code").is_unique() && field("X3_Code").custom_field);
    assert!(!field("Phone").is_unique());
    assert!(field("Account_Name").system_mandatory);
    assert!(!field("Modified_Time").is_writable());
    let modules = client.modules().await.unwrap();
    assert!(
        modules
            .iter()
            .any(|module| module.api_name == "Accounts" && module.is_usable())
    );
    assert!(!client.org().await.unwrap().zgid.is_empty());
    let error = client.fields("Nonsense").await.unwrap_err();
    assert_eq!(error.api_error().unwrap().code(), "INVALID_MODULE");
}

#[tokio::test]
async fn a_bulk_job_that_has_ended_is_told_of() {
    let (simulator, client, _) = world().await;
    let receiver = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&receiver)
        .await;
    let url = format!("{}/zoho/jobs/8e1f", receiver.uri());
    let request = client.bulk_read("Accounts").fields(["id"]).callback(url);
    let job = request.start().await.unwrap();
    simulator.flush_callbacks().await;
    let calls = receiver.received_requests().await.unwrap();
    let call = BulkJobCall::parse(&calls[0].body).unwrap();
    assert_eq!((&call.job, call.kind), (job.id(), Some(BulkJobKind::Read)));
    assert_eq!(call.state, JobState::Completed);
    let (state, result) = client.bulk_read_job(call.job).state().await.unwrap();
    assert!(state == JobState::Completed && result.is_some());
}

#[tokio::test]
async fn a_channel_lives_is_renewed_changed_and_lost_and_its_calls_are_verified() {
    let (simulator, client, clock) = world().await;
    let receiver = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&receiver)
        .await;
    let id = ChannelId::from(1_000_000_068_001);
    let url = format!("{}/zoho?tenant=42", receiver.uri());
    let channel = Channel::new(id.clone(), [ChannelEvent::all("Accounts")], url, "t-123");
    let channels = client.channels();

    let enabled = channels.enable(&channel).await.unwrap();
    let end = enabled.expires_at.unwrap();
    assert!(end > start() + SignedDuration::from_hours(6 * 24));
    let listed = channels.list().await.unwrap();
    assert_eq!(listed[0].channel_id, id);
    assert_eq!(listed[0].notify_on_related_action, Some(false));

    let account = simulator
        .create_as_user("Accounts", json!({"Account_Name": "Northwind"}))
        .unwrap();
    simulator.flush_callbacks().await;
    let calls = receiver.received_requests().await.unwrap();
    let verifier = WebhookVerifier::new(id.clone(), "t-123".into());
    let call = verifier.parse(&calls[0].body).unwrap();
    assert_eq!(call.operation, Operation::Insert);
    assert_eq!(
        (call.module.as_str(), call.ids[0].as_str()),
        ("Accounts", account.as_str())
    );
    assert_eq!(call.query_params["tenant"], "42");
    let stranger = WebhookVerifier::new(id.clone(), "t-124".into());
    assert!(stranger.parse(&calls[0].body).is_err());

    clock.advance(Duration::from_secs(3_600));
    let renewed = channels.renew(&channel).await.unwrap();
    assert!(renewed.expires_at.unwrap() > end);

    let mut fields = client.fields("Accounts").await.unwrap();
    fields.retain(|field| ["Phone", "Fax"].contains(&field.api_name.as_str()));
    let picky = channel.clone().only_fields("Accounts", &fields);
    channels.update(&picky).await.unwrap();
    let calls_after = async |change: serde_json::Value| {
        receiver.reset().await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200))
            .mount(&receiver)
            .await;
        simulator
            .edit_as_user("Accounts", &account, change)
            .unwrap();
        simulator.flush_callbacks().await;
        receiver.received_requests().await.unwrap().len()
    };
    assert_eq!(
        calls_after(json!({"Website": "northwind.example"})).await,
        0
    );
    assert_eq!(calls_after(json!({"Fax": "12"})).await, 1);
    let edits = ChannelEvent {
        module: "Accounts".into(),
        verb: Verb::Edit,
    };
    channels.remove_events(&id, &[edits]).await.unwrap();
    assert_eq!(calls_after(json!({"Fax": "13"})).await, 0);
    assert_eq!(channels.list().await.unwrap()[0].events.len(), 2);

    channels.disable(std::slice::from_ref(&id)).await.unwrap();
    assert!(channels.list().await.unwrap().is_empty());
    for lost in [
        channels.renew(&channel).await,
        channels.update(&channel).await,
    ] {
        assert_eq!(lost.unwrap_err().kind(), ErrorKind::ChannelLost);
    }
    channels.enable(&channel).await.unwrap();
}

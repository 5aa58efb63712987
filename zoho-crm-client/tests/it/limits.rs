use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use client_core::{
    HttpTransport, Request, ReqwestTransport, Response, RetryPolicy, TransportError,
};
use futures::future::join_all;
use http::Method;
use serde_json::json;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};
use zoho_crm_client::{
    Coql, DataCenter, Error, ErrorKind, Order, PageToken, SortBy, ThrottleCause,
};

use crate::support::{builder, org, refusal, requests_to, serve_token};

async fn server() -> MockServer {
    let server = MockServer::start().await;
    serve_token(&server).await;
    Mock::given(method("GET"))
        .and(path("/crm/v8/org"))
        .respond_with(ResponseTemplate::new(200).set_body_json(org()))
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn a_call_beyond_the_budget_is_not_sent_until_the_day_has_rolled_on() {
    let server = server().await;
    let (builder, clock, _) = builder(DataCenter::custom(&server.uri()).unwrap());
    let client = builder.credit_budget(2).build().unwrap();
    client.org().await.unwrap();
    client.org().await.unwrap();
    assert_eq!(client.usage().credits_last_24_hours, 2);
    let error = client.org().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BudgetExhausted);
    assert!(error.is_retryable() && !error.may_have_been_applied());
    assert_eq!(requests_to(&server, "/crm/v8/org").await.len(), 2);
    clock.advance(error.retry_after().unwrap());
    client.org().await.unwrap();
    assert_eq!(client.usage().credits_last_24_hours, 1);
    assert_eq!(client.usage().calls, 3);
}

/// Counts the requests in flight.
#[derive(Debug)]
struct Gauge {
    inner: ReqwestTransport,
    now: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl HttpTransport for Gauge {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let answer = self.inner.send(request).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        answer
    }
}

#[tokio::test]
async fn no_more_than_ten_heavy_calls_are_in_flight() {
    let server = server().await;
    let empty = ResponseTemplate::new(200)
        .set_body_json(json!({"data": [], "info": {"more_records": false}}))
        .set_delay(Duration::from_millis(50));
    Mock::given(path("/crm/v8/coql"))
        .respond_with(empty.clone())
        .mount(&server)
        .await;
    Mock::given(path("/crm/v8/Accounts"))
        .respond_with(empty)
        .mount(&server)
        .await;
    let gauge = Arc::new(Gauge {
        inner: ReqwestTransport::new().unwrap(),
        now: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
    });
    let client_with = |sub_concurrency: Option<usize>| {
        let (mut builder, ..) = builder(DataCenter::custom(&server.uri()).unwrap());
        if let Some(requests) = sub_concurrency {
            builder = builder.sub_concurrency(requests);
        }
        let transport = Arc::<Gauge>::clone(&gauge);
        builder
            .transport(transport)
            .concurrency(25)
            .build()
            .unwrap()
    };
    let client = client_with(None);
    client.org().await.unwrap();
    let query = Coql::select(["Account_Name"]).from("Accounts");
    let first = PageToken::first();
    let list = client.module("Accounts").list().fields(["Account_Name"]);
    let sorted = list.clone().sort_by(SortBy::ModifiedTime, Order::Ascending);
    let queries = join_all((0..15).map(|_| client.coql(&query)));
    let lists = join_all((0..15).map(|_| sorted.page(&first)));
    let open = join_all((0..15).map(|_| {
        let request = client.request(Method::POST, "/crm/v8/coql");
        request.sub_concurrency().credits(3).send()
    }));
    let (queries, lists, open) = futures::join!(queries, lists, open);
    assert!(queries.iter().all(Result::is_ok) && lists.iter().all(Result::is_ok));
    assert!(open.iter().all(Result::is_ok));
    assert_eq!(client.usage().estimated_credits, 1 + 15 + 15 + 15 * 3);
    assert_eq!(gauge.most.swap(0, Ordering::SeqCst), 10);
    join_all((0..15).map(|_| list.page(&first))).await;
    assert_eq!(gauge.most.swap(0, Ordering::SeqCst), 15);
    // One of several processes that share the ten.
    for (share, most) in [(3, 3), (99, 10)] {
        let client = client_with(Some(share));
        join_all((0..15).map(|_| client.coql(&query))).await;
        assert_eq!(gauge.most.swap(0, Ordering::SeqCst), most);
    }
}

#[tokio::test]
async fn a_burst_is_told_from_a_used_up_day_as_far_as_it_can_be() {
    let busy = |credits: Option<&str>| {
        let answer = ResponseTemplate::new(429).set_body_json(refusal("TOO_MANY_REQUESTS"));
        let answer = answer.set_delay(Duration::from_millis(30));
        match credits {
            Some(left) => answer.insert_header("X-API-CREDITS-REMAINING", left),
            None => answer,
        }
    };
    for (credits, calls, cause, pause) in [
        (Some("0"), 1, ThrottleCause::Credits, 900),
        (Some("4000"), 1, ThrottleCause::Unclear, 60),
        (None, 1, ThrottleCause::Unclear, 60),
        (None, 4, ThrottleCause::Concurrency, 60),
    ] {
        let server = MockServer::start().await;
        serve_token(&server).await;
        Mock::given(path("/crm/v8/org"))
            .respond_with(busy(credits))
            .mount(&server)
            .await;
        let (builder, ..) = builder(DataCenter::custom(&server.uri()).unwrap());
        let client = builder.retry(RetryPolicy::none()).build().unwrap();
        let answers = join_all((0..calls).map(|_| client.org())).await;
        for answer in answers {
            let error = answer.unwrap_err();
            assert!(
                matches!(&error, Error::RateLimited { cause: told, .. } if *told == cause),
                "{error}"
            );
            assert_eq!(error.retry_after(), Some(Duration::from_secs(pause)));
        }
    }
}

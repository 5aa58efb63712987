//! The fault table: what each fault costs in attempts, what the caller is told in the end, and that a write which must
//! not be repeated is never made twice.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use client_core::{HttpTransport, Request, Response, TransportError, TransportErrorKind};
use futures::StreamExt;
use serde_json::json;
use zoho_crm_client::{BulkOperation, Error, ErrorKind, Record, RecordErrorCause, ZohoClient};

use crate::support::{inserted, org, over, refusal, token};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Timeout,
    LostAnswer,
    NoConnection,
    Throttled,
    HtmlBadGateway,
    HtmlInOk,
    HtmlCalledJson,
    JsonCalledHtml,
    Truncated,
    TokenRefused,
    NotAuthenticated,
    TokenPageInsteadOfToken,
    TokenCodeInvalid,
    TokenThrottled,
}

/// A server with one fault in every answer. Counts what was asked of it and what it did.
#[derive(Debug)]
struct Faulty {
    fault: Fault,
    token_requests: AtomicU32,
    requests: AtomicU32,
    /// Requests to the API that the server acted on, whatever it answered.
    applied: AtomicU32,
}

fn answer(
    status: u16,
    kind: &str,
    body: impl Into<bytes::Bytes>,
) -> Result<Response, TransportError> {
    let response = http::Response::builder()
        .status(status)
        .header("content-type", kind);
    Ok(response.body(body.into()).unwrap())
}

const JSON: &str = "application/json;charset=UTF-8";
const HTML: &str = "text/html;charset=UTF-8";
const PAGE: &str = "<html>bad gateway</html>";

impl Faulty {
    fn token_answer(&self) -> Result<Response, TransportError> {
        self.token_requests.fetch_add(1, Ordering::SeqCst);
        match self.fault {
            Fault::TokenPageInsteadOfToken => answer(502, HTML, PAGE),
            Fault::TokenCodeInvalid => answer(200, JSON, r#"{"error":"invalid_code"}"#),
            Fault::TokenThrottled => {
                answer(400, JSON, r#"{"error":"Access Denied","status":"failure"}"#)
            }
            _ => answer(200, JSON, token("https://www.zohoapis.eu").to_string()),
        }
    }

    /// What the server does and what of it arrives.
    fn api_answer(&self, path: &str) -> Result<Response, TransportError> {
        let is_applied = !matches!(
            self.fault,
            Fault::NoConnection | Fault::Throttled | Fault::TokenRefused | Fault::NotAuthenticated
        );
        self.applied
            .fetch_add(u32::from(is_applied), Ordering::SeqCst);
        let lost = |kind| Err(TransportError::new(kind, "faulty"));
        let good = match path {
            "/crm/v8/org" => org().to_string(),
            _ => json!({"data": [inserted(5_725_767_000_000_524_157)]}).to_string(),
        };
        match self.fault {
            Fault::Timeout => lost(TransportErrorKind::Timeout),
            Fault::LostAnswer => lost(TransportErrorKind::Interrupted),
            Fault::NoConnection => lost(TransportErrorKind::Connect),
            Fault::Throttled => answer(429, JSON, refusal("TOO_MANY_REQUESTS").to_string()),
            Fault::HtmlBadGateway => answer(502, HTML, PAGE),
            Fault::HtmlInOk => answer(200, HTML, PAGE),
            Fault::HtmlCalledJson => answer(200, JSON, PAGE),
            Fault::JsonCalledHtml => answer(200, HTML, good),
            Fault::Truncated => answer(200, JSON, good[..good.len() / 2].to_owned()),
            Fault::TokenRefused => answer(401, JSON, refusal("INVALID_TOKEN").to_string()),
            Fault::NotAuthenticated => {
                answer(401, JSON, refusal("AUTHENTICATION_FAILURE").to_string())
            }
            Fault::TokenPageInsteadOfToken | Fault::TokenCodeInvalid | Fault::TokenThrottled => {
                panic!("a request without a token")
            }
        }
    }
}

#[async_trait]
impl HttpTransport for Faulty {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        match request.uri().path() {
            "/oauth/v2/token" => self.token_answer(),
            path => {
                self.requests.fetch_add(1, Ordering::SeqCst);
                self.api_answer(path)
            }
        }
    }
}

/// How the four kinds of calls end.
#[derive(Clone, Copy, Debug)]
enum Call {
    Read,
    RepeatableWrite,
    Insert,
    StartBulkJob,
}

async fn make(client: &ZohoClient, call: Call) -> Result<(), Error> {
    let row = vec![Record::new().with("X3_Code", "BP001")];
    let accounts = client.module("Accounts");
    match call {
        Call::Read => client.org().await.map(drop),
        Call::RepeatableWrite => {
            let upsert = accounts.upsert(row).duplicate_check_fields(["X3_Code"]);
            upsert.send().await.map(drop)
        }
        Call::Insert => accounts.insert(row).send().await.map(drop),
        Call::StartBulkJob => client.bulk_read("Accounts").start().await.map(drop),
    }
}

/// Attempts at the API, then what is said: the kind of the error (none: success) and whether the write may have been
/// applied.
type End = (u32, Option<ErrorKind>, bool);

struct Row {
    fault: Fault,
    token_requests: u32,
    read: End,
    repeatable_write: End,
    /// Inserts and job starts.
    once: End,
    retryable: bool,
}

#[tokio::test]
async fn the_fault_table() {
    use ErrorKind::{Api, Auth, Decode, NotJson, RateLimited, Transport};

    let row = |fault, token_requests, read, repeatable_write, once, retryable| Row {
        fault,
        token_requests,
        read,
        repeatable_write,
        once,
        retryable,
    };
    let nothing = (0, Some(Auth), false);
    let table = [
        row(
            Fault::Timeout,
            1,
            (3, Some(Transport), false),
            (3, Some(Transport), true),
            (1, Some(Transport), true),
            true,
        ),
        row(
            Fault::LostAnswer,
            1,
            (3, Some(Transport), false),
            (3, Some(Transport), true),
            (1, Some(Transport), true),
            true,
        ),
        row(
            Fault::NoConnection,
            1,
            (3, Some(Transport), false),
            (3, Some(Transport), false),
            (3, Some(Transport), false),
            true,
        ),
        row(
            Fault::Throttled,
            1,
            (3, Some(RateLimited), false),
            (3, Some(RateLimited), false),
            (3, Some(RateLimited), false),
            true,
        ),
        row(
            Fault::HtmlBadGateway,
            1,
            (3, Some(NotJson), false),
            (3, Some(NotJson), true),
            (1, Some(NotJson), true),
            true,
        ),
        row(
            Fault::HtmlInOk,
            1,
            (1, Some(NotJson), false),
            (1, Some(NotJson), true),
            (1, Some(NotJson), true),
            true,
        ),
        row(
            Fault::HtmlCalledJson,
            1,
            (1, Some(NotJson), false),
            (1, Some(NotJson), true),
            (1, Some(NotJson), true),
            true,
        ),
        row(
            Fault::JsonCalledHtml,
            1,
            (1, None, false),
            (1, None, false),
            (1, None, false),
            true,
        ),
        row(
            Fault::Truncated,
            1,
            (1, Some(Decode), false),
            (1, Some(Decode), true),
            (1, Some(Decode), true),
            false,
        ),
        row(
            Fault::TokenRefused,
            2,
            (2, Some(Api), false),
            (2, Some(Api), false),
            (2, Some(Api), false),
            false,
        ),
        row(
            Fault::NotAuthenticated,
            1,
            (1, Some(Api), false),
            (1, Some(Api), false),
            (1, Some(Api), false),
            false,
        ),
        row(
            Fault::TokenPageInsteadOfToken,
            3,
            nothing,
            nothing,
            nothing,
            true,
        ),
        row(Fault::TokenCodeInvalid, 1, nothing, nothing, nothing, false),
        row(Fault::TokenThrottled, 1, nothing, nothing, nothing, true),
    ];
    for row in table {
        let calls = [
            (Call::Read, row.read),
            (Call::RepeatableWrite, row.repeatable_write),
            (Call::Insert, row.once),
            (Call::StartBulkJob, row.once),
        ];
        for (call, (attempts, kind, may_have_been_applied)) in calls {
            let what = format!("{:?} {call:?}", row.fault);
            let server = Arc::new(Faulty {
                fault: row.fault,
                token_requests: AtomicU32::new(0),
                requests: AtomicU32::new(0),
                applied: AtomicU32::new(0),
            });
            let (client, _) = over(Arc::<Faulty>::clone(&server));
            let result = make(&client, call).await;
            assert_eq!(server.requests.load(Ordering::SeqCst), attempts, "{what}");
            assert_eq!(
                server.token_requests.load(Ordering::SeqCst),
                row.token_requests,
                "{what}"
            );
            if matches!(call, Call::Insert | Call::StartBulkJob) {
                assert!(
                    server.applied.load(Ordering::SeqCst) <= 1,
                    "{what} was applied twice"
                );
            }
            // The answer of `JsonCalledHtml` is one of records.
            if let (Fault::JsonCalledHtml, Call::StartBulkJob) = (row.fault, call) {
                continue;
            }
            assert_eq!(result.as_ref().err().map(Error::kind), kind, "{what}");
            if let Err(error) = result {
                assert_eq!(
                    error.may_have_been_applied(),
                    may_have_been_applied,
                    "{what}"
                );
                assert_eq!(error.is_retryable(), row.retryable, "{what}");
                assert_eq!(error.context().unwrap().attempts, attempts, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn throttled_tokens_are_not_asked_for_again_before_ten_minutes_are_over() {
    let server = Arc::new(Faulty {
        fault: Fault::TokenThrottled,
        token_requests: AtomicU32::new(0),
        requests: AtomicU32::new(0),
        applied: AtomicU32::new(0),
    });
    let (client, _) = over(Arc::<Faulty>::clone(&server));
    for _ in 0..5 {
        let error = make(&client, Call::Read).await.unwrap_err();
        assert!(error.retry_after().unwrap().as_secs() >= 590);
    }
    assert_eq!(server.token_requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_207_is_neither_an_error_nor_repeated_and_each_row_says_what_became_of_it() {
    let mixed = json!({"data": [inserted(1), refusal("MANDATORY_NOT_FOUND")]}).to_string();
    let transport = crate::support::script().answer(207, mixed);
    let (client, _) = crate::support::scripted(&transport);
    let rows = ["A", "B"].map(|code| Record::new().with("X3_Code", code));
    let outcomes = client
        .module("Accounts")
        .insert(rows.to_vec())
        .send()
        .await
        .unwrap();
    let outcomes = outcomes.into_rows();
    assert!(outcomes[0].is_ok());
    let error = outcomes[1].as_ref().unwrap_err();
    assert!(
        matches!(error.cause(), RecordErrorCause::Rejected(error) if error.code() == "MANDATORY_NOT_FOUND")
    );
    assert_eq!(transport.requests().len(), 2);
}

/// Real sockets: the server reads the request, acts, and breaks off in the middle of its answer.
#[tokio::test]
async fn an_insert_whose_answer_breaks_off_on_the_wire_is_made_once() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let inserts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&inserts);
    let mut server = tokio::task::JoinSet::new();
    server.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 65_536];
            let length = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let body = if request.starts_with("POST /oauth") {
                token(&format!("http://{address}")).to_string()
            } else {
                counted.fetch_add(1, Ordering::SeqCst);
                json!({"data": [inserted(1)]}).to_string()
            };
            let is_token = request.starts_with("POST /oauth");
            let sent = if is_token { body.len() } else { body.len() / 2 };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&body.as_bytes()[..sent]).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    let center = zoho_crm_client::DataCenter::custom(&format!("http://{address}")).unwrap();
    let (builder, ..) = crate::support::builder(center);
    let client = builder.build().unwrap();
    let error = make(&client, Call::Insert).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(error.may_have_been_applied());
    assert_eq!(inserts.load(Ordering::SeqCst), 1);
    let columns = client
        .bulk_write("Accounts", BulkOperation::Insert)
        .columns(["X3_Code"]);
    let rows = futures::stream::iter([Record::new().with("X3_Code", "A")]);
    assert!(columns.send(rows).next().await.unwrap().is_err());
}

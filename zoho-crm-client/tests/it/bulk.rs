use std::{
    collections::VecDeque,
    io::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use client_core::{
    BodyStream, HttpTransport, Request, Response, TransportError, TransportErrorKind, Upload,
};
use flate2::{Compression, Crc, write::DeflateEncoder};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use zoho_crm_client::{
    BulkAction, BulkOperation, BulkRowError, DataCenter, ErrorKind, FileError, FileLimits, Polling,
    Record,
};

use crate::support::{builder, org, over, refusal, token};

/// An archive with one file, put together without the client's own code.
fn zip(csv: &str) -> Bytes {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(csv.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let mut crc = Crc::new();
    crc.update(csv.as_bytes());
    let size = |bytes: usize| u32::try_from(bytes).unwrap().to_le_bytes();
    let mut archive = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\x21\0".to_vec();
    archive.extend_from_slice(&crc.sum().to_le_bytes());
    archive.extend_from_slice(&size(packed.len()));
    archive.extend_from_slice(&size(csv.len()));
    archive.extend_from_slice(b"\x05\0\0\0a.csv");
    archive.extend_from_slice(&packed);
    archive.extend_from_slice(b"PK\x01\x02 and so on");
    archive.into()
}

/// Text of the one file in an archive of this client, by the sizes in its header.
fn unzip(archive: &[u8]) -> String {
    let size = u32::from_le_bytes(archive[18..22].try_into().unwrap());
    let packed = &archive[38..38 + usize::try_from(size).unwrap()];
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::DeflateDecoder::new(packed), &mut text)
        .unwrap();
    text
}

/// Answers in order; files come in pieces of 1000 bytes. Keeps every request whole.
#[derive(Debug, Default)]
struct Server {
    answers: Mutex<VecDeque<(u16, &'static str, Bytes)>>,
    requests: Mutex<Vec<Request>>,
    /// The body breaks off instead of ending.
    breaks: bool,
}

impl Server {
    fn new(answers: impl IntoIterator<Item = (u16, &'static str, Bytes)>) -> Self {
        let token = token("https://www.zohoapis.eu").to_string();
        let first = (200, "application/json", Bytes::from(token));
        Self {
            answers: Mutex::new(std::iter::once(first).chain(answers).collect()),
            ..Self::default()
        }
    }

    fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let lines = requests.iter().skip(1);
        lines
            .map(|request| format!("{} {}", request.method(), request.uri()))
            .collect()
    }

    fn body(&self, place: usize) -> Bytes {
        self.requests.lock().unwrap()[place + 1].body().clone()
    }
}

#[async_trait]
impl HttpTransport for Server {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.requests.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front();
        let (status, kind, body) = answer.expect("no answer is left");
        let response = http::Response::builder()
            .status(status)
            .header("content-type", kind);
        Ok(response.body(body).unwrap())
    }

    async fn stream(
        &self,
        request: http::Request<Upload>,
    ) -> Result<http::Response<BodyStream>, TransportError> {
        let (parts, upload) = request.into_parts();
        let body = upload.open().collect_at_most(upload.length()).await?;
        let (head, body) = self
            .send(Request::from_parts(parts, body))
            .await?
            .into_parts();
        let pieces: Vec<_> = body
            .chunks(1000)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        let broken = || TransportError::new(TransportErrorKind::Interrupted, "broken");
        let end = self.breaks.then(|| Err(broken()));
        let body = BodyStream::new(stream::iter(pieces).chain(stream::iter(end)));
        Ok(http::Response::from_parts(head, body))
    }
}

fn json_answer(status: u16, body: &Value) -> (u16, &'static str, Bytes) {
    (
        status,
        "application/json;charset=UTF-8",
        body.to_string().into(),
    )
}

fn file(csv: &str) -> (u16, &'static str, Bytes) {
    (200, "application/zip", zip(csv))
}

fn read_created(id: &str) -> (u16, &'static str, Bytes) {
    json_answer(
        201,
        &json!({"data": [{"status": "success", "code": "ADDED_SUCCESSFULLY", "message": "Added successfully.",
        "details": {"id": id, "operation": "read", "state": "ADDED"}}], "info": {}}),
    )
}

fn read_state(state: &str) -> (u16, &'static str, Bytes) {
    json_answer(
        200,
        &json!({"data": [{"id": "1", "operation": "read", "state": state}]}),
    )
}

fn read_done(id: &str, next: Option<&str>) -> (u16, &'static str, Bytes) {
    json_answer(
        200,
        &json!({"data": [{"id": id, "state": "COMPLETED", "result": {"page": 1, "per_page": 200_000, "count": 2,
        "download_url": format!("/crm/bulk/v8/read/{id}/result"), "more_records": next.is_some(), "next_page_token": next}}]}),
    )
}

#[tokio::test]
async fn all_pages_are_read_row_by_row() {
    let server = Arc::new(Server::new([
        read_created("1"),
        read_state("ADDED"),
        read_state("IN PROGRESS"),
        read_done("1", Some("next")),
        file("Id,Account_Name\n11,\"Müller, Söhne\"\n12,b\n"),
        read_created("2"),
        read_done("2", None),
        file("Id,Account_Name\n13,c\n"),
    ]));
    let (client, sleep) = over(Arc::<Server>::clone(&server));
    let rows = client.bulk_read("Accounts").fields(["Account_Name"]).rows();
    let rows: Vec<_> = rows.try_collect().await.unwrap();
    let names: Vec<_> = rows
        .iter()
        .map(|row| row.get("Account_Name").unwrap())
        .collect();
    assert_eq!(names, ["Müller, Söhne", "b", "c"]);
    assert_eq!(rows[2].id().unwrap(), "13");
    assert_eq!(
        server.requests(),
        [
            "POST https://www.zohoapis.eu/crm/bulk/v8/read",
            "GET https://www.zohoapis.eu/crm/bulk/v8/read/1",
            "GET https://www.zohoapis.eu/crm/bulk/v8/read/1",
            "GET https://www.zohoapis.eu/crm/bulk/v8/read/1",
            "GET https://www.zohoapis.eu/crm/bulk/v8/read/1/result",
            "POST https://www.zohoapis.eu/crm/bulk/v8/read",
            "GET https://www.zohoapis.eu/crm/bulk/v8/read/2",
            "GET https://www.zohoapis.eu/crm/bulk/v8/read/2/result",
        ]
    );
    assert_eq!(server.body(5), r#"{"query":{"page_token":"next"}}"#);
    let pauses = [2.0, 3.0, 4.5, 2.0].map(Duration::from_secs_f32);
    assert_eq!(sleep.slept(), pauses);
    assert_eq!(client.usage().estimated_credits, 2 * 50 + 6);
}

#[tokio::test]
async fn a_job_that_fails_or_takes_too_long_is_named() {
    let failed = json!({"data": [{"id": "1", "state": "FAILURE", "result": {"error_message":
        {"code": "FIELD_NOT_AVAILABLE", "details": {}, "message": "x", "status": "error"}}}]});
    let server = Server::new([read_created("7"), json_answer(200, &failed)]);
    let (client, _) = over(Arc::new(server));
    let error = client
        .bulk_read("Accounts")
        .rows()
        .try_next()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JobFailed);
    assert_eq!(
        error.to_string(),
        "zoho.bulk_read.state (GET /crm/bulk/v8/read/7): job 7 failed with FIELD_NOT_AVAILABLE"
    );
    let server = Server::new([
        read_created("7"),
        read_state("QUEUED"),
        read_state("QUEUED"),
    ]);
    let (client, _) = over(Arc::new(server));
    let polling = Polling::default().patience(Duration::from_secs(6));
    let mut rows = client.bulk_read("Accounts").polling(polling).rows();
    let error = rows.try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JobUnfinished);
    assert!(error.is_retryable() && error.to_string().contains("still waiting"));
    assert!(rows.next().await.is_none());
}

#[tokio::test]
async fn a_file_that_is_none_is_an_error_that_says_so() {
    let page = || (200, "text/html", Bytes::from("<html>maintenance</html>"));
    let gone = json_answer(404, &refusal("RESOURCE_NOT_FOUND"));
    let bomb = format!("Id\n{}", "0\n".repeat(1_000_000));
    for (answer, limits, kind) in [
        (page(), FileLimits::default(), ErrorKind::NotJson),
        (gone, FileLimits::default(), ErrorKind::Api),
        (
            (200, "application/zip", Bytes::from("hello, world")),
            FileLimits::default(),
            ErrorKind::File,
        ),
        (file("Id,Name\n1\n"), FileLimits::default(), ErrorKind::File),
        (
            file(&bomb),
            FileLimits::default().max_ratio(100),
            ErrorKind::File,
        ),
    ] {
        let server = Server::new([read_created("1"), read_done("1", None), answer]);
        let (client, _) = over(Arc::new(server));
        let rows = client.bulk_read("Accounts").limits(limits).rows();
        let error = rows.try_for_each(|_| async { Ok(()) }).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
    }
}

#[tokio::test]
async fn rows_before_a_break_are_good_and_the_break_is_told() {
    let mut text = "Id,Name\n".to_owned();
    let mut seed = 1_u64;
    for id in 0..2000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        text += &format!("{id},{seed:x}\n");
    }
    let mut archive = zip(&text);
    archive.truncate(archive.len() / 2);
    for (breaks, kind) in [(true, ErrorKind::Transport), (false, ErrorKind::File)] {
        let answer = (200, "application/zip", archive.clone());
        let server = Server {
            breaks,
            ..Server::new([read_created("1"), read_done("1", None), answer])
        };
        let (client, _) = over(Arc::new(server));
        let mut rows = client.bulk_read("Accounts").rows();
        let mut read = 0;
        let error = loop {
            match rows.next().await.unwrap() {
                Ok(row) => {
                    assert_eq!(row.get("Id").unwrap(), read.to_string());
                    read += 1;
                }
                Err(error) => break error,
            }
        };
        assert!(read > 0 && read < 2000);
        assert_eq!(error.kind(), kind);
        assert!(error.is_retryable() && !error.may_have_been_applied());
        if kind == ErrorKind::File {
            assert!(matches!(
                &error,
                zoho_crm_client::Error::File {
                    source: FileError::Truncated,
                    ..
                }
            ));
        }
    }
}

fn uploaded() -> (u16, &'static str, Bytes) {
    json_answer(
        200,
        &json!({"status": "success", "code": "FILE_UPLOAD_SUCCESS", "message": "file uploaded.", "details": {"file_id": "555", "created_time": "2026-11-20T11:00:00+01:00"}}),
    )
}

fn write_created() -> (u16, &'static str, Bytes) {
    json_answer(
        201,
        &json!({"status": "success", "code": "SUCCESS", "message": "success", "details": {"id": "777", "created_by": {"id": "1", "name": "x"}}}),
    )
}

fn write_done() -> (u16, &'static str, Bytes) {
    json_answer(
        200,
        &json!({"status": "COMPLETED", "id": "777", "resource": [{"status": "COMPLETED"}], "result": {"download_url": "/v7/crm/org10234695/bulk-write/777/777.zip"}}),
    )
}

fn records(codes: &[&str]) -> Vec<Record> {
    let record = |code: &&str| {
        Record::new()
            .with("X3_Code", *code)
            .with("Last_Name", "Müller, \"x\"")
    };
    codes.iter().map(record).collect()
}

#[tokio::test]
async fn rows_are_uploaded_to_the_host_for_files_and_each_has_its_outcome() {
    let server = Arc::new(Server::new([
        json_answer(200, &org()),
        uploaded(),
        write_created(),
        json_answer(
            200,
            &json!({"status": "INPROGRESS", "id": "777", "resource": []}),
        ),
        write_done(),
        file(
            "X3_Code,Last_Name,STATUS,RECORD_ID,ERRORS\nA,x,added,91,\nB,x,skipped,,INVALID_DATA-Last_Name:MANDATORY_NOT_FOUND-Email\nC,x,updated,93,\nD,x,unprocessed,,\n",
        ),
    ]));
    let (client, _) = over(Arc::<Server>::clone(&server));
    let outcomes = client
        .bulk_write("Contacts", BulkOperation::upsert("X3_Code"))
        .columns(["X3_Code", "Last_Name"])
        .send(stream::iter(records(&["A", "B", "C", "D"])));
    let outcomes: Vec<_> = outcomes.try_collect().await.unwrap();
    let rows: Vec<u64> = outcomes.iter().map(|outcome| outcome.row).collect();
    assert_eq!(rows, [0, 1, 2, 3]);
    let added = outcomes[0].result.as_ref().unwrap();
    assert_eq!((added.id.as_str(), added.action), ("91", BulkAction::Added));
    assert_eq!(
        outcomes[2].result.as_ref().unwrap().action,
        BulkAction::Updated
    );
    let refused = outcomes[1].result.as_ref().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the row was refused, INVALID_DATA in `Last_Name`, MANDATORY_NOT_FOUND in `Email`"
    );
    assert_eq!(outcomes[3].result, Err(BulkRowError::Unprocessed));
    assert_eq!(
        server.requests(),
        [
            "GET https://www.zohoapis.eu/crm/v8/org",
            "POST https://content.zohoapis.eu/crm/v8/upload",
            "POST https://www.zohoapis.eu/crm/bulk/v8/write",
            "GET https://www.zohoapis.eu/crm/bulk/v8/write/777",
            "GET https://www.zohoapis.eu/crm/bulk/v8/write/777",
            "GET https://content.zohoapis.eu/v7/crm/org10234695/bulk-write/777/777.zip",
        ]
    );
    let requests = server.requests.lock().unwrap();
    let upload = &requests[2];
    assert_eq!(upload.headers()["feature"], "bulk-write");
    assert_eq!(upload.headers()["x-crm-org"], "10234695");
    let kind = upload.headers()["content-type"].to_str().unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"data.zip\"\r\nContent-Type: application/zip\r\n\r\n"
    );
    let end = format!("\r\n--{boundary}--\r\n");
    let archive = upload.body().strip_prefix(head.as_bytes()).unwrap();
    let archive = archive.strip_suffix(end.as_bytes()).unwrap();
    let quoted = "\"Müller, \"\"x\"\"\"";
    assert_eq!(
        unzip(archive),
        format!("X3_Code,Last_Name\nA,{quoted}\nB,{quoted}\nC,{quoted}\nD,{quoted}\n")
    );
}

#[tokio::test]
async fn a_row_that_the_result_forgets_may_have_been_written() {
    let server = Server::new([
        json_answer(200, &org()),
        uploaded(),
        write_created(),
        write_done(),
        file(
            "X3_Code,Last_Name,STATUS,RECORD_ID,ERRORS\nC,\"Müller, \"\"x\"\"\",added,93,\nA,\"Müller, \"\"x\"\"\",added,91,\n",
        ),
    ]);
    let (client, _) = over(Arc::new(server));
    let outcomes = client
        .bulk_write("Contacts", BulkOperation::Insert)
        .columns(["X3_Code", "Last_Name"])
        .send(stream::iter(records(&["A", "B", "C"])));
    let outcomes: Vec<_> = outcomes
        .map_ok(|outcome| outcome.result)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().id, "91");
    assert!(outcomes[1].as_ref().unwrap_err().may_have_been_applied());
    assert_eq!(outcomes[2].as_ref().unwrap().id, "93");
}

#[tokio::test]
async fn a_job_whose_start_is_in_doubt_is_not_started_again() {
    let server = Arc::new(Server::new([
        json_answer(200, &org()),
        uploaded(),
        (502, "text/html", Bytes::from("<html>bad gateway</html>")),
    ]));
    let (client, _) = over(Arc::<Server>::clone(&server));
    let mut outcomes = client
        .bulk_write("Contacts", BulkOperation::Insert)
        .columns(["X3_Code", "Last_Name"])
        .send(stream::iter(records(&["A"])));
    let error = outcomes.try_next().await.unwrap_err();
    assert!(error.may_have_been_applied());
    assert_eq!(server.requests().len(), 3);
    assert!(outcomes.next().await.is_none());
}

#[tokio::test]
async fn the_token_does_not_follow_a_link_to_a_strange_host() {
    let strange = json!({"status": "COMPLETED", "id": "777", "resource": [], "result": {"download_url": "https://evil.example/777.zip"}});
    let server = Arc::new(Server::new([
        json_answer(200, &org()),
        uploaded(),
        write_created(),
        json_answer(200, &strange),
    ]));
    let (client, _) = over(Arc::<Server>::clone(&server));
    let mut outcomes = client
        .bulk_write("Contacts", BulkOperation::Insert)
        .columns(["X3_Code", "Last_Name"])
        .send(stream::iter(records(&["A"])));
    let error = outcomes.try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(server.requests().len(), 4);
    let (builder, ..) = builder(DataCenter::Eu);
    let error = builder
        .content_url("https://evil.example")
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn without_rows_nothing_is_sent() {
    let server = Arc::new(Server::new([]));
    let (client, _) = over(Arc::<Server>::clone(&server));
    let outcomes = client
        .bulk_write("Contacts", BulkOperation::Insert)
        .columns(["X3_Code"]);
    let outcomes: Vec<_> = outcomes.send(stream::empty()).try_collect().await.unwrap();
    assert!(outcomes.is_empty());
    assert!(server.requests.lock().unwrap().is_empty());
}

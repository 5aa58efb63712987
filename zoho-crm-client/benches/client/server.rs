//! A server with canned answers.

use std::{collections::HashMap, io::Write, sync::Arc, time::Duration};

use client_core::{Sleep, TokioSleep};
use flate2::{Compression, Crc, write::DeflateEncoder};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::data::{BULK_PAGES, BULK_ROWS, PAGE, RECORDS, record};

struct Canned {
    address: String,
    latency: Duration,
    records: String,
    outcomes: String,
    archive: Vec<u8>,
}

/// Serves until it is killed.
pub(crate) fn run(latency_ms: u64) {
    crate::runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let records: Vec<String> = (0..PAGE).map(record).collect();
        let outcome = |number| format!(r#"{{"code":"SUCCESS","duplicate_field":"X3_Code","action":"update","details":{{"Modified_Time":"2026-11-20T11:00:00+01:00","Modified_By":{{"name":"Patricia Boyle","id":"5725767000000411001"}},"Created_Time":"2026-03-04T10:11:12+01:00","id":"57257670000{number:08}","Created_By":{{"name":"Patricia Boyle","id":"5725767000000411001"}}}},"message":"record updated","status":"success"}}"#);
        let outcomes: Vec<String> = (0..100).map(outcome).collect();
        let canned = Arc::new(Canned {
            latency: Duration::from_millis(latency_ms),
            records: records.join(","),
            outcomes: format!(r#"{{"data":[{}]}}"#, outcomes.join(",")),
            archive: archive(),
            address,
        });
        println!("{}", canned.address);
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            connections.spawn(serve(stream, Arc::clone(&canned)));
        }
    });
}

async fn serve(mut stream: TcpStream, canned: Arc<Canned>) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::new();
    loop {
        let head_end = loop {
            if let Some(end) = buffer.windows(4).position(|part| part == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let head = String::from_utf8_lossy(&buffer[..head_end]).to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        while buffer.len() < head_end + length {
            stream.read_buf(&mut buffer).await.unwrap();
        }
        buffer.drain(..head_end + length);
        let target = head.split(' ').nth(1).unwrap();
        if !canned.latency.is_zero() {
            TokioSleep.sleep(canned.latency).await;
        }
        let (kind, body) = canned.answer(target);
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // A client that has seen enough may be gone.
        if stream.write_all(&body).await.is_err() {
            return;
        }
    }
}

impl Canned {
    fn answer(&self, target: &str) -> (&'static str, Vec<u8>) {
        const JSON: &str = "application/json;charset=UTF-8";
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query: HashMap<&str, &str> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .collect();
        let json = |text: String| (JSON, text.into_bytes());
        match path {
            "/oauth/v2/token" => json(format!(r#"{{"access_token":"1000.a.b","api_domain":"{}","token_type":"Bearer","expires_in":3600}}"#, self.address)),
            "/crm/v8/accounts" => {
                let page = query.get("page").or_else(|| query.get("page_token"));
                let page: u32 = page.unwrap().trim_start_matches("token").parse().unwrap();
                let more = page * PAGE < RECORDS;
                json(format!(
                    r#"{{"data":[{}],"info":{{"per_page":{PAGE},"next_page_token":"token{}","count":{PAGE},"sort_by":"id","page":{page},"sort_order":"desc","more_records":{more}}}}}"#,
                    self.records,
                    page + 1,
                ))
            }
            "/crm/v8/accounts/upsert" => json(self.outcomes.clone()),
            "/crm/bulk/v8/read" => json(r#"{"data":[{"status":"success","code":"ADDED_SUCCESSFULLY","message":"Added successfully.","details":{"id":"1","operation":"read","state":"ADDED"}}],"info":{}}"#.to_owned()),
            "/crm/bulk/v8/read/1/result" => ("application/zip", self.archive.clone()),
            "/crm/bulk/v8/read/1" => {
                // All pages alike; the reader stops after the last.
                json(format!(r#"{{"data":[{{"id":"1","operation":"read","state":"COMPLETED","result":{{"page":{BULK_PAGES},"per_page":{BULK_ROWS},"count":{BULK_ROWS},"download_url":"/crm/bulk/v8/read/1/result","more_records":true,"next_page_token":"abc"}}}}]}}"#))
            }
            other => panic!("nothing is canned for {other}"),
        }
    }
}

/// A page of a bulk read.
fn archive() -> Vec<u8> {
    let mut csv =
        String::from("Id,Account_Name,X3_Code,Phone,Billing_City,Annual_Revenue,Modified_Time\n");
    for number in 0..BULK_ROWS {
        use std::fmt::Write as _;
        let spread = u64::from(number) * 2_654_435_761 % 1_000_003;
        writeln!(csv, "57257670000{number:08},\"Müller, Söhne {spread} GmbH\",BP{number:06},+41 44 555 {spread:06},Zürich,{spread}25.50,2026-11-20T11:00:00+01:00").unwrap();
    }
    let mut crc = Crc::new();
    crc.update(csv.as_bytes());
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(csv.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let size = |bytes: usize| u32::try_from(bytes).unwrap().to_le_bytes();
    let mut archive = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\x21\0".to_vec();
    archive.extend_from_slice(&crc.sum().to_le_bytes());
    archive.extend_from_slice(&size(packed.len()));
    archive.extend_from_slice(&size(csv.len()));
    archive.extend_from_slice(b"\x05\0\0\0a.csv");
    archive.extend_from_slice(&packed);
    archive
}

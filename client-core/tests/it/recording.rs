//! What the recording transport writes down.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use client_core::{
    HttpTransport, Upload,
    testing::{RecordingTransport, ScriptedTransport},
};
use serde_json::{Value, json};

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Memory {
    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

#[tokio::test]
async fn an_exchange_becomes_a_line_that_holds_everything_but_the_credential() {
    let memory = Memory::default();
    let script = ScriptedTransport::new()
        .answer(201, r#"{"data":[]}"#)
        .answer(204, "");
    let transport = RecordingTransport::new(Arc::new(script), memory.clone());
    let insert = http::Request::post("https://crm.example/crm/v8/Accounts?a=1&b=x%20y&a=2")
        .header("authorization", "Zoho-oauthtoken 1000.canary")
        .header("content-type", "application/json")
        .body(Bytes::from(r#"{"data":[{"id":"7"}]}"#))
        .unwrap();
    transport.send(insert).await.unwrap();
    let token = http::Request::post("https://accounts.example/oauth/v2/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from("grant_type=refresh_token&client_id=a%2Bb"))
        .unwrap();
    transport.send(token).await.unwrap();
    let lines = memory.lines();
    assert_eq!(
        lines[0],
        json!({
            "method": "POST", "path": "/crm/v8/Accounts", "query": {"a": ["1", "2"], "b": "x y"},
            "headers": {"authorization": "REDACTED", "content-type": "application/json"},
            "body": {"data": [{"id": "7"}]},
            "status": 201, "response_headers": {}, "response_body": {"data": []},
        })
    );
    assert_eq!(
        lines[1]["body"],
        json!({"grant_type": "refresh_token", "client_id": "a+b"})
    );
    assert_eq!(lines[1]["response_body"], Value::Null);
}

#[tokio::test]
async fn a_streamed_exchange_is_written_when_its_body_ends_or_is_given_up() {
    let memory = Memory::default();
    let script = ScriptedTransport::new()
        .answer(200, "one")
        .answer(200, "two");
    let transport = RecordingTransport::new(Arc::new(script), memory.clone());
    let request = || {
        let upload = Upload::of_pieces(vec!["up".into(), "load".into()]);
        http::Request::post("https://crm.example/upload")
            .body(upload)
            .unwrap()
    };
    let read = transport.stream(request()).await.unwrap();
    assert!(memory.lines().is_empty());
    let body = read.into_body().collect_at_most(10).await.unwrap();
    assert_eq!(body, "one");
    assert_eq!(memory.lines()[0]["response_body"], "one");
    assert_eq!(memory.lines()[0]["body"], "upload");
    drop(transport.stream(request()).await.unwrap());
    assert_eq!(memory.lines()[1]["response_body"], Value::Null);
}

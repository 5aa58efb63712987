//! The default transport against real sockets.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use client_core::{
    HttpTransport, Request, ReqwestTransport, Response, Timeout, TransportError, TransportErrorKind,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_string, header, method, path, query_param},
};

/// Stands for a record's value in a query; must show in no error.
const CANARY: &str = "canary-7f3a";

fn get(url: &str) -> Request {
    http::Request::get(url).body(Bytes::new()).unwrap()
}

fn canary_url(address: SocketAddr) -> String {
    format!("http://{address}/Accounts?email={CANARY}")
}

async fn send(request: Request) -> Result<Response, TransportError> {
    ReqwestTransport::new().unwrap().send(request).await
}

/// Everything that a log could show of an error.
fn full_text(error: &TransportError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text} {inner} {inner:?}");
        cause = inner.source();
    }
    text
}

fn assert_failed(result: Result<Response, TransportError>, kind: TransportErrorKind) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error:?}");
    assert!(!full_text(&error).contains(CANARY), "{}", full_text(&error));
}

/// A server that reads one request, writes `answer` as it stands, and hangs up.
async fn server_answering(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        stream.write_all(answer).await.unwrap();
        stream.shutdown().await.unwrap();
    });
    tasks.detach_all();
    address
}

#[tokio::test]
async fn the_request_arrives_whole_and_any_status_is_an_answer() {
    let server = MockServer::start().await;
    Mock::given(method("PUT"))
        .and(path("/crm/v8/Accounts/upsert"))
        .and(query_param("trigger", "a b"))
        .and(header("authorization", "Zoho-oauthtoken abc"))
        .and(header("user-agent", "tests/1"))
        .and(body_string("{\"data\":[1]}"))
        .respond_with(
            ResponseTemplate::new(418)
                .insert_header("x-api-credits-remaining", "4999")
                .set_body_string("{\"status\":\"error\"}"),
        )
        .expect(1)
        .mount(&server)
        .await;
    let request = http::Request::put(format!(
        "{}/crm/v8/Accounts/upsert?trigger=a%20b",
        server.uri()
    ))
    .header("authorization", "Zoho-oauthtoken abc")
    .body(Bytes::from_static(b"{\"data\":[1]}"))
    .unwrap();
    let transport = ReqwestTransport::builder()
        .user_agent("tests/1")
        .build()
        .unwrap();
    let response = transport.send(request).await.unwrap();
    assert_eq!(response.status(), 418);
    assert_eq!(response.headers()["x-api-credits-remaining"], "4999");
    assert_eq!(response.body().as_ref(), b"{\"status\":\"error\"}");
}

#[tokio::test]
async fn a_redirect_is_handed_back_and_not_followed() {
    let server = MockServer::start().await;
    let target = format!("{}/login", server.uri());
    Mock::given(path("/api"))
        .respond_with(ResponseTemplate::new(302).insert_header("location", target.as_str()))
        .mount(&server)
        .await;
    let response = send(get(&format!("{}/api", server.uri()))).await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(response.headers()["location"], target.as_str());
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn no_answer_in_time_is_a_time_out() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(60)))
        .mount(&server)
        .await;
    // Once by the request, once by the transport.
    let mut request = get(&canary_url(*server.address()));
    let limit = Timeout(Duration::from_millis(50));
    request.extensions_mut().insert(limit);
    assert_failed(send(request).await, TransportErrorKind::Timeout);

    let transport = ReqwestTransport::builder()
        .timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let result = transport.send(get(&canary_url(*server.address()))).await;
    assert_failed(result, TransportErrorKind::Timeout);
}

#[tokio::test]
async fn a_body_that_stalls_is_a_time_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut request = get(&canary_url(listener.local_addr().unwrap()));
    let limit = Timeout(Duration::from_millis(100));
    request.extensions_mut().insert(limit);
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{";
        stream.write_all(head).await.unwrap();
        // Held open until the client has given up.
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    };
    let (result, ()) = futures::join!(send(request), server);
    assert_failed(result, TransportErrorKind::Timeout);
}

#[tokio::test]
async fn a_refused_connection_proves_that_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let result = send(get(&canary_url(address))).await;
    assert_failed(result, TransportErrorKind::Connect);
}

#[tokio::test]
async fn a_host_that_does_not_exist_proves_that_nothing_was_sent() {
    let url = format!("http://no-such-host.invalid/?email={CANARY}");
    assert_failed(send(get(&url)).await, TransportErrorKind::Connect);
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_proves_that_nothing_was_sent() {
    let address = server_answering(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let url = format!("https://{address}/?email={CANARY}");
    assert_failed(send(get(&url)).await, TransportErrorKind::Connect);
}

#[tokio::test]
async fn a_connection_that_breaks_is_an_interruption_that_may_have_had_effect() {
    let broken: [&'static [u8]; 4] = [
        b"",
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"data\":",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"dat\r\n",
    ];
    for answer in broken {
        let address = server_answering(answer).await;
        let result = send(get(&canary_url(address))).await;
        assert_failed(result, TransportErrorKind::Interrupted);
    }
    assert!(TransportErrorKind::Interrupted.may_have_been_received());
}

#[tokio::test]
async fn an_answer_that_is_not_http_may_have_had_effect() {
    let address = server_answering(b"220 mail.example ESMTP\r\n").await;
    let error = send(get(&canary_url(address))).await.unwrap_err();
    assert!(error.kind().may_have_been_received(), "{error:?}");
    assert!(!full_text(&error).contains(CANARY));
}

#[tokio::test]
async fn an_answer_may_be_as_large_as_the_limit_and_no_larger() {
    let announced: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789";
    let chunked: &[u8] =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n";
    for answer in [announced, chunked] {
        let limited = |bytes| {
            ReqwestTransport::builder()
                .max_answer_bytes(bytes)
                .build()
                .unwrap()
        };
        let url = canary_url(server_answering(answer).await);
        let response = limited(10).send(get(&url)).await.unwrap();
        assert_eq!(response.body().as_ref(), b"0123456789");
        let url = canary_url(server_answering(answer).await);
        let result = limited(9).send(get(&url)).await;
        assert_failed(result, TransportErrorKind::TooLarge);
    }
}

#[tokio::test]
async fn a_request_without_a_usable_address_is_invalid() {
    for url in [
        format!("/crm/v8/org?email={CANARY}"),
        format!("ftp://host/?email={CANARY}"),
    ] {
        assert_failed(send(get(&url)).await, TransportErrorKind::Invalid);
    }
}

#[test]
fn a_root_certificate_that_is_none_is_refused_when_the_transport_is_built() {
    let error = ReqwestTransport::builder()
        .root_certificate_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Invalid);
}

//! Bodies in pieces, over real sockets and through the pipeline.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use client_core::{
    BodyStream, Call, ConcurrencyLimit, HttpTransport, NoAuth, Pipeline, Request, ReqwestTransport,
    Response, RetryPolicy, Timeout, TransportError, TransportErrorKind, Upload,
    testing::{ManualClock, RecordingSleep, ScriptedTransport},
};
use futures::{FutureExt, StreamExt, stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_string, header, method},
};

use crate::doubles::{classify, start};

/// A server that handles one connection by `serve`.
async fn server<F>(serve: impl FnOnce(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream).await;
    });
    tasks.detach_all();
    address
}

fn get(address: SocketAddr, patience: Duration) -> http::Request<Upload> {
    http::Request::get(format!("http://{address}/result"))
        .extension(Timeout(patience))
        .body(Upload::from(Bytes::new()))
        .unwrap()
}

#[tokio::test]
async fn the_body_is_handed_over_before_its_end_is_sent() {
    let (more, wait) = tokio::sync::oneshot::channel::<()>();
    let address = server(|mut stream| async move {
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await.unwrap();
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst";
        stream.write_all(head).await.unwrap();
        wait.await.unwrap();
        stream.write_all(b"after").await.unwrap();
    })
    .await;
    let transport = ReqwestTransport::new().unwrap();
    let answer = transport
        .stream(get(address, Duration::from_secs(20)))
        .await
        .unwrap();
    let mut body = answer.into_body();
    assert_eq!(body.piece().await.unwrap().unwrap(), "first");
    more.send(()).unwrap();
    assert_eq!(body.piece().await.unwrap().unwrap(), "after");
    assert!(body.piece().await.is_none());
}

#[tokio::test]
async fn a_body_that_stalls_or_breaks_off_ends_with_an_error() {
    for (stalls, kind) in [
        (true, TransportErrorKind::Timeout),
        (false, TransportErrorKind::Interrupted),
    ] {
        let address = server(move |mut stream| async move {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await.unwrap();
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst";
            stream.write_all(head).await.unwrap();
            if stalls {
                std::future::pending::<()>().await;
            }
        })
        .await;
        let transport = ReqwestTransport::new().unwrap();
        let answer = transport
            .stream(get(address, Duration::from_secs(1)))
            .await
            .unwrap();
        let mut body = answer.into_body();
        assert_eq!(body.piece().await.unwrap().unwrap(), "first");
        assert_eq!(body.piece().await.unwrap().unwrap_err().kind(), kind);
        assert!(body.piece().await.is_none());
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let address = server(|open| async move {
        std::future::pending::<()>().await;
        drop(open);
    })
    .await;
    let transport = ReqwestTransport::new().unwrap();
    let result = transport.stream(get(address, Duration::from_secs(1))).await;
    assert_eq!(result.unwrap_err().kind(), TransportErrorKind::Timeout);
}

#[tokio::test]
async fn an_upload_arrives_whole_with_its_length() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(header("content-length", "6"))
        .and(body_string("upload"))
        .respond_with(ResponseTemplate::new(200).set_body_string("taken"))
        .expect(1)
        .mount(&server)
        .await;
    let upload = Upload::of_pieces(vec!["up".into(), "load".into()]);
    let request = http::Request::post(server.uri()).body(upload).unwrap();
    let answer = ReqwestTransport::new()
        .unwrap()
        .stream(request)
        .await
        .unwrap();
    assert_eq!(
        answer.into_body().collect_at_most(99).await.unwrap(),
        "taken"
    );
}

/// Streams whatever the script says, and keeps what was uploaded.
#[derive(Debug)]
struct Pieces {
    script: ScriptedTransport,
    uploads: Mutex<Vec<Bytes>>,
    breaks: bool,
}

#[async_trait]
impl HttpTransport for Pieces {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.script.send(request).await
    }

    async fn stream(
        &self,
        request: http::Request<Upload>,
    ) -> Result<http::Response<BodyStream>, TransportError> {
        let (parts, upload) = request.into_parts();
        let sent = upload.open().collect_at_most(1024).await?;
        self.uploads.lock().unwrap().push(sent.clone());
        let answer = self.script.send(Request::from_parts(parts, sent)).await?;
        let broken = || TransportError::new(TransportErrorKind::Interrupted, "broken");
        let end = self.breaks.then(|| Err(broken()));
        Ok(answer.map(|body| BodyStream::new(BodyStream::from(body).chain(stream::iter(end)))))
    }
}

fn pipeline(script: ScriptedTransport, breaks: bool) -> (Pipeline, Arc<Pieces>) {
    let clock = ManualClock::new(start());
    let pieces = Arc::new(Pieces {
        script,
        uploads: Mutex::default(),
        breaks,
    });
    let transport = Arc::<Pieces>::clone(&pieces);
    let sleep = Arc::new(RecordingSleep::new(clock.clone()));
    (
        Pipeline::new(transport, Arc::new(clock), sleep).retry(RetryPolicy::default()),
        pieces,
    )
}

fn download() -> Call<client_core::Repeatable> {
    Call::repeatable("download", Request::default())
}

#[tokio::test]
async fn an_upload_is_sent_again_from_its_start_and_an_error_answer_is_whole() {
    let script = ScriptedTransport::new()
        .answer(503, "busy")
        .answer(400, "no");
    let (pipeline, pieces) = pipeline(script, false);
    let upload = Upload::of_pieces(vec!["up".into(), "load".into()]);
    let call = Call::repeatable("upload", Request::default());
    let answer = pipeline
        .execute_streamed(call, Some(upload), &NoAuth, &classify)
        .await
        .unwrap();
    assert_eq!(
        (answer.attempts, answer.response.status().as_u16()),
        (2, 400)
    );
    assert_eq!(
        answer
            .response
            .into_body()
            .collect_at_most(9)
            .await
            .unwrap(),
        "no"
    );
    assert_eq!(*pieces.uploads.lock().unwrap(), ["upload", "upload"]);
}

#[tokio::test]
async fn a_body_that_breaks_after_its_start_is_not_asked_for_again() {
    let script = ScriptedTransport::new()
        .answer(200, "start")
        .answer(200, "again");
    let (pipeline, pieces) = pipeline(script, true);
    let answer = pipeline
        .execute_streamed(download(), None, &NoAuth, &classify)
        .await
        .unwrap();
    let error = answer
        .response
        .into_body()
        .collect_at_most(99)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Interrupted);
    assert_eq!(pieces.uploads.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_turn_ends_when_the_body_does() {
    let script = ScriptedTransport::new()
        .answer(200, "one")
        .answer(200, "two");
    let (pipeline, _) = pipeline(script, false);
    let pipeline = pipeline.limit(ConcurrencyLimit::new(1));
    let stream = || async {
        pipeline
            .execute_streamed(download(), None, &NoAuth, &classify)
            .await
    };
    let mut first = stream().await.unwrap().response.into_body();
    assert!(stream().now_or_never().is_none());
    while first.piece().await.is_some() {}
    assert!(stream().now_or_never().unwrap().is_ok());
}

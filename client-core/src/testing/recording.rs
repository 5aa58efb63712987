//! A record of what goes over a transport.

use std::{
    collections::BTreeMap,
    fmt,
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::{
    HeaderMap, Method, StatusCode, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde_json::{Map, Value, json};

use crate::{BodyStream, HttpTransport, Request, Response, TransportError, Upload};

type Sink = Arc<Mutex<Box<dyn Write + Send>>>;

/// Passes everything on to another transport and writes each exchange that got an answer as one line of JSON, in the
/// form that the project's judge of captures reads:
///
/// ```json
/// {"method", "path", "query", "headers", "body", "status", "response_headers", "response_body"}
/// ```
///
/// Bodies are JSON where they are JSON, an object for a form, else text (bytes that are no UTF-8 are replaced), `null`
/// when empty. Of a streamed body the first mebibyte is written. The credential is replaced by `REDACTED`, but bodies are
/// written as they are: token requests and answers hold secrets, so record against simulators only.
///
/// A line is written when the answer is complete, or when the reader of a streamed one drops it.
#[derive(Clone)]
pub struct RecordingTransport {
    inner: Arc<dyn HttpTransport>,
    sink: Sink,
}

impl RecordingTransport {
    /// Records what goes over `inner` to `sink`.
    pub fn new(inner: Arc<dyn HttpTransport>, sink: impl Write + Send + 'static) -> Self {
        Self {
            inner,
            sink: Arc::new(Mutex::new(Box::new(sink))),
        }
    }

    /// Records what goes over `inner` at the end of the file at `path`, which other transports and processes may add to
    /// as well.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn to_file(inner: Arc<dyn HttpTransport>, path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self::new(inner, file))
    }
}

impl fmt::Debug for RecordingTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordingTransport")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpTransport for RecordingTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let sent = Sent::new(
            request.method(),
            request.uri(),
            request.headers(),
            request.body(),
        );
        let response = self.inner.send(request).await?;
        sent.write(
            &self.sink,
            response.status(),
            response.headers(),
            response.body(),
        );
        Ok(response)
    }

    async fn stream(
        &self,
        request: http::Request<Upload>,
    ) -> Result<http::Response<BodyStream>, TransportError> {
        let start = start_of(request.body()).await?;
        let sent = Sent::new(request.method(), request.uri(), request.headers(), &start);
        let response = self.inner.stream(request).await?;
        let (head, body) = response.into_parts();
        let tee = Tee {
            body,
            start: Vec::new(),
            status: head.status,
            headers: head.headers.clone(),
            sent: Some(sent),
            sink: Arc::clone(&self.sink),
        };
        Ok(http::Response::from_parts(head, BodyStream::new(tee)))
    }
}

/// Most bytes of a streamed body that are recorded.
const RECORDED: usize = 1024 * 1024;

async fn start_of(upload: &Upload) -> Result<Bytes, TransportError> {
    let mut start = Vec::new();
    let mut body = upload.open();
    while start.len() < RECORDED
        && let Some(piece) = body.piece().await
    {
        start.extend_from_slice(&piece?);
    }
    start.truncate(RECORDED);
    Ok(start.into())
}

/// A body that is recorded as it passes.
struct Tee {
    body: BodyStream,
    start: Vec<u8>,
    status: StatusCode,
    headers: HeaderMap,
    sent: Option<Sent>,
    sink: Sink,
}

impl Tee {
    fn write(&mut self) {
        if let Some(sent) = self.sent.take() {
            sent.write(&self.sink, self.status, &self.headers, &self.start);
        }
    }
}

impl Stream for Tee {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.body.poll_next_unpin(context);
        match &polled {
            Poll::Ready(Some(Ok(piece))) => {
                let left = RECORDED - self.start.len();
                self.start.extend(piece.iter().take(left));
            }
            Poll::Ready(None) => self.write(),
            _ => {}
        }
        polled
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        self.write();
    }
}

/// The request's half of a line.
struct Sent(Map<String, Value>);

impl Sent {
    fn new(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Self {
        let mut line = Map::new();
        line.insert("method".to_owned(), method.as_str().into());
        line.insert("path".to_owned(), uri.path().into());
        line.insert(
            "query".to_owned(),
            pairs(uri.query().unwrap_or("").as_bytes()),
        );
        line.insert("headers".to_owned(), shown_headers(headers));
        line.insert("body".to_owned(), shown_body(headers, body));
        Self(line)
    }

    fn write(self, sink: &Sink, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
        let mut line = self.0;
        line.insert("status".to_owned(), status.as_u16().into());
        line.insert("response_headers".to_owned(), shown_headers(headers));
        line.insert("response_body".to_owned(), shown_body(headers, body));
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
        // One write a line, so that lines of several processes do not mix. A record that cannot be kept shows when it is
        // judged; the exchange itself went well.
        let _unrecorded = sink.write_all(text.as_bytes()).and_then(|()| sink.flush());
    }
}

/// A form or query: a value, or a list of values where a name occurs more than once.
fn pairs(text: &[u8]) -> Value {
    let mut names: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(text) {
        names
            .entry(name.into_owned())
            .or_default()
            .push(value.into());
    }
    let shown = names.into_iter().map(|(name, mut values)| {
        let value = if values.len() == 1 {
            values.pop()
        } else {
            None
        };
        (name, value.unwrap_or(Value::Array(values)))
    });
    Value::Object(shown.collect())
}

fn shown_headers(headers: &HeaderMap) -> Value {
    let shown = headers.keys().map(|name| {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        let text = if name == AUTHORIZATION {
            "REDACTED".to_owned()
        } else {
            values.join(", ")
        };
        (name.as_str().to_owned(), text.into())
    });
    Value::Object(shown.collect())
}

fn shown_body(headers: &HeaderMap, body: &[u8]) -> Value {
    let kind = headers
        .get(CONTENT_TYPE)
        .map_or(&b""[..], http::HeaderValue::as_bytes);
    if body.is_empty() {
        Value::Null
    } else if kind.starts_with(b"application/x-www-form-urlencoded") {
        pairs(body)
    } else {
        serde_json::from_slice(body).unwrap_or_else(|_| json!(String::from_utf8_lossy(body)))
    }
}

//! Writes exchanges down, one JSON object a line, in the form that the tool beside Zoho's OpenAPI documents reads.

use std::fs::{File, create_dir_all};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use http::HeaderMap;

use crate::dispatch::body_bytes;
use crate::exchange::{Answer, Call};
use crate::json::{Json, Object, object};

/// Files of one process, told apart by a number.
static FILES: AtomicU64 = AtomicU64::new(0);

/// A file that grows by a line an exchange.
#[derive(Debug)]
pub(crate) struct Capture(Mutex<File>);

impl Capture {
    /// Creates a file in that folder that no other simulator writes to.
    pub(crate) fn create(folder: &Path, port: u16) -> io::Result<Self> {
        create_dir_all(folder)?;
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{port}-{number}.jsonl", std::process::id());
        Ok(Self(Mutex::new(File::create(folder.join(name))?)))
    }

    /// Writes an exchange. A full disk must not change what the simulator does, so a failure only shortens the file.
    pub(crate) fn write(&self, call: &Call, answer: &Answer) {
        let mut query = Object::new();
        for (name, value) in &call.query {
            query.set(name.as_str(), value.as_str());
        }
        let (body, content_type) = body_bytes(&answer.body)
            .map_or((Json::Null, None), |(bytes, content_type)| {
                (readable(&bytes, content_type), Some(content_type))
            });
        let mut response_headers = Object::new();
        for (name, value) in &answer.headers {
            response_headers.set(*name, value.as_str());
        }
        if let Some(content_type) = content_type {
            response_headers.set("content-type", content_type);
        }
        let request_type = call.header("content-type").unwrap_or_default();
        let line = Json::Object(object! {
            "method" => call.method.as_str(),
            "path" => call.path.as_str(),
            "query" => query,
            "headers" => header_object(&call.headers),
            "body" => readable(&call.body, request_type),
            "status" => answer.status,
            "response_headers" => response_headers,
            "response_body" => body,
        });
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(file, "{line}");
    }
}

fn header_object(headers: &HeaderMap) -> Object {
    let mut shown = Object::new();
    for (name, value) in headers {
        let value = match name.as_str() {
            "authorization" => "REDACTED",
            _ => value.to_str().unwrap_or_default(),
        };
        shown.set(name.as_str(), value);
    }
    shown
}

/// A body as JSON where it is JSON or a form, as text where it is text, else as base64.
fn readable(body: &[u8], content_type: &str) -> Json {
    if body.is_empty() {
        return Json::Null;
    }
    let Ok(text) = std::str::from_utf8(body) else {
        let encoded = base64::engine::general_purpose::STANDARD.encode(body);
        return Json::Object(object! { "$base64" => encoded });
    };
    if content_type.starts_with("application/x-www-form-urlencoded") {
        let mut form = Object::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            form.set(name.into_owned(), value.into_owned());
        }
        return Json::Object(form);
    }
    if content_type.starts_with("multipart/") {
        return Json::from(text);
    }
    Json::parse(text).unwrap_or_else(|_| Json::from(text))
}

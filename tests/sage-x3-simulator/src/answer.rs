//! An HTTP answer in the making, and the ways it can be spoilt.

use std::io;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode};

#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    content_type: &'static str,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    delivery: Delivery,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    Whole,
    /// The connection closes after half of the body.
    BrokenOff,
    /// The connection closes at once.
    HangUp,
}

/// Marks a response the server must not send but close the connection instead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HangUp;

impl Answer {
    fn new(status: u16, content_type: &'static str, body: &str) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            content_type,
            headers: Vec::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            delivery: Delivery::Whole,
        }
    }

    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::new(status, "application/json; charset=utf-8", body)
    }

    pub(crate) fn xml(status: u16, body: &str) -> Self {
        Self::new(status, "text/xml; charset=utf-8", body)
    }

    pub(crate) fn plain_or_html(status: u16, body: &str) -> Self {
        let html = body.trim_start().starts_with('<');
        Self::new(
            status,
            if html {
                "text/html; charset=utf-8"
            } else {
                "text/plain; charset=utf-8"
            },
            body,
        )
    }

    pub(crate) fn hang_up() -> Self {
        Self {
            delivery: Delivery::HangUp,
            ..Self::new(500, "text/plain", "")
        }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }

    pub(crate) fn broken_off(mut self) -> Self {
        self.delivery = Delivery::BrokenOff;
        self
    }

    pub(crate) fn half(mut self) -> Self {
        self.body.truncate(self.body.len() / 2);
        self
    }

    pub(crate) fn status(&self) -> Option<u16> {
        (self.delivery != Delivery::HangUp).then(|| self.status.as_u16())
    }

    pub(crate) fn length(&self) -> usize {
        self.body.len()
    }

    pub(crate) fn into_response(self) -> Response {
        let length = self.body.len();
        let body = match self.delivery {
            Delivery::Whole => Body::from(self.body),
            Delivery::HangUp => Body::empty(),
            Delivery::BrokenOff => Body::from_stream(broken_stream(self.body.slice(..length / 2))),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if self.delivery == Delivery::BrokenOff {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        headers.extend(self.headers);
        if self.delivery == Delivery::HangUp {
            response.extensions_mut().insert(HangUp);
        }
        response
    }
}

/// The given part of a body, then an error.
fn broken_stream(part: Bytes) -> impl Stream<Item = io::Result<Bytes>> {
    stream::iter([Ok(part)]).chain(stream::once(async {
        // Giving way once makes the server send what it has before it sees the error.
        tokio::task::yield_now().await;
        Err(io::Error::other("broken off on purpose"))
    }))
}

pub(crate) fn html_escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

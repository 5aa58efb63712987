//! One request as the handlers see it, and one answer as they give it.

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::failure::Failure;
use crate::json::{Json, Object};
use crate::multipart::Part;

/// A request whose body has been read.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) segments: Vec<String>,
    pub(crate) query_text: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The parts of a multipart body.
    pub(crate) parts: Vec<Part>,
}

impl Call {
    pub(crate) fn new(
        method: Method,
        path: &str,
        query: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Self {
        let segments = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(decode_segment)
            .collect();
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        Self {
            method,
            path: path.to_owned(),
            segments,
            query_text: query.to_owned(),
            query: pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
            headers,
            body,
            parts: Vec::new(),
        }
    }

    /// A query parameter; an empty one counts as absent.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON. A missing or odd Content-Type does not matter: the official SDKs send none.
    pub(crate) fn json(&self) -> Result<Json, Failure> {
        let text = std::str::from_utf8(&self.body).map_err(|_| Failure::unparsable_body())?;
        Json::parse(text).map_err(|_| Failure::unparsable_body())
    }
}

fn decode_segment(segment: &str) -> String {
    // form_urlencoded reads '+' as a blank, which a path does not.
    let escaped = segment.replace('+', "%2B");
    url::form_urlencoded::parse(format!("={escaped}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_else(|| segment.to_owned())
}

/// What a handler answers.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Body,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Rows read or written, for the log.
    pub(crate) rows: usize,
}

/// An answer's body.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Empty,
    Json(Json),
    Html(&'static str),
    File(Download),
}

/// A file in an answer.
#[derive(Debug, Clone)]
pub(crate) struct Download {
    pub(crate) content_type: String,
    pub(crate) bytes: Bytes,
}

impl Answer {
    pub(crate) fn json(status: u16, body: impl Into<Json>) -> Self {
        Self {
            status,
            body: Body::Json(body.into()),
            headers: Vec::new(),
            rows: 0,
        }
    }

    pub(crate) const fn empty(status: u16) -> Self {
        Self {
            status,
            body: Body::Empty,
            headers: Vec::new(),
            rows: 0,
        }
    }

    /// A file to be kept under that name.
    pub(crate) fn file(name: &str, content_type: &str, bytes: Bytes) -> Self {
        let disposition = format!(
            "attachment;filename=\"{}\"",
            name.replace(['"', '\r', '\n'], "_")
        );
        Self {
            status: 200,
            body: Body::File(Download {
                content_type: content_type.to_owned(),
                bytes,
            }),
            headers: vec![("content-disposition", disposition)],
            rows: 0,
        }
    }

    pub(crate) const fn html(status: u16, text: &'static str) -> Self {
        Self {
            status,
            body: Body::Html(text),
            headers: Vec::new(),
            rows: 0,
        }
    }

    /// Sets a member of a JSON body.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Json>) {
        if let Body::Json(Json::Object(body)) = &mut self.body {
            body.set(name, value);
        }
    }

    /// An object in a JSON body, to add to it.
    pub(crate) fn member_mut(&mut self, name: &str) -> Option<&mut Object> {
        match &mut self.body {
            Body::Json(Json::Object(body)) => match body.get_mut(name)? {
                Json::Object(member) => Some(member),
                _ => None,
            },
            _ => None,
        }
    }

    pub(crate) const fn rows(mut self, rows: usize) -> Self {
        self.rows = rows;
        self
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        Self::json(failure.status, failure.body())
    }
}

//! From a document to an HTTP request, and what the retry loop makes of the answer.

use bytes::Bytes;
use client_core::{Effect, Request, Response, Verdict, retry_after};
use http::{
    HeaderValue, Method, StatusCode,
    header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE},
};
use jiff::Timestamp;
use serde::Serialize;

use super::{document::has_mutation, node_path::NodePath};
use crate::{config::Site, error::InvalidRequest};

/// A document with its variables, ready to be sent to any site.
#[derive(Clone, Debug)]
pub(crate) struct GraphqlRequest {
    /// Name in logs and errors.
    pub(crate) operation: &'static str,
    body: Bytes,
    /// Whether the document changes something.
    pub(crate) writes: bool,
    /// The node's type, and the operation on it that the document runs, if it runs one alone.
    pub(crate) about: Option<(String, &'static str)>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a, V> {
    query: &'a str,
    variables: &'a V,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_name: Option<&'a str>,
}

impl GraphqlRequest {
    pub(crate) fn new<V: Serialize>(
        operation: &'static str,
        document: &str,
        operation_name: Option<&str>,
        variables: &V,
    ) -> Result<Self, InvalidRequest> {
        let body = serde_json::to_vec(&Body {
            query: document,
            variables,
            operation_name,
        })
        .map_err(|error| {
            InvalidRequest::new(format!("the variables of {operation} are no JSON: {error}"))
        })?;
        Ok(Self {
            operation,
            body: body.into(),
            writes: has_mutation(document),
            about: None,
        })
    }

    /// Names the one operation that the document runs, so that its absence can be told apart from other errors.
    pub(crate) fn about(mut self, node: &NodePath, operation: &'static str) -> Self {
        self.about = Some((node.type_name(), operation));
        self
    }

    /// The HTTP request, without a credential. Source: reference sage-x3 section 3.1.
    pub(crate) fn to_http(&self, site: &Site) -> Request {
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = site.url.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(endpoint) = &site.endpoint_header {
            headers.insert("x-xtrem-endpoint", endpoint.clone());
        }
        if let Some(locale) = &site.locale {
            headers.insert(ACCEPT_LANGUAGE, locale.clone());
        }
        request
    }
}

/// What an answer's status means for repetition. Whatever GraphQL says inside a 200 is final: severities are read by
/// the parser, and a failed document does not succeed by itself.
pub(crate) fn classify(response: &Response, now: Timestamp) -> Verdict {
    let after = retry_after(response.headers(), now);
    match response.status() {
        StatusCode::UNAUTHORIZED => Verdict::Reauthenticate,
        StatusCode::TOO_MANY_REQUESTS => Verdict::Retry {
            effect: Effect::None,
            after,
        },
        // A 500 that speaks GraphQL is the service's own last word.
        StatusCode::INTERNAL_SERVER_ERROR if looks_like_json(response.body()) => Verdict::Done,
        status if status.is_server_error() => Verdict::Retry {
            effect: Effect::Unknown,
            after,
        },
        StatusCode::REQUEST_TIMEOUT => Verdict::Retry {
            effect: Effect::Unknown,
            after,
        },
        _ => Verdict::Done,
    }
}

pub(crate) fn looks_like_json(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"{")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SiteConfig;

    #[test]
    fn a_request_is_a_json_post_with_the_endpoint_in_a_header() {
        let site: Site = SiteConfig::new("http://x3:8124", "REPOSX3_SEED")
            .locale("en-US")
            .try_into()
            .unwrap();
        let request =
            GraphqlRequest::new("test", "{ a }", Some("A"), &serde_json::json!({"first": 5}))
                .unwrap()
                .to_http(&site);
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "http://x3:8124/xtrem/api");
        assert_eq!(request.headers()["x-xtrem-endpoint"], "REPOSX3_SEED");
        assert_eq!(request.headers()["accept-language"], "en-US");
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(
            request.body(),
            r#"{"query":"{ a }","variables":{"first":5},"operationName":"A"}"#
        );
    }

    #[test]
    fn only_answers_that_prove_nothing_was_done_may_repeat_a_write() {
        let verdict = |status: u16, body: &'static str| {
            let mut response = Response::new(body.into());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            classify(&response, Timestamp::UNIX_EPOCH)
        };
        let unknown = Verdict::Retry {
            effect: Effect::Unknown,
            after: None,
        };
        assert_eq!(
            verdict(429, ""),
            Verdict::Retry {
                effect: Effect::None,
                after: None
            }
        );
        assert_eq!(verdict(503, "busy"), unknown);
        assert_eq!(verdict(502, ""), unknown);
        assert_eq!(verdict(500, "<html>"), unknown);
        assert_eq!(verdict(500, r#" {"errors":[]}"#), Verdict::Done);
        assert_eq!(
            verdict(401, "Error 50: Invalid token"),
            Verdict::Reauthenticate
        );
        assert_eq!(verdict(200, r#"{"errors":[]}"#), Verdict::Done);
        assert_eq!(verdict(400, ""), Verdict::Done);
    }
}

//! Several requests in one call (reference: Zoho v8 section 9.1, read 2026-11).

use std::collections::BTreeMap;

use client_core::{DecodeError, decode_json};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use super::{Failure, Outgoing, Received};
use crate::{api_error::ApiError, client::ZohoClient, error::Error};

const OPERATION: &str = "zoho.composite";

/// Requests in one call.
const MOST: usize = 5;

/// Up to five requests in one call, for one credit.
///
/// Later requests may refer to answers of earlier ones: see [`SubRequest::reference`]. Files cannot be sent this way.
#[derive(Clone, Debug)]
#[must_use = "call `send`"]
pub struct Composite {
    client: ZohoClient,
    rollback: bool,
    flag: &'static str,
    parallel: bool,
    requests: Vec<SubRequest>,
}

/// One request of a [`Composite`].
#[derive(Clone, Debug, Serialize)]
pub struct SubRequest {
    sub_request_id: String,
    #[serde(serialize_with = "as_text")]
    method: Method,
    uri: String,
    headers: BTreeMap<String, String>,
    params: BTreeMap<String, String>,
    body: Option<Value>,
}

fn as_text<S: serde::Serializer>(method: &Method, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(method.as_str())
}

impl SubRequest {
    /// A request called `id`, of letters, digits and `_`. `path` is absolute and may hold references, such as
    /// `/crm/v8/Accounts/@{1:$.data[0].details.id}`.
    pub fn new(id: impl Into<String>, method: Method, path: impl Into<String>) -> Self {
        Self {
            sub_request_id: id.into(),
            method,
            uri: path.into(),
            headers: BTreeMap::new(),
            params: BTreeMap::new(),
            body: None,
        }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    /// Sets a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// Sends `body` as JSON.
    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Text that stands for a value of an earlier request's answer, in a path, parameter or body:
    /// `reference("1", "$.data[0].details.id")` is `@{1:$.data[0].details.id}`.
    #[must_use]
    pub fn reference(request: &str, json_path: &str) -> String {
        format!("@{{{request}:{json_path}}}")
    }

    fn check(&self) -> Result<(), String> {
        let mut letters = self.sub_request_id.bytes();
        let named = letters
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric())
            && letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !named {
            return Err(format!(
                "`{}` is no name for a request: use letters, digits and `_`",
                self.sub_request_id
            ));
        }
        if !self.uri.starts_with("/crm/") || self.uri.contains(['?', '#']) {
            return Err(format!(
                "request `{}` has no path below `/crm/`: give parameters by `query`",
                self.sub_request_id
            ));
        }
        Ok(())
    }
}

/// One outcome for each request of a [`Composite`], in order. That the call succeeded says nothing about them.
#[derive(Debug)]
#[must_use = "some requests may have failed: look at each"]
pub struct CompositeOutcomes {
    outcomes: Vec<Result<SubResponse, ApiError>>,
}

impl CompositeOutcomes {
    /// The outcomes, by position. An error says that the request was not carried out, or was rolled back, or that Zoho
    /// refused it.
    #[must_use = "some requests may have failed: look at each"]
    pub fn into_vec(self) -> Vec<Result<SubResponse, ApiError>> {
        self.outcomes
    }
}

/// The answer to one request of a [`Composite`]: a status below 400.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SubResponse {
    /// The status. 207 means that some rows failed: read the body.
    pub status: StatusCode,
    /// The headers.
    pub headers: BTreeMap<String, String>,
    body: Option<Box<RawValue>>,
}

impl SubResponse {
    /// The body decoded; `None` when there is none.
    ///
    /// # Errors
    /// [`DecodeError`] naming the place.
    pub fn json<T: DeserializeOwned>(&self) -> Result<Option<T>, DecodeError> {
        let Some(body) = &self.body else {
            return Ok(None);
        };
        decode_json(body.get().as_bytes()).map(Some)
    }
}

impl Composite {
    pub(crate) fn new(client: ZohoClient) -> Self {
        Self {
            client,
            rollback: false,
            flag: "concurrent_execution",
            parallel: false,
            requests: Vec::new(),
        }
    }

    /// Adds a request.
    pub fn request(mut self, request: SubRequest) -> Self {
        self.requests.push(request);
        self
    }

    /// Undoes all when one fails. The requests then run one after the other.
    pub fn rollback_on_fail(mut self) -> Self {
        self.rollback = true;
        self
    }

    /// Runs the requests at the same time instead of one after the other: none can refer to another then.
    pub fn parallel(mut self) -> Self {
        self.parallel = true;
        self
    }

    /// Calls the flag for [`parallel`](Self::parallel) `parallel_execution`. Zoho's documents disagree: the published
    /// ones of 2025 say `concurrent_execution`, which is the default here, newer ones `parallel_execution`.
    pub fn newer_flag(mut self) -> Self {
        self.flag = "parallel_execution";
        self
    }

    /// Sends them. Repeated after a lost answer only if all of them are reads. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when a limit is broken; [`Error::Api`] when Zoho refuses the call as a whole.
    pub async fn send(self) -> Result<CompositeOutcomes, Error> {
        let expected = self.requests.len();
        let outgoing = self.outgoing()?;
        self.client
            .send(outgoing, |received| parse(received, expected))
            .await
    }

    fn outgoing(&self) -> Result<Outgoing, Error> {
        let invalid = |reason: String| Error::invalid(OPERATION, reason);
        if !(1..=MOST).contains(&self.requests.len()) {
            return Err(invalid(format!(
                "a composite holds 1 to {MOST} requests, not {}",
                self.requests.len()
            )));
        }
        for (position, request) in self.requests.iter().enumerate() {
            request.check().map_err(invalid)?;
            let id = &request.sub_request_id;
            if self.requests[..position]
                .iter()
                .any(|other| other.sub_request_id == *id)
            {
                return Err(invalid(format!("two requests are called `{id}`")));
            }
        }
        if self.parallel && self.rollback {
            return Err(invalid(
                "requests that run at the same time cannot be undone together".to_owned(),
            ));
        }
        let mut body = serde_json::Map::new();
        body.insert("rollback_on_fail".to_owned(), self.rollback.into());
        body.insert(self.flag.to_owned(), self.parallel.into());
        let requests = serde_json::to_value(&self.requests)
            .map_err(|error| invalid(format!("the body cannot be written as JSON: {error}")))?;
        body.insert("__composite_requests".to_owned(), requests);
        let reads = self
            .requests
            .iter()
            .all(|request| request.method == Method::GET);
        let path = "/__composite_requests";
        let mut outgoing = Outgoing::change(OPERATION, Method::POST, path)
            .rows(self.requests.len())
            .repeatable(reads)
            .heavy(true);
        outgoing.writes = !reads;
        outgoing.json(&body)
    }
}

#[derive(Deserialize)]
struct Body {
    __composite_requests: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Row {
    details: Details,
}

#[derive(Deserialize)]
struct Details {
    response: Response,
}

#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    body: Option<Box<RawValue>>,
    status_code: u16,
}

fn parse(received: &Received, expected: usize) -> Result<CompositeOutcomes, Failure> {
    let status = received.status();
    if !status.is_success() && status != StatusCode::BAD_REQUEST {
        return Err(received.failure());
    }
    let Ok(body) = received.body::<Body>() else {
        return Err(received.failure());
    };
    let rows = body.__composite_requests;
    if rows.len() != expected {
        return Err(Failure::Inconsistent(format!(
            "Zoho answered with {} outcomes for {expected} requests",
            rows.len()
        )));
    }
    let outcomes: Result<Vec<_>, Failure> = rows.iter().map(|row| outcome(row)).collect();
    Ok(CompositeOutcomes {
        outcomes: outcomes?,
    })
}

fn outcome(row: &RawValue) -> Result<Result<SubResponse, ApiError>, Failure> {
    let refused = |text: &str| {
        let value: Value = serde_json::from_str(text).ok()?;
        ApiError::from_body(&value)
    };
    if let Some(error) = serde_json::from_str(row.get())
        .ok()
        .and_then(|value| ApiError::from_value(&value))
    {
        return Ok(Err(error));
    }
    let row: Row = decode_json(row.get().as_bytes()).map_err(Failure::Decode)?;
    let response = row.details.response;
    let status = StatusCode::from_u16(response.status_code)
        .map_err(|_| Failure::Inconsistent(format!("{} is no status", response.status_code)))?;
    let body = response.body.filter(|body| body.get() != "null");
    if status.is_client_error() || status.is_server_error() {
        let error = body.as_ref().and_then(|body| refused(body.get()));
        let unknown = || {
            let message = format!("the request was answered {status}");
            ApiError::new("UNKNOWN".to_owned(), message, None)
        };
        return Ok(Err(error.unwrap_or_else(unknown)));
    }
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(Ok(SubResponse {
        status,
        headers: response
            .headers
            .into_iter()
            .map(|(name, value)| (name, text(value)))
            .collect(),
        body,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        api::{answer::received, record::place},
        model::Record,
    };

    fn composite() -> Composite {
        Composite::new(place("Leads", "1").client)
    }

    fn get(id: &str) -> SubRequest {
        SubRequest::new(id, Method::GET, "/crm/v8/Accounts/12")
    }

    fn body(composite: &Composite) -> Value {
        let request = composite.outgoing().unwrap().into_request().unwrap();
        assert_eq!(request.uri(), "/crm/v8/__composite_requests");
        serde_json::from_slice(request.body()).unwrap()
    }

    #[test]
    fn requests_may_refer_to_earlier_ones() {
        let create = SubRequest::new("1", Method::POST, "/crm/v8/Accounts")
            .json(json!({"data": [{"Account_Name": "A"}]}));
        let id = SubRequest::reference("1", "$.data[0].details.id");
        let read = SubRequest::new("2", Method::GET, format!("/crm/v8/Accounts/{id}"))
            .query("fields", "Account_Name")
            .header("If-Modified-Since", "2026-11-20T10:00:00+00:00");
        let composite = composite().request(create).request(read).rollback_on_fail();
        let outgoing = composite.outgoing().unwrap();
        assert!(!outgoing.repeatable && outgoing.writes && outgoing.heavy);
        assert_eq!(
            body(&composite),
            json!({"rollback_on_fail": true, "concurrent_execution": false, "__composite_requests": [
                {"sub_request_id": "1", "method": "POST", "uri": "/crm/v8/Accounts", "headers": {}, "params": {}, "body": {"data": [{"Account_Name": "A"}]}},
                {"sub_request_id": "2", "method": "GET", "uri": "/crm/v8/Accounts/@{1:$.data[0].details.id}",
                 "headers": {"If-Modified-Since": "2026-11-20T10:00:00+00:00"}, "params": {"fields": "Account_Name"}, "body": null}
            ]})
        );
    }

    #[test]
    fn reads_may_be_repeated_and_run_at_the_same_time() {
        let composite = composite()
            .request(get("a"))
            .request(get("b"))
            .parallel()
            .newer_flag();
        let outgoing = composite.outgoing().unwrap();
        assert!(outgoing.repeatable && !outgoing.writes);
        let body = body(&composite);
        assert_eq!(body["parallel_execution"], json!(true));
        assert!(body.get("concurrent_execution").is_none());
    }

    #[test]
    fn limits_are_checked_before_sending() {
        let many = (0..6).fold(composite(), |composite, n| {
            composite.request(get(&n.to_string()))
        });
        for (composite, word) in [
            (composite(), "1 to 5"),
            (many, "not 6"),
            (
                composite().request(get("a")).request(get("a")),
                "are called `a`",
            ),
            (composite().request(get("a b")), "no name"),
            (
                composite().request(SubRequest::new("a", Method::GET, "https://evil.example/")),
                "no path",
            ),
            (
                composite().request(SubRequest::new("a", Method::GET, "/crm/v8/Leads?x=1")),
                "no path",
            ),
            (
                composite().request(get("a")).parallel().rollback_on_fail(),
                "undone together",
            ),
        ] {
            let error = composite.outgoing().unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn each_request_has_its_own_outcome() {
        let answer = json!({"__composite_requests": [
            {"code": "SUCCESS", "details": {"response": {"headers": {"Content-Type": "application/json"}, "body": {"data": [{"id": "12", "Amount": 0.10}]}, "status_code": 200}}, "message": "", "status": "success"},
            {"code": "SUCCESS", "details": {"response": {"headers": {}, "body": {"code": "INVALID_MODULE", "details": {}, "message": "", "status": "error"}, "status_code": 400}}, "message": "", "status": "success"},
            {"code": "ROLLBACK_PERFORMED", "details": {"rollbacked_by_sub_request_index": 1}, "message": "", "status": "error"},
            {"code": "SUCCESS", "details": {"response": {"headers": {}, "body": null, "status_code": 204}}, "message": "", "status": "success"}
        ]});
        for status in [200, 207, 400] {
            let outcomes = parse(&received(status, answer.to_string()), 4)
                .unwrap()
                .into_vec();
            #[derive(Deserialize)]
            struct Page {
                data: Vec<Record>,
            }
            let page: Page = outcomes[0].as_ref().unwrap().json().unwrap().unwrap();
            assert_eq!(page.data[0].id().unwrap(), "12");
            assert_eq!(outcomes[1].as_ref().unwrap_err().code(), "INVALID_MODULE");
            assert_eq!(
                outcomes[2].as_ref().unwrap_err().code(),
                "ROLLBACK_PERFORMED"
            );
            assert!(
                outcomes[3]
                    .as_ref()
                    .unwrap()
                    .json::<Value>()
                    .unwrap()
                    .is_none()
            );
        }
        assert!(matches!(
            parse(&received(200, answer.to_string()), 3),
            Err(Failure::Inconsistent(_))
        ));
        let refused =
            r#"{"code":"MANDATORY_NOT_FOUND","details":{},"message":"","status":"error"}"#;
        assert!(matches!(
            parse(&received(400, refused), 1),
            Err(Failure::Api(_))
        ));
    }
}

//! The open level: any request with the same token, retry and errors.

use bytes::Bytes;
use client_core::decode_json;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::{Serialize, de::DeserializeOwned};

use super::{Outgoing, Received};
use crate::{
    client::ZohoClient,
    error::{CallContext, Error},
};

const OPERATION: &str = "zoho.open";

/// A request that this crate has no type for.
#[derive(Clone, Debug)]
#[must_use = "call `send`"]
pub struct OpenRequest {
    client: ZohoClient,
    outgoing: Result<Outgoing, String>,
}

/// Its answer: a status below 400.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenResponse {
    /// The status. 204 and 304 come without a body. 207 means that some rows failed: read the body.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    path: String,
    method: Method,
}

impl OpenRequest {
    pub(crate) fn new(client: ZohoClient, method: Method, path: String) -> Self {
        // The token goes to the API's host only, so the path must not be able to name another one.
        let outgoing =
            if path.starts_with('/') && !path.starts_with("//") && !path.contains(['?', '#']) {
                let reads = method == Method::GET || method == Method::HEAD;
                let mut outgoing = Outgoing::new(OPERATION, method, path).repeatable(reads);
                outgoing.writes = !reads;
                Ok(outgoing)
            } else {
                Err(format!(
                    "`{path}` is no path: begin with one `/` and give parameters by `query`"
                ))
            };
        Self { client, outgoing }
    }

    /// Adds a query parameter.
    pub fn query(self, name: &str, value: impl Into<String>) -> Self {
        self.with(|outgoing| Ok(outgoing.query(name, value)))
    }

    /// Sets a header. `Authorization` is set by the client.
    pub fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        self.with(|outgoing| Ok(outgoing.header(name, value)))
    }

    /// Sends `body` as JSON.
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        self.with(|outgoing| outgoing.json(body).map_err(|error| error.to_string()))
    }

    /// Sends `body` as it is; set its `Content-Type` by [`header`](Self::header).
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.with(|outgoing| Ok(outgoing.body(body.into())))
    }

    /// Promises that sending the request twice is harmless. GET and HEAD are taken to be so anyway.
    pub fn repeatable(self) -> Self {
        self.with(|outgoing| Ok(outgoing.repeatable(true)))
    }

    /// Says what the request costs, for [`usage`](ZohoClient::usage) and the
    /// [budget](crate::ZohoClientBuilder::credit_budget). Default: 1 credit.
    pub fn credits(self, credits: u64) -> Self {
        self.with(|outgoing| Ok(outgoing.credits(credits)))
    }

    /// Says that Zoho runs only 10 requests like this one at once, whatever the edition, so that it waits for its turn
    /// among them. So it is for COQL, sorted lists, lists of a custom view, writes of more than 10 rows, conversion of
    /// leads, composite requests and mail (reference: Zoho v8 section 10.2, read 2026-11).
    pub fn sub_concurrency(self) -> Self {
        self.with(|outgoing| Ok(outgoing.heavy(true)))
    }

    /// Sends it.
    ///
    /// # Errors
    /// [`Error::Api`] and the like for a status of 400 and above. Errors of single rows inside a success are the
    /// caller's to find.
    pub async fn send(self) -> Result<OpenResponse, Error> {
        let outgoing = self
            .outgoing
            .map_err(|reason| Error::invalid(OPERATION, reason))?;
        let request = outgoing.clone().into_request()?;
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let client = self.client;
        client
            .send(outgoing, |received: &Received| {
                let status = received.status();
                if status.is_success() || status == StatusCode::NOT_MODIFIED {
                    let response = received.response.clone();
                    let (parts, body) = response.into_parts();
                    return Ok(OpenResponse {
                        status: parts.status,
                        headers: parts.headers,
                        body,
                        path,
                        method,
                    });
                }
                Err(received.failure())
            })
            .await
    }

    fn with(self, change: impl FnOnce(Outgoing) -> Result<Outgoing, String>) -> Self {
        Self {
            outgoing: self.outgoing.and_then(change),
            client: self.client,
        }
    }
}

impl OpenResponse {
    /// The body decoded from JSON; `None` when there is none.
    ///
    /// # Errors
    /// [`Error::Decode`] naming the place.
    pub fn json<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        if self.body.is_empty() {
            return Ok(None);
        }
        decode_json(&self.body)
            .map(Some)
            .map_err(|source| Error::Decode {
                context: Box::new(CallContext {
                    operation: OPERATION,
                    method: self.method.clone(),
                    path: self.path.clone(),
                    status: Some(self.status),
                    attempts: 1,
                    may_have_been_applied: false,
                }),
                source,
            })
    }
}

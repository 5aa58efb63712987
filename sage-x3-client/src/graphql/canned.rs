//! Answers without a server, for tests.

use client_core::{Answer, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    answer::{Asked, Parsed, parse},
    execute::GraphqlRequest,
};
use crate::{
    config::{Site, SiteConfig},
    error::{CallContext, Error},
    ids::EndpointName,
};

pub(crate) fn site(config: SiteConfig) -> Site {
    config.try_into().unwrap()
}

/// The JSON body that a request sends.
pub(crate) fn body(request: &GraphqlRequest) -> Value {
    let http = request.to_http(&site(SiteConfig::new("http://x3:8124", "SEED")));
    serde_json::from_slice(http.body()).unwrap()
}

/// A document on one line.
pub(crate) fn flat(document: &Value) -> String {
    document
        .as_str()
        .unwrap()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// The JSON in a variable that holds JSON as text.
pub(crate) fn inner(variable: &Value) -> Value {
    serde_json::from_str(variable.as_str().unwrap()).unwrap()
}

pub(crate) fn read<T: DeserializeOwned>(
    operation: &'static str,
    body: &str,
) -> Result<Parsed<T>, Error> {
    answered(operation, false, 200, body)
}

pub(crate) fn wrote<T: DeserializeOwned>(
    operation: &'static str,
    body: &str,
) -> Result<Parsed<T>, Error> {
    answered(operation, true, 200, body)
}

pub(crate) fn answered<T: DeserializeOwned>(
    operation: &'static str,
    writes: bool,
    status: u16,
    body: &str,
) -> Result<Parsed<T>, Error> {
    let mut response = Response::new(body.to_owned().into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let answer = Answer {
        response,
        attempts: 1,
        earlier_attempt_may_have_been_applied: false,
    };
    let context = CallContext {
        operation,
        endpoint: EndpointName::new("SEED").unwrap(),
        status: None,
        attempts: 0,
        may_have_been_applied: false,
    };
    let about = operation.split_once('.').map(|(node, operation)| {
        let (first, rest) = node.split_at(1);
        (first.to_uppercase() + rest, operation)
    });
    let about = about
        .as_ref()
        .map(|(node, operation)| (node.as_str(), *operation));
    parse(
        answer,
        context,
        Asked { writes, about },
        Timestamp::UNIX_EPOCH,
    )
}

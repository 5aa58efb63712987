//! Reading answers: what is empty, what is JSON, what is an error.

use client_core::{Answer, DecodeError, Response, decode_json};
use http::{StatusCode, header::CONTENT_TYPE};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{api_error::ApiError, names::ChannelId};

/// An answer and what a parser must know of its history.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) response: Response,
    /// An earlier attempt may have been applied although its answer was lost.
    pub(crate) repeated: bool,
}

impl From<Answer> for Received {
    fn from(answer: Answer) -> Self {
        Self {
            response: answer.response,
            repeated: answer.earlier_attempt_may_have_been_applied,
        }
    }
}

/// Why an answer is not the one that was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    Api(ApiError),
    RateLimited,
    NotJson,
    Decode(DecodeError),
    Inconsistent(String),
    ChannelLost(ChannelId),
}

impl Received {
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(crate) fn content_type(&self) -> Option<String> {
        let value = self.response.headers().get(CONTENT_TYPE)?;
        Some(value.to_str().ok()?.to_owned())
    }

    /// The decoded body of a success; `None` for 204 (nothing there), 304 (nothing new) and an empty body.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<Option<T>, Failure> {
        let status = self.status();
        if status == StatusCode::NOT_MODIFIED || status == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        if !status.is_success() {
            return Err(self.failure());
        }
        if self.response.body().is_empty() {
            return Ok(None);
        }
        self.body().map(Some)
    }

    /// The body as JSON whatever the status. A body that is an error instead is reported as one.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let body = self.response.body();
        if !looks_like_json(body) {
            return Err(Failure::NotJson);
        }
        decode_json(body).map_err(|error| match self.api_error() {
            Some(refusal) => Failure::Api(refusal),
            None => Failure::Decode(error),
        })
    }

    /// What a non-success says.
    pub(crate) fn failure(&self) -> Failure {
        if self.status() == StatusCode::TOO_MANY_REQUESTS {
            return Failure::RateLimited;
        }
        match self.api_error() {
            Some(error) => Failure::Api(error),
            None if looks_like_json(self.response.body()) => {
                Failure::Inconsistent("the answer is neither a result nor an error".to_owned())
            }
            None => Failure::NotJson,
        }
    }

    fn api_error(&self) -> Option<ApiError> {
        let body: Value = serde_json::from_slice(self.response.body()).ok()?;
        ApiError::from_body(&body)
    }
}

/// Judges by the body: error pages come as `text/html`, but some gateways mislabel them.
fn looks_like_json(body: &[u8]) -> bool {
    body.iter()
        .find(|byte| !byte.is_ascii_whitespace())
        .is_some_and(|byte| matches!(byte, b'{' | b'['))
}

/// A received answer for tests of parsers.
#[cfg(test)]
pub(crate) fn received(status: u16, body: impl Into<bytes::Bytes>) -> Received {
    Received {
        response: http::Response::builder()
            .status(status)
            .header(CONTENT_TYPE, "application/json;charset=UTF-8")
            .body(body.into())
            .unwrap(),
        repeated: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Page {
        data: Vec<u8>,
    }

    #[test]
    fn empty_answers_are_empty_not_errors() {
        for status in [204, 304] {
            assert!(matches!(received(status, "").json::<Page>(), Ok(None)));
        }
        assert!(matches!(received(200, "").json::<Page>(), Ok(None)));
    }

    #[test]
    fn an_error_inside_a_success_is_an_error() {
        let answer = received(
            200,
            r#"{"code":"INVALID_MODULE","details":{},"message":"x","status":"error"}"#,
        );
        assert!(
            matches!(answer.json::<Page>(), Err(Failure::Api(error)) if error.code() == "INVALID_MODULE")
        );
    }

    #[test]
    fn pages_for_people_are_recognised_whatever_their_label() {
        for status in [200, 502] {
            assert!(matches!(
                received(status, "\n<html>").json::<Page>(),
                Err(Failure::NotJson)
            ));
        }
    }

    #[test]
    fn broken_json_names_the_place() {
        match received(200, r#"{"data":[1,"x"]}"#).json::<Page>() {
            Err(Failure::Decode(error)) => assert_eq!(error.path, "data[1]"),
            other => panic!("{other:?}"),
        }
    }
}

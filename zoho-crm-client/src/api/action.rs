//! Answers to actions: one outcome, wherever it stands.

use client_core::decode_json;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Failure, Received};
use crate::api_error::{ApiError, code};

/// The `details` of the only outcome. It stands at the root, or as the only element of a list or the object under a key
/// such as `data`: Zoho's own documents differ.
pub(super) fn details<T: DeserializeOwned>(received: &Received) -> Result<T, Failure> {
    let details = outcome(received)?;
    decode_json(details.to_string().as_bytes()).map_err(Failure::Decode)
}

/// That it was done, whatever the details say.
pub(super) fn done(received: &Received) -> Result<(), Failure> {
    outcome(received).map(|_| ())
}

fn outcome(received: &Received) -> Result<Value, Failure> {
    if !received.status().is_success() {
        return Err(received.failure());
    }
    let body: Value = received.body()?;
    let Some(mut row) = only_row(body) else {
        return Err(received.failure());
    };
    let is = |key: &str, expected: &str| row.get(key).and_then(Value::as_str) == Some(expected);
    if is("code", code::SUCCESS) || is("code", code::SCHEDULED) || is("status", "success") {
        return Ok(row.get_mut("details").map(Value::take).unwrap_or_default());
    }
    Err(ApiError::from_value(&row).map_or_else(|| received.failure(), Failure::Api))
}

fn only_row(body: Value) -> Option<Value> {
    if body.get("code").is_some() {
        return Some(body);
    }
    let Value::Object(body) = body else {
        return None;
    };
    body.into_iter().find_map(|(_, value)| match value {
        Value::Array(mut rows) if rows.len() == 1 => rows.pop(),
        Value::Object(_) => Some(value),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{api::answer::received, names::RecordId};

    #[derive(Deserialize)]
    struct Job {
        job_id: RecordId,
    }

    #[test]
    fn the_outcome_is_found_wherever_it_stands() {
        for body in [
            r#"{"code":"SCHEDULED","details":{"job_id":"12"},"message":"scheduled","status":"success"}"#,
            r#"{"data":[{"code":"SUCCESS","details":{"job_id":12},"message":"","status":"success"}]}"#,
            r#"{"data":{"code":"SUCCESS","details":{"job_id":"12"},"message":"","status":"success"}}"#,
        ] {
            assert_eq!(details::<Job>(&received(202, body)).unwrap().job_id, "12");
        }
        assert!(
            done(&received(
                200,
                r#"{"code":"SUCCESS","message":"photo uploaded","status":"success"}"#
            ))
            .is_ok()
        );
    }

    #[test]
    fn a_refusal_is_an_error_even_inside_a_success() {
        let row = r#"{"code":"INVALID_DATA","details":{"api_name":"id"},"message":"invalid data","status":"error"}"#;
        for (status, body) in [
            (200, row.to_owned()),
            (202, format!(r#"{{"data":[{row}]}}"#)),
            (400, format!(r#"{{"data":[{row}]}}"#)),
        ] {
            assert!(
                matches!(done(&received(status, body)), Err(Failure::Api(error)) if error.code() == "INVALID_DATA")
            );
        }
        assert!(done(&received(200, "{}")).is_err());
        assert!(done(&received(200, "[]")).is_err());
        assert!(done(&received(204, "")).is_err());
    }
}

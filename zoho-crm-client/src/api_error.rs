//! What Zoho says when it refuses a request or a row.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::names::{FieldName, RecordId};

/// Zoho's error object: `{"code", "details", "message", "status"}` (reference: Zoho v8 section 2.11, read 2026-11).
#[derive(Clone, PartialEq, Eq)]
pub struct ApiError {
    code: String,
    message: String,
    details: Map<String, Value>,
    causes: Vec<Self>,
}

impl ApiError {
    /// Zoho's code, such as `MANDATORY_NOT_FOUND`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Zoho's sentence, such as `required field not found`.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Everything Zoho adds. May hold values of the record.
    #[must_use]
    pub fn details(&self) -> &Map<String, Value> {
        &self.details
    }

    /// The single errors behind `MULTIPLE_OR_MULTI_ERRORS`.
    #[must_use]
    pub fn causes(&self) -> &[Self] {
        &self.causes
    }

    /// The field at fault.
    #[must_use]
    pub fn field(&self) -> Option<FieldName> {
        let own = self.detail("api_name").map(FieldName::from);
        own.or_else(|| self.causes.iter().find_map(Self::field))
    }

    /// Where in the request, such as `$.data[0].Phone`.
    #[must_use]
    pub fn json_path(&self) -> Option<&str> {
        let own = self.detail("json_path");
        own.or_else(|| self.causes.iter().find_map(Self::json_path))
    }

    /// What the field should hold, in words: a data type, a length, allowed values, a pattern.
    #[must_use]
    pub fn expected(&self) -> Option<String> {
        // Lengths come as numbers or as text.
        let number = |key: &str| match self.details.get(key)? {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        if let Some(data_type) = self.detail("expected_data_type") {
            return Some(format!("a value of type {data_type}"));
        }
        if let Some(length) = number("maximum_length") {
            return Some(format!("at most {length} characters"));
        }
        if let Some(length) = number("minimum_length") {
            return Some(format!("at least {length} characters"));
        }
        if let Some(Value::Array(values)) = self.details.get("supported_values") {
            let names: Vec<&str> = values.iter().filter_map(Value::as_str).take(10).collect();
            return Some(format!("one of {}", names.join(", ")));
        }
        if let Some(pattern) = self.detail("regex") {
            return Some(format!("text that matches {pattern}"));
        }
        self.causes.iter().find_map(Self::expected)
    }

    /// The record that already has the value, for `DUPLICATE_DATA`.
    #[must_use]
    pub fn duplicate_id(&self) -> Option<RecordId> {
        if self.code != code::DUPLICATE_DATA {
            return self.causes.iter().find_map(Self::duplicate_id);
        }
        let nested = self
            .details
            .get("duplicate_record")
            .and_then(|record| record.get("id"));
        self.details.get("id").or(nested).and_then(record_id)
    }

    /// Whether the record was changed after the instant that the write named as the last one it knows
    /// ([`unmodified_since`](crate::UpdateRequest::unmodified_since)): read it again and decide anew.
    #[must_use]
    pub fn is_already_modified(&self) -> bool {
        self.code == code::ALREADY_MODIFIED || self.causes.iter().any(Self::is_already_modified)
    }

    /// Whether the same request may succeed later without a person's help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.code.as_str(),
            code::TOO_MANY_REQUESTS
                | code::INTERNAL_ERROR
                | code::INTERNAL_SERVER_ERROR
                | code::RECORD_LOCKED
                | code::DEPENDENT_SERVICE_ERROR
        )
    }

    /// Whether the code speaks of the request as a whole, even if it is wrapped like a row's outcome.
    pub(crate) fn is_about_request(&self) -> bool {
        self.field().is_none()
            && matches!(
                self.code.as_str(),
                code::INVALID_MODULE
                    | code::INVALID_REQUEST_METHOD
                    | code::INVALID_URL_PATTERN
                    | code::AUTHENTICATION_FAILURE
                    | code::INVALID_TOKEN
                    | code::OAUTH_SCOPE_MISMATCH
                    | code::AUTHORIZATION_FAILED
                    | code::TOO_MANY_REQUESTS
                    | code::REQUIRED_PARAM_MISSING
                    | code::LIMIT_EXCEEDED
                    | code::API_NOT_SUPPORTED
                    | code::FEATURE_NOT_SUPPORTED
                    | code::UNABLE_TO_PARSE_DATA_TYPE
            )
    }

    /// Whether the server itself failed, so that its work may be half done.
    pub(crate) fn is_server_failure(&self) -> bool {
        matches!(
            self.code.as_str(),
            code::INTERNAL_ERROR | code::INTERNAL_SERVER_ERROR
        )
    }

    fn detail(&self, key: &str) -> Option<&str> {
        self.details.get(key).and_then(Value::as_str)
    }

    /// The error in any JSON value that is one: an object with a `code` other than `SUCCESS`.
    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let code = match object.get("code")? {
            Value::String(code) => code.clone(),
            // An older form: {"code": 429, "error": "TOO_MANY_REQUESTS"}.
            Value::Number(number) => match object.get("error").and_then(Value::as_str) {
                Some(code) => code.to_owned(),
                None => number.to_string(),
            },
            _ => return None,
        };
        if code == code::SUCCESS {
            return None;
        }
        let message = object.get("message").and_then(Value::as_str);
        Some(Self::new(
            code,
            message.unwrap_or_default().to_owned(),
            object.get("details").cloned(),
        ))
    }

    pub(crate) fn new(code: String, message: String, details: Option<Value>) -> Self {
        let details = match details {
            Some(Value::Object(details)) => details,
            _ => Map::new(),
        };
        let causes = match details.get("errors") {
            Some(Value::Array(errors)) => errors.iter().filter_map(Self::from_value).collect(),
            _ => Vec::new(),
        };
        Self {
            code,
            message,
            details,
            causes,
        }
    }

    /// The error in an answer's body: at the root, or in the first failed element of `data`, `watch` or any other list.
    pub(crate) fn from_body(body: &Value) -> Option<Self> {
        if let Some(error) = Self::from_value(body) {
            return Some(error);
        }
        let lists = body.as_object()?.values().filter_map(Value::as_array);
        lists.flatten().find_map(Self::from_value)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if let Some(place) = self
            .field()
            .map(|field| field.to_string())
            .or_else(|| self.detail("param_name").map(str::to_owned))
        {
            write!(f, " [{place}]")?;
        }
        if let Some(expected) = self.expected() {
            write!(f, ", expected {expected}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ApiError {
    /// Leaves `details` out: they may hold values of the record.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("code", &self.code)
            .field("message", &self.message)
            .field("field", &self.field())
            .field("causes", &self.causes)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for ApiError {}

fn record_id(value: &Value) -> Option<RecordId> {
    RecordId::deserialize(value).ok()
}

/// Zoho's error codes that this crate acts on.
pub(crate) mod code {
    pub(crate) const ALREADY_MODIFIED: &str = "ALREADY_MODIFIED";
    pub(crate) const API_NOT_SUPPORTED: &str = "API_NOT_SUPPORTED";
    pub(crate) const AUTHENTICATION_FAILURE: &str = "AUTHENTICATION_FAILURE";
    pub(crate) const AUTHORIZATION_FAILED: &str = "AUTHORIZATION_FAILED";
    pub(crate) const DEPENDENT_SERVICE_ERROR: &str = "DEPENDENT_SERVICE_ERROR";
    pub(crate) const DUPLICATE_DATA: &str = "DUPLICATE_DATA";
    pub(crate) const FEATURE_NOT_SUPPORTED: &str = "FEATURE_NOT_SUPPORTED";
    pub(crate) const INTERNAL_ERROR: &str = "INTERNAL_ERROR";
    pub(crate) const INTERNAL_SERVER_ERROR: &str = "INTERNAL_SERVER_ERROR";
    pub(crate) const INVALID_DATA: &str = "INVALID_DATA";
    pub(crate) const INVALID_MODULE: &str = "INVALID_MODULE";
    pub(crate) const INVALID_OAUTHTOKEN: &str = "INVALID_OAUTHTOKEN";
    pub(crate) const INVALID_REQUEST_METHOD: &str = "INVALID_REQUEST_METHOD";
    pub(crate) const INVALID_TOKEN: &str = "INVALID_TOKEN";
    pub(crate) const INVALID_URL_PATTERN: &str = "INVALID_URL_PATTERN";
    pub(crate) const LIMIT_EXCEEDED: &str = "LIMIT_EXCEEDED";
    pub(crate) const NOT_SUBSCRIBED: &str = "NOT_SUBSCRIBED";
    pub(crate) const OAUTH_SCOPE_MISMATCH: &str = "OAUTH_SCOPE_MISMATCH";
    pub(crate) const RECORD_LOCKED: &str = "RECORD_LOCKED";
    pub(crate) const REQUIRED_PARAM_MISSING: &str = "REQUIRED_PARAM_MISSING";
    pub(crate) const SCHEDULED: &str = "SCHEDULED";
    pub(crate) const SUCCESS: &str = "SUCCESS";
    pub(crate) const TOO_MANY_REQUESTS: &str = "TOO_MANY_REQUESTS";
    pub(crate) const UNABLE_TO_PARSE_DATA_TYPE: &str = "UNABLE_TO_PARSE_DATA_TYPE";
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_error_is_found_at_the_root_and_inside_lists() {
        let error = json!({"code": "INVALID_MODULE", "details": {"resource_path_index": 0}, "message": "the module name given seems to be invalid", "status": "error"});
        for body in [
            error.clone(),
            json!({"data": [error.clone()]}),
            json!({"watch": [error.clone()]}),
            json!({"data": [{"code": "SUCCESS"}, error]}),
        ] {
            assert_eq!(ApiError::from_body(&body).unwrap().code(), "INVALID_MODULE");
        }
        assert!(ApiError::from_body(&json!({"data": [{"code": "SUCCESS"}]})).is_none());
        assert!(ApiError::from_body(&json!({"data": [{"id": "1"}]})).is_none());
        assert!(ApiError::from_body(&json!("text")).is_none());
    }

    #[test]
    fn details_may_be_missing() {
        let error =
            ApiError::from_value(&json!({"code": "INTERNAL_ERROR", "message": "Internal Server Error", "status": "error"}))
                .unwrap();
        assert!(error.details().is_empty());
        assert_eq!(error.to_string(), "INTERNAL_ERROR: Internal Server Error");
    }

    #[test]
    fn a_rejected_phone_number_names_field_place_and_expectation() {
        let error = ApiError::from_value(&json!({
            "code": "INVALID_DATA",
            "details": {"expected_data_type": "phone", "api_name": "Phone", "json_path": "$.data[0].Phone"},
            "message": "invalid data",
            "status": "error"
        }))
        .unwrap();
        assert_eq!(error.field().unwrap(), "Phone");
        assert_eq!(error.json_path(), Some("$.data[0].Phone"));
        assert_eq!(
            error.to_string(),
            "INVALID_DATA: invalid data [Phone], expected a value of type phone"
        );
    }

    #[test]
    fn several_errors_of_one_row_are_kept_and_the_first_field_is_named() {
        let error = ApiError::from_value(&json!({
            "code": "MULTIPLE_OR_MULTI_ERRORS",
            "details": {"errors": [
                {"code": "MANDATORY_NOT_FOUND", "details": {"api_name": "Account_Name", "json_path": "$.data[0].Account_Name"}, "message": "required field not found", "status": "error"},
                {"code": "INVALID_DATA", "details": {"api_name": "Fax", "maximum_length": "30"}, "message": "invalid data", "status": "error"}
            ]},
            "message": "Multiple errors",
            "status": "error"
        }))
        .unwrap();
        assert_eq!(error.causes().len(), 2);
        assert_eq!(error.field().unwrap(), "Account_Name");
        assert_eq!(error.expected().unwrap(), "at most 30 characters");
    }

    #[test]
    fn the_older_throttling_body_is_understood() {
        let error =
            ApiError::from_value(&json!({"code": 429, "error": "TOO_MANY_REQUESTS"})).unwrap();
        assert_eq!(error.code(), "TOO_MANY_REQUESTS");
        assert!(error.is_retryable());
    }

    #[test]
    fn a_duplicate_names_the_record_that_is_in_the_way() {
        for details in [
            json!({"api_name": "X3_Code", "id": "5725767000000524157"}),
            json!({"api_name": "X3_Code", "duplicate_record": {"id": "5725767000000524157"}}),
        ] {
            let error = ApiError::from_value(
                &json!({"code": "DUPLICATE_DATA", "details": details, "message": "duplicate data"}),
            )
            .unwrap();
            assert_eq!(error.duplicate_id().unwrap(), "5725767000000524157");
        }
    }

    #[test]
    fn debug_output_shows_no_details() {
        let error = ApiError::from_value(
            &json!({"code": "DUPLICATE_DATA", "details": {"api_name": "Email", "value": "jane@example.com"}}),
        )
        .unwrap();
        assert!(!format!("{error:?}{error}").contains("jane"));
    }
}

//! Errors as Zoho words them: code, details, message, status (reference: zoho-crm-v8 section 2.11).

use crate::json::{Json, Object, object};

/// An error answer, for a whole request or for one row.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) details: Object,
    /// The array the error object stands in, as for `data` or `watch`; `None` at the root.
    pub(crate) wrapped_in: Option<&'static str>,
}

impl Failure {
    pub(crate) fn new(status: u16, code: &'static str, message: &str, details: Object) -> Self {
        Self {
            status,
            code,
            message: message.to_owned(),
            details,
            wrapped_in: None,
        }
    }

    /// The error object.
    pub(crate) fn to_json(&self) -> Json {
        Json::Object(object! {
            "code" => self.code,
            "details" => self.details.clone(),
            "message" => self.message.as_str(),
            "status" => "error",
        })
    }

    /// The body of a request that failed as a whole.
    pub(crate) fn body(&self) -> Json {
        match self.wrapped_in {
            Some(key) => Json::Object(object! { key => vec![self.to_json()] }),
            None => self.to_json(),
        }
    }

    pub(crate) const fn wrapped_in(mut self, key: &'static str) -> Self {
        self.wrapped_in = Some(key);
        self
    }

    pub(crate) fn authentication() -> Self {
        Self::new(
            401,
            "AUTHENTICATION_FAILURE",
            "Authentication failed",
            Object::new(),
        )
    }

    pub(crate) fn invalid_token() -> Self {
        Self::new(401, "INVALID_TOKEN", "invalid oauth token", Object::new())
    }

    pub(crate) fn scope_mismatch() -> Self {
        Self::new(401, "OAUTH_SCOPE_MISMATCH", "Unauthorized", Object::new())
    }

    pub(crate) fn too_many_requests() -> Self {
        Self::new(
            429,
            "TOO_MANY_REQUESTS",
            "You have made too many requests",
            Object::new(),
        )
    }

    pub(crate) fn internal(status: u16) -> Self {
        Self::new(
            status,
            "INTERNAL_ERROR",
            "Internal Server Error",
            Object::new(),
        )
    }

    pub(crate) fn invalid_url() -> Self {
        Self::new(
            404,
            "INVALID_URL_PATTERN",
            "Please check if the URL trying to access is a correct one.",
            Object::new(),
        )
    }

    pub(crate) fn invalid_method(status: u16, index: usize) -> Self {
        let details = object! { "resource_path_index" => index };
        Self::new(
            status,
            "INVALID_REQUEST_METHOD",
            "The http request method type is not a valid one",
            details,
        )
    }

    pub(crate) fn invalid_module(index: usize) -> Self {
        let details = object! { "resource_path_index" => index };
        Self::new(
            400,
            "INVALID_MODULE",
            "the module name given seems to be invalid",
            details,
        )
    }

    pub(crate) fn param_missing(name: &str) -> Self {
        // The documents disagree on the name of the name.
        let details = object! { "param_name" => name, "param" => name };
        Self::new(
            400,
            "REQUIRED_PARAM_MISSING",
            "One of the expected parameter is missing",
            details,
        )
    }

    pub(crate) fn invalid_param(name: &str, mut details: Object) -> Self {
        details.set("param_name", name);
        Self::new(400, "INVALID_DATA", "invalid data", details)
    }

    pub(crate) fn pattern(param: &str) -> Self {
        let details = object! { "param_name" => param };
        Self::new(
            400,
            "PATTERN_NOT_MATCHED",
            "Please check whether the input values are correct",
            details,
        )
    }

    pub(crate) fn limit_exceeded(limit: u64, param: &str) -> Self {
        let details = object! { "limit" => limit, "param_name" => param };
        Self::new(
            400,
            "LIMIT_EXCEEDED",
            "the given limit exceeds the allowed limit",
            details,
        )
    }

    pub(crate) fn ambiguous(message: &str, params: &[&str]) -> Self {
        let due_to: Vec<Json> = params
            .iter()
            .map(|name| Json::Object(object! { "param_name" => *name }))
            .collect();
        Self::new(
            400,
            "AMBIGUITY_DURING_PROCESSING",
            message,
            object! { "ambiguity_due_to" => due_to },
        )
    }

    pub(crate) fn unparsable_body() -> Self {
        let details = object! { "param" => "body" };
        Self::new(
            400,
            "UNABLE_TO_PARSE_DATA_TYPE",
            "either the request body or parameters is in wrong format",
            details,
        )
    }

    /// A required value is absent.
    pub(crate) fn mandatory(api_name: &str, json_path: &str) -> Self {
        let details = object! { "api_name" => api_name, "json_path" => json_path };
        Self::new(
            400,
            "MANDATORY_NOT_FOUND",
            "required field not found",
            details,
        )
    }

    /// A value is of the wrong type or form.
    pub(crate) fn wrong_type(expected: &str, api_name: &str, json_path: &str) -> Self {
        let details = object! { "expected_data_type" => expected, "api_name" => api_name, "json_path" => json_path };
        Self::new(400, "INVALID_DATA", "invalid data", details)
    }

    /// A value is too long. The limit is written as text, as the records document declares it.
    pub(crate) fn too_long(maximum: usize, api_name: &str, json_path: &str) -> Self {
        let details = object! { "maximum_length" => maximum.to_string(), "api_name" => api_name, "json_path" => json_path };
        Self::new(400, "INVALID_DATA", "invalid data", details)
    }

    /// An id does not name a record.
    pub(crate) fn invalid_id(api_name: &str, json_path: &str) -> Self {
        let details = object! { "api_name" => api_name, "json_path" => json_path };
        Self::new(
            400,
            "INVALID_DATA",
            "the id given seems to be invalid",
            details,
        )
    }

    /// Several problems in one row become one error that lists them; a single one stays as it is.
    pub(crate) fn combined(mut failures: Vec<Self>) -> Option<Self> {
        if failures.len() < 2 {
            return failures.pop();
        }
        let errors: Vec<Json> = failures.iter().map(Self::to_json).collect();
        let details = object! { "errors" => errors };
        Some(Self::new(
            400,
            "MULTIPLE_OR_MULTI_ERRORS",
            "Multiple errors occurred",
            details,
        ))
    }
}

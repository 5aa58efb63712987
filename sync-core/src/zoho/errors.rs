//! Zoho's errors in the engine's terms.

use std::{error::Error as StdError, sync::Arc};

use client_core::AuthError;
use zoho_crm_client::{ApiError, Error, RecordError, RecordErrorCause};

use crate::{
    endpoint::{EndpointError, EndpointErrorKind, Rejection, WriteError},
    ids::{FieldName, RecordId},
};

/// A call that failed as a whole.
pub(super) fn endpoint_error(error: Error) -> EndpointError {
    shared_error(&Arc::new(error))
}

/// The same for an error that many rows share.
fn shared_error(error: &Arc<Error>) -> EndpointError {
    EndpointError {
        kind: kind(error),
        message: sentence(error.as_ref()),
        retry_after: error.retry_after(),
        may_have_been_applied: error.may_have_been_applied(),
        source: Some(Box::new(Arc::clone(error))),
    }
}

/// An answer that makes no sense, or settings that do not fit.
pub(super) fn own_error(kind: EndpointErrorKind, message: impl Into<String>) -> EndpointError {
    EndpointError {
        kind,
        message: message.into(),
        retry_after: None,
        may_have_been_applied: false,
        source: None,
    }
}

fn kind(error: &Error) -> EndpointErrorKind {
    match error {
        Error::RateLimited { .. }
        | Error::Auth {
            source: AuthError::Throttled { .. },
            ..
        } => EndpointErrorKind::RateLimited,
        Error::Auth { source, .. } if !source.is_retryable() => EndpointErrorKind::Unauthorized,
        Error::Api { error: refusal, .. } => match refusal.code() {
            "AUTHENTICATION_FAILURE"
            | "INVALID_TOKEN"
            | "INVALID_OAUTHTOKEN"
            | "OAUTH_SCOPE_MISMATCH"
            | "AUTHORIZATION_FAILED"
            | "NO_PERMISSION" => EndpointErrorKind::Unauthorized,
            // A value that one record holds may be what the query chokes on: the others must not wait for it.
            "SYNTAX_ERROR" | "INVALID_QUERY" => EndpointErrorKind::Protocol,
            _ if error.is_retryable() => EndpointErrorKind::Unavailable,
            _ => EndpointErrorKind::Misconfigured,
        },
        Error::Decode { .. } | Error::Inconsistent { .. } => EndpointErrorKind::Protocol,
        _ if error.is_retryable() => EndpointErrorKind::Unavailable,
        _ => EndpointErrorKind::Misconfigured,
    }
}

/// The error and its causes in one line: a person sees only this.
fn sentence(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}

/// Whether another call to the same system would fail in the same way.
pub(super) fn would_recur(error: &EndpointError) -> bool {
    error.kind != EndpointErrorKind::Misconfigured
}

/// What a row was meant to do, which decides what its error means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// Create, identified by this field.
    Create(FieldName),
    Update,
}

/// Makes row errors, one shared call error for all rows of a call.
#[derive(Debug, Default)]
pub(super) struct RowErrors {
    calls: Vec<(Arc<Error>, bool, Arc<EndpointError>)>,
}

impl RowErrors {
    pub(super) fn of(&mut self, error: &RecordError, meant: &Meant) -> WriteError {
        match error.cause() {
            RecordErrorCause::Rejected(refusal) => rejected(refusal, meant),
            RecordErrorCause::Call(error) => WriteError::Call(self.call(error, true)),
            RecordErrorCause::NotSent(error) => WriteError::Call(self.call(error, false)),
            other => WriteError::Later {
                reason: format!("{other:?}"),
                after: None,
            },
        }
    }

    fn call(&mut self, error: &Arc<Error>, sent: bool) -> Arc<EndpointError> {
        let known = self
            .calls
            .iter()
            .find(|(known, known_sent, _)| Arc::ptr_eq(known, error) && *known_sent == sent);
        if let Some((_, _, shared)) = known {
            return Arc::clone(shared);
        }
        let mut made = shared_error(error);
        made.may_have_been_applied &= sent;
        let made = Arc::new(made);
        self.calls
            .push((Arc::clone(error), sent, Arc::clone(&made)));
        made
    }
}

/// What Zoho's refusal of a row means (reference: Zoho v8 section 2.11, read 2026-11).
fn rejected(refusal: &ApiError, meant: &Meant) -> WriteError {
    let field = refusal.field();
    let at = |name: &str| field.as_ref().is_some_and(|field| field == name);
    match (refusal.code(), meant) {
        ("DUPLICATE_DATA", Meant::Create(key)) if at(key.as_str()) => WriteError::AlreadyExists {
            existing: refusal.duplicate_id().map(engine_id),
        },
        ("INVALID_DATA", Meant::Update) if at("id") => WriteError::Missing,
        ("NOT_APPROVED" | "NOT_REVIEWED", _) => later(refusal),
        _ if refusal.is_retryable() || refusal.is_already_modified() => later(refusal),
        _ => WriteError::Rejected(rejection(refusal)),
    }
}

/// What the refusal of the single row of a call means; `None` when the call as a whole failed.
pub(super) fn row_refusal(error: &Error) -> Option<WriteError> {
    let refusal = error.api_error()?;
    if refusal.is_already_modified() {
        return Some(later(refusal));
    }
    let speaks_of_the_row = refusal.field().is_some()
        || matches!(
            refusal.code(),
            "MANDATORY_NOT_FOUND" | "INVALID_DATA" | "NOT_APPROVED" | "RECORD_LOCKED"
        );
    speaks_of_the_row.then(|| rejected(refusal, &Meant::Update))
}

fn later(refusal: &ApiError) -> WriteError {
    WriteError::Later {
        reason: refusal.to_string(),
        after: None,
    }
}

fn rejection(refusal: &ApiError) -> Rejection {
    let mut message = refusal.message().to_owned();
    if let Some(expected) = refusal.expected() {
        message.push_str(", expected ");
        message.push_str(&expected);
    }
    if let Some(id) = refusal.duplicate_id() {
        message.push_str(&format!(": record {id} has this value already"));
    }
    Rejection {
        field: refusal.field().map(|field| FieldName::from(field.as_str())),
        code: Some(refusal.code().to_owned()),
        message,
    }
}

pub(super) fn engine_id(id: zoho_crm_client::RecordId) -> RecordId {
    RecordId::from(id.as_str())
}

//! The client's errors in the engine's terms.

use std::{error::Error as StdError, sync::Arc};

use sage_x3_client::{
    Diagnose, Error, ErrorKind, RecordError, RecordErrorKind, Severity, WriteError as X3WriteError,
};

use crate::{
    endpoint::{EndpointError, EndpointErrorKind, Rejection, WriteError},
    ids::{FieldName, RecordId},
};

/// A call that failed.
pub(super) fn endpoint_error(error: Error) -> EndpointError {
    shared(Arc::new(error), true)
}

/// A call that failed for all rows of a batch; `sent` is false for rows that never left.
pub(super) fn shared(error: Arc<Error>, sent: bool) -> EndpointError {
    EndpointError {
        kind: kind(&error),
        message: message(&error),
        retry_after: error.retry_after(),
        may_have_been_applied: sent && error.may_have_been_applied(),
        source: Some(Box::new(error)),
    }
}

/// A request that this adapter cannot make.
pub(super) fn misconfigured(message: String) -> EndpointError {
    EndpointError {
        kind: EndpointErrorKind::Misconfigured,
        message,
        retry_after: None,
        may_have_been_applied: false,
        source: None,
    }
}

/// An answer that this adapter cannot use.
pub(super) fn unreadable(message: String) -> EndpointError {
    EndpointError {
        kind: EndpointErrorKind::Protocol,
        ..misconfigured(message)
    }
}

fn kind(error: &Error) -> EndpointErrorKind {
    if error
        .context()
        .and_then(|context| context.status)
        .is_some_and(|status| status.as_u16() == 429)
    {
        return EndpointErrorKind::RateLimited;
    }
    match error.kind() {
        ErrorKind::Unauthorized => EndpointErrorKind::Unauthorized,
        ErrorKind::Invalid | ErrorKind::Misconfigured => EndpointErrorKind::Misconfigured,
        ErrorKind::Protocol => EndpointErrorKind::Protocol,
        // X3 stumbled, or answered in part: it may well do better later.
        _ => EndpointErrorKind::Unavailable,
    }
}

/// The error and its causes, because the outermost layer of a lost connection only says that there was no answer.
fn message(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// One row's failure. `code` is the code that a create asked for.
pub(super) fn write_error(error: X3WriteError, code: Option<&str>) -> WriteError {
    match error {
        X3WriteError::Record(error) => record_error(&error, code),
        X3WriteError::Call(error) => WriteError::Call(Arc::new(shared(error, true))),
        X3WriteError::NotSent(error) => WriteError::Call(Arc::new(shared(error, false))),
        other => WriteError::Later {
            reason: other.to_string(),
            after: None,
        },
    }
}

fn record_error(error: &RecordError, code: Option<&str>) -> WriteError {
    match error.kind {
        RecordErrorKind::AlreadyExists => WriteError::AlreadyExists {
            existing: code.map(RecordId::from),
        },
        RecordErrorKind::NotFound => WriteError::Missing,
        // The record is read again before anything else is done.
        _ if error.may_have_been_applied => WriteError::Later {
            reason: error.to_string(),
            after: None,
        },
        _ => WriteError::Rejected(Rejection {
            field: error
                .field()
                .map(|field| FieldName::from(engine_name(&field))),
            code: None,
            message: messages(error),
        }),
    }
}

/// A row that is not sent.
pub(super) fn rejection(field: Option<&str>, message: String) -> Rejection {
    Rejection {
        field: field.map(FieldName::from),
        code: None,
        message,
    }
}

/// What X3 remarked, for information aside.
pub(super) fn remarks(diagnoses: &[Diagnose]) -> Vec<String> {
    let remarks = diagnoses
        .iter()
        .filter(|diagnose| diagnose.severity > Severity::Info);
    remarks.map(ToString::to_string).collect()
}

fn messages(error: &RecordError) -> String {
    let grave = error
        .diagnoses
        .iter()
        .filter(|diagnose| diagnose.severity.is_failure());
    let mut texts: Vec<String> = Vec::new();
    for text in grave
        .map(ToString::to_string)
        .filter(|text| !text.is_empty())
    {
        // X3 says the same of the partner and of its address.
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    if texts.is_empty() {
        error.to_string()
    } else {
        texts.join("; ")
    }
}

/// A member of X3's input under the name that this adapter gives the field.
fn engine_name(member: &str) -> String {
    match member.strip_prefix("addresses.") {
        Some(rest) if rest.starts_with("addressLines") => "address.line1".to_owned(),
        Some(rest) if rest.starts_with("addressPhoneNumbers") => "address.phone".to_owned(),
        Some(rest) if rest.starts_with("addressEmails") => "address.email".to_owned(),
        Some(rest) => format!("address.{rest}"),
        None if member.starts_with("companyNames") => "companyName1".to_owned(),
        None => member.split('.').next().unwrap_or(member).to_owned(),
    }
}

//! What can go wrong, told so that a caller knows what to do.

use std::{fmt, sync::Arc, time::Duration};

use client_core::{AuthError, CallError, CallErrorCause, DecodeError, TransportErrorKind};
use http::StatusCode;

use crate::{
    auth::Refusal,
    diagnose::{Diagnose, PathSegment},
    ids::{EndpointName, InvalidName},
};

/// A request that cannot be built, or a configuration that cannot work. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidRequest {
    message: String,
}

impl InvalidRequest {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl From<InvalidName> for InvalidRequest {
    fn from(error: InvalidName) -> Self {
        Self::new(error.to_string())
    }
}

/// Which call an error belongs to.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// Name of the operation, such as `customer.create`.
    pub operation: &'static str,
    /// The endpoint it went to.
    pub endpoint: EndpointName,
    /// HTTP status of the last answer, if there was one.
    pub status: Option<StatusCode>,
    /// Attempts made.
    pub attempts: u32,
    /// Whether X3 may have done what was asked. Always false for reads.
    pub may_have_been_applied: bool,
}

impl CallContext {
    /// A call that was not answered yet.
    pub(crate) fn of(operation: &'static str, endpoint: &EndpointName) -> Self {
        Self {
            operation,
            endpoint: endpoint.clone(),
            status: None,
            attempts: 0,
            may_have_been_applied: false,
        }
    }
}

impl fmt::Display for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at X3 endpoint `{}`", self.operation, self.endpoint)?;
        if let Some(status) = self.status {
            write!(f, " (HTTP {}", status.as_u16())?;
            if self.attempts > 1 {
                write!(f, ", attempt {}", self.attempts)?;
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}

/// A call that failed as a whole. What X3 says about single records of a batch is data, see [`WriteError`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing was sent, because the request or the configuration cannot work. Fix what the sentence names.
    #[error(transparent)]
    Invalid(#[from] InvalidRequest),
    /// No answer arrived, or no credential could be made. The source says why.
    #[error("{context}: no answer from X3")]
    NoAnswer {
        /// Which call.
        context: Box<CallContext>,
        /// Why.
        source: Box<CallError>,
    },
    /// A cloud gateway could not be paired with, asked for a token, or trusted. The source says why.
    #[error("{operation}: {source}")]
    Auth {
        /// Name of the operation.
        operation: &'static str,
        /// Why.
        source: Box<AuthError>,
    },
    /// X3 refused the credential. A person must change what the refusal names; repeating is useless.
    #[error("{context}: {refusal}")]
    Unauthorized {
        /// Which call.
        context: Box<CallContext>,
        /// X3's answer and what it means.
        refusal: Box<Refusal>,
    },
    /// The server is overloaded or out of order. Repeat later.
    #[error("{context}: the server is not available{}", about(.detail))]
    Unavailable {
        /// Which call.
        context: Box<CallContext>,
        /// What it said, shortened.
        detail: String,
        /// Pause that it asked for.
        retry_after: Option<Duration>,
    },
    /// The answer does not come from X3's GraphQL service: wrong address, wrong endpoint name, a proxy's or log-in page.
    #[error("{context}: {advice}{}", about(.detail))]
    NotGraphql {
        /// Which call.
        context: Box<CallContext>,
        /// What to check.
        advice: String,
        /// Beginning of what came instead.
        detail: String,
    },
    /// The answer does not come from the service that was asked, or the service is not set up: wrong address or endpoint
    /// name, no process or pool for web services, a proxy's or log-in page.
    #[error("{context}: {advice}{}", about(.detail))]
    WrongService {
        /// Which call.
        context: Box<CallContext>,
        /// What to check.
        advice: String,
        /// Beginning of what came instead.
        detail: String,
    },
    /// The site's schema lacks something that the request names: another release, or a field that is not there.
    #[error("{context}: the site's schema does not fit: {}. {advice}", .messages.join(" "))]
    SchemaMismatch {
        /// Which call.
        context: Box<CallContext>,
        /// What X3 said.
        messages: Vec<String>,
        /// What to check.
        advice: String,
    },
    /// The operation is not activated at this site.
    #[error(
        "{context}: `{node}.{operation}` is not activated at this site. Activate the API operation `{operation}` of node \
         `{node}` in function GESAPIOPE (API operations) and make sure that the API user may use it"
    )]
    NotActivated {
        /// Which call.
        context: Box<CallContext>,
        /// The node.
        node: String,
        /// The operation.
        operation: String,
    },
    /// The API user may not do this.
    #[error(
        "{context}: the API user has no right to `{node}.{operation}`, or the operation is not activated: {message}. Give \
         the user of the connected application access to the function, and check the operation in GESAPIOPE"
    )]
    NotAllowed {
        /// Which call.
        context: Box<CallContext>,
        /// The node.
        node: String,
        /// The operation.
        operation: String,
        /// What X3 said.
        message: String,
    },
    /// X3 answered with part of the data and errors for the rest. What is missing is not "empty".
    #[error("{context}: the answer is incomplete at {}: {}", .paths.join(", "), .messages.join(" "))]
    PartialData {
        /// Which call.
        context: Box<CallContext>,
        /// Where data is missing.
        paths: Vec<String>,
        /// What X3 said.
        messages: Vec<String>,
    },
    /// X3 reported errors and gave no data.
    #[error("{context}: X3 reports: {}", .messages.join(" "))]
    Failed {
        /// Which call.
        context: Box<CallContext>,
        /// What X3 said.
        messages: Vec<String>,
        /// The same with severities, where X3 gave them.
        diagnoses: Vec<Diagnose>,
    },
    /// X3 did not accept the record of a single create or update.
    #[error("{context}: {error}")]
    Rejected {
        /// Which call.
        context: Box<CallContext>,
        /// Why.
        error: Box<RecordError>,
    },
    /// The answer is JSON, but not what the schema promises.
    #[error("{context}: the answer cannot be read")]
    Decode {
        /// Which call.
        context: Box<CallContext>,
        /// Where.
        source: DecodeError,
    },
    /// The answer breaks a promise of the protocol.
    #[error("{context}: {what}")]
    Protocol {
        /// Which call.
        context: Box<CallContext>,
        /// Which promise.
        what: String,
    },
}

fn about(detail: &str) -> String {
    if detail.is_empty() {
        String::new()
    } else {
        format!(" (it said: {detail})")
    }
}

/// Coarse kinds of [`Error`], to decide on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller's request or configuration cannot work.
    Invalid,
    /// Not reachable, overloaded or out of order.
    Unavailable,
    /// The credential does not work.
    Unauthorized,
    /// The site is not set up as needed: address, endpoint, schema, activated operations, rights.
    Misconfigured,
    /// X3 does not accept the record.
    Rejected,
    /// X3 failed while it worked on the request, or answered in part.
    Failed,
    /// The answer was not understood.
    Protocol,
}

impl Error {
    /// What kind of error this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::NoAnswer { source, .. } => match &source.cause {
                CallErrorCause::Auth(error) if !error.is_retryable() => ErrorKind::Unauthorized,
                _ => ErrorKind::Unavailable,
            },
            Self::Auth { source, .. } if source.is_retryable() => ErrorKind::Unavailable,
            Self::Auth { .. } | Self::Unauthorized { .. } => ErrorKind::Unauthorized,
            Self::Unavailable { .. } => ErrorKind::Unavailable,
            Self::NotGraphql { .. }
            | Self::WrongService { .. }
            | Self::SchemaMismatch { .. }
            | Self::NotActivated { .. }
            | Self::NotAllowed { .. } => ErrorKind::Misconfigured,
            Self::PartialData { .. } | Self::Failed { .. } => ErrorKind::Failed,
            Self::Rejected { .. } => ErrorKind::Rejected,
            Self::Decode { .. } | Self::Protocol { .. } => ErrorKind::Protocol,
        }
    }

    /// Whether the same call may succeed later without a person's help. Says nothing about whether repeating is
    /// harmless: see [`may_have_been_applied`](Self::may_have_been_applied).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Auth { source, .. } => source.is_retryable(),
            Self::NoAnswer { source, .. } => match &source.cause {
                CallErrorCause::Auth(error) => error.is_retryable(),
                CallErrorCause::Transport(error) => !matches!(
                    error.kind(),
                    TransportErrorKind::Invalid | TransportErrorKind::TooLarge
                ),
                _ => true,
            },
            _ => false,
        }
    }

    /// The pause that the server asked for.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            Self::Auth { source, .. } => match &**source {
                AuthError::Throttled { retry_after, .. } => Some(*retry_after),
                _ => None,
            },
            Self::NoAnswer { source, .. } => match &source.cause {
                CallErrorCause::Auth(AuthError::Throttled { retry_after, .. }) => {
                    Some(*retry_after)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether X3 may have done what was asked, although the call failed. After a create, look the record up before
    /// anything else.
    #[must_use]
    pub fn may_have_been_applied(&self) -> bool {
        self.context()
            .is_some_and(|context| context.may_have_been_applied)
    }

    /// Which call the error belongs to; none when nothing was sent.
    #[must_use]
    pub fn context(&self) -> Option<&CallContext> {
        match self {
            Self::Invalid(_) | Self::Auth { .. } => None,
            Self::NoAnswer { context, .. }
            | Self::Unauthorized { context, .. }
            | Self::Unavailable { context, .. }
            | Self::NotGraphql { context, .. }
            | Self::WrongService { context, .. }
            | Self::SchemaMismatch { context, .. }
            | Self::NotActivated { context, .. }
            | Self::NotAllowed { context, .. }
            | Self::PartialData { context, .. }
            | Self::Failed { context, .. }
            | Self::Rejected { context, .. }
            | Self::Decode { context, .. }
            | Self::Protocol { context, .. } => Some(context),
        }
    }
}

impl From<InvalidName> for Error {
    fn from(error: InvalidName) -> Self {
        Self::Invalid(error.into())
    }
}

/// Why X3 did not accept a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordErrorKind {
    /// The record was there already: looked up after the refusal, not guessed from the message.
    AlreadyExists,
    /// The record to change does not exist: looked up after the refusal.
    NotFound,
    /// X3 does not accept the values, or the record is not in a state that allows the change.
    Refused,
    /// X3 said neither yes nor no: no data and no error for this record.
    Unclear,
}

/// X3's refusal of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    /// Why.
    pub kind: RecordErrorKind,
    /// What X3 said.
    pub diagnoses: Vec<Diagnose>,
    /// Whether X3 may have written the record nevertheless.
    pub may_have_been_applied: bool,
}

impl RecordError {
    /// The input field that X3 objects to, as far as it says so: `companyName1`, or below a list, `addresses.city`.
    #[must_use]
    pub fn field(&self) -> Option<String> {
        let failures = self
            .diagnoses
            .iter()
            .filter(|diagnose| diagnose.severity.is_failure());
        failures
            .map(|diagnose| {
                let names: Vec<&str> = diagnose
                    .path
                    .iter()
                    .filter_map(PathSegment::as_name)
                    .skip_while(|name| *name == "data")
                    .collect();
                names.join(".")
            })
            .find(|field| !field.is_empty())
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            RecordErrorKind::AlreadyExists => "the record exists already",
            RecordErrorKind::NotFound => "the record does not exist",
            RecordErrorKind::Refused => "X3 refuses the record",
            RecordErrorKind::Unclear => "X3 does not say whether it wrote the record",
        })?;
        let mut separator = ": ";
        for diagnose in &self.diagnoses {
            write!(f, "{separator}{diagnose}")?;
            separator = " ";
        }
        Ok(())
    }
}

impl std::error::Error for RecordError {}

/// Why one row of a batch was not written, or may not have been.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// X3 did not accept this row.
    #[error(transparent)]
    Record(RecordError),
    /// The request that carried this row failed; says nothing about the row. Shared by all its rows.
    #[error(transparent)]
    Call(Arc<Error>),
    /// An earlier request of the batch failed, so this row was never sent.
    #[error("not sent, because an earlier part of the batch failed")]
    NotSent(#[source] Arc<Error>),
}

impl WriteError {
    /// Whether X3 may have written the row.
    #[must_use]
    pub fn may_have_been_applied(&self) -> bool {
        match self {
            Self::Record(error) => error.may_have_been_applied,
            Self::Call(error) => error.may_have_been_applied(),
            Self::NotSent(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::Severity;

    fn context() -> Box<CallContext> {
        Box::new(CallContext {
            operation: "customer.create",
            endpoint: EndpointName::new("SEED").unwrap(),
            status: Some(StatusCode::OK),
            attempts: 1,
            may_have_been_applied: false,
        })
    }

    #[test]
    fn a_missing_activation_says_where_to_activate_what() {
        let error = Error::NotActivated {
            context: context(),
            node: "Customer".into(),
            operation: "create".into(),
        };
        let text = error.to_string();
        assert!(
            text.starts_with("customer.create at X3 endpoint `SEED` (HTTP 200): "),
            "{text}"
        );
        assert!(
            text.contains(
                "Activate the API operation `create` of node `Customer` in function GESAPIOPE"
            ),
            "{text}"
        );
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(!error.is_retryable());
    }

    #[test]
    fn the_field_at_fault_is_named_by_the_first_grave_diagnose() {
        let name = |name: &str| PathSegment::Name(name.into());
        let diagnose = |severity, path| Diagnose {
            severity,
            message: "m".into(),
            path,
        };
        let error = RecordError {
            kind: RecordErrorKind::Refused,
            diagnoses: vec![
                diagnose(Severity::Warning, vec![name("notes")]),
                diagnose(Severity::Error, Vec::new()),
                diagnose(
                    Severity::Error,
                    vec![
                        name("data"),
                        name("addresses"),
                        PathSegment::Index(0),
                        name("city"),
                    ],
                ),
            ],
            may_have_been_applied: false,
        };
        assert_eq!(error.field().as_deref(), Some("addresses.city"));
    }

    #[test]
    fn errors_are_small() {
        assert!(size_of::<Error>() <= 96, "{}", size_of::<Error>());
    }
}

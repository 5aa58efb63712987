//! What can go wrong, and what the caller can do about it.

use std::{fmt, time::Duration};

use client_core::{AuthError, DecodeError, TokenStoreError, TransportError, TransportErrorKind};
use http::{Method, StatusCode};

use crate::{
    api::JobState,
    api_error::ApiError,
    bulk::FileError,
    names::{ChannelId, RecordId},
};

/// A call that did not succeed as a whole. Single rows that failed are not errors but
/// [outcomes](crate::WriteOutcomes).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The client cannot be built like this. Fix the settings.
    #[error("the Zoho client is not set up: {0}")]
    Configuration(String),
    /// The request makes no sense and was not sent. Fix the caller.
    #[error("{operation} was not sent: {reason}")]
    InvalidRequest {
        /// Name of the operation.
        operation: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// No usable token. [`Error::is_retryable`] tells whether a person must act.
    #[error("{context}: no usable token")]
    Auth {
        /// Which call.
        context: Box<CallContext>,
        /// Why.
        #[source]
        source: AuthError,
    },
    /// The token store failed. Repeat later.
    #[error("{context}: the token store failed")]
    Store {
        /// Which call.
        context: Box<CallContext>,
        /// Why.
        #[source]
        source: TokenStoreError,
    },
    /// Zoho refuses calls for now (HTTP 429): too many at once, or the day's credits are used up. Nothing was done.
    #[error("{context}: {cause}")]
    RateLimited {
        /// Which call.
        context: Box<CallContext>,
        /// Which of the two, as far as it can be told.
        cause: ThrottleCause,
        /// When to try again. Zoho does not say; this is an estimate from the credits left.
        retry_after: Duration,
    },
    /// The call would have cost more credits than the [budget](crate::ZohoClientBuilder::credit_budget) leaves. This
    /// attempt was not sent; repeat later.
    #[error("{context}: {needed} credits are needed and the budget leaves {left}")]
    BudgetExhausted {
        /// Which call.
        context: Box<CallContext>,
        /// What the call costs.
        needed: u64,
        /// What may still be spent.
        left: u64,
        /// When there will be enough.
        retry_after: Duration,
    },
    /// No complete answer arrived. Repeat, unless it is a write that [may have been
    /// applied](Error::may_have_been_applied): look first then.
    #[error("{context}: no answer")]
    Transport {
        /// Which call.
        context: Box<CallContext>,
        /// Why.
        #[source]
        source: TransportError,
    },
    /// The answer was JSON, but not the JSON that was expected.
    #[error("{context}: the answer could not be read")]
    Decode {
        /// Which call.
        context: Box<CallContext>,
        /// Where and why.
        #[source]
        source: DecodeError,
    },
    /// The answer was not JSON: a gateway, proxy or maintenance page spoke instead of Zoho CRM.
    #[error("{context}: JSON was expected, {} came", describe_content(content_type.as_deref()))]
    NotJson {
        /// Which call.
        context: Box<CallContext>,
        /// What came, from the `Content-Type` header.
        content_type: Option<String>,
    },
    /// The answer does not fit the request, for example 3 outcomes for 4 rows.
    #[error("{context}: {reason}")]
    Inconsistent {
        /// Which call.
        context: Box<CallContext>,
        /// What does not fit.
        reason: String,
    },
    /// A file of a bulk job could not be read. What was handed out before is good.
    #[error("{context}: the file could not be read")]
    File {
        /// Which call.
        context: Box<CallContext>,
        /// Why.
        #[source]
        source: FileError,
    },
    /// A bulk job ended without a result. Fix what the code says and start another.
    #[error("{context}: job {job} failed with {}", code.as_deref().unwrap_or("no reason given"))]
    JobFailed {
        /// Which call told.
        context: Box<CallContext>,
        /// Which job.
        job: RecordId,
        /// Zoho's code, such as `INVALID_FIELD`.
        code: Option<String>,
    },
    /// A bulk job has not ended in the time it was given. It goes on: ask for it again by its id.
    #[error("{context}: job {job} is still {state} after the time it was given")]
    JobUnfinished {
        /// Which call told.
        context: Box<CallContext>,
        /// Which job.
        job: RecordId,
        /// What it is doing.
        state: JobState,
    },
    /// Zoho refused the request.
    #[error("{context}: {error}")]
    Api {
        /// Which call.
        context: Box<CallContext>,
        /// What Zoho said.
        error: Box<ApiError>,
    },
    /// The notification channel has expired or was never there: enable it again.
    #[error("{context}: notification channel {channel_id} does not exist (any more)")]
    ChannelLost {
        /// Which call.
        context: Box<CallContext>,
        /// Which channel.
        channel_id: ChannelId,
    },
}

/// Why Zoho refuses calls. It answers the same to all (reference: Zoho v8 section 10.4, read 2026-11), so this is what its
/// last word on credits and this client's own calls make likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ThrottleCause {
    /// Zoho said a short while ago that no more credits are left than were spent since.
    Credits,
    /// Other calls of this client were in flight at the same time.
    Concurrency,
    /// This call was alone, and credits should be left: other clients of the organisation are busy, or Zoho has not yet
    /// said that credits are used up.
    Unclear,
}

impl fmt::Display for ThrottleCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credits => "no credits are left",
            Self::Concurrency => "too many requests at once",
            Self::Unclear => "too many requests, or no credits left",
        })
    }
}

/// What an [`Error`] is about, to decide by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// [`Error::Configuration`]
    Configuration,
    /// [`Error::InvalidRequest`]
    InvalidRequest,
    /// [`Error::Auth`]
    Auth,
    /// [`Error::Store`]
    Store,
    /// [`Error::RateLimited`]
    RateLimited,
    /// [`Error::BudgetExhausted`]
    BudgetExhausted,
    /// [`Error::Transport`]
    Transport,
    /// [`Error::Decode`]
    Decode,
    /// [`Error::NotJson`]
    NotJson,
    /// [`Error::Inconsistent`]
    Inconsistent,
    /// [`Error::File`]
    File,
    /// [`Error::JobFailed`]
    JobFailed,
    /// [`Error::JobUnfinished`]
    JobUnfinished,
    /// [`Error::Api`]
    Api,
    /// [`Error::ChannelLost`]
    ChannelLost,
}

/// The call that an error is about. Holds no secret, no query and no record value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallContext {
    /// Name of the operation, such as `zoho.records.upsert`.
    pub operation: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path without query.
    pub path: String,
    /// Status of the last answer, if there was one.
    pub status: Option<StatusCode>,
    /// Attempts made, the first included.
    pub attempts: u32,
    /// Whether Zoho may have done what was asked, in any attempt. Always false for reads.
    pub may_have_been_applied: bool,
}

impl fmt::Display for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} {})", self.operation, self.method, self.path)?;
        if let Some(status) = self.status {
            write!(f, " was answered {}", status.as_u16())?;
        }
        if self.attempts > 1 {
            write!(f, " after {} attempts", self.attempts)?;
        }
        Ok(())
    }
}

impl Error {
    /// What the error is about.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Configuration(_) => ErrorKind::Configuration,
            Self::InvalidRequest { .. } => ErrorKind::InvalidRequest,
            Self::Auth { .. } => ErrorKind::Auth,
            Self::Store { .. } => ErrorKind::Store,
            Self::RateLimited { .. } => ErrorKind::RateLimited,
            Self::BudgetExhausted { .. } => ErrorKind::BudgetExhausted,
            Self::Transport { .. } => ErrorKind::Transport,
            Self::Decode { .. } => ErrorKind::Decode,
            Self::NotJson { .. } => ErrorKind::NotJson,
            Self::Inconsistent { .. } => ErrorKind::Inconsistent,
            Self::File { .. } => ErrorKind::File,
            Self::JobFailed { .. } => ErrorKind::JobFailed,
            Self::JobUnfinished { .. } => ErrorKind::JobUnfinished,
            Self::Api { .. } => ErrorKind::Api,
            Self::ChannelLost { .. } => ErrorKind::ChannelLost,
        }
    }

    /// The call, unless none was made.
    #[must_use]
    pub fn context(&self) -> Option<&CallContext> {
        match self {
            Self::Configuration(_) | Self::InvalidRequest { .. } => None,
            Self::Auth { context, .. }
            | Self::Store { context, .. }
            | Self::RateLimited { context, .. }
            | Self::BudgetExhausted { context, .. }
            | Self::Transport { context, .. }
            | Self::Decode { context, .. }
            | Self::NotJson { context, .. }
            | Self::Inconsistent { context, .. }
            | Self::File { context, .. }
            | Self::JobFailed { context, .. }
            | Self::JobUnfinished { context, .. }
            | Self::Api { context, .. }
            | Self::ChannelLost { context, .. } => Some(context),
        }
    }

    /// What Zoho said, if it refused the request.
    #[must_use]
    pub fn api_error(&self) -> Option<&ApiError> {
        match self {
            Self::Api { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Whether the same call may succeed later without a person's help. For a write, ask
    /// [`may_have_been_applied`](Self::may_have_been_applied) too before repeating it.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Configuration(_)
            | Self::InvalidRequest { .. }
            | Self::Decode { .. }
            | Self::Inconsistent { .. }
            | Self::JobFailed { .. }
            | Self::ChannelLost { .. } => false,
            Self::Store { .. }
            | Self::RateLimited { .. }
            | Self::BudgetExhausted { .. }
            | Self::JobUnfinished { .. } => true,
            // Downloading anew helps against what happened on the way, not against what is in the file.
            Self::File { source, .. } => {
                matches!(source, FileError::Truncated | FileError::Damaged)
            }
            Self::Auth { source, .. } => source.is_retryable(),
            Self::Transport { source, .. } => source.kind() != TransportErrorKind::Invalid,
            // A maintenance page comes as 200 or 5xx; a 4xx page means a wrong address.
            Self::NotJson { context, .. } => context
                .status
                .is_none_or(|status| !status.is_client_error()),
            Self::Api { context, error } => {
                context
                    .status
                    .is_some_and(|status| status.is_server_error())
                    || error.is_retryable()
            }
        }
    }

    /// How long to wait before trying again, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. }
            | Self::BudgetExhausted { retry_after, .. }
            | Self::Auth {
                source: AuthError::Throttled { retry_after, .. },
                ..
            } => Some(*retry_after),
            _ => None,
        }
    }

    /// Whether Zoho may have done what was asked although the call failed. Always false for reads.
    #[must_use]
    pub fn may_have_been_applied(&self) -> bool {
        self.context()
            .is_some_and(|context| context.may_have_been_applied)
    }

    pub(crate) fn invalid(operation: &'static str, reason: impl Into<String>) -> Self {
        Self::InvalidRequest {
            operation,
            reason: reason.into(),
        }
    }
}

fn describe_content(content_type: Option<&str>) -> &str {
    content_type.unwrap_or("something without a content type")
}

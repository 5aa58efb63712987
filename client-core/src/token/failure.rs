//! Failures of a refresh that others than its own caller must hear of.

use std::time::Duration;

use jiff::Timestamp;

use super::{AuthError, TokenStoreError};

/// What is remembered of an [`AuthError`], to tell everybody who waited for the same refresh.
#[derive(Debug)]
pub(super) enum LastFailure {
    Rejected {
        reason: String,
    },
    Throttled {
        reason: String,
        retry_after: Duration,
    },
    Unavailable {
        reason: String,
        cause: Option<String>,
    },
    UntrustedHost {
        host: String,
    },
    Store {
        action: String,
        cause: String,
    },
}

impl LastFailure {
    pub(super) fn of(error: &AuthError) -> Self {
        match error {
            AuthError::Rejected { reason } => Self::Rejected {
                reason: reason.clone(),
            },
            AuthError::Throttled {
                reason,
                retry_after,
            } => Self::Throttled {
                reason: reason.clone(),
                retry_after: *retry_after,
            },
            AuthError::Unavailable { reason, source } => Self::Unavailable {
                reason: reason.clone(),
                cause: source.as_ref().map(ToString::to_string),
            },
            AuthError::UntrustedHost { host } => Self::UntrustedHost { host: host.clone() },
            AuthError::Store(error) => Self::Store {
                action: error.action.clone(),
                cause: error.source.to_string(),
            },
        }
    }

    pub(super) fn to_error(&self) -> AuthError {
        match self {
            Self::Rejected { reason } => AuthError::Rejected {
                reason: reason.clone(),
            },
            Self::Throttled {
                reason,
                retry_after,
            } => AuthError::Throttled {
                reason: reason.clone(),
                retry_after: *retry_after,
            },
            Self::Unavailable { reason, cause } => AuthError::Unavailable {
                reason: reason.clone(),
                source: cause.clone().map(Into::into),
            },
            Self::UntrustedHost { host } => AuthError::UntrustedHost { host: host.clone() },
            Self::Store { action, cause } => {
                AuthError::Store(TokenStoreError::new(action.clone(), cause.clone()))
            }
        }
    }
}

/// The server's wish to be left alone for a while.
#[derive(Debug)]
pub(super) struct Throttle {
    since: Timestamp,
    pause: Duration,
    reason: String,
}

impl Throttle {
    pub(super) fn asked_for_by(error: &AuthError, now: Timestamp) -> Option<Self> {
        match error {
            AuthError::Throttled {
                reason,
                retry_after,
            } => Some(Self {
                since: now,
                pause: *retry_after,
                reason: reason.clone(),
            }),
            _ => None,
        }
    }

    /// The error for a caller who comes at `now`; none once the pause is over, or when the clock was set back and so
    /// cannot tell.
    pub(super) fn error_at(&self, now: Timestamp) -> Option<AuthError> {
        let passed = Duration::try_from(now.duration_since(self.since)).ok()?;
        let left = self
            .pause
            .checked_sub(passed)
            .filter(|left| !left.is_zero())?;
        Some(AuthError::Throttled {
            reason: self.reason.clone(),
            retry_after: left,
        })
    }
}

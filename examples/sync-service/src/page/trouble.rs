//! A request that could not be answered as it was meant.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::html;
use sync_core::Error;

use super::layout;
use crate::failure::with_causes;

/// What to tell the person, and the status that goes with it.
#[derive(Debug)]
pub(super) struct Trouble {
    status: StatusCode,
    message: String,
}

impl Trouble {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, message }
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(super) fn not_understood(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn session_over() -> Self {
        let message = "Your session is over. Sign in again; nothing was done.";
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::UnknownFlow(_) | Error::NotParked(_) => StatusCode::NOT_FOUND,
            Error::NotEditable { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Error::StalePlan { .. } | Error::Stopped { .. } => StatusCode::CONFLICT,
            Error::Side { .. } | Error::EditFailed { .. } => StatusCode::BAD_GATEWAY,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, with_causes(&error, &error))
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let title = match self.status {
            StatusCode::NOT_FOUND => "Not found",
            StatusCode::UNAUTHORIZED => "Signed out",
            StatusCode::FORBIDDEN => "Refused",
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => "Not understood",
            StatusCode::TOO_MANY_REQUESTS => "Too many attempts",
            _ => "Not possible now",
        };
        let content = html! {
            p.notice.bad role="alert" { (self.message) }
            p { a href="/" { "To the overview" } }
        };
        (self.status, layout::bare(title, &content)).into_response()
    }
}

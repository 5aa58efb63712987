//! What the business logic says about an operation.

use crate::graphql::error::{PathStep, path_json};
use crate::json::Json;

/// How grave a diagnose is; the numbers stand in `extensions.diagnoses[].severity` (reference: 3.10, observed).
///
/// Only [`Error`](Self::Error) means that nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    /// 1: for information.
    Info,
    /// 2: written all the same.
    Warning,
    /// 3: not written.
    Error,
}

impl Severity {
    /// The number on the wire.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Info => 1,
            Self::Warning => 2,
            Self::Error => 3,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Diagnose {
    pub(crate) severity: Severity,
    pub(crate) message: String,
    /// The input member it is about, below the operation; empty for the operation itself.
    pub(crate) member: Vec<String>,
}

impl Diagnose {
    pub(crate) fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            message: message.into(),
            member: Vec::new(),
        }
    }

    pub(crate) fn error(message: impl Into<String>, member: &[&str]) -> Self {
        let member = member.iter().map(|&step| step.to_owned()).collect();
        Self {
            member,
            ..Self::new(Severity::Error, message)
        }
    }

    pub(crate) fn to_json(&self, operation: &[PathStep]) -> Json {
        let mut path = operation.to_vec();
        path.extend(self.member.iter().map(|step| match step.parse() {
            Ok(place) => PathStep::Index(place),
            Err(_) => PathStep::Key(step.clone()),
        }));
        Json::object([
            ("severity", Json::int(self.severity.number())),
            ("message", Json::text(&self.message)),
            ("path", path_json(&path)),
        ])
    }
}

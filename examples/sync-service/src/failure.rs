//! How the program ends when it cannot do what it was asked to.

use std::{error::Error as StdError, fmt, process::ExitCode};

/// A sentence for a person, and the exit code that goes with it.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Exit code 1: a promise was broken, or the program itself failed.
    Broken,
    /// Exit code 2: configuration, credentials or a system that was named is not right.
    Input,
}

impl Failure {
    /// Something that a person can put right.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Input,
            message: message.into(),
        }
    }

    /// Several things that a person can put right, one a line.
    pub(crate) fn all(problems: &[String]) -> Self {
        Self::input(problems.join("\n              "))
    }

    /// Something that should not have happened.
    pub(crate) fn broken(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Broken,
            message: message.into(),
        }
    }

    /// Something that a person can put right, with what led to it.
    pub(crate) fn input_because(
        message: impl fmt::Display,
        cause: &(dyn StdError + 'static),
    ) -> Self {
        Self::input(with_causes(message, cause))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self.kind {
            Kind::Broken => ExitCode::from(1),
            Kind::Input => ExitCode::from(2),
        }
    }
}

/// One line with an error and what led to it, without saying anything twice.
pub(crate) fn with_causes(message: impl fmt::Display, cause: &(dyn StdError + 'static)) -> String {
    let mut text = message.to_string();
    let mut next = Some(cause);
    while let Some(error) = next {
        let part = error.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        next = error.source();
    }
    text
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<sync_core::Error> for Failure {
    fn from(error: sync_core::Error) -> Self {
        match &error {
            sync_core::Error::Store(_) | sync_core::Error::Document { .. } => {
                Self::broken(with_causes(&error, &error))
            }
            _ => Self::input(with_causes(&error, &error)),
        }
    }
}

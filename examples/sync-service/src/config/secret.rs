//! Where a secret comes from.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use crate::failure::Failure;

/// Where a secret comes from: `{ env = "NAME" }` or `{ file = "PATH" }`. It is never in the configuration itself.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "a secret is { env = \"NAME\" } or { file = \"PATH\" }, never the value itself"
)]
pub(crate) enum Secret {
    /// A variable of the environment.
    Env { env: String },
    /// A file. Relative to the configuration file.
    File { file: PathBuf },
}

impl Secret {
    /// The secret, without the line end that editors put behind it.
    pub(crate) fn read(&self, what: &str) -> Result<SecretString, Failure> {
        let text = match self {
            Self::Env { env } => env::var(env).map_err(|_| {
                Failure::input(format!(
                    "{what} is to come from the environment variable {env}, which is not set"
                ))
            })?,
            Self::File { file } => fs::read_to_string(file).map_err(|error| {
                Failure::input(format!(
                    "{what} is to come from the file {}, which cannot be read: {error}",
                    file.display()
                ))
            })?,
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(Failure::input(format!("{what} is empty")));
        }
        Ok(SecretString::from(text))
    }

    pub(super) fn be_relative_to(&mut self, folder: &Path) {
        if let Self::File { file } = self {
            *file = folder.join(&*file);
        }
    }
}

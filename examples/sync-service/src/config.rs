//! The operator's configuration file.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::{failure::Failure, flows::customers::CustomersConfig};

/// The whole file. Unknown keys are errors: a misspelt key must not be ignored silently.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Names this pair of systems in the store.
    #[serde(default = "default_connection")]
    pub(crate) connection: String,
    /// The SQLite file. Relative to the configuration file.
    pub(crate) database: Option<PathBuf>,
    /// Instead of a file: the address of a PostgreSQL database that any number of instances share. It may hold a
    /// password, so it is a secret.
    pub(crate) database_url: Option<Secret>,
    pub(crate) x3: X3Config,
    pub(crate) zoho: ZohoConfig,
    #[serde(default)]
    pub(crate) webhook: Option<WebhookConfig>,
    #[serde(default)]
    pub(crate) timing: TimingConfig,
    // One section a flow. All but customers are off unless their section is there.
    #[serde(default)]
    pub(crate) customers: CustomersConfig,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct X3Config {
    /// Address of the server, such as `http://x3.example:8124`.
    pub(crate) url: Url,
    /// The Syracuse endpoint's name, which need not be the folder's code.
    pub(crate) endpoint: String,
    #[serde(default)]
    pub(crate) generation: Generation,
    /// The field that says when a row was changed.
    #[serde(default = "default_stamp")]
    pub(crate) stamp: String,
    pub(crate) credential: X3Credential,
    /// PEM file of a private certificate authority.
    pub(crate) ca_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Generation {
    /// 2021 R2 to 2023 R2.
    #[serde(rename = "2021-2023")]
    Second,
    /// 2024 R1 and later.
    #[default]
    #[serde(rename = "2024+")]
    Third,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum X3Credential {
    ConnectedApp {
        client_id: String,
        secret: Secret,
        /// The Syracuse login to act as.
        user: Option<String>,
        /// Compared literally with what is registered; empty in Sage's own samples.
        #[serde(default)]
        audience: String,
    },
    Basic {
        user: String,
        password: Secret,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ZohoConfig {
    /// `us`, `eu`, `in`, `au`, `jp`, `cn`, `ca`, `sa` or `uk`. Not needed with `accounts_url`.
    pub(crate) data_center: Option<String>,
    /// Replaces the data centre's accounts server, for proxies and simulators.
    pub(crate) accounts_url: Option<Url>,
    /// Hosts (`name:port`) beside the known data centres that tokens may be sent to.
    #[serde(default)]
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) refresh_token: Secret,
}

/// Where a secret comes from. It is never in the file itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "a secret is { env = \"NAME\" } or { file = \"PATH\" }, never the value itself"
)]
pub(crate) enum Secret {
    Env { env: String },
    File { file: PathBuf },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookConfig {
    /// Where to listen, such as `0.0.0.0:8080`.
    pub(crate) listen: SocketAddr,
    /// The address under which Zoho reaches it, with a path that nobody guesses.
    pub(crate) public_url: Url,
    /// Echoed by Zoho in each notification; at most 50 characters.
    pub(crate) token: Secret,
    /// Digits that name the channel of the first flow at Zoho; the others count on from it.
    #[serde(default = "default_channel")]
    pub(crate) channel_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TimingConfig {
    pub(crate) poll_seconds: u64,
    pub(crate) overlap_seconds: u64,
    pub(crate) lag_seconds: u64,
    pub(crate) lease_seconds: u64,
    pub(crate) retry_seconds: u64,
}

impl Default for TimingConfig {
    fn default() -> Self {
        Self {
            poll_seconds: 60,
            overlap_seconds: 180,
            lag_seconds: 30,
            lease_seconds: 120,
            retry_seconds: 2,
        }
    }
}

fn default_connection() -> String {
    "main".to_owned()
}

fn default_stamp() -> String {
    "_updateStamp".to_owned()
}

fn default_channel() -> String {
    "1000000068001".to_owned()
}

impl Config {
    /// Reads and checks the file. Paths in it become relative to its folder.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::input(format!(
                "cannot read the configuration {}: {error}",
                path.display()
            ))
        })?;
        let mut config = Self::parse(&text).map_err(|message| {
            Failure::input(format!(
                "the configuration {} is not right: {message}",
                path.display()
            ))
        })?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        config.database = config.database.map(|file| folder.join(file));
        config.x3.ca_file = config.x3.ca_file.map(|file| folder.join(file));
        for secret in config.secrets_mut() {
            if let Secret::File { file } = secret {
                *file = folder.join(&*file);
            }
        }
        Ok(config)
    }

    fn parse(text: &str) -> Result<Self, String> {
        // toml's message shows line, column and the faulty line itself; secrets are never in the file.
        let config: Self =
            toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        if self.database.is_some() == self.database_url.is_some() {
            return Err(
                "either database (a SQLite file) or database_url (a PostgreSQL address) is needed"
                    .to_owned(),
            );
        }
        if self.zoho.data_center.is_none() && self.zoho.accounts_url.is_none() {
            return Err("[zoho] needs data_center (such as \"eu\") or accounts_url".to_owned());
        }
        if self.x3.endpoint.trim().is_empty() {
            return Err(
                "[x3] endpoint is empty: it is the name of the Syracuse endpoint".to_owned(),
            );
        }
        if let Some(webhook) = &self.webhook {
            let id = &webhook.channel_id;
            if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(format!("[webhook] channel_id `{id}` must be digits only"));
            }
        }
        if self.timing.poll_seconds == 0
            || self.timing.lease_seconds == 0
            || self.timing.retry_seconds == 0
        {
            return Err(
                "[timing] poll_seconds, lease_seconds and retry_seconds must be at least 1"
                    .to_owned(),
            );
        }
        Ok(())
    }

    fn secrets_mut(&mut self) -> Vec<&mut Secret> {
        let mut secrets = vec![&mut self.zoho.client_secret, &mut self.zoho.refresh_token];
        match &mut self.x3.credential {
            X3Credential::ConnectedApp { secret, .. } => secrets.push(secret),
            X3Credential::Basic { password, .. } => secrets.push(password),
        }
        if let Some(webhook) = &mut self.webhook {
            secrets.push(&mut webhook.token);
        }
        secrets.extend(&mut self.database_url);
        secrets
    }
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
}

impl TimingConfig {
    /// As the engine takes it.
    pub(crate) fn settings(&self) -> sync_core::Settings {
        sync_core::Settings {
            poll_every: Duration::from_secs(self.poll_seconds),
            overlap: Duration::from_secs(self.overlap_seconds),
            lag: Duration::from_secs(self.lag_seconds),
            lease: Duration::from_secs(self.lease_seconds),
            retry_base: Duration::from_secs(self.retry_seconds),
            ..sync_core::Settings::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        database = "sync.db"
        [x3]
        url = "http://127.0.0.1:8124"
        endpoint = "SEED"
        credential = { kind = "basic", user = "u", password = { env = "X3_PASSWORD" } }
        [zoho]
        data_center = "eu"
        client_id = "1000.X"
        client_secret = { env = "ZOHO_SECRET" }
        refresh_token = { file = "refresh" }
    "#;

    #[test]
    fn the_shortest_configuration_is_enough() {
        let config = Config::parse(GOOD).unwrap();
        assert_eq!(config.connection, "main");
        assert_eq!(config.x3.generation, Generation::Third);
        assert_eq!(config.timing.poll_seconds, 60);
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_line() {
        let error = Config::parse(&GOOD.replace("endpoint =", "endpiont =")).unwrap_err();
        assert!(
            error.contains("endpiont") && error.contains("line 5"),
            "{error}"
        );
    }

    #[test]
    fn a_secret_in_the_file_is_refused_and_not_repeated_in_words() {
        let error =
            Config::parse(&GOOD.replace("{ env = \"ZOHO_SECRET\" }", "\"hunter2\"")).unwrap_err();
        assert!(error.contains("never the value itself"), "{error}");
    }

    #[test]
    fn a_zoho_section_needs_to_know_where_zoho_is() {
        let error = Config::parse(&GOOD.replace("data_center = \"eu\"", "")).unwrap_err();
        assert!(error.contains("data_center"), "{error}");
    }
}

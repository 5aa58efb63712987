//! How a store on PostgreSQL is opened.

use std::{fmt, path::PathBuf, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sync_core::StoreError;
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

use super::tls::{self, Tls};
use crate::{error::Error, store::SqlStore};

/// How a [`SqlStore`] on PostgreSQL is to be opened.
#[derive(Clone)]
#[must_use = "nothing is opened before `open`"]
pub struct PostgresStoreBuilder {
    address: SecretString,
    password: Option<SecretString>,
    root_certificates: Option<PathBuf>,
    schema: Option<String>,
    connections: usize,
    connect_timeout: Duration,
    statement_timeout: Duration,
}

impl PostgresStoreBuilder {
    pub(crate) fn new(address: &str) -> Self {
        Self {
            address: SecretString::from(address),
            password: None,
            root_certificates: None,
            schema: None,
            connections: 4,
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(60),
        }
    }

    /// The password, when the address does not have it.
    pub fn password(mut self, password: SecretString) -> Self {
        self.password = Some(password);
        self
    }

    /// Encrypts the connections, and trusts the authorities whose certificates are in this PEM file, as
    /// `sslmode=verify-full` and `sslrootcert` in the address do. With `sslmode=verify-full` alone the system's
    /// authorities are trusted. `sslmode=require` is taken for `verify-full`: a connection to a server that has not
    /// proved who it is may be anybody's.
    pub fn root_certificates(mut self, pem_file: impl Into<PathBuf>) -> Self {
        self.root_certificates = Some(pem_file.into());
        self
    }

    /// The PostgreSQL schema that the tables are in; made if there is none. The first of the user's search path, which
    /// usually is `public`, unless set.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// How many operations go on at once; four unless set. Each has a connection, and a thread, of its own.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections.max(1);
        self
    }

    /// How long making a connection may take; ten seconds unless set.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one statement may take, waiting for others included, before the operation fails as
    /// [`Unavailable`](sync_core::StoreErrorKind::Unavailable); a minute unless set.
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// Opens the store; makes the tables if there are none, and brings older ones up to date.
    ///
    /// # Errors
    /// As for [`SqlStore::open_postgres`].
    pub async fn open(self) -> Result<SqlStore, StoreError> {
        SqlStore::open_on_postgres(self).await
    }

    pub(crate) fn connection_count(&self) -> usize {
        self.connections
    }

    pub(crate) fn parse(&self) -> Result<Parsed, Error> {
        let (address, wish) = tls::take_wish(self.address.expose_secret());
        let mut config: Config =
            address
                .parse()
                .map_err(|error: tokio_postgres::Error| Error::Address {
                    // The address may have a password in it.
                    name: "postgres://...".to_owned(),
                    reason: std::error::Error::source(&error)
                        .map_or_else(|| error.to_string(), ToString::to_string),
                })?;
        if let Some(password) = &self.password {
            config.password(password.expose_secret());
        }
        if config.get_application_name().is_none() {
            config.application_name("sql-store");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(self.connect_timeout);
        }
        let place = place(&config);
        let roots = self.root_certificates.as_ref().or(wish.roots.as_ref());
        if wish.roots.is_some() && !wish.verify && self.root_certificates.is_none() {
            return Err(Error::Address {
                name: place,
                reason: "`sslrootcert` has no meaning without `sslmode=verify-full`".to_owned(),
            });
        }
        let tls = match wish.verify || self.root_certificates.is_some() {
            true => {
                config.ssl_mode(SslMode::Require);
                Some(Tls::new(roots.map(PathBuf::as_path))?)
            }
            false => None,
        };
        // A server that went away without a word is noticed in this time.
        config.tcp_user_timeout(self.statement_timeout);
        config.keepalives_idle(self.statement_timeout);
        Ok(Parsed {
            config,
            tls,
            place,
            settings: settings(self.statement_timeout, self.schema.as_deref()),
            make_schema: self
                .schema
                .as_deref()
                .map(|schema| format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(schema))),
        })
    }
}

/// What a connection is made with.
#[derive(Clone, Debug)]
pub(crate) struct Parsed {
    pub(crate) config: Config,
    /// What encrypts it, if anything does.
    pub(crate) tls: Option<Tls>,
    /// Where it is, without secrets.
    pub(crate) place: String,
    /// What is set on each connection.
    pub(crate) settings: String,
    /// What makes the schema, if one is named.
    pub(crate) make_schema: Option<String>,
}

/// Every statement of this crate finds its rows by an index that has them in order. Left to itself, PostgreSQL may take
/// a table that it has no statistics of for a small one, or take a limit that it does not know for a large one, and read
/// a queue of a million jobs to find a hundred.
fn settings(timeout: Duration, schema: Option<&str>) -> String {
    let mut settings = format!(
        "SET client_min_messages = warning; SET statement_timeout = {0};
        SET idle_in_transaction_session_timeout = {0}; SET plan_cache_mode = force_generic_plan;
        SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off;
        SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off;",
        timeout.as_millis()
    );
    if let Some(schema) = schema {
        settings.push_str(&format!(" SET search_path = {};", quoted(schema)));
    }
    settings
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn place(config: &Config) -> String {
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    });
    let addresses = config.get_hostaddrs().iter().map(ToString::to_string);
    let mut hosts: Vec<String> = hosts.collect();
    if hosts.is_empty() {
        hosts.extend(addresses);
    }
    let ports = config.get_ports().iter().map(ToString::to_string);
    let ports = ports.collect::<Vec<_>>().join(",");
    let database = config
        .get_dbname()
        .or_else(|| config.get_user())
        .unwrap_or("");
    let port = if ports.is_empty() { "5432" } else { &ports };
    format!("postgres://{}:{port}/{database}", hosts.join(","))
}

impl fmt::Debug for PostgresStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStoreBuilder")
            .field("place", &self.parse().map(|parsed| parsed.place).ok())
            .field("schema", &self.schema)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_has_no_password() {
        let builder = PostgresStoreBuilder::new("postgres://u:canary@db.example:6432/sync")
            .password(SecretString::from("canary"))
            .schema("s");
        let parsed = builder.parse().unwrap();
        assert_eq!(parsed.place, "postgres://db.example:6432/sync");
        assert!(!format!("{builder:?} {parsed:?}").contains("canary"));
        let wrong = PostgresStoreBuilder::new("postgres://u:canary@db.example:port/sync");
        let error = wrong.parse().unwrap_err();
        assert!(!format!("{error:?} {error}").contains("canary"), "{error}");
    }

    #[test]
    fn names_of_schemas_are_taken_as_they_are() {
        assert_eq!(quoted("a\"; DROP"), "\"a\"\"; DROP\"");
    }
}

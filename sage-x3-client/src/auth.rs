//! Credentials and what X3 says when it refuses one.

mod basic;
mod connected_app;
mod refusal;

use std::{fmt, sync::Arc, time::Duration};

use client_core::{Authorize, Clock};
use secrecy::SecretString;

pub use self::refusal::Refusal;
use self::{basic::BasicAuth, connected_app::ConnectedAppAuth};
use crate::{cloud::CloudGateway, error::InvalidRequest};

/// How to prove who is calling.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credential {
    /// A connected application: the client signs its own short-lived HS256 JWT. There is no token endpoint and nothing
    /// to refresh. Source: reference sage-x3 section 2.1.
    ConnectedApp(ConnectedApp),
    /// A Syracuse login and password. Works only on servers whose `session.auth` allows `basic`; never on the Online
    /// edition. Source: reference sage-x3 section 2.3.
    Basic {
        /// The login.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// The pairing of a cloud application with a customer.
    Cloud(CloudGateway),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectedApp(app) => f.debug_tuple("ConnectedApp").field(app).finish(),
            Self::Cloud(gateway) => f.debug_tuple("Cloud").field(gateway).finish(),
            Self::Basic { user, .. } => f
                .debug_struct("Basic")
                .field("user", user)
                .finish_non_exhaustive(),
        }
    }
}

impl From<CloudGateway> for Credential {
    fn from(gateway: CloudGateway) -> Self {
        Self::Cloud(gateway)
    }
}

impl From<ConnectedApp> for Credential {
    fn from(app: ConnectedApp) -> Self {
        Self::ConnectedApp(app)
    }
}

/// A connected application as it is registered at X3 (Administration > Administration > Settings > Authentication >
/// Connected applications).
#[derive(Clone)]
#[non_exhaustive]
pub struct ConnectedApp {
    /// "Client ID" of the application: the token's `iss`.
    pub client_id: String,
    /// Its secret; the bytes of the text are the key.
    pub secret: SecretString,
    /// The Syracuse login to act as: the token's `sub`. Left out when the application has an allowed user of its own.
    pub user: Option<String>,
    /// The token's `aud`, compared literally. Default: empty, which is what most sites accept; some need the registered
    /// URL.
    pub audience: String,
    /// Life of each token; at most the application's "Tokens validity". Default 300 s, at least 60 s.
    pub lifetime: Duration,
}

impl ConnectedApp {
    /// The application `client_id` with `secret` and the defaults.
    #[must_use]
    pub fn new(client_id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self {
            client_id: client_id.into(),
            secret: secret.into(),
            user: None,
            audience: String::new(),
            lifetime: Duration::from_secs(300),
        }
    }

    /// Acts as the Syracuse login `user`.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Replaces the audience.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Replaces the life of each token.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }
}

impl fmt::Debug for ConnectedApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectedApp")
            .field("client_id", &self.client_id)
            .field("user", &self.user)
            .field("audience", &self.audience)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

impl Credential {
    /// The authorizer for this credential.
    pub(crate) fn authorizer(
        self,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<dyn Authorize>, InvalidRequest> {
        Ok(match self {
            Self::ConnectedApp(app) => Arc::new(ConnectedAppAuth::new(app, clock)?),
            Self::Cloud(gateway) => gateway.authorizer(),
            Self::Basic { user, password } => Arc::new(BasicAuth::new(&user, &password)?),
        })
    }
}

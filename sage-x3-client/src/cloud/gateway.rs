//! A gateway, for one customer.

use std::{fmt, sync::Arc, time::Duration};

use client_core::{
    AuthError, Authorize, Call, Clock, HttpTransport, MemoryTokenStore, NoAuth, Pipeline, Request,
    RetryPolicy, Sleep, SystemClock, TokenCache, TokenKey, TokenStore,
};
use http::{HeaderValue, Uri, header::ACCEPT};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use url::Url;

use super::{
    authorize::{CloudAuth, CloudRefresh},
    hosts::{self, TrustedHosts},
    links::GatewayLinks,
    token::{self, GATEWAY},
};
use crate::{
    builder::{default_sleep, default_transport},
    error::{Error, InvalidRequest},
};

/// An application as it is registered with Sage for the cloud.
#[derive(Clone)]
#[non_exhaustive]
pub struct CloudApp {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
}

impl CloudApp {
    /// The application `client_id` with its secret.
    #[must_use]
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<SecretString>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
        }
    }
}

impl fmt::Debug for CloudApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudApp")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// How a pairing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pairing {
    /// There is none in the token store.
    Missing,
    /// It works until then, if it is not used; use prolongs it.
    Good {
        /// When it ends.
        until: Option<Timestamp>,
    },
    /// It ends soon although it is in use, or has not been used for weeks: have the customer pair again before then.
    EndsSoon {
        /// When it ends.
        until: Timestamp,
    },
    /// It has ended: the customer must pair again.
    Ended {
        /// When it ended.
        since: Timestamp,
    },
}

/// A cloud gateway and the pairing with one customer. Cheap to clone; clones share the token. Also a credential.
#[derive(Clone)]
pub struct CloudGateway {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) app: CloudApp,
    pub(super) root: String,
    pub(super) hosts: Arc<TrustedHosts>,
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) key: TokenKey,
    /// For what needs no credential of the customer.
    pub(super) pipeline: Pipeline,
    pub(super) auth: Arc<CloudAuth>,
}

impl fmt::Debug for CloudGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudGateway")
            .field("root", &self.inner.root)
            .field("app", &self.inner.app)
            .field("key", &self.inner.key)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`CloudGateway`].
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct CloudGatewayBuilder {
    root: String,
    app: CloudApp,
    allowed: Vec<String>,
    store: Arc<dyn TokenStore>,
    key: Option<TokenKey>,
    transport: Option<Arc<dyn HttpTransport>>,
    clock: Arc<dyn Clock>,
    sleep: Option<Arc<dyn Sleep>>,
    warn_before: Duration,
}

/// How long before its end an access token is renewed: it lives for five minutes.
const RENEWED_EARLY: Duration = Duration::from_secs(60);

impl CloudGatewayBuilder {
    /// Keeps tokens in `store`. Default: memory, which loses the pairing with the process.
    pub fn token_store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.store = store;
        self
    }

    /// Keeps the tokens of this customer under `key`. Default: one for the application, so name the customer if there are
    /// several.
    pub fn token_key(mut self, key: TokenKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Trusts the origin (scheme, host and port) of `url` with secrets and tokens, beside Sage's own gateways.
    pub fn allow_host(mut self, url: impl Into<String>) -> Self {
        self.allowed.push(url.into());
        self
    }

    /// Announces the end of the pairing this long before. Default: 7 days.
    pub fn warn_before(mut self, time: Duration) -> Self {
        self.warn_before = time;
        self
    }

    /// Replaces the transport. Default, with feature `reqwest`: [`client_core::ReqwestTransport`].
    pub fn transport(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Replaces the clock. Default: the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Replaces the sleeper. Default, with feature `reqwest`: tokio's timer.
    pub fn sleep(mut self, sleep: Arc<dyn Sleep>) -> Self {
        self.sleep = Some(sleep);
        self
    }

    /// Builds the gateway. Sends nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] when something is missing, [`Error::Auth`] when the gateway's host is not trusted.
    pub fn build(self) -> Result<CloudGateway, Error> {
        if self.app.client_id.trim().is_empty() {
            return Err(InvalidRequest::new("the cloud application's id is missing").into());
        }
        let mut hosts = TrustedHosts::default();
        for url in &self.allowed {
            let url = Url::parse(url)
                .map_err(|_| InvalidRequest::new(format!("the allowed host `{url}` is no URL")))?;
            hosts.allow(&url);
        }
        let root = hosts.admit(&self.root).map_err(untrusted_root)?;
        let hosts = Arc::new(hosts);
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport(Duration::from_secs(60))?,
        };
        let sleep = match self.sleep {
            Some(sleep) => sleep,
            None => default_sleep()?,
        };
        // All attempts together must end within the lease under which a token is renewed.
        let pipeline = Pipeline::new(transport, Arc::clone(&self.clock), Arc::clone(&sleep)).retry(
            RetryPolicy {
                max_attempts: 3,
                deadline: Duration::from_secs(45),
                ..RetryPolicy::default()
            },
        );
        let key = self
            .key
            .unwrap_or_else(|| TokenKey::new(format!("x3-cloud/{}", self.app.client_id)));
        let refresh = CloudRefresh {
            app: self.app.clone(),
            hosts: Arc::clone(&hosts),
            pipeline: pipeline.clone(),
        };
        let cache = TokenCache::new(
            key.clone(),
            Arc::clone(&self.store),
            Arc::new(refresh),
            Arc::clone(&self.clock),
            sleep,
        )
        .refresh_early(RENEWED_EARLY);
        let auth = CloudAuth {
            cache,
            hosts: Arc::clone(&hosts),
            clock: self.clock,
            warn_before: SignedDuration::try_from(self.warn_before).unwrap_or(SignedDuration::MAX),
            warned: std::sync::Mutex::default(),
        };
        Ok(CloudGateway {
            inner: Arc::new(Inner {
                app: self.app,
                root: hosts::root(&root),
                hosts,
                store: self.store,
                key,
                pipeline,
                auth: Arc::new(auth),
            }),
        })
    }
}

fn untrusted_root(error: AuthError) -> Error {
    Error::Auth {
        operation: "cloud.gateway",
        source: Box::new(error),
    }
}

impl CloudGateway {
    /// Begins building the gateway at `root`, such as `https://api.eu-prod-sagex3.com/v1`.
    pub fn builder(root: impl Into<String>, app: CloudApp) -> CloudGatewayBuilder {
        CloudGatewayBuilder {
            root: root.into(),
            app,
            allowed: Vec::new(),
            store: Arc::new(MemoryTokenStore::new()),
            key: None,
            transport: None,
            clock: Arc::new(SystemClock),
            sleep: None,
            warn_before: Duration::from_secs(7 * 24 * 3600),
        }
    }

    /// What the gateway's root names. Needs no token.
    ///
    /// # Errors
    /// [`Error::Auth`] when the root does not answer as a gateway does, or names a host that is not trusted.
    pub async fn discover(&self) -> Result<GatewayLinks, Error> {
        self.links_of(&self.inner.root)
            .await
            .map_err(|source| Error::Auth {
                operation: "cloud.discover",
                source: Box::new(source),
            })
    }

    /// The links of a root that is trusted.
    pub(super) async fn links_of(&self, root: &str) -> Result<GatewayLinks, AuthError> {
        let unavailable = |reason: String| AuthError::Unavailable {
            reason,
            source: None,
        };
        let uri: Uri = root
            .parse()
            .map_err(|_| unavailable(format!("{root} is no URL")))?;
        let mut request = Request::default();
        *request.uri_mut() = uri;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(ACCEPT, json);
        let call = Call::repeatable("x3.cloud.root", request);
        let answer = self
            .inner
            .pipeline
            .execute(call, &NoAuth, &token::classify)
            .await
            .map_err(|error| AuthError::Unavailable {
                reason: format!("{root} could not be asked"),
                source: Some(Box::new(error)),
            })?;
        let status = answer.response.status();
        if !status.is_success() {
            return Err(unavailable(format!(
                "{root} answers HTTP {}",
                status.as_u16()
            )));
        }
        GatewayLinks::read(root, answer.response.body(), &self.inner.hosts)
    }

    /// How the pairing stands. Sends nothing: look at start and once a day, and tell the operator.
    ///
    /// # Errors
    /// [`Error::Auth`] when the token store fails.
    pub async fn pairing(&self) -> Result<Pairing, Error> {
        let stored = self.inner.store.load(&self.inner.key).await;
        let stored = stored.map_err(|error| Error::Auth {
            operation: "cloud.pairing",
            source: Box::new(error.into()),
        })?;
        let Some((token, _)) = stored.filter(|(token, _)| token.refresh_token.is_some()) else {
            return Ok(Pairing::Missing);
        };
        let Some(until) = token.refresh_expires_at else {
            return Ok(Pairing::Good { until: None });
        };
        let left = until.duration_since(self.now());
        Ok(if left <= SignedDuration::ZERO {
            Pairing::Ended { since: until }
        } else if left <= self.inner.auth.warn_before {
            Pairing::EndsSoon { until }
        } else {
            Pairing::Good { until: Some(until) }
        })
    }

    /// Where the paired customer lives: the gateway's root, or the regional one that the pairing named.
    pub(super) async fn home(&self) -> Result<String, AuthError> {
        let stored = self.inner.store.load(&self.inner.key).await?;
        let named = stored.and_then(|(token, _)| token.attributes.get(GATEWAY).cloned());
        let home = named.unwrap_or_else(|| self.inner.root.clone());
        self.inner.hosts.admit(&home)?;
        Ok(home)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.inner.pipeline.clock().now()
    }

    pub(crate) fn authorizer(&self) -> Arc<dyn Authorize> {
        Arc::clone(&self.inner.auth) as Arc<dyn Authorize>
    }
}

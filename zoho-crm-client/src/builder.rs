//! Building a client.

use std::{sync::Arc, time::Duration};

use client_core::{
    Clock, ConcurrencyLimit, HttpTransport, MemoryTokenStore, Pipeline, RefreshToken, RetryPolicy,
    Sleep, SystemClock, TokenCache, TokenKey, TokenStore,
};
use secrecy::SecretString;

use crate::{
    auth::{ClientGrant, Onboarding, RefreshGrant, TokenEndpoint, ZohoAuth, joined_scopes},
    client::ZohoClient,
    data_center::{ApiDomain, DataCenter, Environment, TrustedHosts},
    edition::Edition,
    error::Error,
    usage::Counters,
};

/// Heavy calls that Zoho runs at once for any edition (reference: Zoho v8 section 10.2, read 2026-11).
const HEAVY_CALLS: usize = 10;

/// What the API console of the data centre shows for a client ("server-based application" or "self client").
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    /// Client id, `1000.` and letters. Not secret.
    pub client_id: String,
    /// Client secret. May differ from data centre to data centre.
    pub client_secret: SecretString,
}

impl ClientCredentials {
    /// Credentials.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<SecretString>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
        }
    }
}

/// What the client-credentials grant asks for.
#[derive(Debug)]
struct ClientOnly {
    zgid: String,
    scopes: Vec<String>,
}

/// Settings of a [`ZohoClient`]. Made by [`ZohoClient::builder`].
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct ZohoClientBuilder {
    data_center: DataCenter,
    credentials: ClientCredentials,
    refresh_token: Option<SecretString>,
    client_only: Option<ClientOnly>,
    token_store: Option<Arc<dyn TokenStore>>,
    token_key: Option<TokenKey>,
    transport: Option<Arc<dyn HttpTransport>>,
    clock: Arc<dyn Clock>,
    sleep: Option<Arc<dyn Sleep>>,
    retry: RetryPolicy,
    concurrency: usize,
    sub_concurrency: usize,
    credit_budget: Option<u64>,
    timeout: Option<Duration>,
    allowed_hosts: Vec<String>,
    content_url: Option<String>,
}

impl ZohoClientBuilder {
    pub(crate) fn new(data_center: DataCenter, credentials: ClientCredentials) -> Self {
        Self {
            data_center,
            credentials,
            refresh_token: None,
            client_only: None,
            token_store: None,
            token_key: None,
            transport: None,
            clock: Arc::new(SystemClock),
            sleep: None,
            retry: RetryPolicy::default(),
            concurrency: 5,
            sub_concurrency: HEAVY_CALLS,
            credit_budget: None,
            timeout: None,
            allowed_hosts: Vec::new(),
            content_url: None,
        }
    }

    /// The refresh token to start with. Used while the token store holds none, and when Zoho rejects the stored one.
    pub fn refresh_token(mut self, token: impl Into<SecretString>) -> Self {
        self.refresh_token = Some(token.into());
        self
    }

    /// Obtains tokens with the client's own credentials instead of a refresh token: no user, no consent. For self
    /// clients, and for the one organisation `zgid` (see [`Organization::zgid`](crate::Organization::zgid)). Such
    /// tokens cannot be renewed but are asked for anew, under the same rules as refreshes.
    pub fn client_credentials<S: Into<String>>(
        mut self,
        zgid: impl Into<String>,
        scopes: impl IntoIterator<Item = S>,
    ) -> Self {
        self.client_only = Some(ClientOnly {
            zgid: zgid.into(),
            scopes: scopes.into_iter().map(Into::into).collect(),
        });
        self
    }

    /// Where tokens are kept. Default: in memory, so that each start of the program costs one token request.
    ///
    /// Programs with the same refresh token must share a store: Zoho issues only 10 access tokens in 10 minutes and
    /// kills the oldest when there are more than 15.
    pub fn token_store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.token_store = Some(store);
        self
    }

    /// The token's name in the store. Default: `zoho/<data centre>/<client id>`; give each organisation its own.
    pub fn token_key(mut self, key: TokenKey) -> Self {
        self.token_key = Some(key);
        self
    }

    /// Sends requests over `transport`. Default with feature `reqwest`: reqwest with rustls and a 60 s time-out.
    pub fn transport(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Tells the time by `clock`. Default: the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Waits with `sleep`. Default with feature `reqwest`: tokio's timer.
    pub fn sleep(mut self, sleep: Arc<dyn Sleep>) -> Self {
        self.sleep = Some(sleep);
        self
    }

    /// Bounds repetition. Default: [`RetryPolicy::default`].
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Requests in flight at once, over all clones. Default 5, what the smallest edition allows; others allow 10 to 25
    /// for the organisation and this client id together, so that several processes must share them out (reference: Zoho
    /// v8 section 10.1, read 2026-11).
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// Of those, how many may be of the kinds that Zoho runs 10 of at once for any edition: COQL, sorted lists, lists of a
    /// custom view, writes of more than 10 rows, conversion of leads, and composite requests. Default 10, and no more;
    /// zero is taken as one. Several processes must share these out too (reference: Zoho v8 section 10.2, read 2026-11).
    pub fn sub_concurrency(mut self, requests: usize) -> Self {
        self.sub_concurrency = requests.clamp(1, HEAVY_CALLS);
        self
    }

    /// Requests in flight at once that `edition` allows.
    pub fn edition(self, edition: Edition) -> Self {
        self.concurrency(edition.concurrency())
    }

    /// Credits that this client may spend within 24 hours, over all clones. Default: no bound.
    ///
    /// A call beyond it is not sent and fails with [`Error::BudgetExhausted`]; so does one beyond what Zoho said is left
    /// within the last 15 minutes. Counted by Zoho's published table and in this process only: start afresh, count
    /// afresh (reference: Zoho v8 sections 10.1, 10.3 and 10.4, read 2026-11).
    pub fn credit_budget(mut self, credits: u64) -> Self {
        self.credit_budget = Some(credits);
        self
    }

    /// Bounds each attempt. Default: the transport's own limit.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Lets tokens go to `host` or `host:port` as well, over plain http too. For simulators and proxies.
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.allowed_hosts.push(host.into());
        self
    }

    /// Where files for bulk write are uploaded, such as `https://content.zohoapis.eu`. Default: the host of the token's data
    /// centre, as far as it is known. Must be one of Zoho's hosts or an [allowed](Self::allow_host) one, for the token goes
    /// there.
    pub fn content_url(mut self, url: impl Into<String>) -> Self {
        self.content_url = Some(url.into());
        self
    }

    /// What is needed to connect an organisation: consent, code and refresh token. The token store must be named,
    /// because the refresh token is of no use unless the client finds it there.
    ///
    /// # Errors
    /// [`Error::Configuration`] with a sentence on what to fix.
    pub fn onboarding(self) -> Result<Onboarding, Error> {
        self.check()?;
        let Some(store) = self.token_store.clone() else {
            return Err(configuration(
                "there is no token store to keep the refresh token in: call `token_store(..)`",
            ));
        };
        let parts = self.parts()?;
        let endpoint = self.endpoint(&parts);
        let key = self.key();
        Ok(Onboarding::new(endpoint, self.data_center, store, key))
    }

    /// Builds the client. Sends nothing: a wrong credential shows at the first call.
    ///
    /// # Errors
    /// [`Error::Configuration`] with a sentence on what to fix.
    pub fn build(self) -> Result<ZohoClient, Error> {
        self.check()?;
        let parts = self.parts()?;
        let grant = self.grant(self.endpoint(&parts))?;
        let key = self.key();
        let content = self.content(&parts.hosts)?;
        let store = self
            .token_store
            .unwrap_or_else(|| Arc::new(MemoryTokenStore::new()));
        let tokens = TokenCache::new(
            key,
            store,
            grant,
            Arc::clone(&self.clock),
            Arc::clone(&parts.sleep),
        );
        let auth = ZohoAuth {
            tokens,
            hosts: parts.hosts,
            fallback: self.data_center.api_domain(Environment::Production),
            content,
            counters: Arc::clone(&parts.counters),
        };
        let pipeline = Pipeline::new(parts.transport, self.clock, parts.sleep)
            .retry(self.retry)
            .limit(ConcurrencyLimit::new(self.concurrency));
        Ok(ZohoClient::assemble(
            pipeline,
            auth,
            parts.counters,
            self.timeout,
            self.sub_concurrency,
        ))
    }

    fn check(&self) -> Result<(), Error> {
        if self.credentials.client_id.trim().is_empty() {
            return Err(configuration("the client id is empty"));
        }
        url::Url::parse(&self.data_center.accounts_url())
            .map_err(|error| configuration(&format!("accounts URL: {error}")))?;
        Ok(())
    }

    fn parts(&self) -> Result<Parts, Error> {
        let transport = self.transport.clone().map_or_else(default_transport, Ok)?;
        let sleep = self.sleep.clone().map_or_else(default_sleep, Ok)?;
        let mut hosts = TrustedHosts::default();
        hosts.allow_server_of(&self.data_center);
        for host in &self.allowed_hosts {
            hosts.allow(host)?;
        }
        Ok(Parts {
            transport,
            sleep,
            hosts: Arc::new(hosts),
            counters: Arc::new(Counters::new(Arc::clone(&self.clock), self.credit_budget)),
        })
    }

    fn content(&self, hosts: &TrustedHosts) -> Result<Option<ApiDomain>, Error> {
        let admit = |url: &String| hosts.admit(url);
        self.content_url
            .as_ref()
            .map(admit)
            .transpose()
            .map_err(|error| configuration(&format!("content URL: {error}")))
    }

    fn endpoint(&self, parts: &Parts) -> TokenEndpoint {
        let pipeline = Pipeline::new(
            Arc::clone(&parts.transport),
            Arc::clone(&self.clock),
            Arc::clone(&parts.sleep),
        )
        .retry(RetryPolicy {
            max_attempts: self.retry.max_attempts.min(3),
            base_delay: Duration::from_millis(500),
            // Three attempts must end before others take over the refresh lease.
            deadline: Duration::from_secs(30),
            ..self.retry.clone()
        });
        TokenEndpoint::new(
            self.credentials.clone(),
            Arc::clone(&parts.hosts),
            self.data_center.api_domain(Environment::Production),
            pipeline,
            Arc::clone(&parts.counters),
        )
    }

    fn grant(&self, endpoint: TokenEndpoint) -> Result<Arc<dyn RefreshToken>, Error> {
        let accounts_url = self.data_center.accounts_url();
        let Some(client_only) = &self.client_only else {
            let seed = self.refresh_token.clone();
            return Ok(Arc::new(RefreshGrant::new(endpoint, accounts_url, seed)));
        };
        if self.refresh_token.is_some() {
            return Err(configuration(
                "there are both a refresh token and client credentials: set one of them",
            ));
        }
        let zgid = &client_only.zgid;
        if zgid.is_empty() || !zgid.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(configuration(&format!(
                "`{zgid}` is no zgid: it has digits only"
            )));
        }
        let scopes = joined_scopes("zoho.oauth.client_credentials", &client_only.scopes)?;
        let soid = format!("ZohoCRM.{zgid}");
        Ok(Arc::new(ClientGrant::new(
            endpoint,
            accounts_url,
            soid,
            scopes,
        )))
    }

    /// Tokens of several organisations may come from one client: those that name theirs get a key of their own.
    fn key(&self) -> TokenKey {
        self.token_key.clone().unwrap_or_else(|| {
            let general = format!("zoho/{}/{}", self.data_center, self.credentials.client_id);
            TokenKey::new(match &self.client_only {
                Some(client_only) => format!("{general}/{}", client_only.zgid),
                None => general,
            })
        })
    }
}

/// What client and onboarding are both made of.
struct Parts {
    transport: Arc<dyn HttpTransport>,
    sleep: Arc<dyn Sleep>,
    hosts: Arc<TrustedHosts>,
    counters: Arc<Counters>,
}

fn configuration(reason: &str) -> Error {
    Error::Configuration(reason.to_owned())
}

#[cfg(feature = "reqwest")]
fn default_transport() -> Result<Arc<dyn HttpTransport>, Error> {
    let transport = client_core::ReqwestTransport::new()
        .map_err(|error| configuration(&format!("the default transport cannot start: {error}")))?;
    Ok(Arc::new(transport))
}

#[cfg(not(feature = "reqwest"))]
fn default_transport() -> Result<Arc<dyn HttpTransport>, Error> {
    Err(configuration(
        "there is no transport: call `transport(..)`, or turn on feature `reqwest` of zoho-crm-client",
    ))
}

#[cfg(feature = "reqwest")]
#[expect(
    clippy::unnecessary_wraps,
    reason = "without the feature there is no default"
)]
fn default_sleep() -> Result<Arc<dyn Sleep>, Error> {
    Ok(Arc::new(client_core::TokioSleep))
}

#[cfg(not(feature = "reqwest"))]
fn default_sleep() -> Result<Arc<dyn Sleep>, Error> {
    Err(configuration(
        "there is nothing to wait with: call `sleep(..)`, or turn on feature `reqwest` of zoho-crm-client",
    ))
}

//! Building a client.

use std::{sync::Arc, time::Duration};

use client_core::{
    Clock, ConcurrencyLimit, HttpTransport, Pipeline, RetryPolicy, Sleep, SystemClock,
};
use tracing::warn;

use crate::{
    api1::{Api1Publication, Api1Route},
    auth::Credential,
    client::X3Client,
    config::{Site, SiteConfig},
    error::{Error, InvalidRequest},
    soap::{SoapPublication, SoapRoute},
    volume::{MeteredTransport, VolumeMeter},
    write::WriteRoute,
};

/// Settings of an [`X3Client`].
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct X3ClientBuilder {
    config: SiteConfig,
    credential: Option<Credential>,
    transport: Option<Arc<dyn HttpTransport>>,
    clock: Arc<dyn Clock>,
    sleep: Option<Arc<dyn Sleep>>,
    retry: RetryPolicy,
    concurrency: usize,
    /// Paths for writes beside GraphQL, as configured.
    routes: Vec<Arc<dyn WriteRoute>>,
    needs_soap: bool,
}

impl X3ClientBuilder {
    pub(crate) fn new(config: SiteConfig) -> Self {
        Self {
            config,
            credential: None,
            transport: None,
            clock: Arc::new(SystemClock),
            sleep: None,
            retry: RetryPolicy::default(),
            concurrency: 4,
            routes: Vec::new(),
            needs_soap: false,
        }
    }

    /// Sets the credential. Required.
    pub fn credential(mut self, credential: impl Into<Credential>) -> Self {
        self.credential = Some(credential.into());
        self
    }

    /// Replaces the transport, for example to trust a private certificate authority. Default, with feature `reqwest`:
    /// [`client_core::ReqwestTransport`].
    pub fn transport(mut self, transport: Arc<dyn HttpTransport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Replaces the clock. Default: the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Replaces the sleeper that waits between attempts. Default, with feature `reqwest`: tokio's timer.
    pub fn sleep(mut self, sleep: Arc<dyn Sleep>) -> Self {
        self.sleep = Some(sleep);
        self
    }

    /// Replaces the retry policy.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sets how many requests may be under way at once, over all clones of the client. Default 4: each occupies an X3
    /// process.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// Writes records of `node`, such as `customer` or `salesOrder`, through a published SOAP web service where GraphQL does
    /// not offer it. Needs [`SiteConfig::soap`].
    pub fn soap_publication(
        mut self,
        node: impl Into<String>,
        publication: SoapPublication,
    ) -> Self {
        self.needs_soap = true;
        self.write_route(Arc::new(SoapRoute::new(node.into(), publication)))
    }

    /// Writes records of `node`, such as `customer`, through a class of the site's own where neither GraphQL nor SOAP offers
    /// it.
    pub fn api1_publication(self, node: impl Into<String>, publication: Api1Publication) -> Self {
        self.write_route(Arc::new(Api1Route::new(node.into(), publication)))
    }

    /// Adds a path for writes.
    pub(crate) fn write_route(mut self, route: Arc<dyn WriteRoute>) -> Self {
        self.routes.push(route);
        self
    }

    /// Builds the client. Sends nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] with a sentence that names what is missing or wrong.
    pub fn build(self) -> Result<X3Client, Error> {
        let site = Site::try_from(self.config)?;
        if self.needs_soap && site.soap.is_none() {
            return Err(InvalidRequest::new(
                "a SOAP publication needs the pool that it is called through: set SiteConfig::soap with SoapSettings",
            )
            .into());
        }
        let credential = self.credential.ok_or_else(|| {
            InvalidRequest::new("no credential: set one with X3ClientBuilder::credential (a connected application, or Basic)")
        })?;
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport(site.timeout)?,
        };
        let sleep = match self.sleep {
            Some(sleep) => sleep,
            None => default_sleep()?,
        };
        if site.unencrypted {
            warn!(x3.endpoint = %site.endpoint, "credentials and records travel unencrypted: base_url is http");
        }
        let auth = credential.authorizer(Arc::clone(&self.clock))?;
        let volume = VolumeMeter::default();
        let transport = Arc::new(MeteredTransport {
            inner: transport,
            clock: Arc::clone(&self.clock),
            meter: volume.clone(),
        });
        let pipeline = Pipeline::new(transport, self.clock, sleep)
            .retry(self.retry)
            .limit(ConcurrencyLimit::new(self.concurrency));
        Ok(X3Client::assemble(
            site,
            auth,
            pipeline,
            self.routes,
            volume,
        ))
    }
}

#[cfg(feature = "reqwest")]
pub(crate) fn default_transport(
    timeout: Duration,
) -> Result<Arc<dyn HttpTransport>, InvalidRequest> {
    let transport = client_core::ReqwestTransport::builder()
        .timeout(timeout)
        .build()
        .map_err(|error| {
            InvalidRequest::new(format!("the HTTPS client cannot be set up: {error}"))
        })?;
    Ok(Arc::new(transport))
}

#[cfg(not(feature = "reqwest"))]
pub(crate) fn default_transport(
    _timeout: Duration,
) -> Result<Arc<dyn HttpTransport>, InvalidRequest> {
    Err(InvalidRequest::new(
        "no transport: set one with X3ClientBuilder::transport, or enable feature `reqwest`",
    ))
}

#[cfg(feature = "reqwest")]
#[expect(clippy::unnecessary_wraps, reason = "fails without the feature")]
pub(crate) fn default_sleep() -> Result<Arc<dyn Sleep>, InvalidRequest> {
    Ok(Arc::new(client_core::TokioSleep))
}

#[cfg(not(feature = "reqwest"))]
pub(crate) fn default_sleep() -> Result<Arc<dyn Sleep>, InvalidRequest> {
    Err(InvalidRequest::new(
        "no sleeper: set one with X3ClientBuilder::sleep, or enable feature `reqwest`",
    ))
}

//! The client.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use client_core::{Authorize, Call, CallError, Classify, Pipeline, RepeatKind, Response};
use jiff::{Timestamp, civil::Date};
use serde::{Serialize, de::DeserializeOwned};
use tracing::{Instrument, info_span};

use crate::{
    api1::Api1,
    builder::X3ClientBuilder,
    config::{Site, SiteConfig},
    error::{CallContext, Error, InvalidRequest},
    graphql::{
        GraphqlAnswer,
        adaptation::Adaptation,
        answer::{Asked, Parsed, may_have_acted, parse},
        execute::{GraphqlRequest, classify},
        node_path::NodePath,
    },
    ids::EndpointName,
    nodes,
    probe::Offer,
    soap::Soap,
    volume::{Volume, VolumeMeter},
    write::{WriteAction, WriteRoute},
};

/// Talks to one endpoint of one X3 server. Cheap to clone; clones share connections, token and limits.
#[derive(Clone)]
pub struct X3Client {
    inner: Arc<Inner>,
}

struct Inner {
    site: Site,
    auth: Arc<dyn Authorize>,
    pipeline: Pipeline,
    routes: Vec<Arc<dyn WriteRoute>>,
    volume: VolumeMeter,
    /// What introspection found.
    offers: Mutex<BTreeMap<NodePath, Arc<Offer>>>,
    /// Writes that GraphQL refused as not activated while another path was there.
    refused: Mutex<BTreeSet<(NodePath, WriteAction)>>,
    /// What the site's schema has otherwise.
    adaptation: Mutex<Arc<Adaptation>>,
}

impl fmt::Debug for X3Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X3Client")
            .field("endpoint", &self.inner.site.endpoint)
            .field("url", &self.inner.site.url)
            .field("generation", &self.inner.site.generation)
            .finish_non_exhaustive()
    }
}

impl X3Client {
    /// Begins building a client.
    pub fn builder(config: SiteConfig) -> X3ClientBuilder {
        X3ClientBuilder::new(config)
    }

    pub(crate) fn assemble(
        site: Site,
        auth: Arc<dyn Authorize>,
        pipeline: Pipeline,
        routes: Vec<Arc<dyn WriteRoute>>,
        volume: VolumeMeter,
    ) -> Self {
        let adaptation = Adaptation::configured(&site.field_map);
        Self {
            inner: Arc::new(Inner {
                site,
                auth,
                pipeline,
                routes,
                volume,
                offers: Mutex::default(),
                refused: Mutex::default(),
                adaptation: Mutex::new(Arc::new(adaptation)),
            }),
        }
    }

    /// The endpoint that this client talks to.
    #[must_use]
    pub fn endpoint(&self) -> &EndpointName {
        &self.inner.site.endpoint
    }

    /// What was exchanged with X3 on each of the last days (UTC), over all services and all clones of this client, the oldest
    /// day first. Some licences meter it.
    #[must_use]
    pub fn volume(&self) -> Vec<(Date, Volume)> {
        self.inner.volume.days()
    }

    /// The REST service `api1`: any class, with typed records for the usual ones.
    #[must_use]
    pub fn api1(&self) -> Api1 {
        Api1::new(self.clone())
    }

    /// SOAP web services.
    ///
    /// # Errors
    /// [`Error::Invalid`] when [`SiteConfig::soap`] is not set.
    pub fn soap(&self) -> Result<Soap, Error> {
        let settings = self.site().soap.clone().ok_or_else(|| {
            InvalidRequest::new("SOAP is not configured: set SiteConfig::soap with SoapSettings")
        })?;
        Ok(Soap::new(self.clone(), settings))
    }

    /// Whether records of `node`, such as `salesOrder`, can be written by another path than GraphQL: by a web service or a
    /// class that this client was built with, on a path that [the site's order](SiteConfig::write_paths) has.
    ///
    /// Whether the server has it shows when it is used.
    #[must_use]
    pub fn has_other_write_path(&self, node: &str) -> bool {
        let metas = nodes::all();
        let Some(meta) = metas.iter().find(|meta| meta.node.node == node) else {
            return false;
        };
        let order = self.site().write_paths(node);
        let mut routes = self.routes().iter();
        routes.any(|route| {
            order.contains(&route.path()) && route.serves(&meta.node, WriteAction::Create)
        })
    }

    /// Runs a document of the caller's own, for any node or package, with the same credential, retries and errors.
    ///
    /// Root fields are the site's own here (`x3MasterData`, or `xtremX3MasterData` in generation 2). A document with a
    /// mutation is sent once: it is repeated only when it surely had no effect. All others may be repeated.
    ///
    /// # Errors
    /// When no GraphQL answer came. Errors inside an answer are data: see [`GraphqlAnswer::is_success`].
    pub async fn execute<V: Serialize + Sync>(
        &self,
        document: &str,
        variables: &V,
    ) -> Result<GraphqlAnswer, Error> {
        let request = GraphqlRequest::new("graphql.execute", document, None, variables)?;
        let parsed = if request.writes {
            self.write_once(&request).await?
        } else {
            self.read(&request).await?
        };
        Ok(GraphqlAnswer::new(parsed))
    }

    pub(crate) fn site(&self) -> &Site {
        &self.inner.site
    }

    /// Sends a read.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        request: &GraphqlRequest,
    ) -> Result<Parsed<T>, Error> {
        self.send(
            request,
            Call::repeatable(request.operation, request.to_http(self.site())),
            false,
        )
        .await
    }

    /// Sends a write whose repetition changes nothing more.
    pub(crate) async fn write_repeatable<T: DeserializeOwned>(
        &self,
        request: &GraphqlRequest,
    ) -> Result<Parsed<T>, Error> {
        self.send(
            request,
            Call::repeatable(request.operation, request.to_http(self.site())),
            true,
        )
        .await
    }

    /// Sends a write that must not be done twice.
    pub(crate) async fn write_once<T: DeserializeOwned>(
        &self,
        request: &GraphqlRequest,
    ) -> Result<Parsed<T>, Error> {
        self.send(
            request,
            Call::once(request.operation, request.to_http(self.site())),
            true,
        )
        .await
    }

    async fn send<T: DeserializeOwned, K: RepeatKind>(
        &self,
        request: &GraphqlRequest,
        call: Call<K>,
        writes: bool,
    ) -> Result<Parsed<T>, Error> {
        let operation = request.operation;
        let Inner {
            site,
            auth,
            pipeline,
            ..
        } = &*self.inner;
        let call = call.timeout(site.timeout);
        let context = CallContext::of(operation, &site.endpoint);
        let span = info_span!("x3.request", x3.endpoint = %site.endpoint, x3.operation = operation);
        let answer = pipeline
            .execute(call, auth.as_ref(), &classify)
            .instrument(span)
            .await;
        match answer {
            Ok(answer) => {
                let about = request.about.as_ref();
                let about = about.map(|(node, operation)| (node.as_str(), *operation));
                parse(
                    answer,
                    context,
                    Asked { writes, about },
                    pipeline.clock().now(),
                )
            }
            Err(error) => Err(no_answer(error, context, writes)),
        }
    }

    pub(crate) fn routes(&self) -> &[Arc<dyn WriteRoute>] {
        &self.inner.routes
    }

    pub(crate) fn note_refused(&self, node: &NodePath, action: WriteAction) {
        self.refused().insert((node.clone(), action));
    }

    pub(crate) fn was_refused(&self, node: &NodePath, action: WriteAction) -> bool {
        self.refused().contains(&(node.clone(), action))
    }

    fn refused(&self) -> MutexGuard<'_, BTreeSet<(NodePath, WriteAction)>> {
        // Each change is one insertion.
        self.inner
            .refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a call of another service of X3 than GraphQL. Its module reads the answer.
    pub(crate) async fn exchange<K: RepeatKind>(
        &self,
        operation: &'static str,
        call: Call<K>,
        classify: &dyn Classify,
        writes: bool,
    ) -> Result<Exchanged, Error> {
        let Inner {
            site,
            auth,
            pipeline,
            ..
        } = &*self.inner;
        let mut context = CallContext::of(operation, &site.endpoint);
        let span = info_span!("x3.request", x3.endpoint = %site.endpoint, x3.operation = operation);
        let answer = pipeline
            .execute(call.timeout(site.timeout), auth.as_ref(), classify)
            .instrument(span)
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Err(no_answer(error, context, writes)),
        };
        context.status = Some(answer.response.status());
        context.attempts = answer.attempts;
        context.may_have_been_applied = writes
            && (answer.earlier_attempt_may_have_been_applied
                || may_have_acted(answer.response.status()));
        Ok(Exchanged {
            response: answer.response,
            context,
            now: pipeline.clock().now(),
        })
    }

    pub(crate) fn adaptation(&self) -> Arc<Adaptation> {
        // It is replaced whole.
        let adaptation = self.inner.adaptation.lock();
        Arc::clone(&adaptation.unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn adapt(&self, to: Adaptation) {
        let adaptation = self.inner.adaptation.lock();
        *adaptation.unwrap_or_else(PoisonError::into_inner) = Arc::new(to);
    }

    /// Forgets what introspection found, which paths refused writes and what the site's schema has otherwise: after an
    /// operation was activated or the site was changed, without a restart.
    pub fn forget_offers(&self) {
        self.offers().clear();
        self.refused().clear();
        self.adapt(Adaptation::configured(&self.site().field_map));
    }

    pub(crate) fn known_offer(&self, node: &NodePath) -> Option<Arc<Offer>> {
        self.offers().get(node).cloned()
    }

    pub(crate) fn remember_offer(&self, node: &NodePath, offer: &Arc<Offer>) {
        self.offers().insert(node.clone(), Arc::clone(offer));
    }

    fn offers(&self) -> MutexGuard<'_, BTreeMap<NodePath, Arc<Offer>>> {
        // Each change is one insertion.
        self.inner
            .offers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer and what it took to get it.
#[derive(Clone, Debug)]
pub(crate) struct Exchanged {
    pub(crate) response: Response,
    pub(crate) context: CallContext,
    pub(crate) now: Timestamp,
}

fn no_answer(error: CallError, mut context: CallContext, writes: bool) -> Error {
    context.attempts = error.attempts;
    context.may_have_been_applied = writes && error.may_have_been_applied;
    Error::NoAnswer {
        context: Box::new(context),
        source: Box::new(error),
    }
}

#[cfg(test)]
mod tests;

//! The client: a cheap handle on one organisation.

mod streamed;

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use async_lock::{OnceCell, Semaphore};
use client_core::{
    Answer, AuthError, Call, CallError, CallErrorCause, Effect, Pipeline, Response, Verdict,
    retry_after,
};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use tracing::{Instrument, field};

use crate::{
    api::{
        BulkOperation, BulkReadJob, BulkReadRequest, BulkWriteJob, BulkWriteRequest, Channels,
        Composite, CoqlPage, Failure, Files, Metadata, ModuleApi, OpenRequest, Outgoing, Received,
    },
    api_error::code,
    auth::ZohoAuth,
    builder::{ClientCredentials, ZohoClientBuilder},
    coql::CoqlQuery,
    data_center::DataCenter,
    error::{CallContext, Error, ThrottleCause},
    model::{FieldMeta, Model, ModuleMeta, Organization, Record, TypedModule},
    names::{ModuleName, RecordId},
    page::{PageToken, Pager},
    usage::{Counters, InFlight, OverBudget, Usage},
};

/// A client of one Zoho CRM organisation. Cheap to clone; clones share token, limits and counters.
#[derive(Clone)]
pub struct ZohoClient {
    shared: Arc<Shared>,
}

struct Shared {
    pipeline: Pipeline,
    auth: ZohoAuth,
    counters: Arc<Counters>,
    timeout: Option<Duration>,
    /// Entered before a heavy call, for all its attempts.
    heavy: Semaphore,
    /// The organisation's id across Zoho's services, once it was asked for.
    zgid: OnceCell<String>,
}

impl fmt::Debug for ZohoClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZohoClient").finish_non_exhaustive()
    }
}

impl ZohoClient {
    /// Starts building a client of an organisation in `data_center`.
    pub fn builder(data_center: DataCenter, credentials: ClientCredentials) -> ZohoClientBuilder {
        ZohoClientBuilder::new(data_center, credentials)
    }

    pub(crate) fn assemble(
        pipeline: Pipeline,
        auth: ZohoAuth,
        counters: Arc<Counters>,
        timeout: Option<Duration>,
        sub_concurrency: usize,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                pipeline,
                auth,
                counters,
                timeout,
                heavy: Semaphore::new(sub_concurrency),
                zgid: OnceCell::new(),
            }),
        }
    }

    /// The records of a module, as [`Record`]s. A wrong name shows at the first call.
    #[must_use]
    pub fn module(&self, module: impl Into<ModuleName>) -> ModuleApi {
        ModuleApi::new(self.clone(), module.into())
    }

    /// The records of a module whose fields are known at compile time, such as [`Account`](crate::Account).
    #[must_use]
    pub fn typed_module<M: TypedModule>(&self) -> ModuleApi<M> {
        ModuleApi::new(self.clone(), ModuleName::from(M::API_NAME))
    }

    /// The records of `module` read into `T`, where one type serves several modules: the lines of all orders, for
    /// example, as [`LineItem`](crate::LineItem)s of `Ordered_Items`.
    #[must_use]
    pub fn module_as<T: Model>(&self, module: impl Into<ModuleName>) -> ModuleApi<T> {
        ModuleApi::new(self.clone(), module.into())
    }

    /// Runs a COQL query. Reads live data, unlike search. Costs 1 to 3 credits by its limit.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the query breaks a documented limit; [`Error::Api`] when Zoho refuses it.
    pub async fn coql(&self, query: &CoqlQuery) -> Result<CoqlPage, Error> {
        crate::api::run_coql(self, query).await
    }

    /// All rows of a COQL query, in any number: instead of by offset, which ends at 100,000 rows, each further query
    /// asks for the rows after the last one seen. The query's limit is the size of a page; 2,000 is cheapest.
    ///
    /// Rows come by `id`, or by `Modified_Time` or `Created_Time` if the query sorts by one of them. By `id` none is
    /// seen twice; by `Modified_Time`, one that changes meanwhile comes again.
    pub fn coql_stream(&self, query: CoqlQuery) -> Pager<Record> {
        self.coql_stream_from(query, PageToken::first())
    }

    /// The rows from the place `start` on, which an earlier stream's [`continuation`](Pager::continuation) gave.
    pub fn coql_stream_from(&self, query: CoqlQuery, start: PageToken) -> Pager<Record> {
        crate::api::stream_coql(self.clone(), query, start)
    }

    /// The fields of a module, custom ones included. Costs 1 credit.
    ///
    /// # Errors
    /// [`Error::Api`] with code `INVALID_MODULE` when the module is not there, hidden, or not in this edition.
    pub async fn fields(&self, module: impl Into<ModuleName>) -> Result<Vec<FieldMeta>, Error> {
        self.metadata().fields(module).await
    }

    /// The modules that this user can see. Costs 1 credit.
    ///
    /// # Errors
    /// As any call.
    pub async fn modules(&self) -> Result<Vec<ModuleMeta>, Error> {
        self.metadata().modules().await
    }

    /// The organisation. Costs 1 credit; a good first call, for it fails when credentials are wrong.
    ///
    /// # Errors
    /// As any call.
    pub async fn org(&self) -> Result<Organization, Error> {
        self.metadata().org().await
    }

    /// Settings of the organisation: modules, fields, layouts, users, currencies, picklists.
    #[must_use]
    pub fn metadata(&self) -> Metadata {
        Metadata::new(self.clone())
    }

    /// Files for file and image fields. Attachments belong to a [record](crate::RecordApi::attachments).
    #[must_use]
    pub fn files(&self) -> Files {
        Files::new(self.clone())
    }

    /// Up to five requests in one call.
    pub fn composite(&self) -> Composite {
        Composite::new(self.clone())
    }

    /// Notification channels: who is called when records change.
    #[must_use]
    pub fn channels(&self) -> Channels {
        Channels::new(self.clone())
    }

    /// Reads up to millions of records of a module through a job that Zoho runs.
    pub fn bulk_read(&self, module: impl Into<ModuleName>) -> BulkReadRequest {
        BulkReadRequest::new(self.clone(), module.into())
    }

    /// A bulk read job that was started before.
    #[must_use]
    pub fn bulk_read_job(&self, id: RecordId) -> BulkReadJob {
        BulkReadJob::new(self.clone(), id)
    }

    /// Writes up to millions of records of a module through jobs that Zoho runs.
    pub fn bulk_write(
        &self,
        module: impl Into<ModuleName>,
        operation: BulkOperation,
    ) -> BulkWriteRequest {
        BulkWriteRequest::new(self.clone(), module.into(), operation)
    }

    /// A bulk write job that was started before.
    #[must_use]
    pub fn bulk_write_job(&self, id: RecordId) -> BulkWriteJob {
        BulkWriteJob::new(self.clone(), id)
    }

    /// Any request to the API's host, with this client's token, retry and errors. `path` is absolute, such as
    /// `/crm/v8/org`; parameters go into [`OpenRequest::query`].
    pub fn request(&self, method: Method, path: impl Into<String>) -> OpenRequest {
        OpenRequest::new(self.clone(), method, path.into())
    }

    /// Credits left today, as of the last answer that told. Zoho tells once half of them are used.
    #[must_use]
    pub fn credits_remaining(&self) -> Option<u64> {
        self.shared.counters.remaining()
    }

    /// What this client has sent so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.shared.counters.snapshot()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shared.pipeline.clock().now()
    }

    pub(crate) async fn wait(&self, pause: Duration) {
        self.shared.pipeline.sleep().sleep(pause).await;
    }

    /// The organisation's id across Zoho's services. Asked for once.
    pub(crate) async fn zgid(&self) -> Result<String, Error> {
        let asked = self.shared.zgid.get_or_try_init(|| async {
            let org = self.org().await?;
            Ok(org.zgid)
        });
        asked.await.cloned()
    }

    /// Sends `outgoing` and has `parse` read the answer.
    pub(crate) async fn send<T>(
        &self,
        outgoing: Outgoing,
        parse: impl FnOnce(&Received) -> Result<T, Failure> + Send,
    ) -> Result<T, Error> {
        let span = tracing::info_span!(
            "zoho.request",
            otel.name = outgoing.operation,
            zoho.module = outgoing.module.as_ref().map(ModuleName::as_str),
            batch.len = outgoing.rows,
            credits.remaining = field::Empty,
        );
        async {
            let (operation, writes) = (outgoing.operation, outgoing.writes);
            let repeatable = outgoing.repeatable;
            let _turn = match outgoing.heavy {
                true => Some(self.shared.heavy.acquire().await),
                false => None,
            };
            let counted = self.shared.counters.enter();
            let request = outgoing.into_request()?;
            let method = request.method().clone();
            let path = request.uri().path().to_owned();
            let answer = if repeatable {
                self.execute(Call::repeatable(operation, request)).await
            } else {
                self.execute(Call::once(operation, request)).await
            };
            let answer = answer.map_err(|error| from_call_error(error, writes))?;
            if let Some(remaining) = self.credits_remaining() {
                tracing::Span::current().record("credits.remaining", remaining);
            }
            let context = CallContext {
                operation,
                method,
                path,
                status: Some(answer.response.status()),
                attempts: answer.attempts,
                may_have_been_applied: false,
            };
            let received = Received::from(answer);
            parse(&received)
                .map_err(|failure| self.explain(failure, context, writes, &received, &counted))
        }
        .instrument(span)
        .await
    }

    async fn execute<K: client_core::RepeatKind>(
        &self,
        call: Call<K>,
    ) -> Result<Answer, CallError> {
        let call = self.bounded(call);
        let classify = |response: &Response, now: Timestamp| {
            self.shared.counters.read_headers(response.headers());
            classify(response, now)
        };
        self.shared
            .pipeline
            .execute(call, &self.shared.auth, &classify)
            .await
    }

    fn bounded<K>(&self, call: Call<K>) -> Call<K> {
        match self.shared.timeout {
            Some(timeout) => call.timeout(timeout),
            None => call,
        }
    }

    fn explain(
        &self,
        failure: Failure,
        mut context: CallContext,
        writes: bool,
        received: &Received,
        counted: &InFlight<'_>,
    ) -> Error {
        let status = received.status();
        // A refusal (4xx) was not applied; anything else that is no proper answer may have been.
        context.may_have_been_applied = writes
            && (received.repeated
                || match &failure {
                    Failure::Api(error) => status.is_server_error() || error.is_server_failure(),
                    Failure::RateLimited | Failure::ChannelLost(_) => false,
                    Failure::NotJson | Failure::Decode(_) | Failure::Inconsistent(_) => {
                        !status.is_client_error()
                    }
                });
        let context = Box::new(context);
        match failure {
            Failure::Api(error) => Error::Api {
                context,
                error: Box::new(error),
            },
            Failure::RateLimited => {
                let cause = self.shared.counters.throttle_cause(counted);
                Error::RateLimited {
                    context,
                    cause,
                    retry_after: self.pause(received, cause),
                }
            }
            Failure::NotJson => Error::NotJson {
                context,
                content_type: received.content_type(),
            },
            Failure::Decode(source) => Error::Decode { context, source },
            Failure::Inconsistent(reason) => Error::Inconsistent { context, reason },
            Failure::ChannelLost(channel_id) => Error::ChannelLost {
                context,
                channel_id,
            },
        }
    }

    /// Zoho does not say when to return. Credits come back little by little as the day rolls on; everything else passes
    /// within a minute.
    fn pause(&self, received: &Received, cause: ThrottleCause) -> Duration {
        let asked = retry_after(received.response.headers(), self.now());
        asked.unwrap_or_else(|| match cause {
            ThrottleCause::Credits => Duration::from_secs(15 * 60),
            _ => Duration::from_secs(60),
        })
    }
}

/// Judges an answer (reference: Zoho v8 sections 1.7, 2.11 and 10.4, read 2026-11).
fn classify(response: &Response, now: Timestamp) -> Verdict {
    let after = retry_after(response.headers(), now);
    match response.status() {
        // Only a token that was good once is worth renewing: a missing scope stays missing.
        StatusCode::UNAUTHORIZED if refused_token(response) => Verdict::Reauthenticate,
        StatusCode::TOO_MANY_REQUESTS => Verdict::Retry {
            effect: Effect::None,
            after,
        },
        StatusCode::REQUEST_TIMEOUT => Verdict::Retry {
            effect: Effect::Unknown,
            after,
        },
        status if status.is_server_error() => Verdict::Retry {
            effect: Effect::Unknown,
            after,
        },
        _ => Verdict::Done,
    }
}

fn refused_token(response: &Response) -> bool {
    #[derive(Deserialize)]
    struct Refusal {
        code: String,
    }
    serde_json::from_slice::<Refusal>(response.body()).is_ok_and(|refusal| {
        matches!(
            refusal.code.as_str(),
            code::INVALID_TOKEN | code::INVALID_OAUTHTOKEN
        )
    })
}

fn from_call_error(error: CallError, writes: bool) -> Error {
    let context = Box::new(CallContext {
        operation: error.operation,
        method: error.method,
        path: error.path,
        status: None,
        attempts: error.attempts,
        may_have_been_applied: writes && error.may_have_been_applied,
    });
    match error.cause {
        CallErrorCause::Auth(AuthError::Unavailable {
            source: Some(source),
            ..
        }) if source.is::<OverBudget>() => over_budget(context, source.as_ref()),
        CallErrorCause::Auth(AuthError::Store(source)) => Error::Store { context, source },
        CallErrorCause::Auth(source) => Error::Auth { context, source },
        CallErrorCause::Transport(source) => Error::Transport { context, source },
        other => Error::Inconsistent {
            context,
            reason: format!("{other:?}"),
        },
    }
}

fn over_budget(context: Box<CallContext>, source: &(dyn StdError + 'static)) -> Error {
    let over = source.downcast_ref::<OverBudget>().copied();
    let over = over.unwrap_or(OverBudget {
        needed: 0,
        left: 0,
        retry_after: Duration::ZERO,
    });
    Error::BudgetExhausted {
        context,
        needed: over.needed,
        left: over.left,
        retry_after: over.retry_after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, body: &str) -> Verdict {
        let response = http::Response::builder()
            .status(status)
            .body(bytes::Bytes::copy_from_slice(body.as_bytes()))
            .unwrap();
        classify(&response, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn only_a_refused_token_is_renewed() {
        let body = |code: &str| {
            format!(r#"{{"code":"{code}","details":{{}},"message":"","status":"error"}}"#)
        };
        assert_eq!(
            verdict(401, &body("INVALID_TOKEN")),
            Verdict::Reauthenticate
        );
        assert_eq!(
            verdict(401, &body("INVALID_OAUTHTOKEN")),
            Verdict::Reauthenticate
        );
        assert_eq!(verdict(401, &body("AUTHENTICATION_FAILURE")), Verdict::Done);
        assert_eq!(verdict(401, &body("OAUTH_SCOPE_MISMATCH")), Verdict::Done);
        assert_eq!(verdict(401, "<html>"), Verdict::Done);
    }

    #[test]
    fn throttling_proves_that_nothing_was_done_and_server_errors_do_not() {
        assert!(matches!(
            verdict(429, ""),
            Verdict::Retry {
                effect: Effect::None,
                ..
            }
        ));
        for status in [408, 500, 502, 503, 504] {
            assert!(matches!(
                verdict(status, ""),
                Verdict::Retry {
                    effect: Effect::Unknown,
                    ..
                }
            ));
        }
        for status in [200, 201, 202, 204, 207, 304, 400, 403, 404, 412] {
            assert_eq!(verdict(status, ""), Verdict::Done);
        }
    }
}

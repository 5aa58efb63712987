//! The token endpoint of an accounts server (reference: Zoho v8 sections 1.2 to 1.6, read 2026-11).

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use client_core::{
    AuthError, Call, CallError, Effect, NoAuth, Pipeline, Response, StoredToken, Verdict,
};
use futures::{FutureExt, future::BoxFuture};
use http::{
    HeaderValue, Method,
    header::{ACCEPT, CONTENT_TYPE},
};
use jiff::Timestamp;
use oauth2::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet,
    EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse,
    TokenUrl,
    basic::{
        BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
        BasicTokenType,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::{ACCOUNTS_SERVER, API_DOMAIN};
use crate::{
    builder::ClientCredentials,
    data_center::{ApiDomain, TrustedHosts},
    usage::Counters,
};

/// How long Zoho refuses token requests once there were too many.
pub(super) const WINDOW: Duration = Duration::from_secs(600);

/// Shorter than the refresh lease of the token cache allows for, repetitions included.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);

/// Path of the token endpoint.
pub(crate) const TOKEN_PATH: &str = "/oauth/v2/token";
/// Path of the revocation endpoint.
pub(crate) const REVOKE_PATH: &str = "/oauth/v2/token/revoke";

#[derive(Clone, Debug, Deserialize, Serialize)]
struct ZohoFields {
    api_domain: Option<String>,
}

impl ExtraTokenFields for ZohoFields {}

type ZohoToken = StandardTokenResponse<ZohoFields, BasicTokenType>;
type TokenResult = Result<ZohoToken, RequestTokenError<ExchangeError, BasicErrorResponse>>;
type OauthClient = oauth2::Client<
    BasicErrorResponse,
    ZohoToken,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// What a token is asked for with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presented {
    RefreshToken,
    Code,
    ClientOnly,
}

/// An authorization code and what belongs to it. A self client's code has neither redirect nor verifier.
pub(crate) struct CodeGrant {
    pub(crate) code: SecretString,
    pub(crate) redirect_uri: Option<RedirectUrl>,
    pub(crate) verifier: Option<SecretString>,
}

/// Asks accounts servers for tokens. The caller sees to it that a server may have the client's secret.
pub(crate) struct TokenEndpoint {
    credentials: ClientCredentials,
    hosts: Arc<TrustedHosts>,
    fallback: Option<ApiDomain>,
    pipeline: Pipeline,
    counters: Arc<Counters>,
}

impl fmt::Debug for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenEndpoint").finish_non_exhaustive()
    }
}

impl TokenEndpoint {
    pub(crate) fn new(
        credentials: ClientCredentials,
        hosts: Arc<TrustedHosts>,
        fallback: Option<ApiDomain>,
        pipeline: Pipeline,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            credentials,
            hosts,
            fallback,
            pipeline,
            counters,
        }
    }

    pub(crate) fn hosts(&self) -> &TrustedHosts {
        &self.hosts
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.credentials.client_id
    }

    pub(super) async fn refresh(
        &self,
        accounts_url: &str,
        refresh_token: &SecretString,
    ) -> Result<StoredToken, AuthError> {
        let token = oauth2::RefreshToken::new(refresh_token.expose_secret().to_owned());
        let exchange = self.exchange("zoho.token.refresh", true);
        let answer = self
            .oauth(accounts_url)?
            .exchange_refresh_token(&token)
            .request_async(&exchange)
            .await;
        self.stored(answer, accounts_url, Presented::RefreshToken)
    }

    /// Never repeated after a lost answer: a code is good for one use.
    pub(crate) async fn code(
        &self,
        accounts_url: &str,
        grant: CodeGrant,
    ) -> Result<StoredToken, AuthError> {
        let mut oauth = self.oauth(accounts_url)?;
        if let Some(redirect_uri) = grant.redirect_uri {
            oauth = oauth.set_redirect_uri(redirect_uri);
        }
        let code = AuthorizationCode::new(grant.code.expose_secret().to_owned());
        let mut request = oauth.exchange_code(code);
        if let Some(verifier) = grant.verifier {
            let verifier = PkceCodeVerifier::new(verifier.expose_secret().to_owned());
            request = request.set_pkce_verifier(verifier);
        }
        let exchange = self.exchange("zoho.token.code", false);
        let answer = request.request_async(&exchange).await;
        self.stored(answer, accounts_url, Presented::Code)
    }

    pub(super) async fn client_only(
        &self,
        accounts_url: &str,
        soid: &str,
        scopes: &str,
    ) -> Result<StoredToken, AuthError> {
        let exchange = self.exchange("zoho.token.client_credentials", true);
        let answer = self
            .oauth(accounts_url)?
            .exchange_client_credentials()
            // One text, because Zoho separates scopes by commas and the protocol by blanks.
            .add_scope(Scope::new(scopes.to_owned()))
            .add_extra_param("soid", soid)
            .request_async(&exchange)
            .await;
        self.stored(answer, accounts_url, Presented::ClientOnly)
    }

    /// Ends a refresh token and its access tokens. Sent in the form, not in the query, which servers log. A token that
    /// Zoho does not know (any more) counts as ended.
    pub(crate) async fn revoke(
        &self,
        accounts_url: &str,
        token: &SecretString,
    ) -> Result<(), AuthError> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("token", token.expose_secret())
            .finish();
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(format!("{accounts_url}{REVOKE_PATH}"))
            .header(ACCEPT, "application/json")
            .header(
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            )
            .body(Bytes::from(form))
            .map_err(|error| no_answer(format!("{accounts_url} makes no URL: {error}")))?;
        let call = Call::repeatable("zoho.token.revoke", request).timeout(ATTEMPT_TIMEOUT);
        let answer = self.pipeline.execute(call, &NoAuth, &classify).await;
        let answer = answer.map_err(|error| AuthError::Unavailable {
            reason: format!("{accounts_url} could not be asked"),
            source: Some(Box::new(error)),
        })?;
        read_revocation(&answer.response, accounts_url)
    }

    fn oauth(&self, accounts_url: &str) -> Result<OauthClient, AuthError> {
        let url = TokenUrl::new(format!("{accounts_url}{TOKEN_PATH}"))
            .map_err(|error| no_answer(format!("{accounts_url} makes no URL: {error}")))?;
        let secret = self.credentials.client_secret.expose_secret().to_owned();
        let id = ClientId::new(self.credentials.client_id.clone());
        Ok(oauth2::Client::new(id)
            .set_client_secret(ClientSecret::new(secret))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(url))
    }

    fn exchange(&self, operation: &'static str, repeatable: bool) -> Exchange {
        self.counters.count_token_request();
        Exchange {
            pipeline: self.pipeline.clone(),
            operation,
            repeatable,
        }
    }

    fn stored(
        &self,
        answer: TokenResult,
        accounts_url: &str,
        presented: Presented,
    ) -> Result<StoredToken, AuthError> {
        let token = answer.map_err(|error| explain(error, accounts_url, presented))?;
        let domain = match (&token.extra_fields().api_domain, &self.fallback) {
            (Some(text), _) => self.hosts.admit(text)?,
            (None, Some(fallback)) => fallback.clone(),
            (None, None) => {
                return Err(no_answer(format!(
                    "the token answer of {accounts_url} names no api_domain"
                )));
            }
        };
        let secret = |text: &str| SecretString::from(text);
        let attributes = [
            (API_DOMAIN.to_owned(), domain.as_str().to_owned()),
            (ACCOUNTS_SERVER.to_owned(), accounts_url.to_owned()),
        ];
        Ok(StoredToken {
            access_token: Some(secret(token.access_token().secret())),
            expires_at: token
                .expires_in()
                .and_then(|life| self.now().checked_add(life).ok()),
            refresh_token: token.refresh_token().map(|token| secret(token.secret())),
            attributes: attributes.into(),
            ..StoredToken::default()
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.pipeline.clock().now()
    }
}

/// One exchange. Sends through the embedder's transport, so that OAuth works wherever the API does.
struct Exchange {
    pipeline: Pipeline,
    operation: &'static str,
    repeatable: bool,
}

impl Exchange {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ExchangeError> {
        let request = request.map(Bytes::from);
        let answer = if self.repeatable {
            let call = Call::repeatable(self.operation, request).timeout(ATTEMPT_TIMEOUT);
            self.pipeline.execute(call, &NoAuth, &classify).await
        } else {
            let call = Call::once(self.operation, request).timeout(ATTEMPT_TIMEOUT);
            self.pipeline.execute(call, &NoAuth, &classify).await
        };
        let answer = answer.map_err(|error| ExchangeError::Call(Box::new(error)))?;
        normalise(&answer.response)
    }
}

/// A named implementation with a boxed future: for a closure the compiler cannot prove `Send`.
impl<'c> AsyncHttpClient<'c> for Exchange {
    type Error = ExchangeError;
    type Future = BoxFuture<'c, Result<HttpResponse, ExchangeError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        self.send(request).boxed()
    }
}

/// The answer's body is never kept: it may hold a token.
fn explain(
    error: RequestTokenError<ExchangeError, BasicErrorResponse>,
    accounts_url: &str,
    presented: Presented,
) -> AuthError {
    match error {
        RequestTokenError::ServerResponse(response) => rejection(
            response.error().as_ref(),
            response.error_description().map(String::as_str),
            accounts_url,
            presented,
        ),
        RequestTokenError::Request(ExchangeError::Call(error)) => AuthError::Unavailable {
            reason: format!("{accounts_url} could not be asked"),
            source: Some(error),
        },
        RequestTokenError::Request(error) => no_answer(format!("{accounts_url} answered {error}")),
        RequestTokenError::Parse(error, _) => no_answer(format!(
            "the token answer of {accounts_url} is not understood at `{}`",
            error.path()
        )),
        RequestTokenError::Other(_) => no_answer(format!(
            "the token answer of {accounts_url} is not understood"
        )),
    }
}

/// `invalid_code` says that there is no such token, which is what was wanted.
fn read_revocation(response: &Response, accounts_url: &str) -> Result<(), AuthError> {
    #[derive(Deserialize)]
    struct Body {
        status: Option<String>,
        error: Option<String>,
    }
    let status = response.status();
    let Ok(body) = serde_json::from_slice::<Body>(response.body()) else {
        return Err(no_answer(format!(
            "{accounts_url} answered {status} with {} where JSON was expected",
            content_type(response)
        )));
    };
    match (body.status.as_deref(), body.error.as_deref()) {
        (Some("success"), None) | (_, Some("invalid_code")) => Ok(()),
        (_, Some(code)) => Err(rejection(code, None, accounts_url, Presented::RefreshToken)),
        _ => Err(no_answer(format!(
            "{accounts_url} answered {status} without saying whether the token was revoked"
        ))),
    }
}

fn no_answer(reason: String) -> AuthError {
    AuthError::Unavailable {
        reason,
        source: None,
    }
}

fn classify(response: &Response, now: Timestamp) -> Verdict {
    if response.status().is_server_error() {
        return Verdict::Retry {
            effect: Effect::Unknown,
            after: client_core::retry_after(response.headers(), now),
        };
    }
    Verdict::Done
}

/// Why the exchange gave the protocol code nothing to read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExchangeError {
    #[error(transparent)]
    Call(Box<CallError>),
    #[error("{status}")]
    Server { status: http::StatusCode },
    #[error("{status} with {content_type} where JSON was expected")]
    NotJson {
        status: http::StatusCode,
        content_type: String,
    },
    #[error("{status} with neither a token nor an error")]
    NoToken { status: http::StatusCode },
}

/// Status and body of what is made of a token answer; `None` when it is neither a token nor a refusal.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn normal_token_answer(status: u16, body: &[u8]) -> Option<(u16, Vec<u8>)> {
    let mut response = Response::new(Bytes::copy_from_slice(body));
    *response.status_mut() = http::StatusCode::from_u16(status).ok()?;
    let normal = normalise(&response).ok()?;
    Some((normal.status().as_u16(), normal.into_body()))
}

/// Gives Zoho's answers the form that the protocol prescribes: failures come as HTTP 200 with an `error` key, and old
/// answers count `expires_in` in milliseconds beside `expires_in_sec`.
fn normalise(response: &Response) -> Result<HttpResponse, ExchangeError> {
    let status = response.status();
    let Ok(mut answer) = serde_json::from_slice::<Map<String, Value>>(response.body()) else {
        return Err(if status.is_server_error() {
            ExchangeError::Server { status }
        } else {
            ExchangeError::NotJson {
                status,
                content_type: content_type(response),
            }
        });
    };
    let normal_status = if answer.get("error").is_some_and(Value::is_string) {
        http::StatusCode::BAD_REQUEST
    } else if answer.get("access_token").is_some_and(Value::is_string) {
        if let Some(seconds) = answer.remove("expires_in_sec") {
            answer.insert("expires_in".to_owned(), seconds);
        }
        if let Some(Value::String(text)) = answer.get("expires_in")
            && let Ok(seconds) = text.parse::<u64>()
        {
            answer.insert("expires_in".to_owned(), seconds.into());
        }
        answer
            .entry("token_type")
            .or_insert_with(|| "Bearer".into());
        http::StatusCode::OK
    } else {
        return Err(ExchangeError::NoToken { status });
    };
    let mut normal = http::Response::new(Value::Object(answer).to_string().into_bytes());
    *normal.status_mut() = normal_status;
    Ok(normal)
}

fn content_type(response: &Response) -> String {
    response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("no content type")
        .to_owned()
}

/// What Zoho's error code means and what to do about it.
fn rejection(
    code: &str,
    description: Option<&str>,
    accounts_url: &str,
    presented: Presented,
) -> AuthError {
    let advice = match code {
        "Access Denied" | "access_denied" => {
            return AuthError::Throttled {
                reason: format!(
                    "Zoho answered `{code}`: at most 10 access tokens in 10 minutes are issued for a refresh token"
                ),
                retry_after: WINDOW,
            };
        }
        "general_error" | "server_error" | "temporarily_unavailable" => {
            return AuthError::Unavailable {
                reason: format!("Zoho answered `{code}` at {accounts_url}"),
                source: None,
            };
        }
        "invalid_code" if presented == Presented::Code => {
            "the code is wrong, was used before, is older than a few minutes, or is of another data centre; \
             ask for consent again"
        }
        "invalid_redirect_uri" => {
            "the redirect URI differs from the one registered in the API console, or from the one that consent was asked with"
        }
        "missing_org_info" => "name the organisation by its zgid",
        "invalid_code" => {
            "the refresh token is wrong, revoked, or of another data centre; obtain a new one and configure it"
        }
        "invalid_client" => {
            "the client id is unknown at this data centre; check client id and data centre"
        }
        "invalid_client_secret" => {
            "the client secret does not belong to the client id; secrets can differ by data centre"
        }
        _ => "check client id, client secret, refresh token and data centre",
    };
    let said = description.map_or_else(String::new, |text| format!(" ({text})"));
    AuthError::Rejected {
        reason: format!("Zoho answered `{code}`{said} at {accounts_url}: {advice}"),
    }
}
#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn response(status: u16, body: impl Into<Bytes>) -> Response {
        http::Response::builder()
            .status(status)
            .header(CONTENT_TYPE, "text/html;charset=UTF-8")
            .body(body.into())
            .unwrap()
    }

    fn normal(status: u16, body: &Value) -> (u16, Value) {
        let normal = normalise(&response(status, body.to_string())).unwrap();
        (
            normal.status().as_u16(),
            serde_json::from_slice(normal.body()).unwrap(),
        )
    }

    #[test]
    fn an_error_inside_http_200_becomes_one() {
        assert_eq!(normal(200, &json!({"error": "invalid_code"})).0, 400);
        let denied = json!({"error_description": "You have made too many requests continuously. Please try again after some time.", "error": "Access Denied", "status": "failure"});
        assert_eq!(normal(200, &denied).0, 400);
        assert_eq!(normal(400, &denied).0, 400);
    }

    #[test]
    fn lifetimes_are_seconds_in_every_form() {
        for (body, seconds) in [
            (json!({"access_token": "a", "expires_in": 3600}), 3600),
            (
                json!({"access_token": "a", "expires_in": 3_600_000, "expires_in_sec": 3600}),
                3600,
            ),
            (json!({"access_token": "a", "expires_in": "3600"}), 3600),
        ] {
            let (status, answer) = normal(200, &body);
            assert_eq!(status, 200);
            assert_eq!(answer["expires_in"], seconds);
            assert_eq!(answer["token_type"], "Bearer");
        }
    }

    #[test]
    fn pages_and_empty_answers_are_told_apart_from_refusals() {
        assert!(matches!(
            normalise(&response(200, "<html>maintenance</html>")),
            Err(ExchangeError::NotJson { .. })
        ));
        assert!(matches!(
            normalise(&response(502, "<html>bad gateway</html>")),
            Err(ExchangeError::Server { .. })
        ));
        assert!(matches!(
            normalise(&response(200, "{}")),
            Err(ExchangeError::NoToken { .. })
        ));
    }

    #[test]
    fn each_refusal_says_what_to_do() {
        let reason = |code| match rejection(
            code,
            None,
            "https://accounts.zoho.eu",
            Presented::RefreshToken,
        ) {
            AuthError::Rejected { reason } => reason,
            other => panic!("{other}"),
        };
        assert!(reason("invalid_code").contains("obtain a new one"));
        assert!(reason("invalid_client").contains("check client id"));
        assert!(reason("invalid_client_secret").contains("client secret"));
        assert!(reason("something_new").contains("something_new"));
        assert!(matches!(
            rejection("Access Denied", None, "", Presented::Code),
            AuthError::Throttled { retry_after, .. } if retry_after == Duration::from_secs(600)
        ));
        assert!(rejection("general_error", None, "", Presented::Code).is_retryable());
    }

    #[test]
    fn a_token_that_is_gone_counts_as_revoked_and_a_page_does_not() {
        for body in [r#"{"status":"success"}"#, r#"{"error":"invalid_code"}"#] {
            read_revocation(&response(200, body), "").unwrap();
        }
        for body in ["<html>", "{}", r#"{"error":"general_error"}"#] {
            assert!(
                read_revocation(&response(200, body), "")
                    .unwrap_err()
                    .is_retryable()
            );
        }
    }
}

//! Puts the token on each attempt and sends it only where it may go.

mod endpoint;
mod onboarding;
mod refresh;

use std::sync::Arc;

use async_trait::async_trait;
use client_core::{AuthError, Authorize, Request, Response, TokenCache};
use http::{HeaderValue, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::endpoint::normal_token_answer;
pub use self::onboarding::{Connection, Consent, Onboarding};
pub(crate) use self::{
    endpoint::TokenEndpoint,
    onboarding::joined_scopes,
    refresh::{ClientGrant, RefreshGrant},
};
use crate::{
    api::Destination,
    data_center::{ApiDomain, TrustedHosts},
    usage::{Counters, Credits},
};

/// Token attribute with the base of all API URLs.
pub(crate) const API_DOMAIN: &str = "api_domain";

/// Token attribute with the accounts server that the refresh token belongs to, for ever.
pub(crate) const ACCOUNTS_SERVER: &str = "accounts_server";

/// The header's scheme; not `Bearer`, although token answers say so (reference: Zoho v8 section 1.7, read 2026-11).
const SCHEME: &str = "Zoho-oauthtoken ";

/// Authorizes API requests with the shared token and completes their URL with its API domain.
#[derive(Debug)]
pub(crate) struct ZohoAuth {
    pub(crate) tokens: TokenCache,
    pub(crate) hosts: Arc<TrustedHosts>,
    pub(crate) fallback: Option<ApiDomain>,
    /// Where files go; by default what belongs to the API domain.
    pub(crate) content: Option<ApiDomain>,
    pub(crate) counters: Arc<Counters>,
}

#[async_trait]
impl Authorize for ZohoAuth {
    async fn authorize(&self, request: &mut Request) -> Result<(), AuthError> {
        let token = self.tokens.access_token().await?;
        // The store may have been written by somebody else, so its host is checked each time.
        let domain = match (token.attributes.get(API_DOMAIN), &self.fallback) {
            (Some(text), _) => self.hosts.admit(text)?,
            (None, Some(fallback)) => fallback.clone(),
            (None, None) => {
                return Err(unavailable(
                    "the stored token names no api_domain and the data centre is a custom one",
                ));
            }
        };
        let domain = match request.extensions().get() {
            None => domain,
            Some(Destination::Content) => self.content.clone().unwrap_or_else(|| domain.content()),
            Some(Destination::Server(url)) => self.hosts.admit(url)?,
        };
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        *request.uri_mut() = domain
            .join(path)
            .map_err(|error| unavailable(&format!("no URL can be made from {domain}: {error}")))?;
        request
            .headers_mut()
            .insert(AUTHORIZATION, header(&token.secret)?);
        let credits = request.extensions().get().copied().unwrap_or(Credits(1));
        // The one place that each attempt passes; the caller tells this refusal from trouble with tokens by its source.
        self.counters
            .spend(credits)
            .map_err(|over| AuthError::Unavailable {
                reason: "the credit budget is used up".to_owned(),
                source: Some(Box::new(over)),
            })
    }

    async fn refused(&self, request: &Request, _response: &Response) -> Result<bool, AuthError> {
        let Some(token) = token_of(request) else {
            return Ok(false);
        };
        self.tokens.refused(&token).await?;
        Ok(true)
    }
}

/// Exposes the secret: it becomes the header.
fn header(token: &SecretString) -> Result<HeaderValue, AuthError> {
    let text = format!("{SCHEME}{}", token.expose_secret());
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| unavailable("the access token holds characters that no header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn token_of(request: &Request) -> Option<SecretString> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    header.strip_prefix(SCHEME).map(SecretString::from)
}

fn unavailable(reason: &str) -> AuthError {
    AuthError::Unavailable {
        reason: reason.to_owned(),
        source: None,
    }
}

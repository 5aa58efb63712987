//! Renewing tokens, and putting them on requests.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use client_core::{
    AccessToken, AuthError, Authorize, Clock, Pipeline, RefreshToken, Request, Response,
    StoredToken, TokenCache,
};
use http::{HeaderValue, header::AUTHORIZATION};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use tracing::warn;

use super::{
    gateway::CloudApp,
    hosts::TrustedHosts,
    token::{self, GATEWAY, Grant, PAIRING_ENDS, SCOPE, TOKEN_URL},
};

/// Exchanges a refresh token for a new pair.
pub(super) struct CloudRefresh {
    pub(super) app: CloudApp,
    pub(super) hosts: Arc<TrustedHosts>,
    pub(super) pipeline: Pipeline,
}

impl std::fmt::Debug for CloudRefresh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CloudRefresh").finish_non_exhaustive()
    }
}

#[async_trait]
impl RefreshToken for CloudRefresh {
    async fn refresh(&self, current: Option<&StoredToken>) -> Result<StoredToken, AuthError> {
        let unpaired = || AuthError::Rejected {
            reason:
                "this customer is not paired, or the pairing is not in this token store: pair first"
                    .to_owned(),
        };
        let current = current.ok_or_else(unpaired)?;
        let refresh_token = current.refresh_token.as_ref().ok_or_else(unpaired)?;
        let url = current.attributes.get(TOKEN_URL).ok_or_else(unpaired)?;
        // The store is not ours alone.
        self.hosts.admit(url)?;
        if current
            .refresh_expires_at
            .is_some_and(|end| end <= self.pipeline.clock().now())
        {
            return Err(AuthError::Rejected {
                reason: "the pairing has ended, because it was not used for 30 days: pair again"
                    .to_owned(),
            });
        }
        let grant = Grant::RefreshToken(refresh_token);
        let mut renewed = token::ask(&self.pipeline, &self.app, url, grant).await?;
        for kept in [GATEWAY, TOKEN_URL, SCOPE, PAIRING_ENDS] {
            if let Some(value) = current.attributes.get(kept) {
                renewed
                    .attributes
                    .entry(kept.to_owned())
                    .or_insert_with(|| value.clone());
            }
        }
        Ok(renewed)
    }
}

/// Puts the access token on requests to trusted hosts.
pub(super) struct CloudAuth {
    pub(super) cache: TokenCache,
    pub(super) hosts: Arc<TrustedHosts>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) warn_before: SignedDuration,
    pub(super) warned: Mutex<Option<Timestamp>>,
}

impl std::fmt::Debug for CloudAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CloudAuth").finish_non_exhaustive()
    }
}

/// A pairing that ends soon is mentioned this often.
const WARN_EVERY: SignedDuration = SignedDuration::from_hours(6);

impl CloudAuth {
    fn warn_of_end(&self, token: &AccessToken) {
        let Some(end) = token
            .attributes
            .get(PAIRING_ENDS)
            .and_then(|text| text.parse::<Timestamp>().ok())
        else {
            return;
        };
        let now = self.clock.now();
        let left = end.duration_since(now);
        if left > self.warn_before {
            return;
        }
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.is_some_and(|at| now.duration_since(at).abs() < WARN_EVERY) {
            return;
        }
        *warned = Some(now);
        warn!(
            pairing.ends_at = %end,
            hours_left = left.as_hours(),
            "the pairing with X3 ends soon although it is in use: pair again"
        );
    }
}

#[async_trait]
impl Authorize for CloudAuth {
    async fn authorize(&self, request: &mut Request) -> Result<(), AuthError> {
        self.hosts.admit(&request.uri().to_string())?;
        let token = self.cache.access_token().await?;
        self.warn_of_end(&token);
        let mut header = HeaderValue::from_str(&format!("Bearer {}", token.secret.expose_secret()))
            .map_err(|source| AuthError::Unavailable {
                reason: "the access token cannot stand in an HTTP header".to_owned(),
                source: Some(source.into()),
            })?;
        header.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, header);
        Ok(())
    }

    /// A new token may serve where this one did not; if the pairing has ended, the renewal says so.
    async fn refused(&self, request: &Request, _response: &Response) -> Result<bool, AuthError> {
        let refused = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|header| header.to_str().ok())
            .and_then(|header| header.strip_prefix("Bearer "));
        let Some(refused) = refused else {
            return Ok(false);
        };
        self.cache.refused(&SecretString::from(refused)).await?;
        Ok(true)
    }
}

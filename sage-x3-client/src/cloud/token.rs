//! The token call: JSON in, JSON out. Source: reference sage-x3 section 2.2.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use client_core::{
    AuthError, Call, Effect, NoAuth, Pipeline, Request, Response, StoredToken, Verdict,
    decode_json, retry_after,
};
use http::{
    HeaderValue, Method, StatusCode, Uri,
    header::{ACCEPT, CONTENT_TYPE},
};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::gateway::CloudApp;
use crate::graphql::{execute, snippet};

/// Facts that are kept beside a token. None is secret.
pub(super) const GATEWAY: &str = "gateway";
pub(super) const TOKEN_URL: &str = "token_url";
pub(super) const PAIRING_ENDS: &str = "pairing_ends_at";
pub(super) const SCOPE: &str = "scope";

/// Shorter than the refresh lease of the token cache allows for, repetitions included.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
/// Life of an access token that says nothing about it.
const ACCESS_LIFE: Duration = Duration::from_secs(300);
/// Life of a refresh token that says nothing about it.
const REFRESH_LIFE: Duration = Duration::from_secs(2_629_800);
/// Pause after "too many requests" without a word on how long.
const THROTTLED: Duration = Duration::from_secs(60);

/// What a token is asked for with.
pub(super) enum Grant<'a> {
    /// The code of a pairing, and where the gateway called back. Good for one use.
    Code {
        code: &'a SecretString,
        redirect_uri: &'a str,
    },
    RefreshToken(&'a SecretString),
}

/// Asks `url`, which the caller has found to be trusted.
pub(super) async fn ask(
    pipeline: &Pipeline,
    app: &CloudApp,
    url: &str,
    grant: Grant<'_>,
) -> Result<StoredToken, AuthError> {
    let request = request(app, url, &grant)?;
    let answer = match grant {
        Grant::Code { .. } => {
            let call = Call::once("x3.cloud.token.code", request).timeout(ATTEMPT_TIMEOUT);
            pipeline.execute(call, &NoAuth, &classify).await
        }
        // After a lost answer the old refresh token may be spent; asking again with it is the only chance there is.
        Grant::RefreshToken(_) => {
            let call = Call::repeatable("x3.cloud.token.refresh", request).timeout(ATTEMPT_TIMEOUT);
            pipeline.execute(call, &NoAuth, &classify).await
        }
    };
    let answer = answer.map_err(|error| AuthError::Unavailable {
        reason: format!("{url} could not be asked"),
        source: Some(Box::new(error)),
    })?;
    parse(&answer.response, pipeline.clock().now())
}

fn request(app: &CloudApp, url: &str, grant: &Grant<'_>) -> Result<Request, AuthError> {
    let body = match grant {
        Grant::Code { code, redirect_uri } => json!({
            "grant_type": "authorization_code",
            "code": code.expose_secret(),
            "client_id": app.client_id,
            "client_secret": app.client_secret.expose_secret(),
            "redirect_uri": redirect_uri,
        }),
        Grant::RefreshToken(token) => json!({
            "grant_type": "refresh_token",
            "refresh_token": token.expose_secret(),
            "client_id": app.client_id,
            "client_secret": app.client_secret.expose_secret(),
        }),
    };
    let uri: Uri = url
        .parse()
        .map_err(|_| no_answer("its address is no URL"))?;
    let mut request = Request::new(Bytes::from(body.to_string()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(CONTENT_TYPE, json.clone());
    request.headers_mut().insert(ACCEPT, json);
    Ok(request)
}

/// Refusals are final here; only a server in trouble is asked again.
pub(super) fn classify(response: &Response, now: Timestamp) -> Verdict {
    match response.status() {
        StatusCode::UNAUTHORIZED => Verdict::Done,
        status if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED => {
            Verdict::Retry {
                effect: Effect::Unknown,
                after: retry_after(response.headers(), now),
            }
        }
        // The cache keeps the pause, for all who share the token.
        StatusCode::TOO_MANY_REQUESTS => Verdict::Done,
        _ => execute::classify(response, now),
    }
}

/// Sage does not publish the members' names; both usual spellings are taken.
#[derive(Deserialize)]
struct Answer {
    #[serde(alias = "accessToken")]
    access_token: Option<SecretString>,
    #[serde(alias = "refreshToken")]
    refresh_token: Option<SecretString>,
    #[serde(default, alias = "expiresIn")]
    expires_in: Option<Seconds>,
    #[serde(default, alias = "scopes")]
    scope: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(u32),
    Text(#[serde(deserialize_with = "digits")] u32),
}

fn digits<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.trim()
        .parse()
        .map_err(|_| serde::de::Error::custom("not a number of seconds"))
}

/// What a token says about its own life. Not verified: it serves to know when to renew.
#[derive(Deserialize)]
struct Claims {
    iat: Option<i64>,
    exp: i64,
}

/// Life of a token by its own claims. By their difference, because clocks differ.
fn life(token: &SecretString, now: Timestamp) -> Option<Duration> {
    let payload = token.expose_secret().split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    let seconds = claims
        .exp
        .checked_sub(claims.iat.unwrap_or(now.as_second()))?;
    Some(Duration::from_secs(u64::try_from(seconds).ok()?))
}

/// Reads the answer. Its body is never kept: it holds tokens.
pub(super) fn parse(response: &Response, now: Timestamp) -> Result<StoredToken, AuthError> {
    if !response.status().is_success() {
        return Err(refused(response, now));
    }
    let answer: Answer = decode_json(response.body()).map_err(|error| AuthError::Unavailable {
        reason: "its answer is not understood".to_owned(),
        source: Some(error.into()),
    })?;
    let access_token = answer
        .access_token
        .ok_or_else(|| no_answer("its answer holds no access token"))?;
    let stated = answer
        .expires_in
        .map(|(Seconds::Number(life) | Seconds::Text(life))| Duration::from_secs(life.into()));
    let after = |life: Duration| now.saturating_add(life).unwrap_or(Timestamp::MAX);
    let access_life = life(&access_token, now).or(stated).unwrap_or(ACCESS_LIFE);
    let refresh_expires_at = answer
        .refresh_token
        .as_ref()
        .map(|token| after(life(token, now).unwrap_or(REFRESH_LIFE)));
    let mut token = StoredToken {
        access_token: Some(access_token),
        expires_at: Some(after(access_life)),
        refresh_token: answer.refresh_token,
        refresh_expires_at,
        ..StoredToken::default()
    };
    if let Some(end) = refresh_expires_at {
        token
            .attributes
            .insert(PAIRING_ENDS.to_owned(), end.to_string());
    }
    if let Some(scope) = answer.scope {
        token.attributes.insert(SCOPE.to_owned(), scope);
    }
    Ok(token)
}

fn refused(response: &Response, now: Timestamp) -> AuthError {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Body {
        message: Option<String>,
        #[serde(rename = "$message")]
        dollar_message: Option<String>,
        error: Option<String>,
    }
    let status = response.status();
    let body: Body = decode_json(response.body()).unwrap_or_default();
    let said = body
        .message
        .or(body.dollar_message)
        .or(body.error)
        .filter(|text| !text.is_empty())
        .map_or_else(|| snippet(response.body()), |text| snippet(text.as_bytes()));
    let reason = format!("HTTP {}: {said}", status.as_u16());
    if status == StatusCode::TOO_MANY_REQUESTS {
        return AuthError::Throttled {
            reason,
            retry_after: retry_after(response.headers(), now).unwrap_or(THROTTLED),
        };
    }
    // The customer's user has yet to accept.
    if status == StatusCode::FORBIDDEN && said.contains("has not been accepted") {
        return no_answer(&format!("{reason} Wait for the user to accept the pairing"));
    }
    if matches!(status.as_u16(), 400 | 401 | 403 | 404) {
        return AuthError::Rejected {
            reason: format!(
                "{reason}. The pairing has ended, was removed by the customer, or the application's id or secret is wrong: \
                 check both, then pair again"
            ),
        };
    }
    no_answer(&reason)
}

fn no_answer(reason: &str) -> AuthError {
    AuthError::Unavailable {
        reason: reason.to_owned(),
        source: None,
    }
}

//! Tokens that the client signs itself.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use client_core::{AuthError, Authorize, Clock, Request, Response};
use http::{
    HeaderValue,
    header::{AUTHORIZATION, DATE},
};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use jsonwebtoken::{Algorithm, EncodingKey, crypto::aws_lc::DEFAULT_PROVIDER};
use secrecy::ExposeSecret;
use serde::Serialize;
use tracing::warn;

use super::{ConnectedApp, Refusal};
use crate::error::InvalidRequest;

/// `iat` lies this far back, so that clocks may differ a little. Source: reference sage-x3 section 2.1.
const BACK_DATED: SignedDuration = SignedDuration::from_secs(30);
/// A token is renewed this long before its end, so that none ends on its way.
const RENEWED_EARLY: SignedDuration = SignedDuration::from_secs(15);
/// The shortest life that leaves time for use between the two.
const SHORTEST_LIFE: Duration = Duration::from_secs(60);
/// A server that is further off than this has no clock to go by.
const LARGEST_SKEW: SignedDuration = SignedDuration::from_hours(24 * 366);

pub(super) struct ConnectedAppAuth {
    app: ConnectedApp,
    lifetime: SignedDuration,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// The server's clock minus ours, once the server has told us that they differ.
    skew: SignedDuration,
}

#[derive(Clone)]
struct Token {
    header: HeaderValue,
    /// By the server's clock.
    expires_at: Timestamp,
    /// Handed out to more than one request.
    used_before: bool,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

impl fmt::Debug for ConnectedAppAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectedAppAuth")
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

impl ConnectedAppAuth {
    pub(super) fn new(app: ConnectedApp, clock: Arc<dyn Clock>) -> Result<Self, InvalidRequest> {
        if app.client_id.trim().is_empty() {
            return Err(InvalidRequest::new(
                "the connected application's client id is missing",
            ));
        }
        if app.secret.expose_secret().is_empty() {
            return Err(InvalidRequest::new(
                "the connected application's secret is missing",
            ));
        }
        let lifetime = SignedDuration::try_from(app.lifetime)
            .ok()
            .filter(|_| {
                app.lifetime >= SHORTEST_LIFE && app.lifetime <= Duration::from_secs(86_400)
            })
            .ok_or_else(|| {
                InvalidRequest::new("the token lifetime must lie between 60 seconds and one day")
            })?;
        Ok(Self {
            app,
            lifetime,
            clock,
            state: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is replaced whole, never left half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token that will be valid for a while yet.
    fn token(&self) -> Result<HeaderValue, AuthError> {
        let mut state = self.state();
        let server_now = self
            .clock
            .now()
            .saturating_add(state.skew)
            .unwrap_or(Timestamp::MAX);
        if let Some(token) = &mut state.token
            && token.expires_at.duration_since(server_now) > RENEWED_EARLY
        {
            token.used_before = true;
            return Ok(token.header.clone());
        }
        let token = self.mint(server_now)?;
        let header = token.header.clone();
        state.token = Some(token);
        Ok(header)
    }

    fn mint(&self, now: Timestamp) -> Result<Token, AuthError> {
        let issued_at = now.saturating_sub(BACK_DATED).unwrap_or(Timestamp::MIN);
        // Counted from `iat`: X3 compares the whole life with the application's "Tokens validity".
        let expires_at = issued_at
            .saturating_add(self.lifetime)
            .unwrap_or(Timestamp::MAX);
        let claims = Claims {
            iss: &self.app.client_id,
            sub: self.app.user.as_deref(),
            aud: &self.app.audience,
            iat: issued_at.as_second(),
            exp: expires_at.as_second(),
        };
        let jwt = sign(&claims, self.app.secret.expose_secret()).map_err(|source| {
            AuthError::Unavailable {
                reason: "the token could not be signed".to_owned(),
                source: Some(source),
            }
        })?;
        let mut header = HeaderValue::from_str(&format!("Bearer {jwt}")).map_err(|source| {
            AuthError::Unavailable {
                reason: "the token cannot stand in an HTTP header".to_owned(),
                source: Some(source.into()),
            }
        })?;
        header.set_sensitive(true);
        Ok(Token {
            header,
            expires_at,
            used_before: false,
        })
    }

    /// Whether another token has a chance.
    fn learn_from(&self, request: &Request, response: &Response) -> bool {
        let mut state = self.state();
        let refused = request.headers().get(AUTHORIZATION);
        let Some(token) = state
            .token
            .as_ref()
            .filter(|token| Some(&token.header) == refused)
            .cloned()
        else {
            // Somebody else has replaced the refused token already.
            return true;
        };
        let server_time = date_header(response);
        let now = self.clock.now();
        let skew = server_time
            .map(|time| time.duration_since(now))
            .filter(|skew| skew.abs() < LARGEST_SKEW);
        match Refusal::read(response).code {
            // Issued in the future: go by the server's clock from now on.
            Some(21) => {
                let Some(skew) =
                    skew.filter(|skew| (*skew - state.skew).abs() > SignedDuration::from_secs(1))
                else {
                    return false;
                };
                warn!(
                    skew_seconds = skew.as_secs(),
                    "corrected the token clock by the X3 server's Date header"
                );
                *state = State { token: None, skew };
                true
            }
            // A wrong signature or an expired token. A wrong secret stays wrong, so only expiry is worth another try.
            Some(50) if server_time.is_some_and(|time| time >= token.expires_at) => {
                *state = State {
                    token: None,
                    skew: skew.unwrap_or(state.skew),
                };
                true
            }
            Some(50) if token.used_before => {
                state.token = None;
                true
            }
            _ => false,
        }
    }
}

#[async_trait]
impl Authorize for ConnectedAppAuth {
    async fn authorize(&self, request: &mut Request) -> Result<(), AuthError> {
        let header = self.token()?;
        request.headers_mut().insert(AUTHORIZATION, header);
        Ok(())
    }

    async fn refused(&self, request: &Request, response: &Response) -> Result<bool, AuthError> {
        Ok(self.learn_from(request, response))
    }
}

/// HS256 with the back end named outright: `jsonwebtoken::encode` panics when another crate of the program turns on a
/// second back end.
fn sign(
    claims: &Claims<'_>,
    secret: &str,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let key = EncodingKey::from_secret(secret.as_bytes());
    let signer = (DEFAULT_PROVIDER.signer_factory)(&Algorithm::HS256, &key)?;
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims)?);
    let message = format!("{header}.{payload}");
    let signature = URL_SAFE_NO_PAD.encode(signer.try_sign(message.as_bytes())?);
    Ok(format!("{message}.{signature}"))
}

fn date_header(response: &Response) -> Option<Timestamp> {
    let text = response.headers().get(DATE)?.to_str().ok()?;
    Some(
        rfc2822::DateTimeParser::new()
            .parse_zoned(text.trim())
            .ok()?
            .timestamp(),
    )
}

#[cfg(test)]
mod tests {
    use client_core::testing::ManualClock;
    use futures::executor::block_on;
    use jsonwebtoken::{DecodingKey, Validation};

    use super::*;

    #[derive(Debug, serde::Deserialize, PartialEq)]
    struct Seen {
        iss: String,
        sub: Option<String>,
        aud: String,
        iat: i64,
        exp: i64,
    }

    fn clock() -> ManualClock {
        ManualClock::new("2026-11-20T10:00:00Z".parse().unwrap())
    }

    fn auth(clock: &ManualClock) -> ConnectedAppAuth {
        let app = ConnectedApp::new("c0ffee", "canary-secret")
            .user("ADMIN")
            .audience("");
        ConnectedAppAuth::new(app, Arc::new(clock.clone())).unwrap()
    }

    fn authorized(auth: &ConnectedAppAuth) -> Request {
        let mut request = Request::default();
        block_on(auth.authorize(&mut request)).unwrap();
        request
    }

    /// Read by the library that is not used for signing.
    fn claims(request: &Request) -> Seen {
        let token = request.headers()[AUTHORIZATION]
            .to_str()
            .unwrap()
            .strip_prefix("Bearer ")
            .unwrap();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        jsonwebtoken::decode(
            token,
            &DecodingKey::from_secret(b"canary-secret"),
            &validation,
        )
        .unwrap()
        .claims
    }

    fn refusal(body: &'static str, date: Option<&'static str>) -> Response {
        let mut response = Response::new(body.into());
        *response.status_mut() = http::StatusCode::UNAUTHORIZED;
        if let Some(date) = date {
            response
                .headers_mut()
                .insert(DATE, HeaderValue::from_static(date));
        }
        response
    }

    fn refused(auth: &ConnectedAppAuth, request: &Request, response: &Response) -> bool {
        block_on(auth.refused(request, response)).unwrap()
    }

    #[test]
    fn the_token_is_signed_back_dated_and_lives_as_long_as_asked() {
        let clock = clock();
        let now = clock.now().as_second();
        let seen = claims(&authorized(&auth(&clock)));
        assert_eq!(
            seen,
            Seen {
                iss: "c0ffee".into(),
                sub: Some("ADMIN".into()),
                aud: String::new(),
                iat: now - 30,
                exp: now + 270
            }
        );
    }

    #[test]
    fn without_a_user_there_is_no_sub() {
        let app = ConnectedApp::new("c0ffee", "canary-secret");
        let auth = ConnectedAppAuth::new(app, Arc::new(clock())).unwrap();
        assert_eq!(claims(&authorized(&auth)).sub, None);
    }

    #[test]
    fn a_token_serves_until_shortly_before_its_end() {
        let clock = clock();
        let auth = auth(&clock);
        let first = authorized(&auth);
        clock.advance(Duration::from_secs(250));
        assert_eq!(authorized(&auth).headers(), first.headers());
        clock.advance(Duration::from_secs(10));
        assert_ne!(authorized(&auth).headers(), first.headers());
    }

    #[test]
    fn a_token_from_the_future_is_corrected_once_by_the_date_header() {
        let clock = clock();
        let auth = auth(&clock);
        let request = authorized(&auth);
        let late = refusal(
            "Error 21: Invalid token",
            Some("Fri, 20 Nov 2026 09:50:00 GMT"),
        );
        assert!(refused(&auth, &request, &late));
        let request = authorized(&auth);
        let server_now: Timestamp = "2026-11-20T09:50:00Z".parse().unwrap();
        assert_eq!(claims(&request).iat, server_now.as_second() - 30);
        assert!(
            !refused(&auth, &request, &late),
            "the same correction again cannot help"
        );
    }

    #[test]
    fn without_a_date_header_there_is_nothing_to_correct_by() {
        let auth = auth(&clock());
        let request = authorized(&auth);
        assert!(!refused(
            &auth,
            &request,
            &refusal("Error 21: Invalid token", None)
        ));
        assert!(!refused(
            &auth,
            &request,
            &refusal("Error 21: Invalid token", Some("yesterday"))
        ));
    }

    #[test]
    fn a_wrong_secret_is_not_tried_again_but_an_expired_token_is_replaced() {
        let clock = clock();
        let auth = auth(&clock);
        let request = authorized(&auth);
        let same_time = refusal(
            "Error 50: Invalid token",
            Some("Fri, 20 Nov 2026 10:00:00 GMT"),
        );
        assert!(
            !refused(&auth, &request, &same_time),
            "a fresh token with a wrong signature stays wrong"
        );
        let ahead = refusal(
            "Error 50: Invalid token",
            Some("Fri, 20 Nov 2026 10:10:00 GMT"),
        );
        assert!(refused(&auth, &request, &ahead));
        let server_now: Timestamp = "2026-11-20T10:10:00Z".parse().unwrap();
        assert_eq!(claims(&authorized(&auth)).exp, server_now.as_second() + 270);
    }

    #[test]
    fn a_token_that_worked_before_is_replaced_when_it_is_refused_as_expired() {
        let auth = auth(&clock());
        let _first = authorized(&auth);
        let second = authorized(&auth);
        assert!(refused(
            &auth,
            &second,
            &refusal("Error 50: Invalid token", None)
        ));
    }

    #[test]
    fn identity_errors_are_never_tried_again() {
        let auth = auth(&clock());
        let _first = authorized(&auth);
        let request = authorized(&auth);
        for body in [
            "Error 30: Invalid token",
            "Error 41: Invalid token",
            "Error 42: Invalid token",
            "Error 45: Invalid token",
            "Authentication failed",
        ] {
            assert!(
                !refused(
                    &auth,
                    &request,
                    &refusal(body, Some("Fri, 20 Nov 2026 10:10:00 GMT"))
                ),
                "{body}"
            );
        }
    }

    #[test]
    fn a_token_that_somebody_has_replaced_meanwhile_is_simply_replaced() {
        let clock = clock();
        let auth = auth(&clock);
        let old = authorized(&auth);
        clock.advance(Duration::from_secs(300));
        let _new = authorized(&auth);
        assert!(refused(
            &auth,
            &old,
            &refusal("Error 50: Invalid token", None)
        ));
    }

    #[test]
    fn neither_secret_nor_token_is_shown() {
        let auth = auth(&clock());
        let request = authorized(&auth);
        let token = request.headers()[AUTHORIZATION]
            .to_str()
            .unwrap()
            .to_owned();
        let shown = format!(
            "{auth:?} {request:?} {:?}",
            super::super::Credential::from(ConnectedApp::new("c", "canary-secret"))
        );
        assert!(
            !shown.contains("canary-secret") && !shown.contains(&token),
            "{shown}"
        );
    }

    #[test]
    fn useless_settings_are_refused_with_a_sentence() {
        let build = |app| {
            ConnectedAppAuth::new(app, Arc::new(clock()))
                .unwrap_err()
                .to_string()
        };
        assert!(build(ConnectedApp::new("", "s")).contains("client id"));
        assert!(build(ConnectedApp::new("c", "")).contains("secret"));
        assert!(
            build(ConnectedApp::new("c", "s").lifetime(Duration::from_secs(10)))
                .contains("60 seconds")
        );
    }
}

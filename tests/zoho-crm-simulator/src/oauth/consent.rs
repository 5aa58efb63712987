//! The consent page, shortened: whoever asks is let in, and authorization codes are handed out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};

use super::{Code, scope_list};
use crate::clock::plus_seconds;
use crate::exchange::{Answer, Call};
use crate::json::object;
use crate::world::World;

/// Codes a client may be given in ten minutes (reference: zoho-crm-v8 section 1.6).
const CODES_PER_WINDOW: usize = 10;

/// A PKCE challenge.
#[derive(Debug, Clone)]
pub(crate) struct Challenge {
    value: String,
    hashed: bool,
}

impl Challenge {
    pub(crate) fn accepts(&self, verifier: &str) -> bool {
        if self.hashed {
            URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == self.value
        } else {
            verifier == self.value
        }
    }
}

/// Hands out a code as the self-client page does, without a redirect.
pub(crate) fn grant_code(world: &mut World, scopes: Vec<String>) -> String {
    let expires = plus_seconds(world.now, world.settings.tokens.code_life_seconds);
    let code = format!("1000.{}.{}", world.rng.hex(), world.rng.hex());
    let scopes = if scopes.is_empty() {
        world.settings.credentials.scopes.clone()
    } else {
        scopes
    };
    let entry = Code {
        expires,
        scopes,
        redirect_uri: None,
        challenge: None,
        offline: true,
    };
    world.tokens.codes.insert(code.clone(), entry);
    code
}

/// `GET /oauth/v2/auth`: consents at once and redirects with the code.
pub(crate) fn authorize(world: &mut World, call: &Call) -> Answer {
    let refuse = |error: &'static str| Answer::json(400, object! { "error" => error });
    let credentials = &world.settings.credentials;
    if call.param("client_id") != Some(credentials.client_id.as_str()) {
        return refuse("invalid_client");
    }
    let Some(redirect_uri) = call.param("redirect_uri") else {
        return refuse("invalid_redirect_uri");
    };
    if credentials
        .redirect_uri
        .as_deref()
        .is_some_and(|registered| registered != redirect_uri)
    {
        return refuse("invalid_redirect_uri");
    }
    let Ok(mut target) = url::Url::parse(redirect_uri) else {
        return refuse("invalid_redirect_uri");
    };
    if call.param("response_type") != Some("code") {
        return refuse("invalid_response_type");
    }
    let Some(scopes) = call.param("scope").map(scope_list) else {
        return refuse("invalid_scope");
    };
    if !may_issue_code(world) {
        return refuse("access_denied");
    }
    let challenge = call.param("code_challenge").map(|value| Challenge {
        value: value.to_owned(),
        hashed: call.param("code_challenge_method") == Some("S256"),
    });
    let code = grant_code(world, scopes);
    if let Some(entry) = world.tokens.codes.get_mut(&code) {
        entry.redirect_uri = Some(redirect_uri.to_owned());
        entry.challenge = challenge;
        entry.offline = call.param("access_type") == Some("offline");
    }
    target
        .query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("location", &world.settings.org.location)
        .append_pair("accounts-server", &world.base_url);
    if let Some(state) = call.param("state") {
        target.query_pairs_mut().append_pair("state", state);
    }
    let mut answer = Answer::empty(302);
    answer.headers.push(("location", target.into()));
    answer
}

fn may_issue_code(world: &mut World) -> bool {
    let window = SignedDuration::from_mins(10);
    let now = world.now;
    let issued = &mut world.tokens.codes_issued;
    while issued
        .front()
        .is_some_and(|at| now.duration_since(*at) >= window)
    {
        issued.pop_front();
    }
    if issued.len() >= CODES_PER_WINDOW {
        return false;
    }
    issued.push_back(now);
    true
}

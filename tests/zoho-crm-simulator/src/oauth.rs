//! The accounts server: consent, tokens, revocation (reference: zoho-crm-v8 section 1).

mod consent;
mod form;

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

pub(crate) use consent::{authorize, grant_code};
pub(crate) use form::read_form;

use crate::clock::plus_seconds;
use crate::exchange::{Answer, Call};
use crate::failure::Failure;
use crate::json::{Json, object};
use crate::routes::scope_covers;
use crate::settings::Credentials;
use crate::world::World;

/// All grants and live tokens.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    grants: BTreeMap<String, Grant>,
    access: HashMap<String, Access>,
    codes: HashMap<String, Code>,
    /// When authorization codes were handed out, for the limit of ten in ten minutes.
    codes_issued: VecDeque<Timestamp>,
}

/// What access tokens are minted from: a refresh token, or a client acting for itself.
#[derive(Debug)]
struct Grant {
    scopes: Vec<String>,
    created: Timestamp,
    minted: VecDeque<Timestamp>,
    live: VecDeque<String>,
    is_client: bool,
}

#[derive(Debug)]
struct Access {
    expires: Timestamp,
    scopes: Vec<String>,
}

/// An authorization code.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) expires: Timestamp,
    pub(crate) scopes: Vec<String>,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) challenge: Option<consent::Challenge>,
    pub(crate) offline: bool,
}

impl Grant {
    const fn new(scopes: Vec<String>, created: Timestamp, is_client: bool) -> Self {
        Self {
            scopes,
            created,
            minted: VecDeque::new(),
            live: VecDeque::new(),
            is_client,
        }
    }
}

impl Tokens {
    pub(crate) fn new(credentials: &Credentials, now: Timestamp) -> Self {
        let mut tokens = Self::default();
        tokens.grants.insert(
            credentials.refresh_token.clone(),
            Grant::new(credentials.scopes.clone(), now, false),
        );
        tokens
    }

    /// Ends every live access token at once.
    pub(crate) fn expire_all(&mut self) {
        self.access.clear();
        for grant in self.grants.values_mut() {
            grant.live.clear();
        }
    }

    /// Ends a refresh token and its access tokens; false if there is none.
    pub(crate) fn revoke(&mut self, refresh_token: &str) -> bool {
        let Some(grant) = self.grants.remove(refresh_token) else {
            return false;
        };
        for token in grant.live {
            self.access.remove(&token);
        }
        true
    }

    /// Forgets past mints, so that tests need not wait for the window.
    pub(crate) fn forget_mints(&mut self) {
        for grant in self.grants.values_mut() {
            grant.minted.clear();
        }
    }

    /// Live refresh tokens.
    pub(crate) fn refresh_tokens(&self) -> Vec<String> {
        self.grants
            .iter()
            .filter(|(_, grant)| !grant.is_client)
            .map(|(token, _)| token.clone())
            .collect()
    }

    fn scopes_of(&self, access_token: &str, now: Timestamp) -> Option<&[String]> {
        let access = self.access.get(access_token)?;
        (access.expires > now).then_some(access.scopes.as_slice())
    }

    fn add_refresh_token(
        &mut self,
        token: String,
        scopes: Vec<String>,
        now: Timestamp,
        most: usize,
    ) {
        self.grants.insert(token, Grant::new(scopes, now, false));
        while self.refresh_tokens().len() > most.max(1) {
            let oldest = self
                .grants
                .iter()
                .filter(|(_, grant)| !grant.is_client)
                .min_by_key(|(_, grant)| grant.created);
            let Some((oldest, _)) = oldest else { return };
            let oldest = oldest.clone();
            self.revoke(&oldest);
        }
    }
}

/// Checks the Authorization header and the scopes of its token.
pub(crate) fn authenticate(world: &World, call: &Call, needed: &[String]) -> Result<(), Failure> {
    let header = call
        .header("authorization")
        .ok_or_else(Failure::authentication)?;
    let token = header
        .strip_prefix("Zoho-oauthtoken ")
        .ok_or_else(Failure::authentication)?
        .trim();
    let scopes = world
        .tokens
        .scopes_of(token, world.now)
        .ok_or_else(Failure::invalid_token)?;
    let covered = |needed: &String| scopes.iter().any(|granted| scope_covers(granted, needed));
    if needed.iter().all(covered) {
        Ok(())
    } else {
        Err(Failure::scope_mismatch())
    }
}

/// The word an OAuth failure carries in `error`. It comes with HTTP 200.
type OauthError = &'static str;

/// `POST /oauth/v2/token`.
pub(crate) fn token(world: &mut World, params: &BTreeMap<String, String>) -> Answer {
    match mint(world, params) {
        Ok(answer) => answer,
        Err(error) => Answer::json(200, object! { "error" => error }),
    }
}

fn mint(world: &mut World, params: &BTreeMap<String, String>) -> Result<Answer, OauthError> {
    let param = |name: &str| {
        params
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    };
    let grant_type = param("grant_type").ok_or("general_error")?;
    let credentials = &world.settings.credentials;
    if param("client_id").ok_or("general_error")? != credentials.client_id {
        return Err("invalid_client");
    }
    if param("client_secret").ok_or("general_error")? != credentials.client_secret {
        return Err("invalid_client_secret");
    }
    match grant_type {
        "refresh_token" => {
            let refresh_token = param("refresh_token").ok_or("general_error")?.to_owned();
            let grant = world
                .tokens
                .grants
                .get(&refresh_token)
                .filter(|grant| !grant.is_client);
            let scopes = grant.ok_or("invalid_code")?.scopes.clone();
            Ok(issue(world, &refresh_token, &scopes, None))
        }
        "authorization_code" => {
            let code = param("code").ok_or("general_error")?.to_owned();
            exchange_code(world, &code, param("redirect_uri"), param("code_verifier"))
        }
        "client_credentials" => {
            let wanted = format!("ZohoCRM.{}", world.settings.org.zgid);
            match param("soid") {
                None => return Err("missing_org_info"),
                Some(soid) if soid != wanted => return Err("general_error"),
                Some(_) => {}
            }
            let scopes = scope_list(param("scope").ok_or("invalid_scope")?);
            let key = format!("client:{}", credentials.client_id);
            let now = world.now;
            let grant = world
                .tokens
                .grants
                .entry(key.clone())
                .or_insert_with(|| Grant::new(Vec::new(), now, true));
            grant.scopes.clone_from(&scopes);
            Ok(issue(world, &key, &scopes, None))
        }
        _ => Err("general_error"),
    }
}

/// Scopes are separated by commas in requests and by blanks in answers; both are read.
fn scope_list(text: &str) -> Vec<String> {
    text.split([',', ' '])
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

fn exchange_code(
    world: &mut World,
    code: &str,
    redirect_uri: Option<&str>,
    verifier: Option<&str>,
) -> Result<Answer, OauthError> {
    // A code is spent by its first use, successful or not.
    let code = world
        .tokens
        .codes
        .remove(code)
        .filter(|code| code.expires > world.now)
        .ok_or("invalid_code")?;
    if code.redirect_uri.is_some() && code.redirect_uri.as_deref() != redirect_uri {
        return Err("invalid_redirect_uri");
    }
    if let Some(challenge) = &code.challenge
        && !verifier.is_some_and(|verifier| challenge.accepts(verifier))
    {
        return Err("invalid_code");
    }
    let refresh_token = format!("1000.{}.{}", world.rng.hex(), world.rng.hex());
    let now = world.now;
    let most = world.settings.tokens.refresh_tokens;
    world
        .tokens
        .add_refresh_token(refresh_token.clone(), code.scopes.clone(), now, most);
    // Without `access_type=offline` the token is never handed out; it only carries the access token's bookkeeping.
    let shown = code.offline.then(|| refresh_token.clone());
    Ok(issue(world, &refresh_token, &code.scopes, shown))
}

/// Mints an access token, unless the grant minted too many of late.
fn issue(
    world: &mut World,
    grant_key: &str,
    scopes: &[String],
    refresh_token: Option<String>,
) -> Answer {
    let rules = world.settings.tokens.clone();
    let now = world.now;
    let token = format!("1000.{}.{}", world.rng.hex(), world.rng.hex());
    let Some(grant) = world.tokens.grants.get_mut(grant_key) else {
        return Answer::json(200, object! { "error" => "invalid_code" });
    };
    let window = SignedDuration::from_secs(rules.window_seconds);
    while grant
        .minted
        .front()
        .is_some_and(|at| now.duration_since(*at) >= window)
    {
        grant.minted.pop_front();
    }
    if grant.minted.len() >= rules.mints_per_window {
        world.journal.counters.tokens_throttled += 1;
        return Answer::json(
            rules.throttle_status,
            object! {
                "error_description" => "You have made too many requests continuously. Please try again after some time.",
                "error" => "Access Denied",
                "status" => "failure",
            },
        );
    }
    grant.minted.push_back(now);
    grant.live.push_back(token.clone());
    let mut evicted = Vec::new();
    while grant.live.len() > rules.live_tokens {
        evicted.extend(grant.live.pop_front());
    }
    for old in evicted {
        world.tokens.access.remove(&old);
    }
    let access = Access {
        expires: plus_seconds(now, rules.life_seconds),
        scopes: scopes.to_vec(),
    };
    world.tokens.access.insert(token.clone(), access);
    world.journal.counters.tokens_minted += 1;
    let mut body = object! { "access_token" => token };
    if let Some(refresh_token) = refresh_token {
        body.set("refresh_token", refresh_token);
    }
    body.set("scope", scopes.join(" "));
    body.set("api_domain", world.base_url.as_str());
    body.set("token_type", "Bearer");
    body.set("expires_in", rules.life_seconds);
    Answer::json(200, body)
}

/// `POST /oauth/v2/token/revoke`.
pub(crate) fn revoke(world: &mut World, params: &BTreeMap<String, String>) -> Answer {
    let token = params.get("token").map_or("", String::as_str);
    if world.tokens.access.remove(token).is_some() || world.tokens.revoke(token) {
        Answer::json(200, object! { "status" => "success" })
    } else {
        Answer::json(200, Json::Object(object! { "error" => "invalid_code" }))
    }
}

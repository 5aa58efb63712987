//! Who is calling (reference: 2.1 and 2.3).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::json::{Json, parse_strict};
use crate::settings::{ConnectedApplication, Settings};

/// The body of a 401.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Denied(pub(crate) String);

impl Denied {
    fn token(number: u8) -> Self {
        Self(format!("Error {number}: Invalid token"))
    }

    fn failed() -> Self {
        Self("Authentication failed".to_owned())
    }
}

/// `iat` lies in the future.
const EARLY: u8 = 21;
/// The token cannot be read.
const UNREADABLE: u8 = 30;
/// `iss` is no connected application.
const ISSUER: u8 = 41;
/// `sub` is not the application's user.
const SUBJECT: u8 = 42;
/// `aud` is not the registered one.
const AUDIENCE: u8 = 45;
/// Bad signature, expired, or valid for longer than the application allows.
const SIGNATURE_OR_EXPIRY: u8 = 50;

/// The login a request acts as, from its `Authorization` header.
pub(crate) fn authenticate(
    settings: &Settings,
    header: Option<&str>,
    now: Timestamp,
) -> Result<String, Denied> {
    let (scheme, credentials) = header
        .and_then(|header| header.split_once(' '))
        .ok_or_else(Denied::failed)?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" if settings.bearer_enabled => bearer(settings, credentials.trim(), now),
        "basic" if settings.basic_enabled => basic(settings, credentials.trim()),
        _ => Err(Denied::failed()),
    }
}

fn basic(settings: &Settings, credentials: &str) -> Result<String, Denied> {
    let text = STANDARD
        .decode(credentials)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let (login, password) = text
        .as_deref()
        .and_then(|text| text.split_once(':'))
        .ok_or_else(Denied::failed)?;
    let known = settings
        .basic_users
        .iter()
        .any(|user| user.login == login && user.password == password);
    if known {
        Ok(login.to_owned())
    } else {
        Err(Denied::failed())
    }
}

fn bearer(settings: &Settings, token: &str, now: Timestamp) -> Result<String, Denied> {
    let unreadable = || Denied::token(UNREADABLE);
    let (signed, signature) = token.rsplit_once('.').ok_or_else(unreadable)?;
    let (header, claims) = signed.split_once('.').ok_or_else(unreadable)?;
    let header = part(header).ok_or_else(unreadable)?;
    let claims = part(claims).ok_or_else(unreadable)?;
    let issuer = claims.get("iss").and_then(Json::as_str);
    let application = settings
        .connected_applications
        .iter()
        .find(|application| application.active && Some(application.client_id.as_str()) == issuer)
        .ok_or_else(|| Denied::token(ISSUER))?;
    if header.get("alg").and_then(Json::as_str) != Some("HS256")
        || !signature_holds(application.secret.as_bytes(), signed, signature)
    {
        return Err(Denied::token(SIGNATURE_OR_EXPIRY));
    }
    check_times(application, &claims, now)?;
    match claims.get("sub").and_then(Json::as_str) {
        Some(user) if user != application.allowed_user => return Err(Denied::token(SUBJECT)),
        _ => {}
    }
    if claims.get("aud").and_then(Json::as_str) != Some(application.audience.as_str()) {
        return Err(Denied::token(AUDIENCE));
    }
    Ok(application.allowed_user.clone())
}

fn part(text: &str) -> Option<Json> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    parse_strict(&String::from_utf8(bytes).ok()?).ok()
}

/// The key is the secret's own bytes.
fn signature_holds(secret: &[u8], signed: &str, signature: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(signature)
        .is_ok_and(|given| sign(secret, signed).ct_eq(&given).into())
}

/// HMAC-SHA256 of a text.
pub(crate) fn sign(secret: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
        return Vec::new();
    };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The claims of a token signed with a secret.
pub(crate) fn claims_of(token: &str, secret: &[u8]) -> Option<Json> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (_, claims) = signed.split_once('.')?;
    signature_holds(secret, signed, signature)
        .then(|| part(claims))
        .flatten()
}

fn check_times(
    application: &ConnectedApplication,
    claims: &Json,
    now: Timestamp,
) -> Result<(), Denied> {
    let seconds = |name: &str| match claims.get(name) {
        Some(Json::Number(text)) => text.parse::<i64>().ok(),
        _ => None,
    };
    let issued = seconds("iat").ok_or_else(|| Denied::token(UNREADABLE))?;
    let expires = seconds("exp").ok_or_else(|| Denied::token(SIGNATURE_OR_EXPIRY))?;
    if issued > now.as_second() {
        return Err(Denied::token(EARLY));
    }
    let longest = i64::try_from(application.tokens_validity.as_secs()).unwrap_or(i64::MAX);
    if expires <= now.as_second() || expires.saturating_sub(issued) > longest {
        return Err(Denied::token(SIGNATURE_OR_EXPIRY));
    }
    Ok(())
}

/// The five-character X3 user code a login is mapped to.
pub(crate) fn user_code(login: &str) -> String {
    login.chars().take(5).collect::<String>().to_uppercase()
}

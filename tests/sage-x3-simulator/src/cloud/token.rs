//! The gateway's tokens: JWTs that it signs and reads itself (reference: 2.2, token content).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

use crate::auth::{claims_of, sign};
use crate::json::Json;
use crate::settings::CloudGateway;

use super::pairing::Grant;

/// Who may do what, read from an access token.
pub(super) struct Access {
    pub(super) user: String,
    pub(super) folders: Vec<String>,
    pub(super) scopes: String,
}

/// What signs the tokens; whoever knows the application's secret does not know it.
fn key(gateway: &CloudGateway) -> String {
    format!("gateway of {}", gateway.region)
}

fn issuer(gateway: &CloudGateway) -> String {
    format!("api.{}-sagex3.com", gateway.region)
}

fn claims(
    gateway: &CloudGateway,
    grant: &Grant,
    now: Timestamp,
    seconds: u64,
) -> Vec<(String, Json)> {
    let issued = now.as_second();
    let expires = issued.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX));
    [
        ("iss", Json::text(issuer(gateway))),
        ("aud", Json::text(issuer(gateway))),
        ("iat", Json::int(issued)),
        ("exp", Json::int(expires)),
        ("region", Json::text(&gateway.region)),
        ("sub", Json::text("5f0c2b6e-8d0e-4b8a-9a53-0c1b8f3f6a11")),
        ("azp", Json::text(&gateway.client_id)),
        ("scopes", Json::text(&grant.scopes)),
        ("user", Json::text(&grant.user)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn signed(gateway: &CloudGateway, claims: Vec<(String, Json)>) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = URL_SAFE_NO_PAD.encode(Json::Object(claims).print());
    let text = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(sign(key(gateway).as_bytes(), &text));
    format!("{text}.{signature}")
}

/// The body of a token answer; its member names are assumed to be OAuth's (open question 1).
pub(super) fn answer(gateway: &CloudGateway, grant: &Grant, now: Timestamp) -> Json {
    let access = claims(gateway, grant, now, gateway.access_seconds);
    let mut refresh = claims(gateway, grant, now, gateway.refresh_seconds);
    refresh.push(("jti".to_owned(), Json::text(&grant.jti)));
    Json::object([
        ("access_token", Json::text(signed(gateway, access))),
        ("refresh_token", Json::text(signed(gateway, refresh))),
        ("scope", Json::text(&grant.scopes)),
        (
            "expires_in",
            Json::int(i64::try_from(gateway.access_seconds).unwrap_or(i64::MAX)),
        ),
        ("token_type", Json::text("Bearer")),
    ])
}

/// The claims of a token of this gateway that has not expired.
fn good(gateway: &CloudGateway, token: &str, now: Timestamp) -> Option<Json> {
    let claims = claims_of(token, key(gateway).as_bytes())?;
    let issued_here = claims.get("iss").and_then(Json::as_str) == Some(issuer(gateway).as_str());
    let Some(Json::Number(expires)) = claims.get("exp") else {
        return None;
    };
    let expires: i64 = expires.parse().ok()?;
    (issued_here && now.as_second() < expires).then_some(claims)
}

/// The identity of a good refresh token.
pub(super) fn refresh_id(gateway: &CloudGateway, token: &str, now: Timestamp) -> Option<String> {
    let claims = good(gateway, token, now)?;
    claims.get("jti").and_then(Json::as_str).map(str::to_owned)
}

/// What a good access token allows.
pub(super) fn access(gateway: &CloudGateway, token: &str, now: Timestamp) -> Option<Access> {
    let claims = good(gateway, token, now)?;
    if claims.get("jti").is_some() {
        return None;
    }
    let scopes = claims.get("scopes").and_then(Json::as_str)?.to_owned();
    let folders = scopes
        .split(' ')
        .filter_map(|scope| scope.strip_prefix("folder."))
        .map(str::to_owned)
        .collect();
    Some(Access {
        user: claims.get("user").and_then(Json::as_str)?.to_owned(),
        folders,
        scopes,
    })
}

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use client_core::{
    MemoryTokenStore, TokenKey, TokenStore as _, TransportErrorKind,
    testing::{ManualClock, RecordingSleep, ScriptedTransport},
};
use futures::executor::block_on;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::*;
use crate::{ErrorKind, SiteConfig, X3Client};

const ROOT: &str = "https://api.eu-prod-sagex3.com/v1";
const NOW: &str = "2026-11-20T10:00:00Z";
const DAYS: u64 = 24 * 3600;

struct World {
    clock: ManualClock,
    store: MemoryTokenStore,
}

impl World {
    fn new() -> Self {
        Self {
            clock: ManualClock::new(NOW.parse().unwrap()),
            store: MemoryTokenStore::new(),
        }
    }

    fn gateway(&self, transport: &ScriptedTransport) -> CloudGateway {
        CloudGateway::builder(ROOT, CloudApp::new("app-1", "canary-secret"))
            .token_store(Arc::new(self.store.clone()))
            .transport(Arc::new(transport.clone()))
            .clock(Arc::new(self.clock.clone()))
            .sleep(Arc::new(RecordingSleep::new(self.clock.clone())))
            .build()
            .unwrap()
    }

    fn paired(&self) {
        let transport = ScriptedTransport::new()
            .answer(200, "{}")
            .answer(200, tokens("A1", "R1"));
        let request = PairingRequest::restore("https://sync.example/cb", "state-1");
        let callback = PairingCallback::parse(b"authorizationCode=C1&state=state-1").unwrap();
        block_on(self.gateway(&transport).complete(&request, &callback)).unwrap();
    }

    fn client(&self, gateway: CloudGateway, transport: &ScriptedTransport) -> X3Client {
        let folder = CloudFolder {
            name: "SEED".into(),
            data_service: format!("{ROOT}/service/X3CLOUDV2_SEED/api"),
        };
        X3Client::builder(SiteConfig::cloud(&folder))
            .credential(gateway)
            .transport(Arc::new(transport.clone()))
            .clock(Arc::new(self.clock.clone()))
            .sleep(Arc::new(RecordingSleep::new(self.clock.clone())))
            .build()
            .unwrap()
    }

    fn stored(&self) -> client_core::StoredToken {
        block_on(self.store.load(&TokenKey::new("x3-cloud/app-1")))
            .unwrap()
            .unwrap()
            .0
    }
}

/// A token as the gateway makes them: a JWT whose clock is its own.
fn jwt(name: &str, life: u64) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let iat = 1_000_000;
    format!(
        "{}.{}.{name}",
        part(json!({"alg":"RS256"})),
        part(json!({"iat":iat,"exp":iat + life,"region":"eu-prod"}))
    )
}

fn tokens(access: &str, refresh: &str) -> String {
    json!({"access_token":jwt(access, 300),"refresh_token":jwt(refresh, 30 * DAYS),"scope":"api.graphQL"}).to_string()
}

fn body(request: &client_core::Request) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

fn bearer(request: &client_core::Request) -> String {
    let header = request.headers()["authorization"].to_str().unwrap();
    header.rsplit('.').next().unwrap().to_owned()
}

#[test]
fn the_user_is_sent_to_the_gateways_own_address_with_everything_it_asks_for() {
    let world = World::new();
    let root = json!({"customerAccess":{"authorise":format!("{ROOT}/token/authorise"),"token":format!("{ROOT}/token")}});
    let transport = ScriptedTransport::new()
        .answer(200, root.to_string())
        .answer(200, "{}");
    let gateway = world.gateway(&transport);
    let ask = || {
        block_on(gateway.request_pairing(
            "https://acme.sagex3.com",
            "https://sync.example/cb?x=1",
            &[PairingScope::Graphql, PairingScope::DataDelivery],
        ))
        .unwrap()
    };
    let (request, another) = (ask(), ask());
    let url = url::Url::parse(request.url()).unwrap();
    assert_eq!(url.path(), "/v1/token/authorise");
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    assert_eq!(
        pairs[..4],
        [
            ("client_id", "app-1"),
            ("scope", "api.graphQL businessDomain.ALL api.dataDelivery"),
            ("customer", "https://acme.sagex3.com"),
            ("redirect_uri", "https://sync.example/cb?x=1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    let state = request.state().expose_secret();
    assert_eq!(pairs[4], ("state".to_owned(), state.to_owned()));
    assert!(state.len() >= 22 && state != another.state().expose_secret());
    assert!(
        !transport.requests()[0]
            .headers()
            .contains_key("authorization")
    );
}

#[test]
fn a_pairing_is_completed_by_a_json_call_and_stored_before_use() {
    let world = World::new();
    let transport = ScriptedTransport::new()
        .answer(200, "{}")
        .answer(200, tokens("A1", "R1"));
    let gateway = world.gateway(&transport);
    assert_eq!(block_on(gateway.pairing()).unwrap(), Pairing::Missing);
    let request = PairingRequest::restore("https://sync.example/cb", "state-1");
    let callback =
        PairingCallback::parse(br#"{"authorizationCode":"C1","state":"state-1"}"#).unwrap();
    block_on(gateway.complete(&request, &callback)).unwrap();

    let call = &transport.requests()[1];
    assert_eq!(call.uri().to_string(), format!("{ROOT}/token"));
    assert_eq!(call.headers()["content-type"], "application/json");
    assert_eq!(
        body(call),
        json!({"grant_type":"authorization_code","code":"C1","client_id":"app-1","client_secret":"canary-secret",
            "redirect_uri":"https://sync.example/cb"})
    );
    let now: jiff::Timestamp = NOW.parse().unwrap();
    let until = now + Duration::from_secs(30 * DAYS);
    assert_eq!(
        world.stored().refresh_expires_at,
        Some(until),
        "by the token's own life, not its clock"
    );
    assert_eq!(
        block_on(gateway.pairing()).unwrap(),
        Pairing::Good { until: Some(until) }
    );
    assert!(!format!("{gateway:?} {request:?} {callback:?}").contains("canary"));
}

#[test]
fn a_callback_of_another_pairing_sends_nothing() {
    let world = World::new();
    let transport = ScriptedTransport::new();
    let gateway = world.gateway(&transport);
    let callback = PairingCallback::parse(b"authorizationCode=C1&state=forged").unwrap();
    for state in ["state-1", ""] {
        let request = PairingRequest::restore("https://sync.example/cb", state);
        let error = block_on(gateway.complete(&request, &callback)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
    for missing in [
        "",
        "state=s",
        "authorizationCode=c",
        "authorizationCode=a&authorizationCode=b&state=s",
        "{}",
    ] {
        assert!(
            PairingCallback::parse(missing.as_bytes()).is_err(),
            "{missing}"
        );
    }
    assert!(transport.requests().is_empty());
}

#[test]
fn a_callback_that_names_a_strange_host_sends_nothing_there() {
    let world = World::new();
    let transport = ScriptedTransport::new();
    let request = PairingRequest::restore("https://sync.example/cb", "s");
    let callback = PairingCallback::parse(
        b"authorizationCode=C1&state=s&endpoint=https%3A%2F%2Fevil.example%2Fv1",
    )
    .unwrap();
    let error = block_on(world.gateway(&transport).complete(&request, &callback)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().contains("evil.example"), "{error}");
    assert!(transport.requests().is_empty());
    let root = CloudGateway::builder("https://evil.example/v1", CloudApp::new("a", "s")).build();
    assert!(root.unwrap_err().to_string().contains("evil.example"));
}

#[test]
fn a_customer_of_another_region_is_followed_there_for_good() {
    let world = World::new();
    let us = "https://api.us-prod-sagex3.com/v1";
    let transport = ScriptedTransport::new()
        .answer(200, "{}")
        .answer(200, tokens("A1", "R1"))
        .answer(200, "{}")
        .answer(
            200,
            json!({"folders":[
                {"name":"SEED","$urls":{"dataService":format!("{us}/service/X3CLOUDV2_SEED/api")}},
                {"name":"OLD","$urls":{}}]})
            .to_string(),
        )
        .answer(200, "{}")
        .answer(
            200,
            json!({"folders":[{"name":"X","$urls":{"dataService":"https://evil.example/api"}}]})
                .to_string(),
        );
    let gateway = world.gateway(&transport);
    let request = PairingRequest::restore("https://sync.example/cb", "s");
    let callback = format!(
        "authorizationCode=C1&state=s&endpoint={}",
        "https%3A%2F%2Fapi.us-prod-sagex3.com"
    );
    let callback = PairingCallback::parse(callback.as_bytes()).unwrap();
    block_on(gateway.complete(&request, &callback)).unwrap();
    let folders = block_on(gateway.folders()).unwrap();
    assert_eq!(folders.len(), 1);
    assert_eq!(
        folders[0].data_service,
        format!("{us}/service/X3CLOUDV2_SEED/api")
    );
    let asked: Vec<String> = transport
        .requests()
        .iter()
        .map(|request| request.uri().to_string())
        .collect();
    assert_eq!(
        asked,
        [
            us.to_owned(),
            format!("{us}/token"),
            us.to_owned(),
            format!("{us}/folders")
        ]
    );
    assert_eq!(bearer(&transport.requests()[3]), "A1");
    let error = block_on(gateway.folders()).unwrap_err();
    assert!(
        error.to_string().contains("evil.example"),
        "tokens would go there: {error}"
    );
}

#[test]
fn a_token_is_renewed_before_its_end_and_the_new_pair_is_stored_first() {
    let world = World::new();
    world.paired();
    let tokens_of = ScriptedTransport::new()
        .answer(200, tokens("A2", "R2"))
        .answer(200, tokens("A3", "R3"));
    let data = r#"{"data":{}}"#;
    let service = ScriptedTransport::new()
        .answer(200, data)
        .answer(200, data)
        .answer(401, r#"{"message":"Unauthorised"}"#)
        .answer(200, data);
    let client = world.client(world.gateway(&tokens_of), &service);
    block_on(client.execute("{ a }", &())).unwrap();
    world.clock.advance(Duration::from_secs(4 * 60 + 30));
    block_on(client.execute("{ a }", &())).unwrap();
    assert_eq!(
        world.stored().refresh_token.unwrap().expose_secret(),
        jwt("R2", 30 * DAYS)
    );
    block_on(client.execute("{ a }", &())).unwrap();

    let used: Vec<String> = service.requests().iter().map(bearer).collect();
    assert_eq!(used, ["A1", "A2", "A2", "A3"]);
    let presented: Vec<Value> = tokens_of
        .requests()
        .iter()
        .map(|request| body(request)["refresh_token"].clone())
        .collect();
    assert_eq!(
        presented,
        [json!(jwt("R1", 30 * DAYS)), json!(jwt("R2", 30 * DAYS))]
    );
    assert_eq!(
        body(&tokens_of.requests()[0])["grant_type"],
        "refresh_token"
    );
    let first = &service.requests()[0];
    assert_eq!(
        first.uri().to_string(),
        format!("{ROOT}/service/X3CLOUDV2_SEED/api")
    );
    assert!(
        !first.headers().contains_key("x-xtrem-endpoint"),
        "the cloud has it in the address"
    );
}

#[test]
fn a_pairing_is_announced_to_end_before_it_ends() {
    let world = World::new();
    world.paired();
    let transport = ScriptedTransport::new().answer(200, "{}");
    let gateway = world.gateway(&transport);
    let until = NOW.parse::<jiff::Timestamp>().unwrap() + Duration::from_secs(30 * DAYS);
    world.clock.advance(Duration::from_secs(22 * DAYS));
    assert_eq!(
        block_on(gateway.pairing()).unwrap(),
        Pairing::Good { until: Some(until) }
    );
    world.clock.advance(Duration::from_secs(2 * DAYS));
    assert_eq!(
        block_on(gateway.pairing()).unwrap(),
        Pairing::EndsSoon { until }
    );
    world.clock.advance(Duration::from_secs(7 * DAYS));
    assert_eq!(
        block_on(gateway.pairing()).unwrap(),
        Pairing::Ended { since: until }
    );
    let error = block_on(gateway.folders()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().contains("has ended"), "{error}");
    assert_eq!(
        transport.requests().len(),
        1,
        "a dead refresh token is not presented"
    );
}

#[test]
fn the_token_endpoint_fails_in_ways_that_say_what_to_do() {
    for (status, answer, kind, expected, attempts) in [
        (
            400,
            r#"{"message":"Invalid grant type"}"#,
            ErrorKind::Unauthorized,
            "pair again",
            1,
        ),
        (
            401,
            r#"{"message":"Unauthorised"}"#,
            ErrorKind::Unauthorized,
            "pair again",
            1,
        ),
        (
            403,
            r#"{"message":"The request has expired."}"#,
            ErrorKind::Unauthorized,
            "expired",
            1,
        ),
        (
            403,
            r#"{"message":"The pairing request has not been accepted."}"#,
            ErrorKind::Unavailable,
            "Wait for the user",
            1,
        ),
        (404, "", ErrorKind::Unauthorized, "pair again", 1),
        (429, "", ErrorKind::Unavailable, "429", 1),
        (
            500,
            r#"{"$severity":"error","$message":"Internal","$source":"Gateway"}"#,
            ErrorKind::Unavailable,
            "Internal",
            3,
        ),
        (
            502,
            "<html>Bad gateway</html>",
            ErrorKind::Unavailable,
            "Bad gateway",
            3,
        ),
        (200, "<html>", ErrorKind::Unavailable, "not understood", 1),
        (200, "{}", ErrorKind::Unavailable, "no access token", 1),
    ] {
        let world = World::new();
        world.paired();
        world.clock.advance(Duration::from_secs(600));
        let mut transport = ScriptedTransport::new();
        for _ in 0..attempts {
            transport = transport.answer(status, answer);
        }
        let service = ScriptedTransport::new();
        let client = world.client(world.gateway(&transport), &service);
        let error = block_on(client.execute("{ a }", &())).unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {error}");
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            text.push_str(&inner.to_string());
            cause = inner.source();
        }
        assert!(text.contains(expected), "{status} {text}");
        assert!(!text.contains("canary") && !text.contains("R1"), "{text}");
        assert_eq!(transport.requests().len(), attempts, "{status}");
        assert!(
            service.requests().is_empty(),
            "nothing is asked without a token"
        );
        assert_eq!(
            world.stored().refresh_token.unwrap().expose_secret(),
            jwt("R1", 30 * DAYS)
        );
    }
}

#[test]
fn a_refresh_whose_answer_is_lost_is_tried_again_and_a_code_is_not() {
    let world = World::new();
    world.paired();
    world.clock.advance(Duration::from_secs(600));
    let transport = ScriptedTransport::new()
        .failure(TransportErrorKind::Interrupted)
        .answer(200, r#"{"accessToken":"plain","expiresIn":"300"}"#);
    let service = ScriptedTransport::new().answer(200, r#"{"data":{}}"#);
    let client = world.client(world.gateway(&transport), &service);
    block_on(client.execute("{ a }", &())).unwrap();
    let stored = world.stored();
    assert_eq!(
        stored.refresh_token.unwrap().expose_secret(),
        jwt("R1", 30 * DAYS),
        "no new one: the old one is kept"
    );
    assert!(stored.attributes.contains_key("token_url"));

    let transport = ScriptedTransport::new()
        .answer(200, "{}")
        .failure(TransportErrorKind::Timeout)
        .answer(200, tokens("A1", "R1"));
    let request = PairingRequest::restore("https://sync.example/cb", SecretString::from("s"));
    let callback = PairingCallback::parse(b"authorizationCode=C1&state=s").unwrap();
    assert!(block_on(world.gateway(&transport).complete(&request, &callback)).is_err());
    assert_eq!(transport.requests().len(), 2);
}

#[test]
fn a_token_never_leaves_for_a_host_that_is_not_trusted() {
    let world = World::new();
    world.paired();
    let service = ScriptedTransport::new();
    let folder = CloudFolder {
        name: "SEED".into(),
        data_service: "https://evil.example/v1/service/X/api".into(),
    };
    let client = X3Client::builder(SiteConfig::cloud(&folder))
        .credential(world.gateway(&ScriptedTransport::new()))
        .transport(Arc::new(service.clone()))
        .build()
        .unwrap();
    assert!(block_on(client.execute("{ a }", &())).is_err());
    assert!(service.requests().is_empty());
    let api1 = client.api1().records::<crate::api1::records::Customer>();
    let error = block_on(api1.query(&crate::api1::Api1Query::new(), None)).unwrap_err();
    assert!(error.to_string().contains("no api1"), "{error}");
}

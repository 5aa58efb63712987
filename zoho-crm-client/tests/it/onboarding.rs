use std::{collections::BTreeMap, sync::Arc, time::Duration};

use client_core::{
    AuthError, HttpTransport, MemoryTokenStore, ReqwestTransport, StoredToken, TokenKey,
    TokenStore, testing::ManualClock,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_string, method, path},
};
use zoho_crm_client::{
    ClientCredentials, Consent, DataCenter, Error, ErrorKind, ZohoClient, ZohoClientBuilder,
};
use zoho_crm_simulator::{Clock, ZohoSimulator};

use crate::support::{
    ACCESS, REFRESH, SECRET, clock, credentials, requests_to, serve_token, token,
};

const TOKEN: &str = "/oauth/v2/token";
const REVOKE: &str = "/oauth/v2/token/revoke";
const CALLBACK: &str = "https://sync.example/zoho/callback";

struct World {
    simulator: ZohoSimulator,
    store: MemoryTokenStore,
    clock: ManualClock,
}

impl World {
    async fn start() -> Self {
        let clock = clock();
        let shared = clock.clone();
        let simulator = ZohoSimulator::builder()
            .clock(Clock::from_source(move || client_core::Clock::now(&shared)))
            .start()
            .await
            .unwrap();
        Self {
            simulator,
            store: MemoryTokenStore::new(),
            clock,
        }
    }

    /// No refresh token: it must come from the store.
    fn builder(&self) -> ZohoClientBuilder {
        let credentials = self.simulator.credentials();
        ZohoClient::builder(
            DataCenter::custom(self.simulator.base_url()).unwrap(),
            ClientCredentials::new(credentials.client_id, credentials.client_secret),
        )
        .clock(Arc::new(self.clock.clone()))
        .token_store(Arc::new(self.store.clone()))
        .token_key(TokenKey::new("acme"))
    }
}

fn parameters(url: &str) -> BTreeMap<String, String> {
    url::Url::parse(url)
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect()
}

/// Where the consent page sends the user.
async fn follow(url: &str) -> String {
    let request = http::Request::get(url).body(bytes::Bytes::new()).unwrap();
    let answer = ReqwestTransport::new()
        .unwrap()
        .send(request)
        .await
        .unwrap();
    assert_eq!(answer.status(), 302);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

fn redirect(state: &SecretString, server: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("code", "1000.code")
        .append_pair("state", state.expose_secret())
        .append_pair("location", "eu")
        .append_pair("accounts-server", server)
        .finish();
    format!("{CALLBACK}?{query}")
}

fn at(server: &MockServer, store: &MemoryTokenStore) -> ZohoClientBuilder {
    ZohoClient::builder(DataCenter::custom(&server.uri()).unwrap(), credentials())
        .token_store(Arc::new(store.clone()))
        .token_key(TokenKey::new("acme"))
}

#[tokio::test]
async fn consent_asks_for_all_that_zoho_wants_and_starts_at_the_data_centre() {
    let store = MemoryTokenStore::new();
    let onboarding = ZohoClient::builder(DataCenter::Eu, credentials())
        .token_store(Arc::new(store))
        .onboarding()
        .unwrap();
    let scopes = ["ZohoCRM.modules.ALL", "ZohoCRM.org.READ"];
    let consent = onboarding.authorize(scopes, CALLBACK).unwrap();
    assert!(
        consent
            .url()
            .starts_with("https://accounts.zoho.eu/oauth/v2/auth?")
    );
    let asked = parameters(consent.url());
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "1000.CLIENT"),
        ("scope", "ZohoCRM.modules.ALL,ZohoCRM.org.READ"),
        ("redirect_uri", CALLBACK),
        ("access_type", "offline"),
        ("prompt", "consent"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(asked[name], value, "{name}");
    }
    assert_eq!(asked["state"], consent.state().expose_secret());
    assert_ne!(asked["code_challenge"], consent.verifier().expose_secret());
    let other = onboarding.authorize(scopes, CALLBACK).unwrap();
    assert_ne!(
        other.state().expose_secret(),
        consent.state().expose_secret()
    );
    assert!(!format!("{consent:?}{onboarding:?}").contains(consent.state().expose_secret()));
}

#[tokio::test]
async fn from_consent_to_first_call_and_back_to_nothing() {
    let world = World::start().await;
    let onboarding = world.builder().onboarding().unwrap();
    let scopes = ["ZohoCRM.org.READ", "ZohoCRM.modules.ALL"];
    let consent = onboarding.authorize(scopes, CALLBACK).unwrap();
    let redirected_to = follow(consent.url()).await;
    // Another process answers the redirect.
    let consent = Consent::resume(
        CALLBACK,
        consent.state().clone(),
        consent.verifier().clone(),
    )
    .unwrap();
    let connection = onboarding.complete(&consent, &redirected_to).await.unwrap();
    assert_eq!(connection.accounts_server, world.simulator.base_url());
    assert_eq!(connection.api_domain, world.simulator.base_url());

    let client = world.builder().build().unwrap();
    client.org().await.unwrap();
    assert_eq!(client.usage().token_requests, 0);
    world.clock.advance(Duration::from_secs(7_200));
    client.org().await.unwrap();
    assert_eq!(client.usage().token_requests, 1);

    onboarding.revoke().await.unwrap();
    onboarding.revoke().await.unwrap();
    assert!(
        world
            .store
            .load(&TokenKey::new("acme"))
            .await
            .unwrap()
            .is_none()
    );
    let error = world.builder().build().unwrap().org().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
}

#[tokio::test]
async fn a_code_is_of_no_use_without_the_verifier() {
    let world = World::start().await;
    let onboarding = world.builder().onboarding().unwrap();
    let consent = onboarding
        .authorize(["ZohoCRM.org.READ"], CALLBACK)
        .unwrap();
    let redirected_to = follow(consent.url()).await;
    let stolen = Consent::resume(
        CALLBACK,
        consent.state().clone(),
        SecretString::from("another-verifier-of-sufficient-length-000000"),
    );
    let error = onboarding
        .complete(&stolen.unwrap(), &redirected_to)
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        Error::Auth {
            source: AuthError::Rejected { .. },
            ..
        }
    ));
    assert!(
        world
            .store
            .load(&TokenKey::new("acme"))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_self_clients_code_needs_no_redirect() {
    let world = World::start().await;
    let onboarding = world.builder().onboarding().unwrap();
    onboarding
        .self_client(world.simulator.grant_code(&[]))
        .await
        .unwrap();
    world.builder().build().unwrap().org().await.unwrap();
    let error = onboarding.self_client("1000.used").await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("ask for consent again"), "{source}");
    // The connection that works is kept.
    world.builder().build().unwrap().org().await.unwrap();
}

#[tokio::test]
async fn a_client_without_a_user_asks_anew_when_its_token_ends() {
    let world = World::start().await;
    let zgid = world.simulator.settings().org.zgid;
    let client = world
        .builder()
        .client_credentials(zgid, ["ZohoCRM.org.READ"])
        .build()
        .unwrap();
    let calls = (0..20).map(|_| client.org());
    for result in futures::future::join_all(calls).await {
        result.unwrap();
    }
    assert_eq!(client.usage().token_requests, 1);
    world.clock.advance(Duration::from_secs(7_200));
    client.org().await.unwrap();
    assert_eq!(client.usage().token_requests, 2);
    let (stored, _) = world
        .store
        .load(&TokenKey::new("acme"))
        .await
        .unwrap()
        .unwrap();
    assert!(stored.refresh_token.is_none());
}

#[tokio::test]
async fn client_credentials_send_the_form_that_zoho_documents() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(TOKEN))
        .and(body_string(format!(
            "grant_type=client_credentials&scope=ZohoCRM.org.READ%2CZohoCRM.modules.ALL&client_id=1000.CLIENT&client_secret={SECRET}&soid=ZohoCRM.10234695"
        )))
        .respond_with(ResponseTemplate::new(200).set_body_json(token(&server.uri())))
        .expect(1)
        .mount(&server)
        .await;
    let scopes = ["ZohoCRM.org.READ", "ZohoCRM.modules.ALL"];
    let client = at(&server, &MemoryTokenStore::new())
        .client_credentials("10234695", scopes)
        .build()
        .unwrap();
    // Only the token matters: nothing answers the call itself.
    client.org().await.unwrap_err();
    let broken = at(&server, &MemoryTokenStore::new()).client_credentials("1 or 2", scopes);
    assert_eq!(broken.build().unwrap_err().kind(), ErrorKind::Configuration);
}

#[tokio::test]
async fn a_code_goes_once_to_the_server_of_the_redirect_and_so_does_every_refresh() {
    let start = MockServer::start().await;
    let home = MockServer::start().await;
    let store = MemoryTokenStore::new();
    let mut granted = token(&home.uri());
    granted["refresh_token"] = json!(REFRESH);
    granted["expires_in"] = json!(1);
    Mock::given(path(TOKEN))
        .respond_with(ResponseTemplate::new(200).set_body_json(granted))
        .up_to_n_times(1)
        .mount(&home)
        .await;
    serve_token(&home).await;
    let builder = || at(&start, &store).allow_host(home.address().to_string());
    let onboarding = builder().onboarding().unwrap();
    let consent = onboarding
        .authorize(["ZohoCRM.org.READ"], CALLBACK)
        .unwrap();
    let redirected_to = redirect(consent.state(), &home.uri());
    onboarding.complete(&consent, &redirected_to).await.unwrap();
    let sent = requests_to(&home, TOKEN).await;
    let form = String::from_utf8(sent[0].body.clone()).unwrap();
    for part in [
        "grant_type=authorization_code",
        "code=1000.code",
        "code_verifier=",
        "redirect_uri=https%3A%2F%2Fsync.example%2Fzoho%2Fcallback",
    ] {
        assert!(form.contains(part), "{part} in {form}");
    }

    builder().build().unwrap().org().await.unwrap_err();
    let (stored, _) = store.load(&TokenKey::new("acme")).await.unwrap().unwrap();
    assert_eq!(stored.attributes["accounts_server"], home.uri());
    assert_eq!(requests_to(&home, TOKEN).await.len(), 2);
    assert!(start.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn no_secret_goes_to_a_server_that_only_the_redirect_or_the_store_names() {
    let server = MockServer::start().await;
    let stranger = MockServer::start().await;
    serve_token(&stranger).await;
    let store = MemoryTokenStore::new();
    let onboarding = at(&server, &store).onboarding().unwrap();
    let consent = onboarding
        .authorize(["ZohoCRM.org.READ"], CALLBACK)
        .unwrap();
    let redirected_to = redirect(consent.state(), &stranger.uri());
    let error = onboarding
        .complete(&consent, &redirected_to)
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        Error::Auth {
            source: AuthError::UntrustedHost { .. },
            ..
        }
    ));

    let planted = StoredToken {
        refresh_token: Some(REFRESH.into()),
        attributes: [("accounts_server".to_owned(), stranger.uri())].into(),
        ..StoredToken::default()
    };
    store
        .compare_and_swap(&TokenKey::new("acme"), None, &planted)
        .await
        .unwrap();
    let error = at(&server, &store)
        .build()
        .unwrap()
        .org()
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        Error::Auth {
            source: AuthError::UntrustedHost { .. },
            ..
        }
    ));
    onboarding.revoke().await.unwrap_err();
    for server in [server, stranger] {
        assert!(server.received_requests().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_redirect_of_another_session_sends_nothing() {
    let server = MockServer::start().await;
    let onboarding = at(&server, &MemoryTokenStore::new()).onboarding().unwrap();
    let consent = onboarding
        .authorize(["ZohoCRM.org.READ"], CALLBACK)
        .unwrap();
    let other = onboarding
        .authorize(["ZohoCRM.org.READ"], CALLBACK)
        .unwrap();
    let redirected_to = redirect(other.state(), &server.uri());
    let error = onboarding
        .complete(&consent, &redirected_to)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_code_is_not_sent_twice_and_an_answer_without_refresh_token_is_no_connection() {
    for (answer, retryable) in [(ResponseTemplate::new(502), true), (ResponseTemplate::new(200).set_body_json(json!({"access_token": ACCESS, "api_domain": "https://www.zohoapis.eu", "expires_in": 3600})), false)] {
        let server = MockServer::start().await;
        Mock::given(path(TOKEN)).respond_with(answer).mount(&server).await;
        let store = MemoryTokenStore::new();
        let onboarding = at(&server, &store).onboarding().unwrap();
        let error = onboarding.self_client("1000.code").await.unwrap_err();
        assert_eq!(error.is_retryable(), retryable);
        assert_eq!(requests_to(&server, TOKEN).await.len(), 1);
        assert!(store.load(&TokenKey::new("acme")).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_token_that_could_not_be_revoked_stays_stored() {
    let server = MockServer::start().await;
    let store = MemoryTokenStore::new();
    let kept = StoredToken {
        refresh_token: Some(REFRESH.into()),
        ..StoredToken::default()
    };
    let key = TokenKey::new("acme");
    store.compare_and_swap(&key, None, &kept).await.unwrap();
    Mock::given(method("POST"))
        .and(path(REVOKE))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"error": "general_error"})))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path(REVOKE))
        .and(body_string(format!("token={REFRESH}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"status": "success"})))
        .expect(1)
        .mount(&server)
        .await;
    let onboarding = at(&server, &store).onboarding().unwrap();
    assert!(onboarding.revoke().await.unwrap_err().is_retryable());
    assert!(store.load(&key).await.unwrap().is_some());
    onboarding.revoke().await.unwrap();
    assert!(store.load(&key).await.unwrap().is_none());
}

#[test]
fn an_onboarding_without_a_store_would_lose_the_token() {
    let error = ZohoClient::builder(DataCenter::Eu, credentials())
        .onboarding()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

//! The accounts server.

use serde_json::{Value, json};
use zoho_crm_simulator::{Clock, ZohoSimulator};

use crate::support::{START, World, reply};

async fn token_request(world: &World, form: &[(&str, &str)]) -> (u16, Value) {
    let answer = reply(world.http.post(world.url("/oauth/v2/token")).form(form)).await;
    (answer.status, answer.json())
}

const REFRESH: [(&str, &str); 4] = [
    ("grant_type", "refresh_token"),
    ("client_id", "1000.CLIENT"),
    ("client_secret", "secret"),
    ("refresh_token", "1000.refresh"),
];

#[tokio::test]
async fn a_refresh_answers_with_the_simulators_own_address_as_api_domain() {
    let world = World::new().await;
    let (status, body) = token_request(&world, &REFRESH).await;
    assert_eq!(status, 200);
    assert_eq!(body["api_domain"], world.simulator.base_url());
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3600);
    assert!(body["access_token"].as_str().unwrap().starts_with("1000."));
    assert!(
        body.get("refresh_token").is_none(),
        "a refresh does not hand out a refresh token"
    );
}

#[tokio::test]
async fn the_token_request_may_come_as_multipart_form_or_in_the_query() {
    let world = World::new().await;
    let mut form = reqwest::multipart::Form::new();
    for (name, value) in REFRESH {
        form = form.text(name, value);
    }
    let answer = reply(
        world
            .http
            .post(world.url("/oauth/v2/token"))
            .multipart(form),
    )
    .await;
    assert!(answer.json()["access_token"].is_string(), "{}", answer.text);
    let answer = reply(
        world
            .http
            .post(world.url("/oauth/v2/token"))
            .query(&REFRESH),
    )
    .await;
    assert!(answer.json()["access_token"].is_string(), "{}", answer.text);
}

#[tokio::test]
async fn failures_come_with_http_200_and_an_error_word() {
    let world = World::new().await;
    for (replaced, value, error) in [
        ("client_id", "1000.OTHER", "invalid_client"),
        ("client_secret", "wrong", "invalid_client_secret"),
        ("refresh_token", "1000.gone", "invalid_code"),
        ("grant_type", "password", "general_error"),
    ] {
        let form = REFRESH.map(|(name, old)| (name, if name == replaced { value } else { old }));
        let (status, body) = token_request(&world, &form).await;
        assert_eq!(
            (status, body),
            (200, json!({ "error": error })),
            "{replaced}"
        );
    }
}

#[tokio::test]
async fn the_eleventh_token_in_ten_minutes_is_denied_and_the_window_rolls_on() {
    // One token was minted when the world was set up.
    let world = World::new().await;
    for _ in 0..9 {
        assert!(world.mint().await["access_token"].is_string());
    }
    let (status, body) = token_request(&world, &REFRESH).await;
    assert_eq!((status, &body["error"]), (200, &json!("Access Denied")));
    world
        .simulator
        .configure(|settings| settings.tokens.throttle_status = 400);
    let (status, body) = token_request(&world, &REFRESH).await;
    assert_eq!((status, &body["error"]), (400, &json!("Access Denied")));
    assert_eq!(world.simulator.counters().tokens_minted, 10);
    assert_eq!(world.simulator.counters().tokens_throttled, 2);
    world.advance(600);
    assert!(world.mint().await["access_token"].is_string());
}

#[tokio::test]
async fn the_sixteenth_live_token_kills_the_oldest() {
    let world = World::new().await;
    assert_eq!(world.get("org").await.status, 200);
    for _ in 0..15 {
        world.simulator.forget_mints();
        world.mint().await;
    }
    let refused = world.get("org").await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (401, "INVALID_TOKEN")
    );
}

#[tokio::test]
async fn a_token_lives_an_hour_and_can_be_ended_early() {
    let mut world = World::new().await;
    world.advance(3_599);
    assert_eq!(world.get("org").await.status, 200);
    world.advance(1);
    assert_eq!(world.get("org").await.code(), "INVALID_TOKEN");
    world.token = world.mint().await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(world.get("org").await.status, 200);
    world.simulator.expire_access_tokens();
    assert_eq!(world.get("org").await.code(), "INVALID_TOKEN");
}

#[tokio::test]
async fn only_the_zoho_scheme_is_accepted() {
    let world = World::new().await;
    let url = world.url("/crm/v8/org");
    let bare = reply(world.http.get(&url)).await;
    assert_eq!(
        (bare.status, bare.code().as_str()),
        (401, "AUTHENTICATION_FAILURE")
    );
    let bearer = reply(world.http.get(&url).bearer_auth(&world.token)).await;
    assert_eq!(
        (bearer.status, bearer.code().as_str()),
        (401, "AUTHENTICATION_FAILURE")
    );
}

#[tokio::test]
async fn a_token_without_the_scope_is_refused() {
    let builder = ZohoSimulator::builder().configure(|settings| {
        settings.credentials.scopes = vec!["ZohoCRM.modules.accounts.READ".to_owned()]
    });
    let world = World::with(builder).await;
    assert_eq!(world.get("Accounts?fields=id").await.status, 204);
    assert_eq!(
        world.get("Contacts?fields=id").await.code(),
        "OAUTH_SCOPE_MISMATCH"
    );
    let write = world
        .post("Accounts", json!({"data": [{"Account_Name": "A"}]}))
        .await;
    assert_eq!(
        (write.status, write.code().as_str()),
        (401, "OAUTH_SCOPE_MISMATCH")
    );
    // Search needs a scope of its own besides the module's.
    assert_eq!(
        world.get("Accounts/search?word=abc").await.code(),
        "OAUTH_SCOPE_MISMATCH"
    );
}

#[tokio::test]
async fn revoking_the_refresh_token_ends_its_access_tokens() {
    let world = World::new().await;
    let form = [("token", "1000.refresh")];
    let answer = reply(
        world
            .http
            .post(world.url("/oauth/v2/token/revoke"))
            .form(&form),
    )
    .await;
    assert_eq!(answer.json(), json!({"status": "success"}));
    assert_eq!(world.get("org").await.code(), "INVALID_TOKEN");
    assert_eq!(world.mint().await, json!({"error": "invalid_code"}));
}

#[tokio::test]
async fn client_credentials_need_the_organisation() {
    let world = World::new().await;
    let base = [
        ("grant_type", "client_credentials"),
        ("client_id", "1000.CLIENT"),
        ("client_secret", "secret"),
    ];
    let mut form = base.to_vec();
    form.push(("scope", "ZohoCRM.modules.ALL,ZohoCRM.org.READ"));
    let (_, body) = token_request(&world, &form).await;
    assert_eq!(body, json!({"error": "missing_org_info"}));
    let soid = format!("ZohoCRM.{}", world.simulator.settings().org.zgid);
    form.push(("soid", &soid));
    let (_, body) = token_request(&world, &form).await;
    assert!(body["access_token"].is_string(), "{body}");
    assert!(body.get("refresh_token").is_none());
}

#[tokio::test]
async fn consent_redirects_with_a_code_that_works_once_and_only_with_its_verifier() {
    let simulator = ZohoSimulator::builder()
        .clock(Clock::manual(START.parse().unwrap()))
        .start()
        .await
        .unwrap();
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let redirect_uri = "https://app.example/callback";
    // The S256 example of RFC 7636, appendix B.
    let (verifier, challenge) = (
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    );
    let consent = async || {
        let query = [
            ("response_type", "code"),
            ("client_id", "1000.CLIENT"),
            ("scope", "ZohoCRM.modules.ALL,ZohoCRM.org.READ"),
            ("redirect_uri", redirect_uri),
            ("access_type", "offline"),
            ("state", "s&1"),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ];
        let response = http
            .get(format!("{}/oauth/v2/auth", simulator.base_url()))
            .query(&query)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 302);
        let location = url::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        let params: std::collections::HashMap<String, String> =
            location.query_pairs().into_owned().collect();
        assert_eq!(params["state"], "s&1");
        assert_eq!(params["location"], "eu");
        assert_eq!(params["accounts-server"], simulator.base_url());
        params["code"].clone()
    };
    let exchange = async |code: &str, verifier: &str| {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "1000.CLIENT"),
            ("client_secret", "secret"),
            ("redirect_uri", redirect_uri),
            ("code", code),
            ("code_verifier", verifier),
        ];
        reply(
            http.post(format!("{}/oauth/v2/token", simulator.base_url()))
                .form(&form),
        )
        .await
        .json()
    };
    let code = consent().await;
    let first = exchange(&code, verifier).await;
    assert!(
        first["refresh_token"].is_string() && first["access_token"].is_string(),
        "{first}"
    );
    assert_eq!(
        exchange(&code, verifier).await,
        json!({"error": "invalid_code"}),
        "a code works once"
    );
    let code = consent().await;
    assert_eq!(
        exchange(&code, "another verifier").await,
        json!({"error": "invalid_code"})
    );
    let code = consent().await;
    simulator
        .clock()
        .advance(jiff::SignedDuration::from_mins(4));
    assert_eq!(
        exchange(&code, verifier).await,
        json!({"error": "invalid_code"}),
        "a code lives three minutes"
    );
}

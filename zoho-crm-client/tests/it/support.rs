use std::{sync::Arc, time::Duration};

use client_core::{
    HttpTransport, Request, RetryPolicy,
    testing::{ManualClock, RecordingSleep, ScriptedTransport},
};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path},
};
use zoho_crm_client::{ClientCredentials, DataCenter, ZohoClient, ZohoClientBuilder};

/// Secrets that must show up nowhere but in the requests that carry them.
pub(crate) const SECRET: &str = "canary-client-secret";
pub(crate) const REFRESH: &str = "1000.canary-refresh";
pub(crate) const ACCESS: &str = "1000.canary-access";

pub(crate) fn credentials() -> ClientCredentials {
    ClientCredentials::new("1000.CLIENT", SECRET)
}

pub(crate) fn clock() -> ManualClock {
    ManualClock::new("2026-11-20T10:00:00Z".parse().unwrap())
}

/// No jitter, so that pauses can be asserted.
pub(crate) fn retry() -> RetryPolicy {
    RetryPolicy {
        max_attempts: 3,
        base_delay: Duration::from_secs(1),
        jitter: false,
        ..RetryPolicy::default()
    }
}

pub(crate) fn builder(data_center: DataCenter) -> (ZohoClientBuilder, ManualClock, RecordingSleep) {
    let clock = clock();
    let sleep = RecordingSleep::new(clock.clone());
    let builder = ZohoClient::builder(data_center, credentials())
        .refresh_token(REFRESH)
        .clock(Arc::new(clock.clone()))
        .sleep(Arc::new(sleep.clone()))
        .retry(retry());
    (builder, clock, sleep)
}

pub(crate) fn client_of(server: &MockServer) -> ZohoClient {
    let (builder, ..) = builder(DataCenter::custom(&server.uri()).unwrap());
    builder.build().unwrap()
}

/// A client over prepared answers, the first of which must be a token.
pub(crate) fn scripted(transport: &ScriptedTransport) -> (ZohoClient, RecordingSleep) {
    over(Arc::new(transport.clone()))
}

pub(crate) fn over(transport: Arc<dyn HttpTransport>) -> (ZohoClient, RecordingSleep) {
    let (builder, _, sleep) = builder(DataCenter::Eu);
    (builder.transport(transport).build().unwrap(), sleep)
}

/// Prepared answers that begin with a token.
pub(crate) fn script() -> ScriptedTransport {
    ScriptedTransport::new().answer(200, token("https://www.zohoapis.eu").to_string())
}

pub(crate) fn token(api_domain: &str) -> Value {
    json!({"access_token": ACCESS, "api_domain": api_domain, "token_type": "Bearer", "expires_in": 3600, "scope": "ZohoCRM.modules.ALL"})
}

pub(crate) async fn serve_token(server: &MockServer) {
    Mock::given(method("POST"))
        .and(path("/oauth/v2/token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(token(&server.uri())))
        .mount(server)
        .await;
}

pub(crate) async fn requests_to(server: &MockServer, wanted: &str) -> Vec<wiremock::Request> {
    let all = server.received_requests().await.unwrap();
    all.into_iter()
        .filter(|request| request.url.path() == wanted)
        .collect()
}

pub(crate) fn org() -> Value {
    json!({"org": [{"id": "5725767000000000001", "zgid": "10234695", "company_name": "Zylker"}]})
}

pub(crate) fn inserted(id: u64) -> Value {
    json!({"code": "SUCCESS", "duplicate_field": null, "action": "insert",
        "details": {"id": id.to_string(), "Created_Time": "2026-11-20T11:00:00+01:00", "Modified_Time": "2026-11-20T11:00:00+01:00"},
        "message": "record added", "status": "success"})
}

pub(crate) fn refusal(code: &str) -> Value {
    json!({"code": code, "details": {}, "message": "no", "status": "error"})
}

pub(crate) fn query(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query()?;
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

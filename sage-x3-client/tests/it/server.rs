//! A server that gives prepared answers in order and remembers what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use client_core::{
    HttpTransport, ReqwestTransport,
    testing::{ManualClock, RecordingSleep},
};
use sage_x3_client::{ConnectedApp, SiteConfig, X3Client, X3ClientBuilder};
use serde_json::Value;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

pub(crate) const NOW: &str = "2026-11-20T10:00:00Z";

pub(crate) struct Server {
    mock: MockServer,
    pub(crate) clock: ManualClock,
    pub(crate) sleep: RecordingSleep,
}

struct Script(Mutex<VecDeque<ResponseTemplate>>);

impl Respond for Script {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let unexpected = || {
            let text = format!(
                "the script has no answer left for {}",
                String::from_utf8_lossy(&request.body)
            );
            ResponseTemplate::new(418).set_body_string(text)
        };
        self.0
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or_else(unexpected)
    }
}

impl Server {
    pub(crate) async fn start(answers: impl IntoIterator<Item = ResponseTemplate>) -> Self {
        let mock = MockServer::start().await;
        let script = Script(Mutex::new(answers.into_iter().collect()));
        Mock::given(any()).respond_with(script).mount(&mock).await;
        let clock = ManualClock::new(NOW.parse().unwrap());
        Self {
            mock,
            sleep: RecordingSleep::new(clock.clone()),
            clock,
        }
    }

    pub(crate) fn client(&self) -> X3Client {
        self.client_with(SiteConfig::new(self.mock.uri(), "SEED"))
    }

    pub(crate) fn client_with(&self, config: SiteConfig) -> X3Client {
        client(
            config,
            Arc::new(ReqwestTransport::new().unwrap()),
            &self.clock,
            &self.sleep,
        )
    }

    pub(crate) fn uri(&self) -> String {
        self.mock.uri()
    }

    pub(crate) async fn requests(&self) -> Vec<Request> {
        self.mock.received_requests().await.unwrap()
    }

    pub(crate) async fn bodies(&self) -> Vec<Value> {
        self.requests()
            .await
            .iter()
            .map(|request| serde_json::from_slice(&request.body).unwrap())
            .collect()
    }
}

pub(crate) fn client(
    config: SiteConfig,
    transport: Arc<dyn HttpTransport>,
    clock: &ManualClock,
    sleep: &RecordingSleep,
) -> X3Client {
    client_of(config, transport, clock, sleep).build().unwrap()
}

/// The same, for what else is to be set.
pub(crate) fn client_of(
    config: SiteConfig,
    transport: Arc<dyn HttpTransport>,
    clock: &ManualClock,
    sleep: &RecordingSleep,
) -> X3ClientBuilder {
    X3Client::builder(config)
        .credential(ConnectedApp::new("c0ffee", "canary-secret").user("sync"))
        .transport(transport)
        .clock(Arc::new(clock.clone()))
        .sleep(Arc::new(sleep.clone()))
}

pub(crate) fn json(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

pub(crate) fn text(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_string(body)
}

/// A page of keys.
pub(crate) fn keys(codes: &[&str], next: Option<&str>) -> Value {
    let edges: Vec<Value> = codes
        .iter()
        .map(|code| serde_json::json!({"node":{"_id":code,"_etag":"e","stamp":NOW,"code":{"code":code}}}))
        .collect();
    let info = serde_json::json!({"hasNextPage":next.is_some(),"endCursor":next});
    serde_json::json!({"data":{"x3MasterData":{"customer":{"query":{"edges":edges,"pageInfo":info}}}}})
}

/// A page of customers with nothing but their code and name.
pub(crate) fn customers(codes: &[&str], next: Option<&str>) -> Value {
    let edges: Vec<Value> = codes
        .iter()
        .map(|code| serde_json::json!({"node":{"_id":code,"code":{"code":code,"companyName1":format!("Name of {code}")}}}))
        .collect();
    let info = serde_json::json!({"hasNextPage":next.is_some(),"endCursor":next});
    serde_json::json!({"data":{"x3MasterData":{"customer":{"query":{"edges":edges,"pageInfo":info}}}}})
}

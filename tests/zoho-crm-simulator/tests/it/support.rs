//! A plain client and shorthands.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use zoho_crm_simulator::{Builder, Clock, ZohoSimulator, conformance};

/// The instant most tests begin at.
pub(crate) const START: &str = "2026-11-02T08:00:00Z";

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The code of the error object at the root.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// A row of `data`.
    pub(crate) fn row(&self, index: usize) -> Value {
        self.json()["data"][index].clone()
    }

    /// The values of one field of all rows.
    pub(crate) fn column(&self, field: &str) -> Vec<String> {
        let json = self.json();
        let rows = json["data"].as_array().cloned().unwrap_or_default();
        rows.iter()
            .map(|row| row[field].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

/// Where this run's exchanges are written, for the target `openapi` to judge.
fn exchanges() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> =
        LazyLock::new(|| conformance::fresh_folder(env!("CARGO_TARGET_TMPDIR"), "zoho-simulator"));
    &FOLDER
}

pub(crate) async fn reply(request: RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Reply {
        status,
        headers,
        text: response.text().await.unwrap(),
    }
}

/// A simulator with a standing clock, and a client with a token.
pub(crate) struct World {
    pub(crate) simulator: Arc<ZohoSimulator>,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(ZohoSimulator::builder()).await
    }

    pub(crate) async fn with(builder: Builder) -> Self {
        let clock = Clock::manual(START.parse().unwrap());
        let simulator = builder
            .clock(clock)
            .capture_into(exchanges())
            .start()
            .await
            .unwrap();
        let http = reqwest::Client::new();
        let mut world = Self {
            simulator: Arc::new(simulator),
            http,
            token: String::new(),
        };
        world.token = world.mint().await["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        world
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.simulator.base_url())
    }

    /// Asks for an access token by the default refresh token.
    pub(crate) async fn mint(&self) -> Value {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", "1000.CLIENT"),
            ("client_secret", "secret"),
            ("refresh_token", "1000.refresh"),
        ];
        reply(self.http.post(self.url("/oauth/v2/token")).form(&form))
            .await
            .json()
    }

    /// A request with the token.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self.url(&format!("/crm/v8/{path}"));
        self.http
            .request(method, url)
            .header("authorization", format!("Zoho-oauthtoken {}", self.token))
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        reply(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        reply(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        reply(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        reply(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        reply(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn coql(&self, query: &str) -> Reply {
        self.post("coql", json!({ "select_query": query })).await
    }

    /// Seeds accounts named `A1`, `A2` … and returns their ids.
    pub(crate) fn seed_accounts(&self, count: usize) -> Vec<String> {
        let rows = (1..=count).map(
            |number| json!({"Account_Name": format!("A{number}"), "X3_Code": format!("C{number}")}),
        );
        self.simulator.seed("Accounts", rows).unwrap()
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.simulator
            .clock()
            .advance(jiff::SignedDuration::from_secs(seconds));
    }
}

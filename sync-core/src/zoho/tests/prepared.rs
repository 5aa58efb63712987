//! A Zoho that answers as prepared.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use client_core::{
    HttpTransport, Request, Response, RetryPolicy, Sleep, TransportError, TransportErrorKind,
};
use serde_json::{Value as Json, json};
use zoho_crm_client::{
    Channel, ChannelEvent, ChannelId, ClientCredentials, DataCenter, ZohoClient,
};

use crate::{
    ids::FieldName,
    zoho::{ModuleSettings, NotificationChannel, ZohoEndpoint, retry_policy},
};

/// Answers with prepared results, token and fields apart; keeps the other requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Zoho {
    pub(super) fields: Arc<Mutex<Json>>,
    /// Of the modules of rows, by name.
    columns: Arc<Mutex<BTreeMap<String, Json>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: Arc<Mutex<Vec<(String, Json)>>>,
}

type Answer = Result<(u16, String), TransportErrorKind>;

#[derive(Debug)]
struct NoSleep;

#[async_trait]
impl Sleep for NoSleep {
    async fn sleep(&self, _duration: Duration) {}
}

#[async_trait]
impl HttpTransport for Zoho {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let path = request.uri().path().to_owned();
        if path == "/oauth/v2/token" {
            let token = json!({"access_token": "a", "api_domain": "https://www.zohoapis.eu", "expires_in": 3600});
            return Ok(response(200, token.to_string()));
        }
        if path == "/crm/v8/settings/fields" {
            let query = request.uri().query().unwrap_or_default();
            let columns = self.columns.lock().unwrap();
            let asked = columns
                .iter()
                .find(|(module, _)| query.contains(&format!("module={module}")));
            if let Some((_, fields)) = asked {
                return Ok(response(200, fields.to_string()));
            }
            return Ok(response(200, self.fields.lock().unwrap().to_string()));
        }
        let query = request.uri().query().unwrap_or_default();
        let header = |name: &str| request.headers().get(name)?.to_str().ok();
        let since = header("if-modified-since").unwrap_or_default();
        let mut line = format!("{} {path}?{query} {since}", request.method());
        if let Some(instant) = header("if-unmodified-since") {
            line.push_str(&format!("unless {instant}"));
        }
        let body = serde_json::from_slice(request.body()).unwrap_or_default();
        self.requests
            .lock()
            .unwrap()
            .push((line.trim().to_owned(), body));
        let answer = self.answers.lock().unwrap().pop_front();
        match answer.expect("an answer was prepared") {
            Ok((status, body)) => Ok(response(status, body)),
            Err(kind) => Err(TransportError::new(kind, "prepared")),
        }
    }
}

fn response(status: u16, body: String) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status.try_into().unwrap();
    response
}

impl Zoho {
    pub(super) fn with_fields(fields: Json) -> Self {
        let zoho = Self::default();
        *zoho.fields.lock().unwrap() = json!({ "fields": fields });
        zoho
    }

    pub(super) fn accounts() -> Self {
        Self::with_fields(json!([
            {"api_name": "X3_Code", "data_type": "text", "unique": {"casesensitive": false}},
            {"api_name": "Account_Name", "data_type": "text", "unique": {}},
            {"api_name": "Phone", "data_type": "phone", "unique": {}},
            {"api_name": "Limit", "data_type": "currency", "unique": {}},
            {"api_name": "Modified_Time", "data_type": "datetime", "unique": {}}
        ]))
    }

    /// Orders, with lines.
    pub(super) fn orders() -> Self {
        let zoho = Self::with_fields(json!([
            {"api_name": "X3_Number", "data_type": "text", "unique": {"casesensitive": false}},
            {"api_name": "Subject", "data_type": "text", "unique": {}},
            {"api_name": "Account_Name", "data_type": "lookup", "unique": {}, "lookup": {"module": {"api_name": "Accounts"}}},
            {"api_name": "Modified_Time", "data_type": "datetime", "unique": {}},
            {"api_name": "Ordered_Items", "data_type": "subform", "unique": {}, "associated_module": {"api_name": "Ordered_Items"}}
        ]));
        let columns = json!({"fields": [
            {"api_name": "Product_Name", "data_type": "lookup", "lookup": {"module": {"api_name": "Products"}}},
            {"api_name": "Quantity", "data_type": "double"},
            {"api_name": "List_Price", "data_type": "currency"}
        ]});
        let mut known = zoho.columns.lock().unwrap();
        known.insert("Ordered_Items".to_owned(), columns);
        drop(known);
        zoho
    }

    pub(super) fn answer(self, status: u16, body: Json) -> Self {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.answers.lock().unwrap().push_back(Ok((status, body)));
        self
    }

    pub(super) fn failure(self, kind: TransportErrorKind) -> Self {
        self.answers.lock().unwrap().push_back(Err(kind));
        self
    }

    pub(super) fn endpoint(&self) -> ZohoEndpoint {
        self.endpoint_of(self.settings())
    }

    /// Those of accounts.
    pub(super) fn settings(&self) -> ModuleSettings {
        let fields = ["Account_Name", "Phone", "Limit"].map(FieldName::from);
        ModuleSettings::new("Accounts", "X3_Code", &fields).written_fields(&fields)
    }

    pub(super) fn endpoint_of(&self, settings: ModuleSettings) -> ZohoEndpoint {
        ZohoEndpoint::new(self.client(), settings)
    }

    pub(super) fn channel(&self) -> NotificationChannel {
        let events = [ChannelEvent::all("Accounts")];
        let channel = Channel::new(
            ChannelId::from(7),
            events,
            "https://hook.example/z",
            "token",
        );
        NotificationChannel::new(self.client(), channel)
    }

    fn client(&self) -> ZohoClient {
        ZohoClient::builder(DataCenter::Eu, ClientCredentials::new("1000.X", "secret"))
            .refresh_token("refresh")
            .transport(Arc::new(self.clone()))
            .sleep(Arc::new(NoSleep))
            .retry(RetryPolicy {
                max_attempts: 1,
                ..retry_policy()
            })
            .build()
            .unwrap()
    }

    pub(super) fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests.iter().map(|(line, _)| line.clone()).collect()
    }

    pub(super) fn body(&self, index: usize) -> Json {
        self.requests.lock().unwrap()[index].1.clone()
    }
}

//! The endpoint over prepared answers.

mod checking;
mod reading;
mod writing;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use client_core::{
    HttpTransport, Request, Response, RetryPolicy, Sleep, TransportError, TransportErrorKind,
};
use sage_x3_client::{
    CategoryCode, ChangeSource, ConnectedApp, CountryCode, FieldName as X3Field, Precision,
    SiteConfig, StampField,
};
use serde_json::{Value as Json, json};

use super::*;
use crate::{
    endpoint::{
        ChangesRequest, Endpoint, EndpointErrorKind, Key, Rejection, Write, WriteError, Written,
    },
    ids::{FeedName, FieldName, PageToken, RecordId},
    value::{Document, Value},
    x3::{CustomField, CustomFieldKind, retry_policy},
};

type Answer = Result<(u16, String), TransportErrorKind>;

/// Answers with prepared results and keeps the bodies of the requests.
#[derive(Clone, Debug, Default)]
struct X3 {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    bodies: Arc<Mutex<Vec<Json>>>,
}

#[derive(Debug)]
struct NoSleep;

#[async_trait]
impl Sleep for NoSleep {
    async fn sleep(&self, _duration: Duration) {}
}

#[async_trait]
impl HttpTransport for X3 {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let body = serde_json::from_slice(request.body()).unwrap();
        self.bodies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(body);
        let answer = self
            .answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        match answer.expect("an answer was prepared") {
            Ok((status, body)) => {
                let mut response = Response::new(body.into());
                *response.status_mut() = status.try_into().unwrap();
                Ok(response)
            }
            Err(kind) => Err(TransportError::new(kind, "prepared")),
        }
    }
}

impl X3 {
    fn answering(answers: impl IntoIterator<Item = Json>) -> Self {
        Self::with(answers.into_iter().map(|body| Ok((200, body.to_string()))))
    }

    fn with(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            bodies: Arc::default(),
        }
    }

    fn endpoint(&self, settings: CustomerSettings) -> CustomerEndpoint {
        self.endpoint_with(settings, retry_policy())
    }

    fn endpoint_with(&self, settings: CustomerSettings, retry: RetryPolicy) -> CustomerEndpoint {
        let client = X3Client::builder(SiteConfig::new("http://localhost", "SEED").write_batch(2))
            .credential(ConnectedApp::new("c0ffee", "secret"))
            .transport(Arc::new(self.clone()))
            .sleep(Arc::new(NoSleep))
            .retry(retry)
            .build()
            .unwrap();
        CustomerEndpoint::new(client, settings)
    }

    fn bodies(&self) -> Vec<Json> {
        self.bodies.lock().unwrap().clone()
    }

    /// The filter of the `index`th request.
    fn filter(&self, index: usize) -> Json {
        serde_json::from_str(
            self.bodies()[index]["variables"]["filter"]
                .as_str()
                .unwrap(),
        )
        .unwrap()
    }
}

fn settings() -> CustomerSettings {
    CustomerSettings::new().create_in(CategoryCode::new("DOM").unwrap())
}

fn with_custom_fields() -> CustomerSettings {
    let field = |name, kind| CustomField::new(X3Field::new(name).unwrap(), kind);
    settings()
        .custom_field(field("yZoho", CustomFieldKind::Text))
        .custom_field(field("yScore", CustomFieldKind::Decimal))
        .custom_field(field("ySince", CustomFieldKind::Date))
}

fn node(code: &str) -> Json {
    json!({"_id":code,"_etag":"e","_createStamp":null,"_updateStamp":"2026-11-20T10:00:00.000Z",
        "code":{"_updateStamp":"2026-11-20T11:00:00.000Z","code":code,"companyName1":"Acme","companyName2":"",
            "shortCompanyName":"ACME","europeanUnionVatNumber":"FR1","country":{"code":"FR"},"language":null},
        "customerCategory":{"code":"DOM"},"isActive":true,"currency":{"code":"EUR"},"creditControl":"check",
        "authorizedCreditAmount":"1500.50","minimumOrderAmount":null,"notes":{"value":""},
        "defaultAddress":{"_id":"1","_updateStamp":"2026-11-20T09:00:00.000Z","code":"A1","city":"Lyon",
            "addressLines":{"query":{"edges":[{"node":{"denormalizedIndex":2,"addressLine":"Bât. 2"}}]}},
            "addressPhoneNumbers":{"query":{"edges":[{"node":{"denormalizedIndex":1,"addressPhoneNumber":"+33 1"}}]}}},
        "yZoho":"57","yScore":"123456789012345.678","ySince":"1753-01-01"})
}

fn page(nodes: &[Json], next: Option<&str>) -> Json {
    let edges: Vec<Json> = nodes.iter().map(|node| json!({"node": node})).collect();
    json!({"data":{"x3MasterData":{"customer":{"query":{"edges":edges,
        "pageInfo":{"hasNextPage":next.is_some(),"endCursor":next}}}}}})
}

fn keys(codes: &[&str]) -> Json {
    let nodes: Vec<Json> = codes
        .iter()
        .map(|code| json!({"_id":code,"stamp":null,"code":{"code":code}}))
        .collect();
    page(&nodes, None)
}

fn done(operation: &str, codes: &[&str]) -> Json {
    let rows = codes.iter().enumerate();
    let rows = rows.map(|(row, code)| {
        (
            format!("r{row}"),
            json!({"customer":{operation:{"_id":code}}}),
        )
    });
    json!({"data": rows.collect::<serde_json::Map<_, _>>()})
}

fn refused(row: usize, operation: &str, member: &[&str]) -> Json {
    let alias = format!("r{row}");
    let path = json!([alias, "customer", operation]);
    let mut full = path.as_array().unwrap().clone();
    full.push(json!("data"));
    full.extend(member.iter().map(|step| json!(step)));
    json!({"message":"refusé","path":path,"extensions":{"diagnoses":[{"severity":3,"message":"Valeur incorrecte","path":full}]}})
}

fn create(code: &str, fields: Document) -> Write {
    Write::Create {
        key: Key {
            field: FieldName::from("code"),
            value: code.to_owned(),
        },
        fields,
    }
}

fn update(code: &str, fields: Document) -> Write {
    Write::Update {
        id: RecordId::from(code),
        fields,
        as_of: None,
    }
}

fn rejected(outcome: &Result<Written, WriteError>) -> &Rejection {
    match outcome {
        Err(WriteError::Rejected(rejection)) => rejection,
        other => panic!("{other:?}"),
    }
}

//! Traces, as a collector receives them.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc};

use axum::{Router, body::Bytes, extract::State, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value,
};
use prost::Message as _;
use tokio::{net::TcpListener, sync::Mutex};

use crate::program::{CANARIES, Site};

type Received = Arc<Mutex<Vec<Bytes>>>;

/// Takes traces as a collector does: OTLP over HTTP, in protocol buffers.
async fn collector() -> (SocketAddr, Received) {
    let received = Received::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route(
            "/v1/traces",
            post(async |State(received): State<Received>, body: Bytes| {
                received.lock().await.push(body);
            }),
        )
        .with_state(Arc::clone(&received));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, received)
}

#[tokio::test]
async fn every_call_reaches_the_collector_as_a_span_without_secrets_and_values() {
    let (address, received) = collector().await;
    let site = Site::open().await;

    let planned = site
        .run(&[
            "plan",
            "--json",
            "--otlp-endpoint",
            &format!("http://{address}"),
        ])
        .await;
    assert_eq!(planned.code, Some(0), "{}", planned.stderr);

    let bodies = received.lock().await;
    let mut calls = BTreeSet::new();
    for body in &*bodies {
        let text = String::from_utf8_lossy(body);
        for secret in CANARIES.iter().chain(&["Éclair", "Müller"]) {
            assert!(!text.contains(secret), "{secret} was sent to the collector");
        }
        let request = ExportTraceServiceRequest::decode(body.clone()).unwrap();
        for of_program in request.resource_spans {
            let attributes = of_program.resource.unwrap().attributes;
            let name = attributes.into_iter().find(|it| it.key == "service.name");
            let name = name.and_then(|it| it.value).and_then(|it| it.value);
            assert_eq!(name, Some(Value::StringValue("sync-service".to_owned())));
            let spans = of_program.scope_spans.into_iter().flat_map(|it| it.spans);
            for span in spans {
                let path = span.attributes.into_iter().find(|it| it.key == "url.path");
                let path = path.and_then(|it| it.value).and_then(|it| it.value);
                if let Some(Value::StringValue(path)) = path {
                    calls.insert(path);
                }
            }
        }
    }
    // What both systems were asked is there.
    assert!(
        calls.iter().any(|path| path.starts_with("/xtrem/")),
        "{calls:?}"
    );
    assert!(
        calls.iter().any(|path| path.starts_with("/crm/v8/")),
        "{calls:?}"
    );
}

#[tokio::test]
async fn a_collector_that_is_not_there_stops_nothing() {
    let site = Site::open().await;
    let planned = site
        .run(&["plan", "--json", "--otlp-endpoint", "http://127.0.0.1:9"])
        .await;
    assert_eq!(planned.code, Some(0), "{}", planned.stderr);
}

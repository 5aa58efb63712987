//! What must not be seen anywhere: secret, token, record values. Here and not among the tests over HTTP, because no
//! other test of this program passes the same places in the code at the same time.

use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
};

use client_core::testing::{ManualClock, RecordingSleep, ScriptedTransport};
use futures::executor::block_on;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::{
    CategoryCode, ConnectedApp, CustomerCode, CustomerPatch, CustomerQuery, NewCustomer,
    SiteConfig, X3Client,
};

/// Writes down every field of every span and event.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl Visit for Everything {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        write!(self.0.lock().unwrap(), "\n{} ", span.metadata().name()).unwrap();
        span.record(&mut self.clone());
        span::Id::from_u64(1)
    }

    fn record(&self, _span: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _span: &span::Id) {}

    fn exit(&self, _span: &span::Id) {}
}

#[test]
fn neither_secrets_nor_values_appear_in_traces_or_debug_output() {
    let seen = Everything::default();
    let _guard = tracing::subscriber::set_default(seen.clone());
    let page = r#"{"data":{"x3MasterData":{"customer":{"query":{"pageInfo":{"hasNextPage":false},
        "edges":[{"node":{"_id":"C1","code":{"code":"C1","companyName1":"canary-name"}}}]}}}}}"#;
    let transport = ScriptedTransport::new()
        .answer(503, "busy")
        .answer(200, page)
        .answer(401, "Error 41: Invalid token");
    let clock = ManualClock::new("2026-11-20T10:00:00Z".parse().unwrap());
    let client = X3Client::builder(SiteConfig::new("http://localhost", "SEED"))
        .credential(ConnectedApp::new("c0ffee", "canary-secret").user("sync"))
        .transport(Arc::new(transport.clone()))
        .clock(Arc::new(clock.clone()))
        .sleep(Arc::new(RecordingSleep::new(clock)))
        .build()
        .unwrap();
    let page = block_on(client.customers().page(&CustomerQuery::new())).unwrap();
    let new = NewCustomer::new(CategoryCode::new("DOM").unwrap())
        .code(CustomerCode::new("C2").unwrap())
        .values(CustomerPatch::new().company_name_1("canary-value"));
    let error = block_on(client.customers().create(&new)).unwrap_err();

    let requests = transport.requests();
    let token = requests[0].headers()["authorization"]
        .to_str()
        .unwrap()
        .replace("Bearer ", "");
    let traces = seen.0.lock().unwrap().clone();
    let shown = format!(
        "{client:?} {:?} {error} {error:?} {:?}",
        client.customers(),
        page.items
    );
    for (what, text) in [
        ("traces", traces.as_str()),
        ("debug output", shown.as_str()),
    ] {
        for forbidden in ["canary", token.as_str()] {
            assert!(!text.contains(forbidden), "{forbidden} in {what}: {text}");
        }
    }
    assert!(
        traces.contains("x3.request x3.endpoint=SEED x3.operation=\"customer.query\""),
        "{traces}"
    );
}

use std::sync::Mutex;

use async_trait::async_trait;
use client_core::testing::{ManualClock, RecordingSleep, ScriptedTransport};
use futures::executor::block_on;

use super::*;
use crate::{
    config::SiteConfig,
    diagnose::Diagnose,
    error::RecordError,
    model::Input,
    write::{Presence, WriteAction::Create},
};

static ORDER: NodePath = NodePath::new("x3Sales", "salesOrder");

const CREATE_ORDER: WriteKind<'static> = WriteKind {
    node: &ORDER,
    action: Create,
    operation: "salesOrder.create",
    key_path: "id",
};

/// A path that writes whatever it is given and remembers how many rows came at once.
#[derive(Debug)]
struct Canned {
    path: WritePath,
    refuses: bool,
    calls: Mutex<Vec<usize>>,
}

#[async_trait]
impl WriteRoute for Canned {
    fn path(&self) -> WritePath {
        self.path
    }

    fn serves(&self, node: &NodePath, action: WriteAction) -> bool {
        node.node == "salesOrder" && action == Create
    }

    async fn presence(&self, _client: &X3Client, _key: &RecordId) -> Presence {
        Presence::Unknown
    }

    async fn write(
        &self,
        client: &X3Client,
        node: &NodePath,
        action: WriteAction,
        operation: &'static str,
        rows: &[WriteRow],
    ) -> Result<WrittenRows, Error> {
        self.calls.lock().unwrap().push(rows.len());
        if self.refuses {
            return Err(Error::NotActivated {
                context: Box::new(CallContext {
                    operation,
                    endpoint: client.endpoint().clone(),
                    status: None,
                    attempts: 1,
                    may_have_been_applied: false,
                }),
                node: node.type_name(),
                operation: action.name().to_owned(),
            });
        }
        let written = rows.iter().map(|_| -> Result<_, RecordError> {
            Ok(Outcome {
                value: RecordId::new("SO1").unwrap(),
                path: self.path,
                diagnoses: Vec::<Diagnose>::new(),
            })
        });
        Ok(WrittenRows {
            rows: written.collect(),
            diagnoses: Vec::new(),
        })
    }
}

fn canned(path: WritePath, refuses: bool) -> Arc<Canned> {
    Arc::new(Canned {
        path,
        refuses,
        calls: Mutex::default(),
    })
}

fn client(config: SiteConfig, transport: &ScriptedTransport, routes: &[Arc<Canned>]) -> X3Client {
    let clock = ManualClock::new("2026-11-20T10:00:00Z".parse().unwrap());
    let mut builder = X3Client::builder(config)
        .credential(crate::Credential::Basic {
            user: "user".into(),
            password: "password".to_owned().into(),
        })
        .transport(Arc::new(transport.clone()))
        .sleep(Arc::new(RecordingSleep::new(clock.clone())))
        .clock(Arc::new(clock));
    for route in routes {
        builder = builder.write_route(Arc::clone(route) as Arc<dyn WriteRoute>);
    }
    builder.build().unwrap()
}

fn rows(count: usize) -> Vec<WriteRow> {
    (0..count)
        .map(|_| WriteRow {
            key: None,
            identity: None,
            input: Input::default(),
        })
        .collect()
}

fn paths(batch: &Batch<RecordId>) -> Vec<WritePath> {
    batch
        .rows
        .iter()
        .map(|row| row.as_ref().unwrap().path)
        .collect()
}

const NOT_ACTIVATED: &str = r#"{"data":{"r0":{"salesOrder":{"create":null}}},
    "errors":[{"message":"`SalesOrder.create` is not activated by the application configuration","path":["r0","salesOrder","create"]}]}"#;

#[test]
fn a_path_that_is_not_activated_gives_way_to_the_next_and_is_not_asked_again() {
    let transport = ScriptedTransport::new().answer(200, NOT_ACTIVATED);
    let soap = canned(WritePath::Soap, false);
    let client = client(
        SiteConfig::new("http://127.0.0.1", "SEED"),
        &transport,
        &[Arc::clone(&soap)],
    );
    let first = block_on(client.write_rows(CREATE_ORDER, &rows(2)));
    assert_eq!(paths(&first), [WritePath::Soap; 2]);
    assert_eq!(first.requests, 3);
    let second = block_on(client.write_rows(CREATE_ORDER, &rows(1)));
    assert_eq!(paths(&second), [WritePath::Soap]);
    assert_eq!(*soap.calls.lock().unwrap(), [1, 1, 1]);
    assert_eq!(transport.requests().len(), 1);
}

#[test]
fn the_order_of_paths_is_a_matter_of_configuration() {
    let transport = ScriptedTransport::new();
    let (soap, api1) = (
        canned(WritePath::Soap, true),
        canned(WritePath::Api1, false),
    );
    let config = SiteConfig::new("http://127.0.0.1", "SEED")
        .write_paths_of("salesOrder", [WritePath::Soap, WritePath::Api1]);
    let client = client(config, &transport, &[Arc::clone(&soap), Arc::clone(&api1)]);
    let batch = block_on(client.write_rows(CREATE_ORDER, &rows(1)));
    assert_eq!(paths(&batch), [WritePath::Api1]);
    assert_eq!(soap.calls.lock().unwrap().len(), 1);
    assert!(transport.requests().is_empty());
}

#[test]
fn a_failure_that_may_have_written_is_never_followed_by_another_path() {
    let transport = ScriptedTransport::new().answer(
        200,
        r#"{"data":null,"errors":[{"message":"Out of order."}]}"#,
    );
    let soap = canned(WritePath::Soap, false);
    let client = client(
        SiteConfig::new("http://127.0.0.1", "SEED"),
        &transport,
        &[Arc::clone(&soap)],
    );
    let batch = block_on(client.write_rows(CREATE_ORDER, &rows(1)));
    assert!(batch.rows[0].as_ref().unwrap_err().may_have_been_applied());
    assert!(soap.calls.lock().unwrap().is_empty());
}

#[test]
fn without_another_path_the_answer_names_the_operation_to_activate() {
    let transport = ScriptedTransport::new()
        .answer(200, NOT_ACTIVATED)
        .answer(200, NOT_ACTIVATED);
    let client = client(SiteConfig::new("http://127.0.0.1", "SEED"), &transport, &[]);
    for _ in 0..2 {
        let batch = block_on(client.write_rows(CREATE_ORDER, &rows(1)));
        let error = batch.rows[0].as_ref().unwrap_err();
        assert!(
            error
                .to_string()
                .contains("Activate the API operation `create` of node `SalesOrder`"),
            "{error}"
        );
    }
    assert_eq!(
        transport.requests().len(),
        2,
        "an activation takes effect without a restart"
    );
}

#[test]
fn a_member_that_the_site_calls_otherwise_is_sent_under_its_name() {
    let done = r#"{"data":{"r0":{"customerInvoiceHeader":{"create":{"_id":"CIN1"}}}}}"#;
    let transport = ScriptedTransport::new().answer(200, done);
    let map = crate::FieldMap::new()
        .rename_input("customerInvoiceHeader", "lines", "invoiceLines")
        .and_then(|map| map.rename_input("customerInvoiceHeader", "lines.account", "glAccount"))
        .unwrap();
    let config = SiteConfig::new("http://127.0.0.1", "SEED").field_map(map);
    let client = client(config, &transport, &[]);
    let account = crate::AccountKey {
        chart: "FRA".try_into().unwrap(),
        code: "706000".try_into().unwrap(),
    };
    let line = crate::NewCustomerInvoiceLine::new(account, 5.into());
    let invoice =
        crate::NewCustomerInvoice::new("FR011".try_into().unwrap(), "NA001".try_into().unwrap());
    let invoices = client.customer_invoice_headers().without_read_back();
    block_on(invoices.create(&invoice.line(line))).unwrap();
    let body = transport.requests()[0].body().clone();
    let text = std::str::from_utf8(&body).unwrap();
    assert!(
        text.contains(r#""invoiceLines":[{"glAccount":"FRA|706000","amountExcludingTax":"5"}]"#),
        "{text}"
    );
}

#[test]
fn an_update_that_adds_a_row_is_not_sent_again_after_a_lost_answer() {
    let changed = |change: crate::SalesOrderLineChange| {
        let transport = ScriptedTransport::new()
            .failure(client_core::TransportErrorKind::Timeout)
            .answer(
                200,
                r#"{"data":{"r0":{"salesOrder":{"update":{"_id":"SO1"}}}}}"#,
            );
        let client = client(SiteConfig::new("http://127.0.0.1", "SEED"), &transport, &[]);
        let patch = crate::SalesOrderPatch::new().line(change);
        let outcome = block_on(
            client
                .sales_orders()
                .update(&"SO1".try_into().unwrap(), &patch),
        );
        (transport.requests().len(), outcome)
    };
    let line = crate::NewSalesOrderLine::new("BMS001".try_into().unwrap(), 1.into());
    let (requests, outcome) = changed(crate::SalesOrderLineChange::Add(line));
    assert_eq!(requests, 1);
    assert!(outcome.unwrap_err().may_have_been_applied());
    let (requests, outcome) = changed(crate::SalesOrderLineChange::Remove(1000));
    assert_eq!(requests, 2);
    outcome.unwrap();
}

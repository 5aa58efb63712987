use sage_x3_client::{
    CategoryCode, CustomerCode, CustomerPatch, Error, NewCustomer, RecordErrorKind, SiteConfig,
    WriteError,
};
use serde_json::{Value, json};

use crate::server::{Server, json as answer, keys, text};

fn code(text: &str) -> CustomerCode {
    CustomerCode::new(text).unwrap()
}

fn new(number: usize) -> NewCustomer {
    NewCustomer::new(CategoryCode::new("DOM").unwrap()).code(code(&format!("C{number}")))
}

/// Rows `0..count` created, with the codes from `first` on.
fn created(first: usize, count: usize) -> Value {
    let rows = (0..count).map(|row| {
        (
            format!("r{row}"),
            json!({"customer":{"create":{"_id":format!("C{}", first + row)}}}),
        )
    });
    json!({"data": rows.collect::<serde_json::Map<_, _>>()})
}

/// Row 0 refused, with a message in whatever language.
fn refused(operation: &str, message: &str) -> Value {
    let path = json!(["r0", "customer", operation]);
    json!({"data":{"r0":{"customer":{operation:null}}},
        "errors":[{"message":message,"path":path,"extensions":{"diagnoses":[{"severity":3,"message":message,"path":path}]}}]})
}

#[tokio::test]
async fn many_rows_cost_few_requests() {
    let server = Server::start([
        answer(&created(0, 20)),
        answer(&created(20, 20)),
        answer(&created(40, 5)),
    ])
    .await;
    let rows: Vec<NewCustomer> = (0..45).map(new).collect();
    let batch = server.client().customers().create_many(&rows).await;
    assert_eq!(batch.requests, 3);
    let codes: Vec<String> = batch
        .rows
        .into_iter()
        .map(|row| row.unwrap().value.to_string())
        .collect();
    assert_eq!(
        codes,
        (0..45)
            .map(|number| format!("C{number}"))
            .collect::<Vec<_>>()
    );
    assert_eq!(
        server.bodies().await[2]["variables"]
            .as_object()
            .unwrap()
            .len(),
        5
    );
}

#[tokio::test]
async fn after_a_failed_request_the_rest_is_not_sent() {
    let server = Server::start([answer(&created(0, 1)), text(503, "busy")]).await;
    let client = server.client_with(SiteConfig::new(server.uri(), "SEED").write_batch(1));
    let batch = client
        .customers()
        .create_many(&[new(0), new(1), new(2)])
        .await;
    assert!(batch.rows[0].is_ok(), "what was done stays known");
    let failed = batch.rows[1].as_ref().unwrap_err();
    assert!(matches!(failed, WriteError::Call(_)) && failed.may_have_been_applied());
    let unsent = batch.rows[2].as_ref().unwrap_err();
    assert!(matches!(unsent, WriteError::NotSent(_)) && !unsent.may_have_been_applied());
    assert_eq!(server.requests().await.len(), 2);
}

#[tokio::test]
async fn a_refused_code_that_is_there_exists_already_in_any_language() {
    let server = Server::start([
        answer(&refused("create", "C0 : Enregistrement existant")),
        answer(&keys(&["C0"], None)),
    ])
    .await;
    match server
        .client()
        .customers()
        .create(&new(0))
        .await
        .unwrap_err()
    {
        Error::Rejected { error, .. } => {
            assert_eq!(error.kind, RecordErrorKind::AlreadyExists);
            assert_eq!(error.diagnoses[0].message, "C0 : Enregistrement existant");
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_refused_code_that_is_not_there_is_refused_for_another_reason() {
    let server = Server::start([
        answer(&refused("create", "Catégorie incorrecte")),
        answer(&keys(&[], None)),
    ])
    .await;
    let error = server
        .client()
        .customers()
        .create(&new(0))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Rejected { error, .. } if error.kind == RecordErrorKind::Refused),
        "{error}"
    );
    assert!(error.to_string().contains("Catégorie incorrecte"));
    assert!(!error.may_have_been_applied());
}

#[tokio::test]
async fn when_the_look_up_fails_the_refusal_stands() {
    let server = Server::start([answer(&refused("create", "no")), text(404, "")]).await;
    let error = server
        .client()
        .customers()
        .create(&new(0))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Rejected { error, .. } if error.kind == RecordErrorKind::Refused),
        "{error}"
    );
}

#[tokio::test]
async fn a_customer_that_is_gone_is_told_from_one_that_refuses() {
    let server = Server::start([
        answer(&refused("update", "inexistant")),
        answer(&keys(&[], None)),
    ])
    .await;
    let patch = CustomerPatch::new().company_name_1("Acme");
    let error = server
        .client()
        .customers()
        .update(&code("C0"), &patch)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Rejected { error, .. } if error.kind == RecordErrorKind::NotFound),
        "{error}"
    );
}

#[tokio::test]
async fn an_update_of_many_gives_each_its_outcome() {
    let body = json!({"data":{"r0":{"customer":{"update":{"_id":"C0"}}},"r1":{"customer":{"update":null}}},
        "errors":[{"message":"locked","path":["r1","customer","update"],"extensions":{"diagnoses":[{"severity":3,"message":"locked"}]}}]});
    let server = Server::start([answer(&body), answer(&keys(&["C1"], None))]).await;
    let patch = CustomerPatch::new().company_name_1("Acme");
    let batch = server
        .client()
        .customers()
        .update_many(&[(code("C0"), patch.clone()), (code("C1"), patch)])
        .await;
    assert!(batch.rows[0].is_ok());
    assert!(
        matches!(&batch.rows[1], Err(WriteError::Record(error)) if error.kind == RecordErrorKind::Refused)
    );
}

#[tokio::test]
async fn nothing_to_write_sends_nothing() {
    let server = Server::start([]).await;
    let batch = server.client().customers().create_many(&[]).await;
    assert!(batch.rows.is_empty());
    assert_eq!(batch.requests, 0);
}

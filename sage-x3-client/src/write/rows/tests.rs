use serde_json::json;

use super::*;
use crate::{
    graphql::{
        canned::{body, flat, wrote},
        node_path::NodePath,
    },
    model::Input,
};

static CUSTOMER: NodePath = NodePath::new("x3MasterData", "customer");

fn code(text: &str) -> RecordId {
    RecordId::new(text).unwrap()
}

fn kind(action: WriteAction) -> WriteKind<'static> {
    WriteKind {
        node: &CUSTOMER,
        action,
        operation: "customer.write",
        key_path: "code.code",
    }
}

fn row(key: Option<&RecordId>, member: &str) -> WriteRow {
    let mut input = Input::default();
    input.set(member, "x");
    WriteRow {
        key: key.cloned(),
        identity: None,
        input,
    }
}

type Outcomes = Vec<Result<Outcome<RecordId>, RecordError>>;

fn outcomes(codes: &[Option<&RecordId>], answer: &str) -> Result<(Outcomes, Vec<Diagnose>), Error> {
    let rows: Vec<WriteRow> = codes.iter().map(|code| row(*code, "code")).collect();
    let written = parse(&rows, wrote("customer.create", answer)?)?;
    Ok((written.rows, written.diagnoses))
}

#[test]
fn each_row_is_a_variable_under_a_root_of_its_own() {
    let rows = [row(None, "code"), row(None, "customerCategory")];
    let create = kind(WriteAction::Create);
    let body = body(&request(&create, &rows, Generation::Gen3, "Customer_Input").unwrap());
    assert_eq!(
        flat(&body["query"]),
        "mutation CustomerCreateRows($d0: Customer_Input!, $d1: Customer_Input!) { \
         r0: x3MasterData { customer { create(data: $d0) { _id } } } \
         r1: x3MasterData { customer { create(data: $d1) { _id } } } }"
    );
    assert_eq!(body["operationName"], "CustomerCreateRows");
    assert_eq!(
        body["variables"],
        json!({"d0":{"code":"x"},"d1":{"customerCategory":"x"}})
    );
}

#[test]
fn older_generations_have_other_roots() {
    let rows = [row(None, "code")];
    let update = kind(WriteAction::Update);
    let body = body(&request(&update, &rows, Generation::Gen2, "Customer_Input").unwrap());
    assert_eq!(
        flat(&body["query"]),
        "mutation CustomerUpdateRows($d0: Customer_Input!) { \
         r0: xtremX3MasterData { customer { update(data: $d0) { _id } } } }"
    );
}

#[test]
fn created_although_errors_are_not_empty_is_a_success_with_remarks() {
    let (outcomes, rest) = outcomes(
        &[None],
        r#"{"data":{"r0":{"customer":{"create":{"_id":"C1","code":{"code":"C1"}}}}},
            "errors":[{"message":"w","path":["r0","customer","create"],"extensions":{"diagnoses":[{"severity":2,"message":"credit limit is 0"}]}}],
            "extensions":{"diagnoses":[{"severity":1,"message":"Operation completed successfully."}]}}"#,
    )
    .unwrap();
    let outcome = outcomes[0].as_ref().unwrap();
    assert_eq!(outcome.value, code("C1"));
    let messages: Vec<&str> = outcome
        .diagnoses
        .iter()
        .map(|diagnose| diagnose.message.as_str())
        .collect();
    assert_eq!(
        messages,
        ["credit limit is 0", "Operation completed successfully."]
    );
    assert!(rest.is_empty());
}

#[test]
fn each_row_is_judged_by_its_own_errors() {
    let (outcomes, rest) = outcomes(
        &[None, None, None],
        r#"{"data":{"r0":{"customer":{"create":{"_id":"C1"}}},"r1":{"customer":{"create":null}},"r2":{"customer":{"create":{"_id":"C3"}}}},
            "errors":[
              {"message":"x","path":["r1","customer","create"],"extensions":{"diagnoses":[
                 {"severity":3,"message":"category: Mandatory field","path":["r1","customer","create","data","customerCategory"]}]}},
              {"message":"w","path":["r2","customer","create"],"extensions":{"diagnoses":[{"severity":2,"message":"w"}]}}],
            "extensions":{"diagnoses":[{"severity":1,"message":"2 done"}]}}"#,
    )
    .unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().value, code("C1"));
    let refused = outcomes[1].as_ref().unwrap_err();
    assert_eq!(refused.kind, RecordErrorKind::Refused);
    assert_eq!(refused.field().as_deref(), Some("customerCategory"));
    assert!(!refused.may_have_been_applied);
    assert_eq!(outcomes[2].as_ref().unwrap().diagnoses.len(), 1);
    assert_eq!(rest.len(), 1, "what names no row belongs to the batch");
}

#[test]
fn a_row_with_neither_data_nor_error_may_have_been_written() {
    let (outcomes, _) = outcomes(
        &[None, None],
        r#"{"data":{"r0":{"customer":{"create":{"_id":"C1"}}},"r1":null}}"#,
    )
    .unwrap();
    let unclear = outcomes[1].as_ref().unwrap_err();
    assert_eq!(unclear.kind, RecordErrorKind::Unclear);
    assert!(unclear.may_have_been_applied);
}

#[test]
fn a_failure_that_empties_the_whole_answer_leaves_its_neighbours_unclear() {
    let (outcomes, _) = outcomes(
        &[None, None],
        r#"{"data":null,"errors":[{"message":"bad","path":["r0","customer","create"],"extensions":{"diagnoses":[{"severity":3,"message":"bad"}]}}]}"#,
    )
    .unwrap();
    assert!(!outcomes[0].as_ref().unwrap_err().may_have_been_applied);
    assert!(outcomes[1].as_ref().unwrap_err().may_have_been_applied);
}

#[test]
fn a_grave_error_beside_data_is_a_refusal_that_may_have_been_written() {
    let (outcomes, _) = outcomes(
        &[None],
        r#"{"data":{"r0":{"customer":{"create":{"_id":"C1"}}}},
            "errors":[{"message":"bad","path":["r0","customer","create"],"extensions":{"diagnoses":[{"severity":3,"message":"bad"}]}}]}"#,
    )
    .unwrap();
    let refused = outcomes[0].as_ref().unwrap_err();
    assert_eq!(refused.kind, RecordErrorKind::Refused);
    assert!(refused.may_have_been_applied);
}

#[test]
fn a_hole_in_the_answer_of_a_written_row_does_not_undo_it() {
    let chosen = code("C1");
    let (outcomes, _) = outcomes(
        &[Some(&chosen)],
        r#"{"data":{"r0":{"customer":{"create":{"_id":null,"code":null}}}},
            "errors":[{"message":"`BusinessPartner.read` is not activated","path":["r0","customer","create","code"]}]}"#,
    )
    .unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().value, chosen);
}

#[test]
fn an_operation_that_is_not_activated_fails_the_call_and_not_the_rows() {
    let error = outcomes(
        &[None, None],
        r#"{"data":{"r0":{"customer":{"create":null}},"r1":{"customer":{"create":null}}},
            "errors":[{"message":"`Customer.create` is not activated by the application configuration","path":["r0","customer","create"]},
                      {"message":"`Customer.create` is not activated by the application configuration","path":["r1","customer","create"]}]}"#,
    )
    .unwrap_err();
    assert!(matches!(&error, Error::NotActivated { node, .. } if node == "Customer"));
    assert!(!error.may_have_been_applied());
}

#[test]
fn an_error_that_points_to_no_row_fails_the_call() {
    let error = outcomes(
        &[None, None],
        r#"{"data":null,"errors":[{"message":"Out of order."}]}"#,
    )
    .unwrap_err();
    assert!(matches!(&error, Error::Failed { messages, .. } if messages == &["Out of order."]));
    assert!(error.may_have_been_applied());
}

#[test]
fn a_grave_remark_on_a_single_row_is_a_refusal() {
    let (outcomes, _) = outcomes(
        &[None],
        r#"{"data":{"r0":{"customer":{"create":{"_id":"C1"}}}},"extensions":{"diagnoses":[{"severity":4,"message":"rolled back"}]}}"#,
    )
    .unwrap();
    assert!(outcomes[0].as_ref().unwrap_err().may_have_been_applied);
}

use serde_json::json;

use super::*;
use crate::{
    config::CompanyNames,
    graphql::canned::{body, flat, wrote},
    ids::CategoryCode,
};

fn code(text: &str) -> CustomerCode {
    CustomerCode::new(text).unwrap()
}

fn outcomes(
    codes: &[Option<&CustomerCode>],
    answer: &str,
) -> Result<(Outcomes, Vec<Diagnose>), Error> {
    let rows: Vec<Row<'_>> = codes
        .iter()
        .map(|code| Row {
            code: *code,
            input: Input::default(),
        })
        .collect();
    parse_rows(&rows, wrote("customer.create", answer)?)
}

#[test]
fn each_row_is_a_variable_under_a_root_of_its_own() {
    let new = [
        NewCustomer::new(CategoryCode::new("DOM").unwrap()).code(code("C1")),
        NewCustomer::new(CategoryCode::new("EXP").unwrap()),
    ];
    let rows: Vec<Row<'_>> = new
        .iter()
        .map(|new| Row {
            code: new.chosen_code(),
            input: new.to_input(CompanyNames::Numbered),
        })
        .collect();
    let body = body(&rows_request(CREATE, &rows, Generation::Gen3, "Customer_Input").unwrap());
    assert_eq!(
        flat(&body["query"]),
        "mutation CustomerCreateRows($d0: Customer_Input!, $d1: Customer_Input!) { \
         r0: x3MasterData { customer { create(data: $d0) { _id code { code } } } } \
         r1: x3MasterData { customer { create(data: $d1) { _id code { code } } } } }"
    );
    assert_eq!(
        body["variables"],
        json!({"d0":{"code":"C1","customerCategory":"DOM"},"d1":{"customerCategory":"EXP"}})
    );
}

#[test]
fn an_update_names_its_customer_in_the_input() {
    let patch = CustomerPatch::new().company_name_1("Acme");
    let row = [Row {
        code: None,
        input: patch.to_update_input(&code("C1"), CompanyNames::Numbered),
    }];
    let body = body(&rows_request(UPDATE, &row, Generation::Gen2, "Customer_Input").unwrap());
    assert_eq!(
        flat(&body["query"]),
        "mutation CustomerUpdateRows($d0: Customer_Input!) { \
         r0: xtremX3MasterData { customer { update(data: $d0) { _id code { code } } } } }"
    );
    assert_eq!(
        body["variables"],
        json!({"d0":{"code":"C1","companyName1":"Acme"}})
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

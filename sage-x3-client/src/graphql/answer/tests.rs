use serde_json::Value;

use super::*;
use crate::{
    error::ErrorKind,
    graphql::canned::{answered, read, wrote},
};

fn refusal_of(operation: &'static str, writes: bool, status: u16, body: &str) -> Error {
    answered::<Value>(operation, writes, status, body).unwrap_err()
}

fn unfinished(body: &str) -> Error {
    read::<Value>("customer.query", body)
        .unwrap()
        .complete()
        .unwrap_err()
}

#[test]
fn complete_data_with_remarks_is_a_success_with_warnings() {
    let body = r#"{"data":{"a":{"b":1}},
        "errors":[{"message":"w","path":["a","b"],"extensions":{"diagnoses":[{"severity":2,"message":"take care"}]}}],
        "extensions":{"diagnoses":[{"severity":1,"message":"Operation completed successfully."}]}}"#;
    let (data, diagnoses, _) = read::<Value>("customer.query", body)
        .unwrap()
        .complete()
        .unwrap();
    assert_eq!(data["a"]["b"], 1);
    let messages: Vec<&str> = diagnoses
        .iter()
        .map(|diagnose| diagnose.message.as_str())
        .collect();
    assert_eq!(messages, ["take care", "Operation completed successfully."]);
}

#[test]
fn a_hole_in_the_data_is_an_error_that_names_the_place() {
    let body = r#"{"data":{"x3MasterData":{"customer":{"query":{"edges":[{"node":{"_id":"A","addresses":{"query":null}}}]}}}},
        "errors":[{"message":"Something went wrong.","path":["x3MasterData","customer","query","edges",0,"node","addresses","query"]}]}"#;
    match unfinished(body) {
        Error::PartialData {
            paths, messages, ..
        } => {
            assert_eq!(
                paths,
                ["x3MasterData.customer.query.edges[0].node.addresses.query"]
            );
            assert_eq!(messages, ["Something went wrong."]);
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_hole_counts_even_when_it_is_called_a_warning() {
    let body = r#"{"data":{"a":null},"errors":[{"message":"w","path":["a"],"extensions":{"diagnoses":[{"severity":2,"message":"w"}]}}]}"#;
    assert!(matches!(unfinished(body), Error::PartialData { .. }));
}

#[test]
fn an_operation_that_is_not_activated_is_told_by_name() {
    let body = r#"{"data":{"x3MasterData":{"customer":{"query":null}}},"errors":[{"message":"`Customer.read` is not activated by the application configuration","path":["x3MasterData","customer","query"]}]}"#;
    match unfinished(body) {
        Error::NotActivated {
            node, operation, ..
        } => assert_eq!((node.as_str(), operation.as_str()), ("Customer", "read")),
        other => panic!("{other}"),
    }
    let body = body.replace(
        "`Customer.read` is not activated by the application configuration",
        "You do not have rights to perform this operation. `Customer.read`",
    );
    let error = unfinished(&body);
    assert!(matches!(error, Error::NotAllowed { .. }));
    assert!(error.to_string().contains("GESAPIOPE"), "{error}");
}

#[test]
fn errors_without_data_are_a_failure_with_their_messages() {
    let error = unfinished(
        r#"{"data":null,"errors":[{"message":"Boom.","extensions":{"diagnoses":[{"severity":4,"message":"Fatal boom."}]}}]}"#,
    );
    assert_eq!(error.kind(), ErrorKind::Failed);
    match error {
        Error::Failed {
            messages,
            diagnoses,
            ..
        } => {
            assert_eq!(messages, ["Boom."]);
            assert_eq!(diagnoses[0].message, "Fatal boom.");
        }
        other => panic!("{other}"),
    }
}

#[test]
fn an_answer_with_neither_data_nor_errors_is_no_empty_answer() {
    assert!(matches!(
        read::<Value>("customer.query", "{}"),
        Err(Error::Protocol { .. })
    ));
    assert!(matches!(
        read::<Value>("customer.query", r#"{"data":null}"#),
        Err(Error::Protocol { .. })
    ));
}

#[test]
fn an_unknown_field_says_that_the_schema_does_not_fit() {
    let body = r#"{"errors":[{"message":"Cannot query field \"yZone\" on type \"Customer\"."}],"extensions":{}}"#;
    let error = refusal_of("customer.query", false, 400, body);
    assert!(matches!(error, Error::SchemaMismatch { .. }));
    let text = error.to_string();
    assert!(
        text.contains("Cannot query field \"yZone\"") && text.contains("site's own fields"),
        "{text}"
    );
}

#[test]
fn a_root_of_another_generation_says_which_setting_to_change() {
    let body = r#"{"errors":[{"message":"Cannot query field \"x3MasterData\" on type \"Query\". Did you mean \"xtremX3MasterData\"?"}]}"#;
    let text = refusal_of("customer.query", false, 400, body).to_string();
    assert!(text.contains("set it to Gen2"), "{text}");
}

#[test]
fn a_mutation_that_the_schema_lacks_is_one_that_is_not_activated() {
    let body = r#"{"errors":[{"message":"Cannot query field \"create\" on type \"Customer_Mutations\"."}]}"#;
    let error = refusal_of("customer.create", true, 400, body);
    assert!(matches!(&error, Error::NotActivated { operation, .. } if operation == "create"));
    assert!(!error.may_have_been_applied());
}

#[test]
fn what_does_not_come_from_x3_says_what_to_check() {
    let html = "<html><body>Sign in</body></html>";
    for (status, body, expected) in [
        (200, html, "a proxy or a log-in page"),
        (302, "", "log-in page"),
        (404, "Cannot POST /xtrem/api", "X3 Services"),
        (403, "no", "forbidden"),
        (
            400,
            "SyntaxError: Unexpected token",
            "`SEED` is the name of a Syracuse endpoint",
        ),
        (
            400,
            r#"{"errors":[{"message":"Unknown endpoint: SEED"}]}"#,
            "`SEED` is the name of a Syracuse endpoint",
        ),
    ] {
        let error = refusal_of("customer.query", false, status, body);
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.is_retryable());
    }
}

#[test]
fn a_refused_credential_is_explained_and_never_parsed_as_graphql() {
    let error = refusal_of("customer.query", false, 401, "Error 45: Invalid token");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().contains("audience"), "{error}");
}

#[test]
fn a_server_in_trouble_is_retryable_and_a_write_may_have_been_done() {
    let error = refusal_of("customer.create", true, 503, "No process available");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.is_retryable() && error.may_have_been_applied());
    assert!(error.to_string().contains("No process available"));
    assert!(!refusal_of("customer.query", false, 503, "").may_have_been_applied());
    assert!(!refusal_of("customer.create", true, 429, "").may_have_been_applied());
}

#[test]
fn a_write_whose_answer_cannot_be_read_may_have_been_done() {
    let error = wrote::<Vec<u8>>("customer.create", r#"{"data":{"r0":{}}}"#).unwrap_err();
    assert!(matches!(error, Error::Decode { .. }));
    assert!(error.may_have_been_applied());
}

#[test]
fn a_snippet_is_one_short_line() {
    let error = refusal_of(
        "customer.query",
        false,
        200,
        &format!("<html>\n\t{}", "x ".repeat(500)),
    );
    assert!(!error.to_string().contains('\n'));
    assert!(error.to_string().len() < 600, "{error}");
}

#[test]
fn an_answer_to_the_callers_own_document_keeps_every_digit() {
    let body = r#"{"data":{"amount":99999999999999.99},"errors":[{"message":"w","extensions":{"diagnoses":[{"severity":1,"message":"i"}]}}]}"#;
    let answer = GraphqlAnswer::new(read("graphql.execute", body).unwrap());
    assert!(answer.is_success());
    assert_eq!(
        answer.data.unwrap().get(),
        r#"{"amount":99999999999999.99}"#
    );
    let failed = GraphqlAnswer::new(
        read(
            "graphql.execute",
            r#"{"data":null,"errors":[{"message":"x"}]}"#,
        )
        .unwrap(),
    );
    assert!(!failed.is_success());
    assert!(failed.decode::<Value>().unwrap().is_null());
}

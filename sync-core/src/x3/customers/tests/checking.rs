//! The check at start.

use super::*;

/// What introspection answers, with the operations and fields given.
fn introspection(operations: &[&str], fields: &[&str]) -> [Json; 4] {
    let link = |name: &str, kind: &str| json!({"name":name,"type":{"name":kind,"ofType":null}});
    let named = |names: &[&str]| {
        names
            .iter()
            .map(|name| link(name, "String"))
            .collect::<Vec<_>>()
    };
    let mutations: Vec<Json> = operations
        .iter()
        .map(|name| {
            json!({"name":name,"args":[{"name":"data","type":{"name":null,"ofType":{"name":"Customer_Input","ofType":null}}}],
                "type":{"name":"Customer","ofType":null}})
        })
        .collect();
    [
        json!({"data":{"__schema":{"query":{"fields":[link("x3MasterData", "Q")]},"mutation":{"fields":[link("x3MasterData", "M")]}}}}),
        json!({"data":{"t0":{"name":"Q","fields":[link("customer", "CQ")]},"t1":{"name":"M","fields":[link("customer", "CM")]}}}),
        json!({"data":{"t0":{"name":"CQ","fields":[link("query", "C"), link("read", "Customer")]},"t1":{"name":"CM","fields":mutations}}}),
        json!({"data":{"t0":{"name":"Customer","fields":named(fields)},"t1":{"name":"Customer_Input","inputFields":named(fields)}}}),
    ]
}

#[tokio::test]
async fn a_site_that_is_set_up_has_no_problems() {
    let mut answers = introspection(
        &["create", "update"],
        &["code", "defaultAddress", "yZoho", "yScore", "ySince"],
    )
    .to_vec();
    let empty = |node: &str| json!({"data":{"x3MasterData":{node:{"query":{"edges":[],"pageInfo":{"hasNextPage":false,"endCursor":null}}}}}});
    answers.extend([
        page(&[], None),
        empty("customer"),
        empty("businessPartner"),
        empty("customerAddress"),
    ]);
    let x3 = X3::answering(answers);
    let mapped = [
        FieldName::from("companyName1"),
        FieldName::from("yZoho"),
        FieldName::from("address.city"),
    ];
    let problems = x3
        .endpoint(with_custom_fields().mapped_fields(&mapped))
        .check()
        .await
        .unwrap();
    assert!(problems.is_empty(), "{problems:?}");
}

#[tokio::test]
async fn what_is_missing_is_said_with_what_to_do() {
    let x3 = X3::answering(introspection(&["create"], &["code", "yZoho", "yScore"]));
    let mapped = [FieldName::from("companyNam1")];
    let problems = x3
        .endpoint(with_custom_fields().mapped_fields(&mapped))
        .check()
        .await
        .unwrap();
    let messages: Vec<&str> = problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    assert_eq!(messages.len(), 3, "{messages:?}");
    assert!(messages[0].contains("no field `companyNam1`"));
    assert!(messages[1].contains("`Customer.update`") && messages[1].contains("GESAPIOPE"));
    assert!(messages[2].contains("no field `ySince`"));
}

#[tokio::test]
async fn a_feed_that_is_not_activated_is_a_problem_and_a_dead_server_is_not() {
    let mut answers = introspection(&["create", "update"], &[]).to_vec();
    answers.extend([
        page(&[], None),
        page(&[], None),
        json!({"data":{"x3MasterData":{"businessPartner":{"query":null}}},"errors":[{"message":
            "`BusinessPartner.read` is not activated by the application configuration","path":["x3MasterData","businessPartner","query"]}]}),
        json!({"data":{"x3MasterData":{"customerAddress":{"query":{"edges":[],"pageInfo":{"hasNextPage":false}}}}}}),
    ]);
    let problems = X3::answering(answers)
        .endpoint(settings())
        .check()
        .await
        .unwrap();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0]
            .message
            .contains("`BusinessPartner.read` is not activated"),
        "{problems:?}"
    );

    let down = X3::with([Err(TransportErrorKind::Connect)]);
    let error = down
        .endpoint_with(settings(), RetryPolicy::none())
        .check()
        .await
        .unwrap_err();
    assert_eq!(error.kind, EndpointErrorKind::Unavailable);
    assert!(
        error.message.contains("could not connect"),
        "{}",
        error.message
    );

    let wrong = X3::with([Ok((404, String::new()))]);
    let problems = wrong
        .endpoint_with(settings(), RetryPolicy::none())
        .check()
        .await
        .unwrap();
    assert!(problems[0].message.contains("base_url"), "{problems:?}");
}

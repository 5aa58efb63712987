use sage_x3_simulator::{CustomerSeed, Effect, Fault, Operation, OperationState};
use serde_json::json;

use super::support::{Site, input};

const WITH_ADDRESSES: &str = "{ x3MasterData { customer { query { edges { node { _id
    addresses { query { edges { node { code } } } } } } } } } }";

#[tokio::test]
async fn an_operation_that_is_not_activated_answers_200_and_does_nothing() {
    let site = Site::start().await;
    site.x3.set_activation("customer", Operation::Create, false);
    let reply = site.create(input("NA001", "Bakery")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.error(),
        "`Customer.create` is not activated by the application configuration"
    );
    assert_eq!(
        reply.json()["data"]["x3MasterData"]["customer"]["create"],
        json!(null)
    );
    assert_eq!(site.count(), 0);
    site.x3.set_activation("customer", Operation::Create, true);
    site.create(input("NA001", "Bakery")).await.data("");
    site.x3.set_activation("customer", Operation::Update, false);
    let reply = site
        .update(json!({ "code": "NA001", "isActive": false }))
        .await;
    assert_eq!(
        reply.error(),
        "`Customer.update` is not activated by the application configuration"
    );
}

#[tokio::test]
async fn an_operation_the_schema_lacks_is_a_validation_error() {
    let site = Site::start().await;
    site.x3
        .set_operation("customer", Operation::Create, OperationState::Absent);
    let reply = site.create(input("NA001", "Bakery")).await;
    assert_eq!(reply.status, 400);
    let text = "Cannot query field \"create\" on type \"Customer_Mutations\".";
    assert!(reply.error().starts_with(text), "{}", reply.text);
    site.x3
        .set_operation("customer", Operation::Update, OperationState::Absent);
    for operation in [Operation::Create, Operation::Update] {
        site.x3
            .set_operation("salesOrder", operation, OperationState::Absent);
    }
    let reply = site.create(input("NA001", "Bakery")).await;
    assert!(
        reply
            .text
            .contains("Schema is not configured for mutations."),
        "{}",
        reply.text
    );
}

#[tokio::test]
async fn a_missing_right_leaves_the_rest_of_the_answer() {
    let site = Site::start().await;
    site.seed([CustomerSeed::new("NA001", "Bakery")]);
    site.x3
        .set_operation("customerAddress", Operation::Read, OperationState::NoRights);
    let reply = site.ask(WITH_ADDRESSES).await;
    assert_eq!(reply.status, 200);
    let json = reply.json();
    let node = &json["data"]["x3MasterData"]["customer"]["query"]["edges"][0]["node"];
    assert_eq!(
        *node,
        json!({ "_id": "NA001", "addresses": { "query": null } })
    );
    assert_eq!(
        json["errors"][0]["message"],
        "You do not have rights to perform this operation. `CustomerAddress.read`"
    );
    assert_eq!(
        json["errors"][0]["path"],
        json!([
            "x3MasterData",
            "customer",
            "query",
            "edges",
            0,
            "node",
            "addresses",
            "query"
        ])
    );
}

#[tokio::test]
async fn a_right_may_be_missing_for_one_request_only() {
    let site = Site::start().await;
    site.seed([CustomerSeed::new("NA001", "Bakery")]);
    site.x3.inject(Fault::new(Effect::NoRights {
        node: "customerAddress".to_owned(),
    }));
    assert!(
        site.ask(WITH_ADDRESSES)
            .await
            .error()
            .starts_with("You do not have rights")
    );
    site.ask(WITH_ADDRESSES).await.data("");
}

#[tokio::test]
async fn reading_a_node_can_be_off_and_references_to_it_are_null_then() {
    let site = Site::start().await;
    site.seed([CustomerSeed::new("NA001", "Bakery")]);
    site.x3.set_activation("currency", Operation::Read, false);
    let query = "{ x3MasterData { currency { query { totalCount } }
        customer { read(_id: \"NA001\") { _id currency { code } } } } }";
    let json = site.ask(query).await.json();
    assert_eq!(
        json["data"]["x3MasterData"],
        json!({ "currency": { "query": null }, "customer": { "read": { "_id": "NA001", "currency": null } } })
    );
    let messages: Vec<&str> = json["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["message"].as_str().unwrap())
        .collect();
    assert_eq!(
        messages,
        ["`Currency.read` is not activated by the application configuration"; 2]
    );
}

#[tokio::test]
async fn a_node_the_site_does_not_have_is_unknown_to_the_schema() {
    let site = Site::start().await;
    site.x3
        .set_operation("customerAddress", Operation::Read, OperationState::Absent);
    let reply = site.ask(WITH_ADDRESSES).await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.error(),
        "Cannot query field \"addresses\" on type \"Customer\"."
    );
}

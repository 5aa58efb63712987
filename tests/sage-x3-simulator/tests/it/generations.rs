use sage_x3_simulator::{CompanyNames, CustomerSeed, DEFAULT_ENDPOINT, Edit, Generation};
use serde_json::json;

use super::support::{Site, at_start};

#[tokio::test]
async fn generation_two_has_other_roots_and_the_same_data() {
    let site = Site::of(at_start().generation(Generation::Two)).await;
    site.seed([CustomerSeed::new("NA001", "Bakery").set("companyName2", "and sons")]);
    let query = "{ xtremX3MasterData { customer { read(_id: \"NA001\") { _id companyName
        companyNames { query { edges { node { denormalizedIndex companyName } } } } } } }
        xtremX3System { site { read(_id: \"FR011\") { code } } } xtremX3Structure { country { read(_id: \"FR\") { code } } } }";
    let data = site.ask(query).await.data("");
    assert_eq!(
        data["xtremX3MasterData"]["customer"]["read"],
        json!({ "_id": "NA001", "companyName": "Bakery", "companyNames": { "query": { "edges": [
            { "node": { "denormalizedIndex": 1, "companyName": "Bakery" } },
            { "node": { "denormalizedIndex": 2, "companyName": "and sons" } } ] } } })
    );
    let new_root = site
        .ask("{ x3MasterData { customer { query { totalCount } } } }")
        .await;
    assert_eq!(new_root.status, 400);
    let text = "Cannot query field \"x3MasterData\" on type \"Query\".";
    assert!(new_root.error().starts_with(text), "{}", new_root.text);
    let name = site
        .ask("{ xtremX3MasterData { customer { query { edges { node { companyName1 } } } } } }")
        .await;
    assert!(
        name.error()
            .starts_with("Cannot query field \"companyName1\" on type \"Customer\"."),
        "{}",
        name.text
    );
}

#[tokio::test]
async fn generation_two_writes_its_own_name_members() {
    let site = Site::of(at_start().generation(Generation::Two)).await;
    let query = "mutation M($data: Customer_Input!) { xtremX3MasterData { customer { create(data: $data) { _id } } } }";
    let data = json!({ "code": "NA001", "customerCategory": "STD", "country": "FR",
        "companyNames": [{ "companyName": "Bakery" }, { "companyName": "and sons" }] });
    site.ask_with(query, json!({ "data": data })).await.data("");
    let stored = site.stored("NA001");
    assert_eq!(
        (stored.company_name.as_str(), stored.company_name2.as_str()),
        ("Bakery", "and sons")
    );
    let data = json!({ "code": "NA002", "customerCategory": "STD", "country": "FR", "companyName": "Mill" });
    site.ask_with(query, json!({ "data": data })).await.data("");
    assert_eq!(site.stored("NA002").company_name, "Mill");
}

#[tokio::test]
async fn the_form_of_names_can_be_chosen_and_changed_while_running() {
    let site = Site::start().await;
    site.seed([CustomerSeed::new("NA001", "Bakery")]);
    let collection = "{ x3MasterData { customer { query(filter: \"{companyNames:{_atLeast:1,companyName:'Bakery'}}\") {
        edges { node { companyNames { query { edges { node { companyName } } } } } } } } } }";
    assert_eq!(site.ask(collection).await.status, 400);
    site.x3
        .reconfigure(|settings| settings.company_names = vec![CompanyNames::Collection]);
    let edges = site
        .ask(collection)
        .await
        .data("/x3MasterData/customer/query/edges");
    assert_eq!(
        edges[0]["node"]["companyNames"]["query"]["edges"],
        json!([{ "node": { "companyName": "Bakery" } }])
    );
    site.x3
        .reconfigure(|settings| settings.generation = Generation::Two);
    site.x3
        .edit_as_user(
            DEFAULT_ENDPOINT,
            &Edit::customer("NA001").set("companyName1", "Mill"),
        )
        .unwrap();
    assert_eq!(site.stored("NA001").company_name, "Mill");
}

#[tokio::test]
async fn the_oldest_servers_read_by_string() {
    let site = Site::start().await;
    site.x3
        .reconfigure(|settings| settings.read_takes_string = true);
    let read = |ty: &str| {
        format!(
            "query R($id: {ty}) {{ x3MasterData {{ currency {{ read(_id: $id) {{ code }} }} }} }}"
        )
    };
    let by_string = site
        .ask_with(&read("String!"), json!({ "id": "EUR" }))
        .await;
    assert_eq!(by_string.data("/x3MasterData/currency/read/code"), "EUR");
    let by_id = site.ask_with(&read("Id!"), json!({ "id": "EUR" })).await;
    assert_eq!(
        by_id.error(),
        "Variable \"$id\" of type \"Id!\" used in position expecting type \"String!\"."
    );
}

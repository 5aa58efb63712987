use reqwest::Method;
use sage_x3_simulator::Generation;
use serde_json::{Value, json};

use super::fulfilment::ordered;
use super::support::{Reply, Site, at_start};

/// Package and node of everything that can be queried, as introspection tells it.
async fn nodes(site: &Site) -> Vec<(String, String)> {
    let query = "{ __schema { queryType { fields { name type { fields { name type { fields { name } } } } } } } }";
    let packages = site.ask(query).await.data("/__schema/queryType/fields");
    let mut out = Vec::new();
    for package in packages.as_array().unwrap() {
        for node in package["type"]["fields"].as_array().unwrap() {
            let operations = node["type"]["fields"].as_array().unwrap().iter();
            let operations: Vec<&str> = operations
                .map(|field| field["name"].as_str().unwrap())
                .collect();
            assert_eq!(operations, ["query", "read"], "{node}");
            let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
            out.push((name(package), name(node)));
        }
    }
    out
}

#[tokio::test]
async fn introspection_leads_to_every_node_of_both_generations_and_each_can_be_asked() {
    for generation in [Generation::Two, Generation::Three] {
        let site = Site::of(at_start().generation(generation)).await;
        let nodes = nodes(&site).await;
        assert!(nodes.len() > 45, "only {} nodes", nodes.len());
        for (package, node) in nodes {
            let query = format!(
                "{{ {package} {{ {node} {{ query(first: 1) {{ totalCount edges {{ cursor node {{ _id _updateStamp }} }} }} read(_id: \"NONE\") {{ _id }} }} }} }}"
            );
            let answer = site.ask(&query).await.data(&format!("/{package}/{node}"));
            assert_eq!(answer["read"], Value::Null, "{node}");
        }
    }
}

#[tokio::test]
async fn every_column_of_a_document_can_be_selected_down_to_its_references() {
    let (site, id) = ordered().await;
    let query =
        "{ __type(name: \"SalesOrder\") { fields { name type { kind name fields { name } } } } }";
    let fields = site.ask(query).await.data("/__type/fields");
    let selected: Vec<String> = fields
        .as_array()
        .unwrap()
        .iter()
        .map(|field| {
            let name = field["name"].as_str().unwrap();
            let below = field["type"]["fields"].as_array();
            let has_id =
                below.is_some_and(|below| below.iter().any(|field| field["name"] == "_id"));
            match (below, has_id) {
                (Some(_), true) => format!("{name} {{ _id }}"),
                (Some(_), false) if name.ends_with("Lines") => {
                    format!("{name} {{ query {{ totalCount }} }}")
                }
                (Some(_), false) => String::new(),
                (None, _) if name == "_access" => String::new(),
                (None, _) => name.to_owned(),
            }
        })
        .collect();
    let query = format!(
        "{{ x3Sales {{ salesOrder {{ read(_id: \"{id}\") {{ {} }} }} }} }}",
        selected.join(" ")
    );
    let order = site.ask(&query).await.data("/x3Sales/salesOrder/read");
    for (member, value) in [
        ("soldToCustomer", json!({ "_id": "NA001" })),
        ("shipToCustomerAddress", json!({ "_id": "NA001|MAIN" })),
        ("billToCustomerAddress", json!({ "_id": "1|NA001|MAIN" })),
        ("salesOrderType", json!({ "_id": "SON" })),
        ("loanReturnDate", Value::Null),
        ("salesOrderLines", json!({ "query": { "totalCount": 2 } })),
    ] {
        assert_eq!(order[member], value, "{member}");
    }
}

#[tokio::test]
async fn programs_seed_read_edit_and_delete_records_of_any_node() {
    let site = Site::start().await;
    let call = async |method: Method, path: &str, body: Value| {
        let url = format!("{}/__admin/SEED{path}", site.x3.base_url());
        Reply::of(
            site.http
                .request(method, url)
                .json(&body)
                .send()
                .await
                .unwrap(),
        )
        .await
    };
    let products = json!([
        { "code": "P1", "description1": "One", "basePrice": "2.50" },
        { "code": "P2", "description1": "Two" },
    ]);
    let created = call(Method::POST, "/records/product", products).await;
    assert_eq!(
        (created.status, created.json()),
        (201, json!({ "codes": ["P1", "P2"] }))
    );
    let site_row = json!({ "product": "P1", "stockSite": "FR011" });
    call(Method::POST, "/records/productSite", site_row).await;
    let changed = call(
        Method::PATCH,
        "/record/product?id=P1",
        json!({ "description1": "Uno" }),
    )
    .await;
    assert_eq!(changed.status, 204);
    let read = call(Method::GET, "/record/product?id=P1", json!({}))
        .await
        .json();
    assert_eq!(
        (
            &read["values"]["description1"],
            &read["values"]["basePrice"]
        ),
        (&json!("Uno"), &json!("2.5"))
    );
    let composite = call(Method::GET, "/record/productSite?id=P1%7CFR011", json!({})).await;
    assert_eq!(composite.json()["id"], "P1|FR011");
    assert_eq!(
        call(Method::DELETE, "/record/product?id=P1", json!({}))
            .await
            .status,
        204
    );
    assert_eq!(
        call(Method::GET, "/record/product?id=P1", json!({}))
            .await
            .status,
        404
    );
    let left = call(Method::GET, "/records/product", json!({}))
        .await
        .json();
    assert_eq!(left.as_array().unwrap().len(), 1);
    let wrong = call(Method::POST, "/records/nothing", json!({})).await;
    assert_eq!(wrong.status, 422);
    let price = json!({ "customer": "NA001", "product": "P2", "price": "1.25" });
    assert_eq!(call(Method::PUT, "/list-price", price).await.status, 204);
}

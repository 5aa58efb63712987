use reqwest::Method;
use sage_x3_simulator::{
    CustomClass, CustomerSeed, DEFAULT_ENDPOINT, Effect, Fault, Operation, OwnKind, OwnNode,
};
use serde_json::json;

use super::api1::{call, get};
use super::fulfilment::ordered;
use super::support::{Site, at_start};

/// A site with visits, which have lines.
async fn visits() -> Site {
    let visit = OwnNode::new("abcService", "yVisit", "YVISIT", "YNUM")
        .property("number", "YNUM", OwnKind::Text(10))
        .property(
            "customer",
            "YBPC",
            OwnKind::Reference("customer".to_owned()),
        )
        .property("day", "YDAY", OwnKind::Date)
        .property("isDone", "YDONE", OwnKind::Boolean)
        .lines("yVisitLine");
    let line = OwnNode::new("abcService", "yVisitLine", "YVISITD", "YNUM")
        .key("YLIN")
        .property("visit", "YNUM", OwnKind::Reference("yVisit".to_owned()))
        .property("lineNumber", "YLIN", OwnKind::Int)
        .property("hours", "YHOURS", OwnKind::Decimal);
    let site = Site::of(at_start().settings(|settings| {
        settings.own_nodes = vec![visit, line];
        settings.custom_classes = vec![CustomClass::new("YVISIT", "yVisit")];
    }))
    .await;
    for operation in [Operation::Create, Operation::Update, Operation::Delete] {
        site.x3.set_activation("yVisit", operation, true);
    }
    site.x3
        .set_activation("yVisitLine", Operation::Delete, true);
    site.seed([CustomerSeed::new("NA001", "Bakery")]);
    site
}

const CREATE: &str = "mutation { abcService { yVisit { create(data: { number: \"V1\", customer: \"NA001\", day: \"2026-03-02\",
    isDone: false, lines: [{ hours: \"1.5\" }, { hours: 2 }] }) { _id } } } }";

#[tokio::test]
async fn a_package_of_the_site_s_own_stands_beside_x3_s_with_the_same_operations() {
    let site = visits().await;
    assert_eq!(
        site.ask(CREATE).await.data("/abcService/yVisit/create/_id"),
        "V1"
    );
    let query = "{ abcService { yVisit { query(filter: \"{customer:{code:{companyName1:'Bakery'}},isDone:false}\") { edges { node {
        number day customer { code { code } } lines { query { edges { node { _id lineNumber hours } } } } } } } } } }";
    assert_eq!(
        site.ask(query)
            .await
            .data("/abcService/yVisit/query/edges/0/node"),
        json!({ "number": "V1", "day": "2026-03-02", "customer": { "code": { "code": "NA001" } },
            "lines": { "query": { "edges": [
                { "node": { "_id": "V1|1000", "lineNumber": 1000, "hours": "1.5" } },
                { "node": { "_id": "V1|2000", "lineNumber": 2000, "hours": "2" } } ] } } })
    );
    let update = "mutation { abcService { yVisit { update(data: { number: \"V1\", isDone: true }) { isDone } } } }";
    assert_eq!(
        site.ask(update)
            .await
            .data("/abcService/yVisit/update/isDone"),
        true
    );
}

#[tokio::test]
async fn delete_takes_the_key_s_fields_as_arguments() {
    let site = visits().await;
    site.ask(CREATE).await.data("");
    let line =
        "mutation { abcService { yVisitLine { delete(visit: \"V1\", lineNumber: \"1000\") } } }";
    assert_eq!(
        site.ask(line).await.data("/abcService/yVisitLine/delete"),
        true
    );
    let left = site.x3.records(DEFAULT_ENDPOINT, "yVisitLine").unwrap();
    assert_eq!(
        left.iter().map(|line| line.id.as_str()).collect::<Vec<_>>(),
        ["V1|2000"]
    );
    let whole = "mutation { abcService { yVisit { delete(number: \"V1\") } } }";
    site.ask(whole).await.data("");
    assert!(
        site.x3
            .records(DEFAULT_ENDPOINT, "yVisitLine")
            .unwrap()
            .is_empty()
    );
    assert_eq!(site.ask(whole).await.error(), "V1 : Record does not exist");
}

#[tokio::test]
async fn a_class_onto_a_node_of_the_site_s_own_reads_and_writes_its_table() {
    let site = visits().await;
    let body = json!({ "YNUM": "V2", "YBPC": "NA001", "YDONE": 2 });
    let reply = call(
        &site,
        Method::POST,
        "YVISIT?representation=YVISIT.$create",
        Some(body),
    )
    .await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let read = get(&site, "YVISIT('V2')?representation=YVISIT.$details")
        .await
        .json();
    assert_eq!(
        (&read["YBPC"], &read["YDONE"]),
        (&json!("NA001"), &json!(2))
    );
}

#[tokio::test]
async fn a_deleted_order_takes_its_lines_and_its_credit_with_it_and_a_delivered_one_stays() {
    let (site, id) = ordered().await;
    site.x3
        .set_activation("salesOrder", Operation::Delete, true);
    let delete = format!("mutation {{ x3Sales {{ salesOrder {{ delete(id: \"{id}\") }} }} }}");
    site.ask(&delete).await.data("");
    assert!(
        site.x3
            .records(DEFAULT_ENDPOINT, "salesOrderLine")
            .unwrap()
            .is_empty()
    );
    assert_eq!(super::fulfilment::level(&site), "0");
    let (site, id) = ordered().await;
    site.x3.deliver(DEFAULT_ENDPOINT, &id, None).unwrap();
    site.x3
        .set_activation("salesOrder", Operation::Delete, true);
    assert_eq!(
        site.ask(&delete).await.error(),
        format!("{id} : Order already delivered")
    );
}

#[tokio::test]
async fn a_warning_beside_a_create_reaches_every_way_in() {
    let site = visits().await;
    site.x3.inject(Fault::new(Effect::Warning {
        message: "Check it".to_owned(),
    }));
    let body = json!({ "YNUM": "V3" });
    let reply = call(
        &site,
        Method::POST,
        "YVISIT?representation=YVISIT.$create",
        Some(body),
    )
    .await;
    let said = reply.json()["$diagnoses"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(
        said,
        json!({ "$severity": "warning", "$message": "Check it" })
    );
}

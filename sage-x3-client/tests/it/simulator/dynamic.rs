//! Nodes without a type, and what a site says about itself.

use sage_x3_client::{
    Error, FieldName, Filter, PageSize, Product, RecordId, SalesOrder, Support,
    dynamic::{DynamicQuery, NodeInput, Selection},
};
use sage_x3_simulator::{Operation, OperationState};

use super::*;

fn id(text: &str) -> RecordId {
    RecordId::new(text).unwrap()
}

#[tokio::test]
async fn any_node_is_read_with_its_references_and_collections() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    x3.seed_customers(DEFAULT_ENDPOINT, seeds(3)).unwrap();
    let addresses = FieldName::new("addresses").unwrap();
    let city = Selection::new().field("city").unwrap();
    let selection = Selection::new()
        .field("isActive")
        .and_then(|it| it.object("code", Selection::new().field("companyName1")?))
        .and_then(|it| it.collection("addresses", PageSize::new(1), city.clone()))
        .unwrap();
    let customers = client.node("x3MasterData", "customer").unwrap();
    let query = DynamicQuery::new(selection)
        .filter(Filter::field("code.code").is_in(["C0001", "C0002"]))
        .with_total();
    let page = customers.page(&query).await.unwrap();
    assert_eq!((page.items.len(), page.total), (2, Some(2)));
    let first = &page.items[0];
    assert_eq!(first.id(), Some(id("C0001")));
    assert_eq!(
        first.text("code.companyName1").unwrap().as_deref(),
        Some("Société n° 1")
    );
    let found = first.collection(&addresses).unwrap().unwrap();
    assert_eq!(
        found.items[0].text("city").unwrap().as_deref(),
        Some("Paris")
    );
    let children = customers
        .children(&id("C0001"), &addresses, &city, PageSize::new(5), None)
        .await
        .unwrap();
    assert_eq!(children.items.len(), 1);
    assert!(
        customers
            .read(&id("NONE"), &Selection::new())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn any_node_is_written_where_the_site_activated_it() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    let suppliers = client.node("x3MasterData", "supplier").unwrap();
    let input = NodeInput::new()
        .set("code", "SUP09")
        .and_then(|it| it.set("category", "STD"))
        .and_then(|it| it.set("companyName1", "Mill"))
        .and_then(|it| it.set("country", "BE"))
        .unwrap();
    let error = suppliers
        .create(&input, Some(id("SUP09")))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::NotActivated { node, operation, .. } if node == "Supplier" && operation == "create"),
        "{error}"
    );
    x3.set_activation("supplier", Operation::Create, true);
    let created = suppliers.create(&input, Some(id("SUP09"))).await.unwrap();
    assert_eq!(created.value, id("SUP09"));
}

#[tokio::test]
async fn a_node_that_the_site_does_not_have_is_named() {
    let Site {
        x3: _x3, client, ..
    } = site(X3Simulator::builder()).await;
    let visits = client.node("x3MasterData", "yVisit").unwrap();
    let error = visits
        .page(&DynamicQuery::new(Selection::new()))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::SchemaMismatch { .. }), "{error}");
    assert!(error.to_string().contains("yVisit"), "{error}");
    assert!(client.node("x3 }", "a").is_err());
}

#[tokio::test]
async fn the_report_tells_nodes_operations_and_lacking_fields() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    x3.set_operation("salesOrder", Operation::Create, OperationState::Absent);
    let report = client.site_report().await.unwrap();
    let packages = report.packages.as_ref().unwrap();
    assert!(packages["x3Sales"].contains("salesOrder"));
    let orders = report.offer("salesOrder").unwrap();
    assert_eq!(
        (orders.query, orders.create, orders.update),
        (Support::Offered, Support::Missing, Support::Offered)
    );
    assert_eq!(
        orders.readable_field("customerOrderReference"),
        Support::Offered
    );
    assert_eq!(
        report
            .lacking()
            .into_iter()
            .filter(|lacking| !lacking.optional)
            .collect::<Vec<_>>(),
        [],
        "everything that has to be there is there"
    );
    let asked = x3.counters().requests;
    client.offer::<SalesOrder>().await.unwrap();
    client.offer::<Product>().await.unwrap();
    assert_eq!(x3.counters().requests, asked, "known from the report");

    x3.set_operation("salesOrder", Operation::Create, OperationState::Active);
    client.forget_offers();
    let orders = client.offer::<SalesOrder>().await.unwrap();
    assert_eq!(orders.create, Support::Offered);
}

#[tokio::test]
async fn a_record_is_deleted_where_the_site_activated_it_and_once() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    x3.seed_customers(DEFAULT_ENDPOINT, seeds(1)).unwrap();
    let customers = client.node("x3MasterData", "customer").unwrap();
    let key = [(FieldName::new("code").unwrap(), "C0000".into())];
    let error = customers.delete(&key).await.unwrap_err();
    assert!(matches!(&error, Error::NotActivated { operation, .. } if operation == "delete"));
    x3.set_activation("customer", Operation::Delete, true);
    let asked = x3.counters().requests;
    customers.delete(&key).await.unwrap();
    assert_eq!(x3.counters().requests - asked, 1);
    assert!(x3.customer(DEFAULT_ENDPOINT, "C0000").unwrap().is_none());
    let again = customers.delete(&key).await.unwrap_err();
    assert!(matches!(again, Error::Failed { .. }), "{again}");
}

#[tokio::test]
async fn a_mutation_that_the_site_does_not_have_is_named() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    let customers = client.node("x3MasterData", "customer").unwrap();
    let name = |text: &str| FieldName::new(text).unwrap();
    let error = customers
        .mutate(
            &name("mergeInto"),
            (&name("parameter"), &name("Customer_Input")),
            &NodeInput::new().set("code", "C1").unwrap(),
            &Selection::new(),
        )
        .await
        .unwrap_err();
    assert!(error.to_string().contains("mergeInto"), "{error}");
    assert!(!error.may_have_been_applied());
    assert_eq!(x3.counters().requests, 1, "sent once");
}

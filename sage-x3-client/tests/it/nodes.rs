//! What holds for every node: partial data never passes for complete, and guesses about fields stop no site.

use sage_x3_client::{Error, Query, X3Client};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::server::{Server, json as answer};

fn page(package: &str, node: &str, query: &Value) -> Value {
    json!({"data": {package: {node: {"query": query}}}})
}

fn refused(messages: &[&str]) -> ResponseTemplate {
    let errors: Vec<Value> = messages
        .iter()
        .map(|message| json!({"message": message}))
        .collect();
    ResponseTemplate::new(400).set_body_json(json!({"errors": errors}))
}

/// Reads one page of each node from `$server`, and gives what came of it.
macro_rules! pages {
    ($x3:expr, $($handle:ident: $package:literal / $node:literal),* $(,)?) => {
        vec![$(($package, $node, $x3.$handle().page(&Query::new()).await.map(|page| page.items.len()))),*]
    };
}

async fn every_page(x3: &X3Client) -> Vec<(&'static str, &'static str, Result<usize, Error>)> {
    pages!(
        x3,
        accounts: "x3FinanceData" / "account",
        business_partners: "x3MasterData" / "businessPartner",
        business_partner_contacts: "x3MasterData" / "businessPartnerContact",
        companies: "x3System" / "company",
        currencies: "x3MasterData" / "currency",
        customers: "x3MasterData" / "customer",
        customer_addresses: "x3MasterData" / "customerAddress",
        customer_invoice_headers: "x3InvoicingData" / "customerInvoiceHeader",
        payment_terms: "x3InvoicingData" / "paymentTerm",
        products: "x3MasterData" / "product",
        product_sites: "x3MasterData" / "productSite",
        purchase_orders: "x3Purchasing" / "purchaseOrder",
        purchase_order_lines: "x3Purchasing" / "purchaseOrderLine",
        sales_deliveries: "x3Sales" / "salesDelivery",
        sales_delivery_lines: "x3Sales" / "salesDeliveryLine",
        sales_invoices: "x3Sales" / "salesInvoice",
        sales_invoice_lines: "x3Sales" / "salesInvoiceLine",
        sales_orders: "x3Sales" / "salesOrder",
        sales_order_lines: "x3Sales" / "salesOrderLine",
        sites: "x3System" / "site",
        stock: "x3StockData" / "stock",
        suppliers: "x3MasterData" / "supplier",
    )
}

#[tokio::test]
async fn a_page_of_any_node_with_a_branch_missing_is_an_error() {
    // The same hole in every answer: the second record is null, and an error says why.
    let server = Server::start((0..22).map(|_| {
        let query = json!({"edges": [{"node": null}], "pageInfo": {"hasNextPage": false, "endCursor": null}});
        let mut body = page("x3", "node", &query);
        body["errors"] = json!([{"message": "Out of order.", "path": ["x3", "node", "query", "edges", 0, "node"]}]);
        answer(&body)
    }))
    .await;
    for (_, node, found) in every_page(&server.client()).await {
        assert!(
            matches!(found, Err(Error::PartialData { .. })),
            "{node}: {found:?}"
        );
    }
}

#[tokio::test]
async fn a_hole_that_no_error_explains_is_an_error_at_any_node_and_a_remark_is_none() {
    let hole =
        json!({"edges": [{"node": null}], "pageInfo": {"hasNextPage": false, "endCursor": null}});
    let whole = json!({"edges": [], "pageInfo": {"hasNextPage": false, "endCursor": null}});
    let server = Server::start((0..44).map(|index| {
        let mut body = page("x3", "node", if index < 22 { &hole } else { &whole });
        if index >= 22 {
            body["errors"] = json!([{"message": "slow", "path": ["x3", "node", "query"],
                "extensions": {"diagnoses": [{"severity": 2, "message": "slow"}]}}]);
        }
        answer(&body)
    }))
    .await;
    let x3 = server.client();
    for (_, node, found) in every_page(&x3).await {
        assert!(
            matches!(found, Err(Error::Protocol { .. })),
            "{node}: {found:?}"
        );
    }
    for (_, node, found) in every_page(&x3).await {
        assert_eq!(found.unwrap(), 0, "{node}");
    }
}

#[tokio::test]
async fn every_node_is_asked_for_where_it_stands() {
    let whole = json!({"edges": [], "pageInfo": {"hasNextPage": false, "endCursor": null}});
    let server = Server::start((0..22).map(|_| answer(&page("x3", "node", &whole)))).await;
    let asked = every_page(&server.client()).await;
    for ((package, node, _), body) in asked.iter().zip(server.bodies().await) {
        let document: String = body["query"]
            .as_str()
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(
            document.contains(&format!("{{ {package} {{ {node} {{ query(")),
            "{document}"
        );
    }
}

#[tokio::test]
async fn a_field_that_is_only_guessed_is_left_out_where_the_site_lacks_it_and_asked_for_once() {
    let whole = page(
        "x3Sales",
        "salesOrder",
        &json!({"edges": [{"node": {"_id": "SO1", "customerOrderReference": "Z-1"}}],
            "pageInfo": {"hasNextPage": false, "endCursor": null}}),
    );
    let server = Server::start([
        refused(&[
            "Cannot query field \"orderStatus\" on type \"SalesOrder\".",
            "Cannot query field \"currency\" on type \"SalesOrder\". Did you mean \"company\"?",
        ]),
        answer(&whole),
        answer(&whole),
    ])
    .await;
    let orders = server.client().sales_orders();
    for _ in 0..2 {
        let page = orders.page(&Query::new()).await.unwrap();
        assert_eq!(page.items[0].order_status, None);
        assert_eq!(page.items[0].customer_order_reference, "Z-1");
    }
    let documents: Vec<bool> = server
        .bodies()
        .await
        .iter()
        .map(|body| body["query"].as_str().unwrap().contains("orderStatus"))
        .collect();
    assert_eq!(documents, [true, false, false]);
}

#[tokio::test]
async fn a_field_that_must_be_there_is_an_error_that_names_it() {
    let server = Server::start([refused(&[
        "Cannot query field \"orderStatus\" on type \"SalesOrder\".",
        "Cannot query field \"salesSite\" on type \"SalesOrder\".",
    ])])
    .await;
    let error = server
        .client()
        .sales_orders()
        .page(&Query::new())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::SchemaMismatch { .. }), "{error}");
    assert!(error.to_string().contains("salesSite"), "{error}");
}

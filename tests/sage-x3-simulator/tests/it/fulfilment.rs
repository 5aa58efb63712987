use rust_decimal::Decimal;
use sage_x3_simulator::{
    CustomerSeed, DEFAULT_ENDPOINT, RecordSeed, RecordSnapshot, SimulatorError,
};
use serde_json::json;

use super::support::{Reply, Site};

/// A site with an order of 10 and 4 pieces at 5 each, and 8 pieces of the first in two lots.
pub(crate) async fn ordered() -> (Site, String) {
    let site = Site::start().await;
    site.seed([CustomerSeed::new("NA001", "Bakery")]);
    for code in ["BMS001", "BMS002"] {
        let product = RecordSeed::product(code, "Flour").set("basePrice", "5");
        let records = [product, RecordSeed::product_site(code, "FR011")];
        site.x3.seed(DEFAULT_ENDPOINT, records).unwrap();
    }
    let stock = |id, quantity: i64| RecordSeed::stock("FR011", id, "BMS001", quantity);
    site.x3
        .seed(DEFAULT_ENDPOINT, [stock(1, 3), stock(2, 5)])
        .unwrap();
    let line = |product: &str, quantity: i64| {
        RecordSeed::new("salesOrderLine")
            .set("product", product)
            .set("quantityInSalesUnitOrdered", Decimal::from(quantity))
    };
    let order = RecordSeed::sales_order("FR011", "NA001")
        .row("salesOrderLines", line("BMS001", 10))
        .row("salesOrderLines", line("BMS002", 4));
    let id = site.x3.create_record(DEFAULT_ENDPOINT, order).unwrap();
    (site, id)
}

pub(crate) fn record(site: &Site, node: &str, id: &str) -> RecordSnapshot {
    site.x3
        .record(DEFAULT_ENDPOINT, node, id)
        .unwrap()
        .unwrap_or_else(|| panic!("no {node} {id}"))
}

/// Order, delivery and invoice status.
fn statuses(site: &Site, id: &str) -> [String; 3] {
    let order = record(site, "salesOrder", id);
    ["orderStatus", "deliveryStatus", "invoicedStatus"].map(|status| order.get(status).to_owned())
}

fn refusal(error: SimulatorError) -> String {
    match error {
        SimulatorError::Refused(messages) => messages.join("; "),
        other => panic!("{other}"),
    }
}

pub(crate) fn level(site: &Site) -> String {
    record(site, "customer", "NA001")
        .get("creditLevelTotal")
        .to_owned()
}

#[tokio::test]
async fn a_part_delivery_moves_its_line_the_header_and_the_stock_and_no_other_line() {
    let (site, id) = ordered().await;
    let before = record(&site, "salesOrder", &id);
    site.x3.clock().advance(std::time::Duration::from_secs(60));
    let part = [(1000, Decimal::from(4))];
    let delivery = site.x3.deliver(DEFAULT_ENDPOINT, &id, Some(&part)).unwrap();
    assert_eq!(
        statuses(&site, &id),
        ["open", "partlyDelivered", "notInvoiced"]
    );
    let order = record(&site, "salesOrder", &id);
    assert_eq!(order.get("lastSalesDelivery"), delivery);
    let (lines, old) = (
        &order.rows["salesOrderLines"],
        &before.rows["salesOrderLines"],
    );
    assert_eq!(lines[0].get("quantityInSalesUnitDelivered"), "4");
    assert_eq!(lines[0].get("lineStatus"), "pending");
    assert_ne!(
        (order.updated, lines[0].updated),
        (before.updated, old[0].updated)
    );
    assert_eq!(lines[1].updated, old[1].updated);
    // 10 × 5 and 4 × 5 ordered, 4 × 5 of it gone.
    assert_eq!(order.get("linesAmountRemainingToDeliverExcludingTax"), "50");
    let left = |id| {
        record(&site, "stock", id)
            .get("quantityInStockUnit")
            .to_owned()
    };
    assert_eq!(
        (left("FR011|1"), left("FR011|2")),
        ("0".to_owned(), "4".to_owned())
    );
    let delivered = record(&site, "salesDelivery", &delivery);
    let line = &delivered.rows["salesDeliveryLines"][0];
    assert_eq!(
        (
            line.get("salesOrder"),
            line.get("salesOrderLineNumber"),
            line.get("quantityInSalesUnitDelivered")
        ),
        (id.as_str(), "1000", "4")
    );
}

#[tokio::test]
async fn an_order_goes_from_delivered_to_invoiced_and_its_credit_with_it() {
    let (site, id) = ordered().await;
    assert_eq!(level(&site), "84");
    let delivery = site.x3.deliver(DEFAULT_ENDPOINT, &id, None).unwrap();
    assert_eq!(statuses(&site, &id), ["closed", "delivered", "notInvoiced"]);
    assert_eq!(level(&site), "84");
    let invoice = site.x3.invoice(DEFAULT_ENDPOINT, &delivery).unwrap();
    assert_eq!(statuses(&site, &id), ["closed", "delivered", "invoiced"]);
    assert_eq!(
        record(&site, "salesOrder", &id).get("lastSalesInvoice"),
        invoice
    );
    assert_eq!(
        record(&site, "salesDelivery", &delivery).get("salesInvoice"),
        invoice
    );
    let sold = record(&site, "salesInvoice", &invoice);
    assert_eq!(
        (
            sold.get("status"),
            sold.get("sourceDocumentNumber"),
            sold.get("linesAmountIncludingTax")
        ),
        ("notPosted", delivery.as_str(), "84")
    );
    assert_eq!(
        sold.rows["salesInvoiceLines"][1].get("amountExcludingTax"),
        "20"
    );
    assert_eq!(level(&site), "84");
    site.x3.post_invoice(DEFAULT_ENDPOINT, &invoice).unwrap();
    assert_eq!(
        record(&site, "salesInvoice", &invoice).get("status"),
        "posted"
    );
    site.x3
        .pay_invoice(DEFAULT_ENDPOINT, &invoice, Some(Decimal::from(34)))
        .unwrap();
    assert_eq!(level(&site), "50");
    site.x3
        .pay_invoice(DEFAULT_ENDPOINT, &invoice, None)
        .unwrap();
    assert_eq!(level(&site), "0");
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_and_changes_nothing() {
    let (site, id) = ordered().await;
    let x3 = &site.x3;
    let too_much = [(1000, Decimal::from(11))];
    let error = x3
        .deliver(DEFAULT_ENDPOINT, &id, Some(&too_much))
        .unwrap_err();
    assert_eq!(refusal(error), "Line 1000 : 11 is more than 10");
    let error = x3.deliver(DEFAULT_ENDPOINT, "NONE", None).unwrap_err();
    assert_eq!(refusal(error), "NONE : Record does not exist");
    let delivery = x3.deliver(DEFAULT_ENDPOINT, &id, None).unwrap();
    let error = x3.deliver(DEFAULT_ENDPOINT, &id, None).unwrap_err();
    assert_eq!(refusal(error), format!("{id} : Nothing to deliver"));
    let invoice = x3.invoice(DEFAULT_ENDPOINT, &delivery).unwrap();
    let error = x3.invoice(DEFAULT_ENDPOINT, &delivery).unwrap_err();
    assert_eq!(refusal(error), format!("{delivery} : Already invoiced"));
    let error = x3
        .pay_invoice(DEFAULT_ENDPOINT, &invoice, None)
        .unwrap_err();
    assert_eq!(refusal(error), format!("{invoice} : Not posted"));
    assert_eq!(
        x3.records(DEFAULT_ENDPOINT, "salesDelivery").unwrap().len(),
        1
    );
}

#[tokio::test]
async fn a_line_closed_early_counts_as_done() {
    let (site, id) = ordered().await;
    let first = [(1000, Decimal::from(10))];
    site.x3
        .deliver(DEFAULT_ENDPOINT, &id, Some(&first))
        .unwrap();
    site.x3.close_line(DEFAULT_ENDPOINT, &id, 2000).unwrap();
    let order = record(&site, "salesOrder", &id);
    assert_eq!(
        (order.get("orderStatus"), order.get("numberOfClosedLines")),
        ("closed", "2")
    );
    assert_eq!(order.get("linesAmountRemainingToDeliverExcludingTax"), "0");
    let update = "mutation M($data: SalesOrder_Input!) { x3Sales { salesOrder { update(data: $data) { _id } } } }";
    let data = json!({ "data": { "_id": id, "customerOrderReference": "late" } });
    assert_eq!(
        site.ask_with(update, data).await.error(),
        format!("{id} : Order closed")
    );
}

#[tokio::test]
async fn programs_advance_documents_by_administration_routes() {
    let (site, id) = ordered().await;
    let post = async |path: String, body: serde_json::Value| {
        let url = format!("{}/__admin/SEED{path}", site.x3.base_url());
        Reply::of(site.http.post(url).json(&body).send().await.unwrap()).await
    };
    let lines = json!({ "lines": [[1000, "10"]] });
    let delivered = post(format!("/orders/{id}/deliver"), lines).await.json();
    let delivery = delivered["number"].as_str().unwrap().to_owned();
    let invoiced = post(format!("/deliveries/{delivery}/invoice"), json!({}))
        .await
        .json();
    let invoice = invoiced["number"].as_str().unwrap().to_owned();
    assert_eq!(
        post(format!("/invoices/{invoice}/post"), json!({}))
            .await
            .status,
        204
    );
    assert_eq!(
        post(
            format!("/invoices/{invoice}/pay"),
            json!({ "amount": "60" })
        )
        .await
        .status,
        204
    );
    assert_eq!(
        post(format!("/orders/{id}/lines/2000/close"), json!({}))
            .await
            .status,
        204
    );
    assert_eq!(
        statuses(&site, &id),
        ["closed", "partlyDelivered", "partlyInvoiced"]
    );
    assert_eq!(
        post(format!("/orders/{id}/deliver"), json!({}))
            .await
            .status,
        422
    );
}

//! What X3 has ordered, delivered and invoiced, shown as sales orders of Zoho.

use rust_decimal::Decimal;
use sage_x3_simulator::RecordSeed;
use sync_core::{
    ParkReason, Side,
    flows::{fulfilment::FulfilmentOptions, orders::Numbering},
};
use zoho_crm_simulator::StoredRecord;

use crate::{
    shop::{Rules, Shop, number},
    world::ENDPOINT,
};

fn rules() -> Rules {
    Rules {
        fulfilment: Some(FulfilmentOptions::default()),
        ..Rules::default()
    }
}

fn shown(shop: &Shop) -> StoredRecord {
    let orders = shop.world.zoho.records("Sales_Orders");
    assert_eq!(orders.len(), 1, "{orders:?}");
    orders.into_iter().next().unwrap()
}

/// Product, quantity and description of each line.
fn lines(order: &StoredRecord) -> Vec<(String, String, String)> {
    let rows = order.get("Ordered_Items").unwrap().as_array().unwrap();
    rows.iter()
        .map(|row| {
            let text = |field: &str| {
                let text = row.get(field).and_then(|value| value.as_str());
                text.unwrap_or_default().to_owned()
            };
            let product = row.get("Product_Name").and_then(|it| it.get("name"));
            let product = product.and_then(|name| name.as_str()).unwrap().to_owned();
            let quantity = row.get("Quantity").and_then(|it| it.number_text());
            (product, quantity.unwrap().to_owned(), text("Description"))
        })
        .collect()
}

fn line(product: &str, quantity: &str, progress: &str) -> (String, String, String) {
    (product.to_owned(), quantity.to_owned(), progress.to_owned())
}

#[tokio::test]
async fn an_order_of_x3_is_shown_with_its_lines_account_and_deal_and_follows_its_fulfilment() {
    let shop = Shop::open(rules()).await;
    let deal = shop.deal();
    shop.won(&deal).await;
    let order = shop.order();
    let first = shown(&shop);
    assert_eq!(first.text("X3_Code"), Some(order.id.as_str()));
    assert_eq!(first.reference("Account_Name"), Some(shop.account.as_str()));
    assert_eq!(first.reference("Deal_Name"), Some(deal.as_str()));
    assert_eq!(first.text("X3_Delivery_Status"), Some("notDelivered"));
    assert_eq!(number(&first, "X3_Amount"), Some(Decimal::from(75)));
    assert_eq!(
        lines(&first),
        [line("PUMP", "2", ""), line("HOSE", "10", "")]
    );

    let x3 = &shop.world.x3;
    let part = [(2000, Decimal::from(4))];
    x3.deliver(ENDPOINT, &order.id, Some(&part)).unwrap();
    shop.settle().await;
    let partly = shown(&shop);
    assert_eq!(partly.text("X3_Delivery_Status"), Some("partlyDelivered"));
    assert_eq!(
        lines(&partly),
        [line("PUMP", "2", ""), line("HOSE", "10", "delivered: 4")],
        "lines are exchanged, not doubled"
    );

    let rest = x3.deliver(ENDPOINT, &order.id, None).unwrap();
    x3.invoice(ENDPOINT, &rest).unwrap();
    shop.settle().await;
    let delivered = shown(&shop);
    assert_eq!(delivered.text("X3_Delivery_Status"), Some("delivered"));
    assert_eq!(delivered.text("X3_Invoice_Status"), Some("partlyInvoiced"));
    assert_eq!(
        lines(&delivered),
        [
            line("PUMP", "2", "delivered: 2, invoiced: 2"),
            line("HOSE", "10", "delivered: 10, invoiced: 6")
        ]
    );
    assert!(shop.parked("fulfilment").await.is_empty());

    let writes = shop.world.writes();
    shop.settle().await;
    assert_eq!(shop.world.writes(), writes, "at rest nothing is written");
}

#[tokio::test]
async fn an_order_that_a_clerk_entered_is_shown_without_a_deal_and_makes_none() {
    let shop = Shop::open(rules()).await;
    let row = RecordSeed::new("salesOrderLine")
        .set("product", "PUMP")
        .set("quantityInSalesUnitOrdered", Decimal::from(3));
    let order = RecordSeed::sales_order("FR011", "NA001")
        .set("customerOrderReference", "PO-4711")
        .row("salesOrderLines", row);
    let id = shop.world.x3.create_record(ENDPOINT, order).unwrap();
    shop.settle().await;
    let order = shown(&shop);
    assert_eq!(order.text("X3_Code"), Some(id.as_str()));
    assert_eq!(order.reference("Deal_Name"), None);
    assert_eq!(lines(&order), [line("PUMP", "3", "")]);
    assert!(shop.world.zoho.records("Deals").is_empty());
    shop.assert_nothing_parked().await;
}

#[tokio::test]
async fn the_deal_is_known_where_x3_numbers_the_orders_too() {
    let numbering = Numbering::ByX3 {
        prefix: "Z".to_owned(),
    };
    let mut rules = rules();
    rules.order_type = "SON";
    rules.orders.numbering = numbering.clone();
    rules.fulfilment.as_mut().unwrap().deals = Some(numbering);
    let shop = Shop::open(rules).await;
    let deal = shop.deal();
    shop.won(&deal).await;
    assert_eq!(shown(&shop).reference("Deal_Name"), Some(deal.as_str()));
}

#[tokio::test]
async fn a_product_that_zoho_does_not_have_parks_the_order_and_is_named() {
    let shop = Shop::open(rules()).await;
    let product = RecordSeed::product("NEW", "Novelty").set("basePrice", "9");
    let records = [product, RecordSeed::product_site("NEW", "FR011")];
    shop.world.x3.seed(ENDPOINT, records).unwrap();
    let row = RecordSeed::new("salesOrderLine")
        .set("product", "NEW")
        .set("quantityInSalesUnitOrdered", Decimal::ONE);
    let order = RecordSeed::sales_order("FR011", "NA001").row("salesOrderLines", row);
    shop.world.x3.create_record(ENDPOINT, order).unwrap();
    shop.settle().await;
    let parked = shop.parked("fulfilment").await;
    let ParkReason::Rejected {
        side: Side::Right,
        rejection,
    } = &parked[0].parked.reason
    else {
        panic!("{parked:?}")
    };
    assert!(rejection.message.contains("`NEW`"), "{rejection:?}");
    assert!(shop.world.zoho.records("Sales_Orders").is_empty());
}

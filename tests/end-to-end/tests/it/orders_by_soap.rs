//! Orders of a site whose release has no GraphQL operation that makes them: by a web service.

use rust_decimal::Decimal;
use sage_x3_simulator::{Effect, Fault, Operation, OperationState, RecordSnapshot};
use serde_json::json;
use sync_core::{
    ParkReason, Side,
    flows::orders::{AfterOrdering, Numbering, OrderOptions},
};

use crate::shop::{Rules, Shop, lines, number};

/// A shop whose X3 makes no orders by GraphQL.
async fn shop(rules: Rules) -> Shop {
    let shop = Shop::open(Rules {
        soap: true,
        ..rules
    })
    .await;
    for operation in [Operation::Create, Operation::Update] {
        shop.world
            .x3
            .set_operation("salesOrder", operation, OperationState::Absent);
    }
    shop
}

/// The one order that there is of a deal, although the answer to its making was lost and the process ended.
async fn order_whose_answer_is_lost(shop: &mut Shop) -> RecordSnapshot {
    let deal = shop.deal();
    let lost = Fault::new(Effect::DropAfter).on_operation("WSSOH.save");
    shop.world.x3.inject(lost);
    shop.won(&deal).await;
    shop.restart();
    shop.settle().await;
    let order = shop.order();
    let shown = shop.deal_now(&deal);
    assert_eq!(shown.text("X3_Order_Number"), Some(order.id.as_str()));
    assert_eq!(shop.world.x3.counters().sales_orders_created, 1);
    order
}

#[tokio::test]
async fn a_won_deal_becomes_one_order_by_a_web_service_and_shows_its_number_and_amounts() {
    let mut orders = OrderOptions::default();
    orders.ship_to_field = Some("Ship_To".to_owned());
    let shop = shop(Rules {
        orders,
        ..Rules::default()
    })
    .await;
    let flow = shop.orders_flow();
    assert_eq!(flow.endpoints.left.check().await.unwrap(), []);
    let deal = shop.deal();
    let change = json!({"Ship_To": "MAIN"});
    shop.world
        .zoho
        .edit_as_user("Deals", &deal, change)
        .unwrap();
    shop.won(&deal).await;
    shop.assert_nothing_parked().await;
    let order = shop.order();
    assert_eq!(order.get("soldToCustomer"), "NA001");
    assert_eq!(order.get("shipToCustomerAddress"), "NA001|MAIN");
    assert_eq!(lines(&order), [("PUMP", "2", "20"), ("HOSE", "10", "3.5")]);
    let shown = shop.deal_now(&deal);
    assert_eq!(shown.text("X3_Order_Number"), Some(order.id.as_str()));
    assert_eq!(number(&shown, "X3_Amount"), Some(Decimal::from(75)));

    let writes = shop.world.writes();
    shop.settle().await;
    assert_eq!(shop.world.writes(), writes, "at rest nothing is written");
}

#[tokio::test]
async fn an_answer_of_the_web_service_that_is_lost_leaves_one_order() {
    let mut shop = shop(Rules::default()).await;
    order_whose_answer_is_lost(&mut shop).await;
}

#[tokio::test]
async fn where_x3_numbers_the_orders_a_lost_answer_is_found_again_by_the_customers_reference() {
    let mut orders = OrderOptions::default();
    orders.numbering = Numbering::ByX3 {
        prefix: "Z".to_owned(),
    };
    let mut shop = shop(Rules {
        orders,
        order_type: "SON",
        ..Rules::default()
    })
    .await;
    let order = order_whose_answer_is_lost(&mut shop).await;
    assert!(order.get("customerOrderReference").starts_with('Z'));
}

#[tokio::test]
async fn what_the_web_service_refuses_parks_the_deal_with_its_words() {
    let shop = shop(Rules::default()).await;
    shop.won(&shop.deal_with(vec![shop.line("GHOST", 1, "20")]))
        .await;
    let reason = shop.reason().await;
    assert!(
        matches!(&reason, ParkReason::Rejected { side: Side::Left, rejection } if rejection.message.contains("GHOST")),
        "{reason:?}"
    );
    assert!(shop.orders().is_empty());
}

#[tokio::test]
async fn dates_follow_the_deal_by_the_web_service_too() {
    let mut orders = OrderOptions::default();
    orders.after = AfterOrdering::Update;
    orders.delivery_date_field = Some("Closing_Date".to_owned());
    let shop = shop(Rules {
        orders,
        updates: true,
        ..Rules::default()
    })
    .await;
    let deal = shop.deal();
    shop.won(&deal).await;
    let later = json!({"Closing_Date": "2026-12-24"});
    shop.world.zoho.edit_as_user("Deals", &deal, later).unwrap();
    shop.settle().await;
    assert_eq!(shop.order().get("requestedDeliveryDate"), "2026-12-24");
    shop.assert_nothing_parked().await;
}

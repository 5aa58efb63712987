//! What becomes of a deal and its order after it was ordered: later changes park, warnings of X3 show.

use rust_decimal::Decimal;
use sage_x3_simulator::Edit;
use serde_json::json;
use sync_core::{AuditEvent, AuditQuery, ParkReason, Side, zoho::LineSource};

use crate::{
    shop::{Rules, Shop, lines},
    world::ENDPOINT,
};

#[tokio::test]
async fn prices_and_rows_of_the_quote_that_change_after_the_order_park_the_deal_too() {
    let shop = Shop::open(Rules::default()).await;
    let deal = shop.deal_of(&shop.account);
    let quote = shop.quote(&deal, vec![shop.line("PUMP", 2, "20")]);
    shop.won(&deal).await;
    let rows = || {
        let quote = shop.world.zoho.record("Quotes", &quote).unwrap();
        let rows = quote.get("Quoted_Items").unwrap().as_array().unwrap();
        let id = |row: &zoho_crm_simulator::Json| row.get("id")?.as_str().map(str::to_owned);
        rows.iter().filter_map(id).collect::<Vec<String>>()
    };
    let edit = |rows: serde_json::Value| {
        let change = json!({"Quoted_Items": rows});
        shop.world
            .zoho
            .edit_as_user("Quotes", &quote, change)
            .unwrap();
    };
    let first = rows()[0].clone();
    for (change, back) in [
        (
            json!([{"id": &first, "List_Price": 19}]),
            json!([{"id": &first, "List_Price": 20}]),
        ),
        (json!([shop.line("HOSE", 1, "3.5")]), json!(null)),
    ] {
        edit(change);
        shop.settle().await;
        assert_eq!(
            shop.reason().await,
            ParkReason::Conflict {
                fields: vec!["lines".into()]
            }
        );
        assert_eq!(lines(&shop.order()), [("PUMP", "2", "20")]);
        match rows().get(1) {
            Some(added) => edit(json!([{"id": added, "_delete": null}])),
            None => edit(back),
        }
        shop.settle().await;
        assert!(shop.parked("orders").await.is_empty(), "it is as it was");
    }
    assert_eq!(shop.world.x3.counters().sales_orders_created, 1);
}

#[tokio::test]
async fn an_amount_that_changes_after_the_order_parks_the_deal_of_a_configured_item() {
    let shop = Shop::open(Rules {
        lines: LineSource::Item {
            product: "PUMP".to_owned(),
            quantity: Decimal::from(4),
        },
        ..Rules::default()
    })
    .await;
    let deal = shop.deal_of(&shop.account);
    shop.won(&deal).await;
    let amount = |amount: u32| {
        let change = json!({"Amount": amount});
        shop.world
            .zoho
            .edit_as_user("Deals", &deal, change)
            .unwrap();
    };
    amount(1200);
    shop.settle().await;
    assert_eq!(
        shop.reason().await,
        ParkReason::Conflict {
            fields: vec!["lines".into()]
        }
    );
    assert_eq!(lines(&shop.order()), [("PUMP", "4", "250")]);
    amount(1000);
    shop.settle().await;
    assert!(shop.parked("orders").await.is_empty(), "it is as it was");
    assert_eq!(shop.world.x3.counters().sales_orders_created, 1);
}

#[tokio::test]
async fn an_amount_that_nothing_was_ordered_by_may_change_after_the_order() {
    let shop = Shop::open(Rules::default()).await;
    let deal = shop.deal();
    shop.won(&deal).await;
    let before = lines(&shop.order())
        .iter()
        .map(|line| format!("{line:?}"))
        .collect::<Vec<_>>();
    let change = json!({"Amount": 1200});
    shop.world
        .zoho
        .edit_as_user("Deals", &deal, change)
        .unwrap();
    shop.settle().await;
    // The lines are the quote's.
    shop.assert_nothing_parked().await;
    let after = lines(&shop.order())
        .iter()
        .map(|line| format!("{line:?}"))
        .collect::<Vec<_>>();
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_credit_hold_that_a_clerk_sets_on_the_order_shows_on_the_deal_and_goes_with_it() {
    let shop = Shop::open(Rules::default()).await;
    let deal = shop.deal();
    shop.won(&deal).await;
    let number = shop.order().id;
    let clerk = |status: &str| {
        let edit = Edit::record("salesOrder", &number).set("creditLevelStatus", status);
        shop.world.x3.edit_as_user(ENDPOINT, &edit).unwrap();
    };
    clerk("limitExceeded");
    shop.settle().await;
    let shown = shop.deal_now(&deal);
    assert_eq!(
        shown.text("X3_Warnings"),
        Some("Credit check of X3: limitExceeded")
    );
    clerk("ok");
    shop.settle().await;
    assert_eq!(shop.deal_now(&deal).text("X3_Warnings"), None);
}

#[tokio::test]
async fn what_x3_remarks_when_it_makes_an_order_is_in_the_audit_and_on_the_deal() {
    let mut shop = Shop::open(Rules::default()).await;
    let least = Edit::customer("NA001").set("minimumOrderAmount", Decimal::from(500));
    shop.world.x3.edit_as_user(ENDPOINT, &least).unwrap();
    let deal = shop.deal();
    shop.won(&deal).await;
    let order = shop.order();
    let query = AuditQuery {
        record: Some((Side::Left, order.id.as_str().into())),
        limit: 100,
        ..AuditQuery::default()
    };
    let entries = shop.world.engine.audit(&query).await.unwrap();
    let remarks: Vec<&String> = entries
        .iter()
        .filter_map(|stored| match &stored.entry.event {
            AuditEvent::Created { warnings, .. } => Some(warnings),
            _ => None,
        })
        .flatten()
        .collect();
    assert!(
        remarks
            .iter()
            .any(|remark| remark.contains("minimum of 500")),
        "{remarks:?}"
    );
    let shown = |shop: &Shop| {
        let deal = shop.deal_now(&deal);
        deal.text("X3_Remarks").map(str::to_owned)
    };
    let remarked = shown(&shop).unwrap();
    assert!(remarked.contains("minimum of 500"), "{remarked}");
    // It stays when the order is looked at by a process that has not heard it.
    shop.restart();
    let edit = Edit::record("salesOrder", &order.id).set("creditLevelStatus", "limitExceeded");
    shop.world.x3.edit_as_user(ENDPOINT, &edit).unwrap();
    shop.settle().await;
    let deal = shop.deal_now(&deal);
    assert_eq!(
        deal.text("X3_Warnings"),
        Some("Credit check of X3: limitExceeded")
    );
    assert_eq!(shown(&shop), Some(remarked));
}

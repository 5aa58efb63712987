//! Discounts on a quote or a deal as a whole, which an order of X3 has no place for.

use rust_decimal::Decimal;
use serde_json::json;
use sync_core::{AuditQuery, ParkReason, Side, flows::orders::OrderOptions, zoho::WholeDiscount};

use crate::shop::{Rules, Shop, lines, number};

fn rules(policy: WholeDiscount) -> Rules {
    let mut orders = OrderOptions::default();
    orders.shares = policy == WholeDiscount::Spread;
    Rules {
        orders,
        whole_discount: policy,
        ..Rules::default()
    }
}

/// A deal with a quote of two pumps at 20 and ten hoses at 3.50, less `discount`, plus `adjustment`.
fn discounted(shop: &Shop, discount: &str, adjustment: &str) -> (String, String) {
    let deal = shop.deal_of(&shop.account);
    let lines = vec![shop.line("PUMP", 2, "20"), shop.line("HOSE", 10, "3.5")];
    let quote = shop.quote(&deal, lines);
    discount_quote(shop, &quote, discount, adjustment);
    (deal, quote)
}

fn discount_quote(shop: &Shop, quote: &str, discount: &str, adjustment: &str) {
    let number = |text: &str| text.parse::<f64>().unwrap();
    let change = json!({"Discount": number(discount), "Adjustment": number(adjustment)});
    shop.world
        .zoho
        .edit_as_user("Quotes", quote, change)
        .unwrap();
}

fn message(reason: &ParkReason) -> &str {
    match reason {
        ParkReason::Unmappable { field, message } if field.as_str() == "lines" => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_discount_on_the_whole_parks_the_deal_with_its_amount_until_it_is_gone() {
    let shop = Shop::open(Rules::default()).await;
    let (deal, quote) = discounted(&shop, "7.5", "0.25");
    shop.won(&deal).await;
    let reason = shop.reason().await;
    let said = message(&reason);
    assert!(
        said.contains("a discount of 7.5 and an adjustment of 0.25 on the whole"),
        "{said}"
    );
    let parked = shop.parked("orders").await;
    assert_eq!(parked[0].key.id.as_str(), deal, "the deal is named");
    assert!(shop.orders().is_empty());

    // The quote alone changes: what was taken off the whole is in the lines now, or is no more.
    discount_quote(&shop, &quote, "0", "0");
    shop.settle().await;
    assert_eq!(
        lines(&shop.order()),
        [("PUMP", "2", "20"), ("HOSE", "10", "3.5")]
    );
    shop.assert_nothing_parked().await;
}

#[tokio::test]
async fn a_discount_that_is_spread_makes_the_same_sum_in_both_systems_and_the_audit_says_how() {
    let shop = Shop::open(rules(WholeDiscount::Spread)).await;
    // 75 less 10 plus 0.01: PUMP bears 5.33 of it, HOSE 4.66.
    let (deal, _) = discounted(&shop, "10", "0.01");
    shop.won(&deal).await;
    shop.assert_nothing_parked().await;
    let order = shop.order();
    assert_eq!(
        lines(&order),
        [("PUMP", "2", "17.335"), ("HOSE", "10", "3.034")]
    );
    let shown = shop.deal_now(&deal);
    assert_eq!(number(&shown, "X3_Amount"), Some(Decimal::new(6501, 2)));
    assert_eq!(number(&shown, "X3_Amount_Difference"), None);

    let query = AuditQuery {
        record: Some((Side::Left, order.id.as_str().into())),
        limit: 100,
        ..AuditQuery::default()
    };
    let entries = shop.world.engine.audit(&query).await.unwrap();
    let shares = entries
        .iter()
        .find_map(|stored| stored.entry.agreed.get("shares"))
        .map(ToString::to_string);
    assert_eq!(
        shares.as_deref(),
        Some("PUMP 40 - 5.33 = 34.67; HOSE 35 - 4.66 = 30.34")
    );

    let writes = shop.world.writes();
    shop.settle().await;
    assert_eq!(shop.world.writes(), writes, "at rest nothing is written");
}

#[tokio::test]
async fn a_discount_that_no_prices_can_express_to_the_cent_parks_the_deal() {
    let shop = Shop::open(rules(WholeDiscount::Spread)).await;
    let deal = shop.deal_of(&shop.account);
    let quote = shop.quote(&deal, vec![shop.line("PUMP", 100, "5")]);
    discount_quote(&shop, &quote, "33.33", "0");
    shop.won(&deal).await;
    let reason = shop.reason().await;
    let said = message(&reason);
    assert!(said.contains("466.7 instead of 466.67"), "{said}");
    assert!(shop.orders().is_empty());
}

#[tokio::test]
async fn a_discount_that_a_clerk_enters_in_x3_shows_as_a_difference() {
    let shop = Shop::open(rules(WholeDiscount::ByHand)).await;
    let (deal, _) = discounted(&shop, "7.5", "0");
    shop.won(&deal).await;
    assert_eq!(
        lines(&shop.order()),
        [("PUMP", "2", "20"), ("HOSE", "10", "3.5")]
    );
    let shown = shop.deal_now(&deal);
    assert_eq!(
        number(&shown, "X3_Amount_Difference"),
        Some(Decimal::new(75, 1))
    );
}

#[tokio::test]
async fn a_discount_of_the_deal_itself_counts_beside_the_quotes() {
    let shop = Shop::open(rules(WholeDiscount::Spread)).await;
    let (deal, _) = discounted(&shop, "5", "0");
    let change = json!({"Discount_On_Deal": 2.5});
    shop.world
        .zoho
        .edit_as_user("Deals", &deal, change)
        .unwrap();
    shop.won(&deal).await;
    assert_eq!(
        lines(&shop.order()),
        [("PUMP", "2", "18"), ("HOSE", "10", "3.15")]
    );
    let shown = shop.deal_now(&deal);
    assert_eq!(number(&shown, "X3_Amount_Difference"), None);
}

#[tokio::test]
async fn a_discount_that_changes_after_the_order_parks_the_deal_and_changes_nothing_in_x3() {
    let shop = Shop::open(rules(WholeDiscount::Spread)).await;
    let (deal, quote) = discounted(&shop, "7.5", "0");
    shop.won(&deal).await;
    let ordered = shop.order();
    discount_quote(&shop, &quote, "15", "0");
    shop.settle().await;
    assert_eq!(
        shop.reason().await,
        ParkReason::Conflict {
            fields: vec!["lines".into()]
        }
    );
    assert_eq!(lines(&shop.order()), lines(&ordered));
    discount_quote(&shop, &quote, "7.5", "0");
    shop.settle().await;
    assert!(shop.parked("orders").await.is_empty(), "it is as it was");
    assert_eq!(shop.orders().len(), 1);
}

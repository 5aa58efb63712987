//! A deal that is won becomes exactly one sales order in X3, whatever happens on the way.

use std::time::Duration;

use rust_decimal::Decimal;
use sage_x3_simulator::{Edit, Effect, Fault as X3Fault};
use serde_json::json;
use sync_core::{
    JobKey, ParkReason, Side,
    flows::orders::{AfterOrdering, Numbering, OrderOptions},
    zoho::{LineSource, PriceForm, ProductSource, Qualification},
};
use zoho_crm_simulator::Edition;

use crate::{
    shop::{Rules, Shop, lines, number},
    world::{ENDPOINT, account},
};

fn options(change: impl FnOnce(&mut OrderOptions)) -> Rules {
    let mut rules = Rules::default();
    change(&mut rules.orders);
    rules
}

fn self_numbering() -> Rules {
    let numbering = Numbering::ByX3 {
        prefix: "Z".to_owned(),
    };
    Rules {
        order_type: "SON",
        ..options(|options| options.numbering = numbering)
    }
}

#[tokio::test]
async fn a_won_deal_becomes_one_order_and_shows_its_number_and_amounts() {
    let shop = Shop::open(Rules::default()).await;
    let deal = shop.deal();
    shop.settle().await;
    assert!(shop.orders().is_empty(), "an open deal orders nothing");

    shop.won(&deal).await;
    let order = shop.order();
    assert_eq!(order.get("soldToCustomer"), "NA001");
    assert_eq!(order.get("salesSite"), "FR011");
    assert_eq!(lines(&order), [("PUMP", "2", "20"), ("HOSE", "10", "3.5")]);
    let deal = shop.deal_now(&deal);
    assert_eq!(deal.text("X3_Order_Number"), Some(order.id.as_str()));
    // 2 × 20 + 10 × 3.50, taxed at 20 %.
    assert_eq!(number(&deal, "X3_Amount"), Some(Decimal::from(75)));
    assert_eq!(number(&deal, "X3_Amount_With_Tax"), Some(Decimal::from(90)));
    assert_eq!(number(&deal, "X3_Amount_Difference"), None);
    assert_eq!(deal.text("X3_Credit_Status"), Some("ok"));
    assert_eq!(deal.text("X3_Warnings"), None);
    shop.assert_nothing_parked().await;

    let writes = shop.world.writes();
    shop.settle().await;
    assert_eq!(shop.world.writes(), writes, "at rest nothing is written");
}

#[tokio::test]
async fn deals_that_do_not_qualify_are_left_alone_and_say_nothing() {
    let day = "2026-12-01".parse().unwrap();
    let qualification = Qualification::stages(["Closed Won"]).since("Closing_Date", day);
    let shop = Shop::open(Rules {
        qualification,
        ..Rules::default()
    })
    .await;
    // Won before the two systems met, lost, and open without an account.
    shop.won(&shop.deal()).await;
    shop.stage(&shop.deal(), "Closed Lost");
    let open = json!({"Deal_Name": "Idea", "Stage": "Qualification"});
    shop.world.zoho.create_as_user("Deals", open).unwrap();
    shop.settle().await;
    assert!(shop.orders().is_empty());
    shop.assert_nothing_parked().await;
}

#[tokio::test]
async fn an_answer_lost_after_the_order_was_made_and_a_restart_leave_one_order() {
    let mut shop = Shop::open(Rules::default()).await;
    let deal = shop.deal();
    let lost = X3Fault::new(Effect::DropAfter).on_operation("salesOrder.create");
    shop.world.x3.inject(lost);
    shop.stage(&deal, "Closed Won");
    shop.world.clock.advance(Duration::from_secs(60));
    shop.world.engine.poll_all().await.unwrap();
    shop.world.engine.drain().await.unwrap();
    assert_eq!(shop.orders().len(), 1, "X3 did make it");
    assert_eq!(shop.deal_now(&deal).text("X3_Order_Number"), None);

    shop.restart();
    shop.settle().await;
    let order = shop.order();
    let deal = shop.deal_now(&deal);
    assert_eq!(deal.text("X3_Order_Number"), Some(order.id.as_str()));
}

#[tokio::test]
async fn a_worker_that_dies_while_the_order_is_made_is_taken_over_and_there_is_one_order() {
    let mut shop = Shop::open(Rules::default()).await;
    let deal = shop.deal();
    shop.stage(&deal, "Closed Won");
    shop.world.clock.advance(Duration::from_secs(60));
    let engine = shop.another_engine();
    let dying = tokio::spawn(async move {
        engine.poll_all().await.unwrap();
        engine.drain().await.unwrap();
    });
    while shop.orders().is_empty() {
        tokio::task::yield_now().await;
    }
    dying.abort();

    // Its lease has to lapse first.
    shop.restart();
    shop.world.clock.advance(Duration::from_secs(180));
    shop.settle().await;
    let order = shop.order();
    let deal = shop.deal_now(&deal);
    assert_eq!(deal.text("X3_Order_Number"), Some(order.id.as_str()));
}

#[tokio::test]
async fn two_workers_make_one_order_of_each_deal() {
    let shop = Shop::open(Rules::default()).await;
    let deals: Vec<String> = (0..6).map(|_| shop.deal()).collect();
    for deal in &deals {
        shop.stage(deal, "Closed Won");
    }
    shop.world.clock.advance(Duration::from_secs(60));
    let other = shop.another_engine();
    shop.world.engine.poll_all().await.unwrap();
    let (one, two) = tokio::join!(shop.world.engine.drain(), other.drain());
    one.unwrap();
    two.unwrap();
    shop.settle().await;
    let mut numbers: Vec<String> = shop.orders().into_iter().map(|order| order.id).collect();
    assert_eq!(numbers.len(), deals.len());
    let mut shown: Vec<String> = deals
        .iter()
        .map(|deal| {
            let deal = shop.deal_now(deal);
            deal.text("X3_Order_Number").unwrap().to_owned()
        })
        .collect();
    numbers.sort();
    shown.sort();
    assert_eq!(numbers, shown);
}

#[tokio::test]
async fn where_x3_numbers_the_orders_a_lost_answer_still_leaves_one() {
    let mut shop = Shop::open(self_numbering()).await;
    let deal = shop.deal();
    let lost = X3Fault::new(Effect::DropAfter).on_operation("salesOrder.create");
    shop.world.x3.inject(lost);
    shop.won(&deal).await;
    shop.restart();
    shop.settle().await;
    let order = shop.order();
    assert!(order.id.starts_with("SONFR011"), "{}", order.id);
    assert!(order.get("customerOrderReference").starts_with('Z'));
    let deal = shop.deal_now(&deal);
    assert_eq!(deal.text("X3_Order_Number"), Some(order.id.as_str()));
}

#[tokio::test]
async fn a_deal_without_lines_is_parked_until_it_has_a_quote() {
    let shop = Shop::open(Rules::default()).await;
    let deal = shop.deal_of(&shop.account);
    shop.won(&deal).await;
    let reason = shop.reason().await;
    let ParkReason::Unmappable { field, .. } = &reason else {
        panic!("{reason:?}")
    };
    assert_eq!(field.as_str(), "lines");
    assert!(shop.orders().is_empty());

    // The quote alone changes; the deal does not.
    shop.quote(&deal, vec![shop.line("PUMP", 1, "20")]);
    shop.settle().await;
    assert_eq!(lines(&shop.order()), [("PUMP", "1", "20")]);
    shop.assert_nothing_parked().await;
}

#[tokio::test]
async fn two_quotes_that_count_are_for_a_person_to_decide() {
    let shop = Shop::open(Rules::default()).await;
    let deal = shop.deal();
    let second = shop.quote(&deal, vec![shop.line("PUMP", 1, "19")]);
    shop.won(&deal).await;
    let reason = shop.reason().await;
    assert!(
        matches!(&reason, ParkReason::Unmappable { message, .. } if message.contains("2 quotes")),
        "{reason:?}"
    );
    let draft = json!({"Quote_Stage": "Draft"});
    shop.world
        .zoho
        .edit_as_user("Quotes", &second, draft)
        .unwrap();
    shop.settle().await;
    assert_eq!(shop.order().get("numberOfLines"), "2");
}

#[tokio::test]
async fn a_product_that_x3_does_not_know_parks_the_deal_and_is_named() {
    let shop = Shop::open(Rules::default()).await;
    shop.won(&shop.deal_with(vec![shop.line("GHOST", 1, "20")]))
        .await;
    let reason = shop.reason().await;
    let ParkReason::Rejected {
        side: Side::Left,
        rejection,
    } = &reason
    else {
        panic!("{reason:?}")
    };
    assert!(rejection.message.contains("GHOST"), "{rejection:?}");
    assert!(shop.orders().is_empty());
}

#[tokio::test]
async fn a_product_without_a_code_parks_the_deal_and_is_named() {
    let shop = Shop::open(Rules::default()).await;
    shop.won(&shop.deal_with(vec![shop.line("Bucket", 1, "20")]))
        .await;
    let reason = shop.reason().await;
    assert!(
        matches!(&reason, ParkReason::Unmappable { message, .. }
            if message.contains("`Bucket`") && message.contains("`Product_Code`")),
        "{reason:?}"
    );
}

#[tokio::test]
async fn a_customer_that_x3_does_not_have_yet_is_made_first() {
    let shop = Shop::open(Rules::default()).await;
    let zoho = &shop.world.zoho;
    let account = zoho
        .create_as_user("Accounts", account("Müller Maschinenbau GmbH"))
        .unwrap();
    let deal = shop.deal_of(&account);
    shop.quote(&deal, vec![shop.line("PUMP", 1, "20")]);
    shop.won(&deal).await;
    let code = shop.world.customers().into_iter();
    let code = code
        .map(|customer| customer.code)
        .find(|code| code != "NA001")
        .unwrap();
    assert_eq!(shop.order().get("soldToCustomer"), code);
    shop.assert_nothing_parked().await;
}

#[tokio::test]
async fn the_deals_currency_dates_address_and_site_go_with_the_order() {
    let rules = Rules {
        currencies: true,
        ..options(|options| {
            options.currency_field = Some("Currency".to_owned());
            options.delivery_date_field = Some("Closing_Date".to_owned());
            options.ship_to_field = Some("Ship_To".to_owned());
        })
    };
    let shop = Shop::open(rules).await;
    let deal = shop.deal();
    let change = json!({"Currency": "USD", "Ship_To": "MAIN", "Stage": "Closed Won"});
    shop.world
        .zoho
        .edit_as_user("Deals", &deal, change)
        .unwrap();
    shop.settle().await;
    let order = shop.order();
    assert_eq!(order.get("currency"), "USD");
    assert_eq!(order.get("requestedDeliveryDate"), "2026-11-30");
    assert_eq!(order.get("shipToCustomerAddress"), "NA001|MAIN");
    assert_eq!(lines(&order)[0], ("PUMP", "2", "20"));
}

#[tokio::test]
async fn a_discount_is_in_the_price_or_goes_with_it() {
    let discounted = |shop: &Shop| {
        let mut line = shop.line("PUMP", 2, "20");
        line["Discount"] = json!("5%");
        shop.deal_with(vec![line])
    };
    let net = Shop::open(Rules::default()).await;
    let deal = discounted(&net);
    net.won(&deal).await;
    assert_eq!(lines(&net.order()), [("PUMP", "2", "19")]);
    let amount = number(&net.deal_now(&deal), "X3_Amount");
    assert_eq!(amount, Some(Decimal::from(38)));

    let with_discount = Rules {
        prices: PriceForm::WithDiscount,
        ..options(|options| options.discounts = true)
    };
    let shown = Shop::open(with_discount).await;
    let deal = discounted(&shown);
    shown.won(&deal).await;
    let order = shown.order();
    assert_eq!(lines(&order), [("PUMP", "2", "20")]);
    assert_eq!(
        order.rows["salesOrderLines"][0].get("discountOrCharge1"),
        "5"
    );
    let deal = shown.deal_now(&deal);
    assert_eq!(number(&deal, "X3_Amount"), Some(Decimal::from(38)));
    assert_eq!(number(&deal, "X3_Amount_Difference"), None);
}

#[tokio::test]
async fn a_price_that_x3_sees_otherwise_is_shown_to_the_cent() {
    let rules = Rules {
        prices: PriceForm::None,
        ..options(|options| options.prices = false)
    };
    let shop = Shop::open(rules).await;
    let deal = shop.deal_with(vec![shop.line("PUMP", 2, "20.01")]);
    shop.won(&deal).await;
    let deal = shop.deal_now(&deal);
    // X3 sells pumps at 22.
    assert_eq!(number(&deal, "X3_Amount"), Some(Decimal::from(44)));
    assert_eq!(
        number(&deal, "X3_Amount_Difference"),
        Some(Decimal::new(398, 2))
    );
}

#[tokio::test]
async fn a_deal_that_is_opened_again_is_parked_and_never_ordered_twice() {
    let shop = Shop::open(Rules::default()).await;
    let deal = shop.deal();
    shop.won(&deal).await;
    shop.stage(&deal, "Negotiation/Review");
    shop.settle().await;
    let reason = shop.reason().await;
    assert_eq!(
        reason,
        ParkReason::Conflict {
            fields: vec!["qualifies".into()]
        }
    );
    shop.won(&deal).await;
    assert!(shop.parked("orders").await.is_empty(), "it is as it was");
    assert_eq!(shop.orders().len(), 1);
    assert_eq!(shop.world.x3.counters().sales_orders_created, 1);
}

#[tokio::test]
async fn lines_that_change_after_the_order_park_the_deal_until_the_order_follows() {
    let shop = Shop::open(Rules::default()).await;
    let deal = shop.deal_of(&shop.account);
    let quote = shop.quote(&deal, vec![shop.line("PUMP", 2, "20")]);
    shop.won(&deal).await;
    let row = shop.world.zoho.record("Quotes", &quote).unwrap();
    let row = row.get("Quoted_Items").unwrap().as_array().unwrap()[0]
        .get("id")
        .and_then(|id| id.as_str())
        .unwrap()
        .to_owned();
    let more = json!({"Quoted_Items": [{"id": row, "Quantity": 3}]});
    shop.world
        .zoho
        .edit_as_user("Quotes", &quote, more)
        .unwrap();
    shop.settle().await;
    assert_eq!(
        shop.reason().await,
        ParkReason::Conflict {
            fields: vec!["lines".into()]
        }
    );
    assert_eq!(
        lines(&shop.order()),
        [("PUMP", "2", "20")],
        "nobody changed it"
    );

    let number = shop.order().id;
    let line = format!("{number}|1000|1000");
    let follow =
        Edit::record("salesOrderLine", &line).set("quantityInSalesUnitOrdered", Decimal::from(3));
    shop.world.x3.edit_as_user(ENDPOINT, &follow).unwrap();
    shop.settle().await;
    shop.assert_nothing_parked().await;
    assert_eq!(shop.orders().len(), 1);
}

#[tokio::test]
async fn changes_after_the_order_may_be_ignored_by_policy() {
    let shop = Shop::open(options(|options| options.after = AfterOrdering::Ignore)).await;
    let deal = shop.deal();
    shop.won(&deal).await;
    shop.stage(&deal, "Negotiation/Review");
    shop.settle().await;
    shop.won(&deal).await;
    shop.assert_nothing_parked().await;
    assert_eq!(shop.world.x3.counters().sales_orders_created, 1);
}

#[tokio::test]
async fn dates_follow_the_deal_where_the_policy_says_update() {
    let rules = Rules {
        updates: true,
        ..options(|options| {
            options.after = AfterOrdering::Update;
            options.delivery_date_field = Some("Closing_Date".to_owned());
        })
    };
    let shop = Shop::open(rules).await;
    let deal = shop.deal();
    shop.won(&deal).await;
    let later = json!({"Closing_Date": "2026-12-24"});
    shop.world.zoho.edit_as_user("Deals", &deal, later).unwrap();
    shop.settle().await;
    assert_eq!(shop.order().get("requestedDeliveryDate"), "2026-12-24");
    shop.assert_nothing_parked().await;
}

#[tokio::test]
async fn a_credit_hold_is_shown_on_the_deal() {
    let shop = Shop::open(Rules::default()).await;
    let hold = Edit::customer("NA001").set("creditControl", "hold");
    shop.world.x3.edit_as_user(ENDPOINT, &hold).unwrap();
    let deal = shop.deal();
    shop.won(&deal).await;
    assert_eq!(shop.orders().len(), 1, "a warning is no refusal");
    let deal = shop.deal_now(&deal);
    assert_eq!(deal.text("X3_Credit_Status"), Some("hold"));
    assert_eq!(deal.text("X3_Warnings"), Some("Credit check of X3: hold"));
}

#[tokio::test]
async fn the_products_of_a_deal_are_ordered_one_each() {
    let rules = Rules {
        lines: LineSource::Products(ProductSource::default()),
        ..Rules::default()
    };
    let shop = Shop::open(rules).await;
    let deal = shop.deal_of(&shop.account);
    shop.relate(&deal, &["PUMP", "HOSE"]).await;
    shop.won(&deal).await;
    let order = shop.order();
    let mut ordered = lines(&order);
    ordered.sort_unstable();
    assert_eq!(ordered, [("HOSE", "1", "20"), ("PUMP", "1", "20")]);
}

#[tokio::test]
async fn zoho_standard_orders_a_configured_item_and_shows_on_the_deal_how_far_it_is() {
    let rules = Rules {
        edition: Edition::Standard,
        lines: LineSource::Item {
            product: "PUMP".to_owned(),
            quantity: Decimal::from(4),
        },
        ..options(|options| options.fulfilment = true)
    };
    let shop = Shop::open(rules).await;
    let deal = shop.deal_of(&shop.account);
    shop.won(&deal).await;
    // The deal's amount is 1000.
    let order = shop.order();
    assert_eq!(lines(&order), [("PUMP", "4", "250")]);
    let shown = shop.deal_now(&deal);
    assert_eq!(shown.text("X3_Delivery_Status"), Some("notDelivered"));

    let x3 = &shop.world.x3;
    let delivery = x3.deliver(ENDPOINT, &order.id, None).unwrap();
    x3.invoice(ENDPOINT, &delivery).unwrap();
    shop.settle().await;
    let shown = shop.deal_now(&deal);
    assert_eq!(shown.text("X3_Delivery_Status"), Some("delivered"));
    assert_eq!(shown.text("X3_Invoice_Status"), Some("invoiced"));
}

#[tokio::test]
async fn an_order_of_a_deal_whose_link_was_lost_is_found_by_its_key() {
    let shop = Shop::open(Rules::default()).await;
    let deal = shop.deal();
    shop.won(&deal).await;
    let order = shop.order();
    // An empty store, as after a disaster, and a deal that lost the number too.
    let change = json!({"X3_Order_Number": null});
    shop.world
        .zoho
        .edit_as_user("Deals", &deal, change)
        .unwrap();
    let fresh = shop.engine_on_an_empty_store();
    for _ in 0..6 {
        shop.world.clock.advance(Duration::from_secs(60));
        fresh.poll_all().await.unwrap();
        fresh.drain().await.unwrap();
    }
    assert_eq!(shop.order().id, order.id);
    let deal = shop.deal_now(&deal);
    assert_eq!(deal.text("X3_Order_Number"), Some(order.id.as_str()));
}

#[tokio::test]
async fn what_both_systems_lack_for_orders_is_named_before_anything_runs() {
    let shop = Shop::open(Rules::default()).await;
    let flow = shop.orders_flow();
    assert_eq!(flow.endpoints.left.check().await.unwrap(), []);
    assert_eq!(flow.endpoints.right.check().await.unwrap(), []);

    let _ = shop.world.zoho.remove_custom_field("Deals", "X3_Amount");
    let named = flow.endpoints.right.check().await.unwrap();
    assert!(
        named.len() == 1 && named[0].message.contains("`X3_Amount`"),
        "{named:?}"
    );
}

#[tokio::test]
async fn a_person_may_dismiss_a_parked_deal() {
    let shop = Shop::open(Rules::default()).await;
    let deal = shop.deal_of(&shop.account);
    shop.won(&deal).await;
    let keys: Vec<JobKey> = shop
        .parked("orders")
        .await
        .into_iter()
        .map(|job| job.key)
        .collect();
    assert_eq!(shop.world.engine.dismiss(&keys).await.unwrap(), 1);
    shop.settle().await;
    assert!(shop.parked("orders").await.is_empty() && shop.orders().is_empty());
}

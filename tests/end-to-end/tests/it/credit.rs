//! Credit: what a customer owes and may owe, shown on the account.

use rust_decimal::Decimal;
use sage_x3_simulator::{Edit, RecordSeed};
use sync_core::{
    Side,
    flows::{
        credit::{self, CreditOptions},
        customers::{self, CustomerOptions},
    },
    x3::CustomerSettings,
};

use crate::world::{ENDPOINT, World, customer, customers_with, flow};

async fn world() -> World {
    World::of(
        |zoho| zoho,
        |clients| {
            let customers = customers::mapping(&CustomerOptions::default()).unwrap();
            let mapping = credit::add_to(customers, &CreditOptions::default()).unwrap();
            let settings = CustomerSettings::new()
                .with_balance()
                .mapped_fields(mapping.fields(Side::Left));
            vec![customers_with(clients, mapping, settings)]
        },
    )
    .await
}

/// An order of ten chairs at 100 each, 20 % tax apart.
fn order(world: &World) -> String {
    let records = [
        RecordSeed::product("CHAIR", "Chair"),
        RecordSeed::product_site("CHAIR", "FR011"),
        RecordSeed::stock("FR011", 1, "CHAIR", 100),
    ];
    world.x3.seed(ENDPOINT, records).unwrap();
    let line = RecordSeed::new("salesOrderLine")
        .set("product", "CHAIR")
        .set("quantityInSalesUnitOrdered", Decimal::from(10))
        .set("grossPrice", Decimal::from(100));
    let order = RecordSeed::sales_order("FR011", "NA001").row("salesOrderLines", line);
    world.x3.create_record(ENDPOINT, order).unwrap()
}

#[tokio::test]
async fn the_account_shows_limit_status_and_what_is_open() {
    let world = world().await;
    let seed = customer("NA001", "Acme")
        .set("authorizedCreditAmount", Decimal::from(5000))
        .set("creditControl", "check");
    world.x3.create_as_user(ENDPOINT, seed).unwrap();
    world.settle().await;
    assert!(world.engine.check_setup(&flow()).await.unwrap().is_none());
    let account = world.account_of("NA001");
    assert_eq!(account.number("X3_Credit_Limit"), Some("5000"));
    assert_eq!(account.text("X3_Credit_Status"), Some("Checked"));
    assert_eq!(account.number("X3_Credit_Balance"), Some("0"));

    let hold = Edit::customer("NA001").set("creditControl", "hold");
    world.x3.edit_as_user(ENDPOINT, &hold).unwrap();
    world.settle().await;
    assert_eq!(
        world.account_of("NA001").text("X3_Credit_Status"),
        Some("On hold")
    );
}

#[tokio::test]
async fn an_order_moves_the_balance_by_one_written_row_although_the_customers_row_stays_as_it_was()
{
    let world = world().await;
    world
        .x3
        .create_as_user(ENDPOINT, customer("NA001", "Acme"))
        .unwrap();
    world.settle().await;
    world.zoho.reset_counters();
    order(&world);
    world.settle().await;
    assert_eq!(
        world.account_of("NA001").number("X3_Credit_Balance"),
        Some("1200")
    );
    assert_eq!(world.zoho.counters().rows_written, 1);
    let before = world.writes();
    world.settle().await;
    assert_eq!(world.writes(), before, "at rest");
}

#[tokio::test]
async fn a_payment_is_noticed_by_the_sweep() {
    let world = world().await;
    world
        .x3
        .create_as_user(ENDPOINT, customer("NA001", "Acme"))
        .unwrap();
    let order = order(&world);
    let delivery = world.x3.deliver(ENDPOINT, &order, None).unwrap();
    let invoice = world.x3.invoice(ENDPOINT, &delivery).unwrap();
    world.x3.post_invoice(ENDPOINT, &invoice).unwrap();
    world.settle().await;
    assert_eq!(
        world.account_of("NA001").number("X3_Credit_Balance"),
        Some("1200")
    );
    world.x3.pay_invoice(ENDPOINT, &invoice, None).unwrap();
    world.engine.sweep(&flow()).await.unwrap();
    world.settle().await;
    assert_eq!(
        world.account_of("NA001").number("X3_Credit_Balance"),
        Some("0")
    );
}

//! Creates and changes, in both directions.

use rust_decimal::Decimal;
use sage_x3_simulator::Edit;
use serde_json::json;

use crate::world::{ENDPOINT, World, account, customer};

#[tokio::test]
async fn a_customer_created_in_x3_appears_in_zoho_once() {
    let world = World::open().await;
    world
        .x3
        .create_as_user(ENDPOINT, customer("NA001", "Éclair Distribution"))
        .unwrap();
    world.settle().await;

    assert_eq!(world.accounts().len(), 1);
    let account = world.account_of("NA001");
    assert_eq!(account.text("Account_Name"), Some("Éclair Distribution"));
    assert_eq!(account.text("Billing_City"), Some("Paris"));
    assert_eq!(account.text("Billing_Country"), Some("France"));
    assert_eq!(account.text("Phone"), Some("+33 1 44 55 66 77"));
    assert_eq!(account.text("X3_Currency"), Some("EUR"));
    assert_eq!(world.customers().len(), 1);
}

#[tokio::test]
async fn an_account_created_in_zoho_appears_in_x3_once() {
    let world = World::open().await;
    world
        .zoho
        .create_as_user("Accounts", account("Müller Maschinenbau GmbH"))
        .unwrap();
    world.settle().await;

    let customers = world.customers();
    assert_eq!(customers.len(), 1);
    let customer = &customers[0];
    assert_eq!(customer.company_name, "Müller Maschinenbau GmbH");
    assert_eq!(customer.european_union_vat_number, "DE123456789");
    assert_eq!(customer.category, "STD");
    let address = customer
        .addresses
        .iter()
        .find(|address| address.is_default)
        .unwrap();
    assert_eq!(
        (address.city.as_str(), address.country.as_str()),
        ("Berlin", "DE")
    );
    // What X3 filled in by itself came back: the code and the category's currency.
    let account = world.account_of(&customer.code);
    assert_eq!(account.text("X3_Currency"), Some("EUR"));
    assert_eq!(world.accounts().len(), 1);
}

#[tokio::test]
async fn a_change_in_x3_reaches_zoho() {
    let world = World::open().await;
    let (code, _) = world.pair().await;
    world
        .x3
        .edit_as_user(
            ENDPOINT,
            &Edit::customer(&code).set(
                "authorizedCreditAmount",
                Decimal::new(9_999_999_999_999_999, 2),
            ),
        )
        .unwrap();
    world.settle().await;
    // Money survives to the last digit.
    assert_eq!(
        world.account_of(&code).number("X3_Credit_Limit"),
        Some("99999999999999.99")
    );
}

#[tokio::test]
async fn a_change_of_the_address_or_the_business_partner_alone_reaches_zoho() {
    let world = World::open().await;
    let (code, _) = world.pair().await;
    world
        .x3
        .edit_as_user(ENDPOINT, &Edit::address(&code, "MAIN").set("city", "Lyon"))
        .unwrap();
    world
        .x3
        .edit_as_user(
            ENDPOINT,
            &Edit::business_partner(&code).set("europeanUnionVatNumber", "FR00123456789"),
        )
        .unwrap();
    world.settle().await;
    let account = world.account_of(&code);
    assert_eq!(account.text("Billing_City"), Some("Lyon"));
    assert_eq!(account.text("VAT_Number"), Some("FR00123456789"));
}

#[tokio::test]
async fn a_change_in_zoho_reaches_x3_and_an_emptied_field_is_emptied() {
    let world = World::open().await;
    let (code, id) = world.pair().await;
    world
        .zoho
        .edit_as_user(
            "Accounts",
            &id,
            json!({"Phone": "+33 6 00 00 00 01", "Billing_Street": null}),
        )
        .unwrap();
    world.settle().await;
    let customer = world.customer(&code);
    let address = &customer.addresses[0];
    assert_eq!(address.phones[0], "+33 6 00 00 00 01");
    assert_eq!(address.lines[0], "");
    assert_eq!(address.city, "Paris");
}

#[tokio::test]
async fn names_in_any_script_arrive_as_they_were_written() {
    let world = World::open().await;
    let names = [
        "山田製作所 株式会社",
        "Ωκεανός Ναυτιλιακή Α.Ε.",
        "O'Brien & Sons \"Ltd\" <x>",
        "Żubr – Łódź",
    ];
    for (number, name) in names.into_iter().enumerate() {
        world
            .x3
            .create_as_user(ENDPOINT, customer(&format!("NA00{number}"), name))
            .unwrap();
    }
    world.settle().await;
    assert_eq!(world.parked().await, []);
    for (number, name) in names.into_iter().enumerate() {
        assert_eq!(
            world
                .account_of(&format!("NA00{number}"))
                .text("Account_Name"),
            Some(name)
        );
    }
}

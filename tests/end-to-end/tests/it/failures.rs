//! Answers get lost, tokens expire, rows are refused: nothing is lost and nothing is doubled.

use std::time::Duration;

use sage_x3_simulator::{AddressSeed, CustomerSeed, Effect, Fault as X3Fault};
use serde_json::json;
use sync_core::{ParkReason, Side};
use zoho_crm_simulator::{CustomField, Fault as ZohoFault, FaultKind};

use crate::world::{ENDPOINT, World, account, customer};

#[tokio::test]
async fn an_answer_lost_after_x3_created_and_a_restart_still_make_one_customer() {
    let mut world = World::open().await;
    world
        .zoho
        .create_as_user("Accounts", account("Müller Maschinenbau GmbH"))
        .unwrap();
    world
        .x3
        .inject(X3Fault::new(Effect::DropAfter).on_mutations());
    world.clock.advance(Duration::from_secs(60));
    world.engine.poll_all().await.unwrap();
    world.engine.drain().await.unwrap();
    assert_eq!(world.customers().len(), 1, "X3 did create it");
    assert!(
        world.accounts()[0].text("X3_Code").is_none(),
        "but nobody knows"
    );

    world.restart();
    world.settle().await;
    assert_eq!(world.customers().len(), 1);
    let code = world.customers()[0].code.clone();
    assert_eq!(
        world.account_of(&code).text("Account_Name"),
        Some("Müller Maschinenbau GmbH")
    );
}

#[tokio::test]
async fn an_answer_lost_after_zoho_created_still_makes_one_account() {
    let world = World::open().await;
    world
        .x3
        .create_as_user(ENDPOINT, customer("NA001", "Éclair Distribution"))
        .unwrap();
    world
        .zoho
        .inject(ZohoFault::new(FaultKind::DropAfterEffect).on("POST", "/crm/v8/Accounts/upsert"));
    world.settle().await;
    assert_eq!(world.accounts().len(), 1);
    assert!(world.parked().await.is_empty());
}

#[tokio::test]
async fn a_create_that_never_reached_x3_is_made_once() {
    let world = World::open().await;
    world
        .zoho
        .create_as_user("Accounts", account("Müller Maschinenbau GmbH"))
        .unwrap();
    world
        .x3
        .inject(X3Fault::new(Effect::DropBefore).on_mutations());
    world.settle().await;
    assert_eq!(world.customers().len(), 1);
}

#[tokio::test]
async fn expired_tokens_of_both_systems_are_renewed_without_a_failed_record() {
    let world = World::open().await;
    let (code, id) = world.pair().await;
    let minted = world.zoho.counters().tokens_minted;
    world.zoho.expire_access_tokens();
    // X3's tokens live five minutes.
    world.clock.advance(Duration::from_secs(3600));
    world
        .zoho
        .edit_as_user("Accounts", &id, json!({"Phone": "+33 7"}))
        .unwrap();
    let report = world.settle().await;
    assert_eq!(report.failed, 0);
    assert_eq!(world.customer(&code).addresses[0].phones[0], "+33 7");
    assert!(world.zoho.counters().tokens_minted > minted);
}

#[tokio::test]
async fn a_customer_that_zoho_rejects_is_parked_and_the_other_99_land() {
    let world = World::open().await;
    let customers = (0..100).map(|number| {
        let (code, name) = (format!("C{number:04}"), format!("Company {number}"));
        if number == 42 {
            unphonable(&code, &name)
        } else {
            customer(&code, &name)
        }
    });
    world.x3.seed_customers(ENDPOINT, customers).unwrap();
    world.settle().await;
    assert_eq!(world.accounts().len(), 99);

    let parked = world.parked().await;
    assert_eq!(parked.len(), 1);
    assert_eq!(
        (parked[0].key.side, parked[0].key.id.as_str()),
        (Side::Left, "C0042")
    );
    let ParkReason::Rejected {
        side: Side::Right,
        rejection,
    } = &parked[0].parked.reason
    else {
        panic!("{:?}", parked[0].parked.reason)
    };
    assert_eq!(rejection.field.as_ref().map(AsRef::as_ref), Some("Phone"));
    assert_eq!(rejection.code.as_deref(), Some("INVALID_DATA"));
}

#[tokio::test]
async fn a_mandatory_field_that_is_missing_parks_the_record_with_its_name() {
    let world = World::open().await;
    let _ = world
        .zoho
        .add_custom_field(&CustomField::new("Accounts", "Segment", "text").mandatory());
    world
        .x3
        .create_as_user(ENDPOINT, customer("NA001", "Éclair Distribution"))
        .unwrap();
    world.settle().await;
    let parked = world.parked().await;
    let ParkReason::Rejected { rejection, .. } = &parked[0].parked.reason else {
        panic!("{parked:?}")
    };
    assert_eq!(rejection.field.as_ref().map(AsRef::as_ref), Some("Segment"));

    // Once the cause is gone, a replay does it.
    let _ = world.zoho.remove_custom_field("Accounts", "Segment");
    world.engine.replay(&[parked[0].key.clone()]).await.unwrap();
    world.settle().await;
    assert!(world.parked().await.is_empty());
    assert_eq!(world.accounts().len(), 1);
}

#[tokio::test]
async fn servers_that_fail_for_a_while_cost_time_and_nothing_else() {
    let world = World::open().await;
    let (code, id) = world.pair().await;
    world
        .zoho
        .inject(ZohoFault::html(502).on_path("/crm/v8/*").times(15));
    world.x3.inject(X3Fault::status(503).times(15));
    world
        .zoho
        .edit_as_user("Accounts", &id, json!({"Phone": "+33 8"}))
        .unwrap();
    for _ in 0..5 {
        world.settle().await;
    }
    assert_eq!(world.customer(&code).addresses[0].phones[0], "+33 8");
    assert!(world.parked().await.is_empty());
}

/// A customer whose telephone number Zoho will not take.
fn unphonable(code: &str, name: &str) -> CustomerSeed {
    let address = AddressSeed::new("MAIN")
        .set("isDefault", true)
        .set("country", "FR")
        .phone(1, "ask at reception");
    CustomerSeed::new(code, name)
        .set("currency", "EUR")
        .address(address)
}

//! Both sides change the same company.

use sage_x3_simulator::Edit;
use serde_json::json;
use sync_core::{AuditQuery, ParkReason, Side, Value, Verdict};

use crate::world::{ENDPOINT, World};

#[tokio::test]
async fn changes_of_different_fields_both_survive() {
    let world = World::open().await;
    let (code, id) = world.pair().await;
    world
        .x3
        .edit_as_user(ENDPOINT, &Edit::address(&code, "MAIN").set("city", "Lyon"))
        .unwrap();
    world
        .zoho
        .edit_as_user(
            "Accounts",
            &id,
            json!({"Website": "https://eclair.example"}),
        )
        .unwrap();
    world.settle().await;

    let (customer, account) = (world.customer(&code), world.account_of(&code));
    assert_eq!(customer.addresses[0].city, "Lyon");
    assert_eq!(customer.addresses[0].website, "https://eclair.example");
    assert_eq!(account.text("Billing_City"), Some("Lyon"));
    assert_eq!(account.text("Website"), Some("https://eclair.example"));
}

#[tokio::test]
async fn the_rule_decides_on_the_same_field_and_the_audit_keeps_both_values() {
    let world = World::open().await;
    let (code, id) = world.pair().await;
    world
        .x3
        .edit_as_user(
            ENDPOINT,
            &Edit::customer(&code).set("companyName1", "The clerk's name"),
        )
        .unwrap();
    world
        .zoho
        .edit_as_user("Accounts", &id, json!({"Account_Name": "The rep's name"}))
        .unwrap();
    world.settle().await;

    assert_eq!(
        world.account_of(&code).text("Account_Name"),
        Some("The clerk's name")
    );
    assert_eq!(world.customer(&code).company_name, "The clerk's name");
    let audit = world
        .engine
        .audit(&AuditQuery {
            limit: 1000,
            ..AuditQuery::default()
        })
        .await
        .unwrap();
    let decision = audit
        .iter()
        .flat_map(|stored| &stored.entry.fields)
        .find(|decision| decision.verdict == Verdict::ConflictWonBy(Side::Left))
        .expect("the audit shows the conflict");
    assert_eq!(decision.field.as_str(), "name");
    assert_eq!(decision.base, Some(Value::from("Éclair Distribution")));
    assert_eq!(decision.left, Value::from("The clerk's name"));
    assert_eq!(decision.right, Value::from("The rep's name"));
}

#[tokio::test]
async fn a_conflict_that_needs_a_person_is_parked_and_ends_when_the_sides_agree() {
    let world = World::open().await;
    let (code, id) = world.pair().await;
    world
        .x3
        .edit_as_user(
            ENDPOINT,
            &Edit::business_partner(&code).set("europeanUnionVatNumber", "FR1"),
        )
        .unwrap();
    world
        .zoho
        .edit_as_user(
            "Accounts",
            &id,
            json!({"VAT_Number": "FR2", "Phone": "+33 9"}),
        )
        .unwrap();
    world.settle().await;

    let parked = world.parked().await;
    assert_eq!(parked.len(), 1);
    assert!(
        matches!(&parked[0].parked.reason, ParkReason::Conflict { fields } if fields[0].as_str() == "vat_number")
    );
    assert_eq!(world.customer(&code).european_union_vat_number, "FR1");
    assert_eq!(world.account_of(&code).text("VAT_Number"), Some("FR2"));
    // The other field of the same edit was not held up.
    assert_eq!(world.customer(&code).addresses[0].phones[0], "+33 9");

    world
        .zoho
        .edit_as_user("Accounts", &id, json!({"VAT_Number": "FR1"}))
        .unwrap();
    world.settle().await;
    assert!(world.parked().await.is_empty());
}

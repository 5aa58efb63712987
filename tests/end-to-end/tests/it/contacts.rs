//! Contacts of customers, shown at the accounts of these.

use std::sync::Arc;

use sage_x3_simulator::{Edit, Operation, RecordSeed};
use sync_core::{
    Codes, Flow, FlowName, ParkReason, Side, Sides,
    flows::{
        contacts::{self, ContactOptions},
        customers::{self, CustomerOptions},
    },
    x3::{ContactEndpoint, ContactSettings, CustomerSettings},
};
use zoho_crm_simulator::StoredRecord;

use crate::world::{Clients, ENDPOINT, World, customer, customers_flow, customers_with};

fn flow_name() -> FlowName {
    FlowName::from("contacts")
}

fn flow(clients: &Clients) -> Flow {
    flow_with(clients, &ContactOptions::default(), ContactSettings::new())
}

fn flow_with(clients: &Clients, options: &ContactOptions, settings: ContactSettings) -> Flow {
    let mapping = contacts::mapping(options).unwrap();
    let settings = settings.mapped_fields(mapping.fields(Side::Left));
    Flow {
        name: flow_name(),
        endpoints: Sides::new(
            Arc::new(ContactEndpoint::new(clients.x3.clone(), settings)),
            Arc::new(clients.module("Contacts", &mapping)),
        ),
        mapping,
        identity: contacts::identity(options),
        policy: contacts::policy(options),
    }
}

async fn world() -> World {
    World::of(
        |zoho| zoho,
        |clients| vec![customers_flow(clients), flow(clients)],
    )
    .await
}

fn dupont(world: &World) {
    let contact = RecordSeed::contact("NA001", "DUPONT", "Dupont")
        .set("firstName", "Anne")
        .set("email", "anne.dupont@example.com")
        .set("phoneNumber", "+33 1 44 55 66 77");
    world.x3.create_record(ENDPOINT, contact).unwrap();
}

fn only_contact(world: &World) -> StoredRecord {
    let mut contacts = world.zoho.records("Contacts");
    assert_eq!(contacts.len(), 1);
    contacts.remove(0)
}

#[tokio::test]
async fn a_contact_is_shown_at_the_account_of_its_customer() {
    let world = world().await;
    world
        .x3
        .create_as_user(ENDPOINT, customer("NA001", "Acme"))
        .unwrap();
    dupont(&world);
    world.settle().await;
    assert!(
        world
            .engine
            .check_setup(&flow_name())
            .await
            .unwrap()
            .is_none()
    );
    let contact = only_contact(&world);
    assert_eq!(contact.text("Last_Name"), Some("Dupont"));
    assert_eq!(contact.text("First_Name"), Some("Anne"));
    assert_eq!(contact.text("Email"), Some("anne.dupont@example.com"));
    assert_eq!(
        contact.reference("Account_Name"),
        Some(world.account_of("NA001").id.as_str())
    );

    let married = Edit::record("businessPartnerContact", "1|NA001|DUPONT").set("lastName", "Petit");
    world.x3.edit_as_user(ENDPOINT, &married).unwrap();
    world.settle().await;
    assert_eq!(only_contact(&world).text("Last_Name"), Some("Petit"));
}

#[tokio::test]
async fn a_contact_waits_for_its_customer_and_follows_it() {
    let world = World::of(
        |zoho| zoho,
        |clients| {
            let mut options = CustomerOptions::default();
            options.countries = Codes::new([("DE", "Germany")]);
            let mapping = customers::mapping(&options).unwrap();
            let customers = customers_with(clients, mapping, CustomerSettings::new());
            vec![customers, flow(clients)]
        },
    )
    .await;
    // A French customer, for whose country this organisation has no name.
    world
        .x3
        .create_as_user(ENDPOINT, customer("NA001", "Acme"))
        .unwrap();
    dupont(&world);
    world.settle().await;
    let parked = world.engine.parked(&flow_name(), None, 10).await.unwrap();
    let reason = parked.first().map(|job| &job.parked.reason);
    assert!(
        matches!(reason, Some(ParkReason::WaitingFor { parent }) if parent.id.as_str() == "NA001"),
        "{reason:?}"
    );
    let moved = Edit::address("NA001", "MAIN").set("country", "DE");
    world.x3.edit_as_user(ENDPOINT, &moved).unwrap();
    world.settle().await;
    assert_eq!(
        only_contact(&world).reference("Account_Name"),
        Some(world.account_of("NA001").id.as_str())
    );
    let parked = world.engine.parked(&flow_name(), None, 10).await.unwrap();
    assert!(parked.is_empty(), "{parked:?}");
}

#[tokio::test]
async fn contacts_of_suppliers_are_left_alone() {
    let world = world().await;
    world
        .x3
        .seed(ENDPOINT, [RecordSeed::supplier("SUP01", "Timber Ltd")])
        .unwrap();
    let contact = RecordSeed::contact("SUP01", "SMITH", "Smith");
    world.x3.create_record(ENDPOINT, contact).unwrap();
    world.settle().await;
    assert_eq!(world.zoho.records("Contacts").len(), 0);
    let parked = world.engine.parked(&flow_name(), None, 10).await.unwrap();
    assert!(parked.is_empty(), "{parked:?}");
}

/// Contacts go both ways, where X3's contacts can be written.
async fn both_ways() -> World {
    let world = World::of(
        |zoho| zoho,
        |clients| {
            let mut options = ContactOptions::default();
            options.both_ways = true;
            options.create_in_x3 = true;
            let settings = ContactSettings::new().with_updates().with_creates();
            vec![
                customers_flow(clients),
                flow_with(clients, &options, settings),
            ]
        },
    )
    .await;
    for operation in [Operation::Create, Operation::Update] {
        world
            .x3
            .set_activation("businessPartnerContact", operation, true);
    }
    world
        .x3
        .create_as_user(ENDPOINT, customer("NA001", "Acme"))
        .unwrap();
    world
}

#[tokio::test]
async fn where_x3_can_write_contacts_a_change_at_zoho_reaches_it() {
    let world = both_ways().await;
    dupont(&world);
    world.settle().await;
    let stopped = world.engine.check_setup(&flow_name()).await.unwrap();
    assert!(stopped.is_none(), "{stopped:?}");
    let id = only_contact(&world).id;
    let moved = serde_json::json!({"Mobile": "+33 6 11 22 33 44"});
    world.zoho.edit_as_user("Contacts", &id, moved).unwrap();
    world.settle().await;
    let contact = world
        .x3
        .record(ENDPOINT, "businessPartnerContact", "1|NA001|DUPONT")
        .unwrap()
        .unwrap();
    assert_eq!(contact.get("mobileNumber"), "+33 6 11 22 33 44");
    let before = world.writes();
    world.settle().await;
    assert_eq!(world.writes(), before, "at rest");
}

#[tokio::test]
async fn a_contact_of_an_account_is_made_in_x3_once_and_one_without_an_account_is_not() {
    let world = both_ways().await;
    world.settle().await;
    let account = world.account_of("NA001").id;
    let contact = serde_json::json!({"Last_Name": "Martin", "Account_Name": {"id": account}});
    let id = world.zoho.create_as_user("Contacts", contact).unwrap();
    let private = serde_json::json!({"Last_Name": "Nobody"});
    world.zoho.create_as_user("Contacts", private).unwrap();
    world.settle().await;
    let contacts = world
        .x3
        .records(ENDPOINT, "businessPartnerContact")
        .unwrap();
    assert_eq!(contacts.len(), 1);
    assert_eq!(contacts[0].get("lastName"), "Martin");
    assert!(contacts[0].get("code").starts_with('Z'));
    let made = world.zoho.record("Contacts", &id).unwrap();
    assert_eq!(made.text("X3_Code"), Some(contacts[0].id.as_str()));
    let parked = world.engine.parked(&flow_name(), None, 10).await.unwrap();
    assert!(parked.is_empty(), "{parked:?}");
}

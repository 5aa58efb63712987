use std::time::Duration;

use sage_x3_simulator::{
    AddressSeed, CustomerSeed, DEFAULT_ENDPOINT, Edit, SimulatorError, StampMode,
};

use super::support::{START, Site};

const LATER: &str = "2026-03-01T08:01:00Z";

async fn bakery() -> Site {
    let site = Site::start().await;
    site.seed([
        CustomerSeed::new("NA001", "Bakery").address(AddressSeed::new("MAIN").set("city", "Paris"))
    ]);
    site.x3.clock().advance(Duration::from_secs(60));
    site
}

fn edit(site: &Site, edit: &Edit) {
    site.x3.edit_as_user(DEFAULT_ENDPOINT, edit).unwrap();
}

/// Stamps of the customer's row, the partner's and the first address's.
fn stamps(site: &Site) -> [String; 3] {
    let stored = site.stored("NA001");
    [
        stored.updated,
        stored.partner_updated,
        stored.addresses[0].updated,
    ]
    .map(|stamp| stamp.unwrap().to_string())
}

#[tokio::test]
async fn saving_the_customer_moves_its_stamp_and_names_the_person() {
    let site = bakery().await;
    edit(
        &site,
        &Edit::customer("NA001")
            .set("authorizedCreditAmount", "5")
            .set("notes", "hello"),
    );
    assert_eq!(stamps(&site), [LATER, START, START]);
    let stored = site.stored("NA001");
    assert_eq!(
        (stored.updated_by.as_str(), stored.notes.as_str()),
        ("ADMIN", "hello")
    );
    assert_eq!(site.x3.counters().customers_updated, 0);
}

#[tokio::test]
async fn an_address_edit_moves_only_the_address_s_stamp() {
    let site = bakery().await;
    edit(
        &site,
        &Edit::address("NA001", "MAIN")
            .set("city", "Lyon")
            .line(1, "1 rue B")
            .phone(1, "+33"),
    );
    assert_eq!(stamps(&site), [START, START, LATER]);
    let address = site.stored("NA001").addresses[0].clone();
    assert_eq!(
        (
            address.city.as_str(),
            address.lines[0].as_str(),
            address.phones[0].as_str()
        ),
        ("Lyon", "1 rue B", "+33")
    );
    assert!(
        site.filtered("{_updateStamp:{_gte:'2026-03-01T08:01:00Z'}}")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_partner_edit_moves_only_the_partner_s_stamp_yet_shows_in_the_customer() {
    let site = bakery().await;
    edit(
        &site,
        &Edit::business_partner("NA001").set("companyName1", "Patisserie"),
    );
    assert_eq!(stamps(&site), [START, LATER, START]);
    assert_eq!(
        site.filtered("{companyName1:'Patisserie'}").await,
        ["NA001"]
    );
}

#[tokio::test]
async fn children_move_the_parent_when_so_switched() {
    let site = bakery().await;
    site.x3
        .reconfigure(|settings| settings.children_move_parent_stamp = true);
    edit(&site, &Edit::address("NA001", "MAIN").set("city", "Lyon"));
    assert_eq!(stamps(&site), [LATER, START, LATER]);
    site.x3.clock().advance(Duration::from_secs(60));
    edit(
        &site,
        &Edit::business_partner("NA001").set("companyName1", "Patisserie"),
    );
    assert_eq!(stamps(&site)[0], "2026-03-01T08:02:00Z");
}

#[tokio::test]
async fn addresses_come_and_go() {
    let site = bakery().await;
    edit(
        &site,
        &Edit::new_address("NA001", "DEPOT")
            .set("city", "Lyon")
            .email(1, "d@example.com"),
    );
    assert_eq!(site.stored("NA001").addresses.len(), 2);
    edit(&site, &Edit::delete_address("NA001", "DEPOT"));
    assert_eq!(site.stored("NA001").addresses.len(), 1);
}

#[tokio::test]
async fn a_script_may_change_rows_without_their_stamps() {
    let site = bakery().await;
    edit(
        &site,
        &Edit::customer("NA001")
            .set("companyName1", "Quiet")
            .stamp(StampMode::Stays),
    );
    assert_eq!(stamps(&site), [START, START, START]);
    assert_eq!(site.stored("NA001").company_name, "Quiet");
    edit(
        &site,
        &Edit::address("NA001", "MAIN")
            .set("city", "Lyon")
            .stamp(StampMode::Lost),
    );
    assert_eq!(site.stored("NA001").addresses[0].updated, None);
}

#[tokio::test]
async fn any_node_s_row_can_be_edited() {
    let site = bakery().await;
    edit(&site, &Edit::record("currency", "EUR").set("symbol", "EUR"));
    let query = "{ x3MasterData { currency { read(_id: \"EUR\") { symbol _updateStamp } } } }";
    let currency = site.ask(query).await.data("/x3MasterData/currency/read");
    assert_eq!(
        (
            currency["symbol"].as_str(),
            currency["_updateStamp"].as_str()
        ),
        (Some("EUR"), Some("2026-03-01T08:01:00.000Z"))
    );
}

#[tokio::test]
async fn deleted_customers_leave_no_trace() {
    let site = bakery().await;
    assert!(site.x3.delete_as_user(DEFAULT_ENDPOINT, "NA001").unwrap());
    assert!(!site.x3.delete_as_user(DEFAULT_ENDPOINT, "NA001").unwrap());
    let query = "{ x3MasterData { customer { query { totalCount } } customerAddress { query { totalCount } }
        businessPartner { query { totalCount } } shipToCustomerAddress { query { totalCount } } } }";
    let data = site.ask(query).await.data("/x3MasterData");
    for node in [
        "customer",
        "customerAddress",
        "businessPartner",
        "shipToCustomerAddress",
    ] {
        assert_eq!(data[node]["query"]["totalCount"], 0, "{node}");
    }
}

#[tokio::test]
async fn people_are_held_to_the_same_rules() {
    let site = bakery().await;
    let refused = site.x3.edit_as_user(
        DEFAULT_ENDPOINT,
        &Edit::customer("NA001").set("currency", "XXX"),
    );
    assert!(
        matches!(refused, Err(SimulatorError::Refused(messages)) if messages == ["currency: XXX : Record does not exist"])
    );
    let twice = site
        .x3
        .create_as_user(DEFAULT_ENDPOINT, CustomerSeed::new("NA001", "Again"));
    assert!(matches!(twice, Err(SimulatorError::Refused(_))));
    let nowhere = site
        .x3
        .create_as_user("NOWHERE", CustomerSeed::new("NA002", "Lost"));
    assert!(matches!(nowhere, Err(SimulatorError::UnknownEndpoint(name)) if name == "NOWHERE"));
    let code = site
        .x3
        .create_as_user(
            DEFAULT_ENDPOINT,
            CustomerSeed::without_code("AUTO", "Counted"),
        )
        .unwrap();
    assert_eq!(code, "C000001");
}

use std::time::Duration;

use sage_x3_simulator::{AddressSeed, CustomerSeed, CustomerSnapshot};
use serde_json::json;

use super::support::{Reply, START, Site};

async fn bakery() -> Site {
    let site = Site::start().await;
    site.seed([CustomerSeed::new("NA001", "Bakery")
        .set("authorizedCreditAmount", "1000")
        .set("notes", "Rings twice")
        .address(
            AddressSeed::new("MAIN")
                .set("city", "Paris")
                .line(1, "1 rue A")
                .line(2, "Floor 2"),
        )
        .address(AddressSeed::new("DEPOT").set("city", "Lyon"))]);
    site.x3.clock().advance(Duration::from_secs(60));
    site
}

const LATER: &str = "2026-03-01T08:01:00Z";

fn stamps(customer: &CustomerSnapshot) -> [String; 2] {
    [customer.updated, customer.partner_updated].map(|stamp| stamp.unwrap().to_string())
}

fn refused(reply: &Reply) -> String {
    assert_eq!(
        reply.json()["data"]["x3MasterData"]["customer"]["update"],
        json!(null),
        "{}",
        reply.text
    );
    let diagnoses = reply.json()["errors"][0]["extensions"]["diagnoses"].clone();
    assert_eq!(diagnoses[0]["severity"], 3);
    diagnoses[0]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn absent_members_stay_and_each_row_moves_its_own_stamp() {
    let site = bakery().await;
    let reply = site
        .update(json!({ "code": "NA001", "authorizedCreditAmount": "2000" }))
        .await;
    assert_eq!(reply.data("/x3MasterData/customer/update/_id"), "NA001");
    assert_eq!(
        reply.json()["extensions"]["diagnoses"][1]["message"],
        "Operation completed successfully."
    );
    let stored = site.stored("NA001");
    assert_eq!(stored.authorized_credit_amount.to_string(), "2000");
    assert_eq!(
        (stored.company_name.as_str(), stored.notes.as_str()),
        ("Bakery", "Rings twice")
    );
    assert_eq!(stamps(&stored), [LATER, START]);
    assert_eq!(stored.updated_by, "SYNC");
    assert_eq!(site.x3.counters().customers_updated, 1);
}

#[tokio::test]
async fn names_country_and_language_go_to_the_partner() {
    let site = bakery().await;
    site.update(
        json!({ "_id": "NA001", "companyName1": "Patisserie", "country": "BE", "language": "ENG" }),
    )
    .await;
    let stored = site.stored("NA001");
    assert_eq!(stored.company_name, "Patisserie");
    assert_eq!(
        (stored.country.as_str(), stored.language.as_str()),
        ("BE", "ENG")
    );
    assert_eq!(stamps(&stored), [LATER, LATER]);
}

#[tokio::test]
async fn null_clears_and_mandatory_members_cannot_be_cleared() {
    let site = bakery().await;
    let clear = json!({ "code": "NA001", "authorizedCreditAmount": null, "notes": null, "shortCompanyName": null });
    site.update(clear).await.data("");
    let stored = site.stored("NA001");
    assert!(stored.authorized_credit_amount.is_zero());
    assert_eq!(
        (stored.notes.as_str(), stored.short_company_name.as_str()),
        ("", "")
    );
    for member in [
        "companyName1",
        "currency",
        "country",
        "language",
        "customerCategory",
    ] {
        let message = refused(&site.update(json!({ "code": "NA001", member: null })).await);
        assert_eq!(message, format!("{member}: Mandatory field"));
    }
    assert_eq!(site.stored("NA001"), stored);
}

#[tokio::test]
async fn an_unchanged_update_succeeds_and_moves_the_stamp_or_not() {
    let site = bakery().await;
    let same =
        json!({ "code": "NA001", "companyName1": "Bakery", "authorizedCreditAmount": 1000.00 });
    site.x3
        .reconfigure(|settings| settings.unchanged_update_moves_stamp = false);
    let reply = site.update(same.clone()).await;
    assert_eq!(reply.data("/x3MasterData/customer/update/_id"), "NA001");
    assert_eq!(stamps(&site.stored("NA001")), [START, START]);
    site.x3
        .reconfigure(|settings| settings.unchanged_update_moves_stamp = true);
    site.update(same).await.data("");
    assert_eq!(stamps(&site.stored("NA001")), [LATER, START]);
    assert_eq!(
        (
            site.x3.counters().customers_updated,
            site.x3.counters().unchanged_updates
        ),
        (0, 2)
    );
}

#[tokio::test]
async fn address_rows_are_changed_by_action() {
    let site = bakery().await;
    let rows = json!([
        { "_action": "update", "code": "MAIN", "city": "Nice",
          "addressLines": [{ "denormalizedIndex": 2, "addressLine": "" }] },
        { "_action": "delete", "_id": "1|NA001|DEPOT" },
        { "_action": "create", "code": "NEW", "city": "Lille", "country": "FR" },
    ]);
    site.update(json!({ "code": "NA001", "addresses": rows }))
        .await
        .data("");
    let stored = site.stored("NA001");
    let codes: Vec<&str> = stored
        .addresses
        .iter()
        .map(|address| address.code.as_str())
        .collect();
    assert_eq!(codes, ["MAIN", "NEW"]);
    assert_eq!(stored.addresses[0].city, "Nice");
    assert_eq!(stored.addresses[0].lines, ["1 rue A", "", ""]);
    assert_eq!(stored.addresses[0].updated.unwrap().to_string(), LATER);
    assert_eq!(stored.partner_updated.unwrap().to_string(), START);
    assert_eq!(site.x3.counters().customers_updated, 1);
}

#[tokio::test]
async fn address_rows_that_are_not_named_stay_untouched() {
    let site = bakery().await;
    let rows = json!([{ "_action": "update", "code": "DEPOT", "city": "Lyon" }]);
    site.update(json!({ "code": "NA001", "addresses": rows }))
        .await
        .data("");
    let stored = site.stored("NA001");
    assert_eq!(stored.addresses.len(), 2);
    assert!(
        stored
            .addresses
            .iter()
            .all(|address| address.updated.unwrap().to_string() == START)
    );
    assert_eq!(site.x3.counters().unchanged_updates, 1);
}

#[tokio::test]
async fn an_address_only_update_leaves_the_customer_s_stamp_when_so_switched() {
    let site = bakery().await;
    site.x3
        .reconfigure(|settings| settings.unchanged_update_moves_stamp = false);
    let rows = |city: &str| json!([{ "_action": "update", "code": "MAIN", "city": city }]);
    site.update(json!({ "code": "NA001", "addresses": rows("Nice") }))
        .await
        .data("");
    assert_eq!(stamps(&site.stored("NA001")), [START, START]);
    site.x3
        .reconfigure(|settings| settings.children_move_parent_stamp = true);
    site.update(json!({ "code": "NA001", "addresses": rows("Lille") }))
        .await
        .data("");
    assert_eq!(stamps(&site.stored("NA001")), [LATER, START]);
}

#[tokio::test]
async fn the_default_address_can_be_moved_but_not_removed() {
    let site = bakery().await;
    let depot = json!([{ "_action": "update", "code": "DEPOT", "isDefault": true }]);
    site.update(json!({ "code": "NA001", "addresses": depot }))
        .await
        .data("");
    let stored = site.stored("NA001");
    assert_eq!(stored.default_address, "DEPOT");
    let defaults: Vec<bool> = stored
        .addresses
        .iter()
        .map(|address| address.is_default)
        .collect();
    assert_eq!(defaults, [true, false]);
    for (row, message) in [
        (
            json!({ "_action": "delete", "code": "DEPOT" }),
            "addresses: The default address cannot be deleted",
        ),
        (
            json!({ "_action": "update", "code": "DEPOT", "isDefault": false }),
            "addresses: A default address is mandatory",
        ),
        (
            json!({ "_action": "update", "code": "NOPE" }),
            "addresses: NOPE : Record does not exist",
        ),
        (
            json!({ "_action": "create", "code": "MAIN" }),
            "addresses: MAIN : Record already exists",
        ),
        (
            json!({ "code": "MAIN", "city": "Nice" }),
            "addresses: _action must be create, update or delete",
        ),
    ] {
        assert_eq!(
            refused(
                &site
                    .update(json!({ "code": "NA001", "addresses": [row] }))
                    .await
            ),
            message
        );
    }
    assert_eq!(site.stored("NA001"), stored);
}

#[tokio::test]
async fn an_unknown_or_unnamed_customer_is_refused() {
    let site = bakery().await;
    let unknown = site
        .update(json!({ "code": "NOBODY", "isActive": false }))
        .await;
    assert_eq!(refused(&unknown), "NOBODY : Record does not exist");
    assert_eq!(
        refused(&site.update(json!({ "isActive": false })).await),
        "code: Mandatory field"
    );
}

#[tokio::test]
async fn a_stale_etag_is_refused_when_given() {
    let site = bakery().await;
    let query = "{ x3MasterData { customer { read(_id: \"NA001\") { _etag } } } }";
    let etag = site
        .ask(query)
        .await
        .data("/x3MasterData/customer/read/_etag");
    site.update(json!({ "code": "NA001", "_etag": etag, "isActive": false }))
        .await
        .data("");
    let stale = json!({ "code": "NA001", "_etag": etag, "isActive": true });
    assert_eq!(
        refused(&site.update(stale.clone()).await),
        "NA001 : Record modified by another user"
    );
    assert!(!site.stored("NA001").is_active);
    site.x3
        .reconfigure(|settings| settings.etag_checked = false);
    site.update(stale).await.data("");
    assert!(site.stored("NA001").is_active);
}

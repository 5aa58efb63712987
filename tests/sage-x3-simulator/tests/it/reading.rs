use std::time::Duration;

use rust_decimal::Decimal;
use sage_x3_simulator::{
    AddressIdForm, AddressSeed, CustomerSeed, DEFAULT_ENDPOINT, DecimalForm, Edit, StampMode,
    StampPrecision,
};
use serde_json::{Value, json};

use super::support::{Site, at_start};

async fn read(site: &Site, id: &str, fields: &str) -> Value {
    let query = format!(
        "query R($id: Id!) {{ x3MasterData {{ customer {{ read(_id: $id) {{ {fields} }} }} }} }}"
    );
    site.ask_with(&query, json!({ "id": id }))
        .await
        .data("/x3MasterData/customer/read")
}

fn bakery() -> CustomerSeed {
    CustomerSeed::new("NA001", "Bakery")
        .set("authorizedCreditAmount", "1500.50")
        .set("notes", "Rings twice")
        .address(
            AddressSeed::new("MAIN")
                .set("city", "Paris")
                .line(1, "1 rue de la Paix")
                .line(3, "3rd floor")
                .phone(2, "+33 1 00 00 00 00")
                .email(1, "bakery@example.com"),
        )
        .address(AddressSeed::new("DEPOT").set("city", "Lyon"))
}

#[tokio::test]
async fn the_code_of_a_customer_is_a_reference_to_its_partner() {
    let site = Site::start().await;
    site.seed([bakery()]);
    let customer = read(
        &site,
        "NA001",
        "_id code { _id code isCustomer isSupplier country { code } }",
    )
    .await;
    assert_eq!(
        customer,
        json!({ "_id": "NA001", "code": { "_id": "NA001", "code": "NA001", "isCustomer": true, "isSupplier": false,
                "country": { "code": "FR" } } })
    );
}

#[tokio::test]
async fn an_unknown_id_reads_as_null_without_an_error() {
    let site = Site::start().await;
    assert_eq!(read(&site, "NOBODY", "_id").await, Value::Null);
}

#[tokio::test]
async fn values_have_their_json_forms() {
    let site = Site::start().await;
    site.seed([bakery()]);
    let fields = "companyName1 companyName2 isActive creditControl authorizedCreditAmount insuranceDate
        exemptionTaxNumber notes { value } paymentTerm { code } creditLevelTotal defaultAddress { code city }
        defaultShipToAddress { _id shipToAddress { city } } billToCustomer { _id }";
    assert_eq!(
        read(&site, "NA001", fields).await,
        json!({ "companyName1": "Bakery", "companyName2": "", "isActive": true, "creditControl": "check",
            "authorizedCreditAmount": "1500.5", "insuranceDate": null, "exemptionTaxNumber": "",
            "notes": { "value": "Rings twice" }, "paymentTerm": { "code": "CH30NET" }, "creditLevelTotal": "0",
            "defaultAddress": { "code": "MAIN", "city": "Paris" },
            "defaultShipToAddress": { "_id": "NA001|MAIN", "shipToAddress": { "city": "Paris" } },
            "billToCustomer": { "_id": "NA001" } })
    );
}

#[tokio::test]
async fn decimals_are_exact_and_may_be_numbers() {
    let site = Site::start().await;
    let amount: Decimal = "99999999999999.1234567890123".parse().unwrap();
    site.seed([CustomerSeed::new("NA001", "Rich").set("authorizedCreditAmount", amount)]);
    let text = read(&site, "NA001", "authorizedCreditAmount").await;
    assert_eq!(
        text["authorizedCreditAmount"],
        "99999999999999.1234567890123"
    );
    site.x3
        .reconfigure(|settings| settings.decimals = DecimalForm::Number);
    let reply = site
        .ask("{ x3MasterData { customer { read(_id: \"NA001\") { authorizedCreditAmount } } } }")
        .await;
    assert!(
        reply
            .text
            .contains("\"authorizedCreditAmount\":99999999999999.1234567890123"),
        "{}",
        reply.text
    );
}

#[tokio::test]
async fn system_fields_tell_when_and_by_whom() {
    let site = Site::start().await;
    site.create(super::support::input("NA001", "Bakery")).await;
    site.x3.clock().advance(Duration::from_millis(1469));
    site.x3
        .edit_as_user(
            DEFAULT_ENDPOINT,
            &Edit::customer("NA001").set("isActive", false),
        )
        .unwrap();
    let fields = "_createStamp _updateStamp _createUser { _id code } _updateUser { code }";
    assert_eq!(
        read(&site, "NA001", fields).await,
        json!({ "_createStamp": "2026-03-01T08:00:00.000Z", "_updateStamp": "2026-03-01T08:00:01.469Z",
            "_createUser": { "_id": "SYNC", "code": "SYNC" }, "_updateUser": { "code": "ADMIN" } })
    );
}

#[tokio::test]
async fn the_etag_changes_with_every_write() {
    let site = Site::start().await;
    site.seed([bakery()]);
    let first = read(&site, "NA001", "_etag").await;
    assert_eq!(read(&site, "NA001", "_etag").await, first);
    // The clock stands still: the tag must not depend on it alone.
    site.x3
        .edit_as_user(
            DEFAULT_ENDPOINT,
            &Edit::customer("NA001").set("isActive", false),
        )
        .unwrap();
    assert_ne!(read(&site, "NA001", "_etag").await, first);
}

#[tokio::test]
async fn stamps_may_be_as_coarse_as_sql_server_s_and_may_be_lost() {
    let site =
        Site::of(at_start().settings(|s| s.stamp_precision = StampPrecision::SqlServerDatetime))
            .await;
    site.x3.clock().advance(Duration::from_millis(469));
    site.seed([bakery()]);
    assert_eq!(
        read(&site, "NA001", "_updateStamp").await["_updateStamp"],
        "2026-03-01T08:00:00.470Z"
    );
    let script = Edit::customer("NA001")
        .set("isActive", false)
        .stamp(StampMode::Lost);
    site.x3.clock().advance(Duration::from_secs(1));
    site.x3.edit_as_user(DEFAULT_ENDPOINT, &script).unwrap();
    assert_eq!(
        read(&site, "NA001", "_updateStamp isActive").await,
        json!({ "_updateStamp": null, "isActive": false })
    );
}

#[tokio::test]
async fn stamp_aliases_exist_only_when_switched_on() {
    let site = Site::start().await;
    site.seed([bakery()]);
    let query = "{ x3MasterData { customer { query(filter: \"{updatedDate: {_gte: '2026-03-01T00:00:00Z'}}\") {
        edges { node { updatedDate _updateStamp } } } } } }";
    assert_eq!(site.ask(query).await.status, 400);
    site.x3
        .reconfigure(|settings| settings.stamp_aliases = vec!["updatedDate".to_owned()]);
    let node = site
        .ask(query)
        .await
        .data("/x3MasterData/customer/query/edges/0/node");
    assert_eq!(node["updatedDate"], "2026-03-01T08:00:00.000Z");
    assert_eq!(node["updatedDate"], node["_updateStamp"]);
}

#[tokio::test]
async fn denormalised_columns_are_rows_and_empty_ones_are_left_out() {
    let site = Site::start().await;
    site.seed([bakery()]);
    let fields = "defaultAddress { addressLines { query { edges { node { _id denormalizedIndex addressLine } } } }
        addressPhoneNumbers { query { edges { node { denormalizedIndex addressPhoneNumber } } } }
        addressEmails { query { totalCount edges { node { addressEmail } } } } }";
    let address = read(&site, "NA001", fields).await["defaultAddress"].clone();
    assert_eq!(
        address["addressLines"]["query"]["edges"],
        json!([
            { "node": { "_id": "1|1|NA001|MAIN", "denormalizedIndex": 1, "addressLine": "1 rue de la Paix" } },
            { "node": { "_id": "3|1|NA001|MAIN", "denormalizedIndex": 3, "addressLine": "3rd floor" } },
        ])
    );
    assert_eq!(
        address["addressPhoneNumbers"]["query"]["edges"],
        json!([{ "node": { "denormalizedIndex": 2, "addressPhoneNumber": "+33 1 00 00 00 00" } }])
    );
    assert_eq!(address["addressEmails"]["query"]["totalCount"], 1);
    site.x3
        .reconfigure(|settings| settings.empty_slots_listed = true);
    let address = read(&site, "NA001", fields).await["defaultAddress"].clone();
    assert_eq!(address["addressEmails"]["query"]["totalCount"], 5);
}

#[tokio::test]
async fn composite_ids_are_joined_and_found_again_in_every_form() {
    let site = Site::start().await;
    site.seed([bakery()]);
    for (form, id) in [
        (AddressIdForm::EntityNumber, "1|NA001|MAIN"),
        (AddressIdForm::EntityName, "businessPartner|NA001|MAIN"),
        (AddressIdForm::WithoutEntity, "NA001|MAIN"),
    ] {
        site.x3.reconfigure(|settings| settings.address_ids = form);
        assert_eq!(
            read(&site, "NA001", "defaultAddress { _id }").await["defaultAddress"]["_id"],
            id
        );
        let query = "query R($id: Id!) { x3MasterData { customerAddress { read(_id: $id) { city customer { _id } } } } }";
        let address = site
            .ask_with(query, json!({ "id": id }))
            .await
            .data("/x3MasterData/customerAddress/read");
        assert_eq!(
            address,
            json!({ "city": "Paris", "customer": { "_id": "NA001" } })
        );
    }
}

#[tokio::test]
async fn addresses_are_a_node_of_their_own_too() {
    let site = Site::start().await;
    site.seed([bakery()]);
    site.x3
        .seed_supplier(DEFAULT_ENDPOINT, "SUP01", "Mill")
        .unwrap();
    let query = "{ x3MasterData { customerAddress { query { edges { node { code isDefault countryName } } } } } }";
    assert_eq!(
        site.ask(query)
            .await
            .data("/x3MasterData/customerAddress/query/edges"),
        json!([
            { "node": { "code": "DEPOT", "isDefault": false, "countryName": "France" } },
            { "node": { "code": "MAIN", "isDefault": true, "countryName": "France" } },
        ])
    );
}

#[tokio::test]
async fn the_nodes_customers_refer_to_can_be_read() {
    let site = Site::start().await;
    let query = "{ x3MasterData { currency { read(_id: \"JPY\") { code numberOfDecimals rounding isEuro symbol } } }
        x3Structure { country { query(filter: \"{code: 'FR'}\") { totalCount } } }
        x3System { site { read(_id: \"FR011\") { name legalCompany { code currency { code } mainSite { code } } } }
                   company { query { edges { node { code isLegalCompany } } } } }
        x3InvoicingData { paymentTerm { query { totalCount } } } }";
    let data = site.ask(query).await.data("");
    assert_eq!(
        data["x3MasterData"]["currency"]["read"],
        json!({ "code": "JPY", "numberOfDecimals": 0, "rounding": "1", "isEuro": false, "symbol": "¥" })
    );
    assert_eq!(data["x3Structure"]["country"]["query"]["totalCount"], 1);
    assert_eq!(
        data["x3System"]["site"]["read"]["legalCompany"],
        json!({ "code": "FR10", "currency": { "code": "EUR" }, "mainSite": { "code": "FR011" } })
    );
    assert_eq!(
        data["x3InvoicingData"]["paymentTerm"]["query"]["totalCount"],
        3
    );
}

#[tokio::test]
async fn custom_fields_are_read_filtered_and_absent_elsewhere() {
    let site = Site::of(at_start().custom_field("YZOHOID")).await;
    site.seed([
        CustomerSeed::new("NA001", "Known").set("YZOHOID", "5725767000000524157"),
        CustomerSeed::new("NA002", "New"),
    ]);
    assert_eq!(
        read(&site, "NA001", "YZOHOID").await["YZOHOID"],
        "5725767000000524157"
    );
    assert_eq!(
        site.filtered("{\"YZOHOID\": \"5725767000000524157\"}")
            .await,
        ["NA001"]
    );
    assert_eq!(site.filtered("{\"YZOHOID\": \"\"}").await, ["NA002"]);
    let plain = Site::start().await;
    let reply = plain
        .ask("{ x3MasterData { customer { query { edges { node { YZOHOID } } } } } }")
        .await;
    assert_eq!(
        reply.error(),
        "Cannot query field \"YZOHOID\" on type \"Customer\"."
    );
}

use rust_decimal::Decimal;
use sage_x3_simulator::{CustomerCategory, DEFAULT_ENDPOINT};
use serde_json::{Value, json};

use super::support::{Reply, Site, at_start, input};

/// Asserts that nothing was created and returns the diagnoses' messages, all of severity 3.
fn refused(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let json = reply.json();
    assert_eq!(
        json["data"],
        json!({ "x3MasterData": { "customer": { "create": null } } }),
        "{}",
        reply.text
    );
    let error = &json["errors"][0];
    assert_eq!(error["path"], json!(["x3MasterData", "customer", "create"]));
    let diagnoses = error["extensions"]["diagnoses"].as_array().unwrap();
    diagnoses
        .iter()
        .map(|diagnose| {
            assert_eq!(diagnose["severity"], 3, "{}", reply.text);
            diagnose["message"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn with(mut input: Value, members: Value) -> Value {
    let members = members.as_object().unwrap().clone();
    input.as_object_mut().unwrap().extend(members);
    input
}

#[tokio::test]
async fn one_create_makes_partner_customer_address_and_ship_to() {
    let site = Site::start().await;
    let data = with(
        input("na001", "Bakery"),
        json!({
            "companyName2": "and sons", "shortCompanyName": "BAKERY", "europeanUnionVatNumber": "FR123",
            "authorizedCreditAmount": "1500.50", "minimumOrderAmount": 25.5, "notes": { "value": "Rings twice" },
            "addresses": [{
                "code": "main", "description": "Shop", "zipCode": "75001", "city": "Paris", "state": "IDF",
                "website": "https://example.com", "externalIdentifier": "X-1",
                "addressLines": [{ "addressLine": "1 rue de la Paix" }, { "addressLine": "2nd floor" }],
                "addressPhoneNumbers": [{ "denormalizedIndex": 2, "addressPhoneNumber": "+33 1" }],
                "addressEmails": [{ "addressEmail": "a@example.com" }]
            }]
        }),
    );
    let reply = site.create(data).await;
    assert_eq!(
        reply.data("/x3MasterData/customer/create"),
        json!({ "_id": "NA001" })
    );
    let stored = site.stored("NA001");
    assert_eq!(stored.company_name, "Bakery");
    assert_eq!(stored.company_name2, "and sons");
    assert_eq!(stored.short_company_name, "BAKERY");
    assert_eq!(stored.european_union_vat_number, "FR123");
    assert_eq!(stored.authorized_credit_amount, Decimal::new(15005, 1));
    assert_eq!(stored.minimum_order_amount, Decimal::new(255, 1));
    assert_eq!(stored.notes, "Rings twice");
    assert_eq!(
        (
            stored.default_address.as_str(),
            stored.ship_to_addresses.as_slice()
        ),
        ("MAIN", &["MAIN".to_owned()][..])
    );
    assert_eq!(
        (stored.created_by.as_str(), stored.updated_by.as_str()),
        ("SYNC", "SYNC")
    );
    let address = &stored.addresses[0];
    assert!(address.is_default);
    assert_eq!(address.lines, ["1 rue de la Paix", "2nd floor", ""]);
    assert_eq!(address.phones, ["", "+33 1", "", "", ""]);
    assert_eq!(address.emails[0], "a@example.com");
    assert_eq!(
        (address.city.as_str(), address.country.as_str()),
        ("Paris", "FR")
    );
    assert_eq!(
        (
            address.website.as_str(),
            address.external_identifier.as_str()
        ),
        ("https://example.com", "X-1")
    );
    assert_eq!(site.x3.counters().customers_created, 1);
}

#[tokio::test]
async fn success_carries_messages_at_the_top() {
    let site = Site::start().await;
    let json = site.create(input("NA001", "Bakery")).await.json();
    let diagnoses = json["extensions"]["diagnoses"].as_array().unwrap();
    assert!(diagnoses.iter().all(|diagnose| diagnose["severity"] == 1));
    assert_eq!(diagnoses[1]["message"], "Operation completed successfully.");
    let read = site
        .ask("{ x3MasterData { customer { read(_id: \"NA001\") { _id } } } }")
        .await
        .json();
    assert_eq!(read["extensions"]["diagnoses"], json!([]));
}

#[tokio::test]
async fn the_category_supplies_what_is_left_out() {
    let site = Site::start().await;
    let category = CustomerCategory {
        currency: "USD".to_owned(),
        language: "ENG".to_owned(),
        payment_term: "CHIMM".to_owned(),
        country: Some("US".to_owned()),
        credit_control: sage_x3_simulator::CreditControl::Hold,
        ..CustomerCategory::new("US")
    };
    site.x3.add_category(DEFAULT_ENDPOINT, &category).unwrap();
    site.create(json!({ "code": "NA001", "customerCategory": "US", "companyName1": "Bakery" }))
        .await;
    let stored = site.stored("NA001");
    assert_eq!(
        (stored.currency.as_str(), stored.language.as_str()),
        ("USD", "ENG")
    );
    assert_eq!(
        (stored.payment_term.as_str(), stored.country.as_str()),
        ("CHIMM", "US")
    );
    assert_eq!(stored.credit_control, "hold");
    assert!(stored.is_active);
    assert_eq!(stored.addresses[0].code, "MAIN");
    assert_eq!(stored.short_company_name, "Bakery");
}

#[tokio::test]
async fn what_is_given_wins_over_the_category() {
    let site = Site::start().await;
    let members = json!({ "currency": "GBP", "language": "BRI", "creditControl": "noCheck", "isActive": false });
    site.create(with(input("NA001", "Bakery"), members)).await;
    let stored = site.stored("NA001");
    assert_eq!(
        (stored.currency.as_str(), stored.language.as_str()),
        ("GBP", "BRI")
    );
    assert_eq!(
        (stored.credit_control.as_str(), stored.is_active),
        ("noCheck", false)
    );
}

#[tokio::test]
async fn a_category_with_validation_creates_inactive_customers() {
    let site = Site::start().await;
    site.create(with(
        input("NA001", "Bakery"),
        json!({ "customerCategory": "VALID" }),
    ))
    .await;
    assert!(!site.stored("NA001").is_active);
}

#[tokio::test]
async fn a_category_with_a_counter_gives_the_codes_and_takes_none() {
    let site = Site::start().await;
    let mut data = input("", "Bakery");
    data["customerCategory"] = json!("AUTO");
    data.as_object_mut().unwrap().remove("code");
    let broken = with(data.clone(), json!({ "currency": "XXX" }));
    refused(&site.create(broken).await);
    for code in ["C000001", "C000002"] {
        assert_eq!(
            site.create(data.clone())
                .await
                .data("/x3MasterData/customer/create/_id"),
            code
        );
    }
    data["code"] = json!("NA001");
    let messages = refused(&site.create(data).await);
    assert_eq!(
        messages,
        ["code: Must be left empty, the category has a sequence counter"]
    );
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn a_code_is_mandatory_without_a_counter_and_unique() {
    let site = Site::start().await;
    let mut data = input("", "Bakery");
    assert_eq!(
        refused(&site.create(data.clone()).await),
        ["code: Mandatory field"]
    );
    data["code"] = json!("NA001");
    site.create(data.clone()).await.data("");
    data["code"] = json!("na001");
    assert_eq!(
        refused(&site.create(data).await),
        ["NA001 : Record already exists"]
    );
    assert_eq!((site.count(), site.x3.counters().customers_created), (1, 1));
}

#[tokio::test]
async fn wrong_values_are_refused_together_and_nothing_is_created() {
    let site = Site::start().await;
    let data = json!({
        "code": "NA001", "customerCategory": "STD", "country": "ZZ", "currency": "XXX", "language": "QQQ",
        "shortCompanyName": "longer than ten", "paymentTerm": "NEVER", "companyName1": "n".repeat(36),
    });
    let mut messages = refused(&site.create(data).await);
    messages.sort();
    assert_eq!(
        messages,
        [
            "companyName1: Value too long, 35 characters at most",
            "country: ZZ : Record does not exist",
            "currency: XXX : Record does not exist",
            "language: QQQ : Record does not exist",
            "paymentTerm: NEVER : Record does not exist",
            "shortCompanyName: Value too long, 10 characters at most",
        ]
    );
    assert_eq!(site.count(), 0);
    assert_eq!(site.x3.counters().customers_created, 0);
}

#[tokio::test]
async fn an_error_names_the_member_it_is_about() {
    let site = Site::start().await;
    let json = site
        .create(with(input("NA001", "Bakery"), json!({ "currency": "XXX" })))
        .await
        .json();
    let diagnose = &json["errors"][0]["extensions"]["diagnoses"][0];
    assert_eq!(
        diagnose["path"],
        json!(["x3MasterData", "customer", "create", "data", "currency"])
    );
}

#[tokio::test]
async fn mandatory_members() {
    let site = Site::start().await;
    let cases = [
        (
            json!({ "code": "A", "companyName1": "x", "country": "FR" }),
            "customerCategory: Mandatory field",
        ),
        (
            json!({ "code": "A", "companyName1": "x", "country": "FR", "customerCategory": "NOPE" }),
            "customerCategory: NOPE : Record does not exist",
        ),
        (
            json!({ "code": "A", "customerCategory": "STD", "country": "FR" }),
            "companyName1: Mandatory field",
        ),
        (
            json!({ "code": "A", "customerCategory": "STD", "companyName1": "x" }),
            "country: Mandatory field",
        ),
    ];
    for (data, message) in cases {
        assert_eq!(refused(&site.create(data).await), [message]);
    }
    let by_address = json!({ "code": "A", "customerCategory": "STD", "companyName1": "x",
        "addresses": [{ "code": "MAIN", "country": "BE" }] });
    site.create(by_address).await.data("");
    assert_eq!(site.stored("A").country, "BE");
}

#[tokio::test]
async fn address_rules() {
    let site = Site::start().await;
    let cases = [
        (
            json!([{ "city": "Paris" }]),
            "addresses: code: Mandatory field",
        ),
        (
            json!([{ "code": "TOOLONG" }]),
            "addresses: code: Value too long, 5 characters at most",
        ),
        (
            json!([{ "code": "A" }, { "code": "a" }]),
            "addresses: A : Record already exists",
        ),
        (
            json!([{ "code": "A", "isDefault": true }, { "code": "B", "isDefault": true }]),
            "addresses: Only one address can be the default",
        ),
        (
            json!([{ "code": "A", "country": "ZZ" }]),
            "country: ZZ : Record does not exist",
        ),
        (
            json!([{ "code": "A", "addressLines": [{ "denormalizedIndex": 4, "addressLine": "x" }] }]),
            "addressLines: Incorrect denormalizedIndex",
        ),
    ];
    for (addresses, message) in cases {
        let data = with(input("NA001", "Bakery"), json!({ "addresses": addresses }));
        assert_eq!(refused(&site.create(data).await), [message]);
    }
    let data = with(
        input("NA001", "Bakery"),
        json!({ "addresses": [{ "code": "B" }, { "code": "A" }] }),
    );
    site.create(data).await.data("");
    assert_eq!(site.stored("NA001").default_address, "B");
}

#[tokio::test]
async fn a_supplier_s_code_is_shared_not_taken() {
    let site = Site::start().await;
    site.x3
        .seed_supplier(DEFAULT_ENDPOINT, "SUP01", "Mill")
        .unwrap();
    site.create(input("SUP01", "Mill and Bakery"))
        .await
        .data("");
    let stored = site.stored("SUP01");
    assert!(stored.is_supplier);
    assert_eq!(stored.company_name, "Mill and Bakery");
    site.x3.delete_as_user(DEFAULT_ENDPOINT, "SUP01").unwrap();
    let query =
        "{ x3MasterData { businessPartner { read(_id: \"SUP01\") { isSupplier isCustomer } } } }";
    let partner = site
        .ask(query)
        .await
        .data("/x3MasterData/businessPartner/read");
    assert_eq!(partner, json!({ "isSupplier": true, "isCustomer": false }));
}

#[tokio::test]
async fn a_warning_in_errors_does_not_mean_that_nothing_was_created() {
    let site = Site::of(
        at_start().settings(|s| s.warning_on_create = Some("Credit not checked".to_owned())),
    )
    .await;
    let reply = site.create(input("NA001", "Bakery")).await;
    let json = reply.json();
    assert_eq!(
        json["data"]["x3MasterData"]["customer"]["create"]["_id"],
        "NA001"
    );
    assert_eq!(
        json["errors"][0]["extensions"]["diagnoses"][0]["severity"],
        2
    );
    assert_eq!(site.count(), 1);
}

#[tokio::test]
async fn decimals_in_the_document_s_text_and_in_variables_stay_exact() {
    let site = Site::start().await;
    let query = "mutation { x3MasterData { customer { create(data: { code: \"A\", customerCategory: \"STD\",
        companyName1: \"x\", country: \"FR\", authorizedCreditAmount: 12345678901234.0000000000001,
        creditControl: noCheck, addresses: [{ code: \"M\", isDefault: true }] }) { _id } } } }";
    site.ask(query).await.data("");
    assert_eq!(
        site.stored("A").authorized_credit_amount.to_string(),
        "12345678901234.0000000000001"
    );
    let body = "{\"query\": \"mutation M($data: Customer_Input!) { x3MasterData { customer { create(data: $data) { _id } } } }\",
        \"variables\": {\"data\": {\"code\": \"B\", \"customerCategory\": \"STD\", \"companyName1\": \"x\", \"country\": \"FR\",
        \"authorizedCreditAmount\": 99999999999999.99}}}";
    site.send(body).await.data("");
    assert_eq!(
        site.stored("B").authorized_credit_amount.to_string(),
        "99999999999999.99"
    );
    let huge = with(
        input("C", "x"),
        json!({ "authorizedCreditAmount": "100000000000000" }),
    );
    assert_eq!(
        refused(&site.create(huge).await),
        ["authorizedCreditAmount: Incorrect number"]
    );
}

#[tokio::test]
async fn mutations_of_one_document_run_in_order_and_fail_on_their_own() {
    let site = Site::start().await;
    let query = "mutation M($a: Customer_Input!, $b: Customer_Input!) { x3MasterData { customer {
        one: create(data: $a) { _id } two: create(data: $a) { _id } three: create(data: $b) { _id } } } }";
    let reply = site
        .ask_with(query, json!({ "a": input("A", "x"), "b": input("B", "y") }))
        .await;
    let json = reply.json();
    let customer = &json["data"]["x3MasterData"]["customer"];
    assert_eq!(
        *customer,
        json!({ "one": { "_id": "A" }, "two": null, "three": { "_id": "B" } })
    );
    assert_eq!(
        json["errors"][0]["path"],
        json!(["x3MasterData", "customer", "two"])
    );
    assert_eq!(site.count(), 2);
}

//! SOAP web services, alone and as a write path.

use std::sync::Arc;

use client_core::testing::ManualClock;
use rust_decimal::Decimal;
use sage_x3_client::{
    AddressCode, AddressPatch, CategoryCode, ConnectedApp, CountryCode, CustomerPatch, ErrorKind,
    NewCustomer, NewSalesOrder, NewSalesOrderLine, ProductCode, SalesOrderId, SalesOrderLineChange,
    SalesOrderLinePatch, SalesOrderPatch, SiteCode, SiteConfig, WritePath, X3Client,
    soap::{ObjectKey, SoapObject, SoapPublication, SoapSettings},
};
use sage_x3_simulator::{
    Clock, ConnectedApplication, CustomerSeed, DEFAULT_ENDPOINT, Effect, Fault, Operation,
    OperationState, RecordSeed, X3Simulator,
};

use super::{START, code};

/// A site on which GraphQL may write neither customers nor orders.
async fn site(settings: SoapSettings) -> (X3Simulator, X3Client) {
    let x3 = X3Simulator::builder()
        .clock(Clock::manual(START.parse().unwrap()))
        .start()
        .await
        .unwrap();
    for (node, operation) in [
        ("customer", Operation::Create),
        ("customer", Operation::Update),
        ("salesOrder", Operation::Create),
        ("salesOrder", Operation::Update),
    ] {
        x3.set_operation(node, operation, OperationState::NotActivated);
    }
    let app = ConnectedApplication::default();
    let config = SiteConfig::new(x3.base_url(), DEFAULT_ENDPOINT).soap(settings);
    let client = X3Client::builder(config)
        .credential(ConnectedApp::new(app.client_id, app.secret).user(app.allowed_user))
        .clock(Arc::new(ManualClock::new(START.parse().unwrap())))
        .soap_publication("customer", SoapPublication::customers("WSBPC"))
        .soap_publication("salesOrder", SoapPublication::sales_orders("WSSOH"))
        .build()
        .unwrap();
    (x3, client)
}

fn pool() -> SoapSettings {
    SoapSettings::new("X3POOL")
}

const NAME: &str = "Müller <&> \"Söhne\" ]]>";

fn customer(text: &str) -> NewCustomer {
    let address = AddressPatch::create(AddressCode::new("MAIN").unwrap())
        .line(1, "1 rue A & B")
        .line(2, "Hof")
        .city("Köln");
    NewCustomer::new(CategoryCode::new("STD").unwrap())
        .code(code(text))
        .values(
            CustomerPatch::new()
                .company_name_1(NAME)
                .company_name_2("second")
                .country(CountryCode::new("FR").unwrap())
                .address(address),
        )
}

#[tokio::test]
async fn where_graphql_may_not_write_customers_soap_does_and_leaves_what_was_not_stated() {
    let (x3, client) = site(pool()).await;
    let created = client.customers().create(&customer("Z0001")).await.unwrap();
    assert_eq!(
        (created.key, created.path),
        (code("Z0001"), WritePath::Soap)
    );
    assert_eq!(created.record.record().unwrap().company_name_1, NAME);
    assert_eq!(x3.counters().customers_created, 1);

    let address = AddressPatch::update(AddressCode::new("MAIN").unwrap()).line(1, "2 rue C");
    let patch = CustomerPatch::new()
        .company_name_2("third")
        .address(address);
    let updated = client
        .customers()
        .update(&code("Z0001"), &patch)
        .await
        .unwrap();
    assert_eq!(updated.path, WritePath::Soap);
    let now = client
        .customers()
        .read(&code("Z0001"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (now.company_name_1.as_str(), now.company_name_2.as_str()),
        (NAME, "third")
    );
    let address = now.default_address.unwrap();
    assert_eq!(address.city, "Köln");
    let lines: Vec<&str> = address.lines.values().map(String::as_str).collect();
    assert_eq!(lines, ["2 rue C", "Hof"]);
}

#[tokio::test]
async fn a_refused_customer_is_looked_up() {
    let (x3, client) = site(pool()).await;
    client.customers().create(&customer("Z0001")).await.unwrap();
    let again = client
        .customers()
        .create(&customer("Z0001"))
        .await
        .unwrap_err();
    let sage_x3_client::Error::Rejected { error, .. } = again else {
        panic!("{again}")
    };
    assert_eq!(error.kind, sage_x3_client::RecordErrorKind::AlreadyExists);
    assert_eq!(x3.counters().customers_created, 1);
}

#[tokio::test]
async fn a_save_whose_answer_is_lost_leaves_one_customer_that_can_be_found() {
    let (x3, client) = site(pool()).await;
    // GraphQL is asked first and refuses.
    x3.inject(Fault::new(Effect::DropAfter).nth(2));
    let error = client
        .customers()
        .create(&customer("Z0001"))
        .await
        .unwrap_err();
    assert!(error.may_have_been_applied(), "{error}");
    assert_eq!(x3.counters().customers_created, 1);
    assert!(
        client
            .customers()
            .read(&code("Z0001"))
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn an_order_is_created_with_its_lines_and_changed() {
    let (x3, client) = site(pool()).await;
    x3.seed_customers(DEFAULT_ENDPOINT, [CustomerSeed::new("NA001", "Bakery")])
        .unwrap();
    let product = RecordSeed::product("BMS001", "Flour").set("basePrice", "5");
    x3.seed(
        DEFAULT_ENDPOINT,
        [product, RecordSeed::product_site("BMS001", "FR011")],
    )
    .unwrap();
    let line = NewSalesOrderLine::new(ProductCode::new("BMS001").unwrap(), Decimal::new(35, 1));
    let order = NewSalesOrder::new(SiteCode::new("FR011").unwrap(), code("NA001"))
        .values(SalesOrderPatch::new().customer_order_reference("DEAL-1"))
        .line(line);
    let created = client.sales_orders().create(&order).await.unwrap();
    assert_eq!(created.path, WritePath::Soap);
    let record = created.record.record().unwrap();
    assert_eq!(record.customer_order_reference, "DEAL-1");
    assert_eq!(record.sold_to_customer, Some(code("NA001")));

    let line = SalesOrderLinePatch::new().quantity(Decimal::from(7));
    let added = NewSalesOrderLine::new(ProductCode::new("BMS001").unwrap(), Decimal::ONE);
    let patch = SalesOrderPatch::new()
        .additional_reference("WEB")
        .line(SalesOrderLineChange::Update(1000, line))
        .line(SalesOrderLineChange::Add(added));
    let orders = client.sales_orders();
    let updated = orders.update(&created.key, &patch).await.unwrap();
    assert_eq!(updated.path, WritePath::Soap);
    let now = orders.read(&created.key).await.unwrap().unwrap();
    assert_eq!(now.customer_order_reference, "DEAL-1");
    assert_eq!(now.additional_reference, "WEB");
    let both = [Some(Decimal::from(7)), Some(Decimal::ONE)];
    assert_eq!(quantities(&client, &created.key).await, both);

    let change = SalesOrderLinePatch::new().quantity(Decimal::TWO);
    let missing = SalesOrderPatch::new().line(SalesOrderLineChange::Update(9000, change));
    let error = orders.update(&created.key, &missing).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
    assert_eq!(quantities(&client, &created.key).await, both);
}

async fn quantities(client: &X3Client, order: &SalesOrderId) -> Vec<Option<Decimal>> {
    let ids = std::slice::from_ref(order);
    let mut lines = client.sales_orders().lines(ids).await.unwrap();
    let lines = lines.remove(order).unwrap();
    lines
        .into_iter()
        .map(|line| line.quantity_ordered)
        .collect()
}

#[tokio::test]
async fn records_and_lists_are_read_in_both_forms() {
    for config in [
        "adxwss.optreturn=XML",
        "adxwss.optreturn=JSON&adxwss.beautify=true",
    ] {
        let (x3, client) = site(pool().request_config(config)).await;
        let seeds = [
            CustomerSeed::new("NA001", NAME),
            CustomerSeed::new("NA002", "Mill"),
        ];
        x3.seed_customers(DEFAULT_ENDPOINT, seeds).unwrap();
        let soap = client.soap().unwrap();
        let read = soap
            .read("WSBPC", &[ObjectKey::new("BPCNUM", "NA001")])
            .await
            .unwrap();
        assert_eq!(read.value.find("BPRNAM"), Some(NAME), "{config}");
        let rows = soap.query("WSBPC", &[], 10).await.unwrap().value;
        let codes: Vec<&str> = rows.iter().filter_map(|row| row.get("BPCNUM")).collect();
        assert_eq!(codes, ["NA001", "NA002"], "{config}");
    }
}

#[tokio::test]
async fn a_pool_that_is_not_there_is_named() {
    let (_x3, client) = site(SoapSettings::new("NONE")).await;
    let object = SoapObject::new().field("BPC0_1", "BPCNUM", "Z1").unwrap();
    let error = client
        .soap()
        .unwrap()
        .save("WSBPC", &object)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    assert!(error.to_string().contains("Classic SOAP pools"), "{error}");
    assert!(!error.may_have_been_applied());
}

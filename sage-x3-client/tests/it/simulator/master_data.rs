//! Suppliers, products, stock, accounts and what they refer to.

use rust_decimal::Decimal;
use sage_x3_client::{
    BusinessPartnerCode, ChangeSource, Changes, CompanyCode, Filter, PaymentTermCode, Product,
    ProductCode, ProductPatch, ProductSite, ProductSiteKey, Query, SupplierCode,
};
use sage_x3_simulator::{Operation, RecordSeed};

use super::*;

async fn warehouse() -> Site {
    let site = site(X3Simulator::builder()).await;
    let records = [
        RecordSeed::product("BMS001", "Flour").set("basePrice", "22.5"),
        RecordSeed::product_site("BMS001", "FR011"),
        RecordSeed::product_site("BMS001", "FR012"),
        RecordSeed::stock("FR011", 1, "BMS001", 40).set("lot", "L1"),
        RecordSeed::stock("FR011", 2, "BMS001", 2).set("status", "Q"),
        RecordSeed::stock("FR012", 1, "BMS001", 7),
        RecordSeed::supplier("SUP01", "Mill").set("country", "BE"),
    ];
    site.x3.seed(DEFAULT_ENDPOINT, records).unwrap();
    site
}

fn key(product: &str, site: &str) -> ProductSiteKey {
    ProductSiteKey {
        product: product.try_into().unwrap(),
        site: site.try_into().unwrap(),
    }
}

#[tokio::test]
async fn a_product_comes_with_its_sites_and_a_site_with_its_stock() {
    let Site {
        x3: _x3, client, ..
    } = warehouse().await;
    let page = client
        .products()
        .page(&Query::<Product>::new().with_sites().with_total())
        .await
        .unwrap();
    assert_eq!(page.total, Some(1));
    let product = &page.items[0];
    assert_eq!(product.description_1, "Flour");
    assert_eq!(
        product.base_price.unwrap().normalize(),
        Decimal::new(225, 1)
    );
    let sites: Vec<_> = product
        .sites
        .as_ref()
        .unwrap()
        .iter()
        .map(|site| (site.key.clone(), site.stock_quantity.unwrap().normalize()))
        .collect();
    assert_eq!(
        sites,
        [
            (key("BMS001", "FR011"), Decimal::from(42)),
            (key("BMS001", "FR012"), Decimal::from(7))
        ]
    );
    let site: ProductSite = client
        .product_sites()
        .read(&key("BMS001", "FR011"))
        .await
        .unwrap()
        .unwrap();
    let stock = site.stock.unwrap();
    assert_eq!(stock.len(), 2);
    assert_eq!(stock[0].lot, "L1");
    assert_eq!(stock[0].product.as_ref(), Some(&key("BMS001", "FR011")));
}

#[tokio::test]
async fn keys_of_two_parts_are_read_in_one_query() {
    let Site { x3, client, .. } = warehouse().await;
    let keys = [
        key("BMS001", "FR011"),
        key("BMS001", "FR012"),
        key("BMS001", "FR099"),
    ];
    let before = x3.counters().requests;
    let found = client.product_sites().read_many(&keys).await.unwrap();
    assert_eq!(x3.counters().requests - before, 1);
    assert_eq!(found.keys().collect::<Vec<_>>(), [&keys[0], &keys[1]]);
}

#[tokio::test]
async fn a_change_of_stock_is_found_under_its_product() {
    let Site { x3, client, .. } = warehouse().await;
    x3.clock().advance(std::time::Duration::from_secs(60));
    x3.seed(
        DEFAULT_ENDPOINT,
        [RecordSeed::stock("FR012", 9, "BMS001", 1)],
    )
    .unwrap();
    let since: jiff::Timestamp = "2026-11-20T10:00:30Z".parse().unwrap();
    let changes = Changes::of(ChangeSource::Stock).since(since);
    let products = client.products().changed(&changes).await.unwrap().items;
    assert_eq!(products.len(), 1);
    assert_eq!(products[0].key.as_str(), "BMS001");
    let sites = client
        .product_sites()
        .changed(&changes)
        .await
        .unwrap()
        .items;
    assert_eq!(sites[0].key, key("BMS001", "FR012"));
}

#[tokio::test]
async fn a_product_is_changed_where_the_site_activated_it() {
    let Site { x3, client, .. } = warehouse().await;
    let code = ProductCode::new("BMS001").unwrap();
    let patch = ProductPatch::new().description_1("Wheat flour");
    let error = client.products().update(&code, &patch).await.unwrap_err();
    assert!(
        error.to_string().contains("`update` of node `Product`"),
        "{error}"
    );
    x3.set_activation("product", Operation::Update, true);
    client.products().update(&code, &patch).await.unwrap();
    let product = client.products().read(&code).await.unwrap().unwrap();
    assert_eq!(product.description_1, "Wheat flour");
}

#[tokio::test]
async fn a_supplier_shows_its_partner_and_address() {
    let Site {
        x3: _x3, client, ..
    } = warehouse().await;
    let supplier = client
        .suppliers()
        .read(&SupplierCode::new("SUP01").unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(supplier.company_name_1, "Mill");
    assert_eq!(supplier.country.as_ref().unwrap().as_str(), "BE");
    assert_eq!(supplier.default_address.unwrap().code, "MAIN");
    let partner = client
        .business_partners()
        .read(&BusinessPartnerCode::new("SUP01").unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (partner.is_supplier, partner.is_customer),
        (Some(true), Some(false))
    );
    let changes = Changes::of(ChangeSource::BusinessPartner);
    let changed = client.suppliers().changed(&changes).await.unwrap().items;
    assert_eq!(changed[0].key.as_str(), "SUP01");
}

#[tokio::test]
async fn base_data_is_read() {
    let Site {
        x3: _x3, client, ..
    } = warehouse().await;
    let euro = CurrencyCode::new("EUR").unwrap();
    assert_eq!(
        client.currencies().read(&euro).await.unwrap().unwrap().code,
        euro
    );
    let term = PaymentTermCode::new("CH30NET").unwrap();
    assert_eq!(
        client
            .payment_terms()
            .read(&term)
            .await
            .unwrap()
            .unwrap()
            .code,
        term
    );
    let company = CompanyCode::new("FR10").unwrap();
    assert_eq!(
        client
            .companies()
            .read(&company)
            .await
            .unwrap()
            .unwrap()
            .code,
        company
    );
    let sales = Filter::field("isSales").eq(true);
    let sites = client
        .sites()
        .page(&Query::new().filter(sales))
        .await
        .unwrap();
    assert!(sites.items.iter().any(|site| site.code.as_str() == "FR011"));
    let accounts = client.accounts().page(&Query::new()).await.unwrap().items;
    let account = accounts.first().expect("the simulator has accounts");
    let again = client
        .accounts()
        .read_many(std::slice::from_ref(&account.key))
        .await
        .unwrap();
    assert_eq!(again[&account.key].description, account.description);
}

#[tokio::test]
async fn contacts_name_their_partner() {
    let Site { x3, client, .. } = warehouse().await;
    let contact = RecordSeed::new("businessPartnerContact")
        .set("businessPartner", "SUP01")
        .set("code", "C1")
        .set("lastName", "Miller")
        .set("email", "m@example.com");
    x3.seed(DEFAULT_ENDPOINT, [contact]).unwrap();
    let contacts = client
        .business_partner_contacts()
        .page(&Query::new())
        .await
        .unwrap()
        .items;
    assert_eq!(contacts.len(), 1);
    assert_eq!(
        contacts[0].business_partner.as_ref().unwrap().as_str(),
        "SUP01"
    );
    assert_eq!(
        (contacts[0].last_name.as_str(), contacts[0].email.as_str()),
        ("Miller", "m@example.com")
    );
}

//! Writing suppliers, contacts, prospects and customer invoices of accounting, by whichever path the site offers.

use rust_decimal::Decimal;
use sage_x3_client::{
    AccountCode, AccountKey, BusinessPartnerCode, BusinessPartnerContact,
    BusinessPartnerContactPatch, ChartCode, ContactCode, CustomerInvoiceHeader,
    CustomerInvoicePatch, Error, Filter, Generation, NewBusinessPartnerContact, NewCustomerInvoice,
    NewCustomerInvoiceLine, NewSupplier, Patch, Query, RecordErrorKind, RecordId, SiteCode,
    SupplierCode, SupplierPatch, TaxCode, WritePath,
    api1::{Api1Place, Api1Publication, ClassName, ColumnName},
    soap::{SoapPublication, SoapSettings},
};
use sage_x3_simulator::{AddressIdForm, CustomClass, Operation, OperationState};

use super::*;

async fn activated(builder: X3SimulatorBuilder, node: &str) -> Site {
    let site = site(builder).await;
    for operation in [Operation::Create, Operation::Update] {
        site.x3.set_activation(node, operation, true);
    }
    site
}

/// A site on which neither GraphQL operation of the node is activated, and a client that knows other paths.
async fn elsewhere(
    builder: X3SimulatorBuilder,
    paths: impl FnOnce(sage_x3_client::X3ClientBuilder) -> sage_x3_client::X3ClientBuilder,
) -> (X3Simulator, X3Client) {
    let x3 = builder
        .clock(Clock::manual(START.parse().unwrap()))
        .start()
        .await
        .unwrap();
    let app = ConnectedApplication::default();
    let config = SiteConfig::new(x3.base_url(), DEFAULT_ENDPOINT).soap(SoapSettings::new("X3POOL"));
    let builder = X3Client::builder(config)
        .credential(ConnectedApp::new(app.client_id, app.secret).user(app.allowed_user))
        .clock(Arc::new(ManualClock::new(START.parse().unwrap())));
    (x3, paths(builder).build().unwrap())
}

fn published(object: &'static str) -> X3SimulatorBuilder {
    X3Simulator::builder().settings(move |settings| {
        let publication = sage_x3_simulator::SoapPublication::new(format!("WS{object}"), object);
        settings.soap_publications.push(publication);
    })
}

fn supplier_code(text: &str) -> SupplierCode {
    SupplierCode::new(text).unwrap()
}

fn supplier(text: &str) -> NewSupplier {
    let address = AddressPatch::create(AddressCode::new("MAIN").unwrap())
        .line(1, "1 rue A & B")
        .city("Lille")
        .country(CountryCode::new("FR").unwrap())
        .phone(2, "+33 3 20 1")
        .email(1, "moulin@example.com")
        .website("https://moulin.example");
    NewSupplier::new(RecordId::new("STD").unwrap())
        .code(supplier_code(text))
        .values(
            SupplierPatch::new()
                .company_name_1("Moulin <&> \"Nord\"")
                .company_name_2("et fils")
                .country(CountryCode::new("FR").unwrap())
                .european_union_vat_number("FR123")
                .our_customer_number("4711")
                .address(address),
        )
}

/// Creates, reads back, changes and repeats; by whichever path.
async fn suppliers_live(client: &X3Client, path: WritePath) {
    let created = client
        .suppliers()
        .create(&supplier("MILL01"))
        .await
        .unwrap();
    assert_eq!(
        (created.key.as_str(), created.path),
        ("MILL01", path),
        "{path:?}"
    );
    let record = created.record.record().expect("read back");
    assert_eq!(record.company_name_1, "Moulin <&> \"Nord\"");
    assert_eq!(record.our_customer_number, "4711");
    let address = record.default_address.as_ref().unwrap();
    assert_eq!(address.city, "Lille");
    assert_eq!(address.phones[&2], "+33 3 20 1");
    assert_eq!(address.website, "https://moulin.example");

    let change = AddressPatch::update(AddressCode::new("MAIN").unwrap()).email(2, "b@example.com");
    let patch = SupplierPatch::new()
        .company_name_1("Moulin du Nord")
        .is_active(false)
        .our_customer_number(Patch::Clear)
        .address(change);
    let updated = client
        .suppliers()
        .update(&supplier_code("MILL01"), &patch)
        .await
        .unwrap();
    assert_eq!(updated.path, path);
    let now = client
        .suppliers()
        .read(&supplier_code("MILL01"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(now.company_name_1, "Moulin du Nord");
    assert_eq!(now.company_name_2, "et fils");
    assert_eq!(now.our_customer_number, "");
    assert_eq!(now.is_active, Some(false));
    let address = now.default_address.unwrap();
    assert_eq!(address.lines[&1], "1 rue A & B");
    let emails: Vec<_> = address.emails.values().map(String::as_str).collect();
    assert_eq!(emails, ["moulin@example.com", "b@example.com"]);

    let again = client.suppliers().create(&supplier("MILL01")).await;
    assert_eq!(kind(again.unwrap_err()), RecordErrorKind::AlreadyExists);
}

fn kind(error: Error) -> RecordErrorKind {
    match error {
        Error::Rejected { error, .. } => error.kind,
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_supplier_is_created_and_changed_where_the_site_activated_it() {
    let Site {
        x3: _x3, client, ..
    } = activated(X3Simulator::builder(), "supplier").await;
    suppliers_live(&client, WritePath::Graphql).await;
    let nobody = SupplierPatch::new().company_name_1("x");
    let missing = client
        .suppliers()
        .update(&supplier_code("NONE"), &nobody)
        .await;
    assert_eq!(kind(missing.unwrap_err()), RecordErrorKind::NotFound);
}

#[tokio::test]
async fn without_a_path_a_supplier_is_refused_and_the_operation_is_named() {
    let Site {
        x3: _x3, client, ..
    } = site(X3Simulator::builder()).await;
    let error = client
        .suppliers()
        .create(&supplier("MILL01"))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("`create` of node `Supplier`"),
        "{error}"
    );
    assert!(!error.may_have_been_applied());
}

#[tokio::test]
async fn a_supplier_goes_through_soap_where_graphql_may_not_write_it() {
    let (_x3, client) = elsewhere(published("BPS"), |builder| {
        builder.soap_publication("supplier", SoapPublication::suppliers("WSBPS"))
    })
    .await;
    suppliers_live(&client, WritePath::Soap).await;
}

#[tokio::test]
async fn the_second_generation_writes_suppliers_under_their_single_name() {
    let builder = X3Simulator::builder().generation(sage_x3_simulator::Generation::Two);
    let site = site_with(builder, |config| config.generation(Generation::Gen2)).await;
    site.x3.set_activation("supplier", Operation::Create, true);
    let new = NewSupplier::new(RecordId::new("STD").unwrap())
        .code(supplier_code("MILL01"))
        .values(SupplierPatch::new().company_name_1("Moulin"));
    let created = site.client.suppliers().create(&new).await.unwrap();
    assert_eq!(created.record.record().unwrap().company_name_1, "Moulin");
}

fn contact(last_name: &str) -> NewBusinessPartnerContact {
    NewBusinessPartnerContact::new(BusinessPartnerCode::new("NA001").unwrap(), last_name)
        .code(ContactCode::new("C1").unwrap())
        .values(
            BusinessPartnerContactPatch::new()
                .first_name("Anne")
                .email("anne@example.com")
                .phone("+33 1"),
        )
}

/// Creates, reads back, changes and repeats; by whichever path.
async fn contacts_live(client: &X3Client, path: WritePath) {
    let contacts = client.business_partner_contacts();
    let created = contacts.create(&contact("Durand")).await.unwrap();
    assert_eq!(created.path, path);
    let record = created.record.record().expect("read back");
    assert_eq!(
        (record.last_name.as_str(), record.first_name.as_str()),
        ("Durand", "Anne")
    );
    let patch = BusinessPartnerContactPatch::new()
        .email("a@example.com")
        .phone(Patch::Clear);
    let updated = contacts.update(&created.key, &patch).await.unwrap();
    assert_eq!((updated.path, &updated.value), (path, &created.key));
    let now = contacts.read(&created.key).await.unwrap().unwrap();
    assert_eq!(
        (
            now.email.as_str(),
            now.phone.as_str(),
            now.last_name.as_str()
        ),
        ("a@example.com", "", "Durand")
    );
    let again = contacts.create(&contact("Other")).await;
    assert_eq!(kind(again.unwrap_err()), RecordErrorKind::AlreadyExists);
    let mine = Query::<BusinessPartnerContact>::new()
        .filter(Filter::field("businessPartner._id").eq("NA001"));
    assert_eq!(contacts.page(&mine).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_contact_is_created_and_changed_however_its_key_is_joined() {
    for form in [AddressIdForm::EntityNumber, AddressIdForm::WithoutEntity] {
        let builder = X3Simulator::builder().settings(move |settings| settings.address_ids = form);
        let site = activated(builder, "businessPartnerContact").await;
        site.x3
            .seed_customers(DEFAULT_ENDPOINT, [CustomerSeed::new("NA001", "Bakery")])
            .unwrap();
        contacts_live(&site.client, WritePath::Graphql).await;
        let gone = RecordId::new("1|NA001|C9").unwrap();
        let patch = BusinessPartnerContactPatch::new().first_name("x");
        let missing = site
            .client
            .business_partner_contacts()
            .update(&gone, &patch)
            .await;
        assert_eq!(kind(missing.unwrap_err()), RecordErrorKind::NotFound);
    }
}

#[tokio::test]
async fn a_contact_goes_through_a_class_of_the_site() {
    let builder = X3Simulator::builder().settings(|settings| {
        let class = CustomClass::new("YCONTACT", "businessPartnerContact");
        settings.custom_classes.push(class);
    });
    let column = |name: &str| Api1Place::column(ColumnName::new(name).unwrap());
    let publication = Api1Publication::new(ClassName::new("YCONTACT").unwrap())
        .place("businessPartner", column("BPANUM"))
        .place("code", column("CCNCRM"))
        .place("firstName", column("CNTFNA"))
        .place("lastName", column("CNTLNA"))
        .place("phoneNumber", column("TEL"))
        .place("email", column("WEB"));
    let (x3, client) = elsewhere(builder, |builder| {
        builder.api1_publication("businessPartnerContact", publication)
    })
    .await;
    x3.seed_customers(DEFAULT_ENDPOINT, [CustomerSeed::new("NA001", "Bakery")])
        .unwrap();
    contacts_live(&client, WritePath::Api1).await;
}

#[tokio::test]
async fn a_prospect_becomes_a_customer() {
    let Site {
        x3: _x3, client, ..
    } = site(X3Simulator::builder()).await;
    let lead = new("LEAD01").values(
        CustomerPatch::new()
            .company_name_1("Newcomer")
            .country(CountryCode::new("FR").unwrap())
            .is_prospect(true),
    );
    let created = client.customers().create(&lead).await.unwrap();
    assert_eq!(created.record.record().unwrap().is_prospect, Some(true));
    let partner = BusinessPartnerCode::new("LEAD01").unwrap();
    let partner = client.business_partners().read(&partner).await.unwrap();
    assert_eq!(partner.unwrap().is_prospect, Some(true));
    let won = CustomerPatch::new().is_prospect(false);
    client
        .customers()
        .update(&code("LEAD01"), &won)
        .await
        .unwrap();
    let now = client.customers().read(&code("LEAD01")).await.unwrap();
    assert_eq!(now.unwrap().is_prospect, Some(false));
}

fn account(text: &str) -> AccountKey {
    AccountKey {
        chart: ChartCode::new("FRA").unwrap(),
        code: AccountCode::new(text).unwrap(),
    }
}

fn invoice(reference: &str, account_code: &str) -> NewCustomerInvoice {
    let line = NewCustomerInvoiceLine::new(account(account_code), "100.50".parse().unwrap())
        .tax(TaxCode::new("FRNOR").unwrap())
        .description("Consulting");
    NewCustomerInvoice::new(SiteCode::new("FR011").unwrap(), code("NA001"))
        .values(
            CustomerInvoicePatch::new()
                .source_document(reference)
                .source_document_date(jiff::civil::date(2026, 11, 19)),
        )
        .line(line)
}

/// Creates, reads back, and is refused for an account that cannot be posted to; by whichever path.
async fn invoices_live(client: &X3Client, path: WritePath) {
    let invoices = client.customer_invoice_headers();
    let created = invoices.create(&invoice("Z-1", "706000")).await.unwrap();
    assert_eq!(created.path, path);
    let record = created.record.record().expect("read back");
    assert_eq!(record.source_document, "Z-1");
    assert_eq!(
        record.source_document_date,
        Some(jiff::civil::date(2026, 11, 19))
    );
    assert_eq!(
        record.total_amount_excluding_tax.unwrap().normalize(),
        Decimal::new(1005, 1)
    );
    assert_eq!(
        record.total_amount_including_tax.unwrap().normalize(),
        Decimal::new(1206, 1)
    );
    assert_eq!(record.is_direct, Some(true));
    let refused = invoices.create(&invoice("Z-2", "707999")).await;
    assert_eq!(kind(refused.unwrap_err()), RecordErrorKind::Refused);
    // Another system's key leads back to the invoice.
    let same =
        Query::<CustomerInvoiceHeader>::new().filter(Filter::field("sourceDocument").eq("Z-1"));
    let found = invoices.page(&same).await.unwrap().items;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, created.key);
}

async fn with_customer(site: &X3Simulator) {
    site.seed_customers(DEFAULT_ENDPOINT, [CustomerSeed::new("NA001", "Bakery")])
        .unwrap();
}

#[tokio::test]
async fn an_invoice_is_entered_on_accounts_where_the_site_activated_it() {
    let site = activated(X3Simulator::builder(), "customerInvoiceHeader").await;
    with_customer(&site.x3).await;
    invoices_live(&site.client, WritePath::Graphql).await;
}

#[tokio::test]
async fn an_invoice_is_entered_on_accounts_through_soap() {
    let (x3, client) = elsewhere(published("BIC"), |builder| {
        let publication = SoapPublication::customer_invoices("WSBIC");
        builder.soap_publication("customerInvoiceHeader", publication)
    })
    .await;
    with_customer(&x3).await;
    x3.set_operation(
        "customerInvoiceHeader",
        Operation::Create,
        OperationState::NotActivated,
    );
    invoices_live(&client, WritePath::Soap).await;
}

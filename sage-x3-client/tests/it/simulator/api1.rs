//! `api1`, and classes of the site's own as a write path.

use futures::TryStreamExt as _;
use sage_x3_client::{
    CategoryCode, CustomerPatch, ErrorKind, FieldName, NewCustomer, PageSize, Precision,
    RecordErrorKind, StampField, WritePath, X3Client,
    api1::{
        Api1Place, Api1Publication, Api1Query, ClassName, ColumnName, Day, Key, Values, Where,
        records,
    },
};
use sage_x3_simulator::{
    Clock, ConnectedApplication, CustomClass, CustomerSeed, DEFAULT_ENDPOINT, Effect, Fault,
    MissingRecord, NoDate, Operation, OperationState, Settings, X3Simulator,
};

use super::{START, Site, code, seeds, site};

async fn site_of(change: impl FnOnce(&mut Settings)) -> Site {
    site(X3Simulator::builder().settings(change)).await
}

fn column(code: &str) -> ColumnName {
    ColumnName::new(code).unwrap()
}

#[tokio::test]
async fn a_long_list_is_read_whole_in_pages_that_the_server_chooses() {
    let Site { x3, client, .. } = site_of(|settings| settings.api1_max_count = 20).await;
    x3.seed_customers(DEFAULT_ENDPOINT, seeds(45)).unwrap();
    let customers = client.api1().records::<records::Customer>();
    let query = Api1Query::new().page_size(PageSize::MAX);
    let codes: Vec<String> = customers
        .stream(query)
        .map_ok(|customer| customer.code.unwrap())
        .try_collect()
        .await
        .unwrap();
    let expected: Vec<String> = (0..45).map(|number| format!("C{number:04}")).collect();
    assert_eq!(codes, expected);
}

#[tokio::test]
async fn changes_are_found_by_day_or_to_the_second() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    x3.seed_customers(DEFAULT_ENDPOINT, [CustomerSeed::new("NA001", "Bakery")])
        .unwrap();
    let three_days = std::time::Duration::from_secs(3 * 24 * 3600);
    x3.clock().advance(three_days);
    x3.seed_customers(DEFAULT_ENDPOINT, [CustomerSeed::new("NA002", "Mill")])
        .unwrap();
    let customers = client.api1().records::<records::Customer>();
    let since: jiff::Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    for (column, precision) in [("UPDDAT", Precision::Day), ("UPDDATTIM", Precision::Second)] {
        let stamp = StampField::custom(FieldName::new(column).unwrap(), precision);
        let query = Api1Query::new().filter(Where::changed(&stamp, since, None));
        let page = customers.query(&query, None).await.unwrap();
        let codes: Vec<_> = page.items.iter().map(|row| row.code.as_deref()).collect();
        assert_eq!(codes, [Some("NA002")], "{column}");
    }
}

#[tokio::test]
async fn conditions_mean_what_they_say_whatever_the_values_hold() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    x3.seed_customers(
        DEFAULT_ENDPOINT,
        [
            CustomerSeed::new("NA001", "Bakery").set("authorizedCreditAmount", "10.5"),
            CustomerSeed::new("NA002", "O'Brien and (co) eq 'x'").set("currency", "USD"),
            CustomerSeed::new("EU001", "Mill").set("isActive", false),
        ],
    )
    .unwrap();
    let customers = client.api1().records::<records::Customer>();
    let amount: rust_decimal::Decimal = "10.5".parse().unwrap();
    for (condition, expected) in [
        (Where::column("BPCNUM").eq("NA001"), &["NA001"][..]),
        (
            Where::column("BPCNAM").eq("O'Brien and (co) eq 'x'"),
            &["NA002"],
        ),
        (
            Where::column("BPCNUM").starts_with("NA"),
            &["NA001", "NA002"],
        ),
        (Where::column("BPCNAM").contains("il"), &["EU001"]),
        (Where::column("BPCSTA").eq(false), &["EU001"]),
        (Where::column("OSTAUZ").ge(amount), &["NA001"]),
        (
            Where::column("BPCNUM").is_in(["EU001", "NA002"]),
            &["EU001", "NA002"],
        ),
        (
            Where::all([
                Where::column("BPCNUM").between("NA", "NB"),
                Where::any([
                    Where::column("CUR").eq("USD"),
                    Where::column("OSTAUZ").gt(0),
                ]),
            ]),
            &["NA001", "NA002"],
        ),
        (
            Where::column("UPDDAT").ge(jiff::civil::date(2026, 11, 20)),
            &["EU001", "NA001", "NA002"],
        ),
        (
            Where::column("UPDDAT").gt(jiff::civil::date(2026, 11, 21)),
            &[],
        ),
    ] {
        let page = customers
            .query(&Api1Query::new().filter(condition.clone()), None)
            .await
            .unwrap();
        let codes: Vec<String> = page
            .items
            .into_iter()
            .map(|customer| customer.code.unwrap())
            .collect();
        assert_eq!(codes, expected, "{condition:?}");
    }
    let unknown = Api1Query::new().filter(Where::column("YNONE").eq(1));
    let error = customers.query(&unknown, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
}

#[tokio::test]
async fn a_record_is_read_typed_with_all_its_other_columns() {
    for (form, shown) in [
        (NoDate::SqlServer, Some(Day(None))),
        (NoDate::Oracle, Some(Day(None))),
        (NoDate::Null, None),
    ] {
        let Site { x3, client, .. } = site_of(|settings| {
            settings.api1_no_date = form;
            settings.api1_stray_backslashes = true;
        })
        .await;
        let seed = CustomerSeed::new("NA001", r"C:\Sage")
            .set("authorizedCreditAmount", "12345678901234.56");
        x3.seed_customers(DEFAULT_ENDPOINT, [seed]).unwrap();
        let customers = client.api1().records::<records::Customer>();
        let answer = customers.read(&Key::new("NA001").unwrap()).await.unwrap();
        assert!(answer.repaired > 0);
        let customer = answer.value.unwrap();
        assert_eq!(customer.name.as_deref(), Some(r"C:\Sage"));
        assert_eq!(customer.is_active.unwrap().as_yes_no(), Some(true));
        let credit = customer.authorized_credit.unwrap().get();
        assert_eq!(credit, "12345678901234.56".parse().unwrap());
        let insured = customer.columns.get::<Option<Day>>("CDTISRDAT").unwrap();
        assert_eq!(insured.flatten(), shown);
    }
}

#[tokio::test]
async fn a_missing_record_is_none_in_each_way_of_saying_so() {
    for form in [MissingRecord::DiagnosesWith200, MissingRecord::NotFound] {
        let Site {
            x3: _x3, client, ..
        } = site_of(|settings| settings.api1_missing_record = form).await;
        let customers = client.api1().records::<records::Customer>();
        let answer = customers.read(&Key::new("NONE").unwrap()).await.unwrap();
        assert!(answer.value.is_none());
    }
}

#[tokio::test]
async fn a_facet_describes_its_columns() {
    let Site {
        x3: _x3, client, ..
    } = site(X3Simulator::builder()).await;
    let customers = client.api1().records::<records::Customer>();
    let prototype = customers.prototype("details").await.unwrap().value;
    assert!(prototype.properties["BPCNUM"].kind.is_some());
}

#[tokio::test]
async fn sages_own_classes_cannot_be_written_and_say_so() {
    let Site {
        x3: _x3, client, ..
    } = site(X3Simulator::builder()).await;
    let customers = client.api1().records::<records::Customer>();
    let error = customers.create(&Values::new()).await.unwrap_err();
    assert!(error.to_string().contains("read-only"), "{error}");
    assert!(!error.may_have_been_applied());
}

fn publication() -> Api1Publication {
    let at = |code| Api1Place::column(column(code));
    Api1Publication::new(ClassName::new("ZCUSTOMER").unwrap())
        .place("code", at("BPCNUM"))
        .place("customerCategory", at("BCGCOD"))
        .place("companyName1", at("BPCNAM"))
        .place("country", at("CRY"))
}

/// A site on which GraphQL may not create customers, and a class may.
async fn with_class() -> (X3Simulator, X3Client) {
    let x3 = X3Simulator::builder()
        .settings(|settings| {
            settings.custom_classes = vec![CustomClass::new("ZCUSTOMER", "customer")]
        })
        .clock(Clock::manual(START.parse().unwrap()))
        .start()
        .await
        .unwrap();
    x3.set_operation("customer", Operation::Create, OperationState::NotActivated);
    let app = ConnectedApplication::default();
    let client = X3Client::builder(sage_x3_client::SiteConfig::new(
        x3.base_url(),
        DEFAULT_ENDPOINT,
    ))
    .credential(sage_x3_client::ConnectedApp::new(app.client_id, app.secret).user(app.allowed_user))
    .clock(std::sync::Arc::new(client_core::testing::ManualClock::new(
        START.parse().unwrap(),
    )))
    .api1_publication("customer", publication())
    .build()
    .unwrap();
    (x3, client)
}

fn customer(text: &str) -> NewCustomer {
    let country = sage_x3_client::CountryCode::new("FR").unwrap();
    NewCustomer::new(CategoryCode::new("STD").unwrap())
        .code(code(text))
        .values(CustomerPatch::new().company_name_1("Mill").country(country))
}

#[tokio::test]
async fn where_graphql_may_not_create_a_class_of_the_site_does() {
    let (x3, client) = with_class().await;
    let outcome = client.customers().create(&customer("NA002")).await.unwrap();
    assert_eq!(outcome.path, WritePath::Api1);
    assert_eq!(outcome.key, code("NA002"));
    assert_eq!(
        x3.customer(DEFAULT_ENDPOINT, "NA002")
            .unwrap()
            .unwrap()
            .company_name,
        "Mill"
    );
    let again = client
        .customers()
        .create(&customer("NA002"))
        .await
        .unwrap_err();
    let sage_x3_client::Error::Rejected { error, .. } = again else {
        panic!("{again}")
    };
    assert_eq!(error.kind, RecordErrorKind::AlreadyExists);
    assert_eq!(x3.counters().customers_created, 1);
}

#[tokio::test]
async fn a_lost_answer_of_a_class_leaves_one_customer_that_can_be_found() {
    let (x3, client) = with_class().await;
    // GraphQL is asked first and refuses.
    x3.inject(Fault::new(Effect::DropAfter).nth(2));
    let error = client
        .customers()
        .create(&customer("NA003"))
        .await
        .unwrap_err();
    assert!(error.may_have_been_applied(), "{error}");
    assert_eq!(x3.counters().customers_created, 1);
    let class = client.api1().records::<records::Customer>();
    let found = class.read(&Key::new("NA003").unwrap()).await.unwrap();
    assert!(found.value.is_some());
}

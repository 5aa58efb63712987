//! Reading and writing customers.

use std::collections::BTreeSet;

use futures::TryStreamExt as _;
use rust_decimal::Decimal;
use sage_x3_client::{
    AddressCode, AddressPatch, CategoryCode, CountryCode, CurrencyCode, CustomerPatch,
    CustomerQuery, FieldName, Filter, NewCustomer, OrderBy, PageSize, Patch, RecordErrorKind,
    Scalar,
};
use sage_x3_simulator::{
    AddressSeed, CustomerSeed, DEFAULT_ENDPOINT, DecimalForm, Effect, Fault, Generation,
    X3Simulator,
};

use super::{Site, code, new, seeds, site, site_with};

#[tokio::test]
async fn all_customers_are_paged_through_once_in_either_generation() {
    for (served, spoken) in [
        (Generation::Three, sage_x3_client::Generation::Gen3),
        (Generation::Two, sage_x3_client::Generation::Gen2),
    ] {
        let Site { x3, client, .. } =
            site_with(X3Simulator::builder().generation(served), |config| {
                config.generation(spoken)
            })
            .await;
        let seeded: BTreeSet<String> = if served == Generation::Three {
            x3.seed_customers(DEFAULT_ENDPOINT, seeds(250))
                .unwrap()
                .into_iter()
                .collect()
        } else {
            // The older input names its names otherwise; this crate's own writes know that.
            let customers: Vec<NewCustomer> = (0..250)
                .map(|number| new(&format!("C{number:04}")))
                .collect();
            let batch = client.customers().create_many(&customers).await;
            batch
                .rows
                .into_iter()
                .map(|row| row.unwrap().value.to_string())
                .collect()
        };
        x3.reset_counters();
        let query = CustomerQuery::new()
            .first(PageSize::new(100))
            .order_by(OrderBy::descending("_updateStamp"));
        let found: Vec<String> = client
            .customers()
            .stream(query)
            .map_ok(|customer| customer.code.to_string())
            .try_collect()
            .await
            .unwrap();
        assert_eq!(found.len(), 250);
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), seeded);
        assert_eq!(x3.counters().requests, 3);
    }
}

#[tokio::test]
async fn what_is_created_is_read_back_whole() {
    for decimals in [DecimalForm::Text, DecimalForm::Number] {
        let Site { x3, client, .. } =
            site(X3Simulator::builder().settings(|settings| settings.decimals = decimals)).await;
        let outcome = client.customers().create(&new("Z0001")).await.unwrap();
        assert_eq!(outcome.key, code("Z0001"));
        assert!(
            outcome
                .diagnoses
                .iter()
                .all(|diagnose| !diagnose.severity.is_failure())
        );
        assert_eq!(x3.counters().customers_created, 1);

        let customer = client
            .customers()
            .read(&code("Z0001"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(customer.company_name_1, "Müller & Söhne \"GmbH\"");
        assert_eq!(customer.european_union_vat_number, "DE123456789");
        assert_eq!(customer.currency.unwrap().as_str(), "CHF");
        assert_eq!(customer.country.unwrap().as_str(), "DE");
        assert_eq!(customer.category.unwrap().as_str(), "STD");
        assert_eq!(customer.is_active, Some(true));
        assert_eq!(
            customer.authorized_credit_amount.unwrap().to_string(),
            "12345678901234.56"
        );
        assert_eq!(customer.notes, "First line\nsecond line");
        assert_eq!(
            customer.updated_at,
            Some(
                x3.customer(DEFAULT_ENDPOINT, "Z0001")
                    .unwrap()
                    .unwrap()
                    .updated
                    .unwrap()
            )
        );
        let address = customer.default_address.unwrap();
        assert_eq!(
            (address.code.as_str(), address.city.as_str()),
            ("MAIN", "Berlin")
        );
        assert_eq!(address.lines[&1], "Schönhauser Allee 1");
        assert_eq!(address.phones[&1], "+49 30 1");
        assert_eq!(address.emails[&1], "info@example.com");
        assert_eq!(customer.addresses.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_update_changes_what_it_states_and_nothing_else() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    client.customers().create(&new("Z0001")).await.unwrap();
    let patch = CustomerPatch::new()
        .company_name_2("second name")
        .notes(Patch::Clear)
        .is_active(false)
        .address(
            AddressPatch::update(AddressCode::new("MAIN").unwrap())
                .city("Köln")
                .line(2, "Hinterhaus"),
        )
        .address(
            AddressPatch::create(AddressCode::new("SHIP").unwrap())
                .city("Lyon")
                .country(CountryCode::new("FR").unwrap()),
        );
    client
        .customers()
        .update(&code("Z0001"), &patch)
        .await
        .unwrap();
    let stored = x3.customer(DEFAULT_ENDPOINT, "Z0001").unwrap().unwrap();
    assert_eq!(stored.company_name, "Müller & Söhne \"GmbH\"");
    assert_eq!(stored.company_name2, "second name");
    assert_eq!(stored.notes, "");
    assert!(!stored.is_active);

    let customer = client
        .customers()
        .read(&code("Z0001"))
        .await
        .unwrap()
        .unwrap();
    let address = customer.default_address.unwrap();
    assert_eq!(address.city, "Köln");
    assert_eq!(address.zip_code, "10119");
    assert_eq!(
        address.lines,
        [
            (1, "Schönhauser Allee 1".to_owned()),
            (2, "Hinterhaus".to_owned())
        ]
        .into()
    );
    assert_eq!(customer.addresses.unwrap().len(), 2);
}

#[tokio::test]
async fn a_category_with_a_counter_numbers_its_customers() {
    let Site {
        x3: _x3, client, ..
    } = site(X3Simulator::builder()).await;
    let values = CustomerPatch::new()
        .company_name_1("Acme")
        .country(CountryCode::new("FR").unwrap());
    let new = NewCustomer::new(CategoryCode::new("AUTO").unwrap()).values(values);
    assert_eq!(
        client.customers().create(&new).await.unwrap().key,
        code("C000001")
    );
}

#[tokio::test]
async fn one_bad_row_does_not_spoil_the_others_and_says_what_is_wrong() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    x3.create_as_user(DEFAULT_ENDPOINT, CustomerSeed::new("TAKEN", "A"))
        .unwrap();
    let wrong_currency = new("Z0003").values(
        CustomerPatch::new()
            .company_name_1("B")
            .currency(CurrencyCode::new("XXX").unwrap()),
    );
    let batch = client
        .customers()
        .create_many(&[new("Z0001"), new("taken"), wrong_currency, new("Z0004")])
        .await;
    assert_eq!(batch.requests, 1);
    assert!(batch.rows[0].is_ok() && batch.rows[3].is_ok());
    let refused = |index: usize| match &batch.rows[index] {
        Err(sage_x3_client::WriteError::Record(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        refused(1).kind,
        RecordErrorKind::AlreadyExists,
        "X3 keeps codes in capitals"
    );
    assert_eq!(refused(2).kind, RecordErrorKind::Refused);
    assert_eq!(
        refused(2).field().as_deref(),
        Some("currency"),
        "{}",
        refused(2)
    );
    assert_eq!(x3.counters().customers_created, 2);
}

#[tokio::test]
async fn created_in_spite_of_a_warning_is_created_once() {
    let warn = |settings: &mut sage_x3_simulator::Settings| {
        settings.warning_on_create = Some("VAT number not checked".into())
    };
    let Site { x3, client, .. } = site(X3Simulator::builder().settings(warn)).await;
    let outcome = client.customers().create(&new("Z0001")).await.unwrap();
    assert!(
        outcome
            .diagnoses
            .iter()
            .any(|diagnose| diagnose.message == "VAT number not checked")
    );
    assert_eq!(x3.counters().customers_created, 1);
}

#[tokio::test]
async fn a_lost_answer_leaves_one_customer_and_says_that_it_may_be_there() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    x3.inject(Fault::new(Effect::DropAfter).on_mutations());
    let error = client.customers().create(&new("Z0001")).await.unwrap_err();
    assert!(error.may_have_been_applied(), "{error}");
    assert_eq!(x3.counters().customers_created, 1);
    let found = client
        .customers()
        .read_many(&[code("Z0001")])
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn reads_survive_a_server_that_stumbles() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    x3.seed_customers(DEFAULT_ENDPOINT, seeds(3)).unwrap();
    x3.inject(Fault::status(503));
    x3.inject(Fault::new(Effect::DropBefore).nth(2));
    x3.inject(Fault::new(Effect::TruncatedBody).nth(3));
    let page = client
        .customers()
        .page(&CustomerQuery::new())
        .await
        .unwrap();
    assert_eq!(page.items.len(), 3);
}

#[tokio::test]
async fn fields_of_the_site_are_read_written_and_searched() {
    let Site {
        x3: _x3, client, ..
    } = site(X3Simulator::builder().custom_field("YZOHOID")).await;
    let field = FieldName::new("YZOHOID").unwrap();
    let values = CustomerPatch::new()
        .company_name_1("Acme")
        .country(CountryCode::new("FR").unwrap())
        .extra(field.clone(), "5725767000000524157");
    let new = NewCustomer::new(CategoryCode::new("STD").unwrap())
        .code(code("Z0001"))
        .values(values);
    client.customers().create(&new).await.unwrap();
    let customers = client.customers().with_extra([field.clone()]);
    let query = CustomerQuery::new().filter(Filter::field(&field).eq("5725767000000524157"));
    let page = customers.page(&query).await.unwrap();
    assert_eq!(page.items[0].extra[&field].get(), "\"5725767000000524157\"");
    let cleared = CustomerPatch::new().extra(field.clone(), "");
    client
        .customers()
        .update(&code("Z0001"), &cleared)
        .await
        .unwrap();
    assert!(customers.page(&query).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn no_value_can_change_a_filter_at_the_server() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    x3.seed_customers(DEFAULT_ENDPOINT, seeds(3)).unwrap();
    let nasty = "x'},{'_id':{'_ne':\"\"}} \\\" \u{2028} O'Reilly {}";
    let values = CustomerPatch::new()
        .company_name_1(nasty)
        .country(CountryCode::new("FR").unwrap());
    let new = NewCustomer::new(CategoryCode::new("STD").unwrap())
        .code(code("NASTY"))
        .values(values);
    x3.reconfigure(|settings| settings.name_length = 75);
    client.customers().create(&new).await.unwrap();
    let query = CustomerQuery::new().filter(Filter::field("code.companyName1").eq(nasty));
    let page = client.customers().page(&query).await.unwrap();
    assert_eq!(
        page.items
            .iter()
            .map(|customer| customer.code.as_str())
            .collect::<Vec<_>>(),
        ["NASTY"]
    );
}

#[tokio::test]
async fn more_addresses_than_a_page_holds_are_all_read() {
    let few = |settings: &mut sage_x3_simulator::Settings| settings.max_page = 3;
    let Site { x3, client, .. } = site(X3Simulator::builder().settings(few)).await;
    let seed = (0..7).fold(CustomerSeed::new("C1", "Many"), |seed, number| {
        seed.address(AddressSeed::new(&format!("A{number}")).set("country", "FR"))
    });
    x3.create_as_user(DEFAULT_ENDPOINT, seed).unwrap();
    let customer = client.customers().read(&code("C1")).await.unwrap().unwrap();
    let codes: BTreeSet<String> = customer
        .addresses
        .unwrap()
        .into_iter()
        .map(|address| address.code)
        .collect();
    assert_eq!(codes.len(), 7);
}

#[tokio::test]
async fn a_document_of_the_callers_own_reads_any_node() {
    let Site {
        x3: _x3, client, ..
    } = site(X3Simulator::builder()).await;
    let answer = client
        .execute(
            "query Q($id: Id!) { x3MasterData { currency { read(_id: $id) { code symbol } } } }",
            &serde_json::json!({"id": "EUR"}),
        )
        .await
        .unwrap();
    assert!(answer.is_success());
    let data: serde_json::Value = answer.decode().unwrap();
    assert_eq!(data["x3MasterData"]["currency"]["read"]["symbol"], "€");
}

#[tokio::test]
async fn scalars_of_every_kind_are_taken_in_filters() {
    let Site { x3, client, .. } = site(X3Simulator::builder()).await;
    x3.create_as_user(
        DEFAULT_ENDPOINT,
        CustomerSeed::new("C1", "A").set(
            "authorizedCreditAmount",
            "1500.50".parse::<Decimal>().unwrap(),
        ),
    )
    .unwrap();
    x3.create_as_user(DEFAULT_ENDPOINT, CustomerSeed::new("C2", "B"))
        .unwrap();
    let found = async |filter: Filter| {
        let page = client
            .customers()
            .page(&CustomerQuery::new().filter(filter))
            .await
            .unwrap();
        page.items
            .into_iter()
            .map(|customer| customer.code.to_string())
            .collect::<Vec<_>>()
    };
    let amount: Decimal = "1500.5".parse().unwrap();
    assert_eq!(
        found(Filter::field("authorizedCreditAmount").eq(amount)).await,
        ["C1"]
    );
    assert_eq!(
        found(Filter::field("authorizedCreditAmount").lt(amount)).await,
        ["C2"]
    );
    assert_eq!(
        found(Filter::field("isActive").eq(true)).await,
        ["C1", "C2"]
    );
    assert_eq!(
        found(Filter::field("code.country.code").is_in(["FR", "DE"])).await,
        ["C1", "C2"]
    );
    assert_eq!(
        found(Filter::field("insuranceDate").eq(Scalar::Null)).await,
        ["C1", "C2"]
    );
    assert_eq!(
        found(
            Filter::field("code.companyName1").matches(sage_x3_client::Pattern::starts_with("B"))
        )
        .await,
        ["C2"]
    );
    assert_eq!(
        found(Filter::any([
            Filter::field("code.code").eq("C1"),
            Filter::field("code.code").eq("C2")
        ]))
        .await,
        ["C1", "C2"]
    );
}

//! Creating and changing.

use super::*;

#[tokio::test]
async fn a_create_carries_key_category_and_default_address() {
    let x3 = X3::answering([done("create", &["Z1"])]);
    let fields = Document::new()
        .with("companyName1", "Acme")
        .with("address.line1", "1 rue X")
        .with("address.country", "FR")
        .with("address.state", Value::Null)
        .with("yScore", Value::Decimal("1.5".parse().unwrap()));
    let outcomes = x3
        .endpoint(with_custom_fields())
        .write(&[create("Z1", fields)])
        .await;
    assert_eq!(
        outcomes[0].as_ref().unwrap(),
        &Written {
            id: RecordId::from("Z1"),
            created: true,
            warnings: Vec::new()
        }
    );
    assert_eq!(
        x3.bodies()[0]["variables"]["d0"],
        json!({"code":"Z1","companyName1":"Acme","country":"FR","customerCategory":"DOM","yScore":"1.5",
            "addresses":[{"code":"MAIN","isDefault":true,"addressLines":[{"denormalizedIndex":1,"addressLine":"1 rue X"}],
                "state":"","country":"FR"}]})
    );
}

#[tokio::test]
async fn a_stated_country_is_not_replaced_by_the_address() {
    let x3 = X3::answering([done("create", &["Z1"])]);
    let fields = Document::new()
        .with("country", "BE")
        .with("address.country", "FR")
        .with("customerCategory", "EXP");
    x3.endpoint(settings()).write(&[create("Z1", fields)]).await[0]
        .as_ref()
        .unwrap();
    let input = &x3.bodies()[0]["variables"]["d0"];
    assert_eq!(
        (&input["country"], &input["customerCategory"]),
        (&json!("BE"), &json!("EXP"))
    );
}

#[tokio::test]
async fn a_country_that_nobody_states_can_be_configured() {
    let x3 = X3::answering([done("create", &["Z1", "Z2"])]);
    let settings = settings().default_country(CountryCode::new("FR").unwrap());
    let city = Document::new()
        .with("address.city", "Lyon")
        .with("address.country", Value::Null);
    let none = Document::new().with("companyName1", "Acme");
    x3.endpoint(settings)
        .write(&[create("Z1", city), create("Z2", none)])
        .await;
    let variables = &x3.bodies()[0]["variables"];
    assert_eq!(
        variables["d0"],
        json!({"code":"Z1","country":"FR","customerCategory":"DOM",
            "addresses":[{"code":"MAIN","isDefault":true,"city":"Lyon","country":"FR"}]})
    );
    assert_eq!(variables["d1"]["country"], "FR");
}

#[tokio::test]
async fn an_update_changes_the_address_that_is_the_default_now() {
    let mut moved = node("C2");
    moved["defaultAddress"]["code"] = json!("A7");
    let mut without = node("C3");
    without["defaultAddress"] = Json::Null;
    let mut nothing = node("C4");
    nothing["defaultAddress"] = Json::Null;
    let x3 = X3::answering([
        page(&[moved, without, nothing], None),
        done("update", &["C1", "C2"]),
        done("update", &["C3"]),
    ]);
    let city = || Document::new().with("address.city", "Köln");
    let outcomes = x3
        .endpoint(settings())
        .write(&[
            update("C1", Document::new().with("notes", Value::Null)),
            update("C2", city()),
            update("C3", city()),
            update("C4", Document::new().with("address.city", Value::Null)),
            update("C5", city()),
        ])
        .await;
    assert_eq!(
        x3.filter(0),
        json!({"code":{"code":{"_in":["C2","C3","C4","C5"]}}}),
        "only where an address changes"
    );
    assert_eq!(
        x3.bodies()[1]["variables"],
        json!({"d0":{"code":"C1","notes":{"value":""}},
            "d1":{"code":"C2","addresses":[{"_action":"update","code":"A7","city":"Köln"}]}})
    );
    assert_eq!(
        x3.bodies()[2]["variables"],
        json!({"d0":{"code":"C3","addresses":[{"_action":"create","code":"MAIN","isDefault":true,"city":"Köln"}]}})
    );
    assert!(
        outcomes[..4]
            .iter()
            .all(|outcome| !outcome.as_ref().unwrap().created),
        "{outcomes:?}"
    );
    assert!(matches!(outcomes[4], Err(WriteError::Missing)));
}

#[tokio::test]
async fn each_row_has_its_own_outcome_in_order() {
    let created = json!({"data":{"r0":{"customer":{"create":{"_id":"Z1"}}},"r1":{"customer":{"create":null}}},
        "errors":[refused(1, "create", &["code"])]});
    let second = json!({"data":{"r0":{"customer":{"create":null}}},"errors":[refused(0, "create", &["addresses", "city"])]});
    let updated = json!({"data":{"r0":{"customer":{"update":{"_id":"C1"}}}},
        "errors":[{"message":"w","path":["r0","customer","update"],"extensions":{"diagnoses":[{"severity":2,"message":"attention"}]}}]});
    let x3 = X3::answering([created, keys(&["Z2"]), second, keys(&[]), updated]);
    let name = || Document::new().with("companyName1", "Acme");
    let outcomes = x3
        .endpoint(settings())
        .write(&[
            create("Z1", name()),
            update("C1", name()),
            create("z2", name()),
            Write::Delete {
                id: RecordId::from("C9"),
            },
            create("Z3", name()),
        ])
        .await;
    assert!(outcomes[0].as_ref().unwrap().created);
    assert_eq!(outcomes[1].as_ref().unwrap().warnings, ["attention"]);
    assert!(
        matches!(&outcomes[2], Err(WriteError::AlreadyExists { existing: Some(id) }) if id.as_str() == "Z2")
    );
    assert!(rejected(&outcomes[3]).message.contains("isActive"));
    let refusal = rejected(&outcomes[4]);
    assert_eq!(refusal.field.as_ref().unwrap().as_str(), "address.city");
    assert_eq!(refusal.message, "Valeur incorrecte");
}

#[tokio::test]
async fn bad_values_are_rejected_by_name_and_never_sent() {
    let x3 = X3::default();
    let endpoint = x3.endpoint(with_custom_fields());
    for (field, value, expected) in [
        (
            "companyName1",
            Value::Boolean(true),
            "expected text, found a boolean",
        ),
        (
            "authorizedCreditAmount",
            Value::text("1,5"),
            "expected a number, found text",
        ),
        ("isActive", Value::text("yes"), "expected a boolean"),
        (
            "currency",
            Value::Text("  ".to_owned()),
            "is no currency code",
        ),
        (
            "address.country",
            Value::Text("\u{7}".to_owned()),
            "is no country code",
        ),
        ("customerCategory", Value::Null, "must have a category"),
        ("code", Value::text("C2"), "cannot be changed"),
        ("address.code", Value::text("A2"), "cannot be changed"),
        ("ySince", Value::text("today"), "expected a date"),
        ("companyName9", Value::text("x"), "no field `companyName9`"),
    ] {
        let outcomes = endpoint
            .write(&[update("C1", Document::new().with(field, value))])
            .await;
        let rejection = rejected(&outcomes[0]);
        assert_eq!(rejection.field.as_ref().unwrap().as_str(), field);
        assert!(
            rejection.message.contains(expected),
            "{field}: {}",
            rejection.message
        );
    }
    assert!(x3.bodies().is_empty());
}

#[tokio::test]
async fn creates_need_a_category_and_the_code_as_key() {
    let x3 = X3::default();
    let outcomes = x3
        .endpoint(CustomerSettings::new())
        .write(&[create("Z1", Document::new())])
        .await;
    assert!(
        rejected(&outcomes[0])
            .message
            .contains("may not be created")
    );
    let key = Key {
        field: FieldName::from("yZoho"),
        value: "57".to_owned(),
    };
    let outcomes = x3
        .endpoint(settings())
        .write(&[Write::Create {
            key,
            fields: Document::new(),
        }])
        .await;
    assert!(
        rejected(&outcomes[0])
            .message
            .contains("keeps only `code` unique")
    );
    assert!(!x3.endpoint(CustomerSettings::new()).capabilities().creates);
    assert!(x3.endpoint(settings()).capabilities().creates);
}

#[tokio::test]
async fn a_lost_answer_concerns_the_rows_it_carried_and_no_others() {
    let x3 = X3::with([Err(TransportErrorKind::Interrupted)]);
    let rows: Vec<Write> = ["Z1", "Z2", "Z3"]
        .map(|code| create(code, Document::new().with("companyName1", "A")))
        .into();
    let outcomes = x3.endpoint(settings()).write(&rows).await;
    let applied: Vec<bool> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Err(WriteError::Call(error)) => {
                assert_eq!(error.kind, EndpointErrorKind::Unavailable);
                error.may_have_been_applied
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(applied, [true, true, false], "the third row was never sent");
    assert_eq!(x3.bodies().len(), 1);
}

#[tokio::test]
async fn a_row_that_may_have_been_written_is_looked_at_again() {
    let unclear = json!({"data":{"r0":{"customer":{"create":null}}}});
    let x3 = X3::answering([unclear, keys(&[])]);
    let outcomes = x3
        .endpoint(settings())
        .write(&[create("Z1", Document::new().with("companyName1", "A"))])
        .await;
    assert!(
        matches!(&outcomes[0], Err(WriteError::Later { .. })),
        "{outcomes:?}"
    );
}

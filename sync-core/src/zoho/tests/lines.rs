//! Records with lines.

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use super::{ids, prepared::Zoho, refusal, success};
use crate::{
    budget::Call,
    endpoint::{Endpoint, Key, Write, WriteError},
    mapping::{Direction, Kind, Lines, Mapping, Row},
    side::Side,
    value::{Document, Value},
    zoho::{ModuleSettings, ZohoEndpoint},
};

fn mapping() -> Mapping {
    let columns = Mapping::new(vec![
        Row::new(
            "product",
            "product",
            "Product_Name.Product_Code",
            Kind::Code,
        ),
        Row::new(
            "quantity",
            "quantity",
            "Quantity",
            Kind::Decimal { scale: 3 },
        ),
    ])
    .unwrap();
    Mapping::new(vec![
        Row::new("number", "id", "X3_Number", Kind::Code).direction(Direction::ToRight),
        Row::new("subject", "reference", "Subject", Kind::Text),
        Row::new("customer", "customer", "Account_Name.X3_Code", Kind::Code)
            .direction(Direction::ToLeft),
        Row::new(
            "lines",
            "lines",
            "Ordered_Items",
            Kind::Lines(Lines::new(columns)),
        ),
    ])
    .unwrap()
}

fn endpoint(zoho: &Zoho) -> ZohoEndpoint {
    zoho.endpoint_of(ModuleSettings::of_mapping(
        "Sales_Orders",
        "X3_Number",
        &mapping(),
    ))
}

fn line(product: &str, quantity: i64) -> Value {
    let line = Document::new().with("Product_Name.Product_Code", product);
    Value::Fields(line.with("Quantity", Decimal::from(quantity)))
}

fn order(lines: Json) -> Json {
    json!({"id": "11", "X3_Number": "SOH1", "Subject": "Pumps", "Account_Name": {"id": "71", "name": "Éclair"},
        "Modified_Time": "2026-11-20T11:00:00+01:00", "Ordered_Items": lines})
}

fn products() -> Json {
    json!({"data": [{"id": "91", "Product_Code": "P-1"}, {"id": "92", "Product_Code": "p-2"}]})
}

#[test]
fn a_mapping_says_which_fields_hold_lines_and_what_is_written() {
    let settings = ModuleSettings::of_mapping("Sales_Orders", "X3_Number", &mapping());
    assert_eq!(
        settings.fields,
        [
            "X3_Number",
            "Subject",
            "Account_Name.X3_Code",
            "Ordered_Items"
        ]
        .map(Into::into)
    );
    assert_eq!(
        settings.written_fields,
        ["X3_Number", "Subject", "Ordered_Items"].map(Into::into)
    );
    assert_eq!(settings.lines[0].field, "Ordered_Items".into());
    assert_eq!(
        settings.lines[0].columns,
        ["Product_Name.Product_Code", "Quantity"].map(Into::into)
    );
}

#[tokio::test]
async fn lines_are_read_in_their_order_with_the_codes_of_their_products() {
    let lines = json!([
        {"id": "2", "Sequence_Number": 2, "Product_Name": {"id": "92", "name": "Hose"}, "Quantity": 2.5},
        {"id": "1", "Sequence_Number": "1", "Product_Name": {"id": "91", "name": "Pump", "Product_Code": "P-1"}, "Quantity": 1}
    ]);
    let zoho = Zoho::orders()
        .answer(200, json!({"data": [order(lines)]}))
        .answer(200, json!({"data": [{"id": "71", "X3_Code": "C1"}]}))
        .answer(200, json!({"data": [{"id": "92", "Product_Code": "P-2"}]}));
    let read = endpoint(&zoho).read(&ids(&["11"])).await.unwrap();
    let record = read[0].as_ref().unwrap();
    let half = Decimal::new(25, 1);
    let second = Document::new().with("Product_Name.Product_Code", "P-2");
    let expected = vec![line("P-1", 1), Value::Fields(second.with("Quantity", half))];
    assert_eq!(record.fields.get("Ordered_Items"), Some(&expected.into()));
    assert_eq!(
        record.fields.get("Account_Name.X3_Code"),
        Some(&"C1".into())
    );
    let requests = zoho.requests();
    assert_eq!(requests[0], "GET /crm/v8/Sales_Orders/11?");
    assert!(
        requests[1].starts_with("GET /crm/v8/Accounts?fields=X3_Code&ids=71"),
        "{requests:?}"
    );
    assert!(
        requests[2].starts_with("GET /crm/v8/Products?fields=Product_Code&ids=92"),
        "{requests:?}"
    );
}

#[tokio::test]
async fn a_part_of_the_lines_is_never_taken_for_all_of_them() {
    let mut cut = order(json!([{"id": "1", "Quantity": 1}]));
    cut["Account_Name"] = Json::Null;
    cut["$has_more"] = json!({"Ordered_Items": true});
    let zoho = Zoho::orders().answer(200, json!({"data": [cut]}));
    let read = endpoint(&zoho).read(&ids(&["11"])).await.unwrap();
    let error = mapping()
        .project(Side::Right, &read[0].as_ref().unwrap().fields)
        .unwrap_err();
    assert_eq!(error.field, "lines".into());
}

#[tokio::test]
async fn a_listing_reads_the_lines_too() {
    let zoho = Zoho::orders()
        .answer(
            200,
            json!({"data": [{"id": "11"}], "info": {"more_records": false}}),
        )
        .answer(200, json!({"data": [order(json!([]))]}))
        .answer(200, json!({"data": [{"id": "71", "X3_Code": "C1"}]}));
    let page = endpoint(&zoho).list(None).await.unwrap();
    assert_eq!(
        page.records[0].fields.get("Ordered_Items"),
        Some(&Value::List(Vec::new()))
    );
    assert!(
        zoho.requests()[0].contains("fields=X3_Number%2CSubject%2CAccount_Name%2CModified_Time")
    );
}

fn creation(lines: Vec<Value>) -> Write {
    Write::Create {
        key: Key {
            field: "X3_Number".into(),
            value: "SOH1".to_owned(),
        },
        fields: Document::new()
            .with("Subject", "Pumps")
            .with("Ordered_Items", Value::List(lines)),
    }
}

#[tokio::test]
async fn an_order_with_lines_is_inserted_never_upserted() {
    let zoho = Zoho::orders()
        .answer(200, products())
        .answer(201, json!({"data": [success("21", "insert")]}))
        .answer(200, products())
        .answer(
            400,
            json!({"data": [refusal("DUPLICATE_DATA", json!({"api_name": "X3_Number", "id": "21"}))]}),
        );
    let endpoint = endpoint(&zoho);
    let create = creation(vec![line("P-1", 1), line("P-2", 3)]);
    let outcomes = endpoint.write(std::slice::from_ref(&create)).await;
    assert!(outcomes[0].as_ref().unwrap().created);
    assert_eq!(
        zoho.body(0)["select_query"],
        "select Product_Code from Products where Product_Code in ('P-1', 'P-2') order by id asc limit 200"
    );
    assert_eq!(zoho.requests()[1], "POST /crm/v8/Sales_Orders?");
    assert_eq!(
        zoho.body(1)["data"],
        json!([{"X3_Number": "SOH1", "Subject": "Pumps", "Ordered_Items": [
            {"Product_Name": {"id": "91"}, "Quantity": 1}, {"Product_Name": {"id": "92"}, "Quantity": 3}]}])
    );
    // Once more, as after a lost answer: the order that is there is adopted, and its lines are not doubled.
    let again = endpoint.write(&[create]).await;
    match again[0].as_ref().unwrap_err() {
        WriteError::AlreadyExists { existing } => {
            assert_eq!(existing.as_ref().unwrap().as_str(), "21");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn changed_lines_take_the_place_of_those_that_are_there() {
    let there = json!([{"id": "1", "Quantity": 1}, {"id": "2", "Quantity": 2}]);
    let zoho = Zoho::orders()
        .answer(200, products())
        .answer(200, json!({"data": [success("11", "update")]}))
        .answer(200, json!({"data": [order(there)]}))
        .answer(200, json!({"data": [success("11", "update")]}));
    let update = Write::Update {
        id: "11".into(),
        fields: Document::new()
            .with("Subject", "Hoses")
            .with("Ordered_Items", Value::List(vec![line("P-2", 5)])),
        as_of: None,
    };
    let outcomes = endpoint(&zoho).write(&[update]).await;
    assert_eq!(outcomes[0].as_ref().unwrap().id.as_str(), "11");
    assert_eq!(
        zoho.requests()[1..],
        [
            "PUT /crm/v8/Sales_Orders?",
            "GET /crm/v8/Sales_Orders/11?",
            "PUT /crm/v8/Sales_Orders? unless 2026-11-20T10:00:00+00:00"
        ]
    );
    assert_eq!(
        zoho.body(1)["data"],
        json!([{"id": "11", "Subject": "Hoses"}])
    );
    assert_eq!(
        zoho.body(3)["data"],
        json!([{"id": "11", "Ordered_Items": [{"id": "1", "_delete": null}, {"id": "2", "_delete": null},
            {"Product_Name": {"id": "92"}, "Quantity": 5}]}])
    );
}

#[tokio::test]
async fn lines_that_somebody_else_changes_meanwhile_are_tried_again() {
    let zoho = Zoho::orders()
        .answer(200, json!({"data": [order(json!([]))]}))
        .answer(412, refusal("ALREADY_MODIFIED", json!({})));
    let update = Write::Update {
        id: "11".into(),
        fields: Document::new().with("Ordered_Items", Value::List(Vec::new())),
        as_of: None,
    };
    let outcomes = endpoint(&zoho).write(&[update]).await;
    assert!(matches!(outcomes[0], Err(WriteError::Later { .. })));
}

#[tokio::test]
async fn a_product_that_zoho_does_not_have_is_named_with_its_line() {
    let zoho = Zoho::orders().answer(200, products());
    let create = creation(vec![line("P-1", 1), line("P-9", 1)]);
    let outcomes = endpoint(&zoho).write(&[create]).await;
    match outcomes[0].as_ref().unwrap_err() {
        WriteError::Rejected(rejection) => {
            assert_eq!(rejection.field, Some("Ordered_Items".into()));
            assert!(
                rejection.message.contains("row 2") && rejection.message.contains("`P-9`"),
                "{}",
                rejection.message
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(zoho.requests().len(), 1);
}

#[test]
fn reading_and_exchanging_lines_is_counted() {
    let endpoint = endpoint(&Zoho::orders());
    let credits = |call| endpoint.cost(call).credits;
    // One for each order, and one for each of two lookups.
    assert_eq!(credits(Call::Read { records: 20 }), 22);
    assert_eq!(credits(Call::List), 53);
    let update = Call::Write {
        creates: 0,
        updates: 5,
        deletes: 0,
    };
    assert_eq!(credits(update), 1 + 10 + 2);
}

#[tokio::test]
async fn columns_that_do_not_exist_are_named_by_the_check() {
    let settings = ModuleSettings::new("Sales_Orders", "X3_Number", [])
        .lines("Ordered_Items", &["Colour".into(), "Quantity.X".into()])
        .lines("Subject", &["Quantity".into()]);
    let problems = Zoho::orders().endpoint_of(settings).check().await.unwrap();
    let problems: Vec<&str> = problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems[0].contains("Ordered_Items has no field `Colour`"));
    assert!(
        problems[1].contains("`Quantity`") && problems[1].contains("points to no other record")
    );
    assert!(problems[2].contains("`Subject`") && problems[2].contains("holds no rows"));
}

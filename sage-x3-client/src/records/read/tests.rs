use serde_json::json;

use super::*;
use crate::{
    Customer, CustomerCode, CustomerQuery, Filter, Generation, RecordId,
    graphql::canned::{body, flat, inner, read},
    records::sealed::Typed,
};

/// How the site with these settings is asked.
struct Asked {
    generation: Generation,
    extra: Vec<FieldName>,
    adaptation: Adaptation,
}

impl Asked {
    fn plain() -> Self {
        Self {
            generation: Generation::Gen3,
            extra: Vec::new(),
            adaptation: Adaptation::default(),
        }
    }

    fn rendering(&self) -> Rendering<'_> {
        Rendering {
            generation: self.generation,
            extra: &self.extra,
            adaptation: &self.adaptation,
        }
    }
}

fn code(text: &str) -> CustomerCode {
    CustomerCode::new(text).unwrap()
}

fn names(names: &[&str]) -> Vec<FieldName> {
    names
        .iter()
        .map(|name| FieldName::new(*name).unwrap())
        .collect()
}

/// The shape that the reference records for customers, with the fields that this crate asks for.
const PAGE: &str = r#"{"data":{"x3MasterData":{"customer":{"query":{"totalCount":2,"edges":[
    {"node":{"_id":"NA001","_etag":"e1","_createStamp":"2020-01-01T00:00:00.000Z","_updateStamp":"2023-03-17T08:45:23.469Z",
      "code":{"_updateStamp":"2023-03-19T00:00:00.000Z","code":"NA001","companyName1":"International Distributors","companyName2":" ","shortCompanyName":"IntlDist",
        "europeanUnionVatNumber":"","country":{"code":"US"},"language":{"code":"ENG"}},
      "customerCategory":{"code":"DOM"},"isActive":true,"currency":{"code":"USD"},"creditControl":"check",
      "authorizedCreditAmount":"99999999999999.99","minimumOrderAmount":12.5,"notes":{"value":"Pays late"},
      "defaultAddress":{"_id":"1|NA001|A1","_updateStamp":"2023-03-18T00:00:00.000Z","code":"A1","description":"Head office",
        "isDefault":true,"zipCode":"10001","city":"New York","state":"NY","country":{"code":"US"},"website":"",
        "addressLines":{"query":{"edges":[{"node":{"denormalizedIndex":1,"addressLine":"5th Avenue"}},
                                          {"node":{"denormalizedIndex":3,"addressLine":"Floor 2"}}]}},
        "addressPhoneNumbers":{"query":{"edges":[{"node":{"denormalizedIndex":1,"addressPhoneNumber":"+1 212"}}]}},
        "addressEmails":{"query":{"edges":[]}}},
      "yZone":"N","yScore":123456789012345.678}},
    {"node":{"_id":"NA002","_etag":null,"_createStamp":"1753-01-01T00:00:00.000Z","_updateStamp":null,
      "code":{"code":"NA002","companyName1":"","companyName2":"","shortCompanyName":"","europeanUnionVatNumber":"",
        "country":null,"language":null},
      "customerCategory":null,"isActive":null,"currency":null,"creditControl":null,"authorizedCreditAmount":null,
      "minimumOrderAmount":null,"notes":null,"defaultAddress":null,"yZone":null}}],
    "pageInfo":{"hasNextPage":true,"endCursor":"[\"NA002\"]#31"}}}}},"extensions":{"diagnoses":[]}}"#;

#[test]
fn a_page_is_asked_for_with_strict_json_in_variables() {
    let query = CustomerQuery::new()
        .filter(Filter::field("isActive").eq(true))
        .first(PageSize::new(50))
        .after(Some(Cursor::new("[\"NA001\"]#17")))
        .with_total();
    let body = body(&page_request(&query, Asked::plain().rendering()).unwrap());
    assert_eq!(body["operationName"], "CustomerPage");
    assert_eq!(
        inner(&body["variables"]["filter"]),
        json!({"isActive":{"_eq":true}})
    );
    assert_eq!(body["variables"]["orderBy"], r#"{"_id":1}"#);
    assert_eq!(body["variables"]["first"], 50);
    assert_eq!(body["variables"]["after"], "[\"NA001\"]#17");
    assert_eq!(body["variables"]["withTotal"], true);
    assert_eq!(body["variables"]["withChildren"], false);
    insta::assert_snapshot!("page_document", body["query"].as_str().unwrap());
}

#[test]
fn the_first_page_sends_no_cursor() {
    let body = body(&page_request(&CustomerQuery::new(), Asked::plain().rendering()).unwrap());
    assert_eq!(body["variables"].get("after"), None);
    assert_eq!(body["variables"]["filter"], "{}");
    assert_eq!(body["variables"]["first"], 200);
}

#[test]
fn generation_2_and_fields_of_the_site_change_the_document_only_where_they_must() {
    let plain = body(&page_request(&CustomerQuery::new(), Asked::plain().rendering()).unwrap());
    let older = Asked {
        generation: Generation::Gen2,
        extra: names(&["yZone"]),
        ..Asked::plain()
    };
    let older = body(&page_request(&CustomerQuery::new(), older.rendering()).unwrap());
    let expected = flat(&plain["query"])
        .replacen("{ x3MasterData {", "{ x3MasterData: xtremX3MasterData {", 1)
        .replacen(
            "} fragment AddressFields",
            "yZone } fragment AddressFields",
            1,
        );
    assert_eq!(flat(&older["query"]), expected);
}

#[test]
fn one_customer_is_asked_for_by_its_key() {
    let body = body(
        &read_request(
            Customer::META,
            &RecordId::new("NA\"001").unwrap(),
            Asked::plain().rendering(),
        )
        .unwrap(),
    );
    assert_eq!(
        body["variables"],
        json!({"id":"NA\"001","withChildren":true})
    );
    assert!(flat(&body["query"]).starts_with(
        "query CustomerRead($id: Id!, $withChildren: Boolean!) { x3MasterData { customer { read(_id: $id) { ...CustomerFields } } } }"
    ));
}

#[test]
fn more_addresses_are_asked_for_from_where_the_first_ended() {
    let request = children_request(
        Customer::META,
        Customer::META.children.unwrap(),
        (&RecordId::new("NA001").unwrap(), Some(&Cursor::new("c"))),
        Asked::plain().rendering(),
    );
    let body = body(&request.unwrap());
    assert_eq!(
        body["variables"],
        json!({"id":"NA001","first":200,"after":"c"})
    );
}

#[test]
fn a_page_is_read_whole() {
    let (page, _) =
        parse_page::<Customer, Made<Customer>>(read("customer.query", PAGE).unwrap(), &[], plain)
            .unwrap();
    assert_eq!(page.total, Some(2));
    assert_eq!(page.next, Some(Cursor::new("[\"NA002\"]#31")));
    let first = &page.items[0];
    assert_eq!(first.code, code("NA001"));
    assert_eq!(first.company_name_1, "International Distributors");
    assert_eq!(
        first.company_name_2, "",
        "a single space is Oracle's empty text"
    );
    assert_eq!(first.country.as_ref().unwrap().as_str(), "US");
    assert_eq!(
        first.authorized_credit_amount.unwrap().to_string(),
        "99999999999999.99"
    );
    assert_eq!(first.minimum_order_amount.unwrap().to_string(), "12.5");
    assert_eq!(first.notes, "Pays late");
    assert_eq!(
        first.updated_at.unwrap().to_string(),
        "2023-03-17T08:45:23.469Z"
    );
    assert_eq!(
        first.partner_updated_at.unwrap().to_string(),
        "2023-03-19T00:00:00Z"
    );
    let address = first.default_address.as_ref().unwrap();
    assert_eq!(
        address.lines,
        [(1, "5th Avenue".to_owned()), (3, "Floor 2".to_owned())].into()
    );
    assert_eq!(address.phones[&1], "+1 212");
    assert!(address.emails.is_empty());
    assert!(first.addresses.is_none(), "not asked for");
}

#[test]
fn nulls_and_the_databases_no_date_are_nothing() {
    let (page, _) =
        parse_page::<Customer, Made<Customer>>(read("customer.query", PAGE).unwrap(), &[], plain)
            .unwrap();
    let second = &page.items[1];
    assert_eq!((second.created_at, second.updated_at), (None, None));
    assert_eq!(
        (&second.currency, &second.authorized_credit_amount),
        (&None, &None)
    );
    assert_eq!(second.is_active, None);
    assert!(second.default_address.is_none());
    assert_eq!(second.notes, "");
}

#[test]
fn fields_of_the_site_are_kept_digit_by_digit() {
    let extra = names(&["yZone", "yScore", "yAbsent"]);
    let (in_one_pass, _) = parse_page::<Customer, WithRest<<Customer as Typed>::Fields>>(
        read("customer.query", PAGE).unwrap(),
        &extra,
        chosen::<Customer>,
    )
    .unwrap();
    let (twice, _) = parse_page::<Customer, Box<RawValue>>(
        read("customer.query", PAGE).unwrap(),
        &extra,
        picked::<Customer>,
    )
    .unwrap();
    for page in [in_one_pass, twice] {
        let texts = |index: usize| -> Vec<(String, String)> {
            let extra = page.items[index].extra.iter();
            extra
                .map(|(name, value)| (name.to_string(), value.get().to_owned()))
                .collect()
        };
        assert_eq!(
            texts(0),
            [
                ("yScore".into(), "123456789012345.678".into()),
                ("yZone".into(), "\"N\"".into())
            ]
        );
        assert_eq!(texts(1), [("yZone".into(), "null".into())]);
        assert_eq!(page.items[0].company_name_1, "International Distributors");
    }
}

#[test]
fn fields_that_nobody_asked_for_are_not_kept() {
    let extra = names(&["yZone"]);
    let (page, _) = parse_page::<Customer, WithRest<<Customer as Typed>::Fields>>(
        read("customer.query", PAGE).unwrap(),
        &extra,
        chosen::<Customer>,
    )
    .unwrap();
    assert_eq!(page.items[0].extra.keys().collect::<Vec<_>>(), [&extra[0]]);
}

fn broken_page(body: &str) -> Error {
    parse_page::<Customer, Made<Customer>>(read("customer.query", body).unwrap(), &[], plain)
        .unwrap_err()
}

#[test]
fn a_page_with_a_hole_never_passes_for_a_short_one() {
    for body in [
        r#"{"data":{"x3MasterData":null}}"#,
        r#"{"data":{"x3MasterData":{"customer":{"query":null}}}}"#,
        r#"{"data":{"x3MasterData":{"customer":{"query":{"edges":null,"pageInfo":{"hasNextPage":false}}}}}}"#,
        r#"{"data":{"x3MasterData":{"customer":{"query":{"edges":[null],"pageInfo":{"hasNextPage":false}}}}}}"#,
        r#"{"data":{"x3MasterData":{"customer":{"query":{"edges":[{"node":null}],"pageInfo":{"hasNextPage":false}}}}}}"#,
        r#"{"data":{"x3MasterData":{"customer":{"query":{"edges":[]}}}}}"#,
        r#"{"data":{"x3MasterData":{"customer":{"query":{"edges":[],"pageInfo":{"hasNextPage":true,"endCursor":null}}}}}}"#,
        r#"{"data":{"x3MasterData":{"customer":{"query":{"edges":[{"node":{"_id":null,"code":null}}],"pageInfo":{"hasNextPage":false}}}}}}"#,
    ] {
        assert!(
            matches!(broken_page(body), Error::Protocol { .. }),
            "{body}"
        );
    }
}

#[test]
fn a_customer_that_does_not_exist_is_none() {
    let none = r#"{"data":{"x3MasterData":{"customer":{"read":null}}}}"#;
    assert!(
        parse_read::<Customer, Made<Customer>>(read("customer.read", none).unwrap(), &[], plain)
            .unwrap()
            .is_none()
    );
}

#[test]
fn addresses_that_did_not_come_along_are_noticed() {
    let body = |page_info: &str| {
        format!(
            r#"{{"data":{{"x3MasterData":{{"customer":{{"read":{{"_id":"NA001","code":{{"code":"NA001"}},
                "addresses":{{"query":{{"edges":[{{"node":{{"code":"A1"}}}}],"pageInfo":{page_info}}}}}}}}}}}}}}}"#
        )
    };
    let found = |page_info: &str| {
        parse_read::<Customer, Made<Customer>>(
            read("customer.read", &body(page_info)).unwrap(),
            &[],
            plain,
        )
        .map(Option::unwrap)
    };
    let (customer, rest) = found(r#"{"hasNextPage":true,"endCursor":"c"}"#).unwrap();
    assert_eq!(customer.addresses.unwrap().len(), 1);
    assert_eq!(rest, Some(Some(Cursor::new("c"))));
    assert_eq!(found(r#"{"hasNextPage":false}"#).unwrap().1, None);
    for unclear in [r#"{"hasNextPage":true}"#, "{}", "null"] {
        assert!(
            matches!(found(unclear), Err(Error::Protocol { .. })),
            "{unclear}"
        );
    }
}

#[test]
fn a_collection_with_a_hole_never_passes_for_a_short_one() {
    let body = r#"{"data":{"x3MasterData":{"customer":{"read":{"_id":"NA001","code":{"code":"NA001"},
        "addresses":{"query":{"edges":[{"node":null}],"pageInfo":{"hasNextPage":false}}}}}}}}"#;
    let found =
        parse_read::<Customer, Made<Customer>>(read("customer.read", body).unwrap(), &[], plain);
    assert!(matches!(found, Err(Error::Protocol { .. })));
}

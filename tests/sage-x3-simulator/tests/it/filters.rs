use std::time::Duration;

use sage_x3_simulator::{AddressSeed, CustomerSeed};
use serde_json::json;

use super::support::Site;

/// A1 (EUR, 100, Paris), A2 (USD, 250.5, Lyon and Nice), B1 (EUR, 0, inactive, no insurance date).
async fn three() -> Site {
    let site = Site::start().await;
    site.seed([
        CustomerSeed::new("A1", "O'Brien & \"Sons\"")
            .set("authorizedCreditAmount", "100")
            .set("insuranceDate", "2026-01-31")
            .address(AddressSeed::new("MAIN").set("city", "Paris")),
        CustomerSeed::new("A2", "Alpha")
            .set("currency", "USD")
            .set("authorizedCreditAmount", "250.5")
            .set("creditControl", "noCheck")
            .set("insuranceDate", "2026-06-30")
            .address(AddressSeed::new("MAIN").set("city", "Lyon"))
            .address(AddressSeed::new("NICE").set("city", "Nice")),
    ]);
    site.x3.clock().advance(Duration::from_secs(60));
    site.seed([CustomerSeed::new("B1", "Beta").set("isActive", false)]);
    site
}

async fn check(site: &Site, cases: &[(&str, &[&str])]) {
    for (filter, expected) in cases {
        assert_eq!(site.filtered(filter).await, *expected, "{filter}");
    }
}

#[tokio::test]
async fn strict_and_relaxed_json_mean_the_same() {
    let site = three().await;
    check(
        &site,
        &[
            ("{\"currency\":{\"code\":{\"_eq\":\"EUR\"}}}", &["A1", "B1"]),
            ("{currency:{code:{_eq:'EUR'}}}", &["A1", "B1"]),
            ("{ currency: 'EUR', }", &["A1", "B1"]),
            ("{}", &["A1", "A2", "B1"]),
        ],
    )
    .await;
}

#[tokio::test]
async fn members_and_arrays_are_conjunctions() {
    let site = three().await;
    check(
        &site,
        &[
            ("{currency:'EUR', isActive:true}", &["A1"]),
            ("[{currency:'EUR'},{isActive:false},{}]", &["B1"]),
            ("{_or:[{currency:'USD'},{isActive:false}]}", &["A2", "B1"]),
            (
                "{_and:[{_or:[{code:'A1'},{code:'A2'}]},{_not:{currency:'USD'}}]}",
                &["A1"],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn comparisons() {
    let site = three().await;
    check(
        &site,
        &[
            ("{authorizedCreditAmount:{_gt:100}}", &["A2"]),
            (
                "{authorizedCreditAmount:{_gte:'100',_lt:250.51}}",
                &["A1", "A2"],
            ),
            (
                "{authorizedCreditAmount:{_lte:'250.50'}}",
                &["A1", "A2", "B1"],
            ),
            ("{insuranceDate:{_lt:'2026-02-01'}}", &["A1"]),
            ("{insuranceDate:null}", &["B1"]),
            ("{insuranceDate:{_ne:null}}", &["A1", "A2"]),
            ("{insuranceDate:{_in:['2026-06-30',null]}}", &["A2", "B1"]),
            ("{creditControl:'noCheck'}", &["A2"]),
            ("{isActive:{_in:[false,null]}}", &["B1"]),
            ("{companyName1:{_nin:[null,'Alpha']}}", &["A1", "B1"]),
            ("{companyName1:{_regex:'^al',_options:'i'}}", &["A2"]),
            ("{companyName1:{_regex:'^al'}}", &[]),
            (
                "{companyName1:{_or:[{_eq:'Alpha'},{_regex:'eta$'}]}}",
                &["A2", "B1"],
            ),
            ("{_id:{_gt:'A1'}}", &["A2", "B1"]),
        ],
    )
    .await;
}

#[tokio::test]
async fn stamps_are_compared_to_the_millisecond() {
    let site = three().await;
    check(
        &site,
        &[
            ("{_updateStamp:{_gte:'2026-03-01T08:01:00.000Z'}}", &["B1"]),
            ("{_updateStamp:{_gt:'2026-03-01T08:00:59.999Z'}}", &["B1"]),
            ("{_updateStamp:{_gt:'2026-03-01T08:01:00Z'}}", &[]),
            (
                "{_updateStamp:{_gte:'2026-03-01T08:00:00Z',_lt:'2026-03-01T08:01:00Z'}}",
                &["A1", "A2"],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn references_compare_by_key_by_id_and_by_any_property_of_their_target() {
    let site = three().await;
    check(
        &site,
        &[
            ("{code:'A1'}", &["A1"]),
            ("{code:{_in:['A1','B1']}}", &["A1", "B1"]),
            ("{code:{code:{_in:['A1','B1']}}}", &["A1", "B1"]),
            ("{code:{_id:'A2'}}", &["A2"]),
            ("{code:{companyName1:'Beta',country:{code:'FR'}}}", &["B1"]),
            ("{defaultAddress:{city:'Paris'}}", &["A1"]),
        ],
    )
    .await;
}

#[tokio::test]
async fn collections_need_a_quantifier() {
    let site = three().await;
    check(
        &site,
        &[
            ("{addresses:{_atLeast:1,city:'Nice'}}", &["A2"]),
            ("{addresses:{_atLeast:2}}", &["A2"]),
            ("{addresses:{_atMost:1}}", &["A1", "B1"]),
            ("{addresses:{_none:true,city:'Paris'}}", &["A2", "B1"]),
            ("{addresses:{_every:true,city:'Paris'}}", &["A1"]),
        ],
    )
    .await;
    let reply = site
        .customers(json!({ "filter": "{addresses:{city:'Paris'}}" }), "_id")
        .await;
    assert!(
        reply.error().contains("needs a quantifier"),
        "{}",
        reply.text
    );
}

#[tokio::test]
async fn quotes_in_values_do_not_end_them() {
    let site = three().await;
    let strict = json!({ "companyName1": "O'Brien & \"Sons\"" }).to_string();
    assert_eq!(site.filtered(&strict).await, ["A1"]);
    assert_eq!(
        site.filtered("{companyName1:'O\\'Brien & \"Sons\"'}").await,
        ["A1"]
    );
    let broken = site
        .customers(json!({ "filter": "{companyName1:'O'Brien'}" }), "_id")
        .await;
    assert_eq!(broken.status, 200);
    assert!(
        broken
            .error()
            .starts_with("Invalid filter: Unexpected token B"),
        "{}",
        broken.text
    );
}

#[tokio::test]
async fn wrong_filters_are_told_and_return_no_rows() {
    let site = three().await;
    for (filter, message) in [
        (
            "{nope:1}",
            "Invalid filter: node \"Customer\" has no property \"nope\"",
        ),
        (
            "{code:{nope:1}}",
            "Invalid filter: node \"BusinessPartner\" has no property \"nope\"",
        ),
        (
            "{creditLevelTotal:1}",
            "Invalid filter: property \"creditLevelTotal\" of node \"Customer\" is computed",
        ),
        (
            "{companyName1:{_like:'A'}}",
            "Invalid filter: unknown operator \"_like\"",
        ),
        (
            "{creditControl:'sometimes'}",
            "Invalid filter: \"sometimes\" is not a member of WorkInProgressControl",
        ),
        (
            "{insuranceDate:'31/01/2026'}",
            "Invalid filter: \"31/01/2026\" is not a date",
        ),
        (
            "{_updateStamp:{_gte:'yesterday'}}",
            "Invalid filter: \"yesterday\" is not a datetime",
        ),
        (
            "{\"code.code\":'A1'}",
            "Invalid filter: node \"Customer\" has no property \"code.code\"",
        ),
    ] {
        let reply = site.customers(json!({ "filter": filter }), "_id").await;
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (200, message),
            "{filter}"
        );
        assert_eq!(
            reply.json()["data"]["x3MasterData"]["customer"]["query"],
            json!(null)
        );
    }
}

#[tokio::test]
async fn orders_follow_their_members_and_references() {
    let site = three().await;
    for (order, expected) in [
        ("{_id:-1}", ["B1", "A2", "A1"]),
        ("{\"currency\":{\"_id\":-1},\"_id\":1}", ["A2", "A1", "B1"]),
        ("{isActive:1,authorizedCreditAmount:-1}", ["B1", "A2", "A1"]),
        ("{insuranceDate:1,_id:1}", ["B1", "A1", "A2"]),
        ("{_updateStamp:-1,_id:-1}", ["B1", "A2", "A1"]),
    ] {
        assert_eq!(
            site.ids(json!({ "orderBy": order })).await,
            expected,
            "{order}"
        );
    }
    for (order, message) in [
        (
            "{nope:1}",
            "Invalid orderBy: node \"Customer\" has no property \"nope\"",
        ),
        ("{_id:2}", "Invalid orderBy: \"_id\" needs 1 or -1"),
        (
            "{addresses:1}",
            "Invalid orderBy: property \"addresses\" is a collection",
        ),
    ] {
        assert_eq!(
            site.customers(json!({ "orderBy": order }), "_id")
                .await
                .error(),
            message
        );
    }
}

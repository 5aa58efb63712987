use std::sync::Arc;

use client_core::{
    TransportErrorKind,
    testing::{ManualClock, RecordingSleep, ScriptedTransport},
};
use futures::{StreamExt as _, TryStreamExt as _, executor::block_on};
use http::HeaderValue;

use super::*;
use crate::{
    ConnectedApp, ErrorKind, SiteConfig,
    api1::{Values, records::Customer},
    error::RecordErrorKind,
};

const BASE: &str = "http://x3:8124/api1/x3/erp/SEED/";

fn client(transport: &ScriptedTransport) -> X3Client {
    let clock = ManualClock::new("2026-11-20T10:00:00Z".parse().unwrap());
    X3Client::builder(SiteConfig::new("http://x3:8124", "SEED"))
        .credential(ConnectedApp::new("c0ffee", "canary-secret"))
        .transport(Arc::new(transport.clone()))
        .sleep(Arc::new(RecordingSleep::new(clock.clone())))
        .clock(Arc::new(clock))
        .build()
        .unwrap()
}

fn customers(transport: &ScriptedTransport) -> Api1Class<Customer> {
    client(transport).api1().records()
}

fn custom(transport: &ScriptedTransport) -> Api1Class<Columns> {
    client(transport)
        .api1()
        .class(ClassName::new("YORDER").unwrap())
}

fn asked(transport: &ScriptedTransport) -> Vec<String> {
    transport
        .requests()
        .iter()
        .map(|request| {
            let uri = request.uri().to_string();
            let path = uri.strip_prefix(BASE).unwrap_or(&uri).to_owned();
            format!("{} {path}", request.method())
        })
        .collect()
}

fn page_of(codes: &[&str], next: Option<&str>) -> String {
    let rows: Vec<String> = codes
        .iter()
        .map(|code| format!(r#"{{"$key":"{code}","BPCNUM":"{code}"}}"#))
        .collect();
    let next = next.map_or_else(String::new, |url| format!(r#","$next":{{"$url":"{url}"}}"#));
    format!(
        r#"{{"$itemsPerPage":2,"$resources":[{}],"$links":{{"$first":{{"$url":"x"}}{next}}}}}"#,
        rows.join(",")
    )
}

fn values() -> Values {
    Values::new().set(ColumnName::new("CUSORDREF").unwrap(), "Z-1")
}

fn column(code: &str) -> ColumnName {
    ColumnName::new(code).unwrap()
}

#[test]
fn pages_follow_the_servers_own_position_and_never_another_host() {
    let transport = ScriptedTransport::new()
        .answer(
            200,
            page_of(
                &["A", "B"],
                Some("http://evil.example/api1/x3/erp/OTHER/X?representation=BPCUSTOMER.%24query&key=gt.B&count=2"),
            ),
        )
        .answer(200, page_of(&["C"], None));
    let query = Api1Query::new()
        .filter(Where::column("CUR").eq("EUR"))
        .order_by(column("BPCNAM"), crate::Direction::Descending)
        .page_size(PageSize::new(2));
    let codes: Vec<String> = block_on(
        customers(&transport)
            .stream(query)
            .map_ok(|customer| customer.code.unwrap())
            .try_collect(),
    )
    .unwrap();
    assert_eq!(codes, ["A", "B", "C"]);
    assert_eq!(
        asked(&transport),
        [
            "GET BPCUSTOMER?representation=BPCUSTOMER.%24query&count=2&where=CUR%20eq%20%27EUR%27&orderBy=BPCNAM%20desc",
            "GET BPCUSTOMER?representation=BPCUSTOMER.%24query&key=gt.B&count=2",
        ]
    );
}

#[test]
fn a_list_without_an_end_is_noticed() {
    let query = "representation=BPCUSTOMER.%24query&count=200";
    let transport =
        ScriptedTransport::new().answer(200, page_of(&["A"], Some(&format!("/a?{query}"))));
    let error = block_on(customers(&transport).query(&Api1Query::new(), None)).unwrap_err();
    assert!(error.to_string().contains("leads to this one"), "{error}");
}

#[test]
fn an_empty_list_is_no_error_and_an_impossible_one_is_not_asked_for() {
    let transport = ScriptedTransport::new().answer(200, page_of(&[], None));
    let class = customers(&transport);
    let page = block_on(class.query(&Api1Query::new(), None)).unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
    let never = Api1Query::new().filter(Where::column("CUR").is_in::<&str>([]));
    assert!(
        block_on(class.query(&never, None))
            .unwrap()
            .items
            .is_empty()
    );
    assert_eq!(transport.requests().len(), 1);
}

#[test]
fn errors_in_a_200_fail_the_call_and_warnings_are_handed_on() {
    let failed =
        r#"{"$diagnoses":[{"$severity":"error","$message":"Field YX unknown"}],"$resources":[]}"#;
    let warned = r#"{"$diagnoses":[{"$severity":"warning","$message":"slow"}],"$resources":[]}"#;
    let strange = r#"{"$diagnoses":[{"$severity":"odd","$message":"m"}],"$resources":[]}"#;
    let transport = ScriptedTransport::new()
        .answer(200, failed)
        .answer(200, warned)
        .answer(200, strange);
    let class = customers(&transport);
    let query = Api1Query::new();
    let error = block_on(class.query(&query, None)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.to_string().contains("Field YX unknown"), "{error}");
    let page = block_on(class.query(&query, None)).unwrap();
    assert_eq!(page.diagnoses[0].message, "slow");
    assert!(
        block_on(class.query(&query, None)).is_err(),
        "an unknown severity must not pass for success"
    );
}

#[test]
fn stray_backslashes_are_repaired_and_reported() {
    let body = r#"{"$resources":[{"BPCNUM":"A","BPCREM":"C:\Sage"}],"$links":{}}"#;
    let transport = ScriptedTransport::new()
        .answer(200, body)
        .answer(200, r#"{"$key":"A","BPCNUM":"A","BPCREM":"C:\Sage"}"#);
    let page = block_on(customers(&transport).query(&Api1Query::new(), None)).unwrap();
    assert_eq!(page.repaired, 1);
    assert_eq!(page.items[0].notes.as_deref(), Some(r"C:\Sage"));
    let answer = block_on(customers(&transport).read(&Key::new("A").unwrap())).unwrap();
    assert_eq!(answer.repaired, 1);
    assert_eq!(answer.value.unwrap().notes.as_deref(), Some(r"C:\Sage"));
}

#[test]
fn a_record_that_x3_says_does_not_exist_is_none() {
    let missing =
        r#"{"$diagnoses":[{"$severity":"error","$message":"721 : Record does not exist"}]}"#;
    let transport = ScriptedTransport::new()
        .answer(200, missing)
        .answer(404, missing);
    for _ in 0..2 {
        let answer = block_on(customers(&transport).read(&Key::new("X").unwrap())).unwrap();
        assert!(answer.value.is_none());
    }
    assert_eq!(
        asked(&transport)[0],
        "GET BPCUSTOMER('X')?representation=BPCUSTOMER.%24details"
    );
}

#[test]
fn where_details_cannot_be_had_the_list_is_asked() {
    let transport = ScriptedTransport::new()
        .answer(400, "facet not allowed")
        .answer(200, page_of(&["O'N"], None))
        .answer(404, "")
        .answer(200, page_of(&[], None))
        .answer(404, "")
        .answer(404, "");
    let class = customers(&transport);
    let found = block_on(class.read(&Key::new("O'N").unwrap())).unwrap();
    assert_eq!(found.value.unwrap().code.as_deref(), Some("O'N"));
    assert!(asked(&transport)[1].contains("where=BPCNUM%20eq%20%27O%27%27N%27"));
    let missing = block_on(class.read(&Key::new("X").unwrap())).unwrap();
    assert!(missing.value.is_none());
    let wrong_class = block_on(class.read(&Key::new("X").unwrap())).unwrap_err();
    assert_eq!(wrong_class.kind(), ErrorKind::Misconfigured);
}

#[test]
fn a_create_is_sent_once_and_gives_the_key_and_the_record() {
    let mut created = http::Response::new(r#"{"$uuid":"u1","YNUM":"W1","CUR":"EUR"}"#.into());
    *created.status_mut() = StatusCode::CREATED;
    created.headers_mut().insert(
        http::header::LOCATION,
        HeaderValue::from_static("/api1/x3/erp/SEED/YORDER('W1')?representation=YORDER.%24details"),
    );
    let transport = ScriptedTransport::new().response(created);
    let answer = block_on(custom(&transport).create(&values())).unwrap();
    assert_eq!(answer.key, Some(Key::new("W1").unwrap()));
    assert_eq!(answer.value.text("CUR").unwrap().as_deref(), Some("EUR"));
    let request = &transport.requests()[0];
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.headers()["content-type"], "application/json");
    assert_eq!(request.headers()["x-requested-with"], "stateless");
    assert_eq!(request.body(), r#"{"CUSORDREF":"Z-1"}"#);

    for failure in [TransportErrorKind::Timeout, TransportErrorKind::Interrupted] {
        let transport = ScriptedTransport::new().failure(failure).answer(201, "{}");
        let error = block_on(custom(&transport).create(&values())).unwrap_err();
        assert!(error.may_have_been_applied(), "{error}");
        assert_eq!(transport.requests().len(), 1);
    }
}

#[test]
fn a_refused_record_was_not_written_unless_one_stands_beside_the_refusal() {
    let refused = r#"{"$diagnoses":[{"$severity":"error","$message":"Customer mandatory"}]}"#;
    let beside = r#"{"YNUM":"W1","$diagnoses":[{"$severity":"error","$message":"Index"}]}"#;
    for (status, body, applied) in [
        (200, refused, false),
        (400, refused, false),
        (500, refused, true),
        (201, beside, true),
    ] {
        let transport = ScriptedTransport::new().answer(status, body);
        let error = block_on(custom(&transport).create(&values())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{error}");
        assert_eq!(error.may_have_been_applied(), applied, "{status} {body}");
    }
}

#[test]
fn a_standard_class_says_why_it_cannot_be_written() {
    let transport = ScriptedTransport::new().answer(405, "");
    let error = block_on(customers(&transport).create(&values())).unwrap_err();
    assert!(
        error.to_string().contains("standard classes are read-only"),
        "{error}"
    );
    assert!(!error.may_have_been_applied());
}

#[test]
fn an_update_is_repeated_unless_it_adds_rows() {
    let transport = ScriptedTransport::new()
        .failure(TransportErrorKind::Interrupted)
        .answer(200, r#"{"YNUM":"W1"}"#);
    let key = Key::new("W1").unwrap();
    block_on(custom(&transport).update(&key, &values())).unwrap();
    assert_eq!(
        asked(&transport),
        ["PUT YORDER('W1')?representation=YORDER.%24edit"; 2]
    );

    let transport = ScriptedTransport::new()
        .failure(TransportErrorKind::Interrupted)
        .answer(200, r#"{"YNUM":"W1"}"#);
    let adding = values().rows(column("LINES"), [Values::new().set(column("QTY"), 1)]);
    let error = block_on(custom(&transport).update(&key, &adding)).unwrap_err();
    assert!(error.may_have_been_applied());
    assert_eq!(transport.requests().len(), 1);
}

#[test]
fn deleting_what_is_gone_succeeds() {
    let gone = r#"{"$diagnoses":[{"$severity":"error","$message":"721 : Record does not exist"}]}"#;
    let transport = ScriptedTransport::new()
        .answer(200, "")
        .answer(204, "")
        .failure(TransportErrorKind::Interrupted)
        .answer(200, gone);
    let class = custom(&transport);
    let key = Key::new("W1").unwrap();
    assert!(block_on(class.delete(&key)).unwrap());
    assert!(block_on(class.delete(&key)).unwrap());
    assert!(!block_on(class.delete(&key)).unwrap());
    assert_eq!(transport.requests().len(), 4);
}

#[test]
fn an_update_of_what_is_not_there_says_so() {
    let gone = r#"{"$diagnoses":[{"$severity":"error","$message":"721 : Record does not exist"}]}"#;
    let transport = ScriptedTransport::new().answer(200, gone);
    let error =
        block_on(custom(&transport).update(&Key::new("X").unwrap(), &values())).unwrap_err();
    let Error::Rejected { error, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(error.kind, RecordErrorKind::NotFound);
}

#[test]
fn a_template_and_a_prototype_are_read() {
    let transport = ScriptedTransport::new()
        .answer(200, r#"{"CUR":"EUR","BPCSTA":2}"#)
        .answer(200, r#"{"$properties":{"BPCNUM":{"$maxLength":15}}}"#);
    let class = customers(&transport);
    let template = block_on(class.template()).unwrap();
    assert_eq!(template.value.text("CUR").unwrap().as_deref(), Some("EUR"));
    let prototype = block_on(class.prototype("details")).unwrap();
    assert_eq!(prototype.value.properties["BPCNUM"].max_length, Some(15));
    assert!(block_on(class.prototype("a')b")).is_err());
    assert_eq!(
        asked(&transport),
        [
            "GET BPCUSTOMER/$template?representation=BPCUSTOMER.%24create",
            "GET BPCUSTOMER/$prototypes('BPCUSTOMER.%24details')",
        ]
    );
}

#[test]
fn other_answers_than_api1s_say_what_to_check() {
    let html = "<html><body>Please log in</body></html>";
    for (status, body, kind, expected) in [
        (200, html, ErrorKind::Misconfigured, "log-in page"),
        (302, "", ErrorKind::Misconfigured, "log-in page"),
        (403, "", ErrorKind::Misconfigured, "needs rights"),
        (404, "", ErrorKind::Misconfigured, "endpoint `SEED`"),
        (400, "", ErrorKind::Misconfigured, "representation"),
        (
            401,
            "Error 41: Invalid token",
            ErrorKind::Unauthorized,
            "client id",
        ),
        (
            200,
            r#"{"$resources":[{"BPCNUM":5}]}"#,
            ErrorKind::Protocol,
            "cannot be read",
        ),
        (
            200,
            r#"{"$resources":[{"BPCNUM":"A"}"#,
            ErrorKind::Protocol,
            "cannot be read",
        ),
        (200, "{}", ErrorKind::Protocol, "no $resources"),
    ] {
        let transport = ScriptedTransport::new().answer(status, body);
        let error = block_on(customers(&transport).query(&Api1Query::new(), None)).unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {error}");
        assert!(error.to_string().contains(expected), "{status} {error}");
        assert_eq!(transport.requests().len(), 1, "{status}");
    }
}

#[test]
fn a_stream_that_failed_can_be_resumed_where_it_was() {
    let transport = ScriptedTransport::new()
        .answer(200, page_of(&["A"], Some("/x?key=gt.A")))
        .answer(400, "")
        .answer(200, page_of(&["B"], None));
    let class = customers(&transport);
    let mut pages = class.pages(Api1Query::new());
    assert!(block_on(pages.next()).unwrap().is_ok());
    assert!(block_on(pages.next()).unwrap().is_err());
    let rest = class.pages_from(Api1Query::new(), pages.continuation().cloned());
    let codes: Vec<Customer> = block_on(rest.items().try_collect()).unwrap();
    assert_eq!(codes[0].code.as_deref(), Some("B"));
}

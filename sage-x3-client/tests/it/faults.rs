//! What becomes of a call when something goes wrong on its way: attempts and final error, for each service of X3.

use std::sync::Arc;

use client_core::{
    Response, TransportErrorKind,
    testing::{ManualClock, RecordingSleep, ScriptedTransport},
};
use futures::{FutureExt as _, future::BoxFuture};
use sage_x3_client::{
    CategoryCode, CustomerCode, Error, ErrorKind, NewCustomer, SiteConfig, X3Client,
    api1::{Api1Query, ClassName, Values, records::Customer},
    soap::{SoapObject, SoapSettings},
};

use crate::server::{NOW, client};

type Outcome<'a> = BoxFuture<'a, Result<(), Error>>;

/// A way to use a service.
struct Use {
    name: &'static str,
    writes: bool,
    call: for<'a> fn(&'a X3Client) -> Outcome<'a>,
    /// An answer to it that is whole and good.
    good: &'static str,
}

const SOAP_GOOD: &str = "<e:Envelope><e:Body><r><resultXml>&lt;RESULT/&gt;</resultXml><status>1</status></r></e:Body></e:Envelope>";

const USES: [Use; 6] = [
    Use {
        name: "GraphQL query",
        writes: false,
        call: |x3| async { x3.execute("{ a }", &()).await.map(drop) }.boxed(),
        good: r#"{"data":{"a":1}}"#,
    },
    Use {
        name: "GraphQL create",
        writes: true,
        call: |x3| {
            async {
                x3.customers()
                    .without_read_back()
                    .create(&new())
                    .await
                    .map(drop)
            }
            .boxed()
        },
        good: r#"{"data":{"r0":{"customer":{"create":{"_id":"C1"}}}}}"#,
    },
    Use {
        name: "api1 query",
        writes: false,
        call: |x3| {
            async {
                let customers = x3.api1().records::<Customer>();
                customers.query(&Api1Query::new(), None).await.map(drop)
            }
            .boxed()
        },
        good: r#"{"$resources":[{"BPCNUM":"A"}],"$links":{}}"#,
    },
    Use {
        name: "api1 create",
        writes: true,
        call: |x3| {
            async {
                let class = x3.api1().class(ClassName::new("YORDER").unwrap());
                class.create(&Values::new()).await.map(drop)
            }
            .boxed()
        },
        good: r#"{"$key":"W1","YNUM":"W1"}"#,
    },
    Use {
        name: "SOAP query",
        writes: false,
        call: |x3| async { x3.soap()?.query("YBPC", &[], 10).await.map(drop) }.boxed(),
        good: SOAP_GOOD,
    },
    Use {
        name: "SOAP save",
        writes: true,
        call: |x3| async { x3.soap()?.save("YBPC", &SoapObject::new()).await.map(drop) }.boxed(),
        good: SOAP_GOOD,
    },
];

fn new() -> NewCustomer {
    NewCustomer::new(CategoryCode::new("DOM").unwrap()).code(CustomerCode::new("C1").unwrap())
}

/// What is expected of a read, and of a create.
struct Expected {
    kind: ErrorKind,
    read_attempts: usize,
    create_attempts: usize,
    /// Whether a create may have been done. A read never was.
    may_have_been_created: bool,
}

/// The retry policy's number of attempts.
const ALL: usize = 5;

fn expected(
    kind: ErrorKind,
    read_attempts: usize,
    create_attempts: usize,
    may_have_been_created: bool,
) -> Expected {
    Expected {
        kind,
        read_attempts,
        create_attempts,
        may_have_been_created,
    }
}

fn x3(transport: &ScriptedTransport) -> (X3Client, RecordingSleep) {
    let clock = ManualClock::new(NOW.parse().unwrap());
    let sleep = RecordingSleep::new(clock.clone());
    let site = SiteConfig::new("http://localhost", "SEED").soap(SoapSettings::new("POOL"));
    (
        client(site, Arc::new(transport.clone()), &clock, &sleep),
        sleep,
    )
}

async fn check(
    fault: &str,
    script: impl Fn(ScriptedTransport, &Use) -> ScriptedTransport,
    expected: Expected,
) {
    for case in &USES {
        let name = format!("{fault}, {}", case.name);
        let mut transport = ScriptedTransport::new();
        for _ in 0..ALL + 1 {
            transport = script(transport, case);
        }
        let error = (case.call)(&x3(&transport).0).await.unwrap_err();
        let attempts = if case.writes {
            expected.create_attempts
        } else {
            expected.read_attempts
        };
        assert_eq!(transport.requests().len(), attempts, "{name}: {error}");
        assert_eq!(error.kind(), expected.kind, "{name}: {error}");
        assert_eq!(
            error.may_have_been_applied(),
            case.writes && expected.may_have_been_created,
            "{name}: {error}"
        );
        let context = error.context().unwrap();
        assert_eq!(context.attempts as usize, attempts, "{name}");
    }
}

#[tokio::test]
async fn what_breaks_on_the_way_is_repeated_unless_it_may_have_created_something() {
    for (kind, result) in [
        (
            TransportErrorKind::Timeout,
            expected(ErrorKind::Unavailable, ALL, 1, true),
        ),
        (
            TransportErrorKind::Interrupted,
            expected(ErrorKind::Unavailable, ALL, 1, true),
        ),
        (
            TransportErrorKind::Connect,
            expected(ErrorKind::Unavailable, ALL, ALL, false),
        ),
        (
            TransportErrorKind::TooLarge,
            expected(ErrorKind::Unavailable, 1, 1, true),
        ),
    ] {
        check(
            &format!("{kind:?}"),
            |transport, _| transport.failure(kind),
            result,
        )
        .await;
    }
}

#[tokio::test]
async fn a_server_that_throttles_or_is_out_of_order_is_asked_again_where_that_is_harmless() {
    let html = "<html><body>Bad gateway</body></html>";
    for (status, body, result) in [
        (429, "", expected(ErrorKind::Unavailable, ALL, ALL, false)),
        (502, html, expected(ErrorKind::Unavailable, ALL, 1, true)),
        (503, "busy", expected(ErrorKind::Unavailable, ALL, 1, true)),
        (500, html, expected(ErrorKind::Unavailable, ALL, 1, true)),
    ] {
        check(
            &status.to_string(),
            |transport, _| transport.answer(status, body),
            result,
        )
        .await;
    }
}

#[tokio::test]
async fn a_refused_credential_is_reported_at_once() {
    for text in [
        "Error 41: Invalid token",
        "Error 42: Invalid token",
        "Error 45: Invalid token",
        "Error 50: Invalid token",
        "Authentication failed",
    ] {
        check(
            text,
            |transport, _| transport.answer(401, text),
            expected(ErrorKind::Unauthorized, 1, 1, false),
        )
        .await;
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_off_or_not_x3s_is_final_and_says_so() {
    check(
        "cut off",
        |transport, case| transport.answer(200, &case.good.as_bytes()[..case.good.len() - 3]),
        expected(ErrorKind::Protocol, 1, 1, true),
    )
    .await;
    check(
        "a log-in page",
        |transport, _| {
            let mut page = Response::new("<!DOCTYPE html><html><body>Log in</body></html>".into());
            page.headers_mut()
                .insert("content-type", "text/html".parse().unwrap());
            transport.response(page)
        },
        expected(ErrorKind::Misconfigured, 1, 1, true),
    )
    .await;
    check(
        "nothing",
        |transport, _| transport.answer(404, ""),
        expected(ErrorKind::Misconfigured, 1, 1, false),
    )
    .await;
}

#[tokio::test]
async fn the_label_on_an_answer_does_not_matter_its_contents_do() {
    for case in &USES {
        let mut answer = Response::new(case.good.into());
        answer
            .headers_mut()
            .insert("content-type", "text/plain".parse().unwrap());
        let transport = ScriptedTransport::new().response(answer);
        (case.call)(&x3(&transport).0).await.unwrap();
    }
}

#[tokio::test]
async fn partial_data_never_passes_for_complete() {
    let graphql = r#"{"data":{"x3MasterData":{"customer":{"read":{"_id":"C1","code":null}}}},
        "errors":[{"message":"no right","path":["x3MasterData","customer","read","code"]}]}"#;
    let transport = ScriptedTransport::new().answer(200, graphql);
    let code = CustomerCode::new("C1").unwrap();
    let error = x3(&transport).0.customers().read(&code).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed, "{error}");

    let api1 = r#"{"$resources":[{"BPCNUM":"A"}],"$diagnoses":[{"$severity":"error","$message":"no right"}]}"#;
    let soap = "<e:Envelope><e:Body><r><messages><messages><message>no right</message><type>3</type></messages></messages>\
        <resultXml>&lt;RESULT/&gt;</resultXml><status>0</status></r></e:Body></e:Envelope>";
    for (answer, case) in [(api1, &USES[2]), (soap, &USES[4])] {
        let transport = ScriptedTransport::new().answer(200, answer);
        let error = (case.call)(&x3(&transport).0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed, "{}: {error}", case.name);
        assert!(error.to_string().contains("no right"), "{error}");
        assert_eq!(transport.requests().len(), 1);
    }
}

#[tokio::test]
async fn the_pause_that_a_server_asks_for_is_kept() {
    for case in &USES {
        let mut busy = Response::new("".into());
        *busy.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
        busy.headers_mut()
            .insert("retry-after", "7".parse().unwrap());
        let transport = ScriptedTransport::new()
            .response(busy)
            .answer(200, case.good);
        let (client, sleep) = x3(&transport);
        (case.call)(&client).await.unwrap();
        assert_eq!(transport.requests().len(), 2, "{}", case.name);
        let slept = sleep.slept();
        assert!(slept[0].as_secs() >= 7, "{}: {slept:?}", case.name);
    }
}

#[tokio::test]
async fn every_exchange_is_bounded_by_120_seconds_unless_the_site_says_otherwise() {
    for case in &USES {
        let transport = ScriptedTransport::new().answer(200, case.good);
        (case.call)(&x3(&transport).0).await.unwrap();
        let requests = transport.requests();
        let bound = requests[0].extensions().get::<client_core::Timeout>();
        assert_eq!(
            bound.map(|bound| bound.0.as_secs()),
            Some(120),
            "{}",
            case.name
        );
    }
}

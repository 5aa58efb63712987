//! Entry points for fuzzing: each takes whatever a server may send and must come to a value or an error. Not covered by
//! semver.
//!
//! `cargo fuzz run graphql_answer` and so on, in `fuzz/`. The first byte of an input chooses the HTTP status.

use client_core::{Answer, Response};
use http::StatusCode;
use serde::de::IgnoredAny;

use crate::{
    api1,
    auth::Refusal,
    client::Exchanged,
    error::{CallContext, Error},
    graphql::{
        GraphqlAnswer,
        answer::{Asked, parse},
        connection::{Connection, Nested},
    },
    ids::EndpointName,
    page::page,
    soap,
};

/// Answers of GraphQL: as they are, and as a page of records.
///
/// # Panics
/// When a property does not hold, as in all of these: that is what fuzzing looks for.
pub fn graphql_answer(input: &[u8]) {
    let read = |writes| {
        let exchanged = exchanged(input)?;
        let answer = Answer {
            response: exchanged.response,
            attempts: 1,
            earlier_attempt_may_have_been_applied: false,
        };
        let about = Some(("Customer", "query"));
        Some((
            answer,
            exchanged.context,
            Asked { writes, about },
            exchanged.now,
        ))
    };
    if let Some((answer, context, asked, now)) = read(true) {
        match parse(answer, context, asked, now) {
            Ok(parsed) => {
                let answer = GraphqlAnswer::new(parsed);
                // Data beside a grave error is no success.
                assert!(!answer.is_success() || answer.data.is_some());
            }
            Err(error) => explained(&error),
        }
    }
    if let Some((answer, context, asked, now)) = read(false) {
        let complete = parse::<Nested<Connection<IgnoredAny>>>(answer, context, asked, now)
            .and_then(|parsed| {
                let (data, diagnoses, context) = parsed.complete()?;
                page(data.into_inner(), diagnoses, &context)
            });
        if let Err(error) = complete {
            explained(&error);
            assert!(!error.may_have_been_applied(), "a read changes nothing");
        }
    }
}

/// Pages and records of `api1`.
///
/// # Panics
/// When a property does not hold.
pub fn api1_page(input: &[u8]) {
    for writes in [false, true] {
        if let Some(exchanged) = exchanged(input) {
            for error in api1::read_anything(&exchanged, writes) {
                explained(&error);
            }
        }
    }
}

/// Texts of refused credentials.
///
/// # Panics
/// When a property does not hold.
pub fn refusal(input: &[u8]) {
    let response = Response::new(input.to_vec().into());
    let refusal = Refusal::read(&response);
    let shown = refusal.to_string();
    assert!(shown.len() < 2000, "a message, not a page");
    assert!(!shown.chars().any(char::is_control));
}

/// Answers of SOAP web services.
///
/// # Panics
/// When a property does not hold.
pub fn soap_answer(input: &[u8]) {
    for writes in [false, true] {
        if let Some(exchanged) = exchanged(input)
            && let Some(error) = soap::read_anything(exchanged, writes)
        {
            explained(&error);
        }
    }
}

/// An error must say something, in one piece.
fn explained(error: &Error) {
    assert!(!error.to_string().trim().is_empty());
    let _ = (error.kind(), error.is_retryable(), error.retry_after());
}

const STATUSES: [u16; 16] = [
    200, 200, 200, 200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 429, 500, 503,
];

fn exchanged(input: &[u8]) -> Option<Exchanged> {
    let (first, body) = input.split_first()?;
    let status = STATUSES.get(usize::from(first % 16)).copied()?;
    let status = StatusCode::from_u16(status).ok()?;
    let mut response = Response::new(body.to_vec().into());
    *response.status_mut() = status;
    Some(Exchanged {
        response,
        context: CallContext {
            operation: "fuzz",
            endpoint: EndpointName::new("SEED").ok()?,
            status: Some(status),
            attempts: 1,
            may_have_been_applied: false,
        },
        now: jiff::Timestamp::UNIX_EPOCH,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sound answers, from which the interesting unsound ones are made.
    const GRAPHQL: &str = r#"{"data":{"x3MasterData":{"customer":{"query":{"edges":[{"node":{"_id":"A"}}],"pageInfo":{"hasNextPage":true,"endCursor":"c"},"totalCount":5}}}},
        "errors":[{"message":"`Customer.query` is not activated","path":["x3MasterData",0],"extensions":{"code":"x","diagnoses":[{"severity":2,"message":"m","path":["a",1]}]}}],"extensions":{"diagnoses":[{"severity":1}]}}"#;
    const API1: &str = r#"{"$resources":[{"$key":"A~B","BPCNUM":"A","BPCSTA":2,"OSTAUZ":1.50,"UPDDAT":"1753-01-01","UPDDATTIM":"2026-11-20T10:00:00Z","X":[{"$uuid":"u"}],"T":"C:\Sage"}],
        "$links":{"$next":{"$url":"/a?key=gt.B"}},"$diagnoses":[{"$severity":"warning","$message":"721 : m"}],"$properties":{"A":{"$maxLength":5}}}"#;
    const SOAP: &str = "<e:Envelope xmlns:e=\"u\"><e:Body><r><messages><messages><message>m &amp; n</message><type>3</type></messages></messages>\
        <resultXml><![CDATA[<RESULT><GRP ID=\"A_1\"><FLD NAME=\"F\">v</FLD><LST NAME=\"L\"><ITM>1</ITM></LST></GRP><TAB ID=\"T\"><LIN NUM=\"1\"/></TAB></RESULT>]]></resultXml>\
        <status>1</status></r></e:Body></e:Envelope>";
    const SOAP_JSON: &str = r#"<E><Envelope/><Body><r><resultXml>{"A_1":{"F":1.50,"L":["a",null]},"T":[{"G":"x\q"}],"N":null}</resultXml><status>1</status></r></Body></E>"#;
    const REFUSAL: &str = "Error 41: Invalid token";

    /// A document with some bytes replaced, cut off or doubled.
    fn damaged(document: &'static str) -> impl Strategy<Value = Vec<u8>> {
        let length = document.len();
        let places = proptest::collection::vec((0..length, any::<u8>()), 0..4);
        (any::<u8>(), places, 0..=length, 0..length).prop_map(
            move |(status, places, end, doubled)| {
                let mut bytes = document.as_bytes().to_vec();
                for (place, byte) in places {
                    bytes[place] = byte;
                }
                if end % 3 == 0 {
                    bytes.truncate(end);
                } else if end % 3 == 1 {
                    let tail = bytes[doubled..].to_vec();
                    bytes.extend(tail);
                }
                bytes.insert(0, status);
                bytes
            },
        )
    }

    fn noise() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(any::<u8>(), 0..200)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn any_graphql_answer_is_a_value_or_an_error(input in prop_oneof![3 => damaged(GRAPHQL), 1 => noise()]) {
            graphql_answer(&input);
        }

        #[test]
        fn any_api1_answer_is_a_value_or_an_error(input in prop_oneof![3 => damaged(API1), 1 => noise()]) {
            api1_page(&input);
        }

        #[test]
        fn any_refusal_is_a_message(input in prop_oneof![1 => damaged(REFUSAL), 1 => noise()]) {
            refusal(&input);
        }

        #[test]
        fn any_soap_answer_is_a_value_or_an_error(input in prop_oneof![2 => damaged(SOAP), 1 => damaged(SOAP_JSON), 1 => noise()]) {
            soap_answer(&input);
        }
    }
}

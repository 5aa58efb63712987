//! Whatever happens on the way, and by whatever paths a site can be written: a create that may have been done is the last one
//! that is sent.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use client_core::{
    Request, Response, TransportError, TransportErrorKind,
    testing::{InProcessTransport, ManualClock, RecordingSleep},
};
use futures::executor::block_on;
use proptest::prelude::*;
use sage_x3_client::{
    CategoryCode, CustomerCode, NewCustomer, SiteConfig, WritePath, X3Client,
    api1::{Api1Place, Api1Publication, ClassName, ColumnName},
    soap::{SoapPublication, SoapSettings},
};

use crate::server::{NOW, client_of};

/// What becomes of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Done,
    /// The path does not offer the operation.
    NotOffered,
    /// X3 does not take the record.
    Refused,
    NotReached,
    Throttled,
    TokenExpired,
    AnswerLost,
    TimedOut,
    AnswerCutOff,
    ServerError,
    Busy,
}

impl Fate {
    /// Whether X3 may have done what it was asked.
    fn may_have_acted(self) -> bool {
        matches!(
            self,
            Self::Done
                | Self::AnswerLost
                | Self::TimedOut
                | Self::AnswerCutOff
                | Self::ServerError
                | Self::Busy
        )
    }
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop::sample::select(vec![
        Fate::Done,
        Fate::NotOffered,
        Fate::NotOffered,
        Fate::Refused,
        Fate::NotReached,
        Fate::Throttled,
        Fate::TokenExpired,
        Fate::AnswerLost,
        Fate::TimedOut,
        Fate::AnswerCutOff,
        Fate::ServerError,
        Fate::Busy,
    ]);
    prop::collection::vec(fate, 1..14)
}

fn path_of(request: &Request) -> WritePath {
    match request.uri().path() {
        path if path.starts_with("/soap-generic") => WritePath::Soap,
        path if path.starts_with("/api1") => WritePath::Api1,
        _ => WritePath::Graphql,
    }
}

fn is_create(request: &Request) -> bool {
    let body = String::from_utf8_lossy(request.body());
    match path_of(request) {
        WritePath::Soap => body.contains(":save"),
        WritePath::Api1 => request.method() == http::Method::POST,
        _ => body.contains("mutation"),
    }
}

fn soap(status: u8, result: &str) -> String {
    format!(
        "<e:Envelope><e:Body><r><resultXml><![CDATA[{result}]]></resultXml><status>{status}</status></r></e:Body></e:Envelope>"
    )
}

fn answer(path: WritePath, fate: Fate) -> (u16, String) {
    let graphql_error = |message: &str| {
        format!(r#"{{"data":{{"r0":null}},"errors":[{{"message":"{message}","path":["r0"]}}]}}"#)
    };
    let not_offered =
        "The operation `Customer.create` is not activated by the application configuration.";
    match (fate, path) {
        (Fate::Throttled, _) => (429, String::new()),
        (Fate::TokenExpired, _) => (401, "Error 50: Invalid token".to_owned()),
        (Fate::ServerError, _) => (502, "<html>Bad gateway</html>".to_owned()),
        (Fate::Busy, _) => (503, "busy".to_owned()),
        (Fate::NotOffered, WritePath::Soap) => (500, "No web services accepted".to_owned()),
        (Fate::NotOffered, WritePath::Api1) => (405, String::new()),
        (Fate::NotOffered, _) => (200, graphql_error(not_offered)),
        (Fate::Refused, WritePath::Soap) => (200, soap(0, "")),
        (Fate::Refused, WritePath::Api1) => {
            let said = r#"{"$diagnoses":[{"$severity":"error","$message":"no"}]}"#;
            (200, said.to_owned())
        }
        (Fate::Refused, _) => (200, graphql_error("Non")),
        (_, WritePath::Soap) => {
            let saved = r#"<RESULT><GRP ID="BPC0_1"><FLD NAME="BPCNUM">C1</FLD></GRP></RESULT>"#;
            (200, soap(1, saved))
        }
        (_, WritePath::Api1) => (201, r#"{"$key":"C1","BPCNUM":"C1"}"#.to_owned()),
        _ => {
            let made = r#"{"data":{"r0":{"customer":{"create":{"_id":"C1"}}}}}"#;
            (200, made.to_owned())
        }
    }
}

/// A server whose requests meet their fates in order, the last one for ever, and the fates of the creates.
fn server(fates: Vec<Fate>) -> (InProcessTransport, Arc<Mutex<Vec<Fate>>>) {
    let creates = Arc::new(Mutex::new(Vec::new()));
    let (script, seen) = (Mutex::new(VecDeque::from(fates)), Arc::clone(&creates));
    let transport = InProcessTransport::new(move |request: Request| {
        let fate = {
            let mut script = script.lock().unwrap();
            let fate = script[0];
            if script.len() > 1 {
                script.pop_front();
            }
            fate
        };
        if is_create(&request) {
            seen.lock().unwrap().push(fate);
        }
        let failure = match fate {
            Fate::NotReached => Some(TransportErrorKind::Connect),
            Fate::AnswerLost => Some(TransportErrorKind::Interrupted),
            Fate::TimedOut => Some(TransportErrorKind::Timeout),
            _ => None,
        };
        let (status, mut body) = answer(path_of(&request), fate);
        if fate == Fate::AnswerCutOff {
            body.truncate(body.len() - 3);
        }
        let mut response = Response::new(body.into());
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        std::future::ready(match failure {
            Some(kind) => Err(TransportError::new(kind, "as the script has it")),
            None => Ok(response),
        })
    });
    (transport, creates)
}

fn x3(transport: InProcessTransport, order: &[WritePath]) -> X3Client {
    let clock = ManualClock::new(NOW.parse().unwrap());
    let sleep = RecordingSleep::new(clock.clone());
    let site = SiteConfig::new("http://localhost", "SEED")
        .soap(SoapSettings::new("POOL"))
        .write_paths(order.iter().copied());
    let column = |code| Api1Place::column(ColumnName::new(code).unwrap());
    let class = Api1Publication::new(ClassName::new("YCUST").unwrap())
        .place("code", column("BPCNUM"))
        .place("customerCategory", column("BCGCOD"));
    client_of(site, Arc::new(transport), &clock, &sleep)
        .soap_publication("customer", SoapPublication::customers("YBPC"))
        .api1_publication("customer", class)
        .build()
        .unwrap()
}

proptest! {
    #[test]
    fn a_create_that_may_have_been_done_is_never_followed_by_another(
        fates in fates(),
        order in Just(WritePath::DEFAULT_ORDER.to_vec()).prop_shuffle(),
        paths in 1_usize..=3,
    ) {
        let (transport, creates) = server(fates);
        let new = NewCustomer::new(CategoryCode::new("DOM").unwrap())
            .code(CustomerCode::new("C1").unwrap());
        let customers = x3(transport, &order[..paths]).customers().without_read_back();
        let result = block_on(customers.create(&new));
        let creates = creates.lock().unwrap();
        let acted: Vec<usize> = (0..creates.len())
            .filter(|index| creates[*index].may_have_acted())
            .collect();
        match result {
            Ok(created) => {
                prop_assert_eq!(&acted, &[creates.len() - 1]);
                prop_assert_eq!(creates.last(), Some(&Fate::Done));
                prop_assert_eq!(created.key.as_str(), "C1");
            }
            Err(error) if error.may_have_been_applied() => {
                prop_assert_eq!(&acted, &[creates.len() - 1], "{}", error);
            }
            Err(error) => prop_assert!(acted.is_empty(), "{error}"),
        }
    }
}

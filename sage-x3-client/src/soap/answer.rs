//! From an HTTP answer to a result, or to an error that says what to do.

use client_core::{Effect, Response, Verdict, retry_after};
use http::StatusCode;
use jiff::Timestamp;

use super::{
    result::{self, SoapResult},
    xml::{self, Element},
};
use crate::{
    auth::Refusal,
    client::Exchanged,
    diagnose::{Diagnose, Severity},
    error::{Error, RecordError, RecordErrorKind},
    graphql::{execute, snippet},
};

/// What a SOAP web service answered, and what there is to know beside.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SoapAnswer<T> {
    /// The answer.
    pub value: T,
    /// What X3 remarked.
    pub diagnoses: Vec<Diagnose>,
    /// Attempts made.
    pub attempts: u32,
}

impl<T> SoapAnswer<T> {
    pub(super) fn map<U>(self, f: impl FnOnce(T) -> U) -> SoapAnswer<U> {
        SoapAnswer {
            value: f(self.value),
            diagnoses: self.diagnoses,
            attempts: self.attempts,
        }
    }
}

/// What an answer's status means for repetition. A 500 is how SOAP reports a fault: X3's own last word.
pub(super) fn classify(response: &Response, now: Timestamp) -> Verdict {
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        return if is_xml(response.body()) || set_up_fault(&snippet(response.body())).is_some() {
            Verdict::Done
        } else {
            Verdict::Retry {
                effect: Effect::Unknown,
                after: retry_after(response.headers(), now),
            }
        };
    }
    execute::classify(response, now)
}

fn is_xml(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    text.trim_start_matches('\u{feff}')
        .trim_start()
        .starts_with('<')
        && text.contains("Envelope")
}

/// What is missing at the server, as far as its words are known. Source: reference sage-x3 section 4.7.
fn set_up_fault(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    if lower.contains("no web services accepted") {
        Some(
            "no process of this server serves classic web services: set child processes for web services in the host's \
             settings (Administration > Hosts)",
        )
    } else if lower.contains("pool match") {
        Some(
            "there is no such pool: use the alias of a pool of Administration > Web services > Classic SOAP pools, and start \
             it",
        )
    } else {
        None
    }
}

/// Reads an answer; `writes` says whether the call could change anything.
///
/// # Errors
/// Everything that is not `status` 1.
pub(super) fn parse(exchanged: Exchanged, writes: bool) -> Result<SoapAnswer<SoapResult>, Error> {
    let Exchanged {
        response,
        context,
        now,
    } = exchanged;
    let mut context = Box::new(context);
    let status = response.status();
    let detail = snippet(response.body());
    if status == StatusCode::UNAUTHORIZED {
        return Err(Error::Unauthorized {
            context,
            refusal: Box::new(Refusal::read(&response)),
        });
    }
    if let Some(advice) = set_up_fault(&detail) {
        context.may_have_been_applied = false;
        return Err(Error::WrongService {
            context,
            advice: advice.to_owned(),
            detail,
        });
    }
    let envelope = String::from_utf8_lossy(response.body());
    let envelope = xml::parse(envelope.trim_start_matches('\u{feff}').trim_start());
    let body = envelope
        .as_ref()
        .ok()
        .and_then(|envelope| envelope.child("Body"));
    let Some(body) = body else {
        return Err(no_envelope(&response, context, detail, now));
    };
    if let Some(fault) = body.child("Fault") {
        return Err(faulted(fault, context));
    }
    let Some(answer) = find(body, "status").map(|(parent, _)| parent) else {
        return Err(Error::Protocol {
            context,
            what: "the answer does not say whether X3 succeeded".to_owned(),
        });
    };
    let diagnoses = messages(answer);
    let succeeded = answer
        .child("status")
        .is_some_and(|status| status.text.trim() == "1");
    if !succeeded {
        return Err(refused(context, diagnoses, writes));
    }
    let result = answer.child("resultXml").map_or("", |result| &result.text);
    match result::parse(result) {
        Ok(value) => Ok(SoapAnswer {
            value,
            diagnoses,
            attempts: context.attempts,
        }),
        Err(what) => Err(Error::Protocol {
            context,
            what: format!("the result cannot be read {what}"),
        }),
    }
}

fn no_envelope(
    response: &Response,
    context: Box<crate::error::CallContext>,
    detail: String,
    now: Timestamp,
) -> Error {
    let status = response.status();
    let throttled = status == StatusCode::TOO_MANY_REQUESTS;
    if throttled || status == StatusCode::REQUEST_TIMEOUT || status.is_server_error() {
        return Error::Unavailable {
            context,
            detail,
            retry_after: retry_after(response.headers(), now),
        };
    }
    if status.is_success() && is_xml(response.body()) {
        return Error::Protocol {
            context,
            what: "the answer is not the XML that SOAP has, or was cut off".to_owned(),
        };
    }
    let advice = match status {
        StatusCode::NOT_FOUND => {
            "nothing answers at this address: check base_url and the path of the SOAP service"
        }
        StatusCode::FORBIDDEN => {
            "access is forbidden: check that the API user may call web services, and that no proxy stands in between"
        }
        _ => {
            "the answer does not come from X3's SOAP service: check base_url; a proxy or a log-in page may stand in between"
        }
    };
    Error::WrongService {
        context,
        advice: advice.to_owned(),
        detail,
    }
}

/// A fault says that X3 did not get to an answer, and not how far it got.
fn faulted(fault: &Element, context: Box<crate::error::CallContext>) -> Error {
    let text = find(fault, "faultstring").map_or("", |(_, text)| text.text.trim());
    if let Some(advice) = set_up_fault(text) {
        let mut context = context;
        context.may_have_been_applied = false;
        return Error::WrongService {
            context,
            advice: advice.to_owned(),
            detail: snippet(text.as_bytes()),
        };
    }
    Error::Failed {
        context,
        messages: vec![snippet(text.as_bytes())],
        diagnoses: Vec::new(),
    }
}

fn refused(
    mut context: Box<crate::error::CallContext>,
    diagnoses: Vec<Diagnose>,
    writes: bool,
) -> Error {
    if !writes {
        let messages = diagnoses
            .iter()
            .map(|diagnose| diagnose.message.trim().to_owned())
            .collect();
        return Error::Failed {
            context,
            messages,
            diagnoses,
        };
    }
    context.may_have_been_applied = false;
    let error = RecordError {
        kind: RecordErrorKind::Refused,
        diagnoses,
        may_have_been_applied: false,
    };
    Error::Rejected {
        context,
        error: Box::new(error),
    }
}

/// The messages with their severities: 1 information, 2 warning, 3 error.
fn messages(answer: &Element) -> Vec<Diagnose> {
    let mut found = Vec::new();
    collect_messages(answer, &mut found);
    found
}

fn collect_messages(element: &Element, found: &mut Vec<Diagnose>) {
    for child in &element.children {
        match (child.child("message"), child.child("type")) {
            (Some(message), kind) => found.push(Diagnose {
                severity: match kind.map(|kind| kind.text.trim()) {
                    Some("1") => Severity::Info,
                    Some("2") => Severity::Warning,
                    Some("4") => Severity::Fatal,
                    _ => Severity::Error,
                },
                message: message.text.trim().to_owned(),
                path: Vec::new(),
            }),
            (None, _) if child.name == "messages" => collect_messages(child, found),
            (None, _) => {}
        }
    }
}

/// The first element of this name and its parent.
fn find<'a>(element: &'a Element, name: &str) -> Option<(&'a Element, &'a Element)> {
    element.children.iter().find_map(|child| {
        if child.name == name {
            Some((element, child))
        } else {
            find(child, name)
        }
    })
}

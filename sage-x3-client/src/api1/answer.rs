//! From an HTTP answer to a record, or to an error that says what to do.

use bytes::Bytes;
use client_core::{DecodeError, decode_json, retry_after};
use http::{StatusCode, header::LOCATION};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use tracing::warn;

use super::{columns::Identity, key::Key, repair::repair_backslashes};
use crate::{
    auth::Refusal,
    client::Exchanged,
    diagnose::{Diagnose, Severity, null_as_default},
    error::{Error, RecordError, RecordErrorKind},
    graphql::{execute::looks_like_json, snippet},
};

/// What `api1` answered, and what there is to know beside.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Api1Answer<T> {
    /// The answer.
    pub value: T,
    /// Key of the record, as far as X3 gives one.
    pub key: Option<Key>,
    /// Remarks of X3 that are no failures.
    pub diagnoses: Vec<Diagnose>,
    /// Stray backslashes that had to be repaired before the answer could be read.
    pub repaired: usize,
    /// Attempts made.
    pub attempts: u32,
}

impl<T> Api1Answer<T> {
    pub(super) fn map<U>(self, f: impl FnOnce(T) -> U) -> Api1Answer<U> {
        Api1Answer {
            value: f(self.value),
            key: self.key,
            diagnoses: self.diagnoses,
            repaired: self.repaired,
            attempts: self.attempts,
        }
    }
}

/// An entry of `$diagnoses`. A severity that is unknown or missing counts as an error: silence must not pass for success.
/// Source: reference sage-x3 section 4.4.
#[derive(Debug, Deserialize)]
pub(super) struct WireDiagnose {
    #[serde(rename = "$severity", default, deserialize_with = "null_as_default")]
    severity: String,
    #[serde(rename = "$message", default, deserialize_with = "null_as_default")]
    message: String,
}

impl From<WireDiagnose> for Diagnose {
    fn from(wire: WireDiagnose) -> Self {
        Self {
            severity: match wire.severity.to_ascii_lowercase().as_str() {
                "info" | "information" | "success" => Severity::Info,
                "warning" => Severity::Warning,
                "fatal" => Severity::Fatal,
                _ => Severity::Error,
            },
            message: wire.message,
            path: Vec::new(),
        }
    }
}

pub(super) fn diagnoses<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Diagnose>, D::Error> {
    let wire: Option<Vec<WireDiagnose>> = Deserialize::deserialize(deserializer)?;
    Ok(wire.into_iter().flatten().map(Into::into).collect())
}

#[derive(Debug, Default, Deserialize)]
struct Remarks {
    #[serde(rename = "$diagnoses", default, deserialize_with = "diagnoses")]
    diagnoses: Vec<Diagnose>,
}

/// A body that was decoded, after repair if it needed one.
#[derive(Debug)]
pub(super) struct Decoded<T> {
    pub(super) value: T,
    pub(super) repaired: usize,
    /// The text that was decoded.
    pub(super) body: Bytes,
}

/// Decodes `body`, repairing stray backslashes only when it cannot be read as it is.
pub(super) fn decode<T: DeserializeOwned>(
    operation: &'static str,
    body: &Bytes,
) -> Result<Decoded<T>, DecodeError> {
    let error = match decode_json(body) {
        Ok(value) => {
            return Ok(Decoded {
                value,
                repaired: 0,
                body: body.clone(),
            });
        }
        Err(error) => error,
    };
    let Some((body, repaired)) = repair_backslashes(body) else {
        return Err(error);
    };
    let value = decode_json(&body)?;
    warn!(
        x3.operation = operation,
        repaired, "X3's answer holds backslashes that begin no escape: they were taken literally"
    );
    Ok(Decoded {
        value,
        repaired,
        body,
    })
}

/// X3's own words for "there is no such record": messages begin with their number. Source: reference sage-x3 section 4.3.
pub(super) fn says_missing(diagnoses: &[Diagnose]) -> bool {
    diagnoses.iter().any(|diagnose| {
        let text = diagnose.message.trim_start();
        let end = text
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(text.len());
        &text[..end] == "721"
    })
}

/// Sees to it that the answer is a success: a status of 2xx, JSON, and no diagnose that is graver than a warning.
///
/// # Errors
/// What X3 said otherwise. `writes` says whether a refusal concerns a record.
pub(super) fn successful(exchanged: Exchanged, writes: bool) -> Result<Exchanged, Error> {
    let Exchanged {
        response,
        context,
        now,
    } = &exchanged;
    let status = response.status();
    if status == StatusCode::UNAUTHORIZED {
        return Err(Error::Unauthorized {
            context: Box::new(context.clone()),
            refusal: Box::new(Refusal::read(response)),
        });
    }
    let is_json = looks_like_json(response.body());
    let remarks = is_json
        .then(|| decode::<Remarks>(context.operation, response.body()).ok())
        .flatten()
        .map(|decoded| decoded.value.diagnoses)
        .unwrap_or_default();
    let failures = remarks
        .iter()
        .any(|diagnose| diagnose.severity.is_failure());
    if status.is_success() && is_json && !failures {
        return Ok(exchanged);
    }
    // A delete may answer with nothing.
    if status == StatusCode::NO_CONTENT {
        return Ok(exchanged);
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        return Err(wrong_service(exchanged));
    }
    if failures {
        return Err(refused(&exchanged, remarks, writes));
    }
    let throttled = status == StatusCode::TOO_MANY_REQUESTS;
    if throttled || status == StatusCode::REQUEST_TIMEOUT || status.is_server_error() {
        return Err(Error::Unavailable {
            context: Box::new(context.clone()),
            detail: snippet(response.body()),
            retry_after: retry_after(response.headers(), *now),
        });
    }
    Err(wrong_service(exchanged))
}

/// X3 works on the request and says no.
fn refused(exchanged: &Exchanged, diagnoses: Vec<Diagnose>, writes: bool) -> Error {
    let mut context = Box::new(exchanged.context.clone());
    if !writes {
        let messages = diagnoses
            .iter()
            .filter(|diagnose| diagnose.severity.is_failure())
            .map(|diagnose| diagnose.message.trim().to_owned())
            .collect();
        return Error::Failed {
            context,
            messages,
            diagnoses,
        };
    }
    let status = exchanged.response.status();
    let has_record = decode::<Identity>(context.operation, exchanged.response.body())
        .is_ok_and(|identity| identity.value.is_record);
    // An error beside a record, or out of a runtime that broke off, does not prove that nothing was written.
    context.may_have_been_applied &= status.is_server_error() || has_record;
    let kind = if says_missing(&diagnoses) {
        RecordErrorKind::NotFound
    } else {
        RecordErrorKind::Refused
    };
    let error = RecordError {
        kind,
        diagnoses,
        may_have_been_applied: context.may_have_been_applied,
    };
    Error::Rejected {
        context,
        error: Box::new(error),
    }
}

fn wrong_service(exchanged: Exchanged) -> Error {
    let status = exchanged.response.status();
    let endpoint = &exchanged.context.endpoint;
    let advice = match status {
        StatusCode::BAD_REQUEST => {
            "the server refuses the request: the representation must belong to the class and allow this use of it"
                .to_owned()
        }
        StatusCode::FORBIDDEN => {
            "access is forbidden: the API user needs rights to the class's function, and a login on this endpoint".to_owned()
        }
        StatusCode::NOT_FOUND => format!(
            "the class, the endpoint `{endpoint}` or the record is not there: check the class's name, and that the endpoint \
             is named as in Administration > Endpoints"
        ),
        StatusCode::METHOD_NOT_ALLOWED => {
            "the class cannot be written through api1: standard classes are read-only, a class of the site's own is needed"
                .to_owned()
        }
        status if status.is_redirection() => {
            "the server sends us elsewhere, probably to a log-in page: check base_url (scheme, host and port)".to_owned()
        }
        _ => "the answer does not come from X3's api1: check base_url; a proxy or a log-in page may stand in between"
            .to_owned(),
    };
    Error::WrongService {
        detail: snippet(exchanged.response.body()),
        context: Box::new(exchanged.context),
        advice,
    }
}

pub(super) fn undecodable(exchanged: &Exchanged, source: DecodeError) -> Error {
    Error::Decode {
        context: Box::new(exchanged.context.clone()),
        source,
    }
}

/// Reads the one record, or the one document, of an answer.
pub(super) fn single<T: DeserializeOwned>(
    exchanged: Exchanged,
    writes: bool,
) -> Result<Api1Answer<T>, Error> {
    let exchanged = successful(exchanged, writes)?;
    let operation = exchanged.context.operation;
    let remarks: Decoded<Remarks> = decode(operation, exchanged.response.body())
        .map_err(|error| undecodable(&exchanged, error))?;
    let body = &remarks.body;
    let value = decode_json(body).map_err(|error| undecodable(&exchanged, error))?;
    let named = decode_json::<Identity>(body)
        .ok()
        .and_then(|identity| Key::parse(&identity.key?).ok());
    Ok(Api1Answer {
        value,
        key: named.or_else(|| located(&exchanged)),
        diagnoses: remarks.value.diagnoses,
        repaired: remarks.repaired,
        attempts: exchanged.context.attempts,
    })
}

/// Whether anything of a record stands in the body.
pub(super) fn holds_record(exchanged: &Exchanged) -> bool {
    decode::<Identity>(exchanged.context.operation, exchanged.response.body())
        .is_ok_and(|identity| identity.value.is_record)
}

/// The key in `Location: .../CLASS('KEY')`.
fn located(exchanged: &Exchanged) -> Option<Key> {
    let location = exchanged.response.headers().get(LOCATION)?.to_str().ok()?;
    let location = percent_decode_str(location).decode_utf8().ok()?;
    let (_, rest) = location.rsplit_once("('")?;
    let (key, _) = rest.rsplit_once("')")?;
    Key::parse(&key.replace("''", "'")).ok()
}

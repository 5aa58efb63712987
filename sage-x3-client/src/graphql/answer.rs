//! From an HTTP answer to data, or to an error that says what to do.

use bytes::Bytes;
use client_core::{Answer, Response, decode_json, retry_after};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{execute::looks_like_json, snippet};
use crate::{
    auth::Refusal,
    diagnose::{
        Diagnose, Extensions, GraphqlError, OperationRefusal, PathSegment, display_path,
        null_as_default, operation_refusal,
    },
    error::{CallContext, Error},
};

/// A GraphQL answer whose data has not been judged.
#[derive(Debug)]
pub(crate) struct Parsed<T> {
    pub(crate) data: Option<T>,
    pub(crate) errors: Vec<GraphqlError>,
    pub(crate) diagnoses: Vec<Diagnose>,
    pub(crate) context: CallContext,
    /// Kept to look up what stands at an error's path.
    body: Bytes,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
struct Envelope<T> {
    data: Option<T>,
    #[serde(default, deserialize_with = "null_as_default")]
    errors: Vec<GraphqlError>,
    #[serde(default, deserialize_with = "null_as_default")]
    extensions: Extensions,
}

/// What kind of answer to expect.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked<'a> {
    /// Whether the request could change anything.
    pub(crate) writes: bool,
    /// The node's type and the operation on it, if the document ran one alone.
    pub(crate) about: Option<(&'a str, &'a str)>,
}

/// Reads an answer. `context` and `asked` say what was asked.
///
/// # Errors
/// When the answer does not come from X3's GraphQL service, refuses the credential or the document, or cannot be read.
pub(crate) fn parse<T: DeserializeOwned>(
    answer: Answer,
    mut context: CallContext,
    asked: Asked<'_>,
    now: Timestamp,
) -> Result<Parsed<T>, Error> {
    let Answer {
        response,
        attempts,
        earlier_attempt_may_have_been_applied,
    } = answer;
    context.status = Some(response.status());
    context.attempts = attempts;
    context.may_have_been_applied = asked.writes
        && (earlier_attempt_may_have_been_applied || may_have_acted(response.status()));
    if response.status() != StatusCode::OK {
        return Err(refused(&response, context, asked, now));
    }
    if !looks_like_json(response.body()) {
        return Err(not_graphql(&response, context));
    }
    let envelope: Envelope<T> = match decode_json(response.body()) {
        Ok(envelope) => envelope,
        Err(source) => return Err(undecodable(&response, context, source)),
    };
    if envelope.data.is_none() && envelope.errors.is_empty() {
        let what = "the answer has neither data nor errors".to_owned();
        return Err(Error::Protocol {
            context: Box::new(context),
            what,
        });
    }
    Ok(Parsed {
        data: envelope.data,
        errors: envelope.errors,
        diagnoses: envelope.extensions.diagnoses,
        context,
        body: response.into_body(),
    })
}

/// Whether a write that was answered with `status` may have been done.
pub(crate) fn may_have_acted(status: StatusCode) -> bool {
    status.is_success() || status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT
}

fn refused(response: &Response, context: CallContext, asked: Asked<'_>, now: Timestamp) -> Error {
    let context = Box::new(context);
    let status = response.status();
    if status == StatusCode::UNAUTHORIZED {
        return Error::Unauthorized {
            context,
            refusal: Box::new(Refusal::read(response)),
        };
    }
    if let Some(messages) = error_messages(response) {
        // Not a fault of the document: the service does not know where to send it.
        if status.is_client_error()
            && messages
                .iter()
                .any(|message| message.to_lowercase().contains("endpoint"))
        {
            return not_graphql(response, *context);
        }
        return refused_document(context, asked, messages);
    }
    if status == StatusCode::TOO_MANY_REQUESTS
        || status.is_server_error()
        || status == StatusCode::REQUEST_TIMEOUT
    {
        let retry_after = retry_after(response.headers(), now);
        return Error::Unavailable {
            context,
            detail: snippet(response.body()),
            retry_after,
        };
    }
    not_graphql(response, *context)
}

fn not_graphql(response: &Response, context: CallContext) -> Error {
    let status = response.status();
    let endpoint = &context.endpoint;
    let advice = if status == StatusCode::NOT_FOUND {
        "nothing answers at this address: check base_url, and that the service X3 Services (Xtrem) is installed, started \
         and reachable through Syracuse"
            .to_owned()
    } else if status == StatusCode::FORBIDDEN {
        "access is forbidden: check that the API user may use GraphQL and that no proxy stands in between".to_owned()
    } else if status == StatusCode::BAD_REQUEST {
        format!(
            "the server refuses the request: check that `{endpoint}` is the name of a Syracuse endpoint (Administration > \
             Endpoints), which is not always the folder's code"
        )
    } else if status.is_redirection() {
        "the server sends us elsewhere, probably to a log-in page: check base_url (scheme, host and port)".to_owned()
    } else {
        format!(
            "the answer does not come from X3's GraphQL service: check base_url and the endpoint name `{endpoint}`; a proxy \
             or a log-in page may stand in between"
        )
    };
    Error::NotGraphql {
        context: Box::new(context),
        advice,
        detail: snippet(response.body()),
    }
}

/// `errors[].message` of a body that has them.
fn error_messages(response: &Response) -> Option<Vec<String>> {
    let envelope: Envelope<serde::de::IgnoredAny> = decode_json(response.body()).ok()?;
    let messages: Vec<String> = envelope
        .errors
        .into_iter()
        .map(|error| error.message)
        .collect();
    Some(messages).filter(|messages| !messages.is_empty())
}

/// A document that was refused before it ran.
fn refused_document(
    mut context: Box<CallContext>,
    asked: Asked<'_>,
    messages: Vec<String>,
) -> Error {
    if context.status == Some(StatusCode::BAD_REQUEST) {
        context.may_have_been_applied = false;
    }
    if let Some(refusal) = messages
        .iter()
        .find_map(|message| operation_refusal(message))
    {
        return refusal_error(context, refusal, &messages);
    }
    if let Some((node, operation)) = missing_operation(asked, &messages) {
        return Error::NotActivated {
            context,
            node,
            operation,
        };
    }
    if !messages.iter().any(|message| speaks_of_the_schema(message)) {
        let diagnoses = Vec::new();
        return Error::Failed {
            context,
            messages,
            diagnoses,
        };
    }
    let advice = if messages.iter().any(|message| names_a_root(message)) {
        "The root's name belongs to another generation: set it to Gen2 for releases up to 2023 R2, to Gen3 from 2024 R1; \
         or its package is not installed"
    } else {
        "Check the generation, the names of the site's own fields and the stamp field against the site's release"
    };
    let advice = if messages
        .iter()
        .any(|message| message.contains("salesOrderLines"))
    {
        "Sales orders call their lines otherwise here: set SiteConfig::sales_order_lines"
    } else {
        advice
    };
    Error::SchemaMismatch {
        context,
        messages,
        advice: advice.to_owned(),
    }
}

/// A mutation that is not activated does not exist in the schema: `Cannot query field "create" on type ...`.
fn missing_operation(asked: Asked<'_>, messages: &[String]) -> Option<(String, String)> {
    let (node, operation) = asked.about.filter(|_| asked.writes)?;
    let field = |name: &str| format!("Cannot query field \"{name}\"").to_lowercase();
    // A node without an activated mutation has no place among the mutations either.
    let (operation_missing, node_missing) = (field(operation), field(node));
    messages
        .iter()
        .map(|message| message.to_lowercase())
        .any(|message| {
            message.starts_with(&operation_missing)
                || message.starts_with(&node_missing)
                || message.contains("not configured for mutations")
        })
        .then(|| (node.to_owned(), operation.to_owned()))
}

/// Whether a message is about a package: `Cannot query field "x3Sales" on type "Query"`.
fn names_a_root(message: &str) -> bool {
    let name = message.split('"').nth(1).unwrap_or_default();
    let rest = name.strip_prefix("xtrem").unwrap_or(name);
    rest.strip_prefix(['x', 'X'])
        .and_then(|rest| rest.strip_prefix('3'))
        .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_uppercase()))
}

fn speaks_of_the_schema(message: &str) -> bool {
    [
        "Cannot query field",
        "Unknown argument",
        "must not have a selection",
        "Unknown type",
        "Unknown field",
        "is not defined by type",
        "Syntax Error",
        "Variable ",
    ]
    .iter()
    .any(|phrase| message.contains(phrase))
}

fn refusal_error(
    context: Box<CallContext>,
    refusal: OperationRefusal,
    messages: &[String],
) -> Error {
    match refusal {
        OperationRefusal::NotActivated { node, operation } => Error::NotActivated {
            context,
            node,
            operation,
        },
        OperationRefusal::NotAllowed { node, operation } => Error::NotAllowed {
            context,
            node,
            operation,
            message: messages.join(" "),
        },
    }
}

/// Data of an unexpected shape beside errors: the errors explain it better than the place where decoding stopped.
fn undecodable(
    response: &Response,
    context: CallContext,
    source: client_core::DecodeError,
) -> Error {
    match error_messages(response) {
        Some(messages) => {
            let diagnoses = Vec::new();
            Error::Failed {
                context: Box::new(context),
                messages,
                diagnoses,
            }
        }
        None => Error::Decode {
            context: Box::new(context),
            source,
        },
    }
}

impl<T> Parsed<T> {
    /// The data of a read, which must be complete: an error that left a hole in it, or is grave, makes it worthless.
    ///
    /// # Errors
    /// [`Error::NotActivated`], [`Error::NotAllowed`], [`Error::PartialData`] or [`Error::Failed`].
    pub(crate) fn complete(self) -> Result<(T, Vec<Diagnose>, CallContext), Error> {
        let holes: Vec<&GraphqlError> = self
            .errors
            .iter()
            .filter(|error| error.severity().is_failure() || self.is_null_at(&error.path))
            .collect();
        if !holes.is_empty() {
            let paths = holes
                .iter()
                .map(|error| display_path(&error.path))
                .filter(|path| !path.is_empty())
                .collect();
            let messages = holes.iter().map(|error| error.message.clone()).collect();
            return Err(self.failed(paths, messages));
        }
        match self.data {
            Some(data) => {
                let mut diagnoses: Vec<Diagnose> = self
                    .errors
                    .into_iter()
                    .flat_map(GraphqlError::into_diagnoses)
                    .collect();
                diagnoses.extend(self.diagnoses);
                Ok((data, diagnoses, self.context))
            }
            None => Err(self.failed(Vec::new(), vec!["the answer holds no data".to_owned()])),
        }
    }

    fn failed(self, paths: Vec<String>, messages: Vec<String>) -> Error {
        let has_data = self.data.is_some();
        let context = Box::new(self.context);
        if let Some(refusal) = self
            .errors
            .iter()
            .find_map(|error| operation_refusal(&error.message))
        {
            return refusal_error(context, refusal, &messages);
        }
        if has_data && !paths.is_empty() {
            return Error::PartialData {
                context,
                paths,
                messages,
            };
        }
        let diagnoses = self
            .errors
            .into_iter()
            .flat_map(GraphqlError::into_diagnoses)
            .collect();
        Error::Failed {
            context,
            messages,
            diagnoses,
        }
    }

    /// Whether nothing stands at `path` of the data. An error without a path tells nothing about a place.
    fn is_null_at(&self, path: &[PathSegment]) -> bool {
        if path.is_empty() {
            return self.data.is_none();
        }
        // Values pass through floating point here, which does not matter: only null is looked for.
        let Ok(answer) = serde_json::from_slice::<serde_json::Value>(&self.body) else {
            return true;
        };
        let mut at = &answer["data"];
        for segment in path {
            at = match segment {
                PathSegment::Name(name) => &at[name.as_str()],
                PathSegment::Index(index) => &at[usize::try_from(*index).unwrap_or(usize::MAX)],
            };
        }
        at.is_null()
    }
}

/// The answer to a document of the caller's own.
#[derive(Debug)]
#[non_exhaustive]
pub struct GraphqlAnswer {
    /// `data` as it came, every digit kept. May hold nulls where `errors` tell why.
    pub data: Option<Box<RawValue>>,
    /// `errors`. Not empty does not mean failure: see [`is_success`](Self::is_success).
    pub errors: Vec<GraphqlError>,
    /// `extensions.diagnoses` of the whole answer: X3's remarks after a mutation.
    pub diagnoses: Vec<Diagnose>,
    /// Attempts made.
    pub attempts: u32,
}

impl GraphqlAnswer {
    pub(crate) fn new(parsed: Parsed<Box<RawValue>>) -> Self {
        Self {
            data: parsed.data,
            errors: parsed.errors,
            diagnoses: parsed.diagnoses,
            attempts: parsed.context.attempts,
        }
    }

    /// Whether there is data and no error graver than a warning. A document that X3 wrote with remarks is a success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.data.is_some()
            && !self
                .errors
                .iter()
                .any(|error| error.severity().is_failure())
    }

    /// The error that an answer which is no success stands for.
    pub(crate) fn into_error(self, context: CallContext) -> Error {
        let mut context = Box::new(context);
        let messages: Vec<String> = self
            .errors
            .iter()
            .map(|error| error.message.clone())
            .collect();
        if let Some(refusal) = messages
            .iter()
            .find_map(|message| operation_refusal(message))
        {
            context.may_have_been_applied = false;
            return refusal_error(context, refusal, &messages);
        }
        let diagnoses = self
            .errors
            .into_iter()
            .flat_map(GraphqlError::into_diagnoses)
            .chain(self.diagnoses)
            .collect();
        Error::Failed {
            context,
            messages,
            diagnoses,
        }
    }

    /// Decodes `data`.
    ///
    /// # Errors
    /// [`client_core::DecodeError`] naming the place; also when there is no data.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, client_core::DecodeError> {
        decode_json(
            self.data
                .as_ref()
                .map_or("null", |data| data.get())
                .as_bytes(),
        )
    }
}

#[cfg(test)]
mod tests;

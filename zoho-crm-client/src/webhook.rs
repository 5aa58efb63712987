//! Calls that Zoho makes to the URL of a notification channel (reference: Zoho v8 section 5.4, read 2026-11), and to that
//! of a bulk job.
//!
//! A call only names records that changed. It is not signed, may come late, twice, out of order or not at all: take it
//! as a hint to look, never as the truth.

mod bulk_job;

use std::{collections::BTreeMap, fmt};

use client_core::{DecodeError, decode_json};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use subtle::ConstantTimeEq;

pub use self::bulk_job::{BulkJobCall, BulkJobKind};
use crate::names::{ChannelId, FieldName, ModuleName, RecordId};

/// Tells true calls of one channel from forged ones, and reads them.
#[derive(Clone, Debug)]
pub struct WebhookVerifier {
    channel_id: ChannelId,
    token: SecretString,
    max_bytes: usize,
}

/// A call: some records of a module changed.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notification {
    /// The module.
    pub module: ModuleName,
    /// What happened.
    pub operation: Operation,
    /// To which records; often one, after an import or mass update many.
    pub ids: Vec<RecordId>,
    /// By which channel.
    pub channel_id: ChannelId,
    /// When Zoho made the call, in milliseconds.
    pub server_time: Option<Timestamp>,
    /// Query parameters of the channel's URL.
    pub query_params: BTreeMap<String, String>,
    /// Which fields changed, by record, where Zoho says.
    pub affected_fields: BTreeMap<RecordId, Vec<FieldName>>,
}

/// What happened to the records of a [`Notification`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Operation {
    /// They were created.
    Insert,
    /// They were changed.
    Update,
    /// They were deleted.
    Delete,
    /// A word that this version does not know.
    #[serde(untagged)]
    Other(String),
}

/// Why a call was not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// The body is larger than allowed. Answer 413.
    #[error("the call has {length} bytes, more than the {limit} that are allowed")]
    TooLarge {
        /// Its size.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// The body is no notification. Answer 400.
    #[error("the call is no Zoho notification")]
    Malformed(#[source] DecodeError),
    /// It is of another channel. Answer 401, or try the verifier of that channel.
    #[error("the call is not of this channel")]
    WrongChannel,
    /// It does not know the channel's token: forged. Answer 401.
    #[error("the call does not carry the token of this channel")]
    WrongToken,
}

impl WebhookVerifier {
    /// Largest body accepted unless [`max_bytes`](Self::max_bytes) says otherwise: 1 MiB, some 40,000 ids.
    pub const DEFAULT_MAX_BYTES: usize = 1024 * 1024;

    /// A verifier of the channel `channel_id` that was enabled with `token`.
    #[must_use]
    pub fn new(channel_id: ChannelId, token: SecretString) -> Self {
        Self {
            channel_id,
            token,
            max_bytes: Self::DEFAULT_MAX_BYTES,
        }
    }

    /// Refuses bodies of more than `bytes` bytes.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Checks and reads the body of a call. Tokens are compared in constant time.
    ///
    /// # Errors
    /// [`WebhookError`]: do not act on the call.
    pub fn parse(&self, body: &[u8]) -> Result<Notification, WebhookError> {
        if body.len() > self.max_bytes {
            return Err(WebhookError::TooLarge {
                length: body.len(),
                limit: self.max_bytes,
            });
        }
        let call: Call = decode_json(body).map_err(WebhookError::Malformed)?;
        if !same(call.channel_id.as_str(), self.channel_id.as_str()) {
            return Err(WebhookError::WrongChannel);
        }
        // Exposes the secret: to compare it.
        let token = call.token.as_ref().map_or("", ExposeSecret::expose_secret);
        if !same(token, self.token.expose_secret()) {
            return Err(WebhookError::WrongToken);
        }
        Ok(Notification {
            module: call.module,
            operation: call.operation,
            ids: call.ids,
            channel_id: call.channel_id,
            server_time: call.server_time.map(|ServerTime(time)| time),
            query_params: texts(call.query_params),
            affected_fields: call
                .affected_fields
                .unwrap_or_default()
                .into_iter()
                .flatten()
                .collect(),
        })
    }
}

impl fmt::Debug for Notification {
    /// Leaves out the query parameters: an unguessable URL has its secret there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notification")
            .field("module", &self.module)
            .field("operation", &self.operation)
            .field("ids", &self.ids)
            .field("channel_id", &self.channel_id)
            .field("server_time", &self.server_time)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Call {
    module: ModuleName,
    operation: Operation,
    ids: Vec<RecordId>,
    channel_id: ChannelId,
    token: Option<SecretString>,
    server_time: Option<ServerTime>,
    query_params: Option<BTreeMap<String, Value>>,
    affected_fields: Option<Vec<BTreeMap<RecordId, Vec<FieldName>>>>,
}

struct ServerTime(Timestamp);

impl<'de> Deserialize<'de> for ServerTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let millis = match Value::deserialize(deserializer)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        millis
            .and_then(|millis| Timestamp::from_millisecond(millis).ok())
            .map(Self)
            .ok_or_else(|| de::Error::custom("not a time in milliseconds since 1970"))
    }
}

fn texts(params: Option<BTreeMap<String, Value>>) -> BTreeMap<String, String> {
    let params = params.unwrap_or_default().into_iter();
    params
        .map(|(name, value)| match value {
            Value::String(text) => (name, text),
            other => (name, other.to_string()),
        })
        .collect()
}

fn same(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Key set as documented, values ours.
    const CALL: &str = r#"{"server_time":1788123456789,"query_params":{"tenant":"42","secret":"s-9"},"module":"Accounts",
        "resource_uri":"https://www.zohoapis.com/crm/v2/Accounts","ids":["5725767000000524157","5725767000000524158"],
        "operation":"update","channel_id":"1000000068001","token":"t-123",
        "affected_fields":[{"5725767000000524157":["Phone","Website"]}],
        "affected_values":[{"record_id":"5725767000000524157","values":{"Phone":"+41 44 000 00 00","Website":null}}]}"#;

    fn verifier() -> WebhookVerifier {
        WebhookVerifier::new(ChannelId::from(1_000_000_068_001), "t-123".into())
    }

    #[test]
    fn a_true_call_names_the_records() {
        let call = verifier().parse(CALL.as_bytes()).unwrap();
        assert_eq!(call.module, "Accounts");
        assert_eq!(call.operation, Operation::Update);
        assert_eq!(call.ids.len(), 2);
        assert_eq!(
            call.server_time.unwrap().as_millisecond(),
            1_788_123_456_789
        );
        assert_eq!(call.query_params["tenant"], "42");
        let fields = &call.affected_fields["5725767000000524157"];
        assert_eq!(fields[1], "Website");
    }

    #[test]
    fn unknown_words_and_missing_keys_do_not_stop_a_hint() {
        let call = r#"{"module":"Accounts","operation":"restore","ids":[5725767000000524157],"channel_id":1000000068001,"token":"t-123","affected_fields":null}"#;
        let call = verifier().parse(call.as_bytes()).unwrap();
        assert_eq!(call.operation, Operation::Other("restore".to_owned()));
        assert_eq!(call.ids[0], "5725767000000524157");
    }

    #[test]
    fn forged_calls_are_refused() {
        for (from, to) in [
            (r#""token":"t-123""#, r#""token":"t-124""#),
            (r#""token":"t-123""#, r#""token":"t-12""#),
            (r#""token":"t-123""#, r#""token":"""#),
            (r#""token":"t-123""#, r#""token":null"#),
            (r#""token":"t-123","#, ""),
        ] {
            let error = verifier()
                .parse(CALL.replace(from, to).as_bytes())
                .unwrap_err();
            assert!(matches!(error, WebhookError::WrongToken), "{to}");
        }
        let other = CALL.replace("1000000068001", "1000000068002");
        assert!(matches!(
            verifier().parse(other.as_bytes()),
            Err(WebhookError::WrongChannel)
        ));
    }

    #[test]
    fn rubbish_and_floods_are_refused() {
        for body in ["", "{}", "[]", "<html>", r#"{"module":1}"#] {
            assert!(matches!(
                verifier().parse(body.as_bytes()),
                Err(WebhookError::Malformed(_))
            ));
        }
        let small = verifier().max_bytes(100);
        assert!(matches!(
            small.parse(CALL.as_bytes()),
            Err(WebhookError::TooLarge { limit: 100, .. })
        ));
    }

    #[test]
    fn debug_output_hides_secrets() {
        let call = verifier().parse(CALL.as_bytes()).unwrap();
        let text = format!("{call:?}{:?}", verifier());
        assert!(!text.contains("s-9") && !text.contains("t-123"), "{text}");
    }
}

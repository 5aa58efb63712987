//! What X3 says beside an answer.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// How grave a message is. Only [`Error`](Self::Error) and [`Fatal`](Self::Fatal) mean failure: X3 also fills
/// `errors[]` with remarks on documents that it did create. Source: reference sage-x3 section 3.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// 1: for information.
    Info,
    /// 2: done, with a remark.
    Warning,
    /// 3: not done.
    Error,
    /// 4: not done.
    Fatal,
}

impl Severity {
    /// Whether the operation failed.
    #[must_use]
    pub fn is_failure(self) -> bool {
        self >= Self::Error
    }
}

impl<'de> Deserialize<'de> for Severity {
    /// A number that is unknown, or no number at all, is taken as an error: silence must not pass for success.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(
            match serde_json::Value::deserialize(deserializer)?.as_i64() {
                Some(0 | 1) => Self::Info,
                Some(2) => Self::Warning,
                Some(4) => Self::Fatal,
                _ => Self::Error,
            },
        )
    }
}

/// One message of X3. Its text is in the API user's language and not stable: decide on the severity, never on the text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Diagnose {
    /// How grave it is.
    #[serde(default = "unstated")]
    pub severity: Severity,
    /// What X3 says; may hold several lines.
    #[serde(default)]
    pub message: String,
    /// What it is about, as far as X3 says.
    #[serde(default, deserialize_with = "null_as_default")]
    pub path: Vec<PathSegment>,
}

fn unstated() -> Severity {
    Severity::Error
}

impl fmt::Display for Diagnose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.trim())
    }
}

/// One step of a path into an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(untagged)]
pub enum PathSegment {
    /// An item of a list.
    Index(u64),
    /// A member of an object, by its alias if it has one.
    Name(String),
}

impl PathSegment {
    /// The name, if it is one.
    #[must_use]
    pub fn as_name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Index(_) => None,
        }
    }
}

/// A path as people read it: `x3MasterData.customer.query.edges[3].node`.
pub(crate) fn display_path(path: &[PathSegment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            PathSegment::Index(index) => text.push_str(&format!("[{index}]")),
            PathSegment::Name(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
        }
    }
    text
}

/// An entry of `errors[]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphqlError {
    /// What X3 says.
    pub message: String,
    /// Where in the answer, if X3 says so.
    pub path: Vec<PathSegment>,
    /// The messages that belong to it.
    pub diagnoses: Vec<Diagnose>,
    /// Code of the framework, where it gives one.
    pub code: Option<String>,
}

impl GraphqlError {
    /// The gravest of its diagnoses; [`Severity::Error`] without any.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.diagnoses
            .iter()
            .map(|diagnose| diagnose.severity)
            .max()
            .unwrap_or(Severity::Error)
    }

    /// Its diagnoses, or its message as one.
    pub(crate) fn into_diagnoses(self) -> Vec<Diagnose> {
        if self.diagnoses.is_empty() {
            let severity = self.severity();
            return vec![Diagnose {
                severity,
                message: self.message,
                path: self.path,
            }];
        }
        self.diagnoses
    }
}

impl<'de> Deserialize<'de> for GraphqlError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default, deserialize_with = "null_as_default")]
            message: String,
            #[serde(default, deserialize_with = "null_as_default")]
            path: Vec<PathSegment>,
            #[serde(default, deserialize_with = "null_as_default")]
            extensions: Extensions,
        }
        let wire = Wire::deserialize(deserializer)?;
        Ok(Self {
            message: wire.message,
            path: wire.path,
            diagnoses: wire.extensions.diagnoses,
            code: wire.extensions.code,
        })
    }
}

/// The `extensions` member of an answer or of an error.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Extensions {
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) diagnoses: Vec<Diagnose>,
    #[serde(default)]
    pub(crate) code: Option<String>,
}

pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// An operation that X3 refuses to run at all, whatever the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OperationRefusal {
    /// `<Node>.<operation>` is not activated.
    NotActivated { node: String, operation: String },
    /// The user has no right to `<Node>.<operation>`.
    NotAllowed { node: String, operation: String },
}

/// Operations that a message may name.
const OPERATIONS: [&str; 11] = [
    "query",
    "read",
    "readAggregate",
    "queryAggregate",
    "create",
    "update",
    "delete",
    "lookups",
    "getDefaults",
    "getDuplicate",
    "search",
];

/// Reads "`Customer.create` is not activated ..." and "You do not have rights ... `Customer.create`". The texts are
/// localised, the operation's name is not: a refusal in a language that is not known here counts as a lack of rights,
/// whose explanation names both causes. Source: reference sage-x3 section 3.10.
pub(crate) fn operation_refusal(message: &str) -> Option<OperationRefusal> {
    let (node, operation) = message
        .split(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_')))
        .filter_map(|word| word.trim_matches('.').split_once('.'))
        .find(|(node, operation)| {
            node.starts_with(|letter: char| letter.is_ascii_uppercase())
                && OPERATIONS.contains(operation)
        })?;
    let (node, operation) = (node.to_owned(), operation.to_owned());
    let lower = message.to_lowercase();
    let speaks_of_activation = [
        "not activated",
        "pas activé",
        "nicht aktiviert",
        "no está activad",
        "non è attivat",
        "não está ativad",
    ]
    .iter()
    .any(|phrase| lower.contains(phrase));
    Some(if speaks_of_activation {
        OperationRefusal::NotActivated { node, operation }
    } else {
        OperationRefusal::NotAllowed { node, operation }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_diagnose_decides() {
        let error: GraphqlError = serde_json::from_str(
            r#"{"message":"m","path":["x3MasterData","customer","create"],
                "extensions":{"diagnoses":[{"severity":1,"message":"a"},{"severity":2,"message":"b","path":["currency"]}]}}"#,
        )
        .unwrap();
        assert_eq!(error.severity(), Severity::Warning);
        assert!(!error.severity().is_failure());
        assert_eq!(display_path(&error.path), "x3MasterData.customer.create");
    }

    #[test]
    fn an_error_without_diagnoses_or_with_an_unknown_severity_is_a_failure() {
        for text in [
            r#"{"message":"m"}"#,
            r#"{"message":"m","path":null,"extensions":null}"#,
            r#"{"message":"m","extensions":{"diagnoses":[{"severity":"bad","message":"a"}]}}"#,
            r#"{"message":"m","extensions":{"diagnoses":[{"severity":9}]}}"#,
            r#"{"message":"m","extensions":{"diagnoses":[{"message":"a"}]}}"#,
        ] {
            let error: GraphqlError = serde_json::from_str(text).unwrap();
            assert!(error.severity().is_failure(), "{text}");
        }
    }

    #[test]
    fn refused_operations_are_recognised_by_their_name() {
        assert_eq!(
            operation_refusal(
                "The operation `Customer.create` is not activated by the application configuration."
            ),
            Some(OperationRefusal::NotActivated {
                node: "Customer".into(),
                operation: "create".into()
            })
        );
        assert_eq!(
            operation_refusal(
                "You do not have rights to perform this operation. `CustomerAddress.query`"
            ),
            Some(OperationRefusal::NotAllowed {
                node: "CustomerAddress".into(),
                operation: "query".into()
            })
        );
        assert_eq!(
            operation_refusal("The customer NA001 exists already."),
            None
        );
        assert_eq!(operation_refusal("Please read. Then create."), None);
    }
}

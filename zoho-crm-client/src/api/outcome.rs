//! What became of each row of a write.

use std::{fmt, sync::Arc};

use client_core::{decode_json, decoded};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Failure, Received};
use crate::{
    api_error::{ApiError, code},
    error::Error,
    model::DateTime,
    names::{FieldName, RecordId},
};

/// A row that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The record's id; for a new record, the id that Zoho gave it.
    pub id: RecordId,
    /// What an upsert did. After a repetition `Update` may mean that the first attempt inserted.
    pub action: Option<WriteAction>,
    /// The field by which an upsert found the record.
    pub duplicate_field: Option<FieldName>,
    /// When the record was created. Whole seconds.
    pub created_time: Option<Timestamp>,
    /// When the record was modified: by this write. Whole seconds.
    pub modified_time: Option<Timestamp>,
}

/// What an upsert did with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WriteAction {
    /// A new record.
    Insert,
    /// A change to one that was there.
    Update,
}

/// A row that was not written, or may not have been.
#[derive(Clone, Debug)]
pub struct RecordError {
    cause: RecordErrorCause,
}

/// Why a row was not written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RecordErrorCause {
    /// Zoho looked at this row and refused it.
    Rejected(ApiError),
    /// The call that carried this row failed as a whole. Shared by all its rows.
    Call(Arc<Error>),
    /// The row was not sent, because a call before failed in a way that would befall this one too.
    NotSent(Arc<Error>),
}

impl RecordError {
    pub(super) fn new(cause: RecordErrorCause) -> Self {
        Self { cause }
    }

    /// Why.
    #[must_use]
    pub fn cause(&self) -> &RecordErrorCause {
        &self.cause
    }

    /// What Zoho said, if it said something of this row or its call.
    #[must_use]
    pub fn api_error(&self) -> Option<&ApiError> {
        match &self.cause {
            RecordErrorCause::Rejected(error) => Some(error),
            RecordErrorCause::Call(error) | RecordErrorCause::NotSent(error) => error.api_error(),
        }
    }

    /// Zoho's code, such as `MANDATORY_NOT_FOUND`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.api_error().map(ApiError::code)
    }

    /// What Zoho said, or what happened to the call.
    #[must_use]
    pub fn message(&self) -> String {
        match &self.cause {
            RecordErrorCause::Rejected(error) => error.message().to_owned(),
            RecordErrorCause::Call(error) | RecordErrorCause::NotSent(error) => error.to_string(),
        }
    }

    /// The field at fault.
    #[must_use]
    pub fn field(&self) -> Option<FieldName> {
        self.api_error().and_then(ApiError::field)
    }

    /// Where in the call's body, such as `$.data[0].Phone`.
    #[must_use]
    pub fn json_path(&self) -> Option<&str> {
        self.api_error().and_then(ApiError::json_path)
    }

    /// What the field should hold.
    #[must_use]
    pub fn expected(&self) -> Option<String> {
        self.api_error().and_then(ApiError::expected)
    }

    /// The record that already has the value, for `DUPLICATE_DATA`.
    #[must_use]
    pub fn duplicate_id(&self) -> Option<RecordId> {
        self.api_error().and_then(ApiError::duplicate_id)
    }

    /// Whether this row may succeed later without a person's help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match &self.cause {
            RecordErrorCause::Rejected(error) => error.is_retryable(),
            RecordErrorCause::Call(error) | RecordErrorCause::NotSent(error) => {
                error.is_retryable()
            }
        }
    }

    /// Whether the row may have been written all the same.
    #[must_use]
    pub fn may_have_been_applied(&self) -> bool {
        match &self.cause {
            RecordErrorCause::Rejected(error) => error.is_server_failure(),
            RecordErrorCause::Call(error) => error.may_have_been_applied(),
            RecordErrorCause::NotSent(_) => false,
        }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            RecordErrorCause::Rejected(error) => write!(f, "refused: {error}"),
            RecordErrorCause::Call(_) => f.write_str("the call that carried this row failed"),
            RecordErrorCause::NotSent(_) => f.write_str("not sent, because a call before failed"),
        }
    }
}

impl std::error::Error for RecordError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            RecordErrorCause::Rejected(_) => None,
            RecordErrorCause::Call(error) | RecordErrorCause::NotSent(error) => {
                Some(error.as_ref())
            }
        }
    }
}

/// One outcome for each row, in the order of the rows. A call that succeeded says nothing about its rows, so there is no
/// way to the written ones that passes by the failed ones.
///
/// ```
/// # use zoho_crm_client::{Error, PartialFailure, Record, ZohoClient};
/// # async fn write(zoho: ZohoClient, rows: Vec<Record>) -> Result<(), Box<dyn std::error::Error>> {
/// let outcomes = zoho.module("Accounts").update(rows).send().await?;
/// let written = outcomes.all_ok()?;
/// # let _ = written;
/// # Ok(())
/// # }
/// ```
///
/// Without the second line it does not compile where unused results are denied, which is what this type is for:
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// # use zoho_crm_client::{Error, PartialFailure, Record, ZohoClient};
/// # async fn write(zoho: ZohoClient, rows: Vec<Record>) -> Result<(), Box<dyn std::error::Error>> {
/// zoho.module("Accounts").update(rows).send().await?;
/// # Ok(())
/// # }
/// ```
///
/// Nor is there a list of the written rows alone:
///
/// ```compile_fail,E0277
/// # use zoho_crm_client::{Written, WriteOutcomes};
/// fn ids(outcomes: WriteOutcomes) -> Vec<Written> {
///     outcomes.into_rows().into_iter().collect()
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "some rows may have failed: look at each"]
pub struct WriteOutcomes {
    rows: Vec<Result<Written, RecordError>>,
}

impl WriteOutcomes {
    pub(super) fn new(rows: Vec<Result<Written, RecordError>>) -> Self {
        Self { rows }
    }

    /// The outcomes, by position.
    #[must_use = "some rows may have failed: look at each"]
    pub fn into_rows(self) -> Vec<Result<Written, RecordError>> {
        self.rows
    }

    /// The written rows, if that is all of them.
    ///
    /// # Errors
    /// [`PartialFailure`] with both kinds, when at least one row failed.
    pub fn all_ok(self) -> Result<Vec<Written>, PartialFailure> {
        if self.rows.iter().all(Result::is_ok) {
            return Ok(self.rows.into_iter().flatten().collect());
        }
        let mut written = Vec::new();
        let mut failed = Vec::new();
        for (position, row) in self.rows.into_iter().enumerate() {
            match row {
                Ok(row) => written.push((position, row)),
                Err(error) => failed.push((position, error)),
            }
        }
        Err(PartialFailure { written, failed })
    }
}

/// At least one row of a write failed.
#[derive(Clone, Debug)]
pub struct PartialFailure {
    /// Position and outcome of the rows that were written.
    pub written: Vec<(usize, Written)>,
    /// Position and error of the rows that were not. At least one.
    pub failed: Vec<(usize, RecordError)>,
}

impl fmt::Display for PartialFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.written.len() + self.failed.len();
        write!(f, "{} of {total} rows failed", self.failed.len())?;
        match self.failed.first() {
            Some((position, error)) => write!(f, ", the first at position {position}: {error}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for PartialFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.failed.first().map(|(_, error)| error as _)
    }
}

#[derive(Deserialize)]
struct Body {
    #[serde(alias = "tags")]
    data: Option<Vec<Row>>,
}

#[derive(Deserialize)]
struct Row {
    code: String,
    message: Option<String>,
    details: Option<Box<RawValue>>,
    action: Option<WriteAction>,
    duplicate_field: Option<FieldName>,
}

#[derive(Deserialize)]
struct Details {
    id: RecordId,
    #[serde(rename = "Created_Time")]
    created_time: Option<DateTime>,
    #[serde(rename = "Modified_Time")]
    modified_time: Option<DateTime>,
}

impl Details {
    fn written(self, action: Option<WriteAction>, duplicate_field: Option<FieldName>) -> Written {
        Written {
            id: self.id,
            action,
            duplicate_field,
            created_time: self.created_time.map(Timestamp::from),
            modified_time: self.modified_time.map(Timestamp::from),
        }
    }
}

/// The usual answer, read in one pass.
#[derive(Deserialize)]
struct AllWritten {
    #[serde(alias = "tags")]
    data: Vec<WrittenRow>,
}

#[derive(Deserialize)]
struct WrittenRow {
    #[serde(rename = "code")]
    _code: Success,
    details: Details,
    action: Option<WriteAction>,
    duplicate_field: Option<FieldName>,
}

#[derive(Deserialize)]
enum Success {
    #[serde(rename = "SUCCESS")]
    Success,
}

/// What Zoho says of one row.
pub(super) type RowOutcome = Result<Written, ApiError>;

/// The outcomes of `expected` rows. Rows come with any of 200, 201, 202, 207, 400 and 412; an error of the request as a
/// whole comes at the root or dressed up as a single row.
pub(super) fn parse_rows(received: &Received, expected: usize) -> Result<Vec<RowOutcome>, Failure> {
    let status = received.status();
    let refused = matches!(status.as_u16(), 400 | 412);
    if !status.is_success() && !refused {
        return Err(received.failure());
    }
    if let Some(rows) = all_written(received, expected) {
        return Ok(rows);
    }
    let rows = match received.body::<Body>()?.data {
        Some(rows) => rows
            .into_iter()
            .map(outcome)
            .collect::<Result<Vec<_>, _>>()?,
        None => return Err(received.failure()),
    };
    if let [Err(error)] = rows.as_slice()
        && error.is_about_request()
    {
        return Err(Failure::Api(error.clone()));
    }
    if rows.len() != expected {
        return Err(if refused {
            received.failure()
        } else {
            Failure::Inconsistent(format!(
                "Zoho answered with {} outcomes for {expected} rows",
                rows.len()
            ))
        });
    }
    Ok(rows)
}

/// The outcomes if they are as many as expected and all good. Anything else is for a closer look.
fn all_written(received: &Received, expected: usize) -> Option<Vec<RowOutcome>> {
    if !received.status().is_success() {
        return None;
    }
    let answer: AllWritten = decoded(received.response.body())?;
    let rows = answer.data.into_iter();
    let written = |row: WrittenRow| Ok(row.details.written(row.action, row.duplicate_field));
    (rows.len() == expected).then(|| rows.map(written).collect())
}

/// The outcome of a single row; its refusal is the call's.
pub(super) fn parse_row(received: &Received) -> Result<Written, Failure> {
    let rows = parse_rows(received, 1)?;
    match rows.into_iter().next() {
        Some(row) => row.map_err(Failure::Api),
        None => Err(received.failure()),
    }
}

fn outcome(row: Row) -> Result<RowOutcome, Failure> {
    if row.code != code::SUCCESS {
        let details = row
            .details
            .and_then(|details| serde_json::from_str::<Value>(details.get()).ok());
        let message = row.message.unwrap_or_default();
        return Ok(Err(ApiError::new(row.code, message, details)));
    }
    let details = row.details.as_ref().map_or("{}", |details| details.get());
    let details: Details = decode_json(details.as_bytes()).map_err(Failure::Decode)?;
    Ok(Ok(details.written(row.action, row.duplicate_field)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::answer::received;

    /// Rows as in the reference, section 2.4.
    const INSERTED: &str = r#"{"code":"SUCCESS","duplicate_field":null,"action":"insert","details":{"Modified_Time":"2026-11-20T11:00:00+01:00","Modified_By":{"name":"P Boyle","id":"5725767000000411001"},"Created_Time":"2026-11-20T11:00:00+01:00","id":"5725767000000524157","Created_By":{"name":"P Boyle","id":"5725767000000411001"}},"message":"record added","status":"success"}"#;
    const UPDATED: &str = r#"{"code":"SUCCESS","duplicate_field":"X3_Code","action":"update","details":{"Modified_Time":"2026-11-20T11:00:00+01:00","Created_Time":"2025-01-01T00:00:00+01:00","id":"5725767000000524158"},"message":"record updated","status":"success"}"#;
    const REFUSED: &str = r#"{"code":"INVALID_DATA","details":{"expected_data_type":"phone","api_name":"Phone","json_path":"$.data[1].Phone"},"message":"invalid data","status":"error"}"#;

    fn data(rows: &[&str]) -> String {
        format!(r#"{{"data":[{}]}}"#, rows.join(","))
    }

    #[test]
    fn rows_are_read_whatever_the_status() {
        for status in [200, 201, 202, 207, 400] {
            let rows =
                parse_rows(&received(status, data(&[INSERTED, REFUSED, UPDATED])), 3).unwrap();
            let first = rows[0].as_ref().unwrap();
            assert_eq!(first.id, "5725767000000524157");
            assert_eq!(first.action, Some(WriteAction::Insert));
            assert_eq!(
                first.modified_time,
                Some("2026-11-20T10:00:00Z".parse().unwrap())
            );
            assert_eq!(rows[1].as_ref().unwrap_err().field().unwrap(), "Phone");
            let third = rows[2].as_ref().unwrap();
            assert_eq!(third.duplicate_field.as_ref().unwrap(), "X3_Code");
        }
    }

    #[test]
    fn a_single_refused_row_is_an_outcome() {
        let rows = parse_rows(&received(400, data(&[REFUSED])), 1).unwrap();
        assert_eq!(rows[0].as_ref().unwrap_err().code(), "INVALID_DATA");
    }

    #[test]
    fn an_error_of_the_request_is_no_outcome_however_it_is_wrapped() {
        let bare = r#"{"code":"INVALID_MODULE","details":{"resource_path_index":0},"message":"the module name given seems to be invalid","status":"error"}"#;
        for (body, expected) in [
            (bare.to_owned(), 1),
            (data(&[bare]), 1),
            (data(&[bare]), 100),
        ] {
            match parse_rows(&received(400, body), expected) {
                Err(Failure::Api(error)) => assert_eq!(error.code(), "INVALID_MODULE"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_wrong_number_of_outcomes_is_never_guessed_at() {
        assert!(matches!(
            parse_rows(&received(207, data(&[INSERTED])), 2),
            Err(Failure::Inconsistent(_))
        ));
        assert!(parse_rows(&received(200, "{}"), 1).is_err());
        assert!(parse_rows(&received(204, ""), 1).is_err());
    }

    #[test]
    fn failed_rows_cannot_be_passed_by() {
        let outcomes = |rows: &[&str]| {
            let rows = parse_rows(&received(207, data(rows)), rows.len()).unwrap();
            WriteOutcomes::new(
                rows.into_iter()
                    .map(|row| {
                        row.map_err(|error| RecordError::new(RecordErrorCause::Rejected(error)))
                    })
                    .collect(),
            )
        };
        assert_eq!(outcomes(&[INSERTED, UPDATED]).all_ok().unwrap().len(), 2);
        let failure = outcomes(&[INSERTED, REFUSED, UPDATED])
            .all_ok()
            .unwrap_err();
        assert_eq!(failure.written.len(), 2);
        assert_eq!(failure.failed[0].0, 1);
        assert_eq!(
            failure.to_string(),
            "1 of 3 rows failed, the first at position 1: refused: INVALID_DATA: invalid data [Phone], expected a value of type phone"
        );
    }
}

//! What became of the rows of a bulk write.

use std::fmt;

use crate::{
    bulk::{CsvRow, FileError},
    names::{FieldName, RecordId},
};

/// What became of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "rows that were not written are in `result`"]
pub struct BulkOutcome {
    /// Which row, from 0, in the order they were given.
    pub row: u64,
    /// What became of it.
    pub result: Result<BulkWritten, BulkRowError>,
}

/// A row that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkWritten {
    /// The record's id.
    pub id: RecordId,
    /// What was done.
    pub action: BulkAction,
}

/// What a bulk write did with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkAction {
    /// A record was created.
    Added,
    /// A record was changed.
    Updated,
}

/// Why a row was not written, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BulkRowError {
    /// Zoho looked at this row and refused it.
    Rejected {
        /// Zoho's codes, each with the field at fault where it names one.
        errors: Vec<(String, Option<FieldName>)>,
    },
    /// The job ended before this row.
    Unprocessed,
    /// The result says nothing of this row, or nothing that this version understands: look whether it was written.
    Unknown {
        /// What it says.
        status: Option<String>,
    },
}

impl BulkRowError {
    /// Whether the row may have been written.
    #[must_use]
    pub fn may_have_been_applied(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }
}

impl fmt::Display for BulkRowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected { errors } => {
                f.write_str("the row was refused")?;
                for (code, field) in errors {
                    write!(f, ", {code}")?;
                    if let Some(field) = field {
                        write!(f, " in `{field}`")?;
                    }
                }
                Ok(())
            }
            Self::Unprocessed => f.write_str("the job ended before this row"),
            Self::Unknown {
                status: Some(status),
            } => {
                write!(
                    f,
                    "the result says `{status}` of the row, which is not understood"
                )
            }
            Self::Unknown { status: None } => f.write_str("the result says nothing of the row"),
        }
    }
}

impl std::error::Error for BulkRowError {}

/// Reads a row of a result (reference: Zoho v8 section 7.2, read 2026-11).
pub(super) fn read(row: &CsvRow) -> Result<Result<BulkWritten, BulkRowError>, FileError> {
    let status = row
        .get("STATUS")
        .ok_or_else(|| FileError::NoColumn("STATUS".to_owned()))?;
    let written = |action| match row.get("RECORD_ID").map(str::parse) {
        Some(Ok(id)) => Ok(BulkWritten { id, action }),
        // Written, but which record it is cannot be told.
        _ => Err(BulkRowError::Unknown {
            status: Some(status.to_owned()),
        }),
    };
    Ok(match status.to_ascii_lowercase().as_str() {
        "added" => written(BulkAction::Added),
        "updated" => written(BulkAction::Updated),
        "skipped" => Err(BulkRowError::Rejected {
            errors: errors(row.get("ERRORS").unwrap_or_default()),
        }),
        "unprocessed" => Err(BulkRowError::Unprocessed),
        _ => Err(BulkRowError::Unknown {
            status: Some(status.to_owned()),
        }),
    })
}

/// `CODE-Column:CODE-Column`
fn errors(text: &str) -> Vec<(String, Option<FieldName>)> {
    let parts = text.split(':').map(str::trim);
    let parts = parts.filter(|part| !part.is_empty());
    parts
        .map(|part| match part.split_once('-') {
            Some((code, field)) => (code.to_owned(), Some(field.into())),
            None => (part.to_owned(), None),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_with_their_fields() {
        assert_eq!(
            errors("INVALID_DATA-Phone:DUPLICATE_DATA-X3_Code:CANNOT_PROCESS"),
            [
                ("INVALID_DATA".to_owned(), Some("Phone".into())),
                ("DUPLICATE_DATA".to_owned(), Some("X3_Code".into())),
                ("CANNOT_PROCESS".to_owned(), None),
            ]
        );
        assert!(errors("").is_empty());
    }
}

//! Records as rows of a file.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{BulkColumn, BulkOperation, invalid};
use crate::{error::Error, model::Record, names::RecordId};

/// What an empty cell means to Zoho.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EmptyCells {
    /// It leaves the field alone (`ignore_empty`), so a record must not ask to empty one.
    Refused,
    /// It empties the field, so a record must not leave one out.
    Clear,
}

/// The cells of `record`.
pub(super) fn cells(
    record: &Record,
    columns: &[BulkColumn],
    operation: &BulkOperation,
    empty: EmptyCells,
) -> Result<Vec<String>, Error> {
    let stranger = record
        .iter()
        .find(|(name, _)| !columns.iter().any(|column| column.field == **name));
    if let Some((name, _)) = stranger {
        return Err(invalid(format!(
            "a record has `{name}`, which is no column"
        )));
    }
    let cells = columns.iter().map(|column| {
        let field = &column.field;
        let value = record.get(field.as_str());
        let text = match value {
            None => String::new(),
            Some(value) => text_of(value).ok_or_else(|| {
                invalid(format!("`{field}` holds what no cell of a file can carry"))
            })?,
        };
        match (empty, value) {
            // A new record has nothing to be emptied or left alone.
            _ if *operation == BulkOperation::Insert => {}
            (EmptyCells::Refused, Some(_)) if text.is_empty() => {
                return Err(invalid(format!(
                    "a record empties `{field}`, which would be ignored: call `clear_empty`"
                )));
            }
            (EmptyCells::Clear, None) => {
                return Err(invalid(format!(
                    "a record leaves out `{field}`, which would be emptied: give its value"
                )));
            }
            _ => {}
        }
        Ok(text)
    });
    cells.collect()
}

/// The text of a value: of a reference its id, of a list its texts with `;` between them.
fn text_of(value: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Reference {
        id: RecordId,
    }
    let json = value.get();
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok(),
        b'n' => Some(String::new()),
        b'{' => {
            let reference: Reference = serde_json::from_str(json).ok()?;
            Some(reference.id.as_str().to_owned())
        }
        b'[' => {
            let texts: Vec<String> = serde_json::from_str(json).ok()?;
            let unclear = texts.iter().any(|text| text.contains(';'));
            (!unclear).then(|| texts.join(";"))
        }
        _ => Some(json.to_owned()),
    }
}

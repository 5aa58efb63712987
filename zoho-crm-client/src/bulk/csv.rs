//! CSV, row by row.

use std::{fmt, str::FromStr, sync::Arc};

use client_core::ExactDecimal;
use csv_core::{ReadRecordResult, WriteResult};
use jiff::{Timestamp, civil::Date};

use super::{FileError, FileLimits};
use crate::{
    model::FieldTypeError,
    names::{FieldName, RecordId},
};

/// A row of a file, with the names of its columns.
#[derive(Clone, PartialEq, Eq)]
pub struct CsvRow {
    header: Arc<Header>,
    text: Box<str>,
    ends: Box<[usize]>,
}

/// The names of the columns.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Header(Vec<FieldName>);

impl CsvRow {
    /// The text in `column`; `None` when there is no such column. CSV does not tell an empty text from an empty field.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        let columns = &self.header.0;
        // Zoho is not consistent in the case of `Id`.
        let place = columns
            .iter()
            .position(|name| *name == column)
            .or_else(|| {
                columns
                    .iter()
                    .position(|name| name.as_str().eq_ignore_ascii_case(column))
            })?;
        self.at(place)
    }

    /// The text in the column at `place`, from 0.
    #[must_use]
    pub fn at(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)?;
        let start = match place.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start..end)
    }

    /// Column names and texts, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&FieldName, &str)> {
        let columns = self.header.0.iter().enumerate();
        columns.map(|(place, name)| (name, self.at(place).unwrap_or_default()))
    }

    /// The record's id.
    #[must_use]
    pub fn id(&self) -> Option<RecordId> {
        self.get("id")?.parse().ok()
    }

    /// The number in `column`, if it is not empty.
    ///
    /// # Errors
    /// [`FieldTypeError`] when it holds something else.
    pub fn decimal(&self, column: &str) -> Result<Option<ExactDecimal>, FieldTypeError> {
        self.parse(column, "a number", |text| ExactDecimal::parse(text).ok())
    }

    /// The whole number in `column`, if it is not empty.
    ///
    /// # Errors
    /// [`FieldTypeError`] when it holds something else.
    pub fn integer(&self, column: &str) -> Result<Option<i64>, FieldTypeError> {
        self.parse(column, "a whole number", from_text)
    }

    /// `true` or `false` in `column`, if it is not empty.
    ///
    /// # Errors
    /// [`FieldTypeError`] when it holds something else.
    pub fn boolean(&self, column: &str) -> Result<Option<bool>, FieldTypeError> {
        self.parse(column, "true or false", from_text)
    }

    /// The day in `column`, if it is not empty.
    ///
    /// # Errors
    /// [`FieldTypeError`] when it holds something else.
    pub fn date(&self, column: &str) -> Result<Option<Date>, FieldTypeError> {
        self.parse(column, "a date", from_text)
    }

    /// The instant in `column`, if it is not empty.
    ///
    /// # Errors
    /// [`FieldTypeError`] when it holds something else.
    pub fn instant(&self, column: &str) -> Result<Option<Timestamp>, FieldTypeError> {
        self.parse(column, "a date and time with offset", from_text)
    }

    /// The id of the record that `column` refers to, if it is not empty.
    ///
    /// # Errors
    /// [`FieldTypeError`] when it holds something else.
    pub fn lookup(&self, column: &str) -> Result<Option<RecordId>, FieldTypeError> {
        self.parse(column, "a record id", from_text)
    }

    /// The texts in `column`, of a multi-select picklist: separated by `;` (reference: Zoho v8 section 7.1, unverified).
    #[must_use]
    pub fn texts(&self, column: &str) -> Vec<&str> {
        match self.get(column) {
            None | Some("") => Vec::new(),
            Some(text) => text.split(';').collect(),
        }
    }

    fn parse<T>(
        &self,
        column: &str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, FieldTypeError> {
        let Some(text) = self.get(column).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let wrong = || FieldTypeError {
            field: column.into(),
            expected,
            found: "text",
        };
        parse(text).map(Some).ok_or_else(wrong)
    }
}

fn from_text<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

impl fmt::Debug for CsvRow {
    /// Shows the columns, no values: rows hold personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsvRow")
            .field("columns", &self.header.0)
            .finish_non_exhaustive()
    }
}

/// Makes rows of text that arrives in pieces.
pub(crate) struct CsvReader {
    reader: csv_core::Reader,
    max_row_bytes: usize,
    header: Option<Arc<Header>>,
    /// The row begun, its length so far, and where its fields end.
    text: Vec<u8>,
    text_length: usize,
    ends: Vec<usize>,
    ends_length: usize,
    row: u64,
}

impl CsvReader {
    pub(crate) fn new(limits: FileLimits) -> Self {
        Self {
            reader: csv_core::Reader::new(),
            max_row_bytes: limits.max_row_bytes,
            header: None,
            text: vec![0; 1024],
            text_length: 0,
            ends: vec![0; 32],
            ends_length: 0,
            row: 1,
        }
    }

    /// The next row that is complete within `input`, from which what is used is cut off. An empty `input` means that
    /// nothing more comes.
    pub(crate) fn next_row(&mut self, input: &mut &[u8]) -> Result<Option<CsvRow>, FileError> {
        loop {
            let ended = input.is_empty();
            let (result, taken, texts, ends) = self.reader.read_record(
                input,
                self.text.get_mut(self.text_length..).unwrap_or_default(),
                self.ends.get_mut(self.ends_length..).unwrap_or_default(),
            );
            *input = input.get(taken..).unwrap_or_default();
            self.text_length += texts;
            self.ends_length += ends;
            match result {
                ReadRecordResult::InputEmpty if !ended => return Ok(None),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.make_room()?,
                ReadRecordResult::OutputEndsFull => {
                    let room = self.ends.len() * 2;
                    if room > self.max_row_bytes {
                        return Err(self.too_long());
                    }
                    self.ends.resize(room, 0);
                }
                ReadRecordResult::Record => {
                    if let Some(row) = self.complete()? {
                        return Ok(Some(row));
                    }
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    fn make_room(&mut self) -> Result<(), FileError> {
        if self.text.len() >= self.max_row_bytes {
            return Err(self.too_long());
        }
        let room = (self.text.len() * 2).min(self.max_row_bytes);
        self.text.resize(room, 0);
        Ok(())
    }

    fn too_long(&self) -> FileError {
        FileError::RowTooLong {
            row: self.row,
            limit: self.max_row_bytes,
        }
    }

    /// The row that is now complete, unless it is the header.
    fn complete(&mut self) -> Result<Option<CsvRow>, FileError> {
        let row = self.row;
        self.row += 1;
        let text = self.text.get(..self.text_length).unwrap_or_default();
        let ends = self.ends.get(..self.ends_length).unwrap_or_default();
        let text = std::str::from_utf8(text).map_err(|_| FileError::NotUtf8 { row })?;
        if !ends.iter().all(|end| text.is_char_boundary(*end)) {
            return Err(FileError::NotUtf8 { row });
        }
        (self.text_length, self.ends_length) = (0, 0);
        let Some(header) = &self.header else {
            let mut start = 0;
            let names = ends.iter().map(|end| {
                let name = text.get(start..*end).unwrap_or_default();
                start = *end;
                FieldName::from(name)
            });
            self.header = Some(Arc::new(Header(names.collect())));
            return Ok(None);
        };
        if ends.len() != header.0.len() {
            return Err(FileError::RowShape {
                row,
                expected: header.0.len(),
                found: ends.len(),
            });
        }
        Ok(Some(CsvRow {
            header: Arc::clone(header),
            text: text.into(),
            ends: ends.into(),
        }))
    }
}

/// Writes rows.
pub(crate) struct CsvWriter {
    writer: csv_core::Writer,
    row: Vec<u8>,
}

impl CsvWriter {
    pub(crate) fn new() -> Self {
        Self {
            writer: csv_core::Writer::new(),
            row: Vec::new(),
        }
    }

    /// The text of a row with `cells`, its end included.
    pub(crate) fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) -> &[u8] {
        self.row.clear();
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                self.put(|writer, output| {
                    let (result, written) = writer.delimiter(output);
                    (result, 0, written)
                });
            }
            let mut rest = cell.as_ref().as_bytes();
            self.put(|writer, output| {
                let (result, taken, written) = writer.field(rest, output);
                rest = rest.get(taken..).unwrap_or_default();
                (result, taken, written)
            });
        }
        self.put(|writer, output| {
            let (result, written) = writer.terminator(output);
            (result, 0, written)
        });
        &self.row
    }

    /// Repeats `write` until it needs no more room.
    fn put(
        &mut self,
        mut write: impl FnMut(&mut csv_core::Writer, &mut [u8]) -> (WriteResult, usize, usize),
    ) {
        loop {
            let length = self.row.len();
            self.row.resize(length + 256, 0);
            let room = self.row.get_mut(length..).unwrap_or_default();
            let (result, _, written) = write(&mut self.writer, room);
            self.row.truncate(length + written);
            if result == WriteResult::InputEmpty {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8], portion: usize) -> Result<Vec<CsvRow>, FileError> {
        let mut reader = CsvReader::new(FileLimits::default().max_row_bytes(4096));
        let mut rows = Vec::new();
        for part in text.chunks(portion.max(1)) {
            let mut input = part;
            while let Some(row) = reader.next_row(&mut input)? {
                rows.push(row);
            }
        }
        while let Some(row) = reader.next_row(&mut &b""[..])? {
            rows.push(row);
        }
        Ok(rows)
    }

    #[test]
    fn cells_are_read_by_name_and_type() {
        let text = "\u{feff}Id,Account_Name,Annual_Revenue,Employees,Active,Founded,Modified_Time,Owner,Tags,Empty\r\n\
            5725767000000524157,\"Müller, \"\"Söhne\"\"\nGmbH\",99999999999999.99,12,true,1999-12-31,2026-11-20T11:00:00+01:00,5725767000000411001,a;b,\r\n";
        let rows = read(text.as_bytes(), 7).unwrap();
        let [row] = rows.as_slice() else {
            panic!("{rows:?}")
        };
        assert_eq!(row.id().unwrap(), "5725767000000524157");
        assert_eq!(row.get("Account_Name"), Some("Müller, \"Söhne\"\nGmbH"));
        assert_eq!(
            row.decimal("Annual_Revenue").unwrap().unwrap().to_string(),
            "99999999999999.99"
        );
        assert_eq!(row.integer("Employees").unwrap(), Some(12));
        assert_eq!(row.boolean("Active").unwrap(), Some(true));
        assert_eq!(
            row.date("Founded").unwrap(),
            Some("1999-12-31".parse().unwrap())
        );
        assert_eq!(
            row.instant("Modified_Time").unwrap(),
            Some("2026-11-20T10:00:00Z".parse().unwrap())
        );
        assert_eq!(row.lookup("Owner").unwrap().unwrap(), "5725767000000411001");
        assert_eq!(row.texts("Tags"), ["a", "b"]);
        assert_eq!((row.get("Empty"), row.get("Absent")), (Some(""), None));
        assert_eq!(row.decimal("Empty").unwrap(), None);
        let error = row.integer("Account_Name").unwrap_err();
        assert_eq!(
            error.to_string(),
            "field `Account_Name` holds text, not a whole number"
        );
        assert!(!format!("{row:?}").contains("Müller"));
    }

    #[test]
    fn a_row_without_its_line_end_is_a_row() {
        let rows = read(b"Id,Name\n1,a\n2,b", 3).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1].get("Name"), Some("b"));
        assert!(read(b"Id,Name\n", 3).unwrap().is_empty());
        assert!(read(b"", 3).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_table_is_an_error_that_names_the_row() {
        let shape = FileError::RowShape {
            row: 3,
            expected: 2,
            found: 3,
        };
        assert_eq!(read(b"Id,Name\n1,a\n2,b,c\n", 99).unwrap_err(), shape);
        assert_eq!(
            read(b"Id,Name\n1,\xff\n", 99).unwrap_err(),
            FileError::NotUtf8 { row: 2 }
        );
        // Valid as a whole, but not field by field.
        assert_eq!(
            read(b"Id,Name\n\xc3,\xa9\n", 99).unwrap_err(),
            FileError::NotUtf8 { row: 2 }
        );
        let long = format!("Id\n\"{}", "x".repeat(5000));
        let error = FileError::RowTooLong {
            row: 2,
            limit: 4096,
        };
        assert_eq!(read(long.as_bytes(), 512).unwrap_err(), error);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            rows in prop::collection::vec(prop::collection::vec("[\\PC\"\r\n,; ]{0,300}", 3), 0..8),
            portion in 1usize..400,
        ) {
            let mut writer = CsvWriter::new();
            let mut text = writer.row(["a", "b", "c"]).to_vec();
            for row in &rows {
                text.extend_from_slice(writer.row(row));
            }
            let read: Vec<Vec<String>> = read(&text, portion)
                .unwrap()
                .iter()
                .map(|row| row.iter().map(|(_, cell)| cell.to_owned()).collect())
                .collect();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..600), portion in 1usize..50) {
            let _ = read(&bytes, portion);
        }
    }
}

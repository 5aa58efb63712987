//! The file that is being filled.

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{BulkColumn, invalid};
use crate::{
    bulk::{CsvWriter, ZipWriter},
    error::Error,
};

/// Name of the table inside the archive.
pub(super) const FILE_NAME: &str = "data.csv";
/// Rows that Zoho takes in one file.
const MAX_ROWS: usize = 25_000;
/// Bytes that Zoho takes, in the smaller of the two meanings of 25 MB.
const MAX_BYTES: usize = 25_000_000;
/// Columns by which Zoho's result tells rows.
const KEY_COLUMNS: usize = 3;

/// A file with room for more rows.
pub(super) struct Draft {
    zip: ZipWriter,
    csv: CsvWriter,
    keys: Vec<u64>,
    max_bytes: usize,
}

/// What is remembered of the rows of a file, to recognise them in its result.
pub(super) struct SentRows {
    keys: Vec<u64>,
}

impl Draft {
    pub(super) fn new(columns: &[BulkColumn]) -> Self {
        Self::of_size(columns, MAX_BYTES)
    }

    fn of_size(columns: &[BulkColumn], max_bytes: usize) -> Self {
        let mut zip = ZipWriter::new(FILE_NAME);
        let mut csv = CsvWriter::new();
        zip.write(csv.row(columns.iter().map(|column| column.field.as_str())));
        Self {
            zip,
            csv,
            keys: Vec::new(),
            max_bytes,
        }
    }

    /// Adds a row, unless the file has no room for it.
    pub(super) fn add(&mut self, cells: &[String]) -> Result<bool, Error> {
        let row = self.csv.row(cells);
        let fits = self.zip.length_with(row.len()) <= self.max_bytes;
        if self.keys.is_empty() && !fits {
            return Err(invalid(format!(
                "a row is longer than {} bytes",
                self.max_bytes
            )));
        }
        if !fits || self.keys.len() >= MAX_ROWS {
            return Ok(false);
        }
        self.zip.write(row);
        self.keys.push(key(cells.iter().map(String::as_str)));
        Ok(true)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn finish(self) -> (Vec<u8>, SentRows) {
        let rows = SentRows { keys: self.keys };
        (self.zip.finish(), rows)
    }
}

/// A fingerprint of the cells that the result repeats.
pub(super) fn key<'a>(cells: impl Iterator<Item = &'a str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for cell in cells.take(KEY_COLUMNS) {
        cell.hash(&mut hasher);
    }
    hasher.finish()
}

impl SentRows {
    /// For each row sent, the place in the result that speaks of it, if one does. `found` are the fingerprints of the
    /// result's rows.
    ///
    /// By position when there are as many rows and none of them claims to be another row that was sent: Zoho may have
    /// changed how a value is written. Else by fingerprint, equal rows in order.
    pub(super) fn places(&self, found: &[u64]) -> Vec<Option<usize>> {
        let mut by_key: HashMap<u64, VecDeque<usize>> = HashMap::new();
        for (place, key) in found.iter().enumerate() {
            by_key.entry(*key).or_default().push_back(place);
        }
        let sent: std::collections::HashSet<&u64> = self.keys.iter().collect();
        let in_order =
            self.keys.len() == found.len()
                && self.keys.iter().zip(found).all(|(sent_key, found_key)| {
                    sent_key == found_key || !sent.contains(found_key)
                });
        if in_order {
            return (0..self.keys.len()).map(Some).collect();
        }
        let place = |key| by_key.get_mut(key).and_then(VecDeque::pop_front);
        self.keys.iter().map(place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(keys: &[u64]) -> SentRows {
        SentRows {
            keys: keys.to_vec(),
        }
    }

    #[test]
    fn rows_are_matched_by_position_where_nothing_speaks_against_it() {
        assert_eq!(
            sent(&[1, 2, 2]).places(&[1, 2, 2]),
            [Some(0), Some(1), Some(2)]
        );
        // The second was written differently by Zoho.
        assert_eq!(
            sent(&[1, 2, 3]).places(&[1, 9, 3]),
            [Some(0), Some(1), Some(2)]
        );
    }

    #[test]
    fn rows_out_of_order_or_left_out_are_matched_by_what_they_hold() {
        assert_eq!(
            sent(&[1, 2, 3]).places(&[3, 1, 2]),
            [Some(1), Some(2), Some(0)]
        );
        assert_eq!(sent(&[1, 2, 3]).places(&[1, 3]), [Some(0), None, Some(1)]);
        assert_eq!(sent(&[1, 1, 2]).places(&[1, 2]), [Some(0), None, Some(1)]);
    }

    #[test]
    fn a_file_is_full_at_its_rows_and_at_its_bytes() {
        let columns = [BulkColumn::new("A")];
        let mut draft = Draft::new(&columns);
        let mut rows = 0;
        while draft.add(&["x".to_owned()]).unwrap() {
            rows += 1;
        }
        assert_eq!(rows, MAX_ROWS);
        // Text that cannot be compressed, 30 kB a row.
        let mut seed = 1_u64;
        let mut noise = || {
            let next = std::iter::repeat_with(|| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from_u32(0x4e00 + u32::try_from(seed >> 50).unwrap()).unwrap()
            });
            next.take(10_000).collect::<String>()
        };
        let mut draft = Draft::of_size(&columns, 500_000);
        let mut rows = 0;
        while draft.add(&[noise()]).unwrap() {
            rows += 1;
        }
        let (archive, sent) = draft.finish();
        assert_eq!(sent.keys.len(), rows);
        assert!(
            (200_000..=500_000).contains(&archive.len()),
            "{}",
            archive.len()
        );
        let too_long = "x".repeat(600_000);
        assert!(Draft::of_size(&columns, 500_000).add(&[too_long]).is_err());
    }
}

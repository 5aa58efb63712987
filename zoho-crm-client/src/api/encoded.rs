//! Rows as JSON text: each is encoded once, and what a write must know of it is found in the text.

use std::{cell::Cell, fmt, io};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

use crate::model::{Record, WriteRow, grows};

/// Rows to be written, one text after the other.
#[derive(Clone, Default)]
pub(super) struct EncodedRows {
    json: Vec<u8>,
    members: Vec<Member>,
    /// Where each row ends.
    ends: Vec<End>,
    /// Why the row after the last one could not be encoded.
    failure: Option<String>,
}

/// Where a row ends.
#[derive(Clone, Copy, Default)]
struct End {
    json: usize,
    members: usize,
    /// Whether a member is a list or an object: no other can grow.
    nested: bool,
}

/// Where a member's value is, from the start of its row. Its key stands before: after the value before it and a comma.
#[derive(Clone, Copy)]
struct Member {
    value: u32,
    end: u32,
}

/// The texts of rows, when nothing else of them need be known.
pub(super) struct RowTexts {
    json: Vec<u8>,
    ends: Vec<usize>,
}

impl RowTexts {
    pub(super) fn get(&self, position: usize) -> Option<&[u8]> {
        let before = position.checked_sub(1);
        let start = before.map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.json.get(start..*self.ends.get(position)?)
    }
}

/// A row's text.
#[derive(Clone, Copy)]
pub(super) struct EncodedRow<'a> {
    json: &'a [u8],
    members: &'a [Member],
    nested: bool,
}

impl EncodedRows {
    /// Encodes `rows`. One that is no JSON object shows at [`checked`](Self::checked).
    pub(super) fn new<R: WriteRow>(rows: impl IntoIterator<Item = R>) -> Self {
        let mut encoded = Self::default();
        for row in rows {
            if let Err(error) = encoded.push(&row) {
                let position = encoded.ends.len();
                encoded.failure = Some(format!(
                    "the row at position {position} cannot be written: {error}"
                ));
                break;
            }
        }
        encoded
    }

    /// The texts alone.
    pub(super) fn into_texts(self) -> RowTexts {
        let mut json = self.json;
        json.shrink_to_fit();
        let ends = self.ends.into_iter().map(|end| end.json).collect();
        RowTexts { json, ends }
    }

    /// The rows, or why not all are there.
    pub(super) fn checked(&self) -> Result<&Self, String> {
        match &self.failure {
            None => Ok(self),
            Some(reason) => Err(reason.clone()),
        }
    }

    pub(super) fn get(&self, position: usize) -> Option<EncodedRow<'_>> {
        let start = match position.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => End::default(),
        };
        let end = *self.ends.get(position)?;
        Some(self.between(start, end))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = EncodedRow<'_>> {
        let starts = std::iter::once(End::default()).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| self.between(start, *end))
    }

    fn between(&self, start: End, end: End) -> EncodedRow<'_> {
        let members = self.members.get(start.members..end.members);
        EncodedRow {
            json: self.json.get(start.json..end.json).unwrap_or_default(),
            members: members.unwrap_or_default(),
            nested: end.nested,
        }
    }

    fn push<R: WriteRow>(&mut self, row: &R) -> Result<(), serde_json::Error> {
        let start = self.end(false);
        let mut nested = self.append(row)?;
        let written = self.between(start, self.end(nested));
        let left_out = R::left_out();
        // A row of ready-made JSON shows no members on the way.
        let is_unseen = written.members.is_empty() && written.json != b"{}";
        if is_unseen || left_out.iter().any(|key| written.get(key).is_some()) {
            let mut record: Record = serde_json::from_slice(written.json)?;
            for key in left_out {
                record.remove(key);
            }
            self.json.truncate(start.json);
            self.members.truncate(start.members);
            nested = self.append(&record)?;
        }
        self.ends.push(self.end(nested));
        Ok(())
    }

    /// Where the text ends now.
    fn end(&self, nested: bool) -> End {
        End {
            json: self.json.len(),
            members: self.members.len(),
            nested,
        }
    }

    /// Whether a member is a list or an object.
    fn append<T: Serialize>(&mut self, row: &T) -> Result<bool, serde_json::Error> {
        let start = self.json.len();
        let length = Cell::new(0);
        let writer = Counting {
            json: &mut self.json,
            start,
            length: &length,
        };
        let nested = Cell::new(false);
        let index = Index {
            members: &mut self.members,
            length: &length,
            nested: &nested,
            depth: 0,
            value: 0,
        };
        row.serialize(&mut Serializer::with_formatter(writer, index))?;
        Ok(nested.get())
    }
}

impl fmt::Debug for EncodedRows {
    /// Shows no values: rows hold personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows", self.ends.len())
    }
}

impl<'a> EncodedRow<'a> {
    /// The value of the member `name` as JSON.
    pub(super) fn get(self, name: &str) -> Option<&'a str> {
        let (wanted, mut before) = (name.as_bytes(), 0);
        for member in self.members {
            let start = offset(before);
            before = member.end;
            // `{"key":` or `,"key":`
            if offset(member.value).checked_sub(start) == Some(wanted.len() + 4)
                && self.json.get(start + 2..start + 2 + wanted.len()) == Some(wanted)
            {
                let value = self.json.get(offset(member.value)..offset(member.end))?;
                return std::str::from_utf8(value).ok();
            }
        }
        None
    }

    /// The member by which writing this row adds to what is there: see [`Record::growing_field`].
    pub(super) fn growing_field(self) -> Option<&'a str> {
        if !self.nested {
            return None;
        }
        let texts = |(key, value)| Some((str::from_utf8(key).ok()?, str::from_utf8(value).ok()?));
        self.members()
            // Only lists and `$append_values` can; most values need no closer look.
            .filter(|(key, value)| key.first() == Some(&b'$') || value.first() == Some(&b'['))
            .filter_map(texts)
            .find(|(key, value)| grows(key, value))
            .map(|(key, _)| key)
    }

    /// Keys, as they are between their quotes, and values.
    fn members(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let before = std::iter::once(0).chain(self.members.iter().map(|one| offset(one.end)));
        before
            .zip(self.members)
            .filter_map(move |(before, member)| {
                let (value, end) = (offset(member.value), offset(member.end));
                // `{"key":` or `,"key":`
                let key = self.json.get(before + 2..value.checked_sub(2)?)?;
                Some((key, self.json.get(value..end)?))
            })
    }
}

fn offset(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// Writes to `json` and tells how much since `start`.
struct Counting<'a> {
    json: &'a mut Vec<u8>,
    start: usize,
    length: &'a Cell<usize>,
}

impl io::Write for Counting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.json.extend_from_slice(bytes);
        self.length.set(self.json.len() - self.start);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Compact JSON; notes the members of the outermost object.
struct Index<'a> {
    members: &'a mut Vec<Member>,
    length: &'a Cell<usize>,
    /// Set when a member is a list or an object.
    nested: &'a Cell<bool>,
    depth: usize,
    value: u32,
}

impl Index<'_> {
    fn enter(&mut self) {
        if self.depth == 1 {
            self.nested.set(true);
        }
        self.depth += 1;
    }

    #[inline]
    fn position(&self) -> io::Result<u32> {
        u32::try_from(self.length.get()).map_err(io::Error::other)
    }
}

impl Formatter for Index<'_> {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter();
        CompactFormatter.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        CompactFormatter.end_array(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter();
        CompactFormatter.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        CompactFormatter.end_object(writer)
    }

    fn write_raw_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if self.depth == 1 && fragment.starts_with(['[', '{']) {
            self.nested.set(true);
        }
        CompactFormatter.write_raw_fragment(writer, fragment)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        CompactFormatter.begin_object_value(writer)?;
        if self.depth == 1 {
            self.value = self.position()?;
        }
        Ok(())
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        CompactFormatter.end_object_value(writer)?;
        if self.depth == 1 {
            let end = self.position()?;
            self.members.push(Member {
                value: self.value,
                end,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value, json, value::RawValue};

    use super::*;

    #[derive(Serialize)]
    #[serde(transparent)]
    struct Any<T>(T);

    impl<T: Serialize> WriteRow for Any<T> {
        fn left_out() -> &'static [&'static str] {
            &["Lines"]
        }
    }

    fn texts(rows: &EncodedRows) -> Vec<&str> {
        rows.iter()
            .map(|row| str::from_utf8(row.json).unwrap())
            .collect()
    }

    #[test]
    fn members_of_the_row_itself_are_found_and_no_others() {
        let owner = json!({"id": "7", "X3_Code": "inner"});
        let rows = [
            json!({"Owner": owner, "X3_Code": "a\"b,\"c\":", "Name": null}),
            json!({"List": [{"X3_Code": 1}]}),
            json!({}),
        ];
        let encoded = EncodedRows::new(rows.iter().map(Any));
        let get = |row, name| encoded.get(row).unwrap().get(name);
        assert_eq!(get(0, "X3_Code"), Some(r#""a\"b,\"c\":""#));
        assert_eq!((get(0, "id"), get(0, "Name")), (None, Some("null")));
        assert_eq!((get(1, "X3_Code"), get(2, "X3_Code")), (None, None));
        assert!(encoded.get(3).is_none() && encoded.checked().is_ok());
    }

    #[test]
    fn what_is_not_written_is_left_out_however_the_row_was_made() {
        let ready = RawValue::from_string(r#"{ "Lines": [1], "Name" : 1.50 }"#.to_owned());
        let encoded = EncodedRows::new([Any(ready.unwrap())]);
        assert_eq!(texts(&encoded), [r#"{"Name":1.50}"#]);
        assert_eq!(encoded.get(0).unwrap().get("Name"), Some("1.50"));
        let encoded = EncodedRows::new([Any(json!({"Lines": [1]})), Any(json!({"Name": "a"}))]);
        assert_eq!(texts(&encoded), ["{}", r#"{"Name":"a"}"#]);
    }

    #[test]
    fn a_row_that_is_no_object_is_named() {
        for wrong in [json!("text"), json!(null), json!([{"Name": "a"}])] {
            let encoded = EncodedRows::new([Any(json!({"Name": "a"})), Any(wrong)]);
            let reason = encoded.checked().unwrap_err();
            assert!(
                reason.starts_with("the row at position 1 cannot"),
                "{reason}"
            );
        }
    }

    #[test]
    fn what_grows_is_seen_in_lists_and_objects_however_they_were_made() {
        let ready = |json: &str| RawValue::from_string(json.to_owned()).unwrap();
        let grows = |rows: EncodedRows| rows.get(0).unwrap().growing_field().is_some();
        let lines = json!({"Name": "a", "Items": [{"Quantity": 1}]});
        assert!(grows(EncodedRows::new([Any(lines.clone())])));
        let record: Record = serde_json::from_value(lines).unwrap();
        assert!(grows(EncodedRows::new([record])));
        assert!(grows(EncodedRows::new([Any(ready(r#"{"Items": [{}]}"#))])));
        let appended = json!({"$append_values": {"Colours": true}});
        assert!(grows(EncodedRows::new([Any(appended)])));
        let known = json!({"Items": [{"id": "1"}], "Owner": {"Items": [{}]}});
        assert!(!grows(EncodedRows::new([Any(known)])));
        assert!(!grows(EncodedRows::new([Any(json!({"Name": "[{}]"}))])));
    }

    #[test]
    fn debug_output_shows_no_values() {
        let encoded = EncodedRows::new([Any(json!({"Email": "jane@example.com"}))]);
        assert_eq!(format!("{encoded:?}"), "1 rows");
    }

    proptest! {
        #[test]
        fn every_member_of_every_row_is_found(rows in prop::collection::vec(prop::collection::btree_map("[A-Za-z_]{1,9}", ".{0,9}", 0..6), 0..6)) {
            let wanted: Vec<&BTreeMap<String, String>> = rows.iter().filter(|row| !row.contains_key("Lines")).collect();
            let encoded = EncodedRows::new(wanted.iter().map(Any));
            for (position, row) in wanted.iter().enumerate() {
                let found = encoded.get(position).unwrap();
                let whole: Value = serde_json::from_slice(found.json).unwrap();
                prop_assert_eq!(whole, json!(row));
                for (name, text) in *row {
                    let value: String = serde_json::from_str(found.get(name).unwrap()).unwrap();
                    prop_assert_eq!(&value, text);
                }
            }
        }
    }
}

//! Splitting rows into calls.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use crate::names::{FieldName, RecordId};

/// Most rows in one write call (reference: Zoho v8 section 2.1, read 2026-11).
pub(super) const ROWS_PER_CALL: usize = 100;

/// Groups of row positions, each a call, from the keys of each row. Rows that share a key never share a call, because
/// what Zoho makes of two rows with one key is not documented; they keep their order across calls.
pub(super) fn batches<'a, K: Hash + Eq + 'a>(
    rows: impl Iterator<Item = &'a [K]>,
) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut last_with: HashMap<&K, usize> = HashMap::with_capacity(rows.size_hint().0);
    let mut first_open = 0;
    for (row, keys) in rows.enumerate() {
        let after = keys.iter().filter_map(|key| last_with.get(key)).max();
        let mut target = after.map_or(first_open, |last| first_open.max(last + 1));
        while batches
            .get(target)
            .is_some_and(|batch| batch.len() >= ROWS_PER_CALL)
        {
            target += 1;
        }
        if target >= batches.len() {
            batches.resize_with(target + 1, Vec::new);
        }
        batches[target].push(row);
        for key in keys {
            last_with.insert(key, target);
        }
        while batches
            .get(first_open)
            .is_some_and(|batch| batch.len() >= ROWS_PER_CALL)
        {
            first_open += 1;
        }
    }
    batches
}

/// What identifies each of many rows, as hashes. Compared without case and outer blanks: whether a unique field minds
/// case is a setting at Zoho, and separating two rows too many, be it because two hashes happen to agree, costs only a
/// call.
#[derive(Default)]
pub(super) struct RowKeys {
    hashes: Vec<u64>,
    /// Where the keys of each row end.
    ends: Vec<usize>,
}

impl RowKeys {
    /// Adds a row that is identified by its values in `fields` and by its id; `get` gives a field's value as JSON.
    pub(super) fn push<'a>(&mut self, get: impl Fn(&str) -> Option<&'a str>, fields: &[FieldName]) {
        let named = fields.iter().filter_map(|field| {
            let name = field.as_str();
            hash(name, get(name)?)
        });
        self.hashes.extend(named);
        let id = get("id").and_then(|id| serde_json::from_str::<RecordId>(id).ok());
        self.hashes
            .extend(id.and_then(|id| hash("id", id.as_str())));
        self.ends.push(self.hashes.len());
    }

    /// The keys of the row at `position`.
    pub(super) fn get(&self, position: usize) -> &[u64] {
        let before = position.checked_sub(1);
        let start = before.map_or(Some(0), |before| self.ends.get(before).copied());
        let range = start.zip(self.ends.get(position).copied());
        range
            .and_then(|(start, end)| self.hashes.get(start..end))
            .unwrap_or_default()
    }

    /// The keys of each row.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u64]> {
        (0..self.ends.len()).map(|position| self.get(position))
    }
}

/// `None` for `null` and blank text, which identify nothing.
fn hash(field: &str, json: &str) -> Option<u64> {
    if let Some(plain) = plain_text(json) {
        return hash_text(field, plain.trim());
    }
    match serde_json::from_str::<String>(json) {
        Ok(text) => hash_text(field, &text.trim().to_lowercase()),
        Err(_) => hash_text(field, json).filter(|_| json != "null"),
    }
}

/// The inside of a JSON string that stands for itself and whose letters have one other case at most.
fn plain_text(json: &str) -> Option<&str> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = |byte: u8| byte.is_ascii() && byte != b'\\';
    inner.bytes().all(is_plain).then_some(inner)
}

fn hash_text(field: &str, text: &str) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    field.hash(&mut hasher);
    for byte in text.bytes() {
        hasher.write_u8(byte.to_ascii_lowercase());
    }
    (!text.is_empty()).then(|| hasher.finish())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;
    use crate::model::Record;

    fn slices<K>(keys: &[Vec<K>]) -> impl Iterator<Item = &[K]> {
        keys.iter().map(Vec::as_slice)
    }

    fn keys_of<'a>(get: impl Fn(&str) -> Option<&'a str>, fields: &[FieldName]) -> Vec<u64> {
        let mut keys = RowKeys::default();
        keys.push(get, fields);
        keys.get(0).to_vec()
    }

    fn key(text: &str) -> Vec<String> {
        vec![text.to_owned()]
    }

    #[test]
    fn rows_with_one_key_go_into_calls_of_their_own() {
        let keys = [key("a"), key("b"), key("a"), key("c"), key("a")];
        assert_eq!(batches(slices(&keys)), [vec![0, 1, 3], vec![2], vec![4]]);
    }

    #[test]
    fn rows_without_keys_only_fill_up() {
        let keys: Vec<Vec<u64>> = vec![Vec::new(); 250];
        let sizes: Vec<usize> = batches(slices(&keys)).iter().map(Vec::len).collect();
        assert_eq!(sizes, [100, 100, 50]);
        assert!(batches::<u64>(std::iter::empty()).is_empty());
    }

    #[test]
    fn keys_are_the_check_fields_and_the_id() {
        let fields = ["X3_Code", "Email", "Fax", "Number", "Missing"].map(FieldName::from);
        let keys = |record: &Record| keys_of(|name| record.get(name).map(RawValue::get), &fields);
        let record = Record::new()
            .with("X3_Code", "  BP001 ")
            .with("Email", "")
            .with("Fax", None::<&str>)
            .with("Number", 7_i64)
            .with("id", "12");
        let alone = |field: &str, value: &str| keys(&Record::new().with(field, value));
        let number = keys(&Record::new().with("Number", 7_i64));
        let wanted = [alone("X3_Code", "bp001"), number, alone("id", "12")].concat();
        assert_eq!(keys(&record), wanted);
        assert_eq!(wanted.len(), 3);
        assert_ne!(alone("X3_Code", "7"), alone("Email", "7"));
    }

    #[test]
    fn keys_stay_with_their_rows() {
        let mut keys = RowKeys::default();
        for id in [Some("\"1\""), None, Some("\"2\"")] {
            keys.push(|name| id.filter(|_| name == "id"), &[]);
        }
        let each: Vec<&[u64]> = keys.iter().collect();
        assert_eq!(
            each.iter().map(|keys| keys.len()).collect::<Vec<_>>(),
            [1, 0, 1]
        );
        assert_ne!(each[0], each[2]);
        assert!(keys.get(3).is_empty());
    }

    proptest! {
        #[test]
        fn a_key_does_not_depend_on_how_its_text_is_written(text in "[a-zA-Z0-9 \"\\\\äÄ]{0,12}") {
            let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let escaped = format!("\"{escaped}\"");
            let plain = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(hash("Code", &plain), hash("Code", &escaped));
            let other_case = serde_json::to_string(&format!(" {}", text.to_lowercase())).unwrap();
            prop_assert_eq!(hash("Code", &plain), hash("Code", &other_case));
            prop_assert_eq!(hash("Code", &plain).is_none(), text.trim().is_empty());
        }

        #[test]
        fn every_row_is_sent_once_and_keys_stay_apart_in_order(rows in prop::collection::vec(prop::collection::vec(0u8..30, 0..3), 0..400)) {
            let keys: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(u8::to_string).collect()).collect();
            let batches = batches(slices(&keys));
            let mut seen: Vec<usize> = batches.concat();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..keys.len()).collect::<Vec<_>>());
            let mut last: HashMap<&str, usize> = HashMap::new();
            for batch in &batches {
                prop_assert!(!batch.is_empty() && batch.len() <= ROWS_PER_CALL);
                let mut here: Vec<&str> = Vec::new();
                for row in batch {
                    for key in &keys[*row] {
                        prop_assert!(keys[*row].iter().filter(|other| *other == key).count() > 1 || !here.contains(&key.as_str()));
                        here.push(key);
                        let before = last.insert(key, *row);
                        prop_assert!(before.is_none_or(|before| before <= *row));
                    }
                }
            }
        }
    }
}

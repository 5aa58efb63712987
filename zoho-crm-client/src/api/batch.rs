//! Splitting rows into calls.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use crate::names::{FieldName, RecordId};

/// Most rows in one write call (reference: Zoho v8 section 2.1, read 2026-11).
pub(super) const ROWS_PER_CALL: usize = 100;

/// Groups of row positions, each a call. Rows that share a key never share a call, because what Zoho makes of two rows
/// with one key is not documented; they keep their order across calls.
pub(super) fn batches<K: Hash + Eq>(keys: &[Vec<K>]) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut last_with: HashMap<&K, usize> = HashMap::new();
    let mut first_open = 0;
    for (row, keys) in keys.iter().enumerate() {
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

/// What identifies a row in `fields` and by id, as hashes; `get` gives a field's value as JSON. Compared without case and
/// outer blanks: whether a unique field minds case is a setting at Zoho, and separating two rows too many, be it because
/// two hashes happen to agree, costs only a call.
pub(super) fn keys_of<'a>(get: impl Fn(&str) -> Option<&'a str>, fields: &[FieldName]) -> Vec<u64> {
    let named = fields.iter().filter_map(|field| {
        let name = field.as_str();
        Some(hash(name, &key_text(get(name)?)?))
    });
    let mut keys: Vec<u64> = named.collect();
    let id = get("id").and_then(|id| serde_json::from_str::<RecordId>(id).ok());
    keys.extend(id.map(|id| hash("id", id.as_str())));
    keys
}

fn hash(field: &str, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (field, text).hash(&mut hasher);
    hasher.finish()
}

/// `None` for `null` and blank text, which identify nothing.
fn key_text(json: &str) -> Option<String> {
    let text = match serde_json::from_str::<String>(json) {
        Ok(text) => text.trim().to_lowercase(),
        Err(_) => json.to_owned(),
    };
    (!text.is_empty() && text != "null").then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;
    use crate::model::Record;

    fn key(text: &str) -> Vec<String> {
        vec![text.to_owned()]
    }

    #[test]
    fn rows_with_one_key_go_into_calls_of_their_own() {
        let keys = [key("a"), key("b"), key("a"), key("c"), key("a")];
        assert_eq!(batches(&keys), [vec![0, 1, 3], vec![2], vec![4]]);
    }

    #[test]
    fn rows_without_keys_only_fill_up() {
        let keys: Vec<Vec<u64>> = vec![Vec::new(); 250];
        let sizes: Vec<usize> = batches(&keys).iter().map(Vec::len).collect();
        assert_eq!(sizes, [100, 100, 50]);
        assert!(batches::<u64>(&[]).is_empty());
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

    proptest! {
        #[test]
        fn every_row_is_sent_once_and_keys_stay_apart_in_order(rows in prop::collection::vec(prop::collection::vec(0u8..30, 0..3), 0..400)) {
            let keys: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(u8::to_string).collect()).collect();
            let batches = batches(&keys);
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

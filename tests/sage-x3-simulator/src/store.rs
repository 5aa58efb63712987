//! The data of one endpoint: X3 tables, columns and rows.
//!
//! Rows are kept under X3's own table and column codes, so that every interface onto them is a mapping.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

/// A column's value. An absent column is the empty value of its type: `""`, `0` or no date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Int(i64),
    Decimal(Decimal),
    Date(Date),
}

impl Value {
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Int(number) => *number == 0,
            Self::Decimal(number) => number.is_zero(),
            Self::Date(_) => false,
        }
    }
}

pub(crate) type Column = Cow<'static, str>;

/// One row with the technical columns every table has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    columns: BTreeMap<Column, Value>,
    pub(crate) created: Option<Timestamp>,
    /// `None` is the "no date" sentinel some rows keep.
    pub(crate) updated: Option<Timestamp>,
    pub(crate) created_by: String,
    pub(crate) updated_by: String,
    /// UPDTICK: counts the writes.
    pub(crate) tick: u64,
}

impl Row {
    pub(crate) fn new(at: Timestamp, by: &str) -> Self {
        Self {
            columns: BTreeMap::new(),
            created: Some(at),
            updated: Some(at),
            created_by: by.to_owned(),
            updated_by: by.to_owned(),
            tick: 1,
        }
    }

    pub(crate) fn with(mut self, column: &'static str, value: impl Into<String>) -> Self {
        self.set(Column::Borrowed(column), Value::Text(value.into()));
        self
    }

    pub(crate) fn with_decimal(mut self, column: &'static str, value: Decimal) -> Self {
        self.set(Column::Borrowed(column), Value::Decimal(value));
        self
    }

    pub(crate) fn with_int(mut self, column: &'static str, value: i64) -> Self {
        self.set(Column::Borrowed(column), Value::Int(value));
        self
    }

    /// Sets a column; says whether that changed anything.
    pub(crate) fn set(&mut self, column: Column, value: Value) -> bool {
        if value.is_empty() {
            return self.columns.remove(&column).is_some();
        }
        if self.columns.get(&column) == Some(&value) {
            return false;
        }
        self.columns.insert(column, value);
        true
    }

    pub(crate) fn get(&self, column: &str) -> Option<&Value> {
        self.columns.get(column)
    }

    pub(crate) fn text(&self, column: &str) -> &str {
        match self.columns.get(column) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// The column as a part of a key.
    pub(crate) fn key_text(&self, column: &str) -> Cow<'_, str> {
        match self.columns.get(column) {
            Some(Value::Text(text)) => Cow::Borrowed(text),
            Some(Value::Int(number)) => Cow::Owned(number.to_string()),
            Some(Value::Decimal(number)) => Cow::Owned(number.normalize().to_string()),
            Some(Value::Date(date)) => Cow::Owned(date.to_string()),
            None => Cow::Borrowed(""),
        }
    }

    pub(crate) fn int(&self, column: &str) -> i64 {
        match self.columns.get(column) {
            Some(Value::Int(number)) => *number,
            _ => 0,
        }
    }

    pub(crate) fn decimal(&self, column: &str) -> Decimal {
        match self.columns.get(column) {
            Some(Value::Decimal(number)) => *number,
            Some(Value::Int(number)) => Decimal::from(*number),
            _ => Decimal::ZERO,
        }
    }

    /// Marks the row as written.
    pub(crate) fn touch(&mut self, at: Timestamp, by: &str) {
        self.updated = Some(at);
        by.clone_into(&mut self.updated_by);
        self.tick += 1;
    }
}

/// The rows of a table by key; composite keys are joined with `|`, an empty part is one space (reference: 3.7).
#[derive(Debug, Default, Clone)]
pub(crate) struct Table(BTreeMap<Arc<str>, Arc<Row>>);

impl Table {
    pub(crate) fn get(&self, key: &str) -> Option<&Arc<Row>> {
        self.0.get(key)
    }

    pub(crate) fn entry(&self, key: &str) -> Option<(&Arc<str>, &Arc<Row>)> {
        self.0.get_key_value(key)
    }

    pub(crate) fn row_mut(&mut self, key: &str) -> Option<&mut Row> {
        self.0.get_mut(key).map(Arc::make_mut)
    }

    pub(crate) fn insert(&mut self, key: &str, row: Row) {
        self.0.insert(Arc::from(key), Arc::new(row));
    }

    pub(crate) fn remove(&mut self, key: &str) -> bool {
        self.0.remove(key).is_some()
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<Row>)> {
        self.0.iter()
    }

    /// The rows whose key starts with these parts.
    pub(crate) fn rows_under<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a Arc<str>, &'a Arc<Row>)> {
        self.0
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
    }
}

/// Joins the parts of a key.
pub(crate) fn join_key(parts: impl IntoIterator<Item: AsRef<str>>) -> String {
    let mut out = String::new();
    for part in parts {
        if !out.is_empty() {
            out.push('|');
        }
        let part = part.as_ref();
        out.push_str(if part.is_empty() { " " } else { part });
    }
    out
}

/// All tables of a folder.
#[derive(Debug, Default, Clone)]
pub(crate) struct Store {
    tables: BTreeMap<&'static str, Table>,
    empty: Table,
    /// Counts what may have been changes.
    version: u64,
}

impl Store {
    pub(crate) fn table(&self, name: &str) -> &Table {
        self.tables.get(name).unwrap_or(&self.empty)
    }

    pub(crate) fn table_mut(&mut self, name: &'static str) -> &mut Table {
        self.version += 1;
        self.tables.entry(name).or_default()
    }

    /// As long as it stays the same, so does everything read from here.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_part_of_a_key_is_one_space() {
        assert_eq!(join_key(["PROD01", ""]), "PROD01| ");
        assert_eq!(join_key(["P", "L", "S"]), "P|L|S");
    }

    #[test]
    fn setting_the_empty_value_is_clearing() {
        let mut row = Row::new(Timestamp::UNIX_EPOCH, "ADMIN").with("CTY", "Paris");
        assert!(!row.set("SAT".into(), Value::Text(String::new())));
        assert!(!row.set("CTY".into(), Value::Text("Paris".to_owned())));
        assert!(row.set("CTY".into(), Value::Text(String::new())));
        assert_eq!(row.text("CTY"), "");
    }

    #[test]
    fn rows_are_found_by_the_start_of_their_key_only() {
        let mut table = Table::default();
        for key in ["1|A", "1|A|X", "1|A|Y", "1|AB|X"] {
            table.insert(key, Row::new(Timestamp::UNIX_EPOCH, "ADMIN"));
        }
        let keys: Vec<&str> = table
            .rows_under("1|A|")
            .map(|(key, _)| key.as_ref())
            .collect();
        assert_eq!(keys, ["1|A|X", "1|A|Y"]);
    }
}

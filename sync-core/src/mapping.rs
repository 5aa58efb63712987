//! What corresponds to what: one row a field.

use std::{collections::BTreeMap, fmt, sync::Arc};

use rust_decimal::Decimal;

use crate::{
    ids::FieldName,
    side::{Side, Sides},
    value::{Document, Value},
};

/// Which way a field goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// A change on either side reaches the other.
    #[default]
    Both,
    /// The left side owns it.
    ToRight,
    /// The right side owns it.
    ToLeft,
    /// Filled in when a record is created, never compared afterwards.
    CreateOnly,
    /// Not synchronised.
    None,
}

impl Direction {
    /// The side that owns the field, if one does.
    #[must_use]
    pub fn owner(self) -> Option<Side> {
        match self {
            Self::ToRight => Some(Side::Left),
            Self::ToLeft => Some(Side::Right),
            Self::Both | Self::CreateOnly | Self::None => None,
        }
    }

    /// Whether a record created on `target` gets the field.
    #[must_use]
    pub fn fills(self, target: Side) -> bool {
        match self {
            Self::Both | Self::CreateOnly => true,
            Self::ToRight => target == Side::Right,
            Self::ToLeft => target == Side::Left,
            Self::None => false,
        }
    }
}

/// Who wins when both sides changed a field to different values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConflictRule {
    /// The left value.
    Left,
    /// The right value.
    Right,
    /// The value of the record that was changed last, by the systems' own clocks. These differ: use it where that does
    /// not matter. Parks when a record does not say when it was changed.
    Newest,
    /// A person.
    #[default]
    Park,
}

/// How a field's values are compared and carried.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// One or more lines of text, compared without surrounding blanks.
    Text,
    /// A code: as text, in capitals.
    Code,
    /// A number, rounded to so many decimals for comparison (half away from zero).
    Decimal {
        /// Decimals kept.
        scale: u32,
    },
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// An instant, to the second: Zoho keeps no finer.
    Instant,
}

/// Converts values of one field where a [`Kind`] does not suffice.
///
/// # Laws
///
/// `to_record(side, to_document(side, v))` is `v` up to what the system itself normalises. Both are pure.
pub trait Convert: fmt::Debug + Send + Sync + 'static {
    /// A record's value as the engine compares it.
    ///
    /// # Errors
    /// A sentence, when the value has no counterpart. The record is parked with it.
    fn to_document(&self, side: Side, value: &Value) -> Result<Value, String>;

    /// The value as the system takes it.
    ///
    /// # Errors
    /// A sentence, when the value has no counterpart.
    fn to_record(&self, side: Side, value: &Value) -> Result<Value, String>;
}

/// One field of both sides.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name in documents, plans and the audit.
    pub name: FieldName,
    /// What each system calls it.
    pub fields: Sides<FieldName>,
    /// How values are compared.
    pub kind: Kind,
    /// Which way it goes.
    pub direction: Direction,
    /// Who wins a conflict.
    pub rule: ConflictRule,
    /// The longest text each side takes, in characters.
    pub max_length: Sides<Option<usize>>,
    /// Codes of the left side and what the right side says instead.
    pub codes: Option<Arc<Codes>>,
    /// A conversion of the embedder's.
    pub convert: Option<Arc<dyn Convert>>,
}

impl Row {
    /// A row that goes both ways and asks a person in conflicts.
    pub fn new(
        name: impl Into<FieldName>,
        left: impl Into<FieldName>,
        right: impl Into<FieldName>,
        kind: Kind,
    ) -> Self {
        Self {
            name: name.into(),
            fields: Sides::new(left.into(), right.into()),
            kind,
            direction: Direction::default(),
            rule: ConflictRule::default(),
            max_length: Sides::default(),
            codes: None,
            convert: None,
        }
    }

    /// Sets the direction.
    #[must_use]
    pub fn direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// Sets the conflict rule.
    #[must_use]
    pub fn rule(mut self, rule: ConflictRule) -> Self {
        self.rule = rule;
        self
    }

    /// Sets the longest text that `side` takes. A longer one parks the record instead of being cut.
    #[must_use]
    pub fn max_length(mut self, side: Side, characters: usize) -> Self {
        *self.max_length.get_mut(side) = Some(characters);
        self
    }

    /// Translates left codes to right ones. A value without a counterpart parks the record and names the value.
    #[must_use]
    pub fn codes(mut self, codes: Codes) -> Self {
        self.codes = Some(Arc::new(codes));
        self
    }

    /// Converts values by `convert`: a record's value before it is normalised as its kind says, and a document's value
    /// last, just before it is written.
    #[must_use]
    pub fn convert(mut self, convert: Arc<dyn Convert>) -> Self {
        self.convert = Some(convert);
        self
    }

    fn to_document(&self, side: Side, value: &Value) -> Result<Value, String> {
        let value = match &self.convert {
            Some(convert) => convert.to_document(side, value)?,
            None => value.clone(),
        };
        match &self.codes {
            Some(codes) if side == Side::Right => codes.to_left(&value),
            // The table holds codes, so they are compared as such whatever the row calls them.
            Some(_) => Kind::Code.normalise(&value),
            None => self.kind.normalise(&value),
        }
    }

    fn to_record(&self, side: Side, value: &Value) -> Result<Value, String> {
        let value = match &self.codes {
            Some(codes) if side == Side::Right => codes.to_right(value)?,
            _ => value.clone(),
        };
        let value = match &self.convert {
            Some(convert) => convert.to_record(side, &value)?,
            None => value,
        };
        match (self.max_length.get(side), &value) {
            (Some(limit), Value::Text(text)) if text.chars().count() > *limit => {
                let length = text.chars().count();
                Err(format!(
                    "{length} characters, but the {side} field `{}` takes {limit}",
                    self.fields.get(side)
                ))
            }
            _ => Ok(value),
        }
    }
}

impl Kind {
    /// The form in which values are compared and stored.
    fn normalise(&self, value: &Value) -> Result<Value, String> {
        match (self, value) {
            (_, Value::Null) => Ok(Value::Null),
            (Self::Text, Value::Text(text)) => {
                let lines = text.trim().replace("\r\n", "\n");
                Ok(Value::text(lines.replace('\r', "\n")))
            }
            (Self::Code, Value::Text(text)) => Ok(Value::text(text.trim().to_uppercase())),
            (Self::Decimal { scale }, Value::Decimal(number)) => {
                Ok(Value::Decimal(rounded(*number, *scale)))
            }
            (Self::Instant, Value::Instant(instant)) => instant
                .round(
                    jiff::TimestampRound::new()
                        .smallest(jiff::Unit::Second)
                        .mode(jiff::RoundMode::Trunc),
                )
                .map(Value::Instant)
                .map_err(|error| error.to_string()),
            (Self::Boolean, Value::Boolean(_)) | (Self::Date, Value::Date(_)) => Ok(value.clone()),
            _ => Err(format!(
                "expected {}, found {}",
                self.expectation(),
                value.type_name()
            )),
        }
    }

    fn expectation(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Code => "a code",
            Self::Decimal { .. } => "a number",
            Self::Boolean => "a boolean",
            Self::Date => "a date",
            Self::Instant => "an instant",
        }
    }
}

fn rounded(number: Decimal, scale: u32) -> Decimal {
    number
        .round_dp_with_strategy(scale, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
        .normalize()
}

/// Codes of the left side and their counterparts on the right, for example `FR` and `France`.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    right_by_left: BTreeMap<String, String>,
    left_by_right: BTreeMap<String, String>,
}

impl Codes {
    /// A table of pairs (left, right). Of several rights for one left the first is written and all are understood.
    pub fn new<L: Into<String>, R: Into<String>>(pairs: impl IntoIterator<Item = (L, R)>) -> Self {
        let mut codes = Self::default();
        for (left, right) in pairs {
            codes.add(left, right);
        }
        codes
    }

    /// Adds a pair. A left code that is known keeps the right one that is written for it.
    pub fn add(&mut self, left: impl Into<String>, right: impl Into<String>) {
        let (left, right) = (left.into().to_uppercase(), right.into());
        self.left_by_right
            .entry(right.to_lowercase())
            .or_insert_with(|| left.clone());
        self.right_by_left.entry(left).or_insert(right);
    }

    fn to_left(&self, value: &Value) -> Result<Value, String> {
        let Some(text) = value.as_text() else {
            return Ok(value.clone());
        };
        let text = text.trim();
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let known = self.left_by_right.get(&text.to_lowercase()).cloned();
        // A user may have typed the code itself.
        let typed =
            || Some(text.to_uppercase()).filter(|code| self.right_by_left.contains_key(code));
        known
            .or_else(typed)
            .map(Value::Text)
            .ok_or_else(|| format!("`{text}` is not in the table of codes"))
    }

    fn to_right(&self, value: &Value) -> Result<Value, String> {
        let Some(code) = value.as_text() else {
            return Ok(value.clone());
        };
        let right = self.right_by_left.get(&code.to_uppercase());
        right
            .cloned()
            .map(Value::Text)
            .ok_or_else(|| format!("the code `{code}` is not in the table of codes"))
    }
}

/// A value that has no counterpart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field `{field}`: {message}")]
pub struct MapError {
    /// The row's name.
    pub field: FieldName,
    /// The side whose value it is, or which cannot take it.
    pub side: Side,
    /// What is wrong with it.
    pub message: String,
}

/// A mapping that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MappingError {
    /// Two rows have one name.
    #[error("the mapping has two rows named `{0}`")]
    DuplicateName(FieldName),
    /// Two rows write one field.
    #[error("the rows `{first}` and `{second}` both write the {side} field `{field}`")]
    DuplicateTarget {
        /// One row.
        first: FieldName,
        /// The other.
        second: FieldName,
        /// The side they write to.
        side: Side,
        /// The field they write.
        field: FieldName,
    },
    /// There is no such row to change.
    #[error("the mapping has no row named `{0}`")]
    UnknownRow(FieldName),
}

/// The table.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    rows: Vec<Row>,
}

impl Mapping {
    /// A table of `rows`.
    ///
    /// # Errors
    /// [`MappingError`] when rows contradict each other.
    pub fn new(rows: Vec<Row>) -> Result<Self, MappingError> {
        for (index, row) in rows.iter().enumerate() {
            for earlier in &rows[..index] {
                if earlier.name == row.name {
                    return Err(MappingError::DuplicateName(row.name.clone()));
                }
                for side in Side::BOTH {
                    let both_write = earlier.direction.fills(side) && row.direction.fills(side);
                    if both_write && earlier.fields.get(side) == row.fields.get(side) {
                        return Err(MappingError::DuplicateTarget {
                            first: earlier.name.clone(),
                            second: row.name.clone(),
                            side,
                            field: row.fields.get(side).clone(),
                        });
                    }
                }
            }
        }
        Ok(Self { rows })
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The table with `row` in place of the row of that name, or added.
    ///
    /// # Errors
    /// [`MappingError`] when it contradicts another row.
    pub fn with(mut self, row: Row) -> Result<Self, MappingError> {
        match self.rows.iter_mut().find(|known| known.name == row.name) {
            Some(known) => *known = row,
            None => self.rows.push(row),
        }
        Self::new(self.rows)
    }

    /// The table without the row `name`.
    ///
    /// # Errors
    /// [`MappingError::UnknownRow`] when there is none.
    pub fn without(mut self, name: &str) -> Result<Self, MappingError> {
        let before = self.rows.len();
        self.rows.retain(|row| row.name.as_str() != name);
        if self.rows.len() == before {
            return Err(MappingError::UnknownRow(FieldName::from(name)));
        }
        Ok(self)
    }

    /// The fields of `side` that the table reads or writes.
    pub fn fields(&self, side: Side) -> impl Iterator<Item = &FieldName> {
        self.rows
            .iter()
            .filter(|row| row.direction != Direction::None)
            .map(move |row| row.fields.get(side))
    }

    /// A record's fields as a document. A field that the record does not have stays absent.
    ///
    /// # Errors
    /// [`MapError`] for the first value without a counterpart.
    pub fn project(&self, side: Side, record: &Document) -> Result<Document, MapError> {
        let rows = self
            .rows
            .iter()
            .filter(|row| row.direction != Direction::None);
        let values = rows.filter_map(|row| {
            record
                .get(row.fields.get(side).as_str())
                .map(|value| (row, value))
        });
        values
            .map(|(row, value)| match row.to_document(side, value) {
                Ok(value) => Ok((row.name.clone(), value)),
                Err(message) => Err(MapError {
                    field: row.name.clone(),
                    side,
                    message,
                }),
            })
            .collect()
    }

    /// Changes of a document as changes of a record.
    ///
    /// # Errors
    /// [`MapError`] for the first value that `side` cannot take. Nothing is cut or rounded to make it fit.
    pub fn render(&self, side: Side, changes: &Document) -> Result<Document, MapError> {
        let rows = self
            .rows
            .iter()
            .filter_map(|row| changes.get(row.name.as_str()).map(|value| (row, value)));
        rows.map(|(row, value)| match row.to_record(side, value) {
            Ok(value) => Ok((row.fields.get(side).clone(), value)),
            Err(message) => Err(MapError {
                field: row.name.clone(),
                side,
                message,
            }),
        })
        .collect()
    }
}

//! What corresponds to what: one row a field.

mod codes;
mod kind;
mod references;

use std::{borrow::Cow, fmt, sync::Arc};

use sha2::{Digest, Sha256};

use self::kind::Misfit;
pub use self::{
    codes::{Codes, MissingCode},
    kind::{Kind, Lines},
    references::References,
};
use crate::{
    ids::{FieldName, FlowName, RecordId},
    job::{JobKey, ParkReason},
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
    /// Filled in when a record is created, and binding from then on: if the record that it came from changes afterwards,
    /// the pair is parked as a conflict, because the other side stays as it was made. It is settled when the value is as it
    /// was, or when the other side holds the new one too. An order that was made of a deal is of this kind.
    Binding {
        /// The side that the value comes from.
        from: Side,
    },
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
            Self::Both | Self::CreateOnly | Self::Binding { .. } | Self::None => None,
        }
    }

    /// Whether a record created on `target` gets the field.
    #[must_use]
    pub fn fills(self, target: Side) -> bool {
        match self {
            Self::Both | Self::CreateOnly => true,
            Self::ToRight => target == Side::Right,
            Self::ToLeft => target == Side::Left,
            Self::Binding { from } => target != from,
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

    /// The codes in a record's value that this conversion's own tables lack, for
    /// [`Mapping::missing_codes`]. None, unless it has tables.
    fn missing_codes(&self, side: Side, value: &Value) -> Vec<MissingCode> {
        let _ = (side, value);
        Vec::new()
    }
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
    /// Whether a record that is made on a side needs it.
    pub required: Sides<bool>,
    /// What kind of personal data it is, if it is any.
    pub personal: Option<PersonalData>,
}

/// Kinds of personal data. [`Settings::redact`](crate::Settings::redact) names those that are kept out of the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PersonalData {
    /// Names of people.
    Name,
    /// Telephone numbers, e-mail addresses.
    Contact,
    /// Where somebody lives or works.
    Address,
    /// Numbers that identify somebody: tax, bank, identity card.
    Identifier,
    /// Anything else about a person.
    Other,
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
            required: Sides::default(),
            personal: None,
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

    /// A record is not made on `side` without a value of this field, or with an empty list of lines: its partner is
    /// parked and the field is named.
    #[must_use]
    pub fn required(mut self, side: Side) -> Self {
        *self.required.get_mut(side) = true;
        self
    }

    /// Says that the field holds personal data, so that it can be kept out of the audit.
    #[must_use]
    pub fn personal(mut self, kind: PersonalData) -> Self {
        self.personal = Some(kind);
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

    fn to_document(
        &self,
        side: Side,
        value: &Value,
        references: &References,
    ) -> Result<Value, Misfit> {
        let value = self.plain(side, value)?;
        match &self.codes {
            Some(codes) if side == Side::Right => Ok(codes.to_left(&value)?),
            // The table holds codes, so they are compared as such whatever the row calls them.
            Some(_) => Kind::Code.project(side, &value, references),
            None => self.kind.project(side, &value, references),
        }
    }

    /// The record's value as the embedder's conversion gives it.
    fn plain<'a>(&self, side: Side, value: &'a Value) -> Result<Cow<'a, Value>, String> {
        match &self.convert {
            Some(convert) => convert.to_document(side, value).map(Cow::Owned),
            None => Ok(Cow::Borrowed(value)),
        }
    }

    /// Adds the codes in a record's value that no table has.
    fn collect_missing_codes(&self, side: Side, value: &Value, found: &mut Vec<MissingCode>) {
        if let Some(convert) = &self.convert {
            found.extend(convert.missing_codes(side, value));
        }
        let Ok(value) = self.plain(side, value) else {
            return;
        };
        match &self.codes {
            // A left code is looked up when it is written on the right.
            Some(codes) if side == Side::Right || self.direction.fills(Side::Right) => {
                let table = codes.name().unwrap_or(self.name.as_str());
                found.extend(codes.lacks(side, &value).map(|code| MissingCode {
                    table: table.to_owned(),
                    side,
                    code,
                }));
            }
            Some(_) => {}
            None => self.kind.collect_missing_codes(side, &value, found),
        }
    }

    fn to_record(
        &self,
        side: Side,
        value: &Value,
        references: &References,
    ) -> Result<Value, Misfit> {
        let value = match &self.codes {
            Some(codes) if side == Side::Right => codes.to_right(value)?,
            _ => self.kind.render(side, value, references)?,
        };
        let value = match &self.convert {
            Some(convert) => convert.to_record(side, &value)?,
            None => value,
        };
        match (self.max_length.get(side), &value) {
            (Some(limit), Value::Text(text)) if text.chars().count() > *limit => {
                let length = text.chars().count();
                Err(Misfit::Value(format!(
                    "{length} characters, but the {side} field `{}` takes {limit}",
                    self.fields.get(side)
                )))
            }
            _ => Ok(value),
        }
    }

    fn error(&self, side: Side, misfit: Misfit) -> MapError {
        let field = self.name.clone();
        let (message, missing) = match misfit {
            Misfit::Value(message) => (message, None),
            Misfit::Missing { message, parent } => (message, Some(parent)),
        };
        MapError {
            field,
            side,
            message,
            missing,
        }
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
    /// The record that must be synchronised first, when that is all that is wrong.
    pub missing: Option<JobKey>,
}

impl From<MapError> for ParkReason {
    fn from(error: MapError) -> Self {
        match error.missing {
            Some(parent) => Self::WaitingFor { parent },
            None => Self::Unmappable {
                field: error.field,
                message: error.message,
            },
        }
    }
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
        self.project_with(side, record, &References::default())
    }

    /// As [`project`](Self::project), for a mapping that refers to records of other flows.
    ///
    /// # Errors
    /// As [`project`](Self::project); [`MapError::missing`] is set for a reference that `references` do not know.
    pub fn project_with(
        &self,
        side: Side,
        record: &Document,
        references: &References,
    ) -> Result<Document, MapError> {
        let mut document = Vec::with_capacity(self.rows.len());
        for (row, value) in self.values(side, record) {
            let value = row.to_document(side, value, references);
            let value = value.map_err(|misfit| row.error(side, misfit))?;
            document.push((row.name.clone(), value));
        }
        Ok(document.into_iter().collect())
    }

    /// What of a record has a counterpart: enough to recognise it by.
    pub(crate) fn project_known(&self, side: Side, record: &Document) -> Document {
        let references = References::default();
        let values = self.values(side, record);
        let known = values.filter_map(|(row, value)| {
            let value = row.to_document(side, value, &references).ok()?;
            Some((row.name.clone(), value))
        });
        known.collect()
    }

    fn values<'a>(
        &'a self,
        side: Side,
        record: &'a Document,
    ) -> impl Iterator<Item = (&'a Row, &'a Value)> {
        values(self.rows.iter(), side, record)
    }

    /// Changes of a document as changes of a record.
    ///
    /// # Errors
    /// [`MapError`] for the first value that `side` cannot take. Nothing is cut or rounded to make it fit.
    pub fn render(&self, side: Side, changes: &Document) -> Result<Document, MapError> {
        self.render_with(side, changes, &References::default())
    }

    /// As [`render`](Self::render), for a mapping that refers to records of other flows.
    ///
    /// # Errors
    /// As [`render`](Self::render); [`MapError::missing`] is set for a reference that `references` do not know.
    pub fn render_with(
        &self,
        side: Side,
        changes: &Document,
        references: &References,
    ) -> Result<Document, MapError> {
        let rows = self
            .rows
            .iter()
            .filter_map(|row| changes.get(row.name.as_str()).map(|value| (row, value)));
        rows.map(
            |(row, value)| match row.to_record(side, value, references) {
                Ok(value) => Ok((row.fields.get(side).clone(), value)),
                Err(misfit) => Err(row.error(side, misfit)),
            },
        )
        .collect()
    }

    /// The flows whose records this table refers to.
    #[must_use]
    pub fn referenced_flows(&self) -> Vec<&FlowName> {
        let mut flows: Vec<&FlowName> = self
            .rows
            .iter()
            .flat_map(|row| row.kind.referenced_flows())
            .collect();
        flows.sort_unstable();
        flows.dedup();
        flows
    }

    /// The records of `side` that a record of it refers to, with their flows.
    #[must_use]
    pub fn references(&self, side: Side, record: &Document) -> Vec<(FlowName, RecordId)> {
        let mut found = Vec::new();
        let rows = self.rows.iter().filter(|row| row.kind.refers());
        for (row, value) in values(rows, side, record) {
            if let Ok(value) = row.plain(side, value) {
                row.kind.collect_references(side, &value, &mut found);
            }
        }
        found
    }

    /// Every code of a record of `side` that no table has, each once, with the row that holds it. Projecting stops at the
    /// first of them; a person who fills in tables wants to know them all.
    #[must_use]
    pub fn missing_codes(&self, side: Side, record: &Document) -> Vec<(FieldName, MissingCode)> {
        let mut found = Vec::new();
        for (row, value) in self.values(side, record) {
            let mut missing = Vec::new();
            row.collect_missing_codes(side, value, &mut missing);
            found.extend(missing.into_iter().map(|code| (row.name.clone(), code)));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Names what the table says. Another table has another fingerprint; a conversion counts by its `Debug` form.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(format!("{:?}", self.rows));
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The values that a record of `side` has for `rows`.
fn values<'a>(
    rows: impl Iterator<Item = &'a Row>,
    side: Side,
    record: &'a Document,
) -> impl Iterator<Item = (&'a Row, &'a Value)> {
    rows.filter(|row| row.direction != Direction::None)
        .filter_map(move |row| {
            let value = record.get(row.fields.get(side).as_str())?;
            Some((row, value))
        })
}

//! Values and documents: what the engine compares, merges and stores.

use std::{fmt, mem, sync::Arc, vec};

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use crate::ids::{FieldName, RecordId};

/// A typed value. `Null` is a value ("empty"); a field that a system does not offer is absent from its document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// Empty.
    Null,
    /// Yes or no.
    Boolean(bool),
    /// An exact number: money, quantities, counts.
    Decimal(Decimal),
    /// Text.
    Text(String),
    /// A day without a time or zone.
    Date(Date),
    /// An instant.
    Instant(Timestamp),
    /// Another record of the same system. In a document: of the left one.
    Reference(RecordId),
    /// Several values in order.
    List(Vec<Self>),
    /// Named values that belong together, such as one line of an order.
    Fields(Document),
}

impl Value {
    /// Text, or `Null` for empty text: one system keeps empty strings where the other keeps nothing.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() {
            Self::Null
        } else {
            Self::Text(text)
        }
    }

    /// The text, if this is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether this is `Null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The name of the value's type, for messages.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Boolean(_) => "a boolean",
            Self::Decimal(_) => "a number",
            Self::Text(_) => "text",
            Self::Date(_) => "a date",
            Self::Instant(_) => "an instant",
            Self::Reference(_) => "a reference",
            Self::List(_) => "a list",
            Self::Fields(_) => "a group of fields",
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<Decimal> for Value {
    fn from(value: Decimal) -> Self {
        Self::Decimal(value)
    }
}

impl From<Document> for Value {
    fn from(fields: Document) -> Self {
        Self::Fields(fields)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("(empty)"),
            Self::Boolean(value) => value.fmt(f),
            Self::Decimal(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
            Self::Date(value) => value.fmt(f),
            Self::Instant(value) => value.fmt(f),
            Self::Reference(id) => id.fmt(f),
            Self::Fields(fields) => {
                for (index, (name, value)) in fields.iter().enumerate() {
                    let separator = if index > 0 { "; " } else { "" };
                    write!(f, "{separator}{name}: {value}")?;
                }
                Ok(())
            }
            Self::List(values) => {
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    value.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

/// Named values, ordered by name. Absent and `Null` differ.
///
/// Clones share their fields until one of them is changed.
#[derive(Clone, Default)]
pub struct Document {
    /// In order of name, each name once. An empty document needs no memory.
    fields: Option<Arc<Vec<(FieldName, Value)>>>,
}

impl Document {
    /// An empty document.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn entries(&self) -> &[(FieldName, Value)] {
        self.fields.as_deref().map_or(&[], Vec::as_slice)
    }

    /// Where `field` is, or where it would be.
    fn place(&self, field: &str) -> Result<usize, usize> {
        self.entries()
            .binary_search_by(|(name, _)| name.as_str().cmp(field))
    }

    fn entries_mut(&mut self) -> &mut Vec<(FieldName, Value)> {
        Arc::make_mut(self.fields.get_or_insert_default())
    }

    /// The value of `field`, if the field is present.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&Value> {
        let place = self.place(field).ok()?;
        self.entries().get(place).map(|(_, value)| value)
    }

    /// Sets `field`.
    pub fn set(&mut self, field: impl Into<FieldName>, value: impl Into<Value>) {
        let (field, value) = (field.into(), value.into());
        match self.place(field.as_str()) {
            Ok(place) => {
                if let Some((_, known)) = self.entries_mut().get_mut(place) {
                    *known = value;
                }
            }
            Err(place) => self.entries_mut().insert(place, (field, value)),
        }
    }

    /// The document with `field` set.
    #[must_use]
    pub fn with(mut self, field: impl Into<FieldName>, value: impl Into<Value>) -> Self {
        self.set(field, value);
        self
    }

    /// Removes `field`, so that it is absent.
    pub fn remove(&mut self, field: &str) -> Option<Value> {
        let place = self.place(field).ok()?;
        let (_, value) = self.entries_mut().remove(place);
        Some(value)
    }

    /// All fields in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&FieldName, &Value)> {
        self.entries().iter().map(|(name, value)| (name, value))
    }

    /// Whether no field is present.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// A fingerprint of all fields. Documents that differ have different ones.
    #[must_use]
    pub fn digest(&self) -> String {
        hex(&Sha256::digest(format!("{:?}", Entries(self.entries()))))
    }

    /// Number of fields present.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries().len()
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        match (&self.fields, &other.fields) {
            (Some(one), Some(another)) if Arc::ptr_eq(one, another) => true,
            _ => self.entries() == other.entries(),
        }
    }
}

impl Eq for Document {}

/// Fingerprints are made of this form: it stays as it is.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("fields", &Entries(self.entries()))
            .finish()
    }
}

struct Entries<'a>(&'a [(FieldName, Value)]);

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.0.iter().map(|(name, value)| (name, value));
        f.debug_map().entries(entries).finish()
    }
}

impl FromIterator<(FieldName, Value)> for Document {
    fn from_iter<I: IntoIterator<Item = (FieldName, Value)>>(fields: I) -> Self {
        let mut fields: Vec<(FieldName, Value)> = fields.into_iter().collect();
        if !fields.is_sorted_by(|(one, _), (next, _)| one < next) {
            fields.sort_by(|(one, _), (other, _)| one.cmp(other));
            fields.dedup_by(|later, kept| {
                let same = later.0 == kept.0;
                if same {
                    // Of several values for one name the last counts.
                    mem::swap(later, kept);
                }
                same
            });
        }
        Self {
            fields: (!fields.is_empty()).then(|| Arc::new(fields)),
        }
    }
}

impl IntoIterator for Document {
    type Item = (FieldName, Value);
    type IntoIter = vec::IntoIter<(FieldName, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        let fields = self.fields.map(Arc::unwrap_or_clone);
        fields.unwrap_or_default().into_iter()
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

//! Typed values: what a column holds, what a literal means for it, and how the two compare.

use std::cmp::Ordering;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::ast::{Comparison, Literal, Test};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::schema::{DataType, Field, Module};
use crate::store::Record;
use crate::world::World;

/// A column resolved against the metadata: look-ups to follow, then the field.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) text: String,
    joins: Vec<Field>,
    module: Arc<Module>,
    pub(crate) field: Field,
}

/// A value that can be compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    /// Lower-case, since comparisons of text ignore case.
    Text(String),
    Number(Decimal),
    Bool(bool),
    Date(Date),
    Instant(Timestamp),
}

impl Cell {
    pub(crate) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            (Self::Number(left), Self::Number(right)) => Some(left.cmp(right)),
            (Self::Bool(left), Self::Bool(right)) => Some(left.cmp(right)),
            (Self::Date(left), Self::Date(right)) => Some(left.cmp(right)),
            (Self::Instant(left), Self::Instant(right)) => Some(left.cmp(right)),
            (Self::Null, Self::Null) => Some(Ordering::Equal),
            // Empty values come first when sorting.
            (Self::Null, _) => Some(Ordering::Less),
            (_, Self::Null) => Some(Ordering::Greater),
            _ => None,
        }
    }
}

fn invalid_query(details: Object) -> Failure {
    Failure::new(400, "INVALID_QUERY", "invalid query formed", details)
}

impl Path {
    /// Resolves `Field` or `Lookup.Field`.
    pub(crate) fn resolve(
        world: &World,
        module: &Arc<Module>,
        text: &str,
    ) -> Result<Self, Failure> {
        let unknown = || {
            invalid_query(
                object! { "column_name" => text, "reason" => "column given seems to be invalid" },
            )
        };
        let mut module = Arc::clone(module);
        let mut joins = Vec::new();
        let mut parts = text.split('.').peekable();
        while let Some(part) = parts.next() {
            let field = module.field(part).ok_or_else(unknown)?.clone();
            if matches!(
                field.data_type,
                DataType::Subform(_) | DataType::Array | DataType::File | DataType::System
            ) {
                return Err(unknown());
            }
            if parts.peek().is_none() {
                return Ok(Self {
                    text: text.to_owned(),
                    joins,
                    module,
                    field,
                });
            }
            let DataType::Lookup(target) = &field.data_type else {
                return Err(unknown());
            };
            module = world.schema.any(target).cloned().ok_or_else(unknown)?;
            joins.push(field);
        }
        Err(unknown())
    }

    /// The field, if it is one of the record's own.
    pub(super) fn own_field(&self) -> Option<&str> {
        self.joins.is_empty().then_some(&self.field.api_name)
    }

    /// The record at the end of the joins.
    fn follow(&self, world: &World, record: &Arc<Record>) -> Option<Arc<Record>> {
        let mut record = Arc::clone(record);
        for join in &self.joins {
            let DataType::Lookup(target) = &join.data_type else {
                return None;
            };
            let id = record.value(&join.api_name).as_str()?.parse().ok()?;
            record = Arc::clone(world.store.record(target, id)?);
        }
        Some(record)
    }

    /// The value as answers show it.
    pub(crate) fn render(&self, world: &World, record: &Arc<Record>) -> Json {
        let record = self.follow(world, record);
        record
            .map(|record| crate::records::field_value(world, &self.module, &record, &self.field))
            .unwrap_or_default()
    }

    /// The value for comparisons.
    pub(crate) fn cell(&self, world: &World, record: &Arc<Record>) -> Cell {
        let Some(record) = self.follow(world, record) else {
            return Cell::Null;
        };
        match self.field.api_name.as_str() {
            "id" => return Cell::Number(Decimal::from(record.id)),
            "Created_Time" => return Cell::Instant(record.created),
            "Modified_Time" => return Cell::Instant(record.modified),
            "Created_By" => return id_cell(&record.created_by),
            "Modified_By" => return id_cell(&record.modified_by),
            "Owner" => return id_cell(&record.owner),
            _ => {}
        }
        let value = crate::records::field_value(world, &self.module, &record, &self.field);
        match (&self.field.data_type, value) {
            (_, Json::Null) => Cell::Null,
            (data_type, value) if data_type.is_reference() => value
                .get("id")
                .and_then(Json::as_str)
                .map_or(Cell::Null, id_cell),
            (DataType::Date, Json::String(text)) => text.parse().map_or(Cell::Null, Cell::Date),
            (DataType::Datetime, Json::String(text)) => {
                text.parse().map_or(Cell::Null, Cell::Instant)
            }
            (_, Json::Bool(value)) => Cell::Bool(value),
            (_, Json::String(text)) => Cell::Text(text.to_lowercase()),
            (_, Json::Array(items)) => {
                let parts: Vec<&str> = items.iter().filter_map(Json::as_str).collect();
                Cell::Text(parts.join(";").to_lowercase())
            }
            (_, number) => number.as_decimal().map_or(Cell::Null, Cell::Number),
        }
    }
}

fn id_cell(id: &str) -> Cell {
    id.parse().map_or(Cell::Null, Cell::Number)
}

/// A test with its literals read for the column's type.
#[derive(Debug, Clone)]
pub(super) enum TypedTest {
    Compare(Comparison, Cell),
    In {
        values: Vec<Cell>,
        negated: bool,
    },
    Between {
        low: Cell,
        high: Cell,
        negated: bool,
    },
    Like {
        pattern: String,
        negated: bool,
    },
    IsNull {
        negated: bool,
    },
}

/// Most values of an `in`.
const MOST_VALUES: usize = 50;

impl TypedTest {
    /// Checks that the operator suits the column and reads the literals.
    pub(super) fn check(path: &Path, test: &Test) -> Result<Self, Failure> {
        if path.field.data_type == DataType::Textarea {
            let details = object! {
                "column_name" => path.text.as_str(), "reason" => "column given is not supported in where clause",
            };
            return Err(invalid_query(details));
        }
        Ok(match test {
            Test::IsNull { negated } => Self::IsNull { negated: *negated },
            Test::Like { pattern, negated } => {
                allow(path, is_like_text(&path.field), "like")?;
                Self::Like {
                    pattern: pattern.to_lowercase(),
                    negated: *negated,
                }
            }
            Test::Compare(comparison, literal) => {
                allow(
                    path,
                    !comparison.is_ordering() || is_ordered(&path.field),
                    comparison.sign(),
                )?;
                Self::Compare(*comparison, read(path, literal)?)
            }
            Test::Between { low, high, negated } => {
                allow(path, is_ordered(&path.field), "between")?;
                Self::Between {
                    low: read(path, low)?,
                    high: read(path, high)?,
                    negated: *negated,
                }
            }
            Test::In { values, negated } => {
                allow(path, path.field.data_type != DataType::Boolean, "in")?;
                if values.len() > MOST_VALUES {
                    let details =
                        object! { "limit" => MOST_VALUES, "column_name" => path.text.as_str() };
                    return Err(Failure::new(
                        400,
                        "LIMIT_EXCEEDED",
                        "too many values in the in clause",
                        details,
                    ));
                }
                let values = values
                    .iter()
                    .map(|value| read(path, value))
                    .collect::<Result<_, _>>()?;
                Self::In {
                    values,
                    negated: *negated,
                }
            }
        })
    }

    /// The texts that a value must be one of to pass, if that is what the test asks for.
    pub(super) fn texts(&self) -> Option<impl Iterator<Item = &str>> {
        let cells = match self {
            Self::Compare(Comparison::Equal, wanted) => std::slice::from_ref(wanted),
            Self::In {
                values,
                negated: false,
            } => values.as_slice(),
            _ => return None,
        };
        let mut texts = Vec::with_capacity(cells.len());
        for cell in cells {
            match cell {
                Cell::Text(text) => texts.push(text.as_str()),
                _ => return None,
            }
        }
        Some(texts.into_iter())
    }

    /// Whether a value passes. An empty value passes only `is null`, as in SQL, and `!=` and `not in`, as in Zoho's screens.
    pub(super) fn passes(&self, cell: &Cell) -> bool {
        match self {
            Self::IsNull { negated } => (*cell == Cell::Null) != *negated,
            Self::Compare(Comparison::Equal, wanted) => cell == wanted,
            Self::Compare(Comparison::NotEqual, wanted) => cell != wanted,
            Self::Compare(comparison, wanted) => {
                let Some(order) = known_order(cell, wanted) else {
                    return false;
                };
                match comparison {
                    Comparison::Less => order.is_lt(),
                    Comparison::LessEqual => order.is_le(),
                    Comparison::Greater => order.is_gt(),
                    _ => order.is_ge(),
                }
            }
            Self::In { values, negated } => values.contains(cell) != *negated,
            Self::Between { low, high, negated } => {
                let (Some(low), Some(high)) = (known_order(cell, low), known_order(cell, high))
                else {
                    return false;
                };
                (low.is_ge() && high.is_le()) != *negated
            }
            Self::Like { pattern, negated } => match cell {
                Cell::Text(text) => is_like(pattern, text) != *negated,
                _ => false,
            },
        }
    }
}

fn known_order(cell: &Cell, other: &Cell) -> Option<Ordering> {
    if *cell == Cell::Null {
        None
    } else {
        cell.order(other)
    }
}

fn is_like_text(field: &Field) -> bool {
    field.data_type.is_text()
        || matches!(
            field.data_type,
            DataType::Picklist | DataType::MultiPicklist
        )
}

fn is_ordered(field: &Field) -> bool {
    field.data_type.is_number() || matches!(field.data_type, DataType::Date | DataType::Datetime)
}

fn allow(path: &Path, allowed: bool, operator: &str) -> Result<(), Failure> {
    if allowed {
        return Ok(());
    }
    Err(invalid_query(object! {
        "column_name" => path.text.as_str(),
        "data_type" => path.field.data_type.word(),
        "operator" => operator,
        "reason" => "operator given is not supported for the column",
    }))
}

/// Reads a literal as the column's type.
fn read(path: &Path, literal: &Literal) -> Result<Cell, Failure> {
    let wrong = || {
        invalid_query(object! {
            "column_name" => path.text.as_str(),
            "expected_data_type" => path.field.data_type.word(),
            "reason" => "value given seems to be invalid for the column",
        })
    };
    let text = match literal {
        Literal::Text(text) | Literal::Number(text) => text.as_str(),
        Literal::Bool(true) => "true",
        Literal::Bool(false) => "false",
    };
    let data_type = &path.field.data_type;
    match data_type {
        DataType::Boolean => text.parse().map(Cell::Bool).map_err(|_| wrong()),
        DataType::Date => text.parse().map(Cell::Date).map_err(|_| wrong()),
        DataType::Datetime => text.parse().map(Cell::Instant).map_err(|_| wrong()),
        _ if data_type.is_number() || data_type.is_reference() => {
            text.parse().map(Cell::Number).map_err(|_| wrong())
        }
        // Text must be quoted.
        _ => match literal {
            Literal::Text(text) => Ok(Cell::Text(text.to_lowercase())),
            _ => Err(wrong()),
        },
    }
}

/// `%` stands for any characters.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('%') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(head) else {
        return false;
    };
    let mut starts = text
        .char_indices()
        .map(|(index, _)| index)
        .chain([text.len()]);
    starts.any(|start| text.get(start..).is_some_and(|tail| is_like(rest, tail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_signs_match_any_characters() {
        assert!(is_like("%corp%", "big corp ltd"));
        assert!(is_like("corp%", "corp"));
        assert!(is_like("%é%", "café"));
        assert!(!is_like("corp%", "big corp"));
    }
}

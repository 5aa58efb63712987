//! Kinds of values: how they are compared and carried.

use std::{fmt, sync::Arc};

use rust_decimal::Decimal;

use super::{Mapping, MissingCode, References};
use crate::{
    ids::{FlowName, RecordId},
    job::JobKey,
    side::Side,
    value::Value,
};

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
    /// A record of another flow, or of this one. Each system names it by its own identity; a document holds the left one.
    /// As long as that record has no partner, a record that refers to it waits.
    Reference {
        /// The flow whose pairs are referred to.
        flow: FlowName,
    },
    /// Several values of one kind. Their order counts.
    List(Box<Self>),
    /// Several groups of fields, such as the lines of an order. They are compared and carried as a whole, and their order
    /// counts.
    Lines(Lines),
}

/// What corresponds to what in each line of a [`Kind::Lines`]. Two are equal when they are the same table.
#[derive(Clone)]
pub struct Lines(Arc<Mapping>);

impl Lines {
    /// The table of a line's fields. Only names, fields, kinds, codes, conversions and limits count: a line has no
    /// direction and no conflict rule of its own.
    #[must_use]
    pub fn new(columns: Mapping) -> Self {
        Self(Arc::new(columns))
    }

    /// The table of a line's fields.
    #[must_use]
    pub fn columns(&self) -> &Mapping {
        &self.0
    }
}

impl PartialEq for Lines {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Lines {}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.rows().fmt(f)
    }
}

/// Why a value cannot be carried over.
#[derive(Debug)]
pub(super) enum Misfit {
    /// It has no counterpart.
    Value(String),
    /// It will have one when `parent` is synchronised.
    Missing { message: String, parent: JobKey },
}

impl From<String> for Misfit {
    fn from(message: String) -> Self {
        Self::Value(message)
    }
}

impl Misfit {
    fn of_reference(flow: &FlowName, side: Side, id: &RecordId) -> Self {
        Self::Missing {
            message: format!("the {side} record `{id}` of `{flow}` has no partner yet"),
            parent: JobKey {
                flow: flow.clone(),
                side,
                id: id.clone(),
            },
        }
    }
}

impl Kind {
    /// The form in which values are compared and stored.
    pub(super) fn project(
        &self,
        side: Side,
        value: &Value,
        references: &References,
    ) -> Result<Value, Misfit> {
        match (self, value) {
            (_, Value::Null) => Ok(Value::Null),
            (Self::Text, Value::Text(text)) => {
                let text = text.trim();
                if !text.contains('\r') {
                    return Ok(Value::text(text));
                }
                let lines = text.replace("\r\n", "\n");
                Ok(Value::text(lines.replace('\r', "\n")))
            }
            (Self::Code, Value::Text(text)) => Ok(Value::text(text.trim().to_uppercase())),
            (Self::Decimal { scale }, Value::Decimal(number)) => {
                Ok(Value::Decimal(rounded(*number, *scale)))
            }
            (Self::Instant, Value::Instant(instant)) => {
                let second = jiff::TimestampRound::new()
                    .smallest(jiff::Unit::Second)
                    .mode(jiff::RoundMode::Trunc);
                let instant = instant.round(second).map_err(|error| error.to_string())?;
                Ok(Value::Instant(instant))
            }
            (Self::Boolean, Value::Boolean(_)) | (Self::Date, Value::Date(_)) => Ok(value.clone()),
            (Self::Reference { flow }, Value::Text(_) | Value::Reference(_)) => {
                let Some(id) = referred(value) else {
                    return Ok(Value::Null);
                };
                match side {
                    Side::Left => Ok(Value::Reference(id)),
                    Side::Right => references
                        .partner(flow, side, &id)
                        .cloned()
                        .map(Value::Reference)
                        .ok_or_else(|| Misfit::of_reference(flow, side, &id)),
                }
            }
            (Self::List(kind), Value::List(values)) => {
                let values = values.iter();
                let projected = values.map(|value| kind.project(side, value, references));
                Ok(Value::List(projected.collect::<Result<_, _>>()?))
            }
            (Self::Lines(lines), Value::List(values)) => lines.each(values, |columns, line| {
                columns.project_with(side, line, references)
            }),
            _ => Err(Misfit::Value(format!(
                "expected {}, found {}",
                self.expectation(),
                value.type_name()
            ))),
        }
    }

    /// A document's value as `side` takes it.
    pub(super) fn render(
        &self,
        side: Side,
        value: &Value,
        references: &References,
    ) -> Result<Value, Misfit> {
        match (self, value) {
            (Self::Reference { flow }, Value::Reference(id)) if side == Side::Right => references
                .partner(flow, Side::Left, id)
                .cloned()
                .map(Value::Reference)
                .ok_or_else(|| Misfit::of_reference(flow, Side::Left, id)),
            (Self::List(kind), Value::List(values)) => {
                let values = values.iter();
                let rendered = values.map(|value| kind.render(side, value, references));
                Ok(Value::List(rendered.collect::<Result<_, _>>()?))
            }
            (Self::Lines(lines), Value::List(values)) => lines.each(values, |columns, line| {
                columns.render_with(side, line, references)
            }),
            _ => Ok(value.clone()),
        }
    }

    /// Whether values of this kind refer to records.
    pub(super) fn refers(&self) -> bool {
        match self {
            Self::Reference { .. } => true,
            Self::List(kind) => kind.refers(),
            Self::Lines(Lines(columns)) => columns.rows().iter().any(|row| row.kind.refers()),
            _ => false,
        }
    }

    /// The flows whose records values of this kind refer to.
    pub(super) fn referenced_flows(&self) -> Vec<&FlowName> {
        match self {
            Self::Reference { flow } => vec![flow],
            Self::List(kind) => kind.referenced_flows(),
            Self::Lines(Lines(columns)) => columns.referenced_flows(),
            _ => Vec::new(),
        }
    }

    /// Adds the records of `side` that `value` refers to.
    pub(super) fn collect_references(
        &self,
        side: Side,
        value: &Value,
        found: &mut Vec<(FlowName, RecordId)>,
    ) {
        match (self, value) {
            (Self::Reference { flow }, value) => {
                found.extend(referred(value).map(|id| (flow.clone(), id)));
            }
            (Self::List(kind), Value::List(values)) => {
                for value in values {
                    kind.collect_references(side, value, found);
                }
            }
            (Self::Lines(Lines(columns)), Value::List(values)) => {
                for value in values {
                    if let Value::Fields(line) = value {
                        found.extend(columns.references(side, line));
                    }
                }
            }
            _ => {}
        }
    }

    /// Adds the codes in the lines of `value` that no table has.
    pub(super) fn collect_missing_codes(
        &self,
        side: Side,
        value: &Value,
        found: &mut Vec<MissingCode>,
    ) {
        if let (Self::Lines(Lines(columns)), Value::List(lines)) = (self, value) {
            for line in lines {
                if let Value::Fields(fields) = line {
                    let missing = columns.missing_codes(side, fields).into_iter();
                    found.extend(missing.map(|(_, code)| code));
                }
            }
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
            Self::Reference { .. } => "a reference",
            Self::List(_) => "a list",
            Self::Lines(_) => "a list of lines",
        }
    }
}

impl Lines {
    /// Every line as `convert` makes it. An error names the line, counted from 1.
    fn each(
        &self,
        lines: &[Value],
        convert: impl Fn(&Mapping, &crate::Document) -> Result<crate::Document, super::MapError>,
    ) -> Result<Value, Misfit> {
        let mut converted = Vec::with_capacity(lines.len());
        for (line, number) in lines.iter().zip(1..) {
            let Value::Fields(fields) = line else {
                let found = line.type_name();
                return Err(Misfit::Value(format!(
                    "line {number}: expected fields, found {found}"
                )));
            };
            let fields = convert(&self.0, fields).map_err(|error| {
                let message = format!("line {number}: {error}");
                match error.missing {
                    Some(parent) => Misfit::Missing { message, parent },
                    None => Misfit::Value(message),
                }
            })?;
            converted.push(Value::Fields(fields));
        }
        Ok(Value::List(converted))
    }
}

/// The identity that a value refers to, if it is not empty.
fn referred(value: &Value) -> Option<RecordId> {
    let id = match value {
        Value::Text(text) => RecordId::new(text.trim()),
        Value::Reference(id) => id.clone(),
        _ => return None,
    };
    Some(id).filter(|id| !id.as_str().is_empty())
}

fn rounded(number: Decimal, scale: u32) -> Decimal {
    number
        .round_dp_with_strategy(scale, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
        .normalize()
}

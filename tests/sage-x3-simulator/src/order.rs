//! `orderBy`: members in their order, 1 ascending, -1 descending, nested for references (reference: 3.6).

use std::cmp::Ordering;
use std::sync::Arc;

use crate::filter::{Field, operand, resolve_field, value_of};
use crate::graphql::error::GraphqlError;
use crate::json::{Json, parse_relaxed};
use crate::model::{Kind, Model, Node, Property};
use crate::record::{Record, Scalar, View};
use crate::settings::Settings;

#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) terms: Vec<Term>,
}

/// One member: the references to follow, the value at their end, the direction.
#[derive(Debug)]
pub(crate) struct Term {
    through: Vec<Property>,
    field: Field,
    descending: bool,
}

fn invalid(message: impl std::fmt::Display) -> GraphqlError {
    GraphqlError::new(format!("Invalid orderBy: {message}"))
}

impl Order {
    /// Reads an order; without one, rows come by ascending `_id`.
    pub(crate) fn parse(
        text: Option<&str>,
        node: &Arc<Node>,
        model: &Model,
        settings: &Settings,
    ) -> Result<Self, GraphqlError> {
        let mut order = Self { terms: Vec::new() };
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            let json = parse_relaxed(text).map_err(invalid)?;
            order.read(&json, node, model, settings, &mut Vec::new())?;
        }
        let has_key = order.terms.iter().any(|term| {
            term.through.is_empty() && matches!(&term.field, Field::System(name) if name == "_id")
        });
        if order.terms.is_empty() || (settings.order_by_key_last && !has_key) {
            let field = Field::System("_id".to_owned());
            order.terms.push(Term {
                through: Vec::new(),
                field,
                descending: false,
            });
        }
        Ok(order)
    }

    fn read(
        &mut self,
        json: &Json,
        node: &Arc<Node>,
        model: &Model,
        settings: &Settings,
        through: &mut Vec<Property>,
    ) -> Result<(), GraphqlError> {
        let Json::Object(members) = json else {
            return Err(invalid(format!(
                "expected an object, found {}",
                json.print()
            )));
        };
        for (name, value) in members {
            let field = resolve_field(name, node, settings).map_err(invalid)?;
            match (&field, value) {
                (Field::Property(property), Json::Object(_)) => {
                    let Kind::Reference { node: target, .. } = &property.kind else {
                        return Err(invalid(format!("property \"{name}\" is no reference")));
                    };
                    let target = model
                        .node(target)
                        .ok_or_else(|| invalid(format!("unknown node {target}")))?;
                    through.push(property.clone());
                    self.read(value, target, model, settings, through)?;
                    through.pop();
                }
                (Field::Property(property), _) if is_rows(property) => {
                    return Err(invalid(format!("property \"{name}\" is a collection")));
                }
                (_, Json::Number(direction)) if direction == "1" || direction == "-1" => {
                    self.terms.push(Term {
                        through: through.clone(),
                        field,
                        descending: direction == "-1",
                    });
                }
                _ => return Err(invalid(format!("\"{name}\" needs 1 or -1"))),
            }
        }
        Ok(())
    }

    /// The values that place a record.
    pub(crate) fn values(&self, record: &Record, view: View<'_>) -> Vec<Scalar> {
        self.terms
            .iter()
            .map(|term| term.value(record, view))
            .collect()
    }

    pub(crate) fn compare(&self, left: &[Scalar], right: &[Scalar]) -> Ordering {
        for (term, (left, right)) in self.terms.iter().zip(left.iter().zip(right)) {
            let ordering = left.cmp(right);
            if ordering != Ordering::Equal {
                return if term.descending {
                    ordering.reverse()
                } else {
                    ordering
                };
            }
        }
        Ordering::Equal
    }
}

fn is_rows(property: &Property) -> bool {
    matches!(
        property.kind,
        Kind::Children { .. } | Kind::Slots { .. } | Kind::Stream { .. }
    )
}

impl Term {
    fn value(&self, record: &Record, view: View<'_>) -> Scalar {
        let mut at = record.clone();
        for property in &self.through {
            match view.target(&at, property) {
                Some(target) => at = target,
                None => return Scalar::Null,
            }
        }
        value_of(&self.field, &at, view)
    }

    /// A value read back from a cursor.
    pub(crate) fn read(&self, json: &Json) -> Result<Scalar, String> {
        operand(&self.field, json)
    }
}

//! The filter language (reference: 3.5).
//!
//! An object is the conjunction of its members, an array of objects the conjunction of its items, `{}` always holds.
//! References are compared by key, by `_id` or by any property of their target; collections by a quantifier beside the
//! condition on one of their rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use regex::Regex;

use crate::graphql::error::GraphqlError;
use crate::json::{Json, parse_relaxed};
use crate::model::{Kind, Model, Node, Part, Property, Source};
use crate::record::{Id, Record, Scalar, View};
use crate::settings::Settings;

/// A filter ready to be asked about records of its node.
#[derive(Debug)]
pub(crate) enum Filter {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Value {
        field: Field,
        test: Test,
    },
    Target {
        property: Property,
        filter: Box<Self>,
    },
    Rows {
        property: Property,
        quantifier: Quantifier,
        filter: Box<Self>,
    },
}

/// What a condition is about.
#[derive(Debug, Clone)]
pub(crate) enum Field {
    System(String),
    Property(Property),
}

#[derive(Debug)]
pub(crate) enum Test {
    Equal(Scalar),
    NotEqual(Scalar),
    Greater(Scalar),
    GreaterOrEqual(Scalar),
    Less(Scalar),
    LessOrEqual(Scalar),
    In(BTreeSet<Scalar>),
    NotIn(BTreeSet<Scalar>),
    Matches(Regex),
}

#[derive(Debug, Default)]
pub(crate) struct Quantifier {
    at_least: Option<usize>,
    at_most: Option<usize>,
    every: bool,
    none: bool,
}

const OPERATORS: [&str; 10] = [
    "_eq", "_ne", "_gt", "_gte", "_lt", "_lte", "_in", "_nin", "_regex", "_options",
];

/// Reads a filter text for a node.
pub(crate) fn parse(
    text: &str,
    node: &Arc<Node>,
    model: &Model,
    settings: &Settings,
) -> Result<Filter, GraphqlError> {
    let json = parse_relaxed(text)
        .map_err(|error| GraphqlError::new(format!("Invalid filter: {error}")))?;
    Compiler { model, settings }.conditions(&json, node)
}

struct Compiler<'a> {
    model: &'a Model,
    settings: &'a Settings,
}

fn invalid(message: impl std::fmt::Display) -> GraphqlError {
    GraphqlError::new(format!("Invalid filter: {message}"))
}

impl Compiler<'_> {
    fn conditions(&self, json: &Json, node: &Arc<Node>) -> Result<Filter, GraphqlError> {
        match json {
            Json::Array(items) => self.every_item(items, node).map(Filter::All),
            Json::Object(members) => {
                let mut all = Vec::with_capacity(members.len());
                for (name, value) in members {
                    all.push(self.member(name, value, node)?);
                }
                Ok(Filter::All(all))
            }
            other => Err(invalid(format!(
                "expected an object, found {}",
                other.print()
            ))),
        }
    }

    fn every_item(&self, items: &[Json], node: &Arc<Node>) -> Result<Vec<Filter>, GraphqlError> {
        items
            .iter()
            .map(|item| self.conditions(item, node))
            .collect()
    }

    fn member(&self, name: &str, value: &Json, node: &Arc<Node>) -> Result<Filter, GraphqlError> {
        match (name, value) {
            ("_and", Json::Array(items)) => return self.every_item(items, node).map(Filter::All),
            ("_or", Json::Array(items)) => return self.every_item(items, node).map(Filter::Any),
            ("_and" | "_or", _) => return Err(invalid(format!("{name} needs an array"))),
            ("_not", value) => return Ok(Filter::Not(Box::new(self.conditions(value, node)?))),
            _ => {}
        }
        let field = resolve_field(name, node, self.settings).map_err(invalid)?;
        let Field::Property(property) = &field else {
            return self.value(&field, value);
        };
        match &property.kind {
            Kind::Children { node: child, .. } | Kind::Slots { node: child, .. } => {
                self.rows(property, child, value)
            }
            Kind::Reference { node: target, .. } => self.reference(property, target, value),
            Kind::Stream { .. } => Err(invalid(format!("property \"{name}\" is a text stream"))),
            _ => self.value(&field, value),
        }
    }

    fn reference(
        &self,
        property: &Property,
        target: &str,
        value: &Json,
    ) -> Result<Filter, GraphqlError> {
        let on_key = match value {
            Json::Object(members) => members
                .iter()
                .any(|(name, _)| OPERATORS.contains(&name.as_str())),
            _ => true,
        };
        if on_key {
            return self.value(&Field::Property(property.clone()), value);
        }
        let target = self
            .model
            .node(target)
            .ok_or_else(|| invalid(format!("unknown node {target}")))?;
        let filter = Box::new(self.conditions(value, target)?);
        Ok(Filter::Target {
            property: property.clone(),
            filter,
        })
    }

    fn rows(&self, property: &Property, child: &str, value: &Json) -> Result<Filter, GraphqlError> {
        let Json::Object(members) = value else {
            return Err(invalid(format!(
                "collection \"{}\" needs an object",
                property.name
            )));
        };
        let node = self
            .model
            .node(child)
            .ok_or_else(|| invalid(format!("unknown node {child}")))?;
        let mut quantifier = Quantifier::default();
        let mut conditions = Vec::new();
        let mut quantified = false;
        for (name, value) in members {
            let count = || match value {
                Json::Number(text) => text
                    .parse()
                    .map_err(|_| invalid(format!("{name} needs a whole number"))),
                _ => Err(invalid(format!("{name} needs a whole number"))),
            };
            match name.as_str() {
                "_atLeast" => quantifier.at_least = Some(count()?),
                "_atMost" => quantifier.at_most = Some(count()?),
                "_every" => quantifier.every = value == &Json::Bool(true),
                "_none" => quantifier.none = value == &Json::Bool(true),
                _ => {
                    conditions.push(self.member(name, value, node)?);
                    continue;
                }
            }
            quantified = true;
        }
        if !quantified {
            return Err(invalid(format!(
                "collection \"{}\" needs a quantifier such as _atLeast",
                property.name
            )));
        }
        Ok(Filter::Rows {
            property: property.clone(),
            quantifier,
            filter: Box::new(Filter::All(conditions)),
        })
    }

    fn value(&self, field: &Field, value: &Json) -> Result<Filter, GraphqlError> {
        let Json::Object(members) = value else {
            let test = Test::Equal(operand(field, value).map_err(invalid)?);
            return Ok(Filter::Value {
                field: field.clone(),
                test,
            });
        };
        let mut all = Vec::new();
        for (name, operands) in members {
            match (name.as_str(), operands) {
                ("_and", Json::Array(items)) => {
                    all.push(Filter::All(
                        items
                            .iter()
                            .map(|item| self.value(field, item))
                            .collect::<Result<_, _>>()?,
                    ));
                }
                ("_or", Json::Array(items)) => {
                    all.push(Filter::Any(
                        items
                            .iter()
                            .map(|item| self.value(field, item))
                            .collect::<Result<_, _>>()?,
                    ));
                }
                ("_not", inner) => all.push(Filter::Not(Box::new(self.value(field, inner)?))),
                ("_options", _) => {}
                _ => {
                    let test =
                        test(field, name, operands, value.get("_options")).map_err(invalid)?;
                    all.push(Filter::Value {
                        field: field.clone(),
                        test,
                    });
                }
            }
        }
        Ok(Filter::All(all))
    }
}

/// The system or own property of a name.
pub(crate) fn resolve_field(name: &str, node: &Node, settings: &Settings) -> Result<Field, String> {
    if matches!(
        name,
        "_id" | "_createStamp" | "_updateStamp" | "_createUser" | "_updateUser"
    ) || settings.stamp_aliases.iter().any(|alias| alias == name)
    {
        return Ok(Field::System(name.to_owned()));
    }
    match node.property(name) {
        Some(property) if property.computed => Err(format!(
            "property \"{name}\" of node \"{}\" is computed",
            node.type_name
        )),
        Some(property) => Ok(Field::Property(property.clone())),
        None => Err(format!(
            "node \"{}\" has no property \"{name}\"",
            node.type_name
        )),
    }
}

fn test(
    field: &Field,
    operator: &str,
    operands: &Json,
    options: Option<&Json>,
) -> Result<Test, String> {
    let one = || operand(field, operands);
    let many = || match operands {
        Json::Array(items) => items
            .iter()
            .map(|item| operand(field, item))
            .collect::<Result<BTreeSet<_>, _>>(),
        _ => Err(format!("{operator} needs an array")),
    };
    match operator {
        "_eq" => Ok(Test::Equal(one()?)),
        "_ne" => Ok(Test::NotEqual(one()?)),
        "_gt" => Ok(Test::Greater(one()?)),
        "_gte" => Ok(Test::GreaterOrEqual(one()?)),
        "_lt" => Ok(Test::Less(one()?)),
        "_lte" => Ok(Test::LessOrEqual(one()?)),
        "_in" => Ok(Test::In(many()?)),
        "_nin" => Ok(Test::NotIn(many()?)),
        "_regex" => {
            let pattern = operands.as_str().ok_or("_regex needs a string")?;
            let insensitive = options
                .and_then(Json::as_str)
                .is_some_and(|options| options.contains('i'));
            let pattern = if insensitive {
                format!("(?i){pattern}")
            } else {
                pattern.to_owned()
            };
            Regex::new(&pattern)
                .map(Test::Matches)
                .map_err(|error| error.to_string())
        }
        other => Err(format!("unknown operator \"{other}\"")),
    }
}

/// An operand as the type of what it is compared with.
pub(crate) fn operand(field: &Field, value: &Json) -> Result<Scalar, String> {
    let bad = |wanted: &str| Err(format!("{} is not {wanted}", value.print()));
    if value.is_null() {
        return Ok(Scalar::Null);
    }
    let kind = match field {
        Field::System(name) if matches!(name.as_str(), "_id" | "_createUser" | "_updateUser") => {
            return match value.as_str() {
                Some(text) if name == "_id" => Ok(Scalar::Id(Id(text.to_owned()))),
                Some(text) => Ok(Scalar::Text(text.to_owned())),
                None => bad("a string"),
            };
        }
        Field::System(_) => {
            return match value.as_str().map(str::parse::<Timestamp>) {
                Some(Ok(at)) => Ok(Scalar::Instant(at)),
                _ => bad("a datetime"),
            };
        }
        Field::Property(property) => &property.kind,
    };
    match (kind, value) {
        (Kind::Boolean, Json::Bool(flag)) => Ok(Scalar::Bool(*flag)),
        (Kind::Boolean, _) => bad("a boolean"),
        (Kind::Int | Kind::Decimal, Json::Number(text) | Json::Text(text)) => text
            .parse()
            .map_or_else(|_| bad("a number"), |number| Ok(Scalar::Number(number))),
        (Kind::Int | Kind::Decimal, _) => bad("a number"),
        (Kind::Date, Json::Text(text)) => text
            .parse()
            .map_or_else(|_| bad("a date"), |date| Ok(Scalar::Date(date))),
        (Kind::Date, _) => bad("a date"),
        (Kind::Menu(menu), Json::Text(text)) if menu.number(text).is_some() => {
            Ok(Scalar::Text(text.clone()))
        }
        (Kind::Menu(menu), _) => bad(&format!("a member of {}", menu.name)),
        (_, Json::Text(text)) => Ok(Scalar::Text(text.clone())),
        _ => bad("a string"),
    }
}

impl Filter {
    /// The `_id`s that a record of the filter's node must have one of to pass, if the filter says so much.
    pub(crate) fn ids(&self, node: &Node) -> Option<BTreeSet<&str>> {
        match self {
            Self::All(filters) => filters.iter().find_map(|filter| filter.ids(node)),
            Self::Value { field, test } if field.is_id(node) => test.texts(),
            _ => None,
        }
    }

    /// Whether a record of the filter's node passes.
    pub(crate) fn holds(&self, record: &Record, view: View<'_>) -> bool {
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.holds(record, view)),
            Self::Any(filters) => filters.iter().any(|filter| filter.holds(record, view)),
            Self::Not(filter) => !filter.holds(record, view),
            Self::Value { field, test } => test.holds(&value_of(field, record, view)),
            Self::Target { property, filter } => view
                .target(record, property)
                .is_some_and(|target| filter.holds(&target, view)),
            Self::Rows {
                property,
                quantifier,
                filter,
            } => {
                let rows = view.children(record, property);
                let matching = rows.iter().filter(|row| filter.holds(row, view)).count();
                quantifier.at_least.is_none_or(|least| matching >= least)
                    && quantifier.at_most.is_none_or(|most| matching <= most)
                    && (!quantifier.every || matching == rows.len())
                    && (!quantifier.none || matching == 0)
            }
        }
    }
}

impl Field {
    /// Whether its value is the record's `_id`, as that of a key of one column is.
    fn is_id(&self, node: &Node) -> bool {
        match self {
            Self::System(name) => name == "_id",
            Self::Property(property) => {
                let of_row = match &property.source {
                    Source::Column(_) => matches!(property.kind, Kind::Text { .. }),
                    Source::Structure => {
                        matches!(property.kind, Kind::Reference { key: [_], .. })
                    }
                    Source::Joined { .. } | Source::Computed(_) => false,
                };
                let [Part::Column(key)] = node.key.as_slice() else {
                    return false;
                };
                of_row && !node.address_key && property.column_code() == Some(key)
            }
        }
    }
}

/// The value a condition or an order is about.
pub(crate) fn value_of(field: &Field, record: &Record, view: View<'_>) -> Scalar {
    match field {
        Field::System(name) => view.system(record, name).unwrap_or(Scalar::Null),
        Field::Property(property) => view.scalar(record, property),
    }
}

impl Test {
    /// The texts that a value must be one of to pass.
    fn texts(&self) -> Option<BTreeSet<&str>> {
        match self {
            Self::Equal(operand) => Some(operand.text().into_iter().collect()),
            Self::In(operands) => Some(operands.iter().filter_map(Scalar::text).collect()),
            _ => None,
        }
    }

    fn holds(&self, value: &Scalar) -> bool {
        let known = *value != Scalar::Null;
        match self {
            Self::Equal(operand) => value == operand,
            Self::NotEqual(operand) => value != operand,
            Self::Greater(operand) => known && value > operand,
            Self::GreaterOrEqual(operand) => known && value >= operand,
            Self::Less(operand) => known && value < operand,
            Self::LessOrEqual(operand) => known && value <= operand,
            Self::In(operands) => operands.contains(value),
            Self::NotIn(operands) => !operands.contains(value),
            Self::Matches(regex) => {
                matches!(value, Scalar::Text(text) | Scalar::Id(Id(text)) if regex.is_match(text))
            }
        }
    }
}

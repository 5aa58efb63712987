//! The criteria of a bulk read: nested groups of comparisons.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::coql::{Cell, Path};
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::schema::{DataType, Module};
use crate::store::Record;
use crate::world::World;

/// Most comparisons.
const MOST_COMPARISONS: usize = 25;
/// Most values of `in` and `not_in`.
const MOST_VALUES: usize = 200;
/// How "no value" is written.
const EMPTY: &str = "${EMPTY}";

/// Criteria, read and checked.
#[derive(Debug)]
pub(super) enum Criteria {
    And(Vec<Self>),
    Or(Vec<Self>),
    Test {
        path: Box<Path>,
        comparator: String,
        values: Vec<Cell>,
    },
}

fn refuse(code: &'static str, message: &str, details: Object) -> Failure {
    Failure::new(400, code, message, details).wrapped_in("data")
}

impl Criteria {
    pub(super) fn read(world: &World, module: &Arc<Module>, json: &Json) -> Result<Self, Failure> {
        let mut comparisons = 0;
        let criteria = Self::read_group(world, module, json, &mut comparisons)?;
        if comparisons > MOST_COMPARISONS {
            let details = object! { "max_limit" => MOST_COMPARISONS };
            let message = "the criteria hold too many comparisons";
            return Err(refuse("CRITERIA_LIMIT_EXCEEDED", message, details));
        }
        Ok(criteria)
    }

    fn read_group(
        world: &World,
        module: &Arc<Module>,
        json: &Json,
        comparisons: &mut usize,
    ) -> Result<Self, Failure> {
        let Some(group) = json.get("group").and_then(Json::as_array) else {
            *comparisons += 1;
            return Self::read_test(world, module, json);
        };
        let parts = group
            .iter()
            .map(|part| Self::read_group(world, module, part, comparisons))
            .collect::<Result<Vec<_>, _>>()?;
        let operator = json.get("group_operator").and_then(Json::as_str);
        match operator.map(str::to_lowercase).as_deref() {
            Some("and") => Ok(Self::And(parts)),
            Some("or") => Ok(Self::Or(parts)),
            _ => {
                let details = object! { "api_name" => "group_operator" };
                Err(refuse(
                    "INVALID_CRITERIA",
                    "the group operator is invalid",
                    details,
                ))
            }
        }
    }

    fn read_test(world: &World, module: &Arc<Module>, json: &Json) -> Result<Self, Failure> {
        let name = json
            .get("field")
            .and_then(|field| field.get("api_name"))
            .or_else(|| json.get("api_name"))
            .and_then(Json::as_str)
            .unwrap_or_default();
        let details = || object! { "api_name" => name, "module" => module.api_name.as_str() };
        let path = Path::resolve(world, module, name).map_err(|_| {
            let message = "the field of the criteria is not available";
            refuse("FIELD_IN_CRITERIA_NOT_AVAILABLE", message, details())
        })?;
        let comparator = json
            .get("comparator")
            .and_then(Json::as_str)
            .unwrap_or_default()
            .to_owned();
        if !fits(&path.field.data_type, &comparator) {
            let mut details = details();
            details.set("comparator", comparator);
            let message = "the comparator does not suit the field";
            let code = "FIELD_AND_COMPARATOR_IN_CRITERIA_NOT_COMPATIBLE";
            return Err(refuse(code, message, details));
        }
        let given = match json.get("value") {
            Some(Json::Array(values)) => values.clone(),
            Some(value) => vec![value.clone()],
            None => Vec::new(),
        };
        if given.len() > MOST_VALUES {
            let message = "the criteria hold too many values";
            return Err(refuse(
                "VALUE_LIMIT_EXCEEDED_IN_CRITERIA",
                message,
                details(),
            ));
        }
        let right_number = match comparator.as_str() {
            "in" | "not_in" => !given.is_empty(),
            "between" | "not_between" => given.len() == 2,
            _ => given.len() == 1,
        };
        let values: Option<Vec<Cell>> = given.iter().map(|value| cell(&path, value)).collect();
        let values = values.filter(|_| right_number).ok_or_else(|| {
            let message = "the value does not suit the field";
            refuse(
                "FIELD_AND_VALUE_IN_CRITERIA_NOT_COMPATIBLE",
                message,
                details(),
            )
        })?;
        Ok(Self::Test {
            path: Box::new(path),
            comparator,
            values,
        })
    }

    pub(super) fn matches(&self, world: &World, record: &Arc<Record>) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.matches(world, record)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(world, record)),
            Self::Test {
                path,
                comparator,
                values,
            } => passes(comparator, &path.cell(world, record), values),
        }
    }
}

/// Comparators by data type.
fn fits(data_type: &DataType, comparator: &str) -> bool {
    let equality = matches!(comparator, "equal" | "not_equal" | "in" | "not_in");
    let parts = matches!(
        comparator,
        "contains" | "not_contains" | "starts_with" | "ends_with"
    );
    let order = matches!(
        comparator,
        "less_than" | "less_equal" | "greater_than" | "greater_equal" | "between" | "not_between"
    );
    match data_type {
        DataType::Boolean => matches!(comparator, "equal" | "not_equal"),
        DataType::Date | DataType::Datetime => equality || order,
        data_type if data_type.is_number() => equality || order,
        data_type if data_type.is_text() => equality || parts,
        _ => equality,
    }
}

/// A value as the field's type.
fn cell(path: &Path, value: &Json) -> Option<Cell> {
    let owned;
    let text = match value {
        Json::String(text) | Json::Number(text) => text.as_str(),
        Json::Bool(value) => {
            owned = value.to_string();
            &owned
        }
        Json::Object(object) => object.get("id")?.as_id_text()?,
        Json::Null | Json::Array(_) => return None,
    };
    if text == EMPTY {
        return Some(Cell::Null);
    }
    let data_type = &path.field.data_type;
    Some(match data_type {
        DataType::Boolean => Cell::Bool(text.parse().ok()?),
        DataType::Date => Cell::Date(text.parse().ok()?),
        DataType::Datetime => Cell::Instant(text.parse().ok()?),
        _ if data_type.is_number() || data_type.is_reference() => Cell::Number(text.parse().ok()?),
        _ => Cell::Text(text.to_lowercase()),
    })
}

fn passes(comparator: &str, cell: &Cell, values: &[Cell]) -> bool {
    let order = |value: Option<&Cell>| match (cell, value) {
        (Cell::Null, _) | (_, None) => None,
        (cell, Some(value)) => cell.order(value),
    };
    let first = order(values.first());
    let text_holds = |test: &dyn Fn(&str, &str) -> bool| match (cell, values.first()) {
        (Cell::Text(text), Some(Cell::Text(wanted))) => test(text, wanted),
        _ => false,
    };
    let between =
        || first.is_some_and(Ordering::is_ge) && order(values.get(1)).is_some_and(Ordering::is_le);
    match comparator {
        "equal" | "in" => values.contains(cell),
        "not_equal" | "not_in" => !values.contains(cell),
        "less_than" => first.is_some_and(Ordering::is_lt),
        "less_equal" => first.is_some_and(Ordering::is_le),
        "greater_than" => first.is_some_and(Ordering::is_gt),
        "greater_equal" => first.is_some_and(Ordering::is_ge),
        "between" => between(),
        "not_between" => !between(),
        "contains" => text_holds(&|text, wanted| text.contains(wanted)),
        "not_contains" => !text_holds(&|text, wanted| text.contains(wanted)),
        "starts_with" => text_holds(&|text, wanted| text.starts_with(wanted)),
        "ends_with" => text_holds(&|text, wanted| text.ends_with(wanted)),
        _ => false,
    }
}

//! Runs a query against the live records.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::ast::{Aggregate, Column, ColumnValue, Condition, Query};
use super::parser::parse;
use super::typed::{Cell, Path, TypedTest};
use crate::exchange::Answer;
use crate::failure::Failure;
use crate::json::{Json, Object, object};
use crate::schema::Module;
use crate::store::{Id, Record, Table};
use crate::views;
use crate::world::World;

const MOST_COLUMNS: usize = 500;
const MOST_TESTS: usize = 25;
const MOST_ORDERS: usize = 10;
const MOST_GROUPS: usize = 4;
const MOST_AGGREGATES: usize = 5;
const MOST_ROWS: u64 = 2_000;

/// A condition ready to be tested.
enum Filter {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Test(Box<Path>, TypedTest),
}

impl Filter {
    fn check(world: &World, module: &Arc<Module>, condition: &Condition) -> Result<Self, Failure> {
        let both = |left: &Condition, right: &Condition| {
            Ok::<_, Failure>((
                Box::new(Self::check(world, module, left)?),
                Box::new(Self::check(world, module, right)?),
            ))
        };
        Ok(match condition {
            Condition::And(left, right) => {
                let (left, right) = both(left, right)?;
                Self::And(left, right)
            }
            Condition::Or(left, right) => {
                let (left, right) = both(left, right)?;
                Self::Or(left, right)
            }
            Condition::Test { column, test } => {
                let path = Path::resolve(world, module, column)?;
                let test = TypedTest::check(&path, test)?;
                Self::Test(Box::new(path), test)
            }
        })
    }

    /// Ids that are all a record can have that passes, where an index tells.
    fn candidates(&self, table: &Table) -> Option<BTreeSet<Id>> {
        match self {
            Self::And(left, right) => left.candidates(table).or_else(|| right.candidates(table)),
            Self::Or(left, right) => {
                let (mut left, right) = (left.candidates(table)?, right.candidates(table)?);
                left.extend(right);
                Some(left)
            }
            Self::Test(path, test) => {
                let field = path.own_field().filter(|field| table.ignores_case(field))?;
                if matches!(test, TypedTest::IsNull { negated: false }) {
                    return Some(table.blank(field));
                }
                let texts = test.texts()?;
                let found = texts.flat_map(|text| table.find(field, &Json::from(text)));
                Some(found.collect())
            }
        }
    }

    /// The records that may pass.
    fn rows(&self, world: &World, module: &Module) -> Vec<Arc<Record>> {
        let table = world.store.table(&module.api_name);
        match table.and_then(|table| Some((table, self.candidates(table)?))) {
            Some((table, ids)) => {
                let ids = ids.into_iter();
                ids.filter_map(|id| table.get(id).cloned()).collect()
            }
            None => world.store.rows(module),
        }
    }

    fn passes(&self, world: &World, record: &Arc<Record>) -> bool {
        match self {
            Self::And(left, right) => left.passes(world, record) && right.passes(world, record),
            Self::Or(left, right) => left.passes(world, record) || right.passes(world, record),
            Self::Test(path, test) => test.passes(&path.cell(world, record)),
        }
    }
}

/// `POST /coql`.
pub(crate) fn execute(world: &World, body: &Json) -> Result<Answer, Failure> {
    let missing = || Failure::mandatory("select_query", "$.select_query");
    let text = body.get("select_query").ok_or_else(missing)?;
    let wrong = || Failure::wrong_type("text", "select_query", "$.select_query");
    let query = parse(text.as_str().ok_or_else(wrong)?)?;
    check_limits(world, &query)?;
    let module = world.module(&query.module)?;
    let filter = Filter::check(world, &module, &query.condition)?;
    let mut rows = filter.rows(world, &module);
    views::keep_shown(world, &module, query.view.as_deref(), &mut rows)?;
    rows.retain(|record| filter.passes(world, record));
    let aggregates = query
        .columns
        .iter()
        .any(|column| matches!(column.value, ColumnValue::Aggregate(..)));
    if aggregates || !query.group_by.is_empty() {
        let rows = grouped(world, &module, &query, &rows)?;
        return Ok(page(rows, &query));
    }
    sort(world, &module, &query, &mut rows)?;
    let mut columns = Vec::with_capacity(query.columns.len());
    for column in &query.columns {
        if let ColumnValue::Field(field) = &column.value {
            columns.push((column.name.as_str(), Path::resolve(world, &module, field)?));
        }
    }
    // Only the rows of the answer are rendered.
    let (skip, take) = window(&query);
    let more = rows.len() > skip.saturating_add(take);
    let data: Vec<Json> = rows
        .iter()
        .skip(skip)
        .take(take)
        .map(|record| {
            let mut row = Object::new();
            for (name, path) in &columns {
                row.set(*name, path.render(world, record));
            }
            row.set("id", record.id.to_string());
            Json::Object(row)
        })
        .collect();
    Ok(answer(data, more))
}

fn check_limits(world: &World, query: &Query) -> Result<(), Failure> {
    let exceeded = |limit: u64, clause: &str| {
        let details = object! { "limit" => limit, "clause" => clause };
        Err(Failure::new(
            400,
            "LIMIT_EXCEEDED",
            "the limit of the clause is exceeded",
            details,
        ))
    };
    if query.columns.len() > MOST_COLUMNS {
        return exceeded(500, "select");
    }
    if query.condition.tests() > MOST_TESTS {
        return exceeded(25, "where");
    }
    let aggregates = query
        .columns
        .iter()
        .filter(|column| matches!(column.value, ColumnValue::Aggregate(..)));
    if aggregates.count() > MOST_AGGREGATES {
        return exceeded(5, "select");
    }
    if query.group_by.len() > MOST_GROUPS {
        return exceeded(4, "group by");
    }
    if query.order_by.len() > MOST_ORDERS {
        return exceeded(10, "order by");
    }
    if query.limit > MOST_ROWS || query.limit == 0 {
        return exceeded(MOST_ROWS, "limit");
    }
    let reach = world.settings.limits.coql_records;
    if query.limit.saturating_add(query.offset) > reach {
        return exceeded(reach, "offset");
    }
    let mut names: Vec<&str> = query
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    names.sort_unstable();
    if let Some(pair) = names
        .windows(2)
        .find(|pair| matches!(pair, [left, right] if left == right))
    {
        let name = pair.first().copied().unwrap_or_default();
        return Err(Failure::new(
            400,
            "DUPLICATE_DATA",
            "duplicate column",
            object! { "column_name" => name },
        ));
    }
    Ok(())
}

fn window(query: &Query) -> (usize, usize) {
    (
        usize::try_from(query.offset).unwrap_or(usize::MAX),
        usize::try_from(query.limit).unwrap_or(usize::MAX),
    )
}

fn answer(data: Vec<Json>, more: bool) -> Answer {
    if data.is_empty() {
        return Answer::empty(204);
    }
    let count = data.len();
    let info = object! { "count" => count, "more_records" => more };
    Answer::json(200, object! { "data" => data, "info" => info }).rows(count)
}

fn page(rows: Vec<Object>, query: &Query) -> Answer {
    let (skip, take) = window(query);
    let more = rows.len() > skip.saturating_add(take);
    answer(
        rows.into_iter()
            .skip(skip)
            .take(take)
            .map(Json::Object)
            .collect(),
        more,
    )
}

/// Sorts by the query's order, then by id so that pages do not overlap.
fn sort(
    world: &World,
    module: &Arc<Module>,
    query: &Query,
    rows: &mut Vec<Arc<Record>>,
) -> Result<(), Failure> {
    let mut order = Vec::with_capacity(query.order_by.len());
    for (name, descending) in &query.order_by {
        let field = query
            .columns
            .iter()
            .find(|column| column.name == *name)
            .and_then(|column| match &column.value {
                ColumnValue::Field(field) => Some(field.as_str()),
                ColumnValue::Aggregate(..) => None,
            });
        order.push((
            Path::resolve(world, module, field.unwrap_or(name))?,
            *descending,
        ));
    }
    let mut keyed: Vec<(Vec<Cell>, Arc<Record>)> = std::mem::take(rows)
        .into_iter()
        .map(|record| {
            (
                order
                    .iter()
                    .map(|(path, _)| path.cell(world, &record))
                    .collect(),
                record,
            )
        })
        .collect();
    keyed.sort_by(|left, right| {
        let by_cells =
            left.0
                .iter()
                .zip(&right.0)
                .zip(&order)
                .map(|((left, right), (_, descending))| {
                    let order = left.order(right).unwrap_or(Ordering::Equal);
                    if *descending { order.reverse() } else { order }
                });
        by_cells
            .fold(Ordering::Equal, Ordering::then)
            .then(left.1.id.cmp(&right.1.id))
    });
    *rows = keyed.into_iter().map(|(_, record)| record).collect();
    Ok(())
}

/// One row per group; without `group by` one row for all.
fn grouped(
    world: &World,
    module: &Arc<Module>,
    query: &Query,
    rows: &[Arc<Record>],
) -> Result<Vec<Object>, Failure> {
    let mut keys = Vec::with_capacity(query.group_by.len());
    for name in &query.group_by {
        keys.push(Path::resolve(world, module, name)?);
    }
    let mut groups: Vec<(Vec<Cell>, Vec<Arc<Record>>)> = Vec::new();
    for record in rows {
        let key: Vec<Cell> = keys.iter().map(|path| path.cell(world, record)).collect();
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, members)) => members.push(Arc::clone(record)),
            None => groups.push((key, vec![Arc::clone(record)])),
        }
    }
    let mut result = Vec::with_capacity(groups.len());
    for (_, members) in &groups {
        let mut row = Object::new();
        for column in &query.columns {
            row.set(
                column.name.as_str(),
                group_value(world, module, column, members)?,
            );
        }
        result.push(row);
    }
    Ok(result)
}

fn group_value(
    world: &World,
    module: &Arc<Module>,
    column: &Column,
    members: &[Arc<Record>],
) -> Result<Json, Failure> {
    let (function, field) = match &column.value {
        ColumnValue::Field(field) => {
            let path = Path::resolve(world, module, field)?;
            return Ok(members
                .first()
                .map(|record| path.render(world, record))
                .unwrap_or_default());
        }
        ColumnValue::Aggregate(function, field) => (*function, field),
    };
    let path = Path::resolve(world, module, field)?;
    let cells: Vec<Cell> = members
        .iter()
        .map(|record| path.cell(world, record))
        .filter(|cell| *cell != Cell::Null)
        .collect();
    let numbers = || {
        cells.iter().filter_map(|cell| {
            if let Cell::Number(number) = cell {
                Some(*number)
            } else {
                None
            }
        })
    };
    let extreme = |wanted: Ordering| {
        let mut best: Option<(usize, &Cell)> = None;
        for (index, cell) in cells.iter().enumerate() {
            if best.is_none_or(|(_, other)| cell.order(other) == Some(wanted)) {
                best = Some((index, cell));
            }
        }
        let with_value = members
            .iter()
            .filter(|record| path.cell(world, record) != Cell::Null);
        best.and_then(|(index, _)| {
            with_value
                .clone()
                .nth(index)
                .map(|record| path.render(world, record))
        })
    };
    Ok(match function {
        Aggregate::Count => Json::from(cells.len()),
        Aggregate::Sum => Json::from(numbers().sum::<Decimal>()),
        Aggregate::Avg => {
            let count = Decimal::from(u64::try_from(cells.len()).unwrap_or(1).max(1));
            Json::from(numbers().sum::<Decimal>() / count)
        }
        Aggregate::Max => extreme(Ordering::Greater).unwrap_or_default(),
        Aggregate::Min => extreme(Ordering::Less).unwrap_or_default(),
    })
}

//! Pages and cursors (reference: 3.4).
//!
//! A cursor is the JSON array of the order's values followed by `#` and two digits, as published for the first
//! generation; what the digits mean is not, here they check the cursor. Paging is by value: rows inserted before the
//! cursor do not shift later pages.

use crate::filter::Filter;
use crate::graphql::error::GraphqlError;
use crate::graphql::values::Arguments;
use crate::json::{Json, parse_strict};
use crate::order::Order;
use crate::record::{Record, Scalar, View};
use crate::settings::{DecimalForm, PageOverflow, Settings};

/// One page of records with its cursors.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) total: usize,
    pub(crate) rows: Vec<(String, Record)>,
    pub(crate) has_next: bool,
    pub(crate) has_previous: bool,
}

/// What part of the rows is wanted.
struct Window {
    after: Option<Vec<Scalar>>,
    before: Option<Vec<Scalar>>,
    size: usize,
    backward: bool,
}

/// Cuts the page the arguments ask for out of the rows.
pub(crate) fn page(
    rows: impl Iterator<Item = Record>,
    filter: Option<&Filter>,
    order: &Order,
    arguments: &Arguments,
    view: View<'_>,
) -> Result<Page, GraphqlError> {
    let window = Window::read(arguments, order, view.settings)?;
    let mut rows: Vec<(Vec<Scalar>, Record)> = rows
        .filter(|record| filter.is_none_or(|filter| filter.holds(record, view)))
        .map(|record| (order.values(&record, view), record))
        .collect();
    let total = rows.len();
    let (mut dropped_before, mut dropped_after) = (false, false);
    if let Some(after) = &window.after {
        rows.retain(|(values, _)| order.compare(values, after).is_gt());
        dropped_before = rows.len() < total;
    }
    if let Some(before) = &window.before {
        let held = rows.len();
        rows.retain(|(values, _)| order.compare(values, before).is_lt());
        dropped_after = rows.len() < held;
    }
    rows.sort_unstable_by(|(left, a), (right, b)| {
        order.compare(left, right).then_with(|| a.key.cmp(&b.key))
    });
    let cut = rows.len() > window.size;
    if cut && window.backward {
        rows.drain(..rows.len() - window.size);
    }
    rows.truncate(window.size);
    Ok(Page {
        total,
        has_next: if window.backward { dropped_after } else { cut },
        has_previous: if window.backward { cut } else { dropped_before },
        rows: rows
            .into_iter()
            .map(|(values, record)| (cursor(&values), record))
            .collect(),
    })
}

impl Window {
    fn read(
        arguments: &Arguments,
        order: &Order,
        settings: &Settings,
    ) -> Result<Self, GraphqlError> {
        let first = size(arguments, "first", settings)?;
        let last = size(arguments, "last", settings)?;
        if first.is_some() && last.is_some() {
            return Err(GraphqlError::new(
                "Arguments \"first\" and \"last\" exclude each other.",
            ));
        }
        let read = |name: &str| {
            arguments
                .text(name)
                .map(|cursor| read_cursor(cursor, order))
                .transpose()
        };
        Ok(Self {
            after: read("after")?,
            before: read("before")?,
            size: first.or(last).unwrap_or(settings.default_page),
            backward: last.is_some(),
        })
    }
}

fn size(
    arguments: &Arguments,
    name: &str,
    settings: &Settings,
) -> Result<Option<usize>, GraphqlError> {
    let Some(Json::Number(text)) = arguments.get(name) else {
        return Ok(None);
    };
    let Ok(size) = text.parse::<usize>() else {
        return Err(GraphqlError::new(format!(
            "Argument \"{name}\" must not be negative."
        )));
    };
    if size > settings.max_page && settings.page_overflow == PageOverflow::Refuse {
        let message = format!(
            "Argument \"{name}\" must not be above {}.",
            settings.max_page
        );
        return Err(GraphqlError::new(message));
    }
    Ok(Some(size.min(settings.max_page)))
}

fn cursor(values: &[Scalar]) -> String {
    let values = values
        .iter()
        .map(|value| value.to_json(DecimalForm::Text))
        .collect();
    let text = Json::Array(values).print();
    let check = check_digits(&text);
    format!("{text}#{check:02}")
}

fn check_digits(text: &str) -> u32 {
    text.bytes()
        .fold(0, |sum, byte| (sum * 31 + u32::from(byte)) % 97)
}

fn read_cursor(cursor: &str, order: &Order) -> Result<Vec<Scalar>, GraphqlError> {
    let bad = || GraphqlError::new(format!("Invalid cursor: {cursor}"));
    let (text, digits) = cursor.rsplit_once('#').ok_or_else(bad)?;
    if digits.parse() != Ok(check_digits(text)) {
        return Err(bad());
    }
    let Ok(Json::Array(values)) = parse_strict(text) else {
        return Err(bad());
    };
    if values.len() != order.terms.len() {
        return Err(bad());
    }
    order
        .terms
        .iter()
        .zip(&values)
        .map(|(term, value)| term.read(value).map_err(|_| bad()))
        .collect()
}

//! Pages and cursors (reference: 3.4).
//!
//! A cursor is the JSON array of the order's values followed by `#` and two digits, as published for the first
//! generation; what the digits mean is not, here they check the cursor. Paging is by value: rows inserted before the
//! cursor do not shift later pages.

use std::collections::VecDeque;
use std::sync::Arc;

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

/// Rows in their order, each with the values that place it.
pub(crate) type Listing = Vec<(Vec<Scalar>, Record)>;

/// The rows that pass, in their order.
pub(crate) fn listing(
    rows: impl Iterator<Item = Record>,
    filter: Option<&Filter>,
    order: &Order,
    view: View<'_>,
) -> Listing {
    let mut rows: Listing = rows
        .filter(|record| filter.is_none_or(|filter| filter.holds(record, view)))
        .map(|record| (order.values(&record, view), record))
        .collect();
    rows.sort_unstable_by(|(left, a), (right, b)| {
        order.compare(left, right).then_with(|| a.key.cmp(&b.key))
    });
    rows
}

/// Cuts the page the arguments ask for out of a listing.
pub(crate) fn page(
    listing: &Listing,
    order: &Order,
    arguments: &Arguments,
    settings: &Settings,
) -> Result<Page, GraphqlError> {
    let window = Window::read(arguments, order, settings)?;
    let start = window.after.as_ref().map_or(0, |after| {
        listing.partition_point(|(values, _)| order.compare(values, after).is_le())
    });
    let end = window.before.as_ref().map_or(listing.len(), |before| {
        listing.partition_point(|(values, _)| order.compare(values, before).is_lt())
    });
    let within = listing.get(start..end).unwrap_or_default();
    let cut = within.len() > window.size;
    let rows = if window.backward {
        within.get(within.len().saturating_sub(window.size)..)
    } else {
        within.get(..window.size.min(within.len()))
    };
    let (dropped_before, dropped_after) = (start > 0, end < listing.len());
    Ok(Page {
        total: listing.len(),
        has_next: if window.backward { dropped_after } else { cut },
        has_previous: if window.backward { cut } else { dropped_before },
        rows: rows
            .unwrap_or_default()
            .iter()
            .map(|(values, record)| (cursor(values), record.clone()))
            .collect(),
    })
}

/// What a listing was made of; the store's version says whether it still holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListingKey {
    pub(crate) version: u64,
    pub(crate) node: &'static str,
    pub(crate) filter: Option<String>,
    pub(crate) order: Option<String>,
}

/// The last listings made, so that the second page of many costs no more than its own rows.
#[derive(Debug, Default)]
pub(crate) struct Listings(VecDeque<(ListingKey, Arc<Listing>)>);

impl Listings {
    const KEPT: usize = 4;

    pub(crate) fn get(&self, key: &ListingKey) -> Option<Arc<Listing>> {
        let found = self.0.iter().find(|(known, _)| known == key)?;
        Some(Arc::clone(&found.1))
    }

    pub(crate) fn keep(&mut self, key: ListingKey, listing: Arc<Listing>) {
        // An older version of the store never comes back.
        self.0.retain(|(known, _)| known.version == key.version);
        if self.0.len() == Self::KEPT {
            self.0.pop_front();
        }
        self.0.push_back((key, listing));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
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

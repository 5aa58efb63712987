//! `$query`: conditions, orders, pages (reference: 4.2).

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::sync::Arc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::answer::Answer;
use crate::connection::{Listing, ListingKey, Listings};
use crate::json::Json;
use crate::record::{Id, Record, Scalar};
use crate::resolve::Tally;

use super::condition::Condition;
use super::{Api1, problem};

/// Column and whether it descends.
type Order = Vec<(String, bool)>;

/// Which way from which row a page lies.
enum Position {
    Start,
    After(String),
    Before(String),
}

impl Api1<'_> {
    pub(super) fn query(&self, listings: &mut Listings, tally: &mut Tally) -> Answer {
        // Whatever is wrong with a condition or an order is an error of the X3 process (reference: 4.2).
        let order = match self.order() {
            Ok(order) => order,
            Err(message) => return problem(500, &message),
        };
        let listing = match self.listing(listings, &order) {
            Ok(listing) => listing,
            Err(message) => return problem(500, &message),
        };
        let Some(count) = self.count() else {
            return problem(400, "count must be a number above 0");
        };
        let (start, end) = match self.window(&listing, &order, count) {
            Ok(window) => window,
            Err(message) => return problem(500, &message),
        };
        let rows = listing.get(start..end).unwrap_or_default();
        tally.rows += rows.len() as u64;
        let resources = rows.iter().map(|(_, record)| self.record(record, false));
        let mut members = vec![
            ("$url".to_owned(), Json::text(self.url(None))),
            (
                "$descriptor".to_owned(),
                Json::text(format!("Query for {}", self.class.name)),
            ),
            ("$startIndex".to_owned(), Json::int(1)),
            ("$itemsPerPage".to_owned(), Json::int(count as i64)),
        ];
        if self.view.settings.api1_shows_total {
            members.push(("$totalResults".to_owned(), Json::int(listing.len() as i64)));
        }
        members.push(("$resources".to_owned(), Json::Array(resources.collect())));
        members.push(("$links".to_owned(), self.links(&listing, start, end)));
        self.answer(200, &Json::Object(members))
    }

    /// The size asked for, capped without a word.
    fn count(&self) -> Option<usize> {
        let settings = self.view.settings;
        let count = match self.target.parameter("count") {
            None => settings.default_page,
            Some(text) => text.parse().ok().filter(|count| *count > 0)?,
        };
        Some(count.min(settings.api1_max_count))
    }

    fn order(&self) -> Result<Order, String> {
        let text = self.target.parameter("orderBy").unwrap_or_default();
        let mut out = Vec::new();
        for term in text.split([',', ';']).map(str::trim) {
            if term.is_empty() {
                continue;
            }
            let (name, direction) = term.split_once(' ').unwrap_or((term, "asc"));
            let descending = match direction.trim() {
                "asc" => false,
                "desc" => true,
                other => return Err(format!("unknown direction {other}")),
            };
            if self.class.type_of(name, self.view.settings).is_none() {
                return Err(format!("{name} is no property of {}", self.class.name));
            }
            out.push((name.to_owned(), descending));
        }
        Ok(out)
    }

    fn listing(&self, listings: &mut Listings, order: &Order) -> Result<Arc<Listing>, String> {
        let parameter = |name| self.target.parameter(name).map(str::to_owned);
        let key = ListingKey {
            version: self.view.store.version(),
            node: self.class.node.name,
            // Told apart from the filters of GraphQL, which are never blank.
            filter: Some(format!(" {}", parameter("where").unwrap_or_default())),
            order: parameter("orderBy"),
        };
        if let Some(known) = listings.get(&key) {
            return Ok(known);
        }
        let condition = match self.target.parameter("where") {
            Some(text) => Some(Condition::parse(text, &self.class, self.view)?),
            None => None,
        };
        let mut rows: Listing = self
            .view
            .records(&self.class.node)
            .filter(|record| {
                condition
                    .as_ref()
                    .is_none_or(|condition| condition.holds(&self.class, record, self.view))
            })
            .map(|record| (self.values(&record, order), record))
            .collect();
        rows.sort_unstable_by(|(left, _), (right, _)| compare(left, right, order));
        let made = Arc::new(rows);
        listings.keep(key, Arc::clone(&made));
        Ok(made)
    }

    /// The values that place a record; its key comes last.
    fn values(&self, record: &Record, order: &Order) -> Vec<Scalar> {
        let value = |name: &str| self.class.value(name, record, self.view);
        let mut out: Vec<Scalar> = order
            .iter()
            .map(|(name, _)| value(name).unwrap_or(Scalar::Null))
            .collect();
        out.push(Scalar::Id(Id(record.key.to_string())));
        out
    }

    fn position(&self) -> Result<Position, String> {
        match self.target.parameter("key") {
            None => Ok(Position::Start),
            Some(text) => match text.split_once('.') {
                Some(("gt", key)) => Ok(Position::After(key.to_owned())),
                Some(("lt", key)) => Ok(Position::Before(key.to_owned())),
                _ => Err(format!("incorrect key {text}")),
            },
        }
    }

    fn window(
        &self,
        listing: &Listing,
        order: &Order,
        count: usize,
    ) -> Result<(usize, usize), String> {
        let place = |key: &str, after: bool| {
            let id = Id(key.replace('~', "|"));
            if order.is_empty() {
                // By key: it does not matter whether the row is still there.
                let values = [Scalar::Id(id)];
                return Ok(listing.partition_point(|(row, _)| {
                    let ordering = compare(row, &values, order);
                    ordering.is_lt() || (after && ordering.is_eq())
                }));
            }
            let found = listing.iter().position(|(_, record)| *record.key == *id.0);
            found
                .map(|place| place + usize::from(after))
                .ok_or_else(|| format!("incorrect key {key}"))
        };
        match self.position()? {
            Position::Start => Ok((0, count.min(listing.len()))),
            Position::After(key) => {
                let start = place(&key, true)?;
                Ok((start, (start + count).min(listing.len())))
            }
            Position::Before(key) => {
                let end = place(&key, false)?;
                Ok((end.saturating_sub(count), end))
            }
        }
    }

    fn links(&self, listing: &Listing, start: usize, end: usize) -> Json {
        let link = |key: Option<String>| {
            Json::object([
                ("$url", Json::text(self.url(key.as_deref()))),
                ("$type", Json::text("application/json")),
            ])
        };
        let key_at = |place: usize| {
            let row = listing.get(place);
            row.map(|(_, record)| self.class.key(record))
        };
        let mut members = vec![("$first".to_owned(), link(None))];
        if start > 0
            && let Some(key) = key_at(start)
        {
            members.push(("$prev".to_owned(), link(Some(format!("lt.{key}")))));
        }
        if end < listing.len()
            && let Some(key) = end.checked_sub(1).and_then(key_at)
        {
            members.push(("$next".to_owned(), link(Some(format!("gt.{key}")))));
        }
        Json::Object(members)
    }

    /// This query's URL, at another position.
    fn url(&self, key: Option<&str>) -> String {
        let mut out = format!(
            "{}/{}?representation={}.%24query",
            self.base, self.class.name, self.target.representation
        );
        for name in ["count", "where", "orderBy"] {
            if let Some(value) = self.target.parameter(name) {
                let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
                // Writing to a String cannot fail.
                let _ = write!(out, "&{name}={value}");
            }
        }
        if let Some(key) = key {
            let _ = write!(out, "&key={}", utf8_percent_encode(key, NON_ALPHANUMERIC));
        }
        out
    }
}

fn compare(left: &[Scalar], right: &[Scalar], order: &Order) -> Ordering {
    let directions = order
        .iter()
        .map(|(_, descending)| *descending)
        .chain(std::iter::once(false));
    for (descending, (left, right)) in directions.zip(left.iter().zip(right)) {
        let ordering = left.cmp(right);
        if ordering != Ordering::Equal {
            return if descending {
                ordering.reverse()
            } else {
                ordering
            };
        }
    }
    Ordering::Equal
}

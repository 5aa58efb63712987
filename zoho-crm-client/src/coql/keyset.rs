//! Reading any number of rows: each query asks for those after the last one seen, so that neither Zoho's limit of
//! 100,000 rows nor a change of the rows before moves the place.

use client_core::ExactDecimal;

use super::{Column, CoqlQuery, Filter, Literal, invalid};
use crate::{
    api::Order,
    error::Error,
    model::{DateTime, Record},
    names::{FieldName, RecordId},
    page::{PageToken, Position},
};

/// By what rows are put in order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Id,
    /// A stamp first, and the id among equal ones.
    Stamp(FieldName),
}

/// A query that is asked for one stretch after the other.
#[derive(Clone, Debug)]
pub(crate) struct Keyset {
    query: CoqlQuery,
    key: Key,
}

/// The stamps that no row lacks: rows without one would fall through every comparison.
const STAMPS: [&str; 2] = ["Modified_Time", "Created_Time"];

impl Keyset {
    pub(crate) fn new(mut query: CoqlQuery) -> Result<Self, Error> {
        if query.columns.iter().any(Column::is_aggregate) || !query.group_by.is_empty() {
            return Err(invalid(
                "grouped rows cannot be streamed, for they have no id",
            ));
        }
        if query.offset > 0 {
            return Err(invalid(
                "a stream starts at the first row, not at an offset",
            ));
        }
        let key = match query.order.as_slice() {
            [] => Key::Id,
            [(field, Order::Ascending)] if *field == "id" => Key::Id,
            [(field, Order::Ascending)] if STAMPS.iter().any(|stamp| *field == *stamp) => {
                Key::Stamp(field.clone())
            }
            _ => {
                return Err(invalid(
                    "rows are streamed by `id`, `Modified_Time` or `Created_Time`, ascending",
                ));
            }
        };
        if let Key::Stamp(field) = &key
            && !query
                .columns
                .iter()
                .any(|column| column.is_field(field.as_str()))
        {
            query.columns.push(Column::field(field));
        }
        query.order = match &key {
            Key::Id => vec![("id".into(), Order::Ascending)],
            Key::Stamp(field) => vec![
                (field.clone(), Order::Ascending),
                ("id".into(), Order::Ascending),
            ],
        };
        Ok(Self { query, key })
    }

    /// The query for the rows from `at` on.
    pub(crate) fn query(&self, at: &PageToken) -> Result<CoqlQuery, Error> {
        let after = match &at.0 {
            Position::Number(1) => return Ok(self.query.clone()),
            Position::Number(_) => None,
            Position::Token(token) => self.after(token),
        };
        let after = after.ok_or_else(|| invalid("the page token is of another listing"))?;
        let mut query = self.query.clone();
        query.filter = Some(match query.filter.take() {
            Some(filter) => filter.and(after),
            None => after,
        });
        Ok(query)
    }

    fn after(&self, token: &str) -> Option<Filter> {
        match &self.key {
            Key::Id => Some(later_id(token)?),
            Key::Stamp(field) => {
                let (stamp, id) = token.split_once('|')?;
                let stamp: jiff::Timestamp = stamp.parse().ok()?;
                let later = Filter::gt(field, stamp);
                let equal = Filter::eq(field, stamp).and(later_id(id)?);
                Some(later.or(equal))
            }
        }
    }

    /// Where to go on after `last`.
    pub(crate) fn after_row(&self, last: &Record) -> Option<PageToken> {
        let id = last.id()?;
        let token = match &self.key {
            Key::Id => id.to_string(),
            Key::Stamp(field) => {
                let stamp = last.instant(field.as_str()).ok().flatten()?;
                format!("{}|{id}", DateTime::from(stamp))
            }
        };
        Some(PageToken(Position::Token(token)))
    }

    pub(crate) fn limit(&self) -> usize {
        usize::try_from(self.query.limit).unwrap_or(usize::MAX)
    }
}

/// Ids are compared as the numbers that they are. They have up to 19 digits, which an exact number holds.
fn later_id(id: &str) -> Option<Filter> {
    let id: RecordId = id.parse().ok()?;
    let number = ExactDecimal::parse(id.as_str()).ok()?;
    Some(Filter::gt("id", Literal::from(number)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coql::Coql;

    fn accounts() -> CoqlQuery {
        Coql::select(["Account_Name"]).from("Accounts").limit(2000)
    }

    fn row(json: &str) -> Record {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn by_id_the_next_query_asks_for_greater_ids() {
        let keyset = Keyset::new(accounts().filter(Filter::is_null("Fax"))).unwrap();
        let first = keyset.query(&PageToken::first()).unwrap();
        assert_eq!(
            first.to_text().unwrap(),
            "select Account_Name from Accounts where Fax is null order by id asc limit 2000"
        );
        let at = keyset
            .after_row(&row(r#"{"id":"5725767000000524157"}"#))
            .unwrap();
        assert_eq!(at.to_string(), "token:5725767000000524157");
        assert_eq!(
            keyset.query(&at).unwrap().to_text().unwrap(),
            "select Account_Name from Accounts where (Fax is null and id > 5725767000000524157) order by id asc limit 2000"
        );
    }

    #[test]
    fn by_stamp_equal_stamps_go_on_by_id() {
        let query = accounts().order_by("Modified_Time", Order::Ascending);
        let keyset = Keyset::new(query).unwrap();
        let at = keyset
            .after_row(&row(
                r#"{"id":"12","Modified_Time":"2026-11-20T11:00:00+01:00"}"#,
            ))
            .unwrap();
        // Kept as text and used by another stream.
        let at: PageToken = at.to_string().parse().unwrap();
        assert_eq!(
            keyset.query(&at).unwrap().to_text().unwrap(),
            "select Account_Name, Modified_Time from Accounts where (Modified_Time > '2026-11-20T10:00:00+00:00' or \
             (Modified_Time = '2026-11-20T10:00:00+00:00' and id > 12)) order by Modified_Time asc, id asc limit 2000"
        );
    }

    #[test]
    fn what_would_lose_rows_is_refused() {
        for query in [
            accounts().offset(1),
            accounts().order_by("Account_Name", Order::Ascending),
            accounts().order_by("Modified_Time", Order::Descending),
            accounts()
                .order_by("Modified_Time", Order::Ascending)
                .order_by("Fax", Order::Ascending),
            accounts().group_by(["Industry"]),
            Coql::select([Column::count("id")]).from("Accounts"),
        ] {
            assert!(Keyset::new(query).is_err());
        }
    }

    #[test]
    fn a_token_of_another_listing_is_refused() {
        let by_id = Keyset::new(accounts()).unwrap();
        let by_stamp = Keyset::new(accounts().order_by("Created_Time", Order::Ascending)).unwrap();
        for token in [
            "page:2",
            "token:abc",
            "token:1 or 1=1",
            "token:2026-11-20T10:00:00Z|12",
        ] {
            assert!(by_id.query(&token.parse().unwrap()).is_err(), "{token}");
        }
        for token in [
            "page:2",
            "token:12",
            "token:x|12",
            "token:2026-11-20T10:00:00Z|x",
        ] {
            assert!(by_stamp.query(&token.parse().unwrap()).is_err(), "{token}");
        }
    }
}

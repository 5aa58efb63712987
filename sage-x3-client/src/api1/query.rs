//! Lists of records.

use client_core::decode_json;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    answer::{Decoded, decode, diagnoses, successful, undecodable},
    condition::Where,
    names::{ColumnName, RepresentationName},
    settings::DateLiteral,
    url::{escaped, representation},
};
use crate::{
    client::Exchanged,
    diagnose::{Diagnose, null_as_default},
    error::{Error, InvalidRequest},
    graphql::order::Direction,
    page::{Cursor, Page, PageSize},
};

/// Which records, in which order, how many at once.
#[derive(Clone, Debug)]
pub struct Api1Query {
    filter: Where,
    order: Vec<(ColumnName, Direction)>,
    page_size: PageSize,
}

impl Default for Api1Query {
    fn default() -> Self {
        Self {
            filter: Where::everything(),
            order: Vec::new(),
            page_size: PageSize::default(),
        }
    }
}

impl Api1Query {
    /// All records in the order of their keys, 200 a page.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only those that meet `filter`.
    #[must_use]
    pub fn filter(mut self, filter: Where) -> Self {
        self.filter = filter;
        self
    }

    /// Also sorts by `column`, which the representation must show. Without one X3 sorts by the key, and its pages are then
    /// by position: rows that come or go shift nothing.
    #[must_use]
    pub fn order_by(mut self, column: ColumnName, direction: Direction) -> Self {
        self.order.push((column, direction));
        self
    }

    /// Asks for pages of this size. A server may give less.
    #[must_use]
    pub fn page_size(mut self, size: PageSize) -> Self {
        self.page_size = size;
        self
    }

    /// Whether no record can meet this.
    pub(super) fn is_never(&self) -> bool {
        self.filter.is_never()
    }

    /// The query of the first page's address.
    pub(super) fn to_url_query(
        &self,
        name: &RepresentationName,
        dates: DateLiteral,
    ) -> Result<String, InvalidRequest> {
        let mut query = representation(name, "query");
        query.push_str(&format!("&count={}", self.page_size.get()));
        if let Some(clause) = self.filter.render(dates)? {
            query.push_str("&where=");
            query.push_str(&escaped(&clause));
        }
        if !self.order.is_empty() {
            let columns: Vec<String> = self
                .order
                .iter()
                .map(|(column, direction)| match direction {
                    Direction::Ascending => column.to_string(),
                    Direction::Descending => format!("{column} desc"),
                })
                .collect();
            query.push_str("&orderBy=");
            query.push_str(&escaped(&columns.join(",")));
        }
        Ok(query)
    }
}

/// The envelope of a list. Source: reference sage-x3 section 4.2.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
struct Envelope<T> {
    #[serde(rename = "$resources")]
    resources: Option<Vec<T>>,
    #[serde(rename = "$totalResults")]
    total: Option<u64>,
    #[serde(rename = "$links", default, deserialize_with = "null_as_default")]
    links: Links,
    #[serde(rename = "$diagnoses", default, deserialize_with = "diagnoses")]
    diagnoses: Vec<Diagnose>,
}

#[derive(Debug, Default, Deserialize)]
struct Links {
    #[serde(rename = "$next")]
    next: Option<Link>,
}

#[derive(Debug, Deserialize)]
struct Link {
    #[serde(rename = "$url")]
    url: Option<String>,
}

/// Reads a page. `asked` is the query that it answers.
pub(super) fn page<T: DeserializeOwned>(
    exchanged: Exchanged,
    asked: &str,
) -> Result<Page<T>, Error> {
    // The usual case is read in one go.
    let envelope: Decoded<Envelope<T>> = match read(&exchanged) {
        Some(envelope) => envelope,
        None => {
            let exchanged = successful(exchanged.clone(), false)?;
            decode(exchanged.context.operation, exchanged.response.body())
                .map_err(|error| undecodable(&exchanged, error))?
        }
    };
    let Decoded {
        value: envelope,
        repaired,
        ..
    } = envelope;
    let broken = |what: &str| Error::Protocol {
        context: Box::new(exchanged.context.clone()),
        what: what.to_owned(),
    };
    let items = envelope
        .resources
        .ok_or_else(|| broken("the list holds no $resources although X3 reports no error"))?;
    let next = match envelope.links.next {
        None | Some(Link { url: None }) => None,
        Some(Link { url: Some(url) }) => {
            let (_, query) = url
                .split_once('?')
                .ok_or_else(|| broken("the link to the next page holds no position"))?;
            if query == asked {
                // Going on would read this page for ever.
                return Err(broken("the link to the next page leads to this one"));
            }
            Some(Cursor::new(query))
        }
    };
    Ok(Page {
        items,
        next,
        total: envelope.total,
        diagnoses: envelope.diagnoses,
        repaired,
    })
}

/// The envelope of an answer that is a plain success.
fn read<T: DeserializeOwned>(exchanged: &Exchanged) -> Option<Decoded<Envelope<T>>> {
    if !exchanged.response.status().is_success() {
        return None;
    }
    let body = exchanged.response.body();
    let value: Envelope<T> = decode_json(body).ok()?;
    let failed = value
        .diagnoses
        .iter()
        .any(|diagnose| diagnose.severity.is_failure());
    (!failed).then(|| Decoded {
        value,
        repaired: 0,
        body: body.clone(),
    })
}

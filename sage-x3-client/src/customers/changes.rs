//! What has changed, told by stamps.

use jiff::{SignedDuration, Timestamp, Unit, tz::Offset};
use serde::Deserialize;

use super::Customers;
use crate::{
    config::Generation,
    error::{CallContext, Error, InvalidRequest},
    graphql::{
        answer::Parsed,
        connection::{Connection, Nested},
        document::{Operation, Rendering},
        execute::GraphqlRequest,
        filter::Filter,
        operations::{business_partner_keys, customer_address_keys, customer_keys},
        order::OrderBy,
        scalars::Datetime,
    },
    ids::{CustomerCode, FieldName},
    page::{Cursor, Page, PageSize, Pager, page},
    scalar::Scalar,
};

/// The finest step of a stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precision {
    /// Milliseconds, as `_updateStamp` has.
    Millisecond,
    /// Seconds.
    Second,
    /// Days in the server's own time zone, as `UPDDAT` has. Bounds are widened by a day on either side, because the
    /// zone is not known.
    Day,
}

/// The field that tells when a row was last changed.
///
/// No schema evidence knows `updatedDate` or `modifiedDateTime`: they exist only where a site has added them. Source:
/// reference sage-x3 section 5.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StampField {
    name: Option<FieldName>,
    precision: Precision,
}

impl StampField {
    /// `_updateStamp`, to the millisecond: what every node has.
    #[must_use]
    pub fn update_stamp() -> Self {
        Self {
            name: None,
            precision: Precision::Millisecond,
        }
    }

    /// A field of the site.
    #[must_use]
    pub fn custom(name: FieldName, precision: Precision) -> Self {
        Self {
            name: Some(name),
            precision,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_ref().map_or("_updateStamp", FieldName::as_str)
    }

    /// Its finest step.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The lower bound that misses no row stamped at `instant` or later.
    fn floor(&self, instant: Timestamp) -> Scalar {
        match self.precision {
            Precision::Millisecond => truncated(instant, Unit::Millisecond),
            Precision::Second => truncated(instant, Unit::Second),
            Precision::Day => day(instant, -24),
        }
    }

    /// The upper bound that misses no row stamped at `instant` or before.
    fn ceiling(&self, instant: Timestamp) -> Scalar {
        match self.precision {
            Precision::Millisecond => truncated(
                later(instant, SignedDuration::from_nanos(999_999)),
                Unit::Millisecond,
            ),
            Precision::Second => truncated(
                later(instant, SignedDuration::from_nanos(999_999_999)),
                Unit::Second,
            ),
            Precision::Day => day(instant, 24),
        }
    }
}

impl Default for StampField {
    fn default() -> Self {
        Self::update_stamp()
    }
}

fn truncated(instant: Timestamp, unit: Unit) -> Scalar {
    let round = jiff::TimestampRound::new()
        .smallest(unit)
        .mode(jiff::RoundMode::Floor);
    // Fails only at the ends of time, where there is nothing to round to.
    Scalar::Instant(instant.round(round).unwrap_or(instant))
}

fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(instant)
}

fn day(instant: Timestamp, shifted_hours: i64) -> Scalar {
    Scalar::Date(
        Offset::UTC
            .to_datetime(later(instant, SignedDuration::from_hours(shifted_hours)))
            .date(),
    )
}

/// Whose stamps to look at. A change of a child does not move its parent's stamp, so each is polled by itself. Source:
/// reference sage-x3 section 5.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeSource {
    /// The customers themselves.
    #[default]
    Customer,
    /// Their business partners, which hold names, VAT number, country and language.
    BusinessPartner,
    /// Their addresses.
    CustomerAddress,
}

/// Which changes to list. Rows without a stamp never appear: a full listing must find them.
#[derive(Clone, Debug)]
#[must_use]
pub struct Changes {
    source: ChangeSource,
    stamp: StampField,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    after: Option<Cursor>,
    first: PageSize,
}

impl Changes {
    /// All rows of `source`, the longest unchanged first.
    pub fn of(source: ChangeSource) -> Self {
        Self {
            source,
            stamp: StampField::default(),
            since: None,
            until: None,
            after: None,
            first: PageSize::default(),
        }
    }

    /// By another stamp.
    pub fn stamp(mut self, stamp: StampField) -> Self {
        self.stamp = stamp;
        self
    }

    /// Changed at `since` or later.
    pub fn since(mut self, since: impl Into<Option<Timestamp>>) -> Self {
        self.since = since.into();
        self
    }

    /// Changed at `until` or before.
    pub fn until(mut self, until: impl Into<Option<Timestamp>>) -> Self {
        self.until = until.into();
        self
    }

    /// From where another page with the same bounds ended.
    pub fn after(mut self, after: Option<Cursor>) -> Self {
        self.after = after;
        self
    }

    /// So many a page.
    pub fn first(mut self, first: PageSize) -> Self {
        self.first = first;
        self
    }

    /// The condition on the stamp, which also serves to list whole customers.
    #[must_use]
    pub fn filter(&self) -> Filter {
        let stamp = || Filter::field(self.stamp.name());
        let mut parts = Vec::new();
        match (self.since, self.until) {
            (Some(since), Some(until)) => {
                parts.push(stamp().between(self.stamp.floor(since), self.stamp.ceiling(until)))
            }
            (Some(since), None) => parts.push(stamp().gte(self.stamp.floor(since))),
            (None, Some(until)) => parts.push(stamp().lte(self.stamp.ceiling(until))),
            (None, None) => {}
        }
        if self.source == ChangeSource::BusinessPartner {
            parts.push(Filter::field("isCustomer").eq(true));
        }
        Filter::all(parts)
    }
}

/// A row that changed, named by the customer it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The customer.
    pub customer: CustomerCode,
    /// The row's stamp; none where X3 never stamped it.
    pub stamp: Option<Timestamp>,
    /// The row's own key.
    pub id: String,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
}

impl Customers {
    /// One page of changes, ordered by (stamp, key), so that rows with equal stamps are neither lost nor repeated
    /// between pages. A row that changes while the list is read moves to its end and may be seen twice.
    ///
    /// May be repeated: yes. Source: reference sage-x3 section 5.2.
    ///
    /// # Errors
    /// As for [`page`](Self::page).
    pub async fn changed(&self, changes: &Changes) -> Result<Page<Change>, Error> {
        let order = OrderBy::ascending(changes.stamp.name());
        let request = keys_request(
            changes,
            changes.filter(),
            order,
            self.client.site().generation,
        )?;
        parse_keys(self.client.read(&request).await?)
    }

    /// All pages of changes, fetched one by one on demand.
    pub fn changed_pages(&self, changes: Changes) -> Pager<Change> {
        let customers = self.clone();
        Pager::new(changes.after.clone(), move |cursor| {
            let (customers, changes) = (customers.clone(), changes.clone().after(cursor));
            async move { customers.changed(&changes).await }
        })
    }

    /// One page of the keys of all customers that meet `filter`, in order of key: the cheap way to find what is there
    /// and what has gone, since X3 leaves no trace of deletions.
    ///
    /// May be repeated: yes.
    ///
    /// # Errors
    /// As for [`page`](Self::page).
    pub async fn keys(
        &self,
        filter: Filter,
        first: PageSize,
        after: Option<Cursor>,
    ) -> Result<Page<Change>, Error> {
        if filter.is_never() {
            return Ok(Page::empty());
        }
        let changes = Changes::of(ChangeSource::Customer)
            .first(first)
            .after(after);
        let request = keys_request(
            &changes,
            filter,
            OrderBy::key(),
            self.client.site().generation,
        )?;
        parse_keys(self.client.read(&request).await?)
    }
}

const CUSTOMERS: Operation = Operation {
    name: customer_keys::OPERATION_NAME,
    text: customer_keys::QUERY,
};
const PARTNERS: Operation = Operation {
    name: business_partner_keys::OPERATION_NAME,
    text: business_partner_keys::QUERY,
};
const ADDRESSES: Operation = Operation {
    name: customer_address_keys::OPERATION_NAME,
    text: customer_address_keys::QUERY,
};

/// The request for one page of keys.
fn keys_request(
    changes: &Changes,
    filter: Filter,
    order: OrderBy,
    generation: Generation,
) -> Result<GraphqlRequest, InvalidRequest> {
    let (name, operation) = match changes.source {
        ChangeSource::Customer => ("customer.keys", CUSTOMERS),
        ChangeSource::BusinessPartner => ("businessPartner.keys", PARTNERS),
        ChangeSource::CustomerAddress => ("customerAddress.keys", ADDRESSES),
    };
    // The three operations have the same variables.
    let variables = customer_keys::Variables {
        filter: Some(filter.to_json()?),
        order_by: Some(order.to_json()?),
        first: i64::try_from(changes.first.get()).ok(),
        after: changes
            .after
            .as_ref()
            .map(|cursor| cursor.as_str().to_owned()),
    };
    let document = operation.render(Rendering {
        generation,
        extra: &[],
        stamp: changes.stamp.name.as_ref(),
    });
    GraphqlRequest::new(name, &document, Some(operation.name), &variables)
}

/// A row of any of the three operations.
#[derive(Debug, Deserialize)]
struct KeyNode {
    #[serde(rename = "_id")]
    id: Option<String>,
    #[serde(rename = "_etag")]
    etag: Option<String>,
    stamp: Option<Datetime>,
    code: Option<CodeOrReference>,
    customer: Option<Parent>,
}

/// A business partner's code is text, a customer's is a reference to its business partner.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum CodeOrReference {
    Text(String),
    Reference { code: Option<String> },
}

#[derive(Debug, Deserialize)]
struct Parent {
    #[serde(rename = "_id")]
    id: Option<String>,
    code: Option<CodeOrReference>,
}

impl CodeOrReference {
    fn into_text(self) -> Option<String> {
        match self {
            Self::Text(code) => Some(code),
            Self::Reference { code } => code,
        }
    }
}

fn parse_keys(answer: Parsed<Nested<Connection<KeyNode>>>) -> Result<Page<Change>, Error> {
    let (data, diagnoses, context) = answer.complete()?;
    page(data.into_inner(), diagnoses, &context)?.try_filter_map(|node| change(node, &context))
}

fn change(node: KeyNode, context: &CallContext) -> Result<Option<Change>, Error> {
    let broken = |what: &str| Error::Protocol {
        context: Box::new(context.clone()),
        what: what.to_owned(),
    };
    let id = node.id.ok_or_else(|| broken("a row has no key"))?;
    let code = match context.operation {
        // An address that belongs to no customer concerns none.
        "customerAddress.keys" => match node.customer {
            Some(parent) => parent
                .code
                .and_then(CodeOrReference::into_text)
                .or(parent.id),
            None => return Ok(None),
        },
        _ => node
            .code
            .and_then(CodeOrReference::into_text)
            .or_else(|| Some(id.clone())),
    };
    let customer = CustomerCode::new(code.unwrap_or_default())
        .map_err(|_| broken("a row has no customer code"))?;
    Ok(Some(Change {
        customer,
        stamp: node.stamp.and_then(|stamp| stamp.0),
        id,
        etag: node.etag,
    }))
}

#[cfg(test)]
mod tests;

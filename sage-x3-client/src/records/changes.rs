//! What has changed, told by stamps.

use jiff::{SignedDuration, Timestamp, Unit, tz::Offset};
use serde::{Deserialize, Serialize};

use super::{Node, RecordKey, Records};
use crate::{
    error::{CallContext, Error, InvalidRequest},
    graphql::{
        answer::Parsed,
        connection::{Connection, Nested},
        execute::GraphqlRequest,
        filter::Filter,
        frame,
        node_path::NodePath,
        order::OrderBy,
        scalars::Datetime,
    },
    ids::{FieldName, RecordId},
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
    pub(crate) fn floor(&self, instant: Timestamp) -> Scalar {
        match self.precision {
            Precision::Millisecond => truncated(instant, Unit::Millisecond),
            Precision::Second => truncated(instant, Unit::Second),
            Precision::Day => day(instant, -24),
        }
    }

    /// The upper bound that misses no row stamped at `instant` or before.
    pub(crate) fn ceiling(&self, instant: Timestamp) -> Scalar {
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChangeSource {
    /// Customers.
    #[default]
    Customer,
    /// Business partners, which hold the names, VAT number, country and language of customers and suppliers.
    BusinessPartner,
    /// Addresses of customers.
    CustomerAddress,
    /// Contacts of business partners.
    BusinessPartnerContact,
    /// Suppliers.
    Supplier,
    /// Products.
    Product,
    /// Products at a site.
    ProductSite,
    /// Stock.
    Stock,
    /// Sales orders.
    SalesOrder,
    /// Lines of sales orders.
    SalesOrderLine,
    /// Deliveries.
    SalesDelivery,
    /// Lines of deliveries.
    SalesDeliveryLine,
    /// Sales invoices.
    SalesInvoice,
    /// Lines of sales invoices.
    SalesInvoiceLine,
    /// Customer invoices of accounting, which hold the totals and the status of sales invoices.
    CustomerInvoiceHeader,
    /// Purchase orders.
    PurchaseOrder,
    /// Lines of purchase orders.
    PurchaseOrderLine,
    /// Accounts of the general ledger.
    Account,
    /// Payment terms.
    PaymentTerm,
    /// Currencies.
    Currency,
    /// Sites.
    Site,
    /// Companies.
    Company,
}

impl ChangeSource {
    /// The name of the node whose stamps it follows.
    #[must_use]
    pub fn node(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::BusinessPartner => "businessPartner",
            Self::CustomerAddress => "customerAddress",
            Self::BusinessPartnerContact => "businessPartnerContact",
            Self::Supplier => "supplier",
            Self::Product => "product",
            Self::ProductSite => "productSite",
            Self::Stock => "stock",
            Self::SalesOrder => "salesOrder",
            Self::SalesOrderLine => "salesOrderLine",
            Self::SalesDelivery => "salesDelivery",
            Self::SalesDeliveryLine => "salesDeliveryLine",
            Self::SalesInvoice => "salesInvoice",
            Self::SalesInvoiceLine => "salesInvoiceLine",
            Self::CustomerInvoiceHeader => "customerInvoiceHeader",
            Self::PurchaseOrder => "purchaseOrder",
            Self::PurchaseOrderLine => "purchaseOrderLine",
            Self::Account => "account",
            Self::PaymentTerm => "paymentTerm",
            Self::Currency => "currency",
            Self::Site => "site",
            Self::Company => "company",
        }
    }
}

/// Where changes of a node's records show: in a node's rows, each of which leads to a record.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) source: ChangeSource,
    pub(crate) node: NodePath,
    /// The references that lead from a row to the record, from outside in. Empty when the row has the record's key.
    pub(crate) parent: &'static [&'static str],
    /// A field that must be true for a row to concern a record.
    pub(crate) only_if: Option<&'static str>,
    /// Name in errors and logs.
    pub(crate) operation: &'static str,
}

impl Feed {
    /// The node's own rows.
    pub(crate) const fn own(source: ChangeSource, node: NodePath, operation: &'static str) -> Self {
        Self {
            source,
            node,
            parent: &[],
            only_if: None,
            operation,
        }
    }

    /// Rows of another node, from which `parent` leads to the record.
    pub(crate) const fn children(
        source: ChangeSource,
        node: NodePath,
        operation: &'static str,
        parent: &'static [&'static str],
    ) -> Self {
        Self {
            source,
            node,
            parent,
            only_if: None,
            operation,
        }
    }

    /// What is selected of each row. References are aliased, so that one parser serves every feed.
    fn selection(&self, stamp: &StampField) -> String {
        let mut selection = format!("_id\n_etag\nstamp: {}", stamp.name());
        for reference in self.parent {
            selection.push_str(&format!("\nparent: {reference} {{\n_id"));
        }
        for _ in self.parent {
            selection.push_str("\n}");
        }
        selection
    }
}

/// Which changes to list. Rows without a stamp never appear: a full listing must find them.
#[derive(Clone, Debug)]
#[must_use]
pub struct Changes {
    source: ChangeSource,
    stamp: StampField,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    only: Filter,
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
            only: Filter::everything(),
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

    /// Only rows of the source that meet `filter`, such as those of some sites.
    pub fn only(mut self, filter: Filter) -> Self {
        self.only = filter;
        self
    }

    /// From where a poll goes on whose newest stamp was `seen`: since then less `overlap`, and until `now` less `lag`.
    ///
    /// The overlap covers transactions that committed after their stamp was taken, and clocks that differ; the lag keeps
    /// rows out that are still being written. Both are minutes at most. What the overlap delivers again is told by
    /// [`Change::key`] and [`Change::stamp`]. Source: reference sage-x3 section 5.2.
    pub fn window(
        self,
        seen: impl Into<Option<Timestamp>>,
        overlap: SignedDuration,
        now: Timestamp,
        lag: SignedDuration,
    ) -> Self {
        let earlier = |instant: Timestamp, by: SignedDuration| {
            instant.saturating_sub(by).unwrap_or(Timestamp::MIN)
        };
        let since: Option<Timestamp> = seen.into();
        self.since(since.map(|seen| earlier(seen, overlap)))
            .until(earlier(now, lag))
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

    /// The condition on the rows: on their stamp, and the one set with [`only`](Self::only). It also serves to list whole
    /// records.
    #[must_use]
    pub fn filter(&self) -> Filter {
        Filter::all([self.window_filter(), self.only.clone()])
    }

    fn window_filter(&self) -> Filter {
        let stamp = || Filter::field(self.stamp.name());
        match (self.since, self.until) {
            (Some(since), Some(until)) => {
                stamp().between(self.stamp.floor(since), self.stamp.ceiling(until))
            }
            (Some(since), None) => stamp().gte(self.stamp.floor(since)),
            (None, Some(until)) => stamp().lte(self.stamp.ceiling(until)),
            (None, None) => Filter::everything(),
        }
    }
}

/// A row that changed, named by the record it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change<K> {
    /// The record.
    pub key: K,
    /// The row's stamp; none where X3 never stamped it.
    pub stamp: Option<Timestamp>,
    /// The row's own key.
    pub id: String,
    /// X3's tag of this state of the row.
    pub etag: Option<String>,
}

impl<N: Node> Records<N> {
    /// One page of changes, ordered by (stamp, key), so that rows with equal stamps are neither lost nor repeated
    /// between pages. A row that changes while the list is read moves to its end and may be seen twice.
    ///
    /// May be repeated: yes. Source: reference sage-x3 section 5.2.
    ///
    /// # Errors
    /// As for [`page`](Self::page); [`Error::Invalid`] when changes of these records do not show in that source.
    pub async fn changed(&self, changes: &Changes) -> Result<Page<Change<N::Key>>, Error> {
        let feed = feed::<N>(changes.source)?;
        if changes.only.is_never() {
            return Ok(Page::empty());
        }
        let request = changes_request(feed, changes, self.client.site().generation)?;
        parse_keys(feed, self.client.read(&request).await?)
    }

    /// All pages of changes, fetched one by one on demand.
    pub fn changed_pages(&self, changes: Changes) -> Pager<Change<N::Key>> {
        let records = self.clone();
        Pager::new(changes.after.clone(), move |cursor| {
            let (records, changes) = (records.clone(), changes.clone().after(cursor));
            async move { records.changed(&changes).await }
        })
    }

    /// The sources in which changes of these records show, the records themselves first. To miss nothing, poll all.
    #[must_use]
    pub fn change_sources() -> Vec<ChangeSource> {
        N::META.feeds.iter().map(|feed| feed.source).collect()
    }

    /// One page of the keys of all records that meet `filter`, in order of key: the cheap way to find what is there and
    /// what has gone, since X3 leaves no trace of deletions.
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
    ) -> Result<Page<Change<N::Key>>, Error> {
        let (false, Some(own)) = (filter.is_never(), N::META.feeds.first()) else {
            return Ok(Page::empty());
        };
        let changes = Changes::of(own.source).first(first).after(after);
        let generation = self.client.site().generation;
        let request = keys_request(own, &changes, &filter, &OrderBy::key(), generation)?;
        parse_keys(own, self.client.read(&request).await?)
    }

    /// All pages of keys from the first, fetched one by one on demand: a sweep for deletions.
    pub fn keys_pages(&self, filter: Filter, first: PageSize) -> Pager<Change<N::Key>> {
        let records = self.clone();
        Pager::new(None, move |cursor| {
            let (records, filter) = (records.clone(), filter.clone());
            async move { records.keys(filter, first, cursor).await }
        })
    }
}

fn feed<N: Node>(source: ChangeSource) -> Result<&'static Feed, InvalidRequest> {
    let feeds = N::META.feeds;
    feeds
        .iter()
        .find(|feed| feed.source == source)
        .ok_or_else(|| {
            let known: Vec<String> = feeds
                .iter()
                .map(|feed| format!("{:?}", feed.source))
                .collect();
            InvalidRequest::new(format!(
                "changes of node `{}` do not show in {source:?}, only in {}",
                N::META.node.node,
                known.join(", ")
            ))
        })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Variables<'a> {
    filter: String,
    order_by: String,
    first: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a str>,
}

/// The request for one page of changes.
fn changes_request(
    feed: &Feed,
    changes: &Changes,
    generation: crate::Generation,
) -> Result<GraphqlRequest, InvalidRequest> {
    let mut filter = changes.filter();
    if let Some(flag) = feed.only_if {
        filter = Filter::all([filter, Filter::field(flag).eq(true)]);
    }
    let order = OrderBy::ascending(changes.stamp.name());
    keys_request(feed, changes, &filter, &order, generation)
}

/// The request for one page of keys.
fn keys_request(
    feed: &Feed,
    changes: &Changes,
    filter: &Filter,
    order: &OrderBy,
    generation: crate::Generation,
) -> Result<GraphqlRequest, InvalidRequest> {
    let variables = Variables {
        filter: filter.to_json()?,
        order_by: order.to_json()?,
        first: changes.first.get(),
        after: changes.after.as_ref().map(Cursor::as_str),
    };
    let (name, document) = keys_document(feed, &changes.stamp, generation);
    let request = GraphqlRequest::new(feed.operation, &document, Some(&name), &variables)?;
    Ok(request.about(&feed.node, "query"))
}

/// The document for keys, and its name.
pub(crate) fn keys_document(
    feed: &Feed,
    stamp: &StampField,
    generation: crate::Generation,
) -> (String, String) {
    let name = format!("{}Keys", feed.node.type_name());
    let document = frame::list(&feed.node, generation, &name, &feed.selection(stamp));
    (name, document)
}

/// A row of any feed.
#[derive(Debug, Deserialize)]
struct KeyRow {
    #[serde(rename = "_id")]
    id: Option<String>,
    #[serde(rename = "_etag")]
    etag: Option<String>,
    stamp: Option<Datetime>,
    parent: Option<Box<Parent>>,
}

#[derive(Debug, Deserialize)]
struct Parent {
    #[serde(rename = "_id")]
    id: Option<String>,
    parent: Option<Box<Self>>,
}

impl KeyRow {
    /// The key at the end of the references; none when one of them is empty.
    fn target(&self, depth: usize) -> Option<&str> {
        if depth == 0 {
            return self.id.as_deref();
        }
        let mut at = self.parent.as_deref()?;
        for _ in 1..depth {
            at = at.parent.as_deref()?;
        }
        at.id.as_deref()
    }
}

fn parse_keys<K: RecordKey>(
    feed: &Feed,
    answer: Parsed<Nested<Connection<KeyRow>>>,
) -> Result<Page<Change<K>>, Error> {
    let (data, diagnoses, context) = answer.complete()?;
    page(data.into_inner(), diagnoses, &context)?.try_filter_map(|row| change(feed, row, &context))
}

fn change<K: RecordKey>(
    feed: &Feed,
    row: KeyRow,
    context: &CallContext,
) -> Result<Option<Change<K>>, Error> {
    let broken = |what: &str| Error::Protocol {
        context: Box::new(context.clone()),
        what: what.to_owned(),
    };
    let Some(target) = row.target(feed.parent.len()) else {
        // A row that belongs to no record concerns none; a record without a key is another matter.
        return if feed.parent.is_empty() {
            Err(broken("a row has no key"))
        } else {
            Ok(None)
        };
    };
    let key = RecordId::new(target)
        .and_then(K::from_record_id)
        .map_err(|_| broken("a row has no usable key"))?;
    let id = row.id.ok_or_else(|| broken("a row has no key"))?;
    Ok(Some(Change {
        key,
        stamp: row.stamp.and_then(|stamp| stamp.0),
        id,
        etag: row.etag,
    }))
}

#[cfg(test)]
mod tests;

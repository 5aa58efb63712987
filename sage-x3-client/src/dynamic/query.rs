//! What to list.

use super::Selection;
use crate::{
    graphql::{filter::Filter, order::OrderBy},
    page::{Cursor, PageSize},
};

/// Which records of a node to list, and what to read of them.
///
/// For a change feed, filter and order by the stamp:
///
/// ```
/// use sage_x3_client::{ChangeSource, Changes, OrderBy, dynamic::{DynamicQuery, Selection}};
///
/// # fn changed(since: jiff::Timestamp) -> Result<DynamicQuery, sage_x3_client::InvalidRequest> {
/// let changes = Changes::of(ChangeSource::default()).since(since);
/// Ok(DynamicQuery::new(Selection::new().field("_updateStamp")?)
///     .filter(changes.filter())
///     .order_by(OrderBy::ascending("_updateStamp")))
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct DynamicQuery {
    pub(super) selection: Selection,
    pub(super) filter: Filter,
    pub(super) order: OrderBy,
    pub(super) first: PageSize,
    pub(super) after: Option<Cursor>,
    pub(super) total: bool,
}

impl DynamicQuery {
    /// All records by key, 200 a page.
    pub fn new(selection: Selection) -> Self {
        Self {
            selection,
            filter: Filter::everything(),
            order: OrderBy::key(),
            first: PageSize::default(),
            after: None,
            total: false,
        }
    }

    /// Only records that meet `filter`.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// In another order.
    pub fn order_by(mut self, order: OrderBy) -> Self {
        self.order = order;
        self
    }

    /// So many a page.
    pub fn first(mut self, first: PageSize) -> Self {
        self.first = first;
        self
    }

    /// From where another page ended.
    pub fn after(mut self, after: Option<Cursor>) -> Self {
        self.after = after;
        self
    }

    /// With the number of records that meet the filter, which costs the server a count.
    pub fn with_total(mut self) -> Self {
        self.total = true;
        self
    }
}

//! Records of nodes without a type that belong to the records of a side, read for many at once.

use std::collections::BTreeMap;

use sage_x3_client::{
    Filter, OrderBy, PageSize, Support, X3Client,
    dynamic::{DynamicQuery, DynamicRecord, Selection},
};

use super::{
    error::{endpoint_error, unreadable},
    node::{cursor, token},
};
use crate::{
    endpoint::{Change, ChangesPage, ChangesRequest, EndpointError},
    ids::RecordId,
};

/// A node whose records belong to others: where it is, what names the owner, and in which order they stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Children {
    pub(super) package: &'static str,
    pub(super) node: &'static str,
    /// The path to the owner's key.
    pub(super) owner: &'static str,
    /// The whole number by which they stand in order.
    pub(super) order: &'static str,
}

/// Owners in one query: a filter must not grow without bound.
const OWNERS_AT_ONCE: usize = 100;

const STAMP: &str = "_updateStamp";

impl Children {
    /// Whether the site has the node.
    pub(super) async fn is_offered(&self, client: &X3Client) -> Result<bool, EndpointError> {
        let node = client
            .node(self.package, self.node)
            .map_err(endpoint_error)?;
        let offer = node.offer().await.map_err(endpoint_error)?;
        Ok(offer.query != Support::Missing)
    }

    /// The children of `owners`, by owner.
    pub(super) async fn of(
        &self,
        client: &X3Client,
        owners: &[String],
        selection: &Selection,
    ) -> Result<BTreeMap<String, Vec<DynamicRecord>>, EndpointError> {
        let node = client
            .node(self.package, self.node)
            .map_err(endpoint_error)?;
        let mut children: BTreeMap<String, Vec<DynamicRecord>> = BTreeMap::new();
        for owners in owners.chunks(OWNERS_AT_ONCE) {
            let query = DynamicQuery::new(selection.clone())
                .filter(Filter::field(self.owner).is_in(owners.iter().map(String::as_str)))
                .first(PageSize::MAX);
            let mut after = None;
            loop {
                let page = node.page(&query.clone().after(after)).await;
                let page = page.map_err(endpoint_error)?;
                for child in page.items {
                    let owner = self.text(&child, self.owner)?;
                    children
                        .entry(owner.unwrap_or_default())
                        .or_default()
                        .push(child);
                }
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        // By key, line 10000 would stand before line 2000.
        for children in children.values_mut() {
            children.sort_by_key(|child| child.decode_at::<i64>(self.order).ok().flatten());
        }
        Ok(children)
    }

    /// One page of the owners whose children changed.
    pub(super) async fn changes(
        &self,
        client: &X3Client,
        request: &ChangesRequest,
        selection: Selection,
    ) -> Result<ChangesPage, EndpointError> {
        let node = client
            .node(self.package, self.node)
            .map_err(endpoint_error)?;
        let since = match request.since {
            Some(since) => Filter::field(STAMP).gte(since),
            None => Filter::everything(),
        };
        let query = DynamicQuery::new(selection)
            .filter(since)
            .order_by(OrderBy::ascending(STAMP).then_ascending("_id"))
            .after(cursor(request.page.as_ref()));
        let page = node.page(&query).await.map_err(endpoint_error)?;
        let mut changes = Vec::with_capacity(page.items.len());
        for child in &page.items {
            let stamp = child.decode_at(STAMP).map_err(|error| self.bad(&error))?;
            if let Some(owner) = self.text(child, self.owner)? {
                changes.push(Change {
                    id: RecordId::from(owner),
                    stamp,
                });
            }
        }
        Ok(ChangesPage {
            changes,
            next: page.next.as_ref().map(token),
        })
    }

    /// The text at `path` of a child.
    pub(super) fn text(
        &self,
        child: &DynamicRecord,
        path: &str,
    ) -> Result<Option<String>, EndpointError> {
        let text = child.text(path).map_err(|error| self.bad(&error))?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// The number at `path` of a child.
    pub(super) fn decimal(
        &self,
        child: &DynamicRecord,
        path: &str,
    ) -> Result<Option<rust_decimal::Decimal>, EndpointError> {
        child.decimal(path).map_err(|error| self.bad(&error))
    }

    /// The day at `path` of a child.
    pub(super) fn day(
        &self,
        child: &DynamicRecord,
        path: &str,
    ) -> Result<Option<jiff::civil::Date>, EndpointError> {
        child.decode_at(path).map_err(|error| self.bad(&error))
    }

    fn bad(&self, error: &impl std::fmt::Display) -> EndpointError {
        unreadable(format!("X3's {}: {error}", self.node))
    }
}

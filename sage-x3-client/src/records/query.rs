//! What to list.

use std::marker::PhantomData;

use serde::Serialize;

use super::{Meta, Node, RecordKey as _, node::Collection};
use crate::{
    error::InvalidRequest,
    graphql::{document::Rendering, execute::GraphqlRequest, filter::Filter, order::OrderBy},
    ids::RecordId,
    page::{Cursor, PageSize},
};

/// Which records of a node to list, and how.
#[must_use]
pub struct Query<N> {
    pub(super) filter: Filter,
    pub(super) order: OrderBy,
    pub(super) first: PageSize,
    pub(super) after: Option<Cursor>,
    pub(super) children: bool,
    pub(super) total: bool,
    node: PhantomData<fn() -> N>,
}

impl<N> Clone for Query<N> {
    fn clone(&self) -> Self {
        Self {
            filter: self.filter.clone(),
            order: self.order.clone(),
            first: self.first,
            after: self.after.clone(),
            children: self.children,
            total: self.total,
            node: PhantomData,
        }
    }
}

impl<N> std::fmt::Debug for Query<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Query")
            .field("filter", &self.filter)
            .field("order", &self.order)
            .field("first", &self.first)
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

impl<N: Node> Default for Query<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<N: Node> Query<N> {
    /// All records by key, 200 a page, without their collections.
    pub fn new() -> Self {
        Self {
            filter: Filter::everything(),
            order: OrderBy::key(),
            first: PageSize::default(),
            after: None,
            children: false,
            total: false,
            node: PhantomData,
        }
    }

    /// Only records that meet `filter`.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Only records with these keys that also meet the filter set so far.
    pub fn keys(mut self, keys: &[N::Key]) -> Self {
        let ids: Vec<RecordId> = keys.iter().map(N::Key::record_id).collect();
        self.filter = Filter::all([N::with_keys(&ids), self.filter]);
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

    /// With the collection that belongs to each record, for nodes that have one.
    pub fn with_children(mut self) -> Self {
        self.children = true;
        self
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageVariables {
    filter: String,
    order_by: String,
    first: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    with_children: Option<bool>,
    with_total: bool,
}

/// The request for one page.
pub(super) fn page_request<N: Node>(
    query: &Query<N>,
    rendering: Rendering<'_>,
) -> Result<GraphqlRequest, InvalidRequest> {
    let meta = N::META;
    let variables = PageVariables {
        filter: query.filter.to_json()?,
        order_by: query.order.to_json()?,
        first: query.first.get(),
        after: query
            .after
            .as_ref()
            .map(|cursor| cursor.as_str().to_owned()),
        with_children: meta.children.map(|_| query.children),
        with_total: query.total,
    };
    let document = meta.file.page(&meta.node, rendering);
    let request = GraphqlRequest::new(
        meta.names.query,
        &document,
        Some(meta.file.name),
        &variables,
    )?;
    Ok(request.about(&meta.node, "query"))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReadVariables<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    with_children: Option<bool>,
}

/// The request for one record and its collection.
pub(super) fn read_request(
    meta: &Meta,
    id: &RecordId,
    rendering: Rendering<'_>,
) -> Result<GraphqlRequest, InvalidRequest> {
    let variables = ReadVariables {
        id: id.as_str(),
        with_children: meta.children.map(|_| true),
    };
    let document = meta
        .file
        .read(&meta.node, meta.children.is_some(), rendering);
    let name = format!("{}Read", meta.node.type_name());
    let request = GraphqlRequest::new(meta.names.read, &document, Some(&name), &variables)?;
    Ok(request.about(&meta.node, "read"))
}

#[derive(Serialize)]
struct ChildrenVariables<'a> {
    id: &'a str,
    first: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a str>,
}

/// The request for more of the collection of the record with a key, from a cursor on.
pub(super) fn children_request(
    meta: &Meta,
    collection: Collection,
    (id, after): (&RecordId, Option<&Cursor>),
    rendering: Rendering<'_>,
) -> Result<GraphqlRequest, InvalidRequest> {
    let variables = ChildrenVariables {
        id: id.as_str(),
        first: PageSize::default().get(),
        after: after.map(Cursor::as_str),
    };
    let document = meta
        .file
        .children(&meta.node, collection.name, collection.fragment, rendering);
    let name = format!("{}Children", meta.node.type_name());
    GraphqlRequest::new(meta.names.children, &document, Some(&name), &variables)
}

//! The shape of answers: packages, nodes, operations, connections. Everything may be null.

use std::collections::BTreeMap;

use serde::Deserialize;

/// `{"x3MasterData":{"customer":{"query":T}}}`, for documents that ask for one thing.
#[derive(Debug, Deserialize)]
pub(crate) struct Nested<T> {
    #[serde(rename = "x3MasterData")]
    package: Option<Package<T>>,
}

impl<T> Nested<T> {
    pub(crate) fn into_inner(self) -> Option<T> {
        self.package.and_then(Package::into_inner)
    }
}

/// `{"r0":{"customer":{"create":T}},...}`, for documents with a row each.
pub(crate) type Rows<T> = BTreeMap<String, Option<Package<T>>>;

#[derive(Debug, Deserialize)]
pub(crate) struct Package<T> {
    #[serde(
        alias = "customer",
        alias = "customerAddress",
        alias = "businessPartner"
    )]
    node: Option<Member<T>>,
}

impl<T> Package<T> {
    pub(crate) fn is_filled(&self) -> bool {
        self.node
            .as_ref()
            .is_some_and(|member| member.operation.is_some())
    }

    pub(crate) fn into_inner(self) -> Option<T> {
        self.node.and_then(|member| member.operation)
    }
}

#[derive(Debug, Deserialize)]
struct Member<T> {
    #[serde(alias = "query", alias = "read", alias = "create", alias = "update")]
    operation: Option<T>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connection<N> {
    pub(crate) edges: Option<Vec<Option<Edge<N>>>>,
    pub(crate) page_info: Option<PageInfo>,
    pub(crate) total_count: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Edge<N> {
    pub(crate) node: Option<N>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageInfo {
    pub(crate) has_next_page: Option<bool>,
    pub(crate) end_cursor: Option<String>,
}

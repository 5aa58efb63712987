//! The documents around a selection, which are the same for every node.

use super::node_path::NodePath;
use crate::config::Generation;

/// A document that lists records in pages. It takes `$filter`, `$orderBy`, `$first` and `$after`; `selection` stands for
/// each record. Source: reference sage-x3 section 3.4.
pub(crate) fn list(node: &NodePath, generation: Generation, name: &str, selection: &str) -> String {
    let (root, node) = (aliased_root(node, generation), &node.node);
    format!(
        "query {name}($filter: String, $orderBy: String, $first: Int, $after: String) {{\n{root} {{\n{node} {{\n\
         query(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {{\nedges {{\nnode {{\n{selection}\n}}\n}}\n\
         pageInfo {{\nhasNextPage\nendCursor\n}}\n}}\n}}\n}}\n}}\n"
    )
}

/// A document that reads one record by its key `$id`, which `variables` declare.
pub(crate) fn read(
    node: &NodePath,
    generation: Generation,
    name: &str,
    variables: &str,
    selection: &str,
) -> String {
    let (root, node) = (aliased_root(node, generation), &node.node);
    format!(
        "query {name}({variables}) {{\n{root} {{\n{node} {{\nread(_id: $id) {{\n{selection}\n}}\n}}\n}}\n}}\n"
    )
}

/// The root under the name of generation 3, so that errors name the same place everywhere.
pub(crate) fn aliased_root(node: &NodePath, generation: Generation) -> String {
    let root = node.root(generation);
    if root == node.package {
        root.into_owned()
    } else {
        format!("{}: {root}", node.package)
    }
}

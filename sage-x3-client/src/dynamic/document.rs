//! Documents for nodes without a type. Names are checked where they are made; values travel in variables, but for the
//! arguments of `delete`, whose types are not known.

use std::fmt::Write as _;

use serde::Serialize;

use super::{DynamicQuery, NodeInput, Selection};
use crate::{
    config::Generation,
    error::InvalidRequest,
    graphql::{execute::GraphqlRequest, frame, node_path::NodePath},
    ids::{FieldName, RecordId},
    page::{Cursor, PageSize},
    scalar::Scalar,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageVariables<'a> {
    filter: String,
    order_by: String,
    first: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a str>,
}

/// The request for one page.
pub(super) fn page_request(
    node: &NodePath,
    query: &DynamicQuery,
    generation: Generation,
) -> Result<GraphqlRequest, InvalidRequest> {
    let variables = PageVariables {
        filter: query.filter.to_json()?,
        order_by: query.order.to_json()?,
        first: query.first.get(),
        after: query.after.as_ref().map(Cursor::as_str),
    };
    let mut document = frame::list(node, generation, "Page", &query.selection.of_record());
    if query.total {
        document = document.replacen("edges {", "totalCount\nedges {", 1);
    }
    let request = GraphqlRequest::new("node.query", &document, Some("Page"), &variables)?;
    Ok(request.about(node, "query"))
}

/// The request for one record.
pub(super) fn read_request(
    node: &NodePath,
    id: &RecordId,
    selection: &Selection,
    (generation, id_type): (Generation, &str),
) -> Result<GraphqlRequest, InvalidRequest> {
    let variables = format!("$id: {id_type}");
    let document = frame::read(node, generation, "Read", &variables, &selection.of_record());
    let variables = serde_json::json!({"id": id.as_str()});
    let request = GraphqlRequest::new("node.read", &document, Some("Read"), &variables)?;
    Ok(request.about(node, "read"))
}

/// The request for one page of a record's collection.
pub(super) fn children_request(
    node: &NodePath,
    id: &RecordId,
    (collection, selection): (&FieldName, &Selection),
    (first, after): (PageSize, Option<&Cursor>),
    (generation, id_type): (Generation, &str),
) -> Result<GraphqlRequest, InvalidRequest> {
    let inner = format!(
        "{collection} {{\nquery(first: $first, after: $after) {{\nedges {{\nnode {{\n{}\n}}\n}}\n\
         pageInfo {{\nhasNextPage\nendCursor\n}}\n}}\n}}",
        selection.of_record()
    );
    let variables = format!("$id: {id_type}, $first: Int, $after: String");
    let document = frame::read(node, generation, "Children", &variables, &inner);
    let mut variables = serde_json::json!({"id": id.as_str(), "first": first.get()});
    if let (Some(after), Some(members)) = (after, variables.as_object_mut()) {
        members.insert("after".to_owned(), after.as_str().into());
    }
    GraphqlRequest::new("node.children", &document, Some("Children"), &variables)
}

/// The request that deletes a record.
pub(super) fn delete_request(
    node: &NodePath,
    key: &[(FieldName, Scalar)],
    generation: Generation,
) -> Result<GraphqlRequest, InvalidRequest> {
    if key.is_empty() {
        return Err(InvalidRequest::new("a delete needs the fields of the key"));
    }
    let mut arguments = String::new();
    for (field, value) in key {
        let separator = if arguments.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(arguments, "{separator}{field}: {}", literal(value)?);
    }
    let (root, name) = (node.root(generation), &node.node);
    let document = format!("mutation Delete {{ {root} {{ {name} {{ delete({arguments}) }} }} }}");
    let request = GraphqlRequest::new(
        "node.delete",
        &document,
        Some("Delete"),
        &serde_json::json!({}),
    )?;
    Ok(request.about(node, "delete"))
}

/// The request for a mutation of the site's own.
pub(super) fn mutation_request(
    node: &NodePath,
    operation: &FieldName,
    (argument, kind): (&FieldName, &FieldName),
    input: &NodeInput,
    selection: &Selection,
    generation: Generation,
) -> Result<GraphqlRequest, InvalidRequest> {
    let (root, name) = (node.root(generation), &node.node);
    let document = format!(
        "mutation Mutate($input: {kind}!) {{ {root} {{ {name} {{ {operation}({argument}: $input) {{ {}}} }} }} }}",
        selection.of_record()
    );
    #[derive(Serialize)]
    struct Variables {
        input: crate::model::Input,
    }
    let variables = Variables {
        input: input.to_input(),
    };
    GraphqlRequest::new("node.mutate", &document, Some("Mutate"), &variables)
}

/// A value as GraphQL writes it: the strings of JSON are strings of GraphQL too.
fn literal(value: &Scalar) -> Result<String, InvalidRequest> {
    serde_json::to_string(value).map_err(|_| InvalidRequest::new("a key's value cannot be written"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        Filter,
        graphql::canned::{body, flat, inner},
    };

    const VISIT: NodePath = NodePath::new("yAcme", "yVisit");

    fn field(name: &str) -> FieldName {
        FieldName::new(name).unwrap()
    }

    #[test]
    fn a_page_has_the_same_form_as_those_of_typed_nodes() {
        let query = DynamicQuery::new(Selection::new().field("yMood").unwrap())
            .filter(Filter::field("yMood").eq("good"))
            .with_total();
        let body = body(&page_request(&VISIT, &query, Generation::Gen2).unwrap());
        assert_eq!(
            flat(&body["query"]),
            "query Page($filter: String, $orderBy: String, $first: Int, $after: String) { yAcme { yVisit { \
             query(filter: $filter, orderBy: $orderBy, first: $first, after: $after) { totalCount edges { node { \
             _id yMood } } pageInfo { hasNextPage endCursor } } } } }"
        );
        assert_eq!(
            inner(&body["variables"]["filter"]),
            json!({"yMood":{"_eq":"good"}})
        );
        assert_eq!(body["variables"]["first"], 200);
    }

    #[test]
    fn sages_own_packages_follow_the_generation() {
        let quote = NodePath::new("x3Sales", "salesQuote");
        let id = RecordId::new("Q1").unwrap();
        let request =
            read_request(&quote, &id, &Selection::new(), (Generation::Gen2, "Id!")).unwrap();
        assert!(
            flat(&body(&request)["query"])
                .contains("x3Sales: xtremX3Sales { salesQuote { read(_id: $id)")
        );
    }

    #[test]
    fn a_mutation_of_the_sites_own_is_a_write() {
        let input = NodeInput::new().set("quantity", 3).unwrap();
        let request = mutation_request(
            &NodePath::new("x3Stock", "stockChange"),
            &field("intersiteTransfer"),
            (&field("parameter"), &field("Transfer_Input")),
            &input,
            &Selection::new(),
            Generation::Gen3,
        )
        .unwrap();
        assert!(request.writes);
        let body = body(&request);
        assert_eq!(
            flat(&body["query"]),
            "mutation Mutate($input: Transfer_Input!) { x3Stock { stockChange { intersiteTransfer(parameter: $input) { _id } } } }"
        );
        assert_eq!(body["variables"], json!({"input":{"quantity":3}}));
    }

    proptest! {
        /// Whatever stands in a key, the document keeps its structure: outside of strings nothing of it is left.
        #[test]
        fn no_key_changes_the_meaning_of_a_delete(value in any::<String>()) {
            let key = [(field("employee"), Scalar::from(value.as_str()))];
            let request = delete_request(&VISIT, &key, Generation::Gen3).unwrap();
            let document = body(&request)["query"].as_str().unwrap().to_owned();
            let argument = document
                .strip_prefix("mutation Delete { yAcme { yVisit { delete(employee: ")
                .and_then(|rest| rest.strip_suffix(") } } }"))
                .unwrap();
            prop_assert_eq!(serde_json::from_str::<String>(argument).unwrap(), value);
        }
    }
}

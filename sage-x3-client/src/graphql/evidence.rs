//! The curated schema against the evidence, and the rendered documents against the schema.

mod validation;

use std::collections::{BTreeMap, BTreeSet};

use self::validation::Schema;
use super::{adaptation::Adaptation, document::Rendering};
use crate::{
    FieldName, StampField,
    config::Generation,
    evidence::{assert_listed, listed, rows},
    nodes,
    records::{Meta, keys_document, sealed::Typed},
    write::{WriteAction, WriteKind},
};

const SCHEMA: &str = include_str!("schema.graphql");
const ASSUMPTIONS: &str = include_str!("../../docs/assumptions.md");

/// Members that the framework gives every node, connection, collection and operation group (reference sage-x3 sections
/// 3.4, 3.7 and 3.9), by the end of the type's name.
const FRAMEWORK: [(&str, &[&str]); 6] = [
    ("_Queries", &["query", "read"]),
    ("_Mutations", &["create", "update"]),
    ("_Connection", &["totalCount", "edges", "pageInfo"]),
    ("_Edge", &["cursor", "node"]),
    ("_Collection", &["query"]),
    (
        "PageInfo",
        &["startCursor", "endCursor", "hasNextPage", "hasPreviousPage"],
    ),
];
const SYSTEM: [&str; 4] = ["_id", "_etag", "_createStamp", "_updateStamp"];

/// `Type.member` and the member's type.
fn schema_members() -> BTreeMap<(String, String), String> {
    let mut members = BTreeMap::new();
    let mut inside: Option<String> = None;
    for line in SCHEMA
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
    {
        if let Some(rest) = line
            .strip_prefix("type ")
            .or_else(|| line.strip_prefix("input "))
        {
            inside = Some(rest.trim_end_matches('{').trim().to_owned());
        } else if line == "}" {
            inside = None;
        } else if let Some(name) = &inside {
            let (member, kind) = line.rsplit_once(": ").unwrap();
            let member = member.split('(').next().unwrap();
            members.insert((name.clone(), member.to_owned()), kind.to_owned());
        }
    }
    assert!(members.len() > 80, "the schema was not read");
    members
}

/// Whether every node, or every site, has the member.
fn is_framework(kind: &str, member: &str, packages: &BTreeMap<String, BTreeSet<String>>) -> bool {
    let by_end = FRAMEWORK.iter().any(|(end, members)| {
        let applies = if end.starts_with('_') {
            kind.ends_with(end)
        } else {
            kind == *end
        };
        applies && members.contains(&member)
    });
    // Packages stand below the roots, nodes below their packages: reference sage-x3 section 3.3.
    let root = matches!(kind, "Query" | "Mutation") && packages.contains_key(member);
    let package = kind
        .strip_suffix("_Queries")
        .or_else(|| kind.strip_suffix("_Mutations"))
        .and_then(|name| packages.get(&lower_first(name)))
        .is_some_and(|nodes| nodes.contains(member));
    let system = SYSTEM.contains(&member) && !kind.ends_with("_Input");
    // Text streams: reference sage-x3 section 3.7.
    by_end || root || package || system || (kind, member) == ("_OutputTextStream", "value")
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// The nodes of each package that the evidence or this crate names.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let mut packages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for meta in nodes::all() {
        let nodes = packages.entry(meta.node.package.to_string()).or_default();
        nodes.insert(meta.node.node.to_string());
    }
    packages
}

/// Package and name of a node, and a property with its type as the reference writes it.
struct Documented {
    package: String,
    properties: BTreeMap<(String, String), String>,
}

/// What the reference documents, by node.
fn documented() -> Option<BTreeMap<String, Documented>> {
    let mut nodes: BTreeMap<String, Documented> = BTreeMap::new();
    for [package, node, property, kind] in rows("documented_nodes")? {
        // Some packages are written with the package that extends the node: `x3MasterData(+x3Stock)`.
        let package = package.split('(').next().unwrap();
        nodes
            .entry(node.clone())
            .or_insert_with(|| Documented {
                package: package.to_owned(),
                properties: BTreeMap::new(),
            })
            .properties
            .insert((node, property), kind);
    }
    Some(nodes)
}

/// Whether the schema's type is what the reference calls `documented`.
fn same_type(schema: &str, documented: &str) -> bool {
    let documented = documented.split('(').next().unwrap();
    schema == documented
        || (documented == "Collection" && schema.ends_with("_Collection"))
        || (documented == "TextStream" && schema == "_OutputTextStream")
        // Enumerations whose types have no published name.
        || (documented == "enum" && schema == "EnumMember")
        || (documented == "Boolean|enum" && schema == "BooleanOrEnum")
}

#[test]
fn what_the_schema_says_is_documented_or_listed_as_assumed() {
    let assumed = listed(ASSUMPTIONS);
    let documented = documented();
    let packages = packages();
    let mut beyond = BTreeSet::new();
    for ((kind, member), member_type) in &schema_members() {
        if is_framework(kind, member, &packages) {
            continue;
        }
        let node = lower_first(kind);
        let row = documented
            .as_ref()
            .and_then(|nodes| nodes.get(&node))
            .and_then(|found| found.properties.get(&(node.clone(), member.clone())));
        match row {
            Some(row) => assert!(
                same_type(member_type, row),
                "{kind}.{member}: {member_type} but documented as {row}"
            ),
            None => {
                beyond.insert(format!("{kind}.{member}"));
            }
        }
    }
    if documented.is_none() {
        // Without the reference, documented members have to be taken on trust.
        beyond.retain(|member| assumed.contains(member));
    }
    assert_listed("docs/assumptions.md", &assumed, &beyond);
}

#[test]
fn every_node_stands_in_the_package_that_documents_it() {
    let Some(documented) = documented() else {
        return;
    };
    for meta in nodes::all() {
        let node = meta.node.node.as_ref();
        match documented.get(node) {
            Some(found) => assert_eq!(found.package, meta.node.package, "{node}"),
            // Of these Sage's index gives nothing but the names.
            None => assert!(
                [
                    "businessPartnerContact",
                    "salesDeliveryLine",
                    "salesInvoiceLine"
                ]
                .contains(&node),
                "{node}"
            ),
        }
    }
}

/// No guess of ours can stop a site from being read: the fields of records that no evidence proves are optional. The
/// members of rows in array columns are apart, being formed like those that are documented.
#[test]
fn what_no_evidence_proves_is_optional() {
    let Some(documented) = documented() else {
        return;
    };
    let assumed = listed(ASSUMPTIONS);
    for meta in nodes::all() {
        let optional: BTreeSet<(&str, &str)> = meta.file.optional_fields().collect();
        let kinds: BTreeSet<String> = optional
            .iter()
            .map(|(kind, _)| (*kind).to_owned())
            .chain([meta.node.type_name()])
            .collect();
        let guesses = assumed.iter().filter_map(|member| member.split_once('.'));
        for (kind, field) in guesses.filter(|(kind, _)| kinds.contains(*kind)) {
            let read = meta.file.text.contains(field);
            assert!(
                !read || optional.contains(&(kind, field)),
                "{kind}.{field} is assumed but not optional"
            );
        }
        for (kind, field) in optional {
            let node = lower_first(kind);
            let row = documented
                .get(&node)
                .and_then(|found| found.properties.get(&(node.clone(), field.to_owned())));
            // A name in brackets says that the row comes from elsewhere than Sage's own pages.
            let proved = row.is_some_and(|kind| !kind.contains('('));
            assert!(
                !proved,
                "{kind}.{field} is documented: it need not be optional"
            );
        }
    }
}

fn rendering<'a>(adaptation: &'a Adaptation, extra: &'a [FieldName]) -> Rendering<'a> {
    Rendering {
        generation: Generation::Gen3,
        extra,
        adaptation,
    }
}

fn documents(meta: &Meta, rendering: Rendering<'_>) -> Vec<String> {
    let Meta { node, file, .. } = meta;
    let mut documents = vec![
        file.page(node, rendering),
        file.read(node, meta.children.is_some(), rendering),
    ];
    if let Some(collection) = meta.children {
        documents.push(file.children(node, collection.name, collection.fragment, rendering));
    }
    for feed in meta.feeds {
        documents.push(keys_document(feed, &StampField::default(), Generation::Gen3).1);
    }
    documents
}

/// `graphql_client` checks the files' selections at compile time; here what is made of them is checked, arguments and all.
#[test]
fn every_document_of_every_node_fits_the_schema() {
    let schema = Schema::parse(SCHEMA);
    let plain = Adaptation::default();
    for meta in nodes::all() {
        for document in documents(meta, rendering(&plain, &[])) {
            assert_eq!(schema.faults(&document), [""; 0], "{document}");
        }
        let optional = meta.file.optional_fields();
        let without_optional =
            Adaptation::without(optional.map(|(kind, field)| (kind.to_owned(), field.to_owned())));
        for document in documents(meta, rendering(&without_optional, &[])) {
            assert_eq!(schema.faults(&document), [""; 0], "{document}");
        }
    }
}

#[test]
fn every_node_takes_the_sites_own_fields() {
    let (plain, extra) = (Adaptation::default(), [FieldName::new("yZone").unwrap()]);
    for meta in nodes::all() {
        let page = meta.file.page(&meta.node, rendering(&plain, &extra));
        assert_eq!(page.matches("yZone").count(), 1, "{}", meta.node);
    }
}

#[test]
fn every_write_fits_the_schema() {
    let schema = Schema::parse(SCHEMA);
    for meta in [
        nodes::Customer::META,
        nodes::SalesOrder::META,
        nodes::Product::META,
        nodes::Supplier::META,
        nodes::BusinessPartnerContact::META,
        nodes::CustomerInvoiceHeader::META,
    ] {
        for action in [WriteAction::Create, WriteAction::Update] {
            let kind = WriteKind {
                node: &meta.node,
                action,
                operation: meta.names.create,
                key_path: "_id",
            };
            let input = meta.node.input_type();
            let rows = crate::write::document(&kind, Generation::Gen3, &input, 3);
            assert_eq!(schema.faults(&rows), [""; 0], "{rows}");
        }
    }
}

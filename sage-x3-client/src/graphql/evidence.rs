//! The curated schema against the evidence, and the rendered documents against the schema.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use graphql_client_codegen::{
    CodegenMode, GraphQLClientCodegenOptions, generate_module_token_stream_from_string,
};

use super::{
    document::{Operation, Rendering},
    node_path::NodePath,
    operations as op,
};
use crate::{
    config::Generation,
    write::{WriteAction, WriteKind},
};

const SCHEMA: &str = include_str!("schema.graphql");
const ASSUMPTIONS: &str = include_str!("../../docs/assumptions.md");

/// Types of the schema and the node that documents each.
const NODES: [(&str, &str); 6] = [
    ("Customer", "customer"),
    ("BusinessPartner", "businessPartner"),
    ("CustomerAddress", "customerAddress"),
    ("CustomerAddressAddressLines", "customerAddressAddressLines"),
    ("Currency", "currency"),
    ("Country", "country"),
];

/// Members that the framework gives every node, connection, collection and operation group (reference sage-x3 sections
/// 3.3, 3.4, 3.7 and 3.9), by the end of the type's name.
const FRAMEWORK: [(&str, &[&str]); 10] = [
    ("Query", &["x3MasterData"]),
    ("Mutation", &["x3MasterData"]),
    (
        "X3MasterData_Queries",
        &["businessPartner", "customer", "customerAddress"],
    ),
    ("X3MasterData_Mutations", &["customer"]),
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

fn is_framework(kind: &str, member: &str) -> bool {
    FRAMEWORK.iter().any(|(end, members)| {
        let applies = if end.starts_with('_') { kind.ends_with(end) } else { kind == *end };
        applies && members.contains(&member)
    }) || (SYSTEM.contains(&member) && NODES.iter().any(|(known, _)| *known == kind))
        // Text streams: reference sage-x3 section 3.7.
        || (kind, member) == ("_OutputTextStream", "value")
}

fn assumed() -> BTreeSet<String> {
    let lines = ASSUMPTIONS
        .lines()
        .filter_map(|line| Some(line.strip_prefix("- `")?.split_once('`')?.0));
    lines.map(str::to_owned).collect()
}

/// Node and property with the type as the reference writes it; none where the reference is not at hand.
fn documented() -> Option<BTreeMap<(String, String), String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/reference/x3-schema/documented_nodes.tsv");
    let Ok(text) = fs::read_to_string(&file) else {
        println!(
            "SKIPPED: {} is not there, so the schema was not compared with the evidence",
            file.display()
        );
        return None;
    };
    let rows = text.lines().skip(1).map(|line| {
        let mut columns = line.split('\t').skip(1);
        let mut next = || columns.next().unwrap().to_owned();
        ((next(), next()), next())
    });
    Some(rows.collect())
}

/// Whether the schema's type is what the reference calls `documented`.
fn same_type(schema: &str, documented: &str) -> bool {
    let documented = documented.split('(').next().unwrap();
    schema == documented
        || (documented == "Collection" && schema.ends_with("_Collection"))
        || (documented == "TextStream" && schema == "_OutputTextStream")
}

#[test]
fn what_the_schema_says_is_documented_or_listed_as_assumed() {
    let assumed = assumed();
    let members = schema_members();
    let documented = documented();
    let mut beyond = BTreeSet::new();
    for ((kind, member), member_type) in &members {
        if is_framework(kind, member) {
            continue;
        }
        let node = NODES
            .iter()
            .find(|(known, _)| known == kind)
            .map(|(_, node)| (*node).to_owned());
        let row = node.map(|node| (node, member.clone()));
        match (&documented, row) {
            (Some(documented), Some(row)) if documented.contains_key(&row) => {
                assert!(
                    same_type(member_type, &documented[&row]),
                    "{kind}.{member}: {member_type} but documented as {}",
                    documented[&row]
                );
            }
            // Without the reference, documented nodes have to be taken on trust.
            (None, Some(_)) => {}
            _ => {
                beyond.insert(format!("{kind}.{member}"));
            }
        }
    }
    assert_eq!(
        beyond, assumed,
        "docs/assumptions.md and the schema disagree"
    );
}

fn valid(document: &str) -> Result<(), String> {
    let schema = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/graphql/schema.graphql");
    let options = GraphQLClientCodegenOptions::new(CodegenMode::Cli);
    generate_module_token_stream_from_string(document, &schema, options)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// `graphql_client` checks the files at compile time; here it checks what is made of them.
#[test]
fn rendered_documents_fit_the_schema() {
    for (name, text) in [
        (op::customer_page::OPERATION_NAME, op::customer_page::QUERY),
        (op::customer_read::OPERATION_NAME, op::customer_read::QUERY),
        (
            op::customer_addresses::OPERATION_NAME,
            op::customer_addresses::QUERY,
        ),
        (op::customer_keys::OPERATION_NAME, op::customer_keys::QUERY),
        (
            op::business_partner_keys::OPERATION_NAME,
            op::business_partner_keys::QUERY,
        ),
        (
            op::customer_address_keys::OPERATION_NAME,
            op::customer_address_keys::QUERY,
        ),
    ] {
        let extra = [crate::FieldName::new("yZone").unwrap()];
        let operation = Operation { name, text };
        assert_eq!(
            valid(&operation.render(Rendering::default())),
            Ok(()),
            "{name}"
        );
        let with_extra = operation.render(Rendering {
            extra: &extra,
            ..Rendering::default()
        });
        let takes_extra = name == "CustomerPage" || name == "CustomerRead";
        assert_eq!(with_extra.contains("yZone"), takes_extra, "{name}");
    }
    for action in [WriteAction::Create, WriteAction::Update] {
        let kind = WriteKind {
            node: &NodePath::new("x3MasterData", "customer"),
            action,
            operation: "customer",
            key_path: None,
        };
        let rows = crate::write::document(&kind, Generation::Gen3, "Customer_Input", 3);
        assert_eq!(valid(&rows), Ok(()), "{rows}");
    }
    assert!(
        valid("query Q { x3MasterData { customer { nothing } } }").is_err(),
        "the check checks nothing"
    );
}

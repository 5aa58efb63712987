//! The served schema against the rows that Sage's reference pages and observed answers support.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

const SCHEMA: &str = include_str!("../../schema-gen3.graphql");

/// Name, type and whether it is marked as assumed, of every property of every object type.
fn served() -> BTreeMap<String, Vec<(String, String, bool)>> {
    let mut types: BTreeMap<String, Vec<_>> = BTreeMap::new();
    let mut inside = None;
    for line in SCHEMA.lines() {
        if let Some(rest) = line.strip_prefix("type ") {
            inside = Some(rest.trim_end_matches(" {").to_owned());
        } else if line == "}" {
            inside = None;
        } else if let (Some(name), Some(property)) = (&inside, line.strip_prefix("  ")) {
            let assumed = property.ends_with("# assumed");
            let property = property.trim_end_matches("# assumed").trim();
            if let Some((member, kind)) = property.rsplit_once(": ") {
                let row = (member.to_owned(), kind.to_owned(), assumed);
                types.entry(name.clone()).or_default().push(row);
            }
        }
    }
    types
}

/// Type of each documented property by node; none where the reference is not at hand, which is an error where `CI` is set.
fn documented() -> Option<BTreeMap<String, BTreeMap<String, String>>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/reference/x3-schema/documented_nodes.tsv");
    let Ok(text) = std::fs::read_to_string(&file) else {
        let missing = format!(
            "{} is not there, so the schema was not compared with the evidence",
            file.display()
        );
        let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        assert!(!ci, "{missing}");
        // Not by `eprintln!`, which the test runner hides when a test passes.
        let mut stderr = std::io::stderr();
        writeln!(stderr, "SKIPPED: {missing}").unwrap();
        return None;
    };
    let mut nodes: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for row in text.lines().skip(1) {
        let mut columns = row.split('\t').skip(1).map(str::to_owned);
        let mut next = || columns.next().unwrap();
        let (node, property, kind) = (next(), next(), next());
        nodes.entry(node).or_default().insert(property, kind);
    }
    Some(nodes)
}

fn same_type(served: &str, documented: &str) -> bool {
    let plain = documented.split(['(', '|']).next().unwrap();
    served == plain
        || plain == "enum"
        || (plain == "Collection" && served.ends_with("_Collection"))
        || (plain == "TextStream" && served == "_OutputTextStream")
        // The reference's "reference" leaves the target open.
        || plain == "reference"
}

#[test]
fn what_is_served_of_a_documented_node_is_documented_or_marked_as_assumed() {
    let Some(documented) = documented() else {
        return;
    };
    let served = served();
    let (mut compared, mut beyond) = (BTreeSet::new(), Vec::new());
    for (node, properties) in &documented {
        let type_name = format!("{}{}", node[..1].to_uppercase(), &node[1..]);
        for (member, kind, assumed) in served.get(&type_name).into_iter().flatten() {
            let system = [
                "_id",
                "_etag",
                "_createStamp",
                "_updateStamp",
                "_createUser",
                "_updateUser",
                "_access",
                "_sortValue",
            ];
            if system.contains(&member.as_str()) {
                continue;
            }
            compared.insert(node.clone());
            match properties.get(member) {
                Some(known) if same_type(kind, known) => {}
                Some(known) => {
                    beyond.push(format!("{node}.{member}: {kind}, documented as {known}"))
                }
                None if *assumed => {}
                None => beyond.push(format!("{node}.{member}: not marked as assumed")),
            }
        }
    }
    assert_eq!(beyond, Vec::<String>::new());
    assert!(compared.len() >= 25, "only {compared:?} were compared");
}

//! The client's curated schema against what the simulator serves. Both are checked against the published evidence, each by
//! its own crate; here it shows where they read it differently.

use std::collections::{BTreeMap, BTreeSet};

use sage_x3_client::{ConnectedApp, SiteConfig, X3Client};
use sage_x3_simulator::{ConnectedApplication, DEFAULT_ENDPOINT, Operation, X3Simulator};

const OURS: &str = include_str!("../../src/graphql/schema.graphql");
const THEIRS: &str = include_str!("../../../tests/sage-x3-simulator/schema-gen3.graphql");

/// Types of one side that the other does not have or has otherwise, and why.
const DIFFERENCES: [(&str, &str); 10] = [
    (
        "BooleanOrEnum",
        "stands for a Boolean that was seen as an enumeration, too",
    ),
    (
        "EnumMember",
        "stands for enumerations whose types have no published name",
    ),
    // The simulator's kept schema has the operations that Sage's latest pages show.
    ("X3InvoicingData_Mutations", "not activated by default"),
    (
        "X3MasterData_Mutations.businessPartnerContact",
        "not activated by default",
    ),
    ("X3MasterData_Mutations.product", "not activated by default"),
    (
        "X3MasterData_Mutations.supplier",
        "not activated by default",
    ),
    ("Mutation.x3InvoicingData", "not activated by default"),
    (
        "Supplier.companyName",
        "generation 2 has it; read where a supplier's code is no reference",
    ),
    (
        "Supplier.shortCompanyName",
        "generation 2 has it; read where a supplier's code is no reference",
    ),
    (
        "PurchaseOrder.isClosed",
        "a Boolean in generation 3; an old sample filters it by 'no'",
    ),
];

/// Members of inputs that the simulator does not take by default, and why.
const INPUT_DIFFERENCES: [(&str, &str); 4] = [
    (
        "CustomerCompanyNames_Input",
        "releases that publish names as a list",
    ),
    (
        "Customer_Input.companyNames",
        "releases that publish names as a list",
    ),
    (
        "SalesOrder_Input.lines",
        "the lines' name of generation 1: SalesOrderLinesName",
    ),
    ("Supplier_Input.companyName", "generation 2"),
];

type Types = BTreeMap<String, BTreeMap<String, String>>;

/// Members and their types, by type. Nullability is left out: the client takes everything as possibly null.
fn types(schema: &str, keyword: &str) -> Types {
    let mut types = Types::new();
    let mut inside: Option<String> = None;
    for line in schema.lines() {
        let code = line.split('#').next().unwrap().trim();
        if let Some(rest) = code.strip_prefix(keyword) {
            let name = rest.trim_end_matches('{').trim().to_owned();
            types.entry(name.clone()).or_default();
            inside = code.ends_with('{').then_some(name);
        } else if code == "}" {
            inside = None;
        } else if let (Some(name), Some((member, kind))) = (&inside, code.rsplit_once(": ")) {
            let member = member.split('(').next().unwrap().to_owned();
            let members = types.get_mut(name).unwrap();
            members.insert(member, kind.replace('!', ""));
        }
    }
    types
}

/// What `ours` has and `theirs` lacks or has otherwise. Placeholders of the client fit any type.
fn beyond(ours: &Types, theirs: &Types) -> BTreeSet<String> {
    let mut beyond = BTreeSet::new();
    for (name, members) in ours {
        let Some(known) = theirs.get(name) else {
            beyond.insert(name.clone());
            continue;
        };
        for (member, kind) in members {
            let fits = known
                .get(member)
                .is_some_and(|theirs| kind == theirs || kind == "EnumMember");
            if !fits {
                beyond.insert(format!("{name}.{member}"));
            }
        }
    }
    beyond
}

fn explained(list: &[(&str, &str)]) -> BTreeSet<String> {
    list.iter().map(|(place, _)| (*place).to_owned()).collect()
}

#[test]
fn the_curated_schema_is_a_part_of_what_the_simulator_serves_but_for_what_is_explained() {
    let mut ours = types(OURS, "type ");
    ours.extend(types(OURS, "scalar "));
    let mut theirs = types(THEIRS, "type ");
    theirs.extend(types(THEIRS, "scalar "));
    theirs.extend(types(THEIRS, "enum "));
    assert!(ours.len() > 100 && theirs.len() > 100, "nothing was read");
    // Groups of operations that are not activated have no type of their own either.
    let inactive = |name: &String| {
        [
            "Supplier",
            "Product",
            "BusinessPartnerContact",
            "CustomerInvoiceHeader",
        ]
        .iter()
        .any(|node| *name == format!("{node}_Mutations"))
    };
    let mut found = beyond(&ours, &theirs);
    found.retain(|name| !inactive(name));
    assert_eq!(found, explained(&DIFFERENCES));
}

#[tokio::test]
async fn every_member_that_is_written_is_taken_by_a_site_that_activated_it() {
    let x3 = X3Simulator::builder().start().await.unwrap();
    for node in [
        "customer",
        "salesOrder",
        "product",
        "supplier",
        "businessPartnerContact",
        "customerInvoiceHeader",
    ] {
        for operation in [Operation::Create, Operation::Update] {
            x3.set_activation(node, operation, true);
        }
    }
    let app = ConnectedApplication::default();
    let client = X3Client::builder(SiteConfig::new(x3.base_url(), DEFAULT_ENDPOINT))
        .credential(ConnectedApp::new(app.client_id, app.secret).user(app.allowed_user))
        .build()
        .unwrap();
    let mut lacking = BTreeSet::new();
    for (name, members) in types(OURS, "input ") {
        let document = "query Q($name: String!) { __type(name: $name) { inputFields { name } } }";
        let variables = BTreeMap::from([("name", name.as_str())]);
        let answer = client.execute(document, &variables).await.unwrap();
        let data: serde_json::Value =
            serde_json::from_str(answer.data.as_ref().unwrap().get()).unwrap();
        let Some(fields) = data["__type"]["inputFields"].as_array() else {
            lacking.insert(name);
            continue;
        };
        let known: BTreeSet<&str> = fields
            .iter()
            .map(|field| field["name"].as_str().unwrap())
            .collect();
        let missing = members
            .keys()
            .filter(|member| !known.contains(member.as_str()));
        lacking.extend(missing.map(|member| format!("{name}.{member}")));
    }
    assert_eq!(lacking, explained(&INPUT_DIFFERENCES));
}

//! Who may know whom.

use crate::tree::{LIBRARIES, Member, assert_none, built_with, members};

/// Runtimes and HTTP stacks: an embedder may have another one, or none.
const RUNTIMES: [&str; 9] = [
    "async-io",
    "async-std",
    "futures-timer",
    "hyper",
    "hyper-util",
    "mio",
    "reqwest",
    "smol",
    "tokio",
];

/// The layers, from below: a crate and the crates of ours that it may be built on.
const MAY_BUILD_ON: [(&str, &[&str]); 6] = [
    ("client-core", &[]),
    ("sage-x3-client", &["client-core"]),
    ("zoho-crm-client", &["client-core"]),
    (
        "sync-core",
        &["client-core", "sage-x3-client", "zoho-crm-client"],
    ),
    ("sage-x3-simulator", &[]),
    ("zoho-crm-simulator", &[]),
];

fn member<'a>(members: &'a [Member], name: &str) -> &'a Member {
    members
        .iter()
        .find(|member| member.name == name)
        .unwrap_or_else(|| panic!("{name} is no member of the workspace"))
}

#[test]
fn the_layers_know_only_what_is_below_them() {
    let members = members();
    let mut offences = Vec::new();
    for (name, allowed) in MAY_BUILD_ON {
        for dependency in &member(&members, name).dependencies {
            if !allowed.contains(&dependency.as_str()) {
                offences.push(format!("{name} is built on {dependency}"));
            }
        }
    }
    assert_none("ARCHITECTURE.md says who may know whom", &offences);
}

#[test]
fn the_clients_do_not_know_each_other_even_in_their_tests() {
    let members = members();
    for (one, other) in [
        ("sage-x3-client", "zoho-crm-client"),
        ("zoho-crm-client", "sage-x3-client"),
    ] {
        let known = &member(&members, one).any_dependencies;
        assert!(!known.contains(&other.to_owned()), "{one} knows {other}");
    }
}

#[test]
fn the_simulators_know_none_of_our_crates() {
    // One that shared a type with a client would agree with its mistakes.
    let members = members();
    for name in ["sage-x3-simulator", "zoho-crm-simulator"] {
        let known = &member(&members, name).any_dependencies;
        assert!(known.is_empty(), "{name} knows {known:?}");
    }
}

#[test]
fn client_core_knows_none_of_our_crates_even_in_its_tests() {
    let members = members();
    let known = &member(&members, "client-core").any_dependencies;
    assert!(known.is_empty(), "client-core knows {known:?}");
}

#[test]
fn without_default_features_no_library_brings_a_runtime_or_an_http_stack() {
    let mut offences = Vec::new();
    for library in LIBRARIES {
        for name in built_with(library, &["--no-default-features"]) {
            if RUNTIMES.contains(&name.as_str()) {
                offences.push(format!("{library} brings {name}"));
            }
        }
    }
    assert_none("libraries run on any runtime", &offences);
}

#[test]
fn the_engine_with_its_adapters_brings_no_runtime_either() {
    let built = built_with("sync-core", &[]);
    assert!(built.contains(&"zoho-crm-client".to_owned()));
    let runtimes: Vec<_> = built
        .iter()
        .filter(|name| RUNTIMES.contains(&name.as_str()))
        .collect();
    assert!(runtimes.is_empty(), "sync-core brings {runtimes:?}");
}

#[test]
fn the_engine_alone_knows_neither_system() {
    let built = built_with("sync-core", &["--no-default-features"]);
    for other in ["client-core", "sage-x3-client", "zoho-crm-client", "http"] {
        assert!(
            !built.contains(&other.to_owned()),
            "sync-core brings {other}"
        );
    }
}

#[test]
fn the_default_transport_is_there_by_default() {
    // The test of the tests above: they would also pass if the names never matched.
    for client in ["client-core", "sage-x3-client", "zoho-crm-client"] {
        let built = built_with(client, &[]);
        assert!(built.contains(&"reqwest".to_owned()), "{client}: {built:?}");
    }
}

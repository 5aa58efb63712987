//! The security review names tests; a test that was renamed or removed must not leave a promise without proof.

use std::fs;

use crate::tree::{assert_none, root};

/// What stands between backticks, in order.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_test_that_the_security_review_names_exists() {
    let review = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let mut missing = Vec::new();
    let mut named = 0;
    for row in review.lines().filter(|line| line.starts_with('|')) {
        let Some(tests) = row.trim_end_matches('|').rsplit('|').next() else {
            continue;
        };
        let mut source = String::new();
        for name in quoted(tests) {
            if name.contains('/') {
                source = fs::read_to_string(root().join(name)).unwrap_or_default();
                if source.is_empty() {
                    missing.push(name.to_owned());
                }
            } else {
                named += 1;
                if !source.contains(&format!("fn {name}(")) {
                    missing.push(name.to_owned());
                }
            }
        }
    }
    assert!(named > 20, "the review names {named} tests");
    assert_none("named in SECURITY.md, but not there", &missing);
}

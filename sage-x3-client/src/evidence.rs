//! The published evidence about X3, which lies beside the tree and not in it: tests compare with it what this crate takes
//! for given.

mod services;

use std::{
    collections::BTreeSet,
    env, fs,
    io::{self, Write as _},
    path::Path,
};

/// A text of the reference; none where the reference is not at hand, which is an error where `CI` is set.
fn reference(file: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/reference")
        .join(file);
    let Ok(text) = fs::read_to_string(&path) else {
        let missing = format!(
            "{} is not there, so what is assumed was not compared with the evidence",
            path.display()
        );
        let ci = env::var_os("CI").is_some_and(|value| !value.is_empty());
        assert!(!ci, "{missing}");
        // Not by `eprintln!`, which the test runner hides when a test passes.
        writeln!(io::stderr(), "SKIPPED: {missing}").unwrap();
        return None;
    };
    Some(text)
}

/// The rows of one of the reference's tables, as many columns of each as are asked for; none as for the reference itself.
pub(crate) fn rows<const N: usize>(table: &str) -> Option<Vec<[String; N]>> {
    let text = reference(&format!("x3-schema/{table}.tsv"))?;
    let rows = text.lines().skip(1).map(|line| {
        let mut columns = line.split('\t').map(str::to_owned);
        std::array::from_fn(|_| {
            columns
                .next()
                .unwrap_or_else(|| panic!("not a row of {table}: {line}"))
        })
    });
    Some(rows.collect())
}

/// What a page of assumptions lists: the names with a point in them that begin an entry of a list.
pub(crate) fn listed(page: &str) -> BTreeSet<String> {
    let entries = page
        .lines()
        .filter_map(|line| Some(line.strip_prefix("- `")?.split_once('`')?.0));
    entries
        .filter(|entry| entry.contains('.') && !entry.contains(' '))
        .map(str::to_owned)
        .collect()
}

/// Fails when the page lists other things than those that are beyond the evidence.
pub(crate) fn assert_listed(page: &str, listed: &BTreeSet<String>, beyond: &BTreeSet<String>) {
    let missing: Vec<_> = beyond.difference(listed).collect();
    let surplus: Vec<_> = listed.difference(beyond).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "{page} and the code disagree.\nNot listed: {missing:#?}\nListed in vain: {surplus:#?}"
    );
}

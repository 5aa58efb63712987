//! Columns of `api1` and fields of SOAP against the tables of a live site.

use std::collections::{BTreeMap, BTreeSet};

use super::{assert_listed, listed, reference, rows};
use crate::{
    api1::{Api1Record as _, records},
    soap::SoapPublication,
};

const PAGE: &str = "docs/assumptions-services.md";
const ASSUMPTIONS: &str = include_str!("../../docs/assumptions-services.md");

/// Type and property of each column, by table. Array columns stand under their name without places.
type Tables = BTreeMap<String, BTreeMap<String, (String, String)>>;

fn tables() -> Option<Tables> {
    let mut tables = Tables::new();
    for [table, _key, column, kind, property] in rows("x3_sql_columns")? {
        let columns = tables.entry(table).or_default();
        columns.insert(without_place(&column).to_owned(), (kind, property));
    }
    Some(tables)
}

/// `DISCRGVAL` of `DISCRGVAL1..9` and `BPRNAM` of `BPRNAM_0..1`; a name that ends with a digit of its own stays as it is.
fn without_place(name: &str) -> &str {
    match name.split_once("..") {
        Some((name, _)) => name
            .trim_end_matches(|letter: char| letter.is_ascii_digit())
            .trim_end_matches('_'),
        None => name,
    }
}

/// The columns of sales invoices that the reference tells of in prose: those that answers were seen to hold, and those that
/// the dictionary gives for the tables.
fn columns_in_prose(text: &str) -> BTreeSet<String> {
    let about = ["SINVOICEV details observed: ", "- **SINVOICE** NUM "];
    let found = about.map(|start| {
        let line = text.lines().find(|line| line.starts_with(start));
        line.unwrap_or_else(|| panic!("the reference says no more `{start}`"))
    });
    let words = found
        .into_iter()
        .flat_map(|line| line.split(|letter: char| !letter.is_ascii_alphanumeric()));
    words
        .filter(|word| {
            word.len() > 1
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        })
        .map(str::to_owned)
        .collect()
}

/// Whether a column of the database comes as what the record takes it for.
fn fits(sql: &str, kind: &str) -> bool {
    let sql = sql.split('(').next().unwrap();
    matches!(
        (sql, kind),
        ("nvarchar", "String")
            | ("tinyint" | "smallint", "LocalMenu")
            | ("decimal", "Amount")
            | ("date", "Day")
            | ("datetime", "Day" | "Moment")
    )
}

/// A class of `api1` and its typed columns.
const RECORDS: [(&str, &[(&str, &str)]); 8] = [
    (records::Customer::CLASS, records::Customer::COLUMNS),
    (records::Supplier::CLASS, records::Supplier::COLUMNS),
    (records::Product::CLASS, records::Product::COLUMNS),
    (records::SalesOrder::CLASS, records::SalesOrder::COLUMNS),
    (
        records::PurchaseOrder::CLASS,
        records::PurchaseOrder::COLUMNS,
    ),
    (records::SalesInvoice::CLASS, records::SalesInvoice::COLUMNS),
    // The child table of invoices' lines.
    ("SIVSID", records::SalesInvoiceLine::COLUMNS),
    (records::Account::CLASS, records::Account::COLUMNS),
];

#[test]
fn every_typed_column_of_api1_is_one_of_a_live_site_or_listed_as_assumed() {
    let (Some(tables), Some(prose)) = (tables(), reference("sage-x3.md")) else {
        return;
    };
    let prose = columns_in_prose(&prose);
    let mut beyond = BTreeSet::new();
    for (class, columns) in RECORDS {
        for (column, kind) in columns {
            let invoice = matches!(class, "SINVOICEV" | "SIVSID");
            match tables.get(class).and_then(|known| known.get(*column)) {
                Some((sql, _)) => assert!(fits(sql, kind), "{class}.{column}: {kind} but {sql}"),
                None if invoice && prose.contains(*column) => {}
                None => {
                    beyond.insert(format!("{class}.{column}"));
                }
            }
        }
    }
    let mut known = listed(ASSUMPTIONS);
    known.retain(|entry| RECORDS.iter().any(|(class, _)| class_of(entry) == *class));
    assert_listed(PAGE, &known, &beyond);
}

fn class_of(entry: &str) -> &str {
    entry.split('.').next().unwrap()
}

/// An object of X3, its ready-made publication, and the tables that its screens show: of the record, and of its rows.
type Object = (
    &'static str,
    SoapPublication,
    &'static [&'static str],
    &'static [&'static str],
);

fn objects() -> [Object; 4] {
    [
        (
            "BPC",
            SoapPublication::customers("Y"),
            &["BPCUSTOMER", "BPARTNER"],
            &["BPADDRESS"],
        ),
        (
            "BPS",
            SoapPublication::suppliers("Y"),
            &["BPARTNER"],
            &["BPADDRESS"],
        ),
        (
            "SOH",
            SoapPublication::sales_orders("Y"),
            &["SORDER"],
            &["SORDERP", "SORDERQ"],
        ),
        ("BIC", SoapPublication::customer_invoices("Y"), &[], &[]),
    ]
}

/// Whether a table has the field for the member: under the name that the member has, places aside.
fn is_shown(tables: &Tables, names: &[&str], member: &str, field: &str) -> bool {
    let plain = |name: &str| {
        name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.')
            .to_owned()
    };
    names
        .iter()
        .filter_map(|name| tables.get(*name))
        .any(|known| {
            known.iter().any(|(column, (_, property))| {
                (column == field || *column == plain(field))
                    && member.split('.').any(|name| plain(name) == plain(property))
            })
        })
}

#[test]
fn every_place_of_a_published_screen_is_a_column_of_that_meaning_or_listed_as_assumed() {
    let Some(tables) = tables() else {
        return;
    };
    let (mut beyond, mut blocks) = (BTreeSet::new(), BTreeSet::new());
    for (object, publication, own, of_rows) in objects() {
        for (member, block, field) in publication.fields() {
            blocks.insert(block.to_owned());
            let in_rows = ["addresses.", "salesOrderLines.", "lines."]
                .iter()
                .any(|list| member.starts_with(list));
            let names = if in_rows { of_rows } else { own };
            if !is_shown(&tables, names, member, field) {
                beyond.insert(format!("{object}.{member}={field}"));
            }
        }
    }
    let mut known = listed(ASSUMPTIONS);
    known.retain(|entry| {
        objects()
            .iter()
            .any(|(object, ..)| class_of(entry) == *object)
    });
    assert_listed(PAGE, &known, &beyond);
    // Blocks are nowhere documented, so that all of them are assumed.
    let said: BTreeSet<String> = ASSUMPTIONS
        .split('`')
        .filter(|word| word.ends_with("_1"))
        .map(str::to_owned)
        .collect();
    assert_eq!(said, blocks);
}

#[test]
fn places_of_array_columns_are_told_from_names_that_end_with_a_digit() {
    assert_eq!(without_place("BPRNAM_0..1"), "BPRNAM");
    assert_eq!(without_place("DISCRGVAL1..9"), "DISCRGVAL");
    assert_eq!(without_place("ITMDES1"), "ITMDES1");
}

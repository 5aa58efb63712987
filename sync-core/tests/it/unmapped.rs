//! What a person must add to the tables is listed whole, not found out one code at a time.

use sync_core::{
    CodeScan, Codes, Kind, Lines, Mapping, MissingCode, Mode, RecordId, Row, Side, UnmappedCode,
    Value,
};

use crate::world::{World, block_on, set, thing};

/// City by a named table, VAT number by one without a name.
fn with_tables() -> World {
    World::with(|setup| {
        for row in &mut setup.rows {
            let pair = match row.name.as_str() {
                "city" => Codes::new([("LYON", "Lyon (FR)"), ("PARIS", "Paris")]).named("cities"),
                "vat" => Codes::new([("FR1", "one")]),
                _ => continue,
            };
            *row = row.clone().codes(pair);
        }
    })
}

fn code(row: &str, table: &str, side: Side, code: &str) -> (String, MissingCode) {
    let missing = MissingCode {
        table: table.to_owned(),
        side,
        code: code.to_owned(),
    };
    (row.to_owned(), missing)
}

fn codes(found: &[UnmappedCode]) -> Vec<(String, MissingCode)> {
    let found = found.iter();
    found
        .map(|found| (found.row.to_string(), found.missing.clone()))
        .collect()
}

#[test]
fn every_code_that_a_parked_record_lacks_is_listed_with_its_table() {
    let world = with_tables();
    let engine = world.engine();
    let record = thing("C1").with("city", "Nice").with("vat", "FR9");
    world.left.create_as_user(record).unwrap();
    world.settle(&engine);
    assert_eq!(world.only_parked().parked.reason.name(), "unmappable");
    let found = block_on(engine.unmapped_codes(world.flow_name(), CodeScan::Parked)).unwrap();
    assert_eq!(
        codes(&found),
        [
            code("city", "cities", Side::Left, "Nice"),
            code("vat", "vat", Side::Left, "FR9"),
        ]
    );
    assert_eq!(found[0].records, 1);
    assert_eq!(found[0].samples, [RecordId::from("C1")]);
}

#[test]
fn a_scan_counts_all_records_of_both_sides_and_names_a_few() {
    let world = with_tables();
    for number in 1..=7 {
        let record = thing(&format!("C{number}"))
            .with("city", "Nice")
            .with("vat", "FR1");
        world.left.create_as_user(record).unwrap();
    }
    let account = set("Name", "Acme").with("City", "Genf").with("VAT", "one");
    let account = world.right.create_as_user(account).unwrap();
    let engine = world.engine();
    let found = block_on(engine.unmapped_codes(world.flow_name(), CodeScan::Everything)).unwrap();
    assert_eq!(
        codes(&found),
        [
            code("city", "cities", Side::Left, "Nice"),
            code("city", "cities", Side::Right, "Genf"),
        ]
    );
    assert_eq!(found[0].records, 7);
    let first: Vec<RecordId> = (1..=5).map(|n| RecordId::from(format!("C{n}"))).collect();
    assert_eq!(found[0].samples, first);
    assert_eq!(found[1].samples, [account]);
    assert_eq!(world.rows_written(), 0);
    assert!(world.parked().is_empty());
}

#[test]
fn of_a_mirror_the_owner_alone_is_scanned() {
    let world = World::with(|setup| {
        setup.policy.mode = Mode::Mirror { owner: Side::Left };
        let row = setup
            .rows
            .iter_mut()
            .find(|row| row.name.as_str() == "city");
        let row = row.unwrap();
        *row = row.clone().codes(Codes::new([("LYON", "Lyon")]));
    });
    world.right.create_as_user(set("City", "Genf")).unwrap();
    let engine = world.engine();
    let found = block_on(engine.unmapped_codes(world.flow_name(), CodeScan::Everything)).unwrap();
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(world.right.traffic().calls(), 0);
}

#[test]
fn codes_in_lines_are_found_and_each_is_listed_once() {
    let units = Codes::new([("UN", "Each")]).named("units");
    let columns = Mapping::new(vec![
        Row::new("unit", "unit", "Unit", Kind::Code).codes(units),
    ]);
    let lines = Kind::Lines(Lines::new(columns.unwrap()));
    let mapping = Mapping::new(vec![Row::new("lines", "lines", "Lines", lines)]).unwrap();
    let line = |unit: &str| Value::Fields(set("Unit", unit));
    let record = set("Lines", vec![line("Box"), line("Each"), line("Box")]);
    let missing = mapping.missing_codes(Side::Right, &record);
    let (row, missing) = missing.into_iter().next().unwrap();
    assert_eq!(
        (row.to_string(), missing),
        code("lines", "units", Side::Right, "Box")
    );
}

//! Systems that make something else of what they are given.

use sync_core::{
    Direction, Kind, ParkReason, Row, Side, Value,
    testing::{CallKind, FakeSystemBuilder, Fault},
};

use crate::world::{World, block_on, crm, erp, rows, set, text, thing};

fn upper(value: Value) -> Value {
    match value.as_text() {
        Some(text) => Value::text(text.to_uppercase()),
        None => value,
    }
}

fn lower(value: Value) -> Value {
    match value.as_text() {
        Some(text) => Value::text(text.to_lowercase()),
        None => value,
    }
}

fn world(
    left: impl FnOnce(FakeSystemBuilder) -> FakeSystemBuilder,
    right: impl FnOnce(FakeSystemBuilder) -> FakeSystemBuilder,
) -> World {
    World::with(|setup| {
        setup.left = left(erp(&setup.clock));
        setup.right = right(crm(&setup.clock));
    })
}

#[test]
fn one_system_that_normalises_settles() {
    let world = world(|left| left, |right| right.normalise("City", upper));
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    assert_eq!(world.right.value(right.clone(), "City"), text("LYON"));
    assert_eq!(world.left.value(left.clone(), "city"), text("LYON"));
    world
        .left
        .edit_as_user(left.clone(), set("city", "Nice"))
        .unwrap();
    world.settle(&engine);
    assert_eq!(world.left.value(left, "city"), text("NICE"));
    assert!(world.parked().is_empty());
    assert!(world.rows_written() <= 2);
    world.assert_rest(&engine);
}

#[test]
fn what_the_kind_of_a_field_normalises_makes_no_difference() {
    // VAT numbers are codes: compared in capitals and without blanks around them.
    let world = world(|left| left.normalise("vat", lower), |right| right);
    let engine = world.engine();
    world.pair(&engine, "C1");
    world.assert_rest(&engine);
}

#[test]
fn two_systems_that_undo_each_other_are_stopped() {
    let world = world(
        |left| left.normalise("city", lower),
        |right| right.normalise("City", upper),
    );
    let engine = world.engine();
    world.left.create_as_user(thing("C1")).unwrap();
    world.settle(&engine);
    assert_eq!(world.only_parked().parked.reason, ParkReason::FlipFlop);
    assert!(world.rows_written() <= 7, "{}", world.rows_written());
    // Looking again does not start it anew.
    world.assert_rest(&engine);
    assert_eq!(world.only_parked().parked.reason, ParkReason::FlipFlop);
}

#[test]
fn a_field_of_one_side_that_the_other_never_keeps_is_stopped_too() {
    let world = World::with(|setup| {
        let mut rows = rows();
        rows.retain(|row| row.name.as_str() != "city");
        rows.push(Row::new("city", "city", "City", Kind::Text).direction(Direction::ToRight));
        setup.rows = rows;
        setup.matching.clear();
        setup.right = crm(&setup.clock).normalise("City", upper);
    });
    let engine = world.engine();
    world.left.create_as_user(thing("C1")).unwrap();
    world.settle(&engine);
    assert_eq!(world.only_parked().parked.reason, ParkReason::FlipFlop);
    assert!(world.rows_written() <= 7, "{}", world.rows_written());
    world.assert_rest(&engine);
}

#[test]
fn two_systems_that_undo_each_other_are_stopped_beside_a_conflict_too() {
    let world = world(
        |left| left.normalise("city", lower),
        |right| right.normalise("City", upper),
    );
    let engine = world.engine();
    let left = thing("C1").with("city", "1");
    let left = world.left.create_as_user(left).unwrap();
    world.settle(&engine);
    let right = world.partner(Side::Left, &left).unwrap();
    // A conflict that comes of an interrupted write, and a value that neither side can leave alone.
    world
        .right
        .edit_as_user(right.clone(), set("VAT", "second"))
        .unwrap();
    world.left.fail_next(CallKind::Write, Fault::AnswerLost);
    world.round(&engine);
    let edit = set("vat", "LEFT").with("city", "Lyon");
    world.left.edit_as_user(left, edit).unwrap();
    world
        .right
        .edit_as_user(right, set("VAT", "RIGHT"))
        .unwrap();
    world.forget_traffic();
    world.settle(&engine);
    assert!(world.rows_written() <= 14, "{}", world.rows_written());
    world.assert_rest(&engine);
}

#[test]
fn a_flip_flop_is_over_when_a_user_writes_what_both_systems_keep() {
    let world = world(
        |left| left.normalise("city", lower),
        |right| right.normalise("City", upper),
    );
    let engine = world.engine();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    world.settle(&engine);
    assert_eq!(world.only_parked().parked.reason, ParkReason::FlipFlop);
    // Neither case has a say about digits.
    world
        .left
        .edit_as_user(left.clone(), set("city", "69001"))
        .unwrap();
    world.settle(&engine);
    assert!(world.parked().is_empty(), "{:?}", world.parked());
    let right = world.partner(Side::Left, &left).unwrap();
    assert_eq!(world.right.value(right, "City"), text("69001"));
    world.assert_rest(&engine);
}

#[test]
fn other_edits_of_a_record_that_flips_still_get_through() {
    let world = world(
        |left| left.normalise("city", lower),
        |right| right.normalise("City", upper),
    );
    let engine = world.engine();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    world.settle(&engine);
    world
        .left
        .edit_as_user(left.clone(), set("phone", "111"))
        .unwrap();
    world.settle(&engine);
    let right = world.partner(Side::Left, &left).unwrap();
    assert_eq!(world.right.value(right, "Phone"), text("111"));
}

#[test]
fn a_user_who_edits_again_and_again_is_not_taken_for_a_flip_flop() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    for n in 0..40 {
        world
            .left
            .edit_as_user(left.clone(), set("phone", format!("{n}")))
            .unwrap();
        world.round(&engine);
        world.later(61);
        assert!(world.parked().is_empty(), "{n}: {:?}", world.parked());
    }
    world.settle(&engine);
    assert_eq!(world.right.value(right, "Phone"), text("39"));
}

#[test]
fn a_record_made_from_the_right_is_not_taken_for_a_flip_flop_either() {
    let world = World::with(|setup| setup.policy.max_unsettled_writes = 2);
    let engine = world.engine();
    world
        .right
        .create_as_user(crate::world::account("Globex"))
        .unwrap();
    world.settle(&engine);
    assert!(world.parked().is_empty(), "{:?}", world.parked());
    block_on(engine.status()).unwrap();
    world.assert_agreement();
}

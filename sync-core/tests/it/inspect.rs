//! A pair as a person looks at it.

use sync_core::{EndpointErrorKind, Seen, Side, testing::Fault};

use crate::world::{World, block_on, set, text, thing};

#[test]
fn both_halves_and_the_base_are_shown_from_either_half() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .right
        .edit_as_user(right.clone(), set("VAT", "B"))
        .unwrap();
    let written = world.rows_written();
    for (side, id) in [(Side::Left, &left), (Side::Right, &right)] {
        let seen = block_on(engine.inspect(world.flow_name(), side, id)).unwrap();
        let base = seen.link.unwrap().content.base.unwrap();
        let vat = |side: Side| seen.sides.get(side).fields().unwrap().get("vat").cloned();
        assert_eq!(vat(Side::Right), Some(text("B")));
        assert_eq!(vat(Side::Left).as_ref(), base.get("vat"));
        assert_eq!(seen.sides.left.id(), Some(&left));
        assert_eq!(seen.sides.right.id(), Some(&right));
    }
    assert_eq!(world.rows_written(), written);
    assert_eq!(world.queued(), 0);
}

#[test]
fn a_system_that_cannot_be_asked_does_not_hide_the_other() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .right
        .set_down(Some(Fault::Refused(EndpointErrorKind::Unavailable)));
    let seen = block_on(engine.inspect(world.flow_name(), Side::Left, &left)).unwrap();
    assert!(seen.sides.left.fields().is_some());
    assert!(matches!(seen.sides.right, Seen::Unknown { id, .. } if id == right));
}

#[test]
fn what_is_gone_or_belongs_to_no_pair_is_said_to_be_so() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world.right.delete_as_user(right.clone()).unwrap();
    let seen = block_on(engine.inspect(world.flow_name(), Side::Left, &left)).unwrap();
    assert!(matches!(seen.sides.right, Seen::Gone(id) if id == right));
    let lone = world.left.create_as_user(thing("C2")).unwrap();
    let seen = block_on(engine.inspect(world.flow_name(), Side::Left, &lone)).unwrap();
    assert!(seen.link.is_none() && matches!(seen.sides.right, Seen::Nothing));
}

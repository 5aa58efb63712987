//! Carrying out the plan of a first sync: what is searched for, and what is looked at again.

use sync_core::{Engine, Side, Value};

use crate::{
    first_sync::{apply, gated, plan},
    world::{Setup, World, account, block_on, crm, set, text, thing},
};

/// A plan to make partners on the right for so many left records, taken up. The right system can be asked who is new.
fn taken_up(count: usize, change: impl FnOnce(&mut Setup)) -> (World, Engine) {
    let world = gated(|setup| {
        setup.right = crm(&setup.clock).finds_unmarked();
        change(setup);
    });
    for n in 0..count {
        let fields = thing(&format!("L{n:03}"));
        world.left.create_as_user(fields).unwrap();
    }
    world.later(600);
    let engine = world.engine();
    let made = plan(&world, &engine);
    assert_eq!(made.summary().create.right, count as u64);
    apply(&world, &engine, &made.hash()).unwrap();
    world.forget_traffic();
    (world, engine)
}

#[test]
fn carrying_out_a_plan_searches_by_keys_alone_and_leaves_the_second_look_to_the_feeds() {
    let (world, engine) = taken_up(300, |_| {});
    world.drain(&engine);
    let (left, right) = (world.left.traffic(), world.right.traffic());
    assert_eq!((left.reads, left.calls()), (3, 3), "{left:?}");
    assert_eq!((right.finds, right.writes), (3, 3), "{right:?}");
    assert_eq!(right.calls(), 6, "{right:?}");
    world.settle(&engine);
    assert_eq!((world.left.len(), world.right.len()), (300, 300));
    assert_eq!(world.links().len(), 300);
    world.assert_agreement();
}

#[test]
fn nothing_is_left_to_compare_when_a_plan_is_carried_out() {
    let (world, engine) = taken_up(3, |_| {});
    world.drain(&engine);
    let swept = block_on(engine.sweep(world.flow_name())).unwrap();
    assert_eq!(swept.queued, 0, "{swept:?}");
}

#[test]
fn what_the_new_partner_alone_decides_is_told_before_a_plan_is_carried_out() {
    let world = gated(|_| {});
    let right = world.right.create_as_user(account("New")).unwrap();
    world.later(600);
    let engine = world.engine();
    let made = plan(&world, &engine);
    assert_eq!(made.summary().create.left, 1);
    apply(&world, &engine, &made.hash()).unwrap();
    world.drain(&engine);
    let partner = world.partner(Side::Right, &right).unwrap();
    let known = world.right.value(right, "X_Code");
    assert_eq!(known, text(partner.as_str()));
}

#[test]
fn what_a_system_fills_in_by_itself_is_found_after_a_plan_as_well() {
    let (world, engine) = taken_up(1, |setup| {
        let filled = |value: Value| match value.as_text() {
            Some(text) if !text.ends_with('!') => format!("{text}!").into(),
            _ => value,
        };
        setup.right = crm(&setup.clock).finds_unmarked().normalise("City", filled);
    });
    world.settle(&engine);
    assert_eq!(world.left.value("L000", "city"), text("Lyon!"));
    world.assert_agreement();
}

#[test]
fn a_partner_that_comes_while_a_plan_is_carried_out_is_not_made_again() {
    for newcomers in [1, 30] {
        let (world, engine) = taken_up(3, |setup| {
            setup.right = crm(&setup.clock).finds_unmarked().page_size(20);
        });
        let fields = account("Typed by hand").with("VAT", "FRL001");
        let by_hand = world.right.create_as_user(fields).unwrap();
        for n in 1..newcomers {
            world
                .right
                .create_as_user(account(&format!("Other {n}")))
                .unwrap();
        }
        world.drain(&engine);
        assert_eq!(world.partner(Side::Right, &by_hand), Some("L001".into()));
        assert_eq!(world.right.len(), 2 + newcomers);
    }
}

#[test]
fn a_record_that_becomes_a_partner_while_a_plan_is_carried_out_is_taken_for_it() {
    let world = gated(|setup| setup.right = crm(&setup.clock).finds_unmarked());
    world.left.create_as_user(thing("C1")).unwrap();
    let right = world.right.create_as_user(account("Somebody")).unwrap();
    world.later(6_000);
    let engine = world.engine();
    let made = plan(&world, &engine);
    apply(&world, &engine, &made.hash()).unwrap();
    world
        .right
        .edit_as_user(right.clone(), set("VAT", "FRC1"))
        .unwrap();
    world.drain(&engine);
    assert_eq!(world.partner(Side::Right, &right), Some("C1".into()));
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
}

#[test]
fn a_record_that_comes_to_match_a_listed_one_is_searched_for() {
    let world = gated(|setup| setup.right = crm(&setup.clock).finds_unmarked());
    world.left.create_as_user(thing("C1")).unwrap();
    let fields = account("Somebody").with("VAT", "FRC9");
    let right = world.right.create_as_user(fields).unwrap();
    world.later(6_000);
    let engine = world.engine();
    let made = plan(&world, &engine);
    apply(&world, &engine, &made.hash()).unwrap();
    world.left.edit_as_user("C1", set("vat", "FRC9")).unwrap();
    world.drain(&engine);
    assert_eq!(world.partner(Side::Right, &right), Some("C1".into()));
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
}

//! A record is created once, whatever becomes of calls and programs.

use sync_core::{
    AuditEvent, EndpointErrorKind, Side, WriteError,
    testing::{CallKind, Fault},
};

use crate::world::{World, account, set, text, thing};

#[test]
fn a_create_whose_answer_was_lost_is_adopted_after_a_restart() {
    for side in Side::BOTH {
        let world = World::new();
        match side {
            Side::Left => world.left.create_as_user(thing("C1")).unwrap(),
            Side::Right => world.right.create_as_user(account("Globex")).unwrap(),
        };
        world
            .system(side.other())
            .fail_next(CallKind::Write, Fault::AnswerLost);
        world.round(&world.engine());
        assert_eq!((world.left.len(), world.right.len()), (1, 1));
        let restarted = world.engine();
        world.settle(&restarted);
        assert_eq!((world.left.len(), world.right.len()), (1, 1), "{side}");
        assert_eq!(world.links().len(), 1);
        world.assert_agreement();
        let adopted = world.events().contains(&AuditEvent::Linked);
        assert!(adopted, "{side}: {:?}", world.events());
    }
}

#[test]
fn the_news_of_a_new_record_may_come_before_the_second_try() {
    for side in Side::BOTH {
        let world = World::new();
        match side {
            Side::Left => world.left.create_as_user(thing("C1")).unwrap(),
            Side::Right => world.right.create_as_user(account("Globex")).unwrap(),
        };
        world
            .system(side.other())
            .fail_next(CallKind::Write, Fault::AnswerLost);
        world.round(&world.engine());
        let restarted = world.engine();
        let made = world.system(side.other()).all_records().remove(0).id;
        world.hint(&restarted, side.other(), made);
        world.drain(&restarted);
        assert_eq!((world.left.len(), world.right.len()), (1, 1), "{side}");
        world.settle(&restarted);
        assert_eq!((world.left.len(), world.right.len()), (1, 1), "{side}");
        assert_eq!(world.links().len(), 1);
        assert!(world.parked().is_empty());
        world.assert_agreement();
    }
}

#[test]
fn an_edit_of_a_record_whose_create_was_not_answered_is_not_overwritten() {
    let world = World::new();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    world.right.fail_next(CallKind::Write, Fault::AnswerLost);
    world.round(&world.engine());
    let right = world.right.all_records().remove(0).id;
    world
        .right
        .edit_as_user(right.clone(), set("Name", "Better name"))
        .unwrap();
    world.settle(&world.engine());
    assert_eq!(world.right.value(right, "Name"), text("Better name"));
    assert_eq!(world.left.value(left, "name"), text("Better name"));
    assert!(world.parked().is_empty());
}

#[test]
fn edits_of_both_records_while_a_create_is_not_answered_both_survive() {
    let world = World::new();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    world.right.fail_next(CallKind::Write, Fault::AnswerLost);
    world.round(&world.engine());
    let right = world.right.all_records().remove(0).id;
    world
        .right
        .edit_as_user(right.clone(), set("Name", "Better name"))
        .unwrap();
    world
        .left
        .edit_as_user(left.clone(), set("phone", "777"))
        .unwrap();
    world.settle(&world.engine());
    assert_eq!(world.left.value(left.clone(), "name"), text("Better name"));
    assert_eq!(world.right.value(right.clone(), "Phone"), text("777"));
    assert_eq!(world.left.value(left, "phone"), text("777"));
}

#[test]
fn an_edit_is_not_forgotten_when_the_second_try_fails_for_good() {
    // The create was not answered; the left user empties a field; writing that is refused once.
    let world = World::new();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    world.right.fail_next(CallKind::Write, Fault::AnswerLost);
    world.round(&world.engine());
    world
        .left
        .edit_as_user(left.clone(), set("phone", sync_core::Value::Null))
        .unwrap();
    world.later(10);
    let refused = Fault::Refused(EndpointErrorKind::RateLimited);
    world.right.fail_next(CallKind::Write, refused);
    world.drain(&world.engine());
    world.settle(&world.engine());
    let right = world.partner(Side::Left, &left).unwrap();
    assert_eq!(world.right.value(right, "Phone"), sync_core::Value::Null);
    assert_eq!(world.left.value(left, "phone"), sync_core::Value::Null);
}

#[test]
fn a_source_that_is_deleted_while_its_create_is_not_answered_leaves_no_stuck_job() {
    let world = World::new();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    world.right.fail_next(CallKind::Write, Fault::AnswerLost);
    world.round(&world.engine());
    world.left.delete_as_user(left).unwrap();
    let engine = world.engine();
    world.settle(&engine);
    // The policy for deletions applies to the pair that came out of it: the partner is left alone.
    assert_eq!((world.left.len(), world.right.len()), (0, 1));
    assert_eq!(world.links().len(), 1);
    assert!(world.links()[0].content.detached.is_some());
    world.assert_rest(&engine);
    assert_eq!((world.left.len(), world.right.len()), (0, 1));
}

#[test]
fn a_copy_whose_source_is_gone_is_not_taken_for_a_record_of_its_own() {
    // The copy was made and not confirmed, the source is deleted, and the first news is of the copy.
    for side in Side::BOTH {
        let world = World::new();
        let source = match side {
            Side::Left => world.left.create_as_user(thing("C1")).unwrap(),
            Side::Right => world.right.create_as_user(account("Globex")).unwrap(),
        };
        let target = world.system(side.other());
        target.fail_next(CallKind::Write, Fault::AnswerLost);
        world.round(&world.engine());
        world.system(side).delete_as_user(source).unwrap();
        let engine = world.engine();
        let copy = target.all_records().remove(0).id;
        world.hint(&engine, side.other(), copy);
        world.drain(&engine);
        assert!(world.system(side).is_empty(), "{side}");
        world.settle(&engine);
        assert!(world.system(side).is_empty(), "{side}");
        assert_eq!(target.len(), 1);
        assert_eq!(world.links().len(), 1);
        assert!(world.parked().is_empty(), "{:?}", world.parked());
    }
}

#[test]
fn a_source_that_is_deleted_before_its_create_took_place_is_forgotten() {
    let world = World::new();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    let down = Fault::Refused(EndpointErrorKind::Unavailable);
    world.right.fail_next(CallKind::Write, down);
    world.round(&world.engine());
    world.left.delete_as_user(left).unwrap();
    world.settle(&world.engine());
    assert_eq!((world.left.len(), world.right.len()), (0, 0));
    assert!(world.links().is_empty());
    assert!(world.parked().is_empty());
}

#[test]
fn a_create_that_finds_the_record_there_adopts_it() {
    // A record with the key appears between the look-up and the create.
    let world = World::new();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    let system = world.right.clone();
    let mut made = false;
    world.right.before_calls(move |call| {
        if call.kind == CallKind::Write && !made {
            made = true;
            system
                .create_as_user(account("Typed by hand").with("X_Code", "C1"))
                .unwrap();
        }
        None
    });
    world.settle(&world.engine());
    assert_eq!(world.right.len(), 1);
    assert!(world.partner(Side::Left, &left).is_some());
    assert!(world.parked().is_empty());
    world.assert_agreement();
}

#[test]
fn a_target_that_upserts_is_adopted_too() {
    let world = World::with(|setup| {
        setup.right = crate::world::crm(&setup.clock).upserts();
    });
    world.left.create_as_user(thing("C1")).unwrap();
    let system = world.right.clone();
    let mut made = false;
    world.right.before_calls(move |call| {
        if call.kind == CallKind::Write && !made {
            made = true;
            system
                .create_as_user(account("Typed by hand").with("X_Code", "C1"))
                .unwrap();
        }
        None
    });
    let report = world.settle(&world.engine());
    assert_eq!(world.right.len(), 1);
    assert_eq!((report.created.right, report.linked), (0, 1));
    world.assert_agreement();
}

#[test]
fn a_partner_made_by_hand_after_a_refused_create_is_found_and_nothing_is_made_twice() {
    let world = World::with(|setup| {
        setup.right = crate::world::crm(&setup.clock).required("Phone");
    });
    let engine = world.engine();
    let phoneless = thing("C1").with("phone", sync_core::Value::Null);
    let left = world.left.create_as_user(phoneless).unwrap();
    world.settle(&engine);
    assert_eq!(world.parked().len(), 1);
    // The people of the right side help themselves: same VAT number, with a phone.
    let by_hand = account("By hand").with("VAT", "FRC1");
    let right = world.right.create_as_user(by_hand).unwrap();
    world.settle(&engine);
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
    assert_eq!(world.partner(Side::Left, &left), Some(right));
    assert!(world.parked().is_empty(), "{:?}", world.parked());
    world.assert_agreement();
}

#[test]
fn two_records_that_both_could_not_be_created_can_still_be_paired_by_hand() {
    let world = World::with(|setup| {
        setup.left = crate::world::erp(&setup.clock).required("city");
        setup.right = crate::world::crm(&setup.clock).required("Phone");
    });
    let engine = world.engine();
    let phoneless = thing("C1").with("phone", sync_core::Value::Null);
    let left = world.left.create_as_user(phoneless).unwrap();
    let cityless = account("Globex").with("City", sync_core::Value::Null);
    let right = world.right.create_as_user(cityless).unwrap();
    world.settle(&engine);
    assert_eq!(world.parked().len(), 2);
    world
        .right
        .edit_as_user(right.clone(), set("X_Code", "C1"))
        .unwrap();
    world.settle(&engine);
    assert_eq!(world.partner(Side::Left, &left), Some(right));
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
    assert!(world.parked().is_empty(), "{:?}", world.parked());
}

#[test]
fn both_halves_of_a_pair_whose_creates_were_not_answered_become_one() {
    // Each side's create was begun and its fate is unknown; then a person says that the two belong together.
    let world = World::new();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    let right = world.right.create_as_user(account("Globex")).unwrap();
    for system in [&world.left, &world.right] {
        // The call is cut short before any row, but the engine cannot know.
        system.fail_next(CallKind::Write, Fault::CutShortAfter(0));
    }
    world.round(&world.engine());
    world
        .right
        .edit_as_user(right.clone(), set("X_Code", "C1"))
        .unwrap();
    world.settle(&world.engine());
    assert_eq!(world.partner(Side::Left, &left), Some(right));
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
    assert_eq!(world.links().len(), 1);
    assert!(world.parked().is_empty(), "{:?}", world.parked());
}

#[test]
fn a_key_field_that_is_not_unique_is_refused_at_start() {
    let world = World::new();
    let mut flow = world.flow.clone();
    flow.identity.keys.right = sync_core::KeyRule::plain("Name");
    let built = sync_core::Engine::builder(
        "test",
        std::sync::Arc::clone(&world.store),
        std::sync::Arc::new(world.clock.clone()),
    )
    .flow(flow)
    .build();
    let message = built.err().map(|error| error.to_string()).unwrap();
    assert!(message.contains("`Name` is not unique"), "{message}");
}

#[test]
fn a_user_cannot_take_a_key_that_is_in_use() {
    let world = World::new();
    let engine = world.engine();
    world.pair(&engine, "C1");
    let taken = world
        .right
        .create_as_user(account("Copy").with("X_Code", "c1"));
    assert!(matches!(taken, Err(WriteError::Rejected(_))));
}

//! What needs a person is parked where a person finds it, and closes itself when its cause is gone.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sync_core::{
    AuditEvent, EndpointErrorKind, Kind, ParkReason, RecordId, Rejection, Row, Side, Verdict,
    testing::{CallKind, Fault, RowFault},
};

use crate::world::{Setup, World, account, block_on, crm, rows, set, text, thing};

/// An agreed pair whose VAT number was changed on both sides, which asks a person.
fn in_conflict(world: &World) -> (RecordId, RecordId) {
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left.clone(), set("vat", "LEFT"))
        .unwrap();
    world
        .right
        .edit_as_user(right.clone(), set("VAT", "RIGHT"))
        .unwrap();
    world.settle(&engine);
    (left, right)
}

fn conflict() -> ParkReason {
    ParkReason::Conflict {
        fields: vec!["vat".into()],
    }
}

#[test]
fn a_conflict_is_shown_with_both_values_and_nothing_is_overwritten() {
    let world = World::new();
    let (left, right) = in_conflict(&world);
    assert_eq!(world.left.value(left.clone(), "vat"), text("LEFT"));
    assert_eq!(world.right.value(right.clone(), "VAT"), text("RIGHT"));
    let parked = world.only_parked().parked;
    assert_eq!(parked.reason, conflict());
    assert_eq!(parked.sides.left.unwrap().get("vat"), Some(&text("LEFT")));
    assert_eq!(parked.sides.right.unwrap().get("vat"), Some(&text("RIGHT")));
    assert_eq!(parked.base.unwrap().get("vat"), Some(&text("FRC1")));
    assert_eq!(parked.ids.left, Some(left));
    assert_eq!(parked.ids.right, Some(right));
    let decision = world.decisions("vat").pop().unwrap();
    assert_eq!(decision.verdict, Verdict::ConflictParked);
    assert_eq!(decision.result, None);
}

#[test]
fn the_other_fields_of_a_record_in_conflict_still_flow() {
    let world = World::new();
    let (left, right) = in_conflict(&world);
    let engine = world.engine();
    world
        .left
        .edit_as_user(left.clone(), set("phone", "111"))
        .unwrap();
    world.settle(&engine);
    assert_eq!(world.right.value(right.clone(), "Phone"), text("111"));
    assert_eq!(world.right.value(right, "VAT"), text("RIGHT"));
    assert_eq!(world.left.value(left, "vat"), text("LEFT"));
    assert_eq!(world.only_parked().parked.reason, conflict());
}

#[test]
fn a_conflict_is_over_when_the_users_agree() {
    let world = World::new();
    let (left, _) = in_conflict(&world);
    let engine = world.engine();
    world.left.edit_as_user(left, set("vat", "RIGHT")).unwrap();
    world.settle(&engine);
    assert!(world.parked().is_empty());
    world.assert_agreement();
}

#[test]
fn a_conflict_is_over_when_one_user_goes_back_to_what_was_agreed() {
    let world = World::new();
    let (left, right) = in_conflict(&world);
    let engine = world.engine();
    world
        .left
        .edit_as_user(left.clone(), set("vat", "FRC1"))
        .unwrap();
    world.settle(&engine);
    assert!(world.parked().is_empty());
    assert_eq!(world.left.value(left, "vat"), text("RIGHT"));
    assert_eq!(world.right.value(right, "VAT"), text("RIGHT"));
}

#[test]
fn a_third_value_is_still_a_conflict() {
    let world = World::new();
    let (left, right) = in_conflict(&world);
    let engine = world.engine();
    world.left.edit_as_user(left, set("vat", "THIRD")).unwrap();
    world.settle(&engine);
    assert_eq!(world.only_parked().parked.reason, conflict());
    assert_eq!(world.right.value(right, "VAT"), text("RIGHT"));
}

#[test]
fn a_write_that_was_refused_for_good_leaves_a_later_edit_of_the_other_side_a_conflict() {
    // The left edit never reached the right side, which then changes the same field: two people disagree.
    let refusals: [fn(&World); 3] = [
        |world| {
            let rejection = Rejection {
                field: None,
                code: None,
                message: "no".to_owned(),
            };
            let fault = RowFault::Rejected(rejection);
            world.right.fail_rows("X_Code", "C1", fault, 1);
        },
        |world| {
            let fault = RowFault::Later { after: None };
            world.right.fail_rows("X_Code", "C1", fault, 1);
        },
        |world| {
            let fault = Fault::Refused(EndpointErrorKind::Unavailable);
            world.right.fail_next(CallKind::Write, fault);
        },
    ];
    for refuse in refusals {
        let world = World::new();
        let engine = world.engine();
        let (left, right) = world.pair(&engine, "C1");
        refuse(&world);
        world
            .left
            .edit_as_user(left.clone(), set("vat", "LEFT"))
            .unwrap();
        world.round(&engine);
        assert_eq!(world.right.value(right.clone(), "VAT"), text("FRC1"));
        world
            .right
            .edit_as_user(right.clone(), set("VAT", "RIGHT"))
            .unwrap();
        world.settle(&engine);
        assert_eq!(world.left.value(left, "vat"), text("LEFT"));
        assert_eq!(world.right.value(right, "VAT"), text("RIGHT"));
        assert_eq!(world.only_parked().parked.reason, conflict());
    }
}

#[test]
fn a_conflict_stays_one_while_another_write_of_the_pair_is_unfinished() {
    let world = World::new();
    let (left, right) = in_conflict(&world);
    world
        .left
        .edit_as_user(left.clone(), set("phone", "111"))
        .unwrap();
    world.right.fail_next(CallKind::Write, Fault::AnswerLost);
    world.round(&world.engine());
    // One of the two edits its value again while the fate of the other write is not known.
    world
        .left
        .edit_as_user(left.clone(), set("vat", "LEFT2"))
        .unwrap();
    world.settle(&world.engine());
    assert_eq!(world.left.value(left, "vat"), text("LEFT2"));
    assert_eq!(world.right.value(right.clone(), "VAT"), text("RIGHT"));
    assert_eq!(world.right.value(right, "Phone"), text("111"));
    assert_eq!(world.only_parked().parked.reason, conflict());
}

#[test]
fn a_conflict_with_an_interrupted_write_is_still_one_at_the_second_look() {
    // The right value may have arrived on the left when both change it, the right one back to what was agreed before.
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .right
        .edit_as_user(right.clone(), set("VAT", "second"))
        .unwrap();
    world.left.fail_next(CallKind::Write, Fault::AnswerLost);
    world.round(&engine);
    world
        .left
        .edit_as_user(left.clone(), set("vat", "LEFT"))
        .unwrap();
    world
        .right
        .edit_as_user(right.clone(), set("VAT", "FRC1").with("Phone", "1"))
        .unwrap();
    world.settle(&engine);
    for _ in 0..2 {
        assert_eq!(world.only_parked().parked.reason, conflict());
        assert_eq!(world.left.value(left.clone(), "vat"), text("LEFT"));
        assert_eq!(world.right.value(right.clone(), "VAT"), text("FRC1"));
        assert_eq!(world.left.value(left.clone(), "phone"), text("1"));
        world.hint(&engine, Side::Left, left.clone());
        world.settle(&engine);
    }
    world.assert_rest(&engine);
}

#[test]
fn what_was_parked_for_a_record_is_over_when_its_partner_sets_things_right() {
    // The right record is parked under its own name, as it has no link yet. Then the left side names it.
    let world = World::with(|setup| {
        setup.left = crate::world::erp(&setup.clock).required("city");
    });
    let engine = world.engine();
    let cityless = account("Globex").with("City", sync_core::Value::Null);
    let right = world.right.create_as_user(cityless).unwrap();
    world.settle(&engine);
    assert_eq!(world.only_parked().key.side, Side::Right);
    let left = thing("C1").with("vat", "DE-Globex");
    let left = world.left.create_as_user(left).unwrap();
    world.settle(&engine);
    assert_eq!(world.partner(Side::Left, &left), Some(right));
    assert!(world.parked().is_empty(), "{:?}", world.parked());
    world.assert_agreement();
}

#[test]
fn what_was_parked_for_a_record_does_not_outlive_it_although_its_pair_never_agreed() {
    let forbidden = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&forbidden);
    let world = World::with(|setup: &mut Setup| {
        setup.left = crate::world::erp(&setup.clock).required("city");
        setup.right = crm(&setup.clock).validate(move |_| {
            let rejection = Rejection {
                field: Some("X_Code".into()),
                code: None,
                message: "the administrator forbids it".to_owned(),
            };
            Some(rejection).filter(|_| gate.load(Ordering::Relaxed))
        });
    });
    let engine = world.engine();
    let cityless = account("Globex").with("City", sync_core::Value::Null);
    let right = world.right.create_as_user(cityless).unwrap();
    world.settle(&engine);
    assert_eq!(world.only_parked().key.side, Side::Right);
    // They become a pair, but the right side takes nothing of it.
    forbidden.store(true, Ordering::Relaxed);
    let left = thing("C1").with("vat", "DE-Globex");
    let left = world.left.create_as_user(left).unwrap();
    world.settle(&engine);
    assert_eq!(world.partner(Side::Left, &left), Some(right.clone()));
    assert_eq!(world.only_parked().key, world.key(Side::Left, left));
    world.right.delete_as_user(right).unwrap();
    world.settle(&engine);
    assert!(world.parked().is_empty(), "{:?}", world.parked());
}

#[test]
fn a_pair_is_parked_once_although_both_its_records_were_queued() {
    let world = World::new();
    let engine = world.engine();
    let right = world.right.create_as_user(account("Globex")).unwrap();
    world.hint(&engine, Side::Right, right.clone());
    block_on(engine.tick()).unwrap();
    // The second look is queued under the right name; the pair gets into conflict meanwhile.
    let left = world.partner(Side::Right, &right).unwrap();
    world
        .left
        .edit_as_user(left.clone(), set("vat", "LEFT"))
        .unwrap();
    world
        .right
        .edit_as_user(right, set("VAT", "RIGHT"))
        .unwrap();
    world.hint(&engine, Side::Left, left.clone());
    world.settle(&engine);
    assert_eq!(world.only_parked().key, world.key(Side::Left, left.clone()));
    world.left.edit_as_user(left, set("vat", "RIGHT")).unwrap();
    world.settle(&engine);
    assert!(world.parked().is_empty());
}

#[test]
fn what_is_parked_for_a_pair_that_was_just_made_is_found_under_the_pairs_key() {
    // The pair is recognised from the right, and the left side refuses what it is to take over.
    let world = World::with(|setup: &mut Setup| {
        setup.left = crate::world::erp(&setup.clock).validate(|record| {
            let bad = record.get("phone")? == &text("0456");
            bad.then(|| Rejection {
                field: Some("phone".into()),
                code: None,
                message: "not a phone number".to_owned(),
            })
        });
    });
    let engine = world.engine();
    let phoneless = thing("C1").with("phone", sync_core::Value::Null);
    let left = world.left.create_as_user(phoneless).unwrap();
    let by_vat = account("Other name").with("VAT", "FRC1");
    let right = world.right.create_as_user(by_vat).unwrap();
    world.hint(&engine, Side::Right, right.clone());
    world.drain(&engine);
    world.later(10);
    world.drain(&engine);
    assert_eq!(world.only_parked().key, world.key(Side::Left, left));
    world
        .right
        .edit_as_user(right, set("Phone", "0789"))
        .unwrap();
    world.settle(&engine);
    assert!(world.parked().is_empty(), "{:?}", world.parked());
    world.assert_agreement();
}

#[test]
fn a_dismissed_record_comes_back_with_its_next_change() {
    let world = World::new();
    let (left, _) = in_conflict(&world);
    let engine = world.engine();
    let key = world.only_parked().key;
    assert_eq!(block_on(engine.dismiss(&[key])).unwrap(), 1);
    world.settle(&engine);
    assert!(world.parked().is_empty());
    assert!(world.events().contains(&AuditEvent::Dismissed));
    world.left.edit_as_user(left, set("phone", "111")).unwrap();
    world.settle(&engine);
    assert_eq!(world.only_parked().parked.reason, conflict());
}

#[test]
fn replay_looks_again_without_any_change() {
    let allowed = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&allowed);
    let world = World::with(|setup: &mut Setup| {
        setup.right = crm(&setup.clock).validate(move |_| {
            let rejection = Rejection {
                field: Some("Name".into()),
                code: None,
                message: "the administrator forbids it".to_owned(),
            };
            Some(rejection).filter(|_| !gate.load(Ordering::Relaxed))
        });
    });
    let engine = world.engine();
    world.left.create_as_user(thing("C1")).unwrap();
    world.settle(&engine);
    allowed.store(true, Ordering::Relaxed);
    world.settle(&engine);
    let key = world.only_parked().key;
    block_on(engine.replay(&[key])).unwrap();
    world.settle(&engine);
    assert!(world.parked().is_empty());
    assert_eq!(world.right.len(), 1);
}

#[test]
fn a_value_without_a_counterpart_parks_its_record_and_names_the_value() {
    let world = World::with(|setup| {
        let mut rows = rows();
        let country = Row::new("country", "country", "Country", Kind::Code);
        rows.push(country.codes(sync_core::Codes::new([("FR", "France"), ("DE", "Germany")])));
        setup.rows = rows;
        setup.left = crate::world::erp(&setup.clock).fields(["country"]);
        setup.right = crm(&setup.clock).fields(["Country"]);
    });
    let engine = world.engine();
    let atlantis = account("Globex").with("Country", "Atlantis");
    let right = world.right.create_as_user(atlantis).unwrap();
    let left = world
        .left
        .create_as_user(thing("C1").with("country", "FR"))
        .unwrap();
    world.settle(&engine);
    let ParkReason::Unmappable { field, message } = world.only_parked().parked.reason else {
        panic!("{:?}", world.parked());
    };
    assert_eq!(field.as_str(), "country");
    assert!(message.contains("Atlantis"), "{message}");
    let partner = world.partner(Side::Left, &left).unwrap();
    assert_eq!(world.right.value(partner, "Country"), text("France"));
    world
        .right
        .edit_as_user(right, set("Country", "Germany"))
        .unwrap();
    world.settle(&engine);
    assert!(world.parked().is_empty());
    world.assert_agreement();
}

//! Many records share calls, and one of them does not spoil it for the others.

use sync_core::{
    AuditEvent, Document, EndpointErrorKind, ParkReason, Rejection, Side, Value,
    testing::{CallKind, Fault, RowFault},
};

use crate::world::{World, account, crm, erp, set, text, thing};

#[test]
fn a_row_that_is_refused_is_parked_and_the_other_ninety_nine_land() {
    let world = World::with(|setup| {
        setup.right = crm(&setup.clock).validate(|record| {
            let bad = record.get("Phone")? == &text("call me");
            bad.then(|| Rejection {
                field: Some("Phone".into()),
                code: Some("INVALID_DATA".to_owned()),
                message: "not a phone number".to_owned(),
            })
        });
    });
    let engine = world.engine();
    for n in 0..100 {
        let phone = if n == 37 { "call me" } else { "0123" };
        let fields = thing(&format!("C{n:02}")).with("phone", phone);
        world.left.create_as_user(fields).unwrap();
    }
    let (_, report) = world.round(&engine);
    assert_eq!(report.created.right, 99);
    assert_eq!(world.right.len(), 99);
    assert_eq!(world.right.traffic().writes, 1);
    let parked = world.only_parked();
    assert_eq!(parked.key, world.key(Side::Left, "C37"));
    let ParkReason::Rejected { side, rejection } = &parked.parked.reason else {
        panic!("{parked:?}");
    };
    assert_eq!(*side, Side::Right);
    assert_eq!(rejection.field, Some("Phone".into()));
    let left = parked.parked.sides.left.as_ref().unwrap();
    assert_eq!(left.get("phone"), Some(&text("call me")));

    // It stays parked until its record changes, and then closes itself.
    world.settle(&engine);
    assert_eq!(world.parked().len(), 1);
    world
        .left
        .edit_as_user("C37", set("phone", "0999"))
        .unwrap();
    world.settle(&engine);
    assert!(world.parked().is_empty());
    assert_eq!(world.right.len(), 100);
    world.assert_agreement();
}

#[test]
fn each_row_gets_its_own_outcome() {
    let world = World::new();
    let engine = world.engine();
    for n in 0..40 {
        world
            .left
            .create_as_user(thing(&format!("C{n:02}")))
            .unwrap();
    }
    for code in ["C03", "C17", "C39"] {
        let fault = RowFault::Later { after: None };
        world.right.fail_rows("X_Code", code, fault, 1);
    }
    let (_, report) = world.round(&engine);
    assert_eq!((report.created.right, report.failed), (37, 3));
    world.settle(&engine);
    assert_eq!(world.right.len(), 40);
    for link in world.links() {
        let ids = link.content.ids;
        let partner = world.right.value(ids.right.unwrap(), "X_Code");
        assert_eq!(partner, text(ids.left.unwrap().as_str()));
    }
    world.assert_agreement();
}

#[test]
fn the_limits_of_each_side_are_kept() {
    let world = World::with(|setup| {
        setup.left = erp(&setup.clock).capabilities(|can| {
            can.read_batch = 7;
            can.find_batch = 3;
            can.write_batch = 1;
        });
        setup.right = crm(&setup.clock).capabilities(|can| {
            can.read_batch = 11;
            can.find_batch = 2;
            can.write_batch = 5;
        });
    });
    let engine = world.engine();
    for n in 0..23 {
        world
            .left
            .create_as_user(thing(&format!("C{n:02}")))
            .unwrap();
        world
            .right
            .create_as_user(account(&format!("Firm {n}")))
            .unwrap();
    }
    world.settle(&engine);
    // The fake system refuses calls with too many rows, so everything got there within the limits.
    assert_eq!((world.left.len(), world.right.len()), (46, 46));
    assert!(world.parked().is_empty());
    world.assert_agreement();
}

#[test]
fn after_a_call_failed_the_rest_of_the_batch_is_not_sent_into_the_fire() {
    let world = World::with(|setup| {
        setup.right = crm(&setup.clock).capabilities(|can| can.write_batch = 1);
    });
    let engine = world.engine();
    for n in 0..50 {
        world
            .left
            .create_as_user(thing(&format!("C{n:02}")))
            .unwrap();
    }
    let down = Fault::Refused(EndpointErrorKind::Unavailable);
    world
        .right
        .before_calls(move |call| (call.kind == CallKind::Write).then_some(down));
    world.round(&engine);
    assert_eq!(world.right.traffic().writes, 1);
    world.right.leave_calls_alone();
    world.settle(&engine);
    assert_eq!(world.right.len(), 50);
    assert!(world.parked().is_empty());
}

#[test]
fn a_write_that_was_cut_short_is_taken_up_row_by_row() {
    let world = World::new();
    let engine = world.engine();
    for n in 0..60 {
        world
            .left
            .create_as_user(thing(&format!("C{n:02}")))
            .unwrap();
    }
    world
        .right
        .fail_next(CallKind::Write, Fault::CutShortAfter(23));
    world.round(&engine);
    assert_eq!(world.right.len(), 23);
    world.settle(&engine);
    assert_eq!(world.right.len(), 60);
    assert_eq!(world.right.traffic().created, 60);
    world.assert_agreement();
}

#[test]
fn one_side_of_a_two_sided_write_may_fail_and_the_other_counts() {
    for broken in Side::BOTH {
        let world = World::new();
        let engine = world.engine();
        let (left, right) = world.pair(&engine, "C1");
        world
            .left
            .edit_as_user(left.clone(), set("name", "New name"))
            .unwrap();
        world
            .right
            .edit_as_user(right.clone(), set("City", "Nice"))
            .unwrap();
        let field = if broken == Side::Left {
            "code"
        } else {
            "X_Code"
        };
        let refusal = RowFault::Rejected(Rejection {
            field: None,
            code: None,
            message: "not today".to_owned(),
        });
        world.system(broken).fail_rows(field, "C1", refusal, 1);
        world.settle(&engine);
        // Parked at first, it is looked at again when the change of the other side comes back as news.
        let mut events = world.events().into_iter();
        assert!(
            events.any(|event| matches!(event, AuditEvent::Parked(_))),
            "{broken}"
        );
        assert!(world.parked().is_empty());
        assert_eq!(world.left.value(left, "city"), text("Nice"));
        assert_eq!(world.right.value(right, "Name"), text("New name"));
        assert_eq!(world.left.traffic().updated, 1, "{broken}");
        assert_eq!(world.right.traffic().updated, 1, "{broken}");
    }
}

#[test]
fn a_row_that_is_always_late_is_parked_in_the_end() {
    let world = World::new();
    let engine = world.engine();
    let (left, _) = world.pair(&engine, "C1");
    world
        .right
        .fail_rows("X_Code", "C1", RowFault::Later { after: None }, u32::MAX);
    world.left.edit_as_user(left, set("phone", "111")).unwrap();
    world.settle(&engine);
    let parked = world.only_parked();
    let ParkReason::AttemptsExhausted { message } = &parked.parked.reason else {
        panic!("{parked:?}");
    };
    assert!(message.contains("locked"), "{message}");
    let tries = world
        .events()
        .iter()
        .filter(|event| matches!(event, AuditEvent::WriteFailed { .. }))
        .count();
    assert_eq!(tries, 10);
}

#[test]
fn a_pause_that_a_row_asks_for_is_kept_and_an_absurd_one_is_survived() {
    use std::time::Duration;

    for (asked, waits_at_least) in [(Duration::from_secs(90), 90), (Duration::MAX, 90)] {
        let world = World::new();
        let engine = world.engine();
        let (left, right) = world.pair(&engine, "C1");
        let fault = RowFault::Later { after: Some(asked) };
        world.right.fail_rows("X_Code", "C1", fault, 1);
        world.left.edit_as_user(left, set("phone", "111")).unwrap();
        world.round(&engine);
        world.later(waits_at_least - 1);
        world.drain(&engine);
        assert_eq!(world.right.value(right.clone(), "Phone"), text("0123"));
        world.later(2 * 86_400);
        world.drain(&engine);
        assert_eq!(world.right.value(right, "Phone"), text("111"));
    }
}

#[test]
fn an_absurd_pause_of_a_whole_system_is_survived() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    let fault = Fault::RefusedFor(EndpointErrorKind::RateLimited, std::time::Duration::MAX);
    world.right.fail_next(CallKind::Write, fault);
    world.left.edit_as_user(left, set("phone", "111")).unwrap();
    world.round(&engine);
    world.later(2 * 86_400);
    world.drain(&engine);
    assert_eq!(world.right.value(right, "Phone"), text("111"));
}

#[test]
fn a_value_that_is_too_long_parks_its_record_and_is_not_cut() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    let long = "x".repeat(31);
    world
        .right
        .edit_as_user(right, set("Name", long.as_str()))
        .unwrap();
    world.settle(&engine);
    let ParkReason::Unmappable { field, message } = world.only_parked().parked.reason else {
        panic!("{:?}", world.parked());
    };
    assert_eq!(field.as_str(), "name");
    assert!(message.contains("31 characters"), "{message}");
    assert_eq!(world.left.value(left, "name"), text("Name of C1"));
    assert_eq!(world.rows_written(), 0);
}

#[test]
fn a_side_that_cannot_be_changed_parks_what_it_would_have_to_take() {
    let world = World::with(|setup| {
        setup.left = erp(&setup.clock).capabilities(|can| {
            can.updates = false;
            can.creates = false;
        });
    });
    let engine = world.engine();
    world.right.create_as_user(account("Globex")).unwrap();
    let (_, right) = world.pair(&engine, "C1");
    assert_eq!(world.left.len(), 1);
    world
        .right
        .edit_as_user(right, Document::new().with("City", Value::text("Nice")))
        .unwrap();
    world.settle(&engine);
    assert!(matches!(
        world.only_parked().parked.reason,
        ParkReason::Rejected {
            side: Side::Left,
            ..
        }
    ));
    assert_eq!(world.left.traffic().writes, 0);
}

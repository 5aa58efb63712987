//! What the engine is for: records made and changed on either side reach the other.

use sync_core::{
    Document, ParkReason, RecordId, Side, Value, Verdict,
    testing::{CallKind, FakeSystem},
};

use crate::world::{World, account, block_on, set, text, thing};

#[test]
fn a_record_made_on_the_left_appears_on_the_right_once_with_its_code() {
    let world = World::new();
    let engine = world.engine();
    let fields = thing("C1").with("memo", "handle with care");
    world.left.create_as_user(fields).unwrap();
    let report = world.settle(&engine);
    assert_eq!(report.created.right, 1);
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
    let partner = &world.right.all_records()[0].fields;
    assert_eq!(partner.get("X_Code"), Some(&text("C1")));
    assert_eq!(partner.get("Name"), Some(&text("Name of C1")));
    assert_eq!(partner.get("VAT"), Some(&text("FRC1")));
    assert_eq!(partner.get("Memo"), Some(&text("handle with care")));
    assert!(world.parked().is_empty());
    world.assert_agreement();
}

#[test]
fn a_record_made_on_the_right_appears_on_the_left_once_under_a_short_code() {
    let world = World::new();
    let engine = world.engine();
    let id = world.right.create_as_user(account("Globex")).unwrap();
    let report = world.settle(&engine);
    assert_eq!(report.created.left, 1);
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
    let partner = world.left.all_records().remove(0);
    let code = partner.id.as_str();
    assert!(code.starts_with('Z') && code.len() <= 15, "{code}");
    assert_eq!(partner.fields.get("name"), Some(&text("Globex")));
    // The left side owns the code, so the right side learns it.
    assert_eq!(world.right.value(id, "X_Code"), text(code));
    world.assert_agreement();
}

#[test]
fn changes_go_both_ways() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left.clone(), set("phone", "111"))
        .unwrap();
    world.settle(&engine);
    assert_eq!(world.right.value(right.clone(), "Phone"), text("111"));
    world
        .right
        .edit_as_user(right.clone(), set("Phone", "222"))
        .unwrap();
    world.settle(&engine);
    assert_eq!(world.left.value(left, "phone"), text("222"));
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
}

#[test]
fn emptying_a_field_is_a_change_like_any_other() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .right
        .edit_as_user(right, set("Phone", Value::Null))
        .unwrap();
    world.settle(&engine);
    assert_eq!(world.left.value(left, "phone"), Value::Null);
}

#[test]
fn edits_of_different_fields_on_both_sides_both_survive() {
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
    world.settle(&engine);
    assert_eq!(world.right.value(right.clone(), "Name"), text("New name"));
    assert_eq!(world.left.value(left.clone(), "city"), text("Nice"));
    assert_eq!(world.left.value(left, "name"), text("New name"));
    assert_eq!(world.right.value(right, "City"), text("Nice"));
    assert!(world.parked().is_empty());
}

#[test]
fn an_edit_of_a_field_that_the_other_side_owns_is_put_back() {
    let world = World::new();
    let engine = world.engine();
    let (_, right) = world.pair(&engine, "C1");
    let wrong = set("X_Code", "C9").with("Credit", Value::Decimal(500.into()));
    world.right.edit_as_user(right.clone(), wrong).unwrap();
    world.settle(&engine);
    assert_eq!(world.right.value(right.clone(), "X_Code"), text("C1"));
    assert_eq!(world.right.value(right, "Credit"), Value::Null);
    let decisions = world.decisions("credit");
    assert_eq!(
        decisions.last().unwrap().verdict,
        Verdict::OwnedBy(Side::Left)
    );
}

/// Both sides change `field` of an agreed pair, the right one a minute after the left one.
fn both_edit(world: &World, row: &str, fields: (&str, &str)) -> (RecordId, RecordId) {
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left.clone(), set(fields.0, "from the left"))
        .unwrap();
    world.later(60);
    world
        .right
        .edit_as_user(right.clone(), set(fields.1, "from the right"))
        .unwrap();
    world.settle(&engine);
    let decision = world.decisions(row).pop().unwrap();
    assert_eq!(decision.left, text("from the left"));
    assert_eq!(decision.right, text("from the right"));
    (left, right)
}

#[test]
fn the_rule_decides_when_both_change_a_field_and_the_audit_says_so() {
    for (row, fields, winner, value) in [
        ("name", ("name", "Name"), Side::Left, "from the left"),
        ("city", ("city", "City"), Side::Right, "from the right"),
        ("phone", ("phone", "Phone"), Side::Right, "from the right"),
    ] {
        let world = World::new();
        let (left, right) = both_edit(&world, row, fields);
        assert_eq!(world.left.value(left, fields.0), text(value), "{row}");
        assert_eq!(world.right.value(right, fields.1), text(value), "{row}");
        let decision = world.decisions(row).pop().unwrap();
        assert_eq!(decision.verdict, Verdict::ConflictWonBy(winner), "{row}");
        assert_eq!(decision.result, Some(text(value)), "{row}");
        assert!(decision.base.is_some(), "{row}");
    }
}

#[test]
fn without_stamps_the_newest_value_is_not_guessed() {
    let world = World::with(|setup| {
        setup.right = crate::world::crm(&setup.clock).without_stamps();
    });
    let engine = world.engine();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    world.round(&engine);
    let right = world.partner(Side::Left, &left).unwrap();
    world
        .left
        .edit_as_user(left.clone(), set("phone", "1"))
        .unwrap();
    world
        .right
        .edit_as_user(right.clone(), set("Phone", "2"))
        .unwrap();
    world.round(&engine);
    assert_eq!(
        world.only_parked().parked.reason,
        ParkReason::Conflict {
            fields: vec!["phone".into()]
        }
    );
}

#[test]
fn the_echo_of_a_write_causes_no_write() {
    let world = World::new();
    let engine = world.engine();
    let (left, _) = world.pair(&engine, "C1");
    world.left.edit_as_user(left, set("phone", "111")).unwrap();
    world.settle(&engine);
    assert_eq!(world.right.traffic().rows_written, 1);
    assert_eq!(world.left.traffic().rows_written, 0);
}

#[test]
fn at_rest_nothing_is_written_and_only_feeds_are_asked() {
    let world = World::new();
    let engine = world.engine();
    for n in 0..20 {
        world.left.create_as_user(thing(&format!("C{n}"))).unwrap();
        world
            .right
            .create_as_user(account(&format!("Firm {n}")))
            .unwrap();
    }
    world.settle(&engine);
    world.assert_agreement();
    world.forget_traffic();
    for _ in 0..50 {
        world.later(61);
        let (polled, report) = world.round(&engine);
        assert_eq!((polled.queued, report.looked_at), (0, 0));
    }
    for system in [&world.left, &world.right] {
        let traffic = system.traffic();
        assert_eq!(traffic.calls(), traffic.changes);
    }
    world.assert_rest(&engine);
}

#[test]
fn two_hundred_changes_share_calls() {
    let world = World::new();
    let engine = world.engine();
    for n in 0..200 {
        world
            .left
            .create_as_user(thing(&format!("C{n:03}")))
            .unwrap();
    }
    world.settle(&engine);
    world.later(60);
    for record in world.left.all_records() {
        world
            .left
            .edit_as_user(record.id, set("phone", "999"))
            .unwrap();
    }
    world.forget_traffic();
    world.round(&engine);
    let (left, right) = (world.left.traffic(), world.right.traffic());
    assert_eq!(right.updated, 200);
    assert_eq!(right.writes, 2);
    assert!(left.reads <= 2, "{left:?}");
    assert!(right.reads <= 2, "{right:?}");
    assert_eq!((left.writes, left.finds, right.finds), (0, 0, 0));
    world.settle(&engine);
    assert_eq!(world.right.traffic().writes, 2);
}

/// Does `act` once, when the system is asked for the first call of this kind.
fn in_the_middle(system: &FakeSystem, kind: CallKind, act: impl Fn() + Send + 'static) {
    let mut done = false;
    system.before_calls(move |call| {
        if call.kind == kind && !done {
            done = true;
            act();
        }
        None
    });
}

#[test]
fn a_change_that_arrives_while_its_pair_is_in_work_is_not_swallowed() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left.clone(), set("phone", "111"))
        .unwrap();
    world.hint(&engine, Side::Left, left.clone());
    let (system, other, id) = (world.left.clone(), world.engine(), left.clone());
    let key = world.key(Side::Left, left);
    in_the_middle(&world.right, CallKind::Write, move || {
        system
            .edit_as_user(id.clone(), set("phone", "222"))
            .unwrap();
        let hint = sync_core::Hint {
            key: key.clone(),
            cause: sync_core::Cause::Webhook,
        };
        block_on(other.ingest(&[hint])).unwrap();
    });
    // No feed is polled: what the webhook said must be enough.
    world.drain(&engine);
    assert_eq!(world.right.value(right, "Phone"), text("222"));
}

#[test]
fn an_edit_of_another_field_between_read_and_write_survives() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left.clone(), set("phone", "111"))
        .unwrap();
    let (system, id) = (world.right.clone(), right.clone());
    in_the_middle(&world.right, CallKind::Write, move || {
        system
            .edit_as_user(id.clone(), set("City", "Nice"))
            .unwrap();
    });
    world.settle(&engine);
    assert_eq!(world.left.value(left.clone(), "city"), text("Nice"));
    assert_eq!(world.right.value(right, "Phone"), text("111"));
    assert_eq!(world.left.value(left, "phone"), text("111"));
}

#[test]
fn unknown_fields_of_a_system_stay_as_they_are() {
    let world = World::with(|setup| {
        setup.left = crate::world::erp(&setup.clock).fields(["colour"]);
    });
    let engine = world.engine();
    let fields = thing("C1").with("colour", "green");
    let left = world.left.create_as_user(fields).unwrap();
    world.settle(&engine);
    let right = world.partner(Side::Left, &left).unwrap();
    world
        .right
        .edit_as_user(right, set("Name", "Other"))
        .unwrap();
    world.settle(&engine);
    assert_eq!(world.left.value(left.clone(), "colour"), text("green"));
    assert_eq!(world.left.value(left, "name"), text("Other"));
}

#[test]
fn a_rule_may_keep_records_from_being_created() {
    let world = World::with(|setup| {
        setup.policy.create.right = sync_core::CreateRule::When {
            row: "active".into(),
            equals: Value::Boolean(true),
        };
        setup.policy.create.left = sync_core::CreateRule::Never;
    });
    let engine = world.engine();
    let asleep = thing("C1").with("active", false);
    let asleep = world.left.create_as_user(asleep).unwrap();
    world.right.create_as_user(account("Globex")).unwrap();
    world.settle(&engine);
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
    world
        .left
        .edit_as_user(asleep, Document::new().with("active", true))
        .unwrap();
    world.settle(&engine);
    assert_eq!((world.left.len(), world.right.len()), (1, 2));
}

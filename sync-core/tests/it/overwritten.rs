//! What somebody changes after the engine has read it and before it writes over it: where the system keeps a history, that
//! is found at the next look.

use sync_core::{
    AuditEntry, AuditEvent, Document, Side, Value,
    testing::{Call, CallKind, Fault},
};

use crate::world::{World, account, crm, set, text, thing};

fn world() -> World {
    World::with(|setup| {
        setup.right = crm(&setup.clock).keeps_history();
    })
}

/// The next write to the right system meets a user who was quicker, and then this fault.
fn user_is_quicker(world: &World, id: &sync_core::RecordId, edit: Document, fault: Option<Fault>) {
    let (right, id) = (world.right.clone(), id.clone());
    let mut times = 0;
    world.right.before_calls(move |call: Call| {
        if call.kind != CallKind::Write || times > 0 {
            return None;
        }
        times += 1;
        right.edit_as_user(id.clone(), edit.clone()).unwrap();
        fault
    });
}

fn overwritten(world: &World) -> Vec<AuditEntry> {
    let all = world.audit().into_iter();
    all.filter(|entry| matches!(entry.event, AuditEvent::Overwritten { .. }))
        .collect()
}

#[test]
fn an_edit_between_the_look_and_the_write_is_found_at_the_next_look_and_recorded() {
    let world = world();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world.left.edit_as_user(left, set("phone", "1")).unwrap();
    user_is_quicker(&world, &right, set("Phone", "2"), None);
    world.settle(&engine);
    assert_eq!(world.right.value(right.clone(), "Phone"), text("1"));
    let found = overwritten(&world);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].event,
        AuditEvent::Overwritten { side: Side::Right }
    );
    assert_eq!(found[0].ids.right, Some(right));
    let decision = &found[0].fields[0];
    assert_eq!(decision.field.as_str(), "phone");
    assert_eq!(
        (&decision.right, &decision.result),
        (&text("2"), &Some(text("1")))
    );
    // It is said once, and nothing is asked at rest.
    world.forget_traffic();
    world.settle(&engine);
    assert_eq!(
        (overwritten(&world).len(), world.right.traffic().histories),
        (1, 0)
    );
}

#[test]
fn it_is_found_after_a_crash_and_a_lost_answer_too() {
    let world = world();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world.left.edit_as_user(left, set("phone", "1")).unwrap();
    user_is_quicker(&world, &right, set("Phone", "2"), Some(Fault::AnswerLost));
    world.round(&engine);
    world.settle(&world.engine());
    let found = overwritten(&world);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].fields[0].right, text("2"));
}

#[test]
fn edits_before_the_look_and_after_the_write_are_not_taken_for_overwritten() {
    let world = world();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    for round in 0..3 {
        for (id, system, field) in [
            (&left, &world.left, "phone"),
            (&right, &world.right, "Phone"),
        ] {
            let value = format!("{field} {round}");
            system.edit_as_user(id.clone(), set(field, value)).unwrap();
            world.later(5);
        }
        world.settle(&engine);
        world
            .right
            .edit_as_user(right.clone(), set("Phone", "back"))
            .unwrap();
        world.round(&engine);
    }
    world.settle(&engine);
    assert_eq!(overwritten(&world), []);
    assert_eq!(world.left.value(left, "phone"), text("back"));
}

#[test]
fn it_is_found_under_the_stamp_of_the_look_where_the_system_makes_something_else_of_what_is_written()
 {
    let world = World::with(|setup| {
        let capitals = |value: Value| match value.as_text() {
            Some(text) => Value::text(text.to_uppercase()),
            None => value,
        };
        setup.right = crm(&setup.clock)
            .keeps_history()
            .normalise("Name", capitals);
    });
    let engine = world.engine();
    // Two records that belong together; the left name is the one to keep. All within one second.
    let left = thing("C1").with("name", "acme");
    let right = account("acme").with("VAT", "FRC1");
    world.left.create_as_user(left).unwrap();
    let right = world.right.create_as_user(right).unwrap();
    user_is_quicker(&world, &right, set("Name", "other"), None);
    world.round(&engine);
    assert_eq!(world.right.value(right.clone(), "Name"), text("ACME"));
    world.settle(&engine);
    let found = overwritten(&world);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].fields[0].right, text("OTHER"));
}

#[test]
fn what_an_earlier_plan_wrote_under_the_stamp_of_the_look_is_not_taken_for_overwritten() {
    let world = world();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    for phone in ["1", "2", "3"] {
        let edit = set("phone", phone);
        world.left.edit_as_user(left.clone(), edit).unwrap();
        world.hint(&engine, Side::Left, left.clone());
        world.drain(&engine);
        assert_eq!(world.right.value(right.clone(), "Phone"), text(phone));
    }
    world.settle(&engine);
    assert_eq!(overwritten(&world), []);
}

#[test]
fn without_a_history_nothing_is_asked() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world.left.edit_as_user(left, set("phone", "1")).unwrap();
    user_is_quicker(&world, &right, set("Phone", "2"), None);
    world.settle(&engine);
    assert_eq!(
        (overwritten(&world).len(), world.right.traffic().histories),
        (0, 0)
    );
}

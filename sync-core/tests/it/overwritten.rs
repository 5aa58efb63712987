//! What somebody changes after the engine has read it and before it writes over it: where the system keeps a history, that
//! is found at the next look.

use sync_core::{
    AuditEntry, AuditEvent, Side,
    testing::{Call, CallKind, Fault},
};

use crate::world::{World, crm, set, text};

fn world() -> World {
    World::with(|setup| {
        setup.right = crm(&setup.clock).keeps_history();
    })
}

/// The next write to the right system meets a user who was quicker, and then this fault.
fn user_is_quicker(
    world: &World,
    id: &sync_core::RecordId,
    phone: &'static str,
    fault: Option<Fault>,
) {
    let (right, id) = (world.right.clone(), id.clone());
    let mut times = 0;
    world.right.before_calls(move |call: Call| {
        if call.kind != CallKind::Write || times > 0 {
            return None;
        }
        times += 1;
        right.edit_as_user(id.clone(), set("Phone", phone)).unwrap();
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
    user_is_quicker(&world, &right, "2", None);
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
    user_is_quicker(&world, &right, "2", Some(Fault::AnswerLost));
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
fn without_a_history_nothing_is_asked() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world.left.edit_as_user(left, set("phone", "1")).unwrap();
    user_is_quicker(&world, &right, "2", None);
    world.settle(&engine);
    assert_eq!(
        (overwritten(&world).len(), world.right.traffic().histories),
        (0, 0)
    );
}

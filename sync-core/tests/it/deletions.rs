//! What follows when a record is deleted, and when it comes back.

use sync_core::{
    AuditEvent, DeleteRule, Document, Engine, RecordId, Side, Value,
    testing::{CallKind, Fault},
};

use crate::world::{World, set, text};

fn world(side: Side, rule: DeleteRule) -> World {
    World::with(|setup| *setup.policy.deleted.get_mut(side) = rule)
}

fn delete(world: &World, engine: &Engine, side: Side, id: &RecordId) {
    world.system(side).delete_as_user(id.clone()).unwrap();
    world.settle(engine);
}

#[test]
fn by_default_the_partner_stays_and_the_audit_says_so() {
    for side in Side::BOTH {
        let world = World::new();
        let engine = world.engine();
        let (left, right) = world.pair(&engine, "C1");
        let (lost, kept) = match side {
            Side::Left => (left, right),
            Side::Right => (right, left),
        };
        delete(&world, &engine, side, &lost);
        assert_eq!(world.rows_written(), 0);
        assert_eq!(world.system(side.other()).len(), 1);
        assert!(world.system(side).is_empty());
        assert!(
            world
                .events()
                .contains(&AuditEvent::PartnerDeleted { side })
        );
        // Neither edits nor further looks make it anew.
        let field = if side == Side::Left { "Phone" } else { "phone" };
        world
            .system(side.other())
            .edit_as_user(kept, set(field, "5"))
            .unwrap();
        world.settle(&engine);
        assert!(world.system(side).is_empty());
        let told = world.events().into_iter();
        let told = told.filter(|event| *event == AuditEvent::PartnerDeleted { side });
        assert_eq!(told.count(), 1);
    }
}

#[test]
fn a_restored_partner_is_brought_up_to_date() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    delete(&world, &engine, Side::Right, &right);
    world.left.edit_as_user(left, set("phone", "111")).unwrap();
    world.settle(&engine);
    world.right.restore_as_user(right.clone()).unwrap();
    world.settle(&engine);
    assert_eq!(world.right.value(right, "Phone"), text("111"));
    let side = Side::Right;
    assert!(
        world
            .events()
            .contains(&AuditEvent::PartnerRestored { side })
    );
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
    assert!(world.parked().is_empty());
    world.assert_agreement();
}

#[test]
fn a_write_that_was_not_answered_is_remembered_while_the_partner_is_gone() {
    // The right value was written to the left, the answer was lost, and the right record goes to the bin and back.
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .right
        .edit_as_user(right.clone(), set("VAT", "second"))
        .unwrap();
    world.left.fail_next(CallKind::Write, Fault::AnswerLost);
    world.round(&engine);
    delete(&world, &engine, Side::Right, &right);
    world.right.restore_as_user(right.clone()).unwrap();
    world
        .right
        .edit_as_user(right, set("VAT", "third"))
        .unwrap();
    world.settle(&engine);
    assert_eq!(world.left.value(left, "vat"), text("THIRD"));
    assert!(world.parked().is_empty(), "{:?}", world.parked());
}

#[test]
fn a_deletion_may_be_followed() {
    for side in Side::BOTH {
        let world = world(side, DeleteRule::Delete);
        let engine = world.engine();
        let (left, right) = world.pair(&engine, "C1");
        let lost = if side == Side::Left { left } else { right };
        delete(&world, &engine, side, &lost);
        assert_eq!((world.left.len(), world.right.len()), (0, 0));
        assert!(world.links().is_empty());
        assert_eq!(world.rows_written(), 1);
        let followed = AuditEvent::DeletePropagated { side: side.other() };
        assert!(world.events().contains(&followed));
        assert!(world.parked().is_empty());
    }
}

#[test]
fn a_record_that_comes_back_after_its_partner_was_deleted_gets_a_new_one() {
    let world = world(Side::Left, DeleteRule::Delete);
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    delete(&world, &engine, Side::Left, &left);
    world.left.restore_as_user(left.clone()).unwrap();
    world.settle(&engine);
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
    assert_ne!(world.partner(Side::Left, &left), Some(right));
    world.assert_agreement();
}

#[test]
fn a_deletion_may_deactivate_the_partner_until_it_is_undone() {
    let rule = DeleteRule::Deactivate(Document::new().with("active", false));
    let world = world(Side::Left, rule);
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    delete(&world, &engine, Side::Left, &left);
    assert_eq!(
        world.right.value(right.clone(), "Active"),
        Value::Boolean(false)
    );
    assert_eq!(world.rows_written(), 1);
    world.settle(&engine);
    assert_eq!(world.rows_written(), 1);
    world.left.restore_as_user(left.clone()).unwrap();
    world.settle(&engine);
    // Nobody deactivated the restored record.
    assert_eq!(world.left.value(left, "active"), Value::Boolean(true));
    assert_eq!(world.right.value(right, "Active"), Value::Boolean(true));
    world.assert_agreement();
}

#[test]
fn a_pair_that_was_taken_apart_stays_apart() {
    let world = world(Side::Left, DeleteRule::Unlink);
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    delete(&world, &engine, Side::Left, &left);
    assert!(world.events().contains(&AuditEvent::Unlinked));
    world.left.restore_as_user(left.clone()).unwrap();
    world.left.edit_as_user(left, set("phone", "111")).unwrap();
    world.settle(&engine);
    assert_eq!(world.right.value(right, "Phone"), text("0123"));
    assert_eq!(world.rows_written(), 0);
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
}

#[test]
fn when_both_are_gone_the_pair_is_forgotten() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world.left.delete_as_user(left).unwrap();
    delete(&world, &engine, Side::Right, &right);
    assert!(world.links().is_empty());
    assert!(world.events().contains(&AuditEvent::Forgotten));
    assert!(world.parked().is_empty());
    assert_eq!(world.rows_written(), 0);
}

#[test]
fn a_record_that_never_had_a_partner_may_be_deleted() {
    let world = World::with(|setup| {
        setup.policy.create.right = sync_core::CreateRule::Never;
    });
    let engine = world.engine();
    let left = world.left.create_as_user(crate::world::thing("C1"));
    world.settle(&engine);
    delete(&world, &engine, Side::Left, &left.unwrap());
    assert!(world.links().is_empty() && world.parked().is_empty());
}

#[test]
fn a_record_that_vanishes_between_read_and_write_is_not_made_again() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world.left.edit_as_user(left, set("phone", "111")).unwrap();
    let system = world.right.clone();
    let mut deleted = false;
    world.right.before_calls(move |call| {
        if call.kind == CallKind::Write && !deleted {
            deleted = true;
            system.delete_as_user(right.clone()).unwrap();
        }
        None
    });
    world.settle(&engine);
    assert_eq!((world.left.len(), world.right.len()), (1, 0));
    assert!(world.parked().is_empty());
    let side = Side::Right;
    assert!(
        world
            .events()
            .contains(&AuditEvent::PartnerDeleted { side })
    );
}

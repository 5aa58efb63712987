//! One side copied to the other, which is not read.

use sync_core::{
    DeleteRule, Mode, Side, Value,
    testing::{CallKind, Fault, RowFault},
};

use crate::world::{World, set, text, thing};

fn mirror() -> World {
    World::with(|setup| setup.policy.mode = Mode::Mirror { owner: Side::Left })
}

#[test]
fn a_mirror_is_made_and_kept_up_to_date_without_being_read() {
    let world = mirror();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world.left.edit_as_user(left, set("phone", "999")).unwrap();
    world.settle(&engine);
    assert_eq!(world.right.value(right, "Phone"), text("999"));
    let traffic = world.right.traffic();
    assert_eq!(
        (
            traffic.rows_written,
            traffic.reads,
            traffic.finds,
            traffic.changes
        ),
        (1, 0, 0, 0)
    );
}

#[test]
fn an_unchanged_record_costs_its_mirror_no_call() {
    let world = mirror();
    let engine = world.engine();
    let (left, _) = world.pair(&engine, "C1");
    world.hint(&engine, Side::Left, left.clone());
    world.drain(&engine);
    // A change of what is not mirrored is none.
    world
        .left
        .edit_as_user(left, set("memo", "internal"))
        .unwrap();
    world.settle(&engine);
    assert_eq!(world.right.traffic().calls(), 0);
}

#[test]
fn what_users_do_to_the_mirror_does_not_come_back() {
    let world = mirror();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .right
        .edit_as_user(right.clone(), set("City", "Nowhere"))
        .unwrap();
    world.hint(&engine, Side::Right, right.clone());
    world.settle(&engine);
    assert_eq!(world.left.value(left.clone(), "city"), text("Lyon"));
    // The next change of the owner puts it right.
    world.left.edit_as_user(left, set("phone", "1")).unwrap();
    world.settle(&engine);
    assert_eq!(world.right.value(right, "City"), text("Lyon"));
}

#[test]
fn the_link_keeps_a_fingerprint_and_no_values() {
    let world = mirror();
    let engine = world.engine();
    world.pair(&engine, "C1");
    let link = world.links().remove(0).content;
    assert!(link.base.is_none() && link.digest.is_some(), "{link:?}");
    assert!(
        link.planned.is_none() && link.unsettled_writes == 0,
        "{link:?}"
    );
}

#[test]
fn a_lost_answer_is_written_again() {
    let world = mirror();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world.right.fail_next(
        CallKind::Write,
        Fault::Refused(sync_core::EndpointErrorKind::Unavailable),
    );
    world.left.edit_as_user(left, set("phone", "5")).unwrap();
    world.settle(&engine);
    assert_eq!(world.right.value(right, "Phone"), text("5"));
}

#[test]
fn a_mirror_that_is_gone_is_noticed_when_it_is_written() {
    let world = mirror();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world.right.delete_as_user(right).unwrap();
    world.left.edit_as_user(left, set("phone", "5")).unwrap();
    world.settle(&engine);
    assert!(world.parked().is_empty(), "{:?}", world.parked());
    assert!(world.right.is_empty());
}

#[test]
fn a_deletion_of_the_owner_may_be_followed_and_undone() {
    let world = World::with(|setup| {
        setup.policy.mode = Mode::Mirror { owner: Side::Left };
        setup.policy.deleted.left = DeleteRule::Delete;
    });
    let engine = world.engine();
    let (left, _) = world.pair(&engine, "C1");
    world.left.delete_as_user(left.clone()).unwrap();
    world.settle(&engine);
    assert!(world.right.is_empty() && world.links().is_empty());
    world.left.restore_as_user(left).unwrap();
    world.settle(&engine);
    assert_eq!(world.right.len(), 1);
}

#[test]
fn two_full_sides_are_matched_first_and_only_differences_are_written() {
    let world = mirror();
    let engine = world.engine();
    world.left.create_as_user(thing("C1")).unwrap();
    let same = set("Name", "Name of C1")
        .with("Phone", "0123")
        .with("City", "Lyon")
        .with("VAT", "FRC1")
        .with("X_Code", "C1");
    let right = world.right.create_as_user(same).unwrap();
    world.settle(&engine);
    assert_eq!(world.links().len(), 1);
    assert_eq!(world.rows_written(), 0);
    assert_eq!(world.right.value(right, "Active"), Value::Boolean(true));
}

#[test]
fn a_refused_row_is_parked_and_goes_on_when_its_owner_changes() {
    let world = mirror();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    let rejection = sync_core::Rejection {
        field: None,
        code: None,
        message: "no".to_owned(),
    };
    world
        .right
        .fail_rows("Phone", "bad", RowFault::Rejected(rejection), 9);
    world
        .left
        .edit_as_user(left.clone(), set("phone", "bad"))
        .unwrap();
    world.settle(&engine);
    assert_eq!(world.parked().len(), 1);
    world.left.edit_as_user(left, set("phone", "good")).unwrap();
    world.settle(&engine);
    assert!(world.parked().is_empty());
    assert_eq!(world.right.value(right, "Phone"), text("good"));
}

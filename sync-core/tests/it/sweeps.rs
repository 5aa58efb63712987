//! Comparing everything finds what feeds missed.

use std::time::Duration;

use sync_core::{AuditEvent, Cause, CreateRule, DeleteRule, Side, Swept};

use crate::world::{World, account, block_on, set, text, thing};

fn sweep(world: &World) -> Swept {
    let engine = world.engine();
    let swept = block_on(engine.sweep(world.flow_name())).unwrap();
    world.drain(&engine);
    swept
}

/// A world in which feeds tell nothing.
fn pair(world: &World) -> (sync_core::RecordId, sync_core::RecordId) {
    let left = world.left.create_as_user(thing("C1")).unwrap();
    sweep(world);
    let right = world.partner(Side::Left, &left).expect("not linked");
    world.forget_traffic();
    (left, right)
}

#[test]
fn a_sweep_finds_records_that_no_feed_told_of() {
    let world = World::new();
    world.left.create_as_user(thing("C1")).unwrap();
    world.right.create_as_user(account("Acme")).unwrap();
    let swept = sweep(&world);
    assert_eq!(
        (swept.listed.left, swept.listed.right, swept.queued),
        (1, 1, 2)
    );
    assert_eq!((world.left.len(), world.right.len()), (2, 2));
    world.assert_agreement();
    assert!(
        world
            .audit()
            .iter()
            .any(|entry| entry.cause == Cause::Sweep)
    );
}

#[test]
fn a_sweep_finds_edits_on_either_side() {
    let world = World::new();
    let (left, right) = pair(&world);
    world
        .left
        .edit_as_user(left.clone(), set("phone", "1"))
        .unwrap();
    world
        .right
        .edit_as_user(right.clone(), set("Name", "New"))
        .unwrap();
    assert_eq!(sweep(&world).queued, 2);
    assert_eq!(world.right.value(right, "Phone"), text("1"));
    assert_eq!(world.left.value(left, "name"), text("New"));
}

#[test]
fn a_sweep_of_what_agrees_queues_nothing() {
    let world = World::new();
    pair(&world);
    assert_eq!(sweep(&world).queued, 0);
    let traffic = world.left.traffic();
    assert_eq!(
        (traffic.lists, traffic.reads, traffic.rows_written),
        (1, 0, 0)
    );
}

#[test]
fn a_sweep_finds_deletions_and_the_policy_is_followed() {
    for side in Side::BOTH {
        let world = World::with(|setup| *setup.policy.deleted.get_mut(side) = DeleteRule::Delete);
        let (left, right) = pair(&world);
        let lost = if side == Side::Left { left } else { right };
        world.system(side).delete_as_user(lost).unwrap();
        let swept = sweep(&world);
        assert_eq!(*swept.missing.get(side), 1);
        assert!(world.system(side.other()).is_empty());
    }
}

#[test]
fn a_deletion_that_was_left_alone_is_not_found_again_and_again_until_it_is_undone() {
    let world = World::new();
    let (left, _) = pair(&world);
    world.left.delete_as_user(left.clone()).unwrap();
    assert_eq!(sweep(&world).queued, 1);
    assert!(
        world
            .events()
            .contains(&AuditEvent::PartnerDeleted { side: Side::Left })
    );
    assert_eq!(sweep(&world).queued, 0);
    world.left.restore_as_user(left).unwrap();
    assert_eq!(sweep(&world).queued, 1);
    assert!(
        world
            .events()
            .contains(&AuditEvent::PartnerRestored { side: Side::Left })
    );
}

#[test]
fn records_that_are_not_to_have_a_partner_are_not_searched_for_at_each_sweep() {
    let world = World::with(|setup| setup.policy.create.left = CreateRule::Never);
    world.right.create_as_user(account("Lead")).unwrap();
    assert_eq!(sweep(&world).queued, 0);
}

#[test]
fn the_loop_sweeps_once_a_day_page_by_page_and_one_worker_at_a_time() {
    let world = World::with(|setup| {
        setup.left = crate::world::erp(&setup.clock).page_size(2);
    });
    let engine = world.engine();
    for number in 0..5 {
        world
            .left
            .create_as_user(thing(&format!("C{number}")))
            .unwrap();
    }
    // The first is due a day after the flow began.
    block_on(engine.upkeep());
    assert_eq!(world.left.traffic().lists, 0);
    world.clock.advance(Duration::from_secs(86_401));
    block_on(engine.upkeep());
    assert_eq!(world.left.traffic().lists, 1);
    let other = world.engine();
    block_on(other.upkeep());
    assert_eq!(world.left.traffic().lists, 1);
    for _ in 0..6 {
        block_on(engine.upkeep());
    }
    assert_eq!(world.left.traffic().lists, 3);
    world.drain(&engine);
    assert_eq!(world.right.len(), 5);
    let health = block_on(engine.health()).unwrap().flows.remove(0);
    assert!(health.last_sweep.is_some());
    assert!(health.next_sweep > health.last_sweep);
}

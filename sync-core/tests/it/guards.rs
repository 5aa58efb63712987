//! A flow stops before it does harm, says why, and goes on when a person lets it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sync_core::{
    Allowance, AuditEvent, DeleteRule, Engine, Guards, Limit, RecordId, Side, StopReason,
};

use crate::{
    store_spy::{At, SpyStore},
    world::{World, block_on, set, text, thing},
};

fn world(change: impl FnOnce(&mut Guards)) -> World {
    World::with(|setup| {
        setup.policy.deleted.left = DeleteRule::Delete;
        change(&mut setup.policy.guards);
    })
}

fn pairs(world: &World, engine: &Engine, count: usize) {
    for number in 0..count {
        world
            .left
            .create_as_user(thing(&format!("C{number}")))
            .unwrap();
    }
    world.settle(engine);
    world.forget_traffic();
}

fn stopped(world: &World, engine: &Engine) -> Option<StopReason> {
    let stopped = block_on(engine.stopped(world.flow_name())).unwrap();
    stopped.map(|stopped| stopped.reason)
}

/// Polls and works for a while, at rest or not.
fn minutes(world: &World, engine: &Engine, minutes: usize) {
    for _ in 0..minutes {
        world.later(61);
        world.round(engine);
    }
}

#[test]
fn too_many_deletions_stop_the_flow_before_the_first_of_the_batch() {
    let world = world(|guards| guards.deletes = Limit::new(10, 2));
    let engine = world.engine();
    pairs(&world, &engine, 10);
    for number in 0..5 {
        world.left.delete_as_user(format!("C{number}")).unwrap();
    }
    minutes(&world, &engine, 3);
    assert_eq!(world.right.len(), 10);
    assert_eq!(
        stopped(&world, &engine),
        Some(StopReason::Deletes {
            wanted: 5,
            allowed: 2
        })
    );
    assert!(world.queued() >= 5, "nothing is lost");
    let told = world.events().into_iter();
    let told = told.filter(|event| matches!(event, AuditEvent::FlowStopped { .. }));
    assert_eq!(told.count(), 1);
    // Nothing else of the flow is written either, by whatever worker.
    world.left.edit_as_user("C7", set("phone", "7")).unwrap();
    minutes(&world, &world.engine(), 3);
    assert_eq!(world.rows_written(), 0);
}

#[test]
fn a_person_lets_a_stopped_flow_go_on_as_far_as_they_say() {
    let world = world(|guards| guards.deletes = Limit::new(0, 2));
    let engine = world.engine();
    pairs(&world, &engine, 10);
    for number in 0..5 {
        world.left.delete_as_user(format!("C{number}")).unwrap();
    }
    minutes(&world, &engine, 2);
    // Without an allowance it is stopped where it stood.
    block_on(engine.release(world.flow_name(), Allowance::default())).unwrap();
    minutes(&world, &engine, 10);
    assert!(stopped(&world, &engine).is_some());
    assert_eq!(world.right.len(), 10);
    let allowance = Allowance {
        deletes: 3,
        updates: 0,
    };
    block_on(engine.release(world.flow_name(), allowance)).unwrap();
    minutes(&world, &engine, 10);
    assert_eq!(stopped(&world, &engine), None);
    assert_eq!(world.right.len(), 5);
    assert!(world.events().contains(&AuditEvent::FlowReleased));
}

#[test]
fn what_waited_is_done_at_once_when_a_stopped_flow_is_released() {
    let world = world(|guards| guards.updates = Limit::new(0, 2));
    let engine = world.engine();
    pairs(&world, &engine, 5);
    for number in 0..5 {
        let id = format!("C{number}");
        let edit = set("phone", "9");
        world.left.edit_as_user(id.clone(), edit).unwrap();
        world.hint(&engine, Side::Left, id);
    }
    world.drain(&engine);
    assert!(stopped(&world, &engine).is_some());
    assert_eq!(world.right.traffic().updated, 0);

    let allowance = Allowance {
        deletes: 0,
        updates: 3,
    };
    block_on(engine.release(world.flow_name(), allowance)).unwrap();
    world.drain(&engine);
    assert_eq!(world.right.traffic().updated, 5);
}

#[test]
fn a_few_deletions_an_hour_are_nobodys_concern() {
    let world = world(|guards| guards.deletes = Limit::new(0, 2));
    let engine = world.engine();
    pairs(&world, &engine, 10);
    for number in 0..6 {
        world.left.delete_as_user(format!("C{number}")).unwrap();
        minutes(&world, &engine, 2);
        world.later(45 * 60);
    }
    assert_eq!(stopped(&world, &engine), None);
    assert_eq!(world.right.len(), 4);
}

#[test]
fn a_mass_change_stops_the_flow_and_several_workers_count_together() {
    let world = world(|guards| guards.updates = Limit::new(0, 4));
    let engine = world.engine();
    pairs(&world, &engine, 10);
    for number in 0..10 {
        let engine = world.engine();
        let id = format!("C{number}");
        world
            .left
            .edit_as_user(id.clone(), set("phone", "9"))
            .unwrap();
        world.hint(&engine, Side::Left, id);
        world.drain(&engine);
    }
    assert_eq!(world.right.traffic().updated, 4);
    let reason = stopped(&world, &engine).unwrap();
    assert!(reason.to_string().contains("guard allows 4"), "{reason}");
}

/// A user edits a left record, and it is looked at.
fn edited(world: &World, engine: &Engine, id: &str) {
    world.left.edit_as_user(id, set("phone", "9")).unwrap();
    world.hint(engine, Side::Left, id);
    world.drain(engine);
}

#[test]
fn pairs_are_counted_once_a_minute_however_much_is_changed() {
    let world = world(|guards| guards.updates = Limit::new(100, 1));
    let counted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&counted);
    let engine = world.engine_on(SpyStore::new(Arc::clone(&world.store), move |at| {
        count.fetch_add(usize::from(at == At::Counts), Ordering::Relaxed);
        None
    }));
    pairs(&world, &engine, 8);
    counted.store(0, Ordering::Relaxed);
    for number in 0..4 {
        edited(&world, &engine, &format!("C{number}"));
    }
    assert_eq!(counted.load(Ordering::Relaxed), 1);
    world.later(61);
    edited(&world, &engine, "C4");
    assert_eq!(counted.load(Ordering::Relaxed), 2);
    assert_eq!(world.right.traffic().updated, 5);
}

#[test]
fn before_a_flow_is_stopped_its_pairs_are_counted_anew() {
    let world = world(|guards| guards.updates = Limit::new(50, 1));
    let engine = world.engine();
    pairs(&world, &engine, 4);
    edited(&world, &engine, "C0");
    edited(&world, &engine, "C1");
    // The share of four pairs is used up. Within the same minute there are twice as many.
    for number in 4..8 {
        let id = format!("C{number}");
        world.left.create_as_user(thing(&id)).unwrap();
        world.hint(&engine, Side::Left, id);
    }
    world.drain(&engine);
    edited(&world, &engine, "C2");
    edited(&world, &engine, "C3");
    assert_eq!(stopped(&world, &engine), None);
    assert_eq!(world.right.traffic().updated, 4);
    edited(&world, &engine, "C4");
    assert_eq!(
        stopped(&world, &engine),
        Some(StopReason::Updates {
            wanted: 5,
            allowed: 4
        })
    );
}

#[test]
fn what_a_person_asked_for_is_not_held_against_the_flow() {
    let world = world(|guards| guards.updates = Limit::new(0, 0));
    let engine = world.engine();
    pairs(&world, &engine, 1);
    world.left.edit_as_user("C0", set("phone", "9")).unwrap();
    let key = world.key(Side::Left, "C0");
    block_on(engine.replay(&[key])).unwrap();
    world.drain(&engine);
    assert_eq!(stopped(&world, &engine), None);
    assert_eq!(world.right.traffic().updated, 1);
}

#[test]
fn a_listing_that_is_suddenly_empty_is_not_believed() {
    let world = world(|guards| guards.missing = Limit::new(20, 2));
    let engine = world.engine();
    pairs(&world, &engine, 10);
    // Nobody deleted anything: the system shows nothing to this user any more.
    for record in world.left.all_records() {
        world.left.delete_as_user(record.id).unwrap();
    }
    let swept = block_on(engine.sweep(world.flow_name()));
    assert!(swept.unwrap_err().to_string().contains("lists 0 records"));
    let side = Side::Left;
    let reason = StopReason::Missing {
        side,
        listed: 0,
        linked: 10,
    };
    assert_eq!(stopped(&world, &engine), Some(reason));
    assert_eq!(world.queued(), 0);
}

#[test]
fn a_schema_that_lost_a_mapped_field_stops_the_flow_until_it_is_back() {
    let world = world(|_| {});
    let engine = world.engine();
    pairs(&world, &engine, 3);
    world.right.lose_field("Phone");
    world.left.edit_as_user("C1", set("city", "Nice")).unwrap();
    minutes(&world, &engine, 3);
    let Some(StopReason::Setup {
        side: Side::Right,
        problems,
    }) = stopped(&world, &engine)
    else {
        panic!("{:?}", stopped(&world, &engine));
    };
    assert!(problems[0].contains("`Phone`"), "{problems:?}");
    assert_eq!(world.rows_written(), 0);
    world.right.regain_fields();
    let checked = block_on(engine.check_setup(world.flow_name())).unwrap();
    assert_eq!(checked, None);
    world.settle(&engine);
    world.assert_agreement();
    assert!(world.parked().is_empty());
}

#[test]
fn a_person_may_stop_a_flow_and_nothing_is_written_meanwhile() {
    let world = world(|_| {});
    let engine = world.engine();
    pairs(&world, &engine, 1);
    block_on(engine.stop(world.flow_name(), "stocktaking")).unwrap();
    world.left.edit_as_user("C0", set("phone", "9")).unwrap();
    minutes(&world, &engine, 2);
    assert_eq!(world.rows_written(), 0);
    assert_eq!(stopped(&world, &engine).unwrap().to_string(), "stocktaking");
    block_on(engine.release(world.flow_name(), Allowance::default())).unwrap();
    world.settle(&engine);
    let right = world.partner(Side::Left, &RecordId::from("C0")).unwrap();
    assert_eq!(world.right.value(right, "Phone"), text("9"));
}

#[test]
fn the_loop_checks_and_stops_by_itself_and_goes_on_soon_after_it_is_put_right() {
    let world = world(|_| {});
    let engine = world.engine();
    let other = world.engine();
    pairs(&world, &engine, 2);
    block_on(other.upkeep());
    world.left.lose_field("city");
    world.clock.advance(Duration::from_secs(3601));
    block_on(other.upkeep());
    block_on(engine.upkeep());
    assert!(stopped(&world, &engine).is_some());
    // Any process sees it, not only the one that found what was wrong.
    world.left.regain_fields();
    world.clock.advance(Duration::from_secs(61));
    block_on(other.upkeep());
    assert_eq!(stopped(&world, &engine), None);
}

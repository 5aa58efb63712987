//! Any number of workers on one store.

use std::{
    future::{pending, ready},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::FutureExt;
use sync_core::{
    Cause, Claim, Commit, Engine, Finish, Held, Hint, Job, Refused, Side, Sides, Tick,
    testing::{CallKind, FakeSystem, Fault},
};

use crate::{
    store_spy::{At, SpyStore},
    world::{World, account, block_on, set, text, thing},
};

/// Lets `other` do all the work it finds, each time that `system` is called.
fn meanwhile(system: &FakeSystem, other: Engine) {
    system.before_calls(move |_| {
        other.drain().now_or_never().unwrap().unwrap();
        None
    });
}

/// Does `act` while the right system is written to for the first time.
fn during_the_first_write(world: &World, act: impl FnOnce() + Send + 'static) {
    let mut act = Some(act);
    world.right.before_calls(move |call| {
        if call.kind == CallKind::Write
            && let Some(act) = act.take()
        {
            act();
        }
        None
    });
}

#[test]
fn two_workers_share_the_work_and_make_nothing_twice() {
    let world = World::with(|setup| setup.settings.batch = 3);
    let (first, second) = (world.engine(), world.engine());
    for n in 0..25 {
        world
            .left
            .create_as_user(thing(&format!("C{n:02}")))
            .unwrap();
        world
            .right
            .create_as_user(account(&format!("Firm {n}")))
            .unwrap();
    }
    meanwhile(&world.left, world.engine());
    meanwhile(&world.right, world.engine());
    for _ in 0..40 {
        world.round(&first);
        world.round(&second);
        world.later(61);
    }
    world.left.leave_calls_alone();
    world.right.leave_calls_alone();
    world.settle(&first);
    assert_eq!((world.left.len(), world.right.len()), (50, 50));
    assert_eq!(world.links().len(), 50);
    assert!(world.parked().is_empty(), "{:?}", world.parked());
    world.assert_agreement();
    world.assert_rest(&second);
}

#[test]
fn two_workers_that_meet_the_two_records_of_a_new_pair_make_one_pair() {
    let world = World::with(|setup| setup.settings.batch = 1);
    let left = world.left.create_as_user(thing("C1")).unwrap();
    let right = world
        .right
        .create_as_user(account("Other name").with("VAT", "FRC1"))
        .unwrap();
    meanwhile(&world.left, world.engine());
    meanwhile(&world.right, world.engine());
    let engine = world.engine();
    for _ in 0..10 {
        world.round(&engine);
        world.later(61);
    }
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
    assert_eq!(world.partner(Side::Left, &left), Some(right));
    world.settle(&engine);
    world.assert_agreement();
}

#[test]
fn a_pair_that_another_worker_has_just_made_is_not_mistaken_for_a_partner_that_is_taken() {
    let world = World::with(|setup| setup.settings.batch = 1);
    let left = world.left.create_as_user(thing("C1")).unwrap();
    let fields = account("Other name").with("X_Code", "C1");
    let right = world.right.create_as_user(fields).unwrap();
    let engine = world.engine();
    world.hint(&engine, Side::Right, right.clone());
    world.hint(&engine, Side::Left, left.clone());
    // While the first worker looks for the partner of the right record, a second one pairs the two from the left.
    let other = world.engine();
    world.left.before_calls(move |call| {
        if call.kind == CallKind::Read {
            other.drain().now_or_never().unwrap().unwrap();
        }
        None
    });
    world.drain(&engine);
    world.left.leave_calls_alone();
    assert!(world.parked().is_empty(), "{:?}", world.parked());
    world.settle(&engine);
    assert_eq!(world.partner(Side::Left, &left), Some(right));
    assert!(world.parked().is_empty());
}

/// A pair that was made from the right, with a job under each of its names: the right one was queued before there was
/// a link, the left one after.
fn pair_with_two_jobs(world: &World) -> (sync_core::RecordId, sync_core::RecordId) {
    let right = world.right.create_as_user(account("Globex")).unwrap();
    let engine = world.engine();
    world.hint(&engine, Side::Right, right.clone());
    // One tick makes the left record; its second look is still queued under the right name.
    block_on(engine.tick()).unwrap();
    let left = world.partner(Side::Right, &right).unwrap();
    world.hint(&engine, Side::Left, left.clone());
    (left, right)
}

#[test]
fn two_jobs_of_one_pair_are_never_in_work_at_once() {
    let world = World::with(|setup| setup.settings.batch = 1);
    let (left, right) = pair_with_two_jobs(&world);
    world
        .left
        .edit_as_user(left.clone(), set("phone", "first"))
        .unwrap();
    // While the first worker writes, the left user edits again and a second worker finds work for the pair. Were it to
    // carry the second edit over, the first worker's late write would undo it.
    let (system, id, other) = (world.left.clone(), left.clone(), world.engine());
    during_the_first_write(&world, move || {
        system.edit_as_user(id, set("phone", "second")).unwrap();
        other.drain().now_or_never().unwrap().unwrap();
    });
    let engine = world.engine();
    world.settle(&engine);
    assert_eq!(world.left.value(left, "phone"), text("second"));
    assert_eq!(world.right.value(right, "Phone"), text("second"));
    assert!(world.parked().is_empty());
}

#[test]
fn two_records_found_to_be_a_pair_under_one_key_are_left_alone_under_the_other_until_they_are_written()
 {
    let world = World::with(|setup| setup.settings.batch = 1);
    let left = world.left.create_as_user(thing("C1")).unwrap();
    let right = world
        .right
        .create_as_user(account("Other name").with("VAT", "FRC1"))
        .unwrap();
    let engine = world.engine();
    world.hint(&engine, Side::Right, right.clone());
    // The worker that holds the right record's job has found the partner and writes. There is work for the pair under its
    // own key as well by now, which that job's lease does not cover. Were it done, the first worker's late write would undo
    // the edit that it carries over.
    let (system, id, other) = (world.left.clone(), left.clone(), world.engine());
    let hint = Hint {
        key: world.key(Side::Left, left.clone()),
        cause: Cause::Webhook,
    };
    during_the_first_write(&world, move || {
        system.edit_as_user(id, set("name", "Newer name")).unwrap();
        let taken_in = other.ingest(std::slice::from_ref(&hint));
        taken_in.now_or_never().unwrap().unwrap();
        let report = other.drain().now_or_never().unwrap().unwrap();
        assert_eq!(report.updated, Sides::default(), "{report:?}");
    });
    world.drain(&engine);
    world.right.leave_calls_alone();
    world.settle(&engine);
    assert_eq!(world.partner(Side::Left, &left), Some(right.clone()));
    assert_eq!(world.left.value(left, "name"), text("Newer name"));
    assert_eq!(world.right.value(right, "Name"), text("Newer name"));
    assert!(world.parked().is_empty());
}

#[test]
fn what_a_worker_that_was_held_up_creates_is_not_taken_for_an_edit() {
    let world = World::with(|setup| setup.settings.batch = 1);
    let left = world.left.create_as_user(thing("C1")).unwrap();
    let engine = world.engine();
    world.hint(&engine, Side::Left, left.clone());
    // The first worker's create is under way for longer than its lease. Meanwhile the user edits, and a second worker plans
    // to create the record as it is now, and dies.
    let (system, target, id) = (world.left.clone(), world.right.clone(), left.clone());
    let (clock, other) = (world.clock.clone(), world.engine());
    during_the_first_write(&world, move || {
        clock.advance(std::time::Duration::from_secs(121));
        system.edit_as_user(id, set("name", "Newer name")).unwrap();
        target.fail_next(CallKind::Write, Fault::HangsBefore);
        assert!(other.drain().now_or_never().is_none(), "it dies");
    });
    world.drain(&engine);
    world.right.leave_calls_alone();
    world.settle(&engine);
    let right = world.partner(Side::Left, &left).unwrap();
    assert_eq!(world.right.len(), 1);
    assert_eq!(world.left.value(left, "name"), text("Newer name"));
    assert_eq!(world.right.value(right, "Name"), text("Newer name"));
}

#[test]
fn both_jobs_of_one_pair_end() {
    let world = World::new();
    pair_with_two_jobs(&world);
    let engine = world.engine();
    world.drain(&engine);
    assert_eq!(world.queued(), 0);
    assert!(world.parked().is_empty());
}

#[test]
fn a_worker_whose_lease_was_taken_over_changes_nothing_in_the_store() {
    let world = World::new();
    let engine = world.engine();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    world.hint(&engine, Side::Left, left);
    // The first worker stalls in its write for longer than its lease; the second does the work meanwhile.
    let (clock, other) = (world.clock.clone(), world.engine());
    during_the_first_write(&world, move || {
        clock.advance(std::time::Duration::from_secs(300));
        other.drain().now_or_never().unwrap().unwrap();
    });
    world.drain(&engine);
    assert_eq!(world.right.len(), 1);
    world.settle(&engine);
    assert_eq!((world.left.len(), world.right.len()), (1, 1));
    assert_eq!(world.links().len(), 1);
    assert!(world.parked().is_empty());
    world.assert_agreement();
}

#[test]
fn a_stale_lease_is_refused() {
    let world = World::new();
    let engine = world.engine();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    world.hint(&engine, Side::Left, left);
    let claim = |now, seconds| -> Vec<Job> {
        let claim = Claim {
            flow: world.flow_name().clone(),
            worker: "w".into(),
            limit: 10,
            now,
            lease_until: now + std::time::Duration::from_secs(seconds),
        };
        block_on(world.store.claim(&world.connection, &claim)).unwrap()
    };
    let stale = claim(world.time(), 10).remove(0);
    assert!(claim(world.time(), 10).is_empty());
    world.later(11);
    let fresh = claim(world.time(), 10).remove(0);
    let finish = |job: &Job| {
        let commit = Commit {
            held: vec![Held::from(job)],
            link: None,
            finish: Finish::Done,
            wake: Vec::new(),
            audit: Vec::new(),
        };
        let entries = [commit];
        let (connection, flow) = (&world.connection, world.flow_name());
        let committed = world.store.commit(connection, flow, &entries, world.time());
        block_on(committed).unwrap().remove(0)
    };
    assert_eq!(finish(&stale), Err(Refused::LeaseLost));
    assert_eq!(world.queued(), 1);
    assert_eq!(finish(&fresh), Ok(()));
    assert_eq!(world.queued(), 0);
}

#[test]
fn a_hint_that_comes_just_before_the_commit_is_looked_at() {
    let world = World::new();
    let (left, right) = world.pair(&world.engine(), "C1");
    world
        .left
        .edit_as_user(left.clone(), set("phone", "111"))
        .unwrap();
    let plain = world.engine();
    world.hint(&plain, Side::Left, left.clone());
    let hint = Hint {
        key: world.key(Side::Left, left.clone()),
        cause: Cause::Webhook,
    };
    let (system, edited) = (world.left.clone(), Arc::new(Mutex::new(false)));
    let spy = SpyStore::new(Arc::clone(&world.store), move |at| {
        let mut edited = edited.lock().unwrap();
        if at == At::Commit && !*edited {
            *edited = true;
            system
                .edit_as_user(left.clone(), set("phone", "222"))
                .unwrap();
            block_on(plain.ingest(std::slice::from_ref(&hint))).unwrap();
        }
        None
    });
    let engine = world.engine_on(spy);
    while let Tick::Worked(_) = block_on(engine.tick()).unwrap() {}
    assert_eq!(world.right.value(right, "Phone"), text("222"));
}

#[test]
fn a_lease_that_is_shorter_than_the_longest_call_does_not_stop_the_work() {
    let world = World::with(|setup| {
        setup.settings.lease = std::time::Duration::from_secs(3);
    });
    world.left.create_as_user(thing("C1")).unwrap();
    world.settle(&world.engine());
    assert_eq!(world.right.len(), 1);
    world.assert_agreement();
}

#[test]
fn what_is_announced_ends_the_pause_of_whoever_runs_the_engine() {
    let world = World::new();
    let engine = world.engine();
    let pauses = AtomicUsize::new(0);
    // A pause has no other end.
    let sleep = |_| {
        if pauses.fetch_add(1, Ordering::Relaxed) == 0 {
            let id = world.left.create_as_user(thing("C1")).unwrap();
            world.hint(&engine, Side::Left, id);
        }
        pending::<()>()
    };
    let run = engine.run(sleep, pending());
    assert!(run.now_or_never().is_none(), "it runs until it is stopped");
    assert_eq!(world.right.len(), 1);
    assert_eq!(pauses.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_stop_ends_the_pause_of_whoever_runs_the_engine() {
    let world = World::new();
    let engine = world.engine();
    let run = engine.run(|_| pending::<()>(), ready(()));
    let patience = std::time::Duration::from_secs(10);
    tokio::time::timeout(patience, run).await.unwrap().unwrap();
}

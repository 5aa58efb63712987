//! A program that dies at any point between any two steps loses nothing and makes nothing twice.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use futures::FutureExt;
use sync_core::{
    DeleteRule, Engine, Side, Store,
    testing::{CallKind, FakeSystem, Fault},
};

use crate::{
    store_spy::{SpyStore, Trouble},
    world::{World, account, set, text, thing},
};

/// Counts steps of the program; the one that is meant to be its last one is not survived.
#[derive(Clone)]
struct Fate {
    steps: Arc<AtomicU32>,
    last: u32,
}

impl Fate {
    fn is_now(&self) -> bool {
        self.steps.fetch_add(1, Ordering::Relaxed) == self.last
    }
}

/// Runs an engine until it dies at step `last`, or to the end. Returns whether it died.
fn run_until(world: &World, last: u32, after: bool) -> bool {
    let fate = Fate {
        steps: Arc::default(),
        last,
    };
    let (dies, hangs) = if after {
        (Trouble::DiesAfter, Fault::HangsAfter)
    } else {
        (Trouble::DiesBefore, Fault::HangsBefore)
    };
    let own = fate.clone();
    let store: Arc<dyn Store> = SpyStore::new(Arc::clone(&world.store), move |_| {
        own.is_now().then_some(dies)
    });
    for system in [&world.left, &world.right] {
        let own = fate.clone();
        system.before_calls(move |_| own.is_now().then_some(hangs));
    }
    let engine = world.engine_on(store);
    let work = async {
        engine.poll_all().await.unwrap();
        engine.drain().await.unwrap();
    };
    let died = work.now_or_never().is_none();
    world.left.leave_calls_alone();
    world.right.leave_calls_alone();
    died
}

/// Lets the program die at each of its steps in turn; after each death `then` happens and a new program goes on.
fn at_every_step(
    begin: impl Fn() -> World,
    then: impl Fn(&World),
    check: impl Fn(&World, &Engine, &str),
) {
    for after in [false, true] {
        for step in 0.. {
            let world = begin();
            let died = run_until(&world, step, after);
            then(&world);
            let engine = world.engine();
            world.settle(&engine);
            check(&world, &engine, &format!("step {step}, after: {after}"));
            world.assert_rest(&engine);
            if !died {
                assert!(step > 5, "it did nothing");
                break;
            }
        }
    }
}

fn nothing(_: &World) {}

#[test]
fn a_create_to_the_right() {
    let begin = || {
        let world = World::new();
        world.left.create_as_user(thing("C1")).unwrap();
        world
    };
    at_every_step(begin, nothing, |world, _, at| {
        assert_eq!((world.left.len(), world.right.len()), (1, 1), "{at}");
        assert_eq!(world.links().len(), 1, "{at}");
        assert!(world.parked().is_empty(), "{at}");
        world.assert_agreement();
    });
}

#[test]
fn a_create_to_the_left() {
    let begin = || {
        let world = World::new();
        world.right.create_as_user(account("Globex")).unwrap();
        world
    };
    at_every_step(begin, nothing, |world, _, at| {
        assert_eq!((world.left.len(), world.right.len()), (1, 1), "{at}");
        assert_eq!(world.links().len(), 1, "{at}");
        assert!(world.parked().is_empty(), "{at}");
        world.assert_agreement();
    });
}

#[test]
fn a_create_whose_record_is_edited_by_a_user_before_the_program_is_back() {
    let begin = || {
        let world = World::new();
        world.left.create_as_user(thing("C1")).unwrap();
        world
    };
    let edited = Cell::new(false);
    let then = |world: &World| {
        edited.set(false);
        for record in world.right.all_records() {
            edited.set(true);
            world
                .right
                .edit_as_user(record.id, set("Name", "Better name"))
                .unwrap();
        }
    };
    at_every_step(begin, then, |world, _, at| {
        let name = world.left.value("C1", "name");
        let expected = if edited.get() {
            "Better name"
        } else {
            "Name of C1"
        };
        assert_eq!(name, text(expected), "{at}");
        let right = world.right.all_records().remove(0);
        assert_eq!(right.fields.get("Name"), Some(&text(expected)), "{at}");
        assert_eq!(world.right.len(), 1, "{at}");
        assert!(world.parked().is_empty(), "{at}");
    });
}

#[test]
fn a_first_meeting() {
    let begin = || {
        let world = World::new();
        world.left.create_as_user(thing("C1")).unwrap();
        let fields = account("Other name").with("VAT", "FRC1");
        world.right.create_as_user(fields).unwrap();
        world
    };
    at_every_step(begin, nothing, |world, _, at| {
        assert_eq!((world.left.len(), world.right.len()), (1, 1), "{at}");
        assert_eq!(world.left.value("C1", "name"), text("Name of C1"), "{at}");
        assert!(world.parked().is_empty(), "{at}");
        world.assert_agreement();
    });
}

/// A pair of which both sides edited different fields.
fn edited_on_both_sides() -> World {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world
        .left
        .edit_as_user(left, set("vat", "FROM LEFT").with("name", "Left name"))
        .unwrap();
    world
        .right
        .edit_as_user(right, set("City", "Nice").with("Phone", "222"))
        .unwrap();
    world
}

fn right_id(world: &World) -> sync_core::RecordId {
    world.right.all_records().remove(0).id
}

#[test]
fn changes_on_both_sides() {
    at_every_step(edited_on_both_sides, nothing, |world, _, at| {
        assert_eq!(world.left.value("C1", "city"), text("Nice"), "{at}");
        assert_eq!(world.left.value("C1", "vat"), text("FROM LEFT"), "{at}");
        let right = right_id(world);
        assert_eq!(world.right.value(right.clone(), "Name"), text("Left name"));
        assert_eq!(world.right.value(right, "Phone"), text("222"), "{at}");
        assert!(world.parked().is_empty(), "{at}");
        world.assert_agreement();
    });
}

#[test]
fn changes_on_both_sides_and_then_an_edit_of_what_was_being_carried_over() {
    // The side that made a change makes another one before the program is back: never a conflict.
    let again = |world: &World| {
        world
            .left
            .edit_as_user("C1", set("vat", "LEFT AGAIN"))
            .unwrap();
        let right = right_id(world);
        world
            .right
            .edit_as_user(right, set("City", "Paris"))
            .unwrap();
    };
    at_every_step(edited_on_both_sides, again, |world, _, at| {
        let right = right_id(world);
        assert_eq!(
            world.right.value(right.clone(), "VAT"),
            text("LEFT AGAIN"),
            "{at}"
        );
        assert_eq!(world.left.value("C1", "city"), text("Paris"), "{at}");
        assert_eq!(world.left.value("C1", "phone"), text("222"), "{at}");
        assert!(world.parked().is_empty(), "{at}: {:?}", world.parked());
        world.assert_agreement();
    });
}

#[test]
fn changes_on_both_sides_and_then_an_edit_of_what_was_carried_over_already() {
    // The user of the other side changes a value that has just arrived there. It has: so this is an edit like any other.
    let (vat, city) = (Cell::new(""), Cell::new(""));
    let arrived = |world: &World| {
        vat.set("FROM LEFT");
        city.set("Nice");
        let right = right_id(world);
        if world.right.value(right.clone(), "VAT") == text("FROM LEFT") {
            vat.set("FROM RIGHT");
            let edit = set("VAT", "FROM RIGHT");
            world.right.edit_as_user(right, edit).unwrap();
        }
        if world.left.value("C1", "city") == text("Nice") {
            city.set("Cannes");
            let edit = set("city", "Cannes");
            world.left.edit_as_user("C1", edit).unwrap();
        }
    };
    at_every_step(edited_on_both_sides, arrived, |world, _, at| {
        assert_eq!(world.left.value("C1", "vat"), text(vat.get()), "{at}");
        assert_eq!(world.left.value("C1", "city"), text(city.get()), "{at}");
        assert!(world.parked().is_empty(), "{at}: {:?}", world.parked());
        world.assert_agreement();
    });
}

#[test]
fn a_deletion_that_is_followed() {
    let begin = || {
        let world = World::with(|setup| setup.policy.deleted.left = DeleteRule::Delete);
        let engine = world.engine();
        world.pair(&engine, "C1");
        world.left.delete_as_user("C1").unwrap();
        world
    };
    at_every_step(begin, nothing, |world, _, at| {
        assert_eq!((world.left.len(), world.right.len()), (0, 0), "{at}");
        assert!(world.links().is_empty(), "{at}");
    });
}

#[test]
fn many_records_of_both_sides() {
    let begin = || {
        let world = World::with(|setup| setup.settings.batch = 4);
        for n in 0..3 {
            world.left.create_as_user(thing(&format!("C{n}"))).unwrap();
            world
                .right
                .create_as_user(account(&format!("Firm {n}")))
                .unwrap();
        }
        world
    };
    at_every_step(begin, nothing, |world, _, at| {
        assert_eq!((world.left.len(), world.right.len()), (6, 6), "{at}");
        assert_eq!(world.links().len(), 6, "{at}");
        assert!(world.parked().is_empty(), "{at}");
        world.assert_agreement();
    });
}

#[test]
fn a_write_on_one_side_that_is_refused_while_the_other_ones_fate_is_unknown() {
    let world = edited_on_both_sides();
    let fault = sync_core::testing::RowFault::Later { after: None };
    world.left.fail_rows("code", "C1", fault, 1);
    let lose = |system: &FakeSystem| {
        system.fail_next(CallKind::Write, Fault::AnswerLost);
    };
    lose(&world.right);
    world.round(&world.engine());
    world.settle(&world.engine());
    assert_eq!(world.left.value("C1", "city"), text("Nice"));
    assert_eq!(
        world
            .partner(Side::Left, &"C1".into())
            .map(|id| world.right.value(id, "VAT")),
        Some(text("FROM LEFT"))
    );
    assert!(world.parked().is_empty());
    world.assert_agreement();
}

#[tokio::test]
async fn a_stop_finishes_the_batch_in_work_so_that_nobody_waits_for_its_lease() {
    let world = World::new();
    for code in ["C1", "C2", "C3"] {
        world.left.create_as_user(thing(code)).unwrap();
    }
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    world.right.before_calls(move |call| {
        asked.fetch_or(call.kind == CallKind::Write, Ordering::Relaxed);
        None
    });
    let stopped = std::future::poll_fn(|_| match stop.load(Ordering::Relaxed) {
        true => std::task::Poll::Ready(()),
        false => std::task::Poll::Pending,
    });
    let engine = world.engine();
    engine
        .run(|pause| world.clock.sleep(pause), stopped)
        .await
        .unwrap();
    assert_eq!(world.right.len(), 3);
    // Another worker goes on at once.
    world.drain(&world.engine());
    assert_eq!(world.queued(), 0);
    world.assert_agreement();
}

//! Feeds: nothing is missed, and what is read twice costs nothing.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::FutureExt;
use jiff::SignedDuration;
use sync_core::{
    Cause, EndpointErrorKind, Engine, FeedName, MemoryStore, Polled, Side,
    testing::{CallKind, FakeSystem, Fault, ManualClock},
};

use crate::{
    store_spy::{At, SpyStore, Trouble},
    world::{World, account, block_on, crm, erp, set, text, thing},
};

fn modified() -> FeedName {
    FakeSystem::modified_feed()
}

/// Polls one page of the left feed of changes.
fn poll(world: &World, engine: &Engine) -> Polled {
    block_on(engine.poll(world.flow_name(), Side::Left, &modified())).unwrap()
}

/// Polls the left feed of changes to its end. Returns how many keys were queued.
fn poll_all(world: &World, engine: &Engine) -> u64 {
    let mut queued = 0;
    loop {
        let polled = poll(world, engine);
        queued += polled.queued;
        if !polled.more {
            return queued;
        }
    }
}

fn codes(world: &World) -> BTreeSet<String> {
    let links = world.links().into_iter();
    links
        .filter_map(|link| link.content.ids.left)
        .map(|id| id.to_string())
        .collect()
}

#[test]
fn rows_that_are_read_again_are_not_queued_again() {
    let world = World::new();
    let engine = world.engine();
    for n in 0..10 {
        world.left.create_as_user(thing(&format!("C{n}"))).unwrap();
        world.later(1);
    }
    world.later(60);
    assert_eq!(poll_all(&world, &engine), 10);
    world.later(60);
    poll_all(&world, &engine);
    for _ in 0..5 {
        world.later(60);
        let polled = poll(&world, &engine);
        assert_eq!(polled.queued, 0);
    }
    // Within the overlap they are read, but that is all.
    world.left.edit_as_user("C3", set("phone", "1")).unwrap();
    world.later(10);
    assert_eq!(poll_all(&world, &engine), 1);
}

#[test]
fn equal_stamps_across_pages_are_all_seen() {
    for sorted in [true, false] {
        let world = World::with(|setup| {
            let left = erp(&setup.clock).page_size(7);
            setup.left = if sorted { left } else { left.newest_first() };
        });
        let engine = world.engine();
        for n in 0..50 {
            world
                .left
                .create_as_user(thing(&format!("C{n:02}")))
                .unwrap();
        }
        world.settle(&engine);
        assert_eq!(codes(&world).len(), 50, "sorted: {sorted}");
    }
}

#[test]
fn a_row_that_is_committed_late_is_found_within_the_overlap() {
    let world = World::new();
    let engine = world.engine();
    world.left.create_as_user(thing("C1")).unwrap();
    world.later(60);
    world.left.create_as_user(thing("C2")).unwrap();
    world.settle(&engine);
    world.left.create_as_user(thing("C4")).unwrap();
    let reached = world.time();
    world.round(&engine);
    // Its stamp was taken two minutes before what has been read already.
    world.left.create_as_user(thing("C3")).unwrap();
    world.left.stamp("C3", reached - Duration::from_secs(120));
    world.later(60);
    world.round(&engine);
    world.settle(&engine);
    assert!(codes(&world).contains("C3"));
}

#[test]
fn rows_that_move_while_pages_are_turned_hide_no_others() {
    let world = World::with(|setup| {
        setup.left = erp(&setup.clock).page_size(5);
    });
    let engine = world.engine();
    for n in 0..40 {
        world
            .left
            .create_as_user(thing(&format!("C{n:02}")))
            .unwrap();
        world.later(60);
    }
    // After each page a row that was on it is changed and goes to the end.
    let mut next = 0;
    loop {
        let polled = poll(&world, &engine);
        if next < 10 {
            let code = format!("C{:02}", next * 2);
            world
                .left
                .edit_as_user(code.as_str(), set("phone", "1"))
                .unwrap();
            next += 1;
        }
        world.later(1);
        if !polled.more {
            break;
        }
    }
    world.settle(&engine);
    assert_eq!(codes(&world).len(), 40);
}

#[test]
fn a_second_change_within_one_step_of_the_stamp_is_not_mistaken_for_the_first() {
    // The right side's stamps have seconds; a poll comes between two changes of one second.
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    let first = set("Memo", "nothing that is carried over");
    world.right.edit_as_user(right.clone(), first).unwrap();
    world.clock.advance(Duration::from_millis(300));
    let (polled, report) = world.round(&engine);
    assert_eq!((polled.queued, report.settled), (1, 1));
    world.clock.advance(Duration::from_millis(300));
    world
        .right
        .edit_as_user(right, set("Phone", "second"))
        .unwrap();
    world.settle(&engine);
    assert_eq!(world.left.value(left, "phone"), text("second"));
}

#[test]
fn nor_is_it_after_the_engines_clock_was_set_forward() {
    let right_clock = ManualClock::new();
    let world = World::with(|setup| setup.right = crm(&right_clock));
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    // A change that is read at once tells how far the clocks are apart: not at all.
    right_clock.set(world.time());
    let memo = |text| set("Memo", text);
    world.right.edit_as_user(right.clone(), memo("a")).unwrap();
    world.round(&engine);
    right_clock.advance(Duration::from_secs(2));
    world.later(2 + 44);
    world.right.edit_as_user(right.clone(), memo("b")).unwrap();
    world.round(&engine);
    right_clock.advance(Duration::from_millis(300));
    world
        .right
        .edit_as_user(right, set("Phone", "second"))
        .unwrap();
    world.settle(&engine);
    assert_eq!(world.left.value(left, "phone"), text("second"));
}

#[test]
fn stamps_of_a_whole_day_lose_no_change_of_that_day() {
    let world = World::with(|setup| {
        setup.left = erp(&setup.clock).stamp_precision(Duration::from_secs(86_400));
    });
    let engine = world.engine();
    let left = world.left.create_as_user(thing("C1")).unwrap();
    for n in 0..6 {
        let value = format!("{n}");
        world
            .left
            .edit_as_user(left.clone(), set("phone", value.as_str()))
            .unwrap();
        world.later(600);
        for _ in 0..4 {
            world.round(&engine);
            world.later(61);
        }
        let right = world.partner(Side::Left, &left).unwrap();
        assert_eq!(world.right.value(right, "Phone"), text(&value));
    }
}

#[test]
fn an_expired_page_begins_the_round_again() {
    let world = World::with(|setup| setup.left = erp(&setup.clock).page_size(5));
    let engine = world.engine();
    for n in 0..23 {
        world
            .left
            .create_as_user(thing(&format!("C{n:02}")))
            .unwrap();
    }
    assert!(poll(&world, &engine).more);
    world.left.expire_pages();
    let refused = block_on(engine.poll(world.flow_name(), Side::Left, &modified()));
    assert!(refused.is_err());
    world.settle(&engine);
    assert_eq!(codes(&world).len(), 23);
}

#[test]
fn a_long_round_gets_on_although_calls_fail_now_and_then() {
    let world = World::with(|setup| setup.left = erp(&setup.clock).page_size(2));
    let engine = world.engine();
    for n in 0..60 {
        world
            .left
            .create_as_user(thing(&format!("C{n:02}")))
            .unwrap();
    }
    // Every third call for changes fails, so that no round of thirty pages is ever read in one go.
    let mut calls = 0;
    world.left.before_calls(move |call| {
        if call.kind != CallKind::Changes {
            return None;
        }
        calls += 1;
        (calls % 3 == 0).then_some(Fault::Refused(EndpointErrorKind::Unavailable))
    });
    for _ in 0..100 {
        world.later(61);
        let _ = engine.poll_all().now_or_never().unwrap();
        world.drain(&engine);
    }
    assert_eq!(codes(&world).len(), 60);
}

#[test]
fn a_change_behind_the_place_that_a_long_round_has_reached_is_not_lost() {
    let world = World::with(|setup| setup.left = erp(&setup.clock).page_size(3));
    let engine = world.engine();
    for n in 0..9 {
        world.left.create_as_user(thing(&format!("C{n}"))).unwrap();
    }
    world.settle(&engine);
    for n in 0..9 {
        world
            .left
            .edit_as_user(format!("C{n}"), set("memo", "not carried over"))
            .unwrap();
    }
    // The round is past C0 when C0 is changed once more, under the stamp of before; then the system is slow, and much
    // newer rows come in before the round is done.
    assert!(poll(&world, &engine).more);
    assert!(poll(&world, &engine).more);
    world.drain(&engine);
    let stamp = world.left.record("C0").unwrap().modified_at.unwrap();
    world.left.edit_as_user("C0", set("city", "late")).unwrap();
    world.left.stamp("C0", stamp);
    world.later(3600);
    world.left.create_as_user(thing("C9")).unwrap();
    world.settle(&engine);
    let right = world.partner(Side::Left, &"C0".into()).unwrap();
    assert_eq!(world.right.value(right, "City"), text("late"));
}

#[test]
fn clocks_that_are_off_lose_nothing_either_way() {
    for minutes in [-45, -10, 10, 45] {
        let world = World::with(|setup| {
            let skew = SignedDuration::from_mins(minutes);
            setup.left = erp(&setup.clock).clock_ahead(skew);
        });
        let engine = world.engine();
        let (left, right) = world.pair(&engine, "C1");
        for n in 0..30 {
            let value = format!("{n}");
            world
                .left
                .edit_as_user(left.clone(), set("phone", value.as_str()))
                .unwrap();
            world.later(20);
            world.round(&engine);
            let now = world.right.value(right.clone(), "Phone");
            assert_eq!(now, text(&value), "{minutes} minutes");
        }
        world.settle(&engine);
        world.assert_agreement();
    }
}

#[test]
fn a_watermark_never_goes_back() {
    let world = World::new();
    let engine = world.engine();
    world.left.create_as_user(thing("C1")).unwrap();
    world.settle(&engine);
    world.later(3600);
    world.left.create_as_user(thing("C2")).unwrap();
    world.settle(&engine);
    // The newest row is deleted, so the feed's newest stamp is an hour older than before.
    world.left.delete_as_user("C2").unwrap();
    world.settle(&engine);
    world.left.create_as_user(thing("C0")).unwrap();
    world
        .left
        .stamp("C0", world.time() - Duration::from_secs(2000));
    assert_eq!(
        poll_all(&world, &engine),
        0,
        "it was read from further back"
    );
}

#[test]
fn deletions_are_read_from_their_own_feed() {
    let world = World::new();
    let engine = world.engine();
    let (left, _) = world.pair(&engine, "C1");
    world.left.delete_as_user(left).unwrap();
    world.later(10);
    let deleted = FakeSystem::deleted_feed();
    let polled = engine.poll(world.flow_name(), Side::Left, &deleted);
    assert_eq!(polled.now_or_never().unwrap().unwrap().queued, 1);
    world.drain(&engine);
    let cause = world.audit().pop().unwrap().cause;
    assert_eq!(cause, Cause::Feed(deleted));
}

#[test]
fn a_feed_without_stamps_queues_everything_each_time() {
    let world = World::with(|setup| setup.left = erp(&setup.clock).without_stamps());
    let engine = world.engine();
    world.left.create_as_user(thing("C1")).unwrap();
    assert_eq!(poll_all(&world, &engine), 1);
    assert_eq!(poll_all(&world, &engine), 1);
}

#[test]
fn keys_and_place_are_kept_together_or_not_at_all() {
    for trouble in [Trouble::DiesBefore, Trouble::DiesAfter] {
        let world = World::new();
        world.left.create_as_user(thing("C1")).unwrap();
        let mut died = false;
        let spy = SpyStore::new(Arc::clone(&world.store), move |at| {
            let now = at == At::Enqueue && !died;
            died |= now;
            now.then_some(trouble)
        });
        let dying = world.engine_on(spy);
        assert!(dying.poll_all().now_or_never().is_none());
        drop(dying);
        world.settle(&world.engine());
        assert_eq!(codes(&world).len(), 1, "{trouble:?}");
    }
}

#[test]
fn two_workers_that_poll_one_feed_do_not_disturb_each_other() {
    let world = World::with(|setup| setup.left = erp(&setup.clock).page_size(3));
    let (first, second) = (world.engine(), world.engine());
    for n in 0..20 {
        world
            .left
            .create_as_user(thing(&format!("C{n:02}")))
            .unwrap();
    }
    world.left.before_calls(move |call| {
        if call.kind == CallKind::Changes {
            second.poll_all().now_or_never().unwrap().unwrap();
        }
        None
    });
    world.round(&first);
    world.left.leave_calls_alone();
    world.settle(&first);
    assert_eq!(codes(&world).len(), 20);
}

#[test]
fn an_unknown_feed_is_named() {
    let world = World::new();
    let engine = world.engine();
    let feed = FeedName::from("gossip");
    let polled = engine.poll(world.flow_name(), Side::Right, &feed);
    let message = polled.now_or_never().unwrap().unwrap_err().to_string();
    assert!(message.contains("gossip"), "{message}");
}

#[test]
fn a_feed_without_end_of_equal_stamps_keeps_its_place_small() {
    // A bulk import: thousands of rows over an hour. What a poll has to remember must not grow with all of them.
    let world = World::with(|setup| setup.left = erp(&setup.clock).page_size(50));
    let memory = MemoryStore::new();
    let world = World {
        store: Arc::new(memory),
        ..world
    };
    let engine = world.engine();
    for n in 0..1000 {
        world
            .left
            .create_as_user(thing(&format!("C{n:04}")))
            .unwrap();
        world.later(4);
    }
    poll_all(&world, &engine);
    let name = format!("cursor/{}/left/modified", world.flow_name());
    let document = world.store.document(&world.connection, &name);
    let (body, _) = block_on(document).unwrap().unwrap();
    // 180 s of overlap and 30 s of lag are some fifty rows here, not a thousand.
    assert!(body.len() < 6_000, "{} bytes", body.len());
}

#[test]
fn records_of_both_sides_come_in_by_polling_alone() {
    let world = World::with(|setup| {
        setup.left = erp(&setup.clock).page_size(3);
        setup.right = crm(&setup.clock).page_size(4).newest_first();
    });
    let engine = world.engine();
    for n in 0..17 {
        world
            .left
            .create_as_user(thing(&format!("C{n:02}")))
            .unwrap();
        world
            .right
            .create_as_user(account(&format!("Firm {n}")))
            .unwrap();
        world.later(7);
    }
    world.settle(&engine);
    assert_eq!((world.left.len(), world.right.len()), (34, 34));
    world.assert_agreement();
}

//! A system that is down costs a pause, not ten thousand failed tries.

use std::time::Duration;

use futures::FutureExt;
use sync_core::{
    Clock, EndpointErrorKind, Engine, Side, SideHealth, Tick,
    testing::{CallKind, Fault},
};

use crate::world::{World, account, block_on, set, text, thing};

fn health(engine: &Engine, side: Side) -> SideHealth {
    let status = block_on(engine.status()).unwrap().remove(0);
    status.sides.get(side).clone()
}

#[test]
fn tries_are_not_used_up_while_a_side_is_down() {
    for kind in [
        EndpointErrorKind::Unavailable,
        EndpointErrorKind::RateLimited,
        EndpointErrorKind::Unauthorized,
    ] {
        let world = World::new();
        let engine = world.engine();
        let (left, right) = world.pair(&engine, "C1");
        world.left.edit_as_user(left, set("phone", "111")).unwrap();
        engine.poll_all().now_or_never().unwrap().unwrap();
        world.right.set_down(Some(Fault::Refused(kind)));
        // Far more often than a record may fail.
        for _ in 0..50 {
            world.drain(&engine);
            assert!(world.parked().is_empty());
            assert!(health(&engine, Side::Right).closed_until > Some(world.time()));
            world.later(120);
        }
        world.right.set_down(None);
        world.settle(&engine);
        assert_eq!(world.right.value(right, "Phone"), text("111"));
        let healthy = health(&engine, Side::Right);
        assert_eq!((healthy.failures, healthy.closed_until), (0, None));
    }
}

#[test]
fn a_system_that_is_down_is_asked_less_and_less() {
    let world = World::new();
    let engine = world.engine();
    for n in 0..300 {
        world
            .left
            .create_as_user(thing(&format!("C{n:03}")))
            .unwrap();
    }
    engine.poll_all().now_or_never().unwrap().unwrap();
    world
        .right
        .set_down(Some(Fault::Refused(EndpointErrorKind::Unavailable)));
    world.forget_traffic();
    for _ in 0..600 {
        world.drain(&engine);
        world.later(1);
    }
    // Ten minutes: after a few quick tries, one a minute.
    let calls = world.right.traffic().calls();
    assert!((5..=20).contains(&calls), "{calls}");
    assert!(health(&engine, Side::Right).last_error.is_some());
}

#[test]
fn one_failed_call_counts_once_however_many_rows_it_had() {
    let world = World::new();
    let engine = world.engine();
    for n in 0..80 {
        world
            .left
            .create_as_user(thing(&format!("C{n:02}")))
            .unwrap();
    }
    let down = Fault::Refused(EndpointErrorKind::Unavailable);
    world.right.fail_next(CallKind::Write, down);
    world.round(&engine);
    let health = health(&engine, Side::Right);
    assert_eq!(health.failures, 1);
    assert_eq!(
        health.closed_until,
        Some(world.time() + Duration::from_secs(2))
    );
}

#[test]
fn a_side_that_answers_questions_but_takes_no_writes_is_left_alone_too() {
    let world = World::new();
    let engine = world.engine();
    let (left, _) = world.pair(&engine, "C1");
    world.left.edit_as_user(left, set("phone", "111")).unwrap();
    world.right.before_calls(|call| {
        let fault = Fault::Refused(EndpointErrorKind::RateLimited);
        (call.kind == CallKind::Write).then_some(fault)
    });
    engine.poll_all().now_or_never().unwrap().unwrap();
    for _ in 0..600 {
        world.drain(&engine);
        if world.time().as_second() % 60 == 0 {
            engine.poll_all().now_or_never().unwrap().unwrap();
        }
        world.later(1);
    }
    let writes = world.right.traffic().writes;
    assert!((5..=20).contains(&writes), "{writes}");
}

#[test]
fn a_feed_that_does_not_work_does_not_stop_the_work() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    world.right.before_calls(|call| {
        let fault = Fault::Refused(EndpointErrorKind::Misconfigured);
        (call.kind == CallKind::Changes).then_some(fault)
    });
    for _ in 0..5 {
        assert!(engine.poll_all().now_or_never().unwrap().is_err());
    }
    world
        .left
        .edit_as_user(left.clone(), set("phone", "111"))
        .unwrap();
    world.hint(&engine, Side::Left, left);
    world.drain(&engine);
    assert_eq!(world.right.value(right, "Phone"), text("111"));
    // It is not hidden either.
    assert!(health(&engine, Side::Right).last_error.is_some());
}

#[test]
fn a_feed_that_fails_is_not_asked_every_second() {
    let world = World::new();
    let engine = world.engine();
    world
        .left
        .set_down(Some(Fault::Refused(EndpointErrorKind::Unavailable)));
    for _ in 0..600 {
        let next = engine.poll_due().now_or_never().unwrap();
        assert!(next > world.time());
        world.later(1);
    }
    let asked = world.left.traffic().changes;
    assert!((10..=60).contains(&asked), "{asked}");
    world.left.set_down(None);
    world.left.create_as_user(thing("C1")).unwrap();
    world.later(61);
    engine.poll_due().now_or_never().unwrap();
    world.drain(&engine);
    assert_eq!(world.right.len(), 1);
}

#[test]
fn a_tick_says_when_it_is_next_due() {
    let world = World::new();
    let engine = world.engine();
    let idle = |due| Tick::Idle { next_due: due };
    let tick = || engine.tick().now_or_never().unwrap().unwrap();
    assert_eq!(tick(), idle(None));
    let left = world.left.create_as_user(thing("C1")).unwrap();
    world.hint(&engine, Side::Left, left);
    world
        .right
        .set_down(Some(Fault::Refused(EndpointErrorKind::Unavailable)));
    assert!(matches!(tick(), Tick::Worked(_)));
    assert_eq!(tick(), idle(Some(world.time() + Duration::from_secs(2))));
}

#[tokio::test]
async fn the_loop_keeps_systems_in_agreement_until_it_is_stopped() {
    let world = World::new();
    let engine = world.engine();
    world.left.create_as_user(thing("C1")).unwrap();
    world.right.create_as_user(account("Globex")).unwrap();
    let end = world.time() + Duration::from_secs(600);
    let clock = world.clock.clone();
    let stop = std::future::poll_fn(move |_| {
        if clock.now() >= end {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    });
    let run = engine.run(|pause| world.clock.sleep(pause), stop);
    run.await.unwrap();
    assert_eq!((world.left.len(), world.right.len()), (2, 2));
    world.assert_agreement();
}

#[test]
fn no_flow_starves_while_another_is_busy() {
    let world = World::new();
    let mut second = World::new().flow;
    second.name = "others".into();
    second.endpoints = world.flow.endpoints.clone();
    let engine = Engine::builder(
        "test",
        std::sync::Arc::clone(&world.store),
        std::sync::Arc::new(world.clock.clone()),
    )
    .flow(world.flow.clone())
    .flow(second)
    .settings(sync_core::Settings {
        batch: 1,
        ..world.settings.clone()
    })
    .build()
    .unwrap();
    let hint = |flow: &str, id: &str| sync_core::Hint {
        key: sync_core::JobKey {
            flow: flow.into(),
            side: Side::Left,
            id: id.into(),
        },
        cause: sync_core::Cause::Webhook,
    };
    block_on(engine.ingest(&[hint("others", "B1")])).unwrap();
    for n in 0..10 {
        // The first flow always has something to do.
        block_on(engine.ingest(&[hint("things", &format!("A{n}"))])).unwrap();
        block_on(engine.tick()).unwrap();
    }
    let other = "others".into();
    let counts = world.store.counts(&world.connection, &other);
    assert_eq!(block_on(counts).unwrap().queued, 0);
}

//! The health report says what is wrong where.

use std::time::Duration;

use sync_core::{
    EndpointErrorKind,
    testing::{CallKind, Fault},
};

use crate::world::{World, block_on, set, thing};

#[test]
fn health_says_how_far_behind_everything_is() {
    let world = World::new();
    let engine = world.engine();
    let (left, right) = world.pair(&engine, "C1");
    let health = block_on(engine.health()).unwrap().flows.remove(0);
    assert!(health.approved && health.stopped.is_none());
    assert_eq!(health.counts.linked, 1);
    assert_eq!(health.feeds.len(), 4);
    assert!(
        health
            .feeds
            .iter()
            .all(|feed| feed.lag.unwrap() < Duration::from_secs(61))
    );
    assert!(health.last_success.is_some());
    assert_eq!(health.oldest_job, None);
    // A conflict and a refused record; the right feed stands still.
    world
        .left
        .edit_as_user(left.clone(), set("vat", "A"))
        .unwrap();
    world.right.edit_as_user(right, set("VAT", "B")).unwrap();
    world
        .right
        .create_as_user(set("Name", "a name that is much too long for the ERP"))
        .unwrap();
    world.settle(&engine);
    for _ in 0..5 {
        world.later(61);
        world.right.fail_next(
            CallKind::Changes,
            Fault::Refused(EndpointErrorKind::Unauthorized),
        );
        let _ = block_on(engine.poll_all());
    }
    world.left.create_as_user(thing("C2")).unwrap();
    world.hint(&engine, sync_core::Side::Left, "C2");
    world.later(10);
    let health = block_on(engine.health()).unwrap().flows.remove(0);
    let parked: Vec<_> = health.parked.into_iter().collect();
    assert_eq!(parked, [("conflict", 1), ("unmappable", 1)]);
    let lag = |side, feed: &str| {
        let mut feeds = health.feeds.iter();
        let feed = feeds.find(|known| known.side == side && known.feed.as_str() == feed);
        feed.unwrap().lag.unwrap()
    };
    assert!(lag(sync_core::Side::Right, "modified") > Duration::from_secs(300));
    assert!(lag(sync_core::Side::Left, "modified") < Duration::from_secs(61));
    assert_eq!(health.oldest_job, Some(Duration::from_secs(10)));
    let error = health.sides.right.last_error.unwrap();
    assert_eq!(error.kind, EndpointErrorKind::Unauthorized);
}

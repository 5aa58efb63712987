//! What the engine costs without the systems and without a database: `cargo bench -p sync-core`.
//!
//! Times are processor time of one thread, so that a busy machine does not show in them.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for its developers"
)]

#[path = "support/measure.rs"]
mod measure;
#[path = "support/system.rs"]
mod system;

use std::{sync::Arc, time::Duration};

use measure::{Stopwatch, show};
use sync_core::{Engine, FirstSyncGate, FlowName, MemoryStore, Settings, Side, SystemClock, Tick};
use system::World;

const PAIRS: usize = 50_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(pairs());
}

async fn pairs() {
    let world = World::new(PAIRS, Duration::ZERO);
    let settings = Settings {
        first_sync: FirstSyncGate::Open,
        ..Settings::default()
    };
    let engine = Engine::builder("bench", Arc::new(MemoryStore::new()), Arc::new(SystemClock))
        .flow(world.flow())
        .settings(settings)
        .build()
        .unwrap();
    let flow = FlowName::from("customers");
    let plan = engine.plan_first_sync(&flow, &|_| {}).await.unwrap();
    engine
        .apply_first_sync(&flow, &plan.hash(), &|_| {})
        .await
        .unwrap();
    work(&engine).await;

    let bare = Stopwatch::start();
    for number in 0..PAIRS {
        let (left, right) = (
            world.record(Side::Left, number),
            world.record(Side::Right, number),
        );
        let fields = left.fields.iter().zip(right.fields.iter());
        let same = fields
            .filter(|((_, left), (_, right))| left == right)
            .count();
        assert!(std::hint::black_box(same) <= 8);
    }
    let floor = per_pair(bare.busy());

    engine.ingest(&world.hints()).await.unwrap();
    let watch = Stopwatch::start();
    work(&engine).await;
    show(
        "an unchanged pair is checked",
        per_pair(watch.busy()),
        "µs",
        Some(floor),
        Some(15.0),
    );

    world.edit_all();
    engine.ingest(&world.hints()).await.unwrap();
    let watch = Stopwatch::start();
    work(&engine).await;
    show(
        "a changed pair is merged, planned and committed",
        per_pair(watch.busy()),
        "µs",
        Some(floor),
        Some(60.0),
    );
    assert!(world.agrees());
}

async fn work(engine: &Engine) {
    while let Tick::Worked(_) = engine.tick().await.unwrap() {}
    let stopped = engine.stopped(&FlowName::from("customers")).await.unwrap();
    assert_eq!(stopped, None, "the flow was stopped");
}

fn per_pair(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6 / PAIRS as f64
}

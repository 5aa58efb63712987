//! Budgets are counted before calls are made, never exceeded, and shared by priority.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use sync_core::{Budget, Engine, Flow, Observation, Observer, Priority, Side, Sides};

use crate::world::{World, block_on, set, thing};

const HOUR: Duration = Duration::from_secs(3600);

fn calls(limit: u64) -> Sides<Vec<Budget>> {
    Sides::new(Vec::new(), vec![Budget::calls("calls", limit, HOUR)])
}

fn world(limit: u64) -> World {
    World::with(|setup| setup.settings.budgets = calls(limit))
}

#[test]
fn a_budget_is_never_exceeded_in_any_window_by_all_workers_together() {
    let world = world(40);
    let mut made: Vec<(jiff::Timestamp, u64)> = Vec::new();
    for round in 0..200 {
        // Each round is a new program.
        let engine = world.engine();
        world
            .left
            .create_as_user(thing(&format!("C{round}")))
            .unwrap();
        let before = world.right.traffic().calls();
        let _ = block_on(engine.poll_all());
        world.drain(&engine);
        made.push((world.time(), world.right.traffic().calls() - before));
        world.later(90);
    }
    for (start, _) in &made {
        let inside = made
            .iter()
            .filter(|(at, _)| at >= start && *at < *start + HOUR);
        let calls: u64 = inside.map(|(_, calls)| calls).sum();
        assert!(calls <= 40, "{calls} calls in the hour from {start}");
    }
    assert!(world.right.traffic().calls() > 100, "it stands still");
}

#[test]
fn work_that_the_budget_forbids_waits_and_is_not_held_against_any_record() {
    let world = world(4);
    let engine = world.engine();
    for code in ["C1", "C2"] {
        world.left.create_as_user(thing(code)).unwrap();
        world.hint(&engine, Side::Left, code);
    }
    for _ in 0..30 {
        world.drain(&engine);
        world.later(61);
    }
    assert_eq!(world.right.traffic().calls(), 4);
    assert!(world.parked().is_empty() && world.queued() > 0);
    let status = block_on(engine.status()).unwrap().remove(0);
    let error = status.sides.right.last_error.unwrap();
    assert!(error.message.contains("budget `calls` is spent"), "{error}");
    for _ in 0..60 {
        world.later(600);
        world.drain(&engine);
    }
    assert_eq!((world.right.len(), world.queued()), (2, 0));
    assert!(world.parked().is_empty());
}

/// A second flow over the same systems, of which nothing is asked but to be looked at.
fn two_flows(world: &World, priorities: [Priority; 2]) -> Engine {
    let mut flows = [world.flow.clone(), world.flow.clone()];
    for ((flow, priority), name) in flows.iter_mut().zip(priorities).zip(["stock", "orders"]) {
        flow.name = name.into();
        flow.policy.priority = priority;
    }
    let [stock, orders]: [Flow; 2] = flows;
    let store = Arc::clone(&world.store);
    Engine::builder("test", store, Arc::new(world.clock.clone()))
        .flow(stock)
        .flow(orders)
        .settings(world.settings.clone())
        .build()
        .unwrap()
}

fn polls(world: &World, engine: &Engine, flow: &str, times: usize) -> u64 {
    let before = world.right.traffic().changes;
    for _ in 0..times {
        let feed = sync_core::testing::FakeSystem::modified_feed();
        let _ = block_on(engine.poll(&flow.into(), Side::Right, &feed));
        world.later(1);
    }
    world.right.traffic().changes - before
}

#[test]
fn a_greedy_flow_leaves_the_others_their_share() {
    let world = world(100);
    let engine = two_flows(&world, [Priority::Low, Priority::High]);
    let greedy = polls(&world, &engine, "stock", 300);
    // What is set aside for orders is 70 % × 5 / 7 = 50.
    assert_eq!(greedy, 50);
    let orders = polls(&world, &engine, "orders", 300);
    assert_eq!(orders, 50);
}

#[test]
fn orders_may_take_what_is_free_but_do_not_starve_stock() {
    let world = world(100);
    let engine = two_flows(&world, [Priority::Low, Priority::High]);
    assert_eq!(polls(&world, &engine, "orders", 300), 80);
    assert_eq!(polls(&world, &engine, "stock", 300), 20);
}

#[test]
fn a_flow_alone_has_all_of_it() {
    let world = world(10);
    let engine = world.engine();
    assert_eq!(polls(&world, &engine, "things", 30), 10);
    let status = block_on(engine.budgets()).unwrap().remove(0);
    assert_eq!((status.side, status.spent.calls), (Side::Right, 10));
    world.clock.advance(2 * HOUR);
    assert_eq!(block_on(engine.budgets()).unwrap()[0].spent.calls, 0);
    assert_eq!(polls(&world, &engine, "things", 30), 10);
}

#[derive(Debug, Default)]
struct Counted(Mutex<[u64; 2]>);

impl Observer for Counted {
    fn observe(&self, observation: &Observation<'_>) {
        if let Observation::Called { side, cost, .. } = observation {
            let side = usize::from(*side == Side::Right);
            self.0.lock().unwrap()[side] += cost.calls;
        }
    }
}

#[test]
fn a_plans_forecast_is_what_carrying_it_out_costs() {
    let world = World::with(|setup| {
        setup.settings.first_sync = sync_core::FirstSyncGate::ApprovedPlan;
    });
    for number in 0..150 {
        world
            .left
            .create_as_user(thing(&format!("C{number:03}")))
            .unwrap();
        if number < 40 {
            let other = set("Name", format!("Name of C{number:03}"))
                .with("City", "Lyon")
                .with("VAT", format!("FRC{number:03}"))
                .with("Phone", "other");
            world.right.create_as_user(other).unwrap();
        }
    }
    let counted = Arc::new(Counted::default());
    let store = Arc::clone(&world.store);
    let engine = Engine::builder("test", store, Arc::new(world.clock.clone()))
        .flow(world.flow.clone())
        .settings(world.settings.clone())
        .observer(Arc::<Counted>::clone(&counted))
        .build()
        .unwrap();
    let plan = block_on(engine.plan_first_sync(world.flow_name(), &|_| {})).unwrap();
    block_on(engine.apply_first_sync(world.flow_name(), &plan.hash(), &|_| {})).unwrap();
    *counted.0.lock().unwrap() = [0, 0];
    world.drain(&engine);
    let [left, right] = *counted.0.lock().unwrap();
    // A forecast is on the safe side, but not absurdly so.
    for (forecast, spent) in [
        (plan.forecast.left.calls, left),
        (plan.forecast.right.calls, right),
    ] {
        assert!(
            (spent..=2 * spent).contains(&forecast),
            "forecast {forecast}, spent {spent}"
        );
    }
}

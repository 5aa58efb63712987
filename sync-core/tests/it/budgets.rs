//! Budgets are counted before calls are made, never exceeded, and shared by priority.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use sync_core::{
    Budget, Call, Capabilities, ChangesPage, ChangesRequest, Cost, Endpoint, EndpointError, Engine,
    FeedDescription, FieldName, Flow, Observation, Observer, PageToken, Priority, Problem, Record,
    RecordId, RecordsPage, Side, Sides, Value, Write, WriteError, Written, testing::FakeSystem,
};

use crate::world::{World, block_on, crm, set, thing};

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
        let feed = FakeSystem::modified_feed();
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

/// Each started ten rows cost a credit, so a batch of a hundred costs ten and the searches before it; there are seven an
/// hour.
fn assert_progress(find_batch: usize) {
    let mut world = World::with(|setup| {
        setup.right = crm(&setup.clock).capabilities(|can| can.find_batch = find_batch);
        let mut budget = Budget::calls("credits", 7, HOUR);
        (budget.calls, budget.credits) = (None, Some(7));
        setup.settings.budgets = Sides::new(Vec::new(), vec![budget]);
    });
    world.flow.endpoints.right = Priced::over(&world.right, 1);
    let engine = world.engine();
    for number in 0..100 {
        let id = world.left.create_as_user(thing(&format!("C{number:03}")));
        world.hint(&engine, Side::Left, id.unwrap());
    }
    for _ in 0..1000 {
        world.later(600);
        world.drain(&engine);
    }
    assert_eq!((world.right.len(), world.parked().len()), (100, 0));
}

#[test]
fn a_budget_that_is_smaller_than_a_batch_of_writes_is_spent_in_smaller_calls() {
    assert_progress(100);
}

#[test]
fn a_budget_that_is_smaller_than_a_look_at_a_batch_is_spent_on_smaller_batches() {
    assert_progress(5);
}

#[test]
fn a_budget_that_is_too_small_for_a_single_call_says_so() {
    let mut world = World::with(|setup| {
        let mut budget = Budget::calls("bytes", 10, HOUR);
        (budget.calls, budget.bytes) = (None, Some(10));
        setup.settings.budgets = Sides::new(Vec::new(), vec![budget]);
    });
    world.flow.endpoints.right = Priced::over(&world.right, 1);
    let engine = world.engine();
    world.left.create_as_user(thing("C1")).unwrap();
    world.hint(&engine, Side::Left, "C1");
    world.drain(&engine);
    let status = block_on(engine.status()).unwrap().remove(0);
    let error = status.sides.right.last_error.unwrap();
    assert!(
        error.message.contains("budget `bytes` is too small"),
        "{error}"
    );
}

#[test]
fn what_a_read_did_not_cost_of_what_was_set_aside_is_there_for_the_next() {
    let mut world = World::with(|setup| {
        let mut budget = Budget::calls("credits", 100, HOUR);
        (budget.calls, budget.credits) = (None, Some(100));
        setup.settings.budgets = Sides::new(Vec::new(), vec![budget]);
    });
    let engine = world.engine();
    world.pair(&engine, "C1");
    world.flow.endpoints.right = Priced::over(&world.right, 51);
    let engine = world.engine();
    // A look costs one credit, and up to 51 are set aside for it.
    for _ in 0..40 {
        world.hint(&engine, Side::Left, "C1");
        world.drain(&engine);
    }
    assert_eq!((world.right.traffic().reads, world.queued()), (40, 0));
}

/// A system that counts as Zoho does: a credit for each started ten rows written, and for each record that is looked for
/// in vain; each call weighs a hundred bytes.
#[derive(Debug)]
struct Priced {
    system: FakeSystem,
    /// The most that a read can cost.
    read: usize,
}

impl Priced {
    fn over(system: &FakeSystem, read: usize) -> Arc<Self> {
        let system = system.clone();
        Arc::new(Self { system, read })
    }

    fn credits(credits: usize) -> Cost {
        Cost {
            bytes: 100,
            ..Cost::credits(credits as u64)
        }
    }
}

#[async_trait::async_trait]
impl Endpoint for Priced {
    fn capabilities(&self) -> Capabilities {
        self.system.capabilities()
    }

    fn cost(&self, call: Call) -> Cost {
        match call {
            Call::Write {
                creates, updates, ..
            } => Self::credits((creates + updates).div_ceil(10)),
            _ => Self::credits(1),
        }
    }

    fn most_cost(&self, call: Call) -> Cost {
        match call {
            Call::Read { .. } => Self::credits(self.read),
            call => self.cost(call),
        }
    }

    async fn read_counted(
        &self,
        ids: &[RecordId],
    ) -> Result<(Vec<Option<Record>>, Cost), EndpointError> {
        Ok((self.system.read(ids).await?, Self::credits(1)))
    }

    async fn check(&self) -> Result<Vec<Problem>, EndpointError> {
        self.system.check().await
    }

    async fn read(&self, ids: &[RecordId]) -> Result<Vec<Option<Record>>, EndpointError> {
        self.system.read(ids).await
    }

    async fn find(
        &self,
        field: &FieldName,
        values: &[Value],
    ) -> Result<Vec<Vec<Record>>, EndpointError> {
        self.system.find(field, values).await
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        self.system.write(writes).await
    }

    fn feeds(&self) -> Vec<FeedDescription> {
        self.system.feeds()
    }

    async fn changes(&self, request: &ChangesRequest) -> Result<ChangesPage, EndpointError> {
        self.system.changes(request).await
    }

    async fn list(&self, page: Option<&PageToken>) -> Result<RecordsPage, EndpointError> {
        self.system.list(page).await
    }
}

//! The world of a run, as its seed has it: two systems, a store, a clock, a flow.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;

use super::{
    fault::FaultClass,
    network::Network,
    random::Random,
    state::{Handle, Problem},
    storage::Storage,
    thing::tag_field,
};
use crate::{
    budget::Budget,
    clock::Clock,
    endpoint::Endpoint,
    engine::{Engine, FirstSyncGate, Settings},
    flow::{CreateRule, DeleteRule, Flow, Identity, KeyRule, MatchRule, Policy},
    guard::{Guards, Limit},
    ids::{ConnectionId, FlowName},
    job::{JobKey, ParkedJob},
    link::Link,
    mapping::{ConflictRule, Direction, Kind, Mapping, MappingError, Row},
    side::{Side, Sides},
    store::{MemoryStore, Store, StoreError},
    testing::{FakeSystem, FakeSystemBuilder, ManualClock},
    value::{Document, Value},
};

pub(super) const FLOW: &str = "things";
/// A guard counts within this.
pub(super) const GUARD_WINDOW: Duration = Duration::from_secs(600);
/// A budget counts within this.
pub(super) const BUDGET_WINDOW: Duration = Duration::from_secs(600);
pub(super) const CONNECTION: &str = "simulation";

/// Everything a run is about.
pub(super) struct World {
    /// True time: what the systems go by, each with its own error.
    pub(super) clock: ManualClock,
    /// What the workers take for the time.
    pub(super) workers_clock: ManualClock,
    pub(super) systems: Sides<FakeSystem>,
    pub(super) networks: Sides<Network>,
    pub(super) memory: MemoryStore,
    pub(super) handle: Handle,
    settings: Settings,
    policy: Policy,
    /// Both sides edit everything; otherwise each has its own fields.
    pub(super) contested: bool,
    /// Few things, and much ado about them.
    pub(super) busy: bool,
}

/// Which mapping the workers have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Usual,
    /// Some values do not fit.
    Narrow,
}

impl World {
    pub(super) fn new(handle: Handle) -> Self {
        let clock = ManualClock::new();
        let workers_clock = ManualClock::new();
        let (systems, settings, policy, contested, busy) = {
            let mut state = handle.lock();
            let skew = Side::BOTH.map(|_| {
                let seconds = i64::try_from(state.random.below(1200)).unwrap_or(0) - 600;
                let skewed = state.strikes(FaultClass::ClockSkew, 3);
                SignedDuration::from_secs(if skewed { seconds } else { 0 })
            });
            let random = &mut state.random;
            let contested = random.one_in(2);
            let systems = Sides::new(
                erp(random, &clock).clock_ahead(skew[0]).build(),
                crm(random, &clock, contested).clock_ahead(skew[1]).build(),
            );
            let busy = random.one_in(2);
            let settings = settings(random, busy);
            let policy = policy(random, contested);
            (systems, settings, policy, contested, busy)
        };
        let network = |side: Side| Network {
            side,
            system: systems.get(side).clone(),
            clock: clock.clone(),
            workers_clock: workers_clock.clone(),
            budget: settings.budgets.get(side).first().cloned(),
            deletes: policy.guards.deletes.at_least,
            handle: handle.clone(),
        };
        Self {
            networks: Sides::new(network(Side::Left), network(Side::Right)),
            clock,
            workers_clock,
            systems,
            memory: MemoryStore::new(),
            handle,
            settings,
            policy,
            contested,
            busy,
        }
    }

    /// An engine on another store, where nothing goes wrong.
    pub(super) fn engine_on(&self, store: MemoryStore) -> Result<Engine, Problem> {
        let clock: Arc<dyn Clock> = Arc::new(self.workers_clock.clone());
        let builder = Engine::builder(CONNECTION, Arc::new(store), clock);
        Ok(builder.flow(self.flow(Table::Usual)?).build()?)
    }

    /// A worker that knows nothing but what the store holds.
    pub(super) fn engine(&self, number: usize, table: Table) -> Result<Engine, Problem> {
        let store = Storage {
            inner: self.memory.clone(),
            handle: self.handle.clone(),
        };
        let clock: Arc<dyn Clock> = Arc::new(self.workers_clock.clone());
        let engine = Engine::builder(CONNECTION, Arc::new(store), clock)
            .flow(self.flow(table)?)
            .settings(self.settings.clone())
            .worker(format!("worker {number}"))
            .build()?;
        Ok(engine)
    }

    pub(super) fn flow(&self, table: Table) -> Result<Flow, MappingError> {
        let endpoint =
            |side: Side| -> Arc<dyn Endpoint> { Arc::new(self.networks.get(side).clone()) };
        Ok(Flow {
            name: FlowName::from(FLOW),
            endpoints: Sides::new(endpoint(Side::Left), endpoint(Side::Right)),
            mapping: Mapping::new(rows(table))?,
            identity: Identity {
                keys: Sides::new(KeyRule::compact("code", "Z"), KeyRule::plain("X_Code")),
                matching: vec![MatchRule::on(["tag"])],
            },
            policy: self.policy.clone(),
        })
    }

    /// Time passes, for everybody.
    pub(super) fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.workers_clock.advance(by);
    }

    pub(super) async fn links(&self) -> Result<Vec<Link>, StoreError> {
        let connection = ConnectionId::from(CONNECTION);
        self.memory
            .all_links(&connection, &FlowName::from(FLOW), None, usize::MAX)
            .await
    }

    pub(super) async fn parked(&self) -> Result<Vec<ParkedJob>, StoreError> {
        let connection = ConnectionId::from(CONNECTION);
        self.memory
            .parked(&connection, &FlowName::from(FLOW), None, usize::MAX)
            .await
    }

    pub(super) async fn queued(&self) -> Result<u64, StoreError> {
        let connection = ConnectionId::from(CONNECTION);
        let counts = self
            .memory
            .counts(&connection, &FlowName::from(FLOW))
            .await?;
        Ok(counts.queued)
    }

    pub(super) fn key(&self, side: Side, id: crate::ids::RecordId) -> JobKey {
        JobKey {
            flow: FlowName::from(FLOW),
            side,
            id,
        }
    }
}

fn rows(table: Table) -> Vec<Row> {
    let text = |name: &str, left: &str, right: &str| Row::new(name, left, right, Kind::Text);
    let name = text("name", "name", "Name").rule(ConflictRule::Left);
    vec![
        Row::new("code", "code", "X_Code", Kind::Code).direction(Direction::ToRight),
        match table {
            Table::Usual => name,
            Table::Narrow => name.max_length(Side::Right, 7),
        },
        text("phone", "phone", "Phone").rule(ConflictRule::Newest),
        text("city", "city", "City").rule(ConflictRule::Right),
        Row::new("vat", "vat", "VAT", Kind::Code).rule(ConflictRule::Park),
        Row::new("active", "active", "Active", Kind::Boolean).rule(ConflictRule::Left),
        text("tag", tag_field(Side::Left), tag_field(Side::Right)).rule(ConflictRule::Left),
    ]
}

/// The left system: an ERP that knows records by their code.
fn erp(random: &mut Random, clock: &ManualClock) -> FakeSystemBuilder {
    let system = FakeSystem::builder(clock.clone())
        .fields(["code", "name", "phone", "city", "vat", "active", "tag"])
        .ids_from("code")
        .default_value("active", true)
        .page_size(2 + random.index(20));
    let system = match random.one_in(2) {
        true => system.keeps_history(),
        false => system,
    };
    match random.one_in(3) {
        true => system.capabilities(|can| can.write_batch = 1),
        false => system,
    }
}

/// The right system: a CRM with long numbers as ids and stamps in seconds.
fn crm(random: &mut Random, clock: &ManualClock, contested: bool) -> FakeSystemBuilder {
    let mut system = FakeSystem::builder(clock.clone())
        .fields(["X_Code", "Name", "Phone", "City", "VAT", "Active", "Tag"])
        .unique_ignoring_case("X_Code")
        .first_id(5_725_767_000_000_500_001)
        .stamp_precision(Duration::from_secs(1))
        .default_value("Active", true)
        .page_size(2 + random.index(20));
    if random.one_in(2) {
        system = system.upserts();
    }
    if random.one_in(4) {
        system = system.newest_first();
    }
    if random.one_in(2) {
        system = system.keeps_history();
    }
    // What a system makes of a value looks like an edit there, so it is only tried where users do not compete.
    if !contested && random.one_in(3) {
        system = system.normalise("City", capitals);
    }
    if random.one_in(3) {
        system = system.capabilities(|can| {
            can.read_batch = 2;
            can.find_batch = 3;
            can.write_batch = 2;
        });
    }
    system
}

fn capitals(value: Value) -> Value {
    match value.as_text() {
        Some(text) => Value::text(text.to_uppercase()),
        None => value,
    }
}

fn settings(random: &mut Random, busy: bool) -> Settings {
    let poll_every = if busy { 1 } else { 5 + random.below(56) };
    let budget = Budget::calls("calls", 150 + random.below(150), BUDGET_WINDOW);
    let budgets = match random.one_in(4) {
        true => Sides::new(Vec::new(), vec![budget]),
        false => Sides::default(),
    };
    Settings {
        batch: 1 + random.index(8),
        poll_every: Duration::from_secs(poll_every),
        budgets,
        sweep_every: None,
        first_sync: FirstSyncGate::Open,
        ..Settings::default()
    }
}

fn policy(random: &mut Random, contested: bool) -> Policy {
    let guards = Guards {
        deletes: Limit::new(0, 1 + random.below(2)),
        window: GUARD_WINDOW,
        ..Guards::default()
    };
    let mut rule = || match random.below(4) {
        0 => DeleteRule::Delete,
        1 => DeleteRule::Deactivate(Document::new().with("active", false)),
        2 => DeleteRule::Unlink,
        _ => DeleteRule::Ignore,
    };
    Policy {
        create: Sides::new(CreateRule::Always, CreateRule::Always),
        deleted: Sides::new(rule(), rule()),
        // People who keep overwriting each other look like systems that do.
        max_unsettled_writes: if contested { 100 } else { 6 },
        max_attempts: 1000,
        guards,
        ..Policy::default()
    }
}

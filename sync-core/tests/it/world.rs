//! Two systems, a store, a clock, and the flow between them: what most tests begin with.

use std::{future::Future, sync::Arc, time::Duration};

use futures::FutureExt;
use sync_core::{
    AuditEntry, AuditEvent, AuditQuery, Clock, ConflictRule, ConnectionId, Direction, Document,
    Engine, FieldDecision, FirstSyncGate, Flow, FlowName, Identity, JobKey, KeyRule, Kind, Link,
    Mapping, MatchRule, MemoryStore, ParkReason, ParkedJob, Policy, Polled, RecordId, Report, Row,
    Settings, Side, Sides, Store, Value,
    testing::{FakeSystem, FakeSystemBuilder, ManualClock},
};

/// The rows of the flow: name, left field, right field, kind, direction, rule.
pub(crate) fn rows() -> Vec<Row> {
    let text = |name: &str, left: &str, right: &str| Row::new(name, left, right, Kind::Text);
    vec![
        Row::new("code", "code", "X_Code", Kind::Code).direction(Direction::ToRight),
        text("name", "name", "Name")
            .rule(ConflictRule::Left)
            .max_length(Side::Left, 30),
        text("phone", "phone", "Phone").rule(ConflictRule::Newest),
        text("city", "city", "City").rule(ConflictRule::Right),
        Row::new("vat", "vat", "VAT", Kind::Code).rule(ConflictRule::Park),
        Row::new("credit", "credit", "Credit", Kind::Decimal { scale: 2 })
            .direction(Direction::ToRight),
        Row::new("active", "active", "Active", Kind::Boolean).rule(ConflictRule::Left),
        text("memo", "memo", "Memo").direction(Direction::CreateOnly),
    ]
}

/// The left system: an ERP that knows records by their code.
pub(crate) fn erp(clock: &ManualClock) -> FakeSystemBuilder {
    FakeSystem::builder(clock.clone())
        .fields([
            "code", "name", "phone", "city", "vat", "credit", "active", "memo",
        ])
        .ids_from("code")
        .default_value("active", true)
}

/// The right system: a CRM with long numbers as ids and stamps in seconds.
pub(crate) fn crm(clock: &ManualClock) -> FakeSystemBuilder {
    FakeSystem::builder(clock.clone())
        .fields([
            "X_Code", "Name", "Phone", "City", "VAT", "Credit", "Active", "Memo",
        ])
        .unique_ignoring_case("X_Code")
        .first_id(5_725_767_000_000_500_001)
        .stamp_precision(Duration::from_secs(1))
        .default_value("Active", true)
}

/// What a test may want otherwise.
pub(crate) struct Setup {
    pub(crate) clock: ManualClock,
    pub(crate) left: FakeSystemBuilder,
    pub(crate) right: FakeSystemBuilder,
    pub(crate) rows: Vec<Row>,
    pub(crate) policy: Policy,
    pub(crate) matching: Vec<MatchRule>,
    pub(crate) keys: Sides<KeyRule>,
    pub(crate) settings: Settings,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::new();
        Self {
            left: erp(&clock),
            right: crm(&clock),
            clock,
            rows: rows(),
            policy: Policy::default(),
            matching: vec![MatchRule::on(["vat"]), MatchRule::on(["name", "city"])],
            keys: Sides::new(KeyRule::compact("code", "Z"), KeyRule::plain("X_Code")),
            settings: Settings {
                first_sync: FirstSyncGate::Open,
                ..Settings::default()
            },
        }
    }

    pub(crate) fn build(self) -> World {
        let (left, right) = (self.left.build(), self.right.build());
        let memory = MemoryStore::new();
        let flow = Flow {
            name: FlowName::from("things"),
            endpoints: Sides::new(Arc::new(left.clone()), Arc::new(right.clone())),
            mapping: Mapping::new(self.rows).unwrap(),
            identity: Identity {
                keys: self.keys,
                matching: self.matching,
            },
            policy: self.policy,
        };
        World {
            connection: ConnectionId::from("test"),
            clock: self.clock,
            left,
            right,
            store: Arc::new(memory),
            flow,
            settings: self.settings,
        }
    }
}

/// Everything a test looks at.
pub(crate) struct World {
    pub(crate) connection: ConnectionId,
    pub(crate) clock: ManualClock,
    pub(crate) left: FakeSystem,
    pub(crate) right: FakeSystem,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) flow: Flow,
    pub(crate) settings: Settings,
}

impl World {
    pub(crate) fn new() -> Self {
        Setup::new().build()
    }

    pub(crate) fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup::new();
        change(&mut setup);
        setup.build()
    }

    /// An engine that knows nothing but what the store holds: a restart.
    pub(crate) fn engine(&self) -> Engine {
        self.engine_on(Arc::clone(&self.store))
    }

    pub(crate) fn engine_on(&self, store: Arc<dyn Store>) -> Engine {
        Engine::builder(self.connection.clone(), store, Arc::new(self.clock.clone()))
            .flow(self.flow.clone())
            .settings(self.settings.clone())
            .build()
            .unwrap()
    }

    pub(crate) fn flow_name(&self) -> &FlowName {
        &self.flow.name
    }

    pub(crate) fn system(&self, side: Side) -> &FakeSystem {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }

    pub(crate) fn key(&self, side: Side, id: impl Into<RecordId>) -> JobKey {
        JobKey {
            flow: self.flow.name.clone(),
            side,
            id: id.into(),
        }
    }

    /// One poll of all feeds and all the work that is due.
    pub(crate) fn round(&self, engine: &Engine) -> (Polled, Report) {
        let polled = engine.poll_all().now_or_never().expect("hung").unwrap();
        (polled, self.drain(engine))
    }

    pub(crate) fn drain(&self, engine: &Engine) -> Report {
        engine.drain().now_or_never().expect("hung").unwrap()
    }

    /// Polls and works, minute by minute, until there is nothing left to do. Fails if that never comes.
    pub(crate) fn settle(&self, engine: &Engine) -> Report {
        let mut sum = Report::default();
        let mut quiet = 0;
        for _ in 0..200 {
            self.clock.advance(Duration::from_secs(61));
            // A system that is down is part of some tests; its feeds are read when it is back.
            let polled = engine.poll_all().now_or_never().expect("hung");
            let report = self.drain(engine);
            sum += report;
            let idle = report.looked_at == 0 && self.queued() == 0;
            quiet = if idle && polled.is_ok_and(|polled| polled.queued == 0) {
                quiet + 1
            } else {
                0
            };
            if quiet == 3 {
                return sum;
            }
        }
        panic!("it does not come to rest: {:?}", self.parked());
    }

    pub(crate) fn queued(&self) -> u64 {
        let counts = self.store.counts(&self.connection, self.flow_name());
        block_on(counts).unwrap().queued
    }

    pub(crate) fn parked(&self) -> Vec<ParkedJob> {
        let parked = self
            .store
            .parked(&self.connection, self.flow_name(), None, 10_000);
        block_on(parked).unwrap()
    }

    /// The one parked job and why it is parked.
    pub(crate) fn only_parked(&self) -> ParkedJob {
        let parked = self.parked();
        assert_eq!(parked.len(), 1, "{parked:?}");
        parked.into_iter().next().unwrap()
    }

    pub(crate) fn park_reasons(&self) -> Vec<ParkReason> {
        let parked = self.parked().into_iter();
        parked.map(|job| job.parked.reason).collect()
    }

    pub(crate) fn links(&self) -> Vec<Link> {
        let links = self
            .store
            .all_links(&self.connection, self.flow_name(), None, 100_000);
        block_on(links).unwrap()
    }

    pub(crate) fn audit(&self) -> Vec<AuditEntry> {
        let query = AuditQuery {
            limit: usize::MAX,
            ..AuditQuery::default()
        };
        let stored = block_on(self.store.audit(&self.connection, &query)).unwrap();
        stored.into_iter().map(|stored| stored.entry).collect()
    }

    pub(crate) fn events(&self) -> Vec<AuditEvent> {
        self.audit().into_iter().map(|entry| entry.event).collect()
    }

    /// All decisions about a field, oldest first.
    pub(crate) fn decisions(&self, field: &str) -> Vec<FieldDecision> {
        let entries = self.audit().into_iter();
        entries
            .flat_map(|entry| entry.fields)
            .filter(|decision| decision.field.as_str() == field)
            .collect()
    }

    /// The partner of a record, by the links.
    pub(crate) fn partner(&self, side: Side, id: &RecordId) -> Option<RecordId> {
        let links = self.links().into_iter();
        let mut own = links.filter(|link| link.content.ids.get(side).as_ref() == Some(id));
        own.next()?.content.ids.get(side.other()).clone()
    }

    /// A linked pair that agrees: the left code, and the right id.
    pub(crate) fn pair(&self, engine: &Engine, code: &str) -> (RecordId, RecordId) {
        let left = self.left.create_as_user(thing(code)).unwrap();
        self.settle(engine);
        let right = self.partner(Side::Left, &left).expect("not linked");
        self.forget_traffic();
        (left, right)
    }

    pub(crate) fn forget_traffic(&self) {
        self.left.forget_traffic();
        self.right.forget_traffic();
    }

    /// Rows written since the traffic was last forgotten.
    pub(crate) fn rows_written(&self) -> u64 {
        self.left.traffic().rows_written + self.right.traffic().rows_written
    }

    /// Both records of each linked pair agree in every field that is kept in agreement.
    pub(crate) fn assert_agreement(&self) {
        for link in self.links() {
            let Some(ids) = link.content.bound() else {
                panic!("half a link at rest: {link:?}");
            };
            let left = self.left.record(ids.left.clone());
            let right = self.right.record(ids.right.clone());
            let (Some(left), Some(right)) = (left, right) else {
                continue;
            };
            let left = self.flow.mapping.project(Side::Left, &left.fields).unwrap();
            let right = self
                .flow
                .mapping
                .project(Side::Right, &right.fields)
                .unwrap();
            for row in self.flow.mapping.rows() {
                if matches!(row.direction, Direction::CreateOnly | Direction::None) {
                    continue;
                }
                let name = row.name.as_str();
                assert_eq!(left.get(name), right.get(name), "{name} of {ids:?}");
            }
        }
    }

    /// Nothing is written by looking at everything once more.
    pub(crate) fn assert_rest(&self, engine: &Engine) {
        self.forget_traffic();
        for record in self.left.all_records() {
            self.hint(engine, Side::Left, record.id);
        }
        for record in self.right.all_records() {
            self.hint(engine, Side::Right, record.id);
        }
        self.settle(engine);
        assert_eq!(self.rows_written(), 0, "something was written at rest");
    }

    pub(crate) fn hint(&self, engine: &Engine, side: Side, id: impl Into<RecordId>) {
        let hint = sync_core::Hint {
            key: self.key(side, id),
            cause: sync_core::Cause::Webhook,
        };
        block_on(engine.ingest(&[hint])).unwrap();
    }

    pub(crate) fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn time(&self) -> jiff::Timestamp {
        self.clock.now()
    }
}

/// A left record.
pub(crate) fn thing(code: &str) -> Document {
    Document::new()
        .with("code", code)
        .with("name", format!("Name of {code}"))
        .with("phone", "0123")
        .with("city", "Lyon")
        .with("vat", format!("FR{code}"))
}

/// A right record.
pub(crate) fn account(name: &str) -> Document {
    Document::new()
        .with("Name", name)
        .with("Phone", "0456")
        .with("City", "Paris")
        .with("VAT", format!("DE-{name}"))
}

pub(crate) fn set(field: &str, value: impl Into<Value>) -> Document {
    Document::new().with(field, value)
}

pub(crate) fn text(value: &str) -> Value {
    Value::text(value)
}

/// The outcome of a future that never has to wait: nothing does here, unless it was told to hang.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    future.now_or_never().expect("hung")
}

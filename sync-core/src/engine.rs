//! The executor around the pure parts: claims, reads, plans, writes, commits.

mod batch;
mod breaker;
mod calls;
mod channels;
mod dependants;
mod desk;
mod documents;
mod ending;
mod execute;
mod feed;
mod guard;
mod health;
mod identify;
mod inspect;
mod isolate;
mod look_back;
mod meter;
mod news;
mod observe;
mod outcome;
mod portion;
mod redact;
mod report;
mod rolling;
mod run;
mod sweep;
mod task;
mod trail;
mod unmapped;

use std::{
    collections::{BTreeSet, HashSet},
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use event_listener::Event;
use jiff::Timestamp;

pub(crate) use self::identify::MOST_CANDIDATES;
use self::{
    breaker::Breakers,
    channels::Tended,
    guard::{PairCounts, SeenFields},
    health::Successes,
    meter::Purses,
    portion::Portions,
    run::Upkeep,
};
pub use self::{
    breaker::SideHealth,
    feed::Polled,
    health::{FeedHealth, FlowHealth, Health},
    inspect::{Inspected, Seen},
    observe::{Observation, Observer},
    report::{FlowStatus, Report, Tick},
    sweep::Swept,
    trail::{Rebuilt, Trail},
    unmapped::{CodeScan, UnmappedCode},
};
use crate::{
    budget::Budget,
    channel::EventSource,
    clock::Clock,
    error::Error,
    first_sync::Surveys,
    flow::{Flow, FlowError},
    ids::{ConnectionId, FlowName, WorkerId},
    job::{Claim, Hint},
    mapping::PersonalData,
    scratch::{MemoryScratch, Scratch},
    side::{Side, Sides},
    store::Store,
};

/// Bounds and rhythms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Most keys in one tick. Calls are shared by that many; 100 is what both Zoho and X3 take at once.
    pub batch: usize,
    /// How long a worker may hold keys. After that another may take them over, as if this one were dead.
    pub lease: Duration,
    /// No call to a system takes longer: the time-outs of the clients see to that. A worker whose lease might run out
    /// during a write does not send it, as another may be writing by then. Well below the lease: of more than half of it,
    /// half of it is taken.
    pub longest_call: Duration,
    /// Pause before the second try of a key; doubles with each further one.
    pub retry_base: Duration,
    /// The longest pause between tries of a key.
    pub retry_max: Duration,
    /// How far each poll reaches back behind the watermark: rows are committed after their stamp was taken.
    pub overlap: Duration,
    /// The watermark stays this far behind the present, so that rows committed late are not passed over.
    pub lag: Duration,
    /// Pause between polls of one feed.
    pub poll_every: Duration,
    /// Whether a flow may run before its first-sync plan was approved.
    pub first_sync: FirstSyncGate,
    /// Personal data whose values are kept out of the audit. What is left out cannot be explained or rebuilt from it.
    pub redact: BTreeSet<PersonalData>,
    /// How much may be spent on each system.
    pub budgets: Sides<Vec<Budget>>,
    /// Pause between questions whether the systems are set up as the flows need it.
    pub check_every: Duration,
    /// Pause between comparisons of everything. `None`: only when [`Engine::sweep`] is called.
    pub sweep_every: Option<Duration>,
}

/// Whether a flow may run before its first-sync plan was approved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstSyncGate {
    /// No. This is what keeps a first run from duplicating everything.
    #[default]
    ApprovedPlan,
    /// Yes: both sides are known to be empty or linked.
    Open,
}

impl Default for Settings {
    /// 100 keys, 2 minutes' lease, calls of at most 30 s, tries from 2 s to 5 min apart, 3 minutes' overlap, 30 s lag, a
    /// poll a minute, a check an hour, a sweep a day, no budgets.
    fn default() -> Self {
        Self {
            batch: 100,
            lease: Duration::from_secs(120),
            longest_call: Duration::from_secs(30),
            retry_base: Duration::from_secs(2),
            retry_max: Duration::from_secs(300),
            overlap: Duration::from_secs(180),
            lag: Duration::from_secs(30),
            poll_every: Duration::from_secs(60),
            first_sync: FirstSyncGate::default(),
            redact: BTreeSet::new(),
            budgets: Sides::default(),
            check_every: Duration::from_secs(3600),
            sweep_every: Some(Duration::from_secs(86_400)),
        }
    }
}

/// Keeps two systems in agreement.
///
/// It does bounded work when it is called and never sleeps or spawns: the embedder's loop does. Any number of engines,
/// in any number of processes, may share one store.
pub struct Engine {
    pub(crate) connection: ConnectionId,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) flows: Vec<Flow>,
    pub(crate) settings: Settings,
    worker: WorkerId,
    pub(crate) scratch: Arc<dyn Scratch>,
    breakers: Breakers,
    purses: Purses,
    portions: Portions,
    observer: Option<Arc<dyn Observer>>,
    channels: Vec<Tended>,
    seen_fields: SeenFields,
    pair_counts: PairCounts,
    successes: Successes,
    upkeep: Upkeep,
    approved: Mutex<HashSet<FlowName>>,
    /// What the plans that are being carried out know of both sides.
    pub(crate) surveys: Surveys,
    /// Flows whose parked records this engine has looked through.
    reviewed: Mutex<HashSet<FlowName>>,
    /// The flow whose turn it is.
    turn: AtomicUsize,
    /// Tells those who run this engine that there is something to do.
    roused: Event,
}

/// Settings of an [`Engine`].
#[derive(Debug)]
#[must_use = "call build"]
pub struct EngineBuilder {
    connection: ConnectionId,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    flows: Vec<Flow>,
    settings: Settings,
    worker: WorkerId,
    observer: Option<Arc<dyn Observer>>,
    channels: Vec<Tended>,
    scratch: Arc<dyn Scratch>,
}

impl EngineBuilder {
    /// Adds a flow.
    pub fn flow(mut self, flow: Flow) -> Self {
        self.flows.push(flow);
        self
    }

    /// Replaces the settings.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Tells `observer` what is done, as it is done.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Looks after a channel by which one side of a flow announces changes.
    pub fn channel(
        mut self,
        flow: impl Into<FlowName>,
        side: Side,
        source: Arc<dyn EventSource>,
    ) -> Self {
        let flow = flow.into();
        self.channels.push(Tended { flow, side, source });
        self
    }

    /// Names this worker in leases. Default `worker`.
    pub fn worker(mut self, worker: impl Into<WorkerId>) -> Self {
        self.worker = worker.into();
        self
    }

    /// Where first-sync plans are worked out. Default [`MemoryScratch`].
    pub fn scratch(mut self, scratch: Arc<dyn Scratch>) -> Self {
        self.scratch = scratch;
        self
    }

    /// Builds the engine.
    ///
    /// # Errors
    /// [`Error::Flow`] when a flow's rules cannot be kept.
    pub fn build(self) -> Result<Engine, Error> {
        for flow in &self.flows {
            flow.check()?;
            let is_unknown = |parent: &&FlowName| {
                let mut flows = self.flows.iter();
                flows.all(|flow| flow.name != **parent)
            };
            let mut parents = flow.mapping.referenced_flows().into_iter();
            let unknown = parents.find(is_unknown);
            if let Some(parent) = unknown {
                return Err(Error::Flow(FlowError::UnknownParent {
                    flow: flow.name.clone(),
                    parent: parent.clone(),
                }));
            }
        }
        Ok(Engine {
            connection: self.connection,
            store: self.store,
            clock: self.clock,
            flows: self.flows,
            settings: self.settings,
            worker: self.worker,
            scratch: self.scratch,
            breakers: Breakers::default(),
            purses: Purses::default(),
            portions: Portions::default(),
            observer: self.observer,
            channels: self.channels,
            seen_fields: SeenFields::default(),
            pair_counts: PairCounts::default(),
            successes: Successes::default(),
            upkeep: Upkeep::default(),
            approved: Mutex::default(),
            surveys: Surveys::default(),
            reviewed: Mutex::default(),
            turn: AtomicUsize::new(0),
            roused: Event::new(),
        })
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flows: Vec<&FlowName> = self.flows.iter().map(|flow| &flow.name).collect();
        f.debug_struct("Engine")
            .field("connection", &self.connection)
            .field("flows", &flows)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine for `connection` on `store`.
    pub fn builder(
        connection: impl Into<ConnectionId>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> EngineBuilder {
        EngineBuilder {
            connection: connection.into(),
            store,
            clock,
            flows: Vec::new(),
            settings: Settings::default(),
            worker: WorkerId::from("worker"),
            observer: None,
            channels: Vec::new(),
            scratch: Arc::new(MemoryScratch),
        }
    }

    /// Queues keys to be looked at, durably: when this returns, a notification may be acknowledged. Whoever
    /// [runs](Self::run) this engine takes them up at once.
    ///
    /// # Errors
    /// [`Error::Store`] when they were not queued.
    pub async fn ingest(&self, hints: &[Hint]) -> Result<(), Error> {
        self.store
            .enqueue(&self.connection, hints, None, self.clock.now())
            .await?;
        self.roused.notify(usize::MAX);
        self.note_events(hints).await;
        Ok(())
    }

    /// Does one batch of work of the next flow that has any. Flows take turns, so that none starves.
    ///
    /// Failures of systems and records are not errors here: they are kept with the records and in
    /// [`status`](Self::status).
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails; what was begun is taken up when its lease lapses.
    pub async fn tick(&self) -> Result<Tick, Error> {
        let mut next_due: Option<Timestamp> = None;
        let turn = self.turn.load(Ordering::Relaxed);
        for place in 0..self.flows.len() {
            let place = (turn + place) % self.flows.len();
            let flow = &self.flows[place];
            if !self.may_run(flow).await? || self.stopped(&flow.name).await?.is_some() {
                continue;
            }
            self.review_once(flow).await?;
            let now = self.clock.now();
            if let Some(until) = self.breakers.closed_until(&flow.name, now) {
                next_due = earlier(next_due, Some(until));
                continue;
            }
            let claim = Claim {
                flow: flow.name.clone(),
                worker: self.worker.clone(),
                limit: self.portions.of(&flow.name, self.settings.batch),
                now,
                lease_until: now + self.settings.lease,
            };
            let jobs = self.store.claim(&self.connection, &claim).await?;
            if !jobs.is_empty() {
                self.turn.store(place + 1, Ordering::Relaxed);
                return Ok(Tick::Worked(
                    self.run_batch(flow, jobs, claim.lease_until).await?,
                ));
            }
            self.surveys.forget(&flow.name);
            next_due = earlier(
                next_due,
                self.store.next_due(&self.connection, &flow.name).await?,
            );
        }
        Ok(Tick::Idle { next_due })
    }

    /// Ticks until there is nothing due, and sums up. Work that is due later stays queued.
    ///
    /// # Errors
    /// As [`tick`](Self::tick).
    pub async fn drain(&self) -> Result<Report, Error> {
        let mut sum = Report::default();
        while let Tick::Worked(report) = self.tick().await? {
            sum += report;
        }
        Ok(sum)
    }

    /// How each flow stands.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn status(&self) -> Result<Vec<FlowStatus>, Error> {
        let mut status = Vec::with_capacity(self.flows.len());
        for flow in &self.flows {
            status.push(FlowStatus {
                flow: flow.name.clone(),
                approved: self.may_run(flow).await?,
                counts: self.store.counts(&self.connection, &flow.name).await?,
                sides: Sides::new(Side::Left, Side::Right)
                    .map(|side| self.breakers.health(&flow.name, side)),
            });
        }
        Ok(status)
    }

    /// The flow named `name`.
    ///
    /// # Errors
    /// [`Error::UnknownFlow`].
    pub fn flow(&self, name: &FlowName) -> Result<&Flow, Error> {
        self.flows
            .iter()
            .find(|flow| flow.name == *name)
            .ok_or_else(|| Error::UnknownFlow(name.clone()))
    }

    /// A program that was started anew may have other rules than the one that parked the records.
    async fn review_once(&self, flow: &Flow) -> Result<(), Error> {
        let reviewed = || self.reviewed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !reviewed().contains(&flow.name);
        if is_new {
            self.review_parked(&flow.name).await?;
            // Only now: what is parked under rules that were not written down would not be looked at when these change.
            reviewed().insert(flow.name.clone());
        }
        Ok(())
    }

    async fn may_run(&self, flow: &Flow) -> Result<bool, Error> {
        if self.settings.first_sync == FirstSyncGate::Open
            || self.approved_flows().contains(&flow.name)
        {
            return Ok(true);
        }
        let approved = crate::first_sync::is_approved(self, &flow.name).await?;
        if approved {
            self.approved_flows().insert(flow.name.clone());
        }
        Ok(approved)
    }

    fn approved_flows(&self) -> std::sync::MutexGuard<'_, HashSet<FlowName>> {
        self.approved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn earlier(left: Option<Timestamp>, right: Option<Timestamp>) -> Option<Timestamp> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (one, other) => one.or(other),
    }
}

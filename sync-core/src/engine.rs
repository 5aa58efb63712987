//! The executor around the pure parts: claims, reads, plans, writes, commits.

mod batch;
mod breaker;
mod dependants;
mod ending;
mod execute;
mod feed;
mod identify;
mod isolate;
mod outcome;
mod redact;
mod report;

use std::{
    collections::{BTreeSet, HashSet},
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;

use self::breaker::Breakers;
pub(crate) use self::identify::MOST_CANDIDATES;
pub use self::{
    breaker::SideHealth,
    feed::Polled,
    report::{FlowStatus, Report, Tick},
};
use crate::{
    audit::{AuditEntry, AuditEvent, AuditQuery, StoredAudit},
    clock::Clock,
    error::Error,
    flow::{Flow, FlowError},
    ids::{ConnectionId, FlowName, WorkerId},
    job::{Cause, Claim, Hint, JobKey, ParkedJob},
    mapping::PersonalData,
    side::{Side, Sides},
    store::Store,
};

/// Bounds and rhythms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Most keys in one tick. Calls are shared by that many; 100 is what both Zoho and X3 take at once.
    pub batch: usize,
    /// How long a worker may hold keys. Longer than the slowest tick.
    pub lease: Duration,
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
    /// 100 keys, 2 minutes' lease, tries from 2 s to 5 min apart, 3 minutes' overlap, 30 s lag, a poll a minute.
    fn default() -> Self {
        Self {
            batch: 100,
            lease: Duration::from_secs(120),
            retry_base: Duration::from_secs(2),
            retry_max: Duration::from_secs(300),
            overlap: Duration::from_secs(180),
            lag: Duration::from_secs(30),
            poll_every: Duration::from_secs(60),
            first_sync: FirstSyncGate::default(),
            redact: BTreeSet::new(),
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
    breakers: Breakers,
    approved: Mutex<HashSet<FlowName>>,
    /// The flow whose turn it is.
    turn: AtomicUsize,
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

    /// Names this worker in leases. Default `worker`.
    pub fn worker(mut self, worker: impl Into<WorkerId>) -> Self {
        self.worker = worker.into();
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
            breakers: Breakers::default(),
            approved: Mutex::default(),
            turn: AtomicUsize::new(0),
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
        }
    }

    /// Queues keys to be looked at, durably: when this returns, a notification may be acknowledged.
    ///
    /// # Errors
    /// [`Error::Store`] when they were not queued.
    pub async fn ingest(&self, hints: &[Hint]) -> Result<(), Error> {
        Ok(self
            .store
            .enqueue(&self.connection, hints, None, self.clock.now())
            .await?)
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
            if !self.may_run(flow).await? {
                continue;
            }
            let now = self.clock.now();
            if let Some(until) = self.breakers.closed_until(&flow.name, now) {
                next_due = earlier(next_due, Some(until));
                continue;
            }
            let claim = Claim {
                flow: flow.name.clone(),
                worker: self.worker.clone(),
                limit: self.settings.batch,
                now,
                lease_until: now + self.settings.lease,
            };
            let jobs = self.store.claim(&self.connection, &claim).await?;
            if !jobs.is_empty() {
                self.turn.store(place + 1, Ordering::Relaxed);
                return Ok(Tick::Worked(self.run_batch(flow, jobs).await?));
            }
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

    /// Polls what is due and works until `stop` resolves. `sleep` is the embedder's timer.
    ///
    /// # Errors
    /// Only what cannot be waited out; failing stores and systems are waited out.
    pub async fn run<S, F, E>(&self, sleep: S, stop: E) -> Result<(), Error>
    where
        S: Fn(Duration) -> F + Send + Sync,
        F: Future<Output = ()> + Send,
        E: Future<Output = ()> + Send,
    {
        let work = async {
            loop {
                let next_poll = self.poll_due().await;
                let next_work = match self.drain_and_next().await {
                    Ok(next) => next,
                    Err(error) => {
                        tracing::warn!(%error, "the store failed; trying again");
                        Some(self.clock.now() + self.settings.retry_base)
                    }
                };
                let wait = self.until(earlier(Some(next_poll), next_work));
                sleep(wait).await;
            }
        };
        futures::pin_mut!(work, stop);
        futures::future::select(work, stop).await;
        Ok(())
    }

    async fn drain_and_next(&self) -> Result<Option<Timestamp>, Error> {
        loop {
            if let Tick::Idle { next_due } = self.tick().await? {
                return Ok(next_due);
            }
        }
    }

    /// The pause until `at`, at least a moment and at most a second: webhooks queue work at any time.
    fn until(&self, at: Option<Timestamp>) -> Duration {
        let longest = Duration::from_secs(1);
        let wait = at.map_or(longest, |at| {
            Duration::try_from(at.duration_since(self.clock.now())).unwrap_or_default()
        });
        wait.clamp(Duration::from_millis(20), longest)
    }

    /// Looks at parked keys again.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn replay(&self, keys: &[JobKey]) -> Result<(), Error> {
        let hints: Vec<Hint> = keys
            .iter()
            .map(|key| Hint {
                key: key.clone(),
                cause: Cause::Replay,
            })
            .collect();
        self.ingest(&hints).await
    }

    /// Gives up parked keys. Returns how many were parked. They come back with the next change of their records.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn dismiss(&self, keys: &[JobKey]) -> Result<usize, Error> {
        let at = self.clock.now();
        let audit: Vec<AuditEntry> = keys.iter().map(|key| dismissal(key, at)).collect();
        Ok(self.store.dismiss(&self.connection, keys, &audit).await?)
    }

    /// All parked keys of a flow, page by page after `after`.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn parked(
        &self,
        flow: &FlowName,
        after: Option<&JobKey>,
        limit: usize,
    ) -> Result<Vec<ParkedJob>, Error> {
        Ok(self
            .store
            .parked(&self.connection, flow, after, limit)
            .await?)
    }

    /// A page of the audit trail.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn audit(&self, query: &AuditQuery) -> Result<Vec<StoredAudit>, Error> {
        Ok(self.store.audit(&self.connection, query).await?)
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

fn dismissal(key: &JobKey, at: Timestamp) -> AuditEntry {
    let mut ids = Sides::default();
    *ids.get_mut(key.side) = Some(key.id.clone());
    let (flow, event) = (key.flow.clone(), AuditEvent::Dismissed);
    AuditEntry {
        attempt: 0,
        ..AuditEntry::new(at, flow, ids, Cause::Replay, event)
    }
}

fn earlier(left: Option<Timestamp>, right: Option<Timestamp>) -> Option<Timestamp> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (one, other) => one.or(other),
    }
}

//! Who goes on next: workers, users, notifications, time, and trouble.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::{FutureExt, task::noop_waker_ref};
use jiff::SignedDuration;

use super::{
    fault::FaultClass,
    state::{Problem, State},
    thing::EDITED,
    world::{FLOW, Table, World},
};
use crate::{
    clock::Clock,
    engine::{Engine, Tick},
    error::Error,
    guard::Allowance,
    ids::{FieldName, FlowName},
    job::{JobKey, ParkReason},
    side::Side,
};

type Task = Pin<Box<dyn Future<Output = String> + Send>>;

/// A process that works for the engine.
struct Worker {
    engine: Arc<Engine>,
    task: Option<Task>,
}

/// All that takes turns in a run.
pub(super) struct Schedule {
    pub(super) world: World,
    workers: Vec<Worker>,
    table: Table,
    made: usize,
    sweeps: bool,
}

impl Schedule {
    pub(super) fn new(world: World, sweeps: bool) -> Result<Self, Problem> {
        let many = match world.busy {
            true => 3,
            false => 1 + world.handle.lock().random.index(3),
        };
        let mut schedule = Self {
            world,
            workers: Vec::new(),
            table: Table::Usual,
            made: 0,
            sweeps,
        };
        for _ in 0..many {
            let worker = schedule.start()?;
            schedule.workers.push(worker);
        }
        Ok(schedule)
    }

    fn start(&mut self) -> Result<Worker, Problem> {
        self.made += 1;
        Ok(Worker {
            engine: Arc::new(self.world.engine(self.made, self.table)?),
            task: None,
        })
    }

    /// One thing happens.
    pub(super) fn step(&mut self) -> Result<(), Problem> {
        let choice = self.world.handle.lock().random.below(100);
        match choice {
            0..=65 => self.worker_goes_on(),
            66..=75 => self.world.user_acts(),
            76..=81 => self.notification_arrives(),
            82..=93 => self.time_passes(),
            94 => return self.worker_dies(),
            95 => return self.mapping_changes(),
            _ => return self.trouble_comes(),
        }
        Ok(())
    }

    fn worker_goes_on(&mut self) {
        let number = self.world.handle.lock().random.index(self.workers.len());
        let Some(worker) = self.workers.get_mut(number) else {
            return;
        };
        let task = match worker.task.take() {
            Some(task) => task,
            None => next_task(&worker.engine, &self.world, self.sweeps),
        };
        worker.task = self.world.go_on(number, task);
    }

    fn notification_arrives(&mut self) {
        let (hint, number) = {
            let mut guard = self.world.handle.lock();
            let state = &mut *guard;
            let random = &mut state.random;
            let Some(delivery) = state.mail.deliver(|many| random.index(many)) else {
                return;
            };
            if delivery.overtaken && state.is_allowed(FaultClass::EventReordered) {
                state.counts.count(FaultClass::EventReordered);
            }
            (delivery.hint, state.random.index(self.workers.len()))
        };
        let Some(worker) = self.workers.get_mut(number) else {
            return;
        };
        if worker.task.is_none() {
            let engine = Arc::clone(&worker.engine);
            let task: Task = Box::pin(async move {
                let outcome = engine.ingest(std::slice::from_ref(&hint)).await;
                format!("takes in {hint:?}: {}", said(&outcome))
            });
            worker.task = self.world.go_on(number, task);
        }
    }

    fn time_passes(&mut self) {
        let by = {
            let mut state = self.world.handle.lock();
            let longest = match state.random.below(16) {
                0 => 300_000,
                1..=5 => 20_000,
                _ => 1_500,
            };
            Duration::from_millis(state.random.below(longest))
        };
        self.world.advance(by);
    }

    fn worker_dies(&mut self) -> Result<(), Problem> {
        let number = {
            let mut state = self.world.handle.lock();
            let number = state.random.index(self.workers.len());
            if !state.is_allowed(FaultClass::Crash) {
                return Ok(());
            }
            state.counts.count(FaultClass::Crash);
            state.trace.note(format_args!("worker {number} dies"));
            number
        };
        let worker = self.start()?;
        if let Some(place) = self.workers.get_mut(number) {
            *place = worker;
        }
        Ok(())
    }

    fn mapping_changes(&mut self) -> Result<(), Problem> {
        let changes = self
            .world
            .handle
            .lock()
            .strikes(FaultClass::MappingChanged, 6);
        if changes {
            self.table = match self.table {
                Table::Usual => Table::Narrow,
                Table::Narrow => Table::Usual,
            };
            self.replace_workers()?;
        }
        Ok(())
    }

    fn replace_workers(&mut self) -> Result<(), Problem> {
        for number in 0..self.workers.len() {
            let worker = self.start()?;
            if let Some(place) = self.workers.get_mut(number) {
                *place = worker;
            }
        }
        Ok(())
    }

    fn trouble_comes(&mut self) -> Result<(), Problem> {
        let now = self.world.clock.now();
        let mut guard = self.world.handle.lock();
        let state = &mut *guard;
        let side = match state.random.one_in(2) {
            true => Side::Left,
            false => Side::Right,
        };
        let until = now + Duration::from_secs(1 + state.random.below(120));
        match state.random.below(6) {
            0 if state.strikes(FaultClass::Outage, 4) => {
                state.systems.get_mut(side).down_until = Some(until);
            }
            1 if state.strikes(FaultClass::CredentialLost, 4) => {
                state.systems.get_mut(side).credential_lost_until = Some(until);
            }
            2 if state.strikes(FaultClass::ChannelDied, 3) => {
                state.systems.get_mut(side).channel_dead_until = Some(until);
            }
            3 if state.strikes(FaultClass::SchemaChanged, 4) => {
                let field = state.random.index(EDITED.len());
                if let Some(edited) = EDITED.get(field) {
                    let name = edited.field(side);
                    state.systems.get_mut(side).hidden = Some((FieldName::from(name), until));
                }
            }
            4 if state.strikes(FaultClass::ClockJump, 6) => {
                let far = self.world.jump(state);
                drop(guard);
                if far {
                    // Machines that slept: their calls were cut off long before the clock was set.
                    return self.replace_workers();
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Faults stop; people see to what needs them; everything must come to rest. Returns the worker that went on.
    pub(super) fn rest(&mut self) -> Result<Arc<Engine>, Problem> {
        self.calm_down();
        self.table = Table::Usual;
        self.workers.clear();
        let engine = Arc::new(self.world.engine(0, self.table)?);
        self.world.settle(&engine);
        // What a system refused for a while is tried again when a person asks for it. What did not fit before the mapping
        // was changed is tried again by itself.
        let refused = |reason: &ParkReason| matches!(reason, ParkReason::Rejected { .. });
        self.world.replay_parked(&engine, refused);
        self.world.settle(&engine);
        Ok(engine)
    }

    fn calm_down(&self) {
        let mut state = self.world.handle.lock();
        state.calm = true;
        state.mail.lose_all();
        for side in Side::BOTH {
            state.systems.get_mut(side).hidden = None;
        }
        state.trace.note(format_args!("faults stop"));
    }
}

/// What an idle worker does next.
fn next_task(engine: &Arc<Engine>, world: &World, sweeps: bool) -> Task {
    let choice = world.handle.lock().random.below(40);
    let engine = Arc::clone(engine);
    match choice {
        0 if sweeps => Box::pin(async move {
            let swept = engine.sweep(&FlowName::from(FLOW)).await;
            format!("swept: {}", said(&swept))
        }),
        1 => Box::pin(async move {
            let next = engine.upkeep().await;
            format!("looked after things, again at {next}")
        }),
        2..=13 => Box::pin(async move {
            let next = engine.poll_due().await;
            format!("polled, again at {next}")
        }),
        _ => Box::pin(async move {
            match engine.tick().await {
                Ok(Tick::Worked(report)) => format!("worked: {report:?}"),
                Ok(Tick::Idle { .. }) => "found nothing to do".to_owned(),
                Err(error) => format!("failed: {error}"),
            }
        }),
    }
}

fn said<T>(outcome: &Result<T, Error>) -> String {
    match outcome {
        Ok(_) => "done".to_owned(),
        Err(error) => error.to_string(),
    }
}

impl World {
    /// Polls a task once. Gives it back unless it is done.
    fn go_on(&self, number: usize, mut task: Task) -> Option<Task> {
        let mut context = Context::from_waker(noop_waker_ref());
        match task.as_mut().poll(&mut context) {
            Poll::Pending => Some(task),
            Poll::Ready(what) => {
                let mut state = self.handle.lock();
                state.trace.note(format_args!("worker {number} {what}"));
                None
            }
        }
    }

    /// The workers' clock jumps: a little either way, far back, or far ahead. Returns whether it is far ahead.
    fn jump(&self, state: &mut State) -> bool {
        let far = i64::try_from(state.random.below(1800)).unwrap_or(0);
        let seconds = match state.random.below(4) {
            0 => far,
            1 => -far,
            2 => far / 60,
            _ => -far / 60,
        };
        let by = SignedDuration::from_secs(seconds);
        let now = self.workers_clock.now();
        self.workers_clock.set(now.checked_add(by).unwrap_or(now));
        state
            .trace
            .note(format_args!("the workers' clock jumps by {seconds} s"));
        seconds > 30
    }

    /// Polls and works, minute by minute, until there is nothing left to do.
    pub(super) fn settle(&self, engine: &Engine) {
        let mut quiet = 0;
        for _ in 0..300 {
            self.advance(Duration::from_secs(61));
            self.release(engine);
            let _ = engine.upkeep().now_or_never();
            let polled = engine.poll_all().now_or_never();
            let worked = engine.drain().now_or_never();
            let queued = self.queued().now_or_never();
            let polled = match polled {
                Some(Ok(polled)) => polled.queued,
                _ => 1,
            };
            let (Some(Ok(report)), Some(Ok(queued))) = (worked, queued) else {
                return self.unsettled("a worker stands still");
            };
            let idle = polled == 0 && report.looked_at == 0 && queued == 0;
            quiet = if idle { quiet + 1 } else { 0 };
            if quiet == 3 {
                return;
            }
        }
        self.unsettled("it does not come to rest");
    }

    fn unsettled(&self, what: &str) {
        let parked = self.parked().now_or_never();
        let mut state = self.handle.lock();
        state.violated(
            super::promise::Promise::Convergence,
            format!("{what}; parked: {parked:?}"),
        );
    }

    /// A person sees to flows that were stopped.
    fn release(&self, engine: &Engine) {
        let stopped = engine.stopped(&FlowName::from(FLOW)).now_or_never();
        if !matches!(stopped, Some(Ok(Some(_)))) {
            return;
        }
        let allowance = Allowance {
            deletes: 1000,
            updates: 1000,
        };
        let flow = FlowName::from(FLOW);
        let _ = engine.release(&flow, allowance).now_or_never();
    }

    pub(super) fn replay_parked(&self, engine: &Engine, wanted: impl Fn(&ParkReason) -> bool) {
        let Some(Ok(parked)) = self.parked().now_or_never() else {
            return;
        };
        let wanted = parked.into_iter().filter(|job| wanted(&job.parked.reason));
        let keys: Vec<JobKey> = wanted.map(|job| job.key).collect();
        let _ = engine.replay(&keys).now_or_never();
    }
}

//! Deterministic simulation: workers, systems, store, network, clock and users in one thread, from one seed.
//!
//! Everything that happens is decided by numbers from the seed: who goes on next, which call fails and how, what users
//! do, when a worker dies. Workers are the real [`Engine`](crate::Engine); a worker stops at every await of a call or a
//! transaction and may be overtaken, or die, there. After the given number of steps faults stop, and everything must come
//! to rest with every promise kept. Equal options give equal traces, byte for byte.
//!
//! ```
//! use sync_core::testing::sim::{SimulationOptions, simulate};
//!
//! let outcome = simulate(&SimulationOptions::new(7));
//! assert!(outcome.violations.is_empty(), "{:?}", outcome.violations);
//! assert_eq!(outcome.digest, simulate(&SimulationOptions::new(7)).digest);
//! ```

mod check;
mod credential;
mod fault;
mod network;
mod notice;
mod people;
mod promise;
mod random;
mod schedule;
mod shrink;
mod state;
mod storage;
mod thing;
mod trace;
mod world;

use std::collections::BTreeSet;

pub use self::{
    fault::{FaultClass, FaultCounts},
    promise::{Promise, Violation},
    shrink::shrink,
};
use self::{
    random::Random,
    schedule::Schedule,
    state::{Handle, State},
    trace::Trace,
    world::World,
};
pub use crate::mutant::Mutant;

/// What is simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "pass it to simulate"]
pub struct SimulationOptions {
    /// Decides everything.
    pub seed: u64,
    /// How many things happen before faults stop.
    pub steps: u64,
    /// Whether full comparisons run too. They heal what feeds and notifications missed, and so hide it.
    pub sweeps: bool,
    /// Which classes of faults may strike.
    pub faults: BTreeSet<FaultClass>,
    /// Whether the lines of the trace are kept.
    pub trace: bool,
    /// A deliberate bug of the engine, which the run should find.
    pub mutant: Option<Mutant>,
}

impl SimulationOptions {
    /// 800 steps of everything from `seed`, with sweeps, without the lines of the trace.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            steps: 800,
            sweeps: true,
            faults: FaultClass::ALL.iter().copied().collect(),
            trace: false,
            mutant: None,
        }
    }
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulationOutcome {
    /// Broken promises; none in a correct engine.
    pub violations: Vec<Violation>,
    /// How often each class of faults struck.
    pub faults: FaultCounts,
    /// A digest of everything that happened, in hexadecimal.
    pub digest: String,
    /// Everything that happened, if it was asked for.
    pub trace: Vec<String>,
}

/// Runs one simulation. It takes milliseconds.
#[must_use]
pub fn simulate(options: &SimulationOptions) -> SimulationOutcome {
    crate::mutant::with(options.mutant, || simulate_in_this_thread(options))
}

fn simulate_in_this_thread(options: &SimulationOptions) -> SimulationOutcome {
    let mut random = Random::new(options.seed);
    // Each run has its own mix, so that common troubles do not keep rare ones from happening.
    let mixed = FaultClass::ALL.iter().filter(|_| !random.one_in(4));
    let mixed: BTreeSet<FaultClass> = mixed.copied().collect();
    let allowed = &mixed & &options.faults;
    let handle = Handle::new(State {
        random,
        trace: Trace::new(options.trace),
        counts: FaultCounts::default(),
        allowed,
        calm: false,
        violations: Vec::new(),
        things: thing::Things::default(),
        mail: notice::Mail::default(),
        systems: crate::side::Sides::default(),
    });
    if let Err(error) = run(options, &handle) {
        let mut state = handle.lock();
        state.violated(
            Promise::Convergence,
            format!("the engine could not go on: {error}"),
        );
    }
    let mut state = handle.lock();
    let trace = std::mem::replace(&mut state.trace, Trace::new(false));
    let (digest, trace) = trace.finish();
    SimulationOutcome {
        violations: std::mem::take(&mut state.violations),
        faults: state.counts.clone(),
        digest,
        trace,
    }
}

fn run(options: &SimulationOptions, handle: &Handle) -> Result<(), state::Problem> {
    let world = World::new(handle.clone());
    world.history();
    let mut schedule = Schedule::new(world, options.sweeps)?;
    for _ in 0..options.steps {
        schedule.step()?;
        if !handle.lock().violations.is_empty() {
            return Ok(());
        }
    }
    let engine = schedule.rest()?;
    schedule.world.check_at_rest();
    if schedule.world.is_settled_but_for_conflicts() {
        // Another look at what is parked for other reasons may well do something.
        schedule.world.check_rest_is_rest(&engine);
        schedule.world.check_at_rest();
    }
    schedule.world.check_rebuild()?;
    if handle.lock().violations.is_empty() {
        credential::run(handle);
    }
    Ok(())
}

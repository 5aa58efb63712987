//! The deterministic simulation, a small part of what CI runs of it.

use std::collections::BTreeSet;

use sync_core::testing::sim::{
    FaultClass, FaultCounts, SimulationOptions, SimulationOutcome, simulate,
};

/// `SIMULATION_SEEDS=5..6` runs others.
fn seeds(usual: std::ops::Range<u64>) -> std::ops::Range<u64> {
    let Ok(wanted) = std::env::var("SIMULATION_SEEDS") else {
        return usual;
    };
    let (first, end) = wanted.split_once("..").unwrap();
    first.parse().unwrap()..end.parse().unwrap()
}

fn run(options: &SimulationOptions) -> SimulationOutcome {
    let outcome = simulate(options);
    let (seed, sweeps) = (options.seed, options.sweeps);
    assert!(
        outcome.violations.is_empty(),
        "seed {seed}, sweeps: {sweeps}: {:?}",
        outcome.violations
    );
    outcome
}

#[test]
fn every_promise_is_kept_whatever_goes_wrong() {
    for sweeps in [false, true] {
        let mut faults = FaultCounts::default();
        for seed in seeds(0..100) {
            let options = SimulationOptions {
                sweeps,
                ..SimulationOptions::new(seed)
            };
            faults.add(&run(&options).faults);
        }
        let unmet: Vec<_> = faults.iter().filter(|(_, count)| *count == 0).collect();
        assert!(unmet.is_empty(), "never met: {unmet:?}");
    }
}

#[test]
fn where_nothing_goes_wrong_nothing_does() {
    for seed in seeds(0..30) {
        let options = SimulationOptions {
            faults: BTreeSet::new(),
            ..SimulationOptions::new(seed)
        };
        let outcome = run(&options);
        assert_eq!(outcome.faults, FaultCounts::default());
    }
}

#[test]
fn a_seed_tells_the_whole_story_to_the_letter() {
    let options = SimulationOptions {
        trace: true,
        ..SimulationOptions::new(3)
    };
    let (first, second) = (simulate(&options), simulate(&options));
    assert!(first.trace.len() > 100);
    assert_eq!(first, second);
    assert_ne!(first.digest, simulate(&SimulationOptions::new(4)).digest);
}

#[test]
fn a_fault_that_is_left_out_does_not_strike() {
    let mut options = SimulationOptions::new(5);
    assert!(run(&options).faults.of(FaultClass::Crash) > 0);
    options.faults.remove(&FaultClass::Crash);
    assert_eq!(run(&options).faults.of(FaultClass::Crash), 0);
}

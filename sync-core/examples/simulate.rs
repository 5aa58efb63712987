//! Simulates the engine from many seeds.
//!
//! ```sh
//! cargo run --release -p sync-core --features testing --example simulate -- --seeds 2000 --steps 800
//! ```
//!
//! The last line is one JSON object. Exit code 1: a promise was broken, a deliberate bug was not found, or a class of
//! faults was met in less than 1 % of a thousand runs or more.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program that prints a report, and how long it took"
)]

use std::{
    process::ExitCode,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use sync_core::testing::sim::{
    FaultClass, FaultCounts, Mutant, SimulationOptions, SimulationOutcome, shrink, simulate,
};

const USAGE: &str = "usage: simulate [--seeds N] [--steps M] [--seed S] [--no-sweep] [--without CLASS] [--mutants] [--trace]";

struct Arguments {
    seeds: u64,
    options: SimulationOptions,
    mutants: bool,
}

fn arguments() -> Result<Arguments, String> {
    let mut seeds = None;
    let mut options = SimulationOptions::new(0);
    let (mut single, mut mutants) = (false, false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .ok_or_else(|| format!("{word} needs a value\n{USAGE}"))
        };
        let number = |text: String| {
            text.parse::<u64>()
                .map_err(|_| format!("`{text}` is not a number\n{USAGE}"))
        };
        match word.as_str() {
            "--seeds" => seeds = Some(number(value()?)?),
            "--steps" => options.steps = number(value()?)?,
            "--seed" => (options.seed, single) = (number(value()?)?, true),
            "--no-sweep" => options.sweeps = false,
            "--mutants" => mutants = true,
            "--trace" => options.trace = true,
            "--without" => {
                let name = value()?;
                let class = FaultClass::ALL.iter().find(|class| class.name() == name);
                let class =
                    class.ok_or_else(|| format!("there is no class of faults named `{name}`"))?;
                options.faults.remove(class);
            }
            _ => return Err(format!("`{word}` is not known\n{USAGE}")),
        }
    }
    let seeds = seeds.unwrap_or(if single { 1 } else { 2000 });
    Ok(Arguments {
        seeds,
        options,
        mutants,
    })
}

/// What came of many runs.
#[derive(Default)]
struct Sum {
    faults: FaultCounts,
    /// By class: the runs in which it struck.
    runs_hit: Vec<(FaultClass, u64)>,
    failed: Vec<(u64, SimulationOutcome)>,
}

impl Sum {
    fn add(&mut self, seed: u64, outcome: SimulationOutcome) {
        self.faults.add(&outcome.faults);
        for (class, count) in outcome.faults.iter().filter(|(_, count)| *count > 0) {
            let _ = count;
            match self.runs_hit.iter_mut().find(|(known, _)| *known == class) {
                Some((_, runs)) => *runs += 1,
                None => self.runs_hit.push((class, 1)),
            }
        }
        if !outcome.violations.is_empty() {
            self.failed.push((seed, outcome));
        }
    }

    /// The runs in which the class struck.
    fn runs(&self, class: FaultClass) -> u64 {
        let found = self.runs_hit.iter().find(|(known, _)| *known == class);
        found.map_or(0, |(_, runs)| *runs)
    }

    fn merge(mut self, other: Self) -> Self {
        self.faults.add(&other.faults);
        for (class, runs) in other.runs_hit {
            match self.runs_hit.iter_mut().find(|(known, _)| *known == class) {
                Some((_, own)) => *own += runs,
                None => self.runs_hit.push((class, runs)),
            }
        }
        self.failed.extend(other.failed);
        self
    }
}

/// Runs all seeds on all cores. Each run is in one thread.
fn run_all(arguments: &Arguments) -> Sum {
    let next = AtomicU64::new(0);
    let work = || {
        let mut sum = Sum::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= arguments.seeds {
                return sum;
            }
            let seed = arguments.options.seed + number;
            let options = SimulationOptions {
                seed,
                ..arguments.options.clone()
            };
            sum.add(seed, simulate(&options));
        }
    };
    on_all_cores(work)
        .into_iter()
        .fold(Sum::default(), Sum::merge)
}

/// A deliberate bug that hides is hunted with so many times as many seeds.
const HUNTED: u64 = 4;

/// The first seed that finds each deliberate bug; all cores share the work.
fn hunt(arguments: &Arguments) -> Vec<(Mutant, Option<u64>)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some(mutant) = Mutant::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
            let finds = |seed: &u64| {
                let options = SimulationOptions {
                    seed: *seed,
                    mutant: Some(*mutant),
                    ..arguments.options.clone()
                };
                !simulate(&options).violations.is_empty()
            };
            let first = arguments.options.seed;
            let end = first + HUNTED * arguments.seeds;
            found.push((*mutant, (first..end).find(finds)));
        }
        found
    };
    let mut found = on_all_cores(work).concat();
    found.sort();
    found
}

fn on_all_cores<T: Send>(work: impl Fn() -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        workers
            .into_iter()
            .filter_map(|worker| worker.join().ok())
            .collect()
    })
}

/// Says how to see a failure again, as small as it can be made.
fn explain(arguments: &Arguments, seed: u64, outcome: &SimulationOutcome) {
    println!("seed {seed}:");
    for violation in &outcome.violations {
        println!("  {violation}");
    }
    let options = SimulationOptions {
        seed,
        ..arguments.options.clone()
    };
    if let Some((small, outcome)) = shrink(&options) {
        let left_out: Vec<String> = FaultClass::ALL
            .iter()
            .filter(|class| !small.faults.contains(class))
            .map(|class| format!(" --without {class}"))
            .collect();
        let sweep = if small.sweeps { "" } else { " --no-sweep" };
        println!(
            "  again: --seed {seed} --steps {}{sweep}{} --trace",
            small.steps,
            left_out.concat()
        );
        for violation in &outcome.violations {
            println!("    {violation}");
        }
    }
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let started = Instant::now();
    let mut sum = run_all(&arguments);
    if arguments.options.trace {
        let outcome = simulate(&arguments.options);
        outcome.trace.iter().for_each(|line| println!("{line}"));
    }
    sum.failed.sort_by_key(|(seed, _)| *seed);
    for (seed, outcome) in sum.failed.iter().take(5) {
        explain(&arguments, *seed, outcome);
    }
    let hunted = arguments.mutants.then(|| hunt(&arguments));
    println!(
        "{}",
        report(&arguments, &sum, hunted.as_deref(), started.elapsed())
    );
    let all_found = hunted.iter().flatten().all(|(_, seed)| seed.is_some());
    let rare = rare_classes(&arguments, &sum);
    if !rare.is_empty() {
        eprintln!("met in less than 1 % of the runs: {rare:?}");
    }
    match sum.failed.is_empty() && all_found && rare.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Classes of faults that were to strike and hardly did: what the runs say of them means little.
fn rare_classes(arguments: &Arguments, sum: &Sum) -> Vec<FaultClass> {
    let many = arguments.seeds >= 1000;
    let wanted = arguments.options.faults.iter().filter(|_| many);
    wanted
        .filter(|class| sum.runs(**class) * 100 < arguments.seeds)
        .copied()
        .collect()
}

fn report(
    arguments: &Arguments,
    sum: &Sum,
    hunted: Option<&[(Mutant, Option<u64>)]>,
    took: Duration,
) -> serde_json::Value {
    let faults: serde_json::Map<String, serde_json::Value> = sum
        .faults
        .iter()
        .map(|(class, count)| {
            let figures = serde_json::json!({ "count": count, "runs": sum.runs(class) });
            (class.name().to_owned(), figures)
        })
        .collect();
    let mut report = serde_json::json!({
        "seeds": arguments.seeds,
        "steps": arguments.options.steps,
        "sweeps": arguments.options.sweeps,
        "crashes": sum.faults.of(FaultClass::Crash),
        "faults": faults,
        "violations": sum.failed.len(),
        "seconds": took.as_secs_f64(),
    });
    if let Some(hunted) = hunted {
        let by: serde_json::Map<String, serde_json::Value> = hunted
            .iter()
            .map(|(mutant, seed)| (mutant.name().to_owned(), (*seed).into()))
            .collect();
        report["mutants"] = hunted.len().into();
        report["killed"] = hunted
            .iter()
            .filter(|(_, seed)| seed.is_some())
            .count()
            .into();
        report["killed_by"] = by.into();
    }
    report
}

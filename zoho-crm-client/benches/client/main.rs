//! What the client costs beside the least that the same work can cost: reqwest and serde_json in a bare loop.
//!
//! `cargo bench -p zoho-crm-client`. Server and workers are processes of their own, so that each is measured alone; each
//! workload is run several times and the cheapest counts. Ends with an error when a promise of the README is broken.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs
)]

mod data;
mod floor;
mod measure;
mod ours;
mod server;

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use measure::Measured;

const ROLE: &str = "ZOHO_BENCH_ROLE";
const SERVER: &str = "ZOHO_BENCH_SERVER";
/// Runs of each workload.
const RUNS: usize = 5;

fn main() {
    match std::env::var(ROLE).ok().as_deref() {
        None => supervise(),
        Some("server") => server::run(0),
        Some("slow server") => server::run(100),
        Some(work) => {
            let server = std::env::var(SERVER).unwrap();
            runtime().block_on(async {
                match work {
                    "floor" => floor::exchange(&server).await,
                    "own types" => ours::with_own_types(&server).await,
                    "standard models" => ours::with_standard_models(&server).await,
                    "25 callers" => ours::with_many_callers(&server).await,
                    "bulk read" => ours::bulk_read(&server).await,
                    other => panic!("there is no work called {other}"),
                }
            });
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// A process with a role, and its first line.
fn start(role: &str, server: &str) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(ROLE, role)
        .env(SERVER, server)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    (child, line.trim().to_owned())
}

/// The cheapest of several runs, each in a process of its own.
fn run(work: &str, server: &str, runs: usize) -> Measured {
    let runs = (0..runs).map(|_| {
        let (mut child, line) = start(work, server);
        assert!(child.wait().unwrap().success(), "{work} failed");
        line.parse::<Measured>().unwrap()
    });
    let best = |one: Measured, other: Measured| Measured {
        cpu: one.cpu.min(other.cpu),
        wall: one.wall.min(other.wall),
        peak_kib: one.peak_kib.min(other.peak_kib),
    };
    runs.reduce(best).unwrap()
}

fn supervise() {
    let (mut fast_server, fast) = start("server", "");
    let (mut slow_server, slow) = start("slow server", "");
    // In turns, so that a busy machine troubles all alike.
    let mut table: [Option<Measured>; 3] = [None; 3];
    let works = ["floor", "own types", "standard models"];
    for _ in 0..RUNS {
        for (best, work) in table.iter_mut().zip(works) {
            let now = run(work, &fast, 1);
            *best = Some(best.map_or(now, |best| best.least(now)));
        }
    }
    let [floor, own, models] = table.map(Option::unwrap);
    println!(
        "{} records read and {} upserted, {} times over:",
        data::RECORDS,
        data::ROWS,
        data::ROUNDS
    );
    println!("| | CPU ms a round | of the floor | peak MiB | of the floor |");
    println!("|---|---|---|---|---|");
    for (work, measured) in works.iter().zip([floor, own, models]) {
        println!(
            "| {work} | {:.1} | {:.2} | {:.1} | {:.2} |",
            measured.cpu * 1000.0 / f64::from(data::ROUNDS),
            measured.cpu / floor.cpu,
            measured.mebibytes(),
            measured.peak_kib / floor.peak_kib,
        );
    }
    let many = run("25 callers", &slow, 2);
    let rate = f64::from(data::RECORDS) * f64::from(ours::CALLS_EACH) / many.wall;
    println!("25 callers at 100 ms latency: {rate:.0} records a second");
    let bulk = run("bulk read", &fast, 1);
    println!(
        "{} rows of bulk read: {:.1} s CPU, peak {:.1} MiB",
        data::BULK_ROWS * data::BULK_PAGES,
        bulk.cpu,
        bulk.mebibytes()
    );
    fast_server.kill().unwrap();
    slow_server.kill().unwrap();
    let promises = [
        (
            own.cpu / floor.cpu <= 1.15,
            "own types: 1.15 times the floor's CPU",
        ),
        (
            models.cpu / floor.cpu <= 1.6,
            "standard models: 1.6 times the floor's CPU",
        ),
        (
            own.peak_kib / floor.peak_kib <= 1.5,
            "own types: 1.5 times the floor's memory",
        ),
        (
            models.peak_kib / floor.peak_kib <= 1.5,
            "standard models: 1.5 times the floor's memory",
        ),
        (rate >= 25_000.0, "25,000 records a second"),
        (bulk.mebibytes() < 64.0, "bulk read in 64 MiB"),
    ];
    let broken: Vec<&str> = promises
        .iter()
        .filter(|(is_kept, _)| !is_kept)
        .map(|(_, promise)| *promise)
        .collect();
    assert!(broken.is_empty(), "promises broken: {broken:?}");
}

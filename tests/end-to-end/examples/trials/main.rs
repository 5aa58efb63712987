//! Trials of the service as it is run: processes, real sockets, real databases, against both simulators.
//!
//! ```sh
//! cargo build --release -p sync-service
//! cargo run --release -p end-to-end --example trials -- faults --seconds 600 --database postgres
//! cargo run --release -p end-to-end --example trials -- webhooks
//! cargo run --release -p end-to-end --example trials -- first-sync
//! ```
//!
//! The last line of each is one JSON object. Exit code 1: a promise was broken.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs
)]

mod database;
mod deals;
mod faults;
mod first_sync;
mod instances;
mod people;
mod verdict;
mod weather;
mod webhooks;
mod world;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about = "Trials of the service against both simulators")]
struct Cli {
    #[command(subcommand)]
    trial: Trial,
}

#[derive(Debug, Subcommand)]
enum Trial {
    /// Random faults, restarts and kills while people work on both sides.
    Faults(faults::Options),
    /// How long a change in Zoho takes to X3 when it is announced.
    Webhooks(webhooks::Options),
    /// What the first sync of many customers costs in calls and memory.
    FirstSync(first_sync::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let kept = match Cli::parse().trial {
        Trial::Faults(options) => faults::run(&options).await,
        Trial::Webhooks(options) => webhooks::run(&options).await,
        Trial::FirstSync(options) => first_sync::run(&options).await,
    };
    if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

//! Keeps Sage X3 and Zoho CRM in agreement: the operator's program.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program talks to its user"
)]

/// Prints a line.
macro_rules! out {
    ($($text:tt)*) => {
        crate::output::line(format_args!($($text)*))
    };
}

mod cli;
mod commands;
mod config;
mod demo;
mod failure;
mod flows;
mod http;
mod metrics;
mod names;
mod output;
mod pace;
mod page;
mod probe;
mod progress;
mod receiver;
mod recent;
mod run;
mod service;
mod setup;
mod style;
mod systems;
mod telemetry;
mod tokens;
mod traces;
mod values;
mod vault;
mod words;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    cli::{Cli, Command},
    commands::{
        apply, audit, backup, channels, codes, completions, connect, doctor, parked, plan, rebuild,
        release, replay, rotate_key, schema, status, sweep,
    },
    failure::Failure,
};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match telemetry::start(&cli) {
        Ok(telemetry) => {
            let done = dispatch(cli.command).await;
            drop(telemetry);
            done
        }
        Err(failure) => Err(failure),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("sync-service: {failure}");
            failure.exit_code()
        }
    }
}

async fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo { json } => Box::pin(demo::play(json)).await,
        Command::Connect(command) => Box::pin(connect::run(&command)).await,
        Command::Doctor(arguments) => Box::pin(doctor::run(&arguments)).await,
        Command::Plan(arguments) => Box::pin(plan::show(&arguments)).await,
        Command::Apply(arguments) => Box::pin(apply::run(&arguments)).await,
        Command::Run(configured) => Box::pin(run::run(&configured)).await,
        Command::Status(configured) => Box::pin(status::show(&configured)).await,
        Command::Probe(arguments) => probe::run(&arguments).await,
        Command::Parked(command) => Box::pin(parked::run(&command)).await,
        Command::Audit(command) => Box::pin(audit::run(&command)).await,
        Command::Codes(arguments) => Box::pin(codes::run(&arguments)).await,
        Command::Replay(arguments) => Box::pin(replay::run(&arguments)).await,
        Command::Sweep(arguments) => Box::pin(sweep::run(&arguments)).await,
        Command::Release(arguments) => Box::pin(release::run(&arguments)).await,
        Command::Channels(arguments) => Box::pin(channels::run(&arguments)).await,
        Command::Backup(arguments) => Box::pin(backup::run(&arguments)).await,
        Command::Rebuild(arguments) => Box::pin(rebuild::run(&arguments)).await,
        Command::RotateKey(arguments) => Box::pin(rotate_key::run(&arguments)).await,
        Command::Schema => {
            schema::print();
            Ok(())
        }
        Command::Completions { shell } => {
            completions::print(shell);
            Ok(())
        }
    }
}

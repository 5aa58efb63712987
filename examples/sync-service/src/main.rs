//! Keeps Sage X3 and Zoho CRM in agreement: the operator's program.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program talks to its user"
)]

/// Prints a line. Whoever reads may have gone, as `head` does after its first lines; that is no failure of ours.
macro_rules! out {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(anstream::stdout(), $($text)*);
    }};
}

mod cli;
mod commands;
mod config;
mod demo;
mod failure;
mod flows;
mod names;
mod progress;
mod receiver;
mod run;
mod setup;
mod style;
mod systems;
mod values;
mod vault;
mod webhook;
mod words;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::{
    cli::{Cli, Command},
    commands::{
        apply, audit, backup, channels, codes, completions, connect, doctor, parked, plan, release,
        replay, rotate_key, schema, status, sweep,
    },
    failure::Failure,
};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logging(&cli);
    match dispatch(cli.command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("sync-service: {failure}");
            failure.exit_code()
        }
    }
}

async fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo => Box::pin(demo::play()).await,
        Command::Connect(command) => Box::pin(connect::run(&command)).await,
        Command::Doctor(arguments) => Box::pin(doctor::run(&arguments)).await,
        Command::Plan(arguments) => Box::pin(plan::show(&arguments)).await,
        Command::Apply(arguments) => Box::pin(apply::run(&arguments)).await,
        Command::Run(configured) => Box::pin(run::run(&configured)).await,
        Command::Status(configured) => Box::pin(status::show(&configured)).await,
        Command::Parked(command) => Box::pin(parked::run(&command)).await,
        Command::Audit(command) => Box::pin(audit::run(&command)).await,
        Command::Codes(arguments) => Box::pin(codes::run(&arguments)).await,
        Command::Replay(arguments) => Box::pin(replay::run(&arguments)).await,
        Command::Sweep(arguments) => Box::pin(sweep::run(&arguments)).await,
        Command::Release(arguments) => Box::pin(release::run(&arguments)).await,
        Command::Channels(arguments) => Box::pin(channels::run(&arguments)).await,
        Command::Backup(arguments) => Box::pin(backup::run(&arguments)).await,
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

/// Logs go to standard error; `RUST_LOG` overrides what `-v` says.
fn start_logging(cli: &Cli) {
    let default = match (cli.verbose, &cli.command) {
        (0, Command::Run(_)) => "warn,sync_service=info,sync_core=info",
        (0, _) => "error",
        (1, _) => "info",
        _ => "debug,hyper=info,reqwest=info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never)
        .init();
}

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
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

mod cli;
mod commands;
mod config;
mod demo;
mod failure;
mod flows;
mod progress;
mod run;
mod setup;
mod systems;
mod webhook;
mod words;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::{
    cli::{Cli, Command},
    commands::{apply, plan, status},
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
        Command::Demo => demo::play().await,
        Command::Plan { flow, configured } => plan::show(flow.as_deref(), &configured).await,
        Command::Apply { plans, configured } => apply::run(&plans, &configured).await,
        Command::Run(configured) => run::run(&configured).await,
        Command::Status(configured) => status::show(&configured).await,
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
        .init();
}

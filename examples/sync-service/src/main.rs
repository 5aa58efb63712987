//! Keeps Sage X3 customers and Zoho CRM accounts in agreement: the operator's program.
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
mod config;
mod connect;
mod demo;
mod failure;
mod plan;
mod run;
mod status;
mod webhook;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::{
    cli::{Cli, Command},
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
        Command::Plan(configured) => plan::show(&configured).await,
        Command::Apply { hash, configured } => plan::apply(&hash, &configured).await,
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

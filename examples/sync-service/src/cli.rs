//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::plan::PlanName;

/// Keeps Sage X3 and Zoho CRM in agreement.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// More about what happens; twice for much more.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows the whole story on two simulated systems on this machine. Needs no configuration and no network.
    Demo,
    /// Reads both systems and shows what a first sync of each flow would do. Writes nothing.
    Plan {
        /// Only this flow.
        #[arg(long)]
        flow: Option<String>,
        #[command(flatten)]
        configured: Configured,
    },
    /// Takes up plans, after you have reviewed them.
    Apply {
        /// What `plan` printed, such as `customers:3f9a...`.
        #[arg(required = true, value_name = "PLAN")]
        plans: Vec<PlanName>,
        #[command(flatten)]
        configured: Configured,
    },
    /// Keeps the systems in agreement until it is stopped.
    Run(Configured),
    /// Shows how things stand, from the store alone.
    Status(Configured),
}

#[derive(Debug, Args)]
pub(crate) struct Configured {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Prints one JSON document instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

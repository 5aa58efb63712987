//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

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
    /// Reads both systems and shows what a first sync would do. Writes nothing.
    Plan(Configured),
    /// Takes up the plan with this hash, after you have reviewed it.
    Apply {
        /// The hash that `plan` printed.
        hash: String,
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

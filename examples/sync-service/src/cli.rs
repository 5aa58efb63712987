//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::{
    commands::{
        apply, audit, backup, channels, codes, connect, doctor, parked, plan, rebuild, release,
        replay, rotate_key, sweep,
    },
    probe,
};

/// Keeps Sage X3 and Zoho CRM in agreement.
///
/// Exit codes: 0 done; 1 a promise was broken or the program failed; 2 something that you can put right, which the message
/// names.
#[derive(Debug, Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// More about what happens; twice for much more.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// How log lines on standard error are written.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) log_format: LogFormat,
    /// Sends traces to this OpenTelemetry collector, such as `http://127.0.0.1:4318`.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "OTEL_EXPORTER_OTLP_ENDPOINT"
    )]
    pub(crate) otlp_endpoint: Option<String>,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows the whole story on two simulated systems on this machine. Needs no configuration and no network.
    Demo {
        /// Prints the verdict as JSON; the story goes to standard error.
        #[arg(long)]
        json: bool,
    },
    /// Obtains credentials and keeps them encrypted.
    #[command(subcommand)]
    Connect(connect::Connect),
    /// Checks every prerequisite on both sides and says what to fix, how and where.
    Doctor(doctor::Arguments),
    /// Reads both systems and shows what a first sync of each flow would do. Writes nothing.
    Plan(plan::Arguments),
    /// Takes up plans, after you have reviewed them.
    Apply(apply::Arguments),
    /// Keeps the systems in agreement until it is stopped.
    Run(Configured),
    /// Shows how things stand, from the store alone.
    Status(Configured),
    /// Asks a running program whether it is well, as containers do.
    Probe(probe::Arguments),
    /// Records that wait for a person.
    #[command(subcommand)]
    Parked(parked::Parked),
    /// The record of every decision.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Codes of records that no table has, such as countries and payment terms.
    Codes(codes::Arguments),
    /// Looks again at every record that something was decided about since then.
    Replay(replay::Arguments),
    /// Compares everything, and queues what differs.
    Sweep(sweep::Arguments),
    /// Lets a flow that a guard has stopped go on.
    Release(release::Arguments),
    /// The channels by which Zoho announces changes.
    Channels(channels::Arguments),
    /// Copies the SQLite database while everything goes on.
    Backup(backup::Arguments),
    /// Makes pairs that the database lost anew from the audit, or from an export of it.
    Rebuild(rebuild::Arguments),
    /// Encrypts all stored credentials and tokens with a new key.
    RotateKey(rotate_key::Arguments),
    /// Prints the JSON Schema of the configuration, for editors.
    Schema,
    /// Prints completions for a shell.
    Completions {
        /// Which.
        shell: Shell,
    },
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Configured {
    /// The configuration file.
    #[arg(
        long,
        value_name = "FILE",
        env = "SYNC_CONFIG",
        default_value = "sync.toml"
    )]
    pub(crate) config: PathBuf,
    /// Prints JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

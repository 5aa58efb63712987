//! `completions`: what a shell needs to complete commands.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;

/// Prints them.
pub(crate) fn print(shell: Shell) {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sync-service", &mut text);
    out!("{}", String::from_utf8_lossy(&text).trim_end());
}

//! The program as its operator meets it: commands, messages, exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod bad_input;
mod browser;
mod codes;
mod commands;
mod credentials;
mod demo;
mod desk;
mod doctor;
mod flows;
mod operate;
mod overwriting;
mod page;
mod policies;
#[path = "../../../sql-store/tests/support/private_postgres.rs"]
mod private_postgres;
mod probes;
mod program;
mod reload;
mod restore;
mod running;
mod scope;
mod takeover;
mod traces;
mod webdriver;
mod webhook;

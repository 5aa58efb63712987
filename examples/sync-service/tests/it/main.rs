//! The program as its operator meets it: commands, messages, exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod bad_input;
mod commands;
mod credentials;
mod demo;
mod desk;
mod doctor;
mod operate;
mod program;

//! The client against servers: wiremock for single exchanges, the simulator for whole stories.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod actions;
mod auth;
mod belongings;
mod bulk;
mod bulk_simulator;
mod conditions;
mod coql;
mod credits;
mod deeds;
mod faults;
mod limits;
mod models;
mod onboarding;
mod paging;
mod processes;
mod records;
mod retry;
mod rows;
mod schema;
mod search;
mod simulator;
mod simulator_metadata;
mod streaming;
mod support;
mod writes;

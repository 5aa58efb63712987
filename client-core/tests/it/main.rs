//! How the shared client parts behave together, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod doubles;
mod encrypting_token_store;
mod file_token_store;
mod pipeline_attempts;
mod pipeline_limits;
mod recording;
mod reqwest_transport;
mod secrecy_of_output;
mod send_futures;
mod streaming;
mod token_cache_clock;
mod token_cache_failures;
mod token_cache_sharing;
mod token_store_laws;

//! The simulator over real sockets, asked by a plain HTTP client.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod activation;
mod administration;
mod creating;
mod credentials;
mod faults;
mod filters;
mod generations;
mod orders;
mod pages;
mod people;
mod products;
mod program;
mod reading;
mod schema;
mod support;
mod transport;
mod updating;

//! The simulator over real sockets, asked by a plain HTTP client.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs
)]

mod activation;
mod administration;
mod api1;
mod api1_writing;
mod cloud;
mod creating;
mod credentials;
mod every_node;
mod evidence;
mod faults;
mod filters;
mod fulfilment;
mod generations;
mod invoices;
mod orders;
mod own_nodes;
mod pages;
mod people;
mod products;
mod program;
mod reading;
mod schema;
mod soap;
mod suppliers;
mod support;
mod transport;
mod updating;

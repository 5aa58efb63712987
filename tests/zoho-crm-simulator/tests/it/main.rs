//! The simulator over real sockets, asked by a plain HTTP client.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod actions;
mod admin;
mod bulk;
mod composite;
mod convert;
mod coql;
mod external;
mod faults;
mod files;
mod limits;
mod list;
mod metadata;
mod oauth;
mod program;
mod recycle_bin;
mod related;
mod search;
mod subforms;
mod support;
mod tags;
mod timeline;
mod upsert;
mod views;
mod watch;
mod write;

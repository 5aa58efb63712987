//! The engine against two fake systems and a memory store, under a clock that stands still.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod audit_trail;
mod batches;
mod both_ways;
mod breaker;
mod budgets;
mod channels;
mod crashes;
mod deletions;
mod desk;
mod exactly_once;
mod fake_system;
mod feeds;
mod first_sync;
mod flip_flop;
mod guards;
mod health;
mod inspect;
mod invoices;
mod mapping_laws;
mod matching;
mod merge_laws;
mod mirrors;
mod parking;
mod plan_laws;
mod poison;
mod promises;
mod references;
mod simulation;
mod store_spy;
mod sweeps;
mod trail;
mod unmapped;
mod workers;
mod world;

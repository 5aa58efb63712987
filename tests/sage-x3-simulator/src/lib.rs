//! A Sage X3 server that behaves as the real one does, for tests.
//!
//! It listens on a real socket, keeps X3's tables in memory and serves them by GraphQL at `/xtrem/api`, by REST at
//! `/api1`, by SOAP and by the cloud's gateway at `/v1`: both published schema generations, the filter language, pages
//! and cursors, activated operations, diagnoses, and every kind of credentials. Customers, products, orders, deliveries,
//! invoices and accounts follow X3's rules whichever way they are written. Where the published facts leave a question
//! open there is a switch in [`Settings`].
//!
//! It shares no code with any client, so that it cannot agree with a client's mistakes.
//!
//! ```no_run
//! # async fn example() -> Result<(), sage_x3_simulator::SimulatorError> {
//! use sage_x3_simulator::{AddressSeed, Clock, CustomerSeed, DEFAULT_ENDPOINT, Edit, X3Simulator};
//!
//! let clock = Clock::manual("2026-03-01T08:00:00Z".parse().unwrap_or_default());
//! let x3 = X3Simulator::builder().clock(clock).custom_field("YZOHOID").start().await?;
//! let address = AddressSeed::new("MAIN").line(1, "1 rue de la Paix").set("city", "Paris");
//! x3.create_as_user(DEFAULT_ENDPOINT, CustomerSeed::new("NA001", "Bakery").address(address))?;
//! x3.edit_as_user(DEFAULT_ENDPOINT, &Edit::address("NA001", "MAIN").set("city", "Lyon"))?;
//! println!("POST {} with x-xtrem-endpoint: {DEFAULT_ENDPOINT}", x3.api_url());
//! # Ok(())
//! # }
//! ```
//!
//! Credentials by default: [`ConnectedApplication::default`] and [`BasicUser::default`].
//!
//! What is assumed beyond the published evidence is listed in the crate's README and marked in
//! `schema-gen3.graphql`, the schema served by default.

mod activation;
mod admin;
mod answer;
mod api;
mod api1;
mod auth;
mod base_data;
mod call;
mod clock;
mod cloud;
mod connection;
mod diagnose;
mod endpoint;
mod faults;
mod filter;
mod graphql;
mod json;
mod log;
mod model;
mod operations;
mod order;
mod record;
mod resolve;
mod schema;
mod seed;
mod server;
mod settings;
mod simulator;
mod snapshot;
mod soap;
mod state;
mod store;
mod write;

pub use activation::{Operation, OperationState};
pub use base_data::{CreditControl, CustomerCategory, SalesOrderType};
pub use clock::Clock;
pub use cloud::pairing::PairingCallback;
pub use faults::{Effect, Fault, RequestKind};
pub use log::{Counters, RequestRecord};
pub use seed::{AddressSeed, CustomerSeed, Edit, PropertyValue, RecordSeed, StampMode};
pub use settings::{
    AddressIdForm, BasicUser, CallbackForm, CloudGateway, CompanyNames, ConnectedApplication,
    CreditCheck, CustomClass, CustomField, DecimalForm, Generation, MissingRecord, NoDate, OwnKind,
    OwnNode, OwnProperty, PageOverflow, SalesOrderLines, Settings, SoapPool, SoapPublication,
    StampPrecision,
};
pub use simulator::{DEFAULT_ENDPOINT, SimulatorError, X3Simulator, X3SimulatorBuilder};
pub use snapshot::{AddressSnapshot, CustomerSnapshot, RecordSnapshot};

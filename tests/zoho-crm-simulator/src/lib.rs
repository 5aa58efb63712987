//! A Zoho CRM v8 server for tests, over real sockets: OAuth; records with subforms, related lists, notes, tags, attachments,
//! files and photos; search behind a delayed index; COQL; bulk read and write; notifications with real callbacks; metadata
//! of an organisation with editions, custom fields, custom views and currencies; locks, copies, conversions, mass jobs and
//! composite requests; limits and faults.
//!
//! It is written from Zoho's documents and from observations of the real service, and shares no code with the clients it
//! is used to test: one that shared a type with a client would agree with its mistakes. Where the documents leave a
//! behaviour open, [`Behaviour`] offers both, and the default is the one that is harder on a client.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use zoho_crm_simulator::ZohoSimulator;
//!
//! let simulator = ZohoSimulator::start().await?;
//! simulator.seed("Accounts", [serde_json::json!({"Account_Name": "Northwind", "X3_Code": "C001"})])?;
//! assert!(simulator.base_url().starts_with("http://127.0.0.1:"));
//! assert_eq!(simulator.records("Accounts").len(), 1);
//! simulator.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Admin routes
//!
//! What the handle does, tests in other languages do over HTTP. These routes need no token, cost nothing, are not logged,
//! and no fault strikes them.
//!
//! | Route | Does |
//! |---|---|
//! | `GET /__admin/health` | answers when the server is up |
//! | `GET`, `POST /__admin/records/{module}` | reads all records; seeds a record or an array of them |
//! | `POST /__admin/records/{module}/as-user` | creates a record as a user does |
//! | `PATCH`, `DELETE /__admin/records/{module}/{id}` | edits or deletes as a user does (`?permanent=true` skips the bin) |
//! | `POST /__admin/records/{module}/{id}/restore` | takes a record out of the recycle bin |
//! | `GET`, `DELETE /__admin/counters`, `/__admin/log` | shows or resets |
//! | `GET`, `POST`, `DELETE /__admin/faults` | shows, adds ([`Fault`] as JSON) or clears faults |
//! | `GET`, `POST /__admin/clock` | shows the time; `{"set": "…"}` or `{"advance_seconds": n}` |
//! | `GET`, `PATCH /__admin/settings` | shows or merges [`Settings`] |
//! | `POST /__admin/fields`, `DELETE /__admin/fields?module=&api_name=` | adds a [`CustomField`], removes one |
//! | `PUT /__admin/picklists` | `{"module", "api_name", "values"}` |
//! | `PUT /__admin/pipelines` | `{"name", "stages"}`: a pipeline of deals with stages of its own |
//! | `POST /__admin/views` | `{"module", "name", "criteria"}`: adds a custom view, criteria as in search; answers its id |
//! | `GET /__admin/tokens`, `POST /__admin/tokens/expire`, `/forget-mints`, `/revoke` | shows refresh tokens; ends tokens |
//! | `POST /__admin/grants` | hands out an authorization code |
//! | `GET /__admin/channels`, `POST /__admin/callbacks/flush` | live channels; sends all notifications now |
//!
//! One listener serves the accounts server (`/oauth/v2/…`), the API (`/crm/v8/…`) and the admin routes (`/__admin/…`),
//! so `base_url()` is the value for all three. Several simulators can run in one process; nothing is global.
//!
//! # Proof
//!
//! Zoho's own SDKs for Python and TypeScript run against it (`official-sdks/run`), and Zoho's OpenAPI documents judge every
//! response of its tests ([`conformance`]; the documents bear no licence and are no part of this repository).

mod admin;
mod bulk;
mod capture;
mod clock;
mod composite;
pub mod conformance;
mod control;
mod convert;
mod coql;
mod dispatch;
mod exchange;
mod external;
mod failure;
mod faults;
mod files;
mod journal;
mod json;
mod limits;
mod locks;
mod mass;
mod metadata;
mod multipart;
mod oauth;
mod organisation;
mod outbox;
mod owners;
mod records;
mod recycle_bin;
mod related;
mod rng;
mod routes;
mod rows;
mod schema;
mod search;
mod server;
mod settings;
mod simulator;
mod store;
mod tags;
mod timeline;
mod views;
mod watch;
mod world;

pub use clock::Clock;
pub use control::{Refusal, StoredRecord};
pub use faults::{Fault, FaultKind};
pub use journal::{Counters, LogEntry};
pub use json::{Json, Object};
pub use schema::{CustomField, GlobalPicklist};
pub use settings::{
    Behaviour, CallbackPolicy, Credentials, Currency, Edition, Limits, Org, Settings, TokenRules,
    User,
};
pub use simulator::{Builder, ZohoSimulator};

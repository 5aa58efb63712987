//! Two-way synchronisation that loses nothing and duplicates nothing.
//!
//! The engine keeps pairs of records in two systems in agreement. It does not forward events: whatever happens (a
//! webhook, a poll, a sweep, a person) puts a **key** on a durable queue, and a worker **reconciles** that key. It reads
//! both records as they are now, compares them with the **base** (the values both last agreed on), merges field by field,
//! writes whichever side differs, and commits. A lost, late, duplicate or reordered event costs a look and nothing else.
//!
//! # The loop
//!
//! ```text
//! Engine::ingest  <- webhooks        Engine::tick
//! Engine::poll    <- change feeds      claim keys under a lease (Store::claim)
//!       |                              read both sides in as few calls as possible (Endpoint::read)
//!       v                              find missing partners: by key, then by matching rules (Endpoint::find)
//!   durable queue  ------------->      merge and plan (pure: merge, plan)
//!                                      make plans and intents durable (Store::prepare)
//!                                      write, one outcome a record (Endpoint::write)
//!                                      commit links, bases, jobs and audit in one transaction (Store::commit)
//! ```
//!
//! The engine never sleeps, spawns or reads a clock of its own: [`Engine::tick`] does bounded work and says when it is next
//! due. [`Engine::run`] is a loop for those who have a sleeper at hand.
//!
//! # What you bring
//!
//! - Two [`Endpoint`]s: one kind of record in each system. Features `x3` and `zoho` (both on by default) bring those for
//!   Sage X3 and Zoho CRM; without them this crate pulls in no HTTP and syncs any two systems.
//! - A [`Mapping`]: one [`Row`] a field. [`flows`] has the tables for X3 and Zoho.
//! - A [`Store`]: [`MemoryStore`] here, SQLite in the example crate `sql-store`, or your own.
//!
//! # The first meeting
//!
//! Two systems that are both full must not be joined by guess. A flow does nothing until a person has approved its
//! [`FirstSyncPlan`]: [`Engine::plan_first_sync`] reads both sides and writes nothing; [`Engine::apply_first_sync`] takes the
//! plan's hash and refuses if anything would now be done differently.
//!
//! # What keeps it safe
//!
//! - **Guards** ([`Guards`]) stop a flow before harm: too many deletes or updates in an hour, a listing that lacks records, a
//!   system that lost a mapped field. The reason is in the [`Health`]; a person [releases](Engine::release) the flow.
//! - **Budgets** ([`Budget`]) are counted in the store before each call and never exceeded; flows share them by
//!   [`Priority`]. An [`Endpoint`] says what its calls [cost](Endpoint::cost), and a plan forecasts what it will.
//! - **Sweeps** ([`Engine::sweep`]) compare everything once a day and find what feeds missed, deletions included. What a
//!   deletion leads to is a [`DeleteRule`].
//! - **Channels** ([`EventSource`]) are renewed, opened again when lost, and watched: rows that change unannounced raise an
//!   alarm. A webhook is acknowledged when [`Engine::ingest`] has returned, for then it is durable.
//! - **Breakers** leave a failing system alone; the tries of the records in work are not used up.
//!
//! # People
//!
//! A record that needs a person is [parked](Engine::parked) with both sides, the base and a [`ParkReason`]. It can be
//! [edited](Engine::edit), [replayed](Engine::replay) or [dismissed](Engine::dismiss). It is looked at again by itself when
//! its data change, when the [mapping or policy](Flow::fingerprint) does, or when the record that it waits for has a
//! partner, and closes itself when that succeeds.
//!
//! The audit says [why a value is where it is](Engine::explain); a [range](Engine::replay_range) of it can be replayed, and
//! lost links and bases are [rebuilt](Engine::rebuild) from it. [Personal data](Row::personal) can be kept out of it. How
//! everything stands is in [`Engine::health`]; metrics come through an [`Observer`].
//!
//! # Beyond pairs
//!
//! A field may [refer](Kind::Reference) to a record of another flow, such as an order to its customer: as long as that has
//! no partner the order waits, and is woken by it. Orders have [lines](Kind::Lines). High volumes that only one side changes
//! are [mirrored](Mode::Mirror): the target is not read.
//!
//! # Promises
//!
//! One link per identity. No second record for one key, whatever crashes or which answers are lost. A value edited on one
//! side alone reaches the other or waits in a visible parked record. At rest nothing is written. Every effect has an audit
//! entry. Replaying what is applied changes nothing. [`guide::promises`] lists them all, and how each is tested.
//!
//! # Your own records, database and systems
//!
//! [`guide`] has a compiled example of each: a mapping, a store, and an endpoint for a third system.
//!
//! # The heart of it
//!
//! ```
//! use sync_core::{Adoption, Document, Kind, Mapping, MergeInput, Row, Sides, merge};
//!
//! let mapping = Mapping::new(vec![
//!     Row::new("name", "companyName1", "Account_Name", Kind::Text),
//!     Row::new("phone", "address.phone", "Phone", Kind::Text),
//! ])?;
//! let base = Document::new().with("name", "Éclair SARL").with("phone", "1");
//! let left = Document::new().with("name", "Éclair SAS").with("phone", "1");
//! let right = Document::new().with("name", "Éclair SARL").with("phone", "2");
//!
//! let merged = merge(&MergeInput {
//!     mapping: &mapping,
//!     base: Some(&base),
//!     planned: None,
//!     now: Sides::new(&left, &right),
//!     newest: None,
//!     adoption: Adoption::default(),
//! });
//! // Each side changed another field: both changes survive.
//! assert_eq!(merged.patches.right, Document::new().with("name", "Éclair SAS"));
//! assert_eq!(merged.patches.left, Document::new().with("phone", "2"));
//! assert!(merged.conflicts.is_empty());
//! # Ok::<(), sync_core::MappingError>(())
//! ```

mod audit;
mod budget;
mod channel;
mod clock;
mod endpoint;
mod engine;
mod error;
mod first_sync;
mod flow;
pub mod flows;
mod guard;
pub mod guide;
mod ids;
mod job;
mod link;
mod mapping;
mod merge;
mod mutant;
mod plan;
mod scratch;
mod side;
mod store;
pub mod stored;
#[cfg(feature = "testing")]
pub mod testing;
mod value;
#[cfg(feature = "x3")]
pub mod x3;
#[cfg(feature = "zoho")]
pub mod zoho;

pub use audit::{AuditEntry, AuditEvent, AuditQuery, FieldDecision, StoredAudit, Verdict};
pub use budget::{Budget, BudgetStatus, Call, Cost, Priority};
pub use channel::{ChannelHealth, ChannelState, EventSource};
pub use clock::{Clock, SystemClock};
pub use endpoint::{
    Capabilities, Change, ChangesPage, ChangesRequest, Endpoint, EndpointError, EndpointErrorKind,
    FeedDescription, FoundWithUnmarked, Key, PastChange, Problem, Record, RecordsPage, Rejection,
    Write, WriteError, Written,
};
pub use engine::{
    CodeScan, Engine, EngineBuilder, FeedHealth, FirstSyncGate, FlowHealth, FlowStatus, Health,
    Inspected, Observation, Observer, Polled, Rebuilt, Report, Seen, Settings, SideHealth, Swept,
    Tick, Trail, UnmappedCode,
};
pub use error::Error;
pub use first_sync::{
    FirstSyncPlan, OnProgress, PlanEntry, PlanPage, PlanProgress, PlanSummary, PlannedAction,
};
pub use flow::{
    CreateRule, DeleteRule, Flow, FlowError, Identity, KeyForm, KeyGuarantee, KeyRule, MatchRule,
    Mode, Policy, UnknownPartner,
};
pub use guard::{Allowance, Guards, Limit, StopReason, Stopped};
pub use ids::{ConnectionId, FeedName, FieldName, FlowName, PageToken, RecordId, WorkerId};
pub use job::{
    Cause, Claim, FencingToken, Finish, Hint, Job, JobKey, ParkReason, Parked, ParkedJob,
};
pub use link::{Intent, Link, LinkContent, LinkId, Planned, Replaces, Revision};
pub use mapping::{
    Codes, ConflictRule, Convert, Direction, Kind, Lines, MapError, Mapping, MappingError,
    MissingCode, PersonalData, References, Row,
};
pub use merge::{Adoption, MergeInput, Merged, merge};
pub use plan::{CreatePlan, Pair, Plan, UpdatePlan, plan};
pub use scratch::{MemoryScratch, Scratch, ScratchArea, ScratchRow};
pub use side::{Side, Sides};
pub use store::{
    Commit, Counts, DocumentWrite, Held, LinkWrite, MemoryStore, Prepare, Refused, Store,
    StoreError, StoreErrorKind,
};
pub use value::{Document, Value};

//! How to bring your own: a mapping, a store, an endpoint. And what is promised.
//!
//! The programs shown here are this crate's examples as they stand in its folder `examples`. They are compiled with the
//! tests, and run with, for instance,
//! `cargo run -p sync-core --example own_mapping`.

/// A mapping for a record of your own.
///
/// Write one [`Row`](crate::Row) a field: its name, what each system calls it, and its [`Kind`](crate::Kind). Then say where
/// it differs from the default, which is: both ways, and a person settles conflicts.
///
/// | to say | write |
/// |---|---|
/// | one side owns it | [`direction`](crate::Row::direction) `ToLeft`, `ToRight` |
/// | only when a record is made | `Direction::CreateOnly` |
/// | and it must not change after that | `Direction::Binding` |
/// | who wins when both changed it | [`rule`](crate::Row::rule) |
/// | the systems use different codes | [`codes`](crate::Row::codes) |
/// | how long a text may be | [`max_length`](crate::Row::max_length) |
/// | it refers to another record | [`Kind::Reference`](crate::Kind::Reference) |
/// | it has lines | [`Kind::Lines`](crate::Kind::Lines) |
/// | no record is made without it | [`required`](crate::Row::required) |
/// | anything else | [`convert`](crate::Row::convert) |
///
/// What a mapping must do: a value that is projected and rendered again is the same up to what the system itself
/// normalises; nothing is rendered when nothing changed; what does not fit is an error that names the field, never cut.
///
/// ```rust,ignore
#[doc = include_str!("../examples/own_mapping.rs")]
/// ```
pub mod own_mapping {}

/// A store on your own database.
///
/// Implement [`Store`](crate::Store): each method is one transaction. Keep the text that [`stored`](crate::stored) makes of
/// a link, a parked job, a cause and an audit entry, and beside it, in columns of their own, what is searched by. Then run
/// the laws on it: `sync_core::store_laws!` (feature `testing`) makes a test of each. The crate `sql-store` in this
/// repository does it for SQLite and PostgreSQL.
///
/// ```rust,ignore
#[doc = include_str!("../examples/own_store.rs")]
/// ```
pub mod own_store {}

/// An endpoint for a third system.
///
/// Implement [`Endpoint`](crate::Endpoint). What matters most:
///
/// - [`find`](crate::Endpoint::find) sees a record as soon as it exists, because it is the look-up before each create.
/// - A key field that is unique at the system makes creates happen exactly once. A system without one is refused unless the
///   flow makes do with [`KeyRule::look_up_only`](crate::KeyRule::look_up_only).
/// - Every row of a write has an outcome of its own, and a failed call says whether it
///   [may have been applied](crate::EndpointError::may_have_been_applied).
/// - A page token names a place, not a count of rows: records that change while pages are read must not hide others.
/// - A field that the system does not offer is absent, an empty one is `Null`.
///
/// `sync_core::testing::FakeSystem` (feature `testing`) stands for the other side in your tests, with users, faults and
/// lost answers.
///
/// ```rust,ignore
#[doc = include_str!("../examples/own_endpoint.rs")]
/// ```
pub mod own_endpoint {}

/// What is promised, and the tests that fail without it.
///
/// Tests are in `sync-core/tests/it`, unless a path says otherwise. Beyond them the deterministic simulation
/// (`sync_core::testing::sim`) checks the promises after every step under random faults and crashes.
///
/// | | promise | tests |
/// |---|---|---|
/// | I1 | One link per identity; no two links share an id on a side. | `promises::i1_...`; law `identity_belongs_to_one_link` |
/// | I2 | At most one record for a key always, exactly one at rest. | `promises::i2_...`; `exactly_once`, `crashes` |
/// | I3 | A value edited on one side only reaches the other or sits in a visible parked record. | `promises::i3_...`; `both_ways`, `merge_laws`, `overwritten` |
/// | I4 | No value is written that nobody entered, mapping aside. | `promises::i4_...`; `merge_laws` |
/// | I5 | At rest nothing is written and only polling calls. | `promises::i5_...`; `feeds` |
/// | I6 | Guards are never exceeded. | `promises::i6_...`; `guards` |
/// | I7 | Budgets are never exceeded. | `promises::i7_...`; `budgets` |
/// | I8 | At most one token refresh in flight per credential, across processes. | simulation; `client-core` and both clients: single-flight tests |
/// | I9 | Every effect has an audit entry and every entry a cause. | `promises::i9_...`; `audit_trail` |
/// | I10 | Links and bases can be rebuilt from the audit. | `promises::i10_...`; `trail` |
/// | I11 | No secret is in a log, error, audit or debug output. | `secrecy`, `promises::i11_...`; both clients: secrets tests |
/// | I12 | Replaying what is applied changes nothing. | `promises::i12_...`; `trail` |
/// | L1 | Once faults stop, every pair agrees or is parked with a reason. | `promises::l1_...`; `simulation` |
/// | L2 | No lane starves. | `promises::l2_...`; `budgets` |
/// | L3 | A parked record whose cause is gone is retried. | `promises::l3_...`; `desk`, `references` |
///
/// The single exception to I3 is an edit within the moment between the engine's read and its write to a system that cannot
/// write on condition. Where the system keeps a history ([`Endpoint::keeps_history`](crate::Endpoint::keeps_history)), the
/// next look finds it, and the audit trail says what was overwritten
/// ([`AuditEvent::Overwritten`](crate::AuditEvent::Overwritten)); where it keeps none, nobody can find it. An edit that a
/// system makes while it carries out the engine's write is lost, too.
pub mod promises {}

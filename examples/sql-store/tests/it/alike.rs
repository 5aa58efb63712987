//! The stores on SQLite, on PostgreSQL and in memory answer alike, whatever is asked of them in whatever order.

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};
use proptest::{prelude::*, test_runner::TestRunner};
use sql_store::SqlStore;
use sync_core::{
    AuditEntry, AuditEvent, AuditQuery, Cause, Claim, Commit, ConnectionId, Counts, DocumentWrite,
    Finish, FlowName, Held, Hint, Job, JobKey, Link, LinkContent, LinkWrite, MemoryStore,
    ParkReason, Parked, ParkedJob, Prepare, RecordId, Refused, Revision, Side, Sides, Store,
    StoreErrorKind,
};

use crate::{block_on, place::Place};

/// A few records, most of them on one side, so that operations meet.
fn record() -> impl Strategy<Value = (Side, u8)> {
    (
        prop_oneof![3 => Just(Side::Left), 1 => Just(Side::Right)],
        0u8..3,
    )
}

/// A few that others wait for.
fn parent() -> impl Strategy<Value = (u8, Side, u8)> {
    (0u8..2).prop_map(|id| (0, Side::Left, id))
}

/// Most happens in one flow.
fn any_flow() -> impl Strategy<Value = u8> {
    prop_oneof![4 => Just(0u8), 1 => Just(1u8)]
}

#[derive(Clone, Debug)]
enum Operation {
    /// The clock moves, in either direction, by seconds.
    Tick(i64),
    Hint(u8, Vec<(Side, u8)>, Option<bool>),
    Claim(u8, usize),
    Prepare(u8, Vec<(usize, LinkChange)>),
    Commit(u8, Vec<CommitOf>),
    Dismiss(u8, Vec<(Side, u8)>),
}

impl Operation {
    fn flow(&self) -> u8 {
        match self {
            Self::Tick(_) => 0,
            Self::Hint(flow, ..)
            | Self::Claim(flow, _)
            | Self::Prepare(flow, _)
            | Self::Commit(flow, _)
            | Self::Dismiss(flow, _) => *flow,
        }
    }
}

/// Leases and links are named by their place among all that were seen, stale ones included.
#[derive(Clone, Debug)]
struct CommitOf {
    leases: Vec<usize>,
    link: Option<LinkChange>,
    end: End,
    wake: Vec<(u8, Side, u8)>,
}

#[derive(Clone, Debug)]
enum LinkChange {
    Insert(Option<u8>, u8),
    Replace(usize, Option<u8>, Option<u8>),
    Remove(usize),
}

#[derive(Clone, Debug)]
enum End {
    Done,
    Again(i64, bool, bool),
    Park,
    WaitFor(u8, Side, u8),
}

fn link_change() -> impl Strategy<Value = LinkChange> {
    let id = || proptest::option::of(0u8..4);
    prop_oneof![
        3 => (id(), 0u8..4).prop_map(|(left, right)| LinkChange::Insert(left, right)),
        2 => (0usize..8, id(), id()).prop_map(|(link, left, right)| LinkChange::Replace(link, left, right)),
        1 => (0usize..8).prop_map(LinkChange::Remove),
    ]
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        3 => Just(End::Done),
        2 => (0i64..100, any::<bool>(), any::<bool>()).prop_map(|(after, failed, verify)| End::Again(after, failed, verify)),
        1 => Just(End::Park),
        2 => parent().prop_map(|(flow, side, id)| End::WaitFor(flow, side, id)),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let commit = (
        prop::collection::vec(0usize..3, 1..3),
        proptest::option::weighted(0.3, link_change()),
        end(),
        prop::collection::vec(parent(), 0..2),
    )
        .prop_map(|(leases, link, end, wake)| CommitOf {
            leases,
            link,
            end,
            wake,
        });
    prop_oneof![
        1 => (-50i64..150).prop_map(Operation::Tick),
        3 => (any_flow(), prop::collection::vec(record(), 0..4), proptest::option::of(any::<bool>()))
            .prop_map(|(flow, records, document)| Operation::Hint(flow, records, document)),
        3 => (any_flow(), 0usize..5).prop_map(|(flow, limit)| Operation::Claim(flow, limit)),
        2 => (any_flow(), prop::collection::vec((0usize..3, link_change()), 1..3))
            .prop_map(|(flow, entries)| Operation::Prepare(flow, entries)),
        4 => (any_flow(), prop::collection::vec(commit, 1..3))
            .prop_map(|(flow, entries)| Operation::Commit(flow, entries)),
        1 => (any_flow(), prop::collection::vec(record(), 1..4))
            .prop_map(|(flow, records)| Operation::Dismiss(flow, records)),
    ]
}

fn flow(number: u8) -> FlowName {
    FlowName::new(format!("flow {number}"))
}

fn key(flow_number: u8, (side, id): (Side, u8)) -> JobKey {
    JobKey {
        flow: flow(flow_number),
        side,
        id: RecordId::new(format!("{id}")),
    }
}

/// One of the two stores, and the numbers that it gave out.
struct Subject<'a> {
    store: &'a dyn Store,
    connection: ConnectionId,
    now: Timestamp,
    leases: Vec<Job>,
    links: Vec<Link>,
    cursor: Option<Revision>,
    entries: u32,
}

/// What a store answered, without the numbers that each store chooses by itself.
#[derive(Debug, PartialEq)]
enum Answer {
    Nothing,
    Enqueued(Option<StoreErrorKind>),
    Jobs(Vec<(JobKey, u64, u32, Cause, Timestamp)>),
    Links(Vec<Result<LinkContent, Refused>>),
    Outcomes(Vec<Result<(), Refused>>),
    Dismissed(usize),
}

/// Everything that can be seen of a flow.
#[derive(Debug, PartialEq)]
struct View {
    due: Option<Timestamp>,
    counts: Counts,
    links: Vec<LinkContent>,
    found: Vec<Option<LinkContent>>,
    parked: Vec<ParkedJob>,
    audit: Vec<AuditEntry>,
    audit_of_one: Vec<AuditEntry>,
    cursor: Option<String>,
}

impl<'a> Subject<'a> {
    /// In a connection of its own.
    fn new(store: &'a dyn Store) -> Self {
        static SUBJECTS: AtomicU32 = AtomicU32::new(0);
        let now = Timestamp::from_second(1_772_359_200).unwrap();
        let number = SUBJECTS.fetch_add(1, Ordering::Relaxed);
        let connection = ConnectionId::new(format!("subject {number}"));
        Self {
            store,
            connection,
            now,
            leases: Vec::new(),
            links: Vec::new(),
            cursor: None,
            entries: 0,
        }
    }

    fn after(&self, seconds: i64) -> Timestamp {
        self.now + SignedDuration::from_secs(seconds)
    }

    async fn apply(&mut self, operation: &Operation) -> Answer {
        match operation {
            Operation::Tick(seconds) => {
                self.now = self.after(*seconds);
                Answer::Nothing
            }
            Operation::Hint(number, records, document) => {
                self.hint(*number, records, *document).await
            }
            Operation::Claim(number, limit) => self.claim(*number, *limit).await,
            Operation::Prepare(number, entries) => self.prepare(*number, entries).await,
            Operation::Commit(number, entries) => self.commit(*number, entries).await,
            Operation::Dismiss(number, records) => {
                let keys: Vec<JobKey> =
                    records.iter().map(|record| key(*number, *record)).collect();
                let audit = [self.entry(*number, 0)];
                Answer::Dismissed(
                    self.store
                        .dismiss(&self.connection, &keys, &audit)
                        .await
                        .unwrap(),
                )
            }
        }
    }

    async fn hint(&mut self, number: u8, records: &[(Side, u8)], document: Option<bool>) -> Answer {
        let hints: Vec<Hint> = records
            .iter()
            .map(|record| Hint {
                key: key(number, *record),
                cause: Cause::Webhook,
            })
            .collect();
        let write = document.map(|knows| DocumentWrite {
            name: "cursor".into(),
            expected: self.cursor.filter(|_| knows),
            body: format!("{:?}", self.now),
        });
        let result = self
            .store
            .enqueue(&self.connection, &hints, write.as_ref(), self.now)
            .await;
        let found = self
            .store
            .document(&self.connection, "cursor")
            .await
            .unwrap();
        self.cursor = found.map(|(_, revision)| revision);
        Answer::Enqueued(result.err().map(|error| error.kind()))
    }

    async fn claim(&mut self, number: u8, limit: usize) -> Answer {
        let claim = Claim {
            flow: flow(number),
            worker: "w".into(),
            limit,
            now: self.now,
            lease_until: self.after(60),
        };
        let jobs = self.store.claim(&self.connection, &claim).await.unwrap();
        self.leases.extend(jobs.iter().cloned());
        let seen = |job: Job| {
            (
                job.key,
                job.generation,
                job.attempts,
                job.cause,
                job.queued_at,
            )
        };
        Answer::Jobs(jobs.into_iter().map(seen).collect())
    }

    /// The newest leases come first.
    fn lease(&self, place: usize) -> Held {
        let unknown = || Held {
            key: key(0, (Side::Left, 0)),
            token: sync_core::FencingToken(u64::MAX),
            generation: 1,
        };
        self.leases
            .iter()
            .rev()
            .nth(place)
            .map_or_else(unknown, Held::from)
    }

    fn link_write(&self, change: &LinkChange) -> LinkWrite {
        let content = |left: Option<u8>, right: Option<u8>| {
            let id = |id: u8| RecordId::new(id.to_string());
            LinkContent {
                ids: Sides::new(left.map(id), right.map(id)),
                ..LinkContent::default()
            }
        };
        let known = |place: usize| {
            let link = self.links.iter().rev().nth(place);
            link.map_or((sync_core::LinkId(u64::MAX), Revision(1)), |link| {
                (link.id, link.revision)
            })
        };
        match change {
            LinkChange::Insert(left, right) => LinkWrite::Insert(content(*left, Some(*right))),
            LinkChange::Replace(place, left, right) => {
                let (id, expected) = known(*place);
                let right = right.or(left.is_none().then_some(0));
                LinkWrite::Replace {
                    id,
                    expected,
                    content: content(*left, right),
                }
            }
            LinkChange::Remove(place) => {
                let (id, expected) = known(*place);
                LinkWrite::Remove { id, expected }
            }
        }
    }

    fn entry(&mut self, number: u8, left: u8) -> AuditEntry {
        self.entries += 1;
        AuditEntry {
            at: self.now,
            flow: flow(number),
            ids: Sides::new(Some(RecordId::new(left.to_string())), None),
            cause: Cause::Sweep,
            attempt: self.entries,
            fields: Vec::new(),
            event: AuditEvent::Linked,
            agreed: sync_core::Document::new(),
            sent: None,
            refused: false,
        }
    }

    async fn prepare(&mut self, number: u8, entries: &[(usize, LinkChange)]) -> Answer {
        let mut prepared = Vec::new();
        for (lease, change) in entries {
            let audit = vec![self.entry(number, 1)];
            prepared.push(Prepare {
                held: self.lease(*lease),
                link: self.link_write(change),
                audit,
            });
        }
        let outcomes = self
            .store
            .prepare(&self.connection, &flow(number), &prepared, self.now)
            .await
            .unwrap();
        self.links.extend(outcomes.iter().flatten().cloned());
        Answer::Links(
            outcomes
                .into_iter()
                .map(|outcome| outcome.map(|link| link.content))
                .collect(),
        )
    }

    async fn commit(&mut self, number: u8, entries: &[CommitOf]) -> Answer {
        let mut commits = Vec::new();
        for entry in entries {
            let mut held: Vec<Held> = entry
                .leases
                .iter()
                .map(|lease| self.lease(*lease))
                .collect();
            held.dedup_by(|one, other| one.key == other.key);
            commits.push(Commit {
                held,
                link: entry.link.as_ref().map(|change| self.link_write(change)),
                finish: self.finish(&entry.end),
                wake: entry
                    .wake
                    .iter()
                    .map(|(flow, side, id)| key(*flow, (*side, *id)))
                    .collect(),
                audit: vec![self.entry(number, 2)],
            });
        }
        let outcomes = self
            .store
            .commit(&self.connection, &flow(number), &commits, self.now)
            .await
            .unwrap();
        let links = self
            .store
            .all_links(&self.connection, &flow(number), None, 100)
            .await
            .unwrap();
        self.links.extend(links);
        Answer::Outcomes(outcomes)
    }

    fn finish(&self, end: &End) -> Finish {
        let park = |reason| {
            Finish::Park(Box::new(Parked {
                reason,
                sides: Sides::new(None, None),
                base: None,
                ids: Sides::new(None, None),
                since: self.now,
            }))
        };
        match end {
            End::Done => Finish::Done,
            End::Again(after, failed, verify) => Finish::Again {
                at: self.after(*after),
                failed: *failed,
                cause: verify.then_some(Cause::Verify),
            },
            End::Park => park(ParkReason::FlipFlop),
            End::WaitFor(flow, side, id) => park(ParkReason::WaitingFor {
                parent: key(*flow, (*side, *id)),
            }),
        }
    }

    async fn view(&self, number: u8) -> View {
        let (store, connection, flow) = (self.store, &self.connection, &flow(number));
        let records: Vec<(Side, RecordId)> = Side::BOTH
            .into_iter()
            .flat_map(|side| (0..4).map(move |id| (side, RecordId::new(id.to_string()))))
            .collect();
        let content = |link: Link| link.content;
        let all = AuditQuery {
            limit: 1000,
            ..AuditQuery::default()
        };
        let of_one = AuditQuery {
            record: Some((Side::Left, "2".into())),
            ..all.clone()
        };
        let entries = async |query| -> Vec<AuditEntry> {
            store
                .audit(connection, query)
                .await
                .unwrap()
                .into_iter()
                .map(|stored| stored.entry)
                .collect()
        };
        View {
            due: store.next_due(connection, flow).await.unwrap(),
            counts: store.counts(connection, flow).await.unwrap(),
            links: store
                .all_links(connection, flow, None, 100)
                .await
                .unwrap()
                .into_iter()
                .map(content)
                .collect(),
            found: store
                .links(connection, flow, &records)
                .await
                .unwrap()
                .into_iter()
                .map(|link| link.map(content))
                .collect(),
            parked: store.parked(connection, flow, None, 100).await.unwrap(),
            audit: entries(&all).await,
            audit_of_one: entries(&of_one).await,
            cursor: store
                .document(connection, "cursor")
                .await
                .unwrap()
                .map(|(body, _)| body),
        }
    }
}

fn assert_alike(other: &dyn Store, operations: &[Operation]) -> Result<(), TestCaseError> {
    block_on(async {
        let in_memory = MemoryStore::new();
        let (mut memory, mut other) = (Subject::new(&in_memory), Subject::new(other));
        for operation in operations {
            let answers = (memory.apply(operation).await, other.apply(operation).await);
            prop_assert_eq!(answers.0, answers.1, "after {:?}", operation);
            let flow = operation.flow();
            let views = (memory.view(flow).await, other.view(flow).await);
            prop_assert_eq!(views.0, views.1, "after {:?}", operation);
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn stores_answer_alike(operations in prop::collection::vec(operation(), 1..80)) {
        assert_alike(&block_on(SqlStore::open_in_memory()).unwrap(), &operations)?;
    }
}

#[test]
fn store_on_postgres_answers_alike() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let store = block_on(place.open());
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let operations = prop::collection::vec(operation(), 1..60);
    runner
        .run(&operations, |operations| assert_alike(&store, &operations))
        .unwrap();
}

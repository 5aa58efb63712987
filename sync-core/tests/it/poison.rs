//! Records that a system chokes on: every call with one of them fails as a whole.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use sync_core::{
    Capabilities, ChangesPage, ChangesRequest, Endpoint, EndpointError, EndpointErrorKind,
    FeedDescription, FieldName, PageToken, ParkReason, Problem, Record, RecordId, RecordsPage,
    Side, Value, Write, WriteError, Written, testing::FakeSystem,
};

use crate::world::{World, set, text, thing};

type Chokes<T> = Box<dyn Fn(&T) -> bool + Send + Sync>;

/// A system that chokes on some records.
struct Choking {
    inner: FakeSystem,
    write_batch: usize,
    reads: Chokes<RecordId>,
    writes: Chokes<Write>,
    applied: bool,
}

impl fmt::Debug for Choking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Choking").finish_non_exhaustive()
    }
}

impl Choking {
    fn new(inner: &FakeSystem) -> Self {
        Self {
            inner: inner.clone(),
            write_batch: 100,
            reads: Box::new(|_| false),
            writes: Box::new(|_| false),
            applied: false,
        }
    }

    fn error(&self) -> EndpointError {
        EndpointError {
            kind: EndpointErrorKind::Protocol,
            message: "the answer is not JSON".to_owned(),
            retry_after: None,
            may_have_been_applied: self.applied,
            source: None,
        }
    }
}

#[async_trait]
impl Endpoint for Choking {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            write_batch: self.write_batch,
            ..self.inner.capabilities()
        }
    }

    async fn check(&self) -> Result<Vec<Problem>, EndpointError> {
        self.inner.check().await
    }

    async fn read(&self, ids: &[RecordId]) -> Result<Vec<Option<Record>>, EndpointError> {
        if ids.iter().any(&self.reads) {
            return Err(EndpointError {
                may_have_been_applied: false,
                ..self.error()
            });
        }
        self.inner.read(ids).await
    }

    async fn find(
        &self,
        field: &FieldName,
        values: &[Value],
    ) -> Result<Vec<Vec<Record>>, EndpointError> {
        self.inner.find(field, values).await
    }

    async fn write(&self, writes: &[Write]) -> Vec<Result<Written, WriteError>> {
        if !writes.iter().any(&self.writes) {
            return self.inner.write(writes).await;
        }
        let error = Arc::new(self.error());
        let failed = writes.iter();
        failed
            .map(|_| Err(WriteError::Call(Arc::clone(&error))))
            .collect()
    }

    fn feeds(&self) -> Vec<FeedDescription> {
        self.inner.feeds()
    }

    async fn changes(&self, request: &ChangesRequest) -> Result<ChangesPage, EndpointError> {
        self.inner.changes(request).await
    }

    async fn list(&self, page: Option<&PageToken>) -> Result<RecordsPage, EndpointError> {
        self.inner.list(page).await
    }
}

/// Thirty agreed pairs, of which all left phones were changed; then the systems choke as `choke` says.
fn world(choke: impl FnOnce(&World) -> (Side, Choking)) -> World {
    let world = World::new();
    let engine = world.engine();
    for n in 0..30 {
        world
            .left
            .create_as_user(thing(&format!("C{n:02}")))
            .unwrap();
    }
    world.settle(&engine);
    world.later(60);
    for record in world.left.all_records() {
        world
            .left
            .edit_as_user(record.id, set("phone", "999"))
            .unwrap();
    }
    let (side, choking) = choke(&world);
    let mut flow = world.flow.clone();
    *flow.endpoints.get_mut(side) = Arc::new(choking);
    World { flow, ..world }
}

fn carried_over(world: &World) -> usize {
    let records = world.right.all_records().into_iter();
    let done = records.filter(|record| record.fields.get("Phone") == Some(&text("999")));
    done.count()
}

fn parked_ids(world: &World) -> Vec<String> {
    let parked = world.parked().into_iter();
    parked
        .map(|job| {
            let ParkReason::AttemptsExhausted { message } = job.parked.reason else {
                panic!("{:?}", job.parked.reason);
            };
            assert!(message.contains("not JSON"), "{message}");
            job.key.id.to_string()
        })
        .collect()
}

#[test]
fn a_record_that_cannot_be_read_does_not_hold_up_the_others() {
    let world = world(|world| {
        let mut choking = Choking::new(&world.left);
        choking.reads = Box::new(|id| matches!(id.as_str(), "C11" | "C29"));
        (Side::Left, choking)
    });
    world.settle(&world.engine());
    assert_eq!(carried_over(&world), 28);
    assert_eq!(parked_ids(&world), ["C11", "C29"]);
}

#[test]
fn a_record_that_cannot_be_written_does_not_hold_up_the_others() {
    for (applied, write_batch) in [(false, 100), (true, 100), (false, 10), (true, 1)] {
        let world = world(|world| {
            let mut choking = Choking::new(&world.right);
            choking.write_batch = write_batch;
            let poison: Vec<RecordId> = ["C11", "C29"]
                .map(|code| world.partner(Side::Left, &code.into()).unwrap())
                .into();
            choking.writes = Box::new(
                move |write| matches!(write, Write::Update { id, .. } if poison.contains(id)),
            );
            choking.applied = applied;
            (Side::Right, choking)
        });
        world.settle(&world.engine());
        assert_eq!(carried_over(&world), 28, "{applied}, {write_batch}");
        assert_eq!(
            parked_ids(&world),
            ["C11", "C29"],
            "{applied}, {write_batch}"
        );
    }
}

#[test]
fn a_system_that_answers_nothing_but_garbage_is_not_blamed_on_its_records() {
    for writing in [false, true] {
        let broken = Arc::new(AtomicBool::new(true));
        let gate = Arc::clone(&broken);
        let world = world(|world| {
            let mut choking = Choking::new(&world.right);
            if writing {
                choking.writes = Box::new(move |_| gate.load(Ordering::Relaxed));
            } else {
                choking.reads = Box::new(move |_| gate.load(Ordering::Relaxed));
            }
            (Side::Right, choking)
        });
        let engine = world.engine();
        for _ in 0..60 {
            world.round(&engine);
            world.later(61);
        }
        assert!(world.parked().is_empty(), "writing: {writing}");
        // It is asked a few times a minute, not once for each record.
        let traffic = world.right.traffic();
        assert!(traffic.calls() < 60 * 30, "{traffic:?}");
        broken.store(false, Ordering::Relaxed);
        world.settle(&engine);
        assert_eq!(carried_over(&world), 30, "writing: {writing}");
        assert!(world.parked().is_empty());
    }
}

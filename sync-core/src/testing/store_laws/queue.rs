//! Hints become jobs.

use super::desk::{Desk, at, done, failed_until, left, names, pair, park, right};
use crate::{Cause, DocumentWrite, Finish, Hint, ParkReason, Store, StoreErrorKind};

/// A hint is queued, and handed out as it was given.
pub async fn hint_makes_a_job(store: &dyn Store) {
    let desk = Desk::new(store, "hint-makes-a-job");
    assert_eq!(
        desk.next_due().await,
        None,
        "nothing is due while nothing is queued"
    );
    desk.hint_because(right("r1"), Cause::Feed("modified".into()), at(5))
        .await;
    assert_eq!(desk.next_due().await, Some(at(5)), "a hint is due at once");
    let job = desk.claim_one(at(6)).await;
    assert_eq!(
        job.key,
        desk.key(right("r1")),
        "a job has the key of its hint"
    );
    assert_eq!(
        job.cause,
        Cause::Feed("modified".into()),
        "a job has the cause of its hint"
    );
    assert_eq!(job.generation, 1, "the first hint is the first generation");
    assert_eq!(job.attempts, 0, "a new job was never tried");
    assert_eq!(job.queued_at, at(5), "a job says when it was queued");
}

/// Hints for a queued key raise its generation and replace its cause, and keep its place in the queue.
pub async fn hints_for_one_key_make_one_job(store: &dyn Store) {
    let desk = Desk::new(store, "hints-for-one-key");
    desk.hint(&["a", "a", "b"], at(0)).await;
    desk.hint_because(left("a"), Cause::Sweep, at(1)).await;
    desk.hint_because(right("a"), Cause::Webhook, at(1)).await;
    let jobs = desk.claim(10, at(1)).await;
    assert_eq!(
        jobs.len(),
        3,
        "one key makes one job, and sides keep their keys apart"
    );
    assert_eq!(
        jobs[0].key,
        desk.key(left("a")),
        "a repeated hint keeps its place in the queue"
    );
    assert_eq!(jobs[0].generation, 3, "each hint raises the generation");
    assert_eq!(jobs[0].cause, Cause::Sweep, "the newest cause is kept");
    assert_eq!(
        jobs[0].queued_at,
        at(0),
        "a job is as old as its first hint"
    );
    assert_eq!(
        jobs[1].generation, 1,
        "hints for one key leave other jobs alone"
    );
}

/// A hint for a job that waits after a failure changes neither when it is due nor how often it failed.
pub async fn hints_do_not_defeat_back_off(store: &dyn Store) {
    let desk = Desk::new(store, "back-off");
    let job = desk.job("a", at(0)).await;
    desk.finish(&job, failed_until(100), at(1)).await;
    desk.hint(&["a"], at(2)).await;
    assert_eq!(
        desk.next_due().await,
        Some(at(100)),
        "a hint does not touch the due time of a queued job"
    );
    desk.assert_nothing_due(at(99), "its back-off has not passed")
        .await;
    let job = desk.claim_one(at(100)).await;
    assert_eq!(
        job.attempts, 1,
        "a hint does not forget the failed tries of a queued job"
    );
    assert_eq!(
        job.generation, 2,
        "a hint for a waiting job raises its generation"
    );
}

/// A hint for a parked job makes it due at once, as new.
pub async fn hint_revives_a_parked_job(store: &dyn Store) {
    let desk = Desk::new(store, "revive");
    let job = desk.job("a", at(0)).await;
    desk.finish(&job, failed_until(1), at(0)).await;
    let job = desk.claim_one(at(1)).await;
    desk.finish(&job, park(ParkReason::FlipFlop), at(2)).await;
    desk.assert_nothing_due(at(1000), "it is parked").await;
    desk.hint_because(left("a"), Cause::Replay, at(1000)).await;
    assert_eq!(
        desk.next_due().await,
        Some(at(1000)),
        "a revived job is due at once"
    );
    let revived = desk.claim_one(at(1000)).await;
    assert_eq!(
        revived.attempts, 0,
        "a revived job has its attempts before it again"
    );
    assert_eq!(
        revived.cause,
        Cause::Replay,
        "a revived job has the new cause"
    );
    assert!(
        revived.generation > job.generation,
        "a hint for a parked job raises its generation"
    );
    let parked = done(
        store.parked(&desk.connection, &desk.flow, None, 10).await,
        "listing parked jobs",
    );
    assert!(parked.is_empty(), "a revived job is not parked any more");
}

/// Hints for both records of a pair are one job, under the left identity.
pub async fn hint_is_filed_under_the_left_identity(store: &dyn Store) {
    let desk = Desk::new(store, "canonical");
    desk.link(pair("l1", "r1")).await;
    desk.hint_because(right("r1"), Cause::Webhook, at(1)).await;
    desk.hint_because(left("l1"), Cause::Sweep, at(2)).await;
    let job = desk.claim_one(at(2)).await;
    assert_eq!(
        job.key,
        desk.key(left("l1")),
        "a hint for a linked record is filed under the left identity"
    );
    assert_eq!(
        job.generation, 2,
        "hints for both records of a pair are counted together"
    );
    let other = desk.other_flow("contacts");
    other.hint_because(right("r1"), Cause::Webhook, at(3)).await;
    let job = other.claim_one(at(3)).await;
    assert_eq!(
        job.key,
        other.key(right("r1")),
        "links of another flow do not matter"
    );
}

/// While a pair lacks its left record, hints for the right one keep their identity.
pub async fn hint_for_a_half_link_keeps_its_identity(store: &dyn Store) {
    let desk = Desk::new(store, "canonical-half");
    desk.link(pair("", "r1")).await;
    desk.link(pair("l2", "")).await;
    desk.hint_because(right("r1"), Cause::Webhook, at(1)).await;
    desk.hint_because(left("l2"), Cause::Webhook, at(1)).await;
    let jobs = desk.claim(10, at(1)).await;
    let keys: Vec<_> = jobs.iter().map(|job| job.key.clone()).collect();
    assert_eq!(
        keys,
        [desk.key(right("r1")), desk.key(left("l2"))],
        "a hint for a half link is filed under the identity that is known"
    );
}

/// The cursor of a feed is written with the hints it stands for.
pub async fn hints_and_document_go_together(store: &dyn Store) {
    let desk = Desk::new(store, "cursor");
    let hints = [Hint {
        key: desk.key(left("a")),
        cause: Cause::Feed("modified".into()),
    }];
    let cursor = DocumentWrite {
        name: "cursor".into(),
        expected: None,
        body: "page 1".into(),
    };
    done(
        store
            .enqueue(&desk.connection, &hints, Some(&cursor), at(0))
            .await,
        "queuing hints with a cursor",
    );
    let (body, revision) = done(
        store.document(&desk.connection, "cursor").await,
        "reading a document",
    )
    .unwrap_or_else(|| panic!("the cursor of queued hints was not written"));
    assert_eq!(body, "page 1", "the cursor of queued hints was written");
    let cursor = DocumentWrite {
        expected: Some(revision),
        body: "page 2".into(),
        ..cursor
    };
    done(
        store
            .enqueue(&desk.connection, &[], Some(&cursor), at(0))
            .await,
        "moving a cursor without hints",
    );
    let found = done(
        store.document(&desk.connection, "cursor").await,
        "reading a document",
    );
    assert_eq!(
        found.map(|(body, _)| body).as_deref(),
        Some("page 2"),
        "a cursor moves without hints too"
    );
    let jobs = desk.claim(10, at(0)).await;
    assert_eq!(names(&jobs), ["a"], "the hints of a cursor were queued");
}

/// When the cursor was moved by somebody else, nothing is queued: the other one queued it.
pub async fn conflicting_document_queues_nothing(store: &dyn Store) {
    let desk = Desk::new(store, "cursor-conflict");
    let cursor = DocumentWrite {
        name: "cursor".into(),
        expected: None,
        body: "first".into(),
    };
    let old = done(
        store.put_document(&desk.connection, &cursor).await,
        "writing a document",
    );
    let newer = DocumentWrite {
        expected: Some(old),
        body: "second".into(),
        ..cursor.clone()
    };
    done(
        store.put_document(&desk.connection, &newer).await,
        "replacing a document",
    );
    let job = desk.job("b", at(0)).await;
    desk.finish(
        &job,
        Finish::Again {
            at: at(0),
            failed: false,
            cause: None,
        },
        at(0),
    )
    .await;
    let hints = ["a", "b"].map(|id| Hint {
        key: desk.key(left(id)),
        cause: Cause::Sweep,
    });
    for expected in [None, Some(old)] {
        let stale = DocumentWrite {
            expected,
            body: "third".into(),
            ..cursor.clone()
        };
        let error = store
            .enqueue(&desk.connection, &hints, Some(&stale), at(0))
            .await
            .err();
        let kind = error.map(|error| error.kind());
        assert_eq!(
            kind,
            Some(StoreErrorKind::Conflict),
            "a cursor that somebody else moved is a conflict"
        );
    }
    let found = done(
        store.document(&desk.connection, "cursor").await,
        "reading a document",
    );
    assert_eq!(
        found.map(|(body, _)| body).as_deref(),
        Some("second"),
        "a conflict leaves the document alone"
    );
    let jobs = desk.claim(10, at(0)).await;
    assert_eq!(names(&jobs), ["b"], "a conflict queues nothing");
    assert_eq!(jobs[0].generation, 1, "a conflict raises no generation");
}

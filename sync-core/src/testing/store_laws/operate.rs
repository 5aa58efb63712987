//! What operators and the engine's housekeeping rely on.

use super::desk::{Desk, at, done, ending, failed_until, left, pair, park, right};
use crate::{
    AuditQuery, Commit, DocumentWrite, Finish, JobKey, ParkReason, Side, Store, StoreErrorKind,
};

async fn park_job(desk: &Desk<'_>, record: (Side, crate::RecordId)) {
    desk.hint_because(record, crate::Cause::Webhook, at(0))
        .await;
    let job = desk.claim_one(at(0)).await;
    desk.finish(&job, park(ParkReason::FlipFlop), at(0)).await;
}

/// Parked jobs can be walked through in pages, in order of key, each once.
pub async fn parked_jobs_page_in_order_of_key(store: &dyn Store) {
    let desk = Desk::new(store, "parked-page");
    let other = desk.other_flow("a-flow-before");
    for record in [
        right("a"),
        left("c"),
        left("B"),
        right("0"),
        left("ä"),
        left("a"),
    ] {
        park_job(&desk, record.clone()).await;
        park_job(&other, record).await;
    }
    desk.job("b", at(0)).await;
    let mut walked: Vec<JobKey> = Vec::new();
    for expected in [4, 2, 0] {
        let page = done(
            store
                .parked(&desk.connection, &desk.flow, walked.last(), 4)
                .await,
            "listing parked jobs",
        );
        assert_eq!(
            page.len(),
            expected,
            "a page is full while there are parked jobs"
        );
        walked.extend(page.into_iter().map(|job| job.key));
    }
    let expected = [
        left("B"),
        left("a"),
        left("c"),
        left("ä"),
        right("0"),
        right("a"),
    ]
    .map(|record| desk.key(record));
    assert_eq!(
        walked, expected,
        "pages give each parked job of the flow once, in order of key"
    );
}

/// Only what is parked can be dismissed, and the audit says that it was.
pub async fn dismiss_removes_only_parked_jobs(store: &dyn Store) {
    let desk = Desk::new(store, "dismiss");
    for id in ["dismissed", "kept"] {
        park_job(&desk, left(id)).await;
    }
    let in_work = desk.job("in work", at(0)).await;
    desk.hint(&["queued"], at(0)).await;
    let keys = ["dismissed", "in work", "queued", "unknown"].map(|id| desk.key(left(id)));
    let audit = [desk.entry("dismissed", 1)];
    let removed = done(
        store.dismiss(&desk.connection, &keys, &audit).await,
        "dismissing jobs",
    );
    assert_eq!(
        removed, 1,
        "dismissing tells how many parked jobs there were"
    );
    assert_eq!(desk.audited().await, [1], "dismissing is on record");
    let parked = done(
        store.parked(&desk.connection, &desk.flow, None, 10).await,
        "listing parked jobs",
    );
    let parked: Vec<JobKey> = parked.into_iter().map(|job| job.key).collect();
    assert_eq!(
        parked,
        [desk.key(left("kept"))],
        "of parked jobs only those that were named are dismissed"
    );
    desk.finish(&in_work, Finish::Done, at(0)).await;
    let queued = desk.claim_one(at(0)).await;
    assert_eq!(
        queued.key,
        desk.key(left("queued")),
        "a job that is not parked cannot be dismissed"
    );
    desk.hint(&["dismissed"], at(1)).await;
    assert_eq!(
        desk.claim_one(at(1)).await.generation,
        1,
        "a hint for a dismissed job makes a new one"
    );
    let again = done(
        store.dismiss(&desk.connection, &keys, &[]).await,
        "dismissing jobs",
    );
    assert_eq!(again, 0, "what was dismissed is gone");
}

/// The counts say what is there.
pub async fn counts_are_right(store: &dyn Store) {
    let desk = Desk::new(store, "counts");
    let count = async || done(store.counts(&desk.connection, &desk.flow).await, "counting");
    assert_eq!(
        count().await,
        crate::Counts::default(),
        "nothing is counted while there is nothing"
    );
    for (left, right) in [
        ("l1", "r1"),
        ("l2", "r2"),
        ("l3", ""),
        ("", "r4"),
        ("", "r5"),
    ] {
        desk.link(pair(left, right)).await;
    }
    desk.other_flow("contacts").link(pair("l1", "r1")).await;
    desk.other_flow("contacts").hint(&["x"], at(-5)).await;
    for id in ["p1", "p2"] {
        park_job(&desk, left(id)).await;
    }
    desk.hint(&["in work"], at(3)).await;
    let job = desk.claim_one(at(3)).await;
    desk.hint(&["q1", "q2"], at(4)).await;
    let counts = count().await;
    assert_eq!(
        (counts.linked, counts.half_linked),
        (2, 3),
        "links and half links are counted apart"
    );
    assert_eq!(
        (counts.queued, counts.parked),
        (3, 2),
        "queued jobs, those in work included, and parked ones"
    );
    assert_eq!(
        counts.oldest_queued_at,
        Some(at(3)),
        "the oldest job counts, also when it is in work"
    );
    desk.finish(&job, failed_until(1000), at(5)).await;
    assert_eq!(
        count().await.oldest_queued_at,
        Some(at(3)),
        "a job that waits is as old as its first hint"
    );
    let job = desk.claim(10, at(1000)).await.remove(0);
    desk.finish(&job, Finish::Done, at(1000)).await;
    assert_eq!(
        count().await.oldest_queued_at,
        Some(at(4)),
        "a job that is done is not counted any more"
    );
}

/// A document is written only by who knows its present revision.
pub async fn document_is_swapped_at_its_revision_only(store: &dyn Store) {
    let desk = Desk::new(store, "document");
    let write = |expected, body: &str| DocumentWrite {
        name: "cursor".into(),
        expected,
        body: body.into(),
    };
    let found = done(
        store.document(&desk.connection, "cursor").await,
        "reading a document",
    );
    assert_eq!(
        found, None,
        "a document that was never written does not exist"
    );
    let first = done(
        store
            .put_document(&desk.connection, &write(None, "1 \u{0}'\"é"))
            .await,
        "writing a document",
    );
    let found = done(
        store.document(&desk.connection, "cursor").await,
        "reading a document",
    );
    assert_eq!(
        found,
        Some(("1 \u{0}'\"é".into(), first)),
        "a document is read as it was written"
    );
    let second = done(
        store
            .put_document(&desk.connection, &write(Some(first), "2"))
            .await,
        "replacing a document",
    );
    assert_ne!(first, second, "each write makes a new revision");
    for stale in [None, Some(first)] {
        let error = store
            .put_document(&desk.connection, &write(stale, "3"))
            .await
            .err();
        let kind = error.map(|error| error.kind());
        assert_eq!(
            kind,
            Some(StoreErrorKind::Conflict),
            "a document that somebody else wrote is a conflict"
        );
    }
    let found = done(
        store.document(&desk.connection, "cursor").await,
        "reading a document",
    );
    assert_eq!(
        found,
        Some(("2".into(), second)),
        "a conflict leaves the document alone"
    );
    let unknown = DocumentWrite {
        name: "unknown".into(),
        expected: Some(first),
        body: "1".into(),
    };
    let error = store.put_document(&desk.connection, &unknown).await.err();
    let kind = error.map(|error| error.kind());
    assert_eq!(
        kind,
        Some(StoreErrorKind::Conflict),
        "a document that does not exist has no revision"
    );
}

/// Documents of different names do not touch each other.
pub async fn documents_have_names(store: &dyn Store) {
    let desk = Desk::new(store, "document-names");
    for name in ["cursor/a", "cursor/b", ""] {
        let write = DocumentWrite {
            name: name.into(),
            expected: None,
            body: format!("body of {name}"),
        };
        done(
            store.put_document(&desk.connection, &write).await,
            "writing a document",
        );
    }
    for name in ["cursor/a", "cursor/b", ""] {
        let found = done(
            store.document(&desk.connection, name).await,
            "reading a document",
        );
        let body = found.map(|(body, _)| body);
        assert_eq!(
            body,
            Some(format!("body of {name}")),
            "each document has its own content"
        );
    }
}

/// Nothing of one connection is seen or touched in another, even when all names are the same.
pub async fn connections_know_nothing_of_each_other(store: &dyn Store) {
    let desk = Desk::new(store, "connections-a");
    let other = Desk::new(store, "connections-b");
    let link = desk.link(pair("l", "r")).await;
    let parent = desk.key(left("parent"));
    let job = desk.job("parked", at(0)).await;
    desk.finish(
        &job,
        park(ParkReason::WaitingFor {
            parent: parent.clone(),
        }),
        at(0),
    )
    .await;
    desk.record(vec![desk.entry("l", 1)]).await;
    let cursor = DocumentWrite {
        name: "cursor".into(),
        expected: None,
        body: "a".into(),
    };
    done(
        store.put_document(&desk.connection, &cursor).await,
        "writing a document",
    );
    let held = desk.job("x", at(0)).await;

    assert_eq!(
        other.link_of(left("l")).await,
        None,
        "links of another connection are not found"
    );
    let all = done(
        store
            .all_links(&other.connection, &other.flow, None, 10)
            .await,
        "listing links",
    );
    assert!(all.is_empty(), "links of another connection are not listed");
    assert!(
        other.audited().await.is_empty(),
        "the audit trail of another connection is not read"
    );
    let of_record = AuditQuery {
        record: Some(left("l")),
        limit: 10,
        ..AuditQuery::default()
    };
    assert!(
        other.audit(&of_record).await.is_empty(),
        "the audit trail of another connection is not read"
    );
    let found = done(
        store.document(&other.connection, "cursor").await,
        "reading a document",
    );
    assert_eq!(found, None, "documents of another connection are not read");
    let counts = done(
        store.counts(&other.connection, &other.flow).await,
        "counting",
    );
    assert_eq!(
        counts,
        crate::Counts::default(),
        "nothing of another connection is counted"
    );
    assert_eq!(
        other.next_due().await,
        None,
        "jobs of another connection are not due"
    );
    other
        .assert_nothing_due(at(100_000), "it belongs to another connection")
        .await;
    let parked = done(
        store.parked(&other.connection, &other.flow, None, 10).await,
        "listing parked jobs",
    );
    assert!(
        parked.is_empty(),
        "parked jobs of another connection are not listed"
    );
    let dismissed = store
        .dismiss(&other.connection, &[desk.key(left("parked"))], &[])
        .await;
    assert_eq!(
        done(dismissed, "dismissing jobs"),
        0,
        "parked jobs of another connection are not dismissed"
    );

    let outcome = other
        .commit(&[ending(&held, Finish::Done)], at(0))
        .await
        .remove(0);
    assert!(
        outcome.is_err(),
        "a lease is good in its own connection only"
    );
    other
        .hint_because(right("r"), crate::Cause::Webhook, at(0))
        .await;
    let job = other.claim_one(at(0)).await;
    assert_eq!(
        job.key,
        other.key(right("r")),
        "links of another connection do not matter for hints"
    );
    let commit = Commit {
        wake: vec![parent],
        ..ending(&job, Finish::Done)
    };
    done(other.commit(&[commit], at(0)).await.remove(0), "committing");
    assert_eq!(
        desk.next_due().await,
        Some(at(super::desk::LEASE)),
        "jobs of another connection are not woken"
    );
    other.link(pair("l", "r")).await;
    done(
        store.put_document(&other.connection, &cursor).await,
        "writing a document of the same name",
    );
    assert_eq!(
        desk.link_of(left("l")).await,
        Some(link),
        "links of the same names do not touch each other"
    );
    desk.finish(&held, Finish::Done, at(0)).await;
}

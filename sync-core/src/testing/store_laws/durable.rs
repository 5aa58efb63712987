//! What outlives the process.

use super::desk::{Desk, LEASE, at, done, ending, failed_until, left, pair, park};
use crate::{Commit, DocumentWrite, Finish, Held, LinkWrite, ParkReason, Refused, Store};

/// Everything that was written is there, and as it was, when the store is dropped and opened again.
///
/// `open` opens the same store each time it is called. For stores that are kept on disk or elsewhere outside of the
/// process; a store in memory need not keep this law.
pub async fn content_outlives_the_store<S: Store>(open: impl AsyncFn() -> S) {
    const LAW: &str = "reopen";
    let (link, in_work, old_revision);
    {
        let opened = open().await;
        let desk = Desk::new(&opened, LAW);
        link = desk.link(pair("l", "r")).await;
        let job = desk.job("waits", at(0)).await;
        desk.finish(&job, failed_until(500), at(0)).await;
        let job = desk.job("parked", at(0)).await;
        desk.finish(&job, park(ParkReason::FlipFlop), at(0)).await;
        desk.record(vec![desk.entry("l", 1), desk.entry("l", 2)])
            .await;
        let cursor = DocumentWrite {
            name: "cursor".into(),
            expected: None,
            body: "page 1".into(),
        };
        old_revision = done(
            opened.put_document(&desk.connection, &cursor).await,
            "writing a document",
        );
        in_work = desk.job("in work", at(0)).await;
        desk.hint(&["queued", "queued"], at(1)).await;
    }
    let opened = open().await;
    let desk = Desk::new(&opened, LAW);
    assert_eq!(
        desk.link_of(left("l")).await.as_ref(),
        Some(&link),
        "a link is there when the store is opened again"
    );
    assert_eq!(
        desk.audited().await,
        [1, 2],
        "the audit trail is there when the store is opened again"
    );
    let found = done(
        opened.document(&desk.connection, "cursor").await,
        "reading a document",
    );
    assert_eq!(
        found,
        Some(("page 1".into(), old_revision)),
        "a document is there when the store is opened again"
    );
    let queued = desk.claim_one(at(1)).await;
    assert_eq!(
        (queued.key.id.as_str(), queued.generation),
        ("queued", 2),
        "a queued job is as it was"
    );
    assert_ne!(
        queued.token, in_work.token,
        "tokens go on when the store is opened again"
    );
    assert_eq!(
        desk.next_due().await,
        Some(at(LEASE)),
        "leases go on when the store is opened again"
    );
    let parked = done(
        opened.parked(&desk.connection, &desk.flow, None, 10).await,
        "listing parked jobs",
    );
    assert_eq!(
        parked.len(),
        1,
        "a parked job is there when the store is opened again"
    );
    assert_eq!(
        parked[0].parked.reason,
        ParkReason::FlipFlop,
        "a parked job is as it was"
    );

    // Who worked before can go on, and nothing that is made now is mistaken for what was before.
    let commit = Commit {
        link: Some(LinkWrite::Insert(pair("new", ""))),
        ..ending(&in_work, Finish::Done)
    };
    done(
        desk.commit(&[commit], at(2)).await.remove(0),
        "committing under a lease of before",
    );
    let new = desk.link_of(left("new")).await;
    assert!(
        new.is_some_and(|new| new.id > link.id),
        "link ids go on when the store is opened again"
    );
    let stale = Commit {
        held: vec![Held {
            token: in_work.token,
            ..Held::from(&queued)
        }],
        ..ending(&queued, Finish::Done)
    };
    let outcome = desk.commit(&[stale], at(2)).await.remove(0);
    assert_eq!(
        outcome,
        Err(Refused::LeaseLost),
        "tokens of before are good for their own jobs only"
    );
    let waits = desk.claim(10, at(500)).await;
    let waits = waits.iter().find(|job| job.key.id.as_str() == "waits");
    assert_eq!(
        waits.map(|job| job.attempts),
        Some(1),
        "a job that waits is as it was"
    );
}

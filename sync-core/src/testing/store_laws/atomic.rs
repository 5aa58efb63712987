//! A write of which one statement fails.

use super::desk::{Desk, at, breathe, ending, left, pair, park, right};
use crate::{
    AuditQuery, Cause, Commit, DocumentWrite, Finish, Held, Hint, LinkWrite, ParkReason, Prepare,
    Store,
};

/// The record that the store under test must choke on.
pub const POISON: &str = "poison";

/// A write of which one statement fails, fails as a whole and leaves nothing behind.
///
/// Not every store can be made to fail, so this law is not in [`ALL`](super::ALL): whoever runs it first makes every
/// statement fail that would write a job, a link or an audit entry of the record [`POISON`], by a trigger for example.
pub async fn failing_statement_undoes_its_write(store: &dyn Store) {
    let desk = Desk::new(store, "atomic");
    let connection = &desk.connection;
    desk.hint(&["kept", "parked"], at(0)).await;
    let jobs = desk.claim(2, at(0)).await;
    let [kept, other] = jobs.as_slice() else {
        panic!("two jobs are due");
    };
    desk.finish(other, park(ParkReason::FlipFlop), at(0)).await;
    breathe().await;

    let document = DocumentWrite {
        name: "cursor".into(),
        expected: None,
        body: "moved".into(),
    };
    let hints = ["new", POISON].map(|id| Hint {
        key: desk.key(left(id)),
        cause: Cause::Webhook,
    });
    let queued = store
        .enqueue(connection, &hints, Some(&document), at(1))
        .await;
    assert!(
        queued.is_err(),
        "hints of which one cannot be queued are refused"
    );
    desk.assert_nothing_due(at(1), "its hint was queued along with one that failed")
        .await;
    let cursor = store.document(connection, "cursor").await;
    assert!(
        matches!(cursor, Ok(None)),
        "a document is not written when a hint beside it fails"
    );

    let prepared = |id: &str| Prepare {
        held: Held::from(kept),
        link: LinkWrite::Insert(pair(id, "")),
        audit: vec![desk.entry(id, 1)],
    };
    let entries = [prepared("kept"), prepared(POISON)];
    let outcome = store.prepare(connection, &desk.flow, &entries, at(1)).await;
    assert!(
        outcome.is_err(),
        "links of which one cannot be written are refused"
    );
    assert!(
        desk.link_of(left("kept")).await.is_none(),
        "a link is not made when another of its batch fails"
    );

    let good = Commit {
        link: Some(LinkWrite::Insert(pair("kept", "partner"))),
        audit: vec![desk.entry("kept", 2)],
        ..ending(kept, Finish::Done)
    };
    let bad = Commit {
        held: Vec::new(),
        audit: vec![desk.entry(POISON, 3)],
        ..ending(kept, Finish::Done)
    };
    let outcome = store
        .commit(connection, &desk.flow, &[good.clone(), bad], at(1))
        .await;
    assert!(
        outcome.is_err(),
        "a batch of which one entry cannot be put on record is refused"
    );
    assert!(
        desk.link_of(right("partner")).await.is_none(),
        "a link is not made when the audit of its batch fails"
    );

    let dismissed = store
        .dismiss(
            connection,
            &[desk.key(left("parked"))],
            &[desk.entry(POISON, 4)],
        )
        .await;
    assert!(dismissed.is_err(), "jobs are not dismissed off the record");
    let parked = store.parked(connection, &desk.flow, None, 10).await;
    assert!(
        parked.is_ok_and(|parked| parked.len() == 1),
        "a job stays parked when its dismissal cannot be put on record"
    );

    let all = AuditQuery {
        limit: 10,
        ..AuditQuery::default()
    };
    assert!(
        desk.audit(&all).await.is_empty(),
        "nothing is on record of writes that failed"
    );
    let outcome = desk.commit(&[good], at(1)).await.remove(0);
    assert_eq!(
        outcome,
        Ok(()),
        "the job is still held, and its end can be written"
    );
}

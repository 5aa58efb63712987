//! The audit trail.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::{join, join_all};

use super::desk::{Desk, at, breathe, done, ending, left, pair};
use crate::{
    AuditEntry, AuditEvent, AuditQuery, Cause, Commit, FieldDecision, Finish, Held, LinkWrite,
    ParkReason, Prepare, Refused, Side, Store, StoredAudit, Value, Verdict,
};

/// An entry is read as it was written.
pub async fn audit_comes_back_whole(store: &dyn Store) {
    let desk = Desk::new(store, "audit-whole");
    let decision = FieldDecision {
        field: "credit".into(),
        base: Some(Value::Null),
        left: Value::Decimal("10.50".parse().unwrap()),
        right: Value::Null,
        result: None,
        verdict: Verdict::ConflictWonBy(Side::Left),
    };
    let warned = AuditEntry {
        at: at(7),
        ids: pair("l", "r").ids,
        cause: Cause::Feed("modified".into()),
        attempt: 3,
        fields: vec![decision],
        event: AuditEvent::Updated {
            side: Side::Right,
            warnings: vec!["shortened".into()],
        },
        ..desk.entry("l", 0)
    };
    let bare = AuditEntry {
        ids: pair("", "").ids,
        event: AuditEvent::Parked(ParkReason::FlipFlop),
        ..desk.entry("", 1)
    };
    desk.record(vec![warned.clone(), bare.clone()]).await;
    let found = desk
        .audit(&AuditQuery {
            limit: 10,
            ..AuditQuery::default()
        })
        .await;
    let entries: Vec<AuditEntry> = found.into_iter().map(|stored| stored.entry).collect();
    assert_eq!(
        entries,
        [warned, bare],
        "audit entries are read as they were written, in order"
    );
}

/// Entries come oldest first, page by page, each once.
pub async fn audit_pages_in_order(store: &dyn Store) {
    let desk = Desk::new(store, "audit-order");
    assert!(
        desk.audited().await.is_empty(),
        "an audit trail starts empty"
    );
    for round in [0, 4, 2] {
        desk.record(
            (1..=2)
                .map(|number| desk.entry("a", round + number))
                .collect(),
        )
        .await;
    }
    let first = desk
        .audit(&AuditQuery {
            limit: 4,
            ..AuditQuery::default()
        })
        .await;
    let after = first.last().map(|stored| stored.sequence);
    let rest = desk
        .audit(&AuditQuery {
            after,
            limit: 4,
            ..AuditQuery::default()
        })
        .await;
    let numbers = |page: &[StoredAudit]| {
        page.iter()
            .map(|stored| stored.entry.attempt)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        numbers(&first),
        [1, 2, 5, 6],
        "a page has as many entries as were asked for, oldest first"
    );
    assert_eq!(
        numbers(&rest),
        [3, 4],
        "the next page goes on where the last one ended"
    );
    let sequence: Vec<u64> = first
        .iter()
        .chain(&rest)
        .map(|stored| stored.sequence)
        .collect();
    assert!(
        sequence.is_sorted_by(|a, b| a < b),
        "sequence numbers rise from entry to entry"
    );
    let after = sequence.last().copied();
    let end = desk
        .audit(&AuditQuery {
            after,
            limit: 4,
            ..AuditQuery::default()
        })
        .await;
    assert!(end.is_empty(), "after the last entry there is nothing");
    let far = AuditQuery {
        after: Some(u64::MAX),
        limit: 4,
        ..AuditQuery::default()
    };
    assert!(
        desk.audit(&far).await.is_empty(),
        "after an entry far ahead there is nothing"
    );
}

/// The trail of a record has the entries that name it on its side, and no others.
pub async fn audit_of_a_record(store: &dyn Store) {
    let desk = Desk::new(store, "audit-record");
    let named = |left, right, attempt| AuditEntry {
        ids: pair(left, right).ids,
        ..desk.entry("", attempt)
    };
    desk.record(vec![
        named("1", "", 1),
        named("1", "2", 2),
        named("2", "1", 3),
        named("", "", 4),
        named("1", "3", 5),
        named("3", "2", 6),
    ])
    .await;
    for (side, id, expected) in [
        (Side::Left, "1", [1, 2, 5].as_slice()),
        (Side::Right, "2", &[2, 6]),
        (Side::Right, "1", &[3]),
        (Side::Left, "9", &[]),
    ] {
        let query = AuditQuery {
            record: Some((side, id.into())),
            limit: 10,
            ..AuditQuery::default()
        };
        let found: Vec<u32> = desk
            .audit(&query)
            .await
            .iter()
            .map(|stored| stored.entry.attempt)
            .collect();
        assert_eq!(
            found, expected,
            "the trail of {side} record {id} has the entries that name it"
        );
    }
    let of_one = AuditQuery {
        record: Some(left("1")),
        limit: 2,
        ..AuditQuery::default()
    };
    let page = desk.audit(&of_one).await;
    assert_eq!(
        page.len(),
        2,
        "a page of a record's trail is as long as asked"
    );
    let rest = desk
        .audit(&AuditQuery {
            after: page.last().map(|stored| stored.sequence),
            ..of_one
        })
        .await;
    let rest: Vec<u32> = rest.iter().map(|stored| stored.entry.attempt).collect();
    assert_eq!(
        rest,
        [5],
        "the next page of a record's trail goes on where the last one ended"
    );
}

/// What a refused commit says took place, took place: it is kept, and marked.
pub async fn audit_of_a_refused_commit_is_kept(store: &dyn Store) {
    let desk = Desk::new(store, "audit-refused");
    desk.link(pair("taken", "")).await;
    let over = desk.job("over", at(0)).await;
    desk.finish(&over, Finish::Done, at(0)).await;
    let job = desk.job("a", at(0)).await;
    let insert = Some(LinkWrite::Insert(pair("taken", "")));
    let entries = [
        Commit {
            audit: vec![desk.entry("a", 1)],
            ..ending(&over, Finish::Done)
        },
        Commit {
            audit: vec![desk.entry("a", 2), desk.entry("a", 3)],
            link: insert,
            ..ending(&job, Finish::Done)
        },
        Commit {
            audit: vec![desk.entry("a", 4)],
            ..ending(&job, Finish::Done)
        },
    ];
    let outcomes = desk.commit(&entries, at(0)).await;
    assert_eq!(
        outcomes,
        [
            Err(Refused::LeaseLost),
            Err(Refused::AlreadyLinked { side: Side::Left }),
            Ok(())
        ],
        "each committed entry has its own outcome"
    );
    assert_eq!(
        desk.audited().await,
        [1, 2, 3, 4],
        "the audit of a refused commit is kept"
    );
    let query = AuditQuery {
        limit: 10,
        ..AuditQuery::default()
    };
    let marked = desk.audit(&query).await;
    let marked: Vec<bool> = marked.iter().map(|stored| stored.entry.refused).collect();
    assert_eq!(
        marked,
        [true, true, true, false],
        "the audit of a refused commit is marked, and no other"
    );
}

/// What was intended is on record before it is attempted.
pub async fn audit_of_a_prepared_link_is_kept(store: &dyn Store) {
    let desk = Desk::new(store, "audit-prepare");
    let job = desk.job("a", at(0)).await;
    let entry = Prepare {
        held: Held::from(&job),
        link: LinkWrite::Insert(pair("a", "")),
        audit: vec![desk.entry("a", 1), desk.entry("a", 2)],
    };
    done(desk.prepare(&[entry]).await.remove(0), "preparing a link");
    assert_eq!(
        desk.audited().await,
        [1, 2],
        "the audit of a prepared link is kept"
    );
}

/// Who reads the trail while it is written, page after page, misses no entry.
pub async fn audit_read_while_written_skips_nothing(store: &dyn Store) {
    const WRITERS: usize = 4;
    const ROUNDS: u32 = 25;
    let desk = Desk::new(store, "audit-tail");
    let finished = AtomicUsize::new(0);
    let writers = join_all((0..WRITERS).map(|number| {
        let own = desk.other_flow(&format!("flow-{number}"));
        let finished = &finished;
        async move {
            for round in 0..ROUNDS {
                own.record(vec![own.entry("a", round)]).await;
                breathe().await;
            }
            finished.fetch_add(1, Ordering::SeqCst);
        }
    }));
    let reader = async {
        let mut seen: Vec<StoredAudit> = Vec::new();
        loop {
            let is_last = finished.load(Ordering::SeqCst) == WRITERS;
            let after = seen.last().map(|stored| stored.sequence);
            let page = desk
                .audit(&AuditQuery {
                    after,
                    limit: 7,
                    ..AuditQuery::default()
                })
                .await;
            if page.is_empty() && is_last {
                return seen;
            }
            seen.extend(page);
            assert!(
                seen.len() <= WRITERS * ROUNDS as usize,
                "who reads on after an entry gets no entry again"
            );
            breathe().await;
        }
    };
    let (_, seen) = join(writers, reader).await;
    let all = desk
        .audit(&AuditQuery {
            limit: 10_000,
            ..AuditQuery::default()
        })
        .await;
    assert_eq!(
        all.len(),
        WRITERS * ROUNDS as usize,
        "every entry was written"
    );
    assert_eq!(
        seen, all,
        "who reads the trail while it is written misses no entry"
    );
}

/// [`audit_of_length_pages_completely`] with a few hundred entries.
pub async fn long_audit_pages_completely(store: &dyn Store) {
    audit_of_length_pages_completely(store, 500).await;
}

/// A trail of `length` entries is read completely, page by page, and so is the trail of one record in it.
pub async fn audit_of_length_pages_completely(store: &dyn Store, length: u32) {
    let desk = Desk::new(store, &format!("audit-length-{length}"));
    let numbers: Vec<u32> = (0..length).collect();
    for batch in numbers.chunks(100) {
        desk.record(
            batch
                .iter()
                .map(|number| desk.entry(&format!("record-{}", number % 7), *number))
                .collect(),
        )
        .await;
    }
    for (record, expected) in [
        (None, numbers.clone()),
        (
            Some(left("record-3")),
            numbers
                .into_iter()
                .filter(|number| number % 7 == 3)
                .collect(),
        ),
    ] {
        let mut walked = Vec::new();
        let mut query = AuditQuery {
            after: None,
            record,
            limit: 64,
        };
        loop {
            let page = desk.audit(&query).await;
            let Some(last) = page.last() else { break };
            query.after = Some(last.sequence);
            walked.extend(page.iter().map(|stored| stored.entry.attempt));
            assert!(
                walked.len() <= expected.len(),
                "pages of a long trail repeat no entry"
            );
        }
        assert_eq!(
            walked, expected,
            "a long trail is read completely, page by page"
        );
    }
}

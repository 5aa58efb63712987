//! Many at once. The futures run side by side; a store that answers each at once makes them run one after another.

use std::collections::{BTreeMap, HashSet};

use futures::future::join_all;

use super::desk::{Desk, at, breathe, done, ending, left, pair};
use crate::{
    AuditQuery, Commit, DocumentWrite, Finish, Held, LinkWrite, Prepare, Refused, Side, Store,
    StoreErrorKind,
};

const CROWD: usize = 16;

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{number:03}")).collect()
}

async fn hint_all(desk: &Desk<'_>, ids: &[String]) {
    desk.hint(&ids.iter().map(String::as_str).collect::<Vec<_>>(), at(0))
        .await;
}

/// Of claims made at the same time, no two get the same job, and no job is passed over.
pub async fn concurrent_claims_share_no_job(store: &dyn Store) {
    let desk = Desk::new(store, "claims");
    hint_all(&desk, &ids(100)).await;
    let mut handed_out = HashSet::new();
    let mut tokens = HashSet::new();
    for jobs in join_all((0..CROWD).map(|_| desk.claim(7, at(0)))).await {
        assert!(jobs.len() <= 7, "a claim takes no more than it asked for");
        for job in jobs {
            assert!(handed_out.insert(job.key), "a job was handed out twice");
            assert!(tokens.insert(job.token), "a token was given out twice");
        }
    }
    assert_eq!(handed_out.len(), 100, "jobs that were due were passed over");
}

/// Hints that come at the same time are all counted: none is lost in another.
pub async fn concurrent_hints_are_all_counted(store: &dyn Store) {
    let desk = Desk::new(store, "hints");
    join_all((0..CROWD).map(|_| desk.hint(&["a", "b"], at(0)))).await;
    let jobs = desk.claim(10, at(0)).await;
    let generations: Vec<u64> = jobs.iter().map(|job| job.generation).collect();
    assert_eq!(
        generations, [CROWD as u64; 2],
        "hints that came at the same time were lost"
    );
}

/// Of links made at the same time with one identity, exactly one is made, and the others are told.
pub async fn concurrent_inserts_have_one_winner(store: &dyn Store) {
    let desk = Desk::new(store, "inserts");
    hint_all(&desk, &ids(CROWD)).await;
    let jobs = desk.claim(CROWD, at(0)).await;
    let entries: Vec<Prepare> = jobs
        .iter()
        .map(|job| Prepare {
            held: Held::from(job),
            link: LinkWrite::Insert(pair(job.key.id.as_str(), "partner")),
            audit: Vec::new(),
        })
        .collect();
    let outcomes = join_all(
        entries
            .iter()
            .map(|entry| desk.prepare(std::slice::from_ref(entry))),
    )
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().flatten().partition(Result::is_ok);
    assert_eq!(
        made.len(),
        1,
        "of links with one identity exactly one is made"
    );
    let told = Err(Refused::AlreadyLinked { side: Side::Right });
    assert!(
        refused.iter().all(|outcome| *outcome == told),
        "who lost the race is told that the record is taken"
    );
    let all = done(
        store
            .all_links(&desk.connection, &desk.flow, None, 100)
            .await,
        "listing links",
    );
    assert_eq!(
        all.len(),
        1,
        "of links with one identity exactly one is made"
    );
}

/// Of commits made at the same time under one lease, exactly one is accepted, and each leaves its audit.
pub async fn concurrent_commits_have_one_winner(store: &dyn Store) {
    let desk = Desk::new(store, "commits");
    let job = desk.job("a", at(0)).await;
    let commits: Vec<Commit> = (0..CROWD as u32)
        .map(|number| Commit {
            audit: vec![desk.entry("a", number)],
            ..ending(&job, Finish::Done)
        })
        .collect();
    let outcomes = join_all(
        commits
            .iter()
            .map(|commit| desk.commit(std::slice::from_ref(commit), at(0))),
    )
    .await;
    let accepted = outcomes
        .iter()
        .flatten()
        .filter(|outcome| outcome.is_ok())
        .count();
    assert_eq!(accepted, 1, "a lease is good for one end of its job");
    let mut audited = desk.audited().await;
    audited.sort_unstable();
    assert!(
        audited.into_iter().eq(0..CROWD as u32),
        "the audit of every commit is kept, refused or not"
    );
}

/// Of writes of one document made at the same time, exactly one succeeds, and the others are told.
pub async fn concurrent_documents_have_one_winner(store: &dyn Store) {
    let desk = Desk::new(store, "documents");
    let mut expected = None;
    for round in 0..3 {
        let writes: Vec<DocumentWrite> = (0..CROWD)
            .map(|number| DocumentWrite {
                name: "cursor".into(),
                expected,
                body: format!("{round}/{number}"),
            })
            .collect();
        let results = join_all(
            writes
                .iter()
                .map(|write| store.put_document(&desk.connection, write)),
        )
        .await;
        let winners: Vec<usize> = (0..CROWD)
            .filter(|number| results[*number].is_ok())
            .collect();
        assert_eq!(
            winners.len(),
            1,
            "of writes of one document exactly one succeeds"
        );
        for error in results.into_iter().filter_map(Result::err) {
            assert_eq!(
                error.kind(),
                StoreErrorKind::Conflict,
                "who lost the race is told so"
            );
        }
        let found = done(
            store.document(&desk.connection, "cursor").await,
            "reading a document",
        );
        let (body, revision) =
            found.unwrap_or_else(|| panic!("a document that was written does not exist"));
        assert_eq!(
            body, writes[winners[0]].body,
            "the document is that of the winner"
        );
        expected = Some(revision);
    }
}

/// Many workers empty a queue together: every job is done once, with its link and its audit.
pub async fn many_workers_do_each_job_once(store: &dyn Store) {
    const JOBS: usize = 60;
    let desk = Desk::new(store, "workers");
    hint_all(&desk, &ids(JOBS)).await;
    join_all((0..CROWD / 2).map(|_| async {
        for _ in 0..JOBS {
            let jobs = desk.claim(3, at(0)).await;
            if jobs.is_empty() {
                return;
            }
            breathe().await;
            let commits: Vec<Commit> = jobs
                .iter()
                .map(|job| Commit {
                    link: Some(LinkWrite::Insert(pair(job.key.id.as_str(), ""))),
                    audit: vec![desk.entry(job.key.id.as_str(), 1)],
                    ..ending(job, Finish::Done)
                })
                .collect();
            for outcome in desk.commit(&commits, at(0)).await {
                done(outcome, "committing a job that nobody else can hold");
            }
        }
        panic!("workers took job after job, and the queue did not get empty");
    }))
    .await;
    assert_eq!(desk.next_due().await, None, "every job is done");
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for stored in desk
        .audit(&AuditQuery {
            limit: 1000,
            ..AuditQuery::default()
        })
        .await
    {
        let id = stored.entry.ids.left.map(|id| id.to_string());
        *times.entry(id.unwrap_or_default()).or_default() += 1;
    }
    let expected: BTreeMap<String, usize> = ids(JOBS).into_iter().map(|id| (id, 1)).collect();
    assert_eq!(times, expected, "every job is done exactly once");
    let records: Vec<_> = ids(JOBS).iter().map(|id| left(id)).collect();
    assert!(
        desk.links(&records).await.iter().all(Option::is_some),
        "every job left its link"
    );
}

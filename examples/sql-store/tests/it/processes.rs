//! Several processes work on one database.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sql_store::SqlStore;
use sync_core::{
    AuditEntry, AuditEvent, AuditQuery, Cause, Claim, Commit, Finish, Held, Hint, Job, JobKey,
    LinkContent, LinkWrite, Side, Sides, Store,
};

use crate::{
    block_on,
    child::{Process, hour, report, wait_for_start},
    place::{Place, open_at},
};

const JOBS: usize = 400;

/// Opens the store when told to, and looks into it.
pub(crate) async fn open_at_once(address: &str) {
    wait_for_start();
    let store = SqlStore::open(address).await.unwrap();
    store
        .next_due(&"c".into(), &"customers".into())
        .await
        .unwrap();
    report("opened");
}

/// Takes jobs and ends them until there are none.
pub(crate) async fn work(address: &str, now: Timestamp) {
    let store = open_at(address).await;
    let claim = Claim {
        flow: "customers".into(),
        worker: "child".into(),
        limit: 7,
        now,
        lease_until: now + SignedDuration::from_hours(1),
    };
    loop {
        let jobs = store.claim(&"c".into(), &claim).await.unwrap();
        if jobs.is_empty() {
            return;
        }
        let commits: Vec<Commit> = jobs.iter().map(|job| commit(job, now)).collect();
        for outcome in store
            .commit(&"c".into(), &"customers".into(), &commits, now)
            .await
            .unwrap()
        {
            outcome.unwrap();
        }
        report(&jobs.len().to_string());
    }
}

fn commit(job: &Job, now: Timestamp) -> Commit {
    let ids = Sides::new(Some(job.key.id.clone()), None);
    let entry = AuditEntry {
        at: now,
        flow: job.key.flow.clone(),
        ids: ids.clone(),
        cause: job.cause.clone(),
        attempt: 1,
        fields: Vec::new(),
        event: AuditEvent::Linked,
        agreed: sync_core::Document::new(),
        sent: None,
        refused: false,
    };
    Commit {
        held: vec![Held::from(job)],
        link: Some(LinkWrite::Insert(LinkContent {
            ids,
            ..LinkContent::default()
        })),
        finish: Finish::Done,
        wake: Vec::new(),
        audit: vec![entry],
    }
}

#[test]
fn processes_share_a_queue_and_do_each_job_once() {
    for place in Place::each() {
        share_a_queue(&place);
    }
}

fn share_a_queue(place: &Place) {
    let hints: Vec<Hint> = (0..JOBS)
        .map(|number| Hint {
            key: JobKey {
                flow: "customers".into(),
                side: Side::Left,
                id: format!("{number:04}").into(),
            },
            cause: Cause::Sweep,
        })
        .collect();
    let store = block_on(place.open());
    block_on(store.enqueue(&"c".into(), &hints, None, hour(0))).unwrap();
    let children: Vec<Process> = (0..3)
        .map(|_| Process::start("work", place.address(), 0))
        .collect();
    let mut done = 0;
    for child in children {
        let (reports, is_well) = child.wait();
        assert!(is_well, "a process that shares its database ends well");
        done += reports
            .iter()
            .map(|report| report.parse::<usize>().unwrap())
            .sum::<usize>();
    }
    assert_eq!(done, JOBS, "processes share the jobs of a queue");
    block_on(async {
        let counts = store
            .counts(&"c".into(), &"customers".into())
            .await
            .unwrap();
        assert_eq!(
            (counts.queued, counts.half_linked),
            (0, JOBS as u64),
            "every job is done, and left its link"
        );
        let all = AuditQuery {
            limit: JOBS * 2,
            ..AuditQuery::default()
        };
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for stored in store.audit(&"c".into(), &all).await.unwrap() {
            *times
                .entry(stored.entry.ids.left.unwrap().to_string())
                .or_default() += 1;
        }
        assert_eq!(times.len(), JOBS);
        assert!(
            times.values().all(|times| *times == 1),
            "no job is done twice"
        );
    });
}

#[test]
fn processes_may_open_a_new_database_at_once() {
    for place in (0..3).flat_map(|_| Place::each()) {
        let mut children: Vec<Process> = (0..6)
            .map(|_| Process::start("open", place.address(), 0))
            .collect();
        for child in &mut children {
            assert_eq!(child.next_report().as_deref(), Some("ready"));
        }
        children.iter_mut().for_each(Process::go);
        for child in children {
            assert_eq!(child.wait(), (vec!["opened".to_owned()], true));
        }
    }
}

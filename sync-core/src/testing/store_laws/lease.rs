//! Who may work on a job.

use std::collections::HashSet;

use super::desk::{Desk, LEASE, at, done, ending, failed_until, left, names, pair};
use crate::{Commit, Finish, Held, Job, LinkWrite, Refused, Store};

/// Nobody else gets a job while its lease holds.
pub async fn live_lease_is_not_handed_out(store: &dyn Store) {
    let desk = Desk::new(store, "live-lease");
    desk.job("a", at(0)).await;
    desk.assert_nothing_due(at(0), "it is in work").await;
    desk.assert_nothing_due(at(LEASE - 1), "its lease still holds")
        .await;
}

/// A hint for a job in work does not hand it out a second time.
pub async fn hint_does_not_break_a_lease(store: &dyn Store) {
    let desk = Desk::new(store, "hint-in-work");
    let job = desk.job("a", at(0)).await;
    desk.hint(&["a"], at(1)).await;
    desk.assert_nothing_due(at(1), "it is in work").await;
    assert_eq!(
        desk.next_due().await,
        Some(at(LEASE)),
        "a hint does not touch a lease"
    );
    desk.insert(&job, pair("a", "")).await;
    desk.finish(&job, failed_until(5), at(2)).await;
}

/// A job whose worker died is handed out again, under a new token, and has lost nothing.
pub async fn lapsed_lease_is_handed_out_anew(store: &dyn Store) {
    let desk = Desk::new(store, "lapsed-lease");
    let first = desk.job("a", at(0)).await;
    let second = desk.claim_one(at(LEASE)).await;
    assert_eq!(
        second.key, first.key,
        "a job whose lease lapsed is handed out again"
    );
    assert_ne!(second.token, first.token, "each lease has a new token");
    let untouched = Job {
        token: first.token,
        ..second
    };
    assert_eq!(untouched, first, "a job that is taken over is what it was");
}

/// A lease that lapsed is good until somebody else takes the job: what was done is not done again for nothing.
pub async fn lapsed_lease_holds_until_taken_over(store: &dyn Store) {
    let desk = Desk::new(store, "late-worker");
    let job = desk.job("a", at(0)).await;
    let late = at(LEASE * 10);
    let link = desk.write(&job, LinkWrite::Insert(pair("a", ""))).await;
    assert!(
        link.is_ok(),
        "a lapsed lease that nobody took over can prepare"
    );
    let outcome = desk
        .commit(&[ending(&job, Finish::Done)], late)
        .await
        .remove(0);
    assert_eq!(
        outcome,
        Ok(()),
        "a lapsed lease that nobody took over can commit"
    );
}

/// Two workers: the first lost its lease to the second.
async fn taken_over(desk: &Desk<'_>) -> (Job, Job) {
    let first = desk.job("a", at(0)).await;
    let second = desk.claim_one(at(LEASE)).await;
    (first, second)
}

/// Who lost its lease writes no link.
pub async fn stale_lease_cannot_prepare(store: &dyn Store) {
    let desk = Desk::new(store, "stale-prepare");
    let (first, second) = taken_over(&desk).await;
    let refused = desk.write(&first, LinkWrite::Insert(pair("a", "r"))).await;
    assert_eq!(
        refused,
        Err(Refused::LeaseLost),
        "a lease that was taken over cannot prepare"
    );
    assert_eq!(
        desk.link_of(left("a")).await,
        None,
        "a refused entry writes no link"
    );
    desk.insert(&second, pair("a", "r")).await;
}

/// Who lost its lease ends no job and writes no link.
pub async fn stale_lease_cannot_commit(store: &dyn Store) {
    let desk = Desk::new(store, "stale-commit");
    let (first, second) = taken_over(&desk).await;
    let commit = Commit {
        link: Some(LinkWrite::Insert(pair("a", "r"))),
        ..ending(&first, Finish::Done)
    };
    let outcome = desk.commit(&[commit], at(LEASE)).await.remove(0);
    assert_eq!(
        outcome,
        Err(Refused::LeaseLost),
        "a lease that was taken over cannot commit"
    );
    assert_eq!(
        desk.link_of(left("a")).await,
        None,
        "a refused entry writes no link"
    );
    desk.assert_nothing_due(at(LEASE), "the second worker still holds it")
        .await;
    desk.finish(&second, Finish::Done, at(LEASE)).await;
    assert_eq!(
        desk.next_due().await,
        None,
        "the job ends once, by the lease that holds"
    );
}

/// A pair of which both records were queued is ended under both leases or not at all.
pub async fn commit_needs_every_lease(store: &dyn Store) {
    let desk = Desk::new(store, "both-leases");
    desk.hint(&["a", "b"], at(0)).await;
    let jobs = desk.claim(2, at(0)).await;
    let again = desk.claim(1, at(LEASE)).await;
    assert_eq!(
        names(&again),
        ["a"],
        "a job whose lease lapsed is handed out again"
    );
    for held in [[&jobs[0], &jobs[1]], [&jobs[1], &jobs[0]]] {
        let held = held.map(Held::from).to_vec();
        let commit = Commit {
            held,
            ..ending(&jobs[1], Finish::Done)
        };
        let outcome = desk.commit(&[commit], at(LEASE)).await.remove(0);
        assert_eq!(
            outcome,
            Err(Refused::LeaseLost),
            "a commit needs the leases of all its jobs"
        );
    }
    let counts = done(store.counts(&desk.connection, &desk.flow).await, "counting");
    assert_eq!(counts.queued, 2, "a refused commit ends none of its jobs");
}

/// When a job has ended, its lease is worth nothing, whatever became of the job.
pub async fn ended_lease_is_refused(store: &dyn Store) {
    let desk = Desk::new(store, "ended-lease");
    let again = Finish::Again {
        at: at(0),
        failed: false,
        cause: None,
    };
    for finish in [Finish::Done, again] {
        let job = desk.job("a", at(0)).await;
        desk.finish(&job, finish, at(0)).await;
        let outcome = desk
            .commit(&[ending(&job, Finish::Done)], at(0))
            .await
            .remove(0);
        assert_eq!(
            outcome,
            Err(Refused::LeaseLost),
            "a job ends only once under a lease"
        );
        let link = desk.write(&job, LinkWrite::Insert(pair("a", ""))).await;
        assert_eq!(link, Err(Refused::LeaseLost), "a lease ends with its job");
    }
}

/// No token is given out twice, not even after its job was done and queued again.
pub async fn tokens_are_never_used_twice(store: &dyn Store) {
    let desk = Desk::new(store, "tokens");
    let mut tokens = HashSet::new();
    let mut first: Option<Job> = None;
    for round in 0..5 {
        desk.hint(&["a", "b"], at(round)).await;
        let jobs = desk.claim(10, at(round)).await;
        assert_eq!(
            jobs.len(),
            2,
            "jobs that are done and hinted again are handed out again"
        );
        assert!(
            jobs.iter().all(|job| tokens.insert(job.token)),
            "no token is given out twice"
        );
        let oldest = first.get_or_insert_with(|| jobs[0].clone()).clone();
        if oldest != jobs[0] {
            let outcome = desk
                .commit(&[ending(&oldest, Finish::Done)], at(round))
                .await
                .remove(0);
            assert_eq!(
                outcome,
                Err(Refused::LeaseLost),
                "a token of an earlier life of the job is worth nothing"
            );
        }
        for job in &jobs {
            desk.finish(job, Finish::Done, at(round)).await;
        }
    }
}

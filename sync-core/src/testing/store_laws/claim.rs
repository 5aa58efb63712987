//! Which jobs are handed out, and when.

use super::desk::{Desk, LEASE, at, done, failed_until, left, names, park};
use crate::{Cause, Finish, ParkReason, Store};

/// Jobs are handed out in the order in which they were queued, also after a failure.
pub async fn oldest_job_comes_first(store: &dyn Store) {
    let desk = Desk::new(store, "order");
    desk.hint(&["m", "z"], at(0)).await;
    desk.hint(&["a"], at(1)).await;
    let first = desk.claim(1, at(1)).await;
    assert_eq!(
        names(&first),
        ["m"],
        "the job that was queued first is handed out first"
    );
    desk.finish(&first[0], failed_until(10), at(1)).await;
    desk.hint(&["b"], at(2)).await;
    let rest = desk.claim(10, at(10)).await;
    assert_eq!(
        names(&rest),
        ["m", "z", "a", "b"],
        "jobs are handed out in the order in which they were queued"
    );
}

/// A claim takes no more than it asked for, and the next one goes on from there.
pub async fn claim_keeps_to_its_limit(store: &dyn Store) {
    let desk = Desk::new(store, "limit");
    desk.hint(&["a", "b", "c"], at(0)).await;
    assert!(
        desk.claim(0, at(0)).await.is_empty(),
        "a claim of no jobs takes none"
    );
    assert_eq!(
        names(&desk.claim(2, at(0)).await),
        ["a", "b"],
        "a claim takes as many jobs as it asked for"
    );
    assert_eq!(
        names(&desk.claim(2, at(0)).await),
        ["c"],
        "the next claim takes what is left"
    );
}

/// Each flow has a queue of its own.
pub async fn claim_keeps_to_its_flow(store: &dyn Store) {
    let desk = Desk::new(store, "flows");
    let other = desk.other_flow("contacts");
    desk.hint(&["a"], at(0)).await;
    other.hint(&["a", "b"], at(1)).await;
    assert_eq!(
        other.next_due().await,
        Some(at(1)),
        "jobs of another flow are not due in this one"
    );
    let jobs = other.claim(10, at(1)).await;
    assert_eq!(
        names(&jobs),
        ["a", "b"],
        "a claim takes jobs of its flow alone"
    );
    assert!(
        jobs.iter().all(|job| job.key.flow == other.flow),
        "a claim takes jobs of its flow alone"
    );
    other.finish(&jobs[0], Finish::Done, at(1)).await;
    let job = desk.claim_one(at(1)).await;
    assert_eq!(
        job.key,
        desk.key(left("a")),
        "the same record in another flow is another job"
    );
}

/// Nothing is handed out before it is due.
pub async fn job_is_not_handed_out_early(store: &dyn Store) {
    let desk = Desk::new(store, "early");
    desk.hint(&["a"], at(10)).await;
    desk.assert_nothing_due(at(9), "it is not due yet").await;
    let job = desk.claim_one(at(10)).await;
    desk.finish(&job, failed_until(50), at(11)).await;
    desk.hint(&["b"], at(12)).await;
    let jobs = desk.claim(10, at(49)).await;
    assert_eq!(
        names(&jobs),
        ["b"],
        "a job that waits does not come before it is due, and does not hold up others"
    );
    assert_eq!(
        names(&desk.claim(10, at(50)).await),
        ["a"],
        "a job comes as soon as it is due"
    );
}

/// The next due time is the earliest of due times and lapsing leases, parked jobs apart.
pub async fn next_due_is_the_earliest(store: &dyn Store) {
    let desk = Desk::new(store, "next-due");
    desk.hint(&["early"], at(0)).await;
    let early = desk.claim_one(at(0)).await;
    assert_eq!(
        desk.next_due().await,
        Some(at(LEASE)),
        "a job in work is due when its lease lapses"
    );
    desk.hint(&["late"], at(1)).await;
    assert_eq!(
        desk.next_due().await,
        Some(at(1)),
        "a queued job comes before the lapse of a lease"
    );
    let late = desk.claim_one(at(2)).await;
    desk.finish(&late, failed_until(500), at(2)).await;
    assert_eq!(
        desk.next_due().await,
        Some(at(LEASE)),
        "the lapse of a lease comes before a later job"
    );
    desk.finish(&early, park(ParkReason::FlipFlop), at(3)).await;
    assert_eq!(
        desk.next_due().await,
        Some(at(500)),
        "a parked job is never due"
    );
    let late = desk.claim_one(at(500)).await;
    desk.finish(&late, Finish::Done, at(500)).await;
    assert_eq!(
        desk.next_due().await,
        None,
        "nothing is due when every job is done or parked"
    );
}

/// A clock that is set back hands out no job that is in work, and every job is handed out in the end.
pub async fn clock_set_back_loses_no_job(store: &dyn Store) {
    let desk = Desk::new(store, "clock-back");
    desk.hint(&["in work", "waits"], at(10_000)).await;
    let held = desk.claim(1, at(10_000)).await;
    assert_eq!(
        names(&held),
        ["in work"],
        "a claim takes as many jobs as it asked for"
    );
    // The clock goes back by more than a lease.
    desk.hint(&["new"], at(0)).await;
    desk.hint_because(left("waits"), Cause::Sweep, at(0)).await;
    assert_eq!(
        names(&desk.claim(10, at(0)).await),
        ["new"],
        "only what is due by the present clock is handed out"
    );
    desk.assert_nothing_due(
        at(LEASE - 1),
        "the clock was set back, and leases of before still hold",
    )
    .await;
    assert_eq!(
        desk.next_due().await,
        Some(at(LEASE)),
        "a lease made by the present clock lapses by it"
    );
    // Whoever holds the job can still end it, by the clock as it is now.
    desk.hint(&["in work"], at(1)).await;
    desk.finish(&held[0], Finish::Done, at(1)).await;
    assert_eq!(
        names(&desk.claim(10, at(1)).await),
        ["in work"],
        "a job is due by the present clock when it is ended"
    );
    let all = desk.claim(10, at(10_000)).await;
    let mut generations: Vec<(&str, u64)> = all
        .iter()
        .map(|job| (job.key.id.as_str(), job.generation))
        .collect();
    generations.sort_unstable();
    let expected = [("in work", 2), ("new", 1), ("waits", 2)];
    assert_eq!(
        generations, expected,
        "no job and no hint is lost when the clock is set back"
    );
    let counts = done(store.counts(&desk.connection, &desk.flow).await, "counting");
    assert_eq!(
        counts.queued, 3,
        "no job is lost when the clock is set back"
    );
}

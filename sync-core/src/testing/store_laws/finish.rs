//! What becomes of a job.

use super::desk::{Desk, at, done, ending, failed_until, left, pair, park, parked, right};
use crate::{
    Cause, Commit, Document, Finish, Held, Job, ParkReason, Parked, ParkedJob, Rejection, Side,
    Sides, Store, Value,
};

async fn parked_jobs(desk: &Desk<'_>) -> Vec<ParkedJob> {
    done(
        desk.store
            .parked(&desk.connection, &desk.flow, None, 100)
            .await,
        "listing parked jobs",
    )
}

/// A job that is done is gone; a later hint starts anew.
pub async fn done_removes_the_job(store: &dyn Store) {
    let desk = Desk::new(store, "done");
    let job = desk.job("a", at(0)).await;
    desk.finish(&job, failed_until(1), at(0)).await;
    let job = desk.claim_one(at(1)).await;
    desk.finish(&job, Finish::Done, at(1)).await;
    assert_eq!(desk.next_due().await, None, "a job that is done is gone");
    desk.assert_nothing_due(at(1000), "it is done").await;
    let job = desk.job("a", at(2)).await;
    assert_eq!(
        (job.generation, job.attempts),
        (1, 0),
        "a hint after the end makes a new job"
    );
}

/// When both records of a pair were queued, one commit ends both jobs, each by its own generation.
pub async fn done_ends_every_job_of_the_pair(store: &dyn Store) {
    let desk = Desk::new(store, "both-done");
    desk.hint(&["a"], at(0)).await;
    desk.hint_because(right("r"), Cause::Webhook, at(0)).await;
    let jobs = desk.claim(2, at(0)).await;
    desk.hint_because(right("r"), Cause::Webhook, at(1)).await;
    let commit = Commit {
        held: jobs.iter().map(Held::from).collect(),
        ..ending(&jobs[0], Finish::Done)
    };
    done(
        desk.commit(&[commit], at(1)).await.remove(0),
        "committing both jobs of a pair",
    );
    let job = desk.claim_one(at(1)).await;
    assert_eq!(
        job.key,
        desk.key(right("r")),
        "of two jobs, the one that was hinted meanwhile stays"
    );
}

/// A hint that came while the job was in work survives the end of the work.
pub async fn done_after_a_hint_leaves_it_due(store: &dyn Store) {
    let desk = Desk::new(store, "done-moved-on");
    let job = desk.job("a", at(0)).await;
    desk.finish(&job, failed_until(0), at(0)).await;
    let job = desk.claim_one(at(0)).await;
    desk.hint_because(left("a"), Cause::Sweep, at(1)).await;
    desk.finish(&job, Finish::Done, at(2)).await;
    assert_eq!(
        desk.next_due().await,
        Some(at(2)),
        "a job that was hinted while in work is due when the work ends"
    );
    let next = desk.claim_one(at(2)).await;
    assert_eq!(
        next.generation,
        job.generation + 1,
        "the generation goes on"
    );
    assert_eq!(next.cause, Cause::Sweep, "the cause is that of the hint");
    assert_eq!(
        next.attempts, 0,
        "the work succeeded, so the tries start anew"
    );
    desk.finish(&next, Finish::Done, at(3)).await;
    assert_eq!(
        desk.next_due().await,
        None,
        "without a further hint the job ends"
    );
}

/// A job that is looked at again waits until then, whether it failed or not.
pub async fn again_waits_until_its_time(store: &dyn Store) {
    let desk = Desk::new(store, "again");
    for (start, failed) in [(0, true), (1000, false)] {
        let job = desk.job("a", at(start)).await;
        let due = at(start + 100);
        desk.finish(
            &job,
            Finish::Again {
                at: due,
                failed,
                cause: None,
            },
            at(start),
        )
        .await;
        assert_eq!(
            desk.next_due().await,
            Some(due),
            "a job that is looked at again is due when it said"
        );
        desk.assert_nothing_due(at(start + 99), "it is to be looked at later")
            .await;
        let next = desk.claim_one(due).await;
        assert_eq!(
            next.generation, job.generation,
            "another look is not a hint"
        );
        assert_eq!(
            next.queued_at, job.queued_at,
            "another look does not make a job younger"
        );
        desk.finish(&next, Finish::Done, due).await;
    }
}

/// Failed tries are counted, and forgotten when the job is looked at again without a failure.
pub async fn again_counts_failures(store: &dyn Store) {
    let desk = Desk::new(store, "attempts");
    let mut job = desk.job("a", at(0)).await;
    for (failed, expected) in [(true, 1), (true, 2), (true, 3), (false, 0), (true, 1)] {
        desk.finish(
            &job,
            Finish::Again {
                at: at(0),
                failed,
                cause: None,
            },
            at(0),
        )
        .await;
        job = desk.claim_one(at(0)).await;
        assert_eq!(
            job.attempts, expected,
            "failed tries are counted until one does not fail"
        );
    }
}

/// Another look may have a cause of its own, unless a hint has brought a newer one.
pub async fn again_may_change_the_cause(store: &dyn Store) {
    let desk = Desk::new(store, "again-cause");
    let verify = Finish::Again {
        at: at(0),
        failed: false,
        cause: Some(Cause::Verify),
    };
    let job = desk.job("a", at(0)).await;
    desk.finish(&job, verify.clone(), at(0)).await;
    let job = desk.claim_one(at(0)).await;
    assert_eq!(
        job.cause,
        Cause::Verify,
        "another look has the cause that was given"
    );
    desk.finish(&job, failed_until(0), at(0)).await;
    let job = desk.claim_one(at(0)).await;
    assert_eq!(
        job.cause,
        Cause::Verify,
        "another look without a cause keeps the old one"
    );
    desk.hint_because(left("a"), Cause::Sweep, at(0)).await;
    desk.finish(&job, verify, at(0)).await;
    assert_eq!(
        desk.claim_one(at(0)).await.cause,
        Cause::Sweep,
        "the cause of a hint while in work is newer"
    );
}

/// A parked job is not handed out, and shows a person all that was seen.
pub async fn park_keeps_what_was_seen(store: &dyn Store) {
    let desk = Desk::new(store, "park");
    let job = desk.job("a", at(0)).await;
    desk.finish(&job, failed_until(0), at(0)).await;
    let job = desk.claim_one(at(0)).await;
    let document = Document::new()
        .with("amount", Value::Decimal("10.50".parse().unwrap()))
        .with("empty", Value::Null)
        .with("name", "Łódź \"A\"\n");
    let seen = Parked {
        reason: ParkReason::Rejected {
            side: Side::Right,
            rejection: Rejection {
                field: Some("Phone".into()),
                code: Some("INVALID_DATA".into()),
                message: "invalid data".into(),
            },
        },
        sides: Sides::new(Some(document.clone()), Some(Document::new())),
        base: Some(document),
        ids: Sides::new(Some("a".into()), Some("3652397000000649013".into())),
        since: at(7),
    };
    desk.finish(&job, Finish::Park(Box::new(seen.clone())), at(7))
        .await;
    desk.assert_nothing_due(at(100_000), "it is parked").await;
    let expected = ParkedJob {
        key: job.key,
        attempts: 1,
        parked: seen,
    };
    assert_eq!(
        parked_jobs(&desk).await,
        [expected],
        "a parked job shows all that was seen"
    );
}

/// A job that was hinted while in work is not parked: what was seen is out of date.
pub async fn park_after_a_hint_leaves_it_due(store: &dyn Store) {
    let desk = Desk::new(store, "park-moved-on");
    let job = desk.job("a", at(0)).await;
    desk.finish(&job, failed_until(0), at(0)).await;
    let job = desk.claim_one(at(0)).await;
    desk.hint(&["a"], at(1)).await;
    desk.finish(&job, park(ParkReason::FlipFlop), at(2)).await;
    assert!(
        parked_jobs(&desk).await.is_empty(),
        "a job that was hinted while in work is not parked"
    );
    assert_eq!(
        desk.next_due().await,
        Some(at(2)),
        "a job that was hinted while in work is due when the work ends"
    );
    assert_eq!(
        desk.claim_one(at(2)).await.attempts,
        0,
        "a job that would have been parked has its attempts again"
    );
}

async fn park_job(desk: &Desk<'_>, id: &str, reason: ParkReason) {
    let job = desk.job(id, at(0)).await;
    desk.finish(&job, park(reason), at(0)).await;
}

/// When a record is synchronised, all who were parked for it are due, in every flow, and nobody else.
pub async fn wake_revives_those_who_wait(store: &dyn Store) {
    let desk = Desk::new(store, "wake");
    let contacts = desk.other_flow("contacts");
    let parent = desk.key(left("parent"));
    let waits = || ParkReason::WaitingFor {
        parent: parent.clone(),
    };
    park_job(&contacts, "child", waits()).await;
    park_job(&desk, "child", waits()).await;
    for (id, record) in [
        ("other side", right("parent")),
        ("other parent", left("parent2")),
    ] {
        park_job(
            &contacts,
            id,
            ParkReason::WaitingFor {
                parent: desk.key(record),
            },
        )
        .await;
    }
    let same_record = contacts.key(left("parent"));
    park_job(
        &contacts,
        "other flow",
        ParkReason::WaitingFor {
            parent: same_record,
        },
    )
    .await;
    park_job(&contacts, "other reason", ParkReason::FlipFlop).await;

    let job = desk.job("parent", at(0)).await;
    let commit = Commit {
        wake: vec![parent.clone()],
        ..ending(&job, Finish::Done)
    };
    done(
        desk.commit(&[commit], at(5)).await.remove(0),
        "committing a parent",
    );
    for flow in [&contacts, &desk] {
        assert_eq!(
            flow.next_due().await,
            Some(at(5)),
            "who waited for the record is due at once"
        );
        let woken = flow.claim_one(at(5)).await;
        assert_eq!(
            woken.key.id.as_str(),
            "child",
            "who waited for the record is woken"
        );
        assert_eq!(woken.cause, Cause::Dependency, "who is woken knows why");
        assert_eq!(woken.attempts, 0, "who is woken has its attempts before it");
        flow.finish(&woken, Finish::Done, at(5)).await;
    }
    let still: Vec<String> = parked_jobs(&contacts)
        .await
        .iter()
        .map(|job| job.key.id.to_string())
        .collect();
    let expected = ["other flow", "other parent", "other reason", "other side"];
    assert_eq!(still, expected, "who waits for something else stays parked");
    wake_needs_its_commit(&desk).await;
}

/// A commit that is refused wakes nobody.
async fn wake_needs_its_commit(desk: &Desk<'_>) {
    let stale: Job = desk.job("stale", at(10)).await;
    desk.finish(&stale, Finish::Done, at(10)).await;
    let parent = desk.key(left("late parent"));
    let job = desk.job("orphan", at(10)).await;
    let waiting = Parked {
        ids: pair("orphan", "").ids,
        ..parked(ParkReason::WaitingFor {
            parent: parent.clone(),
        })
    };
    desk.finish(&job, Finish::Park(Box::new(waiting)), at(10))
        .await;
    let refused = Commit {
        wake: vec![parent.clone()],
        ..ending(&stale, Finish::Done)
    };
    assert!(
        desk.commit(&[refused], at(10)).await.remove(0).is_err(),
        "a job ends only once under a lease"
    );
    assert_eq!(
        parked_jobs(desk).await.len(),
        1,
        "a refused commit wakes nobody"
    );
    desk.hint(&["orphan"], at(11)).await;
    let job = desk.claim_one(at(11)).await;
    desk.finish(&job, failed_until(500), at(11)).await;
    let job = desk.job("late parent", at(12)).await;
    let commit = Commit {
        wake: vec![parent],
        ..ending(&job, Finish::Done)
    };
    done(
        desk.commit(&[commit], at(12)).await.remove(0),
        "committing a parent",
    );
    assert_eq!(
        desk.next_due().await,
        Some(at(500)),
        "a job that is no longer parked is not woken"
    );
}

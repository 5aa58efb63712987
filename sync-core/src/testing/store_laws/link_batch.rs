//! Links that are written together.

use super::{
    desk::{Desk, at, done, ending, left, pair, right},
    link::remove,
};
use crate::{Commit, Finish, Held, Job, LinkWrite, Prepare, Refused, Side, Store};

/// A mixed bag for prepare and commit: accepted, without a lease, taken identity, stale link, accepted.
struct Mixed {
    held: [Held; 5],
    links: [LinkWrite; 5],
    refusals: [Option<Refused>; 5],
    jobs: Vec<Job>,
}

async fn mixed(desk: &Desk<'_>) -> Mixed {
    let taken = desk.link(pair("taken", "")).await;
    let unknown = desk.link(pair("gone", "")).await;
    remove(desk, &unknown).await;
    let over = desk.job("over", at(0)).await;
    desk.finish(&over, Finish::Done, at(0)).await;
    desk.hint(&["a", "b", "c", "d"], at(0)).await;
    let jobs = desk.claim(4, at(0)).await;
    Mixed {
        held: [&jobs[0], &over, &jobs[1], &jobs[2], &jobs[3]].map(Held::from),
        links: [
            LinkWrite::Insert(pair("a", "")),
            LinkWrite::Insert(pair("over", "")),
            LinkWrite::Insert(pair("taken", "b")),
            LinkWrite::Replace {
                id: unknown.id,
                expected: taken.revision,
                content: pair("gone", ""),
            },
            LinkWrite::Insert(pair("d", "")),
        ],
        refusals: [
            None,
            Some(Refused::LeaseLost),
            Some(Refused::AlreadyLinked { side: Side::Left }),
            Some(Refused::StaleLink),
            None,
        ],
        jobs,
    }
}

/// Why each entry was refused, if it was.
fn refusals<T>(outcomes: Vec<Result<T, Refused>>) -> Vec<Option<Refused>> {
    outcomes.into_iter().map(Result::err).collect()
}

async fn assert_first_and_last_are_linked(desk: &Desk<'_>) {
    let links = desk.links(&[left("a"), left("d")]).await;
    assert!(
        links.iter().all(Option::is_some),
        "a refused entry takes no other entry with it"
    );
    let links = desk.links(&[left("over"), right("b"), left("gone")]).await;
    assert!(
        links.iter().all(Option::is_none),
        "an accepted entry takes no refused one with it"
    );
}

/// Of a batch that is prepared, entries that are refused leave the others alone, and each has its own outcome.
pub async fn prepared_entries_are_independent(store: &dyn Store) {
    let desk = Desk::new(store, "prepare-mixed");
    let mixed = mixed(&desk).await;
    let entries: Vec<Prepare> = std::iter::zip(mixed.held, mixed.links)
        .map(|(held, link)| Prepare {
            held,
            link,
            audit: Vec::new(),
        })
        .collect();
    assert_eq!(
        refusals(desk.prepare(&entries).await),
        mixed.refusals,
        "each prepared entry has its own outcome, in order"
    );
    assert_first_and_last_are_linked(&desk).await;
    for job in &mixed.jobs {
        desk.finish(job, Finish::Done, at(0)).await;
    }
}

/// Of a batch that is committed, entries that are refused leave the others alone, and each has its own outcome.
pub async fn committed_entries_are_independent(store: &dyn Store) {
    let desk = Desk::new(store, "commit-mixed");
    let mixed = mixed(&desk).await;
    let entries: Vec<Commit> = std::iter::zip(mixed.held, mixed.links)
        .map(|(held, link)| Commit {
            held: vec![held],
            link: Some(link),
            finish: Finish::Done,
            wake: Vec::new(),
            audit: Vec::new(),
        })
        .collect();
    assert_eq!(
        refusals(desk.commit(&entries, at(0)).await),
        mixed.refusals,
        "each committed entry has its own outcome, in order"
    );
    assert_first_and_last_are_linked(&desk).await;
    let counts = done(store.counts(&desk.connection, &desk.flow).await, "counting");
    assert_eq!(
        counts.queued, 2,
        "jobs of accepted entries end, and jobs of refused ones stay"
    );
}

/// Within a batch, too, a record belongs to one link: the first entry has it.
pub async fn later_entries_see_earlier_ones(store: &dyn Store) {
    let desk = Desk::new(store, "batch-order");
    desk.hint(&["a", "b"], at(0)).await;
    let jobs = desk.claim(2, at(0)).await;
    let entry = |job: &Job, content| Prepare {
        held: Held::from(job),
        link: LinkWrite::Insert(content),
        audit: Vec::new(),
    };
    let outcomes = desk
        .prepare(&[
            entry(&jobs[0], pair("a", "r")),
            entry(&jobs[1], pair("b", "r")),
        ])
        .await;
    let taken = Some(Refused::AlreadyLinked { side: Side::Right });
    assert_eq!(
        refusals(outcomes),
        [None, taken.clone()],
        "of two prepared links with one identity, the first has it"
    );
    let commits = [&jobs[0], &jobs[1]].map(|job| Commit {
        link: Some(LinkWrite::Insert(pair(&format!("{}2", job.key.id), "r2"))),
        ..ending(job, Finish::Done)
    });
    let outcomes = desk.commit(&commits, at(0)).await;
    assert_eq!(
        refusals(outcomes),
        [None, taken],
        "of two committed links with one identity, the first has it"
    );
}

/// A commit whose link is refused ends no job and wakes nobody: the work on it goes on.
pub async fn refused_entry_changes_nothing(store: &dyn Store) {
    let desk = Desk::new(store, "refused");
    desk.link(pair("taken", "")).await;
    let job = desk.job("a", at(0)).await;
    let commit = Commit {
        link: Some(LinkWrite::Insert(pair("taken", ""))),
        ..ending(&job, Finish::Done)
    };
    assert!(
        desk.commit(&[commit], at(0)).await.remove(0).is_err(),
        "a second link with an identity is refused"
    );
    desk.assert_nothing_due(at(0), "a refused commit leaves its lease")
        .await;
    desk.finish(&job, Finish::Done, at(0)).await;
    assert_eq!(
        desk.next_due().await,
        None,
        "after a refusal the job can still be ended"
    );
}

//! A process that writes is killed, again and again, at moments that nobody chose.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sql_store::SqlStore;
use sync_core::{
    AuditEntry, AuditEvent, AuditQuery, Cause, Claim, Commit, ConnectionId, DocumentWrite, Finish,
    FlowName, Held, Hint, Intent, Job, JobKey, Key, Link, LinkContent, LinkWrite, Prepare, Side,
    Sides, Store,
};

use crate::{
    block_on,
    child::{Process, hour, report},
    place::Place,
};

/// How often: enough to notice what is broken, in the time that a test may take. `SQL_STORE_TEST_KILLS=200` is the
/// proof.
fn rounds() -> i64 {
    let asked = std::env::var("SQL_STORE_TEST_KILLS").ok();
    asked.map_or(20, |rounds| rounds.parse().unwrap())
}

fn connection() -> ConnectionId {
    "crash".into()
}

fn flow() -> FlowName {
    "customers".into()
}

/// The two records that page `page` of a feed names.
fn records_of(page: u64) -> [String; 2] {
    [format!("{page}-a"), format!("{page}-b")]
}

/// Reads a feed page by page, and creates a partner for each record, as an engine would. Reports what was
/// acknowledged.
pub(crate) async fn write_for_ever(address: &str, now: Timestamp) {
    let store = SqlStore::open(address).await.unwrap();
    loop {
        let cursor = store.document(&connection(), "cursor").await.unwrap();
        let page = cursor
            .as_ref()
            .map_or(0, |(body, _)| body.parse::<u64>().unwrap())
            + 1;
        let hints = records_of(page).map(|id| Hint {
            key: JobKey {
                flow: flow(),
                side: Side::Left,
                id: id.into(),
            },
            cause: Cause::Feed("modified".into()),
        });
        let moved = DocumentWrite {
            name: "cursor".into(),
            expected: cursor.map(|(_, revision)| revision),
            body: page.to_string(),
        };
        store
            .enqueue(&connection(), &hints, Some(&moved), now)
            .await
            .unwrap();
        report(&format!("queued {page}"));
        for job in store.claim(&connection(), &claim(3, now)).await.unwrap() {
            create_partner(&store, &job, now).await;
        }
    }
}

fn claim(limit: usize, now: Timestamp) -> Claim {
    let lease_until = now + SignedDuration::from_mins(30);
    Claim {
        flow: flow(),
        worker: "crash".into(),
        limit,
        now,
        lease_until,
    }
}

async fn create_partner(store: &SqlStore, job: &Job, now: Timestamp) {
    let id = &job.key.id;
    let found = store
        .links(&connection(), &flow(), &[(Side::Left, id.clone())])
        .await
        .unwrap()
        .remove(0);
    let link = match found {
        Some(link) => link,
        None => intend(store, job, now).await,
    };
    let ids = Sides::new(Some(id.clone()), Some(format!("partner of {id}").into()));
    let commit = Commit {
        held: vec![Held::from(job)],
        link: Some(LinkWrite::Replace {
            id: link.id,
            expected: link.revision,
            content: LinkContent {
                ids: ids.clone(),
                ..LinkContent::default()
            },
        }),
        finish: Finish::Done,
        wake: Vec::new(),
        audit: vec![entry(
            job,
            ids,
            now,
            AuditEvent::Created {
                side: Side::Right,
                warnings: Vec::new(),
            },
        )],
    };
    let outcome = store
        .commit(&connection(), &flow(), &[commit], now)
        .await
        .unwrap()
        .remove(0);
    outcome.unwrap();
    report(&format!("created {id}"));
}

async fn intend(store: &SqlStore, job: &Job, now: Timestamp) -> Link {
    let id = &job.key.id;
    let key = Key {
        field: "code".into(),
        value: id.to_string(),
    };
    let ids = Sides::new(Some(id.clone()), None);
    let event = AuditEvent::CreateIntended {
        side: Side::Right,
        key: key.value.clone(),
    };
    let prepare = Prepare {
        held: Held::from(job),
        link: LinkWrite::Insert(LinkContent {
            ids: ids.clone(),
            intent: Some(Intent {
                target: Side::Right,
                key,
                since: now,
            }),
            ..LinkContent::default()
        }),
        audit: vec![entry(job, ids, now, event)],
    };
    let outcome = store
        .prepare(&connection(), &flow(), &[prepare], now)
        .await
        .unwrap()
        .remove(0);
    let link = outcome.unwrap();
    report(&format!("intended {id}"));
    link
}

fn entry(
    job: &Job,
    ids: Sides<Option<sync_core::RecordId>>,
    now: Timestamp,
    event: AuditEvent,
) -> AuditEntry {
    AuditEntry {
        at: now,
        flow: flow(),
        ids,
        cause: job.cause.clone(),
        attempt: 1,
        fields: Vec::new(),
        event,
        agreed: sync_core::Document::new(),
        sent: None,
        refused: false,
    }
}

/// What a store has after a crash.
#[derive(Debug, Default)]
struct Found {
    page: u64,
    half: BTreeSet<String>,
    bound: BTreeSet<String>,
    queued: BTreeSet<String>,
    intended: BTreeMap<String, usize>,
    created: BTreeMap<String, usize>,
}

async fn look(store: &SqlStore, now: Timestamp) -> Found {
    let mut found = Found::default();
    if let Some((body, _)) = store.document(&connection(), "cursor").await.unwrap() {
        found.page = body.parse().unwrap();
    }
    for link in store
        .all_links(&connection(), &flow(), None, usize::MAX)
        .await
        .unwrap()
    {
        let id = link.content.ids.left.as_ref().unwrap().to_string();
        let is_bound = link.content.bound().is_some();
        assert_eq!(
            is_bound,
            link.content.intent.is_none(),
            "a link is written as a whole"
        );
        if is_bound {
            found.bound.insert(id)
        } else {
            found.half.insert(id)
        };
    }
    // Leases that lapse at once, so that looking changes nothing.
    let all = Claim {
        lease_until: now,
        ..claim(usize::MAX, now)
    };
    found.queued = store
        .claim(&connection(), &all)
        .await
        .unwrap()
        .iter()
        .map(|job| job.key.id.to_string())
        .collect();
    for stored in store
        .audit(
            &connection(),
            &AuditQuery {
                limit: usize::MAX,
                ..AuditQuery::default()
            },
        )
        .await
        .unwrap()
    {
        let id = stored.entry.ids.left.unwrap().to_string();
        match stored.entry.event {
            AuditEvent::CreateIntended { .. } => *found.intended.entry(id).or_default() += 1,
            _ => *found.created.entry(id).or_default() += 1,
        }
    }
    found
}

impl Found {
    /// Each transaction happened as a whole or not at all.
    fn assert_nothing_is_half_written(&self) {
        let hinted: BTreeSet<String> = (1..=self.page).flat_map(records_of).collect();
        let known: BTreeSet<String> = self.queued.union(&self.bound).cloned().collect();
        assert_eq!(
            known, hinted,
            "the cursor and the hints of its pages are written together"
        );
        assert!(
            self.queued.is_disjoint(&self.bound),
            "a job ends in the transaction that binds its link"
        );
        assert!(
            self.half.is_subset(&self.queued),
            "a link is half only while its job is not done"
        );
        let linked: BTreeSet<&String> = self.half.union(&self.bound).collect();
        assert!(
            self.intended.keys().eq(linked),
            "a link is made in the transaction that puts it on record"
        );
        assert!(
            self.created.keys().eq(&self.bound),
            "a link is bound in the transaction that puts it on record"
        );
        let once = |times: &BTreeMap<String, usize>| times.values().all(|times| *times == 1);
        assert!(
            once(&self.intended) && once(&self.created),
            "nothing is on record twice"
        );
    }

    /// What was acknowledged is there.
    fn assert_has(&self, report: &str) {
        let (what, which) = report.split_once(' ').unwrap();
        match what {
            "queued" => assert!(
                self.page >= which.parse().unwrap(),
                "an acknowledged cursor is lost"
            ),
            "intended" => assert!(
                self.intended.contains_key(which),
                "an acknowledged intent is lost"
            ),
            "created" => assert!(self.bound.contains(which), "an acknowledged commit is lost"),
            other => panic!("nothing is known of {other}"),
        }
    }
}

/// Numbers that nobody chose, the same in each run.
struct Dice(u64);

impl Dice {
    fn up_to(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most + 1
    }
}

#[test]
fn killed_writer_loses_nothing_and_leaves_nothing_half_written_in_a_file() {
    let place = Place::file();
    let path = place.address().strip_prefix("sqlite:").unwrap();
    kill_writers(&place, || {
        let sql = rusqlite::Connection::open(path).unwrap();
        let health: String = sql
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(health, "ok");
    });
}

#[test]
fn killed_writer_loses_nothing_and_leaves_nothing_half_written_on_postgres() {
    if let Some(place) = Place::postgres() {
        kill_writers(&place, || ());
    }
}

fn kill_writers(place: &Place, check: impl Fn()) {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut acknowledged = Vec::new();
    for round in 0..rounds() {
        let mut process = Process::start("write", place.address(), round * 2);
        for _ in 0..dice.up_to(25) {
            acknowledged.push(
                process
                    .next_report()
                    .expect("the process writes until it is killed"),
            );
        }
        // The moment is to fall anywhere, not only right after a report.
        (0..dice.up_to(100_000)).for_each(|_| std::hint::spin_loop());
        process.kill();
        let (rest, is_well) = process.wait();
        assert!(!is_well, "the process was killed");
        acknowledged.extend(rest);
        let found = block_on(async {
            let store = SqlStore::open(place.address()).await.unwrap();
            look(&store, hour(round * 2 + 1)).await
        });
        found.assert_nothing_is_half_written();
        acknowledged
            .iter()
            .for_each(|report| found.assert_has(report));
        check();
    }
    assert!(
        acknowledged.len() >= 20,
        "something was written between the kills"
    );
}

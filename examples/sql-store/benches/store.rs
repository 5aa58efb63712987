//! What the store costs, on both databases: `cargo bench -p sql-store`, or `cargo bench -p sql-store -- claim` for one
//! part of it (`claim`, `pairs`, `workers`, `audit`, `first-sync`).
//!
//! Everything is as durable as it is in use: each commit waits for the disk. The floor beside a figure is what the bare
//! database takes for the same rows.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for its developers"
)]

#[path = "../../../sync-core/benches/support/measure.rs"]
mod measure;
#[path = "../tests/support/private_postgres.rs"]
mod private_postgres;
#[path = "../../../sync-core/benches/support/system.rs"]
mod system;

use std::{
    fs,
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use measure::{Stopwatch, show};
use private_postgres::{connect, private_postgres};
use rusqlite::params;
use sql_store::{SqlStore, TemporaryFiles};
use sync_core::{
    Cause, Claim, Engine, FirstSyncGate, FlowName, Hint, JobKey, MemoryStore, Settings, Side,
    Store, SystemClock, Tick, testing::store_laws,
};
use system::World;

const QUEUE: usize = 1_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| !it.starts_with("--"))
        .collect();
    if let [role, pairs, path] = arguments.as_slice()
        && role == "first-sync-of"
    {
        return first_sync_of(pairs.parse().unwrap(), Path::new(path));
    }
    let wanted = |part: &str| arguments.is_empty() || arguments.iter().any(|it| it == part);
    if wanted("claim") {
        claims();
    }
    if wanted("pairs") {
        pairs();
    }
    if wanted("workers") {
        workers();
    }
    if wanted("audit") {
        audits();
    }
    if wanted("first-sync") {
        first_syncs();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

fn now() -> Timestamp {
    Timestamp::from_second(1_772_359_200).unwrap()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The middle one.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

// A hundred jobs are taken from a million.

fn claims() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.db");
    let store = block_on(SqlStore::open_sqlite(&path)).unwrap();
    fill(&store);
    let floor = {
        let mut sql = rusqlite::Connection::open(&path).unwrap();
        let times = (0..20).map(|round| bare_claim_in_sqlite(&mut sql, round));
        median(times.collect())
    };
    show_claim("SQLite", &store, floor);

    let Some(server) = private_postgres("") else {
        return;
    };
    let address = server.new_schema();
    let store = block_on(SqlStore::open(&address)).unwrap();
    fill(&store);
    let floor = block_on(async {
        let sql = connect(&address).await;
        sql.batch_execute(
            "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off",
        )
        .await
        .unwrap();
        let mut times = Vec::new();
        for round in 0..20_i64 {
            let started = Instant::now();
            let take = format!(
                "UPDATE jobs SET worker = '{round}' WHERE id IN (SELECT id FROM jobs WHERE connection = 'bench'
                AND flow = 'customers' AND state = 1 ORDER BY position LIMIT 100 FOR UPDATE SKIP LOCKED) RETURNING record"
            );
            assert_eq!(sql.query(&take, &[]).await.unwrap().len(), 100);
            times.push(started.elapsed());
        }
        median(times)
    });
    show_claim("PostgreSQL", &store, floor);
}

fn fill(store: &SqlStore) {
    let hints: Vec<Hint> = (0..QUEUE)
        .map(|number| Hint {
            key: JobKey {
                flow: "customers".into(),
                side: Side::Left,
                id: format!("C{number:07}").into(),
            },
            cause: Cause::Sweep,
        })
        .collect();
    let watch = Stopwatch::start();
    block_on(async {
        for chunk in hints.chunks(5_000) {
            store
                .enqueue(&"bench".into(), chunk, None, now())
                .await
                .unwrap();
        }
    });
    let each = watch.wall().as_secs_f64() * 1e6 / QUEUE as f64;
    show(
        "a hint is queued, five thousand at a time",
        each,
        "µs",
        None,
        None,
    );
}

fn show_claim(database: &str, store: &SqlStore, floor: Duration) {
    let claim = Claim {
        flow: "customers".into(),
        worker: "bench".into(),
        limit: 100,
        now: now(),
        lease_until: now() + SignedDuration::from_hours(1),
    };
    let mut times = Vec::new();
    block_on(async {
        for _ in 0..100 {
            let started = Instant::now();
            let jobs = store.claim(&"bench".into(), &claim).await.unwrap();
            times.push(started.elapsed());
            assert_eq!(jobs.len(), 100);
        }
    });
    show(
        &format!("100 of 1,000,000 jobs are taken, {database}"),
        milliseconds(median(times)),
        "ms",
        Some(milliseconds(floor)),
        Some(5.0),
    );
}

fn bare_claim_in_sqlite(sql: &mut rusqlite::Connection, round: i64) -> Duration {
    let started = Instant::now();
    let transaction = sql.transaction().unwrap();
    let ids: Vec<i64> = transaction
        .prepare_cached(
            "SELECT id FROM jobs INDEXED BY jobs_by_position WHERE connection = 'bench' AND flow = 'customers'
            AND state = 1 ORDER BY position LIMIT 100",
        )
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let mut update = transaction
        .prepare_cached("UPDATE jobs SET worker = ?2 WHERE id = ?1")
        .unwrap();
    for id in ids {
        update.execute(params![id, round.to_string()]).unwrap();
    }
    drop(update);
    transaction.commit().unwrap();
    started.elapsed()
}

// A pair that changed is merged, planned and committed, a hundred at a time.

const PAIRS: usize = 20_000;

fn engine(world: &Arc<World>, store: Arc<dyn Store>, worker: &str) -> Engine {
    let settings = Settings {
        first_sync: FirstSyncGate::Open,
        ..Settings::default()
    };
    Engine::builder("bench", store, Arc::new(SystemClock))
        .flow(world.flow())
        .scratch(Arc::new(TemporaryFiles))
        .settings(settings)
        .worker(worker)
        .build()
        .unwrap()
}

async fn work(engine: &Engine) {
    while let Tick::Worked(_) = engine.tick().await.unwrap() {}
    let stopped = engine.stopped(&FlowName::from("customers")).await.unwrap();
    assert_eq!(stopped, None, "the flow was stopped");
}

/// Pairs that are linked and agree.
async fn settle(engine: &Engine) {
    let flow = FlowName::from("customers");
    let plan = engine.plan_first_sync(&flow, &|_| {}).await.unwrap();
    engine
        .apply_first_sync(&flow, &plan.hash(), &|_| {})
        .await
        .unwrap();
    work(engine).await;
}

fn pairs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.db");
    let floor = bare_pairs(&folder.path().join("bare.db"));
    let store = block_on(SqlStore::open_sqlite(&path)).unwrap();
    show_pairs("SQLite", Arc::new(store), floor, Some(200.0));
    if let Some(server) = private_postgres("") {
        let store = block_on(SqlStore::open(&server.new_schema())).unwrap();
        show_pairs("PostgreSQL", Arc::new(store), None, None);
    }
}

fn show_pairs(database: &str, store: Arc<dyn Store>, floor: Option<f64>, limit: Option<f64>) {
    let world = World::new(PAIRS, Duration::ZERO);
    let engine = engine(&world, store, "bench");
    let each = |watch: &Stopwatch| {
        let each = |time: Duration| time.as_secs_f64() * 1e6 / PAIRS as f64;
        (each(watch.wall()), each(watch.busy()))
    };
    block_on(async {
        settle(&engine).await;
        engine.ingest(&world.hints()).await.unwrap();
        let watch = Stopwatch::start();
        work(&engine).await;
        let (wall, busy) = each(&watch);
        let what = format!("an unchanged pair is checked, {database}");
        show(&what, wall, "µs", None, None);
        show(&format!("{what}: processor"), busy, "µs", None, None);
        world.edit_all();
        engine.ingest(&world.hints()).await.unwrap();
        let watch = Stopwatch::start();
        work(&engine).await;
        let (wall, busy) = each(&watch);
        assert!(world.agrees());
        let what = format!("a changed pair is merged and committed, {database}");
        show(&what, wall, "µs", floor, limit);
        show(&format!("{what}: processor"), busy, "µs", None, None);
    });
}

/// The same rows by hand: of each pair a job is leased and removed, a link read and written twice, two entries are put
/// on record.
fn bare_pairs(path: &Path) -> Option<f64> {
    let mut sql = rusqlite::Connection::open(path).unwrap();
    sql.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
        CREATE TABLE job (id INTEGER PRIMARY KEY, record TEXT UNIQUE, token INTEGER);
        CREATE TABLE link (id INTEGER PRIMARY KEY, record TEXT UNIQUE, content TEXT);
        CREATE TABLE trail (id INTEGER PRIMARY KEY, record TEXT, entry TEXT);
        CREATE INDEX trail_by_record ON trail (record);",
    )
    .unwrap();
    let body = "x".repeat(700);
    let transaction = sql.transaction().unwrap();
    for number in 0..PAIRS {
        let record = format!("C{number:07}");
        transaction
            .execute("INSERT INTO job (record) VALUES (?1)", [&record])
            .unwrap();
        transaction
            .execute(
                "INSERT INTO link (record, content) VALUES (?1, ?2)",
                [&record, &body],
            )
            .unwrap();
    }
    transaction.commit().unwrap();
    let started = Instant::now();
    for start in (0..PAIRS).step_by(100) {
        let records: Vec<String> = (start..start + 100)
            .map(|number| format!("C{number:07}"))
            .collect();
        let steps: [&[&str]; 3] = [
            &["UPDATE job SET token = 1 WHERE record = ?1"],
            &[
                "SELECT content FROM link WHERE record = ?1",
                "UPDATE link SET content = ?2 WHERE record = ?1",
                "INSERT INTO trail (record, entry) VALUES (?1, ?2)",
            ],
            &[
                "UPDATE link SET content = ?2 WHERE record = ?1",
                "DELETE FROM job WHERE record = ?1",
                "INSERT INTO trail (record, entry) VALUES (?1, ?2)",
            ],
        ];
        for statements in steps {
            let transaction = sql.transaction().unwrap();
            for statement in statements {
                let mut prepared = transaction.prepare_cached(statement).unwrap();
                for record in &records {
                    let both = prepared.parameter_count() == 2;
                    if statement.starts_with("SELECT") {
                        let _: String = prepared.query_row([record], |row| row.get(0)).unwrap();
                    } else if both {
                        prepared.execute([record, &body]).unwrap();
                    } else {
                        prepared.execute([record]).unwrap();
                    }
                }
            }
            transaction.commit().unwrap();
        }
    }
    Some(started.elapsed().as_secs_f64() * 1e6 / PAIRS as f64)
}

// Workers on one PostgreSQL, while each call to a system takes 50 ms.

fn workers() {
    let Some(server) = private_postgres("") else {
        return;
    };
    let mut rates = Vec::new();
    for workers in [1, 4] {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let address = server.new_schema();
        runtime.block_on(async {
            let quick = World::new(8_000, Duration::ZERO);
            let store = Arc::new(SqlStore::open(&address).await.unwrap());
            settle(&engine(&quick, Arc::<SqlStore>::clone(&store), "first")).await;
            let world = World::new(8_000, Duration::from_millis(50));
            world.edit_all();
            let mut engines = Vec::new();
            for number in 0..workers {
                // As in as many processes: each has connections of its own.
                let store = SqlStore::postgres(&address)
                    .connections(2)
                    .open()
                    .await
                    .unwrap();
                engines.push(engine(&world, Arc::new(store), &format!("worker {number}")));
            }
            engines[0].ingest(&world.hints()).await.unwrap();
            let watch = Stopwatch::start();
            join_all(
                engines
                    .into_iter()
                    .map(|engine| tokio::spawn(async move { work(&engine).await })),
            )
            .await;
            let rate = 8_000.0 / watch.wall().as_secs_f64();
            assert!(world.agrees());
            let what = format!("changed pairs a second, workers: {workers}");
            show(&what, rate, "/s", None, None);
            rates.push(rate);
        });
    }
    println!(
        "four workers do {:.2} times the work of one; at least 2.5 are wanted",
        rates[1] / rates[0]
    );
}

// A million entries of the audit trail are written and paged; the law of stores says that each is there, in order.

fn audits() {
    let of = |name: &str, store: &dyn Store| {
        let watch = Stopwatch::start();
        block_on(store_laws::audit_of_length_pages_completely(
            store, 1_000_000,
        ));
        let what = format!("a million audit entries are written and paged, {name}");
        show(&what, watch.wall().as_secs_f64(), "s", None, None);
    };
    of("in memory", &MemoryStore::new());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.db");
    of("SQLite", &block_on(SqlStore::open_sqlite(&path)).unwrap());
    if let Some(server) = private_postgres("") {
        of(
            "PostgreSQL",
            &block_on(SqlStore::open(&server.new_schema())).unwrap(),
        );
    }
}

// Two systems meet that have the same records: planned, approved, linked, and looked at once.

fn first_syncs() {
    let mut seconds = Vec::new();
    for pairs in [100_000, 1_000_000] {
        let folder = tempfile::tempdir().unwrap();
        let started = Instant::now();
        // In a process of its own, whose memory is measured.
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["first-sync-of", &pairs.to_string()])
            .arg(folder.path().join("first.db"))
            .status()
            .unwrap();
        assert!(status.success());
        seconds.push(started.elapsed().as_secs_f64());
    }
    println!(
        "ten times the pairs take {:.1} times as long; at most 11 are wanted",
        seconds[1] / seconds[0]
    );
}

fn first_sync_of(pairs: usize, path: &Path) {
    let world = World::new(pairs, Duration::ZERO);
    block_on(async {
        let store = SqlStore::open_sqlite(path).await.unwrap();
        let engine = engine(&world, Arc::new(store), "bench");
        let flow = FlowName::from("customers");
        let watch = Stopwatch::start();
        let plan = engine.plan_first_sync(&flow, &|_| {}).await.unwrap();
        assert_eq!(plan.summary().link, pairs as u64);
        show(
            &format!("first sync of {pairs} pairs: planned"),
            watch.wall().as_secs_f64(),
            "s",
            None,
            None,
        );
        engine
            .apply_first_sync(&flow, &plan.hash(), &|_| {})
            .await
            .unwrap();
        show(
            &format!("first sync of {pairs} pairs: and taken up"),
            watch.wall().as_secs_f64(),
            "s",
            None,
            None,
        );
        work(&engine).await;
        show(
            &format!("first sync of {pairs} pairs: and at rest"),
            watch.wall().as_secs_f64(),
            "s",
            None,
            None,
        );
    });
    let peak = peak_memory().map_or(0.0, |peak| peak as f64);
    show(
        &format!("first sync of {pairs} pairs: peak of memory"),
        peak,
        "MiB",
        None,
        Some(150.0),
    );
}

/// The most memory that this process ever had, in MiB; on Linux.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024)
}

//! How SQLite finds what is asked for: by an index, however much there is.

use rusqlite::{Connection, StatementStatus, params};

use crate::{audit, documents, jobs, links, sqlite::connection, tokens};

/// Each statement that finds rows, and the index (or key) it must use.
static INDEXED: &[(&str, &str)] = &[
    (
        jobs::PROMOTE.sqlite,
        "USING INDEX jobs_by_time (connection=? AND flow=? AND state=? AND available_at<?)",
    ),
    (
        jobs::DUE_IN_SQLITE,
        "USING INDEX jobs_by_position (connection=? AND flow=?)",
    ),
    (jobs::LEASE.sqlite, "USING INTEGER PRIMARY KEY"),
    (
        jobs::EARLIEST.sqlite,
        "USING COVERING INDEX jobs_by_time (connection=? AND flow=? AND state=?)",
    ),
    (
        jobs::LOCK.sqlite,
        "USING INDEX sqlite_autoindex_jobs_1 (connection=? AND flow=? AND side=? AND record=?)",
    ),
    (jobs::REMOVE.sqlite, "USING INTEGER PRIMARY KEY"),
    (jobs::REVIVE.sqlite, "USING INTEGER PRIMARY KEY"),
    (jobs::AGAIN.sqlite, "USING INTEGER PRIMARY KEY"),
    (jobs::PARK.sqlite, "USING INTEGER PRIMARY KEY"),
    (
        jobs::PARKED.sqlite,
        "USING INDEX jobs_parked (connection=? AND flow=? AND (side,record)>(?,?))",
    ),
    (
        jobs::DISMISS.sqlite,
        "(connection=? AND flow=? AND side=? AND record=?)",
    ),
    (
        jobs::COUNT.sqlite,
        "USING COVERING INDEX jobs_by_time (connection=? AND flow=? AND state=?)",
    ),
    (
        links::BY_LEFT.sqlite,
        "USING INDEX links_by_left (connection=? AND flow=? AND left_record=?)",
    ),
    (
        links::BY_RIGHT.sqlite,
        "USING INDEX links_by_right (connection=? AND flow=? AND right_record=?)",
    ),
    (
        links::ID_BY_LEFT.sqlite,
        "USING COVERING INDEX links_by_left (connection=? AND flow=? AND left_record=?)",
    ),
    (
        links::ID_BY_RIGHT.sqlite,
        "USING COVERING INDEX links_by_right (connection=? AND flow=? AND right_record=?)",
    ),
    (
        links::LEFT_OF_RIGHT.sqlite,
        "USING INDEX links_by_right (connection=? AND flow=? AND right_record=?)",
    ),
    (
        links::PAGE.sqlite,
        "USING INDEX links_in_order (connection=? AND flow=? AND rowid>?)",
    ),
    (links::LOCK.sqlite, "USING INTEGER PRIMARY KEY"),
    (links::REPLACE.sqlite, "USING INTEGER PRIMARY KEY"),
    (links::REMOVE.sqlite, "USING INTEGER PRIMARY KEY"),
    (
        links::COUNT.sqlite,
        "USING COVERING INDEX links_in_order (connection=? AND flow=?)",
    ),
    (
        links::COUNT_HALF.sqlite,
        "INDEX links_half (connection=? AND flow=?)",
    ),
    (
        audit::PAGE.sqlite,
        "USING INDEX audit_in_order (connection=? AND rowid>?)",
    ),
    (
        audit::PAGE_OF_LEFT.sqlite,
        "USING INDEX audit_by_left (connection=? AND left_record=? AND rowid>?)",
    ),
    (
        audit::PAGE_OF_RIGHT.sqlite,
        "USING INDEX audit_by_right (connection=? AND right_record=? AND rowid>?)",
    ),
    (
        documents::READ.sqlite,
        "USING PRIMARY KEY (connection=? AND name=?)",
    ),
    (
        documents::REPLACE.sqlite,
        "USING PRIMARY KEY (connection=? AND name=?)",
    ),
    (tokens::READ.sqlite, "USING PRIMARY KEY (name=?)"),
    (tokens::REPLACE.sqlite, "USING PRIMARY KEY (name=?)"),
    (tokens::REMOVE.sqlite, "USING PRIMARY KEY (name=?)"),
];

fn plan(sql: &Connection, statement: &str) -> String {
    let mut explained = sql
        .prepare(&format!("EXPLAIN QUERY PLAN {statement}"))
        .unwrap();
    let nothing = vec![rusqlite::types::Null; explained.parameter_count()];
    let rows = explained
        .query_map(rusqlite::params_from_iter(nothing), |row| {
            row.get::<_, String>("detail")
        })
        .unwrap();
    rows.map(Result::unwrap).collect::<Vec<_>>().join("; ")
}

#[test]
fn every_statement_finds_its_rows_by_index() {
    let sql = connection::in_memory().unwrap().0;
    for (statement, index) in INDEXED {
        let plan = plan(&sql, statement);
        assert!(
            plan.contains("SEARCH") && plan.contains(index),
            "{statement}\n{plan}"
        );
        assert!(
            !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"),
            "{statement}\n{plan}"
        );
    }
}

#[test]
fn dependants_are_found_by_index() {
    let sql = connection::in_memory().unwrap().0;
    let plan = plan(&sql, jobs::LOCK_DEPENDANTS.sqlite);
    let index = "USING INDEX jobs_by_parent (connection=? AND waits_flow=? AND waits_side=? AND waits_record=?)";
    assert!(plan.contains(index) && !plan.contains("SCAN"), "{plan}");
}

/// A queue of `ready` jobs, as many that wait, and as many that are parked.
fn queue_of(ready: i64) -> Connection {
    let sql = connection::in_memory().unwrap().0;
    for (state, parked) in [(1, None), (0, None), (2, Some("parked"))] {
        sql.execute(
            "INSERT INTO jobs (connection, flow, side, record, generation, attempts, cause, queued_at, position, state,
                 available_at, parked)
             WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1)
             SELECT 'c', 'f', 'left', ?2 || '-' || n, 1, 0, 'x', n, n, ?2, iif(?2 = 0, 1000000 + n, n), ?3 FROM number",
            params![ready, state, parked],
        )
        .unwrap();
    }
    sql
}

/// What it costs, in steps of SQLite's machine, to find a hundred jobs of a queue.
fn steps_of_a_claim(queue: i64) -> i32 {
    let sql = queue_of(queue);
    let mut promote = sql.prepare(jobs::PROMOTE.sqlite).unwrap();
    assert_eq!(promote.execute(params!["c", "f", 1_000_000]).unwrap(), 0);
    let mut due = sql.prepare(jobs::DUE_IN_SQLITE).unwrap();
    let found = due
        .query_map(params!["c", "f", 1_000_000, 100], |row| {
            row.get::<_, String>("record")
        })
        .unwrap();
    let found: Vec<String> = found.map(Result::unwrap).collect();
    assert_eq!(found.len(), 100);
    assert_eq!((found[0].as_str(), found[99].as_str()), ("1-1", "1-100"));
    assert_eq!(due.get_status(StatementStatus::Sort), 0);
    assert_eq!(due.get_status(StatementStatus::FullscanStep), 0);
    promote.get_status(StatementStatus::VmStep) + due.get_status(StatementStatus::VmStep)
}

#[test]
fn claim_costs_the_same_however_long_the_queue_is() {
    assert_eq!(steps_of_a_claim(50_000), steps_of_a_claim(500));
}
